//! Times of steps: `timing.json`, and the measurements before a run begins.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{RunError, RunFolder};

/// The times of the steps of a model: the content of `timing.json`. Medians, on the test set's first sequences.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Milliseconds of a training step of a batch of the run's size: forward, backward, optimizer.
    pub training_step_ms: f64,
    /// Milliseconds of a prediction of one sequence.
    pub prediction_ms: f64,
    /// Milliseconds of a prediction of 128 sequences at once.
    pub batch_prediction_ms: f64,
    /// CPU threads that computed.
    pub threads: usize,
}

impl Timing {
    /// Records it in a run's folder.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn record(&self, run: &Path) -> Result<(), RunError> {
        RunFolder::open(run)?.write_json("timing.json", self)
    }
}

/// The demands of a run on this machine, measured before it begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effort {
    /// Seconds of one training step.
    pub step_seconds: f64,
    /// Steps of an epoch.
    pub steps_an_epoch: usize,
    /// Seconds until the data is read and the initial weights are drawn.
    pub start_seconds: f64,
    /// Warnings about its texts, its memory and its start.
    pub warnings: Vec<String>,
}

/// The time of a training step, measured for long enough to tell sizes of a model apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepTime {
    /// Median seconds.
    pub step_seconds: f64,
}
