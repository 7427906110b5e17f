//! Signs that are in no token: a model reads nothing of them.

use super::Finding;
use crate::error::excerpt;
use crate::examples::Labelled;
use crate::group::grouped;
use crate::{TokenRule, labels};
use std::collections::{BTreeMap, BTreeSet};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// The share of texts from which a sign is told that is no punctuation.
const FREQUENT: f64 = 0.1;
/// The least difference between the share of a class's texts that have a sign and that of the others, of punctuation
/// and of other signs: how sentences end differs among most classes.
const PUNCTUATION_DIFFERS: f64 = 0.5;
const SIGN_DIFFERS: f64 = 0.1;
/// The least number of standard errors that such a difference must have, or it may be chance.
const CERTAIN: f64 = 4.0;
/// The most signs that are told.
const SHOWN: usize = 5;
/// The ASCII signs that are punctuation in running text; beyond ASCII, Unicode says what is.
const PUNCTUATION: &str = ".,;:!?'\"()-";

/// The signs that a rule leaves out of its tokens, where many texts have them or a class can be told by them.
pub(super) fn dropped_signs(texts: &[Labelled], rule: TokenRule, file: &str) -> Option<Finding> {
    let texts = texts.iter().filter_map(|one| Some((one.class.as_str(), one.raw.text()?)));
    let classes = grouped(texts, |(class, _)| labels::key(class));
    // The number of texts of each class that have a sign.
    let mut counts: BTreeMap<char, Vec<usize>> = BTreeMap::new();
    for (at, class) in classes.iter().enumerate() {
        for (_, text) in class {
            let signs: BTreeSet<char> = rule.dropped(&rule.normal(text)).collect();
            for sign in signs {
                counts.entry(sign).or_insert_with(|| vec![0; classes.len()])[at] += 1;
            }
        }
    }
    let sizes: Vec<usize> = classes.iter().map(Vec::len).collect();
    let texts: usize = sizes.iter().sum();
    let mut told: Vec<(char, usize, Option<usize>)> = Vec::new();
    for (sign, counts) in counts {
        let all: usize = counts.iter().sum();
        let (least, frequent) = match is_punctuation(sign) {
            true => (PUNCTUATION_DIFFERS, false),
            false => (SIGN_DIFFERS, all as f64 >= FREQUENT * texts as f64),
        };
        let class = class_that_has(&counts, &sizes, least);
        if frequent || class.is_some() {
            told.push((sign, all, class));
        }
    }
    told.sort_by_key(|(_, all, class)| (class.is_none(), std::cmp::Reverse(*all)));
    let shown = told.iter().take(SHOWN).map(|(sign, all, class)| {
        let class = class.map(|at| excerpt(classes[at][0].0));
        (name(*sign), *all, class)
    });
    let signs: Vec<_> = shown.collect();
    (!signs.is_empty()).then(|| Finding::DroppedSigns { file: file.into(), texts, signs })
}

/// The class whose texts have a sign more often than the others' by at least such a difference, beyond chance.
fn class_that_has(counts: &[usize], sizes: &[usize], least: f64) -> Option<usize> {
    let (all, texts) = (counts.iter().sum::<usize>() as f64, sizes.iter().sum::<usize>() as f64);
    let share = all / texts;
    let differences = counts.iter().zip(sizes).enumerate().filter_map(|(at, (count, size))| {
        let (count, size) = (*count as f64, *size as f64);
        let difference = count / size - (all - count) / (texts - size);
        // That of two shares, were the sign as frequent in both.
        let error = (share * (1.0 - share) * (1.0 / size + 1.0 / (texts - size))).sqrt();
        (difference >= least && difference >= CERTAIN * error).then_some((at, difference))
    });
    differences.max_by(|one, other| one.1.total_cmp(&other.1)).map(|(at, _)| at)
}

