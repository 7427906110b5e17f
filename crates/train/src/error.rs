//! What can go wrong with a run, each with what to do about it.

use std::io::ErrorKind::{NotFound, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
use std::path::{Path, PathBuf};

use slimgate_data::DataError;
use slimgate_gates::{ParseCellError, UnknownVariant};
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
    /// A key that no setting has.
    #[error("there is no setting `{key}`{}; see `slimgate settings` for all of them", did_you_mean(nearest))]
    UnknownKey {
        /// The key, with its section.
        key: String,
        /// The most similar key.
        nearest: Option<String>,
    },
    /// A section of a study.
    #[error("[{section}] is a section of a study; run it with `slimgate compare`")]
    Study {
        /// The section.
        section: String,
    },
    /// A value that its setting cannot hold.
    #[error("{0}")]
    Type(String),
    /// A value that is not one of the setting's choices.
    #[error("`{key}` cannot be `{value}`{}; it must be one of {choices}", did_you_mean(nearest))]
    Choice {
        /// The key, with its section.
        key: &'static str,
        /// What it was set to.
        value: String,
        /// The most similar choice.
        nearest: Option<&'static str>,
        /// All of them.
        choices: String,
    },
    /// A value that no run can use.
    #[error("`{key} = {value}` cannot be used: {remedy}")]
    Value {
        /// The key, with its section.
        key: String,
        /// What it was set to.
        value: String,
        /// What it may be.
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

/// What keeps a run from starting, resuming or being used.
#[derive(Debug, Error)]
pub enum TrainError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data.
    #[error("{0}")]
    Data(#[from] DataError),
    /// The folder of a new run could not be made.
    #[error("cannot make a run in {}: {source}; {}", out.display(), place(source))]
    NewRun {
        /// The folder that runs are put in.
        out: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It was asked to stop before there was a run.
    #[error("interrupted before the run began; nothing was left behind")]
    Interrupted,
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}; {}", path.display(), remedy(source))]
    File {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of the run folder that does not hold what it should.
    #[error("{} is not usable: {problem}; restore the file, or train again under another `--name`", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A run's configuration that is another than the one that it was begun with.
    #[error(
        "{path} was changed after the run was begun: {differences}; put that back, or train a new run with it: slimgate \
         train {} --name NEW",
        in_shell(path),
        path = path.display()
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
    #[error("{} exists already; resume it with `slimgate train --resume {}` or choose another `--name`", .0.display(), in_shell(.0))]
    Exists(PathBuf),
    /// Another process has the run.
    #[error("{} is in use by another process; wait for it to end", .0.display())]
    InUse(PathBuf),
    /// No epoch has been saved whole.
    #[error("{} holds no complete checkpoint yet; train it with `slimgate train --resume {}`", .0.display(), in_shell(.0))]
    NoCheckpoint(PathBuf),
    /// An epoch that is not kept.
    #[error("{} does not hold epoch {epoch}; it holds {}", path.display(), list(held))]
    NoSuchEpoch {
        /// The run.
        path: PathBuf,
        /// What was asked for.
        epoch: usize,
        /// What is there.
        held: Vec<usize>,
    },
    /// The model computes infinities or NaN.
    #[error(
        "the model of epoch {epoch} answers {sequence} with infinite numbers or NaN, so there is no prediction: use \
         another epoch with `--weights`, or train again with a lower --learning-rate"
    )]
    NoAnswer {
        /// The epoch whose weights were used.
        epoch: usize,
        /// The sequence.
        sequence: String,
    },
    /// The backend has no such device here.
    #[error("{0}")]
    Device(String),
    /// The threads cannot be started.
    #[error(
        "cannot start threads: {0}; set a smaller `run.threads` (of a run that is there, in its config.toml)"
    )]
    Threads(String),
    /// What a training step or a prediction takes is more than the machine has.
    #[error("there is not enough memory: {0}")]
    Memory(String),
    /// A checkpoint could not be written.
    #[error("cannot save {}: {problem}; {}, then resume with `slimgate train --resume {}`", path.display(), saving(problem), in_shell(run))]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What Burn said.
        problem: String,
        /// The run.
        run: PathBuf,
    },
    /// Burn stopped the training.
    #[error("training stopped: {0}")]
    Learner(String),
}

impl TrainError {
    /// The error of an action on a file, once the system has said what is wrong.
    pub fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> TrainError {
        move |source| TrainError::File { action, path: path.to_owned(), source }
    }

    pub(crate) fn damaged(path: &Path, problem: impl ToString) -> TrainError {
        TrainError::Damaged { path: path.to_owned(), problem: problem.to_string() }
    }
}

fn did_you_mean<T: std::fmt::Display>(nearest: &Option<T>) -> String {
    nearest.as_ref().map(|name| format!(", did you mean `{name}`?")).unwrap_or_default()
}

fn in_shell(path: &Path) -> String {
    quoted(&path.display().to_string())
}

fn trials(study: &Path) -> String {
    study.join("trials/").display().to_string()
}

fn list(epochs: &[usize]) -> String {
    epochs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Where to put a run that cannot be made.
fn place(error: &std::io::Error) -> &'static str {
    match error.kind() {
        StorageFull | QuotaExceeded => "free some space, or choose another folder with `--out`",
        _ => "choose another folder with `--out`",
    }
}

/// What to do about a checkpoint that cannot be saved. Burn passes on what the system said as text, with its number at
/// the end.
fn saving(problem: &str) -> &'static str {
    let number = problem.rsplit_once("(os error ").and_then(|(_, rest)| rest.split_once(')'));
    let error = number.and_then(|(number, _)| number.parse().ok()).map(std::io::Error::from_raw_os_error);
    match error.map(|error| error.kind()) {
        Some(StorageFull | QuotaExceeded) => "free some space",
        Some(PermissionDenied | ReadOnlyFilesystem) => "get the permission to write there",
        Some(NotFound) => "put the run's folder back where it was",
        _ => "check the disk",
    }
}

/// What to do about a file of a run that is there.
fn remedy(error: &std::io::Error) -> &'static str {
    match error.kind() {
        StorageFull | QuotaExceeded => {
            "free some space, then try again; a run is resumed with `slimgate train --resume`"
        }
        PermissionDenied | ReadOnlyFilesystem => "get the permission to read and write there",
        NotFound => "check the path",
        _ => "check the disk and the path",
    }
}

#[cfg(test)]
mod tests {
    use super::saving;

    #[test]
    fn what_keeps_a_checkpoint_from_being_saved_decides_what_to_do() {
        for (kind, remedy) in [
            (28, "free some space"),
            (13, "get the permission to write there"),
            (30, "get the permission to write there"),
            (2, "put the run's folder back where it was"),
            (5, "check the disk"),
        ] {
            let system = std::io::Error::from_raw_os_error(kind);
            assert_eq!(saving(&format!("Record error: `Record I/O error: {system}`")), remedy);
        }
        assert_eq!(saving("Unknown error: `none`"), "check the disk");
    }
}
