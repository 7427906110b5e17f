//! The measures of how well a run answers, by task: what each is called, in which unit, which way is better, and its
//! value from exact sums.
//!
//! A [`Metric`] describes; an accumulator ([`ClassCounts`], [`AlarmScores`], [`NumberErrors`], [`ForecastErrors`], or
//! [`Tally`] for any task) is shown every truth with its answer, in any order and in any batches, merged with others or
//! not, and gives the same values to the last bit. A value that its definition leaves open, such as the recall of a class without a member, is `None`.

mod alarms;
mod catalogue;
mod class_counts;
mod exact_sum;
mod forecast_errors;
mod number_errors;
mod parts;
mod score;
mod tally;
mod wording;

use serde::{Deserialize, Serialize};

pub use alarms::{AlarmCounts, AlarmRule, AlarmScores, Ranking, Scored, Threshold, alarms};
pub use catalogue::{check_choice, choice, choices, classes, forecast, regression};
pub use class_counts::ClassCounts;
pub use exact_sum::ExactSum;
pub use forecast_errors::{ForecastErrors, LEVELS, Quantiles};
pub use number_errors::NumberErrors;
pub use score::Score;
pub use tally::{Alarm, Tally, by_level};

/// A measure of how well a run answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Its name, such as `balanced accuracy` or `recall of up`.
    pub name: String,
    /// The unit of its values.
    pub unit: Unit,
    /// The better of two values.
    pub direction: Direction,
    /// The values that it can take.
    pub range: Range,
    /// The least amount by which one answer changes it; none where any amount is possible or no one amount holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<f64>,
}

impl Metric {
    /// The share of right answers, of which one changes it by so much where that is known.
    pub fn accuracy(resolution: Option<f64>) -> Metric {
        let range = Range { least: Some(0.0), most: Some(1.0) };
        Metric { name: "accuracy".into(), unit: Unit::Share, direction: Direction::Higher, range, resolution }
    }

    /// Its value, under its name.
    pub fn score(&self, value: f64) -> Score {
        Score { metric: self.name.clone(), value }
    }

    /// The gain from one value to another: above 0 if the other is better.
    pub fn gain(&self, from: f64, to: f64) -> f64 {
        match self.direction {
            Direction::Higher => to - from,
            Direction::Lower => from - to,
            Direction::Towards(aim) => (from - aim).abs() - (to - aim).abs(),
        }
    }

    /// The value on a scale on which higher is better, and on which the gain from one to another is their difference.
    pub fn merit(&self, value: f64) -> f64 {
        match self.direction {
            Direction::Higher => value,
            Direction::Lower => -value,
            Direction::Towards(aim) => -(value - aim).abs(),
        }
    }

    /// The merit of a part of a value, as [`Tally::parts`] has them: linear, so that the mean merit of all parts is the merit
    /// of the value.
    pub fn merit_of_part(&self, part: f64, value: f64) -> f64 {
        match self.direction {
            Direction::Higher => part,
            Direction::Lower => -part,
            Direction::Towards(aim) => (aim - part) * (value - aim).signum(),
        }
    }

    /// A gain as a difference of values, or such a difference as a gain: of an error, a gain is a negative difference. Of
    /// a metric that has an aim, it is the difference of the distances from it.
    pub fn turned(&self, gain: f64) -> f64 {
        match self.direction {
            Direction::Higher => gain,
            Direction::Lower | Direction::Towards(_) => -gain,
        }
    }

    /// An interval of gains as one of differences, or the other way around.
    pub fn turned_interval(&self, [low, high]: [f64; 2]) -> [f64; 2] {
        match self.direction {
            Direction::Higher => [low, high],
            Direction::Lower | Direction::Towards(_) => [-high, -low],
        }
    }

    /// The worst and the best value of its range; `None` where either is infinite.
    pub fn worst_and_best(&self) -> Option<[f64; 2]> {
        let (least, most) = (self.range.least?, self.range.most?);
        Some(match self.direction {
            Direction::Higher => [least, most],
            Direction::Lower => [most, least],
            Direction::Towards(aim) => [if aim - least > most - aim { least } else { most }, aim],
        })
    }

    /// The merit of a run without a single epoch: that of the worst value of the range, below every other where there is
    /// none.
    pub fn worst_merit(&self) -> f64 {
        self.worst_and_best().map_or(f64::NEG_INFINITY, |[worst, _]| self.merit(worst))
    }

    /// The value within the range that is nearest to one.
    pub fn clamped(&self, value: f64) -> f64 {
        let Range { least, most } = self.range;
        value.max(least.unwrap_or(f64::NEG_INFINITY)).min(most.unwrap_or(f64::INFINITY))
    }