/// True if a sign is punctuation of running text, which words leave out by custom.
fn is_punctuation(sign: char) -> bool {
    if sign.is_ascii() {
        return PUNCTUATION.contains(sign);
    }
    sign.general_category_group() == GeneralCategoryGroup::Punctuation
}

/// A sign as a message can show it.
fn name(sign: char) -> String {
    let group = sign.general_category_group();
    let is_shown = !matches!(group, GeneralCategoryGroup::Mark | GeneralCategoryGroup::Other);
    if is_shown { format!("`{sign}`") } else { format!("U+{:04X}", u32::from(sign)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::Raw;
    use crate::{DataConfig, find};

    fn told(rule: TokenRule, texts: impl Iterator<Item = (String, String)>) -> Option<String> {
        let labelled = |(line, (class, text))| Labelled { raw: Raw::Text(text), class, line };
        let texts: Vec<Labelled> = (2..).zip(texts).map(labelled).collect();
        dropped_signs(&texts, rule, "a.csv").map(|finding| finding.to_string())
    }

    /// So many texts, the classes in turn, each after its pattern with a number in it.
    fn texts(patterns: &[(&str, &str)], count: usize) -> impl Iterator<Item = (String, String)> {
        let text = |number: usize| {
            let (class, pattern) = patterns[number % patterns.len()];
            (class.to_owned(), pattern.replace('N', &number.to_string()))
        };
        (0..count).map(text)
    }

    #[test]
    fn signs_that_carry_the_class_are_told() {
        let patterns = [("high", "sensor N reads t>5 at 4 7"), ("low", "sensor N reads t<5 at 4 7")];
        let found = told(TokenRule::Words, texts(&patterns, 60)).unwrap();
        let signs = "`<` in 30 of them, above all in those of class \"low\"; `>` in 30 of them, above all in those of \
                     class \"high\"";
        assert!(
            found.starts_with("signs in the 60 training texts are in no token") && found.contains(signs),
            "{found}"
        );
        assert!(found.contains("(a.csv)") && found.contains("`data.tokens = \"characters\"`"), "{found}");
        assert_eq!(told(TokenRule::Characters, texts(&patterns, 60)), None);
    }

    #[test]
    fn punctuation_is_told_only_where_it_tells_classes_apart() {
        let plain =
            [("a", "Well, N (so-so); \"it\" is: N."), ("b", "Well, N (so-so); “it” is… N!"), ("a", "N?")];
        assert_eq!(told(TokenRule::Words, texts(&plain, 12)), None);
        let asked = [("asks", "is it N?"), ("says", "it is N.")];
        let found = told(TokenRule::Words, texts(&asked, 60)).unwrap();
        assert!(found.contains("`.` in 30") && found.contains("`?` in 30"), "{found}");
    }

    #[test]
    fn frequent_signs_are_told_and_rare_ones_are_not() {
        let plain = [("a", "it is N"), ("b", "it is N")].repeat(10);
        let mut some = plain.clone();
        (some[0].1, some[1].1) = ("it/is N", "it/is N");
        let found = told(TokenRule::Words, texts(&some, 200)).unwrap();
        assert!(found.contains(": `/` in 20 of them; where"), "{found}");
        (some[1].1, some[0].1) = ("it is N", "it/is N");
        assert_eq!(told(TokenRule::Words, texts(&some, 200)), None);
        let hidden = [("a", "it\u{200b} is N"), ("b", "it is N")];
        assert!(told(TokenRule::Alphanumeric, texts(&hidden, 60)).unwrap().contains("U+200B in 30"));
    }

    #[test]
    fn the_texts_that_ship_raise_no_alarm() {
        let entry = find(&DataConfig::of("movie-snippets")).unwrap();
        let examples = crate::examples::load(&entry, &entry.recipe.train).unwrap();
        let text = |example: crate::examples::Example| {
            (
                example.class().unwrap_or_default().to_string(),
                example.raw.text().unwrap_or_default().to_owned(),
            )
        };
        assert_eq!(told(TokenRule::Words, examples.into_iter().map(text)), None);
    }
}
