//! Adam in one pass over each parameter.

use burn::optim::{
    Adam, AdamConfig, AdamState, AdaptiveMomentumState, LearningRate, ModuleOptimizer, Optimizer,
};
use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;

/// Burn's Adam for parameters in the memory of this process, bit for bit and with the same state.
///
/// Burn makes it of a dozen operations, each a pass over memory. With an embedding that took most of a training
/// step.
#[derive(Clone)]
struct OnePassAdam {
    epsilon: f32,
    /// For the first step, which begins the state.
    first: Adam,
}

/// Adam without weight decay on a CPU backend.
pub(crate) fn on_cpu(epsilon: f32) -> ModuleOptimizer {
    let first = AdamConfig::new().with_beta_1(BETA_1).with_beta_2(BETA_2).with_epsilon(epsilon).build();
    OnePassAdam { epsilon, first }.into()
}

impl Optimizer for OnePassAdam {
    type State<const D: usize> = AdamState<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamState<D>>,
    ) -> (Tensor<D>, Option<AdamState<D>>) {
        let Some(AdamState { momentum: AdaptiveMomentumState { time, moment_1, moment_2, .. } }) = state
        else {
            return self.first.step(rate, parameter, gradient, None);
        };
        let device = parameter.device();
        let time = time + 1;
        let mut numbers = [parameter, moment_1, moment_2].map(Tensor::into_data);
        self.update(&mut numbers, &gradient.into_data(), rate as f32, time);
        let [parameter, moment_1, moment_2] = numbers.map(|numbers| Tensor::from_data(numbers, &device));
        (parameter, Some(AdamState::new(AdaptiveMomentumState::new(time, moment_1, moment_2))))
    }

    fn to_device<const D: usize>(state: AdamState<D>, device: &Device) -> AdamState<D> {
        Adam::to_device(state, device)
    }
}

impl OnePassAdam {
    /// Equations of Kingma and Ba (2015), algorithm 1, with both corrections of the bias in the step size.
    fn update(&self, numbers: &mut [TensorData; 3], gradient: &TensorData, rate: f32, time: usize) {
        let correction_2 = (1.0 - BETA_2.powi(time as i32)).sqrt();
        let correction = correction_2 / (1.0 - BETA_1.powi(time as i32));
        let epsilon = self.epsilon * correction_2;

        // One task a hundred thousand numbers: fewer are not worth waking a thread for.
        const TASK: usize = 100_000;
        let [parameter, moment_1, moment_2] = numbers.each_mut().map(|numbers| {
            numbers.as_mut_slice::<f32>().expect("parameters are of single precision").par_chunks_mut(TASK)
        });
        let gradient = gradient.as_slice::<f32>().expect("gradients are of single precision");
        parameter.zip(moment_1).zip(moment_2).zip(gradient.par_chunks(TASK)).for_each(
            |(((parameter, moment_1), moment_2), gradient)| {
                let moments = moment_1.iter_mut().zip(moment_2);
                for ((w, (m, v)), g) in parameter.iter_mut().zip(moments).zip(gradient) {
                    *m = *m * BETA_1 + g * (1.0 - BETA_1);
                    *v = *v * BETA_2 + g * g * (1.0 - BETA_2);
                    *w -= *m * correction / (v.sqrt() + epsilon) * rate;
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::nn::{Linear, LinearConfig};
    use burn::optim::GradientsParams;

    use super::*;

    /// A layer after some steps.
    fn trained(mut layer: Linear, mut optimizer: ModuleOptimizer, device: &Device) -> Vec<f32> {
        for step in 0..7 {
            let x = Tensor::<2>::full([2, 300], 0.3 * step as f32 - 0.7, device);
            let gradients =
                GradientsParams::from_grads(layer.forward(x).powi_scalar(2).mean().backward(), &layer);
            layer = optimizer.step(0.01, layer, gradients);
        }
        layer.weight.val().into_data().try_to_vec().unwrap()
    }

    #[test]
    fn takes_the_steps_of_burns() {
        let device = Device::flex().autodiff();
        // More numbers than one task has.
        let layer = LinearConfig::new(300, 700).init(&device);
        let burns = trained(layer.clone(), AdamConfig::new().with_epsilon(1e-7).init(), &device);
        assert_ne!(layer.clone().valid().weight.val().into_data().try_to_vec::<f32>().unwrap(), burns);
        assert_eq!(trained(layer, on_cpu(1e-7), &device), burns);
    }
}
