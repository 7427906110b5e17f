//! The results of a variant on one task.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
pub use slimgate_run::Timing;
use slimgate_run::metric::Score;

use slimgate_run::words::plural;

use super::State;
use crate::Cost;

/// One variant on one task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VariantSummary {
    /// Its name, or its gate terms.
    pub name: String,
    /// Its gate terms.
    pub gates: String,
    /// Hidden units.
    pub hidden: usize,
    /// Trainable parameters of the recurrent layers.
    pub recurrent_parameters: usize,
    /// Trainable parameters of the whole model, once a trial has recorded them.
    pub all_parameters: Option<usize>,
    /// The number of its trials in each state: complete, diverged, pruned, failed and so on.
    pub states: BTreeMap<State, usize>,
    /// The chosen settings by key, such as `optim.learning_rate`; empty where nothing was there to choose.
    pub chosen: BTreeMap<String, toml::Value>,
    /// The certainty of that choice; none where there was nothing to choose, or it cannot be told.
    #[serde(default)]
    pub certainty: Option<Certainty>,
    /// The trials with the chosen settings that are at their end, one a seed, in order of the seeds.
    pub seeds: Vec<SeedResult>,
    /// The number of seeds that there will be at the chosen settings.
    pub planned_seeds: usize,
    /// The score on the test set over the seeds.
    pub test: Option<Spread>,
    /// The score on the validation set at the chosen epochs.
    pub validation: Option<Spread>,
    /// The score on the validation set after the last epoch.
    pub last: Option<Spread>,
    /// The p value of "no better than the trivial predictor" on the test set, over seeds and test sequences.
    #[serde(default)]
    pub p_above_trivial: Option<f64>,
    /// Trials at the chosen settings whose last epoch is worse than their best by more than five points of a share, or 5 %
    /// of any other score, and keeps less than half of what the best gained over the trivial predictor.
    pub collapsed: usize,
    /// Trials at the chosen settings whose loss became infinite or NaN.
    pub diverged: usize,
    /// Trials at the chosen settings that were still improving when their epochs were over.
    #[serde(default)]
    pub still_improving: usize,
    /// Median seconds of an epoch's training pass at the chosen settings, beside whatever else the machine did.
    pub seconds_per_epoch: Option<f64>,
    /// Median of the most memory that a trial's process held, in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// The cost of coming near the baseline's score on the validation set.
    pub reaches: Vec<Reach>,
    /// Times of single steps, measured side by side.
    pub timing: Option<Timing>,
    /// The score on the validation set over the epochs at the chosen settings, over the seeds.
    pub curve: Vec<CurvePoint>,
    /// The score over learning rates, each at the best of the other settings; where these were searched, of single
    /// draws.
    pub rates: Vec<RatePoint>,
    /// The usable learning rates; none where not every rate was tried with all other settings, or a trial of them
    /// is not at its end.
    pub usable: Option<UsableRates>,
    /// Test sequences by class (rows) and predicted class (columns), summed over the seeds.
    pub confusion: Vec<Vec<usize>>,
    /// The coverage of its forecasts' intervals on the test set; none where it forecasts none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
    /// The cost of training and running it, where the study names a price.
    pub cost: Option<Cost>,
}

impl VariantSummary {
    /// True if a seed at the chosen settings diverged before it had a single epoch: it cannot be tested, and the other
    /// seeds are then no fair sample.
    pub fn has_untestable_seed(&self) -> bool {
        self.seeds.iter().any(|seed| seed.epoch == 0)
    }

    /// True if all its planned seeds are tested: what holds for some of them need not hold for all.
    pub fn is_complete(&self) -> bool {
        self.pending_seeds() == 0 && !self.has_untestable_seed()
    }

    /// True if more of its trials at the chosen settings were still improving than had converged.
    pub fn is_still_improving(&self) -> bool {
        2 * self.still_improving > self.seeds.len()
    }

    /// True if it has been tested, and is not shown at the level `alpha` to be better than the trivial predictor.
    pub fn has_learned_nothing(&self, alpha: f64) -> bool {
        self.p_above_trivial.is_some_and(|p| p >= alpha)
    }

    /// The reason why there can be no verdict on it yet, if there is one.
    pub fn why_no_verdict(&self) -> Option<String> {
        let (name, pending) = (&self.name, self.pending_seeds());
        if self.has_untestable_seed() {
            Some(format!("a seed of {name} diverged before it could be tested"))
        } else if pending > 0 {
            let is = plural(pending, "is", "are");
            Some(format!("{pending} of {} seeds of {name} {is} still to be tested", self.planned_seeds))
        } else {
            None
        }
    }

