//! A training run without the training: its settings, its folder, and what the programs that work on it tell one another.
//!
//! Whoever only reads runs needs this crate and no framework.
//!
//! | module | holds |
//! |---|---|
//! | `config` | the settings of a run: meaning, bounds, default |
//! | `settings` | a checked configuration, from settings that are written |
//! | `table` | tables of TOML by dotted keys |
//! | `backend` | the backends by their names |
//! | `parameters` | how many parameters a model has, counted without building it |
//! | `folder`, `files` | the run folder: whole files or none, its lock |
//! | `manifest` | which epochs are complete |
//! | `begun` | what a run was begun with, which its configuration is held to |
//! | `leftovers` | what killed processes leave in a run folder |
//! | `history` | the metrics of each epoch, and what follows from them: best epoch, patience |
//! | `summary` | what a run came to, and the version of its form |
//! | `event` | what a run, or a worker, tells as it goes, a line an event |
//! | `job` | what a worker is handed, and what becomes of it |
//! | `lease` | who works on something, known to all machines that share a folder |
//! | `evaluation`, `outcomes`, `forecasts`, `alarm_answers` | how a run does on the test set, on each sequence of it, what it forecasts there, and where it raises an alarm |
//! | `calibration` | the distances by which quantiles are moved, so that intervals hold what they say |
//! | `references` | predictors that a run is to better: constants, repetitions of a series, a linear model |
//! | `metric` | the measures of how well a run answers, by task, from exact sums |
//! | `timing` | how long steps take, and what a run will ask of a machine |
//! | `environment` | the machine and the program |
//! | `stop`, `signals` | interrupting a run from outside |
//! | `terminal` | the terminal around a dashboard, and processes that start from it |
//! | `hang_up` | a terminal that closes |
//! | `shell` | commands to copy |
//! | `words` | numbers and lists as people read them |

mod alarm_answers;
mod backend;
mod begun;
mod calibration;
mod config;
mod environment;
mod error;
mod evaluation;
mod event;
mod files;
mod folder;
mod forecasts;
#[cfg(test)]
mod fuzz;
mod hang_up;
mod history;
mod job;
mod lease;
mod leftovers;
mod manifest;
pub mod metric;
mod outcomes;
mod parameters;
pub mod references;
mod settings;
mod shell;
mod signals;
mod stop;
mod summary;
mod table;
mod terminal;
mod timing;
pub mod words;

pub use alarm_answers::{AlarmAnswer, AlarmAnswers};
pub use backend::Backend;
pub use begun::BegunWith;
pub use calibration::Calibration;
pub use config::{
    AlarmConfig, ClassWeights, EarlyStoppingOn, Loss, ModelConfig, OptimConfig, Optimizer, RunConfig,
    Schedule, WrittenConfig,
};
pub use environment::{Environment, cpu_name, peak_memory};
pub use error::{ConfigError, RunError};
pub use evaluation::{AlarmEvaluation, Evaluation, MetricValue, Reference};
pub use event::RunEvent;
pub use files::{hexadecimal, holds, sha256, stage_file, write_atomic};
pub use folder::{RunFolder, RunLock};
pub use forecasts::{Forecast, Forecasts, Stretch};
pub use hang_up::TerminalStreams;
pub use history::{EpochMetrics, History, Split};
pub use job::{Job, JobEnd, JobOutcome, QueueEntry, Step};
pub use lease::{
    FileSystemClock, KeptLease, Lease, LeaseOwner, LeaseTerms, end_lease, is_leased, is_leased_when_watched,
    lease_owner,
};
pub use manifest::{CHECKPOINT_FILES, Manifest, SavedEpoch, SavedFile};
pub use outcomes::{Outcome, Outcomes};
pub use parameters::{Parameters, recurrent_parameters};
pub use settings::Config;
pub use shell::quoted;
pub use signals::{stop_on_signals, when_unread};
pub use stop::StopFlag;
pub use summary::{RunSummary, Status, refuse_newer};
pub use table::{by_key, parse_setting, table_with};
pub use terminal::{Terminal, in_foreground, refuse_background_reads, start_unsuspended, suspend};
pub use timing::{Effort, StepTime, Timing};
