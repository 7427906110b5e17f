//! The hand-written back-propagation through time agrees with differences of the forward walk.

use burn::tensor::{Device, Tensor};
use crate::case::{CELLS, Case, values};
use slimgate_kernels::recurrence;

/// A step large enough for single precision: the loss is good to about 1e-6, so a difference over 2e-2 is good
/// to 1e-4; the third derivative, of order one, adds another 1e-4.
const STEP: f32 = 1e-2;
const TOLERANCE: f64 = 2e-3;

#[test]
fn for_every_weight_input_and_state_of_every_cell() {
    for cell in CELLS {
        let case = Case::random(cell, 1.0, &Device::flex());
        for (name, gradient) in case.run(recurrence).gradients {
            for (index, &gradient) in gradient.iter().enumerate() {
                let above = nudged(&case, name, index, STEP).run(recurrence).loss();
                let below = nudged(&case, name, index, -STEP).run(recurrence).loss();
                let difference = (above - below) / (2.0 * f64::from(STEP));
                assert!(
                    (f64::from(gradient) - difference).abs() <= TOLERANCE * (1.0 + difference.abs()),
                    "{cell}: d loss / d {name}[{index}] is {gradient}, the difference quotient {difference}"
                );
            }
        }
    }
}

/// The case with one of its numbers moved.
fn nudged(case: &Case, name: &str, index: usize, by: f32) -> Case {
    fn nudge<const D: usize>(tensor: &Tensor<D>, index: usize, by: f32) -> Tensor<D> {
        let mut moved = values(tensor);
        moved[index] += by;
        Tensor::<1>::from_floats(moved.as_slice(), &tensor.device()).reshape(tensor.shape())
    }
    let mut case = case.clone();
    let weights = &mut case.weights;
    match name {
        "x" => case.x = nudge(&case.x, index, by),
        "h0" => case.state.hidden = nudge(&case.state.hidden, index, by),
        "c0" => case.state.cell = nudge(&case.state.cell, index, by),
        "W" => weights.input = weights.input.as_ref().map(|w| nudge(w, index, by)),
        "U" => weights.hidden = weights.hidden.as_ref().map(|w| nudge(w, index, by)),
        "u" => weights.diagonal = weights.diagonal.as_ref().map(|w| nudge(w, index, by)),
        "b" => weights.bias = weights.bias.as_ref().map(|w| nudge(w, index, by)),
        _ => unreachable!("there is no argument {name}"),
    }
    case
}
