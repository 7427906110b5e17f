//! One length for sequences of many: which steps of a long one are kept, and where a short one is padded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The end of a long sequence that is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// Its first steps.
    #[default]
    Start,
    /// Its last steps.
    End,
}

/// The end at which a short sequence is padded with steps that a model reads as any other: the padding token, or
/// zeros, which are the mean of the training data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pad {
    /// Nowhere: it ends where it ends, and models stop there.
    #[default]
    None,
    /// Before its first step.
    Start,
    /// After its last step.
    End,
}

impl Keep {
    /// The steps to keep of `len`.
    pub(crate) fn range(self, len: usize, most: Option<usize>) -> Range<usize> {
        let most = most.unwrap_or(len).min(len);
        match self {
            Keep::Start => 0..most,
            Keep::End => len - most..len,
        }
    }
}

impl Pad {
    /// Pads a sequence to `len` values.
    pub(crate) fn apply<T: Clone>(self, mut values: Vec<T>, len: usize, padding: T) -> Vec<T> {
        let missing = len.saturating_sub(values.len());
        match self {
            Pad::None => (),
            Pad::Start => drop(values.splice(0..0, vec![padding; missing])),
            Pad::End => values.resize(values.len() + missing, padding),
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_sequence_keeps_one_of_its_ends() {
        assert_eq!(Keep::Start.range(5, Some(2)), 0..2);
        assert_eq!(Keep::End.range(5, Some(2)), 3..5);
        for keep in [Keep::Start, Keep::End] {
            assert_eq!(keep.range(5, None), 0..5);
            assert_eq!(keep.range(5, Some(9)), 0..5);
        }
    }

    #[test]
    fn a_short_sequence_is_padded_at_one_of_its_ends() {
        assert_eq!(Pad::Start.apply(vec![1, 2], 4, 0), [0, 0, 1, 2]);
        assert_eq!(Pad::End.apply(vec![1, 2], 4, 0), [1, 2, 0, 0]);
        assert_eq!(Pad::None.apply(vec![1, 2], 4, 0), [1, 2]);
        assert_eq!(Pad::Start.apply(vec![1, 2], 1, 0), [1, 2]);
    }
}
