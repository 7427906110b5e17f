//! The check of all that a study must not ask for.

use std::collections::BTreeMap;

use slimgate_gates::{Cell, variant};
use slimgate_run::{Config, ConfigError};
use slimgate_settings::nearest;
use toml::Value;

use super::schema::settings_in;
use super::seeds::COMPARISON;
use super::{Launch, Range, Resample, SEED, StudyConfig, TEST, Until, VALIDATION, VARIANT};
use crate::{Protocol, StudyError};

/// The sections of a run, then those of a study.
const SECTIONS: [&str; 10] =
    ["data", "model", "optim", "alarm", "run", "grid", "search", "compare", "cost", "launch"];

/// How many of them are a run's.
const OF_RUNS: usize = 5;

/// Settings that a study does not take: where its trials are and what they are tested on is its own affair, and that one
/// diverges is an outcome.
pub(super) const RESERVED_KEYS: [&str; 4] = ["run.name", "run.out", "run.tolerate_divergence", TEST];

/// Settings that decide how large a model is.
const SIZES: [&str; 4] = ["model.hidden", "model.layers", "model.bidirectional", "model.embedding"];

/// The greatest seed in a grid: further seeds, of the comparison and of replicates, are counted from there.
const MOST_SEED: i64 = 9_000_000_000_000_000_000;

/// The setting of the metric that choices are made by.
const METRIC: &str = "run.metric";

/// Settings that decide which sequences are trained and validated on, and make tasks in [grid]. A search over them
/// would choose among scores on different validation sets.
pub(super) const SPLITS: [&str; 4] =
    ["data.dataset", "data.train_limit", "data.seed", "data.validation_fraction"];

fn refused(key: &'static str, remedy: &'static str) -> Result<(), StudyError> {
    Err(StudyError::Value { key, remedy })
}

impl StudyConfig {
    /// Refuses what no study can be made of.
    pub(super) fn check(&self) -> Result<(), StudyError> {
        let ranges = self.ranges()?;
        self.check_base()?;
        self.check_keys(&ranges)?;
        self.check_grid()?;
        check_ranges(&ranges)?;
        self.check_protocol(&ranges)?;
        self.check_comparison(&ranges)?;
        self.launch.as_ref().map_or(Ok(()), Launch::check)
    }

    /// The settings that all trials share.
    fn check_base(&self) -> Result<(), StudyError> {
        if let Some(section) =
            self.base.keys().find(|section| !SECTIONS[..OF_RUNS].contains(&section.as_str()))
        {
            if !self.base[section].is_table() {
                return Err(no_section(section, &self.base[section]));
            }
            let nearest = nearest(section, SECTIONS);
            return Err(StudyError::UnknownSection { section: section.clone(), nearest });
        }
        if let Some(key) = RESERVED_KEYS.into_iter().find(|key| self.shared(key).is_some()) {
            return Err(StudyError::Own(key.to_owned()));
        }
        Ok(())
    }

    /// The keys that are varied.
    fn check_keys(&self, ranges: &BTreeMap<String, Range>) -> Result<(), StudyError> {
        let crossed = [VARIANT, SEED].map(|key| (key, "so that every variant gets the same seeds"));
        let splits = SPLITS.map(|key| (key, "where each of its values makes a task"));
        let mut listed = crossed.into_iter().chain(splits);
        if let Some((key, why)) = listed.find(|(key, _)| ranges.contains_key(*key)) {
            return Err(StudyError::NotSearched { key, why });
        }
        // A list of one is harmless, and stands in studies of before.
        if ranges.contains_key(METRIC) || self.grid.get(METRIC).is_some_and(|metrics| metrics.len() > 1) {
            return refused(
                METRIC,
                "choices are made among trials that one metric scores; name one in [run], and give each further metric a \
                 study of its own (the reports of every study have all metrics of its task)",
            );
        }
        if self.search.is_some() && ranges.is_empty() {
            return refused(
                "search.ranges",
                "it must have a range, such as `optim.learning_rate = { log = [1e-5, 1e-1] }`",
            );
        }
        for key in self.grid.keys().chain(ranges.keys()) {
            if RESERVED_KEYS.contains(&key.as_str()) {
                return Err(StudyError::Own(key.clone()));
            }
            if Config::setting(key).is_none() {
                return Err(ConfigError::unknown_key(key).into());
            }
            if self.grid.contains_key(key) && ranges.contains_key(key) {
                return Err(StudyError::Twice(key.clone()));
            }
        }
        Ok(())
    }

    fn check_grid(&self) -> Result<(), StudyError> {
        for (key, values) in &self.grid {
            if values.is_empty() {
                return Err(StudyError::NoValues(key.clone()));
            }
            if (1..values.len()).any(|index| values[..index].contains(&values[index])) {
                return Err(StudyError::Repeated(key.clone()));
            }
        }
        if self.variants().len() < self.grid[VARIANT].len() {
            return refused(
                VARIANT,
                "each must be text: a name such as `lstm2`, or gate terms such as `i=hb,f=hb,o=hb`",
            );
        }
        let variants = self.variants();
        for (index, one) in variants.iter().enumerate() {
            if let Some(other) = variants[index + 1..].iter().find(|other| same_cell(one, other)) {
                return Err(StudyError::SameCell { one: one.clone(), other: other.clone() });
            }
        }
        let is_seed = |seed: &Value| seed.as_integer().is_some_and(|seed| (0..=MOST_SEED).contains(&seed));
        if !self.grid[SEED].iter().all(is_seed) {
            return refused(SEED, "each must be a whole number from 0 to 9000000000000000000");
        }
        Ok(())
    }

