//! The files of a data set of the user's own: a pair in a folder, one table, in a folder or by its path, or a file a series in
//! folders of their classes.

use super::folders::ClassFolders;
use crate::error::excerpt;
use crate::format::table::{TABLES, is_delimited};
use crate::{DataError, file};
use std::fs;
use std::path::{Path, PathBuf};

/// What lies at a path.
pub(super) enum Found {
    Files(Files),
    Folders(ClassFolders),
}

impl Found {
    /// Looks for folders of classes where nothing else is that could be meant.
    pub(super) fn at(path: &Path) -> Result<Found, DataError> {
        if path.is_dir()
            && !names_in(path)?.iter().any(|name| is_data(name))
            && let Some(folders) = ClassFolders::at(path)?
        {
            return Ok(Found::Folders(folders));
        }
        Files::at(path).map(Found::Files)
    }

    /// The folder that the names of its files begin in.
    pub(super) fn folder(&self) -> &Path {
        match self {
            Found::Files(files) => &files.folder,
            Found::Folders(folders) => &folders.folder,
        }
    }

    /// The names of all its files.
    pub(super) fn names(&self) -> Vec<&String> {
        match self {
            Found::Files(files) => files.names().collect(),
            Found::Folders(folders) => folders.all().collect(),
        }
    }
}

/// The files of a data set, by their names in a folder.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Files {
    pub folder: PathBuf,
    /// The file to train on, or the one file of both parts.
    pub train: String,
    /// The file to test on, where it is another.
    pub test: Option<String>,
    /// The files of the answers of both, where these are in others.
    pub answers: Option<[String; 2]>,
}

/// The files of NumPy's arrays: of training, then of test, each with its answers.
const ARRAYS: [&str; 4] = ["X_train.npy", "y_train.npy", "X_test.npy", "y_test.npy"];

impl Files {
    /// The files at a path: one table, which may be the only one of a folder, or one pair, `train` and `test`, or
    /// `NAME_TRAIN` and `NAME_TEST` as the archives call them, in upper or lower case, packed or not.
    pub(super) fn at(path: &Path) -> Result<Files, DataError> {
        let name = path.display().to_string();
        if path.is_file() {
            return Files::one(path)
                .ok_or(DataError::NoFolder { folder: name, is: "is a file, and no table" });
        }
        if !path.is_dir() {
            return Err(DataError::NoFolder { folder: name, is: "is not there" });
        }
        let mut all = names_in(path)?;
        // What earlier versions did not read may lie beside what they did.
        let is_newer = |file: &String| !is_delimited(file);
        if all.iter().any(|file| is_data(file) && !is_newer(file)) {
            all.retain(|file| !is_newer(file));
        }
        let mut there: Vec<(Part, String)> =
            all.iter().filter_map(|file| Some((Part::of(file)?, file.clone()))).collect();
        there.sort();
        let arrays = ARRAYS.map(|array| all.iter().find(|file| file.eq_ignore_ascii_case(array)));
        if there.is_empty() && arrays.iter().any(Option::is_some) {
            let [Some(train), Some(train_answers), Some(test), Some(test_answers)] = arrays else {
                let missing = ARRAYS.into_iter().zip(arrays).filter(|(_, found)| found.is_none());
                let missing: Vec<&str> = missing.map(|(name, _)| name).collect();
                let problem = format!("has no {}{}", missing.join(", "), but(&all));
                return Err(DataError::FolderFiles { folder: name, problem });
            };
            let answers = Some([train_answers.clone(), test_answers.clone()]);
            return Ok(Files {
                folder: path.to_owned(),
                train: train.clone(),
                test: Some(test.clone()),
                answers,
            });
        }
        let files = |train: &String, test: Option<&String>| {
            Ok(Files { folder: path.to_owned(), train: train.clone(), test: test.cloned(), answers: None })
        };
        let tables: Vec<&String> = all.iter().filter(|file| is_table(Path::new(file))).collect();
        let problem = match (&there[..], &tables[..]) {
            ([], [table]) => return files(table, None),
            ([], [_, _, ..]) => {
                format!("has no train.csv and test.csv, and more than one table{}", but(&all))
            }
            ([], []) => format!("has no train.csv and test.csv{}", but(&all)),
            ([(one, train), (other, test)], _) if !one.is_test && other.is_test && one.set == other.set => {
                return files(train, Some(test));
            }
            ([(part, only)], _) => format!("has {only} and no {}", part.counterpart(only)),
            _ => {
                let names: Vec<&str> = there.iter().map(|(_, name)| name.as_str()).collect();
                format!("has files of more than one data set, {}", names.join(", "))
            }
        };
        Err(DataError::FolderFiles { folder: name, problem })
    }

