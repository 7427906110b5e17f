//! The manifest, which says which epochs of a run are complete.

use serde::{Deserialize, Serialize};

use crate::{BegunWith, Config};

/// The files of one checkpoint, by the names that Burn's own checkpointers give them.
pub const CHECKPOINT_FILES: [&str; 3] = ["model", "optim", "scheduler"];

/// The complete epochs: the content of `manifest.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The settings that the run was begun with. Nothing where an older version began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun_with: Option<BegunWith>,
    /// The complete epochs that are kept, in order.
    pub epochs: Vec<SavedEpoch>,
}

impl Manifest {
    /// Of a run that has no epoch yet.
    pub fn begun(config: &Config) -> Manifest {
        Manifest { begun_with: Some(BegunWith::new(config)), epochs: Vec::new() }
    }
}

/// The files of one saved epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedEpoch {
    /// From 1.
    pub epoch: usize,
    /// Its checkpoint.
    pub files: Vec<SavedFile>,
}

/// A file of a checkpoint, relative to the run folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedFile {
    /// Its name, with the folders above it.
    pub name: String,
    /// The hash of its content, in hexadecimal.
    pub sha256: String,
}
