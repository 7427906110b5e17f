//! Tables: rows below a row of column names. Of series, a row is one step and a column one channel.

use super::quotes;
use crate::DataError;
use crate::error::excerpt;
use crate::examples::{Labelled, Raw};
use crate::file::{Field, Location, line_ends, number};
use crate::labels::{self, composed};
use csv::{Position, ReaderBuilder, StringRecord, StringRecordsIntoIter};
use std::collections::HashSet;

/// The column that tells sequences apart.
const SERIES: &str = "series";
/// The column of the classes.
pub(crate) const CLASS: &str = "class";

/// The characters that separate columns elsewhere.
const SEPARATORS: [char; 3] = [';', '\t', '|'];

/// A table's column names, and then its rows, each with its line and as wide as the header.
pub(crate) struct Table<'a> {
    /// The names, without spaces around them.
    pub header: Vec<String>,
    bytes: &'a [u8],
    file: &'a str,
    /// A place in the bytes, never inside a line end, and the line that it is on.
    counted: (usize, usize),
    rows: StringRecordsIntoIter<&'a [u8]>,
}

impl<'a> Table<'a> {
    /// Reads the header.
    pub(crate) fn open(bytes: &'a [u8], file: &'a str) -> Result<Table<'a>, DataError> {
        let (bytes, first_line) = without_preamble(bytes, file)?;
        quotes::check(bytes, file, first_line)?;
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let mut table =
            Table { header: Vec::new(), bytes, file, counted: (0, first_line), rows: reader.into_records() };
        let header = table.rows.next().ok_or_else(|| DataError::Empty { file: file.into() })?;
        let header = header.map_err(|error| table.not_utf8(&error))?;
        if header.iter().all(|name| name.trim().parse::<f64>().is_ok()) {
            return Err(DataError::CsvHeader { file: file.into() });
        }
        let separator =
            |wanted: &char| header.iter().map(|name| name.matches(*wanted).count()).sum::<usize>();
        // A header has a comma less than columns.
        if let Some(separator) = SEPARATORS.into_iter().find(|other| separator(other) >= header.len()) {
            return Err(DataError::CsvSeparator { file: file.into(), separator });
        }
        if header.iter().any(has_break) {
            let line = header.position().map_or(1, |position| table.line(position));
            return Err(DataError::QuoteOverLines { file: file.into(), line });
        }
        table.header = header.iter().map(|name| name.trim().to_owned()).collect();
        Ok(table)
    }

    /// Rows may differ in width and memory does not fail, so all that can go wrong is the encoding.
    fn not_utf8(&mut self, error: &csv::Error) -> DataError {
        let line = error.position().map_or(1, |position| self.line(position));
        DataError::NotUtf8 { file: self.file.into(), line }
    }

    /// The line that a row begins on. Its position is where the row before it ended, which is before blank lines, and
    /// of the two characters that end a line on Windows between them. Rows are asked for in their order.
    fn line(&mut self, position: &Position) -> usize {
        let (from, line) = self.counted;
        let rest = self.bytes.get(position.byte() as usize..).unwrap_or_default();
        let between = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let at = self.bytes.len() - rest.len() + between;
        self.counted = (at, line + line_ends(self.bytes.get(from..at).unwrap_or_default()));
        self.counted.1
    }
}

impl Iterator for Table<'_> {
    type Item = Result<(usize, StringRecord), DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = match self.rows.next()? {
            Ok(row) => row,
            Err(error) => return Some(Err(self.not_utf8(&error))),
        };
        let line = row.position().map_or(1, |position| self.line(position));
        let (found, wanted) = (row.len(), self.header.len());
        if found == wanted {
            Some(Ok((line, row)))
        } else {
            Some(Err(DataError::Columns { file: self.file.into(), line, found, wanted }))
        }
    }
}

/// A table without what may stand before its header, and the line that this is on: the mark that some editors put
/// first, and the line in which Excel is told the separator.
fn without_preamble<'a>(bytes: &'a [u8], file: &str) -> Result<(&'a [u8], usize), DataError> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let end = bytes
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .map_or(bytes.len(), |at| at + if bytes[at..].starts_with(b"\r\n") { 2 } else { 1 });
    match bytes[..end].trim_ascii_end() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', b','] => Ok((&bytes[end..], 2)),
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator @ (b';' | b'|')] => {
            Err(DataError::CsvSeparator { file: file.into(), separator: char::from(*separator) })
        }
        // A tab at the end was taken for space.
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'='] => {
            Err(DataError::CsvSeparator { file: file.into(), separator: '\t' })
        }
        _ => Ok((bytes, 1)),
    }
}

