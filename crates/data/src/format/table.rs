//! Tables: rows of named columns. Of series, a row is one step and a column one channel.

use super::delimited::Delimited;
use super::dialect::Decimals;
use super::json_lines::JsonLines;
#[cfg(feature = "parquet")]
use super::parquet::ParquetRows;
use crate::columns::place;
use crate::error::excerpt;
use crate::examples::{Labelled, Raw};
use crate::file::{self, Field, Location};
use crate::labels::{self, composed};
use crate::{Columns, DataError};
use csv::StringRecord;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The column that tells sequences apart.
pub(crate) const SERIES: &str = "series";
/// The column of the classes.
pub(crate) const CLASS: &str = "class";

/// The endings of the names of tables.
pub(crate) const TABLES: [&str; 4] = ["csv", "tsv", "jsonl", "parquet"];

/// A table's column names, and then its rows, each with its line and as wide as the header.
pub(crate) struct Table<'a> {
    /// The names, without spaces around them.
    pub header: Vec<String>,
    decimals: Decimals,
    file: &'a str,
    rows: Rows<'a>,
}

/// The rows of a table, in the form that its file's name tells.
enum Rows<'a> {
    Delimited(Delimited<'a>),
    Json(JsonLines<'a>),
    #[cfg(feature = "parquet")]
    Parquet(ParquetRows<'a>),
}

impl<'a> Table<'a> {
    /// Reads the header.
    pub(crate) fn open(bytes: &'a [u8], file: &'a str) -> Result<Table<'a>, DataError> {
        Table::open_at(bytes, file, 1)
    }

    /// Reads the header of a table that begins on some line.
    pub(crate) fn open_at(bytes: &'a [u8], file: &'a str, line: usize) -> Result<Table<'a>, DataError> {
        let (header, rows) = match file::kind(Path::new(file)).as_str() {
            "jsonl" => {
                let (header, rows) = JsonLines::open(bytes, file)?;
                (header, Rows::Json(rows))
            }
            "parquet" => parquet(bytes, file)?,
            _ => {
                let (header, rows) = Delimited::open(bytes, file, line)?;
                (header, Rows::Delimited(rows))
            }
        };
        let header = header.iter().map(|name| name.trim().to_owned()).collect();
        Ok(Table { header, decimals: Decimals::default(), file, rows })
    }

    /// The character between columns.
    fn separator(&self) -> u8 {
        if let Rows::Delimited(rows) = &self.rows { rows.separator } else { b',' }
    }

    /// Checks that commas separate its columns.
    ///
    /// # Errors
    /// Another separator.
    pub(crate) fn require_commas(&self) -> Result<(), DataError> {
        match self.separator() {
            b',' => Ok(()),
            other => {
                let separator = char::from(other);
                Err(DataError::CsvSeparator { file: self.file.into(), separator })
            }
        }
    }

    /// The error for a name or a number that goes over several lines.
    pub(crate) fn over_lines(&self, line: usize) -> DataError {
        let file = self.file.to_owned();
        if let Rows::Delimited(_) = self.rows {
            return DataError::QuoteOverLines { file, line };
        }
        let problem = "a value has a line break, and no name or number does; leave it out".into();
        DataError::Row { file, line, problem }
    }
}

impl Iterator for Table<'_> {
    type Item = Result<(usize, StringRecord), DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = match &mut self.rows {
            Rows::Delimited(rows) => rows.next()?,
            Rows::Json(rows) => rows.next()?,
            #[cfg(feature = "parquet")]
            Rows::Parquet(rows) => rows.next()?,
        };
        let wanted = self.header.len();
        Some(row.and_then(|(line, row)| match row.len() {
            found if found == wanted => Ok((line, row)),
            found => Err(DataError::Columns { file: self.file.into(), line, found, wanted }),
        }))
    }
}

/// True if the rows of a table are lines of fields with something between them, and not objects.
pub(crate) fn is_delimited(file: &str) -> bool {
    !["jsonl", "parquet"].contains(&file::kind(Path::new(file)).as_str())
}

/// The columns and the rows of a Parquet file.
#[cfg(feature = "parquet")]
fn parquet<'a>(bytes: &[u8], file: &'a str) -> Result<(StringRecord, Rows<'a>), DataError> {
    let (header, rows) = ParquetRows::open(bytes, file)?;
    Ok((header, Rows::Parquet(rows)))
}

/// The refusal of a Parquet file, with what to do.
#[cfg(not(feature = "parquet"))]
fn parquet<'a>(_: &[u8], file: &'a str) -> Result<(StringRecord, Rows<'a>), DataError> {
    Err(DataError::NoParquet { file: file.into() })
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
    let (file, separator) = (table.file, table.separator());
    let mut all: Vec<Series> = Vec::new();
    let mut seen: HashMap<Option<String>, usize> = HashMap::new();
    while let Some(row) = table.next() {
        let (line, row) = row?;
        if row.iter().any(has_break) {
            return Err(table.over_lines(line));
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
            series.values.push(table.decimals.number(&row[*at], separator, location)?);
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
