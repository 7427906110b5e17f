//! The walk through time.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use slimgate_gates::Part;

use super::activation::{cut, hard_sigmoid, logistic, tanh};
use super::buffer::Buffer;
use super::lanes::{load, store, vectors};
use super::plan::{Plan, Role, Run, stride};
use super::product::{Left, Packed, Right, add_product};
use crate::GateActivation;

/// What the walk back needs of the way there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Keep {
    /// Nothing: there is none.
    Nothing,
    /// The state before each stretch of steps, from which the rest is computed again.
    Ends,
    /// Every step.
    Steps,
}

/// The states of a share of the batch over some steps, in the order walked.
#[derive(Debug)]
pub(super) struct States {
    /// The values of the moving parts after each step, `[steps, rows, stride(columns)]`.
    parts: Buffer,
    /// `h` before the first step and after each, `[steps + 1, rows, n]`.
    h: Buffer,
    /// `c`, likewise.
    c: Buffer,
    /// Numbers of one step of `parts`, and of `h` and `c`.
    sizes: [usize; 2],
}

/// A stretch of the steps of [`States`], to write or to read.
pub(super) struct Stretch<Numbers> {
    pub parts: Numbers,
    pub h: Numbers,
    pub c: Numbers,
}

impl States {
    /// Room for the values of `parts` steps and for `states` states.
    pub fn new(plan: &Plan, rows: usize, parts: usize, states: usize) -> States {
        let sizes = [rows * stride(plan.columns), rows * plan.operands.units];
        States {
            parts: Buffer::stale(parts * sizes[0]),
            h: Buffer::stale(states * sizes[1]),
            c: Buffer::stale(states * sizes[1]),
            sizes,
        }
    }

    /// Where the values of the parts and the states of some steps stand.
    fn place(&self, steps: &Range<usize>) -> [Range<usize>; 2] {
        let [width, size] = self.sizes;
        [steps.start * width..steps.end * width, steps.start * size..(steps.end + 1) * size]
    }

    pub fn stretch(&self, steps: &Range<usize>) -> Stretch<&[f32]> {
        let [parts, states] = self.place(steps);
        Stretch { parts: &self.parts[parts], h: &self.h[states.clone()], c: &self.c[states] }
    }

    pub fn stretch_mut(&mut self, steps: &Range<usize>) -> Stretch<&mut [f32]> {
        let [parts, states] = self.place(steps);
        Stretch { parts: &mut self.parts[parts], h: &mut self.h[states.clone()], c: &mut self.c[states] }
    }

    /// Sets the `k`th state.
    pub fn set(&mut self, k: usize, h: &[f32], c: &[f32]) {
        let size = self.sizes[1];
        self.h[k * size..][..size].copy_from_slice(h);
        self.c[k * size..][..size].copy_from_slice(c);
    }

    /// The `k`th state.
    pub fn state(&self, k: usize) -> (&[f32], &[f32]) {
        let size = self.sizes[1];
        (&self.h[k * size..][..size], &self.c[k * size..][..size])
    }
}

/// The weights in the form that the walk reads.
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
        // A few rows read a matrix so seldom that packing it would cost more than it saves.
        let matrix = |rows: usize, numbers: &'a [f32], depth, columns, stride| match rows < 4 {
            true => Matrix::InPlace(Right::rows(numbers, depth, columns, stride)),
            false => Matrix::Packed(Packed::new(simd, numbers, depth, columns, (stride, 1))),
        };
        let (batch, recurrent) = (operands.batch, plan.recurrent);
        let of_run = |run: &Run| {
            let w = &operands.input[run.weight..];
            matrix(batch * operands.steps, w, operands.x.width, run.width, plan.input_columns)
        };
        Matrices {
            input: plan.runs.iter().map(of_run).collect(),
            hidden: (recurrent > 0)
                .then(|| matrix(batch, operands.hidden, operands.units, recurrent, recurrent)),
        }
    }
}

