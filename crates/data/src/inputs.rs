//! A user's file as sequences for a trained run to predict on.

use crate::error::{ArchiveError, excerpt};
use crate::examples::Raw;
use crate::file::Field;
use crate::format::table::{self, Table};
use crate::format::{idx, numpy, png, texts, ts, ucr};
use crate::image::PIXELS;
use crate::own::names_in;
use crate::preprocessing::{Overflow, Transform};
use crate::survey::several_lines;
use crate::unknown::unknown_tokens;
use crate::{DataError, Layout, Missing, Preprocessing, Steps, Task, Windows, far, file, labels, stamps};
use std::fs;
use std::ops::Range;
use std::path::Path;

/// A sequence of unknown class.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The file that it came from, with the line, the position or the series in it.
    pub name: String,
    /// The steps that the model reads.
    pub steps: Steps,
    /// Those of them that are the sequence's own, and no padding.
    pub own: Range<usize>,
    /// The number of the first of these in the sequence as the file has it, from 1.
    pub first_step: usize,
}

/// The sequences of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    /// At least one.
    pub sequences: Vec<Input>,
    /// Reasons for which answers may be worth little.
    pub warnings: Vec<String>,
}

/// Reads the sequences of a file and applies a run's preprocessing to them. Any file may be gzipped. Of a series that is
/// to be forecast, only the last steps are kept, as many as the run's windows have.
///
/// The formats depend on the data that the run was trained on:
/// - images of 28×28 pixels: a `.png` of one image, an `.idx` file of many, or a `.csv` of pixels from 0 to 255
///   in the image's own order, 28 rows of 28 columns an image where the run reads rows and 784 rows of one
///   column where it reads pixels. White on black, as the digits are;
/// - series: `.ts`, whose classes or targets are ignored if it has any, or `.csv`, one step a row, one channel a
///   column, or `.npy`, an array `[n, steps, channels]`; of one channel also the UCR archive's `.tsv`, whose first column is the class, known or `?`;
/// - text: `.txt`, one sequence a line, or `.csv`, one a row in the column `text`; blank lines are skipped.
///
/// A `.jsonl` is read as a `.csv` of series or of texts, whose rows are objects and whose columns are their keys, and so is a
/// `.parquet` by a build with the feature `parquet`.
///
/// A `.csv` has a row of column names first. If the first column is named `series`, its values tell the
/// sequences apart. Of a folder, all files are read, in the order of their names. Where the run was trained on tables of the user's own, the columns have the names of theirs and
/// stand in any order. Texts, and series of such a run, may have a column `class`, which is ignored. Standard input, `-`,
/// is a `.csv`, or of texts a `.txt`.
///
/// # Errors
/// A file that cannot be read, is damaged, or does not fit the run; a series too short to be forecast.
pub fn read_inputs(path: &Path, preprocessing: &Preprocessing) -> Result<Inputs, DataError> {
    if !path.is_dir() {
        return of_file(path, preprocessing);
    }
    let mut all = Inputs { sequences: Vec::new(), warnings: Vec::new() };
    let mut warned = 0;
    for name in names_in(path)?.into_iter().filter(|name| !name.starts_with('.')) {
        let Inputs { sequences, warnings } = of_file(&path.join(name), preprocessing)?;
        all.sequences.extend(sequences);
        warned += usize::from(!warnings.is_empty());
        all.warnings.extend(warnings.into_iter().filter(|_| warned <= WARNED));
    }
    if warned > WARNED {
        let more = file::count(warned - WARNED, "more file");
        all.warnings.push(format!("there are warnings of {more}, too: read each by itself to see them"));
    }
    let is_folder = |item: std::io::Result<fs::DirEntry>| item.is_ok_and(|item| item.path().is_dir());
    if fs::read_dir(path).is_ok_and(|mut items| items.any(is_folder)) {
        all.warnings.push(format!("folders in {} are not read: give each by itself", file::called(path)));
    }
    if all.sequences.is_empty() { Err(DataError::NoFiles { folder: file::called(path) }) } else { Ok(all) }
}

/// The files of a folder whose warnings are told.
const WARNED: usize = 5;

fn of_file(path: &Path, preprocessing: &Preprocessing) -> Result<Inputs, DataError> {
    let file = file::called(path);
    let found = find(path, &file, preprocessing)?;
    let filled_in = missing_from(&found, &file, preprocessing)?;
    let found = found.into_iter().map(|found| found.last_context(preprocessing)).collect::<Result<_, _>>()?;
    let mut inputs = prepared(found, &file, preprocessing)?;
    inputs.warnings.splice(0..0, filled_in);
    Ok(inputs)
}

