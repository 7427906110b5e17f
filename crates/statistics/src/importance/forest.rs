//! Regression trees that predict the score of untried settings.

use std::ops::Range;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::decompose::Cell;
use super::space::Space;
use crate::draw::below;

/// Number of trees in a forest.
const TREES: usize = 64;

/// Trees whose leaves tile the space, each grown on a resample of the trials.
pub(super) struct Forest {
    pub trees: Vec<Vec<Cell>>,
    /// Out-of-bag R² of such trees.
    pub oob_r2: f64,
}

impl Forest {
    /// Grows every tree fully: until the trials of each leaf share their place or their score.
    pub fn grow(space: &Space, scores: &[f64], seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let each: Vec<Vec<usize>> = (0..scores.len()).map(|trial| vec![trial]).collect();
        let trees = (0..TREES).map(|_| tree(space, scores, &resampled(&each, &mut random))).collect();
        Self { trees, oob_r2: out_of_bag_r2(space, scores, &mut random) }
    }
}

/// Trials drawn with replacement, a group at a time.
fn resampled(groups: &[Vec<usize>], random: &mut ChaCha8Rng) -> Vec<usize> {
    groups.iter().flat_map(|_| &groups[below(random, groups.len())]).copied().collect()
}

/// The leaves of a tree that is grown on the given trials.
fn tree(space: &Space, scores: &[f64], trials: &[usize]) -> Vec<Cell> {
    let whole = space.axes.iter().map(|axis| 0..axis.weights.len()).collect();
    let mut leaves = Vec::new();
    split(space, scores, trials.to_vec(), whole, &mut leaves);
    leaves
}

/// Out-of-bag R². Trials at one setting are resampled together, because either of two seeds at one setting would
/// predict the other.
fn out_of_bag_r2(space: &Space, scores: &[f64], random: &mut ChaCha8Rng) -> f64 {
    let repeats: Vec<Vec<usize>> = space.repeats().into_values().collect();
    // For each trial, the sum and the number of its predictions.
    let mut predictions = vec![(0.0, 0); scores.len()];
    for _ in 0..TREES {
        let in_bag = resampled(&repeats, random);
        let leaves = tree(space, scores, &in_bag);
        for (trial, place) in space.places.iter().enumerate() {
            if !in_bag.contains(&trial) {
                predictions[trial].0 += predict(&leaves, place);
                predictions[trial].1 += 1;
            }
        }
    }
    r_squared(scores, &predictions)
}

/// Splits a box at the boundary with the least squared error, then its halves in turn.
fn split(
    space: &Space,
    scores: &[f64],
    mut trials: Vec<usize>,
    ranges: Vec<Range<usize>>,
    leaves: &mut Vec<Cell>,
) {
    let mean = trials.iter().map(|trial| scores[*trial]).sum::<f64>() / trials.len() as f64;
    let mut best: Option<(f64, usize, usize)> = None;
    if trials.iter().any(|trial| scores[*trial] != scores[trials[0]]) {
        for axis in 0..ranges.len() {
            trials.sort_by_key(|trial| space.places[*trial][axis]);
            // The error is least where the halves' means are furthest from the overall mean, weighted by their trials.
            let (mut below, mut count) = (0.0, 0.0);
            let all = trials.len() as f64;
            for two in trials.windows(2) {
                below += scores[two[0]] - mean;
                count += 1.0;
                let (last, next) = (space.places[two[0]][axis], space.places[two[1]][axis]);
                let gain = below * below * all / (count * (all - count));
                if last != next && best.is_none_or(|(most, ..)| gain > most) {
                    best = Some((gain, axis, (last + next).div_ceil(2)));
                }
            }
        }
    }
    let Some((_, axis, at)) = best else {
        leaves.push(Cell { ranges, score: mean });
        return;
    };
    let (low, high): (Vec<usize>, Vec<usize>) =
        trials.into_iter().partition(|trial| space.places[*trial][axis] < at);
    let half = |range: Range<usize>| {
        let mut half = ranges.clone();
        half[axis] = range;
        half
    };
    split(space, scores, low, half(ranges[axis].start..at), leaves);
    split(space, scores, high, half(at..ranges[axis].end), leaves);
}

/// The score of the leaf that contains a place.
fn predict(leaves: &[Cell], place: &[usize]) -> f64 {
    let holds = |leaf: &&Cell| leaf.ranges.iter().zip(place).all(|(range, at)| range.contains(at));
    leaves.iter().find(holds).expect("leaves tile the space").score
}

/// R² of the mean predictions, over trials that were out of bag at least once: 1 − squared error / squared error of the
/// mean score.
fn r_squared(scores: &[f64], predictions: &[(f64, usize)]) -> f64 {
    let predicted: Vec<(f64, f64)> = scores
        .iter()
        .zip(predictions)
        .filter(|(_, (_, times))| *times > 0)
        .map(|(score, (sum, times))| (*score, sum / *times as f64))
        .collect();
    let mean = predicted.iter().map(|(score, _)| score).sum::<f64>() / predicted.len() as f64;
    let residual: f64 = predicted.iter().map(|(score, prediction)| (score - prediction).powi(2)).sum();
    let total: f64 = predicted.iter().map(|(score, _)| (score - mean).powi(2)).sum();
    if total > 0.0 { 1.0 - residual / total } else { 0.0 }
}
