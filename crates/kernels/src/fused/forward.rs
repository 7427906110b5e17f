//! The forward pass.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use slimgate_gates::PARTS;

use super::activation::{activate, clamp, tanh};
use super::buffer::Buffer;
use super::lanes::{AddProducts, Row, RowMut, vectors};
use super::plan::{Diagonal, InputBlock, Plan, stride};
use super::product::{Left, Packed, Right, add_product, set_product};

/// The values that the forward pass keeps for the backward pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Keep {
    /// Nothing: there is no backward pass.
    Nothing,
    /// The state before each chunk of steps, from which the rest is recomputed (gradient checkpointing).
    Checkpoints,
    /// The parts and the state of every step.
    Steps,
}

/// The states and part values of a shard of the batch over some steps, in the order computed.
///
/// Under [`Keep::Steps`] the `k`th state is the one before step `k`, and there is one more, after the last step. Under
/// [`Keep::Checkpoints`] it is the one before chunk `k`, and there are no parts.
#[derive(Debug)]
pub(super) struct States {
    /// The values of the varying parts at each step, `[part_steps, rows, stride(varying_columns)]`.
    parts: Buffer,
    /// `h` of each state, `[state_steps, rows, stride(n)]`.
    h: Buffer,
    /// `c`, likewise.
    c: Buffer,
    /// Numbers per step in `parts`.
    parts_size: usize,
    /// Numbers per state in `h`, and in `c`.
    state_size: usize,
}

/// A chunk of the steps of [`States`], to write or to read: the values of the parts at each step, and the states before
/// the first step and after each.
pub(super) struct Chunk<Values> {
    pub parts: Values,
    pub h: Values,
    pub c: Values,
}

impl States {
    /// Allocates the values of the parts for `part_steps` steps, and `state_steps` states.
    pub fn new(plan: &Plan, rows: usize, part_steps: usize, state_steps: usize) -> States {
        let parts_size = rows * stride(plan.varying_columns);
        let state_size = rows * stride(plan.operands.units);
        States {
            parts: Buffer::stale(part_steps * parts_size),
            h: Buffer::stale(state_steps * state_size),
            c: Buffer::stale(state_steps * state_size),
            parts_size,
            state_size,
        }
    }

    /// The ranges that hold the values of the parts and the states of some steps.
    fn place(&self, steps: &Range<usize>) -> [Range<usize>; 2] {
        let (width, size) = (self.parts_size, self.state_size);
        [steps.start * width..steps.end * width, steps.start * size..(steps.end + 1) * size]
    }

    pub fn chunk(&self, steps: &Range<usize>) -> Chunk<&[f32]> {
        let [parts, states] = self.place(steps);
        Chunk { parts: &self.parts[parts], h: &self.h[states.clone()], c: &self.c[states] }
    }

    pub fn chunk_mut(&mut self, steps: &Range<usize>) -> Chunk<&mut [f32]> {
        let [parts, states] = self.place(steps);
        Chunk { parts: &mut self.parts[parts], h: &mut self.h[states.clone()], c: &mut self.c[states] }
    }

    /// Sets the `k`th state.
    pub fn set(&mut self, k: usize, h: &[f32], c: &[f32]) {
        let size = self.state_size;
        self.h[k * size..][..size].copy_from_slice(h);
        self.c[k * size..][..size].copy_from_slice(c);
    }

    /// The `k`th state.
    pub fn state(&self, k: usize) -> (&[f32], &[f32]) {
        let size = self.state_size;
        (&self.h[k * size..][..size], &self.c[k * size..][..size])
    }
}

/// The weights in the form in which the forward pass reads them.
pub(super) struct Matrices<'a> {
    input: Vec<Matrix<'a>>,
    hidden: Option<Matrix<'a>>,
}

enum Matrix<'a> {
    Packed(Packed),
    InPlace(Right<'a>),
}

impl Matrix<'_> {
    fn view(&self) -> Right<'_> {
        match self {
            Matrix::Packed(packed) => packed.view(),
            Matrix::InPlace(rows) => *rows,
        }
    }
}

impl<'a> Matrices<'a> {
    pub fn new<S: Simd>(simd: S, plan: &Plan<'a>) -> Matrices<'a> {
        let operands = &plan.operands;
        // With one row, a matrix is read along its own rows.
        let matrix = |rows: usize, values: &'a [f32], depth, columns, stride| match rows {
            1 => Matrix::InPlace(Right::rows(values, depth, columns, stride)),
            _ => Matrix::Packed(Packed::new(simd, values, depth, columns, (stride, 1))),
        };
        let (batch, recurrent_columns) = (operands.batch, plan.recurrent_columns);
        let of_block = |block: &InputBlock| {
            let w = &operands.weights.input[block.weight..];
            matrix(batch * operands.steps, w, operands.x.width, block.width, plan.input_columns)
        };
        Matrices {
            input: plan.input_blocks.iter().map(of_block).collect(),
            hidden: (recurrent_columns > 0).then(|| {
                matrix(batch, operands.weights.hidden, operands.units, recurrent_columns, recurrent_columns)
            }),
        }
    }
}

