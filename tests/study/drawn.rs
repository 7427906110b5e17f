//! Studies of few sequences, each seed of which draws its own test set.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Workspace, assert_says, pumps, said};

const LITTLE: &str = "
[data]
dataset = './pumps'
validation_fraction = 0.2
[model]
hidden = 4
[optim]
epochs = 2
[grid]
model.variant = ['lstm', 'lstm3']
optim.learning_rate = [1e-2, 3e-2]
[compare]
widen = false
";

/// A study of the folder `./pumps`, in a file.
fn study(here: &Workspace, compare: &str) {
    pumps(here);
    here.write("pumps.toml", format!("{LITTLE}{compare}"));
}

fn trials(here: &Workspace, study: &str) -> Vec<Value> {
    here.json(&format!("{study}/summary.json"))["trials"].as_array().unwrap().clone()
}

/// The settings of a trial's data.
fn data(here: &Workspace, study: &str, trial: &Value) -> toml::Table {
    let text = here.read(&format!("{study}/trials/{}/config.toml", trial["id"].as_str().unwrap()));
    toml::from_str::<toml::Table>(&text).unwrap()["data"].as_table().unwrap().clone()
}

#[test]
fn each_seed_draws_its_test_set_and_the_answer_says_so() {
    let here = Workspace::new();
    study(&here, "until = 'decided'\nmax_seeds = 8\nmax_exploring_seeds = 2");
    // So long that the two classes are told apart.
    let longer = "epochs = 30\nepoch_steps = 20\nearly_stopping = 3\n";
    here.write("pumps.toml", here.read("pumps.toml").replace("epochs = 2\n", longer));
    let told = here.run("compare pumps.toml --jobs 2 --explain");
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert_says(
        &told.err,
        &[
            "./pumps is small: each seed is tested on 20 sequences of its own, drawn from all 60",
            "`--set compare.resample=validation` tests all of them on the 20 that are given",
        ],
    );
    let drawn = "On ./pumps, each seed is tested on 20 sequences of its own, drawn from all 60";
    assert_says(
        &told.out,
        &[
            drawn,
            "on other data like this, divided anew",
            "Trained again with other seeds, and trained and tested on other sequences like these",
        ],
    );
    assert_says(&here.read("studies/pumps/study.toml"), &["resample = \"test\"", "[compare.test_shares]"]);
    let summary = here.json("studies/pumps/summary.json");
    let task = &summary["tasks"][0];
    assert!((task["test_share"].as_f64().unwrap() - 1.0 / 3.0).abs() < 1e-12, "{task}");
    let found = &task["comparisons"][0];
    assert!(found["interval"].is_array() && found["interval"] == found["data_interval"], "{found}");
    assert_eq!((&found["seeds_interval"], &found["p_signed_rank"]), (&Value::Null, &Value::Null));

    // Both variants have one division under one seed, and each seed has another.
    let (mut seeds, mut divisions) = (BTreeSet::new(), BTreeSet::new());
    let mut tested = BTreeSet::new();
    for trial in trials(&here, "studies/pumps") {
        let data = data(&here, "studies/pumps", &trial);
        assert_eq!(data["test"].as_str(), Some("drawn"));
        seeds.insert((trial["seed"].as_u64().unwrap(), data["seed"].as_integer().unwrap()));
        divisions.insert(data["seed"].as_integer().unwrap());
        let folder = format!("studies/pumps/trials/{}", trial["id"].as_str().unwrap());
        if here.path(&format!("{folder}/evaluation.json")).exists() {
            tested.insert(trial["seed"].as_u64().unwrap());
        }
    }
    assert!(seeds.len() == divisions.len() && seeds.len() >= 5, "{seeds:?}");
    assert!(
        tested.iter().all(|seed| *seed > 100),
        "the test set is read for seeds of the comparison alone: {tested:?}"
    );

    let status = here.succeed("status studies/pumps");
    assert_says(&status, &["lstm3 on ./pumps: tested with 3 seeds, at most 8"]);
    // What no test of twenty sequences shows, however alike the seeds.
    for claim in ["lstm3 equivalent to lstm within 1.0", "lstm3 accuracy at least 99.9"] {
        let mut check = here.command("check studies/pumps");
        let outcome = said(check.args(["--require", claim]).output().unwrap());
        assert_eq!(outcome.code, Some(1), "{claim}: {} {}", outcome.out, outcome.err);
    }
    let report = here.read("studies/pumps/report.md");
    assert_says(&report, &["20 sequences in the test set, which each seed draws from all 60", drawn]);

    // It goes on as it began, without a word, and in no other way.
    let again = here.run("compare pumps.toml --jobs 2");
    assert!(again.code == Some(0) && !again.err.contains("is small"), "{}", again.err);
    let refusal = here.refuse("compare pumps.toml --set compare.resample=validation");
    assert_says(&refusal, &["differs in compare.resample", "--out"]);
}