/// Walks the `rows` of the batch through all steps.
///
/// `output`, `[rows, _, n]`, receives `h` after each step in the order of time, if `every_step`, else after
/// the last, and then the last `c`.
pub(super) fn walk<S: Simd>(
    simd: S,
    plan: &Plan,
    matrices: &Matrices,
    rows: Range<usize>,
    keep: Keep,
    every_step: bool,
    output: &mut [f32],
) -> States {
    let n = plan.operands.units;
    let (count, size) = (rows.len(), rows.len() * n);
    let (steps, stretches) = (plan.operands.steps, plan.stretches(count));
    let longest = stretches[0].len();
    let mut kept = match keep {
        Keep::Nothing => States::new(plan, count, 0, 0),
        Keep::Ends => States::new(plan, count, 0, stretches.len()),
        Keep::Steps => States::new(plan, count, steps, steps + 1),
    };
    // Where the steps are not kept, each stretch is walked in the same memory.
    let mut own = (keep != Keep::Steps).then(|| States::new(plan, count, longest, longest + 1));
    let mut scratch = Scratch::new(plan, count, longest);

    let of_share = rows.start * n..rows.end * n;
    let mut h = plan.operands.h0[of_share.clone()].to_vec();
    let mut c = plan.operands.c0[of_share].to_vec();
    let output_row = output.len() / count;
    for (index, walked) in stretches.into_iter().enumerate() {
        if keep == Keep::Ends {
            kept.set(index, &h, &c);
        }
        let mut stretch = match &mut own {
            Some(own) => own.stretch_mut(&(0..walked.len())),
            None => kept.stretch_mut(&walked),
        };
        stretch.h[..size].copy_from_slice(&h);
        stretch.c[..size].copy_from_slice(&c);
        advance(simd, plan, matrices, &rows, &walked, &mut stretch, &mut scratch);

        h.copy_from_slice(&stretch.h[walked.len() * size..]);
        c.copy_from_slice(&stretch.c[walked.len() * size..]);
        if every_step {
            for (k, after) in walked.zip(stretch.h[size..].chunks_exact(size)) {
                for (output, h) in output.chunks_exact_mut(output_row).zip(after.chunks_exact(n)) {
                    output[plan.time(k) * n..][..n].copy_from_slice(h);
                }
            }
        }
    }
    for (r, output) in output.chunks_exact_mut(output_row).enumerate() {
        let row = r * n..(r + 1) * n;
        if !every_step {
            output[..n].copy_from_slice(&h[row.clone()]);
        }
        output[output_row - n..].copy_from_slice(&c[row]);
    }
    kept
}

/// What a stretch needs besides its states.
pub(super) struct Scratch {
    /// The inputs of the stretch, `[steps, rows, stride(m)]`.
    pub x: Buffer,
    /// `h'` as the gates see it at one step, where there is dropout.
    seen: Buffer,
}

impl Scratch {
    pub fn new(plan: &Plan, rows: usize, steps: usize) -> Scratch {
        Scratch {
            x: Buffer::stale(steps * rows * stride(plan.operands.x.width)),
            seen: Buffer::stale(rows * plan.operands.units),
        }
    }
}

/// Walks a stretch from its first state.
pub(super) fn advance<S: Simd>(
    simd: S,
    plan: &Plan,
    matrices: &Matrices,
    rows: &Range<usize>,
    walked: &Range<usize>,
    stretch: &mut Stretch<&mut [f32]>,
    scratch: &mut Scratch,
) {
    let (n, columns) = (plan.operands.units, stride(plan.columns));
    let (count, size) = (rows.len(), rows.len() * n);

    // W x + b of all steps, where kept.
    for sums in stretch.parts.chunks_exact_mut(columns) {
        sums[..plan.columns].copy_from_slice(&plan.biases);
    }
    gather_inputs(plan, rows, walked, &mut scratch.x);
    for (run, matrix) in plan.runs.iter().zip(&matrices.input) {
        let x = Left {
            numbers: &scratch.x,
            rows: walked.len() * count,
            row_stride: stride(plan.operands.x.width),
            depth_stride: 1,
        };
        add_product(simd, &mut stretch.parts[run.sum..], columns, x, matrix.view());
    }

    for (at, k) in walked.clone().enumerate() {
        let sums = &mut stretch.parts[at * count * columns..][..count * columns];
        let (h_before, h_after) = stretch.h[at * size..][..2 * size].split_at_mut(size);
        let (c_before, c_after) = stretch.c[at * size..][..2 * size].split_at_mut(size);
        let seen = match plan.operands.dropout {
            Some(mask) => {
                let mask = &mask[rows.start * n..rows.end * n];
                for ((seen, h), mask) in scratch.seen.iter_mut().zip(&*h_before).zip(mask) {
                    *seen = h * mask;
                }
                &scratch.seen
            }
            None => &*h_before,
        };
        if let Some(u) = &matrices.hidden {
            let h = Left { numbers: seen, rows: count, row_stride: n, depth_stride: 1 };
            add_product(simd, sums, columns, h, u.view());
        }
        simd.vectorize(Step {
            plan,
            first_row: rows.start,
            k,
            sums,
            seen,
            before: [h_before, c_before],
            after: [h_after, c_after],
        });
    }
}

