//! The work of a call, and the layout of its data.

use std::ops::Range;

use pulp::Simd;
use slimgate_gates::{Gate, PARTS, Part};

use super::activation::activate;
use super::buffer::LINE;
use crate::{Recurrence, Weights};

/// A strided `[steps, batch, width]` tensor whose rows are contiguous.
#[derive(Clone, Copy)]
pub struct TimeMajor<'a> {
    /// Starting with those of the first step and row.
    pub values: &'a [f32],
    /// Distance from one step to the next.
    pub step_stride: usize,
    /// Distance from one row of the batch to the next.
    pub row_stride: usize,
    /// Values of one row at one step.
    pub width: usize,
}

impl<'a> TimeMajor<'a> {
    pub(super) fn row(&self, step: usize, row: usize) -> &'a [f32] {
        &self.values[step * self.step_stride + row * self.row_stride..][..self.width]
    }
}

/// The operands of the operation as slices; see [`Weights::shapes`] for the shapes of the weights. Those of terms
/// that the cell does not keep are not read.
#[derive(Clone, Copy)]
pub struct Operands<'a> {
    /// The inputs, at least one value wide.
    pub x: TimeMajor<'a>,
    /// The weights.
    pub weights: Weights<&'a [f32]>,
    /// The initial `h`, `[batch, n]`.
    pub h0: &'a [f32],
    /// The initial `c`, `[batch, n]`.
    pub c0: &'a [f32],
    /// The mask on `h'`, `[batch, n]`.
    pub dropout: Option<&'a [f32]>,
    /// The length of each sequence; see [`crate::Sequences::lengths`].
    pub lengths: Option<&'a [usize]>,
    /// Steps per sequence.
    pub steps: usize,
    /// Number of sequences, at least one.
    pub batch: usize,
    /// Number of hidden units.
    pub units: usize,
}

/// A vector term `u ⊙ h'` of a part.
pub(super) struct Diagonal<'a> {
    pub part: Part,
    pub u: &'a [f32],
}

/// Adjacent columns of `W` whose pre-activations are adjacent too: one product serves them all.
pub(super) struct InputBlock {
    /// First column of `W`.
    pub weight: usize,
    /// First column of the pre-activations.
    pub z: usize,
    pub width: usize,
}

/// The operands, with the order of the columns of the pre-activations `z`: first the parts that read the hidden units
/// through a matrix, in the order of `U`, then the other varying parts, then the fixed ones. A part varies if it reads
/// the input or the hidden units; otherwise it is fixed, the same at every step of every sequence.
///
/// For the cell `i=xhb,f=d,o=b`, whose candidate `g` is `xhb`, with `n` hidden units:
///
/// ```text
///         i       g       f       o
/// z   |-------|-------|-------|-------|
///     0       n      2n      3n      4n
///     <--------------->                  recurrent_columns = 2n, to which U h' is added
///     <----------------------->          varying_columns = 3n, computed at every step
///                             <------->  fixed: in dz only, for the gradient of the bias
/// ```
pub(super) struct Plan<'a> {
    pub operands: Operands<'a>,
    pub spec: &'a Recurrence,
    /// The columns of each part; those of fixed parts exist in the backward pass only, in `dz`.
    pub part_columns: [Range<usize>; 4],
    /// The values of the fixed parts, one per unit, from the bias alone or from the description.
    pub fixed: [Option<Vec<f32>>; 4],
    pub diagonals: Vec<Diagonal<'a>>,
    /// Number of columns of the varying parts.
    pub varying_columns: usize,
    /// Number of those columns that `U` adds to.
    pub recurrent_columns: usize,
    /// Number of columns of `W`.
    pub input_columns: usize,
    pub input_blocks: Vec<InputBlock>,
    /// Columns of the varying parts that do not read the input.
    pub without_input: Vec<Range<usize>>,
    /// The biases of the varying parts, as columns of `z`.
    pub biases: Vec<f32>,
}

impl<'a> Plan<'a> {
    #[inline(always)]
    pub fn new<S: Simd>(simd: S, operands: Operands<'a>, spec: &'a Recurrence) -> Plan<'a> {
        assert!(operands.x.width > 0, "each step must have at least one input");
        let (cell, n) = (&spec.cell, operands.units);
        let kept = Weights::parts(cell);
        let varies = |part: &Part| {
            [&kept.input, &kept.hidden, &kept.diagonal].iter().any(|parts| parts.contains(part))
        };
        let others = || PARTS.into_iter().filter(|part| !kept.hidden.contains(part));
        let mut order = kept.hidden.clone();
        order.extend(others().filter(&varies));
        let varying_columns = order.len() * n;
        order.extend(others().filter(|part| !varies(part)));

