//! The walk back: back-propagation through time.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use slimgate_gates::Part;

use super::activation::tanh;
use super::buffer::Buffer;
use super::forward::{Matrices, Scratch, States, Stretch, advance, gather_inputs, see};
use super::lanes::{AddProducts, Row, RowMut, vectors};
use super::plan::{Diagonal, Plan, Run, Steps, stride};
use super::product::{Left, Packed, Right, add_product};
use crate::{GateActivation, Recurrence};

/// The gradients of the weights, laid out as the weights are.
pub(super) struct Totals {
    pub input: Buffer,
    pub hidden: Buffer,
    pub diagonal: Buffer,
    pub bias: Buffer,
}

impl Totals {
    fn zeros(plan: &Plan) -> Totals {
        let n = plan.operands.units;
        Totals {
            input: Buffer::zeros(plan.operands.x.width * plan.input_columns),
            hidden: Buffer::zeros(n * plan.recurrent),
            diagonal: Buffer::zeros(n * plan.diagonals.len()),
            bias: Buffer::zeros(n * plan.spec.cell.biased().len()),
        }
    }

    /// Adds those of another share.
    pub fn add(&mut self, other: &Totals) {
        let pairs = [
            (&mut self.input, &other.input),
            (&mut self.hidden, &other.hidden),
            (&mut self.diagonal, &other.diagonal),
            (&mut self.bias, &other.bias),
        ];
        for (total, other) in pairs {
            for (total, other) in total.iter_mut().zip(other.iter()) {
                *total += other;
            }
        }
    }
}

/// The weights transposed, to carry gradients from the sums to what they are the sums of.
pub(super) struct Transposed {
    hidden: Option<Packed>,
    /// One for each of the plan's runs, if the gradient of the inputs is wanted.
    input: Vec<Packed>,
}

impl Transposed {
    pub fn new<S: Simd>(simd: S, plan: &Plan, wants_x: bool) -> Transposed {
        let operands = &plan.operands;
        let of_run = |run: &Run| {
            let w = &operands.input[run.weight..];
            Packed::new(simd, w, run.width, operands.x.width, (1, plan.input_columns))
        };
        Transposed {
            hidden: (plan.recurrent > 0).then(|| {
                Packed::new(simd, operands.hidden, plan.recurrent, operands.units, (1, plan.recurrent))
            }),
            input: if wants_x { plan.runs.iter().map(of_run).collect() } else { Vec::new() },
        }
    }
}

/// The gradient of the packed output.
#[derive(Clone, Copy)]
pub(super) struct OutputGradient<'a> {
    pub rows: Steps<'a>,
    pub every_step: bool,
}

/// The gradients of a share's own arguments.
pub(super) struct Own<'a> {
    /// `[rows, steps, m]`, or nothing if nobody asks.
    pub x: &'a mut [f32],
    /// `[rows, n]`.
    pub h0: &'a mut [f32],
    /// `[rows, n]`.
    pub c0: &'a mut [f32],
}

/// Walks the `rows` of the batch back through all steps; with `matrices`, computing each stretch of them again.
pub(super) fn walk_back<S: Simd>(
    simd: S,
    (plan, transposed): (&Plan, &Transposed),
    matrices: Option<&Matrices>,
    rows: Range<usize>,
    states: &States,
    output: OutputGradient,
    own: Own,
) -> Totals {
    let (count, stretches) = (rows.len(), plan.stretches(rows.len()));
    let longest = stretches[0].len();
    let mut totals = Totals::zeros(plan);
    let mut scratch = Scratch::new(plan, count, longest);
    let mut again = matrices.map(|matrices| (matrices, States::new(plan, count, longest, longest + 1)));
    let mut back = Back::new(plan, transposed, rows.clone(), longest, output, own);

    for (index, walked) in stretches.into_iter().enumerate().rev() {
        let past = match &mut again {
            Some((matrices, again)) => {
                let (h, c) = states.state(index);
                again.set(0, h, c);
                let here = 0..walked.len();
                advance(simd, plan, matrices, &rows, &walked, &mut again.stretch_mut(&here), &mut scratch);
                again.stretch(&here)
            }
            None => {
                gather_inputs(plan, &rows, &walked, &mut scratch.x);
                states.stretch(&walked)
            }
        };
        back.stretch(simd, &walked, &past);
        back.weights(simd, &scratch.x, past.h, walked.len() * count, &mut totals);
        if !back.own.x.is_empty() {
            back.inputs(simd, &walked);
        }
    }
    totals
}

