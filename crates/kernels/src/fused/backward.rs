//! The walk back: back-propagation through time.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use slimgate_gates::{PARTS, Part};

use super::activation::tanh;
use super::buffer::Buffer;
use super::forward::{Matrices, Scratch, States, Stretch, advance, gather_inputs};
use super::lanes::{load, store, vectors};
use super::plan::{Diagonal, Plan, Role, Run, Steps, stride};
use super::product::{Left, Packed, Right, add_product};
use crate::GateActivation;

/// The gradients of the weights, laid out as the weights are, but for those of the parts' sums.
pub(super) struct Totals {
    pub input: Buffer,
    pub hidden: Buffer,
    pub diagonal: Buffer,
    /// Of each part, `[4, n]`: of the sum of its terms where it moves, of its value where it is still.
    pub parts: Buffer,
}

impl Totals {
    fn zeros(plan: &Plan) -> Totals {
        let n = plan.operands.units;
        Totals {
            input: Buffer::zeros(plan.operands.x.width * plan.input_columns),
            hidden: Buffer::zeros(n * plan.recurrent),
            diagonal: Buffer::zeros(plan.operands.diagonal.len()),
            parts: Buffer::zeros(4 * n),
        }
    }

    /// Adds those of another share.
    pub fn add(&mut self, other: &Totals) {
        let pairs = [
            (&mut self.input, &other.input),
            (&mut self.hidden, &other.hidden),
            (&mut self.diagonal, &other.diagonal),
            (&mut self.parts, &other.parts),
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
        back.stretch(simd, &walked, past, &mut totals);
        back.weights(simd, &scratch.x, walked.len() * count, &mut totals);
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
    /// The gradients of the sums of terms in a stretch, `[steps, rows, stride(columns)]`.
    sums: Buffer,
    /// `h'` as the gates saw it in a stretch, `[steps, rows, stride(n)]`.
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
            sums: Buffer::stale(depth * stride(plan.columns)),
            seen: Buffer::stale(depth * stride(n)),
            x: Buffer::stale(if own.x.is_empty() { 0 } else { depth * stride(plan.operands.x.width) }),
            own,
        }
    }

