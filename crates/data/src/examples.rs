//! Sequences as the files hold them, before preprocessing.

use crate::error::excerpt;
use crate::file::Field;
use crate::format::table::{self, Table};
use crate::format::{idx, numpy, rated, texts, ts, ucr};
use crate::own::class_of;
use crate::pieces::{self, Piece};
use crate::preprocessing::Overflow;
use crate::recipe::{File, Format, Modality, SetFiles};
use crate::{DataError, Entry, Task, file, labels};
use std::borrow::Cow;

/// The content of one sequence. There is at least one step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Raw {
    /// An image: its rows from the top, each pixel from 0 to 1.
    Pixels(Vec<f32>),
    /// A series `[steps, channels]`, as precisely as it was written: see [`Transform`](crate::preprocessing).
    Values(Vec<f64>),
    /// A text.
    Text(String),
}

impl Raw {
    /// The pixels of an image.
    pub(crate) fn pixels(&self) -> Option<&[f32]> {
        if let Raw::Pixels(pixels) = self { Some(pixels) } else { None }
    }

    /// The numbers of a series.
    pub(crate) fn values(&self) -> Option<&[f64]> {
        if let Raw::Values(values) = self { Some(values) } else { None }
    }

    /// The text of a text.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Raw::Text(text) = self { Some(text) } else { None }
    }
}

/// A sequence with the answer to it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Example {
    pub raw: Raw,
    pub answer: Answer,
    /// The place of its group among those of the data set, if it is in one.
    pub group: Option<usize>,
}

/// The answer to a sequence as its file has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// Its class, as an index into the data set's classes.
    Class(usize),
    /// The class of each step, in the same way; none where there is no label.
    StepClasses(Vec<Option<usize>>),
    /// Numbers, one for each target of the data set.
    Numbers(Vec<f64>),
    /// The series itself: each of its windows is answered by the steps that follow it.
    Following,
}

impl Example {
    /// A sequence with its class.
    pub(crate) fn of_class(raw: Raw, class: usize) -> Example {
        Example { raw, answer: Answer::Class(class), group: None }
    }

    /// The class, where the sequence as a whole has one.
    pub(crate) fn class(&self) -> Option<usize> {
        if let Answer::Class(class) = self.answer { Some(class) } else { None }
    }

    /// The classes of the steps, where they are the answer.
    pub(crate) fn step_classes(&self) -> &[Option<usize>] {
        if let Answer::StepClasses(classes) = &self.answer { classes } else { &[] }
    }

    /// The numbers, where they are the answer.
    pub(crate) fn numbers(&self) -> Option<&[f64]> {
        if let Answer::Numbers(numbers) = &self.answer { Some(numbers) } else { None }
    }
}

/// A sequence with its class as its file names it, and the line that does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Labelled {
    pub raw: Raw,
    pub class: String,
    pub line: usize,
}

/// The sequences of `file` with their classes as indices into `classes`.
pub(crate) fn label(
    sequences: Vec<Labelled>,
    classes: &[String],
    format: &Format,
    file: &str,
) -> Result<Vec<Example>, DataError> {
    let example = |Labelled { raw, class, line }: Labelled| {
        let label = labels::find(classes, &class, format.any_case()).ok_or_else(|| {
            let (found, known) = (excerpt(&class), classes.join(", "));
            DataError::UnknownClass { file: file.into(), line, found, known }
        })?;
        Ok(Example::of_class(raw, label))
    };
    sequences.into_iter().map(example).collect()
}

/// Reads the sequences of a file whose format has names for the classes. Some of these may be known.
pub(crate) fn labelled(
    format: &Format,
    channels: usize,
    bytes: &[u8],
    file: &str,
    known: &[String],
) -> Result<Vec<Labelled>, DataError> {
    match format {
        Format::Ts => ts::labelled(file::text(bytes, file)?, file, channels),
        Format::SeriesTable { channels } => table::labelled(bytes, file, channels),
        Format::TextTable => texts::labelled(bytes, file, known),
        Format::Ucr => ucr::labelled(file::text(bytes, file)?, file, known),
        Format::Idx
        | Format::RatedText
        | Format::LongTable { .. }
        | Format::ClassFolders { .. }
        | Format::Numpy => {
            unreachable!("its classes have no names, or are read otherwise")
        }
    }
}

