//! Training a run with Burn: from a configuration to a run folder, and what is asked of the model in it.
//!
//! The definition of a run, its settings and its folder, is in `slimgate-run`.
//!
//! | module | holds |
//! |---|---|
//! | `devices` | the backends of this build, and the devices of this machine |
//! | `environment` | the machine and the program, as this process finds them |
//! | `build` | from a configuration to a model, an optimizer and a schedule |
//! | `adam`, `rmsprop`, `in_place` | optimizers in one pass over each parameter |
//! | `schedule` | learning rates over time |
//! | `objective` | the loss of a task, and the meaning of a network's outputs |
//! | `step` | the training step, and what Burn's Learner calls |
//! | `clip` | gradient clipping by global norm |
//! | `loader` | batches, in an order that depends on the seed and the epoch alone |
//! | `memory` | what a training step or a prediction takes, and what is free |
//! | `metrics` | what is measured while training |
//! | `checkpoints` | saving after each epoch so that a killed run loses at most that epoch; loading |
//! | `learn` | starting and resuming runs |
//! | `training`, `learner` | a run in training, and what Burn is given for it |
//! | `dashboard`, `quiet` | the terminal around Burn's dashboard; showing nothing |
//! | `evaluate` | a saved run on the test set, or on new data |
//! | `timing` | how long training steps and predictions take |
//!
//! **Resuming.** Every random choice is a function of the seed and the epoch: the order of the sequences, the
//! dropout masks. The best epoch and the patience are read off the recorded metrics. So the weights, the
//! optimizer's state and the metrics of whole epochs are all there is to save, and a resumed run ends with
//! the same bits as one that was never stopped.

mod adam;
mod average;
mod build;
mod checkpoints;
mod clip;
mod dashboard;
mod devices;
mod environment;
mod error;
mod evaluate;
mod in_place;
mod learn;
mod learner;
mod loader;
mod memory;
mod metrics;
mod objective;
mod quiet;
mod rmsprop;
mod schedule;
mod step;
mod timing;
mod training;

pub use build::optimizer;
pub use devices::{FoundDevice, devices, is_built, require_built};
pub use error::TrainError;
pub use evaluate::{CheckpointChoice, Evaluated, Prediction, SavedRun, Stream};
pub use learn::{Display, Progress, ResumeOptions, resume, train};
pub use objective::Answer;
pub use timing::{effort, step_time, time};
