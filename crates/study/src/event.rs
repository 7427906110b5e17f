//! The events of a study, for whoever shows it.

use slimgate_run::metric::Metric;

use crate::State;

/// An event of a study.
#[derive(Clone, Debug)]
pub enum Event {
    /// Something about the data that should be known before anything is trained.
    Warning {
        /// What it is, and what to do.
        text: String,
    },
    /// It begins or continues; told again when it is known that there are more trials.
    Planned {
        /// Trials in all.
        trials: usize,
        /// Those that are at their end.
        done: usize,
        /// Epochs of all trials together.
        epochs: usize,
        /// Those that are complete.
        epochs_done: usize,
    },
    /// How long the trials that are left will take, once it has been measured.
    Estimated {
        /// Seconds, if all stop as early as they may, and if none does.
        seconds: [f64; 2],
        /// Processes at once.
        at_once: usize,
    },
    /// A process works on a trial.
    Started {
        /// Which.
        trial: String,
        /// Its variant, task, seed and settings in a few words.
        label: String,
        /// Its epochs.
        of: usize,
    },
    /// An epoch of a trial is complete.
    Epoch {
        /// Which trial.
        trial: String,
        /// Which epoch.
        epoch: usize,
        /// The metric that choices are made by.
        metric: Metric,
        /// Its value on the validation set.
        score: f64,
    },
    /// A trial is at its end.
    Finished {
        /// Which.
        trial: String,
        /// Its variant.
        variant: String,
        /// Its task.
        task: String,
        /// Its variant, task, seed and settings in a few words.
        label: String,
        /// How it ended.
        state: State,
        /// The metric that choices are made by.
        metric: Metric,
        /// Its best value on the validation set.
        best: Option<f64>,
        /// Seconds it took.
        seconds: f64,
    },
    /// A trial's process stopped without an end: at a pause, or because it was asked to.
    Paused {
        /// Which.
        trial: String,
    },
    /// A trial's process failed.
    Failed {
        /// Which.
        trial: String,
        /// Its variant, task, seed and settings in a few words.
        label: String,
        /// What it said.
        reason: String,
        /// Whether it is tried again.
        again: bool,
    },
    /// The chosen trials are being timed side by side.
    Timing,
}
