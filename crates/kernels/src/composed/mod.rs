//! The recurrence composed of Burn's own operations: the implementation that works on every backend.
//!
//! The input products of all steps are one matrix product before the loop, and the weight gradients one after it; the
//! loop computes only the terms that depend on the previous step. Steps are kept as a list of tensors and joined once,
//! because writing each into one large tensor would copy all of it every time.

mod algebra;
mod backward;
mod forward;
mod terms;
#[cfg(test)]
mod tests;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::TensorData;

use crate::ops::Arguments;
use algebra::{add, mul, one_minus, rows};

pub(crate) use backward::backward;
pub(crate) use forward::forward;

/// Activations saved for the backward pass, in the order computed.
#[derive(Clone, Debug)]
pub(crate) struct Saved<B: Backend> {
    /// `h` before each step, `[batch, n]`.
    hidden: Vec<FloatTensor<B>>,
    /// `c` before each step, and after the last.
    cell: Vec<FloatTensor<B>>,
    /// `i`, `f`, `o` and `g` of each step.
    parts: Vec<[Value<B>; 4]>,
}

/// The activation of a part at one step.
#[derive(Clone, Debug)]
enum Value<B: Backend> {
    /// A constant gate.
    Constant(f32),
    /// `[batch, n]`, or `[1, n]` where it depends on neither the sequence nor the step.
    Tensor(FloatTensor<B>),
}

impl<B: Backend> Value<B> {
    /// `self ⊙ x`.
    fn times(&self, x: FloatTensor<B>) -> FloatTensor<B> {
        match self {
            Value::Constant(1.0) => x,
            Value::Constant(value) => B::float_mul_scalar(x, (*value).into()),
            Value::Tensor(value) => mul::<B>(value.clone(), x),
        }
    }
}

/// The order in which the steps are computed, and the sequences that are still active at each.
struct TimeSteps<B: Backend> {
    count: usize,
    reverse: bool,
    /// 1 while a sequence has not ended, `[steps, batch, 1]`; absent if all have full length.
    active: Option<FloatTensor<B>>,
}

impl<B: Backend> TimeSteps<B> {
    fn new(arguments: &Arguments<B>) -> TimeSteps<B> {
        let [steps, batch, _] = arguments.x.shape().dims();
        let ragged =
            arguments.lengths.as_ref().filter(|lengths| lengths.iter().any(|&length| length < steps));
        let active = ragged.map(|lengths| {
            let at = |t: usize| lengths.iter().map(move |&length| if t < length { 1f32 } else { 0f32 });
            let data = TensorData::new((0..steps).flat_map(at).collect(), [steps, batch, 1]);
            B::float_from_data(data.convert_dtype(arguments.x.dtype()), &arguments.x.device())
        });
        TimeSteps { count: steps, reverse: arguments.spec.reverse, active }
    }

    /// The steps in the order computed.
    fn order(&self) -> Vec<usize> {
        if self.reverse { (0..self.count).rev().collect() } else { (0..self.count).collect() }
    }

    /// Masks, `[batch, 1]` each, of the sequences that take step `t` and of those that keep their state.
    fn masks(&self, t: usize) -> Option<(FloatTensor<B>, FloatTensor<B>)> {
        let active = rows::<B>(self.active.as_ref()?, t);
        Some((active.clone(), one_minus::<B>(active)))
    }
}

/// `h` with the dropout mask applied, if there is one, as the gates and the candidate read it.
fn masked<B: Backend>(h: FloatTensor<B>, arguments: &Arguments<B>) -> FloatTensor<B> {
    if arguments.drops { mul::<B>(h, arguments.dropout.clone()) } else { h }
}

/// `new` where a sequence takes the step, `old` where it keeps its state.
fn select<B: Backend>(
    masks: Option<&(FloatTensor<B>, FloatTensor<B>)>,
    new: FloatTensor<B>,
    old: FloatTensor<B>,
) -> FloatTensor<B> {
    match masks {
        None => new,
        Some((active, ended)) => add::<B>(mul::<B>(active.clone(), new), mul::<B>(ended.clone(), old)),
    }
}
