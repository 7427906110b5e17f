//! The failures that end fetching.

use crate::DataError;
use std::io;
use std::path::Path;

/// A failure, by whether another origin may help.
#[derive(Debug)]
pub(crate) enum Failure {
    /// This origin does not serve; another one may.
    Origin(String),
    /// The files cannot be kept, wherever they come from.
    Disk(DataError),
}

impl Failure {
    /// Something has another sha256 than it must have.
    pub(crate) fn checksum(name: &str, found: &str, wanted: &str) -> Failure {
        let short = |sha256: &str| sha256.chars().take(12).collect::<String>();
        Failure::Origin(format!("{name} has the sha256 {}… where {}… belongs", short(found), short(wanted)))
    }

    pub(crate) fn disk(action: &'static str, path: &Path) -> impl Fn(io::Error) -> Failure {
        move |source| Failure::Disk(keep(action, path)(source))
    }
}

/// The error for an action that failed in the store.
pub(crate) fn keep(action: &'static str, path: &Path) -> impl Fn(io::Error) -> DataError {
    move |source| DataError::Keep { action, path: path.display().to_string(), source }
}
