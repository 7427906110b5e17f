//! The places where trials run, and what is asked of them.

use serde::{Deserialize, Serialize};

use crate::StudyError;

/// Where trials run. It makes no difference to their results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Launch {
    /// The place.
    pub launcher: LauncherName,
    /// The partition of Slurm's jobs; the cluster's default if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// The account that jobs are charged to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The time limit of a job as Slurm writes it: minutes, `hours:minutes:seconds` or `days-hours`; or `estimated`, from
    /// the trials that are done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The memory of a job as Slurm writes it, such as `2G`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// The cores of a job.
    pub cores: usize,
    /// The GPUs of a job.
    pub gpus: usize,
    /// Lines of shell that a job begins with, such as `module load` ones.
    pub prologue: String,
    /// Further options of `sbatch`, each as one text, such as `--constraint=avx2`.
    pub options: Vec<String>,
    /// The most jobs that are queued or run at once.
    pub at_most_queued: usize,
    /// Trials that share a job, one after the other.
    pub trials_per_job: usize,
}

/// The name of a place where trials run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LauncherName {
    /// Processes of this machine.
    #[default]
    ThisMachine,
    /// Jobs of the cluster that this machine belongs to.
    Slurm,
}

impl Default for Launch {
    fn default() -> Self {
        Launch {
            launcher: LauncherName::ThisMachine,
            partition: None,
            account: None,
            time: None,
            memory: None,
            cores: 1,
            gpus: 0,
            prologue: String::new(),
            options: Vec::new(),
            at_most_queued: 200,
            trials_per_job: 1,
        }
    }
}

impl Launch {
    /// Refuses what no place can do.
    pub(super) fn check(&self) -> Result<(), StudyError> {
        let numbers = [
            ("launch.cores", self.cores),
            ("launch.at_most_queued", self.at_most_queued),
            ("launch.trials_per_job", self.trials_per_job),
        ];
        if let Some((key, _)) = numbers.into_iter().find(|(_, number)| !(1..=MOST).contains(number)) {
            return Err(StudyError::Value { key, remedy: "it must be a whole number from 1 to 100000" });
        }
        if self.options.iter().any(|option| !option.starts_with('-')) {
            return Err(StudyError::Value {
                key: "launch.options",
                remedy: "each must be an option of sbatch with its value, such as \"--constraint=avx2\"",
            });
        }
        Ok(())
    }
}

/// More than any cluster takes.
const MOST: usize = 100_000;
