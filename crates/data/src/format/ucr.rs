//! The tables of the UCR archive: a series of one channel a row, its class in the first column.

use crate::DataError;
use crate::examples::{Labelled, Raw};
use crate::file::{Field, Location, lines, number};

/// Reads series with their classes. All rows are as wide as the first; a series that is shorter ends in NaN.
pub(crate) fn labelled(text: &str, file: &str) -> Result<Vec<Labelled>, DataError> {
    let mut series = Vec::new();
    let mut width = None;
    for (line, row) in (1..).zip(lines(text)).filter(|(_, row)| !row.trim().is_empty()) {
        let mut columns: Vec<&str> = row.split('\t').map(str::trim).collect();
        let (found, wanted) = (columns.len(), *width.get_or_insert(columns.len().max(2)));
        if found != wanted {
            return Err(DataError::Columns { file: file.into(), line, found, wanted });
        }
        let filled = columns.iter().rposition(|column| !column.eq_ignore_ascii_case("nan"));
        columns.truncate(filled.map_or(0, |last| last + 1));
        let [class, steps @ ..] = &columns[..] else {
            return Err(DataError::UcrNoClass { file: file.into(), line });
        };
        if class.is_empty() {
            return Err(DataError::UcrNoClass { file: file.into(), line });
        }
        if steps.is_empty() {
            return Err(DataError::NoStep { file: file.into(), line });
        }
        if series.is_empty() && steps.iter().all(|step| is_name(step)) {
            return Err(DataError::UcrHeader { file: file.into(), line });
        }
        let value =
            |(column, text): (usize, &&str)| number(text, Location { file, line, field: Field::Nth(column) });
        let values = (2..).zip(steps).map(value).collect::<Result<_, _>>()?;
        series.push(Labelled { raw: Raw::Values(values), class: (*class).to_owned(), line });
    }
    if series.is_empty() { Err(DataError::NoSequence { file: file.into() }) } else { Ok(series) }
}

/// True if a field can only be the name of a column.
fn is_name(field: &str) -> bool {
    field.starts_with(char::is_alphabetic) && field.parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Vec<Labelled>, DataError> {
        labelled(text, "a")
    }

    fn series(values: &[f64], class: &str, line: usize) -> Labelled {
        Labelled { raw: Raw::Values(values.to_vec()), class: class.into(), line }
    }

    #[test]
    fn the_first_column_is_the_class() {
        let all = read("1\t0.5\t-2\n\n-1\t3e-1\t4\n").unwrap();
        assert_eq!(all, [series(&[0.5, -2.0], "1", 1), series(&[0.3, 4.0], "-1", 3)]);
    }

    #[test]
    fn a_shorter_series_ends_in_nan() {
        let all = read("1\t0.5\tNaN\tnan\r\n2\t1\t2\t3\r\n").unwrap();
        assert_eq!(all, [series(&[0.5], "1", 1), series(&[1.0, 2.0, 3.0], "2", 2)]);
        assert_eq!(read("1\t0.5\tNaN\tnan\r2\t1\t2\t3\r").unwrap(), all);
    }

    #[test]
    fn damage_is_named_with_its_line() {
        let columns = read("1\t2\n1\t2\t3");
        assert!(matches!(columns, Err(DataError::Columns { line: 2, found: 3, wanted: 2, .. })));
        assert!(matches!(read("1"), Err(DataError::Columns { line: 1, found: 1, wanted: 2, .. })));
        assert!(matches!(read("1\t1\n1\tx"), Err(DataError::NotANumber { line: 2, .. })));
        assert!(matches!(read("class\tx\n1\t2"), Err(DataError::UcrHeader { line: 1, .. })));
        assert!(matches!(read("\t1"), Err(DataError::UcrNoClass { line: 1, .. })));
        assert!(matches!(read("1\tnan"), Err(DataError::NoStep { line: 1, .. })));
        let gap = read("1\t2\tnan\t3").unwrap_err();
        assert!(matches!(gap, DataError::NotFinite { line: 1, .. }));
        assert!(gap.to_string().contains("column 3"), "{gap}");
        assert!(matches!(read(""), Err(DataError::NoSequence { .. })));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "([0-9.\t\nNa-]|nan|\\PC){0,60}") {
            for series in read(&text).unwrap_or_default() {
                prop_assert!(!series.class.is_empty());
            }
        }
    }
}
