//! Findings about texts: those that may hold rows of their own, those that a model cannot tell apart, and their signs
//! that no model reads.

use super::Finding;
use super::dropped::dropped_signs;
use crate::examples::Labelled;
use crate::format::table::is_delimited;
use crate::format::texts;
use crate::group::grouped;
use crate::labels::{self, Key};
use crate::{DataError, Entry, Modality, TokenRule, file};
use std::collections::{BTreeSet, HashSet};
use unicode_normalization::UnicodeNormalization;

/// The most lines that are shown.
const SHOWN: usize = 4;

/// The texts that go over several lines of a file, each given with the line that it begins on.
pub(crate) fn several_lines<'a>(
    file: &str,
    texts: impl Iterator<Item = (usize, &'a str)>,
) -> Option<Finding> {
    if !is_delimited(file) {
        return None;
    }
    let ends = texts.map(|(line, text)| (line, line + file::line_ends(text.as_bytes())));
    let several: Vec<(usize, usize)> = ends.filter(|(first, last)| first < last).collect();
    let longest = several.iter().rev().max_by_key(|(first, last)| last - first)?;
    Some(Finding::SeveralLines { file: file.into(), texts: several.len(), longest: *longest })
}

/// The findings about what the tokens of the training texts of a folder of the user's own leave out.
pub(super) fn left_out_of(entry: &Entry, rule: Option<TokenRule>) -> Result<Vec<Finding>, DataError> {
    if entry.survey.is_none() || entry.modality != Modality::Text {
        return Ok(Vec::new());
    }
    let (name, packed) = entry.set.read(&entry.recipe.train.files[0])?;
    let bytes = file::unpack(&packed, &name, file::LIMIT)?;
    let all = texts::labelled(&bytes, &name, &entry.recipe.classes)?;
    let texts = match &entry.recipe.train.pieces {
        Some(pieces) => pieces.iter().map(|piece| all[piece.sequence].clone()).collect(),
        None => all,
    };
    let rule = rule.unwrap_or(entry.tokens());
    let mut findings = same_tokens(&texts, rule, &name);
    findings.extend(dropped_signs(&texts, rule, &name));
    Ok(findings)
}

/// The texts that have the tokens of one of another class: those that characters would tell apart, and the others.
pub(crate) fn same_tokens(texts: &[Labelled], rule: TokenRule, file: &str) -> Vec<Finding> {
    let texts = texts.iter().filter_map(|one| Some((one, one.raw.text()?)));
    let groups = grouped(texts, |(_, text)| rule.split(&rule.normal(text)).join("\n"));
    // The number of texts, and the lines of some.
    let (mut differing, mut alike) = ((0, Vec::new()), (0, Vec::new()));
    let mut ways = BTreeSet::new();
    for group in groups.iter().filter(|group| group.len() > 1) {
        let mut classes: HashSet<Key> = HashSet::new();
        let firsts = group.iter().filter(|(one, _)| classes.insert(labels::key(&one.class)));
        let lines: Vec<usize> = firsts.map(|(one, _)| one.line).collect();
        if lines.len() == 1 {
            continue;
        }
        let characters: HashSet<String> =
            group.iter().map(|(_, text)| TokenRule::Characters.normal(text)).collect();
        let (count, shown) = if characters.len() > 1 {
            &mut differing
        } else {
            ways.extend(differences(&group.iter().map(|(_, text)| *text).collect()));
            &mut alike
        };
        *count += group.len();
        shown.extend(lines.into_iter().take(SHOWN - shown.len()));
    }
    let found = |(texts, lines): (usize, Vec<usize>), differ, ways| {
        (texts > 0).then(|| Finding::SameTokens { file: file.into(), texts, lines, differ, ways })
    };
    let ways = ways.into_iter().map(|at| WAYS[at].0).collect();
    found(differing, true, Vec::new()).into_iter().chain(found(alike, false, ways)).collect()
}

/// A change of a text that undoes one way in which it may differ from others.
type Undo = fn(&str) -> String;

/// The ways in which texts of the same characters may differ, each with what undoes it.
const WAYS: [(&str, Undo); 4] = [
    ("the encoding of accents (Unicode NFC or NFD)", |text| text.nfc().collect()),
    ("the form of apostrophes", |text| text.replace('’', "'")),
    ("case", str::to_lowercase),
    ("spaces", |text| text.split_whitespace().collect::<Vec<_>>().join(" ")),
];

