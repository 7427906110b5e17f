//! One training run: from a configuration to a folder that holds everything about it.
//!
//! | module | holds |
//! |---|---|
//! | `config`, `settings` | the settings of a run; how they are read and checked |
//! | `reference` | what each setting means, its default and the values it takes |
//! | `backend` | which backends this build has, and the devices of this machine |
//! | `folder` | the run folder: whole files or none, the manifest, its lock |
//! | `begun` | what a run was begun with, which its configuration is held to |
//! | `leftovers` | what killed processes leave in a run folder |
//! | `history` | the metrics of each epoch, and what follows from them: best epoch, patience |
//! | `build` | from a configuration to a model, an optimizer and a schedule |
//! | `adam`, `rmsprop`, `in_place` | optimizers in one pass over each parameter |
//! | `schedule` | learning rates over time |
//! | `step` | the training step, and what Burn's Learner calls |
//! | `clip` | gradient clipping by global norm |
//! | `loader` | batches, in an order that depends on the seed and the epoch alone |
//! | `memory` | what a training step or a prediction takes, and what is free |
//! | `metrics` | what is measured while training |
//! | `checkpoints` | saving after each epoch so that a killed run loses at most that epoch; loading |
//! | `learn` | starting and resuming runs |
//! | `training`, `learner` | a run in training, and what Burn is given for it |
//! | `signals` | interrupting a run |
//! | `dashboard`, `quiet` | the terminal around Burn's dashboard; showing nothing |
//! | `evaluate` | a saved run on the test set, or on new data |
//! | `timing` | how long training steps and predictions take |
//! | `shell` | commands to copy |
//!
//! **Resuming.** Every random choice is a function of the seed and the epoch: the order of the sequences, the
//! dropout masks. The best epoch and the patience are read off the recorded metrics. So the weights, the
//! optimizer's state and the metrics of whole epochs are all there is to save, and a resumed run ends with
//! the same bits as one that was never stopped.

mod adam;
mod backend;
mod begun;
mod build;
mod checkpoints;
mod clip;
mod config;
mod dashboard;
mod environment;
mod error;
mod evaluate;
mod folder;
#[cfg(test)]
mod fuzz;
mod history;
mod in_place;
mod learn;
mod learner;
mod leftovers;
mod loader;
mod memory;
mod metrics;
mod quiet;
mod reference;
mod rmsprop;
mod schedule;
mod settings;
mod shell;
mod signals;
mod step;
mod timing;
mod training;

pub use backend::{Backend, FoundDevice, devices};
pub use build::{optimizer, recurrent_parameters};
pub use burn::train::Interrupter;
pub use config::{Config, EarlyStoppingOn, ModelConfig, OptimConfig, Optimizer, RunConfig, Schedule};
pub use dashboard::start_unsuspended;
pub use error::{ConfigError, TrainError};
pub use evaluate::{CheckpointChoice, Evaluation, Prediction, SavedRun, TrivialPredictor};
pub use folder::{Parameters, RunFolder, Status, Summary, holds, stage_file, write_atomic};
pub use history::{EpochMetrics, History, Split};
pub use learn::{Display, Progress, ResumeOptions, resume, train};
pub use reference::Setting;
pub use settings::{nearest, parse_setting, table_with};
pub use shell::quoted;
pub use signals::{in_foreground, stop_on_signals, when_unread};
pub use timing::{Effort, Timing, effort, step_seconds, time};
