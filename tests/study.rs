//! Studies as a person runs them: shared, stopped, killed, with trials that fail.

use std::collections::BTreeMap;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Workspace, lines, on_a_small_disk, said};

/// Trials that take a tenth of a second.
const SHARED: &str = "
[data]
dataset = 'japanese-vowels'
train_limit = 60
[model]
hidden = 4
[optim]
epochs = 3
";

/// A small study: 2 variants × 2 rates × 2 seeds, and 2 more seeds at each chosen rate: 12 trials.
fn small() -> String {
    format!(
        "{SHARED}
        [grid]
        model.variant = ['lstm', 'lstm3']
        optim.learning_rate = [1e-3, 1e-2]
        run.seed = [1, 2]
        [compare]
        seeds = 4
        margin = 5.0"
    )
}

/// What a study came to, without what no two share: times and memory.
fn results(here: &Workspace, study: &str) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(object) => {
                for key in [
                    "seconds",
                    "seconds_per_epoch",
                    "trial_seconds",
                    "peak_memory_bytes",
                    "timing",
                    "study",
                    "training_speedup",
                    "prediction_speedup",
                    "answer",
                    "commands",
                    "cost",
                ] {
                    object.remove(key);
                }
                object.values_mut().for_each(strip);
            }
            Value::Array(array) => array.iter_mut().for_each(strip),
            _ => (),
        }
    }
    let mut summary = here.json(&format!("{study}/summary.json"));
    strip(&mut summary);
    summary
}

/// How many epochs of each trial were recorded, and how it ended.
fn trials(here: &Workspace, study: &str) -> BTreeMap<String, (usize, String)> {
    let folder = here.path(study).join("trials");
    let mut trials = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.starts_with('.') {
            let epochs = here.read(&format!("{study}/trials/{name}/metrics.jsonl")).lines().count() / 2;
            let status = here.json(&format!("{study}/trials/{name}/summary.json"))["status"].clone();
            trials.insert(name, (epochs, status.as_str().unwrap().to_owned()));
        }
    }
    trials
}

#[test]
fn a_study_answers_and_does_nothing_twice() {
    let here = Workspace::new();
    here.write("small.toml", small());
    let said = here.succeed("compare small.toml");
    assert_eq!(
        said.lines().filter(|line| line.contains(": complete, validation accuracy")).count(),
        12,
        "{said}"
    );
    let all = trials(&here, "studies/small");
    assert_eq!(all.len(), 12);
    assert!(all.values().all(|trial| *trial == (3, "complete".to_owned())), "{all:?}");

    let summary = here.json("studies/small/summary.json");
    let headline = summary["answer"]["headline"].as_str().unwrap();
    assert_eq!(said.trim_end().lines().last(), Some(headline));
    let variants = summary["tasks"][0]["variants"].as_array().unwrap();
    assert_eq!(variants[0]["name"], "lstm");
    for variant in variants {
        assert_eq!(variant["seeds"].as_array().unwrap().len(), 4);
        assert_eq!(variant["test"]["values"].as_array().unwrap().len(), 4);
        assert_eq!(variant["rates"].as_array().unwrap().len(), 2);
        assert_eq!(variant["confusion"].as_array().unwrap().len(), 9);
        assert!(variant["timing"]["training_step_ms"].as_f64().unwrap() > 0.0);
    }
    assert_eq!(summary["tasks"][0]["comparisons"][0]["pairs"], 4);

    let before = results(&here, "studies/small");
    let again = here.succeed("compare studies/small");
    assert!(!again.contains(": complete,"), "{again}");
    assert_eq!(results(&here, "studies/small"), before);
    let status = here.succeed("status studies/small");
    assert!(status.contains("12 trials: 12 complete"), "{status}");
}

#[test]
fn the_test_part_is_read_for_chosen_trials_alone() {
    let here = Workspace::new();
    here.write("small.toml", small());
    here.succeed("compare small.toml");
    let summary = here.json("studies/small/summary.json");
    let mut chosen = Vec::new();
    for variant in summary["tasks"][0]["variants"].as_array().unwrap() {
        chosen.extend(
            variant["seeds"]
                .as_array()
                .unwrap()
                .iter()
                .map(|seed| seed["trial"].as_str().unwrap().to_owned()),
        );
    }
    for id in trials(&here, "studies/small").keys() {
        let tested = here.path(&format!("studies/small/trials/{id}/evaluation.json")).exists();
        assert_eq!(tested, chosen.contains(id), "{id}");
    }
}

