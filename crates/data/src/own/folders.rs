//! Series of the user's own as tables of one each, in folders that are named by their classes.

use super::{Content, Division, Part, Question, check_tested, finished};
use crate::error::excerpt;
use crate::examples::{Labelled, Raw};
use crate::format::table::{self, Series, TABLES, Table};
use crate::pieces::{Piece, numbered};
use crate::recipe::{Format, Modality};
use crate::{Columns, DataConfig, DataError, Entry, Finding, Task, file, labels, stamps};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The names of the folders of the parts.
const PARTS: [&str; 2] = ["train", "test"];
/// The most files that are named beside the first of a kind.
const SHOWN: usize = 3;

/// The files of series, by their names with those of their folders, divided by `/`, in the order of these.
pub(super) struct ClassFolders {
    pub folder: PathBuf,
    /// The series to train on, or those of both parts.
    train: Vec<String>,
    /// The series to test on, where they are apart.
    test: Option<Vec<String>>,
    /// What is among them and is no such file.
    left_out: Vec<String>,
}

/// The class of a series by the name of its file.
pub(crate) fn class_of(name: &str) -> &str {
    name.rsplit('/').nth(1).unwrap_or_default()
}

impl ClassFolders {
    /// The files of series in the folders of a folder, or in those of `train` and `test` there; none if there are none.
    ///
    /// # Errors
    /// Folders that cannot be read, and parts of which one is not there or holds series that are in no class.
    pub(super) fn at(folder: &Path) -> Result<Option<ClassFolders>, DataError> {
        let refused = |problem| Err(DataError::FolderFiles { folder: folder.display().to_string(), problem });
        let mut found =
            ClassFolders { folder: folder.to_owned(), train: Vec::new(), test: None, left_out: Vec::new() };
        let inside = Items::of(folder, "")?;
        let part = |name: &str| inside.folders.iter().find(|folder| folder.eq_ignore_ascii_case(name));
        let mut parts = Vec::new();
        for part in PARTS.iter().filter_map(|name| part(name)) {
            let items = Items::of(folder, part)?;
            let mut holds_classes = false;
            for class in &items.folders {
                holds_classes |= !Items::of(folder, &format!("{part}/{class}"))?.tables.is_empty();
            }
            // A class may be called so, too.
            if holds_classes {
                parts.push((part, items));
            }
        }
        match &parts[..] {
            [] => found.train = found.in_classes("", &inside.folders)?,
            [(train, in_train), (test, in_test)] => {
                if let Some(table) = in_train.tables.iter().chain(&in_test.tables).next() {
                    return refused(format!("has a table in no folder of a class, {}", excerpt(table)));
                }
                let beside = inside.folders.iter().filter(|other| *other != *train && *other != *test);
                found.left_out.extend(beside.cloned());
                found.left_out.extend(in_train.others.iter().chain(&in_test.others).cloned());
                found.train = found.in_classes(&format!("{train}/"), &in_train.folders)?;
                found.test = Some(found.in_classes(&format!("{test}/"), &in_test.folders)?);
            }
            [(only, _), ..] => {
                let other = if only.eq_ignore_ascii_case(PARTS[0]) { PARTS[1] } else { PARTS[0] };
                return refused(format!("has {only} with folders of classes and no {other} with such"));
            }
        }
        if found.train.is_empty() { Ok(None) } else { Ok(Some(found)) }
    }

    /// The series in folders of classes, which are in another. What is none is left out.
    fn in_classes(&mut self, part: &str, classes: &[String]) -> Result<Vec<String>, DataError> {
        let mut all = Vec::new();
        for class in classes {
            let items = Items::of(&self.folder, &format!("{part}{class}"))?;
            if items.tables.is_empty() {
                self.left_out.push(format!("{part}{class}"));
                continue;
            }
            let mut seen = HashSet::new();
            if let Some(twice) = items.tables.iter().find(|name| !seen.insert(stem(name))) {
                let problem = format!("has two files of one series, {}", excerpt(twice));
                return Err(DataError::FolderFiles { folder: self.folder.display().to_string(), problem });
            }
            self.left_out.extend(items.others);
            self.left_out.extend(items.folders.iter().map(|folder| format!("{part}{class}/{folder}")));
            all.extend(items.tables);
        }
        Ok(all)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.train.iter().chain(self.test.iter().flatten())
    }
}

/// The content of a folder, but for what is hidden.
struct Items {
    /// The names of folders.
    folders: Vec<String>,
    /// The names of tables with those of their folders.
    tables: Vec<String>,
    /// Those of other files.
    others: Vec<String>,
}

