//! Files of the user's own as data sets: a file to train on and one to test on, or one that is divided.
//!
//! The facts that a recipe has of a set of the catalog are read off the files here: task, classes, channels, lengths, sums.

mod files;
mod folders;
mod long;
mod numpy;
mod windows;

use crate::catalog::{Place, Set};
use crate::error::{ArchiveError, excerpt};
use crate::examples::{Labelled, Raw, labelled};
use crate::format::table::{self, TABLES, Table};
use crate::format::{texts, ts, ucr};
use crate::pieces::{self, Piece};
use crate::recipe::{File, Format, Modality, Recipe, SetFiles};
use crate::split::Members;
use crate::survey::{PartOf, measured};
use crate::{
    Columns, DataConfig, DataError, Entry, Finding, Survey, Task, TokenRule, Windows, checksum, file, labels,
};
pub(crate) use files::names_in;
use files::{Files, Found};
pub(crate) use folders::class_of;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// True if a data set is the user's own, a folder or a file, told by its path: a bare word is a name of the catalog.
pub fn is_folder(dataset: &str) -> bool {
    dataset.starts_with('.') || dataset.contains(['/', '\\'])
}

/// The name of a data set for a folder that is named after it: its own, or that of the user's folder or file without the
/// way there, and of a file without its endings.
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
    let bare = name.strip_suffix(".gz").unwrap_or(&name).rsplit_once('.');
    let bare = bare.filter(|(_, kind)| *kind == "npz" || TABLES.contains(kind));
    let name = bare.map_or(name.as_str(), |(bare, _)| bare).to_owned();
    if name.is_empty() { "data".into() } else { name }
}

/// The whole path of a folder, there or not, if it can be written as text.
pub fn whole_path(dataset: &str) -> Option<String> {
    let path = Path::new(dataset).canonicalize().or_else(|_| std::path::absolute(dataset)).ok()?;
    path.into_os_string().into_string().ok()
}

/// The settings that change how files are read.
#[derive(Clone, PartialEq)]
struct Reading {
    columns: Columns,
    task: Option<Task>,
    targets: Option<Vec<String>>,
    test_fraction: Option<f64>,
    /// Context, horizon, stride and season: the others follow from those that are given.
    windows: [Option<usize>; 4],
}

impl Reading {
    fn of(config: &DataConfig) -> Reading {
        let DataConfig { columns, task, targets, test_fraction, context, horizon, stride, season, .. } =
            config.clone();
        Reading { columns, task, targets, test_fraction, windows: [context, horizon, stride, season] }
    }
}

/// The files at a path as they were at some time.
#[derive(PartialEq)]
struct Snapshot {
    /// The path as it was given, and the one that this leads to.
    paths: (String, PathBuf),
    reading: Reading,
    /// The name, the size and the time of change of each file.
    files: Vec<(String, u64, Option<SystemTime>)>,
}

impl Snapshot {
    fn take(config: &DataConfig, found: &Found) -> Result<Snapshot, DataError> {
        let file = |name: &String| {
            let path = found.folder().join(name);
            let unreadable = |source| DataError::Unreadable { file: path.display().to_string(), source };
            let metadata = fs::metadata(&path).map_err(unreadable)?;
            Ok((name.clone(), metadata.len(), metadata.modified().ok()))
        };
        let path = Path::new(&config.dataset);
        let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Ok(Snapshot {
            paths: (config.dataset.clone(), whole),
            reading: Reading::of(config),
            files: found.names().into_iter().map(file).collect::<Result<_, DataError>>()?,
        })
    }

    /// True if it is of the same path, read in the same way.
    fn replaces(&self, other: &Snapshot) -> bool {
        self.paths == other.paths && self.reading == other.reading
    }
}

/// The data that this process has read, each as it was last.
static OPENED: Mutex<Vec<(Snapshot, Arc<Entry>)>> = Mutex::new(Vec::new());

/// The data set at a path, read as the settings say; its files are read again only when they have changed.
pub(crate) fn entry(config: &DataConfig) -> Result<Arc<Entry>, DataError> {
    let found = Found::at(Path::new(&config.dataset))?;
    let snapshot = Snapshot::take(config, &found)?;
    let opened = || OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = opened().iter().find(|(known, _)| *known == snapshot).map(|(_, entry)| entry.clone());
    if let Some(entry) = known {
        return Ok(entry);
    }
    let entry = Arc::new(match &found {
        Found::Files(files) => read(config, files)?,
        Found::Folders(folders) => folders::read(config, folders)?,
    });
    let mut opened = opened();
    opened.retain(|(known, _)| !snapshot.replaces(known));
    opened.push((snapshot, entry.clone()));
    Ok(entry)
}

