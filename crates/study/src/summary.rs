//! What a study comes to: the content of `summary.json`, which every page, table and check is made of.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
pub use slimgate_train::Timing;
use slimgate_train::write_whole;

use crate::{Cost, Match, StudyError};

/// The result of a study, or of as much of it as is there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// The study's name.
    pub study: String,
    /// How its choices were made.
    pub protocol: Protocol,
    /// The variant that the others are compared with.
    pub baseline: String,
    /// The difference in accuracy that does not matter, as a share: 0.01 is one percentage point.
    pub margin: f64,
    /// The confidence of intervals, such as 0.95.
    pub confidence: f64,
    /// What the hidden sizes of the variants are made equal by, if they are.
    #[serde(default)]
    pub matched: Option<Match>,
    /// What to do, and what not to conclude.
    pub answer: Answer,
    /// The comparison on each task.
    pub tasks: Vec<Task>,
    /// The comparison over all tasks, where there are several, each with a data set of its own.
    pub across: Option<Across>,
    /// Published figures beside measured ones, where the study names a file of them.
    pub published: Vec<PublishedCell>,
    /// Trials that there will be, as far as is known.
    pub planned: usize,
    /// Every trial of which it is known what it is to try.
    pub trials: Vec<TrialLine>,
    /// The machine, as the first trial recorded it.
    pub environment: BTreeMap<String, serde_json::Value>,
    /// The commands that repeat the study.
    pub commands: Vec<String>,
    /// Seconds that all trials took, added up.
    pub trial_seconds: f64,
}

impl Summary {
    /// Writes itself into a folder, as `summary.json`; returns where that is.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, StudyError> {
        let path = folder.join("summary.json");
        let mut text = serde_json::to_vec_pretty(self).expect("a summary has a JSON form");
        text.push(b'\n');
        write_whole(&path, &text)?;
        Ok(path)
    }
}

/// How a study chooses the epoch and the settings whose test result it reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// On a validation part; the test part is read once, for what was chosen.
    #[default]
    Validation,
    /// The best accuracy over all epochs on the test part, as in the published tables: too good by as much as
    /// the choice gains.
    Published,
}

/// The study's conclusion in words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The variant to use, where the evidence names one: the baseline, or one that may replace it.
    pub variant: Option<String>,
    /// One sentence that a manager can act on.
    pub headline: String,
    /// A sentence about each other variant, and what the study would not claim.
    pub notes: Vec<String>,
}

/// All variants on one data set, or on one amount of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// The data set, and the settings of `[data]` that the study varies, such as `digits-rows, train_limit 500`.
    pub name: String,
    /// The data set.
    pub dataset: String,
    /// What its files are read from: `mnist-rows` and `mnist-pixels` are of one source.
    pub source: String,
    /// The classes, in the order of confusion matrices.
    pub classes: Vec<String>,
    /// Sequences of the test part.
    pub test_sequences: usize,
    /// The variants, the baseline first.
    pub variants: Vec<Variant>,
    /// Each other variant against the baseline.
    pub comparisons: Vec<Comparison>,
    /// Which settings mattered; none where nothing but the seed was varied, or all came to the same.
    pub importances: Option<Importances>,
}

impl Variant {
    /// Whether a seed at the chosen settings diverged before it had a single epoch: it cannot be tested, and the
    /// others do not speak for it.
    pub fn has_lost_seed(&self) -> bool {
        self.seeds.iter().any(|seed| seed.epoch == 0)
    }

    /// Whether all its planned seeds speak: what holds for those that happen to be tested need not hold for all.
    pub fn is_whole(&self) -> bool {
        self.awaited() == 0 && !self.has_lost_seed()
    }

    /// Why nothing can be said of it yet, if so.
    pub fn not_to_be_judged(&self) -> Option<String> {
        let (name, awaited) = (&self.name, self.awaited());
        if self.has_lost_seed() {
            Some(format!("a seed of {name} diverged before it could be tested"))
        } else if awaited > 0 {
            Some(format!("{awaited} of {} seeds of {name} are still to be tested", self.planned_seeds))
        } else {
            None
        }
    }

    /// Seeds at the chosen settings that are still to be trained or tested, those whose process failed among them.
    pub fn awaited(&self) -> usize {
        let settled = self.seeds.iter().filter(|seed| seed.test.is_some() || seed.epoch == 0).count();
        self.planned_seeds.saturating_sub(settled)
    }
}

impl Task {
    /// The step between possible accuracies on its test part; 0 where that is not known.
    pub fn resolution(&self) -> f64 {
        resolution(self.test_sequences)
    }

    /// A variant by its name.
    pub fn variant(&self, name: &str) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.name == name)
    }
}

/// The step between possible accuracies on so many sequences; 0 where there are none.
pub(crate) fn resolution(sequences: usize) -> f64 {
    if sequences > 0 { 1.0 / sequences as f64 } else { 0.0 }
}

