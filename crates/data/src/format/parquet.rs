//! The rows of tables in Parquet files. A row's number, from 1, stands for its line.

use crate::error::excerpt;
use crate::{DataError, file};
use bytes::Bytes;
use csv::StringRecord;
use jiff::Timestamp;
use jiff::tz::Offset;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The rows that are read at a time.
const BATCH: usize = 1024;
/// The name that pandas gives to the column of an index without one.
const INDEX: &str = "__index_level_";

/// The rows of a file, each as the texts of its values, empty where one is missing.
pub(super) struct ParquetRows<'a> {
    reader: SerializedFileReader<Bytes>,
    file: &'a str,
    kinds: Vec<Kind>,
    /// The next group of rows, and the readers of this one's columns with the rows that are left.
    next_group: usize,
    columns: Vec<ColumnReader>,
    left: usize,
    /// Rows that have been read, the next one last.
    rows: Vec<StringRecord>,
    /// Rows that have been given.
    given: usize,
}

/// The meaning of a column's values beyond their physical type.
#[derive(Clone, Copy)]
enum Kind {
    /// A number, a truth value or a text as it is.
    Plain,
    /// A whole number without a sign.
    Unsigned,
    /// Days since 1970.
    Date,
    /// A time since 1970, of so many nanoseconds a unit, with an offset from UTC or without.
    Time { unit: i64, is_instant: bool },
}

impl<'a> ParquetRows<'a> {
    /// Reads the names of the columns.
    pub(super) fn open(bytes: &[u8], file: &'a str) -> Result<(StringRecord, ParquetRows<'a>), DataError> {
        let reader = guarded(file, || SerializedFileReader::new(Bytes::copy_from_slice(bytes)))?;
        let metadata = reader.metadata();
        let mut chunks = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
        if chunks.any(|chunk| {
            let dictionary = chunk.dictionary_page_offset().unwrap_or(0);
            [chunk.data_page_offset(), chunk.compressed_size(), dictionary].iter().any(|size| *size < 0)
        }) {
            return Err(damaged(file, "a place in it is negative"));
        }
        let sizes = metadata.row_groups().iter().map(|group| u64::try_from(group.total_byte_size()));
        if sizes.map(|size| size.unwrap_or(u64::MAX)).fold(0, u64::saturating_add) > file::LIMIT {
            return Err(DataError::TooLarge { file: file.into(), limit: file::LIMIT });
        }
        let schema = metadata.file_metadata().schema_descr();
        if let Some(nested) = schema.root_schema().get_fields().iter().find(|field| !field.is_primitive()) {
            return Err(unread(file, nested.name(), "lists or records"));
        }
        let mut names = StringRecord::new();
        let mut kinds = Vec::new();
        for column in schema.columns() {
            if column.name().starts_with(INDEX) {
                let problem = "an index of pandas is among its columns, which has no name; write it with `index=False`, or after \
                               `reset_index`, which names it";
                return Err(DataError::Parquet { file: file.into(), problem: problem.into() });
            }
            names.push_field(column.name());
            kinds.push(Kind::of(column).map_err(|holds| unread(file, column.name(), holds))?);
        }
        let rows = ParquetRows {
            reader,
            file,
            kinds,
            next_group: 0,
            columns: Vec::new(),
            left: 0,
            rows: Vec::new(),
            given: 0,
        };
        Ok((names, rows))
    }

    /// Reads the next rows; false if there are none.
    fn read_on(&mut self) -> Result<bool, ParquetError> {
        while self.left == 0 {
            if self.next_group == self.reader.num_row_groups() {
                return Ok(false);
            }
            let group = self.reader.get_row_group(self.next_group)?;
            self.left = usize::try_from(group.metadata().num_rows()).unwrap_or_default();
            let columns = 0..self.kinds.len();
            self.columns = columns.map(|column| group.get_column_reader(column)).collect::<Result<_, _>>()?;
            self.next_group += 1;
        }
        let wanted = self.left.min(BATCH);
        let columns = self.columns.iter_mut().zip(&self.kinds);
        let columns: Vec<Vec<String>> =
            columns.map(|(column, kind)| texts(column, *kind, wanted)).collect::<Result<_, _>>()?;
        self.rows = (0..wanted).rev().map(|row| columns.iter().map(|texts| &texts[row]).collect()).collect();
        self.left -= wanted;
        Ok(true)
    }
}

impl Iterator for ParquetRows<'_> {
    type Item = Result<(usize, StringRecord), DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rows.is_empty() {
            let file = self.file;
            match guarded(file, || self.read_on()) {
                Ok(true) => (),
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
        self.given += 1;
        Some(Ok((self.given, self.rows.pop()?)))
    }
}

