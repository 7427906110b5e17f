//! The answers to the sequences of a data set, as a run is trained on them: which they are, and how numbers among them
//! are standardised.

use crate::examples::{Answer, Example};
use crate::forecast::{seasonal_naive_error, target_channels};
use crate::standardizer::Standardizer;
use crate::{DataConfig, DataError, Entry, Target, Task, Windows};
use serde::{Deserialize, Serialize};

/// The answers of a task. It is fitted on the training set and stored with the preprocessing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Answers {
    /// A class a sequence, as in all runs of earlier versions.
    #[default]
    Class,
    /// A class a step.
    StepClasses,
    /// A number for each target.
    Numbers { targets: Vec<String>, scale: Standardizer<f64> },
    /// The next steps of each target.
    Following {
        targets: Vec<String>,
        /// Their places among the channels.
        places: Vec<usize>,
        scale: Standardizer<f64>,
        windows: Windows,
        /// The mean error of the seasonal naive forecast of each target in the training part, in its unit; the scale of
        /// the MASE.
        naive_errors: Vec<Option<f64>>,
    },
}

impl Answers {
    /// Learns from training examples of the task of a data set; `scale` is that of its channels.
    pub(crate) fn fit(
        entry: &Entry,
        config: &DataConfig,
        train: &[&Example],
        scale: Option<&Standardizer<f64>>,
    ) -> Result<Answers, DataError> {
        let recipe = &entry.recipe;
        Ok(match (recipe.task, Windows::of(entry, config), scale) {
            (Task::Labelling, ..) => Answers::StepClasses,
            (Task::Regression, ..) => {
                let numbers = train.iter().filter_map(|example| example.numbers()).map(<[f64]>::to_vec);
                let scale = Standardizer::fit(recipe.targets.len(), numbers);
                Answers::Numbers { targets: recipe.targets.clone(), scale }
            }
            (Task::Forecast, Some(windows), Some(scale)) => {
                let places = target_channels(entry, config.targets.as_deref())?;
                let channel = |place: usize| {
                    let values = train.iter().filter_map(|example| example.raw.values());
                    let channels = entry.channel_names().len();
                    let steps = values.map(|values| values.iter().skip(place).step_by(channels));
                    let series: Vec<Vec<f64>> = steps.map(|steps| steps.copied().collect()).collect();
                    seasonal_naive_error(series.iter().map(Vec::as_slice), windows.season)
                };
                Answers::Following {
                    targets: places.iter().map(|place| entry.channel_names()[*place].clone()).collect(),
                    scale: scale.of_channels(&places),
                    windows,
                    naive_errors: places.iter().map(|place| channel(*place)).collect(),
                    places,
                }
            }
            _ => Answers::Class,
        })
    }

    /// True for a class a sequence, which is not stored.
    pub(crate) fn is_class(&self) -> bool {
        *self == Answers::Class
    }

    pub(crate) fn task(&self) -> Task {
        match self {
            Answers::Class => Task::Classification,
            Answers::StepClasses => Task::Labelling,
            Answers::Numbers { .. } => Task::Regression,
            Answers::Following { .. } => Task::Forecast,
        }
    }

    /// The names and the scale of the numbers that are predicted.
    pub(crate) fn numbers(&self) -> Option<(&[String], &Standardizer<f64>)> {
        match self {
            Answers::Class | Answers::StepClasses => None,
            Answers::Numbers { targets, scale } | Answers::Following { targets, scale, .. } => {
                Some((targets, scale))
            }
        }
    }

    /// True if they are answers to the question of a data set.
    pub(crate) fn fit_to(&self, entry: &Entry) -> bool {
        let named = self.numbers().is_none_or(|(targets, scale)| targets.len() == scale.channels());
        let same = match self {
            Answers::Class | Answers::StepClasses => true,
            Answers::Numbers { targets, .. } => *targets == entry.recipe.targets,
            Answers::Following { targets, places, windows, naive_errors, .. } => {
                let Windows { context, horizon, stride, season } = *windows;
                target_channels(entry, Some(targets)).is_ok_and(|found| found == *places)
                    && naive_errors.len() == targets.len()
                    && [context, horizon, stride, season].iter().all(|steps| *steps > 0)
            }
        };
        self.task() == entry.recipe.task && named && same
    }

    /// The answer to one sequence, or at which of its numbers there is one that is too large to compute with. The
    /// classes of steps are cut and padded elsewhere, with the steps.
    pub(crate) fn target(&self, answer: Answer) -> Result<Target, usize> {
        Ok(match (answer, self) {
            (Answer::Class(class), _) => Target::Class(class),
            (Answer::StepClasses(classes), _) => Target::StepClasses(classes),
            (Answer::Numbers(numbers), Answers::Numbers { scale, .. }) => {
                Target::Numbers(scale.apply(&numbers)?)
            }
            _ => unreachable!("answers meet examples of their own task only"),
        })
    }
}
