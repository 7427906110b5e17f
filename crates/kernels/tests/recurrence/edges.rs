//! Places where gradients stop, and arguments that are refused.

use crate::case::{BATCH, Case, HIDDEN, Results, values};
use burn::tensor::{DType, Device, Tensor};
use slimgate_gates::GateActivation;
use slimgate_kernels::{plain, recurrence};

fn vector(numbers: &[f32]) -> Tensor<1> {
    Tensor::from_floats(numbers, &Device::flex())
}

fn gradient(case: &Case, of: &str) -> Vec<f32> {
    let all = case.run(recurrence).gradients;
    all.into_iter().find(|(name, _)| *name == of).expect("it is an argument").1
}

#[test]
fn a_saturated_hard_sigmoid_passes_no_gradient() {
    // `0.2 z + 0.5` is clamped beyond ±2.5: the first and last two of each gate's units are.
    let bias = [-9.0, -2.6, -2.4, 2.4, 2.6, 9.0];
    let mut case = Case::random("b", 1.0, &Device::flex());
    case.spec.gate_activation = GateActivation::HardSigmoid;
    case.weights.bias = Some(vector(&[bias, bias, bias, [0.1; HIDDEN]].concat()));
    let passes: Vec<bool> = gradient(&case, "b").into_iter().map(|g| g != 0.0).collect();
    for gate in passes.chunks(HIDDEN).take(3) {
        assert_eq!(gate, [false, false, true, true, false, false]);
    }
}

#[test]
fn a_clipped_state_passes_no_gradient_to_what_made_it() {
    // A forget gate of 1 and a candidate of 0 leave c as it was, unless it is clipped.
    let mut case = Case::random("i=x,f=1,o=1,c=-", 1.0, &Device::flex());
    let c0 = [[0.2, 0.6, -0.6, -0.2, 0.4, 0.9]; BATCH];
    case.state.cell = vector(c0.as_flattened()).reshape([BATCH, HIDDEN]);
    case.spec.clip = Some(0.5);
    let passes: Vec<bool> = gradient(&case, "c0").into_iter().map(|g| g != 0.0).collect();
    assert_eq!(passes, [[true, false, false, true, true, false]; BATCH].as_flattened());
    let expected = [[0.2, 0.5, -0.5, -0.2, 0.4, 0.5]; BATCH];
    assert_eq!(values(&case.infer().1.cell), expected.as_flattened());
}

/// Neither the clip nor a clamped gate mistakes a NaN for a value beyond its limits.
#[test]
fn a_nan_state_has_a_nan_gradient() {
    let mut case = Case::random("xhb", 1.0, &Device::flex());
    case.spec.clip = Some(0.5);
    case.spec.gate_activation = GateActivation::HardSigmoid;
    let mut c0 = values(&case.state.cell);
    c0[0] = f32::NAN;
    case.state.cell = vector(&c0).reshape([BATCH, HIDDEN]);
    let is_nan = |results: Results| {
        let of_c0 =
            results.gradients.into_iter().find(|(name, _)| *name == "c0").expect("it is an argument").1;
        of_c0[0].is_nan()
    };
    assert!(is_nan(case.run(plain::recurrence)));
    assert!(is_nan(case.run(recurrence)));
}

#[test]
fn a_sequence_of_no_steps_keeps_the_state_it_came_with() {
    let mut case = Case::random("xhb", 1.0, &Device::flex());
    case.lengths = Some(vec![0; BATCH]);
    let end = case.infer().1;
    assert_eq!(values(&end.hidden), values(&case.state.hidden));
    assert_eq!(values(&end.cell), values(&case.state.cell));
    assert!(gradient(&case, "W").into_iter().all(|g| g == 0.0));
}

#[test]
#[should_panic(expected = "hidden weights of cell hb must be [hidden, hidden · parts]")]
fn a_weight_that_does_not_fit_the_cell_is_refused() {
    let mut case = Case::random("hb", 1.0, &Device::flex());
    case.weights.hidden = Some(case.weights.hidden.unwrap().slice([0..HIDDEN, 0..HIDDEN]));
    case.infer();
}

#[test]
#[should_panic(expected = "biases of cell h must be [hidden · parts]")]
fn a_weight_that_the_cell_keeps_is_missed() {
    let mut case = Case::random("h", 1.0, &Device::flex());
    case.weights.bias = None;
    case.infer();
}

#[test]
#[should_panic(expected = "have the precision of the inputs")]
fn a_weight_of_another_precision_is_refused() {
    let mut case = Case::random("hb", 1.0, &Device::flex());
    case.weights.hidden = case.weights.hidden.map(|u| u.cast(DType::F64));
    case.infer();
}

#[test]
#[should_panic(expected = "the clip must be above zero")]
fn a_clip_of_zero_is_refused() {
    let mut case = Case::random("hb", 1.0, &Device::flex());
    case.spec.clip = Some(0.0);
    case.infer();
}

#[test]
#[should_panic(expected = "there must be one length per sequence")]
fn lengths_for_another_batch_are_refused() {
    let mut case = Case::random("hb", 1.0, &Device::flex());
    case.lengths = Some(vec![5; BATCH + 1]);
    case.infer();
}
