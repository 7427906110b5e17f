//! Conclusions that a study must not draw: from models that learned nothing, had not finished, or were chosen by
//! chance.

use serde_json::{Value, json};

use crate::support::{Workspace, assert_says};

/// Pseudo-random numbers from 0 to below 1, the same in every run of the test.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A folder of one-channel noise series, one in `shares` of the training and the test set labelled `fault`.
fn noise(here: &Workspace, shares: [usize; 2]) {
    let mut noise = Noise(shares[0] as u64);
    std::fs::create_dir(here.path("noise")).unwrap();
    for (file, share, series) in [("train.csv", shares[0], 300), ("test.csv", shares[1], 300)] {
        let mut text = "series,class,x\n".to_owned();
        for number in 0..series {
            let class = if number % share == 0 { "fault" } else { "ok" };
            for _ in 0..4 {
                text += &format!("s{number},{class},{:.3}\n", noise.next());
            }
        }
        here.write(&format!("noise/{file}"), text);
    }
}

/// A folder of 40 series of six channels to train on: the last channel leads the first by a step in one class and trails
/// it in the other.
fn forty(here: &Workspace) {
    let mut noise = Noise(40);
    std::fs::create_dir(here.path("forty")).unwrap();
    for (file, series) in [("train.csv", 40), ("test.csv", 100)] {
        let mut text = "series,class,a,b,c,d,e,f\n".to_owned();
        for number in 0..series {
            let class = ["leads", "trails"][number % 2];
            let start = 6.0 * noise.next();
            let shift = [1.0, -1.0][number % 2];
            for step in 0..24 {
                let at = |lead: f64| (0.8 * (step as f64 + lead) + start).sin();
                let rest: Vec<String> = (0..4).map(|_| format!("{:.3}", noise.next())).collect();
                text += &format!("s{number},{class},{:.3},{},{:.3}\n", at(0.0), rest.join(","), at(shift));
            }
        }
        here.write(&format!("forty/{file}"), text);
    }
}

const QUICK: &str =
    "--variants lstm lstm3 --set model.hidden=8 --set grid.optim.learning_rate=[1e-2] --seeds 3";

#[test]
fn on_noise_nothing_is_recommended_however_rare_the_class() {
    // In the last, always predicting the majority class of the training set is right on a fifth of the test set.
    for shares in [[20, 20], [2, 2], [2, 5]] {
        let here = Workspace::new();
        noise(&here, shares);
        // Drawn, both parts would have as many of it.
        let resample = if shares[0] == shares[1] { "test" } else { "validation" };
        let said =
            here.succeed(&format!("compare --dataset ./noise {QUICK} --set compare.resample={resample}"));
        assert_says(
            &said,
            &["Nothing was learned here: lstm is right on", "always `", "nothing was learned"],
        );
        let summary = here.json("studies/noise/summary.json");
        assert_eq!(summary["answer"]["variant"], Value::Null);
        assert_eq!(summary["tasks"][0]["comparisons"][0]["obstacle"], "nothing-learned");
        for claim in [
            "lstm3 equivalent to lstm within 1.0",
            "lstm3 not worse than lstm within 50",
            "lstm3 better than lstm",
        ] {
            let mut check = here.command("check studies/noise");
            let said = crate::support::said(check.args(["--require", claim]).output().unwrap());
            assert_eq!(said.code, Some(1), "{claim}: {}", said.out);
            assert_says(&said.out, &["lstm is not shown to be better than always saying `"]);
        }
        for page in ["report.md", "report.html", "variants.csv"] {
            let page = here.read(&format!("studies/noise/{page}"));
            assert!(page.contains("always “") || page.contains(",trivial,"), "{page}");
        }
    }
}

