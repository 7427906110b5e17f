//! The events of a run and of a worker, a JSON line each: `slimgate train --json` writes those of a run, a worker all of
//! them, and a study reads them.

use serde::{Deserialize, Serialize};

use crate::{Effort, EpochMetrics, JobEnd, Parameters, RunSummary, StepTime};

/// An event of a run, or of a worker and the runs of its job.
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
    /// A worker has the lease of its job.
    Leased {
        /// The lease's [mark](crate::Lease::mark).
        mark: String,
    },
    /// A worker has measured what a run will ask of its machine.
    Effort(Effort),
    /// A worker has measured a training step.
    Step(StepTime),
    /// A worker's job has ended; nothing comes after it.
    Ended(JobEnd),
}