    /// Walks back through a stretch.
    fn stretch<S: Simd>(
        &mut self,
        simd: S,
        walked: &Range<usize>,
        past: Stretch<&[f32]>,
        totals: &mut Totals,
    ) {
        let Back { plan, transposed, rows, output, own, .. } = self;
        let (n, columns) = (plan.operands.units, stride(plan.columns));
        let (count, size) = (rows.len(), rows.len() * n);
        let mask = plan.operands.dropout.map(|mask| &mask[rows.start * n..rows.end * n]);
        see(mask, n, &past.h[..walked.len() * size], &mut self.seen);

        for (at, k) in walked.clone().enumerate().rev() {
            if output.every_step {
                for (h, row) in own.h0.chunks_exact_mut(n).zip(rows.clone()) {
                    let given = output.rows.row(plan.time(k), row);
                    h.iter_mut().zip(given).for_each(|(h, given)| *h += given);
                }
            }
            let sums = &mut self.sums[at * count * columns..][..count * columns];
            simd.vectorize(StepBack {
                plan,
                first_row: rows.start,
                k,
                parts: &past.parts[at * count * columns..][..count * columns],
                c_before: &past.c[at * size..][..size],
                c_after: &past.c[(at + 1) * size..][..size],
                seen: &self.seen[at * count * stride(n)..][..count * stride(n)],
                sums,
                h: own.h0,
                c: own.c0,
                totals,
            });

            if let Some(u) = &transposed.hidden {
                let sums = Left { numbers: sums, rows: count, row_stride: columns, depth_stride: 1 };
                add_product(simd, own.h0, n, sums, u.view());
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

    /// Adds the gradients of the matrices: one product each over all rows of a stretch.
    fn weights<S: Simd>(&self, simd: S, x: &[f32], depth: usize, totals: &mut Totals) {
        let plan = self.plan;
        let columns = stride(plan.columns);
        let transposed =
            |numbers, width| Left { numbers, rows: width, row_stride: 1, depth_stride: stride(width) };
        let sums = Right::rows(&self.sums, depth, plan.recurrent, columns);
        let seen = transposed(&self.seen, plan.operands.units);
        add_product(simd, &mut totals.hidden, plan.recurrent, seen, sums);
        for run in &plan.runs {
            let sums = Right::rows(&self.sums[run.sum..], depth, run.width, columns);
            let x = transposed(x, plan.operands.x.width);
            add_product(simd, &mut totals.input[run.weight..], plan.input_columns, x, sums);
        }
    }

    /// Sets the gradients of the inputs of a stretch.
    fn inputs<S: Simd>(&mut self, simd: S, walked: &Range<usize>) {
        let Back { plan, transposed, rows, .. } = self;
        let m = plan.operands.x.width;
        self.x.fill(0.0);
        for (run, w) in plan.runs.iter().zip(&transposed.input) {
            let sums = Left {
                numbers: &self.sums[run.sum..],
                rows: walked.len() * rows.len(),
                row_stride: stride(plan.columns),
                depth_stride: 1,
            };
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

/// `h'` under the dropout mask, if there is one.
fn see(mask: Option<&[f32]>, n: usize, h: &[f32], seen: &mut [f32]) {
    let rows = h.chunks_exact(n).zip(seen.chunks_exact_mut(stride(n)));
    match mask {
        Some(mask) => {
            for ((h, seen), mask) in rows.zip(mask.chunks_exact(n).cycle()) {
                for ((seen, h), mask) in seen.iter_mut().zip(h).zip(mask) {
                    *seen = h * mask;
                }
            }
        }
        None => rows.for_each(|(h, seen)| seen[..n].copy_from_slice(h)),
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
    seen: &'a [f32],
    sums: &'a mut [f32],
    h: &'a mut [f32],
    c: &'a mut [f32],
    totals: &'a mut Totals,
}

impl WithSimd for StepBack<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let StepBack { plan, first_row, k, parts, c_before, c_after, seen, sums, h, c, totals } = self;
        let (n, columns) = (plan.operands.units, stride(plan.columns));
        let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
        let Totals { parts: totals, diagonal: diagonal_totals, .. } = totals;
        // Along the rows, as they lie in memory, from which much of this comes.
        for r in 0..h.len() / n {
            let sums = &mut sums[r * columns..][..columns];
            if !plan.runs_at(first_row + r, k) {
                sums.fill(0.0);
                continue;
            }
            let (h, c) = (&mut h[r * n..][..n], &mut c[r * n..][..n]);
            let (c_before, c_after) = (&c_before[r * n..][..n], &c_after[r * n..][..n]);
            let parts = &parts[r * columns..][..columns];
            let seen = &seen[r * stride(n)..][..n];
            for units in vectors::<S>(n) {
                let i = value(simd, plan, Part::Input, parts, &units);
                let f = value(simd, plan, Part::Forget, parts, &units);
                let o = value(simd, plan, Part::Output, parts, &units);
                let g = value(simd, plan, Part::Candidate, parts, &units);

                // h = o ⊙ tanh(c)
                let dh = load(simd, &h[units.clone()]);
                let c_after = load(simd, &c_after[units.clone()]);
                let tanh_c = tanh(simd, c_after);
                let slope = simd.negate_mul_add_e_f32s(tanh_c, tanh_c, one);
                let mut dc = simd.mul_add_e_f32s(simd.mul_f32s(dh, o), slope, load(simd, &c[units.clone()]));
                if let Some(clip) = plan.spec.clip {
                    let inside = simd.less_than_f32s(simd.abs_f32s(c_after), simd.splat_f32s(clip));
                    dc = simd.select_f32s(inside, dc, zero);
                }

                // c = f ⊙ c' + i ⊙ g
                let values = [i, f, o, g];
                let gradients = [
                    simd.mul_f32s(dc, g),
                    simd.mul_f32s(dc, load(simd, &c_before[units.clone()])),
                    simd.mul_f32s(dh, tanh_c),
                    simd.mul_f32s(dc, i),
                ];
                let mut through_diagonal = zero;
                for p in 0..4 {
                    let total = match &plan.roles[p] {
                        Role::Constant(_) => continue,
                        Role::Still { .. } => gradients[p],
                        Role::Moves { first, diagonal } => {
                            let dz = before_activation(simd, plan, PARTS[p], values[p], gradients[p]);
                            store(simd, &mut sums[first + units.start..first + units.end], dz);
                            if let Some(Diagonal { u, block }) = diagonal {
                                let u = load(simd, &u[units.clone()]);
                                through_diagonal = simd.mul_add_e_f32s(u, dz, through_diagonal);
                                let seen = load(simd, &seen[units.clone()]);
                                let of_diagonal = &mut diagonal_totals[block * n..][units.clone()];
                                let total = load(simd, of_diagonal);
                                store(simd, of_diagonal, simd.mul_add_e_f32s(seen, dz, total));
                            }
                            dz
                        }
                    };
                    let of_part = &mut totals[p * n..][units.clone()];
                    store(simd, of_part, simd.add_f32s(load(simd, of_part), total));
                }
                store(simd, &mut h[units.clone()], through_diagonal);
                store(simd, &mut c[units], simd.mul_f32s(dc, f));
            }
        }
    }
}

/// The value that a part had for some units.
#[inline(always)]
fn value<S: Simd>(simd: S, plan: &Plan, part: Part, row: &[f32], units: &Range<usize>) -> S::f32s {
    match &plan.roles[part as usize] {
        Role::Constant(value) => simd.splat_f32s(*value),
        Role::Still { values } => load(simd, &values[units.clone()]),
        Role::Moves { first, .. } => load(simd, &row[first + units.start..first + units.end]),
    }
}

/// The gradient before the activation, from the value and the gradient after it.
#[inline(always)]
fn before_activation<S: Simd>(
    simd: S,
    plan: &Plan,
    part: Part,
    value: S::f32s,
    gradient: S::f32s,
) -> S::f32s {
    let one = simd.splat_f32s(1.0);
    match (part, plan.spec.gate_activation) {
        (Part::Candidate, _) => simd.mul_f32s(gradient, simd.negate_mul_add_e_f32s(value, value, one)),
        (_, GateActivation::Logistic) => {
            simd.mul_f32s(gradient, simd.negate_mul_add_e_f32s(value, value, value))
        }
        (_, GateActivation::HardSigmoid) => {
            let zero = simd.splat_f32s(0.0);
            let sloped = simd.mul_f32s(gradient, simd.splat_f32s(0.2));
            let above = simd.select_f32s(simd.greater_than_f32s(value, zero), sloped, zero);
            simd.select_f32s(simd.less_than_f32s(value, one), above, zero)
        }
    }
}
