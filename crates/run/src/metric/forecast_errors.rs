//! Answers that are the next steps of a series, with the quantiles between which they are expected.

use super::{ExactSum, parts};

/// The levels of the quantiles of a forecast: the bounds of the interval that is to hold 80 % of the truths, and the
/// median, which is the one number that is forecast.
pub const LEVELS: [f64; 3] = [0.1, 0.5, 0.9];

/// The levels of the quantiles that are forecast, ascending and between 0 and 1. The first and the last bound the
/// interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantiles(Vec<f64>);

impl Quantiles {
    /// Those of these levels; of none, where only one number a step is forecast.
    ///
    /// # Panics
    /// If they do not ascend between 0 and 1.
    pub fn new(levels: &[f64]) -> Quantiles {
        let ascend = levels.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(ascend && levels.iter().all(|level| 0.0 < *level && *level < 1.0), "{levels:?}");
        Quantiles(levels.to_vec())
    }

    /// The levels.
    pub fn levels(&self) -> &[f64] {
        &self.0
    }

    /// The place of the level nearest to the median, which is the one number that is forecast; 0 without levels.
    pub fn middle(&self) -> usize {
        let off = |at: &usize| (self.0[*at] - 0.5).abs();
        (0..self.0.len()).min_by(|one, other| off(one).total_cmp(&off(other))).unwrap_or(0)
    }

    /// The share of the truths that the interval is to hold; none of fewer than two levels.
    pub fn interval(&self) -> Option<f64> {
        match self.levels() {
            [first, .., last] => Some(last - first),
            _ => None,
        }
    }
}

/// The errors of forecasts. Each channel that is forecast is measured by itself, and the mean taken last.
#[derive(Clone, Debug)]
pub struct ForecastErrors {
    quantiles: Quantiles,
    channels: Vec<OneChannel>,
}

/// The sums over one channel.
#[derive(Clone, Debug)]
struct OneChannel {
    /// The mean error of the seasonal naive forecast in the training part.
    naive_error: Option<f64>,
    answers: u64,
    /// Of |error|.
    absolute: ExactSum,
    /// Of error².
    squared: ExactSum,
    /// Of the pinball losses of all quantiles.
    pinball: ExactSum,
    /// Truths inside the interval.
    inside: u64,
}

impl ForecastErrors {
    /// Nothing summed yet, of as many channels as there are naive errors: for each the mean error of the seasonal naive
    /// forecast in the training part, where it has one above 0.
    pub fn new(naive_errors: &[Option<f64>], quantiles: Quantiles) -> ForecastErrors {
        let channel = |naive_error: &Option<f64>| OneChannel {
            naive_error: naive_error.filter(|error| *error > 0.0),
            answers: 0,
            absolute: ExactSum::default(),
            squared: ExactSum::default(),
            pinball: ExactSum::default(),
            inside: 0,
        };
        ForecastErrors { quantiles, channels: naive_errors.iter().map(channel).collect() }
    }

    /// Sums the error of one step of one channel: the number forecast, and the quantiles in the order of their levels,
    /// all in the unit that the metrics are to have.
    ///
    /// # Panics
    /// If there is no such channel, or not a number for each level.
    pub fn add(&mut self, channel: usize, truth: f64, answer: f64, quantiles: &[f64]) {
        assert_eq!(quantiles.len(), self.quantiles.levels().len(), "a number for each level");
        let sums = &mut self.channels[channel];
        let error = truth - answer;
        sums.answers += 1;
        sums.absolute.add(error.abs());
        sums.squared.add_product(error, error);
        for (quantile, level) in quantiles.iter().zip(self.quantiles.levels()) {
            let over = truth - quantile;
            sums.pinball.add(if over >= 0.0 { level * over } else { (level - 1.0) * over });
        }
        if let [first, .., last] = quantiles {
            sums.inside += u64::from((*first..=*last).contains(&truth));
        }
    }

    /// Adds what was summed elsewhere.
    ///
    /// # Panics
    /// If the two are not of the same quantiles and channels.
    pub fn merge(&mut self, other: &ForecastErrors) {
        let key = |errors: &Self| errors.channels.iter().map(|sums| sums.naive_error).collect::<Vec<_>>();
        assert!(
            self.quantiles == other.quantiles && key(self) == key(other),
            "the same quantiles and channels"
        );
        for (sums, more) in self.channels.iter_mut().zip(&other.channels) {
            sums.answers += more.answers;
            sums.absolute.merge(&more.absolute);
            sums.squared.merge(&more.squared);
            sums.pinball.merge(&more.pinball);
            sums.inside += more.inside;
        }
    }

