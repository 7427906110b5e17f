//! Rows of a table that one of its texts has taken in: between two quotes that do not belong together.

use super::table::has_break;
use super::texts::Row;
use crate::file;
use crate::labels::{self, Key};
use std::collections::HashSet;
use std::ops::Range;

/// The form of the rows of a table of texts.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// True if the class comes before the text.
    pub class_first: bool,
    /// True if the table has spaces after its commas.
    pub is_spaced: bool,
}

/// The line of the first text that has taken in rows, and that of the first of these. A line of a text is one if it has
/// as many fields as a row and a class that is known; or if all of the text's lines have as many, and fields that may
/// be classes. The file's classes are known, and those given.
pub(super) fn taken_in(rows: &[Row], form: Form, known: &[String]) -> Option<(usize, usize)> {
    if !rows.iter().any(|row| has_break(&row.text)) {
        return None;
    }
    let of_file = rows.iter().filter_map(|row| row.class.as_deref()).filter(|class| !class.is_empty());
    let labels = Labels::of(known.iter().map(String::as_str).chain(of_file));
    rows.iter().filter(|row| has_break(&row.text)).find_map(|row| {
        let lines: Vec<(usize, &str)> = (row.line..).zip(file::lines(&row.text)).collect();
        // The rest of the first row, or what the last one begins with.
        let inner = if form.class_first { &lines[1..] } else { &lines[..lines.len() - 1] };
        let inner = inner.iter().filter(|(_, line)| !line.trim().is_empty());
        let inner: Vec<(usize, Option<Like>)> =
            inner.map(|(line, text)| (*line, Like::read(text, form))).collect();
        let first = first_row(&inner, form, &labels)?;
        Some((row.line, if form.class_first { first } else { first + 1 }))
    })
}

/// The line of the first row among lines of a text.
fn first_row(lines: &[(usize, Option<Like>)], form: Form, labels: &Labels) -> Option<usize> {
    let is_known = |like: &Like| labels.keys.contains(&labels::key(like.class));
    // Prose has a space after a comma.
    let is_row = |like: &Like| is_known(like) && (form.is_spaced || !like.is_spaced);
    let row = lines.iter().find(|(_, like)| like.as_ref().is_some_and(is_row));
    if let Some((line, _)) = row {
        return Some(*line);
    }
    let all: Vec<&Like> = lines.iter().map(|(_, like)| like.as_ref()).collect::<Option<_>>()?;
    let distinct: HashSet<&str> = all.iter().map(|like| like.class).collect();
    let repeated = distinct.len() < all.len();
    let all_known = all.len() > 1 && all.iter().all(|like| is_known(like));
    let are_spaced = all.iter().any(|like| like.is_spaced);
    let all_alike =
        all.iter().all(|like| labels.may_have(like.class) && like.text.contains(char::is_alphabetic));
    let rows = all_known || (all_alike && (!are_spaced || (form.is_spaced && repeated)));
    lines.first().filter(|_| rows).map(|(line, _)| *line)
}

/// A line that has the two fields of a row.
struct Like<'a> {
    class: &'a str,
    text: &'a str,
    /// True if there is a space after the comma.
    is_spaced: bool,
}

