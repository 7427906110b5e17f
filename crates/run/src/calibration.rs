//! Intervals of forecasts that hold what they say: `calibration.json`.
//!
//! A network's quantiles need not have the coverage of their levels. Split conformal prediction moves them by what they
//! were off by on data that the weights were not fitted to, the validation set: conformalised quantile regression
//! (Y. Romano, E. Patterson and E. Candès 2019, "Conformalized Quantile Regression", NeurIPS 32).

use serde::{Deserialize, Serialize};

use crate::metric::Quantiles;

/// The validation windows from which on each step of the horizon is calibrated by itself: the coverage that so many
/// exchangeable windows promise scatters by four points (one standard deviation of an interval of 80 %).
const BY_STEP: usize = 100;

/// The distances by which the quantiles of a forecast are moved, measured on the validation set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The epoch whose weights it belongs to.
    pub epoch: usize,
    /// The validation windows that it was measured on.
    pub windows: usize,
    /// True if each step of the horizon has a distance of its own, false if all of a target share one.
    pub by_step: bool,
    /// The levels of the quantiles.
    levels: Vec<f64>,
    /// Of each pair of levels as far from the median, the outermost first, the distances shaped `[horizon, targets]`, in
    /// standard deviations of the target: the lower quantile moves down by so much and the upper one up.
    widenings: Vec<Vec<f32>>,
}

impl Calibration {
    /// Measures the distances on the windows of a validation set: of each its truth, shaped `[horizon, targets]`, and the
    /// answer of the network to it, with a number of each level for each of them; all standardised.
    ///
    /// The score of a number is how far it lies outside of its interval, below 0 inside. With `n` windows and an interval
    /// of the share `c`, the distance is the `⌈c (n + 1)⌉`-th smallest of the scores of a step. Of fewer than a hundred
    /// windows, the scores of all steps are taken together, and it is the `⌈c (n + 1) horizon⌉`-th smallest of them,
    /// which counts a window as one and not its steps (Y. Lee, R. Barber and R. Willett 2023, "Distribution-free
    /// inference with hierarchical data", arXiv 2306.06342).
    ///
    /// None where there is no interval, or there are fewer than [`least_windows`](Self::least_windows).
    ///
    /// # Panics
    /// If a window has another shape than the others.
    pub fn fit(
        epoch: usize,
        quantiles: &Quantiles,
        targets: usize,
        windows: &[(&[f32], &[f32])],
    ) -> Option<Calibration> {
        let levels = quantiles.levels();
        let least = Self::least_windows(quantiles)?;
        let numbers = windows.first().filter(|_| windows.len() >= least)?.0.len();
        let by_step = windows.len() >= BY_STEP;
        let ordered: Vec<Vec<f32>> =
            windows.iter().map(|(_, answer)| in_order(answer, levels.len())).collect();
        let widening = |pair: usize, places: &[usize]| {
            let opposite = levels.len() - 1 - pair;
            let of_window = |((truth, _), answer): (&(&[f32], &[f32]), &Vec<f32>)| {
                assert_eq!(
                    (truth.len(), answer.len()),
                    (numbers, numbers * levels.len()),
                    "windows of one shape"
                );
                let score = |at: &usize| {
                    let of_number = &answer[at * levels.len()..];
                    f32::max(of_number[pair] - truth[*at], truth[*at] - of_number[opposite])
                };
                places.iter().map(score).collect::<Vec<f32>>()
            };
            let mut scores: Vec<f32> = windows.iter().zip(&ordered).flat_map(of_window).collect();
            scores.sort_by(f32::total_cmp);
            scores[rank(levels[opposite] - levels[pair], windows.len(), places.len()) - 1]
        };
        let of_pair = |pair: usize| -> Vec<f32> {
            let steps = |target: usize| (target..numbers).step_by(targets).collect::<Vec<usize>>();
            match by_step {
                true => (0..numbers).map(|at| widening(pair, &[at])).collect(),
                false => {
                    let of_target: Vec<f32> =
                        (0..targets).map(|target| widening(pair, &steps(target))).collect();
                    (0..numbers).map(|at| of_target[at % targets]).collect()
                }
            }
        };
        let widenings = (0..levels.len() / 2).map(of_pair).collect();
        Some(Calibration { epoch, windows: windows.len(), by_step, levels: levels.to_vec(), widenings })
    }

