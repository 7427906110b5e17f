//! Bytes as they are read: whole, unpacked where they are gzipped, and never more than a limit.

use crate::{DataError, error::excerpt};
use flate2::read::MultiGzDecoder;
use std::io::{Read, stdin};
use std::{borrow::Cow, fmt, fs, path::Path};

/// The most bytes of one file that are read, packed or unpacked.
pub(crate) const LIMIT: u64 = 1 << 30;

/// The first bytes of a gzip file.
pub(crate) const GZIP: [u8; 2] = [0x1f, 0x8b];

/// True if a path stands for standard input: `-`.
pub(crate) fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// The name of a file in messages.
pub(crate) fn called(path: &Path) -> String {
    if is_standard(path) { "standard input".to_owned() } else { path.display().to_string() }
}

/// Reads a file of the user's, or standard input. Returns its bytes, unpacked.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    Ok(unpack(&read_packed(path)?, &called(path), LIMIT)?.into_owned())
}

/// Reads a file of the user's as it is, packed or not.
pub(crate) fn read_packed(path: &Path) -> Result<Vec<u8>, DataError> {
    let file = called(path);
    let unreadable = |source| DataError::Unreadable { file: file.clone(), source };
    let bytes = if is_standard(path) {
        bounded(stdin().lock(), LIMIT)
    } else {
        fs::File::open(path).and_then(|handle| bounded(handle, LIMIT))
    };
    let bytes = bytes.map_err(unreadable)?;
    bytes.ok_or_else(|| DataError::TooLarge { file: file.clone(), limit: LIMIT })
}

/// Unpacks gzip, told by its first two bytes, and passes everything else on. Refuses an empty result.
pub(crate) fn unpack<'a>(bytes: &'a [u8], file: &str, limit: u64) -> Result<Cow<'a, [u8]>, DataError> {
    let bytes = if bytes.starts_with(&GZIP) {
        let unpacked = bounded(MultiGzDecoder::new(bytes), limit)
            .map_err(|source| DataError::Gzip { file: file.into(), source })?;
        Cow::Owned(unpacked.ok_or_else(|| DataError::TooLarge { file: file.into(), limit })?)
    } else {
        Cow::Borrowed(bytes)
    };
    if bytes.is_empty() { Err(DataError::Empty { file: file.into() }) } else { Ok(bytes) }
}

/// The bytes as text, without the mark that some editors put first.
pub(crate) fn text<'a>(bytes: &'a [u8], file: &str) -> Result<&'a str, DataError> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let line = 1 + line_ends(&bytes[..error.valid_up_to()]);
        DataError::NotUtf8 { file: file.into(), line }
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The lines of a text, ended by `\n`, `\r\n`, or, as on computers of old, `\r`.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('\r'))
}

/// The number of line ends, of which `\r\n` is one.
pub(crate) fn line_ends(bytes: &[u8]) -> usize {
    let pairs = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
    bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() - pairs
}

/// The number of some things, and their name in the singular or the plural.
pub(crate) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// The format that a file's name tells: its extension, but for `.gz`. MNIST's own files are named
/// `train-images-idx3-ubyte`.
pub(crate) fn kind(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    if name.ends_with("idx3-ubyte") {
        return "idx".into();
    }
    name.rsplit_once('.').map_or(String::new(), |(_, extension)| extension.into())
}

/// The place of a number, for messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Location<'a> {
    pub file: &'a str,
    pub line: usize,
    pub field: Field<'a>,
}

/// The place of a number in its line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Field<'a> {
    /// In the column of this name.
    Column(&'a str),
    /// In this column, counted from 1.
    Nth(usize),
    /// At a step of a channel, counted from 1.
    Step { channel: usize, step: usize },
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Field::Column(name) => write!(f, "column `{}`", excerpt(name)),
            Field::Nth(column) => write!(f, "column {column}"),
            Field::Step { channel, step } => write!(f, "channel {channel}, step {step}"),
        }
    }
}

/// Reads a finite number, none of whose digits may be lost that can matter.
pub(crate) fn number(text: &str, location: Location) -> Result<f64, DataError> {
    let text = text.trim();
    let (file, line) = (location.file.to_owned(), location.line);
    let (field, found) = (|| location.field.to_string(), || excerpt(text));
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && loses_digits(text, number) => {
            Err(DataError::TooManyDigits { file, line, field: field(), found: found() })
        }
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) => Err(DataError::NotFinite { file, line, field: field(), found: found() }),
        Err(_) if is_missing(text) => {
            Err(DataError::NumberMissing { file, line, field: field(), found: found() })
        }
        Err(_) => Err(match commas(text) {
            Some((problem, instead)) => {
                let problem = format!("{problem} ({}); {instead}", field());
                DataError::Commas { file, line, found: found(), problem }
            }
            None => DataError::NotANumber { file, line, field: field(), found: found() },
        }),
    }
}