    /// The mean absolute scaled error: the MAE over that of the seasonal naive forecast, which repeats the value of a
    /// season ago, in the training part. Below 1, the forecasts are better than that one is on average a step ahead of
    /// its season. Without a value where the training part repeats itself exactly or is no longer than a season.
    /// (R. J. Hyndman and A. B. Koehler 2006, "Another look at measures of forecast accuracy", International Journal
    /// of Forecasting 22.)
    pub fn mase(&self) -> Option<f64> {
        self.mean(|sums| Some(sums.per_answer(&sums.absolute)? / sums.naive_error?))
    }

    /// The mean of |truth - answer|.
    pub fn mae(&self) -> Option<f64> {
        self.mean(|sums| sums.per_answer(&sums.absolute))
    }

    /// The root of the mean of (truth - answer)².
    pub fn rmse(&self) -> Option<f64> {
        self.mean(|sums| sums.per_answer(&sums.squared).map(f64::sqrt))
    }

    /// The mean pinball loss of the quantiles: of one of level q, q (truth - quantile) where the truth is above it, else
    /// (1 - q) (quantile - truth). (R. Koenker and G. Bassett 1978, "Regression Quantiles", Econometrica 46.)
    pub fn pinball(&self) -> Option<f64> {
        let levels = self.quantiles.levels().len();
        (levels > 0).then(|| self.mean(|sums| Some(sums.per_answer(&sums.pinball)? / levels as f64)))?
    }

    /// The share of truths between the first and the last quantile, both included.
    pub fn coverage(&self) -> Option<f64> {
        self.quantiles.interval()?;
        self.mean(|sums| (sums.answers > 0).then(|| sums.inside as f64 / sums.answers as f64))
    }

    /// The values of the metrics of [`forecast`](super::forecast), in its order.
    pub fn values(&self) -> Vec<Option<f64>> {
        vec![self.mase(), self.mae(), self.rmse(), self.pinball(), self.coverage()]
    }

    /// The part that one of `items`, whose own errors are these, has in the metric at a place of [`values`](Self::values).
    pub(super) fn part(&self, own: &ForecastErrors, items: f64, place: usize) -> Option<f64> {
        // Of a metric without a value, such as one of quantiles where there are none, nothing has a part.
        self.values()[place]?;
        let levels = self.quantiles.levels().len().max(1) as f64;
        parts::mean(self.channels.iter().zip(&own.channels).map(|(all, own)| {
            let of_mean = |sum: &dyn Fn(&OneChannel) -> f64| {
                let [own, all] = [own, all].map(|sums| [sum(sums), sums.answers as f64]);
                parts::of_ratio(own, all, items)
            };
            let absolute = || of_mean(&|sums| sums.absolute.value());
            Some(match place {
                0 => absolute() / all.naive_error?,
                1 => absolute(),
                2 => {
                    let squared = of_mean(&|sums| sums.squared.value());
                    parts::of_root(squared, all.per_answer(&all.squared)?)
                }
                3 => of_mean(&|sums| sums.pinball.value()) / levels,
                _ => of_mean(&|sums| sums.inside as f64),
            })
        }))
    }

    fn mean(&self, value: impl Fn(&OneChannel) -> Option<f64>) -> Option<f64> {
        let values: Vec<f64> = self.channels.iter().map(value).collect::<Option<_>>()?;
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }
}

