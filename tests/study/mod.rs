//! Studies as a user runs them.

mod drawn;
mod failures;
mod refusals;
mod sharing;
mod space;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Workspace, lines, said};

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

/// A small study: 2 variants × 2 rates × 2 seeds, and 2 more seeds at each chosen rate: 12 trials. Its exploring seeds are
/// compared, which saves some.
pub fn small() -> String {
    format!(
        "{SHARED}
        [grid]
        model.variant = ['lstm', 'lstm3']
        optim.learning_rate = [1e-3, 1e-2]
        run.seed = [1, 2]
        [compare]
        seeds = 4
        margin = 5.0
        widen = false
        reuse_seeds = true"
    )
}

/// The results of a study, without times and memory, which differ between any two.
pub fn results(here: &Workspace, study: &str) -> Value {
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
                    "longer",
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

/// The number of epochs recorded for each trial, and its final status.
pub fn trials(here: &Workspace, study: &str) -> BTreeMap<String, (usize, String)> {
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
    let counted: Vec<_> =
        said.lines().filter_map(|line| Some(line.split_once("/12 ")?.0.to_owned())).collect();
    assert_eq!(counted, (1..=12).map(|number| number.to_string()).collect::<Vec<_>>(), "{said}");
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
fn the_test_set_is_read_for_chosen_trials_alone() {
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

#[test]
fn the_published_protocol_chooses_on_the_test_set_and_says_so() {
    let here = Workspace::new();
    here.write("small.toml", small());
    let answer = here.succeed("compare small.toml --set compare.protocol=published --out published");
    assert!(answer.contains("chosen on the test set"), "{answer}");
    assert!(here.succeed("status published").contains("chosen on the test set"));
    let check = here.command("check published --require").arg("lstm accuracy at least 1").output().unwrap();
    assert!(said(check).out.contains("selected on the test set"));
    let summary = here.json("published/summary.json");
    let variant = &summary["tasks"][0]["variants"][0];
    assert_eq!(variant["test"]["values"], variant["validation"]["values"]);
}

#[test]
fn published_figures_stand_beside_the_measured_ones_wherever_the_study_is_read() {
    let here = Workspace::new();
    std::fs::create_dir_all(here.path("experiments/published")).unwrap();
    here.write(
        "experiments/published/table.csv",
        "task,variant,eta0,best_test_accuracy,params\nvowels,lstm3,0.01,0.9,80\nother,lstm,0.01,0.1,1\n",
    );
    let more = "\npublished = { file = 'published/table.csv', task = 'vowels' }\nprotocol = 'published'";
    let schedules = "run.seed = [1, 2]\noptim.schedule = ['constant', 'cosine']";
    here.write("experiments/vowels.toml", small().replace("run.seed = [1, 2]", schedules) + more);
    here.succeed("compare experiments/vowels.toml --out study");
    std::fs::remove_dir_all(here.path("experiments")).unwrap();
    std::fs::rename(here.path("study"), here.path("elsewhere")).unwrap();
    here.succeed("report elsewhere");
    let summary = here.json("elsewhere/summary.json");
    let cells = summary["published"].as_array().unwrap();
    assert_eq!(cells.len(), 1);
    assert_eq!(cells[0]["published"], 0.9);
    assert_eq!(cells[0]["parameters"], cells[0]["published_parameters"]);
    // Of the two schedules, the one that did better with the first seed.
    let trials = summary["trials"].as_array().unwrap().iter();
    let best = trials
        .filter(|trial| trial["variant"] == "lstm3" && trial["seed"] == 1)
        .filter(|trial| trial["settings"]["optim.learning_rate"] == 0.01)
        .map(|trial| trial["best"][1].as_f64().unwrap())
        .fold(0.0, f64::max);
    assert_eq!(cells[0]["measured"].as_f64(), Some(best));
    assert!(cells[0]["settings"]["optim.schedule"].is_string(), "{}", cells[0]);
}

#[test]
fn requirements_decide_the_exit_code() {
    let here = Workspace::new();
    here.write("small.toml", small());
    // Until it has converged.
    here.succeed("compare small.toml --set optim.epoch_steps=100 --out study");
    let check = |claim: &str| {
        let mut command = here.command("check study --require");
        said(command.arg(claim).output().unwrap())
    };
    assert_eq!(check("lstm3 equivalent to lstm within 100").code, Some(0));
    let not = check("lstm accuracy at least 100");
    assert_eq!(not.code, Some(1), "{}", not.err);
    assert!(not.out.contains("is not shown"), "{}", not.out);
    for (claim, told) in [
        ("lstm4 better than lstm", "names `lstm4`, which is not in the study (it has lstm, lstm3)"),
        ("lstm3 better than lstm on mnist", "(it has japanese-vowels)"),
        ("lstm3 is good", "within 1.0"),
    ] {
        let refused = check(claim);
        assert_eq!(refused.code, Some(2));
        assert!(refused.err.contains(told), "{}", refused.err);
    }
}

#[test]
fn a_margin_that_was_changed_after_results_were_seen_is_told() {
    let here = Workspace::new();
    here.write("small.toml", small());
    let told = |study: &str| {
        let notes = here.json(&format!("{study}/summary.json"))["answer"]["notes"].clone();
        let notes = notes.as_array().unwrap().clone();
        let about = |note: &&Value| {
            note.as_str().unwrap().starts_with("The margin, the confidence or the design was changed")
        };
        notes.iter().find(about).map(|note| note.as_str().unwrap().to_owned())
    };
    // Before there are results, nothing has been seen.
    assert_eq!(here.run("compare small.toml --out study --set optim.epochs=0").code, Some(2));
    here.succeed("compare small.toml --out study --set compare.margin=3.0");
    here.succeed("compare small.toml --out study --set compare.margin=3.0");
    assert_eq!(told("study"), None);
    here.succeed("compare small.toml --out study");
    let both = "(margin 3.0 at a confidence of 95.0 %, then margin 5.0 at a confidence of 95.0 %)";
    assert!(told("study").unwrap().contains(both), "{:?}", told("study"));
    // Changed by hand, and for the report alone.
    let config = here.read("study/study.toml").replace("confidence = 0.95", "confidence = 0.9");
    here.write("study/study.toml", config);
    here.succeed("report study");
    assert!(told("study").unwrap().contains("then margin 5.0 at a confidence of 90.0 %"));
    // The note remains.
    here.succeed("compare small.toml --out study --set compare.margin=3.0");
    assert!(told("study").unwrap().ends_with("values that are fixed beforehand."));
    assert!(here.read("study/report.md").contains("The margin, the confidence or the design was changed"));
}

#[test]
fn a_study_of_one_variant_is_warned_of() {
    let here = Workspace::new();
    here.write("small.toml", small());
    let single = here.run("compare small.toml --variants lstm3 --out study");
    assert_eq!(single.code, Some(0), "{}", single.err);
    let warning = "warning: there is only one variant, so nothing to compare it with; add the baseline";
    assert!(single.err.contains(warning), "{}", single.err);
    let claim = "lstm3 equivalent to lstm within 0.9";
    let check = said(here.command("check study --require").arg(claim).output().unwrap());
    assert_eq!(check.code, Some(2), "{}", check.out);
    let told = format!("the requirement \"{claim}\" names `lstm`, which is not in the study (it has lstm3)");
    assert!(check.err.contains(&told), "{}", check.err);
    assert!(!here.run("compare small.toml --out both").err.contains("warning: one variant"));
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
    // Without the marks that keep Markdown from reading more than text.
    assert!(here.read("study/report.md").replace('\\', "").contains(&headline), "{headline}");
    assert_eq!(here.read("study/trials.csv").lines().count(), 13);

    assert!(here.json("study/summary.json")["commands"][0].as_str().unwrap().ends_with("--out study-again"));
    here.succeed("report study/");
    assert_eq!(here.read("study/report.html"), page, "a slash at its end makes no other folder");
    std::fs::remove_file(here.path("study/report.html")).unwrap();
    here.succeed("report study --tensorboard board");
    assert_eq!(here.read("study/report.html"), page, "the same study gives the same page");
    assert!(std::fs::read_dir(here.path("board")).unwrap().count() >= 12);

    for variant in ["lstm", "lstm3"] {
        here.succeed(&format!("train {} --variant {variant} --name {variant}", crate::support::TINY));
    }
    here.succeed("report runs/lstm runs/lstm3 --out both");
    here.succeed("report runs/lstm");
    assert!(here.path("runs/lstm/report.html").is_file());
    assert!(here.refuse("report runs/lstm runs/lstm").contains("twice"));
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
    assert!(here.succeed("compare small.toml --out study").contains("cost in EUR"));
    let summary = here.json("study/summary.json");
    let variants = summary["tasks"][0]["variants"].as_array().unwrap();
    let a_year = |variant: &Value| variant["cost"]["predictions_a_year"].as_f64().unwrap();
    for variant in variants {
        // 36 per hour is 0.01 per second, so a million predictions of a millisecond cost ten; one thread costs its
        // share of that.
        let cores = summary["environment"]["cores"].as_f64().unwrap();
        let wanted = 10.0 / cores * variant["timing"]["prediction_ms"].as_f64().unwrap();
        assert!((a_year(variant) - wanted).abs() < 1e-9 * wanted, "{variant}");
        let saved = variant["cost"]["saved_a_year"].as_f64().unwrap();
        assert!((saved - (a_year(&variants[0]) - a_year(variant))).abs() < 1e-9);
    }
    assert!(here.read("study/report.md").contains("EUR"));
    let reasoning = summary["answer"]["explanation"].as_array().unwrap();
    let told = |text: &&Value| text.as_str().unwrap().starts_with("lstm3 costs ");
    assert_eq!(reasoning.iter().filter(told).count(), 1, "{reasoning:?}");
}

/// Seeds of their own are added until every variant is settled or would take too many, and the design is kept.
#[test]
fn a_comparison_goes_on_until_it_is_decided() {
    let here = Workspace::new();
    let until = small()
        .replace("seeds = 4", "until = 'decided'\n        max_seeds = 8\n        max_exploring_seeds = 3")
        .replace("reuse_seeds = true", "");
    here.write("small.toml", until);
    let said = here.succeed("compare small.toml --out study --explain");
    assert!(said.contains("The reasoning:"), "{said}");
    let summary = here.json("study/summary.json");
    assert_eq!(summary["looks"], serde_json::json!([3, 5, 8]));
    let found = &summary["tasks"][0]["comparisons"][0];
    let seeds = found["pairs"].as_u64().unwrap();
    assert!([3, 5, 8].contains(&seeds), "{found}");
    for variant in summary["tasks"][0]["variants"].as_array().unwrap() {
        let compared = variant["seeds"].as_array().unwrap();
        assert!(compared.iter().all(|seed| seed["seed"].as_u64().unwrap() > 100), "{compared:?}");
        for seed in compared {
            let id = seed["trial"].as_str().unwrap();
            let config: toml::Value =
                toml::from_str(&here.read(&format!("study/trials/{id}/config.toml"))).unwrap();
            assert_eq!(
                config["data"]["seed"].as_integer(),
                config["run"]["seed"].as_integer(),
                "its own split"
            );
        }
    }
    let status = here.succeed("status study");
    assert!(
        status.contains(&format!("lstm3 on japanese-vowels: tested with {seeds} seeds, at most 8")),
        "{status}"
    );
    assert!(here.refuse("compare study --seeds 9").contains("compare.max_seeds"));
    let refusal = here.refuse("compare study --set compare.max_seeds=16");
    assert!(refusal.contains("differs in compare.max_seeds") && refusal.contains("--out"), "{refusal}");
    let before = results(&here, "study");
    here.succeed("compare study");
    assert_eq!(results(&here, "study"), before);
}

#[test]
fn replicates_say_how_often_they_agree() {
    let here = Workspace::new();
    here.write("small.toml", small());
    let said = here.succeed("compare small.toml --out study --replicate 2");
    assert!(said.contains("Of 2 replicates, the answer names"), "{said}");
    let [one, two] = [1, 2].map(|number| here.json(&format!("study-replicates/{number}/summary.json")));
    let seeds = |summary: &Value| summary["tasks"][0]["variants"][0]["seeds"][0]["seed"].as_u64().unwrap();
    assert_ne!(seeds(&one), seeds(&two));
    let kept = here.json("study-replicates/replicates.json");
    assert_eq!(kept.as_array().unwrap().len(), 2);
    assert_eq!(kept[0]["headline"], one["answer"]["headline"]);
}
