//! Short names for Burn's primitive operations, to keep formulas readable.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::{Shape, Slice};

pub(super) fn add<B: Backend>(a: FloatTensor<B>, b: FloatTensor<B>) -> FloatTensor<B> {
    B::float_add(a, b)
}

/// The elementwise product `a ⊙ b`.
pub(super) fn mul<B: Backend>(a: FloatTensor<B>, b: FloatTensor<B>) -> FloatTensor<B> {
    B::float_mul(a, b)
}

/// The matrix product `a · b`.
pub(super) fn matmul<B: Backend>(a: FloatTensor<B>, b: FloatTensor<B>) -> FloatTensor<B> {
    B::float_matmul(a, b)
}

/// `1 - a`.
pub(super) fn one_minus<B: Backend>(a: FloatTensor<B>) -> FloatTensor<B> {
    B::float_add_scalar(B::float_neg(a), 1f32.into())
}

pub(super) fn reshape<B: Backend, const D: usize>(a: FloatTensor<B>, dims: [usize; D]) -> FloatTensor<B> {
    B::float_reshape(a, Shape::from(dims))
}

/// Step `t` of a `[steps, batch, width]` tensor, as `[batch, width]`.
pub(super) fn rows<B: Backend>(a: &FloatTensor<B>, t: usize) -> FloatTensor<B> {
    let [_, batch, width] = a.shape().dims();
    let step = B::float_slice(a.clone(), &[Slice::from(t..t + 1)]);
    reshape::<B, 2>(step, [batch, width])
}

/// The `block`th group of `n` columns of a matrix.
pub(super) fn columns<B: Backend>(a: &FloatTensor<B>, block: usize, n: usize) -> FloatTensor<B> {
    let [rows, _] = a.shape().dims();
    B::float_slice(a.clone(), &[Slice::from(0..rows), Slice::from(block * n..(block + 1) * n)])
}

/// Stacks `[batch, n]` steps into `[steps, batch, n]`.
pub(super) fn stack<B: Backend>(steps: Vec<FloatTensor<B>>) -> FloatTensor<B> {
    let [batch, n] = steps[0].shape().dims();
    B::float_cat(steps.into_iter().map(|step| reshape::<B, 3>(step, [1, batch, n])).collect(), 0)
}

/// Concatenates tensors along `dim`; `None` if there are none.
pub(super) fn concat<B: Backend>(blocks: Vec<FloatTensor<B>>, dim: usize) -> Option<FloatTensor<B>> {
    match blocks.len() {
        0 => None,
        1 => blocks.into_iter().next(),
        _ => Some(B::float_cat(blocks, dim)),
    }
}
