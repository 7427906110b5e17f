//! Made-up runs.

use slimgate_report::Run;
use slimgate_run::metric::Metric;
use slimgate_run::{EpochMetrics, Evaluation, Parameters, Split, Status};

use super::environment;
use super::tasks::{EPOCHS, classes, confusion};

/// Two runs, one of which has only just started.
pub fn runs() -> Vec<Run> {
    vec![
        run("digits-rows-lstm", "lstm", 3e-3, EPOCHS),
        run("digits-rows-lstm1", "lstm1", 1e-3, EPOCHS),
        run("begun", "lstm2", 1e-3, 0),
    ]
}

fn run(name: &str, variant: &str, rate: f64, epochs: usize) -> Run {
    let accuracy = Metric::accuracy(None);
    let line = |epoch: usize, split: Split| EpochMetrics {
        epoch,
        split,
        loss: 2.3 / epoch as f64 + if split == Split::Train { 0.0 } else { 0.05 },
        score: accuracy.score(0.97 - 0.7 / (epoch as f64 + 0.5)),
        seconds: 1.5,
        sequences_per_second: 1000.0,
        learning_rate: (split == Split::Train).then_some(rate * 0.9f64.powi(epoch as i32)),
        threshold: None,
    };
    let lines: Vec<EpochMetrics> =
        (1..=epochs).flat_map(|epoch| [line(epoch, Split::Train), line(epoch, Split::Validation)]).collect();
    let last = lines.last().cloned();
    let settings = [
        ("data.dataset", toml::Value::from("digits-rows")),
        ("model.variant", variant.into()),
        ("model.hidden", 50.into()),
        ("optim.learning_rate", rate.into()),
        ("optim.optimizer", "adam".into()),
        ("run.seed", 1.into()),
        ("run.tolerate_divergence", false.into()),
    ];
    Run {
        name: name.into(),
        path: format!("runs/{name}").into(),
        started: 1_700_000_000.0,
        settings: settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        summary: last.clone().map(|last| slimgate_run::RunSummary {
            version: slimgate_run::RunSummary::VERSION,
            status: Status::Complete,
            dataset: "digits-rows".into(),
            variant: variant.into(),
            gates: "xhb".into(),
            parameters: Parameters { recurrent: 15_800, total: 16_310 },
            metric: Metric::accuracy(None),
            epochs,
            best: Some(last.clone()),
            last: Some(last),
            converged: Some(true),
            seconds: 45.0,
            peak_memory_bytes: Some(123 << 20),
        }),
        epochs: lines,
        environment: environment(),
        evaluation: (epochs > 0).then(|| Evaluation {
            epoch: epochs,
            sequences: 500,
            loss: 0.123,
            score: accuracy.score(0.962),
            metrics: Vec::new(),
            references: Vec::new(),
            coverage_before_calibration: None,
            classes: classes(),
            confusion: confusion(0.962),
            alarm: None,
            weights_sha256: "0".repeat(64),
        }),
        forecasts: None,
    }
}
