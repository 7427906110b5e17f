//! The events of a run, a JSON line each: `slimgate train --json` writes them, and a study reads those of its trials.

use serde::{Deserialize, Serialize};

use crate::{EpochMetrics, Parameters, RunSummary};

/// An event of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum RunEvent {
    /// It begins, or resumes.
    Started {
        /// Its folder.
        run: String,
        /// Trainable parameters of its model.
        parameters: Parameters,
        /// Epochs that were complete before.
        complete: usize,
    },
    /// An epoch is complete.
    Epoch {
        /// Its number, from 1.
        epoch: usize,
        /// Epochs in all.
        of: usize,
        /// The metrics on the training set.
        train: EpochMetrics,
        /// Those on the set used for model selection.
        validation: EpochMetrics,
    },
    /// It has ended.
    Finished {
        /// Its folder.
        run: String,
        /// Its result.
        summary: Box<RunSummary>,
    },
}