/// Sequences as the model reads them.
pub(crate) fn prepared(
    found: Vec<Found>,
    file: &str,
    preprocessing: &Preprocessing,
) -> Result<Inputs, DataError> {
    let steps = preprocessing.apply(found.iter().map(|found| &found.raw));
    with_steps(found, steps, file, preprocessing)
}

/// Sequences with what the model reads of them, or the place of a number that it cannot compute with.
pub(crate) fn with_steps(
    found: Vec<Found>,
    steps: Result<Vec<Steps>, Overflow>,
    file: &str,
    preprocessing: &Preprocessing,
) -> Result<Inputs, DataError> {
    let steps = steps.map_err(|place| overflow(&found[place.sequence], file, place, preprocessing))?;
    let texts = found.iter().filter_map(|found| Some((*found.lines.first()?, found.raw.text()?)));
    let mut warnings: Vec<String> = several_lines(file, texts).iter().map(ToString::to_string).collect();
    warnings.extend(far::warnings(&found, file, preprocessing));
    let input = |(found, mut steps): (Found, Steps)| {
        if let Steps::Values { values, channels } = &mut steps {
            values.drain(..found.unread * *channels);
        }
        let kept = preprocessing.kept(found.steps(preprocessing).unwrap_or(steps.len()));
        let padding = preprocessing.padding_before(kept.len());
        let own = padding..padding + kept.len();
        Input { name: found.name, steps, own, first_step: found.skipped + found.unread + kept.start + 1 }
    };
    let sequences: Vec<Input> = found.into_iter().zip(steps).map(input).collect();
    warnings.extend(unknown_tokens(&sequences));
    Ok(Inputs { sequences, warnings })
}

/// Checks that no number is missing from series, or warns of those that are filled in.
///
/// # Errors
/// A number that is missing, and no rule for it.
pub(crate) fn missing_from(
    all: &[Found],
    file: &str,
    preprocessing: &Preprocessing,
) -> Result<Option<String>, DataError> {
    let places = || {
        all.iter().flat_map(|found| {
            let values = found.raw.values().unwrap_or_default().iter().enumerate();
            values.filter(|(_, value)| value.is_nan()).map(move |(at, _)| (found, at))
        })
    };
    let Some((found, first)) = places().next() else { return Ok(None) };
    let (channels, values) = (channels(preprocessing), places().count());
    let (line, field) = found.place(first / channels, first % channels, preprocessing);
    let Some(filling) = preprocessing.filling() else {
        return Err(DataError::MissingInput { file: file.into(), line, field, values });
    };
    let new = places().find(|(_, at)| filling.rule() == Missing::Forward && !filling.has_mask(at % channels));
    let new = new.map_or_else(String::new, |(found, at)| {
        let (line, field) = found.place(at / channels, at % channels, preprocessing);
        format!("; in line {line}, one of a channel that had all of them in training ({field}), which the model does not see")
    });
    let are = if values == 1 { "value is" } else { "values are" };
    let rule = filling.rule().name();
    Ok(Some(format!(
        "{values} {are} missing (the first in {file}:{line}, {field}) and filled in by `data.missing = {rule:?}`{new}"
    )))
}

/// Reads the sequences of a file as it holds them.
fn find(path: &Path, file: &str, preprocessing: &Preprocessing) -> Result<Vec<Found>, DataError> {
    // Standard input has no name to tell.
    let kind = match preprocessing.transform() {
        Transform::Text { .. } if file::is_standard(path) => "txt".to_owned(),
        _ if file::is_standard(path) => "csv".to_owned(),
        _ => file::kind(path),
    };
    let refused = |accepted| DataError::Extension { file: file.into(), accepted };
    Ok(match (preprocessing.transform(), kind.as_str()) {
        (Transform::Image { .. }, "png") => {
            vec![Found::one(file.to_owned(), png::image(&file::read(path)?, file)?, 1)]
        }
        (Transform::Image { .. }, "idx") => {
            number(file, idx::images(&file::read(path)?, file)?.into_iter().map(|image| (image, 1)))
        }
        (Transform::Image { layout, .. }, "csv") => {
            let images = table::parse(Table::open(&file::read(path)?, file)?, layout.channels())?;
            images.into_iter().map(|series| image(series, *layout, file)).collect::<Result<_, _>>()?
        }
        (Transform::Image { .. }, _) => return Err(refused(".png, .idx or .csv, packed as .gz or not")),
        (Transform::Series { .. } | Transform::PreciseSeries { .. }, _) => {
            series(path, file, &kind, preprocessing)?
        }
        (Transform::Text { .. }, "txt") => lines(file::text(&file::read(path)?, file)?, file)?,
        (Transform::Text { .. }, "csv" | "jsonl" | "parquet") => {
            let rows = texts::parse(&file::read(path)?, file, preprocessing.classes())?;
            let named =
                |row: texts::Row| Found::one(format!("{file}:{}", row.line), Raw::Text(row.text), row.line);
            rows.into_iter().map(named).collect()
        }
        (Transform::Text { .. }, _) => {
            return Err(refused(
                ".txt with one sequence a line, .csv, .jsonl or .parquet, packed as .gz or not",
            ));
        }
    })
}