impl<'a> Like<'a> {
    fn read(line: &'a str, Form { class_first, .. }: Form) -> Option<Like<'a>> {
        let (first, second) = line.split_once(',').filter(|(_, second)| !second.contains(','))?;
        let (class, text) = if class_first { (first, second) } else { (second, first) };
        let like = Like { class: class.trim(), text: text.trim(), is_spaced: second.starts_with(' ') };
        let digits = |range: Range<usize>| text.get(range).is_some_and(is_whole);
        let thousands = class_first && is_whole(class) && digits(0..3) && !digits(3..4);
        (!like.class.is_empty() && !like.text.is_empty() && !thousands).then_some(like)
    }
}

/// True if all is digits.
fn is_whole(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The labels that are known, and their looks.
struct Labels<'a> {
    keys: HashSet<Key<'a>>,
    longest: usize,
    /// True if one has spaces in it.
    have_spaces: bool,
    are_ascii: bool,
    are_numbers: bool,
}

impl<'a> Labels<'a> {
    fn of(labels: impl Iterator<Item = &'a str> + Clone) -> Labels<'a> {
        let mut all = labels.clone();
        Labels {
            keys: labels.clone().map(labels::key).collect(),
            longest: labels.map(str::len).max().unwrap_or(0),
            have_spaces: all.clone().any(|label| label.contains(' ')),
            are_ascii: all.clone().all(|label| label.is_ascii()),
            are_numbers: all.all(|label| labels::number(label).is_some()),
        }
    }

    /// True if a label could be one more of these.
    fn may_have(&self, label: &str) -> bool {
        label.len() <= 2 * self.longest
            && (self.have_spaces || !label.contains(' '))
            && (!self.are_ascii || label.is_ascii())
            && (!self.are_numbers || labels::number(label).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::super::texts::parse;
    use crate::DataError;

    /// The line of the text that has taken in rows and of the first of these.
    fn taken(text: &str, known: &[&str]) -> Option<(usize, usize)> {
        let known: Vec<String> = known.iter().map(|label| (*label).to_owned()).collect();
        match parse(text.as_bytes(), "a", &known) {
            Err(DataError::QuoteOverRows { line, row, .. }) => Some((line, row)),
            Err(other) => panic!("{text:?}: {other}"),
            Ok(_) => None,
        }
    }

    #[test]
    fn a_line_of_a_class_of_the_file_is_a_row() {
        let all = "class,text\nup,good\ndown,\"stray\nup,fine\ndown,dull\"\nup,good\n";
        assert_eq!(taken(all, &[]), Some((3, 4)));
        assert_eq!(taken(&all.replace('\n', "\r"), &[]), Some((3, 4)));
        assert_eq!(taken(&all.replace('\n', "\r\n"), &[]), Some((3, 4)));
        assert_eq!(taken("text,class\n\"stray,down\nfine,up\ndull\",down\ngood,up\n", &[]), Some((2, 3)));
        assert_eq!(taken("class,text\nup,\"Good.\nAs said:\nup,so to say\"\n", &[]), Some((2, 4)));
        assert_eq!(taken("class,text\n1,good\n0,\"stray\n1.0,he said \"\"hi\"\"\"\n", &[]), Some((3, 4)));
    }

    #[test]
    fn a_line_of_a_class_of_training_is_a_row_in_the_test_file() {
        let text = "class,text\nnegative,\"a stray one\n\nso it goes\npositive,great\"\nnegative,dull\n";
        assert_eq!(taken(text, &["negative", "positive"]), Some((2, 5)));
        assert_eq!(taken(text, &[]), None);
    }

    #[test]
    fn spaces_after_commas_do_not_hide_rows_of_a_table_that_has_them() {
        let rows = "class,text\nup, good\ndown,\"stray\nup, fine\nhe said so\"\nup, good\n";
        assert_eq!(taken(rows, &[]), Some((3, 4)));
        assert_eq!(taken("class,text\nup,a\ndown,\"stray\nup, b\ndown, c\"\nup,d\n", &[]), Some((3, 4)));
    }

    #[test]
    fn rows_of_a_class_that_is_nowhere_else_are_told_by_one_another() {
        let whole = "class,text\nup,good\ndown,\"stray\nneutral,so\nneutral,fine\"\nup,good\n";
        assert_eq!(taken(whole, &[]), Some((3, 4)));
        let each = "class,text\nunknown,a\nunk1,\"stray\nunk2,b\nunk3,c\"\nunk4,d\n";
        assert_eq!(taken(each, &["negative", "positive"]), Some((3, 4)));
        assert_eq!(taken("class,text\n0, a\n1,\"stray\n2, b\n2, c\"\n", &[]), Some((3, 4)));
        assert_eq!(taken("text,class\n\"stray,new\nfine,new\ndull\",down\ngood,up\n", &[]), Some((2, 3)));
    }

    #[test]
    fn prose_is_not_refused() {
        for prose in [
            "class,text\nup,\"Good.\n\nTwice, at least.\"\ndown,\"Bad.\nup, up and away\"\n",
            "class,text\nup,\"Good.\nup,so,to say\"\n",
            "class,text\n1,\"Seen by\n1,000 people\"\n0,\"Well,\nno,never\"\n",
            "class,text\npos,\"好\n很好,不错\"\nneg,no\n",
            "class,text\nup,\"Roses are red,\nviolets are blue,\"\n",
            "class,text\nup,\"Warm.\n3,5\"\n",
            "text,class\n\"Good.\nTwice.\",up\n",
            "text\n\"Good.\nup,twice.\"\n",
        ] {
            assert_eq!(taken(prose, &[]), None, "{prose}");
        }
    }
}
