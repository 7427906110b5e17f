//! Gradient clipping by global norm.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use crate::in_place::CHUNK_LEN;

/// Scales all gradients together so that their joint L2 norm is at most `limit` (Pascanu et al. 2013). Burn clips
/// each parameter by itself, which changes the gradient's direction.
pub(crate) fn by_global_norm(
    module: &impl Module,
    mut gradients: GradientsParams,
    limit: f64,
) -> GradientsParams {
    let mut squares = Squares { gradients: &mut gradients, in_memory: 0.0, elsewhere: None };
    module.visit(&mut squares);
    match squares {
        // Stays on the device: reading the norm back would make a GPU wait at every step.
        Squares { elsewhere: Some(sum), .. } => {
            let factor = sum.sqrt().clamp_min(limit).recip() * limit;
            module.visit(&mut Scale { gradients: &mut gradients, factor });
        }
        Squares { in_memory: sum, .. } if sum.sqrt() > limit => {
            let factor = (limit / sum.sqrt()) as f32;
            module.visit(&mut ScaleInMemory { gradients: &mut gradients, factor });
        }
        // Short enough. A sum that is NaN leaves the gradients as bad as they are.
        _ => {}
    }
    gradients
}

/// The sum of the squares of all gradients.
struct Squares<'a> {
    gradients: &'a mut GradientsParams,
    /// Of those in the memory of this process.
    in_memory: f64,
    /// Of all others, where they are.
    elsewhere: Option<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else { return };
        let device = gradient.device();
        let gradient = if device == Device::flex() {
            let numbers = gradient.into_data();
            self.in_memory += sum_of_squares(numbers.as_slice().expect("gradients are of single precision"));
            Tensor::from_data(numbers, &device)
        } else {
            let square = (gradient.clone() * gradient.clone()).sum();
            self.elsewhere = Some(match self.elsewhere.take() {
                Some(sum) => sum + square,
                None => square,
            });
            gradient
        };
        self.gradients.register::<D>(param.id, gradient);
    }
}

/// In an order that depends on nothing but how many there are.
fn sum_of_squares(numbers: &[f32]) -> f64 {
    let of_chunk = |numbers: &[f32]| {
        let (blocks, rest) = numbers.as_chunks::<16>();
        let mut sums = [0.0; 16];
        for block in blocks {
            for (sum, number) in sums.iter_mut().zip(block) {
                *sum += number * number;
            }
        }
        sums.into_iter().chain(rest.iter().map(|number| number * number)).map(f64::from).sum::<f64>()
    };
    match numbers.len() {
        ..=CHUNK_LEN => of_chunk(numbers),
        _ => numbers.par_chunks(CHUNK_LEN).map(of_chunk).collect::<Vec<_>>().into_iter().sum(),
    }
}

struct Scale<'a> {
    gradients: &'a mut GradientsParams,
    factor: Tensor<1>,
}

impl ModuleVisitor for Scale<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            self.gradients.register::<D>(param.id, gradient * self.factor.clone().reshape([1; D]));
        }
    }
}

struct ScaleInMemory<'a> {
    gradients: &'a mut GradientsParams,
    factor: f32,
}

impl ModuleVisitor for ScaleInMemory<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else { return };
        let device = gradient.device();
        let mut numbers: TensorData = gradient.into_data();
        let slice = numbers.as_mut_slice::<f32>().expect("gradients are of single precision");
        let scale = |chunk: &mut [f32]| chunk.iter_mut().for_each(|g| *g *= self.factor);
        match slice.len() {
            ..=CHUNK_LEN => scale(slice),
            _ => slice.par_chunks_mut(CHUNK_LEN).for_each(scale),
        }
        self.gradients.register::<D>(param.id, Tensor::from_data(numbers, &device));
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::LinearConfig;

    use super::*;

    /// The norm over both parameters of a linear layer after clipping to `limit`, and the gradients.
    fn clipped(limit: f64) -> (f32, Vec<f32>) {
        let device = Device::flex().autodiff();
        let layer = LinearConfig::new(2, 2).init(&device);
        let x = Tensor::<2>::from_floats([[3.0, -4.0]], &device);
        let gradients = GradientsParams::from_grads(layer.forward(x).sum().backward(), &layer);
        let mut gradients = by_global_norm(&layer, gradients, limit);
        let mut all: Vec<f32> =
            gradients.remove::<2>(layer.weight.id).unwrap().into_data().try_to_vec().unwrap();
        let bias = gradients.remove::<1>(layer.bias.as_ref().unwrap().id).unwrap();
        all.extend(bias.into_data().try_to_vec::<f32>().unwrap());
        (all.iter().map(|g| g * g).sum::<f32>().sqrt(), all)
    }

    #[test]
    fn a_long_gradient_is_clipped_and_keeps_its_direction() {
        let (_, free) = clipped(1e9);
        let (norm, short) = clipped(1.0);
        assert!((norm - 1.0).abs() < 1e-5);
        let ratio = short[0] / free[0];
        assert!(free.iter().zip(&short).all(|(free, short)| (free * ratio - short).abs() < 1e-6));
    }

    #[test]
    fn a_short_gradient_stays_as_it_is() {
        let (norm, gradient) = clipped(1e9);
        assert!(
            (norm - 52f32.sqrt()).abs() < 1e-4,
            "dW is x twice, db is 1 twice: 2·25 + 2 = 52, not {norm}²"
        );
        assert_eq!(gradient[0], 3.0);
    }

    #[test]
    fn the_norm_of_many_numbers_is_theirs() {
        let numbers = vec![0.5; 2 * CHUNK_LEN + 7];
        assert_eq!(sum_of_squares(&numbers), 0.25 * numbers.len() as f64);
    }
}
