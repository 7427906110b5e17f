//! Intervals for new data: coverage over simulated seeds, items and divisions.

use slimgate_statistics::*;

use crate::simulate::{Source, share};

/// Standard deviations of a table of differences.
struct Spread {
    seeds: f64,
    groups: f64,
    items: f64,
    residual: f64,
}

/// A table of differences with true mean 0.
fn table(source: &mut Source, seeds: usize, groups: &[usize], sd: &Spread) -> Vec<Vec<f64>> {
    let of_group: Vec<f64> = groups.iter().map(|_| sd.groups * source.normal()).collect();
    let items: Vec<f64> = groups.iter().map(|group| of_group[*group] + sd.items * source.normal()).collect();
    (0..seeds)
        .map(|_| {
            let seed = sd.seeds * source.normal();
            items.iter().map(|item| seed + item + sd.residual * source.normal()).collect()
        })
        .collect()
}

fn holds(interval: Estimate) -> bool {
    interval.low < 0.0 && 0.0 < interval.high
}

/// Coverage of the interval for new data, and of the one over seeds alone.
fn coverage(source: &mut Source, seeds: usize, groups: &[usize], sd: &Spread, by_group: bool) -> [f64; 2] {
    const SIMULATIONS: usize = 2_000;
    let mut held = [0.0; 2];
    for _ in 0..SIMULATIONS {
        let table = table(source, seeds, groups, sd);
        let found = crossed_mean(&table, if by_group { groups } else { &[] }, 0.0).unwrap();
        held[0] += f64::from(u8::from(holds(found.intervals(0.95)[1])));
        held[1] += f64::from(u8::from(holds(found.intervals(0.95)[0])));
    }
    held.map(|held| held / SIMULATIONS as f64)
}

#[test]
fn intervals_for_new_data_hold_the_mean_as_often_as_they_say() {
    let mut source = Source::new(61);
    for (seeds, items) in [(3, 30), (5, 100), (10, 100)] {
        for (of_seeds, of_items) in [(0.0, 1.0), (0.1, 0.3), (0.1, 1.0), (0.3, 0.3)] {
            let groups: Vec<usize> = (0..items).collect();
            let sd = Spread { seeds: of_seeds, groups: 0.0, items: of_items, residual: 1.0 };
            let [new_data, _] = coverage(&mut source, seeds, &groups, &sd, false);
            // Above: where one of the two variances is next to nothing and counts all the same.
            assert!((0.93..0.99).contains(&new_data), "{seeds} × {items}, {of_seeds} {of_items}: {new_data}");
        }
    }
}

/// Seeds that are all tested on the same items say nothing about others.
#[test]
fn seeds_alone_do_not_cover_new_data() {
    let mut source = Source::new(62);
    let groups: Vec<usize> = (0..100).collect();
    let sd = Spread { seeds: 0.05, groups: 0.0, items: 1.0, residual: 0.5 };
    let [new_data, seeds] = coverage(&mut source, 10, &groups, &sd, false);
    assert!((0.93..0.97).contains(&new_data) && seeds < 0.7, "{new_data} {seeds}");
}

#[test]
fn groups_of_unequal_size_are_covered_where_single_items_are_not() {
    let mut source = Source::new(63);
    // Forty groups of one to seven items.
    let groups: Vec<usize> = (0..40).flat_map(|group| vec![group; 1 + group % 7]).collect();
    let sd = Spread { seeds: 0.2, groups: 1.0, items: 0.5, residual: 0.5 };
    let [by_group, _] = coverage(&mut source, 8, &groups, &sd, true);
    let [by_item, _] = coverage(&mut source, 8, &groups, &sd, false);
    assert!((0.92..0.97).contains(&by_group) && by_item < 0.9, "{by_group} {by_item}");
}

