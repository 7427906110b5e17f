//! Exponential smoothing (R. G. Brown 1959, "Statistical Forecasting for Inventory Control"; R. J. Hyndman and G.
//! Athanasopoulos 2021, "Forecasting: Principles and Practice", 3rd edition, section 8.1).

use slimgate_data::{Preprocessing, Windows};

use super::repetition::{interleaved, origins};

/// Forecasts of a level that follows a series: at each step it moves by a part of what it was off by. With a season, each
/// of its steps has a level of its own. A part of 1 is the naive forecast, or the seasonal naive one.
#[derive(Clone, Debug, PartialEq)]
pub struct Smoothing {
    /// The steps of a season; 1 for a level that all steps share.
    season: usize,
    /// The part that the level of each target moves by.
    parts: Vec<f64>,
}

impl Smoothing {
    /// The part, in hundredths, with the least sum of squared errors one step ahead, or one season ahead, over some series
    /// of targets, each shaped `[steps, targets]`.
    pub fn fit(series: &[Vec<f32>], targets: usize, season: usize) -> Smoothing {
        let squares = |target: usize, hundredths: usize| -> f64 {
            let part = hundredths as f64 / 100.0;
            let of_series = |series: &Vec<f32>| {
                let mut levels = Levels::new(season);
                let steps = series.iter().skip(target).step_by(targets);
                steps
                    .filter_map(|value| levels.follow(f64::from(*value), part))
                    .map(|error| error * error)
                    .sum::<f64>()
            };
            series.iter().map(of_series).sum()
        };
        let part = |target: usize| {
            let least = |tried: &mut dyn Iterator<Item = usize>| {
                let errors = tried.map(|hundredths| (hundredths, squares(target, hundredths)));
                errors
                    .min_by(|one, other| one.1.total_cmp(&other.1))
                    .map_or(100, |(hundredths, _)| hundredths)
            };
            let near = least(&mut (10..=100).step_by(10));
            least(&mut (near - 9..=(near + 9).min(100))) as f64 / 100.0
        };
        Smoothing { season, parts: (0..targets).map(part).collect() }
    }

    /// The part that the level of each target moves by.
    pub fn parts(&self) -> &[f64] {
        &self.parts
    }

    /// The forecasts for all windows of some series of targets, each shaped `[steps, targets]`, in their order. They read
    /// all of a series before the first step that is forecast, whatever the context; of a step that has no level yet, they
    /// repeat the last value.
    pub fn of_series(&self, series: &[Vec<f32>], preprocessing: &Preprocessing) -> Vec<Vec<f32>> {
        let Some(windows) = preprocessing.windows() else { return Vec::new() };
        series.iter().flat_map(|series| self.of_one(series, windows)).collect()
    }

    fn of_one(&self, series: &[f32], windows: Windows) -> Vec<Vec<f32>> {
        let mut steps = series.chunks_exact(self.parts.len());
        let mut levels: Vec<Levels> = self.parts.iter().map(|_| Levels::new(self.season)).collect();
        let mut read = 0;
        let forecast = |origin: usize| {
            for step in steps.by_ref().take(origin - read) {
                for ((levels, value), part) in levels.iter_mut().zip(step).zip(&self.parts) {
                    levels.follow(f64::from(*value), *part);
                }
            }
            read = origin;
            interleaved(&levels.iter().map(|levels| levels.forecast(windows.horizon)).collect::<Vec<_>>())
        };
        origins(series.len() / self.parts.len(), windows).map(forecast).collect()
    }
}

/// The levels of one target after the steps read so far.
struct Levels {
    season: usize,
    /// Steps read.
    steps: usize,
    /// Of each step of the season that has come; at first its value.
    of_step: Vec<f64>,
    last: f64,
}

impl Levels {
    fn new(season: usize) -> Levels {
        Levels { season: season.max(1), steps: 0, of_step: Vec::new(), last: 0.0 }
    }

    /// Reads the next value, and moves its level by a part of the error, which is returned where there was a level.
    fn follow(&mut self, value: f64, part: f64) -> Option<f64> {
        let at = self.steps % self.season;
        self.steps += 1;
        self.last = value;
        match self.of_step.get_mut(at) {
            Some(level) => {
                let error = value - *level;
                *level += part * error;
                Some(error)
            }
            None => {
                self.of_step.push(value);
                None
            }
        }
    }

    fn forecast(&self, horizon: usize) -> Vec<f32> {
        let at =
            |ahead: usize| *self.of_step.get((self.steps + ahead) % self.season).unwrap_or(&self.last) as f32;
        (0..horizon).map(at).collect()
    }
}

#[cfg(test)]
mod tests {
    use slimgate_data::{DataConfig, prepare};

    use super::*;
    use crate::references::Repetition;

    #[test]
    fn a_level_that_moves_all_the_way_repeats_what_was() {
        for (context, horizon, stride, season) in [(3, 5, 2, 4), (2, 3, 1, 9), (1, 1, 3, 1), (2, 9, 2, 4)] {
            let config = DataConfig {
                dataset: "household-power".into(),
                targets: Some(vec!["voltage".into(), "global_active_power".into()]),
                context: Some(context),
                horizon: Some(horizon),
                stride: Some(stride),
                season: Some(season),
                ..DataConfig::default()
            };
            let data = prepare(&config).unwrap();
            let series = [data.series.test[0][..80].to_vec(), data.series.test[0][80..140].to_vec()];
            for (rule, season) in [(Repetition::Naive, 1), (Repetition::SeasonalNaive, season)] {
                let whole = Smoothing { season, parts: vec![1.0; 2] };
                let wanted = rule.of_series(&series, &data.preprocessing);
                assert_eq!(
                    whole.of_series(&series, &data.preprocessing),
                    wanted,
                    "{rule:?}, season {season}"
                );
            }
        }
    }

    /// Nothing after the first step that is forecast is read.
    #[test]
    fn a_forecast_does_not_know_what_it_forecasts() {
        let windows = Windows { context: 2, horizon: 3, stride: 2, season: 2 };
        let smoothing = Smoothing { season: 2, parts: vec![0.5] };
        let series: Vec<f32> = (0..12).map(|step| (step * step) as f32).collect();
        let forecasts = smoothing.of_one(&series, windows);
        assert_eq!(forecasts.len(), windows.count(12));
        for (origin, forecast) in origins(12, windows).zip(&forecasts) {
            let mut other = series.clone();
            other[origin..].fill(-1e6);
            let at = (origin - windows.context) / windows.stride;
            assert_eq!(&smoothing.of_one(&other, windows)[at], forecast, "{origin}");
        }
    }

    #[test]
    fn the_part_is_that_of_the_least_squares() {
        let noise = |step: usize| ((step * 7919) % 101) as f32 / 101.0 - 0.5;
        let level: Vec<f32> = (0..400).map(noise).collect();
        let steps: Vec<f32> = (0..400).map(|step| (step / 50) as f32).collect();
        let both: Vec<f32> = level.iter().zip(&steps).flat_map(|(one, other)| [*one, *other]).collect();
        let parts = Smoothing::fit(&[both], 2, 1).parts;
        assert_eq!(parts, [0.06, 1.0], "by trying all hundredths in plain Python");
        assert_eq!(Smoothing::fit(&[vec![2.0]], 1, 3).parts.len(), 1, "a series shorter than its season");
    }
}
