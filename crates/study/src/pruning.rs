//! Which points are not worth finishing, decided at a few epochs on the validation set.
//!
//! Every decision is a function of metrics that no later event changes, so a study that continues decides as before.

use crate::Prune;

/// The epochs after which points are compared, of so many in all.
pub(crate) fn rungs(prune: Prune, reduction: usize, epochs: usize) -> Vec<usize> {
    let mut rungs = match prune {
        Prune::Never => Vec::new(),
        Prune::Halving => vec![epochs.div_ceil(reduction * reduction), epochs.div_ceil(reduction)],
        Prune::Median => (1..4).map(|quarter| (quarter * epochs).div_ceil(4)).collect(),
    };
    rungs.dedup();
    rungs.retain(|&rung| rung < epochs);
    rungs
}

/// Which of the points that are still in stay in. `scores` are theirs (higher is better); `dropped` are the last ones
/// of those that were pruned before.
pub(crate) fn survivors(prune: Prune, reduction: usize, scores: &[f64], dropped: &[f64]) -> Vec<bool> {
    let mut sorted: Vec<f64> = match prune {
        Prune::Median => scores.iter().chain(dropped).copied().collect(),
        Prune::Halving | Prune::Never => scores.to_vec(),
    };
    sorted.sort_by(|a, b| b.total_cmp(a));
    let kept = match prune {
        Prune::Never => sorted.len(),
        Prune::Halving => sorted.len().div_ceil(reduction),
        Prune::Median => sorted.len().div_ceil(2),
    };
    // Equals of the last one kept stay in too: nothing speaks against them.
    let least = kept.checked_sub(1).map_or(f64::INFINITY, |last| sorted[last]);
    scores.iter().map(|&score| score >= least).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halving_keeps_the_best_third_at_a_ninth_and_at_a_third() {
        assert_eq!(rungs(Prune::Halving, 3, 27), [3, 9]);
        assert_eq!(rungs(Prune::Halving, 3, 10), [2, 4]);
        assert_eq!(rungs(Prune::Halving, 3, 1), [0usize; 0]);
        let kept = survivors(Prune::Halving, 3, &[0.1, 0.9, 0.5, 0.7, 0.2, 0.3], &[]);
        assert_eq!(kept, [false, true, false, true, false, false]);
    }

    #[test]
    fn the_median_is_that_of_all_points_ever() {
        assert_eq!(rungs(Prune::Median, 3, 8), [2, 4, 6]);
        assert_eq!(survivors(Prune::Median, 3, &[0.6, 0.8], &[0.1, 0.2]), [true, true]);
        assert_eq!(survivors(Prune::Median, 3, &[0.6, 0.8, 0.7, 0.1], &[]), [false, true, true, false]);
    }

    #[test]
    fn equals_stay_together_and_nothing_is_pruned_unasked() {
        assert_eq!(survivors(Prune::Halving, 3, &[0.5, 0.5, 0.5], &[]), [true; 3]);
        assert_eq!(survivors(Prune::Never, 3, &[0.1, 0.9], &[]), [true; 2]);
        assert!(rungs(Prune::Never, 3, 100).is_empty());
    }
}
