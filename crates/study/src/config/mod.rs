//! The TOML form of a study: the settings of a run, and what of them is varied and compared.

mod check;
mod launch;
mod reference;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use slimgate_data::{DataConfig, find, is_folder, whole_path};
use slimgate_run::{Backend, ConfigError, by_key, nearest, table_with};
use toml::{Table, Value};

use crate::{Protocol, StudyError};
pub use launch::{Launch, LauncherName};

/// Everything that determines a study.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyConfig {
    /// The settings that all trials share, in a run's form.
    pub base: Table,
    /// Settings to cross, each with its values; see [`StudyConfig::variants`] for the variants.
    pub grid: BTreeMap<String, Vec<Value>>,
    /// Settings to search, besides.
    pub search: Option<Search>,
    /// What is compared, and how.
    pub compare: Compare,
    /// What machines cost.
    pub cost: Option<Prices>,
    /// Where trials run; on this machine if nothing is said.
    pub launch: Option<Launch>,
}

/// Settings that are drawn from ranges. Each variant gets the same number of draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// How points are drawn.
    #[serde(default)]
    pub sampler: Sampler,
    /// Draws per variant and grid point.
    pub trials: usize,
    /// What they are drawn from.
    #[serde(default = "one")]
    pub seed: u64,
    /// Whether unpromising points are pruned.
    #[serde(default)]
    pub prune: Prune,
    /// Reduction factor η of successive halving: each rung keeps 1/η of the points.
    #[serde(default = "three")]
    pub reduction: usize,
    /// The range of each setting.
    #[serde(default)]
    pub ranges: Table,
}

fn one() -> u64 {
    1
}

fn three() -> usize {
    3
}

/// How points are drawn from ranges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// Which points are pruned before their last epoch. Variants are never pruned against one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// Where a setting is drawn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Range {
    /// Between two numbers, evenly in their logarithm.
    Log([f64; 2]),
    /// Between two numbers, evenly.
    Linear([f64; 2]),
    /// Whole numbers between two, both included.
    Integer([i64; 2]),
    /// One of some values.
    Choice(Vec<Value>),
}

/// What is compared, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Compare {
    /// The variant that the others are held against.
    pub baseline: String,
    /// The difference in accuracy that does not matter, in percentage points.
    pub margin: f64,
    /// The confidence of intervals and tests.
    pub confidence: f64,
    /// Seeds at the chosen settings, no fewer than those of the grid, which are the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seeds: Option<usize>,
    /// How epoch and settings are chosen.
    pub protocol: Protocol,
    /// What hidden sizes are made equal by.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub matched: Option<Match>,
    /// Hidden units of each variant on each task, where sizes are matched; found once and kept.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub hidden: Sizes,
    /// Whether a grid of learning rates grows where a variant does best at an end of it. Studies of version 0.1.0 did
    /// not do so; see [`StudyConfig::read_recorded`].
    pub widen: bool,
    /// The whole path of each folder of the user's own, by the name that it was given; found once and kept.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub folders: BTreeMap<String, String>,
    /// How often a trial whose process died or failed is tried again.
    pub retries: usize,
    /// Published figures to set beside the measured ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<Published>,
}

impl Default for Compare {
    fn default() -> Self {
        Compare {
            baseline: "lstm".into(),
            margin: 1.0,
            confidence: 0.95,
            seeds: None,
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

/// Hidden units by task and variant.
pub type Sizes = BTreeMap<String, BTreeMap<String, usize>>;

/// What the hidden size of a variant is chosen by, so that it equals the baseline's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Match {
    /// The number of recurrent parameters.
    Parameters,
    /// The measured time of a training step.
    Time,
}

/// A file of published figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// A CSV file with the columns `task`, `variant`, `eta0`, `best_test_accuracy` and `params`; its path is
    /// relative to the study's file. A study's folder gets a copy.
    pub file: String,
    /// The rows to take, by their `task`.
    pub task: String,
}

/// What machines cost, and how much they have to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// An hour of a machine like this one.
    pub price_per_hour: f64,
    /// In which currency.
    #[serde(default = "euro")]
    pub currency: String,
    /// Trainings a year.
    #[serde(default)]
    pub trainings_per_year: f64,
    /// Single predictions a year.
    #[serde(default)]
    pub predictions_per_year: f64,
}

fn euro() -> String {
    "EUR".into()
}

/// The variants that a study compares unless it says otherwise.
const VARIANTS: [&str; 4] = ["lstm", "lstm1", "lstm2", "lstm3"];

/// The key whose values are the variants.
pub(crate) const VARIANT: &str = "model.variant";
/// The key whose values are the seeds.
pub(crate) const SEED: &str = "run.seed";
const BACKEND: &str = "run.backend";
/// The key that names the data set.
const DATASET: &str = "data.dataset";
/// The key that says which set epoch and settings are chosen on; it follows from the protocol.
const VALIDATION: &str = "data.validation";

