//! A test of whether a model does better than a predictor that has learned nothing.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF};

use super::resampled::resampled_error;
use super::sample::{Sample, mean_and_sd, student};

/// Results of a model and of the trivial predictor, whose answers are fixed, on the same test sequences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AgainstTrivial<'a> {
    /// The fraction that the model got right under each seed.
    pub scores: &'a [f64],
    /// The fraction that the trivial predictor gets right.
    pub trivial: f64,
    /// Sequences that only the model got right, and those that only the trivial predictor did: means over the seeds.
    pub discordant: [f64; 2],
    /// Number of test sequences.
    pub sequences: usize,
}

/// One-sided p of "on new sequences, under new seeds, the model is no better than the trivial predictor"; `None`
/// without a score or a test sequence.
///
/// Seeds alone are not enough: all of them are tested on the same sequences, so on noise they can agree on a small lead
/// that other sequences would reverse. The larger of two p values counts: that of a t test in which the variance over
/// seeds and the one over sequences are added (degrees of freedom by Welch and Satterthwaite), and that of the exact
/// sign test of the sequences on which the two disagree (McNemar 1947), which holds for few sequences too.
pub fn p_above_trivial(found: AgainstTrivial) -> Option<f64> {
    let AgainstTrivial { scores, trivial, discordant: [won, lost], sequences } = found;
    if scores.is_empty() || sequences == 0 {
        return None;
    }
    let (seeds, sequences) = (scores.len() as f64, sequences as f64);
    let (mean, sd) = mean_and_sd(scores);
    let lead = mean - trivial;
    let over_seeds = if scores.len() > 1 { sd.powi(2) / seeds } else { 0.0 };
    let over_sequences = ((won + lost) / sequences - lead.powi(2)).max(0.0) / sequences;
    Some(p_of_lead(lead, [(over_seeds, seeds), (over_sequences, sequences)]).max(p_sign(won, lost)))
}

/// One-sided p of "under new seeds, the model scores no higher than `bound`", by the t test; `None` with fewer than two
/// scores, or one that is not finite.
///
/// It says nothing of new sequences: where the answers to each are known, [`p_above_trivial`] does.
pub fn p_above(scores: &[f64], bound: f64) -> Option<f64> {
    let sample = Sample::new(scores, 0.0)?;
    Some(if sample.sd > 0.0 { sample.p_above(bound) } else { f64::from(sample.mean <= bound) })
}

/// One-sided p of "under new seeds and divisions, the model is no better", of its lead over the predictor in each division
/// of the same sequences, by the corrected resampled t test; `None` as [`resampled_error`], which says what `resolution` is.
pub fn p_above_in_divisions(leads: &[f64], test_share: f64, resolution: f64) -> Option<f64> {
    let error = resampled_error(leads, test_share, resolution)?;
    let (mean, _) = mean_and_sd(leads);
    Some(match error.variance > 0.0 {
        true => student(error.degrees_of_freedom).sf(mean / error.variance.sqrt()),
        false => f64::from(mean <= 0.0),
    })
}

/// p by the t test; each variance comes with the number of observations it is estimated from.
fn p_of_lead(lead: f64, variances: [(f64, f64); 2]) -> f64 {
    let sum: f64 = variances.iter().map(|(variance, _)| variance).sum();
    if sum == 0.0 {
        return if lead > 0.0 { 0.0 } else { 1.0 };
    }
    let terms = variances.iter().filter(|(_, n)| *n > 1.0);
    let weights: f64 = terms.map(|(variance, n)| variance.powi(2) / (n - 1.0)).sum();
    student((sum.powi(2) / weights).max(1.0)).sf(lead / sum.sqrt())
}

