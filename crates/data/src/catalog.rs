//! The data sets by name.

use crate::DataError;
use crate::recipe::{File, Form, Recipe};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// A folder of `datasets/` as it is compiled in.
struct Folder {
    name: &'static str,
    recipe: &'static str,
    files: &'static [(&'static str, &'static [u8])],
}

macro_rules! folder {
    ($folder:literal: $($file:literal),+) => {
        Folder {
            name: $folder,
            recipe: include_str!(concat!("../../../datasets/", $folder, "/recipe.toml")),
            files: &[$(($file, include_bytes!(concat!("../../../datasets/", $folder, "/", $file)))),+],
        }
    };
}

static FOLDERS: [Folder; 3] = [
    folder!("digits": "train-images.idx.gz", "train-labels.idx.gz", "test-images.idx.gz", "test-labels.idx.gz"),
    folder!("japanese-vowels": "train.ts.gz", "test.ts.gz"),
    folder!("movie-snippets": "train.tsv.gz", "test.tsv.gz"),
];

static RECIPES: LazyLock<Vec<Recipe>> = LazyLock::new(|| {
    let read = |folder: &Folder| {
        toml::from_str(folder.recipe).unwrap_or_else(|error| panic!("{}: {error}", folder.name))
    };
    FOLDERS.iter().map(read).collect()
});

static CATALOG: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let entries = RECIPES.iter().zip(&FOLDERS).flat_map(|(recipe, folder)| {
        recipe.datasets.iter().map(move |named| Entry {
            name: named.name.clone(),
            summary: named.summary.clone(),
            lengths: named.lengths,
            form: named.form.clone(),
            recipe,
            folder,
        })
    });
    entries.collect()
});

/// A data set: a name, and what its recipe says.
pub struct Entry {
    /// The name that `data.dataset` takes.
    pub name: String,
    /// What a step is.
    pub summary: String,
    /// The fewest and the most steps of its sequences.
    pub lengths: (usize, usize),
    /// What its sequences are made of.
    pub form: Form,
    /// Title, task, classes, sizes, licence and source.
    pub recipe: &'static Recipe,
    folder: &'static Folder,
}

impl Entry {
    /// The name for messages and the packed bytes of a file that ships, checked against its sha256.
    pub(crate) fn shipped(&self, file: &File) -> Result<(String, &'static [u8]), DataError> {
        let name = format!("{}/{}", self.folder.name, file.name);
        let bytes = self.folder.files.iter().find(|(name, _)| *name == file.name).map(|(_, bytes)| *bytes);
        match bytes.filter(|bytes| hex(&Sha256::digest(bytes)) == file.sha256) {
            Some(bytes) => Ok((name, bytes)),
            None => Err(DataError::Sum { file: name }),
        }
    }
}

/// Every data set, in the order to list them.
pub fn catalog() -> &'static [Entry] {
    &CATALOG
}

/// The data set of a name.
///
/// # Errors
/// An unknown name, answered with the nearest one and with all of them.
pub fn find(name: &str) -> Result<&'static Entry, DataError> {
    catalog().iter().find(|entry| entry.name == name).ok_or_else(|| {
        let names: Vec<&str> = catalog().iter().map(|entry| entry.name.as_str()).collect();
        let likeness = |known: &&&str| (1000.0 * strsim::jaro_winkler(name, known)) as u32;
        let nearest = names.iter().max_by_key(likeness).filter(|known| likeness(known) > 750);
        let hint = nearest.map(|known| format!("did you mean {known:?}? ")).unwrap_or_default();
        let name = crate::error::excerpt(name);
        DataError::UnknownDataset { name, advice: format!("{hint}use one of {}", names.join(", ")) }
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_data_sets_are_listed() {
        let names: Vec<&str> = catalog().iter().map(|entry| entry.name.as_str()).collect();
        let all = ["digits-rows", "digits-pixels", "digits-permuted", "japanese-vowels", "movie-snippets"];
        assert_eq!(names, all);
    }

    #[test]
    fn every_file_that_ships_has_the_size_and_sum_of_its_recipe() {
        for entry in catalog() {
            for file in entry.recipe.train.files.iter().chain(&entry.recipe.test.files) {
                assert_eq!(entry.shipped(file).unwrap().1.len(), file.bytes);
            }
        }
    }

    #[test]
    fn a_changed_file_is_refused() {
        let entry = find("japanese-vowels").unwrap();
        let file = File { sha256: "00".into(), ..entry.recipe.train.files[0].clone() };
        assert!(matches!(entry.shipped(&file), Err(DataError::Sum { .. })));
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let message = find("digit-row").err().unwrap().to_string();
        assert!(message.contains("did you mean \"digits-rows\"?"), "{message}");
        let message = find("zzz").err().unwrap().to_string();
        assert!(!message.contains("did you mean") && message.contains("movie-snippets"), "{message}");
    }
}
