//! Classes by the labels that files give them: equal numbers are one class, however they are written, and so are names
//! whose accents are encoded in different ways.

use crate::group::grouped;
use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The most digits of a whole number: longer ones, such as serial numbers, are names.
const DIGITS: usize = 15;
/// Labels that other programs write where a class is missing.
const MISSING: [&str; 6] = ["nan", "na", "n/a", "null", "none", "?"];

/// The meaning of a label: labels of one key are one class.
#[derive(PartialEq, Eq, Hash)]
pub(crate) enum Key<'a> {
    /// The bits of a number.
    Number(u64),
    /// A name, with its letters and accents composed (NFC).
    Name(Cow<'a, str>),
}

/// The key of a label.
pub(crate) fn key(label: &str) -> Key<'_> {
    number(label).map_or_else(|| Key::Name(composed(label)), |number| Key::Number(bits(number)))
}

/// The classes of labels, each by the shortest of its spellings: in the order of numbers if all are numbers, else by
/// alphabet.
pub(crate) fn classes<'a>(labels: impl Iterator<Item = &'a str>) -> Vec<String> {
    let spellings = grouped(labels, |label| key(label));
    let shortest = |labels: Vec<&'a str>| labels.into_iter().min_by_key(|label| label.len());
    let mut classes: Vec<&str> = spellings.into_iter().filter_map(shortest).collect();
    let value = |class: &&str| class.parse::<f64>().ok().filter(|number| number.is_finite());
    if classes.iter().all(|class| value(class).is_some()) {
        classes.sort_by(|one, other| {
            let [one_value, other_value] = [one, other].map(|class| value(class).unwrap_or_default());
            one_value.total_cmp(&other_value).then(one.cmp(other))
        });
    } else {
        classes.sort_unstable();
    }
    classes.into_iter().map(str::to_owned).collect()
}

/// The place of a label's class. In `.ts` files, whose own tools read everything in lower case, case does not matter.
pub(crate) fn find<S: AsRef<str>>(classes: &[S], label: &str, any_case: bool) -> Option<usize> {
    let place = |same: &dyn Fn(&str) -> bool| classes.iter().position(|class| same(class.as_ref()));
    let lower = |label: &str| composed(label).to_lowercase();
    // A run of an earlier version may tell classes apart that are one today.
    place(&|class| class == label)
        .or_else(|| {
            let wanted = key(label);
            place(&|class| key(class) == wanted)
        })
        .or_else(|| {
            let wanted = any_case.then(|| lower(label))?;
            place(&|class| lower(class) == wanted)
        })
}

/// True if two labels are the same class.
pub(crate) fn same(one: &str, other: &str) -> bool {
    key(one) == key(other)
}

/// The classes that differ from another in case, leading zeros, or characters that cannot be seen or told apart alone,
/// those that are alike together.
pub(crate) fn look_alikes<'a>(classes: &[&'a str]) -> Vec<Vec<&'a str>> {
    let folded: Vec<String> = classes.iter().map(|class| folded(class)).collect();
    let groups = grouped(0..classes.len(), |&at| key(&folded[at]));
    let alike = groups.into_iter().filter(|group| group.len() > 1);
    alike.map(|group| group.into_iter().map(|at| classes[at]).collect()).collect()
}

/// True if a label stands for a missing class in the files of other programs.
pub(crate) fn is_missing(label: &str) -> bool {
    MISSING.iter().any(|word| label.eq_ignore_ascii_case(word))
}

/// The characters of a label that cannot be seen or told from others, such as a space of no width, by their code
/// points.
pub(crate) fn deceptive(label: &str) -> Vec<String> {
    let same =
        |character: char| std::iter::once(character).nfkc().eq(composed(&character.to_string()).chars());
    let mut found: Vec<String> = Vec::new();
    for character in label.chars().filter(|character| is_ignorable(*character) || !same(*character)) {
        let point = format!("U+{:04X}", u32::from(character));
        if !found.contains(&point) {
            found.push(point);
        }
    }
    found
}

/// True if a character is shown as nothing where it is not supported, as Unicode's `Default_Ignorable_Code_Point` has
/// it.
fn is_ignorable(character: char) -> bool {
    matches!(
        u32::from(character),
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
            | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0
            | 0xfff0..=0xfff8 | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff
    )
}

/// A label as a reader sees it (NFKC, without what cannot be seen), in lower case and without leading zeros.
fn folded(label: &str) -> String {
    let seen: String = label.nfkc().filter(|character| !is_ignorable(*character)).collect();
    let label = seen.trim();
    let (sign, digits) = match label.strip_prefix(['-', '+']) {
        Some(digits) => (&label[..1], digits),
        None => ("", label),
    };
    let mut digits = digits;
    while is_identifier(digits) {
        digits = &digits[1..];
    }
    format!("{sign}{}", composed(&digits.to_lowercase()))
}

/// A label with its letters and accents composed (NFC).
pub(crate) fn composed(label: &str) -> Cow<'_, str> {
    if is_nfc(label) { Cow::Borrowed(label) } else { Cow::Owned(label.nfc().collect()) }
}

/// The number that a label is, if it is one to compare by.
pub(crate) fn number(label: &str) -> Option<f64> {
    let digits = label.bytes().filter(u8::is_ascii_digit).count();
    let serial = digits > DIGITS && !label.contains(['.', 'e', 'E']);
    let number = label.parse::<f64>().ok().filter(|number| number.is_finite());
    number.filter(|_| !serial && !is_identifier(label))
}

