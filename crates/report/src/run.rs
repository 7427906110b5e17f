//! What a report reads of a run folder. Only `config.toml` must be there: a run that has just begun is a run.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use slimgate_train::{EpochMetrics, RunFolder, Split, Summary};

use crate::ReportError;

/// A run as it stands in its folder.
#[derive(Clone, Debug)]
pub struct Run {
    /// The folder's name.
    pub name: String,
    /// Where the folder is, as it was given.
    pub path: PathBuf,
    /// When its configuration was written, in seconds since 1970; 0 where the system does not tell.
    pub started: f64,
    /// Every setting by its key.
    pub settings: BTreeMap<String, toml::Value>,
    /// What it came to; none before it has said so.
    pub summary: Option<Summary>,
    /// The metrics of its epochs.
    pub epochs: Vec<EpochMetrics>,
    /// The machine that it ran on.
    pub environment: BTreeMap<String, serde_json::Value>,
    /// How it does on the test part, if that has been read.
    pub evaluation: Option<Evaluation>,
    /// The classes, in the order of the confusion matrix.
    pub classes: Vec<String>,
}

/// How a run does on the test part: what a report takes from `evaluation.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Evaluation {
    /// The epoch whose weights were used.
    pub epoch: usize,
    /// Sequences of the test part.
    pub sequences: usize,
    /// The mean cross-entropy, in nats.
    pub loss: f64,
    /// The share of sequences told right.
    pub accuracy: f64,
    /// Sequences by class (rows) and told class (columns).
    #[serde(default)]
    pub confusion: Vec<Vec<usize>>,
}

impl Run {
    /// Reads a run folder.
    ///
    /// # Errors
    ///
    /// If it is not one, or a file of it is damaged.
    pub fn read(path: &Path) -> Result<Run, ReportError> {
        RunFolder::open(path)?;
        // As it stands: a report needs no backend that the run needed.
        let config = text(&path.join("config.toml"))?.unwrap_or_default();
        let config: toml::Table = config
            .parse()
            .map_err(|problem: toml::de::Error| damaged(&path.join("config.toml"), &problem))?;
        let mut settings = BTreeMap::new();
        flatten("", config, &mut settings);
        #[derive(Deserialize)]
        struct Classes {
            classes: Vec<String>,
        }
        let classes: Option<Classes> = json(&path.join("preprocessing.json"))?;
        Ok(Run {
            name: name_of(path),
            path: path.to_owned(),
            started: started(&path.join("config.toml")),
            settings,
            summary: json(&path.join("summary.json"))?,
            epochs: epochs(&path.join("metrics.jsonl"))?,
            environment: json(&path.join("environment.json"))?.unwrap_or_default(),
            evaluation: json(&path.join("evaluation.json"))?,
            classes: classes.map(|it| it.classes).unwrap_or_default(),
        })
    }

    /// The last epoch on a part of the data.
    pub(crate) fn last(&self, split: Split) -> Option<&EpochMetrics> {
        self.epochs.iter().rfind(|line| line.split == split)
    }
}

/// The folder's own name, also where it was given as `.`.
fn name_of(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    whole.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// When a file was last written.
fn started(path: &Path) -> f64 {
    let time = fs::metadata(path).and_then(|metadata| metadata.modified());
    let since = time.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0.0, |since| since.as_secs_f64().floor())
}

/// Every value of a table by its key with the keys above it.
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

fn json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ReportError> {
    let text = text(path)?;
    text.map(|text| serde_json::from_str(&text).map_err(|problem| damaged(path, &problem))).transpose()
}

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
