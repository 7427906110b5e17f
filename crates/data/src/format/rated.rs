//! Rated texts: a tab-separated table of identifier, rating and text, below a row of column names.

use crate::DataError;
use crate::examples::{Example, Raw};
use crate::file::{Field, Location, number};

/// Reads texts with the sign of their ratings: class 0 for negative, 1 for positive.
pub(crate) fn parse(text: &str, file: &str) -> Result<Vec<Example>, DataError> {
    let mut examples = Vec::new();
    for (line, row) in (1..).zip(text.lines()).skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let [_, rating, text] = columns[..] else {
            return Err(DataError::Columns { file: file.into(), line, found: columns.len(), wanted: 3 });
        };
        let rating = number(rating, Location { file, line, field: Field::Nth(2) })?;
        if rating == 0.0 {
            return Err(DataError::RatingZero { file: file.into(), line });
        }
        examples.push(Example::of_class(Raw::Text(text.into()), usize::from(rating > 0.0)));
    }
    if examples.is_empty() { Err(DataError::NoSequence { file: file.into() }) } else { Ok(examples) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_is_the_class() {
        let examples = parse("id\trating\ttext\n7\t-0.4\tDull.\n8\t1\tGood \"fun\"\n", "a").unwrap();
        assert_eq!(examples[0], Example::of_class(Raw::Text("Dull.".into()), 0));
        assert_eq!(examples[1], Example::of_class(Raw::Text("Good \"fun\"".into()), 1));
    }

    #[test]
    fn damage_is_named_with_its_line() {
        let refused = |row: &str| parse(&format!("id\trating\ttext\n{row}"), "a").unwrap_err();
        assert!(matches!(refused("1\t2"), DataError::Columns { line: 2, found: 2, wanted: 3, .. }));
        assert!(matches!(refused("1\tx\tt"), DataError::NotANumber { line: 2, .. }));
        assert!(matches!(refused("1\tNaN\tt"), DataError::NotFinite { line: 2, .. }));
        assert!(matches!(refused("1\t0.0\tt"), DataError::RatingZero { line: 2, .. }));
        assert!(matches!(refused(""), DataError::NoSequence { .. }));
    }
}
