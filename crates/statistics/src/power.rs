//! The number of seeds needed to show an alternative hypothesis.

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::gamma::ln_gamma;

use super::quadrature::integrate;
use super::sample::student;

/// Maximum number of seeds considered.
const MOST: usize = 10_000;

/// The alternative hypothesis that a comparison should show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Alternative {
    /// The variant differs from the baseline by less than the margin in either direction.
    Equivalent {
        /// The largest difference that does not matter.
        margin: f64,
    },
    /// The variant is worse by less than the margin, if at all.
    NonInferior {
        /// The largest loss that does not matter.
        margin: f64,
    },
    /// There is a difference.
    Different,
}

/// The assumed truth: as a pilot of a few seeds showed it, or as hoped for. Of a hundred pilots of five seeds, nine
/// show less than half the true spread, and lead to about a quarter of the seeds needed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scenario {
    /// True mean difference, variant − baseline.
    pub difference: f64,
    /// True standard deviation of the paired differences, above 0.
    pub sd: f64,
    /// Significance level α of the test.
    pub alpha: f64,
    /// The part of the variance of a difference that the mean keeps however many seeds there are: 0 of independent seeds,
    /// [`shared_variance`](super::shared_variance) of divisions of the same sequences.
    pub shared: f64,
}

/// The probability that `seeds` seeds show the alternative, exact for normal differences; 0 below two seeds.
///
/// Given the sample's spread, each alternative is shown by means in an interval with a normal probability, which is
/// then averaged over the spread (Phillips 1990, Owen 1965).
pub fn power(alternative: Alternative, scenario: Scenario, seeds: usize) -> f64 {
    if seeds < 2 {
        return 0.0;
    }
    let degrees_of_freedom = (seeds - 1) as f64;
    let in_errors = |score: f64| score / (scenario.sd * (1.0 / seeds as f64 + scenario.shared).sqrt());
    let tail = match alternative {
        Alternative::Different => scenario.alpha / 2.0,
        Alternative::Equivalent { .. } | Alternative::NonInferior { .. } => scenario.alpha,
    };
    let critical = student(degrees_of_freedom).inverse_cdf(1.0 - tail);
    let truth = in_errors(scenario.difference);
    match alternative {
        Alternative::Equivalent { margin } => {
            let margin = in_errors(margin);
            accepted(degrees_of_freedom, margin / critical, |spread| {
                let half_width = margin - critical * spread;
                normal(half_width - truth) - normal(-half_width - truth)
            })
        }
        Alternative::NonInferior { margin } => {
            let margin = in_errors(margin);
            accepted(degrees_of_freedom, f64::INFINITY, |spread| normal(truth + margin - critical * spread))
        }
        Alternative::Different => accepted(degrees_of_freedom, f64::INFINITY, |spread| {
            normal(truth - critical * spread) + normal(-truth - critical * spread)
        }),
    }
}

