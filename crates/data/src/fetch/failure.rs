//! The failures that end fetching.

use super::staging;
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

/// The error for an action that failed in the store. Of what is put together there, the store itself is named, which is
/// the folder that a user knows.
pub(crate) fn keep(action: &'static str, path: &Path) -> impl Fn(io::Error) -> DataError {
    let staging = path.ancestors().find(|folder| folder.ends_with(staging::FOLDER));
    let (action, path) = match staging.and_then(Path::parent) {
        Some(store) => ("write to", store),
        None => (action, path),
    };
    move |source| DataError::Keep { action, path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_that_a_user_knows_is_named() {
        for (path, told) in [
            ("data/slimgate/.fetching", "cannot write to data/slimgate: "),
            ("data/slimgate/.fetching/forda.lock", "cannot write to data/slimgate: "),
            ("data/slimgate/.fetching/forda/new/a.tsv", "cannot write to data/slimgate: "),
            ("data/slimgate/forda", "cannot make data/slimgate/forda: "),
        ] {
            let error = keep("make", Path::new(path))(io::ErrorKind::PermissionDenied.into());
            assert!(error.to_string().starts_with(told), "{error}");
        }
    }
}
