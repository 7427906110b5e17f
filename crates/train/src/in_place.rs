//! One pass over the numbers of a parameter, its optimizer's state and its gradient, where they lie in the memory
//! of this process.
//!
//! Burn makes an optimizer's step of a dozen operations, each a pass over memory. With an embedding that took most
//! of a training step.

use burn::backend::Flex;
use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

/// Numbers of one chunk: fewer are not worth waking a thread for.
pub(crate) const CHUNK_LEN: usize = 100_000;

/// A chunk of a parameter and of what belongs to it.
pub(crate) struct ParameterChunk<'a, const N: usize> {
    /// Of the parameter as it is.
    pub parameter: &'a [f32],
    /// Of the optimizer's state, to be updated.
    pub state: [&'a mut [f32]; N],
    /// Of the gradient, to be replaced by the parameter as it will be.
    pub gradient: &'a mut [f32],
}

/// The parameter and the optimizer's state after a step; `update` gets chunk by chunk.
///
/// The new parameter takes the place of the gradient: the old one is shared with the model that Burn's Learner
/// keeps during the step, so that to write it where it lies would be to copy it first.
pub(crate) fn update<const D: usize, const N: usize>(
    parameter: Tensor<D>,
    state: [Tensor<D>; N],
    gradient: Tensor<D>,
    update: impl Fn(ParameterChunk<N>) + Send + Sync,
) -> (Tensor<D>, [Tensor<D>; N]) {
    let device = gradient.device();
    let mut gradient = gradient.into_data();
    let mut state = state.map(Tensor::into_data);
    with_numbers(parameter, |parameter| {
        let mut rests = state.each_mut().map(numbers);
        let pairs = numbers(&mut gradient).chunks_mut(CHUNK_LEN).zip(parameter.chunks(CHUNK_LEN));
        let chunks = pairs.map(|(gradient, parameter)| ParameterChunk {
            parameter,
            state: rests.each_mut().map(|rest| rest.split_off_mut(..parameter.len()).expect("as many")),
            gradient,
        });
        let chunks: Vec<_> = chunks.collect();
        // Handing even one chunk to the pool would cost the time of a small one.
        match chunks.len() {
            1 => chunks.into_iter().for_each(update),
            _ => chunks.into_par_iter().for_each(update),
        }
    });
    let tensor = |numbers: TensorData| Tensor::from_data(numbers, &device);
    (tensor(gradient), state.map(tensor))
}

fn numbers(data: &mut TensorData) -> &mut [f32] {
    data.as_mut_slice().expect("single precision")
}

/// Hands a tensor's numbers in order to `read`, without a copy where the backend shows them.
fn with_numbers<const D: usize>(tensor: Tensor<D>, read: impl FnOnce(&[f32])) {
    if tensor.device() == Device::flex() {
        let tensor = tensor.try_into_primitive::<Flex>().expect("it is on flex").to_contiguous();
        read(tensor.as_slice().expect("single precision"));
    } else {
        read(tensor.into_data().as_slice().expect("single precision"));
    }
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

    /// A layer of more numbers than one chunk has.
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
