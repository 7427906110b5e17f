//! The moving average of a network's weights (Polyak and Juditsky 1992).
//!
//! At a constant learning rate the weights of single steps scatter about a valley of the loss, and so do their scores:
//! by a point of accuracy from one epoch to the next on a thousand test sequences, which is as much as other seeds do.
//! Their average lies nearer to the bottom.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use slimgate_models::Network;

/// The name before those of the parameters in training in a saved epoch whose weights are an average.
pub(crate) const IN_TRAINING: &str = "in_training";

/// An average of weights: of all steps so far for the first 1/(1 − d) of them, exponential from then on. After step `t`,
/// `a ← a + max(1 − d, 1/t) (w − a)`: it never remembers the initial weights, which have learned nothing.
#[derive(Clone, Debug)]
pub(crate) struct Average {
    /// Outside of any gradient.
    network: Network,
    decay: f64,
    /// The steps that it has followed.
    steps: usize,
}

impl Average {
    /// The average that a network has after so many steps, or will follow from its first.
    pub fn new(network: &Network, decay: f64, steps: usize) -> Average {
        Average { network: network.valid(), decay, steps }
    }

    /// The network of averaged weights.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The average after a step that has led to these weights.
    pub fn with(self, stepped: &Network) -> Average {
        let mut weights = Weights::default();
        stepped.visit(&mut weights);
        let steps = self.steps + 1;
        let share = (1.0 - self.decay).max(1.0 / steps as f64);
        let mut approach = Approach { weights: weights.0.into_iter(), share };
        Average { network: self.network.map(&mut approach), steps, ..self }
    }

    pub fn map_network(self, map: impl FnOnce(Network) -> Network) -> Average {
        Average { network: map(self.network), ..self }
    }
}

/// The parameters of a network in order, flat.
#[derive(Default)]
struct Weights(Vec<Tensor<1>>);

impl ModuleVisitor for Weights {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        self.0.push(parameter.val().without_autodiff().reshape([-1]));
    }
}

/// Moves each parameter by a share of the way towards that of the same place.
struct Approach {
    weights: std::vec::IntoIter<Tensor<1>>,
    share: f64,
}

impl ModuleMapper for Approach {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let weight = self.weights.next().expect("the same network");
        parameter.map(|average| {
            let shape = average.shape();
            average * (1.0 - self.share) + weight.reshape(shape) * self.share
        })
    }
}

#[cfg(test)]
mod tests {
    use burn::optim::SgdConfig;
    use burn::optim::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
    use burn::tensor::Device;
    use burn::train::TrainStep;
    use slimgate_data::{Batch, DataConfig, Sequence, prepare};
    use slimgate_run::Config;

    use super::*;
    use crate::build;
    use crate::loader::SequenceBatch;
    use crate::objective::Objective;
    use crate::step::Trainee;

    fn numbers(network: &Network) -> Vec<f32> {
        let mut weights = Weights::default();
        network.visit(&mut weights);
        let numbers = |weights: Tensor<1>| weights.into_data().try_to_vec::<f32>().unwrap();
        weights.0.into_iter().flat_map(numbers).collect()
    }

    #[test]
    fn each_step_moves_it_by_its_share_and_it_is_what_is_validated() {
        let config = Config::default().changed(|config| config.model.hidden = 3).unwrap();
        let data = prepare(&DataConfig::default()).unwrap();
        let device = Device::flex().autodiff();
        let network = build::network(&config, &data.preprocessing, &device);
        let average = Some(Average::new(&network, 0.75, 0));
        let objective = Objective::new(&config, &data.preprocessing);
        let mut trainee = Trainee { network, average, objective, clip: 0.0 };
        let mut optimizer = SgdConfig::new().init();
        let sequences: Vec<&Sequence> = data.train.iter().take(8).collect();
        let mut expected = numbers(&trainee.network);
        for share in [1.0, 1.0 / 2.0, 1.0 / 3.0, 0.25, 0.25] {
            let batch = SequenceBatch::new(Batch::collate(&sequences), &device);
            let output = TrainStep::step(&trainee, batch);
            trainee = trainee.optimize(&mut optimizer, ModuleLearningRate::from(0.5), output.grads);
            for (average, weight) in expected.iter_mut().zip(numbers(&trainee.network)) {
                *average += share * (weight - *average);
            }
        }
        let validated = numbers(&trainee.valid().network);
        let gap = |(a, b): (&f32, &f32)| (a - b).abs();
        let largest = |other: &[f32]| validated.iter().zip(other).map(gap).fold(0.0, f32::max);
        assert!(largest(&expected) < 1e-6);
        assert!(largest(&numbers(&trainee.network)) > 1e-3);
    }
}
