//! Texts as a table: one a row in the column `text`, with its class in the column `class` or `label`, or without.

use super::table::{CLASS, Table, has_break, is_delimited, missing};
use super::taken_in::{Form, taken_in};
use crate::DataError;
use crate::error::excerpt;
use crate::examples::{Labelled, Raw};

/// The column of the texts.
const TEXT: &str = "text";
/// The columns of the classes, of which a table has one.
const CLASSES: [&str; 2] = [CLASS, "label"];

/// One text.
#[derive(Debug, PartialEq)]
pub(crate) struct Row {
    /// The line that it begins on.
    pub line: usize,
    pub text: String,
    /// Its class, in a table that has them.
    pub class: Option<String>,
}

/// True if a header is that of texts with their classes.
pub(crate) fn is_labelled(header: &[String]) -> bool {
    let has = |column: &str| header.iter().any(|name| name == column);
    header.len() == 2 && has(TEXT) && CLASSES.into_iter().any(has)
}

/// Reads texts, with classes or without: at least one. Beside the classes of the file, those that are known tell rows
/// that a text has taken in.
pub(crate) fn parse(bytes: &[u8], file: &str, known: &[String]) -> Result<Vec<Row>, DataError> {
    read(bytes, file, known).map(|(rows, _)| rows)
}

/// The rows, and the column of their classes if there is one.
fn read(bytes: &[u8], file: &str, known: &[String]) -> Result<(Vec<Row>, Option<&'static str>), DataError> {
    let mut table = Table::open(bytes, file)?;
    table.require_commas()?;
    let place = |wanted: &str| table.header.iter().position(|name| name == wanted);
    let named = CLASSES.into_iter().find(|name| place(name).is_some());
    let (text, class) = (place(TEXT), named.and_then(place));
    let text = text.ok_or_else(|| missing(&table.header, file, TEXT))?;
    if let Some(other) = (0..table.header.len()).find(|at| *at != text && Some(*at) != class) {
        let column = excerpt(&table.header[other]);
        return Err(DataError::TextColumn { file: file.into(), column });
    }
    let (mut rows, mut is_spaced) = (Vec::new(), false);
    while let Some(row) = table.next() {
        let (line, row) = row?;
        if row[text].trim().is_empty() {
            return Err(DataError::NoStep { file: file.into(), line });
        }
        if class.is_some_and(|at| has_break(&row[at])) {
            return Err(table.over_lines(line));
        }
        is_spaced |= !has_break(&row[text]) && row.get(1).is_some_and(|second| second.starts_with(' '));
        let class = class.map(|at| row[at].trim().to_owned());
        rows.push(Row { line, text: row[text].to_owned(), class });
    }
    if rows.is_empty() {
        return Err(DataError::NoSequence { file: file.into() });
    }
    // What an object has is its own.
    let form =
        class.filter(|_| is_delimited(file)).map(|class| Form { class_first: class < text, is_spaced });
    match form.and_then(|form| taken_in(&rows, form, known)) {
        Some((line, row)) => Err(DataError::QuoteOverRows { file: file.into(), line, row }),
        None => Ok((rows, named)),
    }
}

