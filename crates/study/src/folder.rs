//! The study folder, and how each trial in it stands.
//!
//! | in it | is |
//! |---|---|
//! | `study.toml` | the study, resolved |
//! | `trials/ID/` | the run folder of a trial |
//! | `queue/` | the jobs, who works on them, and what became of them: see [`Queue`] |
//! | `published.csv` | the published figures, where the study names some |
//! | `criteria.json` | the margins, confidences and designs that results were seen with |
//! | `summary.json` and the report | derived from the trials |

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use slimgate_run::{RunError, RunFolder, Status, holds, refuse_newer, write_atomic};
use slimgate_statistics::Choice;

use crate::queue::Queue;
use crate::{Outlook, State, StudyConfig, StudyError, StudySummary};

const FIGURES: &str = "published.csv";

/// A folder that holds one study.
#[derive(Clone, Debug)]
pub struct StudyFolder {
    path: PathBuf,
}

/// The state of a trial, as its files have it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub state: State,
    /// The reason of its last failure, if it failed.
    pub reason: Option<String>,
    /// True if it has failed more often than it is tried again.
    pub given_up: bool,
    pub summary: Option<slimgate_run::RunSummary>,
    /// True if its score on the test set is known.
    pub tested: bool,
    /// True if its steps have been timed.
    pub timed: bool,
}

impl Record {
    /// True if nothing is left to train.
    pub fn is_done(&self) -> bool {
        self.given_up || self.state.is_final()
    }

    /// The run's summary, once the trial is at its end.
    pub fn ended(&self) -> Option<&slimgate_run::RunSummary> {
        self.summary.as_ref().filter(|_| self.state.is_final())
    }
}

impl StudyFolder {
    /// Makes the folder of a study where it is not there.
    pub(crate) fn create(path: &Path) -> Result<StudyFolder, StudyError> {
        for inner in ["trials", "queue"] {
            let inner = path.join(inner);
            fs::create_dir_all(&inner).map_err(RunError::file("create", &inner))?;
        }
        Ok(StudyFolder { path: path.components().collect() })
    }

    /// The folder of a study, there or not.
    pub(crate) fn at(path: &Path) -> StudyFolder {
        StudyFolder { path: path.to_owned() }
    }

    /// Puts the resolved study there.
    pub(crate) fn write_config(&self, config: &StudyConfig) -> Result<(), StudyError> {
        self.write_changed("study.toml", &config.to_toml())
    }

    /// Puts published figures there, and says by which name the study finds them.
    pub(crate) fn keep_figures(&self, text: &str) -> Result<String, StudyError> {
        self.write_changed(FIGURES, text)?;
        Ok(FIGURES.to_owned())
    }

    fn write_changed(&self, name: &str, text: &str) -> Result<(), StudyError> {
        let file = self.path.join(name);
        if fs::read_to_string(&file).ok().as_deref() != Some(text) {
            write_atomic(&file, text.as_bytes())?;
        }
        Ok(())
    }

    /// Opens the folder of a study.
    ///
    /// # Errors
    ///
    /// If it is not one.
    pub fn open(path: &Path) -> Result<StudyFolder, StudyError> {
        if holds(path, "study.toml")? {
            // Without the slash that a shell puts at its end.
            Ok(StudyFolder { path: path.components().collect() })
        } else {
            Err(StudyError::NotAStudy(path.to_owned()))
        }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the study: that of its folder.
    pub fn name(&self) -> String {
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned());
        name.unwrap_or_else(|| "study".to_owned())
    }

    /// The study.
    ///
    /// # Errors
    ///
    /// If its file cannot be read or used, or a newer version of the program has worked on it.
    pub fn config(&self) -> Result<StudyConfig, StudyError> {
        let summary = self.path.join("summary.json");
        refuse_newer(&summary, &fs::read_to_string(&summary).unwrap_or_default(), StudySummary::VERSION)?;
        let path = self.path.join("study.toml");
        let text = fs::read_to_string(&path).map_err(RunError::file("read", &path))?;
        StudyConfig::read_recorded(&path.display().to_string(), &text, &[])
    }

    /// The run folder of a trial, there or not.
    pub fn run(&self, id: &str) -> PathBuf {
        self.path.join("trials").join(id)
    }

