//! Folders of the user's own, each with a file to train on and a file to test on, as data sets.
//!
//! The facts that a recipe has of a set of the catalog are read off the files here: classes, channels, lengths, sums.

use crate::catalog::{Place, Set};
use crate::error::excerpt;
use crate::examples::{Labelled, Raw, labelled};
use crate::format::table::{self, Table};
use crate::format::{texts, ts};
use crate::recipe::{File, Format, Modality, Recipe, SetFiles};
use crate::survey::{OneFile, measured};
use crate::{DataError, Entry, Survey, Task, TokenRule, checksum, file, labels};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// True if a data set is a folder of the user's own, told by its path: a bare word is a name of the catalog.
pub fn is_folder(dataset: &str) -> bool {
    dataset.starts_with('.') || dataset.contains(['/', '\\'])
}

/// The name of a data set for a folder that is named after it: its own, or that of the user's folder without the way
/// there.
pub fn short_name(dataset: &str) -> String {
    if !is_folder(dataset) {
        return dataset.to_owned();
    }
    let last = |path: &Path| Some(path.file_name()?.to_string_lossy().into_owned());
    let path = Path::new(dataset);
    // `.` and `..` have names only where they lead to.
    let name = last(path).or_else(|| last(&path.canonicalize().ok()?)).unwrap_or_default();
    // A dot in front would hide the new folder, and mark it as unfinished.
    let name = name.replace(['/', '\\'], "_").trim_start_matches('.').to_owned();
    if name.is_empty() { "data".into() } else { name }
}

/// The whole path of a folder, there or not, if it can be written as text.
pub fn whole_path(dataset: &str) -> Option<String> {
    let path = Path::new(dataset).canonicalize().or_else(|_| std::path::absolute(dataset)).ok()?;
    path.into_os_string().into_string().ok()
}

/// A folder as it was at some time.
#[derive(PartialEq)]
struct Snapshot {
    /// Its path as it was given, and the one that this leads to.
    paths: (String, PathBuf),
    /// The size and the time of change of each file.
    files: Vec<(u64, Option<SystemTime>)>,
}

impl Snapshot {
    fn take(dataset: &str, names: &Pair) -> Result<Snapshot, DataError> {
        let folder = Path::new(dataset);
        let mut files = Vec::new();
        for name in names {
            let path = folder.join(name);
            let unreadable = |source| DataError::Unreadable { file: path.display().to_string(), source };
            let metadata = fs::metadata(&path).map_err(unreadable)?;
            files.push((metadata.len(), metadata.modified().ok()));
        }
        let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        Ok(Snapshot { paths: (dataset.to_owned(), whole), files })
    }
}

/// The folders that this process has read, each as it was last.
static OPENED: Mutex<Vec<(Snapshot, Arc<Entry>)>> = Mutex::new(Vec::new());

/// The data set that a folder holds; its files are read again only when they have changed.
pub(crate) fn entry(dataset: &str) -> Result<Arc<Entry>, DataError> {
    let files = files_in(Path::new(dataset))?;
    let snapshot = Snapshot::take(dataset, &files)?;
    let opened = || OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = opened().iter().find(|(known, _)| *known == snapshot).map(|(_, entry)| entry.clone());
    if let Some(entry) = known {
        return Ok(entry);
    }
    let entry = Arc::new(read(dataset, &files)?);
    let mut opened = opened();
    opened.retain(|(known, _)| known.paths != snapshot.paths);
    opened.push((snapshot, entry.clone()));
    Ok(entry)
}

/// The names of the two files of a folder: the one to train on, and the one to test on.
type Pair = [String; 2];