/// One variant on one task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Variant {
    /// Its name, or its gate terms.
    pub name: String,
    /// Its gate terms.
    pub gates: String,
    /// Hidden units.
    pub hidden: usize,
    /// Learned numbers of the recurrent layers.
    pub recurrent_parameters: usize,
    /// Learned numbers of the whole model, once a trial has told them.
    pub all_parameters: Option<usize>,
    /// How many trials of it are complete, diverged, pruned, failed and so on.
    pub states: BTreeMap<State, usize>,
    /// The chosen settings by key, such as `optim.learning_rate`; empty where nothing was there to choose.
    pub chosen: BTreeMap<String, toml::Value>,
    /// The trials with the chosen settings that are at their end, one a seed, in order of the seeds.
    pub seeds: Vec<SeedResult>,
    /// How many seeds there will be at the chosen settings.
    pub planned_seeds: usize,
    /// Accuracy on the test part over the seeds.
    pub test: Option<Spread>,
    /// Accuracy on the validation part at the chosen epochs.
    pub validation: Option<Spread>,
    /// Accuracy on the validation part after the last epoch.
    pub last: Option<Spread>,
    /// Trials at the chosen settings whose last epoch is worse than their best by more than the margin times five.
    pub collapsed: usize,
    /// Trials at the chosen settings whose loss became infinite or undefined.
    pub diverged: usize,
    /// Median seconds of an epoch's training pass at the chosen settings, beside whatever else the machine did.
    pub seconds_per_epoch: Option<f64>,
    /// Median of the most memory that a trial's process held, in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// What it takes to reach a share of the baseline's accuracy on the validation part.
    pub reaches: Vec<Reach>,
    /// Times of single steps, measured side by side.
    pub timing: Option<Timing>,
    /// Accuracy on the validation part over the epochs at the chosen settings, over the seeds.
    pub curve: Vec<CurvePoint>,
    /// Accuracy over learning rates, each at the best of the other settings; where these were searched, of single
    /// draws.
    pub rates: Vec<RatePoint>,
    /// The learning rates that serve; none where not every rate was tried with all other settings, or a trial of them
    /// is not at its end.
    pub usable: Option<UsableRates>,
    /// Test sequences by class (rows) and told class (columns), summed over the seeds.
    pub confusion: Vec<Vec<usize>>,
    /// What it costs to train and to run, where the study names a price.
    pub cost: Option<Cost>,
}

/// How a trial stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It trained all its epochs, or stopped early as it was told to.
    Complete,
    /// A process works on it.
    Running,
    /// It has not begun.
    Waiting,
    /// Its process ended before its last epoch; it goes on where it stopped.
    Interrupted,
    /// It was stopped because others did better.
    Pruned,
    /// Its loss became infinite or undefined.
    Diverged,
    /// An error ended it, and did so again when it was tried again.
    Failed,
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            State::Complete => "complete",
            State::Running => "running",
            State::Waiting => "waiting",
            State::Interrupted => "interrupted",
            State::Pruned => "pruned",
            State::Diverged => "diverged",
            State::Failed => "failed",
        })
    }
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
    /// Accuracy on the validation part at that epoch.
    pub validation: f64,
    /// Accuracy on the validation part after the last epoch.
    pub last: f64,
    /// Accuracy on the test part, where it has been read.
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

/// What it took to reach a share of the baseline's accuracy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reach {
    /// Which share, such as 0.95.
    pub share: f64,
    /// The accuracy that this is.
    pub accuracy: f64,
    /// How many of the seeds reached it.
    pub reached: usize,
    /// Of how many.
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
    /// The mean over the seeds, of which one that has stopped keeps its last accuracy and one that diverged has none.
    pub mean: f64,
    /// The lowest of the seeds.
    pub low: f64,
    /// The highest of the seeds.
    pub high: f64,
    /// Seeds that trained this far.
    pub seeds: usize,
}

/// How a variant does at one learning rate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RatePoint {
    /// The learning rate.
    pub rate: f64,
    /// The mean over the seeds of the best accuracy on the validation part; 0 for a trial that diverged before
    /// it finished an epoch.
    pub mean: f64,
    /// Every seed's.
    pub values: Vec<f64>,
    /// How many trials diverged.
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
    /// Whether lower rates than the lowest that was tried may serve too.
    pub open_below: bool,
    /// Whether higher rates than the highest that was tried may serve too.
    pub open_above: bool,
    /// The mean accuracy lost by a rate picked blindly from those that were tried.
    pub price: f64,
    /// The most accuracy lost by a rate within a factor of ten of the best.
    pub price_nearby: f64,
}

