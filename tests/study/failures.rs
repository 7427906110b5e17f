//! Trials that fail, are damaged or were edited.

use std::fs;

use serde_json::Value;

use super::{SHARED, results, small, trials};
use crate::support::{Workspace, assert_says};

#[test]
fn a_trial_that_keeps_failing_is_told_and_the_others_finish() {
    let here = Workspace::new();
    here.write("small.toml", small());
    here.succeed("compare small.toml --out study");
    let whole = here.read("study/report.html");
    // One trial that can never be resumed.
    let ids: Vec<String> = trials(&here, "study").into_keys().collect();
    here.write(&format!("study/trials/{}/config.toml", ids[0]), "[model]\nhidden = 'many'\n");
    let running =
        here.read(&format!("study/trials/{}/summary.json", ids[0])).replace("\"complete\"", "\"running\"");
    here.write(&format!("study/trials/{}/summary.json", ids[0]), running);
    let said = here.run("compare study");
    assert_eq!(said.code, Some(2), "{}\n{}", said.out, said.err);
    assert!(said.out.contains("; retrying"), "{}", said.out);
    let told = "1 trial of the study failed: ";
    assert!(said.err.contains(told) && said.err.contains("config.toml"), "{}", said.err);
    // The results of the others are there all the same, also for later readers.
    assert_ne!(here.read("study/report.html"), whole);
    let seeds = &here.json("study/summary.json")["tasks"][0]["variants"][0]["seeds"];
    assert!(seeds.as_array().unwrap().len() >= 3, "{seeds}");
    let status = here.succeed("status study");
    assert!(status.contains("11 complete") && status.contains("1 failed"), "{status}");
    // The next command tries it again.
    let again = here.run("compare study");
    assert!(again.code == Some(2) && again.out.contains("; retrying"), "{}", again.out);
}

#[test]
fn a_damaged_trial_does_not_keep_the_study_from_being_read() {
    let here = Workspace::new();
    here.write("small.toml", small());
    here.succeed("compare small.toml --out study");
    let summary = here.json("study/summary.json");
    let usable = |summary: &Value| summary["tasks"][0]["variants"][0]["usable"].clone();
    assert!(!usable(&summary).is_null());
    // One of the trials that settings are chosen from.
    let all = summary["trials"].as_array().unwrap();
    let trial = all.iter().find(|trial| trial["variant"] == "lstm" && trial["seed"] == 1).unwrap();
    let id = trial["id"].as_str().unwrap();
    here.write(&format!("study/trials/{id}/summary.json"), "{");
    let said = here.run("compare study");
    assert_eq!(said.code, Some(2), "{}", said.err);
    let remedy = format!("restore the file, or remove study/trials/{id} and continue the study");
    assert_says(&said.err, &["summary.json is not usable", &remedy]);
    assert!(!said.err.contains("--name"), "{}", said.err);
    for command in ["status study", "report study"] {
        here.succeed(command);
    }
    let now = here.json("study/summary.json");
    let states = now["trials"].as_array().unwrap();
    assert_eq!(states.iter().filter(|trial| trial["state"] == "complete").count(), 11);
    assert!(usable(&now).is_null(), "nothing is known of the rate that failed");
}

#[test]
fn a_trial_whose_settings_were_edited_is_not_taken_for_what_it_was() {
    let here = Workspace::new();
    here.write("small.toml", small());
    here.succeed("compare small.toml --out study");
    let id = here.json("study/summary.json")["trials"][0]["id"].as_str().unwrap().to_owned();
    let config = format!("study/trials/{id}/config.toml");
    here.write(&config, here.read(&config).replace("batch_size = ", "batch_size = 1"));
    for command in ["compare study", "check study --require 'lstm3 not worse than lstm within 50'"] {
        let said = here.shell(command);
        assert_ne!(said.code, Some(0), "{}", said.out);
    }
    let said = here.run("compare study");
    let remedy = format!("undo the edit, or remove study/trials/{id} and continue the study");
    assert_says(&said.err, &["config.toml was edited", &remedy]);
    assert!(!said.err.contains("--name"), "{}", said.err);
}