#[test]
fn more_seeds_keep_what_is_there() {
    let here = Workspace::new();
    here.write("small.toml", small());
    here.succeed("compare small.toml");
    let more = here.succeed("compare studies/small --seeds 5");
    assert_eq!(more.lines().filter(|line| line.contains(": complete,")).count(), 2, "{more}");
    assert_eq!(here.json("studies/small/summary.json")["tasks"][0]["comparisons"][0]["pairs"], 5);
}

/// 200 short trials, killed with everything they started at ten moments.
#[test]
fn a_study_killed_at_any_moment_ends_as_one_that_was_not() {
    let here = Workspace::new();
    let seeds: Vec<String> = (1..=50).map(|seed| seed.to_string()).collect();
    let study = format!(
        "{SHARED}
        [grid]
        model.variant = ['lstm', 'lstm3']
        optim.learning_rate = [1e-3, 1e-2]
        run.seed = [{}]",
        seeds.join(", ")
    );
    here.write("many.toml", study);
    let started = Instant::now();
    here.succeed("compare many.toml --out whole");
    let duration = started.elapsed();
    assert_eq!(trials(&here, "whole").len(), 200);

    for moment in 0..10 {
        let share = (moment as f64 * 0.6180339887 + 0.05) % 1.0;
        let mut process = here.command("compare many.toml --out killed").spawn().unwrap();
        // Every round gets another tenth of the time in all, at no particular points.
        sleep(duration.mul_f64(0.05 + 0.1 * share));
        let children = children(process.id());
        process.kill().unwrap();
        for child in children {
            let _ = Command::new("kill").args(["-KILL", &child]).status();
        }
        process.wait().unwrap();
    }
    here.succeed("compare killed");
    assert_eq!(trials(&here, "killed"), trials(&here, "whole"));
    assert_eq!(results(&here, "killed"), results(&here, "whole"));
}

