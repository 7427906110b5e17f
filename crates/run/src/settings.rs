//! From the settings that the user wrote to a configuration that can be run.

use std::ops::Deref;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use slimgate_data::{Modality, Task, find, is_folder};
use slimgate_gates::{Cell, name_of, variant};
use slimgate_settings::{Setting, SettingError, check, schema_of, settings_of};
use toml::{Table, Value};

use crate::config::DEFAULT_CELL;
use crate::words::list;
use crate::{
    AlarmConfig, Backend, ConfigError, Loss, ModelConfig, Optimizer, Schedule, WrittenConfig, by_key,
    table_with,
};

/// The settings of a run that can be run: they were checked, and their cell is known. They are read as the fields of a
/// [`WrittenConfig`]; whoever changes one gets another configuration, checked again.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Config {
    written: WrittenConfig,
    #[serde(skip)]
    cell: Cell,
}

impl Deref for Config {
    type Target = WrittenConfig;

    fn deref(&self) -> &WrittenConfig {
        &self.written
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::new(Table::new()).expect("the defaults can be run")
    }
}

impl Config {
    /// Reads a configuration from TOML text called `name`, overridden by settings `section.key=value`.
    ///
    /// # Errors
    ///
    /// If the text is not TOML, a key is unknown, or a value is not one that the setting can have.
    pub fn read(name: &str, text: &str, settings: &[(String, Value)]) -> Result<Config, ConfigError> {
        Config::new(table_with(name, text, settings)?)
    }

    /// The same with some settings changed.
    ///
    /// # Errors
    ///
    /// If that cannot be run.
    pub fn changed(&self, change: impl FnOnce(&mut WrittenConfig)) -> Result<Config, ConfigError> {
        let mut written = self.written.clone();
        change(&mut written);
        Config::new(Table::try_from(written).map_err(|error| ConfigError::Type(error.to_string()))?)
    }

    /// The one way from settings that are written to settings that can be run.
    fn new(table: Table) -> Result<Config, ConfigError> {
        refuse_unknown(&table)?;
        check(Config::settings(), &table)?;
        let written = WrittenConfig::deserialize(table)
            .map_err(|error| ConfigError::Type(error.to_string().trim_end().to_owned()))?;
        written.data.check()?;
        let cell = cell(&written.model)?;
        check_together(&written)?;
        Ok(Config { written, cell })
    }

    /// The cell that is named or described.
    pub fn cell(&self) -> Cell {
        self.cell
    }

    /// The cell's name, or its gate terms where it has none.
    pub fn cell_name(&self) -> String {
        name_of(&self.cell).map_or_else(|| self.cell.to_string(), str::to_owned)
    }

