//! Texts of which the training set did not show most words.

use crate::vocabulary::{PADDING, UNKNOWN};
use crate::{Input, Prepared, Sequence, Steps};

/// Sets that are split at random have a few such texts; more than this share of them says that something is wrong.
const FEW: f64 = 0.1;

impl Prepared {
    /// A warning for each set of which many texts are mostly unknown to the vocabulary.
    pub fn unknown_tokens(&self) -> Vec<String> {
        let sets = [("training", &self.train), ("validation", &self.validation), ("test", &self.test)];
        sets.into_iter().filter_map(|(set, sequences)| unknown_in(set, sequences)).collect()
    }
}

/// A warning if many texts of a set, which it calls by this word, are mostly unknown to the vocabulary.
pub fn unknown_in(set: &str, sequences: &[Sequence]) -> Option<String> {
    let coverage = Coverage::of(sequences.iter().map(|sequence| &sequence.features));
    (coverage.mostly_unknown as f64 > FEW * coverage.texts as f64).then(|| coverage.warning(set))
}

/// A warning if any text to predict on is mostly unknown to the vocabulary: its class is then a guess.
pub(crate) fn unknown_tokens(inputs: &[Input]) -> Option<String> {
    let coverage = Coverage::of(inputs.iter().map(|input| &input.steps));
    let first = inputs.iter().find(|input| is_mostly_unknown(&input.steps))?;
    Some(format!("{}; the first of them is {}", coverage.warning("given"), first.name))
}

/// The share of some texts that a vocabulary does not know.
#[derive(Debug, Default, PartialEq)]
struct Coverage {
    texts: usize,
    mostly_unknown: usize,
    tokens: usize,
    unknown: usize,
}

impl Coverage {
    fn of<'a>(all: impl Iterator<Item = &'a Steps>) -> Coverage {
        let mut coverage = Coverage::default();
        for (tokens, unknown) in all.filter_map(count) {
            coverage.texts += 1;
            coverage.mostly_unknown += usize::from(2 * unknown > tokens);
            coverage.tokens += tokens;
            coverage.unknown += unknown;
        }
        coverage
    }

    fn warning(&self, texts: &str) -> String {
        let those = match (self.mostly_unknown, self.texts) {
            (_, 1) => format!("of the {texts} text"),
            (all, count) if all == count => format!("of all {count} {texts} texts"),
            (some, all) => format!("of {some} of the {all} {texts} texts"),
        };
        format!(
            "{those}, most words are not in the vocabulary of the training set ({:.0} % of all words are not), and a \
             model cannot tell such words apart: train on more texts, with a larger `data.vocabulary`, or with \
             `data.tokens` = \"characters\"",
            100.0 * self.unknown as f64 / self.tokens as f64,
        )
    }
}

fn is_mostly_unknown(steps: &Steps) -> bool {
    count(steps).is_some_and(|(tokens, unknown)| 2 * unknown > tokens)
}

/// The tokens of a text, and those of them that are unknown.
fn count(steps: &Steps) -> Option<(usize, usize)> {
    let Steps::Tokens(tokens) = steps else { return None };
    let padding = tokens.iter().filter(|token| **token == PADDING).count();
    let unknown = tokens.iter().filter(|token| **token == UNKNOWN).count();
    Some((tokens.len() - padding, unknown))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(name: &str, tokens: &[u32]) -> Input {
        Input {
            name: name.into(),
            steps: Steps::Tokens(tokens.to_vec()),
            own: 0..tokens.len(),
            first_step: 1,
        }
    }

    #[test]
    fn a_text_is_mostly_unknown_if_more_than_half_of_it_is() {
        let inputs =
            [input("a", &[2, 1]), input("b", &[0, 0, 1, 1, 3]), input("c", &[5, 6, 7]), input("d", &[1])];
        let warning = unknown_tokens(&inputs).unwrap();
        assert!(warning.starts_with("of 2 of the 4 given texts"), "{warning}");
        assert!(warning.contains("(44 % of all words") && warning.ends_with("is b"), "{warning}");
        assert_eq!(unknown_tokens(&inputs[..1]), None);
        let only = unknown_tokens(&inputs[3..]).unwrap();
        assert!(only.starts_with("of the given text, most words"), "{only}");
        let all = unknown_tokens(&[input("a", &[1]), input("b", &[1])]).unwrap();
        assert!(all.starts_with("of all 2 given texts, most words"), "{all}");
        let series = Input {
            name: "e".into(),
            steps: Steps::Values { values: vec![1.0], channels: 1 },
            own: 0..1,
            first_step: 1,
        };
        assert_eq!(unknown_tokens(&[series]), None);
    }
}
