//! Calibration of the statistics, counted over simulated seeds.

use slimgate_statistics::*;

use crate::simulate::{Source, share};

/// Number of simulations that take microseconds each; their error is 0.5 percentage points around 5 %.
const MANY: usize = 20_000;

fn pairs(count: usize, mut pair: impl FnMut() -> Pair) -> Vec<Pair> {
    (0..count).map(|_| pair()).collect()
}

/// A pair whose difference is normally distributed.
fn normal_pair(source: &mut Source, difference: f64, sd: f64) -> Pair {
    let baseline = 0.9 + 0.01 * source.normal();
    Pair { variant: baseline + difference + sd * source.normal(), baseline }
}

#[test]
fn equivalence_is_claimed_falsely_five_times_in_a_hundred() {
    let mut source = Source::new(1);
    for seeds in [3, 5, 10] {
        for difference in [0.01, -0.01] {
            let (claimed, error) = share(MANY, 0.05, || {
                let pairs = pairs(seeds, || normal_pair(&mut source, difference, 0.002));
                compare(&pairs, Criteria::new(0.01, 0.0)).unwrap().p_equivalence < 0.05
            });
            // This far from the other margin, the test is exact and must not be conservative either.
            assert!((claimed - 0.05).abs() < error, "{seeds} seeds at {difference}: {claimed}");
        }
    }
}

/// The optional stopping that docs/studies.md warns of: five seeds, and five more while the answer is unwelcome.
#[test]
fn looking_again_claims_falsely_more_often() {
    let mut source = Source::new(31);
    for (looks, expected) in [(1, 0.05), (2, 0.083), (4, 0.122)] {
        let (claimed, error) = share(MANY, expected, || {
            let seeds = pairs(5 * looks, || normal_pair(&mut source, 0.01, 0.002));
            (1..=looks).any(|look| {
                compare(&seeds[..5 * look], Criteria::new(0.01, 0.0)).unwrap().p_equivalence < 0.05
            })
        });
        assert!((claimed - expected).abs() < error + 0.002, "{looks} looks: {claimed}");
    }
}

#[test]
fn a_loss_of_the_margin_passes_as_none_five_times_in_a_hundred() {
    let mut source = Source::new(2);
    for seeds in [3, 5, 10] {
        let (claimed, error) = share(MANY, 0.05, || {
            let pairs = pairs(seeds, || normal_pair(&mut source, -0.01, 0.01));
            compare(&pairs, Criteria::new(0.01, 0.0)).unwrap().p_noninferiority < 0.05
        });
        assert!((claimed - 0.05).abs() < error, "{seeds} seeds: {claimed}");
    }
}

/// Accuracies on 500 test examples that differ by exactly the margin: 0.92 and 0.90.
#[test]
fn shares_of_a_test_set_are_not_equivalent_more_often_either() {
    let mut source = Source::new(3);
    for seeds in [3, 5, 10] {
        let (claimed, error) = share(3_000, 0.05, || {
            let pairs = pairs(seeds, || Pair {
                variant: source.accuracy(0.90, 500),
                baseline: source.accuracy(0.92, 500),
            });
            compare(&pairs, Criteria::new(0.02, 1.0 / 500.0)).unwrap().p_equivalence < 0.05
        });
        assert!(claimed < 0.05 + error, "{seeds} seeds: {claimed}");
    }
}

/// The worst case of discrete scores, computed instead of simulated: differences of −4 or −5 steps, with a true mean in
/// between that is exactly the margin. All seeds may show only −4.
#[test]
fn coarse_scores_are_hardly_equivalent_more_often() {
    let step = 0.001;
    for seeds in 2..=20u32 {
        let worst = (1..100).map(|percent| {
            let between = f64::from(percent) / 100.0;
            let criteria = Criteria::new((4.0 + between) * step, step);
            let chance = |fives: u32| {
                let pairs: Vec<Pair> = (0..seeds)
                    .map(|seed| Pair { variant: if seed < fives { 0.895 } else { 0.896 }, baseline: 0.9 })
                    .collect();
                let ways = (0..fives).map(|k| f64::from(seeds - k) / f64::from(k + 1)).product::<f64>();
                let chance = ways * between.powi(fives as i32) * (1.0 - between).powi((seeds - fives) as i32);
                if compare(&pairs, criteria).unwrap().p_equivalence < 0.05 { chance } else { 0.0 }
            };
            (0..=seeds).map(chance).sum::<f64>()
        });
        let worst = worst.fold(0.0, f64::max);
        assert!(worst < if seeds <= 6 { 0.052 } else { 0.066 }, "{seeds} seeds: {worst}");
    }
}

