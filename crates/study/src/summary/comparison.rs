//! Variants against the baseline, and what is concluded of them.

use serde::{Deserialize, Serialize};

/// A variant against the baseline, by pairs of trials with the same seed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// The variant.
    pub variant: String,
    /// Pairs.
    pub pairs: usize,
    /// Pairs that there will be when the study is complete.
    pub planned: usize,
    /// The mean difference in the metric, variant minus baseline; none without pairs. Of a metric that has an aim, in the
    /// distance from it.
    pub difference: Option<f64>,
    /// The standard deviation of the differences.
    pub deviation: Option<f64>,
    /// The interval that two one-sided tests are read off (90 % where the confidence is 95 %).
    pub equivalence_interval: Option<[f64; 2]>,
    /// The interval of the difference at the study's confidence: the wider of the next two.
    pub interval: Option<[f64; 2]>,
    /// The same for other seeds on these test sequences; none where each seed has its own, and in summaries of version 0.1.0.
    #[serde(default)]
    pub seeds_interval: Option<[f64; 2]>,
    /// The same for other seeds and other test sequences, where the outcomes of single sequences are known, or each seed has
    /// its own.
    #[serde(default)]
    pub data_interval: Option<[f64; 2]>,
    /// The standard error of the mean difference for other seeds and other test sequences, and its degrees of freedom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_error: Option<[f64; 2]>,
    /// The p value of "no difference" over seeds alone (paired t test; corrected where each draws its test set); and with looks, other test sequences and Holm's
    /// correction allowed for, as the verdict has it.
    pub p_difference: Option<[f64; 2]>,
    /// The exact p value of the Wilcoxon signed-rank test; none where each seed draws its test set.
    pub p_signed_rank: Option<f64>,
    /// The p values of "not equivalent within the margin" (two one-sided tests), likewise.
    pub p_equivalence: Option<[f64; 2]>,
    /// The p values of "worse by the margin or more", likewise.
    pub p_noninferiority: Option<[f64; 2]>,
    /// The mean of the paired differences in their own standard deviations, with Hedges' correction for few seeds
    /// (`d_z` of Cohen 1988, not that of two independent groups).
    pub effect: Option<f64>,
    /// Pairs that the variant won, tied and lost.
    pub won_tied_lost: [usize; 3],
    /// The conclusion from the evidence.
    pub verdict: Verdict,
    /// The reason why there can be no verdict, however the variants compare.
    #[serde(default)]
    pub obstacle: Option<Obstacle>,
    /// The use of more seeds; none where there can be no verdict, and in summaries of version 0.1.0.
    #[serde(default)]
    pub outlook: Option<Outlook>,
    /// Pairs in all that it would take to show equivalence, or else non-inferiority or a difference, with a power of
    /// 80 % after Holm's correction, where the evidence is not enough.
    pub seeds_needed: Option<usize>,
    /// Recurrent parameters as a share of the baseline's.
    pub parameters_ratio: f64,
    /// The factor by which it trains faster than the baseline.
    pub training_speedup: Option<f64>,
    /// The factor by which it predicts one sequence faster.
    pub prediction_speedup: Option<f64>,
}

impl Comparison {
    /// The verdict in a word or two, or what stands in its way.
    pub fn conclusion(&self) -> &'static str {
        match (self.obstacle, self.verdict) {
            (Some(Obstacle::Untestable), _) => "a seed diverged",
            (Some(Obstacle::NothingLearned), _) => "nothing was learned",
            (Some(Obstacle::TrivialUnknown), _) => "not known what was learned",
            (Some(Obstacle::BaselineDiverged), _) => "the baseline diverged",
            (Some(Obstacle::BaselineCollapsed), _) => "the baseline collapsed",
            (Some(Obstacle::StillImproving), _) => "still improving",
            (Some(Obstacle::Pending) | None, Verdict::NotEnoughEvidence) => "not enough evidence",
            (_, Verdict::Equivalent) => "equivalent within the margin",
            (_, Verdict::Better) => "better",
            (_, Verdict::NonInferior) => "non-inferior",
            (_, Verdict::Worse) => "worse",
        }
    }
}

/// The use of more seeds to a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outlook {
    /// It is settled: equivalent, better or worse.
    Settled,
    /// They may settle it.
    Open,
    /// It would take more than the study has, or more test sequences.
    TooMany,
}

/// The conclusion on a variant against the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The difference lies within the margin.
    Equivalent,
    /// Better, and not only within the margin.
    Better,
    /// Worse by less than the margin, if at all.
    NonInferior,
    /// Worse.
    Worse,
    /// None of this is shown.
    NotEnoughEvidence,
}

/// The reason why a comparison can have no verdict, however the variants compare. The first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Obstacle {
    /// A seed of either diverged before it could be tested.
    Untestable,
    /// Not all planned seeds of both are tested.
    Pending,
    /// The baseline is not shown to be better than the trivial predictor: to be as good as it means nothing.
    NothingLearned,
    /// No trivial predictor is known for the metric: that the baseline has learned anything cannot be shown.
    TrivialUnknown,
    /// The baseline diverged in half of its seeds or more.
    BaselineDiverged,
    /// The baseline collapsed in half of its seeds or more.
    BaselineCollapsed,
    /// More than half of the trials of either were still improving when their epochs were over.
    StillImproving,
}
