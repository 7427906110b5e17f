//! A sequence: the steps that a model reads, and what it is to answer.

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

/// The right answer to a sequence; which kind it is depends on the [`Task`](crate::Task).
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// The class of the whole sequence, as an index into [`Preprocessing::classes`](crate::Preprocessing::classes).
    Class(usize),
    /// The class of each step, in the same way; none where a step has no label, or was added to pad the sequence. There
    /// are as many as steps.
    StepClasses(Vec<Option<usize>>),
    /// Standardised numbers, which [`Preprocessing::in_units`](crate::Preprocessing::in_units) gives back in the units
    /// of the data: one for each name of [`Preprocessing::targets`](crate::Preprocessing::targets), or of a forecast
    /// shaped `[horizon, targets]`, the steps that follow.
    Numbers(Vec<f32>),
}

impl Target {
    /// The class, where the sequence as a whole has one.
    pub fn class(&self) -> Option<usize> {
        if let Target::Class(class) = self { Some(*class) } else { None }
    }

    /// The numbers, where it is made of numbers.
    pub fn numbers(&self) -> Option<&[f32]> {
        if let Target::Numbers(numbers) = self { Some(numbers) } else { None }
    }
}

/// A sequence to which the answer is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence {
    /// The steps that the model reads.
    pub features: Steps,
    /// The answer that it is to give.
    pub target: Target,
}