/// Reads the training or the test data of a data set.
pub(crate) fn load(entry: &Entry, set: &SetFiles) -> Result<Vec<Example>, DataError> {
    entry.require()?;
    if let Format::ClassFolders { .. } = entry.recipe.format {
        return set.files.iter().map(|file| in_folder(entry, file)).collect();
    }
    let packed = set.files.iter().map(|file| entry.set.read(file)).collect::<Result<Vec<_>, _>>()?;
    let mut files = Vec::with_capacity(packed.len());
    for (name, packed) in &packed {
        files.push((name, file::unpack(packed, name, file::LIMIT)?));
    }
    let classes = &entry.recipe.classes;
    let channels = entry.modality.channels().unwrap_or(1);
    let all = match (&entry.recipe.format, &files[..]) {
        (Format::LongTable { .. }, [(name, bytes)]) => answered(entry, bytes, name)?,
        (Format::SeriesTable { .. }, [(name, bytes)]) if entry.recipe.task != Task::Classification => {
            answered(entry, bytes, name)?
        }
        (Format::Numpy, _) => arrays(entry, &files)?,
        (Format::Idx, [(images, pixels), (labels, numbers)]) => {
            let pixels = idx::images(pixels, images)?;
            idx::pair(pixels, idx::labels(numbers, labels, classes.len())?, labels)?
        }
        (Format::RatedText, [(name, bytes)]) => rated::parse(file::text(bytes, name)?, name)?,
        (format, [(name, bytes)]) => {
            label(labelled(format, channels, bytes, name, classes)?, classes, format, name)?
        }
        _ => unreachable!("a recipe is compiled in, and a test loads every one, or it is made in this crate"),
    };
    Ok(match &set.pieces {
        Some(pieces) => pieces::take(all, pieces, channels),
        None => all,
    })
}

/// The series of a file in the folder of its class.
fn in_folder(entry: &Entry, file: &File) -> Result<Example, DataError> {
    let (path, packed) = entry.set.read(file)?;
    let bytes = file::unpack(&packed, &path, file::LIMIT)?;
    let series = series(entry, &bytes, &path)?.remove(0);
    let (class, classes) = (class_of(&file.name), &entry.recipe.classes);
    let unknown = || DataError::UnknownClass {
        file: path.clone(),
        line: series.lines[0],
        found: excerpt(class),
        known: classes.join(", "),
    };
    let label = labels::find(classes, class, false).ok_or_else(unknown)?;
    let group = group(entry, &series);
    Ok(Example { group, ..Example::of_class(Raw::Values(series.values), label) })
}

/// The place of the group of a series among those of the data set.
fn group(entry: &Entry, series: &table::Series) -> Option<usize> {
    let group = series.group.as_ref()?;
    entry.recipe.groups.iter().position(|known| known == group)
}

/// The sequences of arrays.
fn arrays(entry: &Entry, files: &[(&String, Cow<[u8]>)]) -> Result<Vec<Example>, DataError> {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    let data = numpy::read(&files)?;
    if entry.recipe.task != Task::Regression {
        return label(data.labelled()?, &entry.recipe.classes, &Format::Numpy, files[files.len() - 1].0);
    }
    let numbers = data.numbers()?;
    let example = |(values, numbers)| Example {
        raw: Raw::Values(values),
        answer: Answer::Numbers(numbers),
        group: None,
    };
    Ok(data.series.into_iter().zip(numbers).map(example).collect())
}

/// The series of a table by what its columns are: the channels and, where numbers belong to a series as a whole, these.
fn series(entry: &Entry, bytes: &[u8], file: &str) -> Result<Vec<table::Series>, DataError> {
    let (recipe, channels) = (&entry.recipe, entry.channel_names());
    match (&recipe.format, recipe.task) {
        (Format::LongTable { columns, .. }, task) => {
            let beside = if task == Task::Regression { &recipe.targets[..] } else { &[] };
            table::with_roles(Table::open(bytes, file)?, columns, channels, beside, true)
        }
        (Format::ClassFolders { columns, .. }, _) => {
            table::with_roles(Table::open(bytes, file)?, columns, channels, &[], true)
        }
        (_, Task::Labelling) => table::step_labelled(bytes, file, channels),
        (_, Task::Regression) => table::parse_named(bytes, file, &[channels, &recipe.targets].concat()),
        (_, Task::Classification | Task::Forecast) => table::parse_named(bytes, file, channels),
    }
}

/// Reads a table of series whose answers are not one class each, or whose columns have roles.
fn answered(entry: &Entry, bytes: &[u8], file: &str) -> Result<Vec<Example>, DataError> {
    let (recipe, channels) = (&entry.recipe, entry.channel_names().len());
    let example = |series: table::Series| {
        let answer = answer(&series, recipe.task, &recipe.classes, &recipe.targets, channels, file)?;
        let group = group(entry, &series);
        let width = series.values.len() / series.lines.len();
        let values = match width {
            width if width == channels => series.values,
            width => series.values.chunks_exact(width).flat_map(|row| &row[..channels]).copied().collect(),
        };
        Ok(Example { raw: Raw::Values(values), answer, group })
    };
    series(entry, bytes, file)?.into_iter().map(example).collect()
}

