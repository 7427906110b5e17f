//! Looks while seeds are being added: the errors of the whole procedure, and the alternative that was not taken.

use slimgate_statistics::*;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use crate::lan_demets::{levels, obrien_fleming, pocock, power};
use crate::simulate::{Source, share};

const MARGIN: f64 = 1.0;

fn plan(futility: f64) -> Plan {
    Plan { design: Design::default(), criteria: Criteria::new(MARGIN, 0.0), futility }
}

/// The states of variants whose seeds are drawn look by look until each is settled or given up.
///
/// `draw` adds a seed: the difference of each variant from the baseline.
fn run(plan: &Plan, variants: usize, mut draw: impl FnMut() -> Vec<f64>) -> Vec<Standing> {
    let mut seeds: Vec<Vec<f64>> = vec![Vec::new(); variants];
    let mut standing =
        vec![Standing { finding: Finding::Nothing, prospect: Prospect::Open, looked: None }; variants];
    for look in plan.design.looks() {
        for _ in seeds.iter().map(Vec::len).max().unwrap()..*look {
            let seed = draw();
            for variant in (0..variants).filter(|variant| standing[*variant].prospect == Prospect::Open) {
                seeds[variant].push(seed[variant]);
            }
        }
        let differences: Vec<Differences> = seeds.iter().map(|seeds| Differences::Seeds(seeds)).collect();
        standing = plan.settle(&differences);
        if standing.iter().all(|standing| standing.prospect != Prospect::Open) {
            break;
        }
    }
    standing
}

/// A study of three variants. Each is given the best of three settings by the mean of two exploring seeds, and is then
/// compared over seeds of its own; `truths` are the settings' true differences from the baseline.
fn study(source: &mut Source, plan: &Plan, truths: [f64; 3], sd: f64) -> Vec<Standing> {
    let each = sd / 2f64.sqrt();
    let mut best = || {
        let explored = truths.map(|truth| truth + each * (source.normal() + source.normal()) / 2.0);
        let best = (0..3).max_by(|a, b| explored[*a].total_cmp(&explored[*b])).unwrap();
        truths[best]
    };
    let chosen = [best(), best(), best()];
    run(plan, 3, || {
        let baseline = each * source.normal();
        chosen.iter().map(|truth| truth + each * source.normal() - baseline).collect()
    })
}

/// With a small spread it is found early that a variant is worse, and never looked at again; with a large one, the other
/// margin is not far. In between, the promise is nearly used up.
#[test]
fn a_difference_of_the_margin_is_equivalent_in_hardly_any_study() {
    let mut source = Source::new(51);
    for (truths, sd) in [([-MARGIN; 3], 0.3), ([-MARGIN; 3], 1.0), ([-MARGIN, -1.1, -1.2], 0.7)] {
        let (claimed, error) = share(2_000, 0.05, || {
            let standing = study(&mut source, &plan(0.1), truths, sd);
            standing.iter().any(|variant| variant.looked.unwrap().p_equivalence < 0.05)
        });
        assert!(claimed < 0.05 + error, "{truths:?} {sd}: {claimed}");
    }
}

#[test]
fn no_difference_is_found_to_be_one_in_hardly_any_study() {
    let mut source = Source::new(52);
    for sd in [0.5, 2.0] {
        let (claimed, error) = share(2_000, 0.05, || {
            let standing = study(&mut source, &plan(0.1), [0.0; 3], sd);
            standing.iter().any(|variant| variant.looked.unwrap().p_difference < 0.05)
        });
        assert!(claimed < 0.05 + error, "{sd}: {claimed}");
    }
}

#[test]
fn one_test_is_wrong_five_times_in_a_hundred_at_most_and_intervals_hold_as_often_as_they_say() {
    let mut source = Source::new(53);
    for looks in [vec![2, 3, 4, 20], vec![3, 5, 8, 12, 20], vec![5, 8, 12, 20]] {
        let plan = Plan { design: Design::new(looks.clone(), 2.0).unwrap(), ..plan(0.0) };
        let (wrong, error) = share(5_000, 0.05, || {
            let seeds: Vec<f64> = (0..20).map(|_| 2.0 + source.normal()).collect();
            looks.iter().any(|look| {
                let standing = plan.settle(&[Differences::Seeds(&seeds[..*look])]);
                let interval = standing[0].looked.unwrap().same_items.difference;
                assert_eq!(interval.confidence, 0.95);
                interval.low > 2.0 || interval.high < 2.0
            })
        });
        assert!(wrong < 0.05 + error && wrong > 0.03, "{looks:?}: {wrong}");
    }
}