#[test]
fn t_intervals_hold_the_mean_as_often_as_they_say() {
    let mut source = Source::new(5);
    for (seeds, confidence) in [(2, 0.95), (3, 0.95), (5, 0.9), (10, 0.95)] {
        let (held, error) = share(MANY, confidence, || {
            let scores: Vec<f64> = (0..seeds).map(|_| 0.9 + 0.01 * source.normal()).collect();
            let interval = t_interval(&scores, 0.0, confidence).unwrap();
            interval.low < 0.9 && 0.9 < interval.high
        });
        assert!((held - confidence).abs() < error, "{seeds} seeds: {held}");
    }
}

/// The fraction of bootstrap intervals that hold the mean of scores, and the fraction of cases without an interval.
fn bootstrap(seeds: usize, mean: f64, mut score: impl FnMut() -> f64) -> (f64, f64) {
    let (mut held, mut none) = (0.0, 0.0);
    for simulation in 0..SOME {
        let scores: Vec<f64> = (0..seeds).map(|_| score()).collect();
        match bootstrap_interval(&scores, 0.95, simulation) {
            Some(interval) if interval.low <= mean && mean <= interval.high => held += 1.0,
            Some(_) => {}
            None => none += 1.0,
        }
    }
    (held / (SOME as f64 - none), none / SOME as f64)
}

/// Number of simulations that resample thousands of times each; their error is 1.7 percentage points around 95 %.
const SOME: u64 = 1_500;

#[test]
fn bootstrap_intervals_hold_the_mean_as_often_as_they_say() {
    let mut source = Source::new(6);
    for seeds in [8, 15] {
        let (held, none) = bootstrap(seeds, 0.9, || 0.9 + 0.01 * source.normal());
        assert!((held - 0.95).abs() < 0.017 && none == 0.0, "normal, {seeds} seeds: {held}");
        let (held, none) = bootstrap(seeds, 0.9, || source.accuracy(0.9, 300));
        assert!((held - 0.95).abs() < 0.017 && none < 0.05, "shares, {seeds} seeds: {held}, {none}");
    }
}

/// If scores are skewed, Student's t holds the mean 90 times in 100.
#[test]
fn bootstrap_intervals_hold_the_mean_of_skewed_scores_more_often_than_t() {
    let mut source = Source::new(7);
    let mut score = || 0.9 + 0.01 * source.uniform().ln();
    let (held, _) = bootstrap(8, 0.89, &mut score);
    assert!((held - 0.945).abs() < 0.02, "{held}");
    let (by_t, _) = share(MANY, 0.90, || {
        let scores: Vec<f64> = (0..8).map(|_| score()).collect();
        let interval = t_interval(&scores, 0.0, 0.95).unwrap();
        interval.low < 0.89 && 0.89 < interval.high
    });
    assert!(by_t < 0.92 && held > by_t + 0.02, "{held} {by_t}");
}

/// Five variants against one baseline, none of them different: a family of tests that depend on one another.
#[test]
fn holm_keeps_the_family_from_false_claims() {
    let mut source = Source::new(8);
    let (claimed, error) = share(MANY, 0.05, || {
        let baseline: Vec<f64> = (0..5).map(|_| 0.9 + 0.01 * source.normal()).collect();
        let p: Vec<f64> = (0..5)
            .map(|_| {
                let pairs: Vec<Pair> = baseline
                    .iter()
                    .map(|baseline| Pair { variant: 0.9 + 0.01 * source.normal(), baseline: *baseline })
                    .collect();
                compare(&pairs, Criteria::new(0.01, 0.0)).unwrap().p_difference
            })
            .collect();
        holm(&p).iter().any(|p| *p < 0.05)
    });
    assert!(claimed < 0.05 + error, "{claimed}");
    assert!(claimed > 0.02, "{claimed}: so timid that it finds nothing");
}

