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

/// Options of `sbatch` that the launcher gives itself, or that would keep it from going on.
const OWN: [&str; 12] = [
    "array",
    "parsable",
    "job-name",
    "output",
    "requeue",
    "no-requeue",
    "signal",
    "nodes",
    "ntasks",
    "test-only",
    "wrap",
    "wait",
];

/// Those that follow from settings of their own.
const OF_SETTINGS: [&str; 5] = ["partition", "account", "time", "mem", "cpus-per-task"];

/// The short names of both.
const SHORT: &str = "aJoNnWpAtc";

/// True if an option of `sbatch` is none to be given besides; `sbatch` takes beginnings of a long name for it.
fn is_own(option: &str) -> bool {
    let Some(long) = option.strip_prefix("--") else {
        return option.chars().nth(1).is_some_and(|letter| SHORT.contains(letter));
    };
    let name = long.split(['=', ' ']).next().unwrap_or_default();
    OWN.iter().chain(&OF_SETTINGS).any(|own| own.starts_with(name))
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
        if self.options.iter().any(|option| is_own(option)) {
            return Err(StudyError::Value {
                key: "launch.options",
                remedy: "the array, name, output, signal, nodes and tasks of its jobs are the study's own, and partition, \
                         account, time, memory and cores have settings in [launch]; take such options out",
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::StudyConfig;

    #[test]
    fn options_that_the_launcher_gives_are_not_given_besides() {
        let read = |option: &str| {
            StudyConfig::read("test", &format!("[launch]\noptions = ['{option}']"), &[])
                .map_err(|error| error.to_string())
        };
        for option in
            ["--array=1-9", "--arr=1-9", "-a1-9", "--parsable", "--wait", "-J mine", "--time=5", "--mem 2G"]
        {
            assert!(read(option).is_err_and(|told| told.contains("launch.options")), "{option}");
        }
        for option in [
            "--constraint=avx2",
            "--mem-per-cpu=2G",
            "--time-min=5",
            "--nodelist=n1",
            "--uid=nobody",
            "-w n1",
            "--qos=low",
        ] {
            assert!(read(option).is_ok(), "{option}");
        }
    }
}
