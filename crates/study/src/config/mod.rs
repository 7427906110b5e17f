//! The TOML form of a study: the settings of a run, those of them that are varied, and the comparison.

mod check;
mod comparison;
mod launch;
mod margin;
mod schema;
mod search;
mod seeds;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use slimgate_data::{DataConfig, Protocol, find, is_folder, whole_path};
use slimgate_run::{Backend, Config, ConfigError, RunError, by_key, table_with};
use slimgate_settings::SettingError;
use toml::{Table, Value};

use crate::StudyError;

pub use comparison::{Compare, Match, Resample, Sizes, Until};
pub use launch::Launch;
pub(crate) use launch::LauncherName;
pub use margin::Margin;
pub use schema::schema;
pub use search::{Prune, Range, Sampler, Search};

/// Everything that determines a study, checked as it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyConfig {
    /// The settings that all trials share, in a run's form.
    pub(crate) base: Table,
    /// Settings to cross, each with its values; see [`StudyConfig::variants`] for the variants.
    pub(crate) grid: BTreeMap<String, Vec<Value>>,
    /// Settings to search, besides.
    pub(crate) search: Option<Search>,
    /// The comparison: its baseline, and its criteria.
    pub(crate) compare: Compare,
    /// The price of machines, and how much they have to do.
    pub(crate) cost: Option<Prices>,
    /// The place where trials run; this machine without it.
    pub(crate) launch: Option<Launch>,
}

/// The price of machines, and how much they have to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Price of an hour of a machine like this one.
    #[schemars(range(min = 0.0))]
    pub price_per_hour: f64,
    /// Currency of the price.
    #[serde(default = "euro")]
    pub currency: String,
    /// Trainings per year.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub trainings_per_year: f64,
    /// Single predictions per year.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
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
/// The key of the seed that draws the validation set, and the test set where that is drawn.
pub(crate) const SPLIT: &str = "data.seed";
/// The key that says whether the test set is drawn; it follows from `compare.resample`.
pub(crate) const TEST: &str = "data.test";
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
        let in_file = |problem: StudyError| {
            // What the settings bring along is not in the file, and the parser names it itself.
            let told = problem.to_string();
            let alone = StudyConfig::read(name, text, &[]).err().map(|problem| problem.to_string());
            match alone == Some(told.clone()) && !told.contains(name) {
                true => StudyError::InFile { name: name.to_owned(), problem: Box::new(problem) },
                false => problem,
            }
        };
        let mut config = StudyConfig::read(name, text, settings).map_err(in_file)?;
        let compare = table_with(name, text, settings)?.remove("compare");
        let written = |key| compare.as_ref().is_some_and(|compare| compare.get(key).is_some());
        config.compare.widen &= written("widen");
        config.compare.reuse_seeds |= !written("reuse_seeds");
        if !written("resample") {
            config.compare.resample = Some(Resample::Nothing);
        }
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

    /// True if its trials are jobs of a scheduler, which go on without the process that submitted them.
    pub fn is_scheduled(&self) -> bool {
        self.launch.as_ref().is_some_and(|launch| launch.launcher == LauncherName::Slurm)
    }

    /// The way that its choices are made.
    pub fn protocol(&self) -> Protocol {
        self.compare.protocol
    }

    /// The CPU threads of each trial; 0 for all cores.
    pub fn threads(&self) -> usize {
        let threads = self.shared("run.threads").and_then(Value::as_integer);
        threads.map_or(0, |threads| threads as usize)
    }

    /// Names the file of published figures by its whole path: the study's file names it from its own folder, `home`.
    ///
    /// # Errors
    ///
    /// If the current folder is not there any more.
    pub fn find_published(&mut self, home: &Path) -> Result<(), StudyError> {
        let Some(published) = &mut self.compare.published else { return Ok(()) };
        let file = home.join(&published.file);
        let whole = std::path::absolute(&file).map_err(RunError::file("find", &file))?;
        published.file = whole.display().to_string();
        Ok(())
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

    /// True if the study varies a setting.
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
        let given = self.base.get("data").cloned().unwrap_or_else(|| Value::Table(Table::new()));
        let data: DataConfig = given.try_into().unwrap_or_default();
        find(&DataConfig { dataset: place.to_owned(), ..data })?;
        self.compare.folders.extend(whole_path(place).map(|place| (dataset.clone(), place)));
        Ok(true)
    }

    /// The settings of a trial's data, with its folder where that lies now.
    pub(crate) fn data_in_place(&self, data: &DataConfig) -> DataConfig {
        let dataset = self.place_of(&data.dataset).unwrap_or(&data.dataset).to_owned();
        DataConfig { dataset, ..data.clone() }
    }

    /// A trial's settings, with the folder of its data where that lies now.
    pub(crate) fn in_place(&self, trial: &Config) -> Result<Config, ConfigError> {
        trial.changed(|trial| trial.data = self.data_in_place(&trial.data))
    }

    /// Parameters in the recurrent layers of a trial's model, which depend on the channels of its data.
    pub(crate) fn recurrent_parameters(&self, trial: &Config) -> Result<usize, StudyError> {
        Ok(slimgate_run::recurrent_parameters(&self.in_place(trial)?)?)
    }

    /// The place of a folder of the user's own, if its name does not lead there from here.
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

/// Reads a section whose keys and values are all of its own.
fn part<T: for<'a> Deserialize<'a>>(section: &str, table: Table) -> Result<T, StudyError> {
    let known = schema::settings_in(section);
    let keys = table.keys().map(|name| format!("{section}.{name}"));
    if let Some(key) = keys.into_iter().find(|key| !known.iter().any(|setting| setting.key == *key)) {
        return Err(ConfigError::from(SettingError::unknown_key(&key, &known)).into());
    }
    let whole = Table::from_iter([(section.to_owned(), Value::Table(table.clone()))]);
    slimgate_settings::check(&known, &whole).map_err(ConfigError::from)?;
    T::deserialize(table.clone()).map_err(|error| {
        let error = error.to_string();
        // The parser says in a line of its own where it stopped.
        let place = error.lines().find_map(|line| line.trim().strip_prefix("in `")?.strip_suffix('`'));
        let name = place.map(|place| place.split('.').next().unwrap_or(place)).unwrap_or_default();
        let key = format!("{section}.{name}");
        match (table.get(name), known.iter().find(|setting| setting.key == key)) {
            (Some(value), Some(setting)) => ConfigError::from(setting.refusal(value)).into(),
            _ => StudyError::Part {
                section: section.to_owned(),
                problem: error.lines().next().unwrap_or_default().to_owned(),
            },
        }
    })
}
