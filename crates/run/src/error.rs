//! Errors in settings and run folders, each with a remedy.

use std::io::ErrorKind::{NotFound, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
use std::path::{Path, PathBuf};

use slimgate_data::DataError;
use slimgate_gates::{ParseCellError, UnknownVariant};
use slimgate_settings::SettingError;
use thiserror::Error;

use crate::quoted;

/// A configuration that cannot be run.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The text is not TOML; the message holds the place.
    #[error("{name} is not valid TOML\n{problem}")]
    Syntax {
        /// The file, or the flag.
        name: String,
        /// The parser's message, with line and column.
        problem: String,
    },
    /// A key that no setting has, or a value that its setting cannot have.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A section of a study.
    #[error("[{section}] belongs to a study; run the file with `slimgate compare`")]
    Study {
        /// The section.
        section: String,
    },
    /// A value that its setting cannot hold.
    #[error("{0}")]
    Type(String),
    /// A metric that the task does not have, or that has no value on its data.
    #[error("`run.metric` cannot be `{metric}`, {problem}; it must be one of {choices}")]
    Metric {
        /// The metric.
        metric: String,
        /// The reason.
        problem: &'static str,
        /// The metrics that have one.
        choices: String,
    },
    /// A class that is to be an alarm and that the data does not have.
    #[error("`alarm.class` cannot be `{class}`, which the data does not have; its classes are {classes}")]
    AlarmClass {
        /// The class.
        class: String,
        /// Those of the data.
        classes: String,
    },
    /// A set without an alarm, or with nothing else.
    #[error(
        "no threshold can be chosen: of the {set} set {} is of the class `{class}` (`alarm.class`); {remedy}",
        if *all { "everything" } else { "nothing" }
    )]
    OneSidedAlarm {
        /// The set.
        set: &'static str,
        /// The class that is an alarm.
        class: String,
        /// True if all of it is an alarm, false if nothing is.
        all: bool,
        /// The way out.
        remedy: &'static str,
    },
    /// A value that no run can use beside the other settings.
    #[error("`{key} = {value}` cannot be used: {remedy}")]
    Value {
        /// The key, with its section.
        key: String,
        /// The value that it was set to.
        value: String,
        /// The values that it may have, or the way out.
        remedy: &'static str,
    },
    /// A setting of the data that no run can use.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Both a variant and gate terms were given.
    #[error("`model.variant` and `model.gates` both describe the cell; give one of them")]
    TwoCells,
    /// `--set` without `=`.
    #[error("`--set {0}` has no `=`; write `--set section.key=value`, for example `--set optim.clip=1.0`")]
    NoAssignment(String),
    /// No such variant.
    #[error(transparent)]
    Variant(#[from] UnknownVariant),
    /// Gate terms that cannot be read.
    #[error("cannot parse the gate terms: {0}")]
    Gates(#[from] ParseCellError),
}

/// An error that keeps a run folder from being made or used.
#[derive(Debug, Error)]
pub enum RunError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data.
    #[error("{0}")]
    Data(#[from] DataError),
    /// The folder of a new run could not be made.
    #[error("cannot create a run in {}: {source}; {}", out.display(), place(source))]
    NewRun {
        /// The folder that runs are put in.
        out: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// It was asked to stop before there was a run.
    #[error("interrupted before the run began; nothing was left behind")]
    Interrupted,
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}; {}", path.display(), remedy(source, path))]
    File {
        /// The action that failed.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A file of the run folder that does not hold what it should.
    #[error("{} is not usable: {problem}; restore the file, or {}", path.display(), again(path))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The problem with it.
        problem: String,
    },
    /// A summary whose form this version does not know.
    #[error(
        "{} was written by a newer version of slimgate (its format is {version}, and this one reads up to \
         {known}); use that version or a newer one",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The form that it has.
        version: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// A run's configuration that is another than the one that it was begun with.
    #[error(
        "{} was edited after the run started: {differences}; undo the edit, or {}",
        path.display(),
        anew(path)
    )]
    EditedConfig {
        /// The file.
        path: PathBuf,
        /// Each setting that differs.
        differences: String,
    },
    /// The folder is a study.
    #[error("{} is a study, not a run; its runs are the folders in {}", .0.display(), trials(.0))]
    AStudy(PathBuf),
    /// The folder is not a run.
    #[error("{} is not a run folder (it has no config.toml); give a folder that `slimgate train` made", .0.display())]
    NotARun(PathBuf),
    /// A run with this name is there already.
    #[error("{} already exists; resume it with `slimgate train --resume {}` or choose another `--name`", .0.display(), in_shell(.0))]
    Exists(PathBuf),
    /// Another process has the run.
    #[error("{} is in use by another process; wait for it to finish", .0.display())]
    InUse(PathBuf),
}

