//! The run folder: it and every file in it appear whole or not at all, and the manifest says which epochs are
//! complete.
//!
//! A checkpoint is several files that Burn writes one by one. An epoch counts only once the manifest, which is
//! replaced atomically after all of them, lists each with its hash.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use slimgate_data::{Preprocessing, check_unchanged, short_name};
use tempfile::TempPath;

use crate::begun::BegunWith;
use crate::environment::Environment;
use crate::history::{EpochMetrics, History};
use crate::{Config, Evaluation, Timing, TrainError, leftovers};

/// How the name of a file begins that is not whole yet.
pub(crate) const TEMPORARY: &str = ".tmp";

/// How the name of a run begins that is none yet.
pub(crate) const UNFINISHED: &str = ".unfinished-";

/// A folder that holds one run.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
}

/// Which epochs are complete: the content of `manifest.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Nothing where an older version began the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun_with: Option<BegunWith>,
    pub epochs: Vec<SavedEpoch>,
}

impl Manifest {
    /// Of a run that has no epoch yet.
    pub fn begun(config: &Config) -> Manifest {
        Manifest { begun_with: Some(BegunWith::new(config)), epochs: Vec::new() }
    }
}

/// The files of one saved epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedEpoch {
    pub epoch: usize,
    pub files: Vec<SavedFile>,
}

/// A file of a checkpoint, relative to the run folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedFile {
    pub name: String,
    pub sha256: String,
}

/// How a run ended, if it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Its process works on it, or ended without being able to say how.
    Running,
    /// It trained all its epochs, or stopped early as it was told to.
    Complete,
    /// Its loss became infinite or NaN.
    Diverged,
    /// It was asked to stop; it can be resumed.
    Interrupted,
    /// An error stopped it; it can be resumed once the cause is gone.
    Failed,
}

/// What a run came to: the content of `summary.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How it ended.
    pub status: Status,
    /// The data set.
    pub dataset: String,
    /// The cell's name, or its gate terms.
    pub variant: String,
    /// The cell's gate terms.
    pub gates: String,
    /// Trainable parameters.
    pub parameters: Parameters,
    /// Complete epochs.
    pub epochs: usize,
    /// The epoch that did best on the validation set.
    pub best: Option<EpochMetrics>,
    /// The last epoch on the validation set.
    #[serde(rename = "final")]
    pub last: Option<EpochMetrics>,
    /// Whether it had converged ([`History::has_converged`]). Nothing in summaries of version 0.1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converged: Option<bool>,
    /// Seconds of training and validation, over all epochs.
    pub seconds: f64,
    /// The most memory that the process held, where the system tells it.
    pub peak_memory_bytes: Option<u64>,
}

