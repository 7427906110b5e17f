//! Many runs compared: which, where they execute, what their results say.
//!
//! | module | holds |
//! |---|---|
//! | `config` | the TOML form of a study, its settings, and the schema of a whole file |
//! | `space` | the points of a study: grids, samplers, sizes that match |
//! | `trial` | one run of a study, named by the hash of its configuration |
//! | `folder` | the study folder, and how each trial in it stands |
//! | `plan` | what is to be done next, given what is there |
//! | `pruning` | which trials are not worth finishing |
//! | `kinds`, `estimate`, `forecast` | how long it will take, and what else |
//! | `queue` | the jobs of workers, who works on them, and what becomes of them |
//! | `launcher`, `this_machine`, `slurm` | places where workers run: processes of this machine, jobs of a cluster |
//! | `measure` | what is measured before a study begins |
//! | `log` | what workers had to say beside their events |
//! | `resolve` | what is found once and kept: sizes that match, published figures, where data lies |
//! | `resampling` | what each seed draws anew, where the study leaves that open |
//! | `compare` | the study itself: from a plan to a folder of finished trials |
//! | `event` | what it tells as it goes |
//! | `progress` | how far a study is |
//! | `analysis` | from finished trials to a [`StudySummary`] |
//! | `answer` | the summary in words |
//! | `criteria` | the margins that results were seen with |
//! | `requirement` | claims that a build server can check |
//! | `summary`, `cost` | the types of the result |
//!
//! **Continuing.** What is to be done is a function of the study's configuration, of the run folders that are there
//! and of how often each trial failed, and of nothing else. So a study that was killed continues where it was, and ends
//! as one that was not.

mod analysis;
mod answer;
mod compare;
mod config;
mod cost;
mod criteria;
mod error;
mod estimate;
mod event;
mod folder;
mod forecast;
mod kinds;
mod launcher;
mod log;
#[cfg(test)]
mod made_up;
mod measure;
mod plan;
mod progress;
mod pruning;
mod queue;
mod requirement;
mod resampling;
mod resolve;
mod slurm;
mod space;
mod summary;
mod this_machine;
mod trial;

pub use analysis::summarize;
pub use compare::{Options, compare};
pub use config::{Launch, Margin, Match, StudyConfig, schema};
pub(crate) use config::{LauncherName, Prices, Prune, Range, Sampler, Search, Sizes, Until};
pub use cost::Cost;
pub use error::StudyError;
pub use event::Event;
pub use folder::StudyFolder;
pub use forecast::{Forecast, ForecastJobs, forecast};
pub use progress::{Best, Compared, Failure, Running, StudyProgress, study_progress};
pub use requirement::{Outcome, Requirement};
pub use slimgate_data::Protocol;
pub use slurm::{ScheduledJobs, cancel_jobs, scheduled_jobs};
pub use summary::*;
pub use trial::written;