/// The processes that a process has started.
fn children(parent: u32) -> Vec<String> {
    let found = Command::new("pgrep").args(["-P", &parent.to_string()]).output().unwrap();
    String::from_utf8(found.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn two_processes_share_a_study() {
    let here = Workspace::new();
    here.write("small.toml", small());
    here.succeed("compare small.toml --out alone");
    let both = [(); 2].map(|()| here.command("compare small.toml --out shared --json").spawn().unwrap());
    let mut trained = Vec::new();
    for process in both {
        let said = said(process.wait_with_output().unwrap());
        assert_eq!(said.code, Some(0), "{}", said.err);
        let events = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let finished = events.filter(|event| event["event"] == "finished");
        trained.extend(finished.map(|event| event["trial"].as_str().unwrap().to_owned()));
    }
    trained.sort();
    assert_eq!(trained, trials(&here, "alone").into_keys().collect::<Vec<_>>(), "each trial is trained once");
    assert_eq!(results(&here, "shared"), results(&here, "alone"));
}

#[test]
fn a_study_asked_to_stop_saves_and_goes_on() {
    let here = Workspace::new();
    here.write("small.toml", small().replace("epochs = 3", "epochs = 400"));
    let mut process = here.command("compare small.toml --out stopped").spawn().unwrap();
    while !here.path("stopped/trials").exists() || trials_with_epochs(&here, "stopped") < 2 {
        assert_eq!(process.try_wait().unwrap(), None);
        sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap().success());
    let said = said(process.wait_with_output().unwrap());
    assert_eq!(said.code, Some(130), "{}", said.err);
    assert!(said.err.contains("go on with: slimgate compare stopped"), "{}", said.err);
    let status = here.succeed("status stopped");
    assert!(
        status.contains("interrupted") && status.contains("waiting") && !status.contains("running"),
        "{status}"
    );
}

fn trials_with_epochs(here: &Workspace, study: &str) -> usize {
    let entries = std::fs::read_dir(here.path(study).join("trials")).unwrap();
    let has_epochs = |entry: &std::fs::DirEntry| {
        std::fs::read_to_string(entry.path().join("metrics.jsonl")).is_ok_and(|text| !text.is_empty())
    };
    entries.filter_map(Result::ok).filter(has_epochs).count()
}

#[test]
fn a_trial_that_keeps_failing_is_told_and_the_others_finish() {
    let here = Workspace::new();
    here.write("small.toml", small());
    here.succeed("compare small.toml --out study");
    // One trial that can never be resumed.
    let id = trials(&here, "study").into_keys().next().unwrap();
    for name in ["config.toml", "summary.json"] {
        here.write(&format!("study/trials/{id}/{name}"), "[model]\nhidden = 'many'\n");
    }
    here.write(
        &format!("study/trials/{id}/summary.json"),
        here.read(&format!("study/trials/{}/summary.json", other(&here, &id)))
            .replace("\"complete\"", "\"running\""),
    );
    let said = here.run("compare study");
    assert_eq!(said.code, Some(2), "{}\n{}", said.out, said.err);
    assert!(said.out.contains("it is tried again"), "{}", said.out);
    assert!(
        said.err.contains("1 trial(s) of the study failed") && said.err.contains("config.toml"),
        "{}",
        said.err
    );
    let status = here.succeed("status study");
    assert!(status.contains("11 complete"), "{status}");
}

/// Another trial than the one that is named.
fn other(here: &Workspace, id: &str) -> String {
    trials_named(here).into_iter().find(|name| name != id).unwrap()
}

fn trials_named(here: &Workspace) -> Vec<String> {
    let entries = std::fs::read_dir(here.path("study/trials")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_search_gives_every_variant_as_many_draws_and_prunes_within_them() {
    let here = Workspace::new();
    for (sampler, prune) in [("quasi-random", "halving"), ("random", "median"), ("tpe", "never")] {
        let study = format!(
            "[data]
            dataset = 'japanese-vowels'
            [model]
            hidden = 12
            [optim]
            epochs = 9
            [grid]
            model.variant = ['lstm', 'lstm2']
            [search]
            sampler = '{sampler}'
            prune = '{prune}'
            trials = 9
            [search.ranges]
            optim.learning_rate = {{ log = [1e-4, 1e-1] }}
            optim.batch_size = {{ choice = [8, 16, 32] }}"
        );
        here.write("search.toml", study);
        here.succeed(&format!("compare search.toml --out {sampler}"));
        let summary = here.json(&format!("{sampler}/summary.json"));
        for variant in ["lstm", "lstm2"] {
            let of_variant = |trial: &&Value| trial["variant"] == variant;
            let all: Vec<&Value> = summary["trials"].as_array().unwrap().iter().filter(of_variant).collect();
            assert_eq!(all.len(), 9, "{sampler}");
            let pruned = all.iter().filter(|trial| trial["state"] == "pruned").count();
            assert_eq!(pruned > 0, prune != "never", "{sampler}: {pruned}");
            assert!(
                all.iter().all(|trial| trial["state"] != "pruned" || trial["epochs"].as_u64().unwrap() < 9)
            );
        }
        assert!(!summary["tasks"][0]["importances"].as_array().unwrap().is_empty());
    }
}

#[test]
fn several_data_sets_and_amounts_are_ranked_together() {
    let here = Workspace::new();
    let study = format!(
        "{}
        [grid]
        data.train_limit = [40, 80, 120]
        model.variant = ['lstm', 'lstm3', 'i=xhb,f=hb,o=b']
        run.seed = [1, 2]",
        SHARED.replace("train_limit = 60", "")
    );
    here.write("amounts.toml", study);
    here.succeed("compare amounts.toml");
    let summary = here.json("studies/amounts/summary.json");
    assert_eq!(summary["tasks"].as_array().unwrap().len(), 3);
    assert_eq!(summary["tasks"][1]["name"], "japanese-vowels, train_limit 80");
    assert_eq!(summary["across"]["variants"].as_array().unwrap().len(), 3);
    assert!(summary["across"]["critical_difference"].as_f64().unwrap() > 0.0);
}

#[test]
fn sizes_can_be_matched_by_parameters_or_time() {
    let here = Workspace::new();
    here.write("small.toml", small());
    for by in ["parameters", "time"] {
        here.succeed(&format!(
            "compare small.toml --set compare.match={by} --out {by} --set model.hidden=40"
        ));
        let summary = here.json(&format!("{by}/summary.json"));
        let hidden = |index: usize| summary["tasks"][0]["variants"][index]["hidden"].as_u64().unwrap();
        assert_eq!(hidden(0), 40);
        let study = here.read(&format!("{by}/study.toml"));
        assert!(
            study.contains(&format!("lstm3 = {}", hidden(1))),
            "the size is found once and kept: {study}"
        );
    }
    let summary = here.json("parameters/summary.json");
    assert!(summary["tasks"][0]["variants"][1]["hidden"].as_u64().unwrap() > 40, "slimmer gates, more units");
    let ratio = summary["tasks"][0]["comparisons"][0]["parameters_ratio"].as_f64().unwrap();
    assert!((ratio - 1.0).abs() < 0.05, "{ratio}");
}

#[test]
fn the_published_protocol_chooses_on_the_test_part_and_says_so() {
    let here = Workspace::new();
    here.write("small.toml", small());
    let said = here.succeed("compare small.toml --set compare.protocol=published --out published");
    assert!(said.contains("chosen on the test part"), "{said}");
    let summary = here.json("published/summary.json");
    let variant = &summary["tasks"][0]["variants"][0];
    assert_eq!(variant["test"]["values"], variant["validation"]["values"]);
}

#[test]
fn requirements_decide_the_exit_code() {
    let here = Workspace::new();
    here.write("small.toml", small());
    here.succeed("compare small.toml --out study");
    let check = |claim: &str| {
        let mut command = here.command("check study --require");
        said(command.arg(claim).output().unwrap())
    };
    assert_eq!(check("lstm3 equivalent to lstm within 100").code, Some(0));
    let not = check("lstm accuracy at least 100");
    assert_eq!(not.code, Some(1), "{}", not.err);
    assert!(not.out.contains("is not shown"), "{}", not.out);
    for (claim, told) in [
        ("lstm4 better than lstm", "it has lstm, lstm3"),
        ("lstm3 better than lstm on mnist", "japanese-vowels"),
        ("lstm3 is good", "within 1.0"),
    ] {
        let refused = check(claim);
        assert_eq!(refused.code, Some(2));
        assert!(refused.err.contains(told), "{}", refused.err);
    }
}

#[test]
fn a_study_that_cannot_be_run_is_refused_before_anything_is_made() {
    let here = Workspace::new();
    for (text, told) in [
        ("[grid]\noptim.lerning_rate = [1]", "did you mean `optim.learning_rate`?"),
        ("[grid]\nmodel.variant = ['lstm', 'lstmX']", "did you mean `lstm"),
        ("[grid]\noptim.learning_rate = 1", "[grid] crosses lists"),
        ("[grid]\noptim.learning_rate = [2.0]", "a rate lies above 0"),
        ("[grid]\noptim.learning_rate = []", "has no values"),
        ("[grid]\nmodel.variant = ['lstm', 'lstm2']\nrun.name = ['a']", "set by the study itself"),
        ("[compare]\nmargn = 1", "margn"),
        ("[compare]\nmargin = -1.0", "compare.margin"),
        ("[compare]\nbaseline = 'lstm9'", "not one of the variants"),
        ("[comparre]\nmargin = 1.0", "did you mean [compare]?"),
        ("[search]\ntrials = 5", "search.ranges"),
        ("[search]\ntrials = 5\n[search.ranges]\noptim.learning_rate = { log = [0.0, 1.0] }", "log = [1e-5"),
        ("[search]\ntrials = 5\n[search.ranges]\nrun.seed = { integer = [1, 9] }", "list it under [grid]"),
        ("[optim", "not valid TOML"),
    ] {
        here.write("wrong.toml", text);
        let refusal = here.refuse("compare wrong.toml");
        assert!(refusal.contains(told), "{text}\n{refusal}");
        assert!(!here.path("studies").exists(), "{text}");
    }
    assert!(here.refuse("compare nowhere.toml").contains("nowhere.toml"));
    assert!(here.refuse("status .").contains("is not a study folder"));
}

#[test]
fn a_disk_that_fills_up_stops_the_study_with_one_message() {
    let here = Workspace::new();
    here.write("small.toml", small());
    let full = on_a_small_disk(&here, "192k", "$slimgate compare ../small.toml --out study");
    assert_eq!(full.code, Some(2), "{}\n{}", full.out, full.err);
    assert_eq!(full.err.matches("error: ").count(), 1, "{}", full.err);
    assert!(full.err.contains("free some space"), "{}", full.err);
}

#[test]
fn a_folder_that_is_read_only_is_told_at_once() {
    let here = Workspace::new();
    here.write("small.toml", small());
    let refused = on_a_small_disk(
        &here,
        "4m",
        "mount -o remount,ro tmpfs . && $slimgate compare ../small.toml --out study",
    );
    assert_eq!(refused.code, Some(2), "{}\n{}", refused.out, refused.err);
    assert!(refused.err.contains("cannot create study/trials"), "{}", refused.err);
}

#[test]
fn steps_are_timed_side_by_side() {
    let here = Workspace::new();
    for variant in ["lstm", "lstm3"] {
        here.succeed(&format!("train {} --variant {variant} --name {variant}", crate::support::TINY));
    }
    let timed = lines(&here.succeed("time runs/lstm runs/lstm3 --json"));
    assert_eq!(timed.len(), 2);
    for timing in &timed {
        assert!(
            timing["training_step_ms"].as_f64().unwrap() > 0.0
                && timing["prediction_ms"].as_f64().unwrap() > 0.0
        );
    }
    assert_eq!(here.json("runs/lstm/timing.json")["prediction_ms"], timed[0]["prediction_ms"]);
}

#[test]
fn reports_of_studies_and_runs_are_whole_pages() {
    let here = Workspace::new();
    here.write("small.toml", small());
    here.succeed("compare small.toml --out study");
    let page = here.read("study/report.html");
    assert!(page.ends_with("</html>") || page.trim_end().ends_with("</html>"));
    let headline = here.json("study/summary.json")["answer"]["headline"].as_str().unwrap().to_owned();
    assert!(here.read("study/report.md").contains(&headline), "{headline}");
    assert_eq!(here.read("study/trials.csv").lines().count(), 13);

    std::fs::remove_file(here.path("study/report.html")).unwrap();
    here.succeed("report study --tensorboard board");
    assert_eq!(here.read("study/report.html"), page, "the same study gives the same page");
    assert!(std::fs::read_dir(here.path("board")).unwrap().count() >= 12);

    for variant in ["lstm", "lstm3"] {
        here.succeed(&format!("train {} --variant {variant} --name {variant}", crate::support::TINY));
    }
    here.succeed("report runs/lstm runs/lstm3 --out both");
    assert!(here.read("both/report.html").contains("lstm3"));
    assert!(here.refuse("report study runs/lstm").contains("one study"));
    assert!(here.refuse("report nowhere").contains("nowhere"));
}

#[test]
fn prices_turn_times_into_money() {
    let here = Workspace::new();
    here.write(
        "small.toml",
        format!("{}\n[cost]\nprice_per_hour = 36.0\npredictions_per_year = 1e6", small()),
    );
    here.succeed("compare small.toml --out study");
    let summary = here.json("study/summary.json");
    let variants = summary["tasks"][0]["variants"].as_array().unwrap();
    let a_year = |variant: &Value| variant["cost"]["predictions_a_year"].as_f64().unwrap();
    for variant in variants {
        // 36 an hour is a hundredth a second, so a million predictions of a millisecond cost ten.
        let wanted = 10.0 * variant["timing"]["prediction_ms"].as_f64().unwrap();
        assert!((a_year(variant) - wanted).abs() < 1e-9 * wanted, "{variant}");
        let saved = variant["cost"]["saved_a_year"].as_f64().unwrap();
        assert!((saved - (a_year(&variants[0]) - a_year(variant))).abs() < 1e-9);
    }
    assert!(here.read("study/report.md").contains("EUR"));
}
