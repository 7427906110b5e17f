//! The tables of the UCR archive: a series of one channel a row, its class in the first column.

use crate::error::excerpt;
use crate::examples::{Example, Raw};
use crate::{DataError, file::number};

/// Reads series, each with the position of its class in `classes`. All have as many steps as the first.
pub(crate) fn parse(text: &str, file: &str, classes: &[String]) -> Result<Vec<Example>, DataError> {
    let mut examples = Vec::new();
    let mut width = None;
    for (line, row) in (1..).zip(text.lines()) {
        let columns = row.split('\t').count();
        let wanted = *width.get_or_insert(columns.max(2));
        if columns != wanted {
            return Err(DataError::Columns { file: file.into(), line, found: columns, wanted });
        }
        let (class, steps) = row.split_once('\t').expect("there are two columns");
        let label = classes.iter().position(|known| known == class).ok_or_else(|| {
            let (found, known) = (excerpt(class), classes.join(", "));
            DataError::UnknownClass { file: file.into(), line, found, known }
        })?;
        let values = steps.split('\t').map(|step| number(step, file, line)).collect::<Result<_, _>>()?;
        examples.push(Example { raw: Raw::Values(values), label });
    }
    if examples.is_empty() { Err(DataError::NoSequence { file: file.into() }) } else { Ok(examples) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Example>, DataError> {
        parse(text, "a", &["-1".into(), "1".into()])
    }

    #[test]
    fn the_first_column_is_the_class() {
        let examples = read("1\t0.5\t-2\n-1\t3e-1\t4\n").unwrap();
        assert_eq!(examples[0], Example { raw: Raw::Values(vec![0.5, -2.0]), label: 1 });
        assert_eq!(examples[1], Example { raw: Raw::Values(vec![0.3, 4.0]), label: 0 });
    }

    #[test]
    fn damage_is_named_with_its_line() {
        assert!(matches!(
            read("1\t2\n1\t2\t3"),
            Err(DataError::Columns { line: 2, found: 3, wanted: 2, .. })
        ));
        assert!(matches!(read("1"), Err(DataError::Columns { line: 1, found: 1, wanted: 2, .. })));
        assert!(matches!(read("2\t1"), Err(DataError::UnknownClass { line: 1, .. })));
        assert!(matches!(read("1\tx"), Err(DataError::NotANumber { line: 1, .. })));
        assert!(matches!(read("1\tnan"), Err(DataError::NotFinite { line: 1, .. })));
        assert!(matches!(read(""), Err(DataError::NoSequence { .. })));
    }
}