    /// Every setting with its meaning, default and allowed values, in the order of a configuration.
    pub fn settings() -> &'static [Setting] {
        // A study resolves thousands of configurations.
        static SETTINGS: LazyLock<Vec<Setting>> =
            LazyLock::new(|| settings_of(schema_of::<WrittenConfig>().as_value()));
        &SETTINGS
    }

    /// The setting of a key, if there is one.
    pub fn setting(key: &str) -> Option<&'static Setting> {
        Config::settings().iter().find(|setting| setting.key == key)
    }

    /// The settings that are given and change nothing beside the other ones, each with the reason.
    pub fn without_effect(&self) -> Vec<String> {
        let WrittenConfig { data, model, optim, run, .. } = &self.written;
        let adaptive = matches!(optim.optimizer, Optimizer::Adam | Optimizer::AdamW);
        let entry = find(data).ok();
        let modality = entry.as_ref().map(|entry| &entry.modality);
        let no_images = modality.is_some_and(|modality| !matches!(modality, Modality::Image { .. }));
        let windowed = [data.context, data.horizon, data.stride, data.season].iter().any(Option::is_some)
            || data.backtest.is_some();
        let no_text = modality.is_some_and(|modality| *modality != Modality::Text);
        let task = entry.as_ref().map_or_else(|| data.task.unwrap_or_default(), |entry| entry.recipe.task);
        let loss = optim.loss.unwrap_or(Loss::of_task(task));
        let is_pair = entry.as_ref().is_some_and(|entry| !entry.is_divided());
        let idle = [
            (
                optim.class_weights.is_some() && !matches!(task, Task::Classification | Task::Labelling),
                "`optim.class_weights` applies only to classes",
            ),
            (
                model.dropout > 0.0 && model.layers == 1,
                "`model.dropout` acts between layers, and there is one",
            ),
            (
                optim.early_stopping.is_none() && optim.early_stopping_on.is_some(),
                "`optim.early_stopping_on` applies only with `optim.early_stopping`",
            ),
            (optim.momentum.is_some() && adaptive, "`optim.momentum` applies only to `rmsprop` and `sgd`"),
            (
                optim.first_epoch_rate.is_some() && optim.schedule != Schedule::ExpLoss,
                "`optim.first_epoch_rate` applies only to the schedule `exp-loss`",
            ),
            (data.standardize.is_some() && no_images, "`data.standardize` applies only to images"),
            (data.tokens.is_some() && no_text, "`data.tokens` applies only to text"),
            (
                windowed && task != Task::Forecast,
                "`data.context`, `data.horizon`, `data.stride`, `data.season` and `data.backtest` apply only to forecasts",
            ),
            (
                data.targets.is_some() && !matches!(task, Task::Forecast | Task::Regression),
                "`data.targets` applies only to forecasts and to numbers of series",
            ),
            (
                data.test_fraction.is_some() && is_pair,
                "`data.test_fraction` applies only to your own data without a test part",
            ),
            (
                !data.columns.is_default() && !is_folder(&data.dataset),
                "`data.columns` applies only to your own tables",
            ),
            (
                model.embedding_initializer.is_some() && no_text,
                "`model.embedding_initializer` applies only to text",
            ),
            (
                run.calibrate.is_some() && loss != Loss::Pinball,
                "`run.calibrate` applies only to forecasts with the loss `pinball`",
            ),
            (model.embedding_dropout.is_some() && no_text, "`model.embedding_dropout` applies only to text"),
        ];
        let reasons = idle.into_iter().filter(|(idle, _)| *idle);
        reasons.map(|(_, reason)| format!("a setting has no effect: {reason}")).collect()
    }
}

impl WrittenConfig {
    /// The values of the settings that have one, by key.
    pub(crate) fn values(&self) -> impl Iterator<Item = (String, Value)> {
        by_key(Table::try_from(self).expect("a configuration is a table"))
    }

    /// The question that the data is asked, where that is known without reading the user's own; a name that there is not
    /// is refused elsewhere.
    fn known_task(&self) -> Option<Task> {
        let data = &self.data;
        let of_set = || if is_folder(&data.dataset) { None } else { find(data).ok() };
        data.task.or_else(|| of_set().map(|entry| entry.recipe.task))
    }

    /// Checks that what it says of the loss and of alarms suits a task.
    ///
    /// # Errors
    ///
    /// If the loss is one of other tasks, or the task has no classes one of which could be an alarm.
    pub fn check_task(&self, task: Task) -> Result<(), ConfigError> {
        if let Some(class) = &self.alarm.class {
            let has_classes = matches!(task, Task::Classification | Task::Labelling);
            holds("alarm.class", class, has_classes, "the task has no classes; take [alarm] out")?;
        }
        match self.optim.loss {
            Some(loss) => holds("optim.loss", by_name(loss), loss.suits(task), Loss::suiting(task)),
            None => Ok(()),
        }
    }

    /// Checks that the class that is an alarm is one of the data, whose classes these are.
    ///
    /// # Errors
    ///
    /// If it is not.
    pub fn check_alarm_class(&self, classes: &[String]) -> Result<(), ConfigError> {
        match &self.alarm.class {
            Some(class) if !classes.contains(class) => {
                Err(ConfigError::AlarmClass { class: class.clone(), classes: list(classes) })
            }
            _ => Ok(()),
        }
    }

