//! RMSprop in one pass over each parameter.

use burn::optim::{
    CenteredState, LearningRate, ModuleOptimizer, Optimizer, RmsProp, RmsPropConfig, RmsPropState,
    SquareAvgState,
};
use burn::tensor::{Device, Tensor};

use crate::in_place::{self, ParameterChunk};

/// Decay rate of the running mean of squared gradients (PyTorch's `alpha`).
pub(crate) const DECAY: f32 = 0.9;

/// Burn's RMSprop for parameters in the memory of this process, bit for bit and with the same state.
#[derive(Clone)]
struct OnePassRmsProp {
    epsilon: f32,
    /// For the first step, which begins the state.
    first: RmsProp,
}

/// RMSprop without momentum and weight decay on a CPU backend.
pub(crate) fn on_cpu(epsilon: f32) -> ModuleOptimizer {
    let first = RmsPropConfig::new().with_alpha(DECAY).with_momentum(0.0).with_epsilon(epsilon).build();
    OnePassRmsProp { epsilon, first }.into()
}

impl Optimizer for OnePassRmsProp {
    type State<const D: usize> = RmsPropState<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<RmsPropState<D>>,
    ) -> (Tensor<D>, Option<RmsPropState<D>>) {
        let Some(RmsPropState {
            square_avg: SquareAvgState { square_avg: mean_square, .. }, centered, ..
        }) = state
        else {
            return self.first.step(rate, parameter, gradient, None);
        };
        // It holds the mean square too; alone, that can be written where it lies.
        drop(centered);
        let (rate, epsilon) = (rate as f32, self.epsilon);
        let (parameter, [mean_square]) = in_place::update(parameter, [mean_square], gradient, |chunk| {
            let ParameterChunk { parameter, state: [mean_square], gradient } = chunk;
            // A row that no gradient reaches, such as that of an embedded word that is not in the batch, stays
            // where it is.
            const ROW: usize = 64;
            let rows = parameter.chunks(ROW).zip(mean_square.chunks_mut(ROW));
            for ((parameter, mean_square), gradient) in rows.zip(gradient.chunks_mut(ROW)) {
                if epsilon > 0.0 && gradient.iter().all(|&g| g == 0.0) {
                    mean_square.iter_mut().for_each(|v| *v *= DECAY);
                    gradient.copy_from_slice(parameter);
                    continue;
                }
                for ((w, v), g) in parameter.iter().zip(mean_square).zip(gradient) {
                    *v = *v * DECAY + *g * *g * (1.0 - DECAY);
                    *g = w - *g / (v.sqrt() + epsilon) * rate;
                }
            }
        });
        let centered = CenteredState::new(None, mean_square.clone());
        (parameter, Some(RmsPropState::new(SquareAvgState::new(mean_square), centered, None)))
    }

    fn to_device<const D: usize>(state: RmsPropState<D>, device: &Device) -> RmsPropState<D> {
        RmsProp::to_device(state, device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::in_place::tests::{layer, trained};

    #[test]
    fn takes_the_steps_of_burns() {
        let burns = RmsPropConfig::new().with_alpha(DECAY).with_momentum(0.0).with_epsilon(1e-7).init();
        let layer = layer();
        assert_eq!(trained(layer.clone(), on_cpu(1e-7)), trained(layer, burns));
    }
}