    /// The value that is so large a share as good as another: of a higher value that share, an error by the missing share
    /// larger.
    pub fn share_of(&self, value: f64, share: f64) -> f64 {
        match self.direction {
            Direction::Higher if value >= 0.0 => share * value,
            Direction::Lower if value < 0.0 => share * value,
            Direction::Higher | Direction::Lower => (2.0 - share) * value,
            Direction::Towards(aim) => aim + (2.0 - share) * (value - aim),
        }
    }
}

/// The share of right answers: what all runs of version 0.1.0 were chosen by.
impl Default for Metric {
    fn default() -> Metric {
        Metric::accuracy(None)
    }
}

/// The unit of a metric's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// A part of a whole from 0 to 1, shown in percent.
    Share,
    /// The unit of the numbers that are predicted.
    Target,
    /// None: a ratio of two like quantities.
    Ratio,
}

/// The better of two values of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The higher.
    Higher,
    /// The lower.
    Lower,
    /// The one nearer to this.
    Towards(f64),
}

impl Direction {
    /// True if `one` is better than `other`. NaN is never better.
    pub fn prefers(self, one: f64, other: f64) -> bool {
        match self {
            Direction::Higher => one > other,
            Direction::Lower => one < other,
            Direction::Towards(aim) => (one - aim).abs() < (other - aim).abs(),
        }
    }
}

/// The values that a metric can take, both ends included; an end that is missing is infinite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<f64>,
    /// The greatest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_of_two_values_depends_on_the_metric() {
        assert!(Direction::Higher.prefers(0.9, 0.8) && !Direction::Higher.prefers(0.8, 0.8));
        assert!(Direction::Lower.prefers(0.8, 0.9) && !Direction::Lower.prefers(f64::NAN, 0.9));
        // Of an interval for 80 %, one that holds 78 % of the truths is better than one that holds 99 %.
        assert!(Direction::Towards(0.8).prefers(0.78, 0.99));
    }

    #[test]
    fn a_gain_is_above_nothing_in_the_better_direction() {
        let accuracy = Metric::accuracy(None);
        let error = Metric { direction: Direction::Lower, ..accuracy.clone() };
        let coverage = Metric { direction: Direction::Towards(0.5), ..accuracy.clone() };
        assert_eq!(
            [accuracy.gain(0.25, 0.5), error.gain(0.25, 0.5), coverage.gain(1.0, 0.75)],
            [0.25, -0.25, 0.25]
        );
    }

    #[test]
    fn merits_differ_by_the_gain() {
        let all = classes(&["a".into()], &[4]).into_iter().chain(forecast(0.5)).chain(regression());
        for metric in all {
            let gain = metric.gain(0.25, 0.75);
            assert_eq!(metric.merit(0.75) - metric.merit(0.25), gain, "{}", metric.name);
            assert_eq!(metric.turned(metric.turned(gain)), gain);
            let [low, high] = metric.turned_interval([gain - 1.0, gain + 2.0]);
            assert!(low < metric.turned(gain) && metric.turned(gain) < high, "{}", metric.name);
        }
    }

    #[test]
    fn merits_of_parts_have_the_merit_of_the_whole_as_their_mean() {
        let coverage = forecast(0.8).pop().unwrap();
        for metric in [Metric::accuracy(None), forecast(0.8).remove(0), coverage] {
            for parts in [[0.5, 0.9, 1.0], [0.5, 0.6, 0.7]] {
                let mean = parts.iter().sum::<f64>() / 3.0;
                let of_parts = parts.map(|part| metric.merit_of_part(part, mean)).iter().sum::<f64>() / 3.0;
                assert!((of_parts - metric.merit(mean)).abs() < 1e-12, "{}", metric.name);
            }
        }
    }

    #[test]
    fn the_ends_of_a_range_are_named_where_there_are_any() {
        let coverage = forecast(0.8).pop().unwrap();
        assert_eq!(Metric::accuracy(None).worst_and_best(), Some([0.0, 1.0]));
        assert_eq!(coverage.worst_and_best(), Some([0.0, 0.8]));
        assert_eq!(forecast(0.8)[0].worst_and_best(), None);
    }

    #[test]
    fn a_share_as_good_is_never_better() {
        let coverage = forecast(0.75).pop().unwrap();
        let [mase, r_squared] = [&forecast(0.8)[0], &regression()[2]];
        assert_eq!(Metric::accuracy(None).share_of(0.5, 0.75), 0.375);
        assert_eq!((mase.share_of(0.5, 0.75), coverage.share_of(0.5, 0.5)), (0.625, 0.375));
        assert_eq!((r_squared.share_of(0.5, 0.5), r_squared.share_of(-0.5, 0.5)), (0.25, -0.75));
    }

    #[test]
    fn a_metric_survives_being_written() {
        for metric in forecast(0.8).into_iter().chain(classes(&["a".into(), "b".into()], &[3, 1])) {
            let text = serde_json::to_string(&metric).unwrap();
            assert_eq!(serde_json::from_str::<Metric>(&text).unwrap(), metric, "{text}");
        }
    }
}
