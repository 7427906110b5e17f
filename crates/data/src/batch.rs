//! Sequences side by side.

use crate::shuffle::{Purpose, permutation};
use crate::vocabulary::PADDING;
use crate::{Sequence, Steps};

/// Sequences of one kind, each padded at its end to the length of the longest.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The length of the longest sequence.
    pub steps: usize,
    /// The length of each sequence without its padding, at least 1. There are as many as sequences.
    pub lengths: Vec<usize>,
    /// The class of each sequence; empty where classes are not known.
    pub labels: Vec<usize>,
    /// The input of the model.
    pub input: BatchInput,
}

/// The content of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum BatchInput {
    /// Numbers.
    Values {
        /// Shaped `[batch, steps, channels]`, padded with 0.
        values: Vec<f32>,
        /// The numbers of a step.
        channels: usize,
    },
    /// Token ids, shaped `[batch, steps]`, padded with 0.
    Tokens(Vec<u32>),
}

impl Batch {
    /// Puts sequences side by side.
    ///
    /// # Panics
    /// If there is no sequence, or if they are not all of one kind and number of channels.
    pub fn collate(sequences: &[&Sequence]) -> Batch {
        let steps: Vec<&Steps> = sequences.iter().map(|sequence| &sequence.steps).collect();
        let labels = sequences.iter().map(|sequence| sequence.label).collect();
        Batch { labels, ..Batch::unlabelled(&steps) }
    }

    /// Puts sequences of unknown class side by side.
    ///
    /// # Panics
    /// As [`collate`](Self::collate).
    pub fn unlabelled(sequences: &[&Steps]) -> Batch {
        let lengths: Vec<usize> = sequences.iter().map(|sequence| sequence.len()).collect();
        let steps = *lengths.iter().max().expect("a batch has at least one sequence");
        let input = match sequences[0] {
            Steps::Values { channels, .. } => {
                let rows = sequences.iter().map(|sequence| match sequence {
                    Steps::Values { values, channels: own } if own == channels => &values[..],
                    _ => panic!("the sequences of a batch have the same channels"),
                });
                BatchInput::Values { values: pad(rows, steps * channels, 0.0), channels: *channels }
            }
            Steps::Tokens(_) => {
                let rows = sequences.iter().map(|sequence| match sequence {
                    Steps::Tokens(tokens) => &tokens[..],
                    Steps::Values { .. } => panic!("the sequences of a batch are of one kind"),
                });
                BatchInput::Tokens(pad(rows, steps, PADDING))
            }
        };
        Batch { steps, lengths, labels: Vec::new(), input }
    }
}

/// Rows one after the other, each padded to `width`.
fn pad<'a, T: Copy + 'a>(rows: impl ExactSizeIterator<Item = &'a [T]>, width: usize, padding: T) -> Vec<T> {
    let mut padded = Vec::with_capacity(rows.len() * width);
    for (row, values) in rows.enumerate() {
        padded.extend_from_slice(values);
        padded.resize((row + 1) * width, padding);
    }
    padded
}

/// The order in which an epoch goes through `len` sequences. It depends on nothing but the arguments, so a
/// run that resumes later needs no saved random state.
pub fn epoch_order(len: usize, seed: u64, epoch: usize) -> Vec<usize> {
    permutation(len, Purpose::Epoch, seed, epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_padded_with_zeros_at_the_end() {
        let sequence = |values: &[f32], label| Sequence {
            steps: Steps::Values { values: values.to_vec(), channels: 2 },
            label,
        };
        let (short, long) = (sequence(&[1.0, 2.0], 1), sequence(&[3.0, 4.0, 5.0, 6.0], 0));
        let batch = Batch::collate(&[&short, &long]);
        assert_eq!((batch.steps, &batch.lengths[..], &batch.labels[..]), (2, &[1, 2][..], &[1, 0][..]));
        let values = vec![1.0, 2.0, 0.0, 0.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(batch.input, BatchInput::Values { values, channels: 2 });
    }

    #[test]
    fn words_are_padded_with_the_padding_token() {
        let (long, short) = (Steps::Tokens(vec![2, 3, 4]), Steps::Tokens(vec![5]));
        let batch = Batch::unlabelled(&[&long, &short]);
        assert_eq!((batch.steps, batch.lengths, batch.labels), (3, vec![3, 1], vec![]));
        assert_eq!(batch.input, BatchInput::Tokens(vec![2, 3, 4, 5, 0, 0]));
    }

    #[test]
    fn an_epoch_has_an_order_of_its_own_that_is_always_the_same() {
        assert_eq!(epoch_order(50, 1, 3), epoch_order(50, 1, 3));
        assert_ne!(epoch_order(50, 1, 3), epoch_order(50, 1, 4));
        assert_ne!(epoch_order(50, 1, 3), epoch_order(50, 2, 3));
    }
}