/// The smallest number of seeds that shows the alternative with at least the requested power, such as 0.8.
///
/// `None` if no number of seeds can (the true difference is not within the margin, or there is none to find), if more
/// than 10 000 would be needed, or if the scenario's spread is not above 0.
pub fn seeds_needed(alternative: Alternative, scenario: Scenario, asked: f64) -> Option<usize> {
    let possible = match alternative {
        Alternative::Equivalent { margin } => scenario.difference.abs() < margin,
        Alternative::NonInferior { margin } => scenario.difference > -margin,
        Alternative::Different => scenario.difference != 0.0,
    };
    if !possible || scenario.sd.is_nan() || scenario.sd <= 0.0 {
        return None;
    }
    let enough = |seeds| power(alternative, scenario, seeds) >= asked;
    let mut high = 2;
    while !enough(high) {
        if high == MOST {
            return None;
        }
        high = (2 * high).min(MOST);
    }
    // Power grows with the seeds, so the answer lies between the last number that fell short and this one.
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if enough(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// The mean of `chance` over the spread s/σ of a sample, for spreads up to `largest`.
fn accepted(degrees_of_freedom: f64, largest: f64, chance: impl Fn(f64) -> f64) -> f64 {
    let (low, high) = spreads(degrees_of_freedom);
    let high = high.min(largest);
    if high <= low {
        return 0.0;
    }
    let density = spread_density(degrees_of_freedom);
    integrate(low, high, |spread| density(spread) * chance(spread))
}

/// The range of the spread s/σ = χ/√ν. It is close to 1, with a standard deviation of about 1/√2ν; twelve of those leave
/// out a negligible part.
pub(super) fn spreads(degrees_of_freedom: f64) -> (f64, f64) {
    let half_width = 12.0 / (2.0 * degrees_of_freedom).sqrt();
    ((1.0 - half_width).max(0.0), 1.0 + half_width)
}

/// The probability density of the spread.
pub(super) fn spread_density(degrees_of_freedom: f64) -> impl Fn(f64) -> f64 {
    let half = degrees_of_freedom / 2.0;
    let constant = std::f64::consts::LN_2 + half * half.ln() - ln_gamma(half);
    move |spread| (constant + (degrees_of_freedom - 1.0) * spread.ln() - half * spread * spread).exp()
}

fn normal(x: f64) -> f64 {
    Normal::standard().cdf(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCENARIO: Scenario = Scenario { difference: 0.002, sd: 0.01, alpha: 0.05, shared: 0.0 };

    #[test]
    fn no_number_of_seeds_shows_what_is_not_so() {
        let at =
            |difference, alternative| seeds_needed(alternative, Scenario { difference, ..SCENARIO }, 0.8);
        assert_eq!(at(0.01, Alternative::Equivalent { margin: 0.01 }), None);
        assert_eq!(at(-0.02, Alternative::Equivalent { margin: 0.01 }), None);
        assert_eq!(at(-0.01, Alternative::NonInferior { margin: 0.01 }), None);
        assert_eq!(at(0.0, Alternative::Different), None);
        assert!(at(0.02, Alternative::NonInferior { margin: 0.01 }).is_some());
    }

    /// With a quarter of the variance shared, the mean is never better known than that of four independent seeds.
    #[test]
    fn divisions_of_the_same_sequences_soon_show_all_they_can() {
        let shared = Scenario { shared: 0.25, ..SCENARIO };
        let alternative = Alternative::NonInferior { margin: 0.01 };
        let independent = seeds_needed(alternative, SCENARIO, 0.8).unwrap();
        assert!(power(alternative, shared, independent) < 0.7);
        assert_eq!(seeds_needed(alternative, shared, 0.8), None);
        assert!(seeds_needed(Alternative::NonInferior { margin: 0.015 }, shared, 0.8).is_some());
    }

    #[test]
    fn more_seeds_than_anyone_trains_are_none() {
        let scenario = Scenario { difference: 0.0099, ..SCENARIO };
        assert_eq!(seeds_needed(Alternative::Equivalent { margin: 0.01 }, scenario, 0.8), None);
    }

    /// The search doubles and halves; here every number is tried in turn.
    #[test]
    fn the_number_found_is_the_first_that_is_enough() {
        let alternatives = [
            Alternative::Equivalent { margin: 0.01 },
            Alternative::NonInferior { margin: 0.004 },
            Alternative::Different,
        ];
        for alternative in alternatives {
            for sd in [0.001, 0.004, 0.01] {
                let scenario = Scenario { sd, ..SCENARIO };
                let first = (2..2000).find(|seeds| power(alternative, scenario, *seeds) >= 0.8);
                assert_eq!(seeds_needed(alternative, scenario, 0.8), first, "{alternative:?} {sd}");
            }
        }
    }

    /// At the margin itself, and in the limit of many seeds, the test accepts with probability α.
    #[test]
    fn power_at_the_margin_is_alpha() {
        let scenario = Scenario { difference: 0.01, ..SCENARIO };
        let at = |alternative, seeds| power(alternative, scenario, seeds);
        assert!((at(Alternative::Equivalent { margin: 0.01 }, 1000) - 0.05).abs() < 1e-9);
        let scenario = Scenario { difference: -0.01, ..SCENARIO };
        assert!((power(Alternative::NonInferior { margin: 0.01 }, scenario, 3) - 0.05).abs() < 1e-9);
        let scenario = Scenario { difference: 0.0, ..SCENARIO };
        assert!((power(Alternative::Different, scenario, 2) - 0.05).abs() < 1e-9);
    }

    /// PowerTOST's first example, a two-way crossover of 40: `sampleN.TOST(CV = 0.3)` prints 0.815845.
    #[test]
    fn powertost_agrees() {
        let degrees_of_freedom = 38.0;
        let error = 1.09f64.ln().sqrt() * (2.0 / 40.0f64).sqrt();
        let (truth, margin) = (0.95f64.ln() / error, 1.25f64.ln() / error);
        let critical = student(degrees_of_freedom).inverse_cdf(0.95);
        let found = accepted(degrees_of_freedom, margin / critical, |spread| {
            let half_width = margin - critical * spread;
            normal(half_width - truth) - normal(-half_width - truth)
        });
        assert!((found - 0.815_845).abs() < 5e-7, "{found}");
    }
}
