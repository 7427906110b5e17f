//! The interval of a mean by Student's t.

use statrs::distribution::ContinuousCDF;

use super::bootstrap::bootstrap_interval;
use super::sample::{Sample, student};

/// A point estimate with its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The estimate itself.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Confidence level, such as 0.95.
    pub confidence: f64,
}

/// Mean of scores with its interval: by the [bootstrap](bootstrap_interval) if there are enough scores, else by
/// [Student's t](t_interval).
pub fn interval_of_mean(values: &[f64], resolution: f64, confidence: f64) -> Option<Estimate> {
    bootstrap_interval(values, confidence, 1).or_else(|| t_interval(values, resolution, confidence))
}

/// Mean of scores with Student's t interval; `None` with fewer than two scores or one that is not finite.
///
/// `resolution` is the step between possible scores (1/test size for a share of right answers, 0 if there is none): the spread is
/// taken to be at least half of it, since a few seeds may hide it by scoring alike.
pub fn t_interval(values: &[f64], resolution: f64, confidence: f64) -> Option<Estimate> {
    Some(Sample::new(values, resolution)?.interval(confidence))
}

impl Sample {
    /// Student's t interval of the mean.
    pub fn interval(&self, confidence: f64) -> Estimate {
        let critical = student(self.degrees_of_freedom()).inverse_cdf((1.0 + confidence) / 2.0);
        let half_width = critical * self.standard_error();
        Estimate { value: self.mean, low: self.mean - half_width, high: self.mean + half_width, confidence }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_score_or_a_gap_has_no_interval() {
        assert_eq!(t_interval(&[], 0.0, 0.95), None);
        assert_eq!(t_interval(&[0.9], 0.01, 0.95), None);
        assert_eq!(t_interval(&[0.9, f64::NAN], 0.01, 0.95), None);
    }

    #[test]
    fn equal_scores_still_leave_what_steps_hide() {
        let equal = [0.97; 5];
        let interval = t_interval(&equal, 0.0, 0.95).unwrap();
        assert_eq!((interval.low, interval.high), (0.97, 0.97));
        let interval = t_interval(&equal, 0.01, 0.95).unwrap();
        let half_width = 2.776_445_105_197_793 * 0.005 / 5f64.sqrt();
        assert!((interval.high - 0.97 - half_width).abs() < 1e-12);
    }
}
