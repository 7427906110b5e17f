//! Tables: rows below a row of column names. Of series, a row is one step and a column one channel.

use super::dialect::{Decimals, separator};
use super::quotes;
use crate::columns::place;
use crate::error::excerpt;
use crate::examples::{Labelled, Raw};
use crate::file::{Field, Location, line_ends};
use crate::labels::{self, composed};
use crate::{Columns, DataError};
use csv::{Position, ReaderBuilder, StringRecord, StringRecordsIntoIter};
use std::collections::{HashMap, HashSet};

/// The column that tells sequences apart.
pub(crate) const SERIES: &str = "series";
/// The column of the classes.
pub(crate) const CLASS: &str = "class";

/// A table's column names, and then its rows, each with its line and as wide as the header.
pub(crate) struct Table<'a> {
    /// The names, without spaces around them.
    pub header: Vec<String>,
    /// The character that separates columns: a comma, or what the header has more of.
    separator: u8,
    decimals: Decimals,
    bytes: &'a [u8],
    file: &'a str,
    /// A place in the bytes, never inside a line end, and the line that it is on.
    counted: (usize, usize),
    rows: StringRecordsIntoIter<&'a [u8]>,
}

impl<'a> Table<'a> {
    /// Reads the header.
    pub(crate) fn open(bytes: &'a [u8], file: &'a str) -> Result<Table<'a>, DataError> {
        Table::open_at(bytes, file, 1)
    }

    /// Reads the header of a table that begins on some line.
    pub(crate) fn open_at(bytes: &'a [u8], file: &'a str, line: usize) -> Result<Table<'a>, DataError> {
        let Preamble { bytes, first_line, told } = Preamble::of(bytes);
        let first_line = first_line + line - 1;
        let separator = told.unwrap_or_else(|| separator(bytes));
        quotes::check(bytes, file, first_line, separator)?;
        let mut reader = ReaderBuilder::new();
        let reader = reader.has_headers(false).flexible(true).delimiter(separator).from_reader(bytes);
        let mut table = Table {
            header: Vec::new(),
            separator,
            decimals: Decimals::default(),
            bytes,
            file,
            counted: (0, first_line),
            rows: reader.into_records(),
        };
        let header = table.rows.next().ok_or_else(|| DataError::Empty { file: file.into() })?;
        let header = header.map_err(|error| table.not_utf8(&error))?;
        if header.iter().all(|name| name.trim().parse::<f64>().is_ok()) {
            return Err(DataError::CsvHeader { file: file.into() });
        }
        if header.iter().any(has_break) {
            let line = header.position().map_or(1, |position| table.line(position));
            return Err(DataError::QuoteOverLines { file: file.into(), line });
        }
        table.header = header.iter().map(|name| name.trim().to_owned()).collect();
        Ok(table)
    }

    /// Checks that commas separate its columns.
    ///
    /// # Errors
    /// Another separator.
    pub(crate) fn require_commas(&self) -> Result<(), DataError> {
        match self.separator {
            b',' => Ok(()),
            other => {
                let separator = char::from(other);
                Err(DataError::CsvSeparator { file: self.file.into(), separator })
            }
        }
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

/// A table without what may stand before its header: the mark that some editors put first, and the line in which Excel is
/// told the separator.
struct Preamble<'a> {
    bytes: &'a [u8],
    /// The line that the rest begins on.
    first_line: usize,
    /// The separator, if that line is there.
    told: Option<u8>,
}

impl Preamble<'_> {
    fn of(bytes: &[u8]) -> Preamble<'_> {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len());
        let told = bytes[..end].iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
        match &bytes[..told] {
            [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator @ (b',' | b';' | b'|' | b'\t')] => {
                let rest = &bytes[end..];
                let rest = rest.strip_prefix(b"\r\n").unwrap_or_else(|| rest.get(1..).unwrap_or_default());
                Preamble { bytes: rest, first_line: 2, told: Some(*separator) }
            }
            _ => Preamble { bytes, first_line: 1, told: None },
        }
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
    /// The group that it is in, if that is read.
    pub group: Option<String>,
    /// The time of each step, if that is read.
    pub times: Vec<String>,
    /// Shaped `[steps, channels]`.
    pub values: Vec<f64>,
    /// The line of each step.
    pub lines: Vec<usize>,
}

/// Reads a table of channels that have no names. A first column named `series` tells its sequences apart; without it
/// there is one.
pub(crate) fn parse(table: Table, channels: usize) -> Result<Vec<Series>, DataError> {
    let file = table.file;
    let named = usize::from(table.header.first().is_some_and(|name| name == SERIES));
    let found = table.header.len() - named;
    if found != channels {
        return Err(DataError::CsvChannels { file: file.into(), found, wanted: channels });
    }
    let series_at = (named == 1).then_some(0);
    let places = Places { series: series_at, ..Places::of_channels((named..table.header.len()).collect()) };
    series(table, &places)
}

