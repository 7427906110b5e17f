//! What a module learns: as many numbers as published, exactly the terms that its cell keeps, all of them.

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use slimgate_gates::{Cell, Hidden, Sizes, VARIANTS, variant};
use slimgate_models::{SlimLstm, SlimLstmConfig};

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

#[test]
fn a_module_has_as_many_parameters_as_the_formula_says() {
    let mixed = ["i=xhb,f=hb,o=b", "i=db,f=xd,o=-,c=xb", "i=x,f=0.9,o=h,c=-"].map(|form| form.parse().unwrap());
    for cell in VARIANTS.iter().map(|row| row.cell()).chain(mixed) {
        let module = layer(cell, 5, 7);
        assert_eq!(module.num_params(), cell.parameters(Sizes { inputs: 5, hidden: 7 }), "{cell}");
    }
}

#[test]
fn no_parameter_exists_that_no_gate_keeps() {
    for row in &VARIANTS {
        let (cell, module) = (row.cell(), layer(row.cell(), 5, 7));
        assert_eq!(module.input.is_some(), !cell.reading_input().is_empty(), "{}", row.name);
        assert_eq!(module.hidden.is_some(), !cell.reading_hidden(Hidden::Full).is_empty(), "{}", row.name);
        assert_eq!(module.diagonal.is_some(), !cell.reading_hidden(Hidden::Diagonal).is_empty(), "{}", row.name);
        assert_eq!(module.bias.is_some(), !cell.biased().is_empty(), "{}", row.name);
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
        let matrices = [&module.input, &module.hidden].into_iter().flatten().map(|p| p.val().grad(&gradients).map(flat));
        let vectors = [&module.diagonal, &module.bias].into_iter().flatten().map(|p| p.val().grad(&gradients).map(flat));
        for gradient in matrices.chain(vectors) {
            let gradient = gradient.unwrap_or_else(|| panic!("{}: a parameter has no gradient", row.name));
            assert!(gradient.iter().all(|&g| g != 0.0 && g.is_finite()), "{}: {gradient:?}", row.name);
        }
    }
}

fn flat<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}