/// Reads texts with their classes.
pub(crate) fn labelled(bytes: &[u8], file: &str, known: &[String]) -> Result<Vec<Labelled>, DataError> {
    let (rows, named) = read(bytes, file, known)?;
    let column = named.unwrap_or(CLASS);
    let labelled = |Row { line, text, class }: Row| match class {
        None => Err(missing(&[TEXT.to_owned()], file, CLASS)),
        Some(class) if class.is_empty() => {
            Err(DataError::CsvBlank { file: file.into(), line, column: column.into() })
        }
        Some(class) => Ok(Labelled { raw: Raw::Text(text), class, line }),
    };
    rows.into_iter().map(labelled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_row_is_a_text_with_its_class() {
        let all =
            labelled(b"text,class\n\"Good, \"\"really\"\".\nTwice.\", up\nBad.,down\n", "a", &[]).unwrap();
        let text = Raw::Text("Good, \"really\".\nTwice.".into());
        assert_eq!(all[0], Labelled { raw: text, class: "up".into(), line: 2 });
        assert_eq!((all.len(), all[1].line), (2, 4));
    }

    #[test]
    fn classes_may_be_missing_only_where_they_are_asked_for() {
        let rows = parse(b"text\nGood.\n", "a", &[]).unwrap();
        assert_eq!(rows, [Row { line: 2, text: "Good.".into(), class: None }]);
        assert_eq!(parse(b"class,text\n,Good.\n", "a", &[]).unwrap()[0].text, "Good.");
        let refused = |text: &str| labelled(text.as_bytes(), "a", &[]).unwrap_err();
        assert!(matches!(refused("text\nGood.\n"), DataError::CsvMissing { column: "class", .. }));
        let blank = refused("class,text\n,Good.\n");
        assert!(matches!(blank, DataError::CsvBlank { line: 2, .. }));
    }

    #[test]
    fn the_columns_are_text_and_class_in_any_order_and_no_others() {
        let header = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert!(is_labelled(&header(&["class", "text"])) && is_labelled(&header(&["text", "class"])));
        let others: [&[&str]; 4] = [&["text"], &["text", "text"], &["class", "x"], &["class", "text", "x"]];
        for names in others {
            assert!(!is_labelled(&header(names)), "{names:?}");
        }
        let refused = |text: &str| parse(text.as_bytes(), "a", &[]).unwrap_err();
        assert!(matches!(refused("class,words\nup,Good.\n"), DataError::CsvMissing { column: "text", .. }));
        assert!(matches!(refused("class,text,stars\nup,Good.,5\n"), DataError::TextColumn { .. }));
        assert!(matches!(refused("text,text\nGood.,Bad.\n"), DataError::TextColumn { .. }));
    }

    /// No row vanishes: each line of a file is the header, blank, a row, or part of a text.
    #[test]
    fn quotes_that_are_not_closed_where_a_text_ends_are_refused() {
        let refused = |text: &str| parse(text.as_bytes(), "a", &[]).unwrap_err();
        let open = refused("class,text\nup,good\ndown,\"an open one\nup,fine\n");
        assert!(matches!(open, DataError::QuoteOpen { line: 3, .. }), "{open}");
        let late = refused("class,text\ndown,\"stray\nup,fine\nup,\"good\"\n");
        assert!(matches!(late, DataError::QuoteClosedLate { line: 2, closes: 4, .. }), "{late}");
        let class = refused("class,text\n\"down\nup\",fine\n");
        assert!(matches!(class, DataError::QuoteOverLines { line: 2, .. }), "{class}");
    }

    #[test]
    fn damage_is_named_with_its_line() {
        let refused = |text: &str| labelled(text.as_bytes(), "a", &[]).unwrap_err();
        assert!(matches!(refused("class,text\nup, \n"), DataError::NoStep { line: 2, .. }));
        assert!(matches!(refused("class,text\nup,a, b\n"), DataError::Columns { line: 2, found: 3, .. }));
        assert!(matches!(refused("class,text\n"), DataError::NoSequence { .. }));
        assert!(matches!(refused(""), DataError::Empty { .. }));
        assert!(matches!(refused("class;text\nup;Good.\n"), DataError::CsvSeparator { separator: ';', .. }));
        assert!(matches!(
            labelled(b"class,text\nup,\xff\n", "a", &[]),
            Err(DataError::NotUtf8 { line: 2, .. })
        ));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(rows in "([a-c,\"\n]|\\PC){0,60}") {
            for labelled in labelled(format!("class,text\n{rows}").as_bytes(), "a", &[]).unwrap_or_default() {
                prop_assert!(!labelled.class.is_empty());
            }
        }
    }
}