    /// Only a study that says so may choose on the test set: its figures are labelled by its protocol.
    fn check_protocol(&self, ranges: &BTreeMap<String, Range>) -> Result<(), StudyError> {
        let (contrary, remedy) = match self.compare.protocol {
            Protocol::Validation => {
                ("test", "to choose on the test set, write `[compare] protocol = \"published\"`")
            }
            Protocol::Published => {
                ("held-out", "to choose on a held-out set, leave `[compare] protocol = \"published\"` out")
            }
        };
        let listed = self.grid.get(VALIDATION).into_iter().flatten();
        let drawn: &[Value] = match ranges.get(VALIDATION) {
            Some(Range::Choice(values)) => values.as_slice(),
            _ => &[],
        };
        if self
            .shared(VALIDATION)
            .into_iter()
            .chain(listed)
            .chain(drawn)
            .any(|value| value.as_str() == Some(contrary))
        {
            return Err(StudyError::Protocol { contrary, remedy });
        }
        Ok(())
    }

    fn check_comparison(&self, ranges: &BTreeMap<String, Range>) -> Result<(), StudyError> {
        if self.compare.margin.is_some_and(|margin| !margin.is_usable()) {
            return refused(
                "compare.margin",
                "it must be a number above 0 and below 100, in percentage points or in the unit of a metric that is no \
                 share, or so many percent of the baseline's value, such as \"2 %\"",
            );
        }
        let of_grid = self.seeds().len();
        if let Some(seeds) = self.compare.seeds.filter(|seeds| self.reuses_seeds() && *seeds < of_grid) {
            return Err(StudyError::FewerSeeds { seeds, of_grid });
        }
        if !self.reuses_seeds() && self.exploring_seeds().len() > of_grid + COMPARISON as usize {
            return refused(
                "compare.max_exploring_seeds",
                "it must be at most 100 more than the seeds of the grid",
            );
        }
        if self.compare.until == Until::Decided {
            if self.compare.seeds.is_some() {
                return refused(
                    "compare.seeds",
                    "a comparison that ends once it is decided has no fixed number of seeds; set `compare.max_seeds`, or \
                     take `compare.until = \"decided\"` out",
                );
            }
            if self.compare.protocol == Protocol::Published {
                return refused("compare.until", "the published protocol compares a fixed number of seeds");
            }
        }
        if self.compare.resample == Some(Resample::Test) && self.compare.protocol == Protocol::Published {
            return refused(
                "compare.resample",
                "the published protocol chooses on the test set that is given; leave `resample = \"test\"` out",
            );
        }
        if self.compare.matched.is_some()
            && SIZES.iter().any(|&key| self.grid.contains_key(key) || ranges.contains_key(key))
        {
            return refused(
                "compare.match",
                "it chooses `model.hidden` for one size of the baseline; take model.hidden, layers, bidirectional and \
                 embedding out of [grid] and [search.ranges]",
            );
        }
        if !self.variants().contains(&self.compare.baseline) {
            return Err(StudyError::Baseline {
                baseline: self.compare.baseline.clone(),
                variants: self.variants().join(", "),
            });
        }
        Ok(())
    }
}

/// The error of a key outside all sections. A list is of values to cross, where no section of its own has it.
fn no_section(key: &str, value: &Value) -> StudyError {
    let of_runs = Config::settings().iter().rev().filter_map(|setting| {
        let (section, name) = setting.key.split_once('.')?;
        let section = if value.is_array() { format!("grid.{section}") } else { section.to_owned() };
        Some((name.to_owned(), section))
    });
    let of_studies =
        SECTIONS[OF_RUNS + 1..].iter().flat_map(|section| settings_in(section)).filter_map(|setting| {
            let (section, name) = setting.key.split_once('.')?;
            Some((name.to_owned(), section.to_owned()))
        });
    let known: Vec<(String, String)> = of_runs.chain(of_studies).collect();
    let nearest = nearest(key, known.iter().map(|(name, _)| name.as_str()));
    let meant = nearest.and_then(|nearest| known.iter().find(|(name, _)| name == nearest).cloned());
    StudyError::NoSection { key: key.to_owned(), meant }
}

/// True if two variants, by name or by terms, are one cell.
fn same_cell(one: &str, other: &str) -> bool {
    let cell = |text: &str| match variant(text) {
        Ok(variant) => Some(variant.cell()),
        Err(_) => text.parse::<Cell>().ok(),
    };
    cell(one).is_some_and(|one| cell(other) == Some(one))
}

fn check_ranges(ranges: &BTreeMap<String, Range>) -> Result<(), StudyError> {
    for (key, range) in ranges {
        let usable = match range {
            Range::Log([low, high]) => 0.0 < *low && low < high && high.is_finite(),
            Range::Linear([low, high]) => low < high && (high - low).is_finite(),
            Range::Integer([low, high]) => low < high,
            Range::Choice(values) => !values.is_empty(),
        };
        if !usable {
            return Err(StudyError::Range(key.clone()));
        }
    }
    Ok(())
}
