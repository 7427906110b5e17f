//! Behaviour of layers, stacks and networks.

use burn::module::Module;
use burn::tensor::{Device, Distribution, Int, Tensor};
use slimgate_gates::{EmbeddingInitializer, Initializer, Part, variant};
use slimgate_models::{
    Features, InputKind, Network, NetworkConfig, Readout, SlimLstmConfig, Stack, StackConfig,
};

mod support;

fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data().try_to_vec().unwrap()
}

fn near(a: &[f32], b: &[f32]) {
    assert_eq!(a.len(), b.len());
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5), "{a:?} is not {b:?}");
}

fn random(shape: [usize; 3], device: &Device) -> Tensor<3> {
    Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), device)
}

fn config(name: &str, inputs: usize, hidden: usize) -> SlimLstmConfig {
    SlimLstmConfig::new(variant(name).unwrap().cell(), inputs, hidden)
}

fn stack(layers: usize, bidirectional: bool, dropout: f64, device: &Device) -> Stack {
    StackConfig { layer: config("lstm1", 3, 5), layers, bidirectional, dropout }.init(device)
}

#[test]
fn a_layer_in_two_pieces_is_the_whole_sequence() {
    let device = Device::flex();
    for name in ["lstm", "lstm2", "lstm-c6"] {
        let layer = config(name, 3, 5).init(&device);
        let x = random([2, 6, 3], &device);
        let (_, end) = layer.forward(x.clone(), None, None, false);
        let (_, middle) = layer.forward(x.clone().slice([0..2, 0..2]), None, None, false);
        let (_, last) = layer.forward(x.slice([0..2, 2..6]), Some(middle), None, false);
        near(&values(&last.hidden), &values(&end.hidden));
        near(&values(&last.cell), &values(&end.cell));
    }
}

#[test]
fn the_outputs_after_whole_sequences_are_those_at_their_ends() {
    let device = Device::flex();
    for layers in [1, 3] {
        let stack = stack(layers, true, 0.0, &device);
        let x = random([2, 6, 3], &device);
        let outputs = |t: usize| stack.every_step(x.clone(), None).narrow(1, t, 1).reshape([2, 10]);
        let (forward, backward) = (outputs(5).narrow(1, 0, 5), outputs(0).narrow(1, 5, 5));
        near(&values(&stack.whole(x.clone(), None)), &values(&Tensor::<2>::cat(vec![forward, backward], 1)));
    }
}

#[test]
fn the_reverse_direction_is_the_forward_one_over_the_sequence_turned_round() {
    let device = Device::flex();
    let layer = config("lstm2", 3, 5).init(&device);
    let x = random([2, 6, 3], &device);
    let (back, first) = layer.forward(x.clone(), None, None, true);
    let (ahead, last) = layer.forward(x.flip([1]), None, None, false);
    near(&values(&back), &values(&ahead.flip([1])));
    near(&values(&first.hidden), &values(&last.hidden));
}

#[test]
fn both_directions_double_the_outputs_and_the_parameters_of_the_first_layer() {
    let device = Device::flex();
    let (one, both) = (stack(2, false, 0.0, &device), stack(2, true, 0.0, &device));
    assert_eq!(both.parameters_per_layer()[0], 2 * one.parameters_per_layer()[0]);
    // The second layer reads ten numbers, not five.
    assert_eq!(both.parameters_per_layer()[1], 2 * config("lstm1", 10, 5).init(&device).num_params());
    let x = random([2, 6, 3], &device);
    let (outputs, whole) = (both.every_step(x.clone(), None), both.whole(x, None));
    assert_eq!((outputs.dims(), whole.dims()), ([2, 6, 10], [2, 10]));
}

#[test]
fn the_second_half_of_the_outputs_is_of_the_backward_direction() {
    let device = Device::flex();
    let stack = stack(1, true, 0.0, &device);
    let x = random([1, 6, 3], &device);
    let outputs = |x: &Tensor<3>| stack.every_step(x.clone(), None).slice([0..1, 0..1]).reshape([10]);
    let other_end = Tensor::cat(vec![x.clone().slice([0..1, 0..5]), random([1, 1, 3], &device)], 1);
    // At the first step only the backward direction has read the last one.
    let (before, after) = (values::<1>(&outputs(&x)), values(&outputs(&other_end)));
    assert_eq!(before[..5], after[..5]);
    assert_ne!(before[5..], after[5..]);
}

