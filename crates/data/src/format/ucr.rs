//! The tables of the UCR archive: a series of one channel a row, its class in the first column.

use crate::error::{ArchiveError, excerpt};
use crate::examples::{Labelled, Raw};
use crate::file::{Field, Location, lines, measured};
use crate::{DataError, labels};

/// A first row of numbers that count, so many or more, can be the names that pandas gives to columns.
const COUNTED: usize = 4;

/// Reads series with their classes, some of which may be known. All rows are as wide as the first; a series that is
/// shorter ends in NaN.
pub(crate) fn labelled(text: &str, file: &str, known: &[String]) -> Result<Vec<Labelled>, DataError> {
    let mut series: Vec<Labelled> = Vec::new();
    let mut width = None;
    let mut counts = false;
    for (line, row) in (1..).zip(lines(text)).filter(|(_, row)| !row.trim().is_empty()) {
        let mut columns: Vec<&str> = row.split('\t').map(str::trim).collect();
        if let ([only], Some(found)) = (&columns[..], separator(row.trim())) {
            let row = excerpt(only);
            return Err(DataError::Archive(ArchiveError::UcrSeparator {
                file: file.into(),
                line,
                found,
                row,
            }));
        }
        let (found, wanted) = (columns.len(), *width.get_or_insert(columns.len().max(2)));
        if found != wanted {
            return Err(DataError::Columns { file: file.into(), line, found, wanted });
        }
        let filled = columns.iter().rposition(|column| !column.eq_ignore_ascii_case("nan"));
        columns.truncate(filled.map_or(0, |last| last + 1));
        let [class, steps @ ..] = &columns[..] else {
            return Err(DataError::Archive(ArchiveError::UcrNoClass { file: file.into(), line }));
        };
        if series.is_empty() {
            counts = count(class, steps);
            // Beside an index, the columns have names and the index has none.
            if counts && ["", "0"].contains(class) {
                return Err(DataError::Archive(ArchiveError::UcrCounted { file: file.into(), line }));
            }
        }
        if class.is_empty() {
            return Err(DataError::Archive(ArchiveError::UcrNoClass { file: file.into(), line }));
        }
        if steps.is_empty() {
            return Err(DataError::NoStep { file: file.into(), line });
        }
        if series.is_empty() && steps.iter().all(|step| is_name(step)) {
            return Err(DataError::Archive(ArchiveError::UcrHeader { file: file.into(), line }));
        }
        let value = |(column, text): (usize, &&str)| {
            measured(text, Location { file, line, field: Field::Nth(column) })
        };
        let values = (2..).zip(steps).map(value).collect::<Result<_, _>>()?;
        series.push(Labelled { raw: Raw::Values(values), class: (*class).to_owned(), line });
    }
    match &series[..] {
        [] => Err(DataError::NoSequence { file: file.into() }),
        [first, others @ ..] if counts && is_new(&first.class, others, known) => {
            Err(DataError::Archive(ArchiveError::UcrCounted { file: file.into(), line: first.line }))
        }
        _ => Ok(series),
    }
}

/// True if the first row can only be the names of columns, as a table has them.
pub(crate) fn has_header(text: &str) -> bool {
    let first = lines(text).find(|row| !row.trim().is_empty()).unwrap_or_default();
    let mut columns = first.split('\t').map(str::trim);
    first.contains('\t') && columns.all(is_name)
}

/// True if a field can only be the name of a column.
fn is_name(field: &str) -> bool {
    field.starts_with(char::is_alphabetic) && field.parse::<f64>().is_err()
}

/// True if a row counts from 0 or 1, as columns without names of their own are numbered.
fn count(class: &str, steps: &[&str]) -> bool {
    let from = |first: usize| (first..).zip(steps).all(|(number, step)| *step == number.to_string());
    steps.len() >= COUNTED && (from(0) || (class != "1" && from(1)))
}

/// True if a class is neither known nor that of any other series.
fn is_new(class: &str, others: &[Labelled], known: &[String]) -> bool {
    let seen = others.iter().any(|other| labels::same(&other.class, class));
    class != "?" && !others.is_empty() && !seen && labels::find(known, class, false).is_none()
}

