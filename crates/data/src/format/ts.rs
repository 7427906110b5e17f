//! The `.ts` format of the time-series archives: `@` lines, then one sequence a line, its channels
//! separated by colons and their steps by commas, the class at the end.

use crate::error::{ArchiveError, excerpt};
use crate::examples::{Labelled, Raw};
use crate::file::{self, Field, Location, measured};
use crate::{DataError, labels};

/// One sequence of a `.ts` file.
#[derive(Debug, PartialEq)]
pub(crate) struct Row {
    /// The line that it stands on.
    pub line: usize,
    /// Shaped `[steps, channels]`.
    pub values: Vec<f64>,
    /// Its class as the header spells it, where the file tells it.
    pub class: Option<String>,
    /// True if its line has a field for the class or the target, filled in or not.
    has_ending: bool,
}

/// The last field of each sequence.
#[derive(Debug, PartialEq)]
enum Ending<'a> {
    /// Its class, one of these.
    Class(Vec<&'a str>),
    /// A number to be predicted, as the line of the header says.
    Target { line: usize },
    /// Nothing, as the line of the header says with this key.
    Nothing { line: usize, key: &'static str },
}

/// The content of the `@` lines.
struct Header<'a> {
    /// The number of channels and the line that says it.
    channels: Option<(usize, usize)>,
    ending: Ending<'a>,
}

/// Reads series of `channels` channels, with classes or without: at least one.
pub(crate) fn parse(text: &str, file: &str, channels: usize) -> Result<Vec<Row>, DataError> {
    let mut lines = lines(text);
    let header = header(&mut lines, file)?;
    if let Some((found, line)) = header.channels.filter(|(found, _)| *found != channels) {
        return Err(DataError::Channels { file: file.into(), line, found, wanted: channels });
    }
    let mut rows: Vec<Row> = Vec::new();
    for (line, content) in lines {
        if rows.is_empty()
            && let Some(wrong) = unannounced(&header, file, channels, (line, content))
        {
            return Err(wrong);
        }
        let row = row(content, file, line, channels, &header.ending);
        rows.push(row.map_err(|error| match (error, header.channels) {
            // What not even the first sequence is like is not to be blamed on it.
            (DataError::Channels { file, line: first, found, .. }, Some((announced, line)))
                if rows.is_empty() =>
            {
                DataError::Archive(ArchiveError::TsDimensions { file, line, announced, first, found })
            }
            (error, _) => error,
        })?);
    }
    if rows.is_empty() {
        return Err(DataError::NoSequence { file: file.into() });
    }
    // One of many without a class may be what was left of a line when the file was cut off.
    let cut_off =
        rows.iter().find(|row| !row.has_ending).filter(|_| rows.iter().any(|row| row.class.is_some()));
    match cut_off {
        Some(row) => Err(DataError::Archive(ArchiveError::TsNoClass { file: file.into(), line: row.line })),
        None => Ok(rows),
    }
}

/// Reads series of `channels` channels with their classes.
pub(crate) fn labelled(text: &str, file: &str, channels: usize) -> Result<Vec<Labelled>, DataError> {
    let mut all = lines(text);
    let header = header(&mut all, file)?;
    match header.ending {
        Ending::Class(_) => (),
        Ending::Target { line } => {
            return Err(DataError::Archive(ArchiveError::TsTarget { file: file.into(), line }));
        }
        Ending::Nothing { .. } => {
            let wrong = all.next().and_then(|first| unannounced(&header, file, channels, first));
            return Err(
                wrong.unwrap_or_else(|| DataError::Archive(ArchiveError::TsUnlabelled { file: file.into() }))
            );
        }
    }
    let labelled = |Row { line, values, class, .. }: Row| match class {
        Some(class) => Ok(Labelled { raw: Raw::Values(values), class, line }),
        None => Err(DataError::Archive(ArchiveError::TsNoClass { file: file.into(), line })),
    };
    parse(text, file, channels)?.into_iter().map(labelled).collect()
}