#[test]
fn run_folders_that_are_no_trial_are_counted() {
    let here = Workspace::new();
    here.write("small.toml", small());
    let strangers = |said: &str| said.contains("1 run folder in trials/ is not part of this study");
    assert!(!strangers(&here.succeed("compare small.toml --out study")));
    std::fs::create_dir(here.path("study/trials/lstm-of-before")).unwrap();
    here.write("study/trials/lstm-of-before/config.toml", "");
    assert!(strangers(&here.succeed("compare study")));
    assert!(strangers(&here.read("study/report.md")), "{}", here.read("study/report.md"));
}

#[test]
fn a_test_that_fails_changes_no_choice() {
    let here = Workspace::new();
    here.write("small.toml", small());
    here.succeed("compare small.toml --out study");
    let summary = here.json("study/summary.json");
    let variant = &summary["tasks"][0]["variants"][0];
    let (rate, id) = (&variant["chosen"], variant["seeds"][0]["trial"].as_str().unwrap());
    // Its weights are gone, so it cannot be tested again.
    std::fs::remove_file(here.path(&format!("study/trials/{id}/evaluation.json"))).unwrap();
    std::fs::remove_dir_all(here.path(&format!("study/trials/{id}/checkpoint"))).unwrap();
    let said = here.run("compare study");
    assert_eq!(said.code, Some(2), "{}", said.out);
    let now = here.json("study/summary.json");
    let variant = &now["tasks"][0]["variants"][0];
    assert_eq!(&variant["chosen"], rate);
    assert_eq!(variant["seeds"].as_array().unwrap().len(), 4);
    assert_eq!(now["tasks"][0]["comparisons"][0]["pairs"], 3);
    // Later commands show it too.
    assert!(here.succeed("status study").contains("failed: lstm on"));
    assert!(here.read("study/trials.csv").contains("checkpoint"), "{}", here.read("study/trials.csv"));
}

#[test]
fn a_trial_that_gets_another_chance_is_judged_by_what_it_does_with_it() {
    let here = Workspace::new();
    let study = format!(
        "{}
        [grid]
        model.variant = ['lstm', 'lstm3']
        [search]
        sampler = 'random'
        prune = 'halving'
        trials = 9
        [search.ranges]
        optim.learning_rate = {{ log = [1e-4, 1e-1] }}",
        SHARED.replace("epochs = 3", "epochs = 9")
    );
    here.write("search.toml", study);
    here.succeed("compare search.toml --out whole");
    here.succeed("compare search.toml --out fixed");
    let best = here.json("whole/summary.json")["tasks"][0]["variants"][0]["seeds"][0]["trial"].clone();
    let best = best.as_str().unwrap();
    let outcome =
        serde_json::json!({ "end": "failed", "reason": "no memory", "failures": vec!["no memory"; 3] });
    // The second as an earlier version left it.
    for (file, content) in [("outcome", outcome.to_string()), ("failed", "\"no memory\"\n".repeat(3))] {
        // The best trial is missing, and was given up before.
        fs::remove_dir_all(here.path(&format!("fixed/trials/{best}"))).unwrap();
        fs::remove_file(here.path(&format!("fixed/queue/{best}.outcome"))).unwrap();
        here.write(&format!("fixed/queue/{best}.{file}"), content);
        assert!(here.succeed("status fixed").contains("no memory"), "{file}");
        here.succeed("compare fixed");
        assert_eq!(results(&here, "fixed"), results(&here, "whole"));
    }
}

#[test]
fn a_trial_with_a_damaged_history_or_surroundings_is_one_that_failed() {
    let here = Workspace::new();
    here.write("small.toml", small());
    here.succeed("compare small.toml --out study");
    let summary = here.json("study/summary.json");
    let id = summary["tasks"][0]["variants"][0]["seeds"][0]["trial"].as_str().unwrap();
    here.write(&format!("study/trials/{id}/metrics.jsonl"), "{");
    here.write(&format!("study/trials/{id}/environment.json"), "{");
    let said = here.run("compare study");
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(
        said.err.contains("metrics.jsonl") && said.err.contains("or remove study/trials/"),
        "{}",
        said.err
    );
    here.succeed("report study");
    std::fs::remove_dir_all(here.path(&format!("study/trials/{id}"))).unwrap();
    here.succeed("compare study");
    // The description of the machine is not a result.
    here.write(&format!("study/trials/{id}/environment.json"), "{");
    here.succeed("report study");
    here.succeed("compare study");
}
