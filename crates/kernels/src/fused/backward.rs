//! The backward pass: back-propagation through time.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use slimgate_gates::{GateActivation, Part};

use super::activation::tanh;
use super::buffer::Buffer;
use super::forward::{Chunk, Matrices, Scratch, States, forward_chunk, gather_inputs, mask_hidden};
use super::lanes::{AddProducts, Row, RowMut, vectors};
use super::plan::{Diagonal, InputBlock, Plan, TimeMajor, stride};
use super::product::{Left, Packed, Right, add_product};
use crate::{Recurrence, Weights};

/// The gradients of the weights, laid out as the weights are.
pub(super) type WeightGradients = Weights<Buffer>;

impl WeightGradients {
    fn zeros(plan: &Plan) -> WeightGradients {
        let shapes = Weights::shapes(&plan.spec.cell, plan.operands.x.width, plan.operands.units);
        let counts = shapes.map_both(
            |matrix| matrix.map_or(0, |[rows, columns]| rows * columns),
            |vector| vector.map_or(0, |[length]| length),
        );
        counts.map(Buffer::zeros)
    }

    /// Adds the gradients of another shard.
    pub fn plus(self, other: WeightGradients) -> WeightGradients {
        self.zip(other).map(|(mut total, other)| {
            total.iter_mut().zip(other.iter()).for_each(|(total, other)| *total += other);
            total
        })
    }
}

/// The weights transposed, to propagate gradients from the pre-activations back to `h'` and `x`.
pub(super) struct Transposed {
    hidden: Option<Packed>,
    /// One for each of the plan's input blocks, if the gradient of the inputs is wanted.
    input: Vec<Packed>,
}

impl Transposed {
    pub fn new<S: Simd>(simd: S, plan: &Plan, wants_x: bool) -> Transposed {
        let operands = &plan.operands;
        let of_block = |block: &InputBlock| {
            let w = &operands.weights.input[block.weight..];
            Packed::new(simd, w, block.width, operands.x.width, (1, plan.input_columns))
        };
        Transposed {
            hidden: (plan.recurrent_columns > 0).then(|| {
                let columns = plan.recurrent_columns;
                Packed::new(simd, operands.weights.hidden, columns, operands.units, (1, columns))
            }),
            input: if wants_x { plan.input_blocks.iter().map(of_block).collect() } else { Vec::new() },
        }
    }
}

/// The gradient of [the packed output](crate::ops).
#[derive(Clone, Copy)]
pub(super) struct OutputGradient<'a> {
    pub rows: TimeMajor<'a>,
    pub every_step: bool,
}

/// The gradients that belong to the sequences of a shard.
///
/// `dh` and `dc` are the gradients of the state that the pass has reached: at the end of the pass, before the first
/// step, those of `h0` and `c0`.
pub(super) struct ShardGradients<'a> {
    /// `[rows, steps, m]`, or empty if not requested.
    pub x: &'a mut [f32],
    /// `[rows, n]`.
    pub dh: &'a mut [f32],
    /// `[rows, n]`.
    pub dc: &'a mut [f32],
}

/// Back-propagates through all steps of a shard, the `rows` of the batch; with `matrices`, recomputes each chunk from
/// its checkpoint.
pub(super) fn backward_shard<S: Simd>(
    simd: S,
    (plan, transposed): (&Plan, &Transposed),
    matrices: Option<&Matrices>,
    rows: Range<usize>,
    states: &States,
    output: OutputGradient,
    gradients: ShardGradients,
) -> WeightGradients {
    let (count, chunks) = (rows.len(), plan.chunks(rows.len()));
    let longest = chunks[0].len();
    let mut weight_gradients = WeightGradients::zeros(plan);
    let mut scratch = Scratch::new(plan, count, longest);
    let mut recomputed = matrices.map(|matrices| (matrices, States::new(plan, count, longest, longest + 1)));
    let mut backward = BackwardShard::new(plan, transposed, rows.clone(), longest, output, gradients);

    for (index, steps) in chunks.into_iter().enumerate().rev() {
        let past = match &mut recomputed {
            Some((matrices, recomputed)) => {
                let (h, c) = states.state(index);
                recomputed.set(0, h, c);
                let here = 0..steps.len();
                let mut chunk = recomputed.chunk_mut(&here);
                forward_chunk(simd, plan, matrices, &rows, &steps, &mut chunk, &mut scratch);
                recomputed.chunk(&here)
            }
            None => {
                gather_inputs(plan, &rows, &steps, &mut scratch.x);
                states.chunk(&steps)
            }
        };
        backward.chunk(simd, &steps, &past);
        backward.weights(simd, &scratch.x, past.h, steps.len() * count, &mut weight_gradients);
        if !backward.gradients.x.is_empty() {
            backward.inputs(simd, &steps);
        }
    }
    weight_gradients
}

