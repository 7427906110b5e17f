//! The queue of a study: the jobs that workers are handed, who works on them, and what becomes of them. It is a folder
//! that all machines share which work on the study, and all that they need to share.
//!
//! | in it | is |
//! |---|---|
//! | `ID.toml` | the job of a trial |
//! | `ID.lease` | who works on it, while somebody does |
//! | `ID.outcome` | how the last attempt ended, and why attempts failed |
//! | `ID.log` | what workers had to say beside their events |
//! | `process-TOKEN.lease` | a process that works on the study; all of them were asked for the same |
//! | `ID.failed` | of an earlier version: why attempts failed, a JSON text a line |

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread;

use slimgate_run::{
    FileSystemClock, Job, JobEnd, JobOutcome, KeptLease, Lease, LeaseOwner, LeaseTerms, QueueEntry, RunError,
    Step, StopFlag, end_lease, is_leased, is_leased_when_watched, lease_owner,
};

use crate::StudyError;
use crate::launcher::{PATIENCE, Submission};
use crate::log::last_line;

/// The names of the leases of processes begin with it, which the id of no trial does.
const PROCESS: &str = "process-";

/// The queue of a study.
#[derive(Debug)]
pub(crate) struct Queue {
    path: PathBuf,
    clock: FileSystemClock,
}

impl Queue {
    /// The queue in a folder.
    pub fn new(path: &Path) -> Queue {
        Queue { path: path.to_owned(), clock: FileSystemClock::new(path) }
    }

    fn file(&self, id: &str, extension: &str) -> PathBuf {
        // The name of a trial may hold dots.
        self.path.join(format!("{id}.{extension}"))
    }

    /// The lease of a trial, of the timing, or of the study's own file.
    pub fn lease(&self, id: &str) -> PathBuf {
        self.file(id, "lease")
    }

    fn outcome(&self, id: &str) -> PathBuf {
        self.file(id, "outcome")
    }

    /// The run folder of a trial, as jobs in the queue name it.
    pub fn run(id: &str) -> PathBuf {
        Path::new("../trials").join(id)
    }