/// A sequence as it was found in a file.
pub(crate) struct Found {
    name: String,
    raw: Raw,
    /// The line of each step, or the one that it begins on.
    lines: Vec<usize>,
    /// Steps of the file before the first of these.
    skipped: usize,
    /// The first of these that the model does not read: what is missing later is filled in from them.
    unread: usize,
}

impl Found {
    /// A series of a table.
    pub(crate) fn of_table(series: table::Series, file: &str) -> Found {
        let (name, raw) = (name(&series, file), Raw::Values(series.values));
        Found { name, raw, lines: series.lines, skipped: 0, unread: 0 }
    }

    /// A sequence that begins on a line.
    pub(crate) fn one(name: String, raw: Raw, line: usize) -> Found {
        Found { name, raw, lines: vec![line], skipped: 0, unread: 0 }
    }

    /// Its content.
    pub(crate) fn raw(&self) -> &Raw {
        &self.raw
    }

    /// The steps of a series that the model reads.
    fn steps(&self, preprocessing: &Preprocessing) -> Option<usize> {
        Some(self.raw.values()?.len() / channels(preprocessing) - self.unread)
    }

    /// The last steps alone, as many as a forecast is made from; all of any other task.
    fn last_context(mut self, preprocessing: &Preprocessing) -> Result<Found, DataError> {
        let (Some(Windows { context, .. }), Some(steps)) =
            (preprocessing.windows(), self.steps(preprocessing))
        else {
            return Ok(self);
        };
        let Some(skipped) = steps.checked_sub(context) else {
            return Err(DataError::ShortInput { name: excerpt(&self.name), steps, context });
        };
        if preprocessing.filling().is_some() {
            return Ok(Found { unread: skipped, ..self });
        }
        if let Raw::Values(values) = &mut self.raw {
            values.drain(..skipped * channels(preprocessing));
        }
        if self.lines.len() == steps {
            self.lines.drain(..skipped);
        }
        Ok(Found { skipped, ..self })
    }

    /// The numbers of a series that the model reads, each with its step and channel.
    pub(crate) fn numbers(&self, preprocessing: &Preprocessing) -> impl Iterator<Item = (usize, usize, f64)> {
        let channels = channels(preprocessing);
        let values = self.raw.values().unwrap_or_default();
        let kept = preprocessing.kept(values.len() / channels);
        let kept = kept.start + self.unread..kept.end;
        let number = move |at: usize| (at / channels, at % channels, values[at]);
        (kept.start * channels..kept.end * channels).map(number)
    }

    /// The line of a number, and its place in that line as messages call it.
    pub(crate) fn place(
        &self,
        step: usize,
        channel: usize,
        preprocessing: &Preprocessing,
    ) -> (usize, String) {
        // In a table a line is a step, elsewhere it holds them all.
        let is_table =
            Some(self.lines.len() * channels(preprocessing)) == self.raw.values().map(<[f64]>::len);
        let name = preprocessing.channel_names().filter(|_| is_table).and_then(|names| names.get(channel));
        let field = match name {
            Some(name) => Field::Column(name),
            None => Field::Step { channel: channel + 1, step: self.skipped + step + 1 },
        };
        let line = self.lines.get(step).or(self.lines.first()).copied().unwrap_or(1);
        (line, field.to_string())
    }
}

/// The numbers of a step as files have it; 1 where it is a token.
fn channels(preprocessing: &Preprocessing) -> usize {
    preprocessing.channels().unwrap_or(1)
}

