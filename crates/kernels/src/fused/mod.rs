//! The recurrence on slices of numbers: one forward and one backward pass over the batch. It does the work of
//! [`crate::recurrence`] on the CPU backends, for callers that have slices instead of tensors.
//!
//! The batch is split into shards of a few rows, and each shard goes through all steps on its own, on whichever thread
//! is free; the split depends on the batch alone, and the gradients of the shards are added in order, so the result
//! does not depend on the number of threads. A shard takes its steps in chunks: the input products of a whole chunk are
//! one product, followed by the steps, with one product each for the recurrent terms; in the backward pass, the weight
//! gradients of a chunk are again one product. Terms that the cell does not keep have no columns in any of these.
//!
//! | module | holds |
//! |---|---|
//! | `plan` | the columns of each term, and the split of the work |
//! | `forward`, `backward` | the two passes |
//! | `product` | the matrix product, which takes most of the time |
//! | `activation` | logistic, hard sigmoid, tanh |
//! | `lanes`, `buffer` | rows as vectors; working memory |
//! | `instructions` | the instruction set |
//! | `memory` | the memory that the passes need |
//! | `pool` | the threads |

mod activation;
mod backward;
mod buffer;
mod forward;
mod instructions;
mod lanes;
mod memory;
mod plan;
mod pool;
mod product;

use std::sync::{Mutex, OnceLock, PoisonError};

use pulp::{Simd, WithSimd};

use crate::{Recurrence, Weights};
use backward::{OutputGradient, ShardGradients, Transposed, WeightGradients, backward_shard};
pub use forward::Keep;
use forward::{Matrices, States, forward_shard};
pub use instructions::{dispatch, instruction_set};
pub use memory::PassSizes;
use plan::Plan;
pub use plan::{Operands, TimeMajor};

/// Activations saved for the backward pass.
#[derive(Debug)]
pub struct Saved {
    shards: Vec<States>,
    keep: Keep,
}

/// The gradients of [`Operands`], laid out as these are; `x` as `[batch, steps, m]`.
pub struct Gradients {
    /// Of the inputs; empty if not requested.
    pub x: Vec<f32>,
    /// Of the weights; empty where the cell does not keep the term.
    pub weights: Weights<Vec<f32>>,
    /// Of the initial `h`.
    pub h0: Vec<f32>,
    /// Of the initial `c`.
    pub c0: Vec<f32>,
}

/// Runs the batch through all steps. Returns `[batch, steps + 1, n]`, the hidden state after each step and the final
/// cell state in a last row; without `every_step`, `[batch, 2, n]`, the final hidden state and cell state.
///
/// # Panics
///
/// If a slice is shorter than its shape, the batch is empty, or there are no steps, inputs or units.
pub fn forward(operands: Operands, spec: &Recurrence, keep: Keep, every_step: bool) -> (Vec<f32>, Saved) {
    dispatch(Forward { operands, spec, keep, every_step })
}

/// Back-propagation through time, from the gradient of the output of [`forward`]; the strides of `output` give its
/// layout.
///
/// # Panics
///
/// As [`forward`], and if `saved` is not from a forward pass of the same operands that kept something.
pub fn backward(
    operands: Operands,
    spec: &Recurrence,
    saved: &Saved,
    output: TimeMajor,
    every_step: bool,
    wants_x: bool,
) -> Gradients {
    let output = OutputGradient { rows: output, every_step };
    dispatch(Backward { operands, spec, saved, output, wants_x })
}

struct Forward<'a> {
    operands: Operands<'a>,
    spec: &'a Recurrence,
    keep: Keep,
    every_step: bool,
}

impl WithSimd for Forward<'_> {
    type Output = (Vec<f32>, Saved);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Forward { operands, spec, keep, every_step } = self;
        let plan = Plan::new(simd, operands, spec);
        let rows = if every_step { plan.operands.steps + 1 } else { 2 };
        let mut output = vec![0.0; plan.operands.batch * rows * plan.operands.units];
        let matrices = Matrices::new(simd, &plan);

        let shards = plan.shards();
        let mut rest = output.as_mut_slice();
        let outputs = shards.iter().map(|shard| take(&mut rest, shard.len() * rows * plan.operands.units));
        let jobs: Vec<_> = shards.iter().cloned().zip(outputs).collect();
        let shards = each(jobs, |(rows, output)| {
            forward_shard(simd, &plan, &matrices, rows, keep, every_step, output)
        });
        (output, Saved { shards, keep })
    }
}

struct Backward<'a> {
    operands: Operands<'a>,
    spec: &'a Recurrence,
    saved: &'a Saved,
    output: OutputGradient<'a>,
    wants_x: bool,
}

impl WithSimd for Backward<'_> {
    type Output = Gradients;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Gradients {
        let Backward { operands, spec, saved, output, wants_x } = self;
        let plan = Plan::new(simd, operands, spec);
        let Operands { steps, batch, units: n, .. } = operands;
        let row = if wants_x { steps * plan.operands.x.width } else { 0 };
        let mut x = vec![0.0; batch * row];
        let [mut h0, mut c0] = [(); 2].map(|()| vec![0.0; batch * n]);
        let matrices = (saved.keep == Keep::Checkpoints).then(|| Matrices::new(simd, &plan));
        let transposed = Transposed::new(simd, &plan, wants_x);
        assert_eq!(saved.shards.len(), plan.shards().len(), "the saved activations are from another batch");

        let (mut xs, mut h0s, mut c0s) = (x.as_mut_slice(), h0.as_mut_slice(), c0.as_mut_slice());
        let jobs = plan.shards().into_iter().zip(&saved.shards).map(|(rows, states)| {
            let gradients = ShardGradients {
                x: take(&mut xs, rows.len() * row),
                dh: take(&mut h0s, rows.len() * n),
                dc: take(&mut c0s, rows.len() * n),
            };
            (rows, states, gradients)
        });
        let of_shards = each(jobs.collect(), |(rows, states, gradients)| {
            backward_shard(simd, (&plan, &transposed), matrices.as_ref(), rows, states, output, gradients)
        });
        let weights = of_shards.into_iter().reduce(WeightGradients::plus).expect("a batch has a row");
        Gradients { x, weights: weights.map(|gradient| gradient.to_vec()), h0, c0 }
    }
}

/// Runs all jobs, on this thread and others; returns their results in order.
fn each<J: Send, R: Send + Sync>(jobs: Vec<J>, work: impl Fn(J) -> R + Sync) -> Vec<R> {
    let results: Vec<OnceLock<R>> = jobs.iter().map(|_| OnceLock::new()).collect();
    let workers = rayon::current_num_threads().min(jobs.len()).saturating_sub(1);
    let jobs = Mutex::new(jobs.into_iter().enumerate());
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
    pool::run_on_pool(workers, &|| {
        while let Some((at, job)) = next() {
            let _ = results[at].set(work(job));
        }
    });
    results.into_iter().map(|result| result.into_inner().expect("every job is done")).collect()
}

/// Splits off the first `length` values.
fn take<'a>(rest: &mut &'a mut [f32], length: usize) -> &'a mut [f32] {
    let (first, others) = std::mem::take(rest).split_at_mut(length);
    *rest = others;
    first
}
