//! The error of a mean over resampled splits of the same data.

use super::crossed::MeanError;
use super::interval::Estimate;
use super::sample::Sample;

/// The part of s² that the variance of a mean over divisions of the same sequences has beside s²/n, and that no number of
/// divisions makes smaller: `test_share`/(1 − `test_share`). See [`resampled_error`].
///
/// `None` of a share that is none: not above 0, or not below 1.
pub fn shared_variance(test_share: f64) -> Option<f64> {
    (test_share > 0.0 && test_share < 1.0).then(|| test_share / (1.0 - test_share))
}

/// The error of the mean of differences (variant − baseline), one for each random division of the same sequences into
/// training and test parts: the corrected resampled t test.
///
/// Divisions share most of their training sequences, so their results are not independent, and the ordinary t test finds
/// too much. Nadeau and Bengio (2003) replace the variance s²/n of the mean of n divisions by
///
/// (1/n + `test_share`/(1 − `test_share`)) s²
///
/// with n − 1 degrees of freedom, where `test_share` is the part of the sequences that each division tests on, above 0
/// and below 1. The second term does not shrink with n: more divisions of the same sequences are no more sequences.
/// For r times repeated k-fold cross-validation, pass all kr differences and a share of 1/k (Bouckaert and Frank 2004).
/// Where several seeds are trained on one division, pass their mean.
///
/// It is not for seeds that share a fixed test set and only draw the validation part anew: given the training set they
/// are independent, and [`t_interval`](super::t_interval) holds for that training set.
///
/// `None` with fewer than two differences, one that is not finite, or a share that is no share. `resolution` is the step
/// between possible differences, as in [`t_interval`](super::t_interval).
pub fn resampled_error(differences: &[f64], test_share: f64, resolution: f64) -> Option<MeanError> {
    let shared = shared_variance(test_share)?;
    let sample = Sample::new(differences, resolution)?;
    Some(MeanError {
        variance: (1.0 / sample.n as f64 + shared) * sample.sd.powi(2),
        degrees_of_freedom: sample.degrees_of_freedom(),
    })
}

/// Mean of differences over divisions with the interval of the corrected resampled t test; `None` as
/// [`resampled_error`].
pub fn resampled_interval(
    differences: &[f64],
    test_share: f64,
    resolution: f64,
    confidence: f64,
) -> Option<Estimate> {
    let error = resampled_error(differences, test_share, resolution)?;
    let Sample { mean, .. } = Sample::new(differences, resolution)?;
    let half_width = error.half_width((1.0 - confidence) / 2.0);
    Some(Estimate { value: mean, low: mean - half_width, high: mean + half_width, confidence })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 1, 2, 3, 4, 5 have mean 3 and s² = 2.5. Five folds test on a fifth: 1/5 + 1/4 = 0.45, of which
    /// √(2.5 × 0.45) = 1.060660, times 2.776445, the 97.5 % point of t with four degrees of freedom.
    #[test]
    fn five_folds_by_hand() {
        let found = resampled_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.2, 0.0, 0.95).unwrap();
        assert_eq!(found.value, 3.0);
        let half_width = 2.776_445_105_197_793 * 1.125f64.sqrt();
        assert!((found.high - 3.0 - half_width).abs() < 1e-9 && (3.0 - found.low - half_width).abs() < 1e-9);
    }

    #[test]
    fn a_share_is_between_nothing_and_all() {
        for share in [0.0, 1.0, -0.1, f64::NAN] {
            assert_eq!(resampled_interval(&[1.0, 2.0], share, 0.0, 0.95), None);
            assert_eq!(shared_variance(share), None);
        }
        assert_eq!(resampled_interval(&[1.0], 0.2, 0.0, 0.95), None);
    }
}
