//! Learning rates beyond those of the grid, where a variant does best at an end of it.

use std::collections::BTreeSet;

use toml::Value;

use crate::analysis::RATE;
use crate::trial::{Settings, number};

/// The most rates that a grid grows by at either end.
const MOST: usize = 3;

/// The rates that a run can have; below, nothing is learned in any time that people have.
const RATES: [f64; 2] = [1e-6, 1.0];

/// The rate to try next, if the best of those tried lies at an end of them: so far beyond it as the last two lie apart.
/// `scored` has every settings tried so far with their score, higher better; `grid` the rates that were asked for.
pub(super) fn next_rate(grid: &[f64], scored: &[(Settings, f64)]) -> Option<f64> {
    let of = |settings: &Settings| settings.get(RATE).and_then(number);
    let mut best: Vec<(f64, f64)> = Vec::new();
    for (rate, score) in scored.iter().filter_map(|(settings, score)| Some((of(settings)?, *score))) {
        match best.iter_mut().find(|(known, _)| *known == rate) {
            Some((_, known)) => *known = known.max(score),
            None => best.push((rate, score)),
        }
    }
    best.sort_by(|a, b| a.0.total_cmp(&b.0));
    let [first, second, ..] = best[..] else { return None };
    let [.., before, last] = best[..] else { return None };
    let others = |rate: f64| best.iter().filter(move |(other, _)| *other != rate);
    let leads = |(rate, score): (f64, f64)| others(rate).all(|(_, other)| *other < score);
    let added = |beyond: &dyn Fn(f64) -> bool| best.iter().filter(|(rate, _)| beyond(*rate)).count();
    let (low, high) = (grid.iter().copied().reduce(f64::min)?, grid.iter().copied().reduce(f64::max)?);
    if leads(first) && added(&|rate| rate < low) < MOST {
        Some(rounded(first.0 * first.0 / second.0)).filter(|rate| *rate >= RATES[0])
    } else if leads(last) && added(&|rate| rate > high) < MOST {
        Some(rounded(last.0 * last.0 / before.0)).filter(|rate| *rate <= RATES[1])
    } else {
        None
    }
}

/// The points of the grid at another rate, each once.
pub(super) fn at_rate(grid: &[Settings], rate: f64) -> Vec<Settings> {
    let mut seen = BTreeSet::new();
    let moved = grid.iter().map(|point| {
        let mut point = point.clone();
        point.insert(RATE.to_owned(), Value::Float(rate));
        point
    });
    moved.filter(|point| seen.insert(format!("{point:?}"))).collect()
}

/// One significant digit, as people write rates.
fn rounded(rate: f64) -> f64 {
    format!("{rate:.0e}").parse().expect("a formatted number reads back")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: [f64; 4] = [1e-3, 3e-3, 1e-2, 3e-2];

    fn next(scored: &[(f64, f64)]) -> Option<f64> {
        let settings = |rate: f64| Settings::from([(RATE.to_owned(), Value::Float(rate))]);
        let scored: Vec<_> = scored.iter().map(|(rate, score)| (settings(*rate), *score)).collect();
        next_rate(&GRID, &scored)
    }

    #[test]
    fn a_grid_grows_where_the_best_lies_at_its_end() {
        assert_eq!(next(&[(1e-3, 0.9), (3e-3, 0.8), (1e-2, 0.7), (3e-2, 0.6)]), Some(3e-4));
        assert_eq!(next(&[(1e-3, 0.6), (3e-3, 0.7), (1e-2, 0.8), (3e-2, 0.9)]), Some(9e-2));
        assert_eq!(next(&[(3e-4, 0.95), (1e-3, 0.9), (3e-3, 0.8), (1e-2, 0.7), (3e-2, 0.6)]), Some(9e-5));
    }

    #[test]
    fn it_stays_where_the_best_is_inside_or_the_end_leads_nobody() {
        assert_eq!(next(&[(1e-3, 0.7), (3e-3, 0.9), (1e-2, 0.8), (3e-2, 0.6)]), None);
        assert_eq!(next(&[(1e-3, 0.9), (3e-3, 0.9), (1e-2, 0.8), (3e-2, 0.6)]), None);
        assert_eq!(next(&[(1e-3, 0.9)]), None);
        assert_eq!(next(&[]), None);
    }

    #[test]
    fn it_grows_so_far_and_no_farther() {
        let grown =
            [(2.7e-5, 0.99), (9e-5, 0.98), (3e-4, 0.95), (1e-3, 0.9), (3e-3, 0.8), (1e-2, 0.7), (3e-2, 0.6)];
        assert_eq!(next(&grown), None);
        let high = |score| [(1e-3, 0.1), (3e-3, 0.1), (1e-2, 0.1), (3e-2, 0.2), (9e-2, 0.3), (0.3, score)];
        assert_eq!(next(&high(0.4)), Some(1.0));
        assert_eq!(next(&high(0.2)), None);
    }

    #[test]
    fn every_other_setting_is_tried_at_the_new_rate() {
        let point = |rate: f64, schedule: &str| {
            let rate = (RATE.to_owned(), Value::Float(rate));
            Settings::from([rate, ("optim.schedule".to_owned(), Value::String(schedule.into()))])
        };
        let grid =
            [point(1e-3, "constant"), point(1e-2, "constant"), point(1e-3, "cosine"), point(1e-2, "cosine")];
        assert_eq!(at_rate(&grid, 3e-4), [point(3e-4, "constant"), point(3e-4, "cosine")]);
    }
}
