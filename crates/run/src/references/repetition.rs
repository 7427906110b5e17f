//! Forecasts that repeat what was (R. J. Hyndman and G. Athanasopoulos 2021, "Forecasting: Principles and Practice", 3rd
//! edition, section 5.2).

use slimgate_data::{Preprocessing, Sequence, Steps};

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
    /// The forecast for a window, shaped `[horizon, targets]`, as a [`Target`](slimgate_data::Target) has its numbers.
    /// None where the window is shorter than a season, or is not of a forecast.
    pub fn forecast(self, window: &Sequence, preprocessing: &Preprocessing) -> Option<Vec<f32>> {
        let windows = preprocessing.windows()?;
        let Steps::Values { values, channels } = &window.features else { return None };
        let of_channel = |place: &usize| {
            let past: Vec<f32> = values.iter().skip(*place).step_by(*channels).copied().collect();
            match self {
                Repetition::Naive => naive(&past, windows.horizon),
                Repetition::SeasonalNaive => seasonal_naive(&past, windows.season, windows.horizon),
                Repetition::Drift => drift(&past, windows.horizon),
            }
        };
        let forecasts: Vec<Vec<f32>> =
            preprocessing.target_channels().iter().map(of_channel).collect::<Option<_>>()?;
        Some(
            (0..windows.horizon)
                .flat_map(|step| forecasts.iter().map(move |channel| channel[step]))
                .collect(),
        )
    }
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
    fn a_short_past_is_repeated_as_far_as_it_goes() {
        assert_eq!(drift(&[2.0], 2).unwrap(), [2.0; 2]);
        assert_eq!(seasonal_naive(&[2.0, 3.0], 3, 1), None);
        assert_eq!(seasonal_naive(&[2.0, 3.0], 0, 1), None);
        assert_eq!((naive(&[], 1), drift(&[], 1)), (None, None));
    }
}
