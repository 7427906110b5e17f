//! The learning rates of one variant on one task.

use slimgate_run::metric::Metric;
use slimgate_statistics::usable_range;

use super::variant::{RATE, best};
use crate::folder::Records;
use crate::plan::Group;
use crate::trial::number;
use crate::{RatePoint, State, UsableRates};

/// The score over learning rates, each at the best of the other settings.
pub(super) fn rates(metric: &Metric, group: &Group, records: &mut Records) -> Vec<RatePoint> {
    let mut rates: Vec<RatePoint> = Vec::new();
    let worst = worst_of(metric, group, records);
    for candidate in &group.candidates {
        let Some(rate) = candidate.settings.get(RATE).and_then(number) else { continue };
        let (mut values, mut diverged) = (Vec::new(), 0);
        for trial in candidate.trials.iter().filter(|trial| !group.pruned.contains_key(&trial.id)) {
            let record = records.get(&trial.id);
            if let Some(summary) = record.ended() {
                values.extend(best(summary).or(worst));
                diverged += usize::from(record.state == State::Diverged);
            }
        }
        if values.is_empty() {
            continue;
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let point = RatePoint { rate, mean, values, diverged };
        match rates.iter_mut().find(|known| known.rate == rate) {
            Some(known) if metric.merit(known.mean) >= metric.merit(mean) => (),
            Some(known) => *known = point,
            None => rates.push(point),
        }
    }
    rates.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    rates
}

/// The worst of the best scores of a variant's trials.
fn worst_of(metric: &Metric, group: &Group, records: &mut Records) -> Option<f64> {
    let mut worst: Option<f64> = None;
    for trial in group.candidates.iter().flat_map(|candidate| &candidate.trials) {
        let score = records.get(&trial.id).ended().and_then(best);
        worst =
            [worst, score].into_iter().flatten().reduce(|a, b| if metric.gain(a, b) < 0.0 { b } else { a });
    }
    worst
}

/// True if every trial that settings were to be chosen from is at its end: of a rate whose trials are not, it is not
/// known whether it is usable.
pub(super) fn is_complete(group: &Group, records: &mut Records) -> bool {
    let mut trials = group.candidates.iter().flat_map(|candidate| &candidate.trials);
    group.chosen.is_some() && trials.all(|trial| records.get(&trial.id).state.is_final())
}

/// The usable rates. One at which a trial diverged is not usable, however well it did before.
pub(super) fn usable(metric: &Metric, rates: &[RatePoint], margin: f64) -> Option<UsableRates> {
    if rates.len() < 2 || rates.iter().all(|point| point.diverged > 0) {
        return None;
    }
    let merits = || rates.iter().map(|point| metric.merit(point.mean));
    let range_of = |merit: &dyn Fn(&RatePoint) -> f64| {
        let points: Vec<(f64, f64)> = rates.iter().map(|point| (point.rate, merit(point))).collect();
        usable_range(&points, margin)
    };
    // As far below the worst merit as the best is above it: below the best by more than the margin.
    let [least, most] = match metric.worst_and_best() {
        Some(ends) => ends.map(|end| metric.merit(end)),
        None => {
            let [least, most] = [merits().reduce(f64::min)?, merits().reduce(f64::max)?];
            [least, most.max(least + 2.0 * margin)]
        }
    };
    let range = range_of(&|point| match point.diverged {
        0 => metric.merit(point.mean),
        _ => 2.0 * least - most,
    })?;
    let regrets = range_of(&|point| metric.merit(point.mean))?;
    Some(UsableRates {
        low: range.low,
        high: range.high,
        decades: range.decades,
        open_below: range.open_below,
        open_above: range.open_above,
        mean_regret: regrets.mean_regret,
        max_regret_nearby: regrets.max_regret_nearby,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up::mase;

    #[test]
    fn a_rate_at_which_a_trial_diverged_ends_the_range() {
        let usable = |diverged: Option<usize>| {
            let point = |(index, rate): (usize, f64)| RatePoint {
                rate,
                mean: 0.9,
                values: vec![0.9],
                diverged: usize::from(diverged == Some(index)),
            };
            let points: Vec<_> = [1e-4, 1e-3, 1e-2].into_iter().enumerate().map(point).collect();
            usable(&Metric::accuracy(None), &points, 0.01).unwrap()
        };
        let all = usable(None);
        assert!(all.open_below && all.open_above);
        let end = usable(Some(2));
        assert!(end.open_below && !end.open_above && end.high < 1.1e-3, "{end:?}");
        // Between two usable ones, it is not bridged.
        let middle = usable(Some(1));
        assert!(middle.open_below && middle.high < 1.1e-4, "{middle:?}");
        assert_eq!(middle.mean_regret, all.mean_regret);
        let diverged = RatePoint { rate: 1e-3, mean: 0.9, values: vec![0.9], diverged: 1 };
        let all_diverged = [diverged.clone(), RatePoint { rate: 1e-2, ..diverged }];
        assert!(super::usable(&Metric::accuracy(None), &all_diverged, 0.01).is_none());
    }

    #[test]
    fn the_rates_of_the_lowest_errors_are_usable() {
        let point = |(rate, mean)| RatePoint { rate, mean, values: vec![mean], diverged: 0 };
        let mut points = [(1e-4, 2.0), (1e-3, 0.8), (1e-2, 0.81), (1e-1, 40.0)].map(point);
        let found = usable(&mase(), &points, 0.02).unwrap();
        assert!(found.low > 9e-4 && found.high >= 1e-2 && found.high < 1.1e-2, "{found:?}");
        assert!(!found.open_below && !found.open_above);
        assert!((found.mean_regret - (1.2 + 0.01 + 39.2) / 4.0).abs() < 1e-12, "{found:?}");
        points[2].diverged = 1;
        let found = usable(&mase(), &points, 0.02).unwrap();
        assert!(found.high < 1.1e-3, "{found:?}");
    }
}