/// The places in [`WAYS`] of those in which some texts differ: they do even when all others are undone.
fn differences(texts: &HashSet<&str>) -> Vec<usize> {
    let without = |left: usize| -> HashSet<String> {
        let others = || WAYS.iter().enumerate().filter(|(at, _)| *at != left);
        let undone = |text: &&str| others().fold((*text).to_owned(), |text, (_, (_, undo))| undo(&text));
        texts.iter().map(undone).collect()
    };
    (0..WAYS.len()).filter(|at| without(*at).len() > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::Raw;

    fn found(rule: TokenRule, texts: &[(&str, &str)]) -> Vec<String> {
        let labelled = |(line, (class, text)): (usize, &(&str, &str))| Labelled {
            raw: Raw::Text((*text).into()),
            class: (*class).into(),
            line,
        };
        let texts: Vec<Labelled> = (2..).zip(texts).map(labelled).collect();
        same_tokens(&texts, rule, "a").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn texts_of_different_classes_that_words_make_the_same_are_told() {
        for [one, other] in [
            ["glucose <5 today", "glucose >5 today"],
            ["grade A- given", "grade A given"],
            ["good:)", "good:("],
            ["x==1", "x!=1"],
            ["really?", "really!"],
            ["∀x", "∃x"],
        ] {
            let texts = [("neg", one), ("pos", other), ("neg", one), ("pos", "another")];
            for rule in [TokenRule::Words, TokenRule::Alphanumeric] {
                let told = found(rule, &texts);
                let all = "3 training texts of different classes have the same tokens (a, lines 2, 3, …)";
                assert!(told.len() == 1 && told[0].starts_with(all), "{one}: {told:?}");
                assert!(told[0].ends_with("use `data.tokens = \"characters\"`"), "{told:?}");
            }
            assert!(found(TokenRule::Characters, &texts).is_empty(), "{one}");
        }
    }

    #[test]
    fn the_same_texts_of_different_classes_are_told_with_another_remedy() {
        let texts = [("a", "US  now"), ("b", "us now"), ("a", "fine"), ("a", "fine"), ("b", "well")];
        for rule in [TokenRule::Words, TokenRule::Alphanumeric, TokenRule::Characters] {
            let told = found(rule, &texts);
            let all =
                "2 training texts of different classes are the same but for case and spaces (a, lines 2, 3)";
            assert!(told.len() == 1 && told[0].starts_with(all), "{told:?}");
            assert!(!told[0].contains("data.tokens"), "{told:?}");
        }
        assert!(found(TokenRule::Words, &[("1", "fine"), ("1.0", "fine")]).is_empty());
    }

    #[test]
    fn texts_that_are_the_same_differ_in_what_they_are_said_to() {
        for (one, other, but) in [
            ("fine", "fine", ""),
            ("caf\u{e9}", "cafe\u{301}", " but for the encoding of accents (Unicode NFC or NFD)"),
            ("it's", "it’s", " but for the form of apostrophes"),
            ("Caf\u{e9}", "cafe\u{301}", " but for the encoding of accents (Unicode NFC or NFD) and case"),
            ("Fine", "fine", " but for case"),
            ("so  so", "so so", " but for spaces"),
        ] {
            let told = found(TokenRule::Words, &[("a", one), ("b", other), ("b", "well")]);
            let all = format!("2 training texts of different classes are the same{but} (a, lines 2, 3), and");
            assert!(told.len() == 1 && told[0].starts_with(&all), "{one} {other}: {told:?}");
        }
    }

    #[test]
    fn texts_over_several_lines_are_counted() {
        let told = |texts: &[(usize, &str)]| {
            several_lines("a.csv", texts.iter().copied()).map(|finding| finding.to_string())
        };
        assert_eq!(told(&[(2, "one line"), (3, "another")]), None);
        let one = told(&[(2, "one"), (3, "two\r\nlines"), (5, "one")]).unwrap();
        assert!(one.starts_with("1 text goes over several lines, over 2 (a.csv:3 to 4): "), "{one}");
        let two = told(&[(2, "a\nb"), (4, "c\rd\re"), (7, "f\n\ng")]).unwrap();
        assert!(
            two.starts_with("3 texts go over several lines, the longest over 3 (a.csv:4 to 6): "),
            "{two}"
        );
    }
}