/// A share on its way back.
struct Back<'a> {
    plan: &'a Plan<'a>,
    transposed: &'a Transposed,
    rows: Range<usize>,
    output: OutputGradient<'a>,
    /// Whose `h0` and `c0` are those of the state that the walk has come to.
    own: Own<'a>,
    /// The gradients of the sums of terms of all parts in a stretch, `[steps, rows, stride(4 n)]`. The sum of a part
    /// that does not move has at most one term, its bias.
    sums: Buffer,
    /// `h'` as the gates saw it in a stretch, `[steps, rows, stride(n)]`, where there is dropout.
    seen: Buffer,
    /// The gradients of the inputs of a stretch, `[steps, rows, stride(m)]`.
    x: Buffer,
}

impl<'a> Back<'a> {
    fn new(
        plan: &'a Plan<'a>,
        transposed: &'a Transposed,
        rows: Range<usize>,
        longest: usize,
        output: OutputGradient<'a>,
        own: Own<'a>,
    ) -> Back<'a> {
        let n = plan.operands.units;
        let depth = longest * rows.len();
        // The last row of the output is the last c; the one before it the last h, unless there is one a step.
        let last = if output.every_step { plan.operands.steps } else { 1 };
        let states = own.h0.chunks_exact_mut(n).zip(own.c0.chunks_exact_mut(n));
        for ((h, c), row) in states.zip(rows.clone()) {
            c.copy_from_slice(output.rows.row(last, row));
            match output.every_step {
                true => h.fill(0.0),
                false => h.copy_from_slice(output.rows.row(0, row)),
            }
        }
        Back {
            plan,
            transposed,
            rows,
            output,
            sums: Buffer::stale(depth * stride(4 * n)),
            seen: Buffer::stale(plan.operands.dropout.map_or(0, |_| depth * stride(n))),
            x: Buffer::stale(if own.x.is_empty() { 0 } else { depth * stride(plan.operands.x.width) }),
            own,
        }
    }

    /// Walks back through a stretch.
    fn stretch<S: Simd>(&mut self, simd: S, walked: &Range<usize>, past: &Stretch<&[f32]>) {
        let Back { plan, transposed, rows, output, own, .. } = self;
        let n = plan.operands.units;
        let count = rows.len();
        let [of_parts, of_sums, of_state] = [plan.columns, 4 * n, n].map(|width| count * stride(width));
        let mask = plan.operands.dropout.map(|mask| &mask[rows.start * n..rows.end * n]);
        for (at, k) in walked.clone().enumerate().rev() {
            if output.every_step {
                for (h, row) in own.h0.chunks_exact_mut(n).zip(rows.clone()) {
                    let given = output.rows.row(plan.time(k), row);
                    h.iter_mut().zip(given).for_each(|(h, given)| *h += given);
                }
            }
            let sums = &mut self.sums[at * of_sums..][..of_sums];
            simd.vectorize(StepBack {
                plan,
                first_row: rows.start,
                k,
                parts: &past.parts[at * of_parts..][..of_parts],
                c_before: &past.c[at * of_state..][..of_state],
                c_after: &past.c[(at + 1) * of_state..][..of_state],
                sums,
                h: own.h0,
                c: own.c0,
            });

            if let Some(u) = &transposed.hidden {
                add_product(simd, own.h0, n, Left::by_rows(sums, count, stride(4 * n)), u.view());
            }
            // What h' was multiplied by on its way in, its gradient is multiplied by on its way out.
            if let Some(mask) = mask {
                let rows = own.h0.chunks_exact_mut(n).zip(mask.chunks_exact(n)).zip(rows.clone());
                for ((h, mask), _) in rows.filter(|(_, row)| plan.runs_at(*row, k)) {
                    h.iter_mut().zip(mask).for_each(|(h, mask)| *h *= mask);
                }
            }
        }
    }

    /// Adds the gradients of the weights: one product each over all rows of a stretch, from its inputs and the
    /// `h'` of each.
    fn weights<S: Simd>(&mut self, simd: S, x: &[f32], h: &[f32], depth: usize, totals: &mut Totals) {
        let plan = self.plan;
        let (n, columns) = (plan.operands.units, stride(4 * plan.operands.units));
        let seen = match plan.operands.dropout {
            Some(mask) => {
                see(mask, n, &self.rows, &h[..depth * stride(n)], &mut self.seen);
                &self.seen
            }
            None => h,
        };
        let transposed = |numbers, width| Left::by_columns(numbers, width, stride(width));
        let sums = |first: usize, width| Right::rows(&self.sums[first..], depth, width, columns);

        add_product(simd, &mut totals.hidden, plan.recurrent, transposed(seen, n), sums(0, plan.recurrent));
        let inputs = transposed(x, plan.operands.x.width);
        for run in &plan.runs {
            let of_run = &mut totals.input[run.weight..];
            add_product(simd, of_run, plan.input_columns, inputs, sums(run.sum, run.width));
        }
        // A bias is multiplied by one in every row.
        let ones = Left::by_columns(&[1.0], 1, 0);
        for (total, part) in totals.bias.chunks_exact_mut(n).zip(plan.spec.cell.biased()) {
            add_product(simd, total, n, ones, sums(plan.places[part as usize].start, n));
        }
        let diagonals = totals.diagonal.chunks_exact_mut(n).zip(&plan.diagonals);
        for (total, Diagonal { part, .. }) in diagonals {
            let sums = self.sums.chunks_exact(columns).zip(seen.chunks_exact(stride(n))).take(depth);
            for (sums, seen) in sums {
                let dz = &sums[plan.places[*part as usize].clone()];
                simd.vectorize(AddProducts { sums: total, left: dz, right: seen });
            }
        }
    }

    /// Sets the gradients of the inputs of a stretch.
    fn inputs<S: Simd>(&mut self, simd: S, walked: &Range<usize>) {
        let Back { plan, transposed, rows, .. } = self;
        let m = plan.operands.x.width;
        self.x.fill(0.0);
        for (run, w) in plan.runs.iter().zip(&transposed.input) {
            let sums = &self.sums[run.sum..];
            let sums = Left::by_rows(sums, walked.len() * rows.len(), stride(4 * plan.operands.units));
            add_product(simd, &mut self.x, stride(m), sums, w.view());
        }
        let mut computed = self.x.chunks_exact(stride(m));
        for k in walked.clone() {
            for (row, computed) in (0..rows.len()).zip(&mut computed) {
                let at = (row * plan.operands.steps + plan.time(k)) * m;
                self.own.x[at..at + m].copy_from_slice(&computed[..m]);
            }
        }
    }
}

