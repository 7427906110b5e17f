//! Working memory that is reused from one call to the next.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use bytemuck::{Pod, Zeroable};

/// One cache line. A vector load that straddles two lines costs twice as much.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// Numbers per cache line.
pub(super) const LINE: usize = 16;

// SAFETY: an array of plain numbers whose size equals its alignment, so there is no padding.
unsafe impl Zeroable for Line {}
// SAFETY: as above; every bit pattern is valid.
unsafe impl Pod for Line {}

/// Spare buffers, kept for reuse. Fresh memory costs a page fault for each 4 KiB on first touch, which for a long
/// sequence takes as long as the arithmetic on it.
static SPARE: Mutex<Vec<Vec<Line>>> = Mutex::new(Vec::new());

/// Maximum number of spare buffers: more than one training step of a deep stack holds at once.
const MOST_SPARE: usize = 256;

/// A cache-line-aligned array of numbers, taken from the spare buffers and given back when dropped.
#[derive(Debug)]
pub(super) struct Buffer {
    lines: Vec<Line>,
    length: usize,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Buffer {
    /// `length` numbers with whatever their last use left in them.
    pub fn stale(length: usize) -> Buffer {
        let needed = length.div_ceil(LINE);
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        // The smallest buffer that is large enough, unless it is far too large.
        let fitting = (0..spare.len())
            .filter(|&at| (needed..=4 * needed).contains(&spare[at].len()))
            .min_by_key(|&at| spare[at].len());
        let lines = fitting.map(|at| spare.swap_remove(at));
        drop(spare);
        Buffer { lines: lines.unwrap_or_else(|| vec![Line([0.0; LINE]); needed]), length }
    }

    /// `length` zeros.
    pub fn zeros(length: usize) -> Buffer {
        let mut buffer = Buffer::stale(length);
        buffer.fill(0.0);
        buffer
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &bytemuck::cast_slice(&self.lines)[..self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.length]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < MOST_SPARE && !self.lines.is_empty() {
            spare.push(std::mem::take(&mut self.lines));
        }
    }
}
