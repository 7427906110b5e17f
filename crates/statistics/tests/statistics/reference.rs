//! Comparison with R: `make_reference.R` prints `reference.json`, which names the version that made it.

use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use slimgate_statistics::*;

static REFERENCE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("reference.json")).unwrap());

/// The cases of one kind.
pub fn cases<T: DeserializeOwned>(kind: &str) -> T {
    serde_json::from_value(REFERENCE[kind].clone()).unwrap()
}

/// Nine digits, or as many decimal places if the number itself is tiny.
#[track_caller]
pub fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-3), "{found} is not {expected}");
}

#[track_caller]
fn all_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).for_each(|(found, expected)| close(*found, *expected));
}

#[test]
fn t_intervals_are_those_of_t_test() {
    #[derive(Deserialize)]
    struct Case {
        scores: Vec<f64>,
        confidence: f64,
        low: f64,
        high: f64,
    }
    for case in cases::<Vec<Case>>("intervals") {
        let found = t_interval(&case.scores, 0.0, case.confidence).unwrap();
        all_close(&[found.low, found.high], &[case.low, case.high]);
    }
}

#[test]
fn comparisons_are_those_of_t_test_and_of_enumeration() {
    #[derive(Deserialize)]
    struct Case {
        variant: Vec<f64>,
        baseline: Vec<f64>,
        margin: f64,
        mean: f64,
        sd: f64,
        low: f64,
        high: f64,
        narrow_low: f64,
        narrow_high: f64,
        p_difference: f64,
        p_equivalence: f64,
        p_noninferiority: f64,
        p_signed_rank: f64,
        effect: f64,
        won: usize,
        tied: usize,
    }
    for case in cases::<Vec<Case>>("paired") {
        let scores = case.variant.iter().zip(&case.baseline);
        let pairs: Vec<Pair> =
            scores.map(|(variant, baseline)| Pair { variant: *variant, baseline: *baseline }).collect();
        let found = compare(&pairs, Criteria::new(case.margin, 0.001)).unwrap();
        all_close(
            &[found.difference.value, found.difference.low, found.difference.high, found.sd],
            &[case.mean, case.low, case.high, case.sd],
        );
        all_close(&[found.equivalence.low, found.equivalence.high], &[case.narrow_low, case.narrow_high]);
        all_close(
            &[found.p_difference, found.p_equivalence, found.p_noninferiority, found.p_signed_rank],
            &[case.p_difference, case.p_equivalence, case.p_noninferiority, case.p_signed_rank],
        );
        close(found.effect.unwrap(), case.effect);
        assert_eq!(won_tied_lost(&pairs, 0.001)[..2], [case.won, case.tied]);
        assert_eq!((found.difference.confidence, found.equivalence.confidence), (0.95, 0.90));
    }
}

#[test]
fn signed_ranks_without_ties_are_those_of_wilcox_test() {
    #[derive(Deserialize)]
    struct Case {
        differences: Vec<f64>,
        p: f64,
    }
    for case in cases::<Vec<Case>>("untied") {
        close(signed_rank_p(&case.differences), case.p);
    }
}

#[test]
fn power_is_that_of_noncentral_t_and_of_integration() {
    #[derive(Deserialize)]
    struct Case {
        difference: f64,
        sd: f64,
        margin: f64,
        alpha: f64,
        seeds: usize,
        equivalent: f64,
        non_inferior: f64,
        different: f64,
    }
    for case in cases::<Vec<Case>>("power") {
        let scenario = Scenario { difference: case.difference, sd: case.sd, alpha: case.alpha, shared: 0.0 };
        let found = |claim| power(claim, scenario, case.seeds);
        close(found(Alternative::Equivalent { margin: case.margin }), case.equivalent);
        close(found(Alternative::NonInferior { margin: case.margin }), case.non_inferior);
        close(found(Alternative::Different), case.different);
    }
}

#[test]
fn studentized_ranges_are_those_of_integration_and_of_qtukey() {
    #[derive(Deserialize)]
    struct Case {
        numbers: usize,
        chance: f64,
        quantile: f64,
        qtukey: f64,
    }
    for case in cases::<Vec<Case>>("ranges") {
        let found = studentized_range_quantile(case.chance, case.numbers);
        close(found, case.quantile);
        assert!((found - case.qtukey).abs() < 1e-4, "R promises four digits of qtukey");
    }
}

#[test]
fn friedman_is_that_of_friedman_test() {
    #[derive(Deserialize)]
    struct Case {
        scores: Vec<Vec<f64>>,
        mean_ranks: Vec<f64>,
        chi_squared: f64,
        p: f64,
        f: f64,
        p_f: f64,
    }
    for case in cases::<Vec<Case>>("friedman") {
        let found = friedman(&case.scores).unwrap();
        all_close(&found.mean_ranks, &case.mean_ranks);
        let ratio = found.iman_davenport.unwrap();
        all_close(
            &[found.chi_squared, found.p, ratio.f, ratio.p],
            &[case.chi_squared, case.p, case.f, case.p_f],
        );
    }
}

#[test]
fn holm_is_that_of_p_adjust() {
    #[derive(Deserialize)]
    struct Case {
        p: Vec<f64>,
        adjusted: Vec<f64>,
    }
    for case in cases::<Vec<Case>>("holm") {
        all_close(&holm(&case.p), &case.adjusted);
    }
}
