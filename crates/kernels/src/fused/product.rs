//! Matrix products that add to an existing `C`, `C += A · B`, or to one row broadcast to all.
//!
//! With `A` of shape `[M, K]` and `B` of shape `[K, N]`, `depth` is the inner dimension `K`; `start` is the initial
//! value of the accumulator, which is `C` itself or a row that is broadcast to all rows of `C`.
//!
//! Every product of the recurrence is computed here: those of the inputs, of the hidden units at a step, of the
//! backward pass and of the weight gradients. `B` is read in panels, a few vectors wide; `C` in tiles, a few rows of a
//! panel, whose sums stay in registers over the whole depth; a single row of `C` is computed along the rows of `B`
//! instead. Either way each sum is taken in the order of the depth, so a row's result does not depend on the rows
//! beside it.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::buffer::Buffer;

/// `A`.
#[derive(Clone, Copy)]
pub(super) struct Left<'a> {
    values: &'a [f32],
    rows: usize,
    /// The distance between its rows, or its columns if it is transposed.
    stride: usize,
    transposed: bool,
}

impl<'a> Left<'a> {
    /// A row-major matrix whose rows are `stride` apart.
    pub fn by_rows(values: &'a [f32], rows: usize, stride: usize) -> Left<'a> {
        Left { values, rows, stride, transposed: false }
    }

    /// A column-major matrix of `rows` rows whose columns are `stride` apart.
    pub fn by_columns(values: &'a [f32], rows: usize, stride: usize) -> Left<'a> {
        Left { values, rows, stride, transposed: true }
    }

    /// The strides of the rows and of the columns.
    fn strides(&self) -> (usize, usize) {
        if self.transposed { (1, self.stride) } else { (self.stride, 1) }
    }
}

/// `B`, of `depth` rows and `columns` columns.
#[derive(Clone, Copy)]
pub(super) struct Right<'a> {
    values: &'a [f32],
    depth: usize,
    columns: usize,
    layout: Layout,
}

#[derive(Clone, Copy)]
enum Layout {
    /// Panel after panel, each row of a panel padded with zeros to whole vectors.
    Panels,
    /// Row after row, `stride` numbers apart.
    Rows { stride: usize },
}

impl<'a> Right<'a> {
    /// A row-major matrix used in place, its rows `stride` apart. Good for a single use, or for one row; a matrix that
    /// several rows are multiplied by repeatedly is better [packed](Packed).
    pub fn rows(values: &'a [f32], depth: usize, columns: usize, stride: usize) -> Right<'a> {
        Right { values, depth, columns, layout: Layout::Rows { stride } }
    }
}

/// A copy of a matrix in the order in which a product reads it.
pub(super) struct Packed {
    values: Buffer,
    depth: usize,
    columns: usize,
}

impl Packed {
    /// Packs the matrix whose element `(k, column)` is `values[k · strides.0 + column · strides.1]`.
    pub fn new<S: Simd>(
        _: S,
        values: &[f32],
        depth: usize,
        columns: usize,
        strides: (usize, usize),
    ) -> Packed {
        let width = columns.next_multiple_of(S::F32_LANES);
        let mut packed = Buffer::stale(depth * width);
        for panel in panels::<S>(columns, tile_vectors::<S>()) {
            let panel_width = panel.vectors * S::F32_LANES;
            let panel_columns = panel.first..columns.min(panel.first + panel_width);
            let packed = &mut packed[depth * panel.first..][..depth * panel_width];
            if strides.1 == 1 {
                for (k, row) in packed.chunks_exact_mut(panel_width).enumerate() {
                    let (row, padding) = row.split_at_mut(panel_columns.len());
                    row.copy_from_slice(&values[k * strides.0..][panel_columns.clone()]);
                    padding.fill(0.0);
                }
            } else {
                // Along the depth, which is how a transposed matrix is stored.
                packed.fill(0.0);
                for (at, column) in panel_columns.enumerate() {
                    let column = &values[column * strides.1..];
                    for k in 0..depth {
                        packed[k * panel_width + at] = column[k * strides.0];
                    }
                }
            }
        }
        Packed { values: packed, depth, columns }
    }

    pub fn view(&self) -> Right<'_> {
        Right { values: &self.values, depth: self.depth, columns: self.columns, layout: Layout::Panels }
    }
}

/// A few whole vectors of columns, starting at column `first`.
struct Panel {
    first: usize,
    vectors: usize,
}

/// Rows of the largest tile.
const TILE_ROWS: usize = 4;

/// Vectors of the largest tile: its sums, a row of `B` and a number of `A` fit in the registers, and there are enough
/// sums to hide the latency of one.
const fn tile_vectors<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 5 } else { 3 }
}

