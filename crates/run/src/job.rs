//! Jobs: what a worker is handed, as a file, and what becomes of it. What it tells as it goes is [`RunEvent`](crate::RunEvent).

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::Table;

use crate::{Config, ConfigError, RunError, write_atomic};

/// Work for one process of the program, with all that it needs to know.
///
/// Paths in its file are relative to the folder of that file: machines that share a queue may call it by other names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The folder of the data, if its name does not lead there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// Its place in a queue. A job without one is nobody else's, and its outcome is told in events alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueEntry>,
    /// The steps to take, in this order. A step that has been done is left out.
    pub steps: Vec<Step>,
}

/// The files of a job in a queue that several machines may share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueueEntry {
    /// The [lease](crate::Lease) that the worker takes.
    pub lease: PathBuf,
    /// The file of its [`JobOutcome`].
    pub outcome: PathBuf,
}

/// A part of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Step {
    /// Train a run, from its last complete epoch where its folder is there. If it is not at its end then, no further step
    /// is taken.
    Train {
        /// Its folder.
        run: PathBuf,
        /// The epoch to stop after, where that is not the last.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<usize>,
        /// The configuration of a run that is to begin, apart from its folder.
        settings: Table,
    },
    /// Read the test set for a run.
    Evaluate {
        /// Its folder.
        run: PathBuf,
    },
    /// Time the steps of some runs side by side.
    Time {
        /// Their folders.
        runs: Vec<PathBuf>,
    },
    /// Measure what a run will ask of this machine, which so many like it are to share.
    MeasureEffort {
        /// Their number.
        at_once: usize,
        /// The run's configuration.
        settings: Table,
    },
    /// Measure the seconds of a training step.
    MeasureStep {
        /// The run's configuration.
        settings: Table,
    },
}

impl Step {
    /// The settings of a configuration, as a step holds them.
    pub fn settings(config: &Config) -> Table {
        Table::try_from(config).expect("a configuration has a TOML form")
    }
}

impl Job {
    /// Reads the file of a job. Its paths lead from here, then.
    ///
    /// # Errors
    ///
    /// If it cannot be read or holds none.
    pub fn read(path: &Path) -> Result<Job, RunError> {
        let text = fs::read_to_string(path).map_err(RunError::file("read", path))?;
        let job: Result<Job, _> = toml::from_str(&text);
        let mut job = job.map_err(|problem| ConfigError::Syntax {
            name: path.display().to_string(),
            problem: problem.to_string(),
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        job.paths().for_each(|path| *path = joined(folder, path));
        Ok(job)
    }

    /// Every path in it.
    fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let of_steps = self.steps.iter_mut().flat_map(|step| match step {
            Step::Train { run, .. } | Step::Evaluate { run } => std::slice::from_mut(run),
            Step::Time { runs } => runs,
            Step::MeasureEffort { .. } | Step::MeasureStep { .. } => &mut [],
        });
        self.queue.iter_mut().flat_map(|entry| [&mut entry.lease, &mut entry.outcome]).chain(of_steps)
    }

    /// Puts the job into a file, whole.
    ///
    /// # Errors
    ///
    /// If that cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), RunError> {
        write_atomic(path, toml::to_string(self).expect("a job has a TOML form").as_bytes())
    }
}

/// A path from a folder, by names alone: `study/queue` and `../trials` make `study/trials`.
fn joined(folder: &Path, path: &Path) -> PathBuf {
    let mut joined = folder.to_owned();
    for part in path.components() {
        match (part, joined.components().next_back()) {
            (Component::ParentDir, Some(Component::Normal(_))) => _ = joined.pop(),
            _ => joined.push(part),
        }
    }
    joined
}

/// The end of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "lowercase")]
pub enum JobEnd {
    /// All of it has been done.
    Done,
    /// It stopped after the epoch that it was to stop after, or was asked to.
    Paused,
    /// Somebody else works on it.
    Busy,
    /// An error stopped it.
    Failed {
        /// The error, and what to do about it.
        reason: String,
    },
}

/// The outcome of a job in a queue, for whoever looks there: a file that its worker writes at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOutcome {
    /// The end of the last attempt.
    #[serde(flatten)]
    pub end: JobEnd,
    /// The reason of each attempt that failed since one came further.
    pub failures: Vec<String>,
}