impl RunError {
    /// The error of an action on a file, once the system has said what is wrong.
    pub fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> RunError {
        move |source| RunError::File { action, path: path.to_owned(), source }
    }

    /// The error of a file that does not hold what it should.
    pub fn damaged(path: &Path, problem: impl ToString) -> RunError {
        RunError::Damaged { path: path.to_owned(), problem: problem.to_string() }
    }
}

fn in_shell(path: &Path) -> String {
    quoted(&path.display().to_string())
}

/// The remedy for a damaged file, besides restoring it.
fn again(path: &Path) -> String {
    if ["outcomes.csv", "forecasts.csv", "alarms.csv"].iter().any(|file| path.ends_with(file)) {
        return format!("write it again: slimgate evaluate {}", in_shell(path.parent().unwrap_or(path)));
    }
    of_trial(path).unwrap_or_else(|| "train again under another `--name`".to_owned())
}

/// The remedy for a configuration that was edited, besides undoing it.
fn anew(path: &Path) -> String {
    let train = || format!("train a new run with it: slimgate train {} --name NEW", in_shell(path));
    of_trial(path).unwrap_or_else(train)
}

/// The study that a file is one of.
fn study_of(path: &Path) -> Option<&Path> {
    path.ancestors().skip(1).find(|folder| folder.join("study.toml").is_file())
}

/// The remedy for a file of a trial of a study: the trial has no other name.
fn of_trial(path: &Path) -> Option<String> {
    let trials = study_of(path)?.join("trials");
    let trial = path.ancestors().find(|folder| folder.parent() == Some(&trials))?;
    Some(format!("remove {} and continue the study, which trains it again", in_shell(trial)))
}

fn trials(study: &Path) -> String {
    study.join("trials/").display().to_string()
}

/// Advice on where to put a run that cannot be made.
fn place(error: &std::io::Error) -> &'static str {
    match error.kind() {
        StorageFull | QuotaExceeded => "free some space, or choose another folder with `--out`",
        _ => "choose another folder with `--out`",
    }
}

/// Advice on a file of a run that cannot be read or written.
fn remedy(error: &std::io::Error, path: &Path) -> String {
    let remedy = match error.kind() {
        StorageFull | QuotaExceeded => match study_of(path) {
            Some(study) => {
                let study = in_shell(study);
                return format!("free some space, then continue the study with `slimgate compare {study}`");
            }
            None => "free some space, then try again; a run is resumed with `slimgate train --resume`",
        },
        PermissionDenied | ReadOnlyFilesystem => "get permission to read and write there",
        NotFound => "check the path",
        _ => "check the disk and the path",
    };
    remedy.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_in_a_study_is_no_matter_of_its_single_runs() {
        let here = tempfile::tempdir().unwrap();
        let trial = here.path().join("study/trials/lstm-1");
        std::fs::create_dir_all(&trial).unwrap();
        let told = || {
            let file = trial.join("checkpoint/model.bin");
            RunError::file("write", &file)(std::io::Error::from_raw_os_error(28)).to_string()
        };
        assert!(told().contains("`slimgate train --resume`"), "{}", told());
        std::fs::write(here.path().join("study/study.toml"), "").unwrap();
        let study = here.path().join("study");
        assert!(told().ends_with(&format!("`slimgate compare {}`", in_shell(&study))), "{}", told());
        let damaged = RunError::damaged(&trial.join("summary.json"), "cut").to_string();
        assert!(damaged.contains(&format!("or remove {} and", in_shell(&trial))), "{damaged}");
    }
}