/// The number of channels: the one in the header or, as some tools leave it out, that of the first sequence.
pub(crate) fn channels(text: &str, file: &str) -> Result<usize, DataError> {
    let mut lines = lines(text);
    let header = header(&mut lines, file)?;
    let first = lines.next();
    match (header.channels, first) {
        (Some((channels, _)), _) => Ok(channels),
        (None, None) => Err(DataError::NoSequence { file: file.into() }),
        (None, Some((_, first))) => {
            let last = first.rsplit(':').next().unwrap_or_default().trim();
            let has_ending = match &header.ending {
                Ending::Class(_) | Ending::Target { .. } => true,
                Ending::Nothing { .. } => is_unknown(last) || ends_in_class(first),
            };
            Ok((first.split(':').count() - usize::from(has_ending)).max(1))
        }
    }
}

/// The lines that say something, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(file::lines(text).map(str::trim));
    lines.filter(|(_, content)| !content.is_empty() && !content.starts_with('#'))
}

/// Reads up to the line `@data`.
fn header<'a>(
    lines: &mut impl Iterator<Item = (usize, &'a str)>,
    file: &str,
) -> Result<Header<'a>, DataError> {
    let (mut channels, mut ending) = (None, None);
    for (line, content) in lines {
        let (key, value) = content.split_once(char::is_whitespace).unwrap_or((content, ""));
        let value = value.trim();
        let unreadable = |key, wanted| {
            let found = excerpt(value);
            DataError::Archive(ArchiveError::TsHeader { file: file.into(), line, key, found, wanted })
        };
        let is_true = value.eq_ignore_ascii_case("true");
        match key.to_ascii_lowercase().as_str() {
            "@data" => {
                let missing = || DataError::Archive(ArchiveError::TsNoClassLabel { file: file.into() });
                return Ok(Header { channels, ending: ending.ok_or_else(missing)? });
            }
            "@timestamps" if is_true => {
                return Err(DataError::Archive(ArchiveError::TsTimes { file: file.into(), line }));
            }
            "@timestamps" if !value.eq_ignore_ascii_case("false") => {
                return Err(unreadable("@timeStamps", "`@timeStamps false`"));
            }
            // The first is the archive's name, the second that of aeon's writer.
            "@dimensions" | "@dimension" => {
                let wanted = "the number of channels, such as `@dimensions 3`";
                let number = value.parse::<usize>().ok().filter(|channels| *channels > 0);
                channels = Some((number.ok_or_else(|| unreadable("@dimensions", wanted))?, line));
            }
            "@univariate" if is_true && channels.is_none() => channels = Some((1, line)),
            "@classlabel" => {
                let wanted = "`true` there and the classes after it, or, in a file to predict on that has none, `@classLabel false`";
                ending = Some(classes(value, line).ok_or_else(|| unreadable("@classLabel", wanted))?);
            }
            "@targetlabel" if is_true => ending = Some(Ending::Target { line }),
            "@targetlabel" if value.eq_ignore_ascii_case("false") => {
                ending.get_or_insert(Ending::Nothing { line, key: "@targetLabel" });
            }
            "@targetlabel" => return Err(unreadable("@targetLabel", "`@targetLabel false`")),
            // What else is announced is seen in the data.
            other if other.starts_with('@') => (),
            _ => return Err(DataError::Archive(ArchiveError::TsEarly { file: file.into(), line })),
        }
    }
    Err(DataError::Archive(ArchiveError::TsNoData { file: file.into() }))
}

/// Reads the value of `@classLabel`, which stands on this line.
fn classes(value: &str, line: usize) -> Option<Ending<'_>> {
    let mut words = value.split_whitespace();
    let labelled = words.next()?.to_ascii_lowercase();
    let names: Vec<&str> = words.collect();
    match (labelled.as_str(), names.is_empty()) {
        ("true", false) => Some(Ending::Class(names)),
        ("false", true) => Some(Ending::Nothing { line, key: "@classLabel" }),
        _ => None,
    }
}

