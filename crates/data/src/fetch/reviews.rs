//! The two files of the film reviews, the same from every origin: a review a line, by class, then by text.

use super::failure::Failure;
use super::unpack::ExtractedFiles;
use std::collections::HashMap;

/// A class, 1 for praise and 0 for blame, and a text.
type Review = (bool, String);

/// Recovers the published split of a table without one: a review that stands in the table of the training
/// reviews is one of them, as often as it stands there.
pub(crate) fn from_tables(extracted: &ExtractedFiles) -> Result<ExtractedFiles, Failure> {
    let refused = |error: String| Failure::Origin(format!("the tables of reviews: {error}"));
    let all = rows(&extracted["all"], ["review", "sentiment"]).map_err(refused)?;
    let training = rows(&extracted["training"], ["text", "label", "source"]).map_err(refused)?;
    let mut left = HashMap::<Review, usize>::new();
    for [text, label, source] in training {
        if source == "imdb" {
            *left.entry((label == "1", one_line(&text))).or_default() += 1;
        }
    }
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for [text, sentiment] in all {
        let review = (sentiment == "positive", one_line(&text));
        match left.get_mut(&review).filter(|left| **left > 0) {
            Some(left) => {
                *left -= 1;
                train.push(review);
            }
            None => test.push(review),
        }
    }
    match left.values().sum::<usize>() {
        0 => Ok(files(train, test)),
        unmatched => Err(refused(format!("{unmatched} training reviews are not among all"))),
    }
}

/// Puts the classes of each set together.
pub(crate) fn from_lines(extracted: &ExtractedFiles) -> ExtractedFiles {
    let set = |set: &str| {
        let class = |class: &str, positive: bool| {
            let text = String::from_utf8_lossy(&extracted[&format!("{set}-{class}")]).into_owned();
            text.lines().map(|line| (positive, line.to_owned())).collect::<Vec<Review>>()
        };
        [class("negative", false), class("positive", true)].concat()
    };
    files(set("train"), set("test"))
}

/// A text with single spaces in place of tabs, line ends and runs of spaces.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The columns of a table that have these names.
fn rows<const N: usize>(bytes: &[u8], names: [&str; N]) -> Result<Vec<[String; N]>, String> {
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let mut columns = [0; N];
    for (column, name) in columns.iter_mut().zip(names) {
        let found = header.iter().position(|found| found == name);
        *column = found.ok_or_else(|| format!("there is no column {name}"))?;
    }
    let rows = reader.records().map(|row| {
        let row = row.map_err(|error| error.to_string())?;
        Ok(columns.map(|column| row[column].to_owned()))
    });
    rows.collect()
}

/// The files of the set, in the format of rated texts.
fn files(train: Vec<Review>, test: Vec<Review>) -> ExtractedFiles {
    let table = |mut reviews: Vec<Review>| {
        reviews.sort_unstable();
        let mut table = "id\trating\ttext\n".to_owned();
        for (id, (positive, text)) in (1..).zip(reviews) {
            let rating = if positive { 1 } else { -1 };
            table += &format!("{id}\t{rating}\t{text}\n");
        }
        table.into_bytes()
    };
    ExtractedFiles::from([("train.tsv".into(), table(train)), ("test.tsv".into(), table(test))])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str =
        "review,sentiment\n\"Good, \"\"really\"\".\",positive\nBad,negative\nBad,negative\nBad,negative\n";

    fn tables(training: &str) -> Result<ExtractedFiles, Failure> {
        let training = format!("text,label,source\n{training}");
        let tables = [("all".into(), ALL.into()), ("training".into(), training.into())];
        from_tables(&ExtractedFiles::from(tables))
    }

    fn text(files: &ExtractedFiles, name: &str) -> String {
        String::from_utf8(files[name].clone()).unwrap()
    }

    #[test]
    fn a_review_is_in_training_as_often_as_the_training_table_says() {
        let files =
            tables("Bad,0,imdb\nGood,1,elsewhere\n\"Good,  \"\"really\"\".\",1,imdb\nBad,0,imdb\n").unwrap();
        assert_eq!(
            text(&files, "train.tsv"),
            "id\trating\ttext\n1\t-1\tBad\n2\t-1\tBad\n3\t1\tGood, \"really\".\n"
        );
        assert_eq!(text(&files, "test.tsv"), "id\trating\ttext\n1\t-1\tBad\n");
    }

    #[test]
    fn a_training_review_that_is_nowhere_is_refused() {
        for training in ["Worse,0,imdb\n", "Bad,1,imdb\n"] {
            assert!(matches!(tables(training), Err(Failure::Origin(_))), "{training}");
        }
    }

    #[test]
    fn folders_and_tables_make_the_same_files() {
        let lines = [
            ("train-negative", "Bad\n"),
            ("train-positive", "Good, \"really\".\n"),
            ("test-negative", "Bad\nBad\n"),
            ("test-positive", ""),
        ];
        let extracted = lines.map(|(name, lines)| (name.to_owned(), lines.as_bytes().to_vec())).into();
        assert_eq!(from_lines(&extracted), tables("Bad,0,imdb\n\"Good, \"\"really\"\".\",1,imdb\n").unwrap());
    }

    #[test]
    fn a_text_becomes_one_line() {
        assert_eq!(one_line(" two\twords\r\nand\u{85}more "), "two words and more");
    }
}