/// Reads a table of these channels, whose columns may stand in any order, to classify its sequences: a column `class`
/// is what is asked for, and not read. Without a column `series` there is one sequence.
pub(crate) fn parse_named(bytes: &[u8], file: &str, channels: &[String]) -> Result<Vec<Series>, DataError> {
    let table = Table::open(bytes, file)?;
    let columns = Places::named(&table.header, file)?.ordered(&table.header, channels, file)?;
    series(table, &Places { class: None, ..columns })
}

/// Reads a table of series of these channels beside columns that are ignored: their answers, where these are known.
pub(crate) fn parse_beside(
    table: Table,
    channels: &[String],
    ignored: &[String],
) -> Result<Vec<Series>, DataError> {
    let file = table.file;
    let mut columns = Places::named(&table.header, file)?;
    let is_ignored = |at: &usize| ignored.iter().any(|name| composed(&table.header[*at]) == composed(name));
    columns.channels.retain(|at| !is_ignored(at));
    let columns = columns.ordered(&table.header, channels, file)?;
    series(table, &Places { class: None, ..columns })
}

/// True if a header names series or classes in the one way that tables without settings have: as `series` and `class`.
pub(crate) fn has_its_names(header: &[String]) -> bool {
    [SERIES, CLASS].iter().all(|name| header.iter().any(|column| column == name))
}

/// The channels of a table of series with their classes, told by its header.
pub(crate) fn channels(header: &[String], file: &str) -> Result<Vec<String>, DataError> {
    let columns = Places::labelled(header, file)?;
    if columns.channels.is_empty() {
        return Err(DataError::CsvNoChannel { file: file.into() });
    }
    Ok(columns.channels.iter().map(|at| header[*at].clone()).collect())
}

/// Reads a table of series of these channels with their classes.
pub(crate) fn labelled(bytes: &[u8], file: &str, channels: &[String]) -> Result<Vec<Labelled>, DataError> {
    let table = Table::open(bytes, file)?;
    let columns = Places::labelled(&table.header, file)?.ordered(&table.header, channels, file)?;
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
    let columns = Places::labelled(&table.header, file)?.ordered(&table.header, channels, file)?;
    series(table, &Places { class: None, step_class: columns.class, ..columns })
}