    /// The names of the run folders that are there, whether of a trial or not.
    pub(crate) fn runs(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path.join("trials")).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        // One that begins with a dot is not a run yet.
        names.filter(|name| !name.starts_with('.') && RunFolder::open(&self.run(name)).is_ok()).collect()
    }

    /// The queue of the study.
    pub(crate) fn queue(&self) -> Queue {
        Queue::new(&self.path.join("queue"))
    }

    /// True if the study keeps these published figures.
    pub(crate) fn keeps_figures(&self, text: &str) -> bool {
        fs::read_to_string(self.path.join(FIGURES)).is_ok_and(|kept| kept == text)
    }

    /// The state of a trial that is tried again so many times.
    fn record(&self, queue: &Queue, id: &str, retries: usize) -> Record {
        // Asked first: a worker that ends in between has written its summary before.
        let leased = queue.is_leased(id);
        let failures = queue.failures(id);
        let mut record = Record {
            state: State::Waiting,
            given_up: failures.len() > retries,
            reason: failures.last().cloned(),
            summary: None,
            tested: false,
            timed: false,
        };
        let run = match RunFolder::open(&self.run(id)) {
            Ok(run) => run,
            Err(_) if leased => return Record { state: State::Running, ..record },
            Err(_) if record.given_up => return Record { state: State::Failed, ..record },
            Err(_) => return record,
        };
        let mut read = || -> Result<(), RunError> {
            record.summary = run.summary()?;
            if let Some(summary) = record.summary.as_ref().filter(|summary| summary.status != Status::Running)
            {
                run.held_config()?;
                run.history(summary.epochs)?;
            }
            if let Some(evaluation) = run.evaluation()? {
                run.outcomes(&evaluation)?;
                record.tested = true;
            }
            record.timed = run.timing()?.is_some();
            Ok(())
        };
        // A damaged trial is a failed one, and the others continue.
        if let Err(damage) = read() {
            return Record {
                state: State::Failed,
                given_up: true,
                reason: Some(match damage {
                    // They say so themselves.
                    RunError::Damaged { .. } | RunError::EditedConfig { .. } => damage.to_string(),
                    _ => format!("{damage}; or remove {}, and it is trained again", run.path().display()),
                }),
                summary: None,
                ..record
            };
        }
        record.state = match record.summary.as_ref().map(|summary| summary.status) {
            Some(Status::Complete) => State::Complete,
            Some(Status::Diverged) => State::Diverged,
            _ if leased => State::Running,
            _ if record.given_up => State::Failed,
            Some(Status::Running | Status::Interrupted | Status::Failed) | None => State::Interrupted,
        };
        record
    }
}

/// The records of a study, each read again only while it may change.
pub(crate) struct Records {
    pub queue: Queue,
    pub folder: StudyFolder,
    retries: usize,
    known: HashMap<String, Record>,
    /// The merit of the best epoch up to one, by trial; what is past does not change.
    best: HashMap<(String, usize), f64>,
    /// The choice among settings, by the bits of their merits.
    pub choices: HashMap<Vec<Vec<u64>>, Option<Choice>>,
    /// The use of more seeds to each variant on a task, by the last trial of each at a look.
    pub outlooks: HashMap<Vec<Option<String>>, Vec<Option<Outlook>>>,
}

impl Records {
    pub fn new(folder: &StudyFolder, config: &StudyConfig) -> Records {
        Records {
            queue: folder.queue(),
            folder: folder.clone(),
            retries: config.compare.retries,
            known: HashMap::new(),
            best: HashMap::new(),
            choices: HashMap::new(),
            outlooks: HashMap::new(),
        }
    }

    /// The state of a trial when it was last looked at.
    pub fn get(&mut self, id: &str) -> &Record {
        if !self.known.contains_key(id) {
            let record = self.folder.record(&self.queue, id, self.retries);
            self.known.insert(id.to_owned(), record);
        }
        &self.known[id]
    }

    /// Takes this for what was seen when a trial was last looked at.
    #[cfg(test)]
    pub fn put(&mut self, id: &str, record: Record) {
        self.known.insert(id.to_owned(), record);
    }

    /// Looks again at a trial.
    pub fn forget(&mut self, id: &str) {
        self.known.remove(id);
    }

    /// Looks again at every trial that is not at its end.
    pub fn forget_unfinished(&mut self) {
        self.known.retain(|_, record| record.state.is_final());
    }

    /// The merit of the best epoch on the validation set up to one that the trial has reached; the worst there is of one
    /// that has none.
    pub fn merit_until(&mut self, id: &str, epoch: usize) -> Result<f64, StudyError> {
        let key = (id.to_owned(), epoch);
        if let Some(&best) = self.best.get(&key) {
            return Ok(best);
        }
        let record = self.get(id);
        let epochs = record.summary.as_ref().map_or(0, |summary| summary.epochs);
        // A trial that has not come this far may still do better, unless it has ended before.
        let settled = epochs >= epoch || record.state.is_final();
        let best = match RunFolder::open(&self.folder.run(id)) {
            Ok(run) => {
                let history = run.history(epochs.min(epoch))?;
                let metric = history.metric();
                history.best().map_or(metric.worst_merit(), |best| metric.merit(best.score.value))
            }
            Err(_) => f64::NEG_INFINITY,
        };
        if settled {
            self.best.insert(key, best);
        }
        Ok(best)
    }
}

