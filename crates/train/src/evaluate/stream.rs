//! The answers of a saved run to series whose steps come one at a time.

use std::collections::{HashMap, VecDeque};

use slimgate_data::{Batch, Input, Steps};
use slimgate_models::State;

use super::{Prediction, SavedRun, read, require_finite};
use crate::TrainError;
use crate::loader::SequenceBatch;
use crate::objective::Objective;

/// A saved run that answers several series at once, each step as it comes.
#[derive(Debug)]
pub struct Stream<'a> {
    run: &'a SavedRun,
    objective: Objective,
    /// By name. What is kept of a series does not grow with its length.
    series: HashMap<String, Read>,
}

/// What is kept of a series.
#[derive(Debug, Default)]
struct Read {
    steps: usize,
    /// The state of each layer after the last step; none before the first.
    states: Option<Vec<State>>,
    /// The last steps, standardised, of which a forecast is made; of another task none.
    window: VecDeque<f32>,
}

impl SavedRun {
    /// Answers to series that come step by step.
    ///
    /// # Errors
    ///
    /// If the network is bidirectional.
    pub fn stream(&self) -> Result<Stream<'_>, TrainError> {
        if self.config.model.bidirectional {
            return Err(TrainError::ReadsBackwards);
        }
        Ok(Stream { run: self, objective: self.objective(), series: HashMap::new() })
    }
}

impl Stream<'_> {
    /// The answer to a series so far, of which `input` has the next steps and the name: to the last of them where each step
    /// has an answer of its own. None as long as a forecast needs more steps.
    ///
    /// It is the answer that [`SavedRun::predict`] gives to all of its steps so far.
    ///
    /// # Errors
    ///
    /// As [`SavedRun::predict`].
    ///
    /// # Panics
    ///
    /// If the steps are tokens, which come as whole texts.
    pub fn answer(&mut self, input: &Input) -> Result<Option<Prediction>, TrainError> {
        let Steps::Values { values, channels } = &input.steps else { panic!("a text comes as a whole") };
        let read = self.series.entry(input.name.clone()).or_default();
        read.steps += input.steps.len();
        let Some(windows) = self.run.preprocessing.windows() else {
            return self.carry_on(input).map(Some);
        };
        read.window.extend(values);
        let surplus = read.window.len().saturating_sub(windows.context * channels);
        read.window.drain(..surplus);
        if read.window.len() < windows.context * channels {
            return Ok(None);
        }
        let values = read.window.iter().copied().collect();
        let steps = Steps::Values { values, channels: *channels };
        let whole = Input { own: 0..windows.context, steps, ..input.clone() };
        Ok(self.run.predict(&[whole])?.pop())
    }

    /// The answer after the steps that `input` adds to its series.
    fn carry_on(&mut self, input: &Input) -> Result<Prediction, TrainError> {
        let (run, objective) = (self.run, &self.objective);
        let read_so_far = self.series.entry(input.name.clone()).or_default();
        let batch = SequenceBatch::new(Batch::unlabelled(&[&input.steps]), &run.device);
        let (outputs, states) = run.network.carry(batch.features, read_so_far.states.take());
        read_so_far.states = Some(states);
        let numbers = read::<2>(objective.readable(outputs))?;
        let last = &numbers[numbers.len() - objective.outputs()..];
        require_finite(last, run.epoch, |_| input.name.clone())?;
        let answers = objective.answers(last, 0..1);
        Ok(Prediction { name: input.name.clone(), first_step: read_so_far.steps, answers })
    }
}
