//! The comparison: `[compare]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use slimgate_data::Protocol;
use slimgate_run::metric::{Metric, Unit};

use super::Margin;

/// The comparison: its baseline, and its criteria.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Compare {
    /// Variant that the others are compared with.
    #[schemars(title = "a variant")]
    pub baseline: String,
    /// Equivalence margin: percentage points, or an amount in the metric's unit, or with `%` a part of the baseline's value;
    /// 1.0 of a share, and 2 % of any other metric, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<Margin>,
    /// Confidence of intervals and tests.
    #[schemars(extend("minimum" = 0.5, "exclusiveMaximum" = 1.0))]
    pub confidence: f64,
    /// End of the comparison: after `compare.seeds`, or once it is decided.
    pub until: Until,
    /// Seeds of a comparison of a fixed number; as many as the grid's if not given.
    #[schemars(range(min = 1, max = 10_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seeds: Option<usize>,
    /// Most seeds of a comparison that ends once it is decided.
    #[schemars(range(min = 5, max = 10_000))]
    pub max_seeds: usize,
    /// Most seeds that settings are chosen with, where the grid's leave the choice open; 6 if not given, and those of the
    /// grid where `compare.seeds` end the comparison.
    #[schemars(range(min = 1, max = 10_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_exploring_seeds: Option<usize>,
    /// Seeds that settings are chosen with are compared, too.
    ///
    /// They were lucky at the chosen settings, and false claims are more frequent. Studies of version 0.1.0 did so.
    pub reuse_seeds: bool,
    /// Part of the data that each seed draws anew: if not given, the test set of small data sets, and the validation set of
    /// others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resample: Option<Resample>,
    /// Share of each data set that is tested on, by its name, where each seed draws its test set; found once by the study
    /// if not given.
    #[schemars(title = "shares")]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub test_shares: BTreeMap<String, f64>,
    /// `published`: choose on the test set.
    pub protocol: Protocol,
    /// The quantity that hidden sizes are made equal by; nothing if not given.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub matched: Option<Match>,
    /// Matched hidden units by task and variant; found once by the study if not given.
    #[schemars(title = "whole numbers")]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub hidden: Sizes,
    /// Learning rates grow where a variant does best at their end.
    ///
    /// Studies of version 0.1.0 did not do so.
    pub widen: bool,
    /// Place of each folder of your own, by its name; found once by the study if not given.
    #[schemars(title = "paths")]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub folders: BTreeMap<String, String>,
    /// Number of times that a failed trial is tried again.
    pub retries: usize,
    /// CSV file of published figures, and the task to take; none if not given.
    #[schemars(title = "{ file, task }")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<Published>,
}

impl Default for Compare {
    fn default() -> Self {
        Compare {
            baseline: "lstm".into(),
            margin: None,
            confidence: 0.95,
            until: Until::Seeds,
            seeds: None,
            max_seeds: 20,
            max_exploring_seeds: None,
            reuse_seeds: false,
            resample: None,
            test_shares: BTreeMap::new(),
            protocol: Protocol::Validation,
            matched: None,
            hidden: Sizes::new(),
            widen: true,
            folders: BTreeMap::new(),
            retries: 2,
            published: None,
        }
    }
}

impl Compare {
    /// The margin in a metric.
    pub fn margin(&self, metric: &Metric) -> Margin {
        self.margin.unwrap_or(match metric.unit {
            Unit::Share => Margin::Amount(1.0),
            Unit::Target | Unit::Ratio => Margin::Relative(2.0),
        })
    }
}

/// The end of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// After a number of seeds that is fixed in advance.
    #[default]
    Seeds,
    /// Once every variant is settled: seeds are added in looks, and what a look may claim allows for the others.
    Decided,
}

/// The part of the data that each seed draws anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Resample {
    /// None: all seeds share the split that `data.seed` draws.
    Nothing,
    /// The validation set, out of the training data.
    Validation,
    /// The test set, too: as many sequences as are given, out of the training and the test data, and the validation set out
    /// of the others.
    Test,
}

/// Hidden units by task and variant.
pub type Sizes = BTreeMap<String, BTreeMap<String, usize>>;

/// The quantity by which the hidden size of a variant is made equal to the baseline's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Match {
    /// The number of recurrent parameters.
    Parameters,
    /// The measured time of a training step.
    Time,
}

/// A file of published figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// A CSV file with the columns `task`, `variant`, `eta0`, `best_test_` with the metric's name, and `params`; its path
    /// is relative to the study's file. A study's folder gets a copy.
    pub file: String,
    /// The rows to take, by their `task`.
    pub task: String,
}
