//! The training step: what Burn's Learner calls for each batch.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor};
use burn::train::{ClassificationOutput, InferenceStep, TrainOutput, TrainStep};
use slimgate_models::Classifier;

use crate::loader::SequenceBatch;

/// A classifier with what its training needs to know.
#[derive(Module, Debug)]
pub(crate) struct Trainee {
    pub classifier: Classifier,
    /// The norm that the gradient of all parameters together is cut to; 0 for no cut.
    #[module(skip)]
    pub clip: f64,
}

impl Trainee {
    fn classify(&self, batch: SequenceBatch) -> ClassificationOutput {
        let logits = self.classifier.forward(batch.features, batch.lengths.as_deref());
        let losses = cross_entropy(logits.clone(), batch.targets.clone());
        ClassificationOutput::new(losses, logits, batch.targets)
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
            if self.clip > 0.0 { clip_by_global_norm(&self, gradients, self.clip) } else { gradients };
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

/// Shortens the gradient of all parameters together to the length `limit` where it is longer (Pascanu et al.
/// 2013). Burn's own clipping takes each parameter by itself, which turns the gradient.
fn clip_by_global_norm(module: &impl Module, mut gradients: GradientsParams, limit: f64) -> GradientsParams {
    let mut squares = SumOfSquares { gradients: &gradients, sum: None };
    module.visit(&mut squares);
    let Some(sum) = squares.sum else { return gradients };
    // Stays on the device: reading the norm back would make a GPU wait at every step.
    let factor = (sum.sqrt().clamp_min(limit).recip()) * limit;
    module.visit(&mut Scale { gradients: &mut gradients, factor });
    gradients
}

struct SumOfSquares<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for SumOfSquares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            let square = (gradient.clone() * gradient).sum();
            self.sum = Some(match self.sum.take() {
                Some(sum) => sum + square,
                None => square,
            });
        }
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

#[cfg(test)]
mod tests {
    use burn::nn::LinearConfig;
    use burn::tensor::Device;

    use super::*;

    /// The norm over both parameters of a linear layer after clipping to `limit`, and the gradients.
    fn clipped(limit: f64) -> (f32, Vec<f32>) {
        let device = Device::flex().autodiff();
        let layer = LinearConfig::new(2, 2).init(&device);
        let x = Tensor::<2>::from_floats([[3.0, -4.0]], &device);
        let gradients = GradientsParams::from_grads(layer.forward(x).sum().backward(), &layer);
        let mut gradients = clip_by_global_norm(&layer, gradients, limit);
        let mut all: Vec<f32> =
            gradients.remove::<2>(layer.weight.id).unwrap().into_data().try_to_vec().unwrap();
        let bias = gradients.remove::<1>(layer.bias.as_ref().unwrap().id).unwrap();
        all.extend(bias.into_data().try_to_vec::<f32>().unwrap());
        (all.iter().map(|g| g * g).sum::<f32>().sqrt(), all)
    }

    #[test]
    fn a_long_gradient_is_shortened_and_keeps_its_direction() {
        let (_, free) = clipped(1e9);
        let (norm, cut) = clipped(1.0);
        assert!((norm - 1.0).abs() < 1e-5);
        let ratio = cut[0] / free[0];
        assert!(free.iter().zip(&cut).all(|(free, cut)| (free * ratio - cut).abs() < 1e-6));
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
    fn cross_entropy_is_that_of_the_definition() {
        let device = Device::flex();
        let logits = Tensor::<2>::from_floats([[0.0, 0.0], [1.0, -1.0]], &device);
        let losses = cross_entropy(logits, Tensor::from_ints([0, 1], &device));
        let losses: Vec<f32> = losses.into_data().try_to_vec().unwrap();
        assert!((losses[0] - 2f32.ln()).abs() < 1e-6);
        assert!((losses[1] - (1.0 + 2f32.exp()).ln()).abs() < 1e-6);
    }
}
