//! A metric in words: its values, differences and margins with their unit, and who is better by it.
//!
//! A share is shown in percent and its differences in percentage points; anything else with as many digits as matter.

use super::{Metric, Unit};
use crate::words::{
    MISSING, bare_percent, decimal, decimals_of, percent_to, points, points_interval, points_to, short,
    signed_short,
};

/// The name of the share of right answers, of which there are words of its own: more accurate, less accurate.
const ACCURACY: &str = "accuracy";

/// Digits of a margin that is no share.
const DIGITS: i32 = 2;

impl Metric {
    /// True of the share of right answers, of which there are words of its own, and a test against a constant answer.
    pub fn counts_right_answers(&self) -> bool {
        self.name == ACCURACY
    }

    /// A value with its unit: `93.21 %`, `0.8123`.
    pub fn show(&self, value: f64) -> String {
        self.show_to(value, 2)
    }

    /// A value with its unit, a share with the given decimals.
    pub fn show_to(&self, value: f64, decimals: usize) -> String {
        match self.unit {
            Unit::Share => percent_to(value, decimals),
            Unit::Target | Unit::Ratio => short(value),
        }
    }

    /// A value without its unit, for a list or an interval; a share with the given decimals.
    pub fn show_bare(&self, value: f64, decimals: usize) -> String {
        match self.unit {
            Unit::Share => bare_percent(value, decimals),
            Unit::Target | Unit::Ratio => short(value),
        }
    }

    /// A difference of two values with its sign, without a unit: `−1.23`.
    pub fn show_difference(&self, difference: f64) -> String {
        match self.unit {
            Unit::Share => points(difference),
            Unit::Target | Unit::Ratio => signed_short(difference),
        }
    }

    /// A difference with its sign, and as many decimals as this margin needs.
    pub fn show_difference_beside(&self, difference: f64, margin: f64) -> String {
        match self.unit {
            Unit::Share => points_to(difference, decimals_of(margin)),
            // A percentage point is a hundredth.
            Unit::Target | Unit::Ratio => points_to(difference / 100.0, decimals_for(margin)),
        }
    }

    /// An interval of differences, without a unit.
    pub fn show_interval(&self, [low, high]: [f64; 2]) -> String {
        match self.unit {
            Unit::Share => points_interval([low, high]),
            Unit::Target | Unit::Ratio if low.is_finite() && high.is_finite() => {
                format!("{} to {}", signed_short(low), signed_short(high))
            }
            Unit::Target | Unit::Ratio => MISSING.to_owned(),
        }
    }

    /// A margin without its unit, with as many decimals as it needs.
    pub fn show_margin(&self, margin: f64) -> String {
        match self.unit {
            Unit::Share => bare_percent(margin, decimals_of(margin)),
            Unit::Target | Unit::Ratio => decimal(margin, decimals_for(margin)),
        }
    }

    /// The size of a difference, or of a spread, without its unit; a share with two decimals.
    pub fn show_size(&self, size: f64) -> String {
        match self.unit {
            Unit::Share => decimal(100.0 * size, 2),
            Unit::Target | Unit::Ratio => short(size),
        }
    }