/// True if a field goes over several lines.
pub(crate) fn has_break(field: &str) -> bool {
    field.contains(['\n', '\r'])
}

/// One series of a table.
#[derive(Debug, PartialEq)]
pub(crate) struct Series {
    /// Its name in the column `series`, if there is one.
    pub name: Option<String>,
    /// Its class in the column `class`, if that is read as one of the whole series.
    pub class: Option<String>,
    /// The class of each step there, blank where there is none, if that is read.
    pub step_classes: Vec<String>,
    /// Shaped `[steps, channels]`.
    pub values: Vec<f64>,
    /// The line of each step.
    pub lines: Vec<usize>,
}

/// Reads a table of channels that have no names. A first column named `series` tells its sequences apart; without it
/// there is one.
pub(crate) fn parse(bytes: &[u8], file: &str, channels: usize) -> Result<Vec<Series>, DataError> {
    let table = Table::open(bytes, file)?;
    let named = usize::from(table.header.first().is_some_and(|name| name == SERIES));
    let found = table.header.len() - named;
    if found != channels {
        return Err(DataError::CsvChannels { file: file.into(), found, wanted: channels });
    }
    let columns = Columns {
        series: (named == 1).then_some(0),
        class: None,
        step_class: None,
        channels: (named..table.header.len()).collect(),
    };
    series(table, &columns)
}

/// Reads a table of these channels, whose columns may stand in any order, to classify its sequences: a column `class`
/// is what is asked for, and not read. Without a column `series` there is one sequence.
pub(crate) fn parse_named(bytes: &[u8], file: &str, channels: &[String]) -> Result<Vec<Series>, DataError> {
    let table = Table::open(bytes, file)?;
    let columns = Columns::named(&table.header, file)?.ordered(&table.header, channels, file)?;
    series(table, &Columns { class: None, ..columns })
}

/// Reads a table of series of these channels beside columns that are ignored: their answers, where these are known.
pub(crate) fn parse_beside(
    bytes: &[u8],
    file: &str,
    channels: &[String],
    ignored: &[String],
) -> Result<Vec<Series>, DataError> {
    let table = Table::open(bytes, file)?;
    let mut columns = Columns::named(&table.header, file)?;
    let is_ignored = |at: &usize| ignored.iter().any(|name| composed(&table.header[*at]) == composed(name));
    columns.channels.retain(|at| !is_ignored(at));
    let columns = columns.ordered(&table.header, channels, file)?;
    series(table, &Columns { class: None, ..columns })
}

/// The channels of a table of series with their classes, told by its header.
pub(crate) fn channels(header: &[String], file: &str) -> Result<Vec<String>, DataError> {
    let columns = Columns::labelled(header, file)?;
    if columns.channels.is_empty() {
        return Err(DataError::CsvNoChannel { file: file.into() });
    }
    Ok(columns.channels.iter().map(|at| header[*at].clone()).collect())
}

/// Reads a table of series of these channels with their classes.
pub(crate) fn labelled(bytes: &[u8], file: &str, channels: &[String]) -> Result<Vec<Labelled>, DataError> {
    let table = Table::open(bytes, file)?;
    let columns = Columns::labelled(&table.header, file)?.ordered(&table.header, channels, file)?;
    let labelled = |Series { class, values, lines, .. }: Series| Labelled {
        raw: Raw::Values(values),
        class: class.expect("its column is read"),
        line: lines[0],
    };
    Ok(series(table, &columns)?.into_iter().map(labelled).collect())
}

/// Reads a table of series of these channels with a class at each step, or a blank where there is none.
pub(crate) fn step_labelled(bytes: &[u8], file: &str, channels: &[String]) -> Result<Vec<Series>, DataError> {
    let table = Table::open(bytes, file)?;
    let columns = Columns::labelled(&table.header, file)?.ordered(&table.header, channels, file)?;
    series(table, &Columns { class: None, step_class: columns.class, ..columns })
}

/// The line of a step of a series of these channels.
pub(crate) fn line_of(
    bytes: &[u8],
    file: &str,
    channels: &[String],
    series: usize,
    step: usize,
) -> Result<usize, DataError> {
    let all = parse_named(bytes, file, channels)?;
    Ok(all[series].lines[step])
}