/// The answer to a series of so many channels, which has a class for each step where it was to be read, and numbers after
/// its channels where some belong to it as a whole.
pub(crate) fn answer(
    series: &table::Series,
    task: Task,
    classes: &[String],
    targets: &[String],
    channels: usize,
    file: &str,
) -> Result<Answer, DataError> {
    Ok(match task {
        Task::Classification => {
            // It is the same at all of its steps: that was checked when the files were found.
            let class = series.step_classes.first().map_or("", String::as_str);
            let unknown = || {
                let (found, known) = (excerpt(class), classes.join(", "));
                DataError::UnknownClass { file: file.into(), line: series.lines[0], found, known }
            };
            Answer::Class(labels::find(classes, class, false).ok_or_else(unknown)?)
        }
        Task::Labelling => Answer::StepClasses(step_classes(series, classes, file)?),
        Task::Regression => Answer::Numbers(numbers(series, channels, targets, file)?),
        Task::Forecast => Answer::Following,
    })
}

/// The classes of the steps of a series, as indices.
fn step_classes(
    series: &table::Series,
    classes: &[String],
    file: &str,
) -> Result<Vec<Option<usize>>, DataError> {
    let index = |(class, line): (&String, &usize)| {
        if class.is_empty() {
            return Ok(None);
        }
        let unknown = || {
            let (found, known) = (excerpt(class), classes.join(", "));
            DataError::UnknownClass { file: file.into(), line: *line, found, known }
        };
        labels::find(classes, class, false).map(Some).ok_or_else(unknown)
    };
    series.step_classes.iter().zip(&series.lines).map(index).collect()
}

/// The numbers that belong to a series as a whole, which stand after its channels and are the same in each of its rows.
fn numbers(
    series: &table::Series,
    channels: usize,
    targets: &[String],
    file: &str,
) -> Result<Vec<f64>, DataError> {
    let rows = || series.values.chunks_exact(channels + targets.len());
    let numbers = rows().next().map_or(Vec::new(), |row| row[channels..].to_vec());
    for (row, line) in rows().zip(&series.lines) {
        let differs = |at: &usize| row[channels + at] != numbers[*at];
        if let Some(at) = (0..targets.len()).find(differs) {
            let column = excerpt(&targets[at]);
            return Err(DataError::CsvTarget { file: file.into(), line: *line, column });
        }
    }
    Ok(numbers)
}

/// The error for a number of a series that cannot be computed with.
pub(crate) fn overflow(entry: &Entry, set: &SetFiles, place: Overflow) -> DataError {
    overflow_of(entry, set, place).unwrap_or_else(|error| error)
}

fn overflow_of(entry: &Entry, set: &SetFiles, place: Overflow) -> Result<DataError, DataError> {
    if entry.columns().is_some() {
        return long_overflow(entry, set, place);
    }
    if let Format::Numpy = &entry.recipe.format {
        let all = load(entry, set)?;
        let example = &all[place.sequence];
        let channels = entry.modality.channels().unwrap_or(1);
        let values = example.raw.values().unwrap_or_default();
        let value = values.get(place.step * channels + place.channel).copied().unwrap_or_default();
        // Of numbers that belong to a sequence as a whole, a step is the first; the larger of the two does not fit.
        let number = example.numbers().and_then(|numbers| numbers.get(place.channel)).copied();
        let answer = number.filter(|number| place.step == 0 && number.abs() > value.abs());
        let at = if answer.is_some() { set.files.len() - 1 } else { 0 };
        let (file, _) = entry.set.read(&set.files[at])?;
        let field = Field::Step { channel: place.channel + 1, step: place.step + 1 }.to_string();
        return Ok(DataError::Overflow {
            file,
            line: place.sequence + 1,
            field,
            found: answer.unwrap_or(value),
        });
    }
    // Pixels are small, and a set of another task has a sum: only a scale that nobody measured makes them large.
    let is_series = matches!(entry.modality, Modality::Series { .. });
    if !is_series || entry.recipe.task != Task::Classification {
        return Err(DataError::OtherPreprocessing { dataset: entry.name.clone() });
    }
    let (name, packed) = entry.set.read(&set.files[0])?;
    let bytes = file::unpack(&packed, &name, file::LIMIT)?;
    let channels = entry.modality.channels().unwrap_or(1);
    let sequences = labelled(&entry.recipe.format, channels, &bytes, &name, &entry.recipe.classes)?;
    let Labelled { raw, line, .. } = &sequences[place.sequence];
    let found = raw.values().expect("it is a series")[place.step * channels + place.channel];
    let (line, field) = locate(&entry.recipe.format, &bytes, &name, *line, place)?;
    Ok(DataError::Overflow { file: name, line, field, found })
}