#[test]
fn a_trial_with_a_drawn_test_set_is_evaluated_resumed_and_asked_as_any_run() {
    let here = Workspace::new();
    pumps(&here);
    let tiny = "train --no-tui --dataset ./pumps --hidden 4 --epochs 3 --threads 1 --set data.test=drawn";
    here.succeed(&format!("{tiny} --set data.seed=5 --name one"));
    here.succeed(&format!("{tiny} --set data.seed=6 --name other"));
    here.run(&format!("{tiny} --set data.seed=5 --name stopped --stop-after 1"));
    here.succeed("train --no-tui --resume runs/stopped");
    assert_eq!(here.outcome("runs/stopped"), here.outcome("runs/one"));
    // Another seed divides otherwise; which sequences are tested is seen in the tests of the data.
    assert_eq!(here.outcome("runs/one")["sequences"], json!(20));
    assert_ne!(here.outcome("runs/one")["loss"], here.outcome("runs/other")["loss"]);
    here.succeed("predict runs/one --input pumps/test.csv");
    let refused = here.refuse("train --no-tui --dataset japanese-vowels --set data.test=drawn");
    assert_says(&refused, &["japanese-vowels", "spoken on other occasions", "leave `data.test` out"]);
}

#[test]
fn the_given_test_set_is_kept_where_that_is_asked_for() {
    let here = Workspace::new();
    study(&here, "seeds = 2\nresample = 'validation'");
    let told = here.run("compare pumps.toml --jobs 2");
    assert!(told.code == Some(0) && !told.err.contains("is small"), "{}", told.err);
    for trial in trials(&here, "studies/pumps") {
        assert!(!data(&here, "studies/pumps", &trial).contains_key("test"));
    }
    assert_eq!(here.json("studies/pumps/summary.json")["tasks"][0].get("test_share"), None);
    for (setting, told) in [
        (
            "data.test=drawn",
            "`data.test` is set by the study itself for each trial, as `compare.resample` says",
        ),
        ("compare.resample=everything", "it must be one of nothing, validation, test"),
    ] {
        assert_says(&here.refuse(&format!("compare pumps.toml --out new --set {setting}")), &[told]);
    }
    let vowels = "compare --dataset japanese-vowels --set compare.resample=test";
    assert_says(&here.refuse(vowels), &["`compare.resample` = \"test\" does not suit japanese-vowels"]);
    assert!(!here.path("studies/japanese-vowels").exists() && !here.path("new").exists());
}

#[test]
fn replicates_draw_test_sets_of_their_own() {
    let here = Workspace::new();
    study(&here, "seeds = 2");
    let said = here.succeed("compare pumps.toml --jobs 2 --replicate 2");
    assert_says(&said, &["Of 2 replicates, the answer names"]);
    let divisions = |study: &str| -> BTreeSet<i64> {
        let seed = |trial: &Value| data(&here, study, trial)["seed"].as_integer().unwrap();
        trials(&here, study).iter().map(seed).collect()
    };
    let [one, two] = [1, 2].map(|number| divisions(&format!("studies/pumps-replicates/{number}")));
    assert!(!one.is_empty() && one.is_disjoint(&two), "{one:?} {two:?}");
}
