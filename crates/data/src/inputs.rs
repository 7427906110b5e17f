//! A user's file as sequences for a trained run to predict on.

use crate::error::excerpt;
use crate::examples::Raw;
use crate::file::Field;
use crate::format::{idx, png, table, texts, ts, ucr};
use crate::image::PIXELS;
use crate::preprocessing::{Overflow, Transform};
use crate::{DataError, InputKind, Layout, Preprocessing, Steps, file, labels};
use std::path::Path;

/// A sequence of unknown class.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Where it came from: the file, with the line, the position or the series in it.
    pub name: String,
    /// What the model reads.
    pub steps: Steps,
}

/// Reads the sequences of a file and applies a run's preprocessing to them. Any file may be gzipped.
///
/// What is read depends on what the run was trained on:
/// - images of 28×28 pixels: a `.png` of one image, an `.idx` file of many, or a `.csv` of pixels from 0 to 255
///   in the image's own order, 28 rows of 28 columns an image where the run reads rows and 784 rows of one
///   column where it reads pixels. White on black, as the digits are;
/// - series: `.ts`, whose classes or targets are ignored if it has any, or `.csv`, one step a row, one channel a
///   column; of one channel also the UCR archive's `.tsv`, whose first column is the class, known or `?`;
/// - text: `.txt`, one sequence a line, or `.csv`, one a row in the column `text`; blank lines are skipped.
///
/// A `.csv` has a row of column names first. If the first column is named `series`, its values tell the
/// sequences apart. Where the run was trained on tables of the user's own, the columns have the names of theirs and
/// stand in any order. Texts, and series of such a run, may have a column `class`, which is ignored.
///
/// # Errors
/// A file that cannot be read, is damaged, or does not fit the run.
pub fn read_inputs(path: &Path, preprocessing: &Preprocessing) -> Result<Vec<Input>, DataError> {
    let kind = kind(path);
    let file = path.display().to_string();
    let refused = |accepted| DataError::Extension { file: file.clone(), accepted };
    let found: Vec<Found> = match (preprocessing.transform(), kind.as_str()) {
        (Transform::Image { .. }, "png") => {
            vec![Found::one(file.clone(), png::image(&file::read(path)?, &file)?, 1)]
        }
        (Transform::Image { .. }, "idx") => {
            number(&file, idx::images(&file::read(path)?, &file)?.into_iter().map(|image| (image, 1)))
        }
        (Transform::Image { layout, .. }, "csv") => {
            let images = table::parse(&file::read(path)?, &file, layout.channels())?;
            images.into_iter().map(|series| image(series, *layout, &file)).collect::<Result<_, _>>()?
        }
        (Transform::Image { .. }, _) => return Err(refused(".png, .idx or .csv, packed as .gz or not")),
        (Transform::Series { .. } | Transform::PreciseSeries { .. }, _) => {
            series(path, &file, &kind, preprocessing)?
        }
        (Transform::Text { .. }, "txt") => lines(file::text(&file::read(path)?, &file)?, &file)?,
        (Transform::Text { .. }, "csv") => {
            let rows = texts::parse(&file::read(path)?, &file)?;
            let named =
                |row: texts::Row| Found::one(format!("{file}:{}", row.line), Raw::Text(row.text), row.line);
            rows.into_iter().map(named).collect()
        }
        (Transform::Text { .. }, _) => {
            return Err(refused(".txt with one sequence a line or .csv, packed as .gz or not"));
        }
    };
    let steps = preprocessing
        .apply(found.iter().map(|found| &found.raw))
        .map_err(|place| overflow(&found[place.sequence], &file, place, preprocessing))?;
    Ok(found.into_iter().zip(steps).map(|(found, steps)| Input { name: found.name, steps }).collect())
}

/// A sequence as it was found in a file.
struct Found {
    name: String,
    raw: Raw,
    /// The line of each step, or the one that it begins on.
    lines: Vec<usize>,
}

impl Found {
    fn one(name: String, raw: Raw, line: usize) -> Found {
        Found { name, raw, lines: vec![line] }
    }
}

/// The series of a file.
fn series(
    path: &Path,
    file: &str,
    kind: &str,
    preprocessing: &Preprocessing,
) -> Result<Vec<Found>, DataError> {
    let InputKind::Values { channels } = preprocessing.input() else { unreachable!("series have channels") };
    match kind {
        "ts" => {
            let bytes = file::read(path)?;
            let rows = ts::parse(file::text(&bytes, file)?, file, channels)?;
            Ok(number(file, rows.into_iter().map(|row| (Raw::Values(row.values), row.line))))
        }
        "csv" => {
            let bytes = file::read(path)?;
            let all = match preprocessing.channel_names() {
                Some(names) => table::parse_named(&bytes, file, names)?,
                None => table::parse(&bytes, file, channels)?,
            };
            let found = |series: table::Series| Found {
                name: name(&series, file),
                raw: Raw::Values(series.values),
                lines: series.lines,
            };
            Ok(all.into_iter().map(found).collect())
        }
        "tsv" if channels == 1 => {
            let bytes = file::read(path)?;
            let all = ucr::labelled(file::text(&bytes, file)?, file)?;
            // Without this, the first number of a file without classes would be lost.
            let classes = preprocessing.classes();
            let unknown = |class: &str| class != "?" && labels::find(classes, class, false).is_none();
            if let Some(other) = all.iter().find(|series| unknown(&series.class)) {
                let (found, known) = (excerpt(&other.class), excerpt(&classes.join(", ")));
                return Err(DataError::UcrClass { file: file.into(), line: other.line, found, known });
            }
            Ok(number(file, all.into_iter().map(|series| (series.raw, series.line))))
        }
        _ => {
            let accepted = match channels {
                1 => ".ts, .csv or the .tsv of the UCR archive, packed as .gz or not",
                _ => ".ts or .csv, packed as .gz or not",
            };
            Err(DataError::Extension { file: file.into(), accepted })
        }
    }
}

/// What is to be said of a number that cannot be computed with.
fn overflow(found: &Found, file: &str, place: Overflow, preprocessing: &Preprocessing) -> DataError {
    let Overflow { step, channel, .. } = place;
    let InputKind::Values { channels } = preprocessing.input() else { unreachable!("numbers have channels") };
    let number = match &found.raw {
        Raw::Values(values) => values[step * channels + channel],
        Raw::Pixels(pixels) => f64::from(pixels[step * channels + channel]),
        Raw::Text(_) => unreachable!("words are no numbers"),
    };
    let field = match preprocessing.channel_names().and_then(|names| names.get(channel)) {
        Some(name) => Field::Column(name),
        None => Field::Step { channel: channel + 1, step: step + 1 },
    };
    let line = found.lines.get(step).or(found.lines.first()).copied().unwrap_or(1);
    DataError::Overflow { file: file.into(), line, field: field.to_string(), found: number }
}

/// The format that a file's name tells: its extension, but for `.gz`. MNIST's own files are named
/// `train-images-idx3-ubyte`.
fn kind(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    if name.ends_with("idx3-ubyte") {
        return "idx".into();
    }
    name.rsplit_once('.').map_or(String::new(), |(_, extension)| extension.into())
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
    Ok(Found { name: name(&series, file), raw: Raw::Pixels(pixels), lines: series.lines })
}

fn lines(text: &str, file: &str) -> Result<Vec<Found>, DataError> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let named =
        |(at, line): (usize, &str)| Found::one(format!("{file}:{at}"), Raw::Text(line.to_owned()), at);
    let found: Vec<Found> = lines.map(named).collect();
    if found.is_empty() { Err(DataError::NoSequence { file: file.into() }) } else { Ok(found) }
}