/// Runs a shard, the `rows` of the batch, through all steps.
///
/// `output`, `[rows, _, n]`, receives the rows of [the packed output](crate::ops).
pub(super) fn forward_shard<S: Simd>(
    simd: S,
    plan: &Plan,
    matrices: &Matrices,
    rows: Range<usize>,
    keep: Keep,
    every_step: bool,
    output: &mut [f32],
) -> States {
    let n = plan.operands.units;
    let (count, size) = (rows.len(), rows.len() * stride(n));
    let (all_steps, chunks) = (plan.operands.steps, plan.chunks(count));
    let longest = chunks[0].len();
    let mut saved = match keep {
        Keep::Nothing => States::new(plan, count, 0, 0),
        Keep::Checkpoints => States::new(plan, count, 0, chunks.len()),
        Keep::Steps => States::new(plan, count, all_steps, all_steps + 1),
    };
    // If the steps are not kept, all chunks use the same memory.
    let mut chunk_states = (keep != Keep::Steps).then(|| States::new(plan, count, longest, longest + 1));
    let mut scratch = Scratch::new(plan, count, longest);

    let of_shard = rows.start * n..rows.end * n;
    let mut h = pad_rows(&plan.operands.h0[of_shard.clone()], n);
    let mut c = pad_rows(&plan.operands.c0[of_shard], n);
    let output_row = output.len() / count;
    for (index, steps) in chunks.into_iter().enumerate() {
        if keep == Keep::Checkpoints {
            saved.set(index, &h, &c);
        }
        let mut chunk = match &mut chunk_states {
            Some(chunk_states) => chunk_states.chunk_mut(&(0..steps.len())),
            None => saved.chunk_mut(&steps),
        };
        chunk.h[..size].copy_from_slice(&h);
        chunk.c[..size].copy_from_slice(&c);
        forward_chunk(simd, plan, matrices, &rows, &steps, &mut chunk, &mut scratch);

        h.copy_from_slice(&chunk.h[steps.len() * size..]);
        c.copy_from_slice(&chunk.c[steps.len() * size..]);
        if every_step {
            for (k, after) in steps.zip(chunk.h[size..].chunks_exact(size)) {
                for (output, h) in output.chunks_exact_mut(output_row).zip(after.chunks_exact(stride(n))) {
                    output[plan.time(k) * n..][..n].copy_from_slice(&h[..n]);
                }
            }
        }
    }
    let last = h.chunks_exact(stride(n)).zip(c.chunks_exact(stride(n)));
    for (output, (h, c)) in output.chunks_exact_mut(output_row).zip(last) {
        if !every_step {
            output[..n].copy_from_slice(&h[..n]);
        }
        output[output_row - n..].copy_from_slice(&c[..n]);
    }
    saved
}

/// Rows of `n` values, `stride(n)` apart; the padding between them is stale.
fn pad_rows(rows: &[f32], n: usize) -> Buffer {
    let mut padded = Buffer::stale(rows.len() / n * stride(n));
    for (padded, row) in padded.chunks_exact_mut(stride(n)).zip(rows.chunks_exact(n)) {
        padded[..n].copy_from_slice(row);
    }
    padded
}

/// Working memory for a chunk.
pub(super) struct Scratch {
    /// The inputs of the chunk, `[steps, rows, stride(m)]`.
    pub x: Buffer,
    /// `h'` at one step with the dropout mask applied, if there is a mask.
    masked: Buffer,
}

impl Scratch {
    pub fn new(plan: &Plan, rows: usize, steps: usize) -> Scratch {
        let masked = plan.operands.dropout.map_or(0, |_| rows * stride(plan.operands.units));
        Scratch {
            x: Buffer::stale(steps * rows * stride(plan.operands.x.width)),
            masked: Buffer::stale(masked),
        }
    }
}

/// Runs a shard through a chunk of steps, starting from its first state.
pub(super) fn forward_chunk<S: Simd>(
    simd: S,
    plan: &Plan,
    matrices: &Matrices,
    rows: &Range<usize>,
    steps: &Range<usize>,
    chunk: &mut Chunk<&mut [f32]>,
    scratch: &mut Scratch,
) {
    let (state, columns) = (stride(plan.operands.units), stride(plan.varying_columns));
    let (count, size) = (rows.len(), rows.len() * state);

    // W x + b of all steps, where kept.
    for range in &plan.without_input {
        for z in chunk.parts.chunks_exact_mut(columns) {
            z[range.clone()].copy_from_slice(&plan.biases[range.clone()]);
        }
    }
    gather_inputs(plan, rows, steps, &mut scratch.x);
    let x = Left::by_rows(&scratch.x, steps.len() * count, stride(plan.operands.x.width));
    for (block, matrix) in plan.input_blocks.iter().zip(&matrices.input) {
        let (z, biases) = (&mut chunk.parts[block.z..], &plan.biases[block.z..]);
        set_product(simd, z, columns, biases, x, matrix.view());
    }

    for (at, k) in steps.clone().enumerate() {
        let z = &mut chunk.parts[at * count * columns..][..count * columns];
        let (h_before, h_after) = chunk.h[at * size..][..2 * size].split_at_mut(size);
        let (c_before, c_after) = chunk.c[at * size..][..2 * size].split_at_mut(size);
        let h_read = match plan.operands.dropout {
            Some(mask) => {
                mask_hidden(mask, plan.operands.units, rows, h_before, &mut scratch.masked);
                &scratch.masked
            }
            None => &*h_before,
        };
        if let Some(u) = &matrices.hidden {
            add_product(simd, z, columns, Left::by_rows(h_read, count, state), u.view());
        }
        simd.vectorize(ForwardStep {
            plan,
            first_row: rows.start,
            k,
            z,
            h_read,
            before: [h_before, c_before],
            after: [h_after, c_after],
        });
    }
}