/// True if a label only looks like a number: `007` is not `7`.
fn is_identifier(label: &str) -> bool {
    let digits = label.strip_prefix(['-', '+']).unwrap_or(label).as_bytes();
    digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit()
}

/// The bits of a number, the same for both zeros.
fn bits(number: f64) -> u64 {
    (number + 0.0).to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(labels: &[&str]) -> Vec<String> {
        classes(labels.iter().copied())
    }

    #[test]
    fn classes_are_in_the_order_of_numbers_or_of_the_alphabet() {
        assert_eq!(of(&["10", "9", "-1", "9"]), ["-1", "9", "10"]);
        assert_eq!(of(&["10", "9", "none"]), ["10", "9", "none"]);
        assert_eq!(of(&["nan", "1"]), ["1", "nan"]);
    }

    #[test]
    fn equal_numbers_are_one_class_by_its_shortest_spelling() {
        assert_eq!(of(&["1.0", "0", "1", "1e0", "-0.0"]), ["0", "1"]);
        assert_eq!(of(&["1.50", "1.5", "2"]), ["1.5", "2"]);
        // Of equally short ones, the first.
        assert_eq!(of(&["1e1", "10.", "2"]), ["2", "1e1"]);
        assert_eq!(of(&["1.0", "up", "1"]), ["1", "up"]);
    }

    #[test]
    fn identifiers_and_words_stay_as_they_are() {
        assert_eq!(of(&["007", "7", "08"]), ["007", "7", "08"]);
        assert_eq!(of(&["9007199254740993", "9007199254740992"]).len(), 2);
        assert_eq!(of(&["Up", "up"]), ["Up", "up"]);
        assert_eq!(of(&["0.5", "0.50"]), ["0.5"]);
    }

    #[test]
    fn a_label_is_found_however_its_number_is_written() {
        let classes = ["0", "1", "2.5"];
        assert_eq!(
            ["1", "1.0", "+1", "25e-1"].map(|label| find(&classes, label, false)),
            [Some(1), Some(1), Some(1), Some(2)]
        );
        assert_eq!(["01", "one", "3"].map(|label| find(&classes, label, false)), [None; 3]);
    }

    #[test]
    fn a_label_with_leading_zeros_does_not_part_equal_numbers() {
        assert_eq!(of(&["01", "1", "1.0", "2"]), ["01", "1", "2"]);
        assert_eq!(find(&["01", "1"], "1.0", false), Some(1));
        assert_eq!(find(&["01", "1"], "001", false), None);
        assert!(same("1", "1.0") && !same("1", "01"));
        // As a run of an earlier version has them.
        assert_eq!(find(&["01", "1", "1.0"], "1.0", false), Some(2));
    }

    #[test]
    fn accents_are_the_same_however_they_are_encoded() {
        let [one, other] = ["caf\u{e9}", "cafe\u{301}"];
        assert_eq!(of(&[other, one, "tea"]), [one, "tea"]);
        assert_eq!(find(&[one, "tea"], other, false), Some(0));
        assert_eq!(find(&[other, "tea"], "CAF\u{c9}", true), Some(0));
        assert_eq!(find(&[one, "tea"], "CAF\u{c9}", false), None);
    }

    #[test]
    fn classes_that_differ_in_case_or_leading_zeros_are_put_together() {
        assert_eq!(look_alikes(&["No", "Yes", "no", "yes"]), [["No", "no"], ["Yes", "yes"]]);
        assert_eq!(
            look_alikes(&["01", "1", "02", "001", "-01", "-1"]),
            [&["01", "1", "001"][..], &["-01", "-1"]]
        );
        assert!(look_alikes(&["0", "1", "10", "a", "b", "0.5"]).is_empty());
    }

    #[test]
    fn classes_that_a_reader_cannot_tell_apart_are_put_together() {
        for other in ["a\u{200b}", "\u{feff}a", "\u{ff21}", "a\u{ad}", "\u{a0}a"] {
            assert_eq!(look_alikes(&["a", "b", other]), [["a", other]], "{}", other.escape_unicode());
        }
        assert_eq!(look_alikes(&["\u{ff10}1", "1"]), [["\u{ff10}1", "1"]]);
        assert_eq!(look_alikes(&["a b", "a\u{3000}b"]).len(), 1);
        assert!(look_alikes(&["a", "b\u{200b}"]).is_empty());
    }

    #[test]
    fn characters_that_deceive_are_told_by_their_code_points() {
        assert_eq!(deceptive("a\u{200b}b\u{200b}\u{feff}"), ["U+200B", "U+FEFF"]);
        assert_eq!(deceptive("\u{ff21}"), ["U+FF21"]);
        for label in ["caf\u{e9}", "cafe\u{301}", "a b", "\u{d55c}", "7"] {
            assert!(deceptive(label).is_empty(), "{label}");
        }
    }

    #[test]
    fn words_for_a_missing_class_are_known() {
        assert!(["nan", "NaN", "NA", "null", "None", "?"].into_iter().all(is_missing));
        assert!(!["0", "no", "nana", "-"].into_iter().any(is_missing));
    }

    #[test]
    fn case_matters_but_in_archives() {
        assert_eq!(find(&["Rest", "Walk"], "walk", true), Some(1));
        assert_eq!(find(&["Rest", "Walk"], "walk", false), None);
        assert_eq!(find(&["Rest", "rest"], "rest", true), Some(1));
    }
}
