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

use crate::average::{Average, IN_TRAINING};
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
    /// The network whose gradients are taken.
    pub network: Network,
    /// The average of its weights, where that is what is validated and saved.
    pub average: Option<Average>,
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
/// is the record of the network. (A derived module would have the name of the field before each.) Where the weights are
/// averaged, those names are the average's, and the weights in training are saved as [`IN_TRAINING`] beside it.
impl Module for Trainee {
    fn collect_devices(&self, devices: Devices) -> Devices {
        self.network.collect_devices(devices)
    }

    fn fork(self, device: &Device) -> Trainee {
        let average = self.average.map(|average| average.map_network(|network| network.fork(device)));
        Trainee { network: self.network.fork(device), average, ..self }
    }

    fn to_device(self, device: &Device) -> Trainee {
        let average = self.average.map(|average| average.map_network(|network| network.to_device(device)));
        Trainee { network: self.network.to_device(device), average, ..self }
    }

    fn train(self) -> Trainee {
        Trainee { network: self.network.train(), ..self }
    }

    fn valid(&self) -> Trainee {
        let network = match &self.average {
            Some(average) => average.network().clone(),
            None => self.network.valid(),
        };
        Trainee { network, average: None, objective: self.objective.clone(), clip: self.clip }
    }

    fn materialize(self) -> Trainee {
        let average = self.average.map(|average| average.map_network(Network::materialize));
        Trainee { network: self.network.materialize(), average, ..self }
    }

    fn visit<Visitor: ModuleVisitor>(&self, visitor: &mut Visitor) {
        let Some(average) = &self.average else { return self.network.visit(visitor) };
        average.network().visit(visitor);
        visitor.enter_module(IN_TRAINING, "Trainee");
        self.network.visit(visitor);
        visitor.exit_module(IN_TRAINING, "Trainee");
    }

    fn map<Mapper: ModuleMapper>(self, mapper: &mut Mapper) -> Trainee {
        let Some(average) = self.average else {
            return Trainee { network: self.network.map(mapper), ..self };
        };
        let average = average.map_network(|network| network.map(mapper));
        mapper.enter_module(IN_TRAINING, "Trainee");
        let network = self.network.map(mapper);
        mapper.exit_module(IN_TRAINING, "Trainee");
        Trainee { network, average: Some(average), ..self }
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
        TrainOutput::new(&self.network, gradients, output)
    }

    fn optimize(
        self,
        optimizer: &mut ModuleOptimizer,
        rate: ModuleLearningRate,
        gradients: GradientsParams,
    ) -> Self {
        let Trainee { network, average, .. } = self;
        let gradients =
            if self.clip > 0.0 { clip::by_global_norm(&network, gradients, self.clip) } else { gradients };
        let network = optimizer.step(rate, network, gradients);
        let average = average.map(|average| average.with(&network));
        Trainee { network, average, ..self }
    }
}

impl InferenceStep for Trainee {
    type Input = SequenceBatch;
    type Output = Answered;

    fn step(&self, batch: SequenceBatch) -> Answered {
        self.answer(batch)
    }
}
