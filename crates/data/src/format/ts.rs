//! The `.ts` format of the time-series archives: `@` lines, then one sequence a line, its channels
//! separated by colons and their steps by commas, the class at the end.

use crate::DataError;
use crate::error::excerpt;
use crate::examples::{Labelled, Raw};
use crate::file::number;

/// One sequence of a `.ts` file.
#[derive(Debug, PartialEq)]
pub(crate) struct Row {
    /// Where it stands in the file.
    pub line: usize,
    /// Shaped `[steps, channels]`.
    pub values: Vec<f32>,
    /// Its class, in a file that has them.
    pub class: Option<String>,
}

/// Reads series of `channels` channels, with classes or without: at least one.
pub(crate) fn parse(text: &str, file: &str, channels: usize) -> Result<Vec<Row>, DataError> {
    let mut lines = (1..)
        .zip(text.lines().map(str::trim))
        .filter(|(_, content)| !content.is_empty() && !content.starts_with('#'));
    let classes = header(&mut lines, file, channels)?;
    let rows: Vec<Row> = lines
        .map(|(line, content)| row(content, file, line, channels, &classes))
        .collect::<Result<_, _>>()?;
    if rows.is_empty() { Err(DataError::NoSequence { file: file.into() }) } else { Ok(rows) }
}

/// Reads series of `channels` channels with their classes.
pub(crate) fn labelled(text: &str, file: &str, channels: usize) -> Result<Vec<Labelled>, DataError> {
    let labelled = |Row { line, values, class }: Row| match class {
        Some(class) => Ok(Labelled { raw: Raw::Values(values), class, line }),
        None => Err(DataError::TsUnlabelled { file: file.into() }),
    };
    parse(text, file, channels)?.into_iter().map(labelled).collect()
}

/// How many channels the header announces: by `@dimensions`, or one by `@univariate true`.
pub(crate) fn channels(text: &str, file: &str) -> Result<usize, DataError> {
    let mut univariate = false;
    for (line, content) in (1..).zip(text.lines().map(str::trim)) {
        let (key, value) = content.split_once(char::is_whitespace).unwrap_or((content, ""));
        let value = value.trim();
        match key.to_ascii_lowercase().as_str() {
            "@dimensions" => {
                let channels = value.parse::<usize>().ok().filter(|channels| *channels > 0);
                return channels.ok_or_else(|| DataError::TsHeader {
                    file: file.into(),
                    line,
                    key: "@dimensions",
                    found: excerpt(value),
                    wanted: "the number of channels, such as `@dimensions 3`".into(),
                });
            }
            "@univariate" => univariate = value.eq_ignore_ascii_case("true"),
            "@data" => break,
            _ => (),
        }
    }
    if univariate { Ok(1) } else { Err(DataError::TsMissing { file: file.into(), key: "@dimensions" }) }
}

/// Reads up to the line `@data`. Returns the classes that the file announces: none if it has no classes.
fn header<'a>(
    lines: &mut impl Iterator<Item = (usize, &'a str)>,
    file: &str,
    channels: usize,
) -> Result<Vec<&'a str>, DataError> {
    let mut classes = None;
    for (line, content) in lines {
        let (key, value) = content.split_once(char::is_whitespace).unwrap_or((content, ""));
        let value = value.trim();
        let unreadable = |key, wanted: String| DataError::TsHeader {
            file: file.into(),
            line,
            key,
            found: excerpt(value),
            wanted,
        };
        match key.to_ascii_lowercase().as_str() {
            "@data" => return classes.ok_or(DataError::TsMissing { file: file.into(), key: "@classLabel" }),
            "@timestamps" if !value.eq_ignore_ascii_case("false") => {
                return Err(unreadable(
                    "@timeStamps",
                    "`false` there and the values without their times".into(),
                ));
            }
            "@dimensions" => match value.parse() {
                Ok(found) if found == channels => {}
                Ok(found) => {
                    return Err(DataError::Channels { file: file.into(), line, found, wanted: channels });
                }
                Err(_) => return Err(unreadable("@dimensions", format!("`@dimensions {channels}`"))),
            },
            "@classlabel" => {
                let mut words = value.split_whitespace();
                let labelled = words.next().unwrap_or_default().to_ascii_lowercase();
                let names: Vec<&str> = words.collect();
                match (labelled.as_str(), names.is_empty()) {
                    ("true", false) | ("false", true) => classes = Some(names),
                    _ => {
                        return Err(unreadable(
                            "@classLabel",
                            "`true` there and the classes after it, or `false` alone".into(),
                        ));
                    }
                }
            }
            _ => {}
        }
    }
    Err(DataError::TsMissing { file: file.into(), key: "@data" })
}

/// Reads one sequence, and its class if the file announces any.
fn row(content: &str, file: &str, line: usize, channels: usize, classes: &[&str]) -> Result<Row, DataError> {
    let mut fields: Vec<&str> = content.split(':').map(str::trim).collect();
    let class = if classes.is_empty() { None } else { fields.pop() };
    if let Some(class) = class.filter(|class| !classes.contains(class)) {
        return Err(DataError::TsClass { file: file.into(), line, found: excerpt(class) });
    }
    if fields.len() != channels {
        return Err(DataError::Channels { file: file.into(), line, found: fields.len(), wanted: channels });
    }
    let mut columns = Vec::with_capacity(channels);
    for field in fields {
        let steps = if field.is_empty() { vec![] } else { field.split(',').collect() };
        columns
            .push(steps.into_iter().map(|step| number(step, file, line)).collect::<Result<Vec<f32>, _>>()?);
    }
    let steps = columns.first().map_or(0, Vec::len);
    if steps == 0 {
        return Err(DataError::NoStep { file: file.into(), line });
    }
    if let Some(at) = columns.iter().position(|column| column.len() != steps) {
        let (channel, found) = (at + 1, columns[at].len());
        return Err(DataError::TsUneven { file: file.into(), line, channel, found, wanted: steps });
    }
    let values = (0..steps).flat_map(|step| columns.iter().map(move |column| column[step])).collect();
    Ok(Row { line, values, class: class.map(str::to_owned) })
}

#[cfg(test)]
mod tests;
