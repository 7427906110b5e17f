//! Answers as people read them.

use std::ops::Range;

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;
use slimgate_data::Task;
use slimgate_run::metric::by_level;

use super::Objective;

/// An answer of a model, to a sequence or to one step.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A class.
    Class {
        /// The most probable class.
        class: String,
        /// The probability of each class.
        probabilities: Vec<f32>,
        /// True if it is an alarm: the alarm class has at least the probability of the threshold. None where no class is
        /// one.
        alarm: Option<bool>,
    },
    /// Numbers in the units of the data.
    Numbers(Vec<f64>),
}

impl Objective {
    /// The names of the numbers of an [`Answer`]: the classes, or the targets, each with its levels where quantiles are
    /// forecast, such as `demand(0.1)`.
    pub fn names(&self) -> Vec<String> {
        let (targets, levels) = (self.preprocessing.targets(), self.quantiles.levels());
        match self.preprocessing.task() {
            Task::Classification | Task::Labelling => self.preprocessing.classes().to_vec(),
            Task::Forecast if !levels.is_empty() => {
                let named = targets.iter().flat_map(|target| levels.iter().map(move |level| (target, level)));
                named.map(|(target, level)| format!("{target}({level})")).collect()
            }
            Task::Regression | Task::Forecast => targets.to_vec(),
        }
    }

    /// True if there is an answer for each step: of a sequence, or of those that follow it in a forecast.
    pub fn is_by_step(&self) -> bool {
        matches!(self.preprocessing.task(), Task::Labelling | Task::Forecast)
    }

    /// True if answers are about the steps that follow a sequence.
    pub fn follows(&self) -> bool {
        self.preprocessing.task() == Task::Forecast
    }

    /// Outputs as numbers that an [`Answer`] is made of: the probabilities of classes, else as they are.
    pub fn readable(&self, outputs: Tensor<2>) -> Tensor<2> {
        match self.preprocessing.task() {
            Task::Classification | Task::Labelling => softmax(outputs, 1),
            Task::Regression | Task::Forecast => outputs,
        }
    }

    /// The answers to a sequence from its [`readable`](Self::readable) numbers: one, or one for each of its `own` steps, which
    /// are no padding.
    pub fn answers(&self, numbers: &[f32], own: Range<usize>) -> Vec<Answer> {
        let preprocessing = &self.preprocessing;
        match preprocessing.task() {
            Task::Classification => vec![self.class(numbers)],
            Task::Labelling => {
                let rows = numbers.chunks_exact(self.outputs());
                rows.skip(own.start).take(own.len()).map(|row| self.class(row)).collect()
            }
            Task::Regression => vec![Answer::Numbers(preprocessing.in_units(numbers))],
            Task::Forecast => {
                let levels = by_level(preprocessing, &self.quantiles, numbers);
                let targets = preprocessing.targets().len();
                let step = |first: usize| {
                    let of_target = |at: usize| levels.iter().map(move |level| level[at]);
                    Answer::Numbers((first..first + targets).flat_map(of_target).collect())
                };
                (0..levels[0].len()).step_by(targets).map(step).collect()
            }
        }
    }

    fn class(&self, probabilities: &[f32]) -> Answer {
        let by_probability = |a: &usize, b: &usize| probabilities[*a].total_cmp(&probabilities[*b]);
        let best = (0..probabilities.len()).max_by(by_probability).unwrap_or(0);
        Answer::Class {
            class: self.preprocessing.classes()[best].clone(),
            probabilities: probabilities.to_vec(),
            alarm: self.alarm.and_then(|alarm| Some(alarm.threshold?.raises(probabilities[alarm.class]))),
        }
    }
}
