//! The activations, on vectors.
//!
//! All of them propagate NaN: where an operand is clamped, it is the second one, which the vector instructions of x86
//! return when either is NaN.

use pulp::Simd;
use slimgate_gates::{GateActivation, Part};

use super::lanes::{RowMut, vectors};

/// Turns the pre-activations of a part into its values.
#[inline(always)]
pub(super) fn activate<S: Simd>(simd: S, part: Part, gate_activation: GateActivation, z: &mut [f32]) {
    let (n, vectors) = (z.len(), vectors::<S>(z.len()));
    let mut row = RowMut::<S>::new(z, n);
    match (part, gate_activation) {
        (Part::Candidate, _) => {
            for at in vectors {
                row.set(simd, at, tanh(simd, row.get(simd, at)));
            }
        }
        (_, GateActivation::Logistic) => {
            for at in vectors {
                row.set(simd, at, logistic(simd, row.get(simd, at)));
            }
        }
        (_, GateActivation::HardSigmoid) => {
            for at in vectors {
                row.set(simd, at, hard_sigmoid(simd, row.get(simd, at)));
            }
        }
    }
}

/// `exp(x)` to within two units in the last place, clamped to finite, normal numbers.
///
/// `exp(x) = 2ⁿ exp(r)` with `|r| ≤ ln 2 / 2`; `exp(r)` is the polynomial of the Cephes library.
#[inline(always)]
fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let x = clamp(simd, x, -87.0, 88.0);

    // Adding 1.5 · 2²³ leaves the nearest integer in the lowest bits.
    let shift = simd.splat_f32s(12_582_912.0);
    let shifted = simd.mul_add_e_f32s(x, simd.splat_f32s(std::f32::consts::LOG2_E), shift);
    let n = simd.sub_f32s(shifted, shift);
    // ln 2 in two pieces, so that the difference keeps its precision.
    let r = simd.mul_add_e_f32s(n, simd.splat_f32s(-355.0 / 512.0), x);
    let r = simd.mul_add_e_f32s(n, simd.splat_f32s(2.121_944_4e-4), r);

    let coefficients = [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 5e-1, 1.0, 1.0];
    let polynomial = polynomial(simd, r, 1.987_569_1e-4, coefficients);

    // Multiplying by 2ⁿ adds n to the exponent.
    let exponent = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    let power = simd.transmute_f32s_u32s(simd.add_u32s(simd.transmute_u32s_f32s(polynomial), exponent));
    // The bit operations above could turn a NaN into a number.
    simd.select_f32s(simd.equal_f32s(x, x), power, x)
}

/// `1 / (1 + exp(-x))`.
#[inline(always)]
fn logistic<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let one = simd.splat_f32s(1.0);
    simd.div_f32s(one, simd.add_f32s(one, exp(simd, simd.neg_f32s(x))))
}

/// `0.2 x + 0.5`, clamped to 0 and 1.
#[inline(always)]
fn hard_sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let line = simd.mul_add_e_f32s(x, simd.splat_f32s(0.2), simd.splat_f32s(0.5));
    clamp(simd, line, 0.0, 1.0)
}

/// `tanh(x)` by the rational approximation of the Eigen library: odd in `x`, and within an ulp or two of `x` if `x` is
/// small.
#[inline(always)]
pub(super) fn tanh<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    const NUMERATOR: [f32; 6] =
        [2.000_188e-13, -8.604_672e-11, 5.122_297e-8, 1.485_722_3e-5, 6.372_619e-4, 4.893_524_6e-3];
    const DENOMINATOR: [f32; 3] = [1.185_347_1e-4, 2.268_434_6e-3, 4.893_525e-3];
    let x = clamp(simd, x, -7.905_311, 7.905_311);
    let square = simd.mul_f32s(x, x);
    let above = polynomial(simd, square, -2.760_768_5e-16, NUMERATOR);
    let below = polynomial(simd, square, 1.198_258_4e-6, DENOMINATOR);
    simd.div_f32s(simd.mul_f32s(x, above), below)
}

/// `x`, clamped to the limits.
#[inline(always)]
pub(super) fn clamp<S: Simd>(simd: S, x: S::f32s, low: f32, high: f32) -> S::f32s {
    let (low, high) = (simd.splat_f32s(low), simd.splat_f32s(high));
    if S::F32_LANES > 1 {
        simd.max_f32s(low, simd.min_f32s(high, x))
    } else {
        // The scalar `max` and `min` drop a NaN.
        let x = simd.select_f32s(simd.greater_than_f32s(x, high), high, x);
        simd.select_f32s(simd.less_than_f32s(x, low), low, x)
    }
}

/// `((first x + others[0]) x + others[1]) x + …`
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, x: S::f32s, first: f32, others: [f32; N]) -> S::f32s {
    let mut sum = simd.splat_f32s(first);
    for coefficient in others {
        sum = simd.mul_add_e_f32s(sum, x, simd.splat_f32s(coefficient));
    }
    sum
}
