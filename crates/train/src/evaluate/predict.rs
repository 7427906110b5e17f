//! The answers of a saved run to new data.

use slimgate_data::{Batch, Input, Steps};
use slimgate_run::metric::{Alarm, Threshold};

use super::{SavedRun, read, require_finite};
use crate::TrainError;
use crate::loader::SequenceBatch;
use crate::objective::Answer;

/// The prediction of a saved run for one new sequence.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// The origin of the sequence.
    pub name: String,
    /// The step that the first answer is about, where there is one a step: of the sequence as its file has it, or of those
    /// that follow it in a forecast; from 1.
    pub first_step: usize,
    /// One answer, or one a step; see [`SavedRun::is_by_step`].
    pub answers: Vec<Answer>,
}

impl SavedRun {
    /// The names of the numbers of an answer: the classes, or the targets, each with its levels where quantiles are
    /// forecast, such as `demand(0.1)`.
    pub fn answer_names(&self) -> Vec<String> {
        self.objective().names()
    }

    /// The class that is an alarm, and the least probability of it that raises one; none where no class is one.
    pub fn alarm(&self) -> Option<(&str, Threshold)> {
        let Alarm { class, threshold, .. } = self.objective().alarm()?;
        Some((&self.classes()[class], threshold?))
    }

    /// True if there is an answer for each step: of a sequence, or of those that follow it in a forecast.
    pub fn is_by_step(&self) -> bool {
        self.objective().is_by_step()
    }

    /// Answers new sequences.
    ///
    /// # Errors
    ///
    /// If the device cannot compute, or the model has no answer to a sequence.
    pub fn predict(&self, inputs: &[Input]) -> Result<Vec<Prediction>, TrainError> {
        let objective = self.objective();
        let mut predictions = Vec::with_capacity(inputs.len());
        for inputs in self.batches(inputs, |input| input.steps.len())? {
            let steps: Vec<&Steps> = inputs.iter().map(|input| &input.steps).collect();
            let batch = SequenceBatch::new(Batch::unlabelled(&steps), &self.device);
            let outputs = self.network.forward(batch.features, batch.lengths.as_deref());
            let numbers = self.calibrated(read::<2>(objective.readable(outputs))?);
            // One row a sequence, or as many as the longest sequence has steps.
            let rows = numbers.chunks_exact(numbers.len() / inputs.len());
            for (input, row) in inputs.iter().zip(rows) {
                require_finite(row, self.epoch, |_| input.name.clone())?;
                let answers = objective.answers(row, input.own.clone());
                let first_step = if objective.follows() { 1 } else { input.first_step };
                predictions.push(Prediction { name: input.name.clone(), first_step, answers });
            }
        }
        Ok(predictions)
    }
}