/// True if a field says that a number is missing.
pub(crate) fn is_missing(text: &str) -> bool {
    let text = text.trim();
    MISSING.iter().any(|word| text.eq_ignore_ascii_case(word)) || text.parse::<f64>().is_ok_and(f64::is_nan)
}

/// Reads a measured value as [`number`] does, or NaN where it is missing.
pub(crate) fn measured(text: &str, location: Location) -> Result<f64, DataError> {
    if is_missing(text) { Ok(f64::NAN) } else { number(text, location) }
}

/// Words for a missing number in the files of other programs, beside NaN.
const MISSING: [&str; 7] = ["", "?", "NA", "N/A", "null", "none", "-"];

/// The least number whose last digits count: time stamps in seconds are larger. In smaller ones, what lies past
/// the 15 digits that an `f64` keeps of any number, such as of a long fraction, is below what is measured.
const LARGE: f64 = 1e9;

/// True if the digits of a large number, such as of a time stamp in nanoseconds, do not come back from the `f64` that
/// is nearest to it.
fn loses_digits(text: &str, number: f64) -> bool {
    // No more digits than these always come back.
    if number.abs() < LARGE || text.len() <= f64::DIGITS as usize {
        return false;
    }
    let significand = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = significand.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_matches('0');
    let places = digits.len().saturating_sub(1);
    let nearest = format!("{:.places$e}", number.abs());
    nearest.split('e').next().unwrap_or_default().replace('.', "") != digits
}

/// The commas of what would be a number without them: what they may be, and what to write instead.
fn commas(text: &str) -> Option<(&'static str, String)> {
    let number = |text: String| text.parse::<f64>().is_ok().then_some(text);
    let decimal = if text.matches(',').count() == 1 { number(text.replace(',', ".")) } else { None };
    let thousands = if separates_thousands(text) { number(text.replace(',', "")) } else { None };
    Some(match (decimal, thousands) {
        (Some(decimal), Some(thousands)) => (
            "a comma",
            format!(
                "write {decimal} if it stands for the decimal point, or {thousands} if it separates thousands"
            ),
        ),
        (Some(decimal), None) => ("a decimal comma", format!("write numbers with a point: {decimal}")),
        (None, Some(thousands)) => ("commas between thousands", format!("leave them out: {thousands}")),
        (None, None) => return None,
    })
}

/// True if every comma of a number stands before three digits, and the first after one to three of them.
fn separates_thousands(text: &str) -> bool {
    let whole = text.trim_start_matches(['-', '+']).split('.').next().unwrap_or_default();
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len()) && !first.starts_with('0') && groups.all(|group| group.len() == 3)
}

