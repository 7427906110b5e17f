//! The hand-written back-propagation through time agrees with finite differences of the forward pass.

use crate::case::{CELLS, Case, loss, values};
use burn::tensor::{Device, Tensor};
use slimgate_kernels::recurrence;

/// Single precision gives the loss to about 1e-6, so differences need a step this large; the quotient of two points
/// would then be off by the third derivative (4e-3 for a bias, which acts on every step), the quotient of four points
/// only by the fifth.
const STEP: f32 = 1e-2;
const TOLERANCE: f64 = 5e-4;

#[test]
fn for_every_weight_input_and_state_of_every_cell() {
    for cell in CELLS {
        agree(&Case::random(cell, 1.0, &Device::flex()), cell);
    }
}

/// Clipping and the hard sigmoid have kinks, where finite differences are meaningless; the twin covers them.
#[test]
fn for_a_reversed_recurrence_over_ragged_sequences_with_dropout() {
    for cell in CELLS {
        let mut case = Case::random(cell, 1.0, &Device::flex()).with_dropout();
        case.spec.reverse = true;
        case.lengths = Some(vec![2, 5, 3]);
        agree(&case, cell);
    }
}

fn agree(case: &Case, cell: &str) {
    for (name, gradient) in case.run(recurrence).gradients {
        for (index, &gradient) in gradient.iter().enumerate() {
            let moved = |by: f32| loss(&nudged(case, name, index, by).infer());
            let near = moved(STEP) - moved(-STEP);
            let far = moved(2.0 * STEP) - moved(-2.0 * STEP);
            let difference = (8.0 * near - far) / (12.0 * f64::from(STEP));
            assert!(
                (f64::from(gradient) - difference).abs() <= TOLERANCE * (1.0 + difference.abs()),
                "{cell}: d loss / d {name}[{index}] is {gradient}, the difference quotient {difference}"
            );
        }
    }
}

/// The case with one of its numbers changed.
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
