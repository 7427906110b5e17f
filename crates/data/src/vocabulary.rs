//! Tokens and their ids.

use crate::TokenRule;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::ops::Range;

/// Pads a sequence that is shorter than others. No word has it.
pub(crate) const PADDING: u32 = 0;
/// Stands for every word that the training set did not show often enough.
pub(crate) const UNKNOWN: u32 = 1;
/// The token id of the most frequent word.
const FIRST: u32 = 2;

/// The words that have a token id of their own, the frequent ones first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub(crate) struct Vocabulary {
    ids: HashMap<String, u32>,
}

impl Vocabulary {
    /// Counts the tokens of texts, those in the range that `kept` makes of their number, and keeps the `most`
    /// frequent; of equally frequent ones, the first by alphabet.
    pub(crate) fn fit<'a>(
        texts: impl Iterator<Item = &'a str>,
        tokens: TokenRule,
        kept: impl Fn(usize) -> Range<usize>,
        most: usize,
    ) -> Self {
        let mut counts = HashMap::<String, usize>::new();
        for text in texts {
            let text = tokens.normal(text);
            let words = tokens.split(&text);
            for word in &words[kept(words.len())] {
                // Only a new word is worth a copy.
                match counts.get_mut(*word) {
                    Some(count) => *count += 1,
                    None => drop(counts.insert((*word).to_owned(), 1)),
                }
            }
        }
        let mut words: Vec<(String, usize)> = counts.into_iter().collect();
        words.sort_unstable_by(|(a, many), (b, few)| few.cmp(many).then(a.cmp(b)));
        Self { ids: words.into_iter().map(|(word, _)| word).take(most).zip(FIRST..).collect() }
    }

    /// The number of token ids: the words, the padding and the unknown.
    pub(crate) fn size(&self) -> usize {
        self.ids.len() + FIRST as usize
    }

    /// The token id of a word.
    pub(crate) fn token_id(&self, word: &str) -> u32 {
        self.ids.get(word).copied().unwrap_or(UNKNOWN)
    }
}

impl TryFrom<Vec<String>> for Vocabulary {
    type Error = String;

    fn try_from(words: Vec<String>) -> Result<Self, String> {
        let mut ids = HashMap::with_capacity(words.len());
        for (word, id) in words.into_iter().zip(FIRST..) {
            if ids.insert(word.clone(), id).is_some() {
                return Err(format!("the vocabulary has {word:?} twice"));
            }
        }
        Ok(Self { ids })
    }
}

impl From<Vocabulary> for Vec<String> {
    fn from(vocabulary: Vocabulary) -> Self {
        let mut words: Vec<(String, u32)> = vocabulary.ids.into_iter().collect();
        words.sort_by_key(|(_, id)| *id);
        words.into_iter().map(|(word, _)| word).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(text: &str, most: usize) -> Vocabulary {
        Vocabulary::fit([text].into_iter(), TokenRule::Words, |len| 0..len, most)
    }

    #[test]
    fn frequent_words_come_first_and_ties_by_alphabet() {
        let vocabulary = fit("b a c b a d", 3);
        assert_eq!(Vec::from(vocabulary.clone()), ["a", "b", "c"]);
        assert_eq!(vocabulary.size(), 5);
        assert_eq!(["a", "b", "c", "d"].map(|word| vocabulary.token_id(word)), [2, 3, 4, UNKNOWN]);
    }

    #[test]
    fn a_stored_vocabulary_is_the_same_and_has_no_word_twice() {
        let vocabulary = fit("one two two three", 10);
        let text = serde_json::to_string(&vocabulary).unwrap();
        assert_eq!(text, r#"["two","one","three"]"#);
        assert_eq!(serde_json::from_str::<Vocabulary>(&text).unwrap(), vocabulary);
        assert!(serde_json::from_str::<Vocabulary>(r#"["one","one"]"#).is_err());
    }
}