impl Items {
    /// Those of a folder in another.
    fn of(folder: &Path, inner: &str) -> Result<Items, DataError> {
        let path = folder.join(inner);
        let unreadable = |source| DataError::Unreadable { file: path.display().to_string(), source };
        let mut all = Items { folders: Vec::new(), tables: Vec::new(), others: Vec::new() };
        for item in fs::read_dir(&path).map_err(unreadable)? {
            let item = item.map_err(unreadable)?;
            let name = item.file_name().to_string_lossy().into_owned();
            let inside = if inner.is_empty() { name.clone() } else { format!("{inner}/{name}") };
            let is_table = || TABLES.contains(&file::kind(Path::new(&name)).as_str());
            match item.path() {
                _ if name.starts_with('.') => (),
                path if path.is_dir() => all.folders.push(name),
                path if path.is_file() && is_table() => all.tables.push(inside),
                _ => all.others.push(inside),
            }
        }
        for names in [&mut all.folders, &mut all.tables, &mut all.others] {
            names.sort();
        }
        Ok(all)
    }
}

/// The name of a series, which is that of its file without the endings.
fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or_default();
    let name = name.strip_suffix(".gz").unwrap_or(name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// A file with its series.
struct Member {
    content: Content,
    class: String,
    series: Series,
}

/// Reads the series of folders.
pub(super) fn read(config: &DataConfig, folders: &ClassFolders) -> Result<Entry, DataError> {
    let (columns, channels) = understood(config, folders)?;
    let members = |names: &Vec<String>| members(names, folders, &columns, &channels);
    let train = members(&folders.train)?;
    let test = folders.test.as_ref().map(members).transpose()?;
    let mut findings = told(folders, &columns, &config.columns);
    findings.extend(times(train.iter().chain(test.iter().flatten()), &columns)?);
    check_groups(&train, test.as_deref().unwrap_or_default())?;
    let mut groups: Vec<String> =
        train.iter().chain(test.iter().flatten()).filter_map(|one| one.series.group.clone()).collect();
    groups.sort();
    groups.dedup();
    let place = folders.folder.display().to_string();
    let (train, test, split) = match &test {
        Some(test) => {
            let parts = [&train, test].map(|members| part(members.iter().collect(), None));
            let [train, test] = parts;
            (train, test, "a folder to train on and one to test on".to_owned())
        }
        None => {
            let divided = divided(config, &train, &place)?;
            findings.extend(divided.finding);
            let [one, other] = divided.pieces.map(|pieces| {
                // Each file belongs to one part, as a whole.
                let whole = (0..pieces.len()).map(|sequence| Piece { sequence, steps: None }).collect();
                part(pieces.iter().map(|piece| &train[piece.sequence]).collect(), Some(whole))
            });
            (one, other, divided.told)
        }
    };
    let classes = labels::classes(train.sequences.iter().map(|one| one.class.as_str()));
    if let [only] = &classes[..] {
        return Err(DataError::OneClass { file: place, class: excerpt(only) });
    }
    let (summary, modality) = (summary(&columns), Modality::Series { channels: channels.len() });
    let format = Format::ClassFolders { columns, channels };
    check_tested(&test, &classes, &train, &format)?;
    let question = Question::of_classes(format, modality, classes, split);
    let question = Question { summary, groups, findings, ..question };
    finished(config, &folders.folder, question, train, test)
}

/// The columns of all files, told by the first of them, and those of them that are channels.
fn understood(config: &DataConfig, folders: &ClassFolders) -> Result<(Columns, Vec<String>), DataError> {
    let Content { path, bytes, .. } = Content::read(&folders.folder, &folders.train[0])?;
    if let Some(task) = config.task.filter(|task| *task != Task::Classification) {
        let dataset = config.dataset.clone();
        return Err(DataError::OtherTask { dataset, asked: task, task: Task::Classification });
    }
    if config.targets.is_some() {
        return Err(DataError::TargetsOfClasses { file: path, task: Task::Classification });
    }
    let header = Table::open(&bytes, &path)?.header;
    table::check_names(&header, &path)?;
    let columns = config.columns.resolved(&header, &[], &path)?;
    for (key, column) in [("series", &columns.series), ("class", &columns.class)] {
        if let Some(column) = column {
            return Err(DataError::FolderColumn { file: path, key, column: excerpt(column) });
        }
    }
    let channels = columns.others(&header);
    if channels.is_empty() { Err(DataError::CsvNoChannel { file: path }) } else { Ok((columns, channels)) }
}

/// Reads the files of a part. Those whose channels are others are named together.
fn members(
    names: &[String],
    folders: &ClassFolders,
    columns: &Columns,
    channels: &[String],
) -> Result<Vec<Member>, DataError> {
    let (mut all, mut refusal, mut others) = (Vec::with_capacity(names.len()), None, Vec::new());
    for name in names {
        let mut content = Content::read(&folders.folder, name)?;
        match one_series(&content, columns, channels) {
            Ok(series) => {
                // The lines of all steps are known, and nothing else is looked up.
                content.bytes = Vec::new();
                all.push(Member { content, class: class_of(name).to_owned(), series });
            }
            Err(DataError::CsvOtherChannels { file, problem, wanted }) => match refusal {
                None => refusal = Some((file, problem, wanted)),
                Some(_) => others.push(name.as_str()),
            },
            Err(other) => return Err(other),
        }
    }
    match refusal {
        Some((file, problem, wanted)) => {
            let more = others.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let named = others.iter().take(SHOWN).map(|name| excerpt(name)).collect::<Vec<_>>().join(", ");
            let differ = if named.is_empty() {
                String::new()
            } else {
                format!(" (the columns of {named}{more} differ, too)")
            };
            let wanted = format!("{wanted}, as in {}", excerpt(&folders.train[0]));
            Err(DataError::CsvOtherChannels { file, problem: problem + &differ, wanted })
        }
        None => Ok(all),
    }
}

/// The series of a file, which it is all of.
fn one_series(content: &Content, columns: &Columns, channels: &[String]) -> Result<Series, DataError> {
    let (bytes, path) = (&content.bytes, &content.path);
    let all = table::with_roles(Table::open(bytes, path)?, columns, channels, &[], true);
    let series = all.map_err(|error| match error {
        DataError::NoSequence { file } => DataError::NoStep { file, line: 1 },
        DataError::CsvGroup { file, line, groups, .. } => {
            DataError::CsvGroup { file, line, name: stem(&content.file.name).to_owned(), groups }
        }
        other => other,
    })?;
    Ok(series.into_iter().next().expect("without a column that tells series apart there is one"))
}

/// What was found out of folders and is not in the settings.
fn told(folders: &ClassFolders, columns: &Columns, given: &Columns) -> Vec<Finding> {
    let left_out = folders
        .left_out
        .first()
        .map(|first| Finding::LeftOut { files: folders.left_out.len(), example: excerpt(first) });
    let guessed = (columns != given).then(|| {
        let read = summary(columns);
        Finding::Notice(format!("the files are read as {read}: `data.columns` says otherwise"))
    });
    left_out.into_iter().chain(guessed).collect()
}

/// Checks that the times of each series rise, and notes where they come at other steps.
fn times<'a>(
    members: impl Iterator<Item = &'a Member>,
    columns: &Columns,
) -> Result<Option<Finding>, DataError> {
    let Some(column) = &columns.time else { return Ok(None) };
    let (mut common, mut uneven) = (None, None);
    for Member { content, series, .. } in members {
        let path = &content.path;
        let (step, told) = stamps::check(std::slice::from_ref(series), column, path, false)?;
        let other = step.and_then(|step| match *common.get_or_insert((step, path)) {
            (known, _) if known.is_near(step) => None,
            (known, first) => Some(format!("rows come every {step} in {path}, and every {known} in {first}")),
        });
        uneven = uneven.or(told).or(other);
    }
    Ok(uneven.map(Finding::Notice))
}

