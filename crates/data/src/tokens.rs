//! The tokens that a text is read as.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

/// The rule for what a token is. In all rules upper and lower case are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TokenRule {
    /// A word as Unicode divides a text (UAX #29): accents and vowel signs belong to it, and a script without spaces
    /// falls into its characters. So is a pictograph, such as an emoji. A sign that stands directly at a word belongs
    /// to it: one of `+ # %` and currencies after it (`c++`, `c#`, `50%`), one of `# @ .` and currencies before it
    /// (`#tag`, `.net`), `+` or `-` before a digit, `&` or `@` between two (`r&d`). Between spaces, signs without any
    /// word or pictograph are a token together (`:-)`). All other signs are left out.
    Words,
    /// A character as a reader sees it: with its accents, or an emoji of several parts. Spaces in a row are one.
    Characters,
    /// A run of letters and digits with the apostrophes inside it, as earlier versions found words, and as the data
    /// sets of the catalog are read.
    #[default]
    Alphanumeric,
}

impl TokenRule {
    /// A text as its tokens are found in it.
    pub(crate) fn normal(self, text: &str) -> String {
        match self {
            TokenRule::Alphanumeric => lower_case(text),
            TokenRule::Words => composed(text),
            TokenRule::Characters => composed(text).split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }

    /// The tokens of a [`normal`](Self::normal) text.
    pub(crate) fn split(self, text: &str) -> Vec<&str> {
        match self {
            TokenRule::Words => text.split_whitespace().flat_map(words).collect(),
            TokenRule::Characters => text.graphemes(true).collect(),
            TokenRule::Alphanumeric => {
                let runs = text.split(|letter: char| !letter.is_alphanumeric() && letter != '\'');
                runs.map(|run| run.trim_matches('\'')).filter(|run| !run.is_empty()).collect()
            }
        }
    }

    /// The characters of a [`normal`](Self::normal) text that are in no token, spaces left out.
    pub(crate) fn dropped(self, text: &str) -> impl Iterator<Item = char> {
        let start = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
        let mut read = vec![false; text.len()];
        for token in self.split(text) {
            let start = start(token);
            read[start..start + token.len()].fill(true);
        }
        text.char_indices()
            .filter(move |(at, sign)| !read[*at] && !sign.is_whitespace())
            .map(|(_, sign)| sign)
    }
}

/// In lower case, with one kind of apostrophe.
fn lower_case(text: &str) -> String {
    text.to_lowercase().replace('’', "'")
}

/// The same, and each letter with its accents as one character where there is one (NFC). Lower case comes in between:
/// it takes apart what has no small letter of its own.
fn composed(text: &str) -> String {
    let text: String = text.nfc().collect();
    lower_case(&text).nfc().collect()
}

/// The tokens of a text without spaces.
fn words(text: &str) -> Vec<&str> {
    let mut found: Vec<Range<usize>> = Vec::new();
    // Where a word ends that a sign may follow.
    let mut open = None;
    for (start, part) in text.split_word_bound_indices() {
        let end = start + part.len();
        if part.contains(char::is_alphanumeric) {
            match found.last_mut().filter(|last| open == Some(last.end) && joins(&text[last.end..start])) {
                Some(last) => last.end = end,
                None => found.push(start_with_sign(text, start)..end),
            }
            open = Some(end);
        } else if part.chars().any(is_pictograph) {
            found.push(start..end);
        } else if let Some(last) = found.last_mut().filter(|last| open == Some(last.end) && last.end == start)
            && part.chars().all(may_follow)
        {
            last.end = end;
            open = Some(end);
        }
    }
    if found.is_empty() && !text.is_empty() {
        return vec![text];
    }
    found.into_iter().map(|range| &text[range]).collect()
}

/// The start of the word at `start` with the sign before it, if that belongs to it.
fn start_with_sign(text: &str, start: usize) -> usize {
    let mut before = text[..start].chars().rev();
    let (Some(sign), next) = (before.next(), text[start..].chars().next()) else { return start };
    let belongs = match sign {
        '+' | '-' | '−' => next.is_some_and(char::is_numeric),
        '#' | '@' | '.' => true,
        _ => is_currency(sign),
    };
    // Of an ellipsis, or between two words, it belongs to neither.
    let alone = before.next().is_none_or(|other| other != sign && !other.is_alphanumeric());
    if belongs && alone { start - sign.len_utf8() } else { start }
}

fn joins(between: &str) -> bool {
    ["&", "@"].contains(&between)
}

fn may_follow(sign: char) -> bool {
    ['+', '#', '%'].contains(&sign) || is_currency(sign)
}

fn is_currency(sign: char) -> bool {
    sign.general_category() == GeneralCategory::CurrencySymbol
}

/// True if it is an emoji or another picture, such as an arrow.
fn is_pictograph(sign: char) -> bool {
    sign.general_category() == GeneralCategory::OtherSymbol
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(rule: TokenRule, text: &str) -> Vec<String> {
        rule.split(&rule.normal(text)).into_iter().map(str::to_owned).collect()
    }

    fn words(text: &str) -> Vec<String> {
        split(TokenRule::Words, text)
    }

    #[test]
    fn alphanumeric_tokens_are_lower_case_runs_with_inner_apostrophes() {
        let split = |text| split(TokenRule::Alphanumeric, text);
        assert_eq!(
            split("Don't STOP -- it’s ''21st''-century Amélie!"),
            ["don't", "stop", "it's", "21st", "century", "amélie"]
        );
        assert!(split(" ... '' ").is_empty());
        assert_eq!(split("C++ अच्छी 😀 好看"), ["c", "अच", "छी", "好看"]);
    }

    #[test]
    fn words_are_in_lower_case_without_the_punctuation_around_them() {
        assert_eq!(
            words("Don't STOP—it’s a 21st-century, “Amélie” (3.14)!"),
            ["don't", "stop", "it's", "a", "21st", "century", "amélie", "3.14"]
        );
        assert!(words(" \n ").is_empty());
    }

    #[test]
    fn marks_belong_to_their_word_and_its_form_does_not_matter() {
        assert_eq!(words("बहुत अच्छी फिल्म।"), ["बहुत", "अच्छी", "फिल्म"]);
        assert_eq!(words("caf\u{e9}"), words("CAFE\u{301}"));
        assert_eq!(words("Việt"), words("Vie\u{323}\u{302}t"));
        assert_eq!(words("I\u{307}stanbul"), words("\u{130}stanbul"));
        assert_eq!(words("e\u{301}\u{323}"), words("\u{1eb9}\u{301}"));
        assert_eq!(words("한국어").len(), words("\u{1112}\u{1161}\u{11ab}국어").len());
    }

    #[test]
    fn scripts_without_spaces_fall_into_characters() {
        assert_eq!(words("这部电影很好看。"), ["这", "部", "电", "影", "很", "好", "看"]);
        assert_eq!(words("映画を見たカメラ"), ["映", "画", "を", "見", "た", "カメラ"]);
        assert_eq!(words("ดีมาก").len(), 4);
        assert_eq!(words("정말 좋은 영화"), ["정말", "좋은", "영화"]);
    }

    #[test]
    fn pictographs_are_tokens_with_all_their_parts() {
        let family = "👨\u{200d}👩\u{200d}👧";
        assert_eq!(
            words(&format!("Great!😀👍🏽 {family}🇫🇷❤\u{fe0f}")),
            ["great", "😀", "👍🏽", family, "🇫🇷", "❤\u{fe0f}"]
        );
    }

    #[test]
    fn signs_at_a_word_belong_to_it() {
        assert_eq!(
            words("C++, c (C#) F#. .NET \"#tag\" @me R&D me@home.org 50% $5 5€ -3 a-3"),
            [
                "c++",
                "c",
                "c#",
                "f#",
                ".net",
                "#tag",
                "@me",
                "r&d",
                "me@home.org",
                "50%",
                "$5",
                "5€",
                "-3",
                "a",
                "3"
            ]
        );
        assert_eq!(words("wait...what ...and -good end."), ["wait", "what", "and", "good", "end"]);
        assert_eq!(words("c/c++ 😀+1"), ["c", "c++", "😀", "+1"]);
    }

    #[test]
    fn signs_between_spaces_are_a_token() {
        assert_eq!(words("fine :-) & dandy -- !"), ["fine", ":-)", "&", "dandy", "--", "!"]);
    }

    #[test]
    fn what_is_in_no_token_is_told() {
        let dropped = |rule: TokenRule, text: &str| rule.dropped(text).collect::<String>();
        assert_eq!(dropped(TokenRule::Words, "t>5, c++ :-) (a<b) it's"), ">,(<)");
        assert_eq!(dropped(TokenRule::Alphanumeric, "t>5 c++ 'a'"), ">++''");
        assert_eq!(dropped(TokenRule::Characters, "t>5 (a)"), "");
    }

    #[test]
    fn characters_are_what_a_reader_sees() {
        assert_eq!(
            split(TokenRule::Characters, " Cafe\u{301}  \n好!👍🏽"),
            ["c", "a", "f", "é", " ", "好", "!", "👍🏽"]
        );
        assert_eq!(split(TokenRule::Characters, "अच्छी").concat(), "अच्छी");
    }

    proptest! {
        /// Every letter and digit is in a token.
        #[test]
        fn no_letter_is_lost(text in "\\PC{0,40}") {
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            for rule in [TokenRule::Words, TokenRule::Characters] {
                let normal = rule.normal(&text);
                prop_assert_eq!(letters(&rule.split(&normal).concat()), letters(&normal));
                prop_assert!(rule.split(&normal).iter().all(|token| !token.is_empty()));
            }
        }

        #[test]
        fn a_text_and_its_decomposition_have_the_same_tokens(text in "[a-zà-ɏ\u{300}-\u{323}ऀ-ॿ각-힣 ]{0,20}") {
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(words(&text), words(&decomposed));
        }
    }
}
