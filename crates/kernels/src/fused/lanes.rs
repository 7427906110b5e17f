//! Loads and stores of a vector that may be the last, shorter one of a row.

use pulp::Simd;

/// The numbers of `slice`, at most a vector of them, and zeros.
#[inline(always)]
pub(super) fn load<S: Simd>(simd: S, slice: &[f32]) -> S::f32s {
    if slice.len() == S::F32_LANES {
        // SAFETY: a whole vector lies in the slice.
        unsafe { slice.as_ptr().cast::<S::f32s>().read_unaligned() }
    } else {
        simd.partial_load_f32s(slice)
    }
}

/// The first lanes of `vector` into `slice`.
#[inline(always)]
pub(super) fn store<S: Simd>(simd: S, slice: &mut [f32], vector: S::f32s) {
    if slice.len() == S::F32_LANES {
        // SAFETY: a whole vector lies in the slice.
        unsafe { slice.as_mut_ptr().cast::<S::f32s>().write_unaligned(vector) }
    } else {
        simd.partial_store_f32s(slice, vector);
    }
}

/// The units in vectors.
#[inline(always)]
pub(super) fn vectors<S: Simd>(units: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..units).step_by(S::F32_LANES).map(move |from| from..units.min(from + S::F32_LANES))
}
