//! Permutations that are pure functions of a key.
//!
//! The bounded draw is written here rather than taken from `rand`, whose releases may change the numbers a
//! seed gives: a run from last year must keep its split, its batches and its pixel order.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The purpose of a permutation. Two uses of one seed must not share their random numbers.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Pixels,
    Split,
    Epoch,
    Test,
}

/// The numbers `0..len` in an order that depends on nothing but the arguments (ChaCha8, Fisher–Yates).
pub(crate) fn permutation(len: usize, purpose: Purpose, seed: u64, index: usize) -> Vec<usize> {
    let mut key = [0; 32];
    key[0..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&(index as u64).to_le_bytes());
    key[16] = purpose as u8;
    let mut random = ChaCha8Rng::from_seed(key);
    let mut order: Vec<usize> = (0..len).collect();
    for last in (1..len).rev() {
        order.swap(last, below(&mut random, last + 1));
    }
    order
}

/// A number in `0..bound`: the high half of a 128-bit product, uneven by less than one part in 2³².
fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    ((u128::from(random.next_u64()) * bound as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_number_comes_once(len in 0usize..300, seed: u64, index: usize) {
            let mut order = permutation(len, Purpose::Epoch, seed, index);
            order.sort_unstable();
            prop_assert_eq!(order, (0..len).collect::<Vec<_>>());
        }
    }

    #[test]
    fn purpose_seed_and_index_each_change_the_order() {
        let order = permutation(100, Purpose::Split, 1, 0);
        assert_eq!(order, permutation(100, Purpose::Split, 1, 0));
        assert_ne!(order, permutation(100, Purpose::Epoch, 1, 0));
        assert_ne!(order, permutation(100, Purpose::Test, 1, 0));
        assert_ne!(order, permutation(100, Purpose::Split, 2, 0));
        assert_ne!(order, permutation(100, Purpose::Split, 1, 1));
    }
}
