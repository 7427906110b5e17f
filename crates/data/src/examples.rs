//! Sequences as the files hold them, before preprocessing.

use crate::error::excerpt;
use crate::format::{idx, rated, table, texts, ts, ucr};
use crate::recipe::{Format, SetFiles};
use crate::{DataError, Entry, file};

/// The content of one sequence. There is at least one step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Raw {
    /// A series `[steps, channels]`, or an image: its rows from the top, each pixel from 0 to 1.
    Values(Vec<f32>),
    /// A text.
    Text(String),
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
    file: &str,
) -> Result<Vec<Example>, DataError> {
    let example = |Labelled { raw, class, line }: Labelled| {
        let label = classes.iter().position(|known| *known == class).ok_or_else(|| {
            let (found, known) = (excerpt(&class), classes.join(", "));
            DataError::UnknownClass { file: file.into(), line, found, known }
        })?;
        Ok(Example { raw, label })
    };
    sequences.into_iter().map(example).collect()
}

/// Reads the sequences of a file whose format has names for the classes.
pub(crate) fn labelled(
    format: &Format,
    channels: usize,
    bytes: &[u8],
    file: &str,
) -> Result<Vec<Labelled>, DataError> {
    match format {
        Format::Ts => ts::labelled(file::text(bytes, file)?, file, channels),
        Format::SeriesTable { channels } => table::labelled(bytes, file, channels),
        Format::TextTable => texts::labelled(bytes, file),
        Format::Idx | Format::RatedText | Format::Ucr => unreachable!("its classes have no names"),
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
        (format @ (Format::Ts | Format::SeriesTable { .. } | Format::TextTable), [(name, bytes)]) => {
            let channels = entry.modality.channels().unwrap_or(1);
            label(labelled(format, channels, bytes, name)?, classes, name)
        }
        (Format::Ucr, [(name, bytes)]) => ucr::parse(file::text(bytes, name)?, name, classes),
        (Format::RatedText, [(name, bytes)]) => rated::parse(file::text(bytes, name)?, name),
        _ => unreachable!("a recipe is compiled in, and a test loads every one, or it is made in this crate"),
    }
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
            for example in load(entry, set).unwrap() {
                let Raw::Text(text) = example.raw else { panic!("snippets are texts") };
                let tokens = entry.tokens();
                let text = tokens.normal(&text);
                assert!(seen.insert(tokens.split(&text).join(" ")), "{text}");
            }
        }
    }
}