/// The backward pass of a shard, chunk by chunk.
struct BackwardShard<'a> {
    plan: &'a Plan<'a>,
    transposed: &'a Transposed,
    rows: Range<usize>,
    output: OutputGradient<'a>,
    gradients: ShardGradients<'a>,
    /// The gradients of the pre-activations of all parts in a chunk, `[steps, rows, stride(4 n)]`; that of a fixed
    /// part is the gradient of its bias, if it has one.
    dz: Buffer,
    /// `h'` in a chunk with the dropout mask applied, `[steps, rows, stride(n)]`, if there is a mask.
    masked: Buffer,
    /// The gradients of the inputs of a chunk, `[steps, rows, stride(m)]`.
    x: Buffer,
}

impl<'a> BackwardShard<'a> {
    fn new(
        plan: &'a Plan<'a>,
        transposed: &'a Transposed,
        rows: Range<usize>,
        longest: usize,
        output: OutputGradient<'a>,
        gradients: ShardGradients<'a>,
    ) -> BackwardShard<'a> {
        let n = plan.operands.units;
        let depth = longest * rows.len();
        // The last row of the output is the last c; the one before it is the last h, unless there is one for each step.
        let last = if output.every_step { plan.operands.steps } else { 1 };
        let states = gradients.dh.chunks_exact_mut(n).zip(gradients.dc.chunks_exact_mut(n));
        for ((dh, dc), row) in states.zip(rows.clone()) {
            dc.copy_from_slice(output.rows.row(last, row));
            match output.every_step {
                true => dh.fill(0.0),
                false => dh.copy_from_slice(output.rows.row(0, row)),
            }
        }
        BackwardShard {
            plan,
            transposed,
            rows,
            output,
            dz: Buffer::stale(depth * stride(4 * n)),
            masked: Buffer::stale(plan.operands.dropout.map_or(0, |_| depth * stride(n))),
            x: Buffer::stale(if gradients.x.is_empty() { 0 } else { depth * stride(plan.operands.x.width) }),
            gradients,
        }
    }

    /// Back-propagates through a chunk, whose forward pass was `past`.
    fn chunk<S: Simd>(&mut self, simd: S, steps: &Range<usize>, past: &Chunk<&[f32]>) {
        let BackwardShard { plan, transposed, rows, output, gradients, .. } = self;
        let n = plan.operands.units;
        let count = rows.len();
        let [of_parts, of_dz, of_state] = [plan.varying_columns, 4 * n, n].map(|width| count * stride(width));
        let mask = plan.operands.dropout.map(|mask| &mask[rows.start * n..rows.end * n]);
        for (at, k) in steps.clone().enumerate().rev() {
            if output.every_step {
                for (dh, row) in gradients.dh.chunks_exact_mut(n).zip(rows.clone()) {
                    let of_output = output.rows.row(plan.time(k), row);
                    dh.iter_mut().zip(of_output).for_each(|(dh, of_output)| *dh += of_output);
                }
            }
            let dz = &mut self.dz[at * of_dz..][..of_dz];
            simd.vectorize(BackwardStep {
                plan,
                first_row: rows.start,
                k,
                parts: &past.parts[at * of_parts..][..of_parts],
                c_before: &past.c[at * of_state..][..of_state],
                c_after: &past.c[(at + 1) * of_state..][..of_state],
                dz,
                dh: gradients.dh,
                dc: gradients.dc,
            });

            if let Some(u) = &transposed.hidden {
                add_product(simd, gradients.dh, n, Left::by_rows(dz, count, stride(4 * n)), u.view());
            }
            // The gates read mask ⊙ h', so the mask applies to the gradient of h' too.
            if let Some(mask) = mask {
                let rows = gradients.dh.chunks_exact_mut(n).zip(mask.chunks_exact(n)).zip(rows.clone());
                for ((dh, mask), _) in rows.filter(|(_, row)| plan.is_active(*row, k)) {
                    dh.iter_mut().zip(mask).for_each(|(dh, mask)| *dh *= mask);
                }
            }
        }
    }

    /// Adds the gradients of the weights: one product each over all rows of a chunk, from its inputs and the
    /// `h'` of each.
    fn weights<S: Simd>(
        &mut self,
        simd: S,
        x: &[f32],
        h: &[f32],
        depth: usize,
        weight_gradients: &mut WeightGradients,
    ) {
        let plan = self.plan;
        let (n, columns) = (plan.operands.units, stride(4 * plan.operands.units));
        let h_read = match plan.operands.dropout {
            Some(mask) => {
                mask_hidden(mask, n, &self.rows, &h[..depth * stride(n)], &mut self.masked);
                &self.masked
            }
            None => h,
        };
        let transposed = |values, width| Left::by_columns(values, width, stride(width));
        let dz = |first: usize, width| Right::rows(&self.dz[first..], depth, width, columns);

        let recurrent = plan.recurrent_columns;
        let of_hidden = &mut weight_gradients.hidden;
        add_product(simd, of_hidden, recurrent, transposed(h_read, n), dz(0, recurrent));
        let inputs = transposed(x, plan.operands.x.width);
        for block in &plan.input_blocks {
            let of_block = &mut weight_gradients.input[block.weight..];
            add_product(simd, of_block, plan.input_columns, inputs, dz(block.z, block.width));
        }
        // A bias is multiplied by one in every row.
        let ones = Left::by_columns(&[1.0], 1, 0);
        for (total, part) in weight_gradients.bias.chunks_exact_mut(n).zip(plan.spec.cell.biased()) {
            add_product(simd, total, n, ones, dz(plan.part_columns[part as usize].start, n));
        }
        let diagonals = weight_gradients.diagonal.chunks_exact_mut(n).zip(&plan.diagonals);
        for (total, Diagonal { part, .. }) in diagonals {
            let rows = self.dz.chunks_exact(columns).zip(h_read.chunks_exact(stride(n))).take(depth);
            for (dz, h_read) in rows {
                let dz = &dz[plan.part_columns[*part as usize].clone()];
                simd.vectorize(AddProducts { accumulator: total, left: dz, right: h_read });
            }
        }
    }

    /// Sets the gradients of the inputs of a chunk.
    fn inputs<S: Simd>(&mut self, simd: S, steps: &Range<usize>) {
        let BackwardShard { plan, transposed, rows, .. } = self;
        let m = plan.operands.x.width;
        self.x.fill(0.0);
        for (block, w) in plan.input_blocks.iter().zip(&transposed.input) {
            let dz = &self.dz[block.z..];
            let dz = Left::by_rows(dz, steps.len() * rows.len(), stride(4 * plan.operands.units));
            add_product(simd, &mut self.x, stride(m), dz, w.view());
        }
        let mut computed = self.x.chunks_exact(stride(m));
        for k in steps.clone() {
            for (row, computed) in (0..rows.len()).zip(&mut computed) {
                let at = (row * plan.operands.steps + plan.time(k)) * m;
                self.gradients.x[at..at + m].copy_from_slice(&computed[..m]);
            }
        }
    }
}