/// A file with all that it holds.
struct Content {
    path: String,
    file: File,
    bytes: Vec<u8>,
    /// The file of its answers, where they are in another.
    answers: Option<Box<Content>>,
}

impl Content {
    fn read(folder: &Path, name: &str) -> Result<Content, DataError> {
        let path = folder.join(name);
        let packed = file::read_packed(&path)?;
        let file = File { name: name.into(), bytes: packed.len(), sha256: checksum::of(&packed) };
        let path = path.display().to_string();
        let bytes = file::unpack(&packed, &path, file::LIMIT)?.into_owned();
        Ok(Content { path, file, bytes, answers: None })
    }

    /// It and the file of its answers.
    fn all(&self) -> impl Iterator<Item = &Content> {
        [self].into_iter().chain(self.answers.as_deref())
    }

    /// The path of the file that its answers are in.
    fn answers_path(&self) -> &str {
        &self.answers.as_ref().map_or(self, |answers| answers).path
    }
}

/// The training or the test part, with what stands in its files.
struct Part<'a> {
    /// One file of all its sequences, or one for each.
    contents: Vec<&'a Content>,
    sequences: Vec<Labelled>,
    /// The line of each step, where a step has one.
    lines: Vec<Vec<usize>>,
    /// The pieces of the file's sequences that are these, where they are not all.
    pieces: Option<Vec<Piece>>,
}

impl<'a> Part<'a> {
    /// All sequences of a file whose format has a place for each number.
    fn whole(content: &'a Content, sequences: Vec<Labelled>) -> Part<'a> {
        Part { contents: vec![content], sequences, lines: Vec::new(), pieces: None }
    }

    /// The file that a sequence is in.
    fn content(&self, sequence: usize) -> &'a Content {
        self.contents.get(sequence).unwrap_or(&self.contents[0])
    }
}

/// The question that is asked of files, and the rest of what was found out about them.
struct Question {
    task: Task,
    format: Format,
    modality: Modality,
    classes: Vec<String>,
    targets: Vec<String>,
    windows: Option<Windows>,
    /// The names of the groups that series are in.
    groups: Vec<String>,
    summary: String,
    split: String,
    /// What was found out and not said in the settings.
    findings: Vec<Finding>,
}

impl Question {
    /// The class of each sequence.
    fn of_classes(format: Format, modality: Modality, classes: Vec<String>, split: String) -> Question {
        let summary = match modality {
            Modality::Text => "a word a step",
            _ if matches!(format, Format::SeriesTable { .. }) => "a row a step",
            _ => "a line a series",
        };
        Question {
            task: Task::Classification,
            format,
            modality,
            classes,
            targets: Vec::new(),
            windows: None,
            groups: Vec::new(),
            summary: summary.into(),
            split,
            findings: Vec::new(),
        }
    }
}

/// Reads the files at a path.
fn read(config: &DataConfig, files: &Files) -> Result<Entry, DataError> {
    if crate::format::numpy::is_called(&files.train) {
        return numpy::read(config, files);
    }
    let train = Content::read(&files.folder, &files.train)?;
    let test = || files.test.as_ref().map(|name| Content::read(&files.folder, name)).transpose();
    let (format, modality) = match form(config, files, &train)? {
        None => return long::read(config, files, &train, test()?.as_ref()),
        Some(form) => form,
    };
    let channels = modality.channels().unwrap_or(1);
    let all = match labelled(&format, channels, &train.bytes, &train.path, &[]) {
        Ok(all) => all,
        // Classes that differ within series may be those of steps, and times are no numbers.
        Err(refusal) if matches!(format, Format::SeriesTable { .. }) && config.task.is_none() => {
            return match test().and_then(|test| long::read(config, files, &train, test.as_ref())) {
                Ok(entry) if long::explains(&entry, &refusal) => Ok(entry),
                Err(other) if long::is_about_time(&refusal) => Err(other),
                _ => Err(refusal),
            };
        }
        Err(refusal) => return Err(refusal),
    };
    match test()? {
        Some(test) => paired(config, files, (format, modality), Part::whole(&train, all), &test),
        None => divided(config, files, (format, modality), &train, all),
    }
}

