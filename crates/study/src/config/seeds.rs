//! The seeds that settings are chosen with, and those that the chosen ones are compared with.

use slimgate_data::Protocol;
use toml::Value;

use super::{SEED, StudyConfig, Until, VARIANT};

/// The looks of a comparison that ends once it is decided, as shares of the most seeds: at 5, 8, 12 and 20 of 20. See
/// docs/statistics-of-studies.md.
const LOOKS: [f64; 4] = [0.25, 0.4, 0.6, 1.0];

/// The fewest seeds at which a comparison is looked at.
const FEWEST: usize = 3;

/// The most seeds that settings are chosen with in a comparison that ends once it is decided.
const EXPLORING: usize = 6;

/// The seeds of the comparison begin so far beyond those of the grid.
pub(super) const COMPARISON: u64 = 100;

/// The seeds of a replicate begin so far beyond those of the one before: farther than any study's reach.
const REPLICATE: u64 = 100_000;

impl StudyConfig {
    /// The same study with other seeds, and so other splits: one of many that differ in nothing else.
    pub fn replicate(&self, number: u64) -> StudyConfig {
        let mut replicate = self.clone();
        let beyond =
            |seed: &Value| seed.as_integer().map(|seed| Value::Integer(seed + (number * REPLICATE) as i64));
        let seeds = self.grid[SEED].iter().filter_map(beyond).collect();
        replicate.grid.insert(SEED.into(), seeds);
        replicate
    }

    /// The seeds that settings are chosen with.
    pub fn seeds(&self) -> Vec<u64> {
        let values = self.grid.get(SEED).into_iter().flatten();
        values.filter_map(|seed| seed.as_integer().map(|seed| seed as u64)).collect()
    }

    /// The seeds that settings are chosen with, and those that are added where these leave the choice open.
    pub(crate) fn exploring_seeds(&self) -> Vec<u64> {
        let unless_given = if self.compare.until == Until::Decided { EXPLORING } else { 0 };
        let most = self.compare.max_exploring_seeds.unwrap_or(unless_given);
        and_further(self.seeds(), if self.reuses_seeds() { 0 } else { most })
    }

    /// The first seeds that the chosen settings are compared with, as many as given.
    ///
    /// Those of the choice were lucky at the chosen settings, so others are compared; where there is nothing to choose,
    /// they are as good as any.
    pub(crate) fn comparison_seeds(&self, number: usize) -> Vec<u64> {
        if self.reuses_seeds() {
            let mut seeds = and_further(self.seeds(), number);
            seeds.truncate(number.max(1));
            return seeds;
        }
        let last = self.seeds().into_iter().max().unwrap_or(0);
        // Beyond all that a choice may take.
        (1..=number as u64).map(|at| last + COMPARISON + at).collect()
    }

    /// The numbers of seeds at which the comparison is looked at: the first of them, the last at most.
    pub(crate) fn looks(&self) -> Vec<usize> {
        match self.compare.until {
            Until::Seeds => vec![self.compare.seeds.unwrap_or(self.seeds().len())],
            Until::Decided => {
                let most = self.compare.max_seeds;
                let mut looks: Vec<usize> =
                    LOOKS.iter().map(|share| (share * most as f64).round() as usize).collect();
                looks.retain(|look| *look >= FEWEST);
                looks.dedup();
                looks
            }
        }
    }

    /// True if the seeds that settings are chosen with are compared: where the study says so, where there is nothing to
    /// choose, and by the published protocol.
    pub(super) fn reuses_seeds(&self) -> bool {
        self.compare.reuse_seeds || !self.chooses() || self.compare.protocol == Protocol::Published
    }

    /// True if there are several settings to choose from.
    fn chooses(&self) -> bool {
        let alone = |key: &String| [VARIANT, SEED].contains(&key.as_str()) || key.starts_with("data.");
        let several = self.grid.iter().any(|(key, values)| !alone(key) && values.len() > 1);
        several || self.search.as_ref().is_some_and(|search| search.trials > 1)
    }
}

/// Seeds, and as many of the numbers after the greatest as make them so many.
fn and_further(mut seeds: Vec<u64>, wanted: usize) -> Vec<u64> {
    let mut next = seeds.iter().max().map_or(1, |last| last + 1);
    while seeds.len() < wanted {
        seeds.push(next);
        next += 1;
    }
    seeds
}