/// Splits the columns into panels of nearly equal width, none wider than `most` vectors.
fn panels<S: Simd>(columns: usize, most: usize) -> impl Iterator<Item = Panel> {
    let vectors = columns.div_ceil(S::F32_LANES);
    parts(vectors, most)
        .map(|Range { start, end }| Panel { first: start * S::F32_LANES, vectors: end - start })
}

/// Splits `0..count` into parts of nearly equal length, none longer than `most`.
fn parts(count: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let parts = count.div_ceil(most);
    (0..parts).map(move |part| (part * count).div_ceil(parts)..((part + 1) * count).div_ceil(parts))
}

/// `C += A · B`, where row `r` of `C` begins at `r · c_stride`.
pub(super) fn add_product<S: Simd>(simd: S, c: &mut [f32], c_stride: usize, a: Left, b: Right) {
    product(simd, c, c_stride, None, a, b);
}

/// `C = A · B`, and `row` added to each row of it.
pub(super) fn set_product<S: Simd>(simd: S, c: &mut [f32], c_stride: usize, row: &[f32], a: Left, b: Right) {
    product(simd, c, c_stride, Some(row), a, b);
}

/// `C = start + A · B`, where the start is `C` itself or the one row.
fn product<S: Simd>(simd: S, c: &mut [f32], c_stride: usize, start: Option<&[f32]>, a: Left, b: Right) {
    if a.rows == 0 || b.depth == 0 || b.columns == 0 {
        return;
    }
    let last = |count: usize| count - 1;
    let (row, column) = a.strides();
    assert!(last(a.rows) * row + last(b.depth) * column < a.values.len());
    assert!(last(a.rows) * c_stride + b.columns <= c.len());
    assert!(start.is_none_or(|start| b.columns <= start.len()));
    assert!(match b.layout {
        Layout::Panels => b.depth * b.columns.next_multiple_of(S::F32_LANES) <= b.values.len(),
        Layout::Rows { stride } => last(b.depth) * stride + b.columns <= b.values.len(),
    });
    // A separate call, so that the tiles are compiled once for each instruction set.
    let c = c.as_mut_ptr();
    let start = start.map_or((c.cast_const(), c_stride), |start| (start.as_ptr(), 0));
    simd.vectorize(Product { simd, c, c_stride, start, a, b });
}

/// A product whose bounds have been checked.
struct Product<'a, S> {
    simd: S,
    c: *mut f32,
    c_stride: usize,
    /// The initial values of the sums, and the stride of their rows: 0 for a broadcast row.
    start: (*const f32, usize),
    a: Left<'a>,
    b: Right<'a>,
}

impl<S: Simd> WithSimd for Product<'_, S> {
    type Output = ();

    #[inline(always)]
    fn with_simd<T: Simd>(self, _: T) {
        let Product { simd, c, c_stride, start, a, b } = self;
        if let (1, Layout::Rows { stride }) = (a.rows, b.layout) {
            // SAFETY: `product` has checked that the last column and depth lie within the slices.
            return unsafe { row_product(simd, c, start.0, a, b, stride) };
        }
        for panel in panels::<S>(b.columns, tile_vectors::<S>()) {
            let width = panel.vectors * S::F32_LANES;
            let (from, stride) = match b.layout {
                Layout::Panels => (b.depth * panel.first, width),
                Layout::Rows { stride } => (panel.first, stride),
            };
            // The rows of `B` whose last vector can be loaded without a mask: the values beyond the columns are in
            // bounds and unused.
            let full_loads =
                (b.values.len() - from).checked_sub(width).map_or(0, |room| room / stride.max(1) + 1);
            for rows in parts(a.rows, TILE_ROWS) {
                // SAFETY: `product` has checked that the last row, column and depth lie within the
                // slices, and a vector that would reach beyond the end of `B` is loaded under a mask.
                unsafe {
                    let tile = Tile {
                        depth: b.depth,
                        full_loads: full_loads.min(b.depth),
                        a: a.values.as_ptr().add(rows.start * a.strides().0),
                        a_stride: a.stride,
                        a_transposed: a.transposed,
                        b: b.values.as_ptr().add(from),
                        b_depth: stride,
                        c: c.add(rows.start * c_stride + panel.first),
                        c_row: c_stride,
                        start: start.0.add(rows.start * start.1 + panel.first),
                        start_row: start.1,
                        last_lanes: width.min(b.columns - panel.first) - (width - S::F32_LANES),
                    };
                    tile.add(simd, rows.len(), panel.vectors);
                }
            }
        }
    }
}

