//! Lines that come one at a time, as steps or texts for a trained run to answer.

use crate::examples::Raw;
use crate::format::table::{Series, Table};
use crate::inputs::{Found, Inputs, missing_from, of_table, prepared, with_steps};
use crate::missing::LastSeen;
use crate::preprocessing::Transform;
use crate::{DataError, Missing, Preprocessing, Task, file, stamps};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, stdin};
use std::path::Path;

/// The rows of a series whose times are remembered: a step of time, and one to hold to it.
const ROWS: usize = 3;

/// The lines of a file or of standard input, each as soon as it is there: of texts a text, of series the next step of one,
/// as a row below the row of column names that comes first. The rows of several series may be mixed.
pub struct InputStream<'a> {
    reader: Box<dyn BufRead>,
    /// The name in messages and in those of sequences.
    file: String,
    preprocessing: &'a Preprocessing,
    /// The lines up to the one with the column names, once they are read; texts have none.
    header: Option<Vec<u8>>,
    header_lines: usize,
    /// Lines read.
    lines: usize,
    /// The last rows of each series with times.
    recent: HashMap<Option<String>, Series>,
    /// What later steps of each series are filled in from.
    seen: HashMap<Option<String>, Option<LastSeen>>,
    /// True once it was said that values are filled in.
    is_told: bool,
}

impl<'a> InputStream<'a> {
    /// Begins to read a `.txt` of texts, a `.csv` of series, or standard input.
    ///
    /// # Errors
    /// A file that cannot be opened or is no such one; a run that reads what does not come in lines, or sequences of one
    /// length.
    pub fn open(path: &Path, preprocessing: &'a Preprocessing) -> Result<InputStream<'a>, DataError> {
        let name = file::called(path);
        let is_text = matches!(preprocessing.transform(), Transform::Text { .. });
        let kind = path.extension().unwrap_or_default().to_ascii_lowercase();
        let accepted = if is_text { ".txt with one text a line, not packed" } else { ".csv, not packed" };
        if !file::is_standard(path) && kind != if is_text { "txt" } else { "csv" } {
            return Err(DataError::Extension { file: name, accepted });
        }
        let reader: Box<dyn BufRead> = if file::is_standard(path) {
            Box::new(stdin().lock())
        } else {
            let unreadable = |source| DataError::Unreadable { file: name.clone(), source };
            Box::new(BufReader::new(File::open(path).map_err(unreadable)?))
        };
        InputStream::new(reader, &name, preprocessing)
    }

    fn new(
        reader: Box<dyn BufRead>,
        file: &str,
        preprocessing: &'a Preprocessing,
    ) -> Result<InputStream<'a>, DataError> {
        let reads = match preprocessing.transform() {
            Transform::Image { .. } => Some("reads images"),
            Transform::Series { .. } | Transform::PreciseSeries { .. } if preprocessing.has_length() => {
                Some("cuts or pads its sequences (`data.max_length`)")
            }
            _ if preprocessing.filling().is_some_and(|filling| filling.rule() == Missing::Linear) => {
                Some("fills in what is missing from later steps, too (`data.missing = \"linear\"`)")
            }
            _ => None,
        };
        match reads {
            Some(reads) => Err(DataError::NoStream { reads }),
            None => {
                let (file, recent, seen) = (file.to_owned(), HashMap::new(), HashMap::new());
                let (header, header_lines, lines, is_told) = (None, 0, 0, false);
                Ok(InputStream {
                    reader,
                    file,
                    preprocessing,
                    header,
                    header_lines,
                    lines,
                    recent,
                    seen,
                    is_told,
                })
            }
        }
    }

