//! Wilcoxon's signed-rank test, exact with ties.

use statrs::statistics::{Data, OrderStatistics, RankTieBreaker};

/// The two-sided p value of "the differences are symmetric around zero", by counting all assignments of signs.
///
/// Zeros are left out, as Wilcoxon did; equal magnitudes share their mean rank, and the test stays exact. With few
/// differences it has little power: the smallest p of five is 1/16.
///
/// # Panics
///
/// If a difference is NaN.
pub fn signed_rank_p(differences: &[f64]) -> f64 {
    let differences: Vec<f64> = differences.iter().copied().filter(|difference| *difference != 0.0).collect();
    let sizes: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
    // Twice the ranks, which are then integers.
    let doubled: Vec<usize> = ranks(&sizes).iter().map(|rank| (2.0 * rank) as usize).collect();
    let positive: usize = doubled
        .iter()
        .zip(&differences)
        .filter(|(_, difference)| **difference > 0.0)
        .map(|(rank, _)| rank)
        .sum();
    let total: usize = doubled.iter().sum();

    // The probability of each sum of ranks if every sign is the toss of a fair coin.
    let mut chance = vec![0.0; total + 1];
    chance[0] = 1.0;
    let mut reached = 0;
    for rank in doubled {
        reached += rank;
        for sum in (0..=reached).rev() {
            let with = if sum >= rank { chance[sum - rank] } else { 0.0 };
            chance[sum] = 0.5 * (chance[sum] + with);
        }
    }
    let extreme = positive.min(total - positive);
    (2.0 * chance[..=extreme].iter().sum::<f64>()).min(1.0)
}

/// Ranks from 1 for the smallest; equal values share the mean of theirs.
pub(super) fn ranks(values: &[f64]) -> Vec<f64> {
    Data::new(values.to_vec()).ranks(RankTieBreaker::Average)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_but_zeros_says_nothing() {
        assert_eq!(signed_rank_p(&[]), 1.0);
        assert_eq!(signed_rank_p(&[0.0, 0.0]), 1.0);
    }

    #[test]
    fn five_of_one_sign_are_one_in_sixteen() {
        assert_eq!(signed_rank_p(&[1.0, 2.0, 3.0, 4.0, 5.0]), 1.0 / 16.0);
        assert_eq!(signed_rank_p(&[-1.0, -1.0, -1.0, -1.0, -1.0]), 1.0 / 16.0);
    }

    #[test]
    fn equal_values_share_their_rank() {
        assert_eq!(ranks(&[0.3, 0.1, 0.3, 0.2]), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(ranks(&[0.0, -0.0, 1.0]), [1.5, 1.5, 3.0]);
        assert!(ranks(&[]).is_empty());
    }

    proptest! {
        /// Against an enumeration of all assignments of signs.
        #[test]
        fn the_count_is_the_enumeration(whole in prop::collection::vec(-4i32..5, 1..9)) {
            let differences: Vec<f64> = whole.iter().map(|d| f64::from(*d)).filter(|d| *d != 0.0).collect();
            let ranks = ranks(&differences.iter().map(|d| d.abs()).collect::<Vec<_>>());
            let lean = |positive: &dyn Fn(usize) -> bool| -> f64 {
                ranks.iter().enumerate().map(|(i, rank)| if positive(i) { *rank } else { -rank }).sum::<f64>().abs()
            };
            let observed = lean(&|i| differences[i] > 0.0);
            let all = 1u32 << ranks.len();
            let extreme = (0..all).filter(|signs| lean(&|i| signs >> i & 1 == 1) >= observed).count();
            prop_assert!((signed_rank_p(&differences) - extreme as f64 / f64::from(all)).abs() < 1e-12);
        }
    }
}
