//! Errors of training, each with a remedy.

use std::io::ErrorKind::{NotFound, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
use std::path::{Path, PathBuf};

use slimgate_data::DataError;
use slimgate_run::{ConfigError, RunError, quoted};
use thiserror::Error;

/// Error that keeps a run from starting, resuming or being used.
#[derive(Debug, Error)]
pub enum TrainError {
    /// Its folder.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data.
    #[error("{0}")]
    Data(#[from] DataError),
    /// No epoch has been saved whole.
    #[error("{} holds no complete checkpoint yet; train it with `slimgate train --resume {}`", .0.display(), in_shell(.0))]
    NoCheckpoint(PathBuf),
    /// It diverged before an epoch could be saved, which it would do again.
    #[error(
        "{} diverged before its first epoch was complete, so there is no model to use; train a new run with a lower \
         --learning-rate",
        .0.display()
    )]
    DivergedAtOnce(PathBuf),
    /// An epoch that is not kept.
    #[error("{} does not hold epoch {epoch}; it holds {}", path.display(), list(held))]
    NoSuchEpoch {
        /// The run.
        path: PathBuf,
        /// The requested epoch.
        epoch: usize,
        /// The epochs that are kept.
        held: Vec<usize>,
    },
    /// It cannot answer steps as they come.
    #[error(
        "the model is bidirectional, so it reads the end of a series first and has no answer to a part of it: predict on \
         whole series, without --stream"
    )]
    ReadsBackwards,
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
    /// A training step or a prediction takes more memory than the machine has.
    #[error("there is not enough memory: {0}")]
    Memory(String),
    /// A checkpoint could not be written.
    #[error("cannot save {}: {problem}; {}, then resume with `slimgate train --resume {}`", path.display(), saving(problem), in_shell(run))]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// Burn's message.
        problem: String,
        /// The run.
        run: PathBuf,
    },
    /// Burn stopped the training.
    #[error("training stopped: {0}")]
    Learner(String),
}

fn in_shell(path: &Path) -> String {
    quoted(&path.display().to_string())
}

fn list(epochs: &[usize]) -> String {
    epochs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The remedy for a checkpoint that cannot be saved. Burn passes on the system's message as text, with the error number
/// at the end.
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