#[test]
fn dropout_acts_in_training_and_not_otherwise() {
    let x = random([2, 6, 3], &Device::flex());
    let training = Device::flex().autodiff();
    let on_training = Tensor::from_data(x.to_data(), &training);
    let none = StackConfig { layer: config("lstm1", 3, 5), layers: 2, bidirectional: false, dropout: 0.0 };
    let between = StackConfig { dropout: 0.5, ..none.clone() };
    let [mut of_inputs, mut of_states] = [none.clone(), none];
    of_inputs.layer.input_dropout = 0.5;
    of_states.layer.recurrent_dropout = 0.5;
    for config in [between, of_inputs, of_states] {
        let stack = config.init(&training);
        let run = |stack: &Stack, x: &Tensor<3>| values(&stack.every_step(x.clone(), None));
        assert_ne!(run(&stack, &on_training), run(&stack, &on_training));
        let stack = stack.valid();
        assert_eq!(run(&stack, &x), run(&stack, &x));
    }
}

#[test]
fn glorot_and_uniform_weights_fill_their_range() {
    let device = Device::flex();
    for (initializer, bound) in
        [(Initializer::Glorot, (6.0f32 / 70.0).sqrt()), (Initializer::Uniform, 40f32.sqrt().recip())]
    {
        let mut config = config("lstm", 30, 40);
        config.input_initializer = initializer;
        let weights = values(&config.init(&device).input.unwrap().val());
        let largest = weights.iter().fold(0f32, |largest, w| largest.max(w.abs()));
        assert!(largest <= bound && largest > 0.95 * bound, "{initializer:?}: {largest} of {bound}");
    }
}

#[test]
fn each_orthogonal_block_is_orthogonal() {
    let n = 12;
    let weights = config("lstm", 3, n).init(&Device::flex()).hidden.unwrap().val();
    for block in 0..4 {
        let u = weights.clone().slice([0..n, block * n..(block + 1) * n]);
        near(&values(&u.clone().transpose().matmul(u)), &values(&Tensor::<2>::eye(n, &Device::flex())));
    }
}

#[test]
fn only_the_forget_gate_has_a_bias_that_starts_at_one() {
    for name in ["lstm", "lstm1", "lstm3", "lstm4a"] {
        let cell = variant(name).unwrap().cell();
        let bias = values(&SlimLstmConfig::new(cell, 3, 2).init(&Device::flex()).bias.unwrap().val());
        let expected: Vec<f32> = cell
            .biased()
            .into_iter()
            .flat_map(|part| [if part == Part::Forget { 1.0 } else { 0.0 }; 2])
            .collect();
        assert_eq!(bias, expected, "{name}");
    }
}

fn network(input: InputKind, device: &Device) -> Network {
    let stack = StackConfig { layer: config("lstm1", 3, 5), layers: 2, bidirectional: true, dropout: 0.0 };
    NetworkConfig {
        input,
        embedding_initializer: EmbeddingInitializer::Normal,
        embedding_dropout: 0.0,
        stack,
        readout: Readout::Last,
        outputs: 4,
    }
    .init(device)
}

#[test]
fn an_embedding_starts_small_or_with_deviation_one() {
    let device = Device::flex();
    let largest = |embedding_initializer| {
        let stack =
            StackConfig { layer: config("lstm1", 30, 5), layers: 1, bidirectional: false, dropout: 0.0 };
        let input = InputKind::Tokens { vocabulary: 40 };
        let network = NetworkConfig {
            input,
            embedding_initializer,
            embedding_dropout: 0.0,
            stack,
            readout: Readout::Last,
            outputs: 4,
        }
        .init(&device);
        let (_, weights) = support::weights(&network).remove(0);
        weights.into_iter().fold(0f32, |largest, w| largest.max(w.abs()))
    };
    assert!((0.0475..=0.05).contains(&largest(EmbeddingInitializer::Uniform)));
    // The largest of 1,200 is above 2.5 standard deviations in all but one of three thousand draws.
    assert!((2.5..6.0).contains(&largest(EmbeddingInitializer::Normal)));
}

#[test]
fn a_token_that_is_left_out_is_left_out_wherever_it_stands() {
    let device = Device::flex().autodiff();
    let stack = StackConfig { layer: config("lstm1", 3, 5), layers: 1, bidirectional: false, dropout: 0.0 };
    let input = InputKind::Tokens { vocabulary: 9 };
    let network = NetworkConfig {
        input,
        embedding_initializer: EmbeddingInitializer::Normal,
        embedding_dropout: 0.5,
        stack,
        readout: Readout::Last,
        outputs: 4,
    }
    .init(&device);
    let tokens = || Features::Tokens(Tensor::from_ints([[1, 1, 1, 1], [1, 1, 1, 1]], &device));
    let left_out = (0..200).filter(|_| {
        let gradients = network.forward(tokens(), None).sum().backward();
        let of_embedding = support::gradients(&network, &gradients).remove(0);
        assert_eq!(of_embedding.0, "embedding.weight");
        of_embedding.1.unwrap().iter().all(|&g| g == 0.0)
    });
    // If positions were dropped instead of tokens, all eight would be dropped in one batch of 256.
    let left_out = left_out.count();
    assert!((60..140).contains(&left_out), "{left_out}");

    let infers = |network: &Network| {
        let tokens = Tensor::from_ints([[1, 2, 3, 4]], &Device::flex());
        values(&network.forward(Features::Tokens(tokens), None))
    };
    let trained = network.valid();
    assert_eq!(infers(&trained), infers(&trained));
}