impl StudyConfig {
    /// Reads a study from TOML text called `name`, with settings `section.key=value` laid over it.
    ///
    /// # Errors
    ///
    /// If the text is not TOML, or anything in it is unknown or cannot be used.
    pub fn read(name: &str, text: &str, settings: &[(String, Value)]) -> Result<StudyConfig, StudyError> {
        let mut table = table_with(name, text, settings)?;
        let mut section = |name: &str| match table.remove(name) {
            None => Ok(None),
            Some(Value::Table(section)) => Ok(Some(section)),
            Some(_) => Err(StudyError::Section(name.to_owned())),
        };
        let (grid, search) = (section("grid")?, section("search")?);
        let (compare, cost, launch) = (section("compare")?, section("cost")?, section("launch")?);
        let names_baseline = compare.as_ref().is_some_and(|compare| compare.contains_key("baseline"));
        let mut config = StudyConfig {
            base: table,
            grid: grid.map(flat).transpose()?.unwrap_or_default(),
            search: search.map(|search| part("search", search)).transpose()?,
            compare: compare.map(|compare| part("compare", compare)).transpose()?.unwrap_or_default(),
            cost: cost.map(|cost| part("cost", cost)).transpose()?,
            launch: launch.map(|launch| part("launch", launch)).transpose()?,
        };
        // Sizes that were found to match are those of the settings that they were found with.
        let harmless =
            |key: &str| key.starts_with("grid.") || key.starts_with("launch.") || key == "compare.seeds";
        if settings.iter().any(|(key, _)| !harmless(key)) {
            config.compare.hidden.clear();
        }
        config.fill_in(names_baseline);
        config.check()?;
        Ok(config)
    }

    /// As [`read`](Self::read), from the `study.toml` of a study's folder. What version 0.1.0 did not write there is as it
    /// was then, so that a study of before has the trials that it had.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_recorded(
        name: &str,
        text: &str,
        settings: &[(String, Value)],
    ) -> Result<StudyConfig, StudyError> {
        let mut config = StudyConfig::read(name, text, settings)?;
        let given = |table: Table| table.get("compare").is_some_and(|compare| compare.get("widen").is_some());
        config.compare.widen &= table_with(name, text, settings).is_ok_and(given);
        Ok(config)
    }

    /// The study as TOML, every value of its own sections resolved.
    pub fn to_toml(&self) -> String {
        let mut table = self.base.clone();
        let mut grid = Table::new();
        for (key, values) in &self.grid {
            let (section, name) = key.split_once('.').expect("a checked key has a section");
            let section = grid.entry(section).or_insert_with(|| Value::Table(Table::new()));
            let section = section.as_table_mut().expect("sections are tables");
            section.insert(name.to_owned(), Value::Array(values.clone()));
        }
        let value = |part: Result<Table, _>| Value::Table(part.expect("the parts have a TOML form"));
        table.insert("grid".into(), Value::Table(grid));
        if let Some(search) = &self.search {
            table.insert("search".into(), value(Table::try_from(search)));
        }
        table.insert("compare".into(), value(Table::try_from(&self.compare)));
        if let Some(cost) = &self.cost {
            table.insert("cost".into(), value(Table::try_from(cost)));
        }
        if let Some(launch) = &self.launch {
            table.insert("launch".into(), value(Table::try_from(launch)));
        }
        toml::to_string(&table).expect("a study has a TOML form")
    }

    /// The value that all trials share of a setting, where the study gives one.
    pub(crate) fn shared(&self, key: &str) -> Option<&Value> {
        let (section, name) = key.split_once('.').expect("a key has a section");
        self.base.get(section)?.get(name)
    }

    /// The backends that are named in the study.
    ///
    /// # Errors
    ///
    /// If one is unknown.
    pub fn backends(&self) -> Result<Vec<Backend>, StudyError> {
        let listed = self.grid.get(BACKEND).into_iter().flatten();
        let names = self.shared(BACKEND).into_iter().chain(listed).filter_map(Value::as_str);
        Ok(names.map(Backend::named).collect::<Result<_, _>>()?)
    }

    /// Whether the study varies a setting.
    pub(crate) fn varies(&self, key: &str) -> bool {
        let mut ranges = self.search.iter().flat_map(|search| by_key(search.ranges.clone()));
        self.grid.contains_key(key) || ranges.any(|(name, _)| name == key)
    }

    /// Takes note that the data is in another place now, where it is one folder of the user's own; says whether it is.
    ///
    /// # Errors
    ///
    /// If there is no such data there.
    pub fn move_data(&mut self, place: &str) -> Result<bool, StudyError> {
        let named = self.shared(DATASET).map(std::slice::from_ref);
        let Some([Value::String(dataset)]) = self.grid.get(DATASET).map(Vec::as_slice).or(named) else {
            return Ok(false);
        };
        if !is_folder(dataset) || !is_folder(place) {
            return Ok(false);
        }
        find(place)?;
        self.compare.folders.extend(whole_path(place).map(|place| (dataset.clone(), place)));
        Ok(true)
    }

    /// The settings of a trial's data, with its folder where that lies now.
    pub(crate) fn data_in_place(&self, data: &DataConfig) -> DataConfig {
        let dataset = self.place_of(&data.dataset).unwrap_or(&data.dataset).to_owned();
        DataConfig { dataset, ..data.clone() }
    }

    /// Where a folder of the user's own lies, if its name does not lead there from here.
    pub(crate) fn place_of(&self, dataset: &str) -> Option<&str> {
        let place = self.compare.folders.get(dataset).map(String::as_str);
        place.filter(|place| whole_path(dataset).as_deref() != Some(place))
    }

    /// The variants by name or gate terms, the baseline first.
    pub fn variants(&self) -> Vec<String> {
        let values = self.grid.get(VARIANT).into_iter().flatten();
        let mut variants: Vec<String> = values.filter_map(Value::as_str).map(str::to_owned).collect();
        variants.sort_by_key(|variant| *variant != self.compare.baseline);
        variants
    }

    /// The seeds that settings are chosen with.
    pub fn seeds(&self) -> Vec<u64> {
        let values = self.grid.get(SEED).into_iter().flatten();
        values.filter_map(|seed| seed.as_integer().map(|seed| seed as u64)).collect()
    }

    /// The seeds that the chosen settings are compared with.
    pub fn comparison_seeds(&self) -> Vec<u64> {
        let mut seeds = self.seeds();
        let wanted = self.compare.seeds.unwrap_or(seeds.len());
        let mut next = seeds.iter().max().map_or(1, |last| last + 1);
        while seeds.len() < wanted {
            seeds.push(next);
            next += 1;
        }
        seeds
    }

    /// The range of each setting that is searched.
    pub(crate) fn ranges(&self) -> Result<BTreeMap<String, Range>, StudyError> {
        let Some(search) = &self.search else { return Ok(BTreeMap::new()) };
        let range = |(key, value): (String, Value)| match value.try_into() {
            Ok(range) => Ok((key, range)),
            Err(_) => Err(StudyError::Range(key)),
        };
        by_key(search.ranges.clone()).map(range).collect()
    }

    /// Sets what a study has even if nobody says so; a baseline that was named stays.
    fn fill_in(&mut self, names_baseline: bool) {
        let given = |base: &Table, section: &str, key: &str| {
            base.get(section).and_then(|section| section.get(key)).cloned()
        };
        let gates = self.grid.remove("model.gates").unwrap_or_default();
        if !gates.is_empty() {
            self.grid.entry(VARIANT.into()).or_default().extend(gates);
        }
        if !self.grid.contains_key(VARIANT) {
            let named = given(&self.base, "model", "variant").or(given(&self.base, "model", "gates"));
            let variants = match named {
                Some(variant) => vec![variant],
                None => VARIANTS.map(|name| Value::String(name.to_owned())).to_vec(),
            };
            self.grid.insert(VARIANT.into(), variants);
        }
        if !self.grid.contains_key(SEED) {
            let seed = given(&self.base, "run", "seed").unwrap_or(Value::Integer(1));
            self.grid.insert(SEED.into(), vec![seed]);
        }
        if !names_baseline
            && !self.variants().contains(&self.compare.baseline)
            && let Some(first) = self.variants().first()
        {
            self.compare.baseline = first.clone();
        }
        // Trials run side by side: one thread each does more work in all than several threads for one.
        let run = self.base.entry("run").or_insert_with(|| Value::Table(Table::new()));
        if let Some(run) = run.as_table_mut() {
            run.entry("threads").or_insert(Value::Integer(1));
        }
        if self.compare.protocol == Protocol::Published {
            let data = self.base.entry("data").or_insert_with(|| Value::Table(Table::new()));
            if let Some(data) = data.as_table_mut() {
                data.entry("validation").or_insert(Value::String("test".into()));
            }
        }
    }
}

