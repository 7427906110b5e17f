//! A user's file as sequences for a trained run to predict on.

use crate::examples::Raw;
use crate::format::{idx, png, table, texts, ts};
use crate::image::PIXELS;
use crate::preprocessing::Transform;
use crate::{DataError, Layout, Preprocessing, Steps, file};
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
/// - series: `.ts`, whose classes are ignored if it has any, or `.csv`, one step a row, one channel a column;
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
    let named: Vec<(String, Raw)> = match (preprocessing.transform(), kind.as_str()) {
        (Transform::Image { .. }, "png") => vec![(file.clone(), png::image(&file::read(path)?, &file)?)],
        (Transform::Image { .. }, "idx") => number(&file, idx::images(&file::read(path)?, &file)?),
        (Transform::Image { layout, .. }, "csv") => {
            let images = csv(path, &file, layout.channels())?;
            images.into_iter().map(|series| image(series, *layout, &file)).collect::<Result<_, _>>()?
        }
        (Transform::Image { .. }, _) => return Err(refused(".png, .idx or .csv, packed as .gz or not")),
        (Transform::Series { scale }, "ts") => {
            let bytes = file::read(path)?;
            let rows = ts::parse(file::text(&bytes, &file)?, &file, scale.channels())?;
            number(&file, rows.into_iter().map(|row| Raw::Values(row.values)).collect())
        }
        (Transform::Series { scale }, "csv") => {
            let all = match preprocessing.channel_names() {
                Some(names) => table::parse_named(&file::read(path)?, &file, names)?,
                None => csv(path, &file, scale.channels())?,
            };
            all.into_iter().map(|series| (name(&series, &file), Raw::Values(series.values))).collect()
        }
        (Transform::Series { .. }, _) => return Err(refused(".ts or .csv, packed as .gz or not")),
        (Transform::Text { .. }, "txt") => lines(file::text(&file::read(path)?, &file)?, &file)?,
        (Transform::Text { .. }, "csv") => {
            let rows = texts::parse(&file::read(path)?, &file)?;
            rows.into_iter().map(|row| (format!("{file}:{}", row.line), Raw::Text(row.text))).collect()
        }
        (Transform::Text { .. }, _) => {
            return Err(refused(".txt with one sequence a line or .csv, packed as .gz or not"));
        }
    };
    let steps = preprocessing.apply(named.iter().map(|(_, raw)| raw));
    Ok(named.into_iter().zip(steps).map(|((name, _), steps)| Input { name, steps }).collect())
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

fn number(file: &str, raws: Vec<Raw>) -> Vec<(String, Raw)> {
    (1..).zip(raws).map(|(position, raw): (usize, _)| (format!("{file}#{position}"), raw)).collect()
}

fn csv(path: &Path, file: &str, channels: usize) -> Result<Vec<table::Series>, DataError> {
    table::parse(&file::read(path)?, file, channels)
}

fn name(series: &table::Series, file: &str) -> String {
    series.name.as_ref().map_or_else(|| file.to_owned(), |name| format!("{file}#{name}"))
}

/// A table's pixels as an image.
fn image(mut series: table::Series, layout: Layout, file: &str) -> Result<(String, Raw), DataError> {
    let (found, wanted) = (series.lines.len(), PIXELS / layout.channels());
    if found != wanted {
        let line = series.lines.last().copied().unwrap_or(1);
        return Err(DataError::ImageRows { file: file.into(), line, found, wanted });
    }
    for (at, pixel) in series.values.iter_mut().enumerate() {
        if !(0.0..=255.0).contains(pixel) {
            let line = series.lines[at / layout.channels()];
            return Err(DataError::PixelRange { file: file.into(), line, found: *pixel });
        }
        *pixel /= 255.0;
    }
    Ok((name(&series, file), Raw::Values(series.values)))
}

fn lines(text: &str, file: &str) -> Result<Vec<(String, Raw)>, DataError> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let named: Vec<_> =
        lines.map(|(at, line): (usize, _)| (format!("{file}:{at}"), Raw::Text(line.to_owned()))).collect();
    if named.is_empty() { Err(DataError::NoSequence { file: file.into() }) } else { Ok(named) }
}