/// Checks that no group that is trained on is tested on.
fn check_groups(train: &[Member], test: &[Member]) -> Result<(), DataError> {
    let trained: HashSet<&String> = train.iter().filter_map(|one| one.series.group.as_ref()).collect();
    for Member { content, series, .. } in test {
        if let Some(group) = series.group.as_ref().filter(|group| trained.contains(group)) {
            let (file, line, group) = (content.path.clone(), series.lines[0], excerpt(group));
            return Err(DataError::SharedGroup { file, line, group });
        }
    }
    Ok(())
}

/// The division of series without a test part.
fn divided(config: &DataConfig, members: &[Member], place: &str) -> Result<Division, DataError> {
    let classes = labels::classes(members.iter().map(|one| one.class.as_str()));
    let stratum = |one: &Member| labels::find(&classes, &one.class, false).unwrap_or_default();
    let strata: Vec<usize> = members.iter().map(stratum).collect();
    let groups = numbered(members.iter().filter_map(|one| one.series.group.as_deref()));
    Division::whole(config, (place, "folders without a test part"), "series", &strata, &groups)
}

fn part(members: Vec<&Member>, pieces: Option<Vec<Piece>>) -> Part<'_> {
    let sequence = |one: &&Member| Labelled {
        raw: Raw::Values(one.series.values.clone()),
        class: one.class.clone(),
        line: one.series.lines[0],
    };
    Part {
        sequences: members.iter().map(sequence).collect(),
        lines: members.iter().map(|one| one.series.lines.clone()).collect(),
        contents: members.into_iter().map(|one| &one.content).collect(),
        pieces,
    }
}

/// The files in a few words.
fn summary(columns: &Columns) -> String {
    let roles = columns.named().filter(|(key, _)| *key != "ignore");
    let roles = roles.map(|(key, name)| format!(", with `{}` for {key}", excerpt(name)));
    format!("a file a series in the folder of its class, a row a step{}", roles.collect::<String>())
}

#[cfg(test)]
mod tests;
