//! The input of a model: steps, and steps with the class they belong to.

/// The steps of one sequence, ready for a model. There is at least one.
#[derive(Clone, Debug, PartialEq)]
pub enum Steps {
    /// Numbers: step after step, each of `channels` values, so `values` has `steps × channels` of them.
    Values {
        /// The numbers, standardised, shaped `[steps, channels]`.
        values: Vec<f32>,
        /// The numbers of a step.
        channels: usize,
    },
    /// Token ids, one a step.
    Tokens(Vec<u32>),
}

impl Steps {
    /// The number of steps.
    #[allow(clippy::len_without_is_empty)] // No sequence is empty.
    pub fn len(&self) -> usize {
        match self {
            Steps::Values { values, channels } => values.len() / channels,
            Steps::Tokens(tokens) => tokens.len(),
        }
    }
}

/// A sequence whose class is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence {
    /// The steps that the model reads.
    pub steps: Steps,
    /// The class, as an index into [`Preprocessing::classes`](crate::Preprocessing::classes).
    pub label: usize,
}