/// One backward step: turns the gradients of the state after a step into those of the state before it, except for the
/// contribution through the matrix `U`; leaves those of the pre-activations in `dz`.
struct BackwardStep<'a> {
    plan: &'a Plan<'a>,
    first_row: usize,
    /// Index of the step, in the order computed.
    k: usize,
    parts: &'a [f32],
    c_before: &'a [f32],
    c_after: &'a [f32],
    dz: &'a mut [f32],
    dh: &'a mut [f32],
    dc: &'a mut [f32],
}

impl WithSimd for BackwardStep<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let BackwardStep { plan, first_row, k, parts, c_before, c_after, dz, dh, dc } = self;
        let n = plan.operands.units;
        let states = dh.chunks_exact_mut(n).zip(dc.chunks_exact_mut(n));
        for ((r, (dh, dc)), dz) in states.enumerate().zip(dz.chunks_exact_mut(stride(4 * n))) {
            if !plan.is_active(first_row + r, k) {
                dz.fill(0.0);
                continue;
            }
            let parts = &parts[r * stride(plan.varying_columns)..][..plan.varying_columns];
            let state = r * stride(n)..r * stride(n) + n;
            let states = [&c_before[state.clone()], &c_after[state]];
            let of_parts =
                dz.get_disjoint_mut(plan.part_columns.clone()).expect("parts have columns of their own");
            backward_row(simd, plan.spec, plan.values(parts), states, dh, dc, of_parts);
            for Diagonal { part, u } in &plan.diagonals {
                let dz = &dz[plan.part_columns[*part as usize].clone()];
                AddProducts { accumulator: dh, left: u, right: dz }.with_simd(simd);
            }
        }
    }
}

