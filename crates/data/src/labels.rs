//! Classes by the labels that files give them: equal numbers are one class, however they are written.

use std::collections::HashMap;

/// The most digits of a whole number: longer ones, such as serial numbers, are names.
const DIGITS: usize = 15;

/// The classes of labels, each by the shortest of its spellings: in the order of numbers if all are numbers, else by
/// alphabet.
pub(crate) fn classes<'a>(labels: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen: HashMap<&str, ()> = HashMap::new();
    let distinct: Vec<&str> = labels.filter(|label| seen.insert(label, ()).is_none()).collect();
    let numbered = !distinct.iter().any(|label| is_identifier(label));
    let mut places: HashMap<u64, usize> = HashMap::new();
    let mut classes: Vec<&str> = Vec::new();
    for label in distinct {
        let number = number(label).filter(|_| numbered);
        let place = number.map(|number| *places.entry(bits(number)).or_insert(classes.len()));
        match place.and_then(|place| classes.get_mut(place)) {
            Some(known) if label.len() < known.len() => *known = label,
            Some(_) => (),
            None => classes.push(label),
        }
    }
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
    let exact = place(&|class| class == label);
    let lower = || label.to_lowercase();
    exact.or_else(|| any_case.then(|| place(&|class| class.to_lowercase() == lower())).flatten()).or_else(
        || {
            let wanted = number(label)?;
            let numbered = !classes.iter().any(|class| is_identifier(class.as_ref()));
            numbered.then(|| place(&|class| number(class) == Some(wanted))).flatten()
        },
    )
}

/// Whether two labels are the same class.
pub(crate) fn same(one: &str, other: &str) -> bool {
    find(&[one], other, false).is_some()
}

/// The number that a label is, if it is one to compare by.
pub(crate) fn number(label: &str) -> Option<f64> {
    let digits = label.bytes().filter(u8::is_ascii_digit).count();
    let serial = digits > DIGITS && !label.contains(['.', 'e', 'E']);
    let number = label.parse::<f64>().ok().filter(|number| number.is_finite());
    number.filter(|_| !serial && !is_identifier(label))
}

/// Whether a label only looks like a number: `007` is not `7`. One such label marks all as names.
fn is_identifier(label: &str) -> bool {
    let digits = label.strip_prefix(['-', '+']).unwrap_or(label).as_bytes();
    digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit()
}

/// The same for equal numbers: there are two zeros.
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
        assert_eq!(of(&["01", "1", "1.0"]), ["01", "1", "1.0"]);
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
        assert_eq!(find(&["01", "1"], "1.0", false), None);
    }

    #[test]
    fn case_matters_but_in_archives() {
        assert_eq!(find(&["Rest", "Walk"], "walk", true), Some(1));
        assert_eq!(find(&["Rest", "Walk"], "walk", false), None);
        assert_eq!(find(&["Rest", "rest"], "rest", true), Some(1));
    }
}
