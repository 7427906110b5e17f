//! Importance on grids and on random searches.

use std::collections::BTreeMap;

use serde::Deserialize;
use slimgate_statistics::*;

use crate::reference::{cases, close};
use crate::simulate::Source;

fn parameter(name: &str, scale: Scale) -> Parameter {
    Parameter { name: name.to_owned(), scale }
}

/// An effect's share by its names, joined by a space.
fn share(found: &Importance, of: &str) -> f64 {
    found.effects.iter().find(|effect| effect.parameters.join(" ") == of).unwrap().share
}

fn parameters() -> [Parameter; 3] {
    [parameter("rate", Scale::Log), parameter("variant", Scale::Category), parameter("layers", Scale::Linear)]
}

/// R's grid: five rates, four variants, two depths, two repeats.
fn grid() -> (Vec<Observation>, BTreeMap<String, f64>, f64, f64) {
    #[derive(Deserialize)]
    struct Case {
        rate: Vec<f64>,
        variant: Vec<f64>,
        layers: Vec<f64>,
        score: Vec<f64>,
        shares: BTreeMap<String, f64>,
        sd: f64,
        repeat_sd: f64,
    }
    let case: Case = cases("grid");
    let trials = (0..case.score.len()).map(|row| Observation {
        values: vec![case.rate[row], case.variant[row], case.layers[row]],
        score: case.score[row],
    });
    (trials.collect(), case.shares, case.sd, case.repeat_sd)
}

#[test]
fn a_grid_is_divided_as_by_aov() {
    let (trials, shares, sd, repeat_sd) = grid();
    let found = importance(&parameters(), &trials, 1).unwrap();
    assert_eq!(found.method, Method::Grid);
    assert_eq!(found.effects.len(), shares.len());
    shares.iter().for_each(|(names, expected)| close(share(&found, names), *expected));
    close(found.sd, sd);
    close(found.repeat_sd.unwrap(), repeat_sd);
    assert!(found.effects.is_sorted_by(|a, b| a.share >= b.share));
}

/// After one trial is lost to a crash, the forest takes over with nearly the same answer.
#[test]
fn a_grid_with_a_gap_is_divided_nearly_alike() {
    let (mut trials, shares, ..) = grid();
    trials.remove(17);
    let found = importance(&parameters(), &trials, 1).unwrap();
    assert!(matches!(found.method, Method::Forest { oob_r2 } if oob_r2 > 0.6), "{:?}", found.method);
    for (names, expected) in shares {
        let share = share(&found, &names);
        assert!((share - expected).abs() < 0.04, "{names}: {share} is not {expected}");
    }
}

/// score = variant's bonus + slope · log₁₀ rate, over rates from 10⁻⁵ to 10⁻¹ and bonuses 0.3, 0, 0, −0.3: the
/// outer variants make all the difference. Variances 0.045 and 0.16 · 16/12 = 0.2133.
fn search(trials: usize, noise: f64) -> ([Parameter; 3], Vec<Observation>) {
    let mut source = Source::new(11);
    let draw = |_| {
        let (exponent, variant) = (-5.0 + 4.0 * source.uniform(), (4.0 * source.uniform()).floor());
        let score = [0.3, 0.0, 0.0, -0.3][variant as usize] + 0.4 * exponent + noise * source.normal();
        Observation { values: vec![10f64.powf(exponent), variant, (8.0 * source.uniform()).floor()], score }
    };
    (parameters(), (0..trials).map(draw).collect())
}

#[test]
fn a_random_search_finds_the_shares_of_the_function() {
    let (parameters, trials) = search(200, 0.02);
    let found = importance(&parameters, &trials, 1).unwrap();
    let all = 0.045 + 0.16 * 16.0 / 12.0;
    for (names, expected) in [("rate", 1.0 - 0.045 / all), ("variant", 0.045 / all), ("layers", 0.0)] {
        let share = share(&found, names);
        assert!((share - expected).abs() < 0.05, "{names}: {share} is not {expected}");
    }
    assert!(share(&found, "rate variant") < 0.03);
    assert!((found.sd - all.sqrt()).abs() < 0.03, "{}", found.sd);
    assert_eq!(found.repeat_sd, None);
}