    /// The windows that it takes to calibrate the widest interval: of fewer, not even the worst score is known to be one
    /// that so large a share of others stays below. None where there is no interval.
    pub fn least_windows(quantiles: &Quantiles) -> Option<usize> {
        let share = quantiles.interval()?;
        (1..).find(|&windows| rank(share, windows, 1) <= windows)
    }

    /// True if it is of forecasts of so many numbers with these quantiles.
    pub fn fits(&self, quantiles: &Quantiles, numbers: usize) -> bool {
        let whole = |pair: &Vec<f32>| pair.len() == numbers && pair.iter().all(|number| number.is_finite());
        self.levels == quantiles.levels()
            && self.widenings.len() == self.levels.len() / 2
            && self.widenings.iter().all(whole)
    }

    /// The numbers of an answer: one of each level for each target at each step of the horizon.
    pub fn numbers(&self) -> usize {
        self.levels.len() * self.widenings.first().map_or(0, Vec::len)
    }

    /// The answer of the network to a window with its quantiles moved, in ascending order for each number. None moves
    /// beyond a quantile that is nearer to the median, and the median stays.
    ///
    /// # Panics
    /// If the answer has another shape than those that it was measured on.
    pub fn applied(&self, answer: &[f32]) -> Vec<f32> {
        assert_eq!(answer.len(), self.numbers(), "an answer of the same shape");
        let levels = self.levels.len();
        let mut moved = in_order(answer, levels);
        for (at, of_number) in moved.chunks_exact_mut(levels).enumerate() {
            // From the median outwards: an interval that is made narrower ends at the next one inside.
            for (pair, widenings) in self.widenings.iter().enumerate().rev() {
                let opposite = levels - 1 - pair;
                of_number[pair] = (of_number[pair] - widenings[at]).min(of_number[pair + 1]);
                of_number[opposite] = (of_number[opposite] + widenings[at]).max(of_number[opposite - 1]);
            }
        }
        moved
    }
}

/// The place, from 1, of the distance among the sorted scores of so many windows with as many scores each: beyond the last
/// one where there are too few windows.
fn rank(share: f64, windows: usize, each: usize) -> usize {
    // Shares such as 0.9 - 0.1 are off by less than this.
    (share * (windows + 1) as f64 * each as f64 - 1e-9).ceil().max(1.0) as usize
}