/// The data set of a training part, each of whose sequences has a class, and a file to test on.
fn paired(
    config: &DataConfig,
    files: &Files,
    (format, modality): (Format, Modality),
    train: Part,
    test: &Content,
) -> Result<Entry, DataError> {
    let classes = classes_of(&train)?;
    let channels = modality.channels().unwrap_or(1);
    let test = Part::whole(test, labelled(&format, channels, &test.bytes, &test.path, &classes)?);
    check_tested(&test, &classes, &train, &format)?;
    let question = Question::of_classes(format, modality, classes, "a training and a test file".into());
    finished(config, &files.folder, question, train, test)
}

/// The data set of one file of texts, each with its class.
fn divided(
    config: &DataConfig,
    files: &Files,
    (format, modality): (Format, Modality),
    content: &Content,
    all: Vec<Labelled>,
) -> Result<Entry, DataError> {
    let classes = labels::classes(all.iter().map(|sequence| sequence.class.as_str()));
    let stratum = |one: &Labelled| labels::find(&classes, &one.class, false).unwrap_or_default();
    let strata: Vec<usize> = all.iter().map(stratum).collect();
    let Division { pieces, told, finding } =
        Division::whole(config, (&content.path, ONE_FILE), "texts", &strata, &[])?;
    let [train, test] = pieces.map(|pieces| {
        let sequences = pieces.iter().map(|piece| all[piece.sequence].clone()).collect();
        Part { pieces: Some(pieces), ..Part::whole(content, sequences) }
    });
    let classes = classes_of(&train)?;
    check_tested(&test, &classes, &train, &format)?;
    let question = Question { findings: finding, ..Question::of_classes(format, modality, classes, told) };
    finished(config, &files.folder, question, train, test)
}

/// What is divided, in words.
const ONE_FILE: &str = "one file";

/// Files without a test part, divided.
struct Division {
    pieces: pieces::Division,
    /// The division in words.
    told: String,
    /// The same, where it was not asked for.
    finding: Vec<Finding>,
}

impl Division {
    /// Divides whole sequences, called by this name, of these strata and, if there are any, groups. They are in a place, which
    /// is something in words.
    fn whole(
        config: &DataConfig,
        (place, what): (&str, &str),
        name: &'static str,
        strata: &[usize],
        groups: &[usize],
    ) -> Result<Division, DataError> {
        let units =
            if groups.is_empty() { strata.len() } else { groups.iter().max().map_or(0, |last| last + 1) };
        if units < 2 {
            let name = if groups.is_empty() { name } else { "groups" };
            return Err(DataError::NothingToTest { file: place.into(), name });
        }
        let mut of_sequences = vec![None; strata.len()];
        for (of, group) in of_sequences.iter_mut().zip(groups) {
            *of = Some(*group);
        }
        let pieces = pieces::whole(Members { labels: strata, groups: &of_sequences }, config.test_fraction());
        let how = match (groups.is_empty(), strata.iter().any(|label| *label > 0)) {
            (false, _) => ", whole groups of them",
            (true, true) => ", in the proportions of their classes",
            (true, false) => "",
        };
        Ok(Division::told(config, what, pieces, |share| format!("{share} of the {name}, drawn once{how}")))
    }

    fn told(
        config: &DataConfig,
        what: &str,
        pieces: pieces::Division,
        test: impl Fn(&str) -> String,
    ) -> Division {
        let share = format!("{} %", (1000.0 * config.test_fraction()).round() / 10.0);
        let told = format!("{what}: {} are the test set", test(&share));
        let notice = Finding::Notice(format!("{told}: `data.test_fraction` gives another share"));
        let finding = if config.test_fraction.is_none() { vec![notice] } else { Vec::new() };
        Division { pieces, told, finding }
    }
}

/// The classes of a training part, at least two.
fn classes_of(train: &Part) -> Result<Vec<String>, DataError> {
    let classes = labels::classes(train.sequences.iter().map(|sequence| sequence.class.as_str()));
    match &classes[..] {
        [only] => Err(DataError::OneClass {
            file: train.content(0).answers_path().to_owned(),
            class: excerpt(only),
        }),
        _ => Ok(classes),
    }
}