    /// Puts a job where workers find it.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn put(&self, id: &str, dataset: Option<String>, steps: Vec<Step>) -> Result<Submission, StudyError> {
        let beside = |extension: &str| PathBuf::from(format!("{id}.{extension}"));
        let queue = Some(QueueEntry { lease: beside("lease"), outcome: beside("outcome") });
        let job = self.file(id, "toml");
        Job { dataset, queue, steps }.write(&job)?;
        Ok(Submission { name: id.to_owned(), job, log: self.file(id, "log") })
    }

    /// True if somebody works on a trial.
    pub fn is_leased(&self, id: &str) -> bool {
        is_leased(&self.lease(id), &self.clock, LeaseTerms::STUDY)
    }

    /// Takes a lease for this process, if nobody has it.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn take(&self, id: &str) -> Result<Option<Lease>, StudyError> {
        let path = self.lease(id);
        let owner = LeaseOwner::this_process().map_err(RunError::file("take", &path))?;
        Ok(Lease::take(&path, &owner, LeaseTerms::STUDY)?)
    }

    /// The process that works on a trial, in words, if there is one.
    pub fn owner(&self, id: &str) -> Option<String> {
        let LeaseOwner { host, pid, .. } = lease_owner(&self.lease(id))?;
        Some(format!("process {pid} on {host}"))
    }

    /// The same for what must be had, and takes others but a moment; whose it is, is told once.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take), and if the user wants to stop.
    pub fn wait_for(
        &self,
        id: &str,
        stop: &StopFlag,
        on_wait: impl FnOnce(String),
    ) -> Result<Lease, StudyError> {
        let mut on_wait = Some(on_wait);
        loop {
            if let Some(lease) = self.take(id)? {
                return Ok(lease);
            }
            if let (Some(on_wait), Some(owner)) = (on_wait.take(), self.owner(id)) {
                on_wait(owner);
            }
            if stop.should_stop() {
                return Err(RunError::Interrupted.into());
            }
            thread::sleep(PATIENCE);
        }
    }

    /// Notes that this process works on the study, for as long as what is returned is held; says whether no other process
    /// does. Only whoever has the study's own lease may ask. The process stops should it be suspended for so long that
    /// others take it for dead, since they may go on with other settings.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read or written to.
    pub fn join(&self, stop: &StopFlag) -> Result<(KeptLease, bool), StudyError> {
        let mut alone = true;
        for path in self.processes()? {
            if is_leased_when_watched(&path, &self.clock, LeaseTerms::STUDY) {
                alone = false;
            } else {
                let _ = fs::remove_file(&path);
            }
        }
        let owner = LeaseOwner::this_process().map_err(RunError::file("take", &self.path))?;
        let path = self.lease(&format!("{PROCESS}{}", owner.token));
        let lease =
            Lease::take(&path, &owner, LeaseTerms::STUDY)?.expect("nobody else has this process's token");
        let stop = stop.clone();
        Ok((lease.keep(LeaseTerms::STUDY.renewal, move || stop.stop()), alone))
    }

    /// The leases of the processes that work on the study, or died when they did.
    fn processes(&self) -> Result<Vec<PathBuf>, StudyError> {
        let entries = fs::read_dir(&self.path).map_err(RunError::file("read", &self.path))?;
        let paths = entries.flatten().map(|entry| entry.path());
        let is_process = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(PROCESS) && name.ends_with(".lease")
        };
        Ok(paths.filter(is_process).collect())
    }

    /// Gives a lease back for a worker that has died.
    ///
    /// # Errors
    ///
    /// If its folder cannot be written to.
    pub fn end_lease(&self, id: &str, mark: &str) -> Result<(), StudyError> {
        Ok(end_lease(&self.lease(id), mark)?)
    }

    /// The reason of each attempt at a trial that failed since one came further.
    pub fn failures(&self, id: &str) -> Vec<String> {
        match JobOutcome::read(&self.outcome(id)) {
            Ok(Some(outcome)) => outcome.failures,
            Ok(None) => {
                let text = fs::read_to_string(self.file(id, "failed")).unwrap_or_default();
                text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
            }
            // One that a person has damaged is as good as none.
            Err(_) => Vec::new(),
        }
    }

    /// Notes that an attempt at a trial failed whose worker could not do so.
    ///
    /// # Errors
    ///
    /// If that cannot be written.
    pub fn note_failure(&self, id: &str, reason: String) -> Result<(), StudyError> {
        let outcome = JobOutcome::after(self.failures(id), JobEnd::Failed { reason });
        Ok(outcome.write(&self.outcome(id))?)
    }

    /// Lets a trial be tried as if it had not failed yet.
    ///
    /// # Errors
    ///
    /// If the files that say so cannot be removed.
    pub fn forget_failures(&self, id: &str) -> Result<(), StudyError> {
        for path in [self.outcome(id), self.file(id, "failed")] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(RunError::file("remove", &path)(error).into());
                }
                _ => (),
            }
        }
        Ok(())
    }

    /// The reason of a failure that the worker did not tell: its end, its log, and the last line of that.
    pub fn reason(&self, id: &str, how: &str) -> String {
        let log = self.file(id, "log");
        if !log.exists() {
            return format!("{how}; it left no log");
        }
        let said = last_line(&log).map_or_else(String::new, |line| format!(", and ends with: {line}"));
        format!("{how}; its log is {}{said}", log.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue() -> (tempfile::TempDir, Queue) {
        let here = tempfile::tempdir().unwrap();
        let queue = Queue::new(here.path());
        (here, queue)
    }

    #[test]
    fn the_end_of_a_worker_that_told_nothing_names_its_log() {
        let (here, queue) = queue();
        let log = here.path().join("one.log");
        let reason = || queue.reason("one", "its process was ended by signal 6");
        let told = format!("its process was ended by signal 6; its log is {}", log.display());
        assert_eq!(reason(), "its process was ended by signal 6; it left no log");
        fs::write(&log, "").unwrap();
        assert_eq!(reason(), told);
        fs::write(&log, "warning: a setting has no effect\nmemory allocation of 64 bytes failed\n\n")
            .unwrap();
        assert_eq!(reason(), format!("{told}, and ends with: memory allocation of 64 bytes failed"));
    }

    #[test]
    fn failures_are_those_of_the_outcome_or_of_an_earlier_version() {
        let (here, queue) = queue();
        fs::write(here.path().join("one.failed"), "\"no memory\"\n\"no space\"\n").unwrap();
        assert_eq!(queue.failures("one"), ["no memory", "no space"]);
        queue.note_failure("one", "killed".into()).unwrap();
        assert_eq!(queue.failures("one"), ["no memory", "no space", "killed"]);
        queue.forget_failures("one").unwrap();
        assert_eq!(queue.failures("one"), [""; 0]);
    }
}
