//! Errors that keep a report from being made, each with a remedy.

use std::io::ErrorKind;
use std::path::PathBuf;

use thiserror::Error;

/// An error that keeps a report from being made.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A run folder that cannot be opened.
    #[error(transparent)]
    Run(#[from] slimgate_run::RunError),
    /// A file of a run folder whose content is not valid.
    #[error("{} is not usable: {problem}; restore the file, or leave the run out of the report", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The problem with it.
        problem: String,
    },
    /// A file of a run folder that cannot be read.
    #[error("cannot read {}: {source}; check the path and the permission to read it", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A file of the report that cannot be written.
    #[error("cannot write {}: {source}; {}", path.display(), place(source))]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A report without runs.
    #[error("there is no run to report on; give the folder of at least one run, or of a study")]
    NoRuns,
}

/// Advice on where to put a report that cannot be written.
fn place(error: &std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free some space, or choose another place with `--out`"
        }
        _ => "choose another place with `--out`",
    }
}
