//! Quotes of tables that take in more than was meant. The `csv` crate reads on to their end, or to that of the file.

use crate::DataError;

/// The state of the `csv` crate's reader at a byte of a table.
#[derive(Clone, Copy, PartialEq)]
enum State {
    /// A field begins.
    Start,
    /// A field without quotes, in which a quote is a character like any other.
    Plain,
    /// A field in quotes.
    Quoted,
    /// After a quote in such a field, which ends it unless another follows.
    Closed,
    /// After spaces behind such a field.
    Ended,
}

/// Checks that every quote is closed, and that one which goes over several lines is closed where its field ends.
pub(crate) fn check(bytes: &[u8], file: &str, first_line: usize, separator: u8) -> Result<(), DataError> {
    let (mut state, mut line, mut opens) = (State::Start, first_line, 0);
    let mut before = 0;
    for byte in bytes {
        state = match (state, byte) {
            (State::Start, b'"') => {
                opens = line;
                State::Quoted
            }
            (State::Quoted, b'"') => State::Closed,
            (State::Closed, b'"') | (State::Quoted, _) => State::Quoted,
            (_, b'\r' | b'\n') => State::Start,
            (_, byte) if *byte == separator => State::Start,
            (State::Closed | State::Ended, b' ' | b'\t') => State::Ended,
            (State::Closed | State::Ended, _) if line != opens => {
                return Err(DataError::QuoteClosedLate { file: file.into(), line: opens, closes: line });
            }
            _ => State::Plain,
        };
        line += usize::from(*byte == b'\r' || (*byte == b'\n' && before != b'\r'));
        before = *byte;
    }
    if state == State::Quoted { Err(DataError::QuoteOpen { file: file.into(), line: opens }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use csv::ReaderBuilder;
    use proptest::prelude::*;

    fn refused(text: &str) -> DataError {
        check(text.as_bytes(), "a", 1, b',').unwrap_err()
    }

    #[test]
    fn a_quote_that_is_never_closed_is_told_by_the_line_that_it_opens_on() {
        for text in ["x\n1\n\"2\n3\n", "x\n1\n\"2", "x\n1\n\"2\"\"\n", "x\r\n1\r\n\"2\r\n3", "x\r1\r\"2\r3"] {
            assert!(matches!(refused(text), DataError::QuoteOpen { line: 3, .. }), "{text}");
        }
    }

    #[test]
    fn a_quote_over_lines_that_is_closed_inside_another_field_is_told() {
        let error = refused("class,text\nup,\"one\ndown,two\nup,\"three\"\n");
        assert!(matches!(error, DataError::QuoteClosedLate { line: 2, closes: 4, .. }), "{error}");
    }

    #[test]
    fn quotes_as_they_are_meant_pass() {
        for text in [
            "class,text\nup,\"one,\n\"\"two\"\"\n\"\ndown,\"three\" \n",
            "text\nsay \"hi\n\"well\" he said\n",
            "x\n\"1\"",
            "",
        ] {
            check(text.as_bytes(), "a", 1, b',').unwrap();
        }
    }

    proptest! {
        /// Text after an open quote belongs to its field; after any other text it is a row of its own.
        #[test]
        fn a_quote_is_open_where_the_csv_crate_reads_on(text in "[ab\", \r\n]{0,40}") {
            let mut longer = text.clone();
            longer.push_str("\nZ");
            let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(longer.as_bytes());
            let last = reader.into_records().last().unwrap().unwrap();
            let open = matches!(check(text.as_bytes(), "a", 1, b','), Err(DataError::QuoteOpen { .. }));
            let late = matches!(check(text.as_bytes(), "a", 1, b','), Err(DataError::QuoteClosedLate { .. }));
            prop_assert!(late || open == (last.get(0) != Some("Z") || last.len() > 1), "{last:?}");
        }
    }
}
