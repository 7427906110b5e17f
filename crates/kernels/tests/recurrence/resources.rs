//! Threads, memory and the choice of outputs do not change the results.

use burn::tensor::{Device, Tensor};
use slimgate_kernels::{Sequences, State, last_hidden, recurrence};

use crate::case::{CELLS, Case, Results, values};

fn gradients(results: Results) -> Vec<Vec<f32>> {
    results.gradients.into_iter().map(|(_, gradient)| gradient).chain([results.outputs]).collect()
}

#[test]
fn the_result_does_not_depend_on_the_number_of_threads() {
    for cell in ["xhb", "hb", "b"] {
        let case = Case::sized(cell, [70, 6, 5, 20], 0.5, &Device::flex());
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            gradients(pool.install(|| case.run(recurrence)))
        };
        let alone = with(1);
        assert_eq!(with(2), alone, "{cell}");
        assert_eq!(with(5), alone, "{cell}");
    }
}

#[test]
fn recomputing_the_forward_pass_changes_no_bit() {
    for cell in CELLS {
        let mut case = Case::sized(cell, [20, 30, 3, 9], 0.5, &Device::flex()).with_dropout();
        case.lengths = Some((0..20).map(|row| 30 - row).collect());
        let kept = gradients(case.run(recurrence));
        case.spec.recompute = true;
        assert_eq!(gradients(case.run(recurrence)), kept, "{cell}");
    }
}

/// The results of an implementation that returns only the final hidden state.
fn ended(hidden: Tensor<2>) -> (Tensor<3>, State) {
    let cell = hidden.zeros_like();
    (hidden.clone().unsqueeze_dim(1), State { hidden, cell })
}

#[test]
fn the_last_hidden_units_alone_are_the_last_of_all() {
    for cell in CELLS {
        for reverse in [false, true] {
            let mut case = Case::random(cell, 1.0, &Device::flex()).with_dropout();
            case.spec.reverse = reverse;
            case.lengths = Some(vec![2, 5, 1]);
            let alone = |x, weights: &_, state: State, dropout, spec: &_| {
                ended(last_hidden(x, weights, state, dropout, spec))
            };
            let of_all = |x, weights: &_, state: State, dropout, spec: &_| {
                ended(recurrence(x, weights, state, dropout, spec).1.hidden)
            };
            assert_eq!(gradients(case.run(alone)), gradients(case.run(of_all)), "{cell}");
            let (_, end) = case.infer();
            let Case { x, lengths, weights, state, dropout, spec } = case;
            let hidden = last_hidden(Sequences { x, lengths }, &weights, state, dropout, &spec);
            assert_eq!(values(&hidden), values(&end.hidden), "{cell}");
        }
    }
}