    /// The unit of differences behind a number, with a space before it; nothing where they have no name.
    pub fn points(&self) -> &'static str {
        match self.unit {
            Unit::Share => " points",
            Unit::Target | Unit::Ratio => "",
        }
    }

    /// The unit of differences that a table or an axis says once, after a comma; nothing where they have no name.
    pub fn in_points(&self) -> &'static str {
        match self.unit {
            Unit::Share => ", in percentage points",
            Unit::Target | Unit::Ratio => "",
        }
    }

    /// A value, or a difference, as the axis of differences counts it: a share in percent.
    pub fn on_axis(&self, value: f64) -> f64 {
        match self.unit {
            Unit::Share => 100.0 * value,
            Unit::Target | Unit::Ratio => value,
        }
    }

    /// `more accurate`, `better in MASE`.
    pub fn better(&self) -> String {
        if self.counts_right_answers() { "more accurate".into() } else { format!("better in {}", self.name) }
    }

    /// `less accurate`, `worse in MASE`.
    pub fn worse(&self) -> String {
        if self.counts_right_answers() { "less accurate".into() } else { format!("worse in {}", self.name) }
    }

    /// `as accurate`, `as good in MASE`.
    pub fn as_good(&self) -> String {
        if self.counts_right_answers() { "as accurate".into() } else { format!("as good in {}", self.name) }
    }

    /// `costs accuracy`, `worsens MASE`: of a loss that settles something.
    pub fn costs(&self) -> String {
        if self.counts_right_answers() {
            format!("costs {}", self.name)
        } else {
            format!("worsens {}", self.name)
        }
    }

    /// `loses accuracy`, `loses in MASE`: of a loss that need not matter.
    pub fn loses(&self) -> String {
        if self.counts_right_answers() {
            format!("loses {}", self.name)
        } else {
            format!("loses in {}", self.name)
        }
    }

    /// Several of its values: `accuracies`, `scores`.
    pub fn several(&self) -> &'static str {
        if self.counts_right_answers() { "accuracies" } else { "scores" }
    }

    /// A value on the test set as a clause: `is right on 93.2 % of the test sequences`, `has a test MASE of 0.8123`.
    pub fn clause(&self, value: f64) -> String {
        match self.counts_right_answers() {
            true => format!("is right on {} of the test sequences", self.show_to(value, 1)),
            false => format!("has a test {} of {}", self.name, self.show_to(value, 1)),
        }
    }

    /// `more than the`, `better than the`: between two values, the first of which is better.
    pub fn above(&self) -> &'static str {
        if self.counts_right_answers() { "more than the" } else { "better than the" }
    }
}

/// The decimals that show a margin of any size with two digits.
fn decimals_for(margin: f64) -> usize {
    let size = margin.abs();
    if !size.is_finite() || size == 0.0 {
        return DIGITS as usize;
    }
    usize::try_from(DIGITS - 1 - size.log10().floor() as i32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::{forecast, regression};
    use super::*;

    #[test]
    fn a_share_is_worded_in_percent_and_points() {
        let accuracy = Metric::accuracy(None);
        assert_eq!((accuracy.show(0.9321), accuracy.show_to(0.9321, 1)), ("93.21 %".into(), "93.2 %".into()));
        assert_eq!(accuracy.show_difference(-0.0123), "−1.23");
        assert_eq!(accuracy.show_difference_beside(0.0123, 0.01), "+1.2");
        assert_eq!(accuracy.show_interval([-0.01, 0.02]), "−1.00 to +2.00");
        assert_eq!((accuracy.show_margin(0.01), accuracy.show_margin(0.0025)), ("1.0".into(), "0.25".into()));
        assert_eq!((accuracy.show_size(0.0123), accuracy.points()), ("1.23".into(), " points"));
        assert_eq!((accuracy.better(), accuracy.costs()), ("more accurate".into(), "costs accuracy".into()));
    }

    #[test]
    fn what_is_no_share_has_the_digits_that_matter() {
        let [mase, mae, ..] = &forecast(0.8)[..] else { panic!("a forecast has several metrics") };
        assert_eq!((mase.show(0.81234), mae.show(1234.5)), ("0.8123".into(), "1234".into()));
        assert_eq!(mase.show_difference(-0.0123), "−0.01230");
        assert_eq!(mase.show_difference_beside(0.01234, 0.02), "+0.012");
        assert_eq!(mae.show_difference_beside(-12.34, 150.0), "−12");
        assert_eq!(mase.show_interval([-0.01, 0.02]), "−0.01000 to +0.02000");
        assert_eq!(mase.show_interval([f64::NAN, 0.02]), MISSING);
        assert_eq!((mase.show_margin(0.0162), mae.show_margin(150.0)), ("0.016".into(), "150".into()));
        assert_eq!((mase.show_size(0.0123), mase.points()), ("0.01230".into(), ""));
        assert_eq!((mase.better(), mase.costs()), ("better in MASE".into(), "worsens MASE".into()));
        assert_eq!(regression()[2].show(-0.25), "−0.2500");
    }
}
