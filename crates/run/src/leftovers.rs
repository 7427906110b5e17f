//! The leftovers of killed processes in a run folder: files that they had not renamed into place yet, and checkpoints
//! that the manifest does not list yet or no longer.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::files::{TEMPORARY, UNFINISHED};
use crate::{CHECKPOINT_FILES, Manifest, RunError, RunFolder};

/// The least age of a leftover. A younger file may be of a process that lives: reports and evaluations write into a run
/// that others train.
const AGE: Duration = Duration::from_secs(60);

impl RunFolder {
    /// Removes the leftovers in a run that this process has locked, and nothing that another program wrote.
    ///
    /// # Errors
    ///
    /// If that is not possible.
    pub fn remove_leftovers(&self, manifest: &Manifest) -> Result<(), RunError> {
        let listed = |name: &str| {
            let name = format!("checkpoint/{name}");
            manifest.epochs.iter().flat_map(|saved| &saved.files).any(|file| file.name == name)
        };
        remove_files(self.path(), |name, path| is_temporary(name, TEMPORARY) && is_old(path))?;
        remove_files(&self.file("checkpoint"), |name, _| is_checkpoint(name) && !listed(name))
    }
}

/// Removes unfinished runs below `out` whose processes have died before these had a name. What cannot be removed
/// stays: it is in nobody's way.
pub(crate) fn remove_unfinished(out: &Path) {
    for entry in fs::read_dir(out).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        if name.to_str().is_some_and(|name| is_temporary(name, UNFINISHED)) && is_old(&path) {
            // Until it has its name, a run is locked by the process that makes it.
            let lock = fs::File::open(path.join(".lock"));
            if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
                let _ = fs::remove_dir_all(path);
            }
        }
    }
}

fn is_old(path: &Path) -> bool {
    let changed = fs::metadata(path).and_then(|metadata| metadata.modified());
    changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > AGE))
}

fn remove_files(folder: &Path, leftover: impl Fn(&str, &Path) -> bool) -> Result<(), RunError> {
    for entry in fs::read_dir(folder).map_err(RunError::file("read", folder))? {
        let path = entry.map_err(RunError::file("read", folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| leftover(name, &path)) && path.is_file() {
            fs::remove_file(&path).map_err(RunError::file("remove", &path))?;
        }
    }
    Ok(())
}

/// True for a file that this program makes before it has its name, such as `.tmpA1b2C3`.
fn is_temporary(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == 6 && rest.chars().all(|c| c.is_ascii_alphanumeric()))
}

/// A file that Burn writes: `model-3.bpk`, or `model-3.bpk.4711-0.tmp` before it has its name.
pub(crate) fn is_checkpoint(name: &str) -> bool {
    let Some((stem, ending)) = name.split_once('.') else { return false };
    let Some((kind, epoch)) = stem.split_once('-') else { return false };
    CHECKPOINT_FILES.contains(&kind)
        && epoch.parse::<usize>().is_ok()
        && (ending == "bpk" || (ending.starts_with("bpk.") && ending.ends_with(".tmp")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_the_program_gives_are_leftovers() {
        assert!(is_temporary(".tmpA1b2C3", TEMPORARY) && is_temporary(".unfinished-A1b2C3", UNFINISHED));
        for name in [".tmp", ".tmpfile", ".tmpA1b2C", "tmpA1b2C3", ".tmpA1b2.3", ".lock"] {
            assert!(!is_temporary(name, TEMPORARY), "{name}");
        }
        for name in ["model-3.bpk", "optim-12.bpk", "scheduler-3.bpk.4711-0.tmp"] {
            assert!(is_checkpoint(name), "{name}");
        }
        for name in ["model-best.bpk", "mine-3.bpk", "model-3.bpk.old", "model-3.tmp", "model-3", "notes.tmp"]
        {
            assert!(!is_checkpoint(name), "{name}");
        }
    }
}