/// The same in a table whose columns have roles. Of numbers that belong to a series as a whole, a step is the first, and a
/// channel one of them.
fn long_overflow(entry: &Entry, set: &SetFiles, place: Overflow) -> Result<DataError, DataError> {
    let is_alone = matches!(entry.recipe.format, Format::ClassFolders { .. });
    let (file, packed) = entry.set.read(&set.files[if is_alone { place.sequence } else { 0 }])?;
    let bytes = file::unpack(&packed, &file, file::LIMIT)?;
    let all = series(entry, &bytes, &file)?;
    let piece = set.pieces.as_ref().map(|pieces| &pieces[place.sequence]);
    let sequence = piece.map_or(place.sequence, |piece| piece.sequence);
    let series = &all[if is_alone { 0 } else { sequence }];
    let step = place.step + piece.map_or(0, Piece::first);
    let (line, names) = (series.lines[step], entry.channel_names());
    let row = &series.values[step * series.values.len() / series.lines.len()..];
    // The larger of the two is what does not fit.
    let size = |at: &usize| row.get(*at).map_or(0.0, |number| number.abs());
    let beside =
        if entry.recipe.task == Task::Regression { names.len() + place.channel } else { place.channel };
    let at = if size(&beside) > size(&place.channel) { beside } else { place.channel };
    let name = names.iter().chain(&entry.recipe.targets).nth(at).map_or("", String::as_str);
    Ok(DataError::Overflow { file, line, field: Field::Column(name).to_string(), found: row[at] })
}

/// The line of a number, and where in that line it stands; its sequence begins on the line `first`.
pub(crate) fn locate(
    format: &Format,
    bytes: &[u8],
    file: &str,
    first: usize,
    Overflow { sequence, step, channel }: Overflow,
) -> Result<(usize, String), DataError> {
    Ok(match format {
        Format::SeriesTable { channels } => {
            let line = table::line_of(bytes, file, channels, sequence, step)?;
            (line, Field::Column(&channels[channel]).to_string())
        }
        Format::Ucr => (first, Field::Nth(step + 2).to_string()),
        _ => (first, Field::Step { channel: channel + 1, step: step + 1 }.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DataConfig, find};

    fn series(table: &str, columns: &[&str]) -> table::Series {
        let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        table::parse_named(table.as_bytes(), "a", &columns).unwrap().remove(0)
    }

    #[test]
    fn several_numbers_belong_to_a_series_as_a_whole() {
        let targets = ["wear".to_owned(), "hours".to_owned()];
        let read = |table: &str| numbers(&series(table, &["x", "y", "wear", "hours"]), 2, &targets, "a");
        let found = read("series,x,hours,y,wear\na,1,7,2,0.5\na,3,7,4,0.5\n").unwrap();
        assert_eq!(found, [0.5, 7.0]);
        let message = read("series,x,hours,y,wear\na,1,7,2,0.5\na,3,8,4,0.5\n").unwrap_err().to_string();
        assert!(message.starts_with("a:3: column \"hours\" differs"), "{message}");
    }

    #[test]
    fn a_step_has_a_known_class_or_none() {
        let classes = ["down".to_owned(), "up".to_owned()];
        let read = |table: &str| {
            let all = table::step_labelled(table.as_bytes(), "a", &["x".to_owned()]).unwrap();
            step_classes(&all[0], &classes, "a")
        };
        let found = read("series,class,x\na,up,1\na,,2\na,down,3\n").unwrap();
        assert_eq!(found, [Some(1), None, Some(0)]);
        let refused = read("series,class,x\na,up,1\na,left,2\n");
        assert!(matches!(refused, Err(DataError::UnknownClass { line: 3, .. })), "{refused:?}");
    }
    use std::collections::HashSet;

    #[test]
    fn no_two_snippets_have_the_same_words() {
        let entry = find(&DataConfig::of("movie-snippets")).unwrap();
        let mut seen = HashSet::new();
        for set in [&entry.recipe.train, &entry.recipe.test] {
            for example in load(&entry, set).unwrap() {
                let Raw::Text(text) = example.raw else { panic!("snippets are texts") };
                let tokens = entry.tokens();
                let text = tokens.normal(&text);
                assert!(seen.insert(tokens.split(&text).join(" ")), "{text}");
            }
        }
    }
}
