//! From a configuration to a model, an optimizer and what they need to know of the data.

use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, AdamWConfig, ModuleOptimizer, RmsPropConfig, SgdConfig};
use burn::tensor::Device;
use slimgate_data::Preprocessing;
use slimgate_gates::{EmbeddingInitializer, Hidden, Initializer};
use slimgate_models::{InputKind, Network, NetworkConfig, SlimLstmConfig, StackConfig};
use slimgate_run::{Backend, Config, OptimConfig, Optimizer};

use crate::objective::Objective;
use crate::{adam, rmsprop};

/// Draws the network of a run, from its seed.
pub(crate) fn network(config: &Config, preprocessing: &Preprocessing, device: &Device) -> Network {
    drawn(config, config.model.recurrent_initializer, preprocessing, device)
}

/// A network of the same shape whose weights will be replaced by saved ones: drawn in the way that takes least time.
pub(crate) fn network_to_load(config: &Config, preprocessing: &Preprocessing, device: &Device) -> Network {
    drawn(config, Initializer::Uniform, preprocessing, device)
}

fn drawn(
    config: &Config,
    recurrent_initializer: Initializer,
    preprocessing: &Preprocessing,
    device: &Device,
) -> Network {
    let (model, objective) = (&config.model, Objective::new(config, preprocessing));
    let (input, inputs) = match preprocessing.input() {
        slimgate_data::InputKind::Values { channels } => (InputKind::Values, channels),
        slimgate_data::InputKind::Tokens { vocabulary } => {
            (InputKind::Tokens { vocabulary }, model.embedding)
        }
    };
    let layer = SlimLstmConfig {
        gate_activation: model.gate_activation,
        clip: model.cell_clip,
        input_initializer: model.input_initializer,
        recurrent_initializer,
        forget_bias: model.forget_bias,
        input_dropout: model.input_dropout,
        recurrent_dropout: model.recurrent_dropout,
        recompute: model.recompute,
        ..SlimLstmConfig::new(config.cell(), inputs, model.hidden)
    };
    let stack = StackConfig {
        layer,
        layers: model.layers,
        bidirectional: model.bidirectional,
        dropout: model.dropout,
    };
    Device::flex().seed(config.run.seed);
    let network = NetworkConfig {
        input,
        embedding_initializer: model.embedding_initializer.unwrap_or(EmbeddingInitializer::Normal),
        embedding_dropout: model.embedding_dropout.unwrap_or(0.0),
        stack,
        readout: objective.readout(),
        outputs: objective.outputs(),
    };
    network.init(device)
}

/// The orthogonal matrices among the initial weights, and the seconds that drawing them takes: as many operations as the
/// cube of a matrix's rows, one by one.
pub(crate) fn drawing(config: &Config) -> (usize, f64) {
    /// Of a matrix, by the cube of its rows; measured with 1,024 and 2,048 rows.
    const SECONDS: f64 = 4e-9;
    let model = &config.model;
    if model.recurrent_initializer != Initializer::Orthogonal {
        return (0, 0.0);
    }
    let directions = if model.bidirectional { 2 } else { 1 };
    let matrices = model.layers * directions * config.cell().reading_hidden(Hidden::Full).len();
    (matrices, matrices as f64 * (model.hidden as f64).powi(3) * SECONDS)
}

/// A notice before the initial weights are drawn, where that takes long.
pub(crate) fn long_drawing(config: &Config) -> Option<String> {
    let (matrices, seconds) = drawing(config);
    if seconds < 5.0 {
        return None;
    }
    let matrices = match matrices {
        1 => "1 orthogonal matrix".to_owned(),
        matrices => format!("{matrices} orthogonal matrices"),
    };
    let time = match seconds {
        ..90.0 => format!("{seconds:.0} seconds"),
        ..5400.0 => format!("{:.0} minutes", seconds / 60.0),
        _ => format!("{:.0} hours", seconds / 3600.0),
    };
    Some(format!(
        "drawing the initial weights ({matrices} of {0} × {0}) takes about {time}; \
         `model.recurrent_initializer` = \"glorot\" takes no time",
        config.model.hidden
    ))
}

