//! Forecasts that repeat what was (R. J. Hyndman and G. Athanasopoulos 2021, "Forecasting: Principles and Practice", 3rd
//! edition, section 5.2).

use slimgate_data::{Preprocessing, Sequence, Steps, Windows};

/// A forecast that repeats what was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// The last value: [`naive`].
    Naive,
    /// The values of the last season: [`seasonal_naive`].
    SeasonalNaive,
    /// The line from the first value to the last: [`drift`].
    Drift,
}

impl Repetition {
    /// Each with its name.
    pub(super) const NAMED: [(&str, Repetition); 3] = [
        ("seasonal naive", Repetition::SeasonalNaive),
        ("naive", Repetition::Naive),
        ("drift", Repetition::Drift),
    ];

    /// The forecast for a window, shaped `[horizon, targets]`, as a [`Target`](slimgate_data::Target) has its numbers.
    /// None where the window is shorter than a season, or is not of a forecast.
    pub fn forecast(self, window: &Sequence, preprocessing: &Preprocessing) -> Option<Vec<f32>> {
        let windows = preprocessing.windows()?;
        let Steps::Values { values, channels } = &window.features else { return None };
        let of_channel = |place: &usize| {
            let past: Vec<f32> = values.iter().skip(*place).step_by(*channels).copied().collect();
            self.channel(&past, windows)
        };
        let forecasts: Vec<Vec<f32>> =
            preprocessing.target_channels().iter().map(of_channel).collect::<Option<_>>()?;
        Some(interleaved(&forecasts))
    }

    /// The forecasts for all windows of some series of targets, each shaped `[steps, targets]`, in their order.
    ///
    /// The seasonal naive forecast reads all of the series before the first step that is forecast, so that it is the same
    /// whatever the context; of a step whose season ago lies before the series, it repeats the last value.
    pub(super) fn of_series(self, series: &[Vec<f32>], preprocessing: &Preprocessing) -> Vec<Vec<f32>> {
        let targets = preprocessing.targets().len();
        let Some(windows) = preprocessing.windows() else { return Vec::new() };
        let of_window = |series: &[f32], origin: usize| {
            let from = match self {
                Repetition::SeasonalNaive => origin.saturating_sub(windows.season),
                Repetition::Naive | Repetition::Drift => origin - windows.context,
            };
            let of_target = |target: usize| {
                let steps = series[from * targets..origin * targets].iter();
                let past: Vec<f32> = steps.skip(target).step_by(targets).copied().collect();
                self.channel(&past, windows).unwrap_or_else(|| short_season(&past, windows))
            };
            interleaved(&(0..targets).map(of_target).collect::<Vec<_>>())
        };
        let of_series = |series: &Vec<f32>| {
            let origins = origins(series.len() / targets, windows);
            origins.map(|origin| of_window(series, origin)).collect::<Vec<_>>()
        };
        series.iter().flat_map(of_series).collect()
    }

    /// The forecast of one channel; none where it is shorter than a season.
    fn channel(self, past: &[f32], windows: Windows) -> Option<Vec<f32>> {
        match self {
            Repetition::Naive => naive(past, windows.horizon),
            Repetition::SeasonalNaive => seasonal_naive(past, windows.season, windows.horizon),
            Repetition::Drift => drift(past, windows.horizon),
        }
    }
}

/// The numbers of each window that are to be forecast, as [`Repetition::of_series`] has the forecasts.
pub(super) fn following(series: &[Vec<f32>], preprocessing: &Preprocessing) -> Vec<Vec<f32>> {
    let targets = preprocessing.targets().len();
    let Some(windows) = preprocessing.windows() else { return Vec::new() };
    let of_series = |series: &Vec<f32>| {
        let truth = |origin: usize| series[origin * targets..(origin + windows.horizon) * targets].to_vec();
        origins(series.len() / targets, windows).map(truth).collect::<Vec<_>>()
    };
    series.iter().flat_map(of_series).collect()
}

/// The steps of a series before the first that each window forecasts.
pub(super) fn origins(steps: usize, windows: Windows) -> impl Iterator<Item = usize> {
    (0..windows.count(steps)).map(move |at| at * windows.stride + windows.context)
}

/// The values of a season ago where there are any in a past that is shorter than one, and else the last.
fn short_season(past: &[f32], windows: Windows) -> Vec<f32> {
    let Some(last) = past.last() else { return Vec::new() };
    let missing = windows.season.saturating_sub(past.len());
    let season = windows.season.max(1);
    let at = |ahead: usize| (ahead % season).checked_sub(missing).and_then(|at| past.get(at)).unwrap_or(last);
    (0..windows.horizon).map(at).copied().collect()
}

/// Numbers of several channels, those of a step together.
pub(super) fn interleaved(channels: &[Vec<f32>]) -> Vec<f32> {
    let steps = channels.first().map_or(0, Vec::len);
    (0..steps).flat_map(|step| channels.iter().map(move |channel| channel[step])).collect()
}

/// The last value of a series at each of the next steps. None of an empty one.
pub fn naive(past: &[f32], horizon: usize) -> Option<Vec<f32>> {
    Some(vec![*past.last()?; horizon])
}

/// The values of the last season, again and again. None of a series that is shorter than a season, or of a season
/// without a step.
pub fn seasonal_naive(past: &[f32], season: usize, horizon: usize) -> Option<Vec<f32>> {
    let last = &past[past.len().checked_sub(season)?..];
    (!last.is_empty()).then(|| last.iter().cycle().take(horizon).copied().collect())
}

/// The line through the first and the last value of a series, drawn on; of one value, that value. None of an empty one.
pub fn drift(past: &[f32], horizon: usize) -> Option<Vec<f32>> {
    let (first, last) = (f64::from(*past.first()?), f64::from(*past.last()?));
    let slope = (last - first) / past.len().saturating_sub(1).max(1) as f64;
    Some((1..=horizon).map(|ahead| (last + slope * ahead as f64) as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// sktime's `NaiveForecaster` (strategies `last`, `last` with `sp=3`, and `drift`) has the same by its definitions.
    #[test]
    fn what_was_is_repeated() {
        let past = [1.0, 4.0, 2.0, 5.0, 3.0];
        assert_eq!(naive(&past, 2).unwrap(), [3.0; 2]);
        assert_eq!(seasonal_naive(&past, 3, 5).unwrap(), [2.0, 5.0, 3.0, 2.0, 5.0]);
        assert_eq!(drift(&past, 3).unwrap(), [3.5, 4.0, 4.5]);
    }

    #[test]
    fn a_season_that_is_not_all_there_is_repeated_where_it_is() {
        let windows = Windows { context: 2, horizon: 5, stride: 1, season: 4 };
        assert_eq!(short_season(&[7.0, 8.0], windows), [8.0, 8.0, 7.0, 8.0, 8.0]);
        assert_eq!(short_season(&[7.0], Windows { season: 0, ..windows }), [7.0; 5]);
    }

    #[test]
    fn a_short_past_is_repeated_as_far_as_it_goes() {
        assert_eq!(drift(&[2.0], 2).unwrap(), [2.0; 2]);
        assert_eq!(seasonal_naive(&[2.0, 3.0], 3, 1), None);
        assert_eq!(seasonal_naive(&[2.0, 3.0], 0, 1), None);
        assert_eq!((naive(&[], 1), drift(&[], 1)), (None, None));
    }
}