    /// Checks that the threshold of alarms can be chosen in just one way.
    fn check_alarm(&self) -> Result<(), ConfigError> {
        let AlarmConfig { class, miss_cost, false_alarm_cost, false_alarm_rate } = &self.alarm;
        let given = [
            ("alarm.miss_cost", *miss_cost),
            ("alarm.false_alarm_cost", *false_alarm_cost),
            ("alarm.false_alarm_rate", *false_alarm_rate),
        ];
        let given: Vec<(&str, f64)> =
            given.iter().filter_map(|(key, value)| Some((*key, (*value)?))).collect();
        match (class, &given[..]) {
            (None, []) => Ok(()),
            (None, [(key, value), ..]) => {
                holds(key, value, false, "it needs `alarm.class`, the class that is an alarm")
            }
            (Some(class), []) => holds(
                "alarm.class",
                class,
                false,
                "it needs `alarm.miss_cost` and `alarm.false_alarm_cost`, or `alarm.false_alarm_rate`, by which the \
                 threshold is chosen",
            ),
            (Some(_), [(key, value)]) if false_alarm_rate.is_none() => holds(
                key,
                value,
                false,
                "the costs are given together, `alarm.miss_cost` and `alarm.false_alarm_cost`",
            ),
            (Some(_), [.., (key, value)]) if false_alarm_rate.is_some() && given.len() > 1 => holds(
                key,
                value,
                false,
                "the threshold is chosen by costs or by a rate; take one of them out",
            ),
            (Some(_), _) => Ok(()),
        }
    }
}

/// The cell that is named or described; the default where neither is given.
fn cell(model: &ModelConfig) -> Result<Cell, ConfigError> {
    match (&model.variant, &model.gates) {
        (Some(_), Some(_)) => Err(ConfigError::TwoCells),
        (None, Some(form)) => Ok(form.parse()?),
        (name, None) => Ok(variant(name.as_deref().unwrap_or(DEFAULT_CELL))?.cell()),
    }
}

/// Refuses what no run can use though each value by itself is one that its setting can have.
fn check_together(written: &WrittenConfig) -> Result<(), ConfigError> {
    let WrittenConfig { optim, run, .. } = written;
    written.check_alarm()?;
    if let Some(task) = written.known_task() {
        written.check_task(task)?;
    }
    let rises = optim.schedule == Schedule::Cosine && optim.final_learning_rate > optim.learning_rate;
    holds(
        "optim.final_learning_rate",
        optim.final_learning_rate,
        !rises,
        "must be at most `optim.learning_rate` with the schedule `cosine`",
    )?;
    if let Some(name) = &run.name {
        let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
        holds(
            "run.name",
            name,
            plain,
            "must be the name of a folder, without `/`; where the folder is put is `run.out`",
        )?;
    }
    Ok(())
}

/// The name of a choice, as its setting takes it.
fn by_name(choice: impl Serialize) -> String {
    Value::try_from(choice).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
}

fn holds(key: &str, value: impl ToString, usable: bool, remedy: &'static str) -> Result<(), ConfigError> {
    if usable {
        Ok(())
    } else {
        Err(ConfigError::Value { key: key.to_owned(), value: value.to_string(), remedy })
    }
}

impl ConfigError {
    /// Of a key that no setting has, with the nearest one that there is.
    pub fn unknown_key(key: &str) -> ConfigError {
        SettingError::unknown_key(key, Config::settings()).into()
    }
}

/// Sections that a study has and a run has not.
const STUDY: [&str; 4] = ["grid", "search", "compare", "cost"];

fn refuse_unknown(table: &Table) -> Result<(), ConfigError> {
    for (section, value) in table {
        if STUDY.contains(&section.as_str()) {
            return Err(ConfigError::Study { section: section.clone() });
        }
        let keys = match value {
            Value::Table(keys) => keys.keys().map(|key| format!("{section}.{key}")).collect(),
            _ => vec![section.clone()],
        };
        if let Some(key) = keys.into_iter().find(|key| Config::setting(key).is_none()) {
            return Err(ConfigError::unknown_key(&key));
        }
    }
    Ok(())
}

impl Backend {
    /// The backend of that name.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn named(name: &str) -> Result<Backend, ConfigError> {
        let name = Value::String(name.to_owned());
        Config::setting("run.backend").expect("it is a setting").check(&name)?;
        Ok(name.try_into().expect("its choices are the backends"))
    }
}

#[cfg(test)]
mod tests;
