//! Forecasts: windows of a long series, each answered by the steps that follow it.

use crate::{DataConfig, DataError, Entry, Sequence, Steps, Target};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// The windows of a series, all counted in steps, and at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    /// The steps that a forecast is made from.
    pub context: usize,
    /// The steps that are forecast, directly after the context.
    pub horizon: usize,
    /// The steps from the start of a window to that of the next.
    pub stride: usize,
    /// The steps after which the series is expected to repeat itself: 24 of hours that repeat every day, 1 where nothing is
    /// expected.
    pub season: usize,
}

impl Windows {
    /// Those that the settings say, and where they do not, those of the data set. None of a set that is not forecast.
    pub fn of(entry: &Entry, config: &DataConfig) -> Option<Windows> {
        let Windows { context, horizon, stride, season } = entry.recipe.windows?;
        Some(Windows {
            context: config.context.unwrap_or(context),
            horizon: config.horizon.unwrap_or(horizon),
            stride: config.stride.unwrap_or(stride),
            season: config.season.unwrap_or(season),
        })
    }

    /// The steps of a window with what is forecast from it.
    pub fn steps(self) -> usize {
        self.context.saturating_add(self.horizon)
    }

    /// The number of windows in a series of so many steps.
    pub fn count(self, steps: usize) -> usize {
        steps.checked_sub(self.steps()).map_or(0, |spare| spare / self.stride + 1)
    }

    /// Cuts a standardised series, shaped `[steps, channels]`, into windows that are answered by these channels.
    pub(crate) fn cut(self, series: &[f32], channels: usize, targets: &[usize]) -> Vec<Sequence> {
        let rows = |from: usize, steps: usize| &series[from * channels..(from + steps) * channels];
        let window = |from: usize| {
            let following = rows(from + self.context, self.horizon).chunks_exact(channels);
            let target = following.flat_map(|step| targets.iter().map(|at| step[*at])).collect();
            let values = rows(from, self.context).to_vec();
            Sequence { features: Steps::Values { values, channels }, target: Target::Numbers(target) }
        };
        let windows = self.count(series.len() / channels);
        (0..windows).map(|at| window(at * self.stride)).collect()
    }
}

/// The places of the channels that are forecast among those of a data set: `wanted`, or what its recipe says.
pub(crate) fn target_channels(entry: &Entry, wanted: Option<&[String]>) -> Result<Vec<usize>, DataError> {
    let channels = entry.channel_names();
    let refused = |found: &str, problem| DataError::ForecastTarget {
        found: crate::error::excerpt(found),
        problem,
        dataset: entry.name.clone(),
        known: channels.join(", "),
    };
    let wanted = wanted.unwrap_or(&entry.recipe.targets);
    if wanted.is_empty() {
        return Err(DataError::EmptyTargets);
    }
    let mut seen = HashSet::new();
    let place = |name: &String| {
        if !seen.insert(name.clone()) {
            return Err(refused(name, "a channel that is there twice"));
        }
        let place = channels.iter().position(|channel| channel == name);
        place.ok_or_else(|| refused(name, "which is no channel"))
    };
    wanted.iter().map(place).collect()
}

/// The mean absolute error of the forecast that repeats the value of a season ago, over all steps of some series of one
/// channel that have one: the scale of the MASE (R. J. Hyndman and A. B. Koehler 2006). None where no series is longer
/// than a season, or a season has no step.
pub fn seasonal_naive_error<'a>(series: impl IntoIterator<Item = &'a [f64]>, season: usize) -> Option<f64> {
    if season == 0 {
        return None;
    }
    let (mut sum, mut steps) = (0.0, 0_usize);
    for values in series {
        let seasons_ago = values.iter().zip(values.iter().skip(season));
        for (before, now) in seasons_ago {
            sum += (now - before).abs();
            steps += 1;
        }
    }
    (steps > 0).then(|| sum / steps as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn windows(context: usize, horizon: usize, stride: usize) -> Windows {
        Windows { context, horizon, stride, season: 1 }
    }

    /// A series of which every number says its step and its channel.
    fn series(steps: usize, channels: usize) -> Vec<f32> {
        (0..steps * channels).map(|at| (100 * (at / channels) + at % channels) as f32).collect()
    }

    #[test]
    fn a_window_is_answered_by_the_steps_that_follow_it() {
        let cut = windows(2, 3, 2).cut(&series(7, 2), 2, &[1]);
        let expected = [
            ([0.0, 1.0, 100.0, 101.0], [201.0, 301.0, 401.0]),
            ([200.0, 201.0, 300.0, 301.0], [401.0, 501.0, 601.0]),
        ];
        assert_eq!(cut.len(), 2);
        for (sequence, (values, target)) in cut.iter().zip(expected) {
            assert_eq!(sequence.features, Steps::Values { values: values.to_vec(), channels: 2 });
            assert_eq!(sequence.target, Target::Numbers(target.to_vec()));
        }
    }

    #[test]
    fn the_targets_of_a_step_stand_together_in_the_order_asked_for() {
        let cut = windows(1, 2, 1).cut(&series(3, 30), 30, &[29, 0]);
        assert_eq!(cut[0].target, Target::Numbers(vec![129.0, 100.0, 229.0, 200.0]));
    }

    #[test]
    fn a_horizon_may_be_one_step_or_many() {
        for (horizon, channels) in [(1, 1), (500, 1), (1, 30), (500, 30)] {
            let cut =
                windows(10, horizon, 1).cut(&series(10 + horizon + 4, channels), channels, &[channels - 1]);
            assert_eq!(cut.len(), 5);
            let target = cut[4].target.numbers().unwrap();
            assert_eq!(target.len(), horizon);
            assert_eq!(target[horizon - 1], (100 * (10 + horizon + 3) + channels - 1) as f32);
        }
    }

    #[test]
    fn no_number_is_too_large_to_count_windows() {
        assert_eq!(windows(usize::MAX, usize::MAX, 1).count(100), 0);
        assert_eq!(windows(1, 1, usize::MAX).count(100), 1);
    }

    proptest! {
        #[test]
        fn windows_are_all_that_fit(
            context in 1_usize..20,
            horizon in 1_usize..20,
            stride in 1_usize..20,
            steps in 1_usize..120,
        ) {
            let windows = windows(context, horizon, stride);
            let starts = (0..steps).step_by(stride).filter(|start| start + context + horizon <= steps);
            prop_assert_eq!(windows.count(steps), starts.count());
            prop_assert_eq!(windows.cut(&series(steps, 1), 1, &[0]).len(), windows.count(steps));
        }
    }

    #[test]
    fn the_naive_error_is_over_all_steps_that_have_a_season_before_them() {
        let (one, other) = ([1.0, 2.0, 4.0, 2.0], [0.0, 0.0, 1.0]);
        assert_eq!(seasonal_naive_error([&one[..], &other[..]], 2), Some((3.0 + 0.0 + 1.0) / 3.0));
        assert_eq!(seasonal_naive_error([&other[..]], 3), None);
        assert_eq!(seasonal_naive_error([&other[..]], 0), None);
    }
}
