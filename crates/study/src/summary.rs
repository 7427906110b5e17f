//! The result of a study: the content of `summary.json`, which every page, table and check is made of.

mod comparison;
mod variant;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use comparison::*;
use serde::{Deserialize, Serialize};
use slimgate_data::Protocol;
pub use slimgate_run::Reference;
use slimgate_run::Stretch;
use slimgate_run::metric::Metric;
use slimgate_run::words::{MISSING, short_percent};
use slimgate_run::write_atomic;
use slimgate_statistics::Design;
pub use variant::*;

use crate::analysis::SPENDING;
use crate::{Match, StudyError};

/// The result of a study, or of as much of it as is there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StudySummary {
    /// The form of the file: [`StudySummary::VERSION`], or an earlier one.
    #[serde(default = "first")]
    pub version: u32,
    /// The study's name.
    pub study: String,
    /// The way that its choices were made.
    pub protocol: Protocol,
    /// The variant that the others are compared with.
    pub baseline: String,
    /// The metric that choices are made by and variants are compared in; the step between its values is each task's own.
    #[serde(default, skip_serializing_if = "Metric::counts_right_answers")]
    pub metric: Metric,
    /// The difference that does not matter, in the metric's unit, 0.01 of a share being one percentage point; or the part of
    /// the baseline's value that does not.
    pub margin: f64,
    /// True if the margin is a part of the baseline's value.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub margin_is_relative: bool,
    /// The confidence of intervals, such as 0.95.
    pub confidence: f64,
    /// The numbers of seeds at which variants are compared: a single one where it was fixed in advance; none in summaries of
    /// version 0.1.0.
    #[serde(default)]
    pub looks: Vec<usize>,
    /// The quantity that hidden sizes are chosen to make equal, if any.
    #[serde(default)]
    pub matched: Option<Match>,
    /// The recommendation, and its limits.
    pub answer: Answer,
    /// The comparison on each task.
    pub tasks: Vec<TaskSummary>,
    /// The comparison over all tasks, where there are several, each with a data set of its own.
    pub across: Option<TaskRanking>,
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
    /// The command that repeats it with more epochs; none where it varies their number.
    #[serde(default)]
    pub longer: Option<String>,
    /// Seconds that all trials took, added up.
    pub trial_seconds: f64,
}

/// The form that version 0.1.0 wrote, without its number.
fn first() -> u32 {
    1
}

impl StudySummary {
    /// The form that this version of the program writes, and the newest that it reads.
    pub const VERSION: u32 = 2;

    /// The most seeds of a comparison that ends once it is decided; nothing of a fixed number.
    pub fn most_seeds(&self) -> Option<usize> {
        self.looks.last().copied().filter(|_| self.looks.len() > 1)
    }

    /// True if each seed draws its test set anew.
    pub fn draws_test_sets(&self) -> bool {
        self.tasks.iter().any(|task| task.test_share.is_some())
    }

    /// The part of the error α that a claim about so many seeds is tested at: that of the look, where seeds were added in
    /// looks.
    pub fn share_of_look(&self, seeds: usize) -> f64 {
        let looks = self.looks.iter().copied().filter(|look| *look <= seeds).count();
        match Design::new(self.looks.clone(), SPENDING) {
            Some(design) if looks > 0 => design.share(looks - 1),
            _ => 1.0,
        }
    }

    /// The margin on a task, in the metric's unit; nothing of one that is relative while the baseline is not tested.
    pub fn margin_on(&self, task: &TaskSummary) -> Option<f64> {
        if !self.margin_is_relative {
            return Some(self.margin);
        }
        let baseline = task.variant(&self.baseline)?.test.as_ref()?;
        Some(self.margin * baseline.mean.abs())
    }

    /// The margin with its unit, as all tasks have it: `1.00 points`, `2 % of the MASE of lstm`.
    pub fn margin_in_words(&self) -> String {
        let Metric { name, .. } = &self.metric;
        match self.margin_is_relative {
            true => format!("{} % of the {name} of {}", short_percent(self.margin), self.baseline),
            false => self.metric.show_bare(self.margin, 2) + self.metric.points(),
        }
    }

    /// The margin with its unit, as a task has it.
    pub fn margin_on_in_words(&self, task: &TaskSummary) -> String {
        let margin =
            self.margin_on(task).map(|margin| self.metric.show_bare(margin, 2) + self.metric.points());
        margin.unwrap_or_else(|| MISSING.to_owned())
    }

