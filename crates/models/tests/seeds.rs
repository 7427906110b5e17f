//! A seed means the same start on every backend. Alone in its program, because Burn's CPU generator belongs to
//! the process.

use burn::tensor::Device;
use slimgate_gates::variant;
use slimgate_models::{ClassifierConfig, Features, InputKind, SlimLstmConfig, StackConfig};

#[test]
#[allow(deprecated)] // Burn deprecates `ndarray`; it is a backend of this release all the same.
fn a_seed_draws_the_same_classifier_on_every_backend() {
    let logits = |seed: u64, device: &Device| -> Vec<f32> {
        let layer = SlimLstmConfig::new(variant("lstm").unwrap().cell(), 3, 5);
        let stack = StackConfig { layer, layers: 2, bidirectional: true, dropout: 0.0 };
        let config = ClassifierConfig { input: InputKind::Tokens { vocabulary: 6 }, stack, classes: 3 };
        Device::flex().seed(seed);
        let classifier = config.init(device);
        let tokens = burn::tensor::Tensor::from_ints([[1, 2, 3, 4, 5]], device);
        classifier.forward(Features::Tokens(tokens), None).into_data().try_to_vec().unwrap()
    };
    let first = logits(7, &Device::flex());
    assert_eq!(first, logits(7, &Device::flex()));
    assert_ne!(first, logits(8, &Device::flex()));
    let elsewhere = logits(7, &Device::ndarray());
    assert!(first.iter().zip(&elsewhere).all(|(a, b)| (a - b).abs() < 1e-5), "{first:?} is not {elsewhere:?}");
}
