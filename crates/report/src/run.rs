//! The part of a run folder that a report reads. Only `config.toml` is required: a run that has just started counts
//! too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Serialize, Serializer};
use slimgate_run::metric::Metric;
use slimgate_run::{
    EpochMetrics, Evaluation, RunError, RunFolder, RunSummary, Split, Stretch, by_key, holds,
};

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
    pub summary: Option<RunSummary>,
    /// The metrics of its epochs.
    pub epochs: Vec<EpochMetrics>,
    /// The machine that it ran on.
    pub environment: BTreeMap<String, serde_json::Value>,
    /// Its evaluation on the test set, if that has been read.
    pub evaluation: Option<Evaluation>,
    /// Its forecasts of the last steps of the test part, where they were recorded; `forecasts.csv` in its folder has more.
    #[serde(skip)]
    pub forecasts: Option<Stretch>,
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
        let settings = settings(&path.join("config.toml"))?;
        let dataset = settings.get("data.dataset").and_then(toml::Value::as_str).unwrap_or_default();
        let forecasts = folder.forecasts().map_err(unread)?.map(|forecasts| forecasts.stretch(dataset));
        Ok(Run {
            name: name_of(path),
            path: path.to_owned(),
            // Written only once, whereas a resumed run rewrites its configuration.
            started: modified(&path.join("environment.json")),
            settings,
            summary: folder.summary().map_err(unread)?,
            epochs: folder.recorded_epochs().map_err(|problem| match problem {
                RunError::File { path, source, .. } => ReportError::Read { path, source },
                other => unread(other),
            })?,
            environment: match folder.environment() {
                Err(RunError::File { source, .. }) if source.kind() == NotFound => BTreeMap::new(),
                environment => environment.map_err(unread)?,
            },
            evaluation: folder.evaluation().map_err(unread)?,
            forecasts,
        })
    }

    /// The metric that choices are made by; `None` of a run that has just started.
    pub(crate) fn metric(&self) -> Option<&Metric> {
        self.summary.as_ref().map(|summary| &summary.metric)
    }

    /// The last epoch on one of the sets.
    pub(crate) fn last(&self, split: Split) -> Option<&EpochMetrics> {
        self.epochs.iter().rfind(|line| line.split == split)
    }
}

/// The metrics of runs, each once. There is one even where no run has begun to train.
pub(crate) fn metrics(runs: &[Run]) -> Vec<Metric> {
    let mut metrics: Vec<Metric> = vec![];
    for metric in runs.iter().filter_map(Run::metric) {
        if metrics.iter().all(|known| known.name != metric.name) {
            metrics.push(metric.clone());
        }
    }
    if metrics.is_empty() { vec![Metric::default()] } else { metrics }
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

/// Every setting by its key, read as it is: a report does not need the backend that the run needed.
fn settings(path: &Path) -> Result<BTreeMap<String, toml::Value>, ReportError> {
    let text = fs::read_to_string(path);
    let text = text.map_err(|source| ReportError::Read { path: path.to_owned(), source })?;
    let table: Result<toml::Table, _> = text.parse();
    Ok(by_key(table.map_err(|problem| damaged(path, &problem))?).collect())
}

fn damaged(path: &Path, problem: &dyn std::fmt::Display) -> ReportError {
    ReportError::Damaged { path: path.to_owned(), problem: problem.to_string() }
}

/// The error of a file of the run: for damage, a report has a different remedy than a run.
fn unread(error: RunError) -> ReportError {
    match error {
        RunError::Damaged { path, problem } => ReportError::Damaged { path, problem },
        other => other.into(),
    }
}
