//! Settings that are drawn from ranges: `[search]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// Settings that are drawn from ranges. Each variant gets the same number of draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Way in which points are drawn from the ranges.
    #[serde(default)]
    pub sampler: Sampler,
    /// Draws per variant and grid point.
    #[schemars(range(min = 1, max = 10_000))]
    pub trials: usize,
    /// Random seed of the draws.
    #[serde(default = "one")]
    #[schemars(range(max = i64::MAX))]
    pub seed: u64,
    /// Rule that prunes points before their last epoch.
    #[serde(default)]
    pub prune: Prune,
    /// Each rung of halving keeps one of this many.
    #[serde(default = "three")]
    #[schemars(range(min = 2, max = 1_000))]
    pub reduction: usize,
    /// Range, such as `{ log = [1e-5, 1e-1] }`.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    #[schemars(with = "BTreeMap<String, Range>", title = "log, linear, integer or choice")]
    pub ranges: Table,
}

fn one() -> u64 {
    1
}

fn three() -> usize {
    3
}

/// The way in which points are drawn from ranges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sampler {
    /// Evenly spread without a pattern (scrambled Sobol sequence), the same points for every variant.
    #[default]
    QuasiRandom,
    /// Independently, the same points for every variant.
    Random,
    /// Where earlier points did well (tree-structured Parzen estimator, Bergstra et al. 2011), four at a time.
    Tpe,
}

/// The points that are pruned before their last epoch. Variants are never pruned against one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Prune {
    /// None.
    #[default]
    Never,
    /// Successive halving: after a ninth and a third of the epochs, all but the best third.
    Halving,
    /// After each quarter of the epochs, those below the median.
    Median,
}

/// The values that a setting is drawn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Range {
    /// Between two numbers, evenly in their logarithm.
    Log([f64; 2]),
    /// Between two numbers, evenly.
    Linear([f64; 2]),
    /// Whole numbers between two, both included.
    Integer([i64; 2]),
    /// One of some values.
    Choice(#[schemars(with = "Vec<serde_json::Value>")] Vec<Value>),
}