/// p by the exact sign test: the probability that at least as many of the discordant sequences would go to the model if
/// each went either way by chance. Fractions of sequences, which means over seeds have, are rounded against the model.
fn p_sign(won: f64, lost: f64) -> f64 {
    let (won, lost) = (won.floor() as u64, lost.ceil() as u64);
    if won == 0 {
        return 1.0;
    }
    Binomial::new(0.5, won + lost).expect("one half is a probability").sf(won - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(scores: &[f64], trivial: f64, discordant: [f64; 2], sequences: usize) -> f64 {
        p_above_trivial(AgainstTrivial { scores, trivial, discordant, sequences }).unwrap()
    }

    #[test]
    fn a_model_that_says_what_the_trivial_predictor_says_is_not_above_it() {
        assert_eq!(p(&[0.95; 10], 0.95, [0.0, 0.0], 600), 1.0);
    }

    #[test]
    fn few_sequences_can_show_little() {
        // Nine of ten: 11/1024 by the sign test.
        assert!((p_sign(9.0, 1.0) - 11.0 / 1024.0).abs() < 1e-12);
        assert!(p(&[0.9, 0.9], 0.5, [4.0, 0.0], 10) > 0.05, "four of four is one in sixteen");
        assert!(p(&[1.0, 1.0], 0.5, [5.0, 0.0], 10) < 0.05);
    }

    #[test]
    fn a_lead_that_seeds_agree_on_is_not_enough() {
        // 12 of 600 more under each of ten seeds, with hardly any spread between them.
        let scores: Vec<f64> = (0..10).map(|seed| 0.52 + 0.0001 * seed as f64).collect();
        assert!(p(&scores, 0.5, [162.0, 150.0], 600) > 0.2);
        assert!(p(&[0.6; 10], 0.5, [150.0, 90.0], 600) < 0.001);
    }

    #[test]
    fn seeds_that_differ_widely_are_not_enough_either() {
        assert!(p(&[0.95, 0.55, 0.52], 0.5, [400.0, 294.0], 1000) > 0.05);
    }

    #[test]
    fn scores_are_held_to_a_bound_by_their_spread() {
        let p = |scores: &[f64]| p_above(scores, 0.5).unwrap();
        // t = 2 with two degrees of freedom; `pt(2, 2, lower.tail = FALSE)` of R is 0.09175171.
        let scores = [0.5 + 2.0 - 3f64.sqrt(), 2.5, 0.5 + 2.0 + 3f64.sqrt()];
        assert!((p(&scores) - 0.091_751_71).abs() < 1e-8, "{}", p(&scores));
        assert_eq!((p(&[0.6; 3]), p(&[0.5; 3]), p(&[0.4; 3])), (0.0, 1.0, 1.0));
        assert_eq!(p_above(&[0.6], 0.5), None);
    }

    /// Mean 3 and s² 2.5, as in [`resampled_error`]'s own test: t = 3/√(2.5 × 0.45) with four degrees of freedom, against
    /// 3/√(2.5 × 0.2) of independent seeds.
    #[test]
    fn leads_over_divisions_are_worth_less_than_over_seeds() {
        let leads = [1.0, 2.0, 3.0, 4.0, 5.0];
        let p = p_above_in_divisions(&leads, 0.2, 0.0).unwrap();
        assert!((p - student(4.0).sf(3.0 / 1.125f64.sqrt())).abs() < 1e-12);
        assert!(p > 2.0 * p_above(&leads, 0.0).unwrap());
        assert_eq!(p_above_in_divisions(&[0.5; 3], 0.2, 0.0), Some(0.0));
        let rounded = p_above_in_divisions(&[0.5; 3], 0.2, 0.05).unwrap();
        assert!(rounded > 0.0, "equal leads may be so by rounding");
        assert_eq!(p_above_in_divisions(&[0.5], 0.2, 0.0), None);
    }

    #[test]
    fn without_a_score_or_a_sequence_nothing_is_said() {
        let none = AgainstTrivial { scores: &[], trivial: 0.5, discordant: [0.0, 0.0], sequences: 10 };
        assert_eq!(p_above_trivial(none), None);
        assert_eq!(p_above_trivial(AgainstTrivial { scores: &[0.9], sequences: 0, ..none }), None);
    }
}
