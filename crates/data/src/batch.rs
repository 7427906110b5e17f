//! Sequences side by side.

use crate::shuffle::{Purpose, permutation};
use crate::vocabulary::PADDING;
use crate::{Sequence, Steps, Target};

/// Sequences of one kind, each padded at its end to the length of the longest.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The length of the longest sequence.
    pub steps: usize,
    /// The length of each sequence without its padding, at least 1. There are as many as sequences.
    pub lengths: Vec<usize>,
    /// The answers to the sequences.
    pub targets: Targets,
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

/// The answers to the sequences of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// Not known.
    Unknown,
    /// The class of each sequence, shaped `[batch]`.
    Classes(Vec<usize>),
    /// The class of each step, shaped `[batch, steps]`; none where there is no label or no step. Only those that are
    /// there count.
    StepClasses(Vec<Option<usize>>),
    /// Standardised numbers, shaped `[batch, width]`.
    Numbers {
        /// The numbers.
        values: Vec<f32>,
        /// The numbers of a sequence; of a forecast, `horizon × targets`, the targets of a step together.
        width: usize,
    },
}

impl Targets {
    /// Puts the answers to sequences of at most so many steps side by side.
    fn collate(targets: &[&Target], steps: usize) -> Targets {
        const ONE_TASK: &str = "the sequences of a batch are of one task";
        match targets[0] {
            Target::Class(_) => {
                Targets::Classes(targets.iter().map(|target| target.class().expect(ONE_TASK)).collect())
            }
            Target::StepClasses(_) => {
                let rows = targets.iter().map(|target| match target {
                    Target::StepClasses(classes) => &classes[..],
                    Target::Class(_) | Target::Numbers(_) => panic!("{ONE_TASK}"),
                });
                Targets::StepClasses(pad(rows, steps, None))
            }
            Target::Numbers(first) => {
                let width = first.len();
                let rows = targets.iter().map(|target| target.numbers().expect(ONE_TASK));
                let rows = rows.inspect(|numbers| assert_eq!(numbers.len(), width, "{ONE_TASK}"));
                Targets::Numbers { values: pad(rows, width, 0.0), width }
            }
        }
    }
}

impl Batch {
    /// Puts sequences side by side.
    ///
    /// # Panics
    /// If there is no sequence, or if they are not all of one kind, task and number of channels.
    pub fn collate(sequences: &[&Sequence]) -> Batch {
        let features: Vec<&Steps> = sequences.iter().map(|sequence| &sequence.features).collect();
        let batch = Batch::unlabelled(&features);
        let targets: Vec<&Target> = sequences.iter().map(|sequence| &sequence.target).collect();
        Batch { targets: Targets::collate(&targets, batch.steps), ..batch }
    }

    /// Puts sequences side by side to which the answers are not known.
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
        Batch { steps, lengths, targets: Targets::Unknown, input }
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
            features: Steps::Values { values: values.to_vec(), channels: 2 },
            target: Target::Class(label),
        };
        let (short, long) = (sequence(&[1.0, 2.0], 1), sequence(&[3.0, 4.0, 5.0, 6.0], 0));
        let batch = Batch::collate(&[&short, &long]);
        assert_eq!((batch.steps, &batch.lengths[..]), (2, &[1, 2][..]));
        assert_eq!(batch.targets, Targets::Classes(vec![1, 0]));
        let values = vec![1.0, 2.0, 0.0, 0.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(batch.input, BatchInput::Values { values, channels: 2 });
    }

    #[test]
    fn words_are_padded_with_the_padding_token() {
        let (long, short) = (Steps::Tokens(vec![2, 3, 4]), Steps::Tokens(vec![5]));
        let batch = Batch::unlabelled(&[&long, &short]);
        assert_eq!((batch.steps, batch.lengths, batch.targets), (3, vec![3, 1], Targets::Unknown));
        assert_eq!(batch.input, BatchInput::Tokens(vec![2, 3, 4, 5, 0, 0]));
    }

    fn collate(targets: [(usize, Target); 2]) -> Targets {
        let sequence = |(steps, target)| Sequence { features: Steps::Tokens(vec![2; steps]), target };
        let sequences = targets.map(sequence);
        Batch::collate(&sequences.iter().collect::<Vec<_>>()).targets
    }

    #[test]
    fn steps_without_a_label_and_padding_have_no_class() {
        let short = (1, Target::StepClasses(vec![Some(1)]));
        let long = (3, Target::StepClasses(vec![None, Some(0), Some(1)]));
        let padded = vec![Some(1), None, None, None, Some(0), Some(1)];
        assert_eq!(collate([short, long]), Targets::StepClasses(padded));
    }

    #[test]
    fn numbers_are_as_wide_as_the_question_whatever_the_steps() {
        let numbers = [(1, vec![0.5, -1.0]), (3, vec![2.0, 3.0])];
        let targets = numbers.map(|(steps, numbers)| (steps, Target::Numbers(numbers)));
        assert_eq!(collate(targets), Targets::Numbers { values: vec![0.5, -1.0, 2.0, 3.0], width: 2 });
    }

    #[test]
    #[should_panic(expected = "one task")]
    fn answers_to_two_questions_are_no_batch() {
        collate([(1, Target::Numbers(vec![0.5])), (1, Target::Class(0))]);
    }

    #[test]
    fn an_epoch_has_an_order_of_its_own_that_is_always_the_same() {
        assert_eq!(epoch_order(50, 1, 3), epoch_order(50, 1, 3));
        assert_ne!(epoch_order(50, 1, 3), epoch_order(50, 1, 4));
        assert_ne!(epoch_order(50, 1, 3), epoch_order(50, 2, 3));
    }
}
