//! The training step: what Burn's Learner calls for each batch.

use std::fmt;

use burn::module::{Devices, Module, ModuleMapper, ModuleVisitor};
use burn::optim::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor};
use burn::train::{ClassificationOutput, InferenceStep, TrainOutput, TrainStep};
use slimgate_models::Network;

use crate::clip;
use crate::loader::SequenceBatch;

/// A network with what its training needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Trainee {
    pub network: Network,
    /// Maximum global gradient norm; 0 for no clipping.
    pub clip: f64,
}

impl Trainee {
    fn classify(&self, batch: SequenceBatch) -> ClassificationOutput {
        let logits = self.network.forward(batch.features, batch.lengths.as_deref());
        let losses = cross_entropy(logits.clone(), batch.targets.clone());
        ClassificationOutput::new(losses, logits, batch.targets)
    }
}

/// As a module it is the network itself: its parameters have the names that they have there, and what is saved of it
/// is the record of the network. (A derived module would have the name of the field before each.)
impl Module for Trainee {
    fn collect_devices(&self, devices: Devices) -> Devices {
        self.network.collect_devices(devices)
    }

    fn fork(self, device: &Device) -> Trainee {
        Trainee { network: self.network.fork(device), clip: self.clip }
    }

    fn to_device(self, device: &Device) -> Trainee {
        Trainee { network: self.network.to_device(device), clip: self.clip }
    }

    fn train(self) -> Trainee {
        Trainee { network: self.network.train(), clip: self.clip }
    }

    fn valid(&self) -> Trainee {
        Trainee { network: self.network.valid(), clip: self.clip }
    }

    fn materialize(self) -> Trainee {
        Trainee { network: self.network.materialize(), clip: self.clip }
    }

    fn visit<Visitor: ModuleVisitor>(&self, visitor: &mut Visitor) {
        self.network.visit(visitor);
    }

    fn map<Mapper: ModuleMapper>(self, mapper: &mut Mapper) -> Trainee {
        Trainee { network: self.network.map(mapper), clip: self.clip }
    }
}

impl fmt::Display for Trainee {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.network.fmt(formatter)
    }
}

/// `-log softmax(logits)[target]` of each sequence, `[batch]`. The losses stay apart because Burn's metric
/// weights a batch by how many it has, and the last one of an epoch may be smaller.
pub(crate) fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    let [batch, _] = logits.dims();
    log_softmax(logits, 1).gather(1, targets.unsqueeze_dim(1)).reshape([batch]).neg()
}

impl TrainStep for Trainee {
    type Input = SequenceBatch;
    type Output = ClassificationOutput;

    fn step(&self, batch: SequenceBatch) -> TrainOutput<ClassificationOutput> {
        let output = self.classify(batch);
        let gradients = output.loss.clone().mean().backward();
        TrainOutput::new(self, gradients, output)
    }

    fn optimize(
        self,
        optimizer: &mut ModuleOptimizer,
        rate: ModuleLearningRate,
        gradients: GradientsParams,
    ) -> Self {
        let gradients =
            if self.clip > 0.0 { clip::by_global_norm(&self, gradients, self.clip) } else { gradients };
        optimizer.step(rate, self, gradients)
    }
}

impl InferenceStep for Trainee {
    type Input = SequenceBatch;
    type Output = ClassificationOutput;

    fn step(&self, batch: SequenceBatch) -> ClassificationOutput {
        self.classify(batch)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn cross_entropy_is_that_of_the_definition() {
        let device = Device::flex();
        let logits = Tensor::<2>::from_floats([[0.0, 0.0], [1.0, -1.0]], &device);
        let losses = cross_entropy(logits, Tensor::from_ints([0, 1], &device));
        let losses: Vec<f32> = losses.into_data().try_to_vec().unwrap();
        assert!((losses[0] - 2f32.ln()).abs() < 1e-6);
        assert!((losses[1] - (1.0 + 2f32.exp()).ln()).abs() < 1e-6);
    }
}