/// An answer with the quantiles of each number in ascending order.
fn in_order(answer: &[f32], levels: usize) -> Vec<f32> {
    let mut ordered = answer.to_vec();
    ordered.chunks_exact_mut(levels).for_each(|of_number| of_number.sort_by(f32::total_cmp));
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::LEVELS;

    /// Numbers that look random, the same in each run (SplitMix64).
    struct Draws(u64);

    impl Draws {
        /// Between 0 and 1.
        fn uniform(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
        }

        /// With long tails: the exponential distribution on both sides of 0.
        fn noise(&mut self) -> f64 {
            let size = -(1.0 - self.uniform()).ln();
            if self.uniform() < 0.5 { size } else { -size }
        }

        /// A window whose steps have their scale in common, with the answer of a network that crosses its quantiles and
        /// makes the interval too narrow by a factor, about which it is off by a step.
        fn window(&mut self, horizon: usize, narrow: f64) -> (Vec<f32>, Vec<f32>) {
            let (level, scale) = (self.noise(), 0.5 + self.uniform());
            let truth = (0..horizon).map(|step| (level + scale * self.noise() * (1.0 + step as f64)) as f32);
            let of_step =
                |_| [level + narrow * 1.6, level - narrow * 1.6, level + 0.1].map(|number| number as f32);
            (truth.collect(), (0..horizon).flat_map(of_step).collect())
        }

        fn windows(&mut self, count: usize, horizon: usize, narrow: f64) -> Vec<(Vec<f32>, Vec<f32>)> {
            (0..count).map(|_| self.window(horizon, narrow)).collect()
        }
    }

    fn fit(windows: &[(Vec<f32>, Vec<f32>)], targets: usize) -> Option<Calibration> {
        let windows: Vec<(&[f32], &[f32])> =
            windows.iter().map(|(truth, answer)| (truth.as_slice(), answer.as_slice())).collect();
        Calibration::fit(7, &Quantiles::new(&LEVELS), targets, &windows)
    }

    /// The share of numbers inside their intervals.
    fn coverage(windows: &[(Vec<f32>, Vec<f32>)], moved: impl Fn(&[f32]) -> Vec<f32>) -> f64 {
        let inside = |(truth, answer): &(Vec<f32>, Vec<f32>)| {
            let moved = moved(answer);
            let pairs = truth.iter().zip(moved.chunks_exact(LEVELS.len()));
            pairs.filter(|(truth, levels)| (levels[0]..=levels[2]).contains(truth)).count()
        };
        windows.iter().map(inside).sum::<usize>() as f64 / (windows.len() * windows[0].0.len()) as f64
    }

    /// Mean coverages over many calibrations, after and before, with the standard error of the first.
    fn coverages(windows: usize, horizon: usize, narrow: f64) -> [f64; 3] {
        const TIMES: usize = 300;
        let mut draws = Draws(1);
        let pairs = (0..TIMES).map(|_| {
            let calibration = fit(&draws.windows(windows, horizon, narrow), 1).unwrap();
            let test = draws.windows(100, horizon, narrow);
            let before = coverage(&test, |answer| in_order(answer, LEVELS.len()));
            (coverage(&test, |answer| calibration.applied(answer)), before)
        });
        let pairs: Vec<(f64, f64)> = pairs.collect();
        let mean = |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / TIMES as f64;
        let after = mean(&|pair| pair.0);
        let variance = mean(&|pair| (pair.0 - after).powi(2));
        [after, mean(&|pair| pair.1), (variance / TIMES as f64).sqrt()]
    }

    /// Of exchangeable windows the coverage is at least the share of the interval, and at most that and 1 ÷ (windows + 1).
    #[test]
    fn the_coverage_of_exchangeable_windows_is_that_of_theory() {
        for (windows, horizon) in [(19, 1), (100, 1), (100, 3), (250, 2)] {
            for narrow in [0.2, 1.0, 3.0] {
                let [after, before, error] = coverages(windows, horizon, narrow);
                let most = 0.8 + 1.0 / (windows + 1) as f64;
                assert!(
                    (0.8 - 4.0 * error..=most + 4.0 * error).contains(&after),
                    "{windows} windows, {narrow}: {after} ± {error}, {before} before"
                );
                assert!(
                    error < 0.006 && (narrow == 1.0 || (before - 0.8).abs() > 0.05),
                    "{before} before, ± {error}"
                );
            }
        }
    }

    /// Steps of a window have their scale in common, so that few windows say less than their steps do.
    #[test]
    fn steps_taken_together_count_as_their_windows_do() {
        let [after, _, error] = coverages(9, 12, 0.2);
        assert!(after > 0.8 - 4.0 * error && after < 0.93, "{after} ± {error}");
        let few = fit(&Draws(3).windows(BY_STEP - 1, 4, 0.2), 2).unwrap();
        assert!(!few.by_step && few.widenings[0][..2] == few.widenings[0][2..] && few.widenings[0][0] > 0.0);
        let many = fit(&Draws(3).windows(BY_STEP, 4, 0.2), 2).unwrap();
        assert!(many.by_step && many.widenings[0][..2] != many.widenings[0][2..]);
        assert_eq!((many.epoch, many.windows), (7, BY_STEP));
    }

    /// MAPIE 1.6.0 with numpy 2.4.6, of models that answer with these numbers:
    /// ```python
    /// truth, low, high = np.array([1., 5, 2, 9, -3, 4]), np.array([0., 1, 3, 2, -2, 1]), np.array([2., 4, 6, 6, 1, 9])
    /// class Answer(RegressorMixin, BaseEstimator):
    ///     def __init__(self, answers=None): self.answers = answers
    ///     def fit(self, X, y=None): return self
    ///     def __sklearn_is_fitted__(self): return True
    ///     def predict(self, X): return self.answers[X[:, 0]]
    /// for chosen in ([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5, 0, 1, 2], [0, 0, 0, 5, 5, 0, 4, 0, 5]):
    ///     X = np.array(chosen)[:, None]
    ///     models = [Answer(low), Answer(high), Answer((low + high) / 2)]
    ///     model = ConformalizedQuantileRegressor(models, confidence_level=0.8, prefit=True)
    ///     _, intervals = model.conformalize(X, truth[chosen]).predict_interval(X, symmetric_correction=True)
    ///     print(low[chosen] - intervals[:, 0, 0]) # 3, 1 and -1, everywhere
    /// ```
    #[test]
    fn the_distance_is_that_of_mapie() {
        let all = [
            (1.0, 0.0, 2.0),
            (5.0, 1.0, 4.0),
            (2.0, 3.0, 6.0),
            (9.0, 2.0, 6.0),
            (-3.0, -2.0, 1.0),
            (4.0, 1.0, 9.0),
        ];
        let distance = |chosen: &[usize]| {
            let window = |at: &usize| (vec![all[*at].0], vec![all[*at].1, all[*at].1, all[*at].2]);
            fit(&chosen.iter().map(window).collect::<Vec<_>>(), 1).map(|found| found.widenings[0][0])
        };
        assert_eq!(distance(&[0, 1, 2, 3, 4, 5]), Some(3.0));
        assert_eq!(distance(&[0, 1, 2, 3, 4, 5, 0, 1, 2]), Some(1.0));
        assert_eq!(distance(&[0, 0, 0, 5, 5, 0, 4, 0, 5]), Some(-1.0));
        assert_eq!(distance(&[0, 1, 2]), None, "no distance is known to be enough");
        assert_eq!(Calibration::least_windows(&Quantiles::new(&LEVELS)), Some(4));
        assert_eq!(Calibration::least_windows(&Quantiles::new(&[0.025, 0.5, 0.975])), Some(19));
        assert_eq!(Calibration::least_windows(&Quantiles::new(&[])), None);
        assert_eq!(fit(&[], 1), None);
    }

    #[test]
    fn moved_quantiles_never_cross() {
        let levels = [0.05, 0.25, 0.5, 0.75, 0.95];
        let calibration = |outer: f32, inner: f32| Calibration {
            epoch: 1,
            windows: 30,
            by_step: false,
            levels: levels.to_vec(),
            widenings: vec![vec![outer], vec![inner]],
        };
        let answer = [3.0, 1.0, 2.0, 9.0, 5.0];
        assert_eq!(calibration(1.0, 0.5).applied(&answer), [0.0, 1.5, 3.0, 5.5, 10.0]);
        assert_eq!(calibration(-9.0, -9.0).applied(&answer), [3.0; 5], "the median stays");
        assert_eq!(calibration(-1.5, 2.0).applied(&answer), [0.0, 0.0, 3.0, 7.0, 7.5]);
        assert_eq!(calibration(-9.0, 1.0).applied(&answer), [1.0, 1.0, 3.0, 6.0, 6.0]);
    }

    #[test]
    fn one_of_other_forecasts_does_not_fit() {
        let found = fit(&Draws(5).windows(20, 3, 0.5), 1).unwrap();
        let quantiles = Quantiles::new(&LEVELS);
        assert!(found.fits(&quantiles, 3) && !found.fits(&quantiles, 4));
        assert!(!found.fits(&Quantiles::new(&[0.2, 0.5, 0.8]), 3) && !found.fits(&Quantiles::new(&[]), 3));
        let read: Calibration = serde_json::from_str(&serde_json::to_string(&found).unwrap()).unwrap();
        assert_eq!(read, found, "to the last bit");
        let broken = Calibration { widenings: vec![vec![f32::NAN; 3]], ..found };
        assert!(!broken.fits(&quantiles, 3));
    }
}