/// Which columns of a table of series are what.
struct Columns {
    series: Option<usize>,
    class: Option<usize>,
    /// Of the class of each step.
    step_class: Option<usize>,
    /// In the order in which a step has them.
    channels: Vec<usize>,
}

impl Columns {
    /// Told by their names: what is neither `series` nor `class` is a channel.
    fn named(header: &[String], file: &str) -> Result<Columns, DataError> {
        if let Some(at) = header.iter().position(String::is_empty) {
            return Err(DataError::CsvUnnamed { file: file.into(), column: at + 1 });
        }
        let mut seen = HashSet::new();
        if let Some(twice) = header.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(DataError::CsvTwice { file: file.into(), column: excerpt(twice) });
        }
        let place = |wanted: &str| header.iter().position(|name| name == wanted);
        let (series, class) = (place(SERIES), place(CLASS));
        let channels = (0..header.len()).filter(|at| Some(*at) != series && Some(*at) != class).collect();
        Ok(Columns { series, class, step_class: None, channels })
    }

    /// Those of a table that must tell sequences and classes.
    fn labelled(header: &[String], file: &str) -> Result<Columns, DataError> {
        let columns = Columns::named(header, file)?;
        for (column, at) in [(SERIES, columns.series), (CLASS, columns.class)] {
            if at.is_none() {
                return Err(missing(header, file, column));
            }
        }
        Ok(columns)
    }

    /// The same with the channels in this order, which must be all of them.
    fn ordered(self, header: &[String], wanted: &[String], file: &str) -> Result<Columns, DataError> {
        let refused = |problem: String| {
            let wanted = wanted.join(", ");
            Err(DataError::CsvOtherChannels { file: file.into(), problem, wanted })
        };
        let mut channels = Vec::with_capacity(wanted.len());
        for name in wanted {
            match self.channels.iter().find(|at| composed(&header[**at]) == composed(name)) {
                Some(at) => channels.push(*at),
                None => return refused(format!("no column {:?}", excerpt(name))),
            }
        }
        if let Some(other) = self.channels.iter().find(|at| !channels.contains(*at)) {
            return refused(format!("the column {:?} is no channel", excerpt(&header[*other])));
        }
        Ok(Columns { channels, ..self })
    }
}

/// That a table lacks a column.
pub(crate) fn missing(header: &[String], file: &str, column: &'static str) -> DataError {
    DataError::CsvMissing { file: file.into(), column, found: excerpt(&header.join(", ")) }
}

/// Reads all rows. Those of a sequence stand together and have one class.
fn series(mut table: Table, columns: &Columns) -> Result<Vec<Series>, DataError> {
    let file = table.file;
    let blank = |line, column| DataError::CsvBlank { file: file.into(), line, column };
    let mut all: Vec<Series> = Vec::new();
    let mut seen = HashSet::new();
    while let Some(row) = table.next() {
        let (line, row) = row?;
        if row.iter().any(has_break) {
            return Err(DataError::QuoteOverLines { file: file.into(), line });
        }
        let [name, class] = [columns.series, columns.class].map(|at| at.map(|at| row[at].trim().to_owned()));
        for (column, text) in [(SERIES, &name), (CLASS, &class)] {
            if text.as_deref() == Some("") {
                return Err(blank(line, column));
            }
        }
        if all.last().is_none_or(|series| series.name != name) {
            if !seen.insert(name.clone()) {
                let name = excerpt(&name.unwrap_or_default());
                return Err(DataError::CsvScattered { file: file.into(), line, name });
            }
            let (values, lines, step_classes) = (Vec::new(), Vec::new(), Vec::new());
            all.push(Series { name, class: class.clone(), step_classes, values, lines });
        }
        let series = all.last_mut().expect("one was pushed");
        let same = match (&series.class, &class) {
            (Some(before), Some(class)) => labels::same(before, class),
            _ => true,
        };
        if !same {
            let [name, before, found] = [&series.name, &series.class, &class]
                .map(|text| excerpt(text.as_deref().unwrap_or_default()));
            let classes = format!("{before:?} and {found:?}");
            return Err(DataError::CsvClass { file: file.into(), line, name, classes });
        }
        series.lines.push(line);
        series.step_classes.extend(columns.step_class.map(|at| row[at].trim().to_owned()));
        for at in &columns.channels {
            let field = Field::Column(&table.header[*at]);
            series.values.push(number(&row[*at], Location { file, line, field })?);
        }
    }
    if all.is_empty() { Err(DataError::NoSequence { file: file.into() }) } else { Ok(all) }
}

#[cfg(test)]
mod tests;
