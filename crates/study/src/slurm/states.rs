//! The states of jobs, as `squeue` and `sacct` tell them.

use std::collections::{BTreeMap, HashMap};
use std::process::{Command, Stdio};

use rustix::process::getuid;

use crate::StudyError;

/// The state of a job, as far as it makes a difference here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobState {
    /// It has not started, or has to start again.
    Waiting,
    /// It runs, or has been suspended.
    Running,
    /// Its script has ended with code 0.
    Completed,
    /// Its script has ended with another code.
    Failed,
    /// Its time limit has passed.
    TimedOut,
    /// Its node died, or it had to give way to another job.
    Lost,
    /// Somebody cancelled it.
    Cancelled,
    /// It used more memory than it was given.
    OutOfMemory,
}

impl JobState {
    /// The state that Slurm calls by a name: `COMPLETED`, or `CANCELLED by 1000`.
    fn named(name: &str) -> JobState {
        match name.split([' ', '+']).next().unwrap_or_default() {
            "RUNNING" | "COMPLETING" | "SUSPENDED" | "STOPPED" | "SIGNALING" | "STAGE_OUT" | "RESIZING" => {
                JobState::Running
            }
            "COMPLETED" => JobState::Completed,
            "TIMEOUT" | "DEADLINE" => JobState::TimedOut,
            "NODE_FAIL" | "BOOT_FAIL" | "PREEMPTED" | "REVOKED" => JobState::Lost,
            "CANCELLED" => JobState::Cancelled,
            "OUT_OF_MEMORY" => JobState::OutOfMemory,
            "FAILED" => JobState::Failed,
            // Pending, configuring, requeued, held, and states of later versions.
            _ => JobState::Waiting,
        }
    }

    /// True once nothing changes any more.
    pub fn is_final(self) -> bool {
        !matches!(self, JobState::Waiting | JobState::Running)
    }

    /// The end of a job in words.
    pub fn in_words(self) -> &'static str {
        match self {
            JobState::Waiting | JobState::Running => "its job has not ended",
            JobState::Completed => "its job ended and said nothing",
            JobState::Failed => "its job failed and said nothing",
            JobState::TimedOut => "its job was beyond its time limit",
            JobState::Lost => "its job lost its node",
            JobState::Cancelled => "its job was cancelled",
            JobState::OutOfMemory => {
                "its job was killed, since it used more memory than `launch.memory` gives it"
            }
        }
    }
}

/// An element of a job array, by the name of the array and its index there.
pub(crate) type ElementId = (String, usize);

/// An element as Slurm knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub state: JobState,
    /// Why it waits, in Slurm's word.
    pub reason: String,
}

/// The elements of the arrays with these names that the controller remembers.
///
/// # Errors
///
/// If `squeue` is not there, or the controller does not answer.
pub(crate) fn elements(names: &[String]) -> Result<HashMap<ElementId, Element>, StudyError> {
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let name = format!("--name={}", names.join(","));
    // Of one user the controller picks the jobs itself; by name, `squeue` does from all that there are.
    let user = format!("--user={}", getuid().as_raw());
    let said =
        ask("squeue", &["--noheader", "--array", "--states=all", "--format=%j|%K|%T|%r", &user, &name])?;
    Ok(parse(&said))
}

fn parse(said: &str) -> HashMap<ElementId, Element> {
    let line = |line: &str| {
        let mut fields = line.trim().splitn(4, '|');
        let name = fields.next()?.to_owned();
        let index = fields.next()?.parse().ok()?;
        let state = JobState::named(fields.next()?);
        Some(((name, index), Element { state, reason: fields.next().unwrap_or_default().to_owned() }))
    };
    said.lines().filter_map(line).collect()
}

/// The states of the elements of a job that the controller has forgotten, by index: from the accounting, where the cluster
/// keeps one.
pub(crate) fn accounted(job: &str) -> BTreeMap<usize, JobState> {
    let jobs = format!("--jobs={job}");
    let arguments = ["--noheader", "--parsable2", "--allocations", "--format=JobID,State", jobs.as_str()];
    ask("sacct", &arguments).map_or_else(|_| BTreeMap::new(), |said| parse_accounted(&said))
}

fn parse_accounted(said: &str) -> BTreeMap<usize, JobState> {
    let line = |line: &str| {
        let (job, state) = line.trim().split_once('|')?;
        let (_, index) = job.split_once('_')?;
        Some((index.parse().ok()?, JobState::named(state)))
    };
    said.lines().filter_map(line).collect()
}

/// The answer of one of Slurm's commands.
///
/// # Errors
///
/// If it is not there, or fails.
pub(crate) fn ask(program: &'static str, arguments: &[&str]) -> Result<String, StudyError> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|source| StudyError::NoSlurm { program, source })?;
    if !output.status.success() {
        let words = words(&output.stderr);
        return Err(StudyError::Slurm { program, words });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The words of an error of Slurm's in one line.
pub(crate) fn words(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let mut lines: Vec<&str> = Vec::new();
    for line in said.lines() {
        let line = ["sbatch: ", "squeue: ", "scancel: ", "error: "]
            .iter()
            .fold(line.trim(), |line, prefix| line.strip_prefix(prefix).unwrap_or(line));
        if !line.is_empty() && !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `squeue` of Slurm 22.05 writes them.
    #[test]
    fn elements_of_arrays_are_read() {
        let said = "slimgate-abc|0|COMPLETED|None\nslimgate-abc|1|PENDING|Resources\n\
                    slimgate-abc|2|RUNNING|None\nslimgate-abc|3|NODE_FAIL|NodeDown\nbatch|N/A|RUNNING|None\n\n";
        let found = parse(said);
        let state = |index| found[&("slimgate-abc".to_owned(), index)].clone();
        assert_eq!(found.len(), 4, "one that is no array is not the study's");
        assert_eq!(state(0).state, JobState::Completed);
        assert_eq!(state(1), Element { state: JobState::Waiting, reason: "Resources".into() });
        assert_eq!(state(2).state, JobState::Running);
        assert_eq!(state(3).state, JobState::Lost);
    }

    #[test]
    fn the_accounting_is_read_by_index() {
        let said =
            "12_0|COMPLETED\n12_1|CANCELLED by 1000\n12_2|OUT_OF_MEMORY\n12_[3-5]|PENDING\n12_6|TIMEOUT\n";
        let expected = [
            (0, JobState::Completed),
            (1, JobState::Cancelled),
            (2, JobState::OutOfMemory),
            (6, JobState::TimedOut),
        ];
        assert_eq!(parse_accounted(said), expected.into());
    }

    #[test]
    fn a_state_that_is_not_known_is_not_an_end() {
        for name in
            ["PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT", "NEW_IN_VERSION_99"]
        {
            assert!(!JobState::named(name).is_final(), "{name}");
        }
        for name in ["PREEMPTED", "BOOT_FAIL", "DEADLINE", "FAILED", "COMPLETED+"] {
            assert!(JobState::named(name).is_final(), "{name}");
        }
        assert_eq!(JobState::named("COMPLETING"), JobState::Running);
    }

    #[test]
    fn errors_are_told_once_without_the_name_of_the_program() {
        let said = b"sbatch: error: invalid partition specified: x\nsbatch: error: Batch job submission failed: Invalid\n";
        assert_eq!(words(said), "invalid partition specified: x; Batch job submission failed: Invalid");
    }
}