/// Multiplies `h'` of some steps of the `rows` by the dropout mask.
pub(super) fn mask_hidden(mask: &[f32], n: usize, rows: &Range<usize>, h: &[f32], masked: &mut [f32]) {
    let masks = mask[rows.start * n..rows.end * n].chunks_exact(n).cycle();
    let rows = h.chunks_exact(stride(n)).zip(masked.chunks_exact_mut(stride(n)));
    for ((h, masked), mask) in rows.zip(masks) {
        for ((masked, h), mask) in masked.iter_mut().zip(h).zip(mask) {
            *masked = h * mask;
        }
    }
}

/// Gathers the inputs of a chunk side by side, `[steps, rows, stride(m)]`.
pub(super) fn gather_inputs(plan: &Plan, rows: &Range<usize>, steps: &Range<usize>, into: &mut [f32]) {
    let x = &plan.operands.x;
    let mut gathered = into.chunks_exact_mut(stride(x.width));
    for k in steps.clone() {
        for (row, gathered) in rows.clone().zip(&mut gathered) {
            gathered[..x.width].copy_from_slice(x.row(plan.time(k), row));
        }
    }
}

/// One step of a shard: from the pre-activations, which become the values of the parts, to the next state.
struct ForwardStep<'a> {
    plan: &'a Plan<'a>,
    first_row: usize,
    /// Index of the step, in the order computed.
    k: usize,
    /// `W x + U h' + b`, `[rows, stride(varying_columns)]`.
    z: &'a mut [f32],
    /// `h'` as the gates read it: with the dropout mask applied, if there is one.
    h_read: &'a [f32],
    /// `h` and `c`.
    before: [&'a [f32]; 2],
    after: [&'a mut [f32]; 2],
}

impl WithSimd for ForwardStep<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let ForwardStep { plan, first_row, k, z, h_read, before: [h_before, c_before], after: [h, c] } = self;
        let (n, state) = (plan.operands.units, stride(plan.operands.units));
        for (r, z) in z.chunks_exact_mut(stride(plan.varying_columns)).enumerate() {
            let row = r * state..r * state + n;
            let (h, c) = (&mut h[row.clone()], &mut c[row.clone()]);
            if !plan.is_active(first_row + r, k) {
                h.copy_from_slice(&h_before[row.clone()]);
                c.copy_from_slice(&c_before[row]);
                continue;
            }
            for Diagonal { part, u } in &plan.diagonals {
                let z = &mut z[plan.part_columns[*part as usize].clone()];
                AddProducts { accumulator: z, left: u, right: &h_read[row.clone()] }.with_simd(simd);
            }
            for part in PARTS {
                if plan.fixed[part as usize].is_none() {
                    let z = &mut z[plan.part_columns[part as usize].clone()];
                    activate(simd, part, plan.spec.gate_activation, z);
                }
            }
            next_state(simd, plan.spec.clip, plan.values(z), &c_before[row], c, h);
        }
    }
}

/// `c = f ⊙ c' + i ⊙ g`, `h = o ⊙ tanh(c)`
#[inline(always)]
fn next_state<S: Simd>(
    simd: S,
    clip: Option<f32>,
    values: [&[f32]; 4],
    c_before: &[f32],
    c: &mut [f32],
    h: &mut [f32],
) {
    let n = c.len();
    let [i, f, o, g] = values;
    let (i, f, o, g) = (Row::<S>::new(i, n), Row::<S>::new(f, n), Row::<S>::new(o, n), Row::<S>::new(g, n));
    let c_before = Row::<S>::new(c_before, n);
    let (mut c, mut h) = (RowMut::<S>::new(c, n), RowMut::<S>::new(h, n));
    for at in vectors::<S>(n) {
        let carried = simd.mul_f32s(f.get(simd, at), c_before.get(simd, at));
        let mut c_next = simd.mul_add_e_f32s(i.get(simd, at), g.get(simd, at), carried);
        if let Some(clip) = clip {
            c_next = clamp(simd, c_next, -clip, clip);
        }
        c.set(simd, at, c_next);
        h.set(simd, at, simd.mul_f32s(o.get(simd, at), tanh(simd, c_next)));
    }
}