/// The series of a file.
fn series(
    path: &Path,
    file: &str,
    kind: &str,
    preprocessing: &Preprocessing,
) -> Result<Vec<Found>, DataError> {
    let channels = channels(preprocessing);
    match kind {
        "ts" => {
            let bytes = file::read(path)?;
            let rows = ts::parse(file::text(&bytes, file)?, file, channels)?;
            Ok(number(file, rows.into_iter().map(|row| (Raw::Values(row.values), row.line))))
        }
        "npy" => {
            let all = numpy::series(&file::read(path)?, file, channels)?;
            Ok(number(file, (1..).zip(all).map(|(line, values)| (Raw::Values(values), line))))
        }
        "csv" | "jsonl" | "parquet" | "tsv" if kind != "tsv" || preprocessing.columns().is_some() => {
            let bytes = file::read(path)?;
            let all = of_table(Table::open(&bytes, file)?, preprocessing)?;
            if let Some(time) = preprocessing.columns().and_then(|columns| columns.time.as_deref())
                && !all[0].times.is_empty()
            {
                stamps::check(&all, time, file, preprocessing.task() == Task::Forecast)?;
            }
            Ok(all.into_iter().map(|series| Found::of_table(series, file)).collect())
        }
        "tsv" if channels == 1 => {
            let bytes = file::read(path)?;
            let classes = preprocessing.classes();
            let all = ucr::labelled(file::text(&bytes, file)?, file, classes)?;
            // Without this, the first number of a file without classes would be lost.
            let unknown = |class: &str| class != "?" && labels::find(classes, class, false).is_none();
            if let Some(other) = all.iter().find(|series| unknown(&series.class)) {
                let (found, known) = (excerpt(&other.class), excerpt(&classes.join(", ")));
                return Err(DataError::Archive(ArchiveError::UcrClass {
                    file: file.into(),
                    line: other.line,
                    found,
                    known,
                }));
            }
            Ok(number(file, all.into_iter().map(|series| (series.raw, series.line))))
        }
        _ => {
            let accepted = match channels {
                1 => ".ts, .csv, .jsonl, .parquet, .npy or the .tsv of the UCR archive, packed as .gz or not",
                _ => ".ts, .csv, .jsonl, .parquet or .npy, packed as .gz or not",
            };
            Err(DataError::Extension { file: file.into(), accepted })
        }
    }
}

/// The series of a table, whose columns a run knows by their names or by their order.
pub(crate) fn of_table(table: Table, preprocessing: &Preprocessing) -> Result<Vec<table::Series>, DataError> {
    let answers = if preprocessing.task() == Task::Regression { preprocessing.targets() } else { &[] };
    match (preprocessing.channel_names(), preprocessing.columns()) {
        (Some(names), Some(columns)) => table::with_roles(table, columns, names, answers, false),
        (Some(names), None) => table::parse_beside(table, names, answers),
        (None, _) => table::parse(table, channels(preprocessing)),
    }
}

/// The error for a number that cannot be computed with.
fn overflow(found: &Found, file: &str, place: Overflow, preprocessing: &Preprocessing) -> DataError {
    let Overflow { step, channel, .. } = place;
    let channels = channels(preprocessing);
    let number = match &found.raw {
        Raw::Values(values) => values[step * channels + channel],
        Raw::Pixels(pixels) => f64::from(pixels[step * channels + channel]),
        Raw::Text(_) => unreachable!("words are no numbers"),
    };
    let (line, field) = found.place(step, channel, preprocessing);
    DataError::Overflow { file: file.into(), line, field, found: number }
}

/// Sequences by their positions in the file, each with the line that it begins on.
fn number(file: &str, raws: impl Iterator<Item = (Raw, usize)>) -> Vec<Found> {
    (1..)
        .zip(raws)
        .map(|(position, (raw, line)): (usize, _)| Found::one(format!("{file}#{position}"), raw, line))
        .collect()
}

fn name(series: &table::Series, file: &str) -> String {
    series.name.as_ref().map_or_else(|| file.to_owned(), |name| format!("{file}#{name}"))
}

/// A table's pixels as an image.
fn image(series: table::Series, layout: Layout, file: &str) -> Result<Found, DataError> {
    let (found, wanted) = (series.lines.len(), PIXELS / layout.channels());
    if found != wanted {
        let line = series.lines.last().copied().unwrap_or(1);
        return Err(DataError::ImageRows { file: file.into(), line, found, wanted });
    }
    if let Some(at) = series.values.iter().position(|pixel| !(0.0..=255.0).contains(pixel)) {
        let line = series.lines[at / layout.channels()];
        return Err(DataError::PixelRange { file: file.into(), line, found: series.values[at] });
    }
    let pixels = series.values.iter().map(|pixel| *pixel as f32 / 255.0).collect();
    let (name, raw) = (name(&series, file), Raw::Pixels(pixels));
    Ok(Found { name, raw, lines: series.lines, skipped: 0, unread: 0 })
}

fn lines(text: &str, file: &str) -> Result<Vec<Found>, DataError> {
    let lines = (1..).zip(file::lines(text)).filter(|(_, line)| !line.trim().is_empty());
    let named =
        |(at, line): (usize, &str)| Found::one(format!("{file}:{at}"), Raw::Text(line.to_owned()), at);
    let found: Vec<Found> = lines.map(named).collect();
    if found.is_empty() { Err(DataError::NoSequence { file: file.into() }) } else { Ok(found) }
}
