//! Files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::TempPath;

use crate::RunError;

/// Prefix of the name of a file that is not whole yet.
pub(crate) const TEMPORARY: &str = ".tmp";

/// Prefix of the name of a folder that is not yet a run.
pub(crate) const UNFINISHED: &str = ".unfinished-";

/// True if a folder is there and holds a file.
///
/// # Errors
///
/// If that cannot be seen, as in a folder that its user may not read.
pub fn holds(folder: &Path, name: &str) -> Result<bool, RunError> {
    let path = folder.join(name);
    match fs::metadata(&path) {
        Ok(found) => Ok(found.is_file()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(RunError::file("read", &path)(error)),
    }
}

/// Puts a file in place whole: a reader sees the old content or the new, also after a power cut.
///
/// # Errors
///
/// If its folder is not there or cannot be written to.
pub fn write_atomic(path: &Path, content: &[u8]) -> Result<(), RunError> {
    let whole = || {
        stage_file(path, content)?.persist(path).map_err(|error| error.error)?;
        File::open(folder_of(path))?.sync_all()
    };
    whole().map_err(RunError::file("write", path))
}

/// A file beside the place that it is to take, with all its content on the disk, and closed: a process may not have
/// thousands open at once. It goes away unless it is put in place.
///
/// # Errors
///
/// If the folder is not there or cannot be written to.
pub fn stage_file(path: &Path, content: &[u8]) -> std::io::Result<TempPath> {
    let file = temporary(TEMPORARY, 0o666).tempfile_in(folder_of(path)).map_err(without_path)?;
    // Written through the file alone: the errors of `file` would name its temporary path.
    file.as_file().write_all(content)?;
    file.as_file().sync_all()?;
    Ok(file.into_temp_path())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The system's error without the path of a temporary file, which `tempfile` adds and which says nothing to anybody.
pub(crate) fn without_path(error: std::io::Error) -> std::io::Error {
    // The error inside is to be had only as text, with its number before the path.
    let text = error.to_string();
    let number = text.split_once("(os error ").and_then(|(_, rest)| rest.split_once(')'));
    let number = number.and_then(|(number, _)| number.parse().ok());
    number.map_or(error, std::io::Error::from_raw_os_error)
}

/// A file that is to be renamed into place, as readable as anything that the user makes.
pub(crate) fn temporary(prefix: &'static str, mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).permissions(PermissionsExt::from_mode(mode));
    builder
}

/// The sha256 of a file's content, in hexadecimal.
pub fn sha256(content: &[u8]) -> String {
    hexadecimal(Sha256::new_with_prefix(content))
}

/// The result of a hash as text.
pub fn hexadecimal(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
