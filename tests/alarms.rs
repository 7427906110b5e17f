//! One class as an alarm: its threshold, its errors and its costs, from training to a study.

use serde_json::Value;

use crate::support::{Workspace, assert_says, lines};

const COSTS: &str = "--set alarm.class=event --set alarm.miss_cost=200 --set alarm.false_alarm_cost=1";

/// The command that trains on labelled steps with alarms, in `runs/NAME`.
fn training(name: &str, more: &str) -> String {
    format!(
        "train --no-tui --dataset sensor-events --hidden 6 --epochs 3 --threads 1 --set data.train_limit=120 --name {name} \
         {COSTS} {more}"
    )
}

fn metric(evaluation: &Value, name: &str) -> f64 {
    let metrics = evaluation["metrics"].as_array().unwrap();
    metrics.iter().find(|metric| metric["name"] == name).unwrap()["value"].as_f64().unwrap()
}

#[test]
fn alarms_are_raised_at_the_threshold_of_the_best_epoch() {
    let here = Workspace::new();
    here.succeed(&training("one", "--set run.metric=cost"));
    let best = here.json("runs/one/summary.json")["best"].clone();
    assert!(best["cost"].is_number() && best["threshold"].is_number(), "{best}");

    let evaluation: Value = serde_json::from_str(&here.succeed("evaluate runs/one --json")).unwrap();
    let alarm = &evaluation["alarm"];
    assert_eq!((&alarm["class"], &alarm["threshold"]), (&"event".into(), &best["threshold"]));
    let [alarms, missed, others, false_alarms] =
        ["alarms", "missed", "others", "false_alarms"].map(|key| alarm[key].as_f64().unwrap());
    let cost = (200.0 * missed + false_alarms) / (alarms + others);
    assert!((metric(&evaluation, "cost") - cost).abs() < 1e-9, "{evaluation}");
    assert!((metric(&evaluation, "missed alarms") - missed / alarms).abs() < 1e-9, "{evaluation}");
    assert_eq!(evaluation["cost"], metric(&evaluation, "cost"));
    assert_says(
        &here.succeed("evaluate runs/one"),
        &["never an alarm: ", "alarms for `event` from a probability of", "average precision"],
    );
    // The parts of the sequences have the cost as their mean.
    let outcomes = here.read("runs/one/outcomes.csv");
    let parts: Vec<f64> =
        outcomes.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().parse().unwrap()).collect();
    assert!((parts.iter().sum::<f64>() / parts.len() as f64 - cost).abs() < 1e-6);
    assert!(here.read("runs/one/alarms.csv").starts_with("set,sequence,step,alarm,probability\nvalidation,"));

    here.write("readings.csv", "series,humidity,temperature\na,48,27\na,49,28\na,90,99\n");
    let table = here.succeed("predict runs/one --input readings.csv");
    assert!(table.starts_with("name,step,class,alarm,p(normal),p(event)\nreadings.csv#a,1,"), "{table}");
    let threshold = best["threshold"].as_f64().unwrap();
    let answers = lines(&here.succeed("predict runs/one --json --input readings.csv"));
    for step in answers[0]["steps"].as_array().unwrap() {
        let probability = step["probabilities"]["event"].as_f64().unwrap();
        assert_eq!(step["alarm"], (probability >= threshold), "{step} {threshold}");
    }
}

/// The threshold is a part of the record, so that a run that was stopped comes to the same.
#[test]
fn a_run_that_resumes_has_the_same_thresholds() {
    let here = Workspace::new();
    here.succeed(&training("whole", ""));
    assert_eq!(here.run(&training("stopped", "--stop-after 1")).code, Some(130));
    here.succeed("train --no-tui --resume runs/stopped");
    let thresholds = |run: &str| -> Vec<Value> {
        here.metrics(run).iter().map(|line| line["threshold"].clone()).filter(|it| !it.is_null()).collect()
    };
    assert_eq!(thresholds("runs/whole").len(), 3);
    assert_eq!(thresholds("runs/whole"), thresholds("runs/stopped"));
}

#[test]
fn an_alarm_that_cannot_be_is_refused() {
    let here = Workspace::new();
    for (settings, told) in [
        (
            "--dataset sensor-events --set alarm.class=fault --set alarm.false_alarm_rate=0.1",
            "normal and event",
        ),
        ("--dataset sensor-events --set alarm.class=event", "by which the threshold is chosen"),
        ("--dataset beijing-air --set alarm.class=event --set alarm.false_alarm_rate=0.1", "no classes"),
    ] {
        let refusal = here.refuse(&format!("train --no-tui {settings} --name one"));
        assert!(refusal.contains("alarm.class") && refusal.contains(told), "{refusal}");
        assert!(!here.path("runs/one").exists());
    }
}
