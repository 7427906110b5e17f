//! The rows of tables whose columns are separated by a character, below a row of their names.

use super::dialect::separator;
use super::quotes;
use super::table::has_break;
use crate::DataError;
use crate::file::line_ends;
use csv::{Position, ReaderBuilder, StringRecord, StringRecordsIntoIter};

/// The rows, each with its line, of any width.
pub(super) struct Delimited<'a> {
    /// The character that separates columns: a comma, or what the header has more of.
    pub separator: u8,
    bytes: &'a [u8],
    file: &'a str,
    /// A place in the bytes, never inside a line end, and the line that it is on.
    counted: (usize, usize),
    rows: StringRecordsIntoIter<&'a [u8]>,
}

impl<'a> Delimited<'a> {
    /// Reads the header of a table that begins on some line.
    pub(super) fn open(
        bytes: &'a [u8],
        file: &'a str,
        line: usize,
    ) -> Result<(StringRecord, Delimited<'a>), DataError> {
        let Preamble { bytes, first_line, told } = Preamble::of(bytes);
        let first_line = first_line + line - 1;
        let separator = told.unwrap_or_else(|| separator(bytes));
        quotes::check(bytes, file, first_line, separator)?;
        let mut reader = ReaderBuilder::new();
        let reader = reader.has_headers(false).flexible(true).delimiter(separator).from_reader(bytes);
        let mut table =
            Delimited { separator, bytes, file, counted: (0, first_line), rows: reader.into_records() };
        let header = table.rows.next().ok_or_else(|| DataError::Empty { file: file.into() })?;
        let header = header.map_err(|error| table.not_utf8(&error))?;
        if header.iter().all(|name| name.trim().parse::<f64>().is_ok()) {
            return Err(DataError::CsvHeader { file: file.into() });
        }
        if header.iter().any(has_break) {
            let line = header.position().map_or(1, |position| table.line(position));
            return Err(DataError::QuoteOverLines { file: file.into(), line });
        }
        Ok((header, table))
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

impl Iterator for Delimited<'_> {
    type Item = Result<(usize, StringRecord), DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = match self.rows.next()? {
            Ok(row) => row,
            Err(error) => return Some(Err(self.not_utf8(&error))),
        };
        let line = row.position().map_or(1, |position| self.line(position));
        Some(Ok((line, row)))
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