/// On numbers without a grid, the crate `fanova` answers the same question with its own forest.
#[test]
fn a_random_search_agrees_with_another_implementation() {
    let mut source = Source::new(12);
    let columns: Vec<Vec<f64>> = (0..3).map(|_| (0..300).map(|_| source.uniform()).collect()).collect();
    let scores: Vec<f64> =
        (0..300).map(|row| columns[0][row] + 2.0 * columns[1][row] * columns[2][row]).collect();
    let trials: Vec<Observation> = (0..300)
        .map(|row| Observation {
            values: columns.iter().map(|column| column[row]).collect(),
            score: scores[row],
        })
        .collect();
    let names = ["a", "b", "c"].map(|name| parameter(name, Scale::Linear));
    let found = importance(&names, &trials, 1).unwrap();
    let slices = columns.iter().map(Vec::as_slice).collect();
    let forest = fanova::RandomForestOptions::new().seed(1).max_features(3.try_into().unwrap());
    let mut other = fanova::FanovaOptions::new().random_forest(forest).fit(slices, &scores).unwrap();
    for (axes, names) in
        [(vec![0], "a"), (vec![1], "b"), (vec![2], "c"), (vec![0, 1], "a b"), (vec![1, 2], "b c")]
    {
        let expected = other.quantify_importance(&axes).mean;
        assert!(
            (share(&found, names) - expected).abs() < 0.02,
            "{names}: {} {expected}",
            share(&found, names)
        );
    }
}

#[test]
fn scores_that_no_setting_decides_are_not_predicted() {
    let mut source = Source::new(13);
    let (parameters, mut trials) = search(60, 0.0);
    trials.iter_mut().for_each(|trial| trial.score = source.normal());
    let found = importance(&parameters, &trials, 1).unwrap();
    assert!(matches!(found.method, Method::Forest { oob_r2 } if oob_r2 < 0.1), "{:?}", found.method);
}

/// If settings decide nothing, two of three seeds at one setting say nothing about the third.
#[test]
fn seeds_of_one_setting_do_not_predict_each_other() {
    let mut source = Source::new(29);
    let (parameters, once) = search(20, 0.0);
    let mut trials = Vec::new();
    for trial in once {
        let score = source.normal();
        trials.extend(
            (0..3).map(|seed| Observation { score: score + 1e-3 * f64::from(seed), ..trial.clone() }),
        );
    }
    let found = importance(&parameters, &trials, 1).unwrap();
    assert!(matches!(found.method, Method::Forest { oob_r2 } if oob_r2 < 0.1), "{:?}", found.method);
}

#[test]
fn the_seed_alone_decides() {
    let (parameters, trials) = search(40, 0.1);
    let found = |seed| importance(&parameters, &trials, seed).unwrap();
    assert_eq!(found(1), found(1));
    assert_ne!(found(1), found(2));
}

#[test]
fn a_parameter_that_never_changes_is_left_out() {
    let trial = |rate, score| Observation { values: vec![rate, 2.0, 1.0], score };
    let found = importance(&parameters(), &[trial(1e-3, 0.9), trial(1e-2, 0.8)], 1).unwrap();
    assert_eq!(found.effects.len(), 1);
    close(share(&found, "rate"), 1.0);
}

#[test]
fn a_table_that_cannot_be_analysed_has_no_importances() {
    let beside_another = |values: Vec<f64>, score| {
        let good = Observation { values: vec![1e-3, 0.0, 1.0], score: 0.9 };
        importance(&parameters(), &[good, Observation { values, score }], 1)
    };
    assert!(beside_another(vec![1e-2, 0.0, 1.0], 0.8).is_some());
    // A value for one parameter only; values that their scales do not allow; no score.
    assert_eq!(beside_another(vec![1e-2], 0.8), None);
    assert_eq!(beside_another(vec![0.0, 0.0, 1.0], 0.8), None);
    assert_eq!(beside_another(vec![1e-2, 0.5, 1.0], 0.8), None);
    assert_eq!(beside_another(vec![1e-2, 0.0, f64::NAN], 0.8), None);
    assert_eq!(beside_another(vec![1e-2, 0.0, 1.0], f64::NAN), None);
    // One setting, one score, no trial.
    assert_eq!(beside_another(vec![1e-3, 0.0, 1.0], 0.8), None);
    assert_eq!(beside_another(vec![1e-2, 0.0, 1.0], 0.9), None);
    assert_eq!(importance(&parameters(), &[], 1), None);
}