/// Checks that every class of a test part was trained on.
fn check_tested(test: &Part, classes: &[String], train: &Part, format: &Format) -> Result<(), DataError> {
    let unknown = |class: &str| labels::find(classes, class, format.any_case()).is_none();
    let Some(at) = test.sequences.iter().position(|sequence| unknown(&sequence.class)) else { return Ok(()) };
    let (file, other) = (test.content(at).answers_path().to_owned(), &test.sequences[at]);
    let (line, found) = (other.line, excerpt(&other.class));
    // Adding sequences of every number that is measured would not end.
    let measured = labels::number(&other.class).and_then(|_| measured(classes, train.sequences.len()));
    Err(match measured {
        Some(question) => DataError::UntrainedNumber { file, line, found, question: Box::new(question) },
        None => DataError::UntrainedClass { file, line, found, known: excerpt(&classes.join(", ")) },
    })
}

/// The data set of two parts.
fn finished(
    config: &DataConfig,
    folder: &Path,
    question: Question,
    train: Part,
    test: Part,
) -> Result<Entry, DataError> {
    let channels = question.modality.channels().unwrap_or(1);
    let all = train.sequences.iter().chain(&test.sequences).map(|sequence| steps(&sequence.raw, channels));
    let lengths = all.fold((usize::MAX, 0_usize), |(least, most), len| (least.min(len), most.max(len)));
    let classes: &[String] = if question.task == Task::Classification { &question.classes } else { &[] };
    let paths = [&train, &test].map(paths);
    let [one, other] = [(&train, &paths[0]), (&test, &paths[1])].map(|(part, paths)| part_of(part, paths));
    let mut survey = Survey::of(&question.format, question.modality.channels(), classes, one, other)?;
    survey.findings.splice(0..0, question.findings);
    let set_files = |part: Part| SetFiles {
        sequences: part.sequences.len(),
        files: part.contents.iter().flat_map(|content| content.all()).map(|one| one.file.clone()).collect(),
        pieces: part.pieces,
    };
    let recipe = Arc::new(Recipe {
        title: "files of your own".into(),
        task: question.task,
        format: question.format,
        classes: question.classes,
        targets: question.targets,
        windows: question.windows,
        groups: question.groups,
        split: question.split,
        licence: String::new(),
        attribution: String::new(),
        datasets: Vec::new(),
        source: None,
        fetch: Vec::new(),
        train: set_files(train),
        test: set_files(test),
    });
    let place = Place::Folder(folder.to_owned());
    let set = Arc::new(Set { name: config.dataset.clone(), recipe: recipe.clone(), place });
    Ok(Entry {
        name: config.dataset.clone(),
        summary: question.summary,
        lengths,
        modality: question.modality,
        recipe,
        set,
        survey: Some(survey),
    })
}

/// A part as a survey looks at it.
fn part_of<'a>(part: &'a Part, files: &'a [&'a str]) -> PartOf<'a> {
    let Part { contents, sequences, lines, .. } = part;
    PartOf { files, bytes: &contents[0].bytes, sequences, lines }
}

fn paths<'a>(part: &Part<'a>) -> Vec<&'a str> {
    part.contents.iter().map(|content| content.path.as_str()).collect()
}

/// The format of files, told by their names and the first lines of the training file; none of a table whose columns have
/// to be told apart first.
fn form(
    config: &DataConfig,
    files: &Files,
    train: &Content,
) -> Result<Option<(Format, Modality)>, DataError> {
    let Content { path, file, bytes, .. } = train;
    let kind = file::kind(Path::new(&file.name));
    if kind == "ts" {
        let channels = ts::channels(file::text(bytes, path)?, path)?;
        return Ok(Some((Format::Ts, Modality::Series { channels })));
    }
    if kind == "tsv" && !ucr::has_header(file::text(bytes, path)?) {
        return match files.test {
            Some(_) => Ok(Some((Format::Ucr, Modality::Series { channels: 1 }))),
            None => Err(DataError::Archive(ArchiveError::UcrAlone { file: path.clone() })),
        };
    }
    let header = Table::open(bytes, path)?.header;
    let is_plain = config.columns.is_default() && config.task.is_none_or(|task| task == Task::Classification);
    if is_plain && texts::is_labelled(&header) {
        return Ok(Some((Format::TextTable, Modality::Text)));
    }
    let is_pair = files.test.is_some() && config.targets.is_none();
    if is_plain && is_pair && table::has_its_names(&header) {
        let channels = table::channels(&header, path)?;
        let modality = Modality::Series { channels: channels.len() };
        return Ok(Some((Format::SeriesTable { channels }, modality)));
    }
    Ok(None)
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
mod tests;
