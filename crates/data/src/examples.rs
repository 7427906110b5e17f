//! Sequences as the files hold them, before preprocessing.

use crate::error::excerpt;
use crate::file::Field;
use crate::format::{idx, rated, table, texts, ts, ucr};
use crate::preprocessing::Overflow;
use crate::recipe::{Format, Modality, SetFiles};
use crate::{DataError, Entry, file, labels};

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

/// A sequence with its class, as an index into the data set's classes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Example {
    pub raw: Raw,
    pub label: usize,
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
        Ok(Example { raw, label })
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
        Format::Idx | Format::RatedText => unreachable!("its classes have no names"),
    }
}

/// Reads the training or the test data of a data set.
pub(crate) fn load(entry: &Entry, set: &SetFiles) -> Result<Vec<Example>, DataError> {
    entry.require()?;
    let packed = set.files.iter().map(|file| entry.set.read(file)).collect::<Result<Vec<_>, _>>()?;
    let mut files = Vec::with_capacity(packed.len());
    for (name, packed) in &packed {
        files.push((name, file::unpack(packed, name, file::LIMIT)?));
    }
    let classes = &entry.recipe.classes;
    match (&entry.recipe.format, &files[..]) {
        (Format::Idx, [(images, pixels), (labels, numbers)]) => {
            let pixels = idx::images(pixels, images)?;
            idx::pair(pixels, idx::labels(numbers, labels, classes.len())?, labels)
        }
        (Format::RatedText, [(name, bytes)]) => rated::parse(file::text(bytes, name)?, name),
        (format, [(name, bytes)]) => {
            let channels = entry.modality.channels().unwrap_or(1);
            label(labelled(format, channels, bytes, name, classes)?, classes, format, name)
        }
        _ => unreachable!("a recipe is compiled in, and a test loads every one, or it is made in this crate"),
    }
}

/// The error for a number of a series that cannot be computed with.
pub(crate) fn overflow(entry: &Entry, set: &SetFiles, place: Overflow) -> DataError {
    overflow_of(entry, set, place).unwrap_or_else(|error| error)
}

fn overflow_of(entry: &Entry, set: &SetFiles, place: Overflow) -> Result<DataError, DataError> {
    // Pixels are small: only a scale that nobody measured makes them large.
    if !matches!(entry.modality, Modality::Series { .. }) {
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
    use crate::find;
    use std::collections::HashSet;

    #[test]
    fn no_two_snippets_have_the_same_words() {
        let entry = find("movie-snippets").unwrap();
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
