//! Regression trees that guess the score of settings nobody tried.

use std::ops::Range;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::super::draw::below;
use super::decompose::Cell;
use super::space::Space;

/// Trees in a forest.
const TREES: usize = 64;

/// Trees whose leaves tile the space, each grown on a resample of the trials.
pub(super) struct Forest {
    pub trees: Vec<Vec<Cell>>,
    /// Share of the scores' variance that such trees foretell of trials at places that they have not seen.
    pub foretold: f64,
}

impl Forest {
    /// Grows every tree to its end: until trials of a leaf share their place or their score.
    pub fn grow(space: &Space, scores: &[f64], seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let each: Vec<Vec<usize>> = (0..scores.len()).map(|trial| vec![trial]).collect();
        let trees = (0..TREES).map(|_| tree(space, scores, &resampled(&each, &mut random))).collect();
        Self { trees, foretold: foretold(space, scores, &mut random) }
    }
}

/// Trials drawn with replacement, a group at a time.
fn resampled(groups: &[Vec<usize>], random: &mut ChaCha8Rng) -> Vec<usize> {
    groups.iter().flat_map(|_| &groups[below(random, groups.len())]).copied().collect()
}

/// The leaves of a tree that is grown on some trials.
fn tree(space: &Space, scores: &[f64], trials: &[usize]) -> Vec<Cell> {
    let whole = space.axes.iter().map(|axis| 0..axis.weights.len()).collect();
    let mut leaves = Vec::new();
    split(space, scores, trials.to_vec(), whole, &mut leaves);
    leaves
}

/// What trees foretell of trials at places that they have not seen. Places are drawn whole for it: of two seeds at one
/// place, either foretells the other.
fn foretold(space: &Space, scores: &[f64], random: &mut ChaCha8Rng) -> f64 {
    let repeats: Vec<Vec<usize>> = space.repeats().into_values().collect();
    let mut guesses = vec![(0.0, 0); scores.len()];
    for _ in 0..TREES {
        let seen = resampled(&repeats, random);
        let leaves = tree(space, scores, &seen);
        for (trial, place) in space.places.iter().enumerate() {
            if !seen.contains(&trial) {
                guesses[trial].0 += foretell(&leaves, place);
                guesses[trial].1 += 1;
            }
        }
    }
    explained(scores, &guesses)
}

/// Divides a box at the boundary that leaves the least squared error, and its halves in turn.
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
            // Error is least where the halves' means lie furthest from the whole's, weighed by their trials.
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

/// The score of the leaf that a place lies in.
fn foretell(leaves: &[Cell], place: &[usize]) -> f64 {
    let holds = |leaf: &&Cell| leaf.ranges.iter().zip(place).all(|(range, at)| range.contains(at));
    leaves.iter().find(holds).expect("leaves tile the space").score
}

/// 1 − squared error of mean guesses / squared error of the mean, over trials that were guessed at all.
fn explained(scores: &[f64], guesses: &[(f64, usize)]) -> f64 {
    let guessed: Vec<(f64, f64)> = scores
        .iter()
        .zip(guesses)
        .filter(|(_, (_, times))| *times > 0)
        .map(|(score, (sum, times))| (*score, sum / *times as f64))
        .collect();
    let mean = guessed.iter().map(|(score, _)| score).sum::<f64>() / guessed.len() as f64;
    let error: f64 = guessed.iter().map(|(score, guess)| (score - guess).powi(2)).sum();
    let spread: f64 = guessed.iter().map(|(score, _)| (score - mean).powi(2)).sum();
    if spread > 0.0 { 1.0 - error / spread } else { 0.0 }
}