/// The optimizer that the configuration asks for.
pub fn optimizer(optim: &OptimConfig, backend: Backend) -> ModuleOptimizer {
    let decay = (optim.weight_decay > 0.0).then(|| WeightDecayConfig::new(optim.weight_decay as f32));
    let epsilon = optim.epsilon as f32;
    match optim.optimizer {
        Optimizer::RmsProp
            if decay.is_none()
                && optim.momentum.is_none_or(|momentum| momentum == 0.0)
                && backend.in_memory() =>
        {
            rmsprop::on_cpu(epsilon)
        }
        Optimizer::RmsProp => RmsPropConfig::new()
            .with_alpha(rmsprop::DECAY)
            .with_momentum(optim.momentum.unwrap_or(0.0) as f32)
            .with_epsilon(epsilon)
            .with_weight_decay(decay)
            .init(),
        Optimizer::Adam if decay.is_none() && backend.in_memory() => adam::on_cpu(epsilon),
        Optimizer::Adam => AdamConfig::new().with_epsilon(epsilon).with_weight_decay(decay).init(),
        Optimizer::AdamW => {
            AdamWConfig::new().with_epsilon(epsilon).with_weight_decay(optim.weight_decay as f32).init()
        }
        Optimizer::Sgd => {
            let momentum = optim.momentum.unwrap_or(0.9);
            let momentum = MomentumConfig::new().with_momentum(momentum).with_dampening(0.0);
            SgdConfig::new().with_momentum(Some(momentum)).with_weight_decay(decay).init()
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{Module, ModuleVisitor, Param};
    use burn::tensor::Tensor;
    use slimgate_run::{WrittenConfig, recurrent_parameters};

    use super::*;

    /// The largest parameter of a model.
    struct Largest(f32);

    impl ModuleVisitor for Largest {
        fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
            let numbers: Vec<f32> = parameter.val().to_data().try_to_vec().unwrap();
            self.0 = numbers.into_iter().fold(self.0, f32::max);
        }
    }

    fn changed(change: impl FnOnce(&mut WrittenConfig)) -> Config {
        Config::default().changed(change).unwrap()
    }

    #[test]
    fn an_embedding_starts_as_asked() {
        let largest = |start: Option<EmbeddingInitializer>| {
            let config = changed(|config| {
                config.data.dataset = "movie-snippets".into();
                config.model.embedding_initializer = start;
            });
            let preprocessing = slimgate_data::prepare(&config.data).unwrap().preprocessing;
            let mut largest = Largest(0.0);
            network(&config, &preprocessing, &Device::flex()).visit(&mut largest);
            largest.0
        };
        // Nothing else is larger than the forget gate's bias, which starts at one.
        assert_eq!(largest(Some(EmbeddingInitializer::Uniform)), 1.0);
        assert!(largest(Some(EmbeddingInitializer::Normal)) > 3.0);
        assert!(largest(None) > 3.0);
    }

    #[test]
    fn a_start_that_takes_long_is_announced_with_its_time() {
        let said = |hidden, variant: &str, initializer| {
            long_drawing(&changed(|config| {
                config.model.hidden = hidden;
                config.model.variant = Some(variant.into());
                config.model.recurrent_initializer = initializer;
            }))
        };
        assert_eq!(said(512, "lstm", Initializer::Orthogonal), None);
        assert_eq!(said(16_384, "lstm", Initializer::Glorot), None);
        let long = said(2048, "lstm", Initializer::Orthogonal).unwrap();
        assert!(
            long.contains("4 orthogonal matrices of 2048 × 2048") && long.contains("2 minutes"),
            "{long}"
        );
        let long = said(16_384, "lstm3", Initializer::Orthogonal).unwrap();
        assert!(long.contains("1 orthogonal") && long.contains("5 hours"), "{long}");
    }

    #[test]
    fn a_count_without_a_model_is_that_of_the_model() {
        for (dataset, layers, bidirectional) in
            [("digits-rows", 1, false), ("digits-rows", 3, true), ("japanese-vowels", 2, false)]
        {
            let config = changed(|config| {
                config.data.dataset = dataset.into();
                config.model.hidden = 7;
                config.model.layers = layers;
                config.model.bidirectional = bidirectional;
            });
            let preprocessing = slimgate_data::prepare(&config.data).unwrap().preprocessing;
            let model = network(&config, &preprocessing, &Device::flex());
            assert_eq!(recurrent_parameters(&config).unwrap(), model.recurrent_parameters());
        }
    }
}
