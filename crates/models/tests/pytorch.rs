//! The four published variants against PyTorch: `nn.LSTM` for the standard cell, a plain cell for the others.
//!
//! `pytorch/make_reference.py` generated the numbers and says how to regenerate them.

use std::collections::HashMap;

use burn::module::Param;
use burn::tensor::{Device, Tensor};
use serde::Deserialize;
use slimgate_gates::{PARTS, Part, variant};
use slimgate_models::{SlimLstm, SlimLstmConfig, State};

/// The reference is in double precision; single precision differs from it by 2e-7 here.
const TOLERANCE: f32 = 2e-6;

type Matrix = Vec<Vec<f32>>;

#[derive(Deserialize)]
struct Reference {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    variant: String,
    inputs: usize,
    hidden: usize,
    parameters: HashMap<String, Terms>,
    x: Vec<Matrix>,
    h0: Matrix,
    c0: Matrix,
    loss_weights: LossWeights,
    hidden_sequence: Vec<Matrix>,
    last_h: Matrix,
    last_c: Matrix,
    gradients: Gradients,
}

/// The terms of a gate or the candidate, as `z = w x + u h + b`.
#[derive(Deserialize)]
struct Terms {
    w: Option<Matrix>,
    u: Option<Matrix>,
    b: Option<Vec<f32>>,
}

#[derive(Deserialize)]
struct LossWeights {
    hidden: Vec<Matrix>,
    cell: Matrix,
}

#[derive(Deserialize)]
struct Gradients {
    x: Vec<Matrix>,
    h0: Matrix,
    c0: Matrix,
    #[serde(flatten)]
    parameters: HashMap<String, Terms>,
}

#[test]
fn outputs_states_and_gradients_are_those_of_pytorch() {
    let reference: Reference = serde_json::from_str(include_str!("pytorch/reference.json")).unwrap();
    let names: Vec<&str> = reference.cases.iter().map(|case| case.variant.as_str()).collect();
    assert_eq!(names, ["lstm", "lstm1", "lstm2", "lstm3"]);
    for case in &reference.cases {
        compare(case);
    }
}

fn compare(case: &Case) {
    let device = Device::flex().autodiff();
    let module = with_parameters(case, &device);
    let x = tensor3(&case.x, &device).require_grad();
    let state = State {
        hidden: tensor2(&case.h0, &device).require_grad(),
        cell: tensor2(&case.c0, &device).require_grad(),
    };
    let (outputs, end) = module.forward(x.clone(), Some(state.clone()), None, false);
    let name = &case.variant;
    near(&outputs, &flat3(&case.hidden_sequence), &format!("{name}: outputs"));
    near(&end.hidden, &case.last_h.concat(), &format!("{name}: last h"));
    near(&end.cell, &case.last_c.concat(), &format!("{name}: last c"));

    let loss = (outputs * tensor3(&case.loss_weights.hidden, &device)).sum()
        + (end.cell * tensor2(&case.loss_weights.cell, &device)).sum();
    let gradients = loss.backward();
    near(&x.grad(&gradients).unwrap(), &flat3(&case.gradients.x), &format!("{name}: dx"));
    near(&state.hidden.grad(&gradients).unwrap(), &case.gradients.h0.concat(), &format!("{name}: dh0"));
    near(&state.cell.grad(&gradients).unwrap(), &case.gradients.c0.concat(), &format!("{name}: dc0"));
    let expected = &case.gradients.parameters;
    let of2 = |p: &Option<Param<Tensor<2>>>| p.as_ref().map(|p| p.val().grad(&gradients).unwrap());
    near_if_kept(of2(&module.input), blocks(expected, |terms| terms.w.as_ref()), &format!("{name}: dW"));
    near_if_kept(of2(&module.hidden), blocks(expected, |terms| terms.u.as_ref()), &format!("{name}: dU"));
    let bias = module.bias.as_ref().map(|p| p.val().grad(&gradients).unwrap());
    near_if_kept(bias, biases(expected), &format!("{name}: db"));
}

fn with_parameters(case: &Case, device: &Device) -> SlimLstm {
    let cell = variant(&case.variant).unwrap().cell();
    let mut module = SlimLstmConfig::new(cell, case.inputs, case.hidden).init(device);
    let matrix = |flat: Option<Vec<f32>>, rows: usize| {
        flat.map(|flat| Tensor::<1>::from_floats(flat.as_slice(), device).reshape([rows as i32, -1]))
            .map(Param::from_tensor)
    };
    module.input = matrix(blocks(&case.parameters, |terms| terms.w.as_ref()), case.inputs);
    module.hidden = matrix(blocks(&case.parameters, |terms| terms.u.as_ref()), case.hidden);
    module.bias =
        biases(&case.parameters).map(|b| Param::from_tensor(Tensor::from_floats(b.as_slice(), device)));
    module
}

/// The matrices of the parts that keep a term, transposed and side by side, row by row.
fn blocks(parameters: &HashMap<String, Terms>, term: impl Fn(&Terms) -> Option<&Matrix>) -> Option<Vec<f32>> {
    let kept: Vec<&Matrix> = PARTS.iter().filter_map(|part| term(&parameters[&letter(part)])).collect();
    let columns = kept.first()?[0].len();
    let row = |j: usize| kept.iter().flat_map(move |matrix| matrix.iter().map(move |row| row[j]));
    Some((0..columns).flat_map(row).collect())
}

fn biases(parameters: &HashMap<String, Terms>) -> Option<Vec<f32>> {
    let all: Vec<f32> =
        PARTS.iter().filter_map(|part| parameters[&letter(part)].b.clone()).flatten().collect();
    (!all.is_empty()).then_some(all)
}

fn letter(part: &Part) -> String {
    part.letter().to_string()
}

fn near_if_kept<const D: usize>(actual: Option<Tensor<D>>, expected: Option<Vec<f32>>, what: &str) {
    match (actual, expected) {
        (Some(actual), Some(expected)) => near(&actual, &expected, what),
        (None, None) => {}
        (actual, _) => panic!("{what}: kept here is {}, there the opposite", actual.is_some()),
    }
}

fn near<const D: usize>(actual: &Tensor<D>, expected: &[f32], what: &str) {
    let actual: Vec<f32> = actual.to_data().try_to_vec().unwrap();
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (index, (a, e)) in actual.iter().zip(expected).enumerate() {
        assert!((a - e).abs() <= TOLERANCE * (1.0 + e.abs()), "{what}[{index}]: {a} is not {e}");
    }
}

fn tensor2(rows: &Matrix, device: &Device) -> Tensor<2> {
    Tensor::<1>::from_floats(rows.concat().as_slice(), device).reshape([rows.len(), rows[0].len()])
}

fn tensor3(blocks: &[Matrix], device: &Device) -> Tensor<3> {
    Tensor::stack(blocks.iter().map(|rows| tensor2(rows, device)).collect(), 0)
}

fn flat3(blocks: &[Matrix]) -> Vec<f32> {
    blocks.iter().flatten().flatten().copied().collect()
}
