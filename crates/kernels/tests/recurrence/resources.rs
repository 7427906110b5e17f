//! Threads, memory and what is handed out change nothing in the numbers.

use burn::tensor::Device;
use slimgate_kernels::{State, last_hidden, last_state, recurrence};

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
fn computing_the_way_again_changes_no_bit() {
    for cell in CELLS {
        let mut case = Case::sized(cell, [20, 30, 3, 9], 0.5, &Device::flex()).with_dropout();
        case.spec.lengths = Some((0..20).map(|row| 30 - row).collect());
        let kept = gradients(case.run(recurrence));
        case.spec.recompute = true;
        assert_eq!(gradients(case.run(recurrence)), kept, "{cell}");
    }
}

#[test]
fn the_last_state_alone_is_the_last_of_all() {
    for cell in CELLS {
        for reverse in [false, true] {
            let mut case = Case::random(cell, 1.0, &Device::flex()).with_dropout();
            case.spec.reverse = reverse;
            case.spec.lengths = Some(vec![2, 5, 1]);
            let only_end = |x, weights: &_, state: State, dropout, spec: &_| {
                let end = last_state(x, weights, state, dropout, spec);
                (end.hidden.clone().unsqueeze_dim(1), end)
            };
            let with_outputs = |x, weights: &_, state: State, dropout, spec: &_| {
                let (_, end) = recurrence(x, weights, state, dropout, spec);
                (end.hidden.clone().unsqueeze_dim(1), end)
            };
            assert_eq!(gradients(case.run(only_end)), gradients(case.run(with_outputs)), "{cell}");
            let (_, end) = case.infer();
            let Case { x, weights, state, dropout, spec } = case;
            let last = last_state(x.clone(), &weights, state.clone(), dropout.clone(), &spec);
            assert_eq!(values(&last.cell), values(&end.cell), "{cell}");
            let hidden = last_hidden(x, &weights, state, dropout, &spec);
            assert_eq!(values(&hidden), values(&end.hidden), "{cell}");
        }
    }
}
