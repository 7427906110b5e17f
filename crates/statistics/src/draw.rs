//! Random indices.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// A number in `0..bound`: the high half of a 128-bit product, uneven by less than one part in 2³². Written
/// here because `rand` may change from release to release what numbers a seed gives.
pub(super) fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    ((u128::from(random.next_u64()) * bound as u128) >> 64) as usize
}
