//! The trainable parameters of a module: the published number, exactly the terms that its cell keeps, each of them
//! trained.

use std::collections::HashSet;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::{Device, Distribution, Tensor};
use proptest::prelude::*;
use slimgate_gates::{Cell, EmbeddingInitializer, Hidden, Sizes, VARIANTS, variant};
use slimgate_models::{InputKind, NetworkConfig, Readout, SlimLstm, SlimLstmConfig, StackConfig};

mod support;

fn layer(cell: Cell, inputs: usize, hidden: usize) -> SlimLstm {
    SlimLstmConfig::new(cell, inputs, hidden).init(&Device::flex().autodiff())
}

/// Every row of the tables of Lu (2016), which count the recurrent layer alone.
#[test]
fn the_published_counts_are_met() {
    let table = include_str!("../../../experiments/published/lu2016.csv");
    let mut cells = 0;
    for row in table.lines().skip(1) {
        let fields: Vec<&str> = row.split(',').collect();
        let [_, task, name, _, _, published] = fields[..] else { panic!("{row} has six fields") };
        let (inputs, hidden) = match task {
            "mnist-pixels" => (1, 100),
            "mnist-rows" => (28, 50),
            "imdb" => (128, 128),
            _ => panic!("{task} is one of three tasks"),
        };
        let module = layer(variant(name).unwrap().cell(), inputs, hidden);
        assert_eq!(module.num_params().to_string(), published, "{row}");
        cells += 1;
    }
    assert_eq!(cells, 41);
}

/// Asserts that a module has the parameter count of its cell's formula, and a field for each term that a part keeps.
fn holds_what_it_keeps(cell: Cell, inputs: usize, hidden: usize) {
    let module = layer(cell, inputs, hidden);
    assert_eq!(module.num_params(), cell.parameters(Sizes { inputs, hidden }), "{cell}");
    let kept = [
        ("input", !cell.reading_input().is_empty()),
        ("hidden", !cell.reading_hidden(Hidden::Full).is_empty()),
        ("diagonal", !cell.reading_hidden(Hidden::Diagonal).is_empty()),
        ("bias", !cell.biased().is_empty()),
    ];
    let kept: Vec<&str> = kept.into_iter().filter_map(|(name, kept)| kept.then_some(name)).collect();
    let weights = support::weights(&module);
    assert_eq!(weights.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), kept, "{cell}");
}

#[test]
fn a_named_variant_holds_exactly_what_it_keeps() {
    for row in &VARIANTS {
        holds_what_it_keeps(row.cell(), 5, 7);
    }
}

proptest! {
    #[test]
    fn any_cell_holds_exactly_what_it_keeps(
        gates in prop::array::uniform3("x?[hd]?b?|0[.]5"),
        candidate in "x[hd]?b?",
        inputs in 1..6usize,
        hidden in 1..6usize,
    ) {
        let [i, f, o] = gates.map(|terms| if terms.is_empty() { "-".to_owned() } else { terms });
        holds_what_it_keeps(format!("i={i},f={f},o={o},c={candidate}").parse().unwrap(), inputs, hidden);
    }
}

#[test]
fn every_number_of_every_parameter_receives_a_gradient() {
    let device = Device::flex().autodiff();
    for row in &VARIANTS {
        let module = layer(row.cell(), 5, 7);
        let x = Tensor::random([4, 6, 5], Distribution::Uniform(-1.0, 1.0), &device);
        let (outputs, _) = module.forward(x, None, None, false);
        let gradients = outputs.powi_scalar(2).sum().backward();
        for (name, gradient) in support::gradients(&module, &gradients) {
            let gradient = gradient.unwrap_or_else(|| panic!("{}: {name} has no gradient", row.name));
            assert!(
                gradient.iter().all(|&g| g != 0.0 && g.is_finite()),
                "{}: {name}: {gradient:?}",
                row.name
            );
        }
    }
}

/// The id of each parameter, by name.
#[derive(Default)]
struct Ids {
    path: Vec<String>,
    found: Vec<(String, ParamId)>,
}

impl ModuleVisitor for Ids {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        self.found.push((self.path.join("."), parameter.id));
    }
}

#[test]
fn the_ids_of_parameters_are_functions_of_their_names() {
    let ids = |device: Device, layers| {
        let layer = SlimLstmConfig::new("i=xhb,f=xdb,o=xh".parse().unwrap(), 3, 5);
        let config = NetworkConfig {
            input: InputKind::Tokens { vocabulary: 6 },
            embedding_initializer: EmbeddingInitializer::Normal,
            embedding_dropout: 0.0,
            stack: StackConfig { layer, layers, bidirectional: true, dropout: 0.0 },
            readout: Readout::Last,
            outputs: 3,
        };
        let mut ids = Ids::default();
        config.init(&device).visit(&mut ids);
        ids.found
    };
    let two = ids(Device::flex().autodiff(), 2);
    assert_eq!(ids(Device::flex(), 2), two);
    assert_eq!(two.iter().map(|(_, id)| id).collect::<HashSet<_>>().len(), two.len());
    let one = ids(Device::flex(), 1);
    assert!(one.len() < two.len() && one.iter().all(|named| two.contains(named)), "{one:?} {two:?}");
}