impl Kind {
    /// That of a column, or what it holds that is not read.
    fn of(column: &ColumnDescriptor) -> Result<Kind, &'static str> {
        if column.max_rep_level() > 0 || column.max_def_level() > 1 {
            return Err("lists or records");
        }
        if let Some(LogicalType::Timestamp(time)) = column.logical_type_ref() {
            let unit = match time.unit {
                TimeUnit::MILLIS => 1_000_000,
                TimeUnit::MICROS => 1_000,
                TimeUnit::NANOS => 1,
            };
            return Ok(Kind::Time { unit, is_instant: time.is_adjusted_to_u_t_c });
        }
        match (column.physical_type(), column.converted_type()) {
            (Type::INT96, _) => Ok(Kind::Time { unit: 1, is_instant: false }),
            (Type::INT64, ConvertedType::TIMESTAMP_MILLIS) => {
                Ok(Kind::Time { unit: 1_000_000, is_instant: true })
            }
            (Type::INT64, ConvertedType::TIMESTAMP_MICROS) => {
                Ok(Kind::Time { unit: 1_000, is_instant: true })
            }
            (Type::INT32, ConvertedType::DATE) => Ok(Kind::Date),
            (
                Type::INT32 | Type::INT64,
                ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64,
            ) => Ok(Kind::Unsigned),
            (
                Type::INT32 | Type::INT64,
                ConvertedType::INT_8
                | ConvertedType::INT_16
                | ConvertedType::INT_32
                | ConvertedType::INT_64
                | ConvertedType::NONE,
            ) => match column.logical_type_ref() {
                Some(LogicalType::Time(_)) => Err("times of day"),
                _ => Ok(Kind::Plain),
            },
            (Type::BOOLEAN | Type::FLOAT | Type::DOUBLE, _) => Ok(Kind::Plain),
            (Type::BYTE_ARRAY, ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON) => {
                Ok(Kind::Plain)
            }
            (_, ConvertedType::DECIMAL) => Err("decimals"),
            (_, ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS) => Err("times of day"),
            (Type::FIXED_LEN_BYTE_ARRAY, _) if column.logical_type_ref() == Some(&LogicalType::Float16) => {
                Err("floating-point numbers of 16 bits")
            }
            _ => Err("bytes"),
        }
    }

    fn whole(self, number: i64) -> Result<String, ParquetError> {
        const DAY: i64 = 86_400;
        let out_of_range = || ParquetError::General(format!("the time {number} is out of range"));
        let at = |unit: i64, number: i64| {
            Timestamp::from_nanosecond(i128::from(number) * i128::from(unit)).map_err(|_| out_of_range())
        };
        Ok(match self {
            Kind::Plain => number.to_string(),
            Kind::Unsigned => (number as u64).to_string(),
            Kind::Date => {
                let midnight = at(1_000_000_000, number.checked_mul(DAY).ok_or_else(out_of_range)?)?;
                Offset::UTC.to_datetime(midnight).date().to_string()
            }
            Kind::Time { unit, is_instant: true } => at(unit, number)?.to_string(),
            Kind::Time { unit, is_instant: false } => Offset::UTC.to_datetime(at(unit, number)?).to_string(),
        })
    }
}

/// The texts of the next values of a column, so many.
fn texts(column: &mut ColumnReader, kind: Kind, rows: usize) -> Result<Vec<String>, ParquetError> {
    let text = |bytes: &[u8]| {
        let text = str::from_utf8(bytes).map(str::to_owned);
        text.map_err(|_| ParquetError::General("a text is no UTF-8".into()))
    };
    match column {
        ColumnReader::BoolColumnReader(column) => values(column, rows, |value| Ok(value.to_string())),
        ColumnReader::Int32ColumnReader(column) => values(column, rows, |value| match kind {
            Kind::Unsigned => Ok((*value as u32).to_string()),
            kind => kind.whole(i64::from(*value)),
        }),
        ColumnReader::Int64ColumnReader(column) => values(column, rows, |value| kind.whole(*value)),
        ColumnReader::Int96ColumnReader(column) => values(column, rows, |value| kind.whole(value.to_nanos())),
        ColumnReader::FloatColumnReader(column) => values(column, rows, |value| Ok(format!("{value:?}"))),
        ColumnReader::DoubleColumnReader(column) => values(column, rows, |value| Ok(format!("{value:?}"))),
        ColumnReader::ByteArrayColumnReader(column) => values(column, rows, |value| text(value.data())),
        ColumnReader::FixedLenByteArrayColumnReader(column) => {
            values(column, rows, |value| text(value.data()))
        }
    }
}

/// The same of values of a type.
fn values<T: DataType>(
    column: &mut ColumnReaderImpl<T>,
    rows: usize,
    text: impl Fn(&T::T) -> Result<String, ParquetError>,
) -> Result<Vec<String>, ParquetError> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    while levels_or_values(&levels, &values) < rows {
        let before = levels_or_values(&levels, &values);
        column.read_records(rows - before, Some(&mut levels), None, &mut values)?;
        if levels_or_values(&levels, &values) == before {
            return Err(ParquetError::EOF("a column has fewer values than there are rows".into()));
        }
    }
    if levels.is_empty() {
        return values.iter().map(text).collect();
    }
    let mut values = values.iter();
    let cell = |level: &i16| match level {
        0 => Ok(String::new()),
        _ => values.next().map_or_else(|| Err(ParquetError::EOF("a value is not there".into())), &text),
    };
    levels.iter().map(cell).collect()
}

/// The rows that were read: a column in which nothing may be missing has no levels.
fn levels_or_values<T>(levels: &[i16], values: &[T]) -> usize {
    levels.len().max(values.len())
}

fn unread(file: &str, column: &str, holds: &str) -> DataError {
    let problem = format!(
        "the column {:?} holds {holds}, which are not read; write it as numbers, texts or timestamps, or leave it out",
        excerpt(column)
    );
    DataError::Parquet { file: file.into(), problem }
}

/// What a read gives. The reader panics at some damage.
fn guarded<T>(file: &str, read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, DataError> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Err(ParquetError::NYI(told) | ParquetError::General(told))) if told.contains("feature") => {
            let problem = format!(
                "it is packed in a way that is not read ({told}); write it with snappy or zstd, or unpacked"
            );
            Err(DataError::Parquet { file: file.into(), problem })
        }
        Ok(read) => read.map_err(|error| damaged(file, &error.to_string())),
        Err(_) => Err(damaged(file, "what it says of itself does not fit what it holds")),
    }
}

fn damaged(file: &str, why: &str) -> DataError {
    let problem = format!("it is damaged, or no Parquet file ({why}); write it again");
    DataError::Parquet { file: file.into(), problem }
}

#[cfg(test)]
mod tests;
