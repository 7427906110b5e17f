//! The folder in which fetched data sets are kept, one folder a set.

use crate::recipe::{File, Recipe};
use crate::{DataError, checksum};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The folder of the data sets that were fetched. A set is there whole or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// The user's: `$XDG_DATA_HOME/slimgate`, or `.local/share/slimgate` in the home folder.
    ///
    /// # Errors
    /// If neither folder is known.
    pub fn of_user() -> Result<Store, DataError> {
        // The XDG specification has relative paths ignored.
        let named = env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || Some(env::home_dir()?.join(".local/share"));
        named.or_else(home).map(|data| Store::at(data.join("slimgate"))).ok_or(DataError::NoHome)
    }

    /// The one in a folder.
    pub fn at(root: impl Into<PathBuf>) -> Store {
        Store { root: root.into() }
    }

    /// The folder of all sets.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a set, there or not.
    pub fn folder(&self, set: &str) -> PathBuf {
        self.root.join(set)
    }

    /// True if a set is there, told by the sizes of its files.
    pub fn has(&self, set: &str, recipe: &Recipe) -> bool {
        let folder = self.folder(set);
        recipe.files().all(|file| {
            fs::metadata(folder.join(&file.name)).is_ok_and(|found| found.len() == file.bytes as u64)
        })
    }

    /// True if a set is there and every file has its sha256.
    pub(crate) fn has_unchanged(&self, set: &str, recipe: &Recipe) -> bool {
        self.has(set, recipe) && recipe.files().all(|file| self.read(set, file).is_ok())
    }

    /// The bytes of a file of a set, checked against its sha256.
    pub(crate) fn read(&self, set: &str, file: &File) -> Result<Vec<u8>, DataError> {
        let path = self.folder(set).join(&file.name);
        let name = path.display().to_string();
        let unreadable = |source| DataError::Unreadable { file: name.clone(), source };
        let size = fs::metadata(&path).map_err(unreadable)?.len();
        let bytes = if size == file.bytes as u64 { fs::read(&path).map_err(unreadable)? } else { vec![] };
        if checksum::of(&bytes) == file.sha256 {
            Ok(bytes)
        } else {
            Err(DataError::Changed { file: name, set: set.into() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn a_file_is_read_only_as_it_was_fetched() {
        let folder = TempDir::new().unwrap();
        let store = Store::at(folder.path());
        let file = File { name: "a.tsv".into(), bytes: 3, sha256: checksum::of(b"one") };
        assert!(matches!(store.read("set", &file), Err(DataError::Unreadable { .. })));
        fs::create_dir(store.folder("set")).unwrap();
        fs::write(store.folder("set").join("a.tsv"), "one").unwrap();
        assert_eq!(store.read("set", &file).unwrap(), b"one");
        for changed in ["ode", "on", "ones"] {
            fs::write(store.folder("set").join("a.tsv"), changed).unwrap();
            let message = store.read("set", &file).unwrap_err().to_string();
            assert!(message.contains("slimgate data fetch set"), "{message}");
        }
    }
}