/// Everything a reader gives, or nothing if that is more than `limit` bytes.
pub(crate) fn bounded(reader: impl Read, limit: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    reader.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

/// Packs bytes, for the tests of every reader.
#[cfg(test)]
pub(crate) fn pack(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_unpacked_and_the_rest_passes() {
        assert_eq!(*unpack(&pack(b"steps"), "a", LIMIT).unwrap(), *b"steps");
        assert_eq!(*unpack(b"steps", "a", LIMIT).unwrap(), *b"steps");
    }

    #[test]
    fn every_cut_of_a_gzip_file_is_refused() {
        let packed = pack(b"one two three");
        for end in 2..packed.len() {
            assert!(matches!(unpack(&packed[..end], "a", LIMIT), Err(DataError::Gzip { .. })), "{end}");
        }
    }

    #[test]
    fn a_file_that_unpacks_past_the_limit_is_refused() {
        let packed = pack(&[0; 1000]);
        assert!(unpack(&packed, "a", 1000).is_ok());
        assert!(matches!(unpack(&packed, "a", 999), Err(DataError::TooLarge { limit: 999, .. })));
    }

    #[test]
    fn nothing_is_refused_packed_or_not() {
        assert!(matches!(unpack(b"", "a", LIMIT), Err(DataError::Empty { .. })));
        assert!(matches!(unpack(&pack(b""), "a", LIMIT), Err(DataError::Empty { .. })));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read(Path::new("no/such.csv")).unwrap_err();
        assert!(matches!(error, DataError::Unreadable { .. }) && error.to_string().contains("no/such.csv"));
    }

    #[test]
    fn text_must_be_utf8_and_the_message_has_the_line() {
        assert_eq!(text("\u{feff}é".as_bytes(), "a").unwrap(), "é");
        assert!(matches!(text(b"a\nb\n\xff", "a"), Err(DataError::NotUtf8 { line: 3, .. })));
    }

    fn read_number(text: &str) -> Result<f64, DataError> {
        number(text, Location { file: "a.csv", line: 3, field: Field::Nth(2) })
    }

    #[test]
    fn a_number_whose_last_digits_would_be_lost_is_refused() {
        for text in [
            "1700000000000000003",
            "-1700000000000000003",
            "+9007199254740993",
            "1700000000000000001.0",
            "1.700000000000000003e18",
            "1700000000.000000003",
            "1700000000.0000003",
            "0001700000000000000003",
        ] {
            let error = read_number(text).unwrap_err();
            assert!(matches!(error, DataError::TooManyDigits { line: 3, .. }), "{text}: {error}");
        }
        let told = read_number("1700000000000000003").unwrap_err().to_string();
        assert!(told.starts_with("a.csv:3: 1700000000000000003 (column 2) has more digits"), "{told}");
    }

    #[test]
    fn a_number_keeps_its_digits_or_those_that_count() {
        for text in [
            "9007199254740992",
            "1700000000000000000",
            "1700000000123000000",
            "1700000000.123456",
            // As programs write the `f64` that is nearest to 1700000000.1234567.
            "1700000000.1234567",
            "1700000000.123456716537475586",
            "1.700000000000000000e+18",
            "340282350000000000000000000000000000000",
            "3.4028234663852886e38",
            "1e300",
            "0.1234567890123456789",
            "3.14159265358979323846",
            "-273.1500000000000000001",
            "0.000000000000000000000000000000000000000",
        ] {
            assert!(read_number(text).is_ok_and(|number| Ok(number) == text.parse::<f64>()), "{text}");
        }
    }

    #[test]
    fn a_comma_is_told_by_what_it_may_be() {
        for (text, told) in [
            ("3,5", "has a decimal comma (column 2); write numbers with a point: 3.5"),
            ("0,500", "has a decimal comma (column 2); write numbers with a point: 0.500"),
            ("1,5000", "has a decimal comma (column 2); write numbers with a point: 1.5000"),
            (
                "1,500",
                "has a comma (column 2); write 1.500 if it stands for the decimal point, or 1500 if it separates \
                 thousands",
            ),
            ("-1,500,000", "has commas between thousands (column 2); leave them out: -1500000"),
            ("1,500.25", "has commas between thousands (column 2); leave them out: 1500.25"),
            ("1,50,000", "is not a number (column 2); write one such as 0.25"),
        ] {
            let message = read_number(text).unwrap_err().to_string();
            assert_eq!(message, format!("a.csv:3: {text:?} {told}"));
        }
    }

    #[test]
    fn lines_are_counted_whatever_ends_them() {
        for (text, ends) in [("a\nb\nc", 2), ("a\r\nb\r\nc", 2), ("a\rb\rc", 2), ("a\r\rb\nc", 3), ("a", 0)] {
            assert_eq!(line_ends(text.as_bytes()), ends, "{text:?}");
            let found: Vec<&str> = lines(text).filter(|line| !line.is_empty()).collect();
            assert_eq!((lines(text).count(), found.concat()), (ends + 1, text.replace(['\r', '\n'], "")));
        }
        assert!(matches!(super::text(b"a\rb\r\xff", "a"), Err(DataError::NotUtf8 { line: 3, .. })));
    }

    fn parse(text: &str) -> Result<f64, DataError> {
        number(text, Location { file: "a", line: 4, field: Field::Column("x") })
    }

    #[test]
    fn numbers_are_finite() {
        assert_eq!(parse(" -1.5e2 ").unwrap(), -150.0);
        assert_eq!(parse("1e39").unwrap(), 1e39);
        for text in ["nan", "inf", "-infinity", "1e999"] {
            assert!(matches!(parse(text), Err(DataError::NotFinite { line: 4, .. })), "{text}");
        }
        for text in ["x", "1,000,5", "0x10"] {
            assert!(matches!(parse(text), Err(DataError::NotANumber { line: 4, .. })), "{text}");
        }
    }

    #[test]
    fn a_missing_number_and_a_decimal_comma_are_called_so() {
        for text in ["", " ", "?", "NA", "null"] {
            let error = parse(text).unwrap_err();
            assert!(matches!(error, DataError::NumberMissing { line: 4, .. }), "{text}");
            assert!(error.to_string().contains("a:4: no number in column `x`"), "{error}");
        }
        let error = parse("3,5").unwrap_err().to_string();
        assert!(error.contains("decimal comma") && error.contains("3.5"), "{error}");
    }
}