/// Reads a table of the user's own by the roles of its columns: these channels and then those `beside` them, with the class
/// of each step where there are classes. Where answers are not `known`, as in a file to predict on, the columns beside and
/// those with roles may be missing, and neither answers nor groups are read.
pub(crate) fn with_roles(
    table: Table,
    columns: &Columns,
    channels: &[String],
    beside: &[String],
    known: bool,
) -> Result<Vec<Series>, DataError> {
    let places = Places::with_roles(&table.header, columns, channels, beside, known, table.file)?;
    series(table, &places)
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
struct Places {
    series: Option<usize>,
    class: Option<usize>,
    /// Of the class of each step.
    step_class: Option<usize>,
    time: Option<usize>,
    group: Option<usize>,
    /// In the order in which a step has them.
    channels: Vec<usize>,
}

/// Checks that every column has a name of its own.
pub(crate) fn check_names(header: &[String], file: &str) -> Result<(), DataError> {
    if let Some(at) = header.iter().position(String::is_empty) {
        return Err(DataError::CsvUnnamed { file: file.into(), column: at + 1 });
    }
    let mut seen = HashSet::new();
    match header.iter().find(|name| !seen.insert(name.as_str())) {
        Some(value) if value.trim().parse::<f64>().is_ok() => {
            Err(DataError::CsvNoNames { file: file.into(), column: excerpt(value) })
        }
        Some(twice) => Err(DataError::CsvTwice { file: file.into(), column: excerpt(twice) }),
        None => Ok(()),
    }
}

impl Places {
    fn of_channels(channels: Vec<usize>) -> Places {
        Places { series: None, class: None, step_class: None, time: None, group: None, channels }
    }

    /// Those of a table whose columns have roles, with the class of each step. All others must be these channels, in any
    /// order, or `beside`. Where answers are not `known`, only the channels must be there.
    fn with_roles(
        header: &[String],
        columns: &Columns,
        channels: &[String],
        beside: &[String],
        known: bool,
        file: &str,
    ) -> Result<Places, DataError> {
        check_names(header, file)?;
        let missing = columns.named().find(|(_, name)| known && place(header, name).is_none());
        if let Some((_, name)) = missing {
            let problem = format!("no column {:?}", excerpt(name));
            let wanted = columns.named().map(|(_, name)| name).chain(channels.iter().map(String::as_str));
            let wanted = wanted.collect::<Vec<_>>().join(", ");
            return Err(DataError::CsvOtherChannels { file: file.into(), problem, wanted });
        }
        let others = columns.others(header).into_iter();
        let others = others.filter(|name| known || place(beside, name).is_none());
        let channels_at = others.filter_map(|name| place(header, &name)).collect();
        let at = |name: &Option<String>| place(header, name.as_deref()?);
        let places = Places {
            series: at(&columns.series),
            step_class: at(&columns.class).filter(|_| known),
            time: at(&columns.time),
            group: at(&columns.group).filter(|_| known),
            ..Places::of_channels(channels_at)
        };
        let wanted = if known { [channels, beside].concat() } else { channels.to_vec() };
        places.ordered(header, &wanted, file)
    }

    /// Told by their names: what is neither `series` nor `class` is a channel.
    fn named(header: &[String], file: &str) -> Result<Places, DataError> {
        check_names(header, file)?;
        let place = |wanted: &str| header.iter().position(|name| name == wanted);
        let (series, class) = (place(SERIES), place(CLASS));
        let channels = (0..header.len()).filter(|at| Some(*at) != series && Some(*at) != class).collect();
        Ok(Places { series, class, ..Places::of_channels(channels) })
    }

    /// Those of a table that must tell sequences and classes.
    fn labelled(header: &[String], file: &str) -> Result<Places, DataError> {
        let columns = Places::named(header, file)?;
        for (column, at) in [(SERIES, columns.series), (CLASS, columns.class)] {
            if at.is_none() {
                return Err(missing(header, file, column));
            }
        }
        Ok(columns)
    }

    /// The same with the channels in this order, which must be all of them.
    fn ordered(self, header: &[String], wanted: &[String], file: &str) -> Result<Places, DataError> {
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
        Ok(Places { channels, ..self })
    }
}

/// That a table lacks a column.
pub(crate) fn missing(header: &[String], file: &str, column: &'static str) -> DataError {
    DataError::CsvMissing { file: file.into(), column, found: excerpt(&header.join(", ")) }
}

/// Reads all rows. Those of a sequence stand together, unless they have times, and have one class and one group.
fn series(mut table: Table, places: &Places) -> Result<Vec<Series>, DataError> {
    let file = table.file;
    let mut all: Vec<Series> = Vec::new();
    let mut seen: HashMap<Option<String>, usize> = HashMap::new();
    while let Some(row) = table.next() {
        let (line, row) = row?;
        if row.iter().any(has_break) {
            return Err(DataError::QuoteOverLines { file: file.into(), line });
        }
        let [name, class, group] = [places.series, places.class, places.group]
            .map(|at| at.map(|at| (&table.header[at], row[at].trim().to_owned())));
        for (column, text) in [&name, &class, &group].into_iter().flatten() {
            if text.is_empty() {
                return Err(DataError::CsvBlank { file: file.into(), line, column: excerpt(column) });
            }
        }
        let [name, class, group] = [name, class, group].map(|field| field.map(|(_, text)| text));
        let at = match seen.get(&name) {
            Some(at) if at + 1 == all.len() || places.time.is_some() => *at,
            Some(_) => {
                let name = excerpt(&name.unwrap_or_default());
                return Err(DataError::CsvScattered { file: file.into(), line, name });
            }
            None => {
                seen.insert(name.clone(), all.len());
                all.push(Series::begun(name, class.clone(), group.clone()));
                all.len() - 1
            }
        };
        let series = &mut all[at];
        series.check_one(class.as_deref(), group.as_deref(), file, line)?;
        series.lines.push(line);
        series.step_classes.extend(places.step_class.map(|at| row[at].trim().to_owned()));
        series.times.extend(places.time.map(|at| row[at].trim().to_owned()));
        for at in &places.channels {
            let location = Location { file, line, field: Field::Column(&table.header[*at]) };
            series.values.push(table.decimals.number(&row[*at], table.separator, location)?);
        }
    }
    if all.is_empty() { Err(DataError::NoSequence { file: file.into() }) } else { Ok(all) }
}

impl Series {
    /// One without a step.
    pub(crate) fn begun(name: Option<String>, class: Option<String>, group: Option<String>) -> Series {
        let (step_classes, times, values, lines) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Series { name, class, group, step_classes, times, values, lines }
    }

    /// Checks that the class and the group of one of its rows are its own.
    fn check_one(
        &self,
        class: Option<&str>,
        group: Option<&str>,
        file: &str,
        line: usize,
    ) -> Result<(), DataError> {
        let name = excerpt(self.name.as_deref().unwrap_or_default());
        let two = |before: &str, found: &str| format!("{:?} and {:?}", excerpt(before), excerpt(found));
        if let (Some(before), Some(found)) = (self.class.as_deref(), class)
            && !labels::same(before, found)
        {
            let classes = two(before, found);
            return Err(DataError::CsvClass { file: file.into(), line, name, classes });
        }
        match (self.group.as_deref(), group) {
            (Some(before), Some(found)) if before != found => {
                let groups = two(before, found);
                Err(DataError::CsvGroup { file: file.into(), line, name, groups })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