    /// The next line that is not blank, none at the end.
    fn line(&mut self) -> Result<Option<Vec<u8>>, DataError> {
        loop {
            let mut line = Vec::new();
            let read = self.reader.by_ref().take(file::LIMIT).read_until(b'\n', &mut line);
            let unreadable = |source| DataError::Unreadable { file: self.file.clone(), source };
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
            let text = file::text(&line, &self.file)?.trim_end_matches(['\n', '\r']).to_owned();
            let name = format!("{}:{}", self.file, self.lines);
            let found = Found::one(name, Raw::Text(text), self.lines);
            return prepared(vec![found], &self.file, self.preprocessing).map(Some);
        }
        let Some(header) = &self.header else {
            self.read_header(line)?;
            return self.answered_next();
        };
        // The header would be a line before the row, were it not read long ago.
        let table = [&header[..], &line].concat();
        let table = Table::open_at(&table, &self.file, self.lines - self.header_lines)?;
        let row = of_table(table, self.preprocessing)?.remove(0);
        self.check_time(&row)?;
        self.step(row).map(Some)
    }

    /// The next step of a series, with what is missing filled in from those before it. The first time, that is told.
    fn step(&mut self, row: Series) -> Result<Inputs, DataError> {
        let series = row.name.clone();
        let found = vec![Found::of_table(row, &self.file)];
        let filled_in = missing_from(&found, &self.file, self.preprocessing)?;
        let mut inputs = match self.preprocessing.next(found[0].raw(), self.seen.entry(series).or_default()) {
            None => prepared(found, &self.file, self.preprocessing)?,
            Some(steps) => with_steps(found, steps.map(|steps| vec![steps]), &self.file, self.preprocessing)?,
        };
        if let Some(told) = filled_in.filter(|_| !self.is_told) {
            self.is_told = true;
            inputs.warnings.insert(0, told + "; so are all that are missing later");
        }
        Ok(inputs)
    }

    /// Keeps the line with the column names, and before it the one in which Excel is told the separator.
    fn read_header(&mut self, first: Vec<u8>) -> Result<(), DataError> {
        let mut header = [first.trim_ascii_end(), b"\n"].concat();
        self.header_lines = 1;
        if first.to_ascii_lowercase().starts_with(b"sep=")
            && let Some(names) = self.line()?
        {
            header.extend([names.trim_ascii_end(), b"\n"].concat());
            self.header_lines = 2;
        }
        self.header = Some(header);
        Ok(())
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
        stamps::check(std::slice::from_ref(recent), column, &self.file, needed).map(|_| ())
    }
}

impl Iterator for InputStream<'_> {
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
        let stream = InputStream::new(Box::new(table.as_bytes()), "-", &preprocessing).unwrap();
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
            ("sep=,\nhumidity,temperature\n1,2\n1,warm\n", "-:4: "),
        ] {
            let mut stream = InputStream::new(Box::new(table.as_bytes()), "-", &preprocessing).unwrap();
            let refused = stream.find_map(Result::err).unwrap().to_string();
            assert!(refused.contains(told), "{refused}");
        }
    }

    #[test]
    fn a_text_is_a_line_and_an_image_is_none() {
        let texts = preprocessing("movie-snippets");
        let stream =
            InputStream::new(Box::new("a fine film\n\nquite dull\n".as_bytes()), "-", &texts).unwrap();
        let names: Vec<String> = stream.map(|text| text.unwrap().sequences.remove(0).name).collect();
        assert_eq!(names, ["-:1", "-:3"]);
        let images = preprocessing("digits-rows");
        let refused = InputStream::new(Box::new(&b""[..]), "-", &images).err().unwrap().to_string();
        assert!(refused.contains("reads images") && refused.contains("without --stream"), "{refused}");
    }

    #[test]
    fn a_file_of_another_kind_is_not_taken_for_lines_of_text() {
        let texts = preprocessing("movie-snippets");
        for name in ["x.csv", "x.txt.gz"] {
            let refused = InputStream::open(Path::new(name), &texts).err().unwrap().to_string();
            assert!(refused.contains(".txt with one text a line"), "{refused}");
        }
        let series = preprocessing("sensor-events");
        let refused = InputStream::open(Path::new("x.ts"), &series).err().unwrap().to_string();
        assert!(refused.contains(".csv, not packed"), "{refused}");
    }
}
