//! The jobs of a study as people see them: how many there are, and an end to them.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use slimgate_run::{RunError, write_atomic};

use super::is_there;
use super::record::ArrayRecord;
use super::states::{JobState, ask, elements};
use crate::{StudyError, StudyFolder};

/// The time that jobs have to end once they are cancelled.
const PATIENCE: Duration = Duration::from_secs(120);

/// The jobs of a study that Slurm has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScheduledJobs {
    /// Jobs that run.
    pub running: usize,
    /// Jobs that wait, by Slurm's reason.
    pub waiting: BTreeMap<String, usize>,
}

impl ScheduledJobs {
    /// Jobs in all.
    pub fn count(&self) -> usize {
        self.running + self.waiting.values().sum::<usize>()
    }
}

/// The jobs of a study that wait or run; none where it has handed none to Slurm.
///
/// # Errors
///
/// If the folder cannot be read, or Slurm does not answer here.
pub fn scheduled_jobs(folder: &StudyFolder) -> Result<ScheduledJobs, StudyError> {
    jobs_of(&ArrayRecord::all(&folder.path().join("queue"))?)
}

fn jobs_of(records: &[ArrayRecord]) -> Result<ScheduledJobs, StudyError> {
    let names: Vec<String> = records.iter().map(|record| record.name.clone()).collect();
    let mut jobs = ScheduledJobs::default();
    for (_, element) in elements(&names)? {
        match element.state {
            JobState::Running => jobs.running += 1,
            JobState::Waiting => *jobs.waiting.entry(element.reason).or_default() += 1,
            _ => (),
        }
    }
    Ok(jobs)
}

/// Cancels what a study has handed to Slurm, and has the processes that submit for it stop; returns the number of jobs.
///
/// # Errors
///
/// If the folder cannot be used, or Slurm does not answer here or does not end the jobs.
pub fn cancel_jobs(folder: &StudyFolder) -> Result<usize, StudyError> {
    let queue = folder.path().join("queue");
    let mut records = ArrayRecord::all(&queue)?;
    let count = jobs_of(&records)?.count();
    // From now on nobody submits; whoever is about to has its record there.
    write_atomic(&mark(&queue), b"")?;
    let started = Instant::now();
    loop {
        records.extend(
            ArrayRecord::all(&queue)?
                .into_iter()
                .filter(|record| !records.contains(record))
                .collect::<Vec<_>>(),
        );
        for record in &records {
            ask("scancel", &["--quiet", &format!("--name={}", record.name)])?;
        }
        if jobs_of(&records)?.count() == 0 {
            break;
        }
        if started.elapsed() > PATIENCE {
            return Err(StudyError::NotCancelled { left: jobs_of(&records)?.count() });
        }
        thread::sleep(Duration::from_secs(1));
    }
    for record in records {
        record.remove(&queue)?;
    }
    Ok(count)
}

/// The file that says that the study's jobs have been cancelled.
fn mark(queue: &Path) -> PathBuf {
    queue.join("cancelled")
}

/// True if the jobs of the study have been cancelled since somebody last began to submit.
pub(super) fn is_cancelled(queue: &Path) -> bool {
    is_there(&mark(queue))
}

/// Lets jobs be submitted again.
///
/// # Errors
///
/// If the queue cannot be written to.
pub(super) fn allow(queue: &Path) -> Result<(), StudyError> {
    match fs::remove_file(mark(queue)) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(RunError::file("remove", &mark(queue))(error).into())
        }
        _ => Ok(()),
    }
}