/// The inputs of a stretch side by side.
pub(super) fn gather_inputs(plan: &Plan, rows: &Range<usize>, walked: &Range<usize>, into: &mut [f32]) {
    let x = &plan.operands.x;
    let mut gathered = into.chunks_exact_mut(stride(x.width));
    for k in walked.clone() {
        for (row, gathered) in rows.clone().zip(&mut gathered) {
            gathered[..x.width].copy_from_slice(x.row(plan.time(k), row));
        }
    }
}

/// One step of a share: from the sums of its terms, which become the values of its parts, to the next state.
struct Step<'a> {
    plan: &'a Plan<'a>,
    first_row: usize,
    /// Which step of the walk.
    k: usize,
    sums: &'a mut [f32],
    seen: &'a [f32],
    /// `h` and `c`.
    before: [&'a [f32]; 2],
    after: [&'a mut [f32]; 2],
}

impl WithSimd for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Step { plan, first_row, k, sums, seen, before: [h_before, c_before], after: [h, c] } = self;
        let n = plan.operands.units;
        for (r, sums) in sums.chunks_exact_mut(stride(plan.columns)).enumerate() {
            let row = r * n..(r + 1) * n;
            if !plan.runs_at(first_row + r, k) {
                h[row.clone()].copy_from_slice(&h_before[row.clone()]);
                c[row.clone()].copy_from_slice(&c_before[row]);
                continue;
            }
            let (h, c) = (&mut h[row.clone()], &mut c[row.clone()]);
            let (seen, c_before) = (&seen[row.clone()], &c_before[row]);
            for units in vectors::<S>(n) {
                let i = value(simd, plan, Part::Input, sums, seen, &units);
                let f = value(simd, plan, Part::Forget, sums, seen, &units);
                let o = value(simd, plan, Part::Output, sums, seen, &units);
                let g = value(simd, plan, Part::Candidate, sums, seen, &units);

                // c = f ⊙ c' + i ⊙ g, h = o ⊙ tanh(c)
                let carried = simd.mul_f32s(f, load(simd, &c_before[units.clone()]));
                let mut c_next = simd.mul_add_e_f32s(i, g, carried);
                if let Some(clip) = plan.spec.clip {
                    c_next = cut(simd, c_next, -clip, clip);
                }
                store(simd, &mut c[units.clone()], c_next);
                store(simd, &mut h[units], simd.mul_f32s(o, tanh(simd, c_next)));
            }
        }
    }
}

/// The value of a part for some units, left in the place of its sums.
#[inline(always)]
fn value<S: Simd>(
    simd: S,
    plan: &Plan,
    part: Part,
    sums: &mut [f32],
    seen: &[f32],
    units: &Range<usize>,
) -> S::f32s {
    match &plan.roles[part as usize] {
        Role::Constant(value) => simd.splat_f32s(*value),
        Role::Still { values } => load(simd, &values[units.clone()]),
        Role::Moves { first, diagonal } => {
            let sums = &mut sums[first + units.start..first + units.end];
            let mut sum = load(simd, sums);
            if let Some(diagonal) = diagonal {
                let u = load(simd, &diagonal.u[units.clone()]);
                sum = simd.mul_add_e_f32s(u, load(simd, &seen[units.clone()]), sum);
            }
            let value = match (part, plan.spec.gate_activation) {
                (Part::Candidate, _) => tanh(simd, sum),
                (_, GateActivation::Logistic) => logistic(simd, sum),
                (_, GateActivation::HardSigmoid) => hard_sigmoid(simd, sum),
            };
            store(simd, sums, value);
            value
        }
    }
}
