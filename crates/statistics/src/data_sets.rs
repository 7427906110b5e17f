//! Several variants over several data sets, after Demšar (2006).

use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor};

use super::holm::holm;
use super::signed_rank::{ranks, signed_rank_p};
use super::studentized_range::studentized_range_quantile;

/// Friedman's test of whether variants differ at all over several data sets, by their ranks.
#[derive(Clone, Debug, PartialEq)]
pub struct Friedman {
    /// Mean rank of each variant, 1 the best.
    pub mean_ranks: Vec<f64>,
    /// Friedman's statistic, corrected for ties.
    pub chi_squared: f64,
    /// p of "all variants rank alike" by its χ² approximation, which is too large for few data sets.
    pub p: f64,
    /// Iman and Davenport's F, the closer approximation; `None` if all data sets agree in all ranks and F is infinite.
    pub iman_davenport: Option<ImanDavenport>,
}

/// Friedman's statistic as an F ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImanDavenport {
    /// The ratio.
    pub f: f64,
    /// p of "all variants rank alike".
    pub p: f64,
}

/// Comparison of two variants over all data sets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pairwise {
    /// The two variants, by column, the first before the second.
    pub variants: (usize, usize),
    /// p of "no difference" by the exact signed-rank test.
    pub p: f64,
    /// The same with Holm's adjustment, over all pairs.
    pub p_holm: f64,
}

/// Friedman's test of scores: one row per data set, one column per variant, one score for all its seeds.
///
/// `None` with fewer than two rows or columns, uneven rows, a score that is not finite, or ties everywhere.
pub fn friedman(scores: &[Vec<f64>]) -> Option<Friedman> {
    let (rows, columns) = size(scores)?;
    let (n, k) = (rows as f64, columns as f64);
    // Ranks start at the lowest value, and here the highest score ranks first.
    let ranked: Vec<Vec<f64>> =
        scores.iter().map(|row| ranks(&row.iter().map(|score| -score).collect::<Vec<_>>())).collect();
    let mean_ranks: Vec<f64> =
        (0..columns).map(|column| ranked.iter().map(|row| row[column]).sum::<f64>() / n).collect();

    // Sum of squares of the ranks: n·k(k² − 1)/12 without ties, less with ties, which corrects for them.
    let middle = (k + 1.0) / 2.0;
    let spread: f64 = ranked.iter().flatten().map(|rank| (rank - middle).powi(2)).sum();
    if spread == 0.0 {
        return None;
    }
    let between: f64 = mean_ranks.iter().map(|rank| (rank - middle).powi(2)).sum();
    let chi_squared = n * n * (k - 1.0) * between / spread;
    let largest = n * (k - 1.0);
    let rest = largest - chi_squared;
    let iman_davenport = (rest > 1e-9 * largest).then(|| {
        let f = (n - 1.0) * chi_squared / rest;
        let ratio = FisherSnedecor::new(k - 1.0, (k - 1.0) * (n - 1.0)).expect("at least two of both");
        ImanDavenport { f, p: ratio.sf(f) }
    });
    let p = ChiSquared::new(k - 1.0).expect("at least two variants").sf(chi_squared);
    Some(Friedman { mean_ranks, chi_squared, p, iman_davenport })
}

/// Every pair of variants by the signed-rank test over data sets, with Holm's adjustment; scores as for
/// [`friedman`], and `None` for the same shapes.
///
/// Five data sets cannot give less than 1/16 for one pair, before any adjustment. Differences that are equal to twelve
/// decimals tie, whatever the rounding of floating-point subtraction.
pub fn pairwise_signed_rank(scores: &[Vec<f64>]) -> Option<Vec<Pairwise>> {
    let (_, columns) = size(scores)?;
    let pairs: Vec<(usize, usize)> =
        (0..columns).flat_map(|first| (first + 1..columns).map(move |second| (first, second))).collect();
    // In units of 1e-12: ranks do not depend on the unit, and integers tie exactly.
    let p_of = |&(first, second): &(usize, usize)| {
        let difference = |row: &Vec<f64>| (1e12 * (row[first] - row[second])).round();
        signed_rank_p(&scores.iter().map(difference).collect::<Vec<f64>>())
    };
    let p: Vec<f64> = pairs.iter().map(p_of).collect();
    let adjusted = holm(&p);
    let rows = pairs.into_iter().zip(p).zip(adjusted);
    Some(rows.map(|((variants, p), p_holm)| Pairwise { variants, p, p_holm }).collect())
}

/// The smallest difference of two mean ranks that is significant at level α (Nemenyi).
pub fn critical_difference(variants: usize, data_sets: usize, alpha: f64) -> f64 {
    let k = variants as f64;
    studentized_range_quantile(1.0 - alpha, variants) / 2f64.sqrt()
        * (k * (k + 1.0) / (6.0 * data_sets as f64)).sqrt()
}

