//! The answers to single test sequences, and what follows from each.

use slimgate_data::{Preprocessing, Sequence};
use slimgate_run::metric::{Metric, Tally};
use slimgate_run::{AlarmAnswer, Forecasts, Outcome, Outcomes};

use crate::objective::Objective;

/// The answers of a model to the sequences of a set, in their order.
pub(super) struct Answers<'a> {
    objective: &'a Objective,
    sequences: &'a [Sequence],
    /// Those to all sequences, one after the other.
    numbers: Vec<f32>,
    /// The end of those to each sequence.
    ends: Vec<usize>,
}

impl<'a> Answers<'a> {
    /// None yet.
    pub fn new(objective: &'a Objective, sequences: &'a [Sequence]) -> Answers<'a> {
        Answers { objective, sequences, numbers: Vec::new(), ends: Vec::with_capacity(sequences.len()) }
    }

    /// Takes the answers to the next sequences, as read from the device. A batch without any label has one that answers
    /// nothing.
    pub fn extend(&mut self, answers: &[f32], sequences: &[Sequence]) {
        let before = self.numbers.len();
        let mut end = before;
        for sequence in sequences {
            end += self.objective.answers_to(&sequence.target);
            self.ends.push(end);
        }
        self.numbers.extend_from_slice(&answers[..end - before]);
    }

    /// Those to one sequence.
    fn of(&self, at: usize) -> &[f32] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.numbers[start..self.ends[at]]
    }

    /// The part of each sequence in the value of a metric that `tally` has.
    ///
    /// # Panics
    /// If it has none, or not all sequences are answered.
    pub fn outcomes(&self, tally: &Tally, metric: &Metric, preprocessing: &Preprocessing) -> Outcomes {
        let own = |at: usize| self.objective.tally_of(self.of(at), &self.sequences[at].target);
        let parts = tally.parts(metric, (0..self.sequences.len()).map(own)).expect("the metric has a value");
        let groups = preprocessing
            .windows()
            .map(|windows| windows.blocks(&windows.places(self.sequences, preprocessing.target_channels())));
        let group = |at: usize| groups.as_ref().map(|groups| groups[at]);
        let outcome = |(at, value): (usize, f64)| Outcome { group: group(at), value };
        Outcomes::new(parts.into_iter().enumerate().map(outcome).collect())
    }

    /// The answers as alarms; none where no class is one.
    pub fn alarms(&self) -> Vec<AlarmAnswer> {
        let of = |at: usize| self.objective.alarms_of(self.of(at), at, &self.sequences[at].target);
        (0..self.sequences.len()).flat_map(of).collect()
    }

    /// Forecasts of the last steps, where the task is one.
    pub fn forecasts(&self, preprocessing: &Preprocessing) -> Option<Forecasts> {
        Forecasts::of(preprocessing, self.sequences, self.objective.quantiles(), |at| self.of(at))
    }
}
