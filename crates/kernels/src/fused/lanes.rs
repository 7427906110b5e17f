//! A row of numbers as SIMD vectors, the last of which may be partial.

use pulp::{Simd, WithSimd};

/// A row to read.
pub(super) struct Row<'a, S: Simd> {
    whole: &'a [S::f32s],
    rest: &'a [f32],
}

impl<'a, S: Simd> Row<'a, S> {
    /// The first `n` values. When several rows are iterated together, one `n` for all lets the compiler see that they
    /// have the same length.
    #[inline(always)]
    pub fn new(values: &'a [f32], n: usize) -> Row<'a, S> {
        let (whole, rest) = S::as_simd_f32s(&values[..n]);
        Row { whole, rest }
    }

    /// A vector; the last one is padded with zeros.
    #[inline(always)]
    pub fn get(&self, simd: S, at: usize) -> S::f32s {
        match self.whole.get(at) {
            Some(&vector) => vector,
            None => simd.partial_load_f32s(self.rest),
        }
    }
}

/// A row to write.
pub(super) struct RowMut<'a, S: Simd> {
    whole: &'a mut [S::f32s],
    rest: &'a mut [f32],
}

impl<'a, S: Simd> RowMut<'a, S> {
    /// The first `n` values.
    #[inline(always)]
    pub fn new(values: &'a mut [f32], n: usize) -> RowMut<'a, S> {
        let (whole, rest) = S::as_mut_simd_f32s(&mut values[..n]);
        RowMut { whole, rest }
    }

    /// A vector; the last one is padded with zeros.
    #[inline(always)]
    pub fn get(&self, simd: S, at: usize) -> S::f32s {
        Row::<S> { whole: self.whole, rest: self.rest }.get(simd, at)
    }

    /// Sets a vector; for the last one, only the values that the row has.
    #[inline(always)]
    pub fn set(&mut self, simd: S, at: usize, vector: S::f32s) {
        match self.whole.get_mut(at) {
            Some(place) => *place = vector,
            None => simd.partial_store_f32s(self.rest, vector),
        }
    }
}

/// `accumulator += left ⊙ right`
pub(super) struct AddProducts<'a> {
    pub accumulator: &'a mut [f32],
    pub left: &'a [f32],
    pub right: &'a [f32],
}

impl WithSimd for AddProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let n = self.accumulator.len();
        let (left, right) = (Row::<S>::new(self.left, n), Row::<S>::new(self.right, n));
        let mut sums = RowMut::<S>::new(self.accumulator, n);
        for at in vectors::<S>(n) {
            let sum = simd.mul_add_e_f32s(left.get(simd, at), right.get(simd, at), sums.get(simd, at));
            sums.set(simd, at, sum);
        }
    }
}

/// The indices of the vectors of a row of `n` values.
#[inline(always)]
pub(super) fn vectors<S: Simd>(n: usize) -> std::ops::Range<usize> {
    0..n.div_ceil(S::F32_LANES)
}
