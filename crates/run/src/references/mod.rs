//! Predictors that a run is to better, or it has learned nothing: constants, repetitions of a series, exponential smoothing,
//! and a linear model of the same inputs.
//!
//! They stand here, beside the metrics that they are scored by: they need sequences, which `statistics` does not know,
//! and no framework, so that whoever reads a run can compute them. Like a model, they read standardised numbers and
//! answer in them. The score of one is a [`Reference`](crate::Reference); a baseline is a variant that others are compared
//! with. Which of them is the trivial one, [`Evaluation::trivial`](crate::Evaluation::trivial) says.

mod constant;
mod linear;
mod repetition;
mod smoothing;

use std::sync::Arc;

use slimgate_data::{Prepared, Target, Task};

use crate::Reference;
use crate::metric::{Metric, Quantiles, Tally};

pub use constant::{mean, of_alarms, of_members, quantiles};
pub use linear::{LinearError, LinearModel, NormalEquations};
pub use repetition::{Repetition, drift, naive, seasonal_naive};
pub use smoothing::Smoothing;

const LINEAR_MODEL: &str = "linear model";
const SMOOTHING: &str = "exponential smoothing";
const SEASONAL_SMOOTHING: &str = "seasonal smoothing";

/// The names of the references that are fitted to the training part, and so are not trivial.
pub(crate) const FITTED: [&str; 3] = [SMOOTHING, SEASONAL_SMOOTHING, LINEAR_MODEL];

/// The references of a task by their scores on the test set: the trivial ones, the best first, and after them exponential
/// smoothing of forecasts and a linear model where it has a value. Where quantiles are forecast and the metric is of them,
/// all but the linear model forecast quantiles, too. Of a metric that an aim decides the linear model alone. Of classes of
/// sequences all there are follow from the counts of an evaluation.
pub fn scored(data: &Prepared, metric: &Metric, levels: &Quantiles) -> Vec<Reference> {
    let preprocessing = Arc::new(data.preprocessing.clone());
    let one_number = Quantiles::new(&[]);
    let score = |name: &str, levels: &Quantiles, answer: &dyn Fn(usize) -> Vec<f32>| {
        let mut tally = Tally::new(&preprocessing, levels);
        for (at, sequence) in data.test.iter().enumerate() {
            add(&mut tally, &sequence.target, &answer(at));
        }
        Some(Reference { answer: name.to_owned(), score: tally.value(metric)? })
    };
    let levels = if metric.is_of_quantiles() { levels } else { &one_number };
    let scores = |answers: Vec<Named>| -> Vec<Reference> {
        answers.iter().filter_map(|(name, answer)| score(name, levels, answer)).collect()
    };
    let mut references = match preprocessing.task() {
        Task::Classification => return Vec::new(),
        Task::Labelling => of_members(preprocessing.classes(), &members(data), metric),
        Task::Regression | Task::Forecast if metric.has_aim() => Vec::new(),
        Task::Regression | Task::Forecast => scores(trivial_numbers(data, levels)),
    };
    // The first among equals stays before the other.
    references.sort_by(|one, other| metric.merit(other.score).total_cmp(&metric.merit(one.score)));
    if !metric.has_aim() {
        references.extend(scores(smoothed(data, levels)));
    }
    if let Ok(model) = LinearModel::fit(&data.train, &data.validation, preprocessing.outputs()) {
        let answer = |at: usize| model.answer(&data.test[at].features);
        references.extend(score(LINEAR_MODEL, &one_number, &answer));
    }
    references
}

/// A name with the answer to each test sequence by its place.
type Named<'a> = (&'static str, Box<dyn Fn(usize) -> Vec<f32> + 'a>);

/// The predictors of numbers that look at no input, or repeat what was. With levels, they answer with quantiles.
fn trivial_numbers<'a>(data: &'a Prepared, levels: &'a Quantiles) -> Vec<Named<'a>> {
    let targets: Vec<&[f32]> = data.train.iter().filter_map(|sequence| sequence.target.numbers()).collect();
    let constant = |name, answer: Vec<f32>| -> Named<'a> { (name, Box::new(move |_| answer.clone())) };
    let mut found: Vec<Named> = Vec::new();
    if data.preprocessing.windows().is_some() {
        for (name, rule) in Repetition::NAMED {
            found.push((name, by_series(data, levels, |series| rule.of_series(series, &data.preprocessing))));
        }
    }
    match levels.levels() {
        [] => {
            found.push(constant("mean", mean(&data.train)));
            found.push(constant("median", quantiles(&targets, &[0.5])));
        }
        levels => found.push(constant("quantiles of the training part", quantiles(&targets, levels))),
    }
    found
}

/// Exponential smoothing of what is forecast, and of each step of the season where there is one.
fn smoothed<'a>(data: &'a Prepared, levels: &'a Quantiles) -> Vec<Named<'a>> {
    let Prepared { preprocessing, series, .. } = data;
    let Some(windows) = preprocessing.windows() else { return Vec::new() };
    let smoothing = |(name, season): (&'static str, usize)| -> Named<'a> {
        let model = Smoothing::fit(&series.train, preprocessing.targets().len(), season);
        (name, by_series(data, levels, |series| model.of_series(series, preprocessing)))
    };
    let seasonal = (windows.season > 1).then_some((SEASONAL_SMOOTHING, windows.season));
    std::iter::once((SMOOTHING, 1)).chain(seasonal).map(smoothing).collect()
}

/// The forecasts for the windows of the test series, to which, of each level, the quantile of their errors in the training
/// part is added, by number.
fn by_series<'a>(
    data: &Prepared,
    levels: &'a Quantiles,
    forecasts_of: impl Fn(&[Vec<f32>]) -> Vec<Vec<f32>>,
) -> Box<dyn Fn(usize) -> Vec<f32> + 'a> {
    let Prepared { preprocessing, series, .. } = data;
    let forecasts = forecasts_of(&series.test);
    if levels.levels().is_empty() {
        return Box::new(move |at| forecasts[at].clone());
    }
    let windows = forecasts_of(&series.train);
    let truths = repetition::following(&series.train, preprocessing);
    let errors: Vec<Vec<f32>> =
        truths.iter().zip(&windows).map(|(truth, answer)| minus(truth, answer)).collect();
    let offsets = quantiles(&errors.iter().map(Vec::as_slice).collect::<Vec<_>>(), levels.levels());
    let count = levels.levels().len();
    Box::new(move |at| {
        let offsets = offsets.chunks_exact(count);
        let of_number = |(number, offsets): (&f32, &'_ [f32])| {
            offsets.iter().map(|offset| number + offset).collect::<Vec<f32>>()
        };
        forecasts[at].iter().zip(offsets).flat_map(of_number).collect()
    })
}

fn minus(one: &[f32], other: &[f32]) -> Vec<f32> {
    one.iter().zip(other).map(|(one, other)| one - other).collect()
}

/// The test steps of each class.
fn members(data: &Prepared) -> Vec<u64> {
    let mut members = vec![0; data.preprocessing.classes().len()];
    for sequence in &data.test {
        if let Target::StepClasses(classes) = &sequence.target {
            classes.iter().flatten().for_each(|class| members[*class] += 1);
        }
    }
    members
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