/// A step of one sequence: turns `dh` and `dc` into those of the step before, with `dh` starting from zero.
#[inline(always)]
fn backward_row<S: Simd>(
    simd: S,
    spec: &Recurrence,
    values: [&[f32]; 4],
    [c_before, c_after]: [&[f32]; 2],
    dh: &mut [f32],
    dc: &mut [f32],
    dz: [&mut [f32]; 4],
) {
    let n = dh.len();
    let [i, f, o, g] = values;
    let (i, f, o, g) = (Row::<S>::new(i, n), Row::<S>::new(f, n), Row::<S>::new(o, n), Row::<S>::new(g, n));
    let (c_before, c_after) = (Row::<S>::new(c_before, n), Row::<S>::new(c_after, n));
    let (mut dh_row, mut dc_row) = (RowMut::<S>::new(dh, n), RowMut::<S>::new(dc, n));
    let [dz_i, dz_f, dz_o, dz_g] = dz;
    let (mut dz_i, mut dz_f) = (RowMut::<S>::new(dz_i, n), RowMut::<S>::new(dz_f, n));
    let (mut dz_o, mut dz_g) = (RowMut::<S>::new(dz_o, n), RowMut::<S>::new(dz_g, n));
    let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
    for at in vectors::<S>(n) {
        // h = o ⊙ tanh(c)
        let (o, dh) = (o.get(simd, at), dh_row.get(simd, at));
        let c_after = c_after.get(simd, at);
        let tanh_c = tanh(simd, c_after);
        let slope = simd.negate_mul_add_e_f32s(tanh_c, tanh_c, one);
        let mut dc = simd.mul_add_e_f32s(simd.mul_f32s(dh, o), slope, dc_row.get(simd, at));
        if let Some(clip) = spec.clip {
            // `abs_f32s` would be a function call.
            let size = simd.max_f32s(c_after, simd.neg_f32s(c_after));
            let clipped = simd.greater_than_or_equal_f32s(size, simd.splat_f32s(clip));
            dc = simd.select_f32s(clipped, zero, dc);
        }

        // c = f ⊙ c' + i ⊙ g
        let (i, f, g) = (i.get(simd, at), f.get(simd, at), g.get(simd, at));
        let di = simd.mul_f32s(dc, g);
        let df = simd.mul_f32s(dc, c_before.get(simd, at));
        let d_o = simd.mul_f32s(dh, tanh_c);
        let dg = simd.mul_f32s(dc, i);
        dz_i.set(simd, at, activation_backward(simd, spec, Part::Input, i, di));
        dz_f.set(simd, at, activation_backward(simd, spec, Part::Forget, f, df));
        dz_o.set(simd, at, activation_backward(simd, spec, Part::Output, o, d_o));
        dz_g.set(simd, at, activation_backward(simd, spec, Part::Candidate, g, dg));
        dh_row.set(simd, at, zero);
        dc_row.set(simd, at, simd.mul_f32s(dc, f));
    }
}

/// The gradient of the pre-activation, from the activation's value and gradient.
#[inline(always)]
fn activation_backward<S: Simd>(
    simd: S,
    spec: &Recurrence,
    part: Part,
    value: S::f32s,
    gradient: S::f32s,
) -> S::f32s {
    let one = simd.splat_f32s(1.0);
    match (part, spec.gate_activation) {
        (Part::Candidate, _) => simd.mul_f32s(gradient, simd.negate_mul_add_e_f32s(value, value, one)),
        (_, GateActivation::Logistic) => {
            simd.mul_f32s(gradient, simd.negate_mul_add_e_f32s(value, value, value))
        }
        (_, GateActivation::HardSigmoid) => {
            let zero = simd.splat_f32s(0.0);
            let sloped = simd.mul_f32s(gradient, simd.splat_f32s(0.2));
            let above = simd.select_f32s(simd.less_than_or_equal_f32s(value, zero), zero, sloped);
            simd.select_f32s(simd.greater_than_or_equal_f32s(value, one), zero, above)
        }
    }
}
