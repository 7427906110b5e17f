//! One pass over the numbers of a parameter, its optimizer's state and its gradient, where they lie in the memory
//! of this process.
//!
//! Burn makes an optimizer's step of a dozen operations, each a pass over memory. With an embedding that took most
//! of a training step.

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

/// Numbers of one task: fewer are not worth waking a thread for.
pub(crate) const TASK: usize = 100_000;

/// Updates tensors of one shape by `update`, which gets the same stretch of each, with that of the gradient.
pub(crate) fn update<const D: usize, const N: usize>(
    tensors: [Tensor<D>; N],
    gradient: Tensor<D>,
    update: impl Fn([&mut [f32]; N], &[f32]) + Sync,
) -> [Tensor<D>; N] {
    let device = gradient.device();
    let gradient = gradient.into_data();
    let mut numbers = tensors.map(Tensor::into_data);
    let mut rests = numbers.each_mut().map(|numbers| numbers.as_mut_slice().expect("single precision"));
    let mut tasks = Vec::new();
    for gradient in gradient.as_slice().expect("single precision").chunks(TASK) {
        let stretches = rests.each_mut().map(|rest| {
            let (stretch, others) = std::mem::take(rest).split_at_mut(gradient.len());
            *rest = others;
            stretch
        });
        tasks.push((stretches, gradient));
    }
    // Handing even one task to the pool would cost the time of a small one.
    match tasks.len() {
        1 => tasks.into_iter().for_each(|(stretches, gradient)| update(stretches, gradient)),
        _ => tasks.into_par_iter().for_each(|(stretches, gradient)| update(stretches, gradient)),
    }
    numbers.map(|numbers: TensorData| Tensor::from_data(numbers, &device))
}

#[cfg(test)]
pub(crate) mod tests {
    use burn::nn::{Linear, LinearConfig};
    use burn::optim::{GradientsParams, ModuleOptimizer};
    use burn::tensor::Device;

    use super::*;

    pub fn device() -> Device {
        Device::flex().autodiff()
    }

    /// A layer of more numbers than one task has.
    pub fn layer() -> Linear {
        LinearConfig::new(300, 700).init(&device())
    }

    /// The layer's weights after some steps, at each of which half of its inputs are zero, and so are the
    /// gradients of their weights.
    pub fn trained(mut layer: Linear, mut optimizer: ModuleOptimizer) -> TensorData {
        for step in 0..7 {
            let of_input = |input| match (input + step) % 2 {
                0 => 0.0,
                _ => 0.3 * step as f32 - 0.7,
            };
            let x = (0..600).map(|at| of_input(at % 300)).collect::<Vec<f32>>();
            let x = Tensor::<2>::from_data(TensorData::new(x, [2, 300]), &device());
            let gradients =
                GradientsParams::from_grads(layer.forward(x).powi_scalar(2).mean().backward(), &layer);
            layer = optimizer.step(0.01, layer, gradients);
        }
        layer.weight.val().into_data()
    }
}