    /// Writes itself into a folder, as `summary.json`; returns where that is.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, StudyError> {
        let path = folder.join("summary.json");
        let mut text = serde_json::to_vec_pretty(self).expect("a summary has a JSON form");
        text.push(b'\n');
        write_atomic(&path, &text)?;
        Ok(path)
    }
}

/// The study's conclusion in words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The variant to use, where the evidence names one: the baseline, or one that may replace it.
    pub variant: Option<String>,
    /// One sentence that a manager can act on.
    pub headline: String,
    /// A line about each other variant, and what the study does not say.
    pub notes: Vec<String>,
    /// The reasoning: sentences with the figures behind each line. None in summaries of version 0.1.0.
    #[serde(default)]
    pub explanation: Vec<String>,
}

/// All variants on one data set, or on one amount of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskSummary {
    /// The data set, and the settings of `[data]` that the study varies, such as `digits-rows, train_limit 500`.
    pub name: String,
    /// The data set.
    pub dataset: String,
    /// The source of its files: `mnist-rows` and `mnist-pixels` are of one source; a folder of the user's own is
    /// one by itself.
    pub source: String,
    /// The classes, in the order of confusion matrices.
    pub classes: Vec<String>,
    /// Sequences of the test set.
    pub test_sequences: usize,
    /// The share of all sequences that each seed is tested on, where each draws its own test set; none where all share one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_share: Option<f64>,
    /// The step between possible scores on its test set, 0 where any amount is possible; none where it is one sequence of
    /// them, as of every share of right answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<f64>,
    /// Sequences that epochs and settings are chosen on; none in summaries of version 0.1.0.
    #[serde(default)]
    pub validation_sequences: Option<usize>,
    /// The predictor that has learned nothing, once a trial is tested: what a model must beat to have learned anything.
    #[serde(default)]
    pub trivial: Option<Reference>,
    /// Further predictors to set beside the variants, such as a linear model of the same inputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// The variants, the baseline first.
    pub variants: Vec<VariantSummary>,
    /// Each other variant against the baseline.
    pub comparisons: Vec<Comparison>,
    /// The importance of each setting; none where nothing but the seed was varied, or all came to the same.
    pub importances: Option<Importances>,
    /// Forecasts of the last steps of the test part: by the baseline, and by the variant that the answer names, or the best
    /// of the others. None of other tasks, and where trials did not record any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forecasts: Vec<VariantForecast>,
}

impl TaskSummary {
    /// The step between possible scores on its test set; 0 where any amount is possible, or the step is not known.
    pub fn resolution(&self) -> f64 {
        self.step.unwrap_or_else(|| one_of(self.test_sequences))
    }

    /// True if the trivial predictor gives every sequence the same class; else it follows a rule that has a name.
    pub fn has_constant_answer(&self, metric: &Metric) -> bool {
        match &self.trivial {
            Some(trivial) => self.is_constant(metric, trivial),
            None => metric.counts_right_answers(),
        }
    }

    /// True if it is tested by a metric for which no trivial predictor is known. Summaries of version 0.1.0 do not name the
    /// one that there is of right answers.
    pub fn lacks_trivial(&self, metric: &Metric) -> bool {
        self.trivial.is_none() && self.test_sequences > 0 && !metric.counts_right_answers()
    }

    /// True if a predictor gives every sequence the same class, by which it is named; else it has a name of its own.
    pub fn is_constant(&self, metric: &Metric, predictor: &Reference) -> bool {
        match &self.classes[..] {
            [] => metric.counts_right_answers(),
            classes => classes.contains(&predictor.answer),
        }
    }

    /// The number of sequences that each seed draws its test set from, where each draws its own.
    pub fn pool(&self) -> Option<usize> {
        self.test_share.map(|share| (self.test_sequences as f64 / share).round() as usize)
    }

    /// The trivial predictor and the further ones.
    pub fn predictors(&self) -> impl Iterator<Item = &Reference> {
        self.trivial.iter().chain(&self.references)
    }

    /// A variant by its name.
    pub fn variant(&self, name: &str) -> Option<&VariantSummary> {
        self.variants.iter().find(|variant| variant.name == name)
    }
}

/// What a variant forecasts of the test part, to look at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VariantForecast {
    /// The variant.
    pub variant: String,
    /// The seed of the trial whose forecasts these are.
    pub seed: u64,
    /// The forecasts, beside what was observed.
    #[serde(flatten)]
    pub stretch: Stretch,
}

