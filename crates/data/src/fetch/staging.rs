//! The folder in which a set is put together before it appears in the store: one a set, for one process at a time.

use super::failure::{Failure, keep};
use super::unpack::ExtractedFiles;
use super::{FetchProgress, Report, below};
use crate::recipe::Recipe;
use crate::{DataError, Store};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The folder of all staging folders, in the store.
pub(super) const FOLDER: &str = ".fetching";

/// A locked folder. What is left in it when fetching fails are downloads to resume.
pub(crate) struct StagingFolder {
    store: Store,
    set: String,
    folder: PathBuf,
    lock: PathBuf,
    _locked: File,
}

impl StagingFolder {
    /// Makes the staging folder of a set and waits until it is this process's own.
    pub(crate) fn open(store: &Store, set: &str, report: Report) -> Result<StagingFolder, DataError> {
        let all = store.root().join(FOLDER);
        let lock = below(&all, &format!("{set}.lock"));
        let locked = loop {
            fs::create_dir_all(&all).map_err(keep("make", &all))?;
            let file = match File::options().create(true).truncate(false).write(true).open(&lock) {
                Ok(file) => file,
                // Whoever had the folder removed it in between.
                Err(error) if error.kind() == io::ErrorKind::NotFound && !all.exists() => continue,
                Err(error) => return Err(keep("make", &lock)(error)),
            };
            match file.try_lock() {
                Ok(()) => (),
                Err(TryLockError::WouldBlock) => {
                    report(FetchProgress::Waiting);
                    file.lock().map_err(keep("lock", &lock))?;
                }
                Err(TryLockError::Error(error)) => return Err(keep("lock", &lock)(error)),
            }
            // The lock of a file that was removed meanwhile keeps nobody out.
            if is_at(&file, &lock) {
                break file;
            }
        };
        let folder = below(&all, set);
        let staging = StagingFolder { store: store.clone(), set: set.into(), folder, lock, _locked: locked };
        fs::create_dir_all(&staging.folder).map_err(keep("make", &staging.folder))?;
        Ok(staging)
    }

    /// The file of a download that goes on.
    pub(crate) fn part(&self, archive: &str) -> PathBuf {
        below(&self.folder, &format!("{archive}.part"))
    }

    /// An empty folder for someone else to write to.
    pub(crate) fn folder_for(&self, purpose: &str) -> Result<PathBuf, Failure> {
        let folder = self.folder.join(purpose);
        remove(&folder);
        fs::create_dir(&folder).map_err(Failure::disk("make", &folder))?;
        Ok(folder)
    }

    /// Throws a download away.
    pub(crate) fn discard(&self, part: &Path) -> Result<(), Failure> {
        fs::remove_file(part).map_err(Failure::disk("remove", part))
    }

    /// Leaves no download to resume.
    pub(crate) fn forget(&mut self) {
        remove(&self.folder);
    }

    /// Writes the files of the set, and beside them whose they are, and puts all in its place.
    pub(crate) fn publish(
        &mut self,
        recipe: &Recipe,
        files: &ExtractedFiles,
        source: &str,
    ) -> Result<(), DataError> {
        let written = self.write(recipe, files, source);
        self.forget();
        written
    }

    fn write(&self, recipe: &Recipe, files: &ExtractedFiles, source: &str) -> Result<(), DataError> {
        let new = self.folder.join("new");
        remove(&new);
        fs::create_dir_all(&new).map_err(keep("make", &new))?;
        for file in recipe.files() {
            save(&below(&new, &file.name), &files[&file.name])?;
        }
        save(&new.join("ORIGIN.txt"), origin(recipe, source).as_bytes())?;
        let (place, old) = (self.store.folder(&self.set), self.folder.join("old"));
        // A set that is there is not as it was fetched, or it would have been left alone.
        match fs::rename(&place, &old) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(keep("replace", &place)(error)),
            _ => fs::rename(&new, &place).map_err(keep("make", &place)),
        }
    }
}

/// Removes everything but downloads to resume, and every folder that is empty then.
impl Drop for StagingFolder {
    fn drop(&mut self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let begun = entry.metadata().is_ok_and(|found| found.is_file() && found.len() > 0);
            if !(begun && path.extension().is_some_and(|extension| extension == "part")) {
                remove(&path);
            }
        }
        let _ = fs::remove_dir(&self.folder);
        let _ = fs::remove_file(&self.lock);
        let _ = fs::remove_dir(self.store.root().join(FOLDER));
        let _ = fs::remove_dir(self.store.root());
    }
}

/// The text of the file that stands beside the others.
fn origin(recipe: &Recipe, source: &str) -> String {
    let Recipe { title, attribution, licence, .. } = recipe;
    let mut text = format!("{title}\nby: {attribution}\nlicence: {licence}\nfetched from: {source}\n");
    for file in recipe.files() {
        text += &format!("sha256 of {}: {}\n", file.name, file.sha256);
    }
    text
}

fn save(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(keep("write", path))
}

fn remove(path: &Path) {
    let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}

/// True if an open file is still the one with that name.
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let one = |found: fs::Metadata| (found.dev(), found.ino());
    file.metadata().map(one).ok() == fs::metadata(path).map(one).ok()
}
