//! What a walk over sequences means.

use burn::tensor::Device;
use crate::case::{BATCH, CELLS, Case, HIDDEN, INPUTS, STEPS, near, values};
use slimgate_kernels::{State, recurrence};

const TOLERANCE: f32 = 1e-6;

#[test]
fn a_short_sequence_in_a_batch_is_as_it_is_alone() {
    let lengths = [2, 5, 1];
    for cell in CELLS {
        for reverse in [false, true] {
            let mut case = Case::random(cell, 1.0, &Device::flex());
            case.spec.reverse = reverse;
            case.spec.lengths = Some(lengths.to_vec());
            let (outputs, end) = run(&case);
            for (row, length) in lengths.into_iter().enumerate() {
                let mut alone = case.clone();
                alone.x = case.x.clone().slice([row..row + 1, 0..length, 0..INPUTS]);
                alone.state.hidden = case.state.hidden.clone().slice([row..row + 1]);
                alone.state.cell = case.state.cell.clone().slice([row..row + 1]);
                alone.spec.lengths = None;
                let (alone_outputs, alone_end) = run(&alone);
                let what = format!("{cell}, reverse {reverse}, length {length}");
                let in_batch = outputs.clone().slice([row..row + 1, 0..length]);
                near(&values(&in_batch), &values(&alone_outputs), TOLERANCE, &what);
                near(&values(&end.hidden.clone().slice([row..row + 1])), &values(&alone_end.hidden), TOLERANCE, &what);
                near(&values(&end.cell.clone().slice([row..row + 1])), &values(&alone_end.cell), TOLERANCE, &what);
            }
        }
    }
}

#[test]
fn a_sequence_keeps_its_last_state_after_its_end() {
    let mut case = Case::random("hb", 1.0, &Device::flex());
    case.spec.lengths = Some(vec![2, 5, 3]);
    let (outputs, end) = run(&case);
    for t in 2..STEPS {
        let held = values(&outputs.clone().slice([0..1, t..t + 1]));
        assert_eq!(held, values(&end.hidden.clone().slice([0..1])));
    }
}

#[test]
fn a_sequence_in_two_pieces_is_the_whole_sequence() {
    for cell in CELLS {
        let case = Case::random(cell, 1.0, &Device::flex());
        let (_, whole) = run(&case);
        let mut piece = case.clone();
        piece.x = case.x.clone().slice([0..BATCH, 0..2]);
        let (_, middle) = run(&piece);
        piece.x = case.x.clone().slice([0..BATCH, 2..STEPS]);
        piece.state = middle;
        let (_, end) = run(&piece);
        near(&values(&end.hidden), &values(&whole.hidden), TOLERANCE, cell);
        near(&values(&end.cell), &values(&whole.cell), TOLERANCE, cell);
    }
}

#[test]
#[should_panic(expected = "hidden weights of cell hb are [hidden, hidden · parts]")]
fn a_weight_that_does_not_fit_the_cell_is_refused() {
    let mut case = Case::random("hb", 1.0, &Device::flex());
    case.weights.hidden = Some(case.weights.hidden.unwrap().slice([0..HIDDEN, 0..HIDDEN]));
    run(&case);
}

#[test]
#[should_panic(expected = "biases of cell h are [hidden · parts]")]
fn a_weight_that_the_cell_keeps_is_missed() {
    let mut case = Case::random("h", 1.0, &Device::flex());
    case.weights.bias = None;
    run(&case);
}

fn run(case: &Case) -> (burn::tensor::Tensor<3>, State) {
    recurrence(case.x.clone(), &case.weights, case.state.clone(), case.dropout.clone(), &case.spec)
}