#[test]
fn padding_does_not_change_what_a_network_says() {
    let device = Device::flex();
    let (of_values, of_tokens) =
        (network(InputKind::Values, &device), network(InputKind::Tokens { vocabulary: 9 }, &device));
    let x = random([2, 6, 3], &device);
    let tokens = Tensor::<2, Int>::from_ints([[1, 2, 3, 0, 0, 0], [4, 5, 6, 7, 8, 1]], &device);
    let lengths = [3, 6];
    let logits = of_values.forward(Features::Values(x.clone()), Some(&lengths));
    let alone = of_values.forward(Features::Values(x.slice([0..1, 0..3])), None);
    assert_eq!(logits.dims(), [2, 4]);
    near(&values(&logits.narrow(0, 0, 1)), &values(&alone));
    let logits = of_tokens.forward(Features::Tokens(tokens.clone()), Some(&lengths));
    let alone = of_tokens.forward(Features::Tokens(tokens.slice([0..1, 0..3])), None);
    near(&values(&logits.narrow(0, 0, 1)), &values(&alone));
}

#[test]
fn every_parameter_of_a_network_trains() {
    let device = Device::flex().autodiff();
    for input in [InputKind::Values, InputKind::Tokens { vocabulary: 9 }] {
        let network = network(input, &device);
        let features = match input {
            InputKind::Values => Features::Values(random([2, 6, 3], &device)),
            InputKind::Tokens { .. } => {
                Features::Tokens(Tensor::from_ints([[1, 2, 3, 0, 0, 0], [4, 5, 6, 7, 8, 1]], &device))
            }
        };
        let gradients = network.forward(features, Some(&[3, 6])).powi_scalar(2).sum().backward();
        for (name, gradient) in support::gradients(&network, &gradients) {
            let gradient = gradient.unwrap_or_else(|| panic!("{name} has no gradient"));
            assert!(gradient.iter().any(|&g| g != 0.0), "{name}");
        }
    }
}

#[test]
#[should_panic(expected = "this network has no embedding")]
fn tokens_are_refused_by_a_network_of_values() {
    let device = Device::flex();
    network(InputKind::Values, &device).forward(Features::Tokens(Tensor::zeros([2, 6], &device)), None);
}

#[test]
fn the_answer_to_a_step_does_not_know_what_follows() {
    let device = Device::flex();
    let stack = StackConfig { layer: config("lstm2", 3, 5), layers: 2, bidirectional: false, dropout: 0.0 };
    let network = NetworkConfig {
        input: InputKind::Values,
        embedding_initializer: EmbeddingInitializer::Normal,
        embedding_dropout: 0.0,
        stack,
        readout: Readout::EveryStep,
        outputs: 4,
    }
    .init(&device);
    let x = random([2, 6, 3], &device);
    let every = network.forward(Features::Values(x.clone()), Some(&[4, 6]));
    assert_eq!(every.dims(), [12, 4]);
    for (sequence, length) in [(0, 1), (0, 4), (1, 6)] {
        let start = x.clone().slice([sequence..sequence + 1, 0..length]);
        let alone = network.forward(Features::Values(start), None);
        assert_eq!(alone.dims(), [length, 4]);
        let row = every.clone().narrow(0, 6 * sequence + length - 1, 1);
        near(&values(&row), &values(&alone.narrow(0, length - 1, 1)));
    }
}

#[test]
fn steps_that_come_one_at_a_time_are_answered_as_those_of_a_whole_sequence() {
    let device = Device::flex();
    for (readout, layers) in [(Readout::EveryStep, 1), (Readout::Last, 3)] {
        let stack = StackConfig { layer: config("lstm2", 3, 5), layers, bidirectional: false, dropout: 0.5 };
        let network = NetworkConfig {
            input: InputKind::Values,
            embedding_initializer: EmbeddingInitializer::Normal,
            embedding_dropout: 0.0,
            stack,
            readout,
            outputs: 2,
        };
        let network = network.init(&device);
        let x = random([2, 6, 3], &device);
        let (mut states, mut answers) = (None, Vec::new());
        for step in 0..6 {
            let features = Features::Values(x.clone().narrow(1, step, 1));
            let (answer, after) = network.carry(features, states);
            answers.push(answer.reshape([2, 1, 2]));
            states = Some(after);
        }
        let carried = Tensor::<3>::cat(answers, 1);
        let whole = network.forward(Features::Values(x), None);
        match readout {
            Readout::EveryStep => near(&values(&carried), &values(&whole)),
            Readout::Last => near(&values(&carried.narrow(1, 5, 1)), &values(&whole)),
        }
    }
}