impl JobOutcome {
    /// Reads the file of one, if it is there.
    ///
    /// # Errors
    ///
    /// If it cannot be read or holds none.
    pub fn read(path: &Path) -> Result<Option<JobOutcome>, RunError> {
        match fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            content => {
                let content = content.map_err(RunError::file("read", path))?;
                serde_json::from_slice(&content).map(Some).map_err(|problem| RunError::damaged(path, problem))
            }
        }
    }

    /// The failures that the file of one tells. One that cannot be used, which is told besides, is as good as none: the
    /// next outcome takes its place.
    pub fn failures_in(path: &Path) -> (Vec<String>, Option<String>) {
        match JobOutcome::read(path) {
            Ok(outcome) => (outcome.map_or_else(Vec::new, |outcome| outcome.failures), None),
            Err(RunError::Damaged { problem, .. }) => {
                (Vec::new(), Some(format!("{} is not usable ({problem}) and left out", path.display())))
            }
            Err(error) => (Vec::new(), Some(error.to_string())),
        }
    }

    /// Puts it into a file, whole.
    ///
    /// # Errors
    ///
    /// If that cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), RunError> {
        let mut content = serde_json::to_vec(self).expect("an outcome has a JSON form");
        content.push(b'\n');
        write_atomic(path, &content)
    }

    /// The outcome of a further attempt.
    pub fn after(mut failures: Vec<String>, end: JobEnd) -> JobOutcome {
        match &end {
            JobEnd::Done => failures.clear(),
            JobEnd::Failed { reason } => failures.push(reason.clone()),
            JobEnd::Paused | JobEnd::Busy => (),
        }
        JobOutcome { end, failures }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_read_as_it_was_written_with_paths_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("queue")).unwrap();
        let path = folder.path().join("queue/one.toml");
        let settings = Step::settings(&Config::default());
        let job = |queue: &str, trials: &str| {
            let run = Path::new(trials).join("one");
            let (lease, outcome) = (Path::new(queue).join("one.lease"), Path::new(queue).join("one.outcome"));
            Job {
                dataset: Some("/data/pumps".into()),
                queue: Some(QueueEntry { lease, outcome }),
                steps: vec![
                    Step::MeasureEffort { at_once: 2, settings: settings.clone() },
                    Step::Train { run: run.clone(), until: Some(3), settings: settings.clone() },
                    Step::Train { run: run.clone(), until: None, settings: settings.clone() },
                    Step::Evaluate { run: run.clone() },
                    Step::Time { runs: vec![run.clone(), run] },
                ],
            }
        };
        job("", "../trials").write(&path).unwrap();
        let [queue, trials] = ["queue", "trials"].map(|name| folder.path().join(name).display().to_string());
        assert_eq!(Job::read(&path).unwrap(), job(&queue, &trials));
        fs::write(&path, "steps = 1").unwrap();
        let refusal = Job::read(&path).unwrap_err().to_string();
        assert!(refusal.contains("one.toml") && refusal.contains("steps"), "{refusal}");
    }

    #[test]
    fn paths_lead_from_a_folder_by_their_names() {
        for (folder, path, found) in [
            ("study/queue", "../trials/one", "study/trials/one"),
            ("./queue", "../trials", "./trials"),
            ("../queue", "../trials", "../trials"),
            ("", "../trials", "../trials"),
            ("queue", "../../trials", "../trials"),
            ("queue", "/trials", "/trials"),
        ] {
            assert_eq!(joined(Path::new(folder), Path::new(path)), Path::new(found), "{folder} {path}");
        }
    }

    #[test]
    fn a_damaged_outcome_is_as_good_as_none_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("timing.outcome");
        assert_eq!(JobOutcome::failures_in(&path), (Vec::new(), None));
        for damaged in [&b"{"[..], b"{\"end\":\"gone\"}", b"\xff\xfe"] {
            fs::write(&path, damaged).unwrap();
            let (failures, told) = JobOutcome::failures_in(&path);
            assert_eq!(failures, [""; 0]);
            assert!(told.unwrap().contains("timing.outcome is not usable"));
        }
        JobOutcome::after(Vec::new(), JobEnd::Failed { reason: "no memory".into() }).write(&path).unwrap();
        assert_eq!(JobOutcome::failures_in(&path), (vec!["no memory".to_owned()], None));
    }

    #[test]
    fn failures_add_up_until_an_attempt_succeeds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.outcome");
        assert_eq!(JobOutcome::read(&path).unwrap(), None);
        let failed = |reason: &str| JobEnd::Failed { reason: reason.to_owned() };
        let mut failures = Vec::new();
        for (end, after) in [
            (failed("no memory"), vec!["no memory"]),
            (JobEnd::Paused, vec!["no memory"]),
            (failed("no space"), vec!["no memory", "no space"]),
            (JobEnd::Done, vec![]),
        ] {
            JobOutcome::after(failures, end.clone()).write(&path).unwrap();
            let outcome = JobOutcome::read(&path).unwrap().unwrap();
            assert_eq!(
                (&outcome.end, &outcome.failures[..]),
                (&end, &after.iter().map(|why| why.to_string()).collect::<Vec<_>>()[..])
            );
            failures = outcome.failures;
        }
    }
}