impl OneChannel {
    fn per_answer(&self, sum: &ExactSum) -> Option<f64> {
        (self.answers > 0).then(|| sum.value() / self.answers as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use slimgate_data::seasonal_naive_error;

    const TRAIN: [f64; 12] = [5.0, 7.0, 6.0, 9.0, 6.5, 8.0, 6.0, 10.0, 7.0, 8.5, 7.5, 11.0];
    /// The truth, the forecast, and the quantiles of levels 0.1, 0.5 and 0.9.
    const STEPS: [(f64, f64, [f64; 3]); 4] = [
        (7.5, 7.0, [6.0, 7.0, 8.0]),
        (9.0, 8.75, [7.5, 8.75, 10.0]),
        (8.0, 8.5, [8.1, 8.5, 9.5]),
        (12.5, 11.0, [9.0, 11.0, 12.5]),
    ];

    fn errors(season: usize, steps: &[(f64, f64, [f64; 3])]) -> ForecastErrors {
        let naive = seasonal_naive_error([&TRAIN[..]], season);
        let mut errors = ForecastErrors::new(&[naive], Quantiles::new(&[0.1, 0.5, 0.9]));
        steps.iter().for_each(|(truth, answer, quantiles)| errors.add(0, *truth, *answer, quantiles));
        errors
    }

    /// utilsforecast 0.2.17, pandas 3.1.1; scikit-learn 1.9.1 has the same pinball losses (`mean_pinball_loss`):
    /// ```python
    /// import pandas as pd
    /// from utilsforecast.losses import *
    /// train = [5.0, 7, 6, 9, 6.5, 8, 6, 10, 7, 8.5, 7.5, 11]
    /// df = pd.DataFrame({"unique_id": 1, "ds": range(13, 17), "y": [7.5, 9.0, 8.0, 12.5], "m": [7.0, 8.75, 8.5, 11.0],
    ///     "m-lo-80": [6.0, 7.5, 8.1, 9.0], "m-hi-80": [8.0, 10.0, 9.5, 12.5]})
    /// before = pd.DataFrame({"unique_id": 1, "ds": range(1, 13), "y": train})
    /// mase(df, ["m"], 4, before).m[0], mase(df, ["m"], 1, before).m[0]
    /// mae(df, ["m"]).m[0], rmse(df, ["m"]).m[0]
    /// [quantile_loss(df, {"m": c}, q).m[0] for q, c in [(0.1, "m-lo-80"), (0.5, "m"), (0.9, "m-hi-80")]]
    /// coverage(df, ["m"], 80).m[0]
    /// ```
    #[test]
    fn values_are_those_of_utilsforecast() {
        let near = |found: Option<f64>, wanted: f64| {
            assert!((found.unwrap() - wanted).abs() < 1e-6, "{found:?}, {wanted}");
        };
        let quarterly = errors(4, &STEPS);
        let pinball = (0.18499999999999994 + 0.34375 + 0.07499999999999998) / 3.0;
        let wanted = [0.7857142857142857, 0.6875, 0.8385254915624212, pinball, 0.75];
        quarterly.values().into_iter().zip(wanted).for_each(|(found, wanted)| near(found, wanted));
        near(errors(1, &STEPS).mase(), 0.3025);
    }

    #[test]
    fn batches_change_no_bit() {
        let mut merged = errors(4, &STEPS[2..]);
        merged.merge(&errors(4, &STEPS[..2]));
        let bits = |errors: &ForecastErrors| {
            errors.values().into_iter().map(|value| value.unwrap().to_bits()).collect::<Vec<_>>()
        };
        assert_eq!(bits(&merged), bits(&errors(4, &STEPS)));
    }

    #[test]
    fn the_mean_of_all_parts_is_the_metric() {
        let all = errors(4, &STEPS);
        let parts = |place: usize| {
            let items = STEPS.chunks(2).map(|steps| errors(4, steps));
            items.map(|own| all.part(&own, 2.0, place).unwrap()).collect::<Vec<f64>>()
        };
        for (place, value) in all.values().into_iter().enumerate() {
            let mean = parts(place).iter().sum::<f64>() / 2.0;
            assert!((mean - value.unwrap()).abs() < 1e-12, "{place}: {mean}");
        }
        // Of windows that are as long, the scaled errors themselves; the naive error is 0.875.
        assert_eq!(parts(0), [(0.5 + 0.25) / 2.0 / 0.875, (0.5 + 1.5) / 2.0 / 0.875]);
        let without = ForecastErrors::new(&[Some(1.0)], Quantiles::new(&[]));
        assert_eq!(without.part(&without, 1.0, 3), None, "no quantile is forecast");
    }

    #[test]
    fn channels_are_measured_apart() {
        let mut errors = ForecastErrors::new(&[Some(1.0), Some(100.0)], Quantiles::new(&[]));
        errors.add(0, 3.0, 2.0, &[]);
        errors.add(1, 300.0, 500.0, &[]);
        assert_eq!((errors.mase(), errors.mae()), (Some(1.5), Some(100.5)));
        assert_eq!((errors.pinball(), errors.coverage()), (None, None), "no quantile is forecast");
    }

    #[test]
    fn a_training_part_that_repeats_itself_has_no_scale() {
        for naive in [None, Some(0.0)] {
            let mut errors = ForecastErrors::new(&[naive], Quantiles::new(&[]));
            errors.add(0, 3.0, 2.0, &[]);
            assert_eq!((errors.mase(), errors.mae()), (None, Some(1.0)));
        }
    }
}