/// How many trainable parameters a model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// In the recurrent layers, what the published tables count.
    pub recurrent: usize,
    /// In all.
    pub total: usize,
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
    pub(crate) fn create(
        config: &Config,
        environment: &Environment,
        preprocessing: &Preprocessing,
    ) -> Result<(RunFolder, RunLock), TrainError> {
        let out = Path::new(&config.run.out);
        let failed = |source| TrainError::NewRun { out: out.to_owned(), source };
        fs::create_dir_all(out).map_err(failed)?;
        leftovers::remove_unfinished(out);
        // It gets its name when it is a run: a process that is killed before that leaves the name free.
        let unnamed = temporary(UNFINISHED, 0o777).tempdir_in(out).map_err(failed)?;
        let lock = RunFolder { path: unnamed.path().to_owned() }.describe(config, environment, preprocessing);
        let lock = lock.map_err(|error| match error {
            TrainError::File { source, .. } => failed(source),
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
            Some(name) => rename(name)?.ok_or_else(|| TrainError::Exists(out.join(name)))?,
            None => {
                let cell = config.model.cell_name()?.replace(['=', ','], "_");
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
    ) -> Result<RunLock, TrainError> {
        let lock = self.lock()?;
        let checkpoint = self.file("checkpoint");
        fs::create_dir(&checkpoint).map_err(TrainError::file("create", &checkpoint))?;
        self.write_json("environment.json", environment)?;
        self.write_json("preprocessing.json", preprocessing)?;
        self.write("metrics.jsonl", b"")?;
        self.write_json("manifest.json", &Manifest::begun(config))?;
        self.write_config(config)?;
        Ok(lock)
    }

    /// Opens the folder of a run.
    ///
    /// # Errors
    ///
    /// If it is not one.
    pub fn open(path: &Path) -> Result<RunFolder, TrainError> {
        if holds(path, "config.toml")? {
            Ok(RunFolder { path: path.to_owned() })
        } else if holds(path, "study.toml")? {
            Err(TrainError::AStudy(path.to_owned()))
        } else {
            Err(TrainError::NotARun(path.to_owned()))
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The configuration that the run was made with.
    pub fn config(&self) -> Result<Config, TrainError> {
        let text = self.read_text("config.toml")?;
        let path = self.file("config.toml");
        Config::read(&path.display().to_string(), &text, &[])
            .map_err(|problem| TrainError::damaged(&path, problem))
    }

    /// The same, held to what the run was begun with, where that is recorded: more epochs may be asked for by now.
    ///
    /// # Errors
    ///
    /// If its files cannot be read, or it was edited since.
    pub fn held_config(&self) -> Result<Config, TrainError> {
        let config = self.config()?;
        let Some(begun) = self.manifest()?.begun_with else { return Ok(config) };
        if !begun.is_whole() {
            let problem = "the settings that the run was begun with are not what was recorded";
            return Err(TrainError::damaged(&self.file("manifest.json"), problem));
        }
        let differences = begun.differences(&config);
        if differences.is_empty() {
            return Ok(config);
        }
        let path = self.file("config.toml");
        Err(TrainError::EditedConfig { path, differences: differences.join(", ") })
    }

    /// The metrics of the epochs up to and with `last`, every one of which must be there.
    pub fn history(&self, last: usize) -> Result<History, TrainError> {
        let path = self.file("metrics.jsonl");
        let text = self.read_text("metrics.jsonl")?;
        let lines = text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
        let history = lines.map(History::new).map_err(|problem| TrainError::damaged(&path, problem))?;
        let history = history.up_to(last);
        match history.wrong_line(last) {
            Some(line) => Err(TrainError::damaged(
                &path,
                format!(
                    "line {line} is not the one that belongs there \
                     (epochs 1 to {last} have one of training and one of validation each, in order)"
                ),
            )),
            None => Ok(history),
        }
    }

    /// What the run has come to, or nothing where its process has not said yet.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is none.
    pub fn summary(&self) -> Result<Option<Summary>, TrainError> {
        self.read_json_if_there("summary.json")
    }

    /// How the run does on the test set at its best epoch, where that has been asked; what was asked about another
    /// epoch, or before it trained on, is not the run's result.
    ///
    /// # Errors
    ///
    /// As [`summary`](Self::summary).
    pub fn evaluation(&self) -> Result<Option<Evaluation>, TrainError> {
        let best = self.summary()?.and_then(|summary| summary.best).map(|best| best.epoch);
        let evaluation: Option<Evaluation> = self.read_json_if_there("evaluation.json")?;
        Ok(evaluation.filter(|evaluation| Some(evaluation.epoch) == best))
    }

    /// How long its steps take, where that has been measured.
    ///
    /// # Errors
    ///
    /// As [`summary`](Self::summary).
    pub fn timing(&self) -> Result<Option<Timing>, TrainError> {
        self.read_json_if_there("timing.json")
    }

    /// The machine and the program that it was begun with.
    ///
    /// # Errors
    ///
    /// As [`summary`](Self::summary).
    pub fn environment(&self) -> Result<BTreeMap<String, serde_json::Value>, TrainError> {
        self.read_json("environment.json")
    }

    /// Checks that the data is still what the run was trained on, which files of the user's own may not be. `place_of`
    /// says of a data set where it lies now, if it is not where it was.
    ///
    /// # Errors
    ///
    /// If it has changed, or the run folder or the data cannot be read.
    pub fn check_data<'a>(&self, place_of: impl Fn(&str) -> Option<&'a str>) -> Result<(), TrainError> {
        let preprocessing = self.preprocessing()?;
        Ok(check_unchanged(&preprocessing, place_of(preprocessing.dataset()))?)
    }

    /// How its data was prepared.
    ///
    /// # Errors
    ///
    /// As [`summary`](Self::summary).
    pub fn preprocessing(&self) -> Result<Preprocessing, TrainError> {
        self.read_json("preprocessing.json")
    }

    pub(crate) fn manifest(&self) -> Result<Manifest, TrainError> {
        // Every run has one from its start. Taken for one without a saved epoch, a run whose manifest was lost would
        // lose them all.
        let manifest = self.read_json_if_there("manifest.json")?;
        manifest.ok_or_else(|| TrainError::damaged(&self.file("manifest.json"), "the file is missing"))
    }

    /// The content of a file of a checkpoint, if it is the one that was saved.
    pub(crate) fn read_saved(&self, file: &SavedFile) -> Result<Vec<u8>, TrainError> {
        let path = self.file(&file.name);
        if !file.name.strip_prefix("checkpoint/").is_some_and(leftovers::is_checkpoint) {
            return Err(TrainError::damaged(
                &path,
                "the manifest names it, and no checkpoint has such a file",
            ));
        }
        let content = match self.read(&file.name) {
            Err(TrainError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {
                return Err(TrainError::damaged(&path, "the file is missing"));
            }
            content => content?,
        };
        if sha256(&content) == file.sha256 {
            Ok(content)
        } else {
            Err(TrainError::damaged(&path, "its content is not what was saved (it differs in sha256)"))
        }
    }

    /// Checks that the files of a saved epoch are there and are the ones that were saved.
    pub(crate) fn verify(&self, saved: &SavedEpoch) -> Result<(), TrainError> {
        saved.files.iter().try_for_each(|file| self.read_saved(file).map(|_| ()))
    }

    /// A file or folder of the run.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn write_config(&self, config: &Config) -> Result<(), TrainError> {
        let text = toml::to_string(config).expect("a configuration has a TOML form");
        self.write("config.toml", text.as_bytes())
    }

    pub(crate) fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), TrainError> {
        let mut text = serde_json::to_vec_pretty(value).expect("what is recorded has a JSON form");
        text.push(b'\n');
        self.write(name, &text)
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) -> Result<(), TrainError> {
        write_atomic(&self.file(name), content)
    }

    /// Takes the run for this process until the lock is dropped or the process dies.
    pub(crate) fn lock(&self) -> Result<RunLock, TrainError> {
        let path = self.file(".lock");
        let file = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(TrainError::file("write", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(RunLock { _file: file }),
            Err(fs::TryLockError::WouldBlock) => Err(TrainError::InUse(self.path.clone())),
            Err(fs::TryLockError::Error(error)) => Err(TrainError::file("lock", &path)(error)),
        }
    }

    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, TrainError> {
        let path = self.file(name);
        fs::read(&path).map_err(TrainError::file("read", &path))
    }

    fn read_text(&self, name: &str) -> Result<String, TrainError> {
        let path = self.file(name);
        fs::read_to_string(&path).map_err(TrainError::file("read", &path))
    }

    fn read_json_if_there<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, TrainError> {
        if self.file(name).exists() { self.read_json(name).map(Some) } else { Ok(None) }
    }

    fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, TrainError> {
        let text = self.read_text(name)?;
        serde_json::from_str(&text).map_err(|problem| TrainError::damaged(&self.file(name), problem))
    }
}

/// Whether a folder is there and holds a file.
///
/// # Errors
///
/// If that cannot be seen, as in a folder that its user may not read.
pub fn holds(folder: &Path, name: &str) -> Result<bool, TrainError> {
    let path = folder.join(name);
    match fs::metadata(&path) {
        Ok(found) => Ok(found.is_file()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(TrainError::file("read", &path)(error)),
    }
}

/// Puts a file in place whole: a reader sees the old content or the new, also after a power cut.
///
/// # Errors
///
/// If its folder is not there or cannot be written to.
pub fn write_atomic(path: &Path, content: &[u8]) -> Result<(), TrainError> {
    let whole = || {
        stage_file(path, content)?.persist(path).map_err(|error| error.error)?;
        File::open(folder_of(path))?.sync_all()
    };
    whole().map_err(TrainError::file("write", path))
}

/// A file beside the place that it is to take, with all its content on the disk, and closed: a process may not have
/// thousands open at once. It goes away unless it is put in place.
///
/// # Errors
///
/// If the folder is not there or cannot be written to.
pub fn stage_file(path: &Path, content: &[u8]) -> std::io::Result<TempPath> {
    let file = temporary(TEMPORARY, 0o666).tempfile_in(folder_of(path))?;
    // Written through the file alone: the errors of `file` would name its temporary path.
    file.as_file().write_all(content)?;
    file.as_file().sync_all()?;
    Ok(file.into_temp_path())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What is to be renamed into place, as readable as anything that the user makes.
fn temporary(prefix: &'static str, mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).permissions(PermissionsExt::from_mode(mode));
    builder
}

/// Holds a run for this process.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

/// The sha256 of a file's content, in hexadecimal.
pub(crate) fn sha256(content: &[u8]) -> String {
    hexadecimal(Sha256::new_with_prefix(content))
}

/// What a hash comes to, as text.
pub(crate) fn hexadecimal(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
