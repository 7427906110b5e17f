//! The training step: what Burn's Learner calls for each batch.

use std::fmt;
use std::sync::Arc;

use burn::module::{Devices, Module, ModuleMapper, ModuleVisitor};
use burn::optim::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use burn::train::metric::{Adaptor, ItemLazy, LossInput};
use burn::train::{InferenceStep, TrainOutput, TrainStep};
use burn_std::ExecutionError;
use slimgate_data::Targets;
use slimgate_models::Network;

use crate::clip;
use crate::loader::SequenceBatch;
use crate::metrics::Scored;
use crate::objective::Objective;

/// The answers of a network to a batch that have a truth, with their losses.
pub(crate) struct Answered {
    /// `[answers]`.
    pub losses: Tensor<1>,
    /// `[answers, outputs]`.
    pub answers: Tensor<2>,
    pub targets: Arc<Targets>,
}

impl ItemLazy for Answered {
    /// Hands its tensors to the metrics' thread without what only gradients need, as Burn's own outputs do.
    fn sync(self) -> Result<Answered, ExecutionError> {
        self.losses.device().flush()?;
        let (losses, answers) = (self.losses.without_autodiff(), self.answers.without_autodiff());
        Ok(Answered { losses, answers, targets: self.targets })
    }
}

impl Adaptor<LossInput> for Answered {
    fn adapt(&self) -> LossInput {
        LossInput::new(self.losses.clone())
    }
}

impl Adaptor<Scored> for Answered {
    fn adapt(&self) -> Scored {
        Scored { answers: self.answers.clone(), targets: self.targets.clone() }
    }
}

/// A network with what its training needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Trainee {
    pub network: Network,
    /// The meaning of its outputs.
    pub objective: Objective,
    /// Maximum global gradient norm; 0 for no clipping.
    pub clip: f64,
}

impl Trainee {
    fn answer(&self, batch: SequenceBatch) -> Answered {
        let outputs = self.network.forward(batch.features, batch.lengths.as_deref());
        let answers = self.objective.answered(outputs, &batch.targets);
        let losses = self.objective.losses(answers.clone(), &batch.targets);
        Answered { losses, answers, targets: batch.targets }
    }
}

/// As a module it is the network itself: its parameters have the names that they have there, and what is saved of it
/// is the record of the network. (A derived module would have the name of the field before each.)
impl Module for Trainee {
    fn collect_devices(&self, devices: Devices) -> Devices {
        self.network.collect_devices(devices)
    }

    fn fork(self, device: &Device) -> Trainee {
        Trainee { network: self.network.fork(device), ..self }
    }

    fn to_device(self, device: &Device) -> Trainee {
        Trainee { network: self.network.to_device(device), ..self }
    }

    fn train(self) -> Trainee {
        Trainee { network: self.network.train(), ..self }
    }

    fn valid(&self) -> Trainee {
        Trainee { network: self.network.valid(), objective: self.objective.clone(), clip: self.clip }
    }

    fn materialize(self) -> Trainee {
        Trainee { network: self.network.materialize(), ..self }
    }

    fn visit<Visitor: ModuleVisitor>(&self, visitor: &mut Visitor) {
        self.network.visit(visitor);
    }

    fn map<Mapper: ModuleMapper>(self, mapper: &mut Mapper) -> Trainee {
        Trainee { network: self.network.map(mapper), ..self }
    }
}

impl fmt::Display for Trainee {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.network.fmt(formatter)
    }
}

impl TrainStep for Trainee {
    type Input = SequenceBatch;
    type Output = Answered;

    fn step(&self, batch: SequenceBatch) -> TrainOutput<Answered> {
        let output = self.answer(batch);
        let gradients = output.losses.clone().mean().backward();
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
    type Output = Answered;

    fn step(&self, batch: SequenceBatch) -> Answered {
        self.answer(batch)
    }
}