/// One step back: turns the gradients of the state after a step, `h` and `c`, into those before it, but for
/// what comes through the matrix `U`; leaves those of the sums of terms in `sums`.
struct StepBack<'a> {
    plan: &'a Plan<'a>,
    first_row: usize,
    /// Which step of the walk.
    k: usize,
    parts: &'a [f32],
    c_before: &'a [f32],
    c_after: &'a [f32],
    sums: &'a mut [f32],
    h: &'a mut [f32],
    c: &'a mut [f32],
}

impl WithSimd for StepBack<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let StepBack { plan, first_row, k, parts, c_before, c_after, sums, h, c } = self;
        let n = plan.operands.units;
        let states = h.chunks_exact_mut(n).zip(c.chunks_exact_mut(n));
        for ((r, (h, c)), sums) in states.enumerate().zip(sums.chunks_exact_mut(stride(4 * n))) {
            if !plan.runs_at(first_row + r, k) {
                sums.fill(0.0);
                continue;
            }
            let parts = &parts[r * stride(plan.columns)..][..plan.columns];
            let state = r * stride(n)..r * stride(n) + n;
            let states = [&c_before[state.clone()], &c_after[state]];
            let dz = sums.get_disjoint_mut(plan.places.clone()).expect("parts have columns of their own");
            row_back(simd, plan.spec, plan.values(parts), states, h, c, dz);
            for Diagonal { part, u } in &plan.diagonals {
                let dz = &sums[plan.places[*part as usize].clone()];
                AddProducts { sums: h, left: u, right: dz }.with_simd(simd);
            }
        }
    }
}

