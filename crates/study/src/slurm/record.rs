//! The arrays that a study has handed to Slurm, each a file of the queue. It is there before `sbatch` is called, by a name
//! that Slurm knows the array by: so none is forgotten or submitted twice, wherever its submitter dies.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use slimgate_run::{LeaseOwner, RunError, write_atomic};

use crate::StudyError;

/// The files of arrays begin with it, which the id of no trial does.
const PREFIX: &str = "slurm-";
const EXTENSION: &str = "json";

/// An array that has been, or is being, handed to Slurm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ArrayRecord {
    /// Its name in Slurm, which no other job has.
    pub name: String,
    /// Its job's id, once Slurm has taken it.
    pub job: Option<String>,
    /// The trials of each element, by id.
    pub elements: Vec<Vec<String>>,
}

impl ArrayRecord {
    /// One with a name of its own.
    ///
    /// # Errors
    ///
    /// If the system has no random numbers.
    pub fn new(elements: Vec<Vec<String>>) -> Result<ArrayRecord, StudyError> {
        let owner = LeaseOwner::this_process().map_err(StudyError::Start)?;
        Ok(ArrayRecord { name: format!("slimgate-{}", owner.token), job: None, elements })
    }

    fn path(&self, queue: &Path) -> PathBuf {
        queue.join(format!("{PREFIX}{}.{EXTENSION}", self.name))
    }

    /// Puts it into the queue.
    ///
    /// # Errors
    ///
    /// If that cannot be written to.
    pub fn write(&self, queue: &Path) -> Result<(), StudyError> {
        let text = serde_json::to_vec(self).expect("a record has a JSON form");
        Ok(write_atomic(&self.path(queue), &text)?)
    }

    /// Takes it out of the queue.
    ///
    /// # Errors
    ///
    /// If that cannot be written to.
    pub fn remove(&self, queue: &Path) -> Result<(), StudyError> {
        let path = self.path(queue);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(RunError::file("remove", &path)(error).into())
            }
            _ => Ok(()),
        }
    }

    /// All of a queue.
    ///
    /// # Errors
    ///
    /// If that cannot be read.
    pub fn all(queue: &Path) -> Result<Vec<ArrayRecord>, StudyError> {
        let entries = fs::read_dir(queue).map_err(RunError::file("read", queue))?;
        let is_record = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(PREFIX) && path.extension().is_some_and(|found| found == EXTENSION)
        };
        let mut records = Vec::new();
        for path in entries.flatten().map(|entry| entry.path()).filter(is_record) {
            match fs::read(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => (),
                content => {
                    let content = content.map_err(RunError::file("read", &path))?;
                    let record = serde_json::from_slice(&content);
                    records.push(record.map_err(|problem| RunError::damaged(&path, problem))?);
                }
            }
        }
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_found_in_the_queue_until_they_are_removed() {
        let queue = tempfile::tempdir().unwrap();
        let mut one = ArrayRecord::new(vec![vec!["lstm-1".into(), "lstm-2".into()]]).unwrap();
        let other = ArrayRecord::new(vec![vec!["lstm-3".into()]]).unwrap();
        assert_ne!(one.name, other.name);
        one.write(queue.path()).unwrap();
        one.job = Some("12".into());
        one.write(queue.path()).unwrap();
        fs::write(queue.path().join("lstm-1.toml"), "steps = []").unwrap();
        assert_eq!(ArrayRecord::all(queue.path()).unwrap(), [one.clone()]);
        one.remove(queue.path()).unwrap();
        one.remove(queue.path()).unwrap();
        assert_eq!(ArrayRecord::all(queue.path()).unwrap(), []);
    }
}