/// The chance of a fixed pilot, as its integral finds it and as seeds drawn from what the pilot leaves uncertain do.
#[test]
fn the_chance_to_be_settled_is_that_of_drawing_the_other_seeds() {
    let mut source = Source::new(54);
    let plan = plan(0.0);
    for pilot in [[1.2, -0.8, 0.5, 2.0, -0.4], [0.1, -1.9, 2.3, 1.1, 3.0], [4.0, -2.1, 0.3, -3.9, 0.4]] {
        let chance = plan.settle(&[Differences::Seeds(&pilot)])[0].looked.unwrap().chance.unwrap();
        let (mean, sd) = mean_and_sd(&pilot);
        let (settled, error) = share(10_000, 0.5, || {
            let chi_squared: f64 = (0..4).map(|_| source.normal().powi(2)).sum();
            let sigma = sd * (4.0 / chi_squared).sqrt();
            let truth = mean + sigma / 5f64.sqrt() * source.normal();
            let more = (5..20).map(|_| truth + sigma * source.normal());
            let seeds: Vec<f64> = pilot.iter().copied().chain(more).collect();
            plan.settle(&[Differences::Seeds(&seeds)])[0].prospect == Prospect::Settled
        });
        // The integral leaves out what the distance of later seeds from the earlier ones adds to the spread.
        assert!((chance - settled).abs() < error + 0.03, "{pilot:?}: {chance}, drawn {settled}");
    }
}

#[track_caller]
fn close(found: &[f64], expected: &[f64], error: f64) {
    let boundaries: Vec<f64> = found.iter().map(|level| -Normal::standard().inverse_cdf(*level)).collect();
    let near = boundaries.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < error);
    assert!(near && found.len() == expected.len(), "{boundaries:?} {expected:?}");
}

/// The boundaries in the manual of Reboussin, DeMets, Kim and Lan's program (2000): five equal looks, two-sided 5 %.
#[test]
fn lan_demets_levels_are_those_of_their_program() {
    close(&levels(&[4, 8, 12, 16, 20], obrien_fleming(0.025)), &[4.877, 3.357, 2.680, 2.290, 2.031], 6e-4);
    close(&levels(&[4, 8, 12, 16, 20], pocock(0.025)), &[2.438, 2.427, 2.410, 2.397, 2.386], 6e-4);
}

/// The figures that rpact's own tests hold it to (`test-f_design_group_sequential.R` for α = 0.03,
/// `test-f_analysis_base_rates.R` for 0.025), from `getDesignGroupSequential` with
/// `informationRates = c(0.2, 0.4, 1), alpha = 0.03, typeOfDesign = "asHSD", gammaA = 0`, where γ = 0 spends evenly,
/// `informationRates = c(0.3, 0.7, 1), alpha = 0.03, typeOfDesign = "asKD", gammaA = 2.2`, and
/// `informationRates = c(0.2, 0.4, 0.8, 1), alpha = 0.025, typeOfDesign = "asKD", gammaA = 2.8`.
#[test]
fn lan_demets_levels_are_those_of_rpact() {
    close(&levels(&[4, 8, 20], power(0.03, 1.0)), &[2.512_144_3, 2.422_874_7, 2.028_039_2], 2e-6);
    close(&levels(&[6, 14, 20], power(0.03, 2.2)), &[2.859_401_2, 2.243_570_8, 1.973_573_7], 2e-6);
    let expected = [3.454_217_6, 2.921_929_8, 2.244_855_4, 2.047_190_8];
    close(&levels(&[4, 8, 16, 20], power(0.025, 2.8)), &expected, 2e-6);
}

/// The share of α is never above what Lan and DeMets leave for normal statistics, and not far below.
#[test]
fn shares_are_below_the_levels_of_lan_and_demets() {
    let design = Design::default();
    let levels = levels(design.looks(), power(0.05, 2.0));
    for (look, level) in levels.into_iter().enumerate() {
        let share = 0.05 * design.share(look);
        assert!(share < level + 1e-9 && share > 0.6 * level, "look {look}: {share}, {level}");
    }
}

/// The reason for shares: with levels of normal statistics, t tests of few seeds cross too often, and the more so the
/// smaller α is.
#[test]
fn lan_demets_levels_do_not_hold_for_t_tests_of_few_seeds() {
    let mut source = Source::new(55);
    let looks: Vec<usize> = (3..=20).collect();
    let alpha = 0.05 / 3.0;
    let critical: Vec<f64> = looks
        .iter()
        .zip(levels(&looks, pocock(alpha)))
        .map(|(look, level)| -StudentsT::new(0.0, 1.0, *look as f64 - 1.0).unwrap().inverse_cdf(level))
        .collect();
    let (crossed, error) = share(40_000, alpha, || {
        let seeds: Vec<f64> = (0..20).map(|_| source.normal()).collect();
        looks.iter().zip(&critical).any(|(look, critical)| {
            let (mean, sd) = mean_and_sd(&seeds[..*look]);
            mean * (*look as f64).sqrt() > critical * sd
        })
    });
    assert!(crossed > alpha + error, "{crossed}");
}
