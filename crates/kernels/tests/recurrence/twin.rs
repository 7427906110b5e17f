//! The operation computes what its plain twin does: outputs, states and all gradients.

use burn::tensor::Device;
use crate::case::{CELLS, Case};
use proptest::prelude::*;
use slimgate_kernels::{GateActivation, plain, recurrence};

/// Both sum in another order; five steps of sums of a dozen products leave about 1e-6.
const TOLERANCE: f32 = 2e-5;

fn same(case: &Case, what: &str) {
    case.run(recurrence).assert_near(&case.run(plain::recurrence), TOLERANCE, what);
}

#[test]
fn for_every_cell_in_both_directions() {
    for cell in CELLS {
        for reverse in [false, true] {
            let mut case = Case::random(cell, 1.0, &Device::flex());
            case.spec.reverse = reverse;
            same(&case, &format!("{cell}, reverse {reverse}"));
        }
    }
}

#[test]
fn for_sequences_of_different_lengths() {
    for cell in CELLS {
        for reverse in [false, true] {
            let mut case = Case::random(cell, 1.0, &Device::flex()).with_dropout();
            case.spec.reverse = reverse;
            case.spec.lengths = Some(vec![1, 5, 3]);
            same(&case, &format!("{cell}, reverse {reverse}"));
        }
    }
}

#[test]
fn with_recurrent_dropout() {
    for cell in CELLS {
        same(&Case::random(cell, 1.0, &Device::flex()).with_dropout(), cell);
    }
}

#[test]
fn with_a_clipped_cell_state() {
    for cell in CELLS {
        let mut case = Case::random(cell, 1.0, &Device::flex());
        let free = case.run(recurrence).cell;
        case.spec.clip = Some(0.3);
        assert_ne!(case.run(recurrence).cell, free, "{cell}: nothing was clipped");
        same(&case, cell);
    }
}

#[test]
fn with_hard_sigmoid_gates_that_saturate() {
    for cell in CELLS {
        let mut case = Case::random(cell, 4.0, &Device::flex());
        case.spec.gate_activation = GateActivation::HardSigmoid;
        same(&case, cell);
    }
}

#[test]
#[allow(deprecated)] // Burn deprecates `ndarray`; it is a backend of this release all the same.
fn on_the_ndarray_backend() {
    for cell in ["xhb", "hb", "h", "b", "i=db,f=xd,o=-,c=xb"] {
        same(&Case::random(cell, 1.0, &Device::ndarray()), cell);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn for_any_cell_and_any_way_of_walking(
        gates in prop::array::uniform3(prop::sample::select(vec!["xhb", "xd", "hb", "h", "d", "db", "x", "b", "-", "0.7"])),
        candidate in prop::sample::select(vec!["xhb", "xdb", "xb", "xh", "x"]),
        reverse: bool,
        ragged: bool,
        hard: bool,
        drops: bool,
    ) {
        let [i, f, o] = gates;
        let cell = format!("i={i},f={f},o={o},c={candidate}");
        let mut case = Case::random(&cell, 1.0, &Device::flex());
        if drops {
            case = case.with_dropout();
        }
        case.spec.reverse = reverse;
        case.spec.lengths = ragged.then(|| vec![2, 4, 5]);
        if hard {
            case.spec.gate_activation = GateActivation::HardSigmoid;
        }
        same(&case, &cell);
    }
}
