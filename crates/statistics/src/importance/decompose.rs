//! Decomposition of a surface's variance among the axes it changes along and pairs of them.

use std::ops::Range;

use super::space::Axis;

/// A box of the space in which the surface is constant.
pub(super) struct Cell {
    /// For each axis, the range of values that it spans.
    pub ranges: Vec<Range<usize>>,
    pub score: f64,
}

/// Shares of a surface's variance.
#[derive(Clone)]
pub(super) struct Decomposition {
    /// Standard deviation over the space.
    pub sd: f64,
    /// Each axis alone, then each pair beyond the effects of its two axes.
    pub shares: Vec<(Vec<usize>, f64)>,
}

impl Decomposition {
    /// The mean over several surfaces. One without variance has no shares, and counts only in the standard deviation.
    pub fn mean(each: &[Self]) -> Self {
        let mean = |of: &dyn Fn(&Self) -> f64, among: &[&Self]| {
            among.iter().map(|one| of(one)).sum::<f64>() / among.len().max(1) as f64
        };
        let all: Vec<&Self> = each.iter().collect();
        let uneven: Vec<&Self> = each.iter().filter(|one| one.sd > 0.0).collect();
        let shares = each[0].shares.iter().enumerate();
        Self {
            sd: mean(&|one| one.sd, &all),
            shares: shares
                .map(|(at, (axes, _))| (axes.clone(), mean(&|one| one.shares[at].1, &uneven)))
                .collect(),
        }
    }
}

/// Divides the variance of a surface whose cells tile the space.
pub(super) fn decompose(axes: &[Axis], cells: &[Cell]) -> Decomposition {
    let mean: f64 = cells.iter().map(|cell| cell.score * share(axes, cell, &[])).sum();
    let variance: f64 = cells.iter().map(|cell| (cell.score - mean).powi(2) * share(axes, cell, &[])).sum();
    let of_total = |part: f64| if variance > 0.0 { part / variance } else { 0.0 };

    let main: Vec<f64> = (0..axes.len()).map(|axis| main_effect_variance(axes, cells, mean, axis)).collect();
    let mut shares: Vec<_> =
        main.iter().enumerate().map(|(axis, part)| (vec![axis], of_total(*part))).collect();
    for first in 0..axes.len() {
        for second in first + 1..axes.len() {
            let part = joint_variance(axes, cells, mean, first, second) - main[first] - main[second];
            // A tiny value below 0 is a rounding error.
            shares.push((vec![first, second], of_total(part.max(0.0))));
        }
    }
    Decomposition { sd: variance.sqrt(), shares }
}

/// The variance of the mean score along one axis.
fn main_effect_variance(axes: &[Axis], cells: &[Cell], mean: f64, axis: usize) -> f64 {
    let weights = &axes[axis].weights;
    let mut along = vec![0.0; weights.len()];
    for cell in cells {
        let part = cell.score * share(axes, cell, &[axis]);
        along[cell.ranges[axis].clone()].iter_mut().for_each(|score| *score += part);
    }
    along.iter().zip(weights).map(|(score, weight)| weight * (score - mean).powi(2)).sum()
}

/// The variance of the mean score over the plane of two axes.
fn joint_variance(axes: &[Axis], cells: &[Cell], mean: f64, first: usize, second: usize) -> f64 {
    let (rows, columns) = (&axes[first].weights, &axes[second].weights);
    // Each cell is a rectangle in the plane. Only its corners are marked, and the marks summed afterwards, because a
    // forest may have many wide cells.
    let line = columns.len() + 1;
    let mut plane = vec![0.0; (rows.len() + 1) * line];
    for cell in cells {
        let part = cell.score * share(axes, cell, &[first, second]);
        let (row, column) = (&cell.ranges[first], &cell.ranges[second]);
        plane[row.start * line + column.start] += part;
        plane[row.start * line + column.end] -= part;
        plane[row.end * line + column.start] -= part;
        plane[row.end * line + column.end] += part;
    }
    let mut above = vec![0.0; columns.len()];
    let mut variance = 0.0;
    for (marks, row) in plane.chunks(line).zip(rows) {
        let mut left = 0.0;
        for ((score, mark), column) in above.iter_mut().zip(marks).zip(columns) {
            left += mark;
            *score += left;
            variance += row * column * (*score - mean).powi(2);
        }
    }
    variance
}

/// The share of the space that a cell covers, not counting the `held` axes.
fn share(axes: &[Axis], cell: &Cell, held: &[usize]) -> f64 {
    let counted = axes.iter().zip(&cell.ranges).enumerate().filter(|(axis, _)| !held.contains(axis));
    counted.map(|(_, (axis, range))| axis.weights[range.clone()].iter().sum::<f64>()).product()
}