/// Computes one row of `C`, reading each number of `B` once: along the rows of `B` in memory order, a few at a time,
/// with the sums in the L1 cache.
///
/// # Safety
///
/// All columns and depths of `a`, `b`, `c` and `start` are in bounds.
#[inline(always)]
unsafe fn row_product<S: Simd>(simd: S, c: *mut f32, start: *const f32, a: Left, b: Right, stride: usize) {
    /// Rows of `B` at a time, one for each factor below.
    const ROWS: usize = 4;
    /// Vectors of sums at a time.
    const SUMS: usize = 64;
    let lanes = S::F32_LANES;
    for first in (0..b.columns).step_by(SUMS * lanes) {
        let columns = (b.columns - first).min(SUMS * lanes);
        let mut sums = [simd.splat_f32s(0.0); SUMS];
        let sums = &mut sums[..columns.div_ceil(lanes)];
        let in_fours = b.depth / ROWS * ROWS;
        // SAFETY: guaranteed by the caller; there are `columns` columns from the first on.
        unsafe {
            let row = |k: usize| b.values.as_ptr().add(k * stride + first);
            let factor = |k: usize| *a.values.as_ptr().add(k * a.strides().1);
            for k in (0..in_fours).step_by(ROWS) {
                let factors = [factor(k), factor(k + 1), factor(k + 2), factor(k + 3)];
                add_rows::<S, ROWS>(simd, sums, columns, factors, row(k), stride);
            }
            for k in in_fours..b.depth {
                add_rows::<S, 1>(simd, sums, columns, [factor(k)], row(k), stride);
            }
            for (v, &sum) in sums.iter().enumerate() {
                let (start, c) = (start.add(first + v * lanes), c.add(first + v * lanes));
                if (v + 1) * lanes <= columns {
                    let start = start.cast::<S::f32s>().read_unaligned();
                    c.cast::<S::f32s>().write_unaligned(simd.add_f32s(start, sum));
                } else {
                    let last = simd.mask_between_m32s(0, (columns - v * lanes) as u32);
                    let start = simd.mask_load_ptr_f32s(last, start);
                    simd.mask_store_ptr_f32s(last, c, simd.add_f32s(start, sum));
                }
            }
        }
    }
}

/// Adds some rows, `stride` apart, each multiplied by its factor, to the sums of `columns` columns.
///
/// # Safety
///
/// The columns of all these rows are in bounds.
#[inline(always)]
unsafe fn add_rows<S: Simd, const ROWS: usize>(
    simd: S,
    sums: &mut [S::f32s],
    columns: usize,
    factors: [f32; ROWS],
    rows: *const f32,
    stride: usize,
) {
    let mut splat = [simd.splat_f32s(0.0); ROWS];
    for (splat, factor) in splat.iter_mut().zip(factors) {
        *splat = simd.splat_f32s(factor);
    }
    let (whole, rest) = sums.split_at_mut(columns / S::F32_LANES);
    // SAFETY: guaranteed by the caller.
    unsafe {
        for (v, sum) in whole.iter_mut().enumerate() {
            for (row, factor) in splat.into_iter().enumerate() {
                let vector = rows.add(row * stride + v * S::F32_LANES).cast::<S::f32s>().read_unaligned();
                *sum = simd.mul_add_e_f32s(factor, vector, *sum);
            }
        }
        if let [sum] = rest {
            let last = simd.mask_between_m32s(0, (columns % S::F32_LANES) as u32);
            for (row, factor) in splat.into_iter().enumerate() {
                let vector = simd
                    .mask_load_ptr_f32s(last, rows.add(row * stride + columns / S::F32_LANES * S::F32_LANES));
                *sum = simd.mul_add_e_f32s(factor, vector, *sum);
            }
        }
    }
}

/// A few rows and vectors of `C`, with the operands of their sums.
struct Tile {
    depth: usize,
    /// The first rows of `B`, whose last vector is in bounds as a whole and loaded without a mask.
    full_loads: usize,
    a: *const f32,
    /// As in [`Left`].
    a_stride: usize,
    a_transposed: bool,
    b: *const f32,
    b_depth: usize,
    c: *mut f32,
    c_row: usize,
    start: *const f32,
    start_row: usize,
    /// Number of columns in the last vector.
    last_lanes: usize,
}

