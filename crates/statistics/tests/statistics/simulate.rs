//! Random scores of seeds.

use std::f64::consts::TAU;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A source of random scores; equal seeds give equal scores.
pub struct Source(ChaCha8Rng);

impl Source {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform, above 0 and below 1.
    pub fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// Standard normal (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let length = (-2.0 * self.uniform().ln()).sqrt();
        length * (TAU * self.uniform()).cos()
    }

    /// Fraction of test examples that are right, each with the same probability.
    pub fn accuracy(&mut self, chance: f64, examples: usize) -> f64 {
        (0..examples).filter(|_| self.uniform() < chance).count() as f64 / examples as f64
    }
}

/// The fraction of simulations in which something held, and its Monte Carlo error: three standard errors around
/// `expected`.
pub fn share(simulations: usize, expected: f64, mut holds: impl FnMut() -> bool) -> (f64, f64) {
    let held = (0..simulations).filter(|_| holds()).count();
    let error = 3.0 * (expected * (1.0 - expected) / simulations as f64).sqrt();
    (held as f64 / simulations as f64, error)
}
