//! Predictors that a run is to better, or it has learned nothing: constants, repetitions of a series, and a linear model of
//! the same inputs.
//!
//! They stand here, beside the metrics that they are scored by: they need sequences, which `statistics` does not know,
//! and no framework, so that whoever reads a run can compute them. Like a model, they read standardised numbers and
//! answer in them. The score of one is a [`Reference`](crate::Reference); a baseline is a variant that others are compared
//! with.

mod constant;
mod linear;
mod repetition;

use std::sync::Arc;

use slimgate_data::{Prepared, Sequence, Target, Task};

use crate::Reference;
use crate::metric::{Metric, Quantiles, Tally};

pub use constant::{mean, most_frequent_class};
pub use linear::{LinearError, LinearModel, NormalEquations};
pub use repetition::{Repetition, drift, naive, seasonal_naive};

/// The references of a task by their scores on the test set, the one that a model must beat first. A metric of quantiles
/// has none: references forecast one number. Of classes of sequences the one there is follows from the counts of an
/// evaluation; see [`Evaluation::trivial`](crate::Evaluation::trivial).
pub fn scored(data: &Prepared, metric: &Metric) -> Vec<Reference> {
    let preprocessing = Arc::new(data.preprocessing.clone());
    let score = |name: &str, answer: &dyn Fn(&Sequence) -> Option<Vec<f32>>| {
        let mut tally = Tally::new(&preprocessing, &Quantiles::new(&[]));
        for sequence in &data.test {
            add(&mut tally, &sequence.target, &answer(sequence)?);
        }
        Some(Reference { answer: name.to_owned(), score: tally.value(metric)? })
    };
    let constant = |answer: &Vec<f32>| Some(answer.clone());
    let mut references = Vec::new();
    match preprocessing.task() {
        Task::Classification => return references,
        Task::Labelling => {
            references.extend(most_frequent_class(&data.train).and_then(|class| {
                let classes = preprocessing.classes();
                let one_step = |at| f32::from(u8::from(at == class));
                let answer: Vec<f32> = (0..classes.len()).map(one_step).collect();
                score(&classes[class], &|sequence| Some(answer.repeat(sequence.features.len())))
            }));
        }
        Task::Regression => {
            let mean = mean(&data.train);
            references.extend(score("mean", &|_| constant(&mean)));
        }
        Task::Forecast => {
            let repetitions = [
                ("seasonal naive", Repetition::SeasonalNaive),
                ("naive", Repetition::Naive),
                ("drift", Repetition::Drift),
            ];
            for (name, repetition) in repetitions {
                references.extend(score(name, &|window| repetition.forecast(window, &preprocessing)));
            }
        }
    }
    if let Ok(model) = LinearModel::fit(&data.train, &data.validation, preprocessing.outputs()) {
        references.extend(score("linear model", &|sequence| Some(model.answer(&sequence.features))));
    }
    references
}

/// Sums an answer, shaped as that of a [`LinearModel`].
fn add(tally: &mut Tally, truth: &Target, answer: &[f32]) {
    match truth {
        Target::Class(class) => tally.add_class(*class, largest(answer)),
        Target::StepClasses(classes) => {
            let of_step = answer.chunks(answer.len() / classes.len());
            let labelled = classes.iter().zip(of_step).filter_map(|(class, row)| Some(((*class)?, row)));
            labelled.for_each(|(class, row)| tally.add_class(class, largest(row)));
        }
        Target::Numbers(numbers) => tally.add_numbers(numbers, answer),
    }
}

/// The place of the largest number, the first among equals.
fn largest(row: &[f32]) -> usize {
    (0..row.len()).rev().max_by(|&one, &other| row[one].total_cmp(&row[other])).unwrap_or(0)
}