/// The bars of a critical-difference diagram: maximal runs of at least two variants, consecutive by mean rank, no two
/// of which differ significantly. Each is a list of columns, the best rank first.
///
/// `apart` tells whether a test separates two variants: for Nemenyi, if their mean ranks are at least
/// [`critical_difference`] apart; for Holm, if the p of the pair is at most α.
pub fn groups(mean_ranks: &[f64], apart: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..mean_ranks.len()).collect();
    order.sort_by(|&a, &b| mean_ranks[a].total_cmp(&mean_ranks[b]));
    let mut groups = Vec::new();
    let mut covered = 0;
    for start in 0..order.len() {
        let mut end = start + 1;
        while end < order.len() && order[start..end].iter().all(|&member| !apart(member, order[end])) {
            end += 1;
        }
        // A run that ends no further than an earlier bar lies within it.
        if end - start > 1 && end > covered {
            groups.push(order[start..end].to_vec());
            covered = end;
        }
    }
    groups
}

/// Number of rows and columns, if the scores are usable.
fn size(scores: &[Vec<f64>]) -> Option<(usize, usize)> {
    let columns = scores.first()?.len();
    let even = scores.iter().all(|row| row.len() == columns && row.iter().all(|score| score.is_finite()));
    (even && scores.len() > 1 && columns > 1).then_some((scores.len(), columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_score_ranks_first() {
        let scores = [vec![0.9, 0.8, 0.7], vec![0.9, 0.8, 0.8], vec![0.6, 0.9, 0.5]];
        let mean_ranks = friedman(&scores).unwrap().mean_ranks;
        for (found, expected) in mean_ranks.iter().zip([4.0 / 3.0, 5.5 / 3.0, 8.5 / 3.0]) {
            assert!((found - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn full_agreement_has_no_ratio() {
        let found = friedman(&vec![vec![0.9, 0.8, 0.7]; 6]).unwrap();
        assert_eq!(found.iman_davenport, None);
        assert!((found.chi_squared - 12.0).abs() < 1e-9);
    }

    #[test]
    fn scores_that_rank_nothing_have_no_test() {
        assert_eq!(friedman(&[]), None);
        assert_eq!(friedman(&[vec![0.9, 0.8]]), None);
        assert_eq!(friedman(&[vec![0.9], vec![0.8]]), None);
        assert_eq!(friedman(&[vec![0.9, 0.8], vec![0.9]]), None);
        assert_eq!(friedman(&[vec![0.9, f64::NAN], vec![0.9, 0.8]]), None);
        assert_eq!(friedman(&vec![vec![0.9, 0.9]; 3]), None);
        assert_eq!(pairwise_signed_rank(&[vec![0.9, 0.8]]), None);
    }

    /// Demšar's example: four classifiers over fourteen data sets differ by 1.25 or more at 0.05, 1.12 at 0.10.
    #[test]
    fn the_critical_difference_is_demsars() {
        assert!((critical_difference(4, 14, 0.05) - 1.25).abs() < 0.005);
        assert!((critical_difference(4, 14, 0.10) - 1.12).abs() < 0.005);
    }

    #[test]
    fn pairs_are_named_and_adjusted_together() {
        let scores: Vec<Vec<f64>> = (0..6).map(|row| vec![0.9, 0.8 - 0.01 * f64::from(row), 0.91]).collect();
        let pairs = pairwise_signed_rank(&scores).unwrap();
        assert_eq!(pairs.iter().map(|pair| pair.variants).collect::<Vec<_>>(), [(0, 1), (0, 2), (1, 2)]);
        for pair in pairs {
            assert!((pair.p - 1.0 / 32.0).abs() < 1e-12 && (pair.p_holm - 3.0 / 32.0).abs() < 1e-12);
        }
    }

    /// 0.93 − 0.92 and 0.11 − 0.10 differ in the last bits, and so do 0.1 + 0.2 and 0.3.
    #[test]
    fn equal_differences_tie_however_they_were_subtracted() {
        let scores = [(0.93, 0.92), (0.53, 0.52), (0.99, 0.98), (0.10, 0.11), (0.1 + 0.2, 0.3)]
            .map(|(first, second)| vec![first, second]);
        // Three of four equal ranks on one side: five of sixteen assignments are as extreme on either side.
        assert_eq!(pairwise_signed_rank(&scores).unwrap()[0].p, 10.0 / 16.0);
    }

    #[test]
    fn bars_overlap_but_none_lies_within_another() {
        let ranks = [3.0, 1.0, 2.0, 4.0, 9.0];
        let nemenyi = |reach: f64| groups(&ranks, |a, b| (ranks[a] - ranks[b]).abs() >= reach);
        assert_eq!(nemenyi(2.5), [[1, 2, 0], [2, 0, 3]]);
        assert_eq!(nemenyi(9.0), [[1, 2, 0, 3, 4]]);
        assert!(nemenyi(1.0).is_empty());
    }

    #[test]
    fn a_bar_holds_no_pair_that_is_told_apart() {
        let ranks = [1.0, 2.0, 3.0];
        let told = |apart: (usize, usize)| groups(&ranks, |a, b| (a.min(b), a.max(b)) == apart);
        assert_eq!(told((0, 1)), [[1, 2]]);
        assert_eq!(told((1, 2)), [[0, 1]]);
        assert_eq!(told((0, 2)), [[0, 1], [1, 2]]);
    }
}
