//! Random indices and normal numbers.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// A number in `0..bound`: the high half of a 128-bit product, biased by less than one part in 2³². Written here
/// because a new release of `rand` may change the numbers that a seed gives.
pub(super) fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    ((u128::from(random.next_u64()) * bound as u128) >> 64) as usize
}

/// A standard normal number (Box and Muller 1958).
pub(super) fn normal(random: &mut ChaCha8Rng) -> f64 {
    let mut uniform = || ((random.next_u64() >> 12) as f64 + 0.5) / (1u64 << 52) as f64;
    (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos()
}
