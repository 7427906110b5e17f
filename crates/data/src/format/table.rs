//! Series as a table: one step a row, one channel a column, below a row of column names.

use crate::error::excerpt;
use crate::{DataError, file::number};
use csv::{ReaderBuilder, StringRecord};

/// One series of a table.
#[derive(Debug, PartialEq)]
pub(crate) struct Series {
    /// What the column `series` says, if there is one.
    pub name: Option<String>,
    /// Shaped `[steps, channels]`.
    pub values: Vec<f32>,
    /// The line of each step.
    pub lines: Vec<usize>,
}

/// Reads a table. A first column named `series` tells its sequences apart; without it there is one.
pub(crate) fn parse(bytes: &[u8], file: &str, channels: usize) -> Result<Vec<Series>, DataError> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut rows = reader.records();
    // Rows may differ in width and memory does not fail, so all that can go wrong is the encoding.
    let broken = |error: csv::Error| {
        let line = error.position().map_or(1, |position| position.line() as usize);
        DataError::NotUtf8 { file: file.into(), line }
    };
    let header = rows.next().ok_or_else(|| DataError::Empty { file: file.into() })?.map_err(broken)?;
    if header.iter().all(|name| name.trim().parse::<f64>().is_ok()) {
        return Err(DataError::CsvHeader { file: file.into() });
    }
    if let (1, Some(separator)) = (header.len(), header[0].chars().find(|&c| matches!(c, ';' | '\t'))) {
        return Err(DataError::CsvSeparator { file: file.into(), separator });
    }
    let named = usize::from(header.get(0).is_some_and(|name| name.trim() == "series"));
    if header.len() - named != channels {
        let found = header.len() - named;
        return Err(DataError::CsvChannels { file: file.into(), found, wanted: channels });
    }
    let mut all: Vec<Series> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for row in rows {
        let row = row.map_err(broken)?;
        let line = line_of(&row);
        if row.len() != header.len() {
            let (found, wanted) = (row.len(), header.len());
            return Err(DataError::Columns { file: file.into(), line, found, wanted });
        }
        let name = (named == 1).then(|| row[0].trim().to_owned());
        if all.last().is_none_or(|series| series.name != name) {
            if !seen.insert(name.clone()) {
                let name = excerpt(&name.unwrap_or_default());
                return Err(DataError::CsvScattered { file: file.into(), line, name });
            }
            all.push(Series { name, values: Vec::new(), lines: Vec::new() });
        }
        let series = all.last_mut().expect("one was pushed");
        series.lines.push(line);
        for value in row.iter().skip(named) {
            series.values.push(number(value, file, line)?);
        }
    }
    if all.is_empty() { Err(DataError::NoSequence { file: file.into() }) } else { Ok(all) }
}

fn line_of(row: &StringRecord) -> usize {
    row.position().map_or(0, |position| position.line() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_a_column_series_the_table_is_one_sequence() {
        let all = parse(b"left,right\n1,2\n3, 4\n", "a", 2).unwrap();
        assert_eq!(all, [Series { name: None, values: vec![1.0, 2.0, 3.0, 4.0], lines: vec![2, 3] }]);
    }

    #[test]
    fn the_column_series_separates_sequences() {
        let all = parse(b"series,x\none,1\none,2\ntwo,3\n", "a", 1).unwrap();
        let names: Vec<_> = all.iter().map(|series| series.name.as_deref()).collect();
        assert_eq!(names, [Some("one"), Some("two")]);
        assert_eq!(all[0].values, [1.0, 2.0]);
    }

    #[test]
    fn damage_is_named_with_its_line() {
        let refused = |text: &str| parse(text.as_bytes(), "a", 2).unwrap_err();
        assert!(matches!(refused("1,2\n3,4\n"), DataError::CsvHeader { .. }));
        assert!(matches!(refused("x,y,z\n1,2,3\n"), DataError::CsvChannels { found: 3, wanted: 2, .. }));
        assert!(matches!(refused("series,y\na,3\n"), DataError::CsvChannels { found: 1, wanted: 2, .. }));
        assert!(matches!(refused("x;y\n1;2\n"), DataError::CsvSeparator { separator: ';', .. }));
        assert!(matches!(refused("x,y\n1,2\n3\n"), DataError::Columns { line: 3, found: 1, wanted: 2, .. }));
        assert!(matches!(refused("x,y\n1,two\n"), DataError::NotANumber { line: 2, .. }));
        assert!(matches!(refused("x,y\n1,NaN\n"), DataError::NotFinite { line: 2, .. }));
        assert!(matches!(
            refused("series,x,y\na,1,2\nb,1,2\na,1,2\n"),
            DataError::CsvScattered { line: 4, .. }
        ));
        assert!(matches!(refused("x,y\n"), DataError::NoSequence { .. }));
        assert!(matches!(refused("\n"), DataError::Empty { .. }));
        assert!(matches!(parse(b"x,y\n1,2\n\xff,2\n", "a", 2), Err(DataError::NotUtf8 { line: 3, .. })));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "([a-z0-9.,\"\n-]|series|\\PC){0,60}", channels in 1usize..4) {
            for series in parse(text.as_bytes(), "a", channels).unwrap_or_default() {
                prop_assert_eq!(series.values.len(), series.lines.len() * channels);
                prop_assert!(series.values.iter().all(|value| value.is_finite()));
            }
        }
    }
}