impl State {
    /// True if nothing changes any more.
    pub(crate) fn is_final(self) -> bool {
        matches!(self, State::Complete | State::Diverged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_of_a_newer_version_is_refused_and_one_of_an_older_read() {
        let here = tempfile::tempdir().unwrap();
        fs::write(here.path().join("study.toml"), "").unwrap();
        let folder = StudyFolder::open(here.path()).unwrap();
        let summary = here.path().join("summary.json");
        for older in ["{}", r#"{ "version": 2 }"#] {
            fs::write(&summary, older).unwrap();
            assert!(folder.config().is_ok(), "{older}");
        }
        fs::write(&summary, r#"{ "version": 3, "answer": [] }"#).unwrap();
        let refusal = folder.config().unwrap_err().to_string();
        assert!(refusal.contains("summary.json was written by a newer version"), "{refusal}");
    }

    #[test]
    fn the_studies_in_a_folder_that_is_none_are_named() {
        let here = tempfile::tempdir().unwrap();
        let refusal = || StudyFolder::open(here.path()).unwrap_err().to_string();
        assert!(refusal().ends_with("give a folder that `slimgate compare` made"), "{}", refusal());
        for number in ["1", "2", "10"] {
            fs::create_dir(here.path().join(number)).unwrap();
            fs::write(here.path().join(number).join("study.toml"), "").unwrap();
        }
        let [one, two, ten] = ["1", "2", "10"].map(|number| here.path().join(number).display().to_string());
        assert!(refusal().ends_with(&format!("the studies in it: {one}, {two}, {ten}")), "{}", refusal());
    }

    /// As that of a trial with any other file that is damaged.
    #[test]
    fn a_trial_with_damaged_outcomes_is_one_that_failed() {
        let here = tempfile::tempdir().unwrap();
        let folder = StudyFolder::create(here.path()).unwrap();
        let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/recorded/words-0.1");
        fs::create_dir(folder.run("words")).unwrap();
        for file in fs::read_dir(recorded).unwrap().map(Result::unwrap) {
            if file.path().is_file() {
                fs::copy(file.path(), folder.run("words").join(file.file_name())).unwrap();
            }
        }
        let summary = RunFolder::open(&folder.run("words")).unwrap().summary().unwrap().unwrap();
        let evaluation = serde_json::json!({
            "epoch": summary.best.unwrap().epoch, "sequences": 2, "loss": 0.5, "accuracy": 0.5, "weights_sha256": "0",
        });
        fs::write(folder.run("words").join("evaluation.json"), evaluation.to_string()).unwrap();
        let record = || folder.record(&folder.queue(), "words", 2);
        assert_eq!((record().state, record().tested), (State::Complete, true));
        for damaged in [&b"\xff\xfe"[..], b"group,value\n,right\n"] {
            fs::write(folder.run("words").join("outcomes.csv"), damaged).unwrap();
            let record = record();
            assert_eq!((record.state, record.tested), (State::Failed, false));
            let reason = record.reason.unwrap();
            assert!(
                reason.contains("write it again: slimgate evaluate ") && !reason.contains("disk"),
                "{reason}"
            );
        }
    }

    /// Halving asks of each trial at its rungs, again whenever a trial ends.
    #[test]
    fn the_history_of_a_trial_that_ended_before_a_rung_is_read_once() {
        let path = std::env::temp_dir().join(format!("slimgate-records-{}", std::process::id()));
        let folder = StudyFolder::create(&path).unwrap();
        let run = folder.run("early");
        fs::create_dir_all(&run).unwrap();
        fs::write(run.join("config.toml"), "").unwrap();
        let line = |split: &str| {
            format!(
                "{{\"epoch\":1,\"split\":\"{split}\",\"loss\":0.5,\"accuracy\":0.9,\"seconds\":1.0,\
                 \"sequences_per_second\":10.0}}\n"
            )
        };
        fs::write(run.join("metrics.jsonl"), line("train") + &line("validation")).unwrap();
        let summary = serde_json::json!({
            "status": "complete", "dataset": "digits-rows", "variant": "lstm", "gates": "xhb",
            "parameters": { "recurrent": 1, "total": 2 }, "epochs": 1, "seconds": 2.0,
        });
        fs::write(run.join("summary.json"), summary.to_string()).unwrap();
        fs::write(run.join("manifest.json"), "{\"epochs\":[]}").unwrap();

        let config = StudyConfig::read("test", "", &[]).unwrap();
        let mut records = Records::new(&folder, &config);
        assert_eq!(records.merit_until("early", 4).unwrap(), 0.9);
        fs::remove_dir_all(&path).unwrap();
        assert_eq!(records.merit_until("early", 4).unwrap(), 0.9);
    }
}
