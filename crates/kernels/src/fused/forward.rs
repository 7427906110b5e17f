//! The walk through time.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use slimgate_gates::PARTS;

use super::activation::{activate, cut, tanh};
use super::buffer::Buffer;
use super::lanes::{AddProducts, Row, RowMut, vectors};
use super::plan::{Diagonal, Plan, Run, stride};
use super::product::{Left, Packed, Right, add_product, set_product};

/// How much of the walk is kept for the walk back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Keep {
    /// Nothing: there is no walk back.
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
    /// `h` before the first step and after each, `[steps + 1, rows, stride(n)]`.
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
        let sizes = [rows * stride(plan.columns), rows * stride(plan.operands.units)];
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
        // One row reads a matrix along its own rows.
        let matrix = |rows: usize, numbers: &'a [f32], depth, columns, stride| match rows {
            1 => Matrix::InPlace(Right::rows(numbers, depth, columns, stride)),
            _ => Matrix::Packed(Packed::new(simd, numbers, depth, columns, (stride, 1))),
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
    let (count, size) = (rows.len(), rows.len() * stride(n));
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
    let mut h = spread(&plan.operands.h0[of_share.clone()], n);
    let mut c = spread(&plan.operands.c0[of_share], n);
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
    kept
}

/// Rows of `n` numbers, `stride(n)` apart.
fn spread(rows: &[f32], n: usize) -> Buffer {
    let mut spread = Buffer::stale(rows.len() / n * stride(n));
    for (spread, row) in spread.chunks_exact_mut(stride(n)).zip(rows.chunks_exact(n)) {
        spread[..n].copy_from_slice(row);
    }
    spread
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
        let seen = plan.operands.dropout.map_or(0, |_| rows * stride(plan.operands.units));
        Scratch { x: Buffer::stale(steps * rows * stride(plan.operands.x.width)), seen: Buffer::stale(seen) }
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
    let (state, columns) = (stride(plan.operands.units), stride(plan.columns));
    let (count, size) = (rows.len(), rows.len() * state);

    // W x + b of all steps, where kept.
    for place in &plan.without_input {
        for sums in stretch.parts.chunks_exact_mut(columns) {
            sums[place.clone()].copy_from_slice(&plan.biases[place.clone()]);
        }
    }
    gather_inputs(plan, rows, walked, &mut scratch.x);
    let x = Left::by_rows(&scratch.x, walked.len() * count, stride(plan.operands.x.width));
    for (run, matrix) in plan.runs.iter().zip(&matrices.input) {
        let (sums, biases) = (&mut stretch.parts[run.sum..], &plan.biases[run.sum..]);
        set_product(simd, sums, columns, biases, x, matrix.view());
    }

    for (at, k) in walked.clone().enumerate() {
        let sums = &mut stretch.parts[at * count * columns..][..count * columns];
        let (h_before, h_after) = stretch.h[at * size..][..2 * size].split_at_mut(size);
        let (c_before, c_after) = stretch.c[at * size..][..2 * size].split_at_mut(size);
        let seen = match plan.operands.dropout {
            Some(mask) => {
                see(mask, plan.operands.units, rows, h_before, &mut scratch.seen);
                &scratch.seen
            }
            None => &*h_before,
        };
        if let Some(u) = &matrices.hidden {
            add_product(simd, sums, columns, Left::by_rows(seen, count, state), u.view());
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

/// `h'` of some steps of the `rows` under the dropout mask.
pub(super) fn see(mask: &[f32], n: usize, rows: &Range<usize>, h: &[f32], seen: &mut [f32]) {
    let masks = mask[rows.start * n..rows.end * n].chunks_exact(n).cycle();
    let rows = h.chunks_exact(stride(n)).zip(seen.chunks_exact_mut(stride(n)));
    for ((h, seen), mask) in rows.zip(masks) {
        for ((seen, h), mask) in seen.iter_mut().zip(h).zip(mask) {
            *seen = h * mask;
        }
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
        let (n, state) = (plan.operands.units, stride(plan.operands.units));
        for (r, sums) in sums.chunks_exact_mut(stride(plan.columns)).enumerate() {
            let row = r * state..r * state + n;
            let (h, c) = (&mut h[row.clone()], &mut c[row.clone()]);
            if !plan.runs_at(first_row + r, k) {
                h.copy_from_slice(&h_before[row.clone()]);
                c.copy_from_slice(&c_before[row]);
                continue;
            }
            for Diagonal { part, u } in &plan.diagonals {
                let sums = &mut sums[plan.places[*part as usize].clone()];
                AddProducts { sums, left: u, right: &seen[row.clone()] }.with_simd(simd);
            }
            for part in PARTS {
                if plan.still[part as usize].is_none() {
                    let sums = &mut sums[plan.places[part as usize].clone()];
                    activate(simd, part, plan.spec.gate_activation, sums);
                }
            }
            next_state(simd, plan.spec.clip, plan.values(sums), &c_before[row], c, h);
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
            c_next = cut(simd, c_next, -clip, clip);
        }
        c.set(simd, at, c_next);
        h.set(simd, at, simd.mul_f32s(o.get(simd, at), tanh(simd, c_next)));
    }
}