    /// Seeds at the chosen settings that are still to be trained or tested, those whose process failed among them.
    pub fn pending_seeds(&self) -> usize {
        let done = self.seeds.iter().filter(|seed| seed.test.is_some() || seed.epoch == 0).count();
        self.planned_seeds.saturating_sub(done)
    }
}

/// The certainty with which settings were chosen, on the validation set over the exploring seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certainty {
    /// Settings that were tried to the end.
    pub settings: usize,
    /// Seeds of the chosen ones.
    pub seeds: usize,
    /// The probability that another exploration of this size would choose the same.
    pub again: f64,
    /// The expected distance of the chosen settings below the truly best, in the metric's unit.
    pub regret: f64,
    /// The settings that another exploration would most often choose instead, if the choice is a toss-up.
    pub rival: Option<BTreeMap<String, toml::Value>>,
}

/// The share of what came that lies inside the intervals of forecasts: means over the seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// The share that intervals are to hold.
    pub aim: f64,
    /// The share that they hold.
    pub share: f64,
    /// The share that they would hold without calibration.
    pub before_calibration: f64,
    /// Seeds whose trials forecast intervals.
    pub seeds: usize,
    /// Those of them that are calibrated.
    pub calibrated: usize,
}

/// One trial at the chosen settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SeedResult {
    /// The trial.
    pub trial: String,
    /// Its seed.
    pub seed: u64,
    /// The epoch that was chosen.
    pub epoch: usize,
    /// The score on the validation set at that epoch; 0 of one that diverged before it had any.
    pub validation: f64,
    /// The score on the validation set after the last epoch; 0 of one that diverged before it had any.
    pub last: f64,
    /// The score on the test set, where that has been read.
    pub test: Option<f64>,
}

/// A mean with its uncertainty, and the values it is of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation; none of a single value.
    pub deviation: Option<f64>,
    /// An interval of the mean: by the bootstrap from eight values on, by Student's t of fewer; none of one, or of
    /// values that are all the same where nothing is known of the step between them.
    pub interval: Option<[f64; 2]>,
    /// Every value, in order of the seeds.
    pub values: Vec<f64>,
}

/// The cost of coming near the baseline's score.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reach {
    /// The share of the baseline's score, such as 0.95; an error may be larger by what is missing of it.
    pub share: f64,
    /// The score that this is.
    #[serde(flatten)]
    pub goal: Score,
    /// Seeds that reached it.
    pub reached: usize,
    /// Seeds in all.
    pub of: usize,
    /// Median epochs of those that did.
    pub epochs: Option<f64>,
    /// Median seconds of those that did.
    pub seconds: Option<f64>,
}

/// An epoch of a learning curve.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CurvePoint {
    /// From 1.
    pub epoch: usize,
    /// The mean over the seeds, of which one that has stopped keeps its last score and one that diverged has none.
    pub mean: f64,
    /// The lowest of the seeds.
    pub low: f64,
    /// The highest of the seeds.
    pub high: f64,
    /// Seeds that trained this far.
    pub seeds: usize,
}

/// The score of a variant at one learning rate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RatePoint {
    /// The learning rate.
    pub rate: f64,
    /// The mean over the seeds of the best score on the validation set. A trial that diverged before it finished an epoch
    /// counts with the worst there is: of the metric, or of the variant's trials where the metric has no worst value.
    pub mean: f64,
    /// Every seed's.
    pub values: Vec<f64>,
    /// Trials that diverged.
    pub diverged: usize,
}

/// The learning rates at which a variant stays within the margin of its own best, and no trial diverged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsableRates {
    /// The lowest.
    pub low: f64,
    /// The highest.
    pub high: f64,
    /// Its width in powers of ten.
    pub decades: f64,
    /// True if lower rates than the lowest that was tried may be usable too.
    pub open_below: bool,
    /// True if higher rates than the highest that was tried may be usable too.
    pub open_above: bool,
    /// The mean loss of a rate picked at random from those tried, in the metric's unit.
    #[serde(alias = "price")]
    pub mean_regret: f64,
    /// The greatest loss of a rate within a factor of ten of the best, in the metric's unit.
    #[serde(alias = "price_nearby")]
    pub max_regret_nearby: f64,
}

#[cfg(test)]
mod tests {
    use super::UsableRates;

    #[test]
    fn a_summary_of_before_is_read() {
        let text = r#"{"low": 1e-4, "high": 1e-3, "decades": 1.0, "open_below": false, "open_above": true,
                       "price": 0.1, "price_nearby": 0.2}"#;
        let rates: UsableRates = serde_json::from_str(text).unwrap();
        assert_eq!((rates.mean_regret, rates.max_regret_nearby), (0.1, 0.2));
    }
}
