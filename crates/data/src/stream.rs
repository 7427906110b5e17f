//! Lines that come one at a time, as steps or texts for a trained run to answer.

use crate::examples::Raw;
use crate::format::table::{Series, Table};
use crate::inputs::{Found, Inputs, of_table, prepared};
use crate::preprocessing::Transform;
use crate::{DataError, Preprocessing, Task, file, stamps};
use std::collections::HashMap;
use std::io::{BufRead, Read};

/// The rows of a series whose times are remembered: a step of time, and one to hold to it.
const ROWS: usize = 3;

/// The lines of a reader, each as soon as it is there: of texts a text, of series the next step of one, as a row below the
/// row of column names that comes first. The rows of several series may be mixed.
pub struct InputStream<'a, R> {
    reader: R,
    /// The name of the reader in messages and in those of sequences.
    file: &'a str,
    preprocessing: &'a Preprocessing,
    /// The line with the column names, once it is read; texts have none.
    header: Option<Vec<u8>>,
    /// Lines read.
    lines: usize,
    /// The last rows of each series with times.
    recent: HashMap<Option<String>, Series>,
}

impl<'a, R: BufRead> InputStream<'a, R> {
    /// Begins to read.
    ///
    /// # Errors
    /// A run that reads what does not come in lines, or sequences of one length.
    pub fn new(
        reader: R,
        file: &'a str,
        preprocessing: &'a Preprocessing,
    ) -> Result<InputStream<'a, R>, DataError> {
        let reads = match preprocessing.transform() {
            Transform::Image { .. } => Some("reads images"),
            Transform::Series { .. } | Transform::PreciseSeries { .. } if preprocessing.has_length() => {
                Some("cuts or pads its sequences (`data.max_length`)")
            }
            _ => None,
        };
        match reads {
            Some(reads) => Err(DataError::NoStream { reads }),
            None => {
                let (header, recent) = (None, HashMap::new());
                Ok(InputStream { reader, file, preprocessing, header, lines: 0, recent })
            }
        }
    }

    /// The next line that is not blank, none at the end.
    fn line(&mut self) -> Result<Option<Vec<u8>>, DataError> {
        loop {
            let mut line = Vec::new();
            let read = self.reader.by_ref().take(file::LIMIT).read_until(b'\n', &mut line);
            let unreadable = |source| DataError::Unreadable { file: self.file.into(), source };
            if read.map_err(unreadable)? == 0 {
                return Ok(None);
            }
            self.lines += 1;
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
    }

    fn answered_next(&mut self) -> Result<Option<Inputs>, DataError> {
        let Some(line) = self.line()? else { return Ok(None) };
        if matches!(self.preprocessing.transform(), Transform::Text { .. }) {
            let text = file::text(&line, self.file)?.trim_end_matches(['\n', '\r']).to_owned();
            let name = format!("{}:{}", self.file, self.lines);
            let found = Found::one(name, Raw::Text(text), self.lines);
            return prepared(vec![found], self.file, self.preprocessing).map(Some);
        }
        let Some(header) = &self.header else {
            self.header = Some([line.trim_ascii_end(), b"\n"].concat());
            return self.answered_next();
        };
        // The header would be a line before the row, were it not read long ago.
        let table = [&header[..], &line].concat();
        let table = Table::open_at(&table, self.file, self.lines - 1)?;
        let row = of_table(table, self.preprocessing)?.remove(0);
        self.check_time(&row)?;
        let found = Found::of_table(row, self.file);
        prepared(vec![found], self.file, self.preprocessing).map(Some)
    }

    /// Checks that the time of a row follows on that of the one before it in its series.
    fn check_time(&mut self, row: &Series) -> Result<(), DataError> {
        let column = self.preprocessing.columns().and_then(|columns| columns.time.as_deref());
        let (Some(column), [time]) = (column, &row.times[..]) else { return Ok(()) };
        let recent = self.recent.entry(row.name.clone());
        let recent = recent.or_insert_with(|| Series::begun(row.name.clone(), None, None));
        recent.times.push(time.clone());
        recent.lines.push(self.lines);
        if recent.times.len() > ROWS {
            recent.times.remove(0);
            recent.lines.remove(0);
        }
        let needed = self.preprocessing.task() == Task::Forecast;
        stamps::check(std::slice::from_ref(recent), column, self.file, needed).map(|_| ())
    }
}

impl<R: BufRead> Iterator for InputStream<'_, R> {
    type Item = Result<Inputs, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.answered_next().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DataConfig, Steps, prepare, read_inputs};

    fn preprocessing(dataset: &str) -> Preprocessing {
        prepare(&DataConfig::of(dataset)).unwrap().preprocessing
    }

    #[test]
    fn rows_are_the_steps_that_a_file_of_them_has() {
        let preprocessing = preprocessing("sensor-events");
        let table = "series,humidity,temperature\none,45.1,27.5\n\nother,44.0,28\none,46,27.25\r\n";
        let stream = InputStream::new(table.as_bytes(), "-", &preprocessing).unwrap();
        let found: Vec<_> = stream.map(|row| row.unwrap().sequences.remove(0)).collect();
        let names: Vec<&str> = found.iter().map(|input| input.name.as_str()).collect();
        assert_eq!(names, ["-#one", "-#other", "-#one"]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("whole.csv");
        std::fs::write(&path, "series,humidity,temperature\none,45.1,27.5\none,46,27.25\nother,44.0,28\n")
            .unwrap();
        let whole = read_inputs(&path, &preprocessing).unwrap().sequences;
        let values = |steps: &Steps| match steps {
            Steps::Values { values, .. } => values.clone(),
            Steps::Tokens(_) => unreachable!(),
        };
        let one = [values(&found[0].steps), values(&found[2].steps)].concat();
        assert_eq!(one, values(&whole[0].steps));
        assert_eq!(values(&found[1].steps), values(&whole[1].steps));
    }

    #[test]
    fn what_is_wrong_in_a_line_names_it() {
        let preprocessing = preprocessing("sensor-events");
        for (table, told) in [
            ("humidity\n1\n", "-:"),
            ("humidity,temperature\n1,2\n\n1,warm\n", "-:4: "),
            ("humidity,temperature\n1,2\n1\n", "-:3: "),
        ] {
            let mut stream = InputStream::new(table.as_bytes(), "-", &preprocessing).unwrap();
            let refused = stream.find_map(Result::err).unwrap().to_string();
            assert!(refused.contains(told), "{refused}");
        }
    }

    #[test]
    fn a_text_is_a_line_and_an_image_is_none() {
        let texts = preprocessing("movie-snippets");
        let stream = InputStream::new("a fine film\n\nquite dull\n".as_bytes(), "-", &texts).unwrap();
        let names: Vec<String> = stream.map(|text| text.unwrap().sequences.remove(0).name).collect();
        assert_eq!(names, ["-:1", "-:3"]);
        let images = preprocessing("digits-rows");
        let refused = InputStream::new(&b""[..], "-", &images).err().unwrap().to_string();
        assert!(refused.contains("reads images") && refused.contains("without --stream"), "{refused}");
    }
}
