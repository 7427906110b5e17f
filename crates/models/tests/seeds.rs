//! A seed gives the same initial weights on every backend. Alone in its program, because Burn's CPU generator is global
//! to the process.

use burn::tensor::Device;
use slimgate_gates::EmbeddingInitializer;
use slimgate_models::{InputKind, NetworkConfig, Readout, SlimLstmConfig, StackConfig};

mod support;

#[test]
fn a_seed_draws_the_same_network_on_every_backend() {
    let weights = |seed: u64, device: &Device| {
        // This cell has orthogonal, diagonal and constant initial weights.
        let layer = SlimLstmConfig::new("i=xhb,f=xdb,o=xh".parse().unwrap(), 3, 5);
        let stack = StackConfig { layer, layers: 2, bidirectional: true, dropout: 0.0 };
        let config = NetworkConfig {
            input: InputKind::Tokens { vocabulary: 6 },
            embedding_initializer: EmbeddingInitializer::Normal,
            embedding_dropout: 0.0,
            stack,
            readout: Readout::Last,
            outputs: 3,
        };
        Device::flex().seed(seed);
        support::weights(&config.init(device))
    };
    let first = weights(7, &Device::flex());
    #[cfg(not(feature = "ndarray"))]
    let devices = [Device::flex()];
    #[cfg(feature = "ndarray")]
    #[allow(deprecated)] // Burn deprecates `ndarray`; this release still has it.
    let devices = [Device::flex(), Device::ndarray()];
    for device in devices.iter().flat_map(|device| [device.clone(), device.clone().autodiff()]) {
        assert_eq!(weights(7, &device), first, "{device:?}");
    }
    let others = weights(8, &Device::flex());
    let drawn = first
        .iter()
        .zip(&others)
        .filter(|((name, _), _)| !(name.contains("stack") && name.ends_with("bias")));
    for ((name, numbers), (_, other)) in drawn {
        assert_ne!(numbers, other, "{name} does not depend on the seed");
    }
}
