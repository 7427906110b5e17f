//! The space that trials are spread over: each parameter an axis divided into the values tried.

use std::collections::BTreeMap;

use super::decompose::Cell;
use super::{Observation, Parameter, Scale};

/// One parameter that changes.
pub(super) struct Axis {
    pub name: String,
    /// The share of the axis that each value represents, in the order of values.
    pub weights: Vec<f64>,
}

/// Trials as places in a space of values.
pub(super) struct Space {
    pub axes: Vec<Axis>,
    /// For each trial, the index of its value on each axis.
    pub places: Vec<Vec<usize>>,
}

impl Space {
    /// The space of [usable](is_usable) trials, without parameters that never change.
    pub fn new(parameters: &[Parameter], trials: &[Observation]) -> Self {
        let mut axes = Vec::new();
        let mut places = vec![Vec::new(); trials.len()];
        for (column, parameter) in parameters.iter().enumerate() {
            let mut values: Vec<f64> = trials.iter().map(|trial| trial.values[column]).collect();
            values.sort_by(f64::total_cmp);
            values.dedup();
            if values.len() < 2 {
                continue;
            }
            for (place, trial) in places.iter_mut().zip(trials) {
                place.push(values.partition_point(|value| *value < trial.values[column]));
            }
            axes.push(Axis { name: parameter.name.clone(), weights: weights(&values, parameter.scale) });
        }
        Self { axes, places }
    }

    /// The mean score of every combination, if all were tried equally often.
    pub fn grid(&self, scores: &[f64]) -> Option<Vec<Cell>> {
        let repeats = self.repeats();
        let combinations = self.axes.iter().try_fold(1usize, |all, axis| all.checked_mul(axis.weights.len()));
        let often = repeats.values().next()?.len();
        let complete =
            Some(repeats.len()) == combinations && repeats.values().all(|cell| cell.len() == often);
        let cell = |(place, trials): (&&[usize], &Vec<usize>)| Cell {
            ranges: place.iter().map(|at| *at..*at + 1).collect(),
            score: mean(trials, scores),
        };
        complete.then(|| repeats.iter().map(cell).collect())
    }

    /// Standard deviation between trials of equal values, pooled over all such.
    pub fn repeat_sd(&self, scores: &[f64]) -> Option<f64> {
        let (mut squares, mut degrees_of_freedom) = (0.0, 0);
        for cell in self.repeats().values() {
            let mean = mean(cell, scores);
            squares += cell.iter().map(|&trial| (scores[trial] - mean).powi(2)).sum::<f64>();
            degrees_of_freedom += cell.len() - 1;
        }
        (degrees_of_freedom > 0).then(|| (squares / degrees_of_freedom as f64).sqrt())
    }

    /// The trials at each place that was tried.
    pub fn repeats(&self) -> BTreeMap<&[usize], Vec<usize>> {
        let mut repeats: BTreeMap<&[usize], Vec<usize>> = BTreeMap::new();
        for (trial, place) in self.places.iter().enumerate() {
            repeats.entry(place).or_default().push(trial);
        }
        repeats
    }
}

/// The mean score of some trials.
fn mean(trials: &[usize], scores: &[f64]) -> f64 {
    trials.iter().map(|&trial| scores[trial]).sum::<f64>() / trials.len() as f64
}

/// True if a trial has a finite score, and for each parameter a value that its scale allows.
pub(super) fn is_usable(parameters: &[Parameter], trial: &Observation) -> bool {
    let fits = |(parameter, &value): (&Parameter, &f64)| match parameter.scale {
        Scale::Linear => value.is_finite(),
        Scale::Log => value.is_finite() && value > 0.0,
        Scale::Category => value >= 0.0 && value.fract() == 0.0,
    };
    trial.values.len() == parameters.len()
        && parameters.iter().zip(&trial.values).all(fits)
        && trial.score.is_finite()
}

/// The share of its axis that each value represents. Categories share equally; a number's share reaches half-way to its
/// neighbours, and at the ends as far outward as inward, so that the steps of an even grid weigh the same.
fn weights(values: &[f64], scale: Scale) -> Vec<f64> {
    let last = values.len() - 1;
    let position = |at: usize| match scale {
        Scale::Log => values[at].ln(),
        Scale::Linear | Scale::Category => values[at],
    };
    let width = |at: usize| match (scale, at) {
        (Scale::Category, _) => 1.0,
        (_, 0) => position(1) - position(0),
        (_, at) if at == last => position(last) - position(last - 1),
        (_, at) => (position(at + 1) - position(at - 1)) / 2.0,
    };
    let widths: Vec<f64> = (0..=last).map(width).collect();
    let all: f64 = widths.iter().sum();
    widths.into_iter().map(|width| width / all).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
    }

    #[test]
    fn an_even_grid_weighs_evenly() {
        close(&weights(&[1e-4, 1e-3, 1e-2, 1e-1], Scale::Log), &[0.25; 4]);
        close(&weights(&[1.0, 2.0, 3.0, 4.0], Scale::Linear), &[0.25; 4]);
    }

    #[test]
    fn categories_weigh_evenly_whatever_their_numbers() {
        close(&weights(&[0.0, 3.0, 17.0, 18.0], Scale::Category), &[0.25; 4]);
    }

    #[test]
    fn crowded_values_share_their_weight() {
        close(&weights(&[0.0, 1.0, 4.0], Scale::Linear), &[1.0 / 6.0, 2.0 / 6.0, 3.0 / 6.0]);
    }
}
