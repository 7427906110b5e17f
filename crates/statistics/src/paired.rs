//! A variant against the baseline, seed by seed.

use statrs::distribution::ContinuousCDF;
use statrs::function::gamma::ln_gamma;

use super::crossed::MeanError;
use super::interval::Estimate;
use super::sample::{Sample, student};
use super::signed_rank::signed_rank_p;

/// Scores of a variant and of the baseline under one seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The variant's score; higher is better.
    pub variant: f64,
    /// The baseline's score.
    pub baseline: f64,
}

/// The criteria of a comparison, chosen before looking at the results.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Criteria {
    /// The largest difference that does not matter, in the score's own unit.
    pub margin: f64,
    /// Significance level α, above 0 and below 0.5.
    pub alpha: f64,
    /// The step between possible scores: 1/test size for a share of right answers, 0 for a continuous score.
    pub resolution: f64,
}

impl Criteria {
    /// Criteria with the usual α of 0.05.
    pub fn new(margin: f64, resolution: f64) -> Self {
        Self { margin, alpha: 0.05, resolution }
    }
}

/// The difference of a variant from the baseline: variant − baseline, over paired seeds.
///
/// Each p value is unadjusted. If several variants are compared, adjust those of one question with
/// [`holm`](super::holm()) before claiming anything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedTests {
    /// Number of seeds compared.
    pub pairs: usize,
    /// Mean difference with its t interval at 1 − α.
    pub difference: Estimate,
    /// The same at 1 − 2α. It lies within ±margin exactly when `p_equivalence` is less than α.
    pub equivalence: Estimate,
    /// Standard deviation of the differences, never less than half the resolution.
    pub sd: f64,
    /// p of "no difference" by the paired t test, two-sided.
    pub p_difference: f64,
    /// The same by the exact signed-rank test, which does not assume normal differences.
    pub p_signed_rank: f64,
    /// p of "they differ by the margin or more" by two one-sided t tests: small if they are equivalent.
    pub p_equivalence: f64,
    /// p of "worse by the margin or more" by a one-sided t test: small if the variant is non-inferior.
    pub p_noninferiority: f64,
    /// Difference in standard deviations of the differences, corrected for few seeds (Hedges' g of d_z). `None` for two
    /// seeds, where the correction would reduce it to zero.
    pub effect: Option<f64>,
}

/// Compares a variant with the baseline over the seeds that both were trained with.
///
/// `None` if there is no answer: fewer than two pairs, a score that is not finite, or differences without any spread in
/// a score without resolution.
///
/// Differences within half a step of `criteria.resolution` are equal to the signed-rank test, whatever the rounding of
/// floating-point subtraction.
pub fn compare(pairs: &[Pair], criteria: Criteria) -> Option<PairedTests> {
    let differences: Vec<f64> = pairs.iter().map(|pair| pair.variant - pair.baseline).collect();
    let sample = Sample::new(&differences, criteria.resolution).filter(|sample| sample.sd > 0.0)?;
    let t = (sample.mean / sample.standard_error()).abs();
    Some(PairedTests {
        pairs: sample.n,
        difference: sample.interval(1.0 - criteria.alpha),
        equivalence: sample.interval(1.0 - 2.0 * criteria.alpha),
        sd: sample.sd,
        p_difference: (2.0 * student(sample.degrees_of_freedom()).sf(t)).min(1.0),
        p_signed_rank: signed_rank_p(&stepped(&differences, criteria.resolution)),
        p_equivalence: sample.p_above(-criteria.margin).max(sample.p_below(criteria.margin)),
        p_noninferiority: sample.p_above(-criteria.margin),
        effect: (sample.n > 2)
            .then(|| sample.mean / sample.sd * few_seeds_correction(sample.degrees_of_freedom())),
    })
}

impl PairedTests {
    /// The same for other seeds on other test items, whose mean difference has this error: of each p value the larger, and of
    /// each interval the wider.
    pub fn with_new_items(self, error: MeanError, criteria: Criteria) -> PairedTests {
        let mean = self.difference.value;
        let tail = |distance: f64| student(error.degrees_of_freedom).sf(distance / error.variance.sqrt());
        let wider = |interval: Estimate, tail: f64| {
            let half_width = error.half_width(tail).max(interval.high - mean);
            Estimate { low: mean - half_width, high: mean + half_width, ..interval }
        };
        let (above, below) = (tail(mean + criteria.margin), tail(criteria.margin - mean));
        PairedTests {
            difference: wider(self.difference, criteria.alpha / 2.0),
            equivalence: wider(self.equivalence, criteria.alpha),
            p_difference: self.p_difference.max((2.0 * tail(mean.abs())).min(1.0)),
            p_equivalence: self.p_equivalence.max(above.max(below)),
            p_noninferiority: self.p_noninferiority.max(above),
            ..self
        }
    }
}

/// Number of seeds under which the variant scores higher, the same, and lower; differences within half a step of
/// `resolution` are the same.
pub fn won_tied_lost(pairs: &[Pair], resolution: f64) -> [usize; 3] {
    let differences: Vec<f64> = pairs.iter().map(|pair| pair.variant - pair.baseline).collect();
    let steps = stepped(&differences, resolution);
    let count = |of: fn(f64) -> bool| steps.iter().filter(|step| of(**step)).count();
    [count(|step| step > 0.0), count(|step| step == 0.0), count(|step| step < 0.0)]
}

