//! Archives that the user has.

use super::failure::Failure;
use crate::origin::{Archive, Origin};
use std::fs;
use std::path::{Path, PathBuf};

/// Finds each archive of an origin: by its name in a folder, packed or unpacked, or as the one file given.
pub(crate) fn find(origin: &Origin, from: &Path) -> Result<Vec<PathBuf>, Failure> {
    let shown = from.display();
    let found = fs::metadata(from).map_err(|error| Failure::Origin(format!("{shown}: {error}")))?;
    if found.is_dir() {
        return origin.archives.iter().map(|archive| in_folder(archive, from)).collect();
    }
    match origin.archives.len() {
        1 => Ok(vec![from.to_owned()]),
        many => Err(Failure::Origin(format!("{shown} is one file; {origin} has {many}: give their folder"))),
    }
}

fn in_folder(archive: &Archive, folder: &Path) -> Result<PathBuf, Failure> {
    let bare = archive.name.strip_suffix(".gz").filter(|_| archive.is_member());
    let names = std::iter::once(archive.name.as_str()).chain(bare);
    let mut paths = names.map(|name| folder.join(name));
    paths
        .find(|path| path.is_file())
        .ok_or_else(|| Failure::Origin(format!("{} has no file {}", folder.display(), archive.name)))
}