impl Tile {
    /// # Safety
    ///
    /// `rows` rows of `A`, `C` and the start, `depth` of `A` and `B` and `vectors` vectors of `B`, `C` and the start
    /// are in bounds, the last vector with `last_lanes` lanes, but with all lanes in the `full_loads` first rows of
    /// `B`.
    #[inline(always)]
    unsafe fn add<S: Simd>(&self, simd: S, rows: usize, vectors: usize) {
        macro_rules! shapes {
            ($($rows:literal x [$($vectors:literal)*])*) => {
                match (rows, vectors, self.a_transposed) {
                    // SAFETY: guaranteed by the caller, with the numbers as constants.
                    $($(
                        ($rows, $vectors, false) => unsafe { self.add_shape::<S, $rows, $vectors, false>(simd) },
                        ($rows, $vectors, true) => unsafe { self.add_shape::<S, $rows, $vectors, true>(simd) },
                    )*)*
                    _ => unreachable!("no tile has {rows} rows of {vectors} vectors"),
                }
            };
        }
        if const { tile_vectors::<S>() == 5 } {
            shapes!(1 x [1 2 3 4 5] 2 x [1 2 3 4 5] 3 x [1 2 3 4 5] 4 x [1 2 3 4 5]);
        } else {
            shapes!(1 x [1 2 3] 2 x [1 2 3] 3 x [1 2 3] 4 x [1 2 3]);
        }
    }

    /// # Safety
    ///
    /// As for [`add`](Self::add).
    #[inline(always)]
    unsafe fn add_shape<S: Simd, const ROWS: usize, const VECTORS: usize, const TRANSPOSED: bool>(
        &self,
        simd: S,
    ) {
        let last = simd.mask_between_m32s(0, self.last_lanes as u32);
        let lanes = S::F32_LANES;
        // No closures here: they would be compiled without the instruction set.
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
        // Pointers to the rows of `A` at the current depth. One each: computing each from the one before would chain
        // additions that take longer than the products.
        let mut a = [self.a; ROWS];
        for (row, a) in a.iter_mut().enumerate() {
            *a = a.wrapping_add(if TRANSPOSED { row } else { row * self.a_stride });
        }
        let a_step = if TRANSPOSED { self.a_stride } else { 1 };
        let mut b = self.b;
        // SAFETY: all within the bounds that the caller guarantees.
        unsafe {
            for _ in 0..self.full_loads {
                let mut b_row = [simd.splat_f32s(0.0); VECTORS];
                for (v, b_vector) in b_row.iter_mut().enumerate() {
                    *b_vector = b.add(v * lanes).cast::<S::f32s>().read_unaligned();
                }
                for (a, sums) in a.iter_mut().zip(&mut sums) {
                    let factor = simd.splat_f32s(**a);
                    for (sum, b_vector) in sums.iter_mut().zip(b_row) {
                        *sum = simd.mul_add_e_f32s(factor, b_vector, *sum);
                    }
                    *a = a.wrapping_add(a_step);
                }
                b = b.wrapping_add(self.b_depth);
            }
            for _ in self.full_loads..self.depth {
                for v in 0..VECTORS {
                    let at = b.add(v * lanes);
                    let b_vector = if v + 1 < VECTORS {
                        at.cast::<S::f32s>().read_unaligned()
                    } else {
                        simd.mask_load_ptr_f32s(last, at)
                    };
                    for (a, sums) in a.iter().zip(&mut sums) {
                        sums[v] = simd.mul_add_e_f32s(simd.splat_f32s(**a), b_vector, sums[v]);
                    }
                }
                for a in &mut a {
                    *a = a.wrapping_add(a_step);
                }
                b = b.wrapping_add(self.b_depth);
            }
            for (row, sums) in sums.into_iter().enumerate() {
                for (v, sum) in sums.into_iter().enumerate() {
                    let start = self.start.add(row * self.start_row + v * lanes);
                    let at = self.c.add(row * self.c_row + v * lanes);
                    if v + 1 < VECTORS || self.last_lanes == lanes {
                        let start = start.cast::<S::f32s>().read_unaligned();
                        at.cast::<S::f32s>().write_unaligned(simd.add_f32s(start, sum));
                    } else {
                        let start = simd.mask_load_ptr_f32s(last, start);
                        simd.mask_store_ptr_f32s(last, at, simd.add_f32s(start, sum));
                    }
                }
            }
        }
    }
}
