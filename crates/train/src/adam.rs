//! Adam in one pass over each parameter.

use burn::optim::{
    Adam, AdamConfig, AdamState, AdaptiveMomentumState, LearningRate, ModuleOptimizer, Optimizer,
};
use burn::tensor::{Device, Tensor};

use crate::in_place::{self, ParameterChunk};

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;

/// Burn's Adam for parameters in the memory of this process, bit for bit and with the same state.
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
        let (time, rate) = (time + 1, rate as f32);
        // Kingma and Ba (2015), algorithm 1, with both corrections of the bias in the step size.
        let correction_2 = (1.0 - BETA_2.powi(time as i32)).sqrt();
        let correction = correction_2 / (1.0 - BETA_1.powi(time as i32));
        let epsilon = self.epsilon * correction_2;
        let state = [moment_1, moment_2];
        let (parameter, [moment_1, moment_2]) = in_place::update(parameter, state, gradient, |chunk| {
            let ParameterChunk { parameter, state: [moment_1, moment_2], gradient } = chunk;
            let moments = moment_1.iter_mut().zip(moment_2);
            for ((w, (m, v)), g) in parameter.iter().zip(moments).zip(gradient) {
                *m = *m * BETA_1 + *g * (1.0 - BETA_1);
                *v = *v * BETA_2 + *g * *g * (1.0 - BETA_2);
                *g = w - *m * correction / (v.sqrt() + epsilon) * rate;
            }
        });
        (parameter, Some(AdamState::new(AdaptiveMomentumState::new(time, moment_1, moment_2))))
    }

    fn to_device<const D: usize>(state: AdamState<D>, device: &Device) -> AdamState<D> {
        Adam::to_device(state, device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::in_place::tests::{layer, trained};

    #[test]
    fn takes_the_steps_of_burns() {
        let (layer, burns) = (layer(), AdamConfig::new().with_epsilon(1e-7).init());
        let expected = trained(layer.clone(), burns);
        assert_ne!(layer.weight.val().into_data(), expected);
        assert_eq!(trained(layer, on_cpu(1e-7)), expected);
    }
}
