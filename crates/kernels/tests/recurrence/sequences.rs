//! The meaning of the recurrence: other ways to the same outputs, states and gradients.

use crate::case::{BATCH, CELLS, Case, INPUTS, STEPS, near, values};
use burn::tensor::{Device, Tensor};
use slimgate_kernels::{Recurrence, Sequences, State, TensorWeights, recurrence};

/// The same sums, split up differently.
const TOLERANCE: f32 = 1e-5;
const LENGTHS: [usize; 3] = [2, 5, 1];

#[test]
fn a_short_sequence_in_a_batch_is_as_it_is_alone() {
    for cell in CELLS {
        for reverse in [false, true] {
            let mut case = Case::random(cell, 1.0, &Device::flex()).with_dropout();
            case.spec.reverse = reverse;
            case.lengths = Some(LENGTHS.to_vec());
            let what = format!("{cell}, reverse {reverse}");
            case.run(recurrence).assert_near(&case.run(one_by_one), TOLERANCE, &what);
        }
    }
}

/// Runs each sequence by itself, without its padding; after its end it outputs the state that it holds.
fn one_by_one(
    Sequences { x, lengths }: Sequences,
    weights: &TensorWeights,
    state: State,
    dropout: Option<Tensor<2>>,
    spec: &Recurrence,
) -> (Tensor<3>, State) {
    let alone = lengths.unwrap().into_iter().enumerate().map(|(row, length)| {
        let only = |tensor: &Tensor<2>| tensor.clone().narrow(0, row, 1);
        let start = State { hidden: only(&state.hidden), cell: only(&state.cell) };
        let dropout = dropout.as_ref().map(only);
        let x = x.clone().slice([row..row + 1, 0..length]);
        let (outputs, end) = recurrence(x.into(), weights, start.clone(), dropout, spec);
        let held = if spec.reverse { start.hidden } else { end.hidden.clone() };
        let after = held.unsqueeze_dim::<3>(1).repeat_dim(1, STEPS - length);
        let outputs = if length < STEPS { Tensor::cat(vec![outputs, after], 1) } else { outputs };
        (outputs, end.hidden, end.cell)
    });
    let (outputs, hidden, cell): (Vec<_>, Vec<_>, Vec<_>) = alone.collect();
    (Tensor::cat(outputs, 0), State { hidden: Tensor::cat(hidden, 0), cell: Tensor::cat(cell, 0) })
}

#[test]
fn padding_changes_nothing() {
    let mut case = Case::random("xhb", 1.0, &Device::flex());
    case.lengths = Some(LENGTHS.to_vec());
    let before = case.run(recurrence);
    let x = values(&case.x).into_iter().enumerate().map(|(index, x)| {
        let (row, t) = (index / (STEPS * INPUTS), index / INPUTS % STEPS);
        if t < LENGTHS[row] { x } else { 1e6 }
    });
    let x: Vec<f32> = x.collect();
    case.x = Tensor::<1>::from_floats(x.as_slice(), &Device::flex()).reshape([BATCH, STEPS, INPUTS]);
    case.run(recurrence).assert_near(&before, 0.0, "padding of 1e6");
}

#[test]
fn a_sequence_in_two_pieces_is_the_whole_sequence() {
    for cell in CELLS {
        let case = Case::random(cell, 1.0, &Device::flex()).with_dropout();
        case.run(recurrence).assert_near(&case.run(in_two_pieces), TOLERANCE, cell);
    }
}

/// Runs the first two steps and the rest separately, handing over the state.
fn in_two_pieces(
    Sequences { x, .. }: Sequences,
    weights: &TensorWeights,
    state: State,
    dropout: Option<Tensor<2>>,
    spec: &Recurrence,
) -> (Tensor<3>, State) {
    let (first, second) = (x.clone().slice([0..BATCH, 0..2]), x.slice([0..BATCH, 2..STEPS]));
    let (early, middle) = recurrence(first.into(), weights, state, dropout.clone(), spec);
    let (late, end) = recurrence(second.into(), weights, middle, dropout, spec);
    (Tensor::cat(vec![early, late], 1), end)
}

/// A backend's slices may be views into a larger tensor, which a kernel on raw memory must take into account.
#[test]
fn a_view_into_a_larger_tensor_is_read_as_what_it_shows() {
    for cell in CELLS {
        let case = Case::random(cell, 1.0, &Device::flex()).with_dropout();
        case.run(recurrence).assert_near(&case.run(from_views), TOLERANCE, cell);
    }
}

fn from_views(
    Sequences { x, lengths }: Sequences,
    weights: &TensorWeights,
    state: State,
    dropout: Option<Tensor<2>>,
    spec: &Recurrence,
) -> (Tensor<3>, State) {
    fn view<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
        let width = tensor.dims()[D - 1];
        let beside = Tensor::cat(vec![tensor.zeros_like(), tensor], D - 1);
        beside.slice_dim(D - 1, width..2 * width)
    }
    let weights = weights.clone().map_both(|matrix| matrix.map(view), |vector| vector.map(view));
    let state = State { hidden: view(state.hidden), cell: view(state.cell) };
    recurrence(Sequences { x: view(x), lengths }, &weights, state, dropout.map(view), spec)
}

/// Burn treats any stride as contiguous in a dimension of one element.
#[test]
fn rows_of_one_number_may_have_any_stride() {
    /// A column-major copy, as for data with its channels first.
    fn turned<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
        let mut shape = tensor.dims();
        shape.swap(D - 2, D - 1);
        tensor.swap_dims(D - 2, D - 1).add_scalar(0.0).reshape(shape).swap_dims(D - 2, D - 1)
    }
    for sizes in [[1, 6, 1, 3], [4, 6, 2, 1]] {
        let case = Case::sized("hb", sizes, 1.0, &Device::flex());
        let by_columns =
            |Sequences { x, lengths }: Sequences, weights: &_, state: State, dropout, spec: &_| {
                let state = State { hidden: turned(state.hidden), cell: turned(state.cell) };
                recurrence(Sequences { x: turned(x), lengths }, weights, state, dropout, spec)
            };
        case.run(recurrence).assert_near(&case.run(by_columns), TOLERANCE, &format!("{sizes:?}"));
    }
}

#[test]
fn inference_computes_what_training_does() {
    for cell in CELLS {
        let case = Case::random(cell, 1.0, &Device::flex()).with_dropout();
        let (training, (outputs, end)) = (case.run(recurrence), case.infer());
        near(&values(&outputs), &training.outputs, 0.0, cell);
        near(&values(&end.hidden), &training.hidden, 0.0, cell);
        near(&values(&end.cell), &training.cell, 0.0, cell);
    }
}