/// A variant against the baseline, by pairs of trials with the same seed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// The variant.
    pub variant: String,
    /// Pairs.
    pub pairs: usize,
    /// Pairs that there will be when the study is complete.
    pub planned: usize,
    /// Whether a seed of either diverged before it could be tested: the others do not speak for it.
    pub lost: bool,
    /// The mean difference in accuracy, variant minus baseline; none without pairs.
    pub difference: Option<f64>,
    /// The standard deviation of the differences.
    pub deviation: Option<f64>,
    /// The interval that two one-sided tests are read off (90 % where the confidence is 95 %).
    pub equivalence_interval: Option<[f64; 2]>,
    /// The interval of the difference at the study's confidence.
    pub interval: Option<[f64; 2]>,
    /// The p value of "no difference" (paired t test), and after Holm.
    pub p_difference: Option<[f64; 2]>,
    /// The exact p value of the Wilcoxon signed-rank test.
    pub p_signed_rank: Option<f64>,
    /// The p value of "not equivalent within the margin" (two one-sided tests), and after Holm.
    pub p_equivalence: Option<[f64; 2]>,
    /// The p value of "worse by the margin or more", and after Holm.
    pub p_noninferiority: Option<[f64; 2]>,
    /// The mean of the paired differences in their own standard deviations, with Hedges' correction for few seeds
    /// (`d_z` of Cohen 1988, not that of two independent groups).
    pub effect: Option<f64>,
    /// Pairs that the variant won, tied and lost.
    pub won_tied_lost: [usize; 3],
    /// What the evidence says.
    pub verdict: Verdict,
    /// Pairs in all that it would take to show equivalence, or else that it is not worse or different, with a power
    /// of 80 % after Holm's adjustment, where the evidence is not enough.
    pub seeds_needed: Option<usize>,
    /// Recurrent parameters as a share of the baseline's.
    pub parameters_ratio: f64,
    /// How many times faster it trains than the baseline.
    pub training_speedup: Option<f64>,
    /// How many times faster it predicts one sequence.
    pub prediction_speedup: Option<f64>,
}

/// What the evidence says of a variant against the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The difference lies within the margin.
    Equivalent,
    /// Better, and not only within the margin.
    Better,
    /// Not worse by the margin.
    NonInferior,
    /// Worse.
    Worse,
    /// None of this is shown.
    NotEnoughEvidence,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Verdict::Equivalent => "equivalent",
            Verdict::Better => "better",
            Verdict::NonInferior => "not worse",
            Verdict::Worse => "worse",
            Verdict::NotEnoughEvidence => "not enough evidence",
        })
    }
}

/// Which settings mattered: shares of the variance of the best validation accuracy over the whole space.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Importances {
    /// Settings alone and pairs of them, the most important first.
    pub effects: Vec<Importance>,
    /// Standard deviation of the accuracy over the whole space.
    pub spread: f64,
    /// Standard deviation between seeds at one setting. A spread that is not well above it is chance, and its shares
    /// mean nothing.
    pub between_seeds: Option<f64>,
    /// Where the space was searched, the share of the variance that the forest behind these shares foretells of
    /// trials that it has not seen: at 0 or below they are guesses. None where the whole space was tried.
    pub foretold: Option<f64>,
}

/// How much a setting, or two together, explain of how trials differ.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Importance {
    /// One key, or two whose interaction this is.
    pub keys: Vec<String>,
    /// The share of the variance.
    pub share: f64,
}

/// Several tasks together (Demšar 2006).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Across {
    /// The variants, the best mean rank first.
    pub variants: Vec<String>,
    /// Their mean ranks, 1 being the best.
    pub mean_ranks: Vec<f64>,
    /// Friedman's χ² and its p value.
    pub friedman: [f64; 2],
    /// Iman and Davenport's F and its p value; none where all tasks agree.
    pub iman_davenport: Option<[f64; 2]>,
    /// Mean ranks closer than this are not told apart (Nemenyi).
    pub critical_difference: f64,
    /// Groups of variants that are not told apart, as indices into `variants`, first and last.
    pub groups: Vec<[usize; 2]>,
    /// Pairs by name with the p value of the signed-rank test, after Holm.
    pub pairs: Vec<(String, String, f64)>,
    /// Tasks that were ranked: those with a test result of every seed of every variant.
    pub tasks: usize,
}

/// A published figure beside what was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PublishedCell {
    /// The variant.
    pub variant: String,
    /// The learning rate that the schedule starts from.
    pub learning_rate: f64,
    /// The published accuracy.
    pub published: f64,
    /// The published count of recurrent parameters.
    pub published_parameters: usize,
    /// The other settings that the study varies, by key, as the trial had them: of several trials, the best is shown.
    #[serde(default)]
    pub settings: BTreeMap<String, toml::Value>,
    /// The measured accuracy, where the trial was run.
    pub measured: Option<f64>,
    /// The accuracy after the last epoch.
    pub last: Option<f64>,
    /// The measured count of recurrent parameters.
    pub parameters: Option<usize>,
}

/// One trial in the list of all.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrialLine {
    /// Its name, which is the hash of its configuration.
    pub id: String,
    /// How it stands.
    pub state: State,
    /// The variant.
    pub variant: String,
    /// The task.
    pub task: String,
    /// Its seed.
    pub seed: u64,
    /// What the study varies, by key.
    pub settings: BTreeMap<String, toml::Value>,
    /// Complete epochs.
    pub epochs: usize,
    /// The best accuracy on the validation part, and its epoch.
    pub best: Option<(usize, f64)>,
    /// Accuracy on the validation part after the last epoch.
    pub last: Option<f64>,
    /// Seconds of training and validation.
    pub seconds: f64,
    /// Why it failed, or was pruned.
    pub reason: Option<String>,
}