        let block = |part: Part, among: &[Part]| among.iter().position(|&other| other == part);
        let columns_of = |block: usize| block * n..(block + 1) * n;
        let part_columns =
            PARTS.map(|part| columns_of(block(part, &order).expect("every part has its columns")));
        let bias =
            |part: Part| block(part, &kept.bias).map(|block| &operands.weights.bias[columns_of(block)]);
        let mut fixed = [const { None }; 4];
        for part in PARTS {
            let values = match (cell.gate(part), bias(part)) {
                (Gate::Constant(value), _) => vec![value; n],
                _ if varies(&part) => continue,
                (_, bias) => {
                    let mut values = bias.map_or_else(|| vec![0.0; n], <[f32]>::to_vec);
                    activate(simd, part, spec.gate_activation, &mut values);
                    values
                }
            };
            fixed[part as usize] = Some(values);
        }
        let mut biases = vec![0.0; varying_columns];
        for part in PARTS.into_iter().filter(&varies) {
            if let Some(bias) = bias(part) {
                biases[part_columns[part as usize].clone()].copy_from_slice(bias);
            }
        }
        let without_input = PARTS.into_iter().filter(|part| varies(part) && !kept.input.contains(part));
        let diagonals = kept.diagonal.iter().enumerate();
        let diagonals = diagonals
            .map(|(block, &part)| Diagonal { part, u: &operands.weights.diagonal[columns_of(block)] });

        Plan {
            operands,
            spec,
            diagonals: diagonals.collect(),
            varying_columns,
            recurrent_columns: kept.hidden.len() * n,
            input_columns: kept.input.len() * n,
            input_blocks: input_blocks(kept.input.iter().map(|&part| part_columns[part as usize].start), n),
            without_input: without_input.map(|part| part_columns[part as usize].clone()).collect(),
            biases,
            part_columns,
            fixed,
        }
    }

    /// The values of all parts, given a row of those of the varying parts.
    #[inline(always)]
    pub fn values<'row>(&'row self, row: &'row [f32]) -> [&'row [f32]; 4] {
        let of = |part: Part| match &self.fixed[part as usize] {
            Some(values) => values.as_slice(),
            None => &row[self.part_columns[part as usize].clone()],
        };
        [of(Part::Input), of(Part::Forget), of(Part::Output), of(Part::Candidate)]
    }

    /// The time step that is computed as the `k`th.
    pub fn time(&self, k: usize) -> usize {
        if self.spec.reverse { self.operands.steps - 1 - k } else { k }
    }

    /// True if a sequence has not ended at the `k`th step computed.
    pub fn is_active(&self, row: usize, k: usize) -> bool {
        self.operands.lengths.is_none_or(|lengths| self.time(k) < lengths[row])
    }

    /// Splits the batch into shards, each computed on its own. The split, and so the order of sums over it, depends on
    /// the batch alone. A shard's working set stays in the L2 cache.
    pub fn shards(&self) -> Vec<Range<usize>> {
        let batch = self.operands.batch;
        let count = batch.div_ceil(SHARD_ROWS);
        (0..count).map(|shard| shard * batch / count..(shard + 1) * batch / count).collect()
    }

    /// Splits the steps into chunks of about 128 rows of a shard each: deep enough for efficient products, small enough
    /// for the cache.
    pub fn chunks(&self, rows: usize) -> Vec<Range<usize>> {
        let steps = self.operands.steps;
        let length = chunk_steps(rows);
        (0..steps).step_by(length).map(|from| from..steps.min(from + length)).collect()
    }
}

/// Maximum number of rows of a shard.
pub(super) const SHARD_ROWS: usize = 16;

/// Steps per chunk of a shard of `rows` rows.
pub(super) fn chunk_steps(rows: usize) -> usize {
    (128 / rows).max(1)
}

/// Joins the parts of `W` whose pre-activations, beginning at `first_columns`, are adjacent.
fn input_blocks(first_columns: impl Iterator<Item = usize>, n: usize) -> Vec<InputBlock> {
    let mut blocks: Vec<InputBlock> = Vec::new();
    for (part, z) in first_columns.enumerate() {
        match blocks.last_mut() {
            Some(block) if block.z + block.width == z => block.width += n,
            _ => blocks.push(InputBlock { weight: part * n, z, width: n }),
        }
    }
    blocks
}

/// Row stride in numbers: a whole, odd number of cache lines, since power-of-two strides map to few cache sets
/// (conflict misses).
pub(super) fn stride(width: usize) -> usize {
    (width.div_ceil(LINE) | 1) * LINE
}