#[test]
fn so_many_seeds_show_it_as_often_as_planned() {
    let mut source = Source::new(9);
    let scenario = |sd| Scenario { difference: 0.002, sd, alpha: 0.05, shared: 0.0 };
    for (claim, sd) in [
        (Alternative::Equivalent { margin: 0.01 }, 0.003),
        (Alternative::Equivalent { margin: 0.01 }, 0.012),
        (Alternative::NonInferior { margin: 0.005 }, 0.006),
        (Alternative::Different, 0.002),
    ] {
        let seeds = seeds_needed(claim, scenario(sd), 0.8).unwrap();
        let planned = power(claim, scenario(sd), seeds);
        assert!(planned >= 0.8 && power(claim, scenario(sd), seeds - 1) < 0.8);
        let (shown, error) = share(MANY, planned, || {
            let pairs = pairs(seeds, || normal_pair(&mut source, 0.002, sd));
            let criteria = |margin| Criteria::new(margin, 0.0);
            match claim {
                Alternative::Equivalent { margin } => {
                    compare(&pairs, criteria(margin)).unwrap().p_equivalence < 0.05
                }
                Alternative::NonInferior { margin } => {
                    compare(&pairs, criteria(margin)).unwrap().p_noninferiority < 0.05
                }
                Alternative::Different => compare(&pairs, criteria(1.0)).unwrap().p_difference < 0.05,
            }
        });
        assert!((shown - planned).abs() < error, "{claim:?}, {seeds} seeds: {shown}, planned {planned}");
    }
}

/// Ten data sets, four variants, no difference.
#[test]
fn friedman_is_wrong_five_times_in_a_hundred() {
    let mut source = Source::new(10);
    let (claimed, error) = share(MANY, 0.05, || {
        let scores: Vec<Vec<f64>> = (0..10).map(|_| (0..4).map(|_| source.uniform()).collect()).collect();
        friedman(&scores).unwrap().iman_davenport.is_some_and(|ratio| ratio.p < 0.05)
    });
    // The F is an approximation to a discrete distribution, close at ten data sets.
    assert!((claimed - 0.05).abs() < error + 0.005, "{claimed}");
}

/// p of simulated seeds of a model on test sequences of two classes, the trivial class with frequency `share`. All
/// seeds lean the same way on a sequence, as models trained on the same data do; `skill` is how far they lean towards
/// its class.
fn above_trivial(source: &mut Source, sequences: usize, share: f64, skill: f64) -> f64 {
    const SEEDS: usize = 5;
    let (mut right, mut of_class) = ([0.0; SEEDS], 0.0);
    let (mut won, mut lost) = (0.0, 0.0);
    for _ in 0..sequences {
        let is_trivial = source.uniform() < share;
        let side = if is_trivial { 1.0 } else { -1.0 };
        let lean = source.normal() + skill * side;
        of_class += f64::from(u8::from(is_trivial));
        for right in &mut right {
            let is_right = (lean + 0.3 * source.normal() > 0.0) == is_trivial;
            *right += f64::from(u8::from(is_right));
            won += f64::from(u8::from(is_right && !is_trivial)) / SEEDS as f64;
            lost += f64::from(u8::from(!is_right && is_trivial)) / SEEDS as f64;
        }
    }
    let scores = right.map(|right| right / sequences as f64);
    let trivial = of_class / sequences as f64;
    p_above_trivial(AgainstTrivial { scores: &scores, trivial, discordant: [won, lost], sequences }).unwrap()
}

#[test]
fn on_noise_hardly_any_model_is_found_better_than_the_trivial_predictor() {
    let mut source = Source::new(41);
    for (sequences, frequent) in [(30, 0.5), (200, 0.5), (200, 0.9)] {
        let (found, error) =
            share(2_000, 0.05, || above_trivial(&mut source, sequences, frequent, 0.0) < 0.05);
        assert!(found < 0.05 + error, "{sequences} sequences, {frequent} of one class: {found}");
    }
}

#[test]
fn a_model_that_learned_something_is_found_better_than_the_trivial_predictor() {
    let mut source = Source::new(42);
    let (found, _) = share(500, 0.5, || above_trivial(&mut source, 200, 0.5, 0.5) < 0.05);
    assert!(found > 0.95, "{found}");
}