/// True if a class is left open.
fn is_unknown(class: &str) -> bool {
    matches!(class, "" | "?")
}

/// The error for a first sequence that ends in a class where the header says that none does.
fn unannounced(
    header: &Header,
    file: &str,
    channels: usize,
    (first, content): (usize, &str),
) -> Option<DataError> {
    let Ending::Nothing { line, key } = header.ending else { return None };
    let (_, last) = content.rsplit_once(':')?;
    (content.split(':').count() == channels + 1 && ends_in_class(content)).then(|| {
        let found = excerpt(last.trim());
        DataError::Archive(ArchiveError::TsUnannounced { file: file.into(), line, key, first, found })
    })
}

/// True if the last field of a sequence can only be its class: a name, or a single value after several steps.
fn ends_in_class(content: &str) -> bool {
    let Some((series, last)) = content.rsplit_once(':') else { return false };
    let last = last.trim();
    let is_step = last.contains(',') || last.starts_with('(');
    !is_step && !is_unknown(last) && (series.contains(',') || last.parse::<f64>().is_err())
}

/// Reads one sequence, and its class if it ends in one.
fn row(content: &str, file: &str, line: usize, channels: usize, ending: &Ending) -> Result<Row, DataError> {
    let mut fields: Vec<&str> = content.split(':').map(str::trim).collect();
    let mut class = None;
    let mut has_ending = fields.len() - 1 == channels;
    match (ending, fields.last()) {
        (Ending::Class(classes), Some(label)) if has_ending && !is_unknown(label) => {
            let known = labels::find(classes, label, true).map(|at| classes[at].to_owned());
            let unknown = || {
                DataError::Archive(ArchiveError::TsClass { file: file.into(), line, found: excerpt(label) })
            };
            class = Some(known.ok_or_else(unknown)?);
            fields.pop();
        }
        // Who predicts asks for neither.
        (Ending::Target { .. }, _) if has_ending => drop(fields.pop()),
        (_, Some(label)) if has_ending && is_unknown(label) => drop(fields.pop()),
        // A number may be the only step of the last channel.
        (Ending::Class(classes), Some(label))
            if labels::find(classes, label, true).is_some()
                && (fields.len() != channels || label.parse::<f64>().is_err()) =>
        {
            fields.pop();
            has_ending = true;
        }
        _ => (),
    }
    if fields.len() != channels {
        let found = fields.len();
        return Err(DataError::Channels { file: file.into(), line, found, wanted: channels });
    }
    if fields.iter().any(|field| field.starts_with('(')) {
        return Err(DataError::Archive(ArchiveError::TsTimes { file: file.into(), line }));
    }
    Ok(Row { line, values: steps(&fields, file, line)?, class, has_ending })
}

/// The numbers of a sequence, step after step.
fn steps(fields: &[&str], file: &str, line: usize) -> Result<Vec<f64>, DataError> {
    let mut columns = Vec::with_capacity(fields.len());
    for (channel, field) in (1..).zip(fields) {
        let steps = (1..).zip(field.split(',').filter(|_| !field.is_empty()));
        let value =
            |(step, text)| measured(text, Location { file, line, field: Field::Step { channel, step } });
        columns.push(steps.map(value).collect::<Result<Vec<f64>, _>>()?);
    }
    let steps = columns.first().map_or(0, Vec::len);
    if steps == 0 {
        return Err(DataError::NoStep { file: file.into(), line });
    }
    if let Some(at) = columns.iter().position(|column| column.len() != steps) {
        let (channel, found) = (at + 1, columns[at].len());
        return Err(DataError::Archive(ArchiveError::TsUneven {
            file: file.into(),
            line,
            channel,
            found,
            wanted: steps,
        }));
    }
    Ok((0..steps).flat_map(|step| columns.iter().map(move |column| column[step])).collect())
}

#[cfg(test)]
mod tests;
