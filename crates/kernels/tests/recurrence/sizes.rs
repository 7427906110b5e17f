//! Batches, sequences and layers whose sizes are not multiples of a vector, tile or shard.

use burn::tensor::Device;
use proptest::prelude::*;
use slimgate_gates::GateActivation;
use slimgate_kernels::{plain, recurrence};

use crate::case::{CELLS, Case, Results, near, values};
use crate::twin::any_cell;

/// A bound on weights that keeps the sums of a layer of `units` units near 1.
fn scale(units: usize) -> f32 {
    1.5 / (units as f32).sqrt()
}

fn same(cell: &str, sizes: [usize; 4], change: impl Fn(&mut Case)) {
    let mut case = Case::sized(cell, sizes, scale(sizes[3]), &Device::flex());
    change(&mut case);
    assert_close(&case.run(recurrence), &case.run(plain::recurrence), &format!("{cell} of {sizes:?}"));
}

/// Compares outputs to 1e-5 and gradients to 1e-4.
fn assert_close(fused: &Results, twin: &Results, what: &str) {
    near(&fused.outputs, &twin.outputs, 1e-5, &format!("{what}: outputs"));
    near(&fused.hidden, &twin.hidden, 1e-5, &format!("{what}: final h"));
    near(&fused.cell, &twin.cell, 1e-5, &format!("{what}: final c"));
    for ((name, a), (_, b)) in fused.gradients.iter().zip(&twin.gradients) {
        near(a, b, 1e-4, &format!("{what}: gradient of {name}"));
    }
}

#[test]
fn layers_of_any_width() {
    for units in [1, 3, 16, 17, 100, 128, 257] {
        for batch in [1, 2, 5, 33] {
            for cell in ["xhb", "hb", "b", "i=db,f=xd,o=-,c=xb"] {
                same(cell, [batch, 2, 3, units], |_| {});
            }
        }
    }
}

#[test]
fn sequences_of_one_step_and_of_many() {
    for cell in ["xhb", "h", "b"] {
        same(cell, [5, 1, 3, 17], |_| {});
        same(cell, [2, 784, 1, 10], |_| {});
        same(cell, [2, 784, 1, 10], |case| case.spec.reverse = true);
    }
}

#[test]
fn wide_inputs() {
    for cell in CELLS {
        same(cell, [18, 9, 130, 5], |case| case.lengths = Some((0..18).map(|row| row % 10).collect()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_sizes(
        cell in any_cell(),
        sizes in (1..40usize, 1..12usize, 1..20usize, 1..70usize),
        clip in prop::option::of(0.2..2.0f32),
        reverse in any::<bool>(),
        ragged in any::<bool>(),
        recompute in any::<bool>(),
        hard in any::<bool>(),
        drops in any::<bool>(),
    ) {
        let (batch, steps, inputs, units) = sizes;
        let mut case = Case::sized(&cell, [batch, steps, inputs, units], scale(units), &Device::flex());
        if drops {
            case = case.with_dropout();
        }
        case.spec.clip = clip;
        case.spec.reverse = reverse;
        case.spec.recompute = recompute;
        case.spec.gate_activation = if hard { GateActivation::HardSigmoid } else { GateActivation::Logistic };
        case.lengths = ragged.then(|| (0..batch).map(|row| row * 7 % (steps + 1)).collect());
        let what = format!("{cell} of {sizes:?}");
        assert_close(&case.run(recurrence), &case.run(plain::recurrence), &what);
    }
}

#[test]
fn a_nan_stays_a_nan() {
    // Also where only a gate reads the input, and with a NaN that arithmetic alone would not produce.
    for cell in ["xhb", "xh", "b", "i=x,f=b,o=b,c=hb"] {
        for odd in [f32::NAN, f32::from_bits(0x7FC0_0001), f32::INFINITY, f32::NEG_INFINITY] {
            let mut case = Case::sized(cell, [3, 4, 2, 17], 1.0, &Device::flex());
            let x: Vec<f32> = values(&case.x)
                .into_iter()
                .enumerate()
                .map(|(at, x)| if at == 10 { odd } else { x })
                .collect();
            case.x = burn::tensor::Tensor::<1>::from_floats(x.as_slice(), &Device::flex()).reshape([3, 4, 2]);
            let kind = |number: &f32| if number.is_nan() { 0 } else { 1 };
            let (fused, twin) = (case.run(recurrence), case.run(plain::recurrence));
            let kinds = |results: &Results| results.outputs.iter().map(kind).collect::<Vec<_>>();
            assert_eq!(kinds(&fused), kinds(&twin), "{cell} with {odd}");
            if odd.is_infinite() {
                near(&fused.outputs, &twin.outputs, 1e-5, &format!("{cell} with {odd}"));
            }
        }
    }
}
