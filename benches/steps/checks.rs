//! Slimgate against itself, one JSON line per ratio.

use std::sync::mpsc::channel;
use std::time::Duration;

use slimgate_run::{Config, StopFlag};
use slimgate_train::{Display, Progress, train};

use crate::{SHAPES, Shape, median, middle, training_step};

pub fn run(budget: Duration) {
    let step = |cell, shape, batch| median(budget, training_step(cell, shape, batch)).ms;
    let report = |what: &str, work: &str, batch: usize, ratio: f64| {
        println!(r#"{{"check":"{what}","work":"{work}","batch":{batch},"ratio":{ratio:.3}}}"#);
    };
    let [rows, _, text, _] = SHAPES;
    for shape in [rows, text] {
        for batch in [32, 128] {
            let once = step("lstm", shape, batch);
            let simple = step("lstm3", shape, batch);
            let longer = step("lstm", Shape { steps: 2 * shape.steps, ..shape }, batch);
            let wider = step("lstm", shape, 2 * batch);
            report("the standard cell's step, in steps of LSTM3", shape.work, batch, once / simple);
            report("a step over twice the time, in steps", shape.work, batch, longer / once);
            report("a step over twice the batch, in steps", shape.work, batch, wider / once);
        }
    }
    for cell in ["lstm", "lstm3"] {
        let what = format!("a training epoch of {cell}, in its bare steps");
        report(&what, "rows", 32, epoch(cell) / step(cell, rows, 32));
    }
}

/// Milliseconds per step within `slimgate train`: with the data loader, metrics and clipping; the median over some
/// epochs.
fn epoch(cell: &str) -> f64 {
    let folder = tempfile::tempdir().expect("a place for the run");
    let config = Config::default().changed(|config| {
        config.data.dataset = "digits-rows".to_owned();
        config.model.variant = Some(cell.to_owned());
        config.optim.epochs = 7;
        config.run.out = folder.path().to_string_lossy().into_owned();
        config.run.threads = rayon::current_num_threads();
    });
    let config = config.expect("settings that can be run");
    let batch = config.optim.batch_size as f64;
    let (sender, times) = channel();
    let each_epoch = move |progress: Progress| {
        if let Progress::Epoch { train, .. } = progress {
            let _ = sender.send(1e3 * batch / train.sequences_per_second);
        }
    };
    train(config, None, &StopFlag::new(), Display::Quiet, each_epoch).expect("the run ends");
    middle(times.iter().collect())
}
