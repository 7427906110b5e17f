//! The ways in which programs write the columns and the numbers of a table.

use crate::DataError;
use crate::error::excerpt;
use crate::file::{Location, is_missing, number};

/// The separators of columns that are recognised beside the comma.
const SEPARATORS: [u8; 3] = [b';', b'\t', b'|'];

/// The separator of the columns of a table, told by its header: what stands there more often than a comma.
pub(super) fn separator(bytes: &[u8]) -> u8 {
    let (mut counts, mut commas, mut quoted) = ([0_usize; SEPARATORS.len()], 0_usize, false);
    for byte in bytes {
        match byte {
            b'\n' | b'\r' if !quoted => break,
            b'"' => quoted = !quoted,
            _ if quoted => (),
            b',' => commas += 1,
            byte => {
                if let Some(at) = SEPARATORS.iter().position(|separator| separator == byte) {
                    counts[at] += 1;
                }
            }
        }
    }
    // Of equals, the one that is named first.
    let most = (0..SEPARATORS.len()).rev().max_by_key(|at| counts[*at]).filter(|at| counts[*at] > commas);
    most.map_or(b',', |at| SEPARATORS[at])
}

/// The mark before decimals, which a table has to itself where no comma separates its columns: a point or a comma, the
/// first of them that comes deciding for the rest.
#[derive(Debug, Default)]
pub(super) struct Decimals {
    /// The mark, and the line that showed it.
    seen: Option<(char, usize)>,
}

impl Decimals {
    /// Reads a number of a table with this separator, NaN where it is missing.
    pub(super) fn number(&mut self, text: &str, separator: u8, at: Location) -> Result<f64, DataError> {
        if is_missing(text) {
            return Ok(f64::NAN);
        }
        if separator == b',' {
            return number(text, at);
        }
        let text = text.trim();
        let mark = match (text.contains('.'), text.matches(',').count()) {
            (false, 0) => return number(text, at),
            (true, 0) => '.',
            (false, 1) => ',',
            _ => {
                let problem = format!(
                    "more marks than that before its decimals ({}); leave out those between thousands",
                    at.field
                );
                return Err(DataError::Commas {
                    file: at.file.into(),
                    line: at.line,
                    found: excerpt(text),
                    problem,
                });
            }
        };
        let pointed = text.replace(',', ".");
        if pointed.parse::<f64>().is_err() {
            return number(text, at);
        }
        match *self.seen.get_or_insert((mark, at.line)) {
            (first, _) if first == mark => number(&pointed, at),
            (first, other) => Err(DataError::MixedDecimals {
                file: at.file.into(),
                line: at.line,
                field: at.field.to_string().into(),
                found: excerpt(text).into(),
                mark: if first == '.' { "point" } else { "comma" },
                other,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::Field;

    #[test]
    fn the_separator_is_what_a_header_has_most_of() {
        for (header, wanted) in [
            ("a,b;c\n", b','),
            ("a;b\tc\td\n", b'\t'),
            ("a;b|c\n", b';'),
            ("a;\"b,c,d\"\n1,2,3", b';'),
            ("a", b','),
        ] {
            assert_eq!(separator(header.as_bytes()), wanted, "{header:?}");
        }
    }

    #[test]
    fn the_header_tells_the_separator() {
        for (header, expected) in [
            ("a,b\n1;2;3;4", b','),
            ("a;b\n", b';'),
            ("a\tb", b'\t'),
            ("a|b|c\r", b'|'),
            ("a", b','),
            ("\"a;b;c\",d\n", b','),
            ("a;\"b,c,d\"\n", b';'),
        ] {
            assert_eq!(separator(header.as_bytes()), expected, "{header:?}");
        }
    }

    fn read(separator: u8, numbers: &[&str]) -> Result<Vec<f64>, DataError> {
        let mut decimals = Decimals::default();
        let number = |(line, text): (usize, &&str)| {
            decimals.number(text, separator, Location { file: "a", line, field: Field::Column("x") })
        };
        (2..).zip(numbers).map(number).collect()
    }

    #[test]
    fn decimals_stand_behind_one_mark_throughout() {
        assert_eq!(read(b';', &["1,5", " -2", "0,25", "1e3"]).unwrap(), [1.5, -2.0, 0.25, 1000.0]);
        assert_eq!(read(b';', &["1.5", "2"]).unwrap(), [1.5, 2.0]);
        let mixed = read(b'\t', &["1,5", "2", "1.234"]).unwrap_err();
        assert!(matches!(mixed, DataError::MixedDecimals { line: 4, other: 2, .. }), "{mixed}");
        let thousands = read(b';', &["1.234,5"]).unwrap_err();
        assert!(thousands.to_string().starts_with("a:2: \"1.234,5\" has more marks"), "{thousands}");
        assert!(matches!(read(b';', &["1,5x"]), Err(DataError::NotANumber { .. })));
        assert!(matches!(read(b',', &["1,5"]), Err(DataError::Commas { .. })));
    }
}
