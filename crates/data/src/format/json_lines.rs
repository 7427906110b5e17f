//! The rows of tables as JSON objects, one a line, whose keys are the columns.

use crate::error::excerpt;
use crate::{DataError, file};
use csv::StringRecord;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use std::fmt;

/// The lines of a file that are not blank, each as a row in the order of the first one's keys.
pub(super) struct JsonLines<'a> {
    lines: Box<dyn Iterator<Item = (usize, &'a str)> + 'a>,
    file: &'a str,
    /// The keys, and the line that they were read from.
    keys: Vec<String>,
    first: usize,
}

impl<'a> JsonLines<'a> {
    /// Reads the keys of the first object.
    pub(super) fn open(bytes: &'a [u8], file: &'a str) -> Result<(StringRecord, JsonLines<'a>), DataError> {
        let text = file::text(bytes, file)?;
        let lines = || (1..).zip(file::lines(text)).filter(|(_, line)| !line.trim().is_empty());
        let (first, line) = lines().next().ok_or_else(|| DataError::NoSequence { file: file.into() })?;
        let keys: Vec<String> = object(line, file, first)?.into_iter().map(|(key, _)| key).collect();
        if keys.is_empty() {
            return Err(refused(file, first, "an object without a key; give it one for each column".into()));
        }
        let header = StringRecord::from_iter(&keys);
        Ok((header, JsonLines { lines: Box::new(lines()), file, keys, first }))
    }

    /// The values of a line in the order of the keys.
    fn row(&self, line: usize, text: &str) -> Result<StringRecord, DataError> {
        let mut cells = object(text, self.file, line)?;
        let mut row = StringRecord::new();
        for (place, key) in self.keys.iter().enumerate() {
            // Most programs write all objects in one order.
            let at = if cells.get(place).is_some_and(|(known, _)| known == key) {
                Some(place)
            } else {
                cells.iter().position(|(known, _)| known == key)
            };
            let at = at.ok_or_else(|| {
                let problem = format!(
                    "no key {:?}, which the object in line {} has; give all objects the same keys, with null for a value that \
                     is missing",
                    excerpt(key),
                    self.first
                );
                refused(self.file, line, problem)
            })?;
            match std::mem::replace(&mut cells[at].1, Cell::Taken) {
                Cell::Text(text) => row.push_field(&text),
                Cell::Nested(what) => {
                    let problem = format!(
                        "the value of {:?} is {what}, and a column has one number or text a row; write its parts as keys of their \
                         own, or leave the key out",
                        excerpt(key)
                    );
                    return Err(refused(self.file, line, problem));
                }
                Cell::Taken => unreachable!("no object has a key twice"),
            }
        }
        match cells.iter().find(|(_, cell)| !matches!(cell, Cell::Taken)) {
            None => Ok(row),
            Some((other, _)) => {
                let problem = format!(
                    "the key {:?}, which the object in line {} does not have; give all objects the same keys",
                    excerpt(other),
                    self.first
                );
                Err(refused(self.file, line, problem))
            }
        }
    }
}

impl Iterator for JsonLines<'_> {
    type Item = Result<(usize, StringRecord), DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (line, text) = self.lines.next()?;
        Some(self.row(line, text).map(|row| (line, row)))
    }
}

fn refused(file: &str, line: usize, problem: String) -> DataError {
    DataError::Row { file: file.into(), line, problem }
}

/// The keys and the values of the object of a line.
fn object(text: &str, file: &str, line: usize) -> Result<Vec<(String, Cell)>, DataError> {
    let problem = |error: serde_json::Error| match error.classify() {
        Category::Eof => format!(
            "the line ends before its object is closed (column {}); write each object on one line, with all of its braces and \
             quotes",
            error.column()
        ),
        _ if text.trim_start().starts_with('[') => {
            "the line begins with a list; write an object a line (pandas: \
                                                    `to_json(path, orient=\"records\", lines=True)`)"
                .to_owned()
        }
        _ => {
            let told = error.to_string();
            let (what, _) = told.rsplit_once(" at line ").unwrap_or((&told, ""));
            format!(
                "no JSON object ({what}, column {}); write one a line, such as {{\"class\": \"up\", \"text\": \"fine\"}}",
                error.column()
            )
        }
    };
    let object: Object = serde_json::from_str(text).map_err(|error| refused(file, line, problem(error)))?;
    Ok(object.0)
}

/// An object in the order of its keys, each of which it has once.
struct Object(Vec<(String, Cell)>);

/// A value as a table holds it.
enum Cell {
    /// A text, a number or a truth value as it is written, or nothing of `null`.
    Text(String),
    /// Another value, by what it is.
    Nested(&'static str),
    /// Moved into its row.
    Taken,
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut all: Vec<(String, Cell)> = Vec::new();
                while let Some((key, cell)) = map.next_entry::<String, Cell>()? {
                    if all.iter().any(|(known, _)| *known == key) {
                        return Err(A::Error::custom(format!("the key {:?} comes twice", excerpt(&key))));
                    }
                    all.push((key, cell));
                }
                Ok(Object(all))
            }
        }

        deserializer.deserialize_map(Keys)
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cell, D::Error> {
        struct Value;

        impl<'de> Visitor<'de> for Value {
            type Value = Cell;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Cell, E> {
                Ok(Cell::Text(String::new()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Cell, E> {
                Ok(Cell::Text(value.to_string()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Cell, E> {
                Ok(Cell::Text(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Cell, E> {
                Ok(Cell::Text(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Cell, E> {
                Ok(Cell::Text(format!("{value:?}")))
            }

            fn visit_str<E>(self, value: &str) -> Result<Cell, E> {
                Ok(Cell::Text(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Cell, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Cell::Nested("a list"))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Cell::Nested("an object"))
            }
        }

        deserializer.deserialize_any(Value)
    }
}

#[cfg(test)]
mod tests;