fn flat(grid: Table) -> Result<BTreeMap<String, Vec<Value>>, StudyError> {
    let values = |(key, value)| match value {
        Value::Array(values) => Ok((key, values)),
        _ => Err(StudyError::NoList(key)),
    };
    by_key(grid).map(values).collect()
}

fn part<T: for<'a> Deserialize<'a>>(section: &str, table: Table) -> Result<T, StudyError> {
    let known = |name: &str| reference::names(section).any(|known| known == name);
    if let Some(name) = table.keys().find(|name| !known(name)) {
        let nearest = nearest(name, reference::names(section)).map(|name| format!("{section}.{name}"));
        return Err(ConfigError::UnknownKey { key: format!("{section}.{name}"), nearest }.into());
    }
    T::deserialize(table.clone()).map_err(|error| {
        let error = error.to_string();
        // The parser says in a line of its own where it stopped.
        let place = error.lines().find_map(|line| line.trim().strip_prefix("in `")?.strip_suffix('`'));
        let key = place.map(|place| place.split('.').next().unwrap_or(place)).unwrap_or_default();
        match (table.get(key), reference::allowed(&format!("{section}.{key}"))) {
            (Some(value), Some(allowed)) => StudyError::NotAllowed {
                key: format!("{section}.{key}"),
                value: value.as_str().map_or_else(|| value.to_string(), str::to_owned),
                allowed,
            },
            _ => StudyError::Part {
                section: section.to_owned(),
                problem: error.lines().next().unwrap_or_default().to_owned(),
            },
        }
    })
}
