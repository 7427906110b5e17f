//! The run folder: it and every file in it appear whole or not at all, and the manifest says which epochs are
//! complete.
//!
//! A checkpoint is several files that Burn writes one by one. An epoch counts only once the manifest, which is
//! replaced atomically after all of them, lists each with its hash.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use slimgate_data::{Preprocessing, check_unchanged, short_name};

use crate::files::{UNFINISHED, holds, sha256, temporary, without_path, write_atomic};
use crate::metric::{Metric, Quantiles};
use crate::summary::refuse_newer;
use crate::{
    AlarmAnswers, Calibration, Config, Environment, EpochMetrics, Evaluation, Forecasts, History, Manifest,
    Outcomes, RunError, RunSummary, SavedEpoch, SavedFile, Timing, leftovers,
};

const METRICS: &str = "metrics.jsonl";
const SUMMARY: &str = "summary.json";
const OUTCOMES: &str = "outcomes.csv";
const FORECASTS: &str = "forecasts.csv";
const CALIBRATION: &str = "calibration.json";
const ALARMS: &str = "alarms.csv";

/// A folder that holds one run.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Makes the folder of a new run and takes its lock.
    ///
    /// Without a name in the configuration, the first free one of `dataset-variant`, `dataset-variant-2` …, where a
    /// folder of the user's own is called as it is without the way there.
    ///
    /// # Errors
    ///
    /// If the name is taken or the folder cannot be written, in which case nothing is left of it.
    pub fn create(
        config: &Config,
        environment: &Environment,
        preprocessing: &Preprocessing,
    ) -> Result<(RunFolder, RunLock), RunError> {
        let out = Path::new(&config.run.out);
        let failed = |source| RunError::NewRun { out: out.to_owned(), source };
        fs::create_dir_all(out).map_err(failed)?;
        leftovers::remove_unfinished(out);
        // It gets its name when it is a run: a process that is killed before that leaves the name free.
        let unnamed = temporary(UNFINISHED, 0o777).tempdir_in(out).map_err(without_path).map_err(failed)?;
        let lock = RunFolder { path: unnamed.path().to_owned() }.describe(config, environment, preprocessing);
        let lock = lock.map_err(|error| match error {
            RunError::File { source, .. } => failed(source),
            other => other,
        })?;
        // A folder cannot be renamed onto one that holds files, as every run does: one process gets the name.
        let rename = |name: &str| {
            let path = out.join(name);
            match fs::rename(unnamed.path(), &path) {
                Ok(()) => Ok(Some(RunFolder { path })),
                Err(_) if path.exists() => Ok(None),
                Err(error) => Err(failed(error)),
            }
        };
        let folder = match &config.run.name {
            Some(name) => rename(name)?.ok_or_else(|| RunError::Exists(out.join(name)))?,
            None => {
                let cell = config.cell_name().replace(['=', ','], "_");
                let stem = format!("{}-{cell}", short_name(&config.data.dataset));
                let mut names = std::iter::once(stem.clone()).chain((2..).map(|n| format!("{stem}-{n}")));
                names.find_map(|name| rename(&name).transpose()).expect("there is no last number")?
            }
        };
        let _ = unnamed.keep();
        // So that the name is there after a power cut, too.
        File::open(out).and_then(|out| out.sync_all()).map_err(failed)?;
        Ok((folder, lock))
    }

    /// Writes what makes a folder a run, before its first epoch.
    fn describe(
        &self,
        config: &Config,
        environment: &Environment,
        preprocessing: &Preprocessing,
    ) -> Result<RunLock, RunError> {
        let lock = self.lock()?;
        let checkpoint = self.file("checkpoint");
        fs::create_dir(&checkpoint).map_err(RunError::file("create", &checkpoint))?;
        self.write_json("environment.json", environment)?;
        self.write_json("preprocessing.json", preprocessing)?;
        self.write(METRICS, b"")?;
        self.write_json("manifest.json", &Manifest::begun(config))?;
        self.write_config(config)?;
        Ok(lock)
    }

    /// Opens the folder of a run.
    ///
    /// # Errors
    ///
    /// If it is not one.
    pub fn open(path: &Path) -> Result<RunFolder, RunError> {
        if holds(path, "config.toml")? {
            Ok(RunFolder { path: path.to_owned() })
        } else if holds(path, "study.toml")? {
            Err(RunError::AStudy(path.to_owned()))
        } else {
            Err(RunError::NotARun(path.to_owned()))
        }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The configuration that the run was made with.
    pub fn config(&self) -> Result<Config, RunError> {
        let text = self.read_text("config.toml")?;
        let path = self.file("config.toml");
        Config::read(&path.display().to_string(), &text, &[])
            .map_err(|problem| RunError::damaged(&path, problem))
    }

    /// The same, held to what the run was begun with, where that is recorded: more epochs may be asked for by now.
    ///
    /// # Errors
    ///
    /// If its files cannot be read, or it was edited since.
    pub fn held_config(&self) -> Result<Config, RunError> {
        let config = self.config()?;
        let Some(begun) = self.manifest()?.begun_with else { return Ok(config) };
        if !begun.is_whole() {
            let problem = "the settings that the run started with are not the recorded ones";
            return Err(RunError::damaged(&self.file("manifest.json"), problem));
        }
        let differences = begun.differences(&config);
        if differences.is_empty() {
            return Ok(config);
        }
        let path = self.file("config.toml");
        Err(RunError::EditedConfig { path, differences: differences.join(", ") })
    }

    /// The metrics of the epochs up to and with `last`, every one of which must be there.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or holds anything else.
    pub fn history(&self, last: usize) -> Result<History, RunError> {
        let metric = self.summary()?.map_or_else(|| Metric::accuracy(None), |summary| summary.metric);
        let history = History::new(metric, self.parse_metrics(&self.read_text(METRICS)?)?).up_to(last);
        match history.wrong_line(last) {
            Some(line) => Err(RunError::damaged(
                &self.file(METRICS),
                format!(
                    "line {line} is not the one that belongs there \
                     (epochs 1 to {last} have one of training and one of validation each, in order)"
                ),
            )),
            None => Ok(history),
        }
    }

    /// The metrics of all epochs that are there, also of those that are not saved yet or never were.
    ///
    /// # Errors
    ///
    /// If the file is there and cannot be read, or a line of it is none.
    pub fn recorded_epochs(&self) -> Result<Vec<EpochMetrics>, RunError> {
        match self.read_text(METRICS) {
            Err(RunError::File { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            text => self.parse_metrics(&text?),
        }
    }

    fn parse_metrics(&self, text: &str) -> Result<Vec<EpochMetrics>, RunError> {
        let line = |(index, line): (usize, &str)| {
            let line = serde_json::from_str(line);
            line.map_err(|problem| {
                RunError::damaged(&self.file(METRICS), format!("line {}: {problem}", index + 1))
            })
        };
        text.lines().enumerate().map(line).collect()
    }

    /// The result of the run so far; `None` until its process has written one.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is none, or a newer version of the program wrote it in a form of its own.
    pub fn summary(&self) -> Result<Option<RunSummary>, RunError> {
        if !self.file(SUMMARY).exists() {
            return Ok(None);
        }
        let text = self.read_text(SUMMARY)?;
        refuse_newer(&self.file(SUMMARY), &text, RunSummary::VERSION)?;
        let summary = serde_json::from_str(&text);
        summary.map(Some).map_err(|problem| RunError::damaged(&self.file(SUMMARY), problem))
    }

    /// The evaluation on the test set at its best epoch, where there has been one; what was asked about another
    /// epoch, or before it trained on, is not the run's result.
    ///
    /// # Errors
    ///
    /// As [`summary`](Self::summary).
    pub fn evaluation(&self) -> Result<Option<Evaluation>, RunError> {
        let best = self.summary()?.and_then(|summary| summary.best).map(|best| best.epoch);
        let evaluation: Option<Evaluation> = self.read_json_if_there("evaluation.json")?;
        Ok(evaluation.filter(|evaluation| Some(evaluation.epoch) == best))
    }

    /// The outcomes of the test sequences of its evaluation, where they were recorded: not by version 0.1.0.
    ///
    /// # Errors
    ///
    /// As [`summary`](Self::summary), and if they are those of another evaluation.
    pub fn outcomes(&self, evaluation: &Evaluation) -> Result<Option<Outcomes>, RunError> {
        if !self.file(OUTCOMES).exists() {
            return Ok(None);
        }
        let text = self.read_text(OUTCOMES)?;
        Outcomes::from_csv(&self.file(OUTCOMES), &text, evaluation.score.value).map(Some)
    }

    /// Forecasts of the test part that belong to its evaluation, where they were recorded: not of another task, nor by
    /// version 0.1.0.
    ///
    /// # Errors
    ///
    /// As [`summary`](Self::summary).
    pub fn forecasts(&self) -> Result<Option<Forecasts>, RunError> {
        if !self.file(FORECASTS).exists() || self.evaluation()?.is_none() {
            return Ok(None);
        }
        Forecasts::from_csv(&self.file(FORECASTS), &self.read_text(FORECASTS)?).map(Some)
    }

    /// The answers as alarms that belong to its evaluation; none where no class is an alarm.
    ///
    /// # Errors
    ///
    /// As [`summary`](Self::summary), and if they are those of another evaluation.
    pub fn alarm_answers(&self, evaluation: &Evaluation) -> Result<Option<AlarmAnswers>, RunError> {
        let Some(alarm) = &evaluation.alarm else { return Ok(None) };
        let text = self.read_text(ALARMS)?;
        AlarmAnswers::from_csv(&self.file(ALARMS), &text, (alarm, evaluation.sequences)).map(Some)
    }

    /// Records how the run does on the test set, with the forecasts of a part of it where it makes any, and its answers as
    /// alarms where a class is one.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn record_evaluation(
        &self,
        evaluation: &Evaluation,
        outcomes: &Outcomes,
        forecasts: Option<&Forecasts>,
        alarms: Option<&AlarmAnswers>,
    ) -> Result<(), RunError> {
        // The evaluation comes last: where it is, all is.
        self.write(OUTCOMES, &outcomes.to_csv())?;
        if let Some(forecasts) = forecasts {
            self.write(FORECASTS, &forecasts.to_csv())?;
        }
        if let Some(alarms) = alarms {
            self.write(ALARMS, &alarms.to_csv())?;
        }
        self.write_json("evaluation.json", evaluation)
    }

    /// The calibration of the forecasts of an epoch, which are of so many numbers with these quantiles. None where that
    /// epoch has none: of other tasks, and of runs of earlier versions.
    ///
    /// # Errors
    ///
    /// As [`summary`](Self::summary), and if it is one of other forecasts.
    pub fn calibration(
        &self,
        epoch: usize,
        quantiles: &Quantiles,
        numbers: usize,
    ) -> Result<Option<Calibration>, RunError> {
        let found: Option<Calibration> = self.read_json_if_there(CALIBRATION)?;
        match found.filter(|found| found.epoch == epoch) {
            Some(found) if !found.fits(quantiles, numbers) => {
                Err(RunError::damaged(&self.file(CALIBRATION), "it is of other forecasts than the run makes"))
            }
            found => Ok(found),
        }
    }

    /// Records a calibration, in the place of an earlier one.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn record_calibration(&self, calibration: &Calibration) -> Result<(), RunError> {
        self.write_json(CALIBRATION, calibration)
    }

    /// The times of its steps, where they have been measured.
    ///
    /// # Errors
    ///
    /// As [`summary`](Self::summary).
    pub fn timing(&self) -> Result<Option<Timing>, RunError> {
        self.read_json_if_there("timing.json")
    }

    /// The machine and the program that it was begun with.
    ///
    /// # Errors
    ///
    /// As [`summary`](Self::summary).
    pub fn environment(&self) -> Result<BTreeMap<String, serde_json::Value>, RunError> {
        self.read_json("environment.json")
    }

    /// Checks that the data is still what the run was trained on, which files of the user's own may not be. `place_of`
    /// says of a data set where it lies now, if it is not where it was.
    ///
    /// # Errors
    ///
    /// If it has changed, or the run folder or the data cannot be read.
    pub fn check_data<'a>(&self, place_of: impl Fn(&str) -> Option<&'a str>) -> Result<(), RunError> {
        let preprocessing = self.preprocessing()?;
        Ok(check_unchanged(&self.config()?.data, &preprocessing, place_of(preprocessing.dataset()))?)
    }

    /// The preparation of its data.
    ///
    /// # Errors
    ///
    /// As [`summary`](Self::summary).
    pub fn preprocessing(&self) -> Result<Preprocessing, RunError> {
        self.read_json("preprocessing.json")
    }

    /// Its complete epochs.
    ///
    /// # Errors
    ///
    /// As [`summary`](Self::summary), and if it is missing.
    pub fn manifest(&self) -> Result<Manifest, RunError> {
        // Every run has one from its start. Taken for one without a saved epoch, a run whose manifest was lost would
        // lose them all.
        let manifest = self.read_json_if_there("manifest.json")?;
        manifest.ok_or_else(|| RunError::damaged(&self.file("manifest.json"), "the file is missing"))
    }

    /// The content of a file of a checkpoint.
    ///
    /// # Errors
    ///
    /// If it cannot be read or is not what was saved.
    pub fn read_saved(&self, file: &SavedFile) -> Result<Vec<u8>, RunError> {
        let path = self.file(&file.name);
        if !file.name.strip_prefix("checkpoint/").is_some_and(leftovers::is_checkpoint) {
            return Err(RunError::damaged(&path, "the manifest names it, and no checkpoint has such a file"));
        }
        let content = match self.read(&file.name) {
            Err(RunError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {
                return Err(RunError::damaged(&path, "the file is missing"));
            }
            content => content?,
        };
        if sha256(&content) == file.sha256 {
            Ok(content)
        } else {
            Err(RunError::damaged(&path, "its content is not what was saved (it differs in sha256)"))
        }
    }

    /// Checks that the files of a saved epoch are there and are the ones that were saved.
    ///
    /// # Errors
    ///
    /// If one is not.
    pub fn verify(&self, saved: &SavedEpoch) -> Result<(), RunError> {
        saved.files.iter().try_for_each(|file| self.read_saved(file).map(|_| ()))
    }

    /// A file or folder of the run.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Replaces the metrics.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_history(&self, history: &History) -> Result<(), RunError> {
        let line =
            |line: &EpochMetrics| serde_json::to_string(line).expect("metrics have a JSON form") + "\n";
        self.write(METRICS, history.lines().iter().map(line).collect::<String>().as_bytes())
    }

    /// Replaces what the run has come to.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_summary(&self, summary: &RunSummary) -> Result<(), RunError> {
        self.write_json(SUMMARY, summary)
    }

    /// Replaces the configuration.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_config(&self, config: &Config) -> Result<(), RunError> {
        let text = toml::to_string(config).expect("a configuration has a TOML form");
        self.write("config.toml", text.as_bytes())
    }

    /// Puts a value into a file.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), RunError> {
        let mut text = serde_json::to_vec_pretty(value).expect("what is recorded has a JSON form");
        text.push(b'\n');
        self.write(name, &text)
    }

    /// Puts a file in place whole.
    ///
    /// # Errors
    ///
    /// If the folder is not there or cannot be written to.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), RunError> {
        write_atomic(&self.file(name), content)
    }

    /// Takes the run for this process until the lock is dropped or the process dies.
    ///
    /// # Errors
    ///
    /// If another process has it, or it cannot be locked.
    pub fn lock(&self) -> Result<RunLock, RunError> {
        let path = self.file(".lock");
        let file =
            File::options().create(true).append(true).open(&path).map_err(RunError::file("write", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(RunLock { _file: file }),
            Err(fs::TryLockError::WouldBlock) => Err(RunError::InUse(self.path.clone())),
            Err(fs::TryLockError::Error(error)) => Err(RunError::file("lock", &path)(error)),
        }
    }

    /// The content of a file.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, RunError> {
        let path = self.file(name);
        fs::read(&path).map_err(RunError::file("read", &path))
    }

    fn read_text(&self, name: &str) -> Result<String, RunError> {
        let path = self.file(name);
        fs::read_to_string(&path).map_err(|error| match error.kind() {
            // The disk is well.
            ErrorKind::InvalidData => RunError::damaged(&path, "it is not text (UTF-8)"),
            _ => RunError::file("read", &path)(error),
        })
    }

    fn read_json_if_there<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, RunError> {
        if self.file(name).exists() { self.read_json(name).map(Some) } else { Ok(None) }
    }

    fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, RunError> {
        let text = self.read_text(name)?;
        serde_json::from_str(&text).map_err(|problem| RunError::damaged(&self.file(name), problem))
    }
}

/// Holds a run for this process.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}