/// A step of one sequence. `h` and `c` are the gradients of the state; that of `h'` starts from zero.
#[inline(always)]
fn row_back<S: Simd>(
    simd: S,
    spec: &Recurrence,
    values: [&[f32]; 4],
    [c_before, c_after]: [&[f32]; 2],
    h: &mut [f32],
    c: &mut [f32],
    dz: [&mut [f32]; 4],
) {
    let n = h.len();
    let [i, f, o, g] = values;
    let (i, f, o, g) = (Row::<S>::new(i, n), Row::<S>::new(f, n), Row::<S>::new(o, n), Row::<S>::new(g, n));
    let (c_before, c_after) = (Row::<S>::new(c_before, n), Row::<S>::new(c_after, n));
    let (mut h, mut c) = (RowMut::<S>::new(h, n), RowMut::<S>::new(c, n));
    let [dz_i, dz_f, dz_o, dz_g] = dz;
    let (mut dz_i, mut dz_f) = (RowMut::<S>::new(dz_i, n), RowMut::<S>::new(dz_f, n));
    let (mut dz_o, mut dz_g) = (RowMut::<S>::new(dz_o, n), RowMut::<S>::new(dz_g, n));
    let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
    for at in vectors::<S>(n) {
        // h = o ⊙ tanh(c)
        let (o, dh) = (o.get(simd, at), h.get(simd, at));
        let c_after = c_after.get(simd, at);
        let tanh_c = tanh(simd, c_after);
        let slope = simd.negate_mul_add_e_f32s(tanh_c, tanh_c, one);
        let mut dc = simd.mul_add_e_f32s(simd.mul_f32s(dh, o), slope, c.get(simd, at));
        if let Some(clip) = spec.clip {
            // `abs_f32s` would be a call.
            let size = simd.max_f32s(c_after, simd.neg_f32s(c_after));
            let cut = simd.greater_than_or_equal_f32s(size, simd.splat_f32s(clip));
            dc = simd.select_f32s(cut, zero, dc);
        }

        // c = f ⊙ c' + i ⊙ g
        let (i, f, g) = (i.get(simd, at), f.get(simd, at), g.get(simd, at));
        let di = simd.mul_f32s(dc, g);
        let df = simd.mul_f32s(dc, c_before.get(simd, at));
        let d_o = simd.mul_f32s(dh, tanh_c);
        let dg = simd.mul_f32s(dc, i);
        dz_i.set(simd, at, before_activation(simd, spec, Part::Input, i, di));
        dz_f.set(simd, at, before_activation(simd, spec, Part::Forget, f, df));
        dz_o.set(simd, at, before_activation(simd, spec, Part::Output, o, d_o));
        dz_g.set(simd, at, before_activation(simd, spec, Part::Candidate, g, dg));
        h.set(simd, at, zero);
        c.set(simd, at, simd.mul_f32s(dc, f));
    }
}

/// The gradient before the activation, from the value and the gradient after it.
#[inline(always)]
fn before_activation<S: Simd>(
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
