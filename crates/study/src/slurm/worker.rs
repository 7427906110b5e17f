//! A worker in a job, followed by the file of what it tells.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use slimgate_run::{JobEnd, RunEvent};

use super::states::JobState;

/// The worker of a trial.
#[derive(Debug)]
pub(super) struct Worker {
    pub trial: String,
    /// The file that it writes its events to.
    events: PathBuf,
    /// Bytes of it that have been read.
    read: u64,
    /// True once it has told something in this job.
    begun: bool,
    /// True once it has told of an epoch in this job.
    advanced: bool,
    /// The end that it has told, unless it has begun again since.
    end: Option<JobEnd>,
}

impl Worker {
    pub fn new(queue: &Path, trial: &str) -> Worker {
        let events = events_file(queue, trial);
        Worker { trial: trial.to_owned(), events, read: 0, begun: false, advanced: false, end: None }
    }

    /// What it has told since it was last asked, apart from its end.
    pub fn news(&mut self) -> Vec<RunEvent> {
        let mut news = Vec::new();
        let text = self.unread();
        for event in text.lines().filter_map(|line| serde_json::from_str::<RunEvent>(line).ok()) {
            self.begun = true;
            match event {
                // It is requeued, perhaps.
                RunEvent::Leased { .. } => self.end = None,
                RunEvent::Epoch { .. } => self.advanced = true,
                RunEvent::Ended(end) => {
                    self.end = Some(end);
                    continue;
                }
                _ => (),
            }
            news.push(event);
        }
        news
    }

    /// The whole lines that have not been read yet.
    fn unread(&mut self) -> String {
        let read = || -> std::io::Result<Vec<u8>> {
            // Opened anew: so a file on NFS is read as it is there.
            let mut file = File::open(&self.events)?;
            file.seek(SeekFrom::Start(self.read))?;
            let mut content = Vec::new();
            file.read_to_end(&mut content)?;
            Ok(content)
        };
        // One that cannot be read now may be later.
        let mut content = read().unwrap_or_default();
        let whole = content.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        content.truncate(whole);
        self.read += whole as u64;
        String::from_utf8_lossy(&content).into_owned()
    }

    /// The end of the worker, once it has one: in the state that its job is in, and as the first of the job's workers that
    /// have not ended, or a later one.
    pub fn end(&self, state: JobState, is_first: bool) -> Option<End> {
        match &self.end {
            Some(end @ (JobEnd::Done | JobEnd::Failed { .. })) => Some(End::Told(end.clone())),
            _ if !state.is_final() => None,
            // Asked to stop by its time limit before it had an epoch, it would be so again.
            Some(JobEnd::Paused)
                if is_first && !self.advanced && matches!(state, JobState::Failed | JobState::TimedOut) =>
            {
                Some(End::Told(JobEnd::Failed { reason: TOO_SHORT.to_owned() }))
            }
            Some(end) => Some(End::Told(end.clone())),
            // Not its fault.
            None if state == JobState::Lost || (state == JobState::TimedOut && self.advanced) => {
                Some(End::Told(JobEnd::Paused))
            }
            None if state == JobState::TimedOut && is_first => {
                Some(End::Told(JobEnd::Failed { reason: TOO_SHORT.to_owned() }))
            }
            // Its turn had not come.
            None if !is_first && !self.begun => Some(End::Told(JobEnd::Paused)),
            None => Some(End::Died(state.in_words().to_owned())),
        }
    }
}

const TOO_SHORT: &str =
    "its job's time limit passed before one epoch was complete; give it more with `launch.time`";

/// The end of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// As it told, or as its job makes clear.
    Told(JobEnd),
    /// Without a word, in what way.
    Died(String),
}

/// The file of what the worker of a trial tells.
fn events_file(queue: &Path, trial: &str) -> PathBuf {
    queue.join(format!("{trial}.events"))
}

/// Removes what earlier workers of a trial have told.
pub(super) fn forget(queue: &Path, trial: &str) {
    for file in [events_file(queue, trial), queue.join(format!("{trial}.log"))] {
        // Where it is not removed, it is read again, and what it says is old.
        let _ = fs::remove_file(file);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn told(events: &[&str]) -> Worker {
        let queue = tempfile::tempdir().unwrap();
        let mut worker = Worker::new(queue.path(), "one");
        let mut file = File::create(queue.path().join("one.events")).unwrap();
        events.iter().for_each(|event| writeln!(file, "{event}").unwrap());
        worker.news();
        worker
    }

    const LEASED: &str = r#"{"event":"leased","mark":"one"}"#;
    const PAUSED: &str = r#"{"event":"ended","end":"paused"}"#;
    const DONE: &str = r#"{"event":"ended","end":"done"}"#;

    fn epoch() -> String {
        let metrics = r#"{"epoch":1,"split":"train","loss":0.5,"accuracy":0.9,"seconds":1.0,"sequences_per_second":9.0}"#;
        let event =
            format!(r#"{{"event":"epoch","epoch":1,"of":2,"train":{metrics},"validation":{metrics}}}"#);
        assert!(matches!(serde_json::from_str(&event), Ok(RunEvent::Epoch { .. })));
        event
    }

    #[test]
    fn events_are_read_once_and_in_whole_lines() {
        let queue = tempfile::tempdir().unwrap();
        let mut worker = Worker::new(queue.path(), "one");
        assert_eq!(worker.news(), []);
        let mut file = File::create(queue.path().join("one.events")).unwrap();
        write!(file, "{LEASED}\n{{\"event\":\"lea").unwrap();
        assert_eq!(worker.news(), [RunEvent::Leased { mark: "one".into() }]);
        writeln!(file, "sed\",\"mark\":\"two\"}}").unwrap();
        assert_eq!(worker.news(), [RunEvent::Leased { mark: "two".into() }]);
    }

    #[test]
    fn the_end_of_a_worker_is_what_it_told() {
        let done = Some(End::Told(JobEnd::Done));
        assert_eq!(told(&[LEASED, DONE]).end(JobState::Running, true), done);
        let paused = Some(End::Told(JobEnd::Paused));
        let requeued = told(&[LEASED, &epoch(), PAUSED]);
        assert_eq!(requeued.end(JobState::Waiting, true), None, "it may be requeued");
        assert_eq!(requeued.end(JobState::Failed, true), paused);
        assert_eq!(told(&[LEASED, &epoch(), PAUSED, LEASED]).end(JobState::Running, true), None);
    }

    #[test]
    fn only_a_job_that_lost_its_node_or_went_on_is_excused() {
        let paused = Some(End::Told(JobEnd::Paused));
        let begun = told(&[LEASED]);
        assert_eq!(begun.end(JobState::Lost, true), paused);
        assert_eq!(told(&[LEASED, &epoch()]).end(JobState::TimedOut, true), paused);
        let too_short = |end: Option<End>| matches!(end, Some(End::Told(JobEnd::Failed { reason })) if reason.contains("launch.time"));
        assert!(too_short(begun.end(JobState::TimedOut, true)));
        assert!(too_short(told(&[LEASED, PAUSED]).end(JobState::Failed, true)));
        assert_eq!(told(&[LEASED, PAUSED]).end(JobState::Failed, false), paused, "its turn came late");
        assert_eq!(told(&[]).end(JobState::Failed, false), paused, "its turn never came");
        for state in [JobState::Failed, JobState::Completed, JobState::OutOfMemory, JobState::Cancelled] {
            assert!(matches!(begun.end(state, true), Some(End::Died(_))), "{state:?}");
        }
    }
}