/// One sequence as a share of so many; 0 where there are none.
pub(crate) fn one_of(sequences: usize) -> f64 {
    if sequences > 0 { 1.0 / sequences as f64 } else { 0.0 }
}

/// The state of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It trained all its epochs, or stopped early as it was told to.
    Complete,
    /// A process works on it.
    Running,
    /// It has not begun.
    Waiting,
    /// Its process ended before its last epoch; it continues where it stopped.
    Interrupted,
    /// It was stopped because others did better.
    Pruned,
    /// Its loss became infinite or NaN.
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

/// The importance of the settings: shares of the variance of the best score on the validation set over the whole space.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Importances {
    /// Settings alone and pairs of them, the most important first.
    pub effects: Vec<Importance>,
    /// Standard deviation of the score over the whole space.
    pub spread: f64,
    /// Standard deviation between seeds at one setting. Where `spread` is not well above it, the shares are those of
    /// chance, and mean nothing.
    pub between_seeds: Option<f64>,
    /// The out-of-bag R² of the forest behind these shares, where the space was searched: at 0 or below they are
    /// guesses. None where the whole space was tried.
    #[serde(alias = "foretold")]
    pub oob_r2: Option<f64>,
}

/// The share that a setting, or two together, explain of how trials differ.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Importance {
    /// One key, or two whose interaction this is.
    pub keys: Vec<String>,
    /// The share of the variance.
    pub share: f64,
}

/// The variants by their ranks over several tasks (Demšar 2006).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskRanking {
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
    /// The published score.
    pub published: f64,
    /// The published count of recurrent parameters.
    pub published_parameters: usize,
    /// The other settings that the study varies, by key, as the trial had them: of several trials, the best is shown.
    #[serde(default)]
    pub settings: BTreeMap<String, toml::Value>,
    /// The measured score, where the trial was run.
    pub measured: Option<f64>,
    /// The score after the last epoch.
    pub last: Option<f64>,
    /// The measured count of recurrent parameters.
    pub parameters: Option<usize>,
}

/// One trial in the list of all.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrialLine {
    /// Its name, which is the hash of its configuration.
    pub id: String,
    /// Its state.
    pub state: State,
    /// The variant.
    pub variant: String,
    /// The task.
    pub task: String,
    /// Its seed.
    pub seed: u64,
    /// The settings that the study varies, by key.
    pub settings: BTreeMap<String, toml::Value>,
    /// Complete epochs.
    pub epochs: usize,
    /// The best score on the validation set, and its epoch.
    pub best: Option<(usize, f64)>,
    /// The score on the validation set after the last epoch.
    pub last: Option<f64>,
    /// True if it had converged, once it is at its end.
    #[serde(default)]
    pub converged: Option<bool>,
    /// Seconds of training and validation.
    pub seconds: f64,
    /// The reason why it failed or was pruned.
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reach;
    use crate::made_up::{mase, summary};

    /// Programs of before read `summary.json`, and this one reads theirs.
    #[test]
    fn a_summary_of_accuracies_is_written_as_before() {
        let study = summary(Vec::new());
        let written = serde_json::to_value(&study).unwrap();
        assert!(["metric", "margin_is_relative"].iter().all(|key| written.get(key).is_none()), "{written}");
        assert!(written["tasks"][0].get("step").is_none(), "{written}");
        let read: StudySummary = serde_json::from_value(written).unwrap();
        assert_eq!(read.metric, Metric::default());
        assert_eq!(read.tasks[0].resolution(), 0.001);
    }

    #[test]
    fn a_summary_of_errors_says_so() {
        let study = StudySummary { metric: mase(), margin_is_relative: true, ..summary(Vec::new()) };
        let read: StudySummary = serde_json::from_value(serde_json::to_value(&study).unwrap()).unwrap();
        assert_eq!((read.metric, read.margin_is_relative), (mase(), true));
    }

    #[test]
    fn a_goal_stands_under_the_name_of_its_metric() {
        for key in ["accuracy", "MASE"] {
            let text =
                format!(r#"{{"share":0.95,"{key}":0.76,"reached":1,"of":2,"epochs":3.0,"seconds":null}}"#);
            let reach: Reach = serde_json::from_str(&text).unwrap();
            assert_eq!((reach.goal.metric.as_str(), reach.goal.value), (key, 0.76));
            assert_eq!(serde_json::to_string(&reach).unwrap(), text);
        }
    }
}