/// Differences in whole steps of the resolution.
fn stepped(differences: &[f64], resolution: f64) -> Vec<f64> {
    match resolution {
        0.0 => differences.to_vec(),
        step => differences.iter().map(|difference| (difference / step).round()).collect(),
    }
}

/// Hedges' exact factor J, which corrects the upward bias of an observed standardised difference.
fn few_seeds_correction(degrees_of_freedom: f64) -> f64 {
    let half = degrees_of_freedom / 2.0;
    (ln_gamma(half) - ln_gamma(half - 0.5)).exp() / half.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(differences: &[f64]) -> Vec<Pair> {
        differences.iter().map(|difference| Pair { variant: 0.9 + difference, baseline: 0.9 }).collect()
    }

    #[test]
    fn new_items_make_no_claim_easier() {
        let criteria = Criteria::new(0.01, 0.001);
        let found = compare(&pairs(&[0.001, 0.002, -0.001, 0.0, 0.001]), criteria).unwrap();
        let error = |deviation: f64| MeanError { variance: deviation.powi(2), degrees_of_freedom: 20.0 };
        let narrow = found.with_new_items(error(1e-6), criteria);
        assert_eq!((narrow.p_equivalence, narrow.p_difference), (found.p_equivalence, found.p_difference));
        assert!((narrow.equivalence.low - found.equivalence.low).abs() < 1e-12);
        let wide = found.with_new_items(error(0.01), criteria);
        assert!(found.p_equivalence < 0.05 && wide.p_equivalence > 0.05 && wide.p_noninferiority > 0.05);
        assert!(wide.equivalence.low < -0.01 && wide.difference.high > 0.01);
    }

    #[test]
    fn one_seed_or_a_gap_is_no_comparison() {
        let criteria = Criteria::new(0.01, 0.001);
        assert_eq!(compare(&pairs(&[0.001]), criteria), None);
        assert_eq!(compare(&pairs(&[0.001, f64::NAN]), criteria), None);
        assert_eq!(compare(&pairs(&[0.001, f64::NEG_INFINITY]), criteria), None);
    }

    #[test]
    fn no_spread_and_no_resolution_is_no_comparison() {
        let equal = [Pair { variant: 0.9, baseline: 0.9 }; 5];
        assert_eq!(compare(&equal, Criteria::new(0.01, 0.0)), None);
    }

    /// Two equal pairs of a test set of 1000 leave 6.31 × 0.0005/√2 = 0.0022 on either side.
    #[test]
    fn equal_pairs_claim_no_more_than_half_a_step_allows() {
        let equal = [Pair { variant: 0.9, baseline: 0.9 }; 2];
        let p = |margin| compare(&equal, Criteria::new(margin, 0.001)).unwrap().p_equivalence;
        assert!(p(0.0022) > 0.05);
        assert!(p(0.0023) < 0.05);
        assert_eq!(compare(&equal, Criteria::new(0.01, 0.001)).unwrap().sd, 0.0005);
    }

    #[test]
    fn the_interval_lies_within_the_margin_exactly_if_the_test_says_so() {
        let seeds = pairs(&[-0.004, 0.002, -0.001, 0.003, -0.005]);
        for step in 1..200 {
            let margin = f64::from(step) * 1e-4;
            let found = compare(&seeds, Criteria::new(margin, 0.001)).unwrap();
            let within = found.equivalence.low > -margin && found.equivalence.high < margin;
            assert_eq!(within, found.p_equivalence < 0.05, "{margin}");
        }
    }

    #[test]
    fn a_better_variant_is_non_inferior_and_yet_not_equivalent() {
        let seeds = pairs(&[0.019, 0.021, 0.020, 0.022]);
        let found = compare(&seeds, Criteria::new(0.01, 0.001)).unwrap();
        assert!(found.p_noninferiority < 0.001 && found.p_difference < 0.001);
        assert!(found.p_equivalence > 0.999);
        assert_eq!(won_tied_lost(&seeds, 0.001), [4, 0, 0]);
    }

    #[test]
    fn a_worse_variant_is_neither() {
        let seeds = pairs(&[-0.019, -0.021, -0.020, -0.022]);
        let found = compare(&seeds, Criteria::new(0.01, 0.001)).unwrap();
        assert!(found.p_noninferiority > 0.999 && found.p_equivalence > 0.999);
        assert_eq!(won_tied_lost(&seeds, 0.001), [0, 0, 4]);
    }

    /// 0.93 − 0.92 and 0.11 − 0.10 differ in the last bits, and so do 0.1 + 0.2 and 0.3.
    #[test]
    fn equal_steps_tie_however_they_were_subtracted() {
        let seeds = [(0.93, 0.92), (0.53, 0.52), (0.99, 0.98), (0.10, 0.11), (0.1 + 0.2, 0.3)]
            .map(|(variant, baseline)| Pair { variant, baseline });
        let found = compare(&seeds, Criteria::new(0.01, 0.01)).unwrap();
        assert_eq!(won_tied_lost(&seeds, 0.01), [3, 1, 1]);
        // Five of sixteen assignments are as extreme on one side as three of one rank against one.
        assert_eq!(found.p_signed_rank, 10.0 / 16.0);
    }

    #[test]
    fn a_single_pair_is_won_or_lost_too() {
        assert_eq!(won_tied_lost(&pairs(&[-0.002]), 0.001), [0, 0, 1]);
    }

    #[test]
    fn two_seeds_have_no_effect_size() {
        assert_eq!(compare(&pairs(&[0.01, 0.03]), Criteria::new(0.01, 0.001)).unwrap().effect, None);
    }
}