    /// One table by its path, if it is called as one.
    fn one(path: &Path) -> Option<Files> {
        let train = path.file_name()?.to_str()?.to_owned();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        is_table(path).then(|| Files {
            folder: folder.unwrap_or(Path::new(".")).to_owned(),
            train,
            test: None,
            answers: None,
        })
    }

    /// The names of all.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        [&self.train].into_iter().chain(&self.test).chain(self.answers.iter().flatten())
    }
}

/// True if a file is called as data is.
fn is_data(name: &str) -> bool {
    let is_array = ARRAYS.iter().any(|array| name.eq_ignore_ascii_case(array));
    is_array || is_table(Path::new(name)) || Part::of(name).is_some()
}

/// True if a file is called as a table is.
fn is_table(path: &Path) -> bool {
    let kind = file::kind(path);
    kind == "npz" || TABLES.contains(&kind.as_str())
}

/// The names of the files of a folder, in order.
pub(crate) fn names_in(folder: &Path) -> Result<Vec<String>, DataError> {
    let unreadable = |source| DataError::Unreadable { file: folder.display().to_string(), source };
    let mut all: Vec<String> = Vec::new();
    for item in fs::read_dir(folder).map_err(unreadable)? {
        let item = item.map_err(unreadable)?;
        if item.path().is_file() {
            all.extend(item.file_name().into_string().ok());
        }
    }
    all.sort();
    Ok(all)
}

/// The first of some files that are no data set.
fn but(files: &[String]) -> String {
    let more = if files.len() > 3 { ", …" } else { "" };
    let shown: Vec<String> = files.iter().take(3).map(|file| excerpt(file)).collect();
    if shown.is_empty() { String::new() } else { format!(", but {}{more}", shown.join(", ")) }
}

/// The part that a file is of a data set, told by its name. A training file comes before its test file.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    /// The name in small letters without `train` or `test`, the same for both files.
    set: (String, String),
    is_test: bool,
}

impl Part {
    fn of(file: &str) -> Option<Part> {
        let lower = file.to_ascii_lowercase();
        let (stem, extension) = lower.strip_suffix(".gz").unwrap_or(&lower).rsplit_once('.')?;
        let (name, is_test) = match stem.strip_suffix("test") {
            Some(name) => (name, true),
            None => (stem.strip_suffix("train")?, false),
        };
        // The archives have no tables of this form.
        let named = name.ends_with('_') && !["csv", "jsonl", "parquet"].contains(&extension);
        let is_data = ["ts", "npz"].contains(&extension) || TABLES.contains(&extension);
        let known = is_data && (name.is_empty() || named);
        known.then(|| Part { set: (name.to_owned(), extension.to_owned()), is_test })
    }

    /// The name that the other file of this one's data set would have.
    fn counterpart(&self, file: &str) -> String {
        let (part, other) = if self.is_test { ("test", "train") } else { ("train", "test") };
        let start = self.set.0.len();
        let end = start + part.len();
        let upper = file[start..end].bytes().all(|letter| letter.is_ascii_uppercase());
        let other = if upper { other.to_ascii_uppercase() } else { other.to_owned() };
        format!("{}{other}{}", &file[..start], &file[end..])
    }
}