/// The files that a folder holds: one pair, `train` and `test`, or `NAME_TRAIN` and `NAME_TEST` as the archives call
/// them, in upper or lower case, packed or not.
fn files_in(folder: &Path) -> Result<Pair, DataError> {
    let name = folder.display().to_string();
    if folder.is_file() {
        return Err(DataError::NoFolder { folder: name, is: "is a file" });
    }
    if !folder.is_dir() {
        return Err(DataError::NoFolder { folder: name, is: "is not there" });
    }
    let unreadable = |source| DataError::Unreadable { file: name.clone(), source };
    let mut all: Vec<String> = Vec::new();
    for item in fs::read_dir(folder).map_err(unreadable)? {
        let item = item.map_err(unreadable)?;
        if item.path().is_file() {
            all.extend(item.file_name().into_string().ok());
        }
    }
    all.sort();
    let mut there: Vec<(Part, String)> =
        all.iter().filter_map(|file| Some((Part::of(file)?, file.clone()))).collect();
    there.sort();
    let problem = match &there[..] {
        [] => format!("has no train.csv and test.csv{}", but(&all)),
        [(one, train), (other, test)] if !one.is_test && other.is_test && one.set == other.set => {
            return Ok([train.clone(), test.clone()]);
        }
        [(part, only)] => format!("has {only} and no {}", part.counterpart(only)),
        _ => {
            let names: Vec<&str> = there.iter().map(|(_, name)| name.as_str()).collect();
            format!("has files of more than one data set, {}", names.join(", "))
        }
    };
    Err(DataError::FolderFiles { folder: name, problem })
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
        let named = name.ends_with('_') && extension != "csv";
        let known = ["csv", "ts", "tsv"].contains(&extension) && (name.is_empty() || named);
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

/// A file with all that it holds.
struct Content {
    path: String,
    file: File,
    bytes: Vec<u8>,
}

impl Content {
    fn read(dataset: &str, name: &str) -> Result<Content, DataError> {
        let path = Path::new(dataset).join(name);
        let packed = file::read_packed(&path)?;
        let file = File { name: name.into(), bytes: packed.len(), sha256: checksum::of(&packed) };
        let path = path.display().to_string();
        let bytes = file::unpack(&packed, &path, file::LIMIT)?.into_owned();
        Ok(Content { path, file, bytes })
    }
}

/// Reads a folder.
fn read(dataset: &str, [train, test]: &Pair) -> Result<Entry, DataError> {
    let train = Content::read(dataset, train)?;
    let (format, modality) = form(&train)?;
    let channels = modality.channels().unwrap_or(1);
    let training = labelled(&format, channels, &train.bytes, &train.path, &[])?;
    let classes = labels::classes(training.iter().map(|sequence| sequence.class.as_str()));
    if let [only] = &classes[..] {
        return Err(DataError::OneClass { file: train.path, class: excerpt(only) });
    }
    let test = Content::read(dataset, test)?;
    let testing = labelled(&format, channels, &test.bytes, &test.path, &classes)?;
    let unknown = |class: &str| labels::find(&classes, class, format.any_case()).is_none();
    if let Some(other) = testing.iter().find(|sequence| unknown(&sequence.class)) {
        let (line, found, known) = (other.line, excerpt(&other.class), excerpt(&classes.join(", ")));
        // Adding sequences of every number that is measured would not end.
        let measured = labels::number(&other.class).and_then(|_| measured(&classes, training.len()));
        return Err(match measured {
            Some(question) => {
                DataError::UntrainedNumber { file: test.path, line, found, question: Box::new(question) }
            }
            None => DataError::UntrainedClass { file: test.path, line, found, known },
        });
    }
    let all = training.iter().chain(&testing).map(|sequence| steps(&sequence.raw, channels));
    let lengths = all.fold((usize::MAX, 0_usize), |(least, most), len| (least.min(len), most.max(len)));
    let survey = Survey::of(
        &format,
        modality.channels(),
        &classes,
        OneFile { file: &train.path, bytes: &train.bytes, sequences: &training },
        OneFile { file: &test.path, bytes: &test.bytes, sequences: &testing },
    )?;
    let files = |content: Content, sequences: Vec<Labelled>| SetFiles {
        sequences: sequences.len(),
        files: vec![content.file],
    };
    let recipe = Arc::new(Recipe {
        title: "files of your own".into(),
        task: Task::Classification,
        format,
        classes,
        targets: Vec::new(),
        windows: None,
        split: "a training and a test file".into(),
        licence: String::new(),
        attribution: String::new(),
        datasets: Vec::new(),
        source: None,
        fetch: Vec::new(),
        train: files(train, training),
        test: files(test, testing),
    });
    let place = Place::Folder(dataset.into());
    let set = Arc::new(Set { name: dataset.to_owned(), recipe: recipe.clone(), place });
    let summary = match modality {
        Modality::Text => "a word a step",
        _ if matches!(set.recipe.format, Format::SeriesTable { .. }) => "a row a step",
        _ => "a line a series",
    };
    Ok(Entry {
        name: dataset.into(),
        summary: summary.into(),
        lengths,
        modality,
        recipe,
        set,
        survey: Some(survey),
    })
}

/// The format of the files of a folder, told by the first lines of the training file.
fn form(train: &Content) -> Result<(Format, Modality), DataError> {
    let Content { path, file, bytes } = train;
    let kind = file::kind(Path::new(&file.name));
    if kind == "ts" {
        let channels = ts::channels(file::text(bytes, path)?, path)?;
        return Ok((Format::Ts, Modality::Series { channels }));
    }
    if kind == "tsv" {
        return Ok((Format::Ucr, Modality::Series { channels: 1 }));
    }
    let header = Table::open(bytes, path)?.header;
    if texts::is_labelled(&header) {
        return Ok((Format::TextTable, Modality::Text));
    }
    let channels = table::channels(&header, path)?;
    let modality = Modality::Series { channels: channels.len() };
    Ok((Format::SeriesTable { channels }, modality))
}

/// The number of steps of a sequence, of a text in words. A text without a word has one, which is unknown.
fn steps(raw: &Raw, channels: usize) -> usize {
    match raw {
        Raw::Values(values) => values.len() / channels,
        Raw::Pixels(pixels) => pixels.len(),
        Raw::Text(text) => TokenRule::Words.split(&TokenRule::Words.normal(text)).len().max(1),
    }
}

/// The path for messages and the bytes of a file, packed or not, which must be what they were when its folder was read.
pub(crate) fn reread(folder: &Path, file: &File) -> Result<(String, Vec<u8>), DataError> {
    let path = folder.join(&file.name);
    let bytes = file::read_packed(&path)?;
    let path = path.display().to_string();
    if checksum::of(&bytes) == file.sha256 {
        Ok((path, bytes))
    } else {
        Err(DataError::ChangedMeanwhile { file: path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    /// A folder with these files, and its path.
    fn folder(files: &[(&str, &str)]) -> (TempDir, String) {
        let folder = TempDir::new().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let path = folder.path().to_str().unwrap().to_owned();
        (folder, path)
    }

    const TRAIN: &str = "series,class,x,y\na,up,1,2\na,up,3,4\nb,down,5,6\n";
    const TEST: &str = "y,x,series,class\n1,2,a,up\n";

    #[test]
    fn a_path_is_a_folder_and_a_word_is_not() {
        for path in ["./pumps", "data/pumps", "/data/pumps", "..", ".", "pumps/", "..\\pumps", ".pumps"] {
            assert!(is_folder(path), "{path}");
        }
        for name in ["pumps", "digits-rows", "", "a.b"] {
            assert!(!is_folder(name), "{name}");
        }
    }

    #[test]
    fn a_folder_is_called_by_its_own_name() {
        for (dataset, name) in [
            ("digits-rows", "digits-rows"),
            ("./pumps", "pumps"),
            ("../data/pumps/", "pumps"),
            ("/data/pumps", "pumps"),
            ("./.pumps", "pumps"),
            ("/", "data"),
        ] {
            assert_eq!(short_name(dataset), name);
        }
        // The tests of a crate run in its folder.
        assert_eq!(short_name("src/."), "src");
        assert_eq!(short_name("src/format/.."), "src");
    }

    #[test]
    fn an_entry_says_of_a_folder_what_a_recipe_says_of_a_set() {
        let (_kept, path) = folder(&[("train.csv", TRAIN), ("test.csv", TEST)]);
        let found = entry(&path).unwrap();
        assert_eq!((&found.name, found.lengths), (&path, (1, 2)));
        assert_eq!(found.modality, Modality::Series { channels: 2 });
        assert_eq!(found.channel_names(), ["x", "y"]);
        assert_eq!(found.recipe.classes, ["down", "up"]);
        assert_eq!((found.recipe.train.sequences, found.recipe.test.sequences), (2, 1));
        let File { name, bytes, sha256 } = &found.recipe.test.files[0];
        assert_eq!((name.as_str(), *bytes), ("test.csv", TEST.len()));
        assert_eq!(*sha256, checksum::of(TEST.as_bytes()));
        found.require().unwrap();
    }

    #[test]
    fn a_folder_is_read_again_only_when_it_has_changed() {
        let (_kept, path) = folder(&[("train.csv", TRAIN), ("test.csv", TEST)]);
        let first = entry(&path).unwrap();
        assert!(Arc::ptr_eq(&first, &entry(&path).unwrap()));
        fs::write(Path::new(&path).join("test.csv"), format!("{TEST}3,4,b,down\n")).unwrap();
        assert_eq!(entry(&path).unwrap().recipe.test.sequences, 2);
        let refused = first.set.read(&first.recipe.test.files[0]);
        assert!(matches!(refused, Err(DataError::ChangedMeanwhile { .. })));
    }

    #[test]
    fn an_entry_that_is_out_of_date_and_not_used_is_freed() {
        let (_kept, path) = folder(&[("train.csv", TRAIN), ("test.csv", TEST)]);
        let first = Arc::downgrade(&entry(&path).unwrap());
        assert!(first.upgrade().is_some());
        fs::write(Path::new(&path).join("test.csv"), format!("{TEST}3,4,b,down\n")).unwrap();
        entry(&path).unwrap();
        assert!(first.upgrade().is_none());
    }

    #[test]
    fn a_class_that_is_only_tested_is_named_with_its_line() {
        let test = format!("{TEST}1,2,b,left\n");
        let (_kept, path) = folder(&[("train.csv", TRAIN), ("test.csv", test.as_str())]);
        let message = entry(&path).err().unwrap().to_string();
        assert!(message.contains("test.csv:3: ") && message.contains("\"left\""), "{message}");
    }

    #[test]
    fn numbers_that_are_only_tested_raise_the_question_of_measurements() {
        let rows = |from: f64| {
            let row = |number: u32| format!("s{number},{:.2},1\n", from + f64::from(number) * 0.37);
            "series,class,x\n".to_owned() + &(0..40).map(row).collect::<String>()
        };
        let (train, test) = (rows(20.0), rows(20.1));
        let (_kept, path) = folder(&[("train.csv", train.as_str()), ("test.csv", test.as_str())]);
        let message = entry(&path).err().unwrap().to_string();
        let told = "test.csv:2: no training sequence is of class \"20.10\": 40 classes among 40 training sequences are \
                    numbers (20.00, 20.37, 20.74, …) and look like measurements";
        assert!(message.contains(told), "{message}");
        // A name among them is only a class without sequences.
        let test = test.replace("20.10", "warm");
        let (_kept, path) = folder(&[("train.csv", train.as_str()), ("test.csv", test.as_str())]);
        assert!(matches!(entry(&path).err().unwrap(), DataError::UntrainedClass { line: 2, .. }));
    }

    #[test]
    fn files_that_are_missing_or_too_many_are_named_with_what_to_put_there() {
        let cases: [(&[&str], &str); 10] = [
            (&[], "has no train.csv and test.csv: put"),
            (&["a.csv", "b.txt"], "has no train.csv and test.csv, but a.csv, b.txt: put"),
            (&["a", "b", "c", "d"], "has no train.csv and test.csv, but a, b, c, …: put"),
            (&["TEST.ts"], "has TEST.ts and no TRAIN.ts"),
            (&["A_Train.ts.gz"], "has A_Train.ts.gz and no A_test.ts.gz"),
            (
                &["train.csv", "train.csv.gz", "test.csv"],
                "has files of more than one data set, train.csv, train.csv.gz, test.csv",
            ),
            (&["train.csv"], "has train.csv and no test.csv"),
            (&["test.ts"], "has test.ts and no train.ts"),
            (&["train.csv", "test.ts"], "has files of more than one data set, train.csv, test.ts"),
            (&["train.csv", "test.csv", "train.ts", "test.ts"], "has files of more than one data set"),
        ];
        for (names, problem) in cases {
            let files: Vec<(&str, &str)> = names.iter().map(|name| (*name, TRAIN)).collect();
            let (_kept, path) = folder(&files);
            let message = entry(&path).err().unwrap().to_string();
            assert!(message.contains(&path) && message.contains(problem), "{message}");
            assert!(message.contains("\n  series,class,pressure,flow\n"), "{message}");
        }
    }

    #[test]
    fn the_files_of_an_archive_have_its_name() {
        let series = "@univariate true\n@classLabel true a b\n@data\n1,2:a\n3:b\n";
        for (files, lengths) in [
            (["Pumps_TRAIN.ts", "Pumps_TEST.ts"], (1, 2)),
            (["Pumps_TRAIN.tsv", "Pumps_TEST.tsv"], (2, 3)),
            (["train.tsv", "test.tsv"], (2, 3)),
        ] {
            let rows = if files[0].ends_with("tsv") { "1\t2\t3\t4\n2\t5\t6\tNaN\n" } else { series };
            let (_kept, path) =
                folder(&[(files[0], rows), (files[1], rows), ("README.md", ""), ("other.csv", "")]);
            let found = entry(&path).unwrap();
            assert_eq!((found.lengths, found.recipe.train.sequences), (lengths, 2));
            assert_eq!(found.recipe.train.files[0].name, files[0]);
        }
        for files in [
            ["Pumps_TRAIN.TS", "Pumps_TEST.TS"],
            ["Pumps_train.ts", "Pumps_test.ts"],
            ["TRAIN.ts", "TEST.ts"],
            ["train.ts.gz", "test.ts"],
        ] {
            let (_kept, path) = folder(&[(files[0], series), (files[1], series)]);
            assert_eq!(entry(&path).unwrap().lengths, (1, 2), "{files:?}");
        }
        let (_kept, path) = folder(&[("train.csv.gz", ""), ("test.csv.gz", "")]);
        for (name, text) in [("train.csv.gz", TRAIN), ("test.csv.gz", TEST)] {
            fs::write(Path::new(&path).join(name), file::pack(text.as_bytes())).unwrap();
        }
        let packed = entry(&path).unwrap();
        assert_eq!((packed.lengths, packed.recipe.test.files[0].name.as_str()), ((1, 2), "test.csv.gz"));
        let (_kept, path) = folder(&[("A_TRAIN.ts", series), ("B_TEST.ts", series)]);
        let message = entry(&path).err().unwrap().to_string();
        assert!(message.contains("files of more than one data set, A_TRAIN.ts, B_TEST.ts"), "{message}");
        let (_kept, path) = folder(&[("A_TRAIN.ts", series)]);
        let message = entry(&path).err().unwrap().to_string();
        assert!(message.contains("has A_TRAIN.ts and no A_TEST.ts"), "{message}");
    }

    #[test]
    fn a_class_of_another_spelling_is_the_same_in_both_files() {
        let (train, test) = ("series,class,x\na,1,1\nb,0,2\nc,1.0,3\n", "series,class,x\na,1e0,1\nb,0.0,2\n");
        let (_kept, path) = folder(&[("train.csv", train), ("test.csv", test)]);
        assert_eq!(entry(&path).unwrap().recipe.classes, ["0", "1"]);
        let archive = |names: &str, class: &str| format!("@classLabel true {names}\n@data\n1:{class}\n2:b\n");
        let (train, test) = (archive("Rest b", "rest"), archive("REST b", "rest"));
        let (_kept, path) = folder(&[("train.ts", train.as_str()), ("test.ts", test.as_str())]);
        assert_eq!(entry(&path).unwrap().recipe.classes, ["Rest", "b"]);
        let (train, test) = (archive("caf\u{e9} b", "cafe\u{301}"), archive("cafe\u{301} b", "caf\u{e9}"));
        let (_kept, path) = folder(&[("train.ts", train.as_str()), ("test.ts", test.as_str())]);
        assert_eq!(entry(&path).unwrap().recipe.classes, ["b", "caf\u{e9}"]);
    }

    #[test]
    fn a_folder_that_is_none_is_named() {
        let (_kept, path) = folder(&[("train.csv", TRAIN)]);
        for (name, problem) in [("train.csv", "is a file"), ("pumps", "is not there")] {
            let path = format!("{path}/{name}");
            let message = entry(&path).err().unwrap().to_string();
            assert!(message.contains(&path) && message.contains(problem), "{message}");
        }
    }
}
