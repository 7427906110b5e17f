//! The interval of a mean by resampling, for scores that need not be normal.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::draw::below;
use super::interval::Estimate;
use super::sample::mean_and_sd;

/// Number of resamples. The ends of a 95 % interval are then 250 places from the ends of the sorted means.
const RESAMPLES: usize = 9_999;

/// Minimum number of scores to resample. With five or six, many resamples contain hardly more than one value, and an
/// end of the interval may be several times as far away as the scores are apart.
const FEWEST: usize = 8;

/// Mean of scores with a studentized bootstrap interval (each resample's mean is measured in its own standard error);
/// equal arguments give equal intervals.
///
/// `None` with fewer than eight scores, one that is not finite, or so few distinct ones that resamples without any
/// spread reach the ends of the interval; use [`t_interval`](super::t_interval) there.
///
/// In simulations with eight to fifteen scores at 95 %, it covers 94 to 96 % if scores are normal or fractions of 1000
/// test examples, and is 7 % wider than Student's t at eight scores and 2 % at fifteen; if scores are exponential it
/// covers 94 to 95 %, and Student's t only 90 to 92 %. The ordinary percentile bootstrap cannot leave the range of the
/// scores, and covers too little. With five normal scores, one interval in 23 would end more than three times their
/// range from the mean; with five exponential ones, one in eight. If one seed in ten fails badly, a few scores mostly
/// contain no such seed, and no interval can show it.
pub fn bootstrap_interval(values: &[f64], confidence: f64, seed: u64) -> Option<Estimate> {
    if values.len() < FEWEST || !values.iter().all(|value| value.is_finite()) {
        return None;
    }
    let n = values.len();
    let (mean, sd) = mean_and_sd(values);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut resample = vec![0.0; n];
    let mut statistics: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            resample.fill_with(|| values[below(&mut random, n)]);
            let (resampled, spread) = mean_and_sd(&resample);
            // A resample of one score repeated has no spread: its distance counts as infinite, unless that score is the
            // mean itself.
            let away = resampled - mean;
            if away.abs() <= 1e-12 * sd { 0.0 } else { away / spread }
        })
        .collect();
    let tail = ((RESAMPLES + 1) as f64 * (1.0 - confidence) / 2.0).round().max(1.0) as usize;
    let mut nth = |at: usize| *statistics.select_nth_unstable_by(at, f64::total_cmp).1;
    let (low, high) = (nth(RESAMPLES - tail), nth(tail - 1));
    (low.is_finite() && high.is_finite() && sd > 0.0).then_some(Estimate {
        value: mean,
        low: mean - low * sd,
        high: mean - high * sd,
        confidence,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_alone_decides() {
        let scores = [0.911, 0.932, 0.904, 0.947, 0.925, 0.913, 0.938, 0.919];
        let interval = |seed| bootstrap_interval(&scores, 0.95, seed).unwrap();
        assert_eq!(interval(1), interval(1));
        assert_ne!(interval(1), interval(2));
        assert!((interval(1).low - interval(2).low).abs() < 0.005);
    }

    #[test]
    fn too_few_scores_have_no_interval() {
        let mut scores = vec![0.9, 0.91, 0.92, 0.93, 0.92, 0.91, 0.93];
        assert_eq!(bootstrap_interval(&scores, 0.95, 1), None);
        scores.push(f64::NAN);
        assert_eq!(bootstrap_interval(&scores, 0.95, 1), None);
    }

    #[test]
    fn too_few_different_scores_have_no_interval() {
        assert_eq!(bootstrap_interval(&[0.9; 8], 0.95, 1), None);
        assert_eq!(bootstrap_interval(&[0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.91], 0.95, 1), None);
    }

    /// A low outlier makes the lower side longer: the mean may be further down than the scores show.
    #[test]
    fn the_interval_leans_where_the_scores_do() {
        let interval =
            bootstrap_interval(&[0.95, 0.951, 0.949, 0.952, 0.948, 0.953, 0.947, 0.90], 0.95, 1).unwrap();
        assert!(interval.value - interval.low > 2.0 * (interval.high - interval.value));
    }
}
