//! The places where trials run, and what is asked of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::StudyError;

/// The place where trials run, which makes no difference to their results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Launch {
    /// Place where trials run.
    pub launcher: LauncherName,
    /// Partition of Slurm's jobs; the cluster's default if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// Account that jobs are charged to; the user's default if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Time limit of a job as Slurm writes it, such as `2:00:00`, or `estimated` from the trials that are done; the
    /// partition's if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Memory of a job as Slurm writes it, such as `2G`; the partition's if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// Cores of a job.
    #[schemars(range(min = 1, max = 100_000))]
    pub cores: usize,
    /// GPUs of a job.
    pub gpus: usize,
    /// Lines of shell that a job begins with, such as `module load` ones.
    pub prologue: String,
    /// Further options of `sbatch`, each as one text, such as `--constraint=avx2`.
    #[schemars(title = "a list of text")]
    pub options: Vec<String>,
    /// Most jobs that wait or run at once.
    #[schemars(range(min = 1, max = 100_000))]
    pub at_most_queued: usize,
    /// Trials that share a job, one after the other.
    #[schemars(range(min = 1, max = 100_000))]
    pub trials_per_job: usize,
}

/// The name of a place where trials run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
        if self.options.iter().any(|option| !option.starts_with('-')) {
            return Err(StudyError::Value {
                key: "launch.options",
                remedy: "each must be an option of sbatch with its value, such as \"--constraint=avx2\"",
            });
        }
        Ok(())
    }
}