#[test]
fn a_study_of_forty_sequences_trains_until_they_are_learned() {
    let here = Workspace::new();
    forty(&here);
    // On the hundred that are given: other divisions would say more of chance than of how long is trained.
    let said = here.succeed(
        "compare --dataset ./forty --variants lstm lstm1 --set model.hidden=16 --seeds 3 \
         --set compare.resample=validation",
    );
    let first = said.lines().next().unwrap();
    assert!(first.starts_with("this takes ") && first.contains("at a time"), "{first}");
    assert_says(
        &said,
        &["chosen on 4 validation sequences, on which an accuracy has a standard error of up to 25 points"],
    );
    let summary = here.json("studies/forty/summary.json");
    for variant in summary["tasks"][0]["variants"].as_array().unwrap() {
        // Four validation sequences choose the rate partly by chance, so not every seed is right on all.
        assert!(variant["test"]["mean"].as_f64().unwrap() > 0.9, "{variant}");
        assert_eq!(variant["still_improving"], 0);
    }
    for trial in summary["trials"].as_array().unwrap() {
        let run = here.json(&format!("studies/forty/trials/{}/summary.json", trial["id"].as_str().unwrap()));
        assert_eq!((&run["converged"], &trial["converged"]), (&json!(true), &json!(true)), "{trial}");
    }
}

#[test]
fn models_that_had_not_finished_are_not_compared_but_trained_longer_by_the_command_that_is_told() {
    let here = Workspace::new();
    let said = here.succeed(&format!(
        "compare --dataset japanese-vowels {QUICK} --set optim.epochs=3 --set optim.epoch_steps=1"
    ));
    assert_says(
        &said,
        &["still improving when training ended; train longer: `slimgate compare", "still improving"],
    );
    let summary = here.json("studies/japanese-vowels/summary.json");
    assert_eq!(summary["answer"]["variant"], Value::Null);
    assert_eq!(summary["tasks"][0]["comparisons"][0]["obstacle"], "still-improving");
    let command = said.rsplit_once('`').unwrap().0.rsplit_once("`slimgate ").unwrap().1;
    here.succeed(command);
    let longer = here.json("studies/japanese-vowels-longer/summary.json");
    assert_eq!(longer["trials"][0]["epochs"], 9);
}

#[test]
fn learning_rates_grow_where_a_variant_does_best_at_their_end() {
    let here = Workspace::new();
    let quick = "--dataset japanese-vowels --variants lstm3 --set model.hidden=8 --set optim.epochs=3 \
                 --set optim.epoch_steps=20 --set grid.optim.learning_rate=[1e-3,3e-3] --seeds 1";
    here.succeed(&format!("compare {quick}"));
    let rates = |study: &str| -> Vec<f64> {
        let summary = here.json(&format!("studies/{study}/summary.json"));
        let rates = summary["tasks"][0]["variants"][0]["rates"].as_array().unwrap();
        rates.iter().map(|point| point["rate"].as_f64().unwrap()).collect()
    };
    let grown = rates("japanese-vowels");
    assert!(grown.len() > 2 && grown[..3] == [1e-3, 3e-3, 9e-3], "{grown:?}");
    here.succeed(&format!("compare {quick} --set compare.widen=false --out studies/fixed"));
    assert_eq!(rates("fixed"), [1e-3, 3e-3]);
}

#[test]
fn few_sequences_get_epochs_of_as_many_steps_as_were_asked_for() {
    let here = Workspace::new();
    let tiny =
        "--no-tui --dataset japanese-vowels --hidden 4 --epochs 2 --threads 1 --set data.train_limit=30";
    let loss = |name: &str| here.metrics(&format!("runs/{name}"))[2]["loss"].as_f64().unwrap();
    here.succeed(&format!("train {tiny} --name one"));
    here.succeed(&format!("train {tiny} --set optim.epoch_steps=40 --name many"));
    assert!(loss("many") < loss("one"), "{} {}", loss("many"), loss("one"));
    // A run that was stopped and resumed has gone through them in the same order.
    here.run(&format!("train {tiny} --set optim.epoch_steps=40 --name stopped --stop-after 1"));
    here.succeed("train --no-tui --resume runs/stopped");
    assert_eq!(here.metrics("runs/stopped"), here.metrics("runs/many"));
}

#[test]
fn a_small_validation_set_is_said_when_training_begins() {
    let here = Workspace::new();
    forty(&here);
    let said = here.run("train --no-tui --dataset ./forty --hidden 4 --epochs 1 --threads 1");
    assert_says(&said.err, &["warning: the validation set has 4 sequences", "up to 25 points"]);
}
