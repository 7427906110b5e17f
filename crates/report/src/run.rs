//! The part of a run folder that a report reads. Only `config.toml` is required: a run that has just started counts
//! too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Serialize, Serializer};
use slimgate_train::{EpochMetrics, Evaluation, RunFolder, Split, Summary, TrainError, holds};

use crate::ReportError;

/// A run as recorded in its folder.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// Its name in a report: the folder's name, or a different one if several runs share that.
    pub name: String,
    /// The path of the folder, as given.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// The time it was started, in seconds since 1970; 0 if unknown.
    pub started: f64,
    /// Every setting by its key.
    pub settings: BTreeMap<String, toml::Value>,
    /// Its results; `None` until it has written them.
    pub summary: Option<Summary>,
    /// The metrics of its epochs.
    pub epochs: Vec<EpochMetrics>,
    /// The machine that it ran on.
    pub environment: BTreeMap<String, serde_json::Value>,
    /// Its evaluation on the test set, if that has been read.
    pub evaluation: Option<Evaluation>,
}

impl Run {
    /// Reads a run folder.
    ///
    /// # Errors
    ///
    /// If it is not a run folder, or one of its files is damaged.
    pub fn read(path: &Path) -> Result<Run, ReportError> {
        let folder = RunFolder::open(path)?;
        // A run that has just started has no manifest yet.
        if holds(path, "manifest.json")? {
            folder.held_config()?;
        }
        // Read as it is: a report does not need the backend that the run needed.
        let config = text(&path.join("config.toml"))?.unwrap_or_default();
        let config: toml::Table = config
            .parse()
            .map_err(|problem: toml::de::Error| damaged(&path.join("config.toml"), &problem))?;
        let mut settings = BTreeMap::new();
        flatten("", config, &mut settings);
        Ok(Run {
            name: name_of(path),
            path: path.to_owned(),
            // Written only once, whereas a resumed run rewrites its configuration.
            started: modified(&path.join("environment.json")),
            settings,
            summary: folder.summary().map_err(unread)?,
            epochs: epochs(&path.join("metrics.jsonl"))?,
            environment: match folder.environment() {
                Err(TrainError::File { source, .. }) if source.kind() == NotFound => BTreeMap::new(),
                environment => environment.map_err(unread)?,
            },
            evaluation: folder.evaluation().map_err(unread)?,
        })
    }

    /// The last epoch on one of the sets.
    pub(crate) fn last(&self, split: Split) -> Option<&EpochMetrics> {
        self.epochs.iter().rfind(|line| line.split == split)
    }
}

/// The folder's own name, even if it was given as `.`.
fn name_of(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    whole.file_name().map_or_else(|| "run".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// A valid folder name for each run: that of its own folder, with a number if others have it too.
pub(crate) fn folder_names(runs: &[Run]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let unused = |run: &Run| {
        let name = name_of(&run.path);
        let mut names = std::iter::once(name.clone()).chain((2..).map(|n| format!("{name}-{n}")));
        names.find(|name| taken.insert(name.clone())).expect("there is no last number")
    };
    runs.iter().map(unused).collect()
}

/// A path as text; one that is not UTF-8 has only an approximate JSON form.
fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// The time a file was last written.
fn modified(path: &Path) -> f64 {
    let time = fs::metadata(path).and_then(|metadata| metadata.modified());
    let since = time.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0.0, |since| since.as_secs_f64().floor())
}

/// Every value of a table by its full key, joined with dots.
fn flatten(above: &str, table: toml::Table, settings: &mut BTreeMap<String, toml::Value>) {
    for (key, value) in table {
        let key = if above.is_empty() { key } else { format!("{above}.{key}") };
        match value {
            toml::Value::Table(table) => flatten(&key, table, settings),
            value => {
                settings.insert(key, value);
            }
        }
    }
}

/// The content of a file, if it is there.
fn text(path: &Path) -> Result<Option<String>, ReportError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == NotFound => Ok(None),
        Err(source) => Err(ReportError::Read { path: path.to_owned(), source }),
    }
}

/// All lines that were recorded, including those after the last epoch that the run has saved.
fn epochs(path: &Path) -> Result<Vec<EpochMetrics>, ReportError> {
    let text = text(path)?.unwrap_or_default();
    let line = |(index, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|problem| damaged(path, &format!("line {}: {problem}", index + 1)))
    };
    text.lines().enumerate().map(line).collect()
}

fn damaged(path: &Path, problem: &dyn std::fmt::Display) -> ReportError {
    ReportError::Damaged { path: path.to_owned(), problem: problem.to_string() }
}

/// The error of a file of the run: for damage, a report has a different remedy than a run.
fn unread(error: TrainError) -> ReportError {
    match error {
        TrainError::Damaged { path, problem } => ReportError::Damaged { path, problem },
        other => other.into(),
    }
}