/// Windows of a series: each forecasts `HORIZON` steps from the `CONTEXT` before them, and the next begins `STRIDE` steps
/// later. The shape and the blocks are those of the household's test part.
const CONTEXT: usize = 168;
const HORIZON: usize = 24;
const STRIDE: usize = 6;
const WINDOWS: usize = 573;

/// The mean of the steps that each window forecasts: of windows that overlap they are partly the same. The steps
/// depend on one another, too, by `memory` from each to the next.
fn windowed(source: &mut Source, memory: f64) -> Vec<f64> {
    let steps = CONTEXT + STRIDE * (WINDOWS - 1) + HORIZON;
    let mut step = source.normal();
    let series: Vec<f64> = (0..steps)
        .map(|_| {
            step = memory * step + (1.0 - memory * memory).sqrt() * source.normal();
            step
        })
        .collect();
    let window = |at: usize| &series[CONTEXT + STRIDE * at..][..HORIZON];
    (0..WINDOWS).map(|at| window(at).iter().sum::<f64>() / HORIZON as f64).collect()
}

/// Differences of forecasts whose errors last for half a day: in blocks of time the interval covers as it says, and with
/// each window by itself far less.
#[test]
fn dependent_windows_are_covered_in_blocks_of_time() {
    const SIMULATIONS: usize = 1_000;
    let mut source = Source::new(65);
    let blocks: Vec<usize> = (0..WINDOWS).map(|at| at * 17 / WINDOWS).collect();
    for (seeds, of_seeds, memory) in [(5, 0.0, 0.0), (5, 0.05, 0.9), (12, 0.02, 0.9)] {
        let mut held = [0.0; 2];
        for _ in 0..SIMULATIONS {
            let shared = windowed(&mut source, memory);
            let rows: Vec<Vec<f64>> = (0..seeds)
                .map(|_| {
                    let (seed, own) = (of_seeds * source.normal(), windowed(&mut source, memory));
                    shared.iter().zip(own).map(|(shared, own)| seed + shared + own).collect()
                })
                .collect();
            for (held, groups) in held.iter_mut().zip([&blocks[..], &[]]) {
                let found = crossed_mean(&rows, groups, 0.0).unwrap();
                *held += f64::from(u8::from(holds(found.intervals(0.95)[1])));
            }
        }
        let [in_blocks, alone] = held.map(|held| held / SIMULATIONS as f64);
        assert!((0.93..0.97).contains(&in_blocks), "{seeds} seeds, {memory}: {in_blocks}");
        assert!(alone < in_blocks - 0.1, "{seeds} seeds, {memory}: {alone}");
    }
}

/// A difference that is the mean of the test sequences' own, whatever the model was trained on: the case in which
/// divisions are exactly as correlated as Nadeau and Bengio suppose.
#[test]
fn divisions_of_the_same_sequences_cover_as_they_say_only_when_corrected() {
    let mut source = Source::new(64);
    let held = |corrected: bool, source: &mut Source| {
        share(3_000, 0.95, || {
            let sequences: Vec<f64> = (0..100).map(|_| source.normal()).collect();
            let mut order: Vec<usize> = (0..100).collect();
            let differences: Vec<f64> = (0..15)
                .map(|_| {
                    for place in 0..20 {
                        let other = place + (source.uniform() * (100 - place) as f64) as usize;
                        order.swap(place, other);
                    }
                    order[..20].iter().map(|sequence| sequences[*sequence]).sum::<f64>() / 20.0
                })
                .collect();
            let interval = if corrected {
                resampled_interval(&differences, 0.2, 0.0, 0.95)
            } else {
                t_interval(&differences, 0.0, 0.95)
            };
            interval.is_some_and(|interval| interval.low < 0.0 && 0.0 < interval.high)
        })
    };
    let (corrected, error) = held(true, &mut source);
    assert!((corrected - 0.95).abs() < error + 0.01, "{corrected}");
    let (plain, _) = held(false, &mut source);
    assert!(plain < 0.8, "{plain}");
}