/// The separator, in words, of the columns of a row without tabs.
fn separator(row: &str) -> Option<&'static str> {
    let separators = [(";", "semicolons"), ("|", "bars"), (",", "commas"), (" ", "spaces")];
    separators.into_iter().find(|(separator, _)| row.contains(separator)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Vec<Labelled>, DataError> {
        labelled(text, "a", &[])
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
    fn a_gap_is_missing_and_the_end_is_not() {
        let all = read("1\t2\tnan\t3\tnan\n2\t?\t1\t2\t3").unwrap();
        let [one, other] = [0, 1].map(|at| all[at].raw.values().unwrap());
        assert!(one[1].is_nan() && other[0].is_nan());
        assert_eq!((one[0], one[2], one.len(), &other[1..]), (2.0, 3.0, 3, &[1.0, 2.0, 3.0][..]));
    }

    #[test]
    fn damage_is_named_with_its_line() {
        let columns = read("1\t2\n1\t2\t3");
        assert!(matches!(columns, Err(DataError::Columns { line: 2, found: 3, wanted: 2, .. })));
        assert!(matches!(read("1"), Err(DataError::Columns { line: 1, found: 1, wanted: 2, .. })));
        assert!(matches!(read("1\t1\n1\tx"), Err(DataError::NotANumber { line: 2, .. })));
        assert!(matches!(
            read("class\tx\n1\t2"),
            Err(DataError::Archive(ArchiveError::UcrHeader { line: 1, .. }))
        ));
        assert!(matches!(read("\t1"), Err(DataError::Archive(ArchiveError::UcrNoClass { line: 1, .. }))));
        assert!(matches!(read("1\tnan"), Err(DataError::NoStep { line: 1, .. })));
        let endless = read("1\t2\tinf\t3").unwrap_err();
        assert!(matches!(endless, DataError::NotFinite { line: 1, .. }));
        assert!(endless.to_string().contains("column 3"), "{endless}");
        assert!(matches!(read(""), Err(DataError::NoSequence { .. })));
    }

    #[test]
    fn a_first_row_that_counts_is_refused_as_names_of_columns() {
        let rows = "1\t0.5\t1.5\t2.5\t3.5\n0\t4\t5\t6\t7\n0\t4\t5\t6\tNaN\n";
        for header in ["0\t1\t2\t3\t4", "0\t0\t1\t2\t3", "class\t0\t1\t2\t3", "y\t1\t2\t3\t4", "\t0\t1\t2\t3"]
        {
            let error = read(&format!("{header}\n{rows}")).unwrap_err();
            assert!(
                matches!(error, DataError::Archive(ArchiveError::UcrCounted { line: 1, .. })),
                "{header}: {error}"
            );
            // Below another row it is a series.
            let below = read(&format!("{rows}{header}\n"));
            assert_eq!(below.is_ok(), !header.starts_with('\t'), "{header}: {below:?}");
        }
    }

    #[test]
    fn a_series_that_counts_is_none() {
        for text in [
            "up\t0\t1\t2\t3\ndown\t3\t2\t1\t0\nup\t1\t2\t3\t4\n",
            "1\t1\t2\t3\t4\n2\t4\t3\t2\t1\n",
            "a\t0\t1\t2\nb\t2\t1\t0\n",
            "?\t0\t1\t2\t3\n2\t3\t2\t1\t0\n",
            "up\t0\t1\t2\t3\n",
        ] {
            assert!(read(text).is_ok(), "{text}");
        }
        let known = ["down".to_owned(), "up".to_owned()];
        assert!(labelled("up\t0\t1\t2\t3\ndown\t3\t2\t1\t0\n", "a", &known).is_ok());
    }

    #[test]
    fn other_separators_than_tabs_are_named() {
        for (text, told) in [
            ("1,0.5,2\n2,1,3\n", "by commas: \"1,0.5,2\""),
            ("  1.0  5.0e-01  2.0\n", "by spaces: \"1.0  5.0e-01  2.0\""),
            ("1, 0.5, 2\n", "by commas"),
            ("1;0,5;2\n", "by semicolons"),
            (
                "1\t0.5\t2\n1 0.5 2\n",
                "a:2: the columns of a .tsv are separated by tabs, and those of this row by spaces",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(
                matches!(error, DataError::Archive(ArchiveError::UcrSeparator { .. })),
                "{text}: {error}"
            );
            assert!(error.to_string().contains(told), "{error}");
        }
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
