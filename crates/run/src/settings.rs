//! From what the user wrote to a configuration that can be run.

use std::sync::LazyLock;

use serde::Deserialize;
use slimgate_data::{Modality, Standardize, Task, TokenRule, find, is_folder};
use slimgate_gates::EmbeddingInitializer;
use toml::{Table, Value};

use crate::{
    Backend, ClassWeights, Config, ConfigError, EarlyStoppingOn, Loss, ModelConfig, OptimConfig, Optimizer,
    RunConfig, Schedule, by_key, table_with,
};

impl Config {
    /// Reads a configuration from TOML text called `name`, overridden by settings `section.key=value`.
    ///
    /// # Errors
    ///
    /// If the text is not TOML, a key is unknown, or a value is not one that the setting can have.
    pub fn read(name: &str, text: &str, settings: &[(String, Value)]) -> Result<Config, ConfigError> {
        let table = table_with(name, text, settings)?;
        refuse_unknown(&table)?;
        refuse_unusable_values(&table)?;
        refuse_unknown_choices(&table)?;
        let config = Config::deserialize(table)
            .map_err(|error| ConfigError::Type(error.to_string().trim_end().to_owned()))?;
        config.check()?;
        Ok(config)
    }

    /// Every setting there is, as `section.key`.
    pub fn keys() -> Vec<String> {
        Config::examples().iter().map(|(key, _)| key.clone()).collect()
    }

    /// Every setting there is, with a value of its type.
    pub(crate) fn examples() -> &'static [(String, Value)] {
        // A study resolves thousands of configurations.
        static EXAMPLES: LazyLock<Vec<(String, Value)>> = LazyLock::new(Config::make_examples);
        &EXAMPLES
    }

    fn make_examples() -> Vec<(String, Value)> {
        let everything = Config {
            data: slimgate_data::DataConfig {
                train_limit: Some(1),
                max_length: Some(1),
                standardize: Some(Standardize::Together),
                tokens: Some(TokenRule::Words),
                task: Some(Task::Classification),
                context: Some(1),
                horizon: Some(1),
                stride: Some(1),
                season: Some(1),
                targets: Some(vec![String::new()]),
                ..Default::default()
            },
            model: ModelConfig {
                variant: Some(String::new()),
                gates: Some(String::new()),
                embedding_initializer: Some(EmbeddingInitializer::Normal),
                embedding_dropout: Some(0.0),
                cell_clip: Some(1.0),
                ..Default::default()
            },
            optim: OptimConfig {
                first_epoch_rate: Some(1.0),
                epoch_steps: Some(1),
                early_stopping: Some(1),
                early_stopping_on: Some(EarlyStoppingOn::Progress),
                momentum: Some(0.0),
                loss: Some(Loss::Squared),
                class_weights: Some(ClassWeights::Balanced),
                ..Default::default()
            },
            run: RunConfig { name: Some(String::new()), metric: Some(String::new()), ..Default::default() },
        };
        everything.values()
    }

    /// The values of the settings that have one, by key.
    pub(crate) fn values(self) -> Vec<(String, Value)> {
        by_key(Table::try_from(self).expect("a configuration is a table")).collect()
    }

    /// What is set and changes nothing beside the other settings, each with the reason.
    pub fn without_effect(&self) -> Vec<String> {
        let Config { data, model, optim, .. } = self;
        let adaptive = matches!(optim.optimizer, Optimizer::Adam | Optimizer::AdamW);
        let entry = find(&data.dataset).ok();
        let modality = entry.as_ref().map(|entry| &entry.modality);
        let no_images = modality.is_some_and(|modality| !matches!(modality, Modality::Image { .. }));
        let windowed = [data.context, data.horizon, data.stride, data.season].iter().any(Option::is_some);
        let no_text = modality.is_some_and(|modality| *modality != Modality::Text);
        let task = self.task();
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
                (windowed || data.targets.is_some()) && task != Task::Forecast,
                "`data.context`, `data.horizon`, `data.stride`, `data.season` and `data.targets` apply only to forecasts",
            ),
            (
                model.embedding_initializer.is_some() && no_text,
                "`model.embedding_initializer` applies only to text",
            ),
            (model.embedding_dropout.is_some() && no_text, "`model.embedding_dropout` applies only to text"),
        ];
        let reasons = idle.into_iter().filter(|(idle, _)| *idle);
        reasons.map(|(_, reason)| format!("a setting has no effect: {reason}")).collect()
    }

    /// The question that the data is asked. A folder of the user's holds sequences with their classes; a name that there
    /// is not is refused elsewhere.
    pub fn task(&self) -> Task {
        let data = &self.data;
        let of_set = || if is_folder(&data.dataset) { None } else { find(&data.dataset).ok() };
        data.task.or_else(|| of_set().map(|entry| entry.recipe.task)).unwrap_or_default()
    }

    /// Refuses what no run can use though each value by itself is one that its setting can have.
    fn check(&self) -> Result<(), ConfigError> {
        let Config { data, model, optim, run } = self;
        data.check()?;
        let task = self.task();
        if let Some(loss) = optim.loss.filter(|loss| !loss.suits(task)) {
            let remedy = match task {
                Task::Classification | Task::Labelling => "classes are learned with `cross-entropy`",
                Task::Regression => "numbers are learned with `squared`, `absolute` or `huber`",
                Task::Forecast => "forecasts are learned with `pinball`, `squared`, `absolute` or `huber`",
            };
            let value = by_name(loss);
            return Err(ConfigError::Value { key: "optim.loss".to_owned(), value, remedy });
        }
        model.cell()?;
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
}

impl ConfigError {
    /// Of a key that no setting has, with the nearest one that there is.
    pub fn unknown_key(key: &str) -> ConfigError {
        ConfigError::UnknownKey { key: key.to_owned(), nearest: nearest_key(key) }
    }
}

/// Sections that a study has and a run has not.
const STUDY: [&str; 4] = ["grid", "search", "compare", "cost"];

fn refuse_unknown(table: &Table) -> Result<(), ConfigError> {
    let known = Config::keys();
    for (section, value) in table {
        if STUDY.contains(&section.as_str()) {
            return Err(ConfigError::Study { section: section.clone() });
        }
        let keys = match value {
            Value::Table(keys) => keys.keys().map(|key| format!("{section}.{key}")).collect(),
            _ => vec![section.clone()],
        };
        if let Some(key) = keys.into_iter().find(|key| !known.contains(key)) {
            return Err(ConfigError::unknown_key(&key));
        }
    }
    Ok(())
}

/// The whole numbers that may be 0; any other counts something of which there must be one.
const FROM_ZERO: [&str; 4] = ["data.seed", "run.device", "run.seed", "run.threads"];

/// The name of a choice, as its setting takes it.
fn by_name(choice: impl serde::Serialize) -> String {
    Value::try_from(choice).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
}

/// Whole numbers that a slip of the finger makes too large for any machine, and the largest that they may be.
const AT_MOST: [(&str, i64, &str); 12] = [
    ("data.max_length", 100_000, "must be a whole number from 1 to 100000"),
    ("data.context", 100_000, "must be a whole number from 1 to 100000"),
    ("data.horizon", 100_000, "must be a whole number from 1 to 100000"),
    ("data.vocabulary", 10_000_000, "must be a whole number from 1 to 10000000"),
    ("optim.batch_size", 65_536, "must be a whole number from 1 to 65536"),
    ("optim.epoch_steps", 1_000_000, "must be a whole number from 1 to 1000000"),
    ("model.hidden", 16_384, "must be a whole number from 1 to 16384"),
    ("model.embedding", 16_384, "must be a whole number from 1 to 16384"),
    ("model.layers", 64, "must be a whole number from 1 to 64"),
    ("run.threads", 1_024, "must be a whole number from 0 to 1024"),
    // A configuration's whole numbers end there.
    ("data.seed", i64::MAX, "must be a whole number from 0 to 9223372036854775807"),
    ("run.seed", i64::MAX, "must be a whole number from 0 to 9223372036854775807"),
];

/// What a number must be: the settings, the condition, and the condition in words. `data.validation_fraction` is
/// checked with the other settings of the data.
type Bound = (&'static [&'static str], fn(f64) -> bool, &'static str);
static BOUNDS: [Bound; 6] = [
    (
        &[
            "model.embedding_dropout",
            "model.dropout",
            "model.input_dropout",
            "model.recurrent_dropout",
            "optim.momentum",
        ],
        |fraction| (0.0..1.0).contains(&fraction),
        "must be at least 0 and below 1",
    ),
    (
        &["optim.learning_rate", "optim.max_learning_rate", "optim.first_epoch_rate", "optim.gamma"],
        |rate| rate > 0.0 && rate <= 1.0,
        "must be above 0 and at most 1",
    ),
    (&["optim.final_learning_rate"], |rate| (0.0..=1.0).contains(&rate), "must be from 0 to 1"),
    (
        &["optim.clip", "optim.weight_decay"],
        |amount| amount >= 0.0 && amount.is_finite(),
        "must be a number from 0",
    ),
    // They are computed with in single precision.
    (
        &["model.cell_clip", "optim.epsilon"],
        |amount| amount > 0.0 && (amount as f32).is_finite(),
        "must be a number above 0",
    ),
    (&["model.forget_bias"], |bias| bias.is_finite(), "must be a finite number"),
];

fn bound(key: &str) -> Option<&'static Bound> {
    BOUNDS.iter().find(|(keys, ..)| keys.contains(&key))
}

/// What the value of a setting must be, of which `example` is one.
fn requirement(key: &str, example: &Value) -> &'static str {
    match example {
        Value::Integer(_) => match AT_MOST.iter().find(|(name, ..)| *name == key) {
            Some((.., requirement)) => requirement,
            None if FROM_ZERO.contains(&key) => "must be a whole number from 0",
            None => "must be a whole number from 1",
        },
        Value::Float(_) => bound(key).map_or("must be a number", |(.., requirement)| *requirement),
        Value::Boolean(_) => "must be `true` or `false`",
        Value::Array(_) => "must be a list of names, such as [\"pressure\"]",
        _ => "must be text",
    }
}

/// Whether a setting can have a value, where `example` is one that it can have.
fn is_usable(key: &str, example: &Value, value: &Value) -> bool {
    match example {
        Value::Integer(_) => {
            let least = if FROM_ZERO.contains(&key) { 0 } else { 1 };
            let most = AT_MOST.iter().find(|(name, ..)| *name == key).map_or(i64::MAX, |(_, most, _)| *most);
            value.as_integer().is_some_and(|number| (least..=most).contains(&number))
        }
        Value::Float(_) => {
            let number = value.as_float().or(value.as_integer().map(|number| number as f64));
            number.is_some_and(|number| bound(key).is_none_or(|(_, condition, _)| condition(number)))
        }
        Value::Boolean(_) => value.is_bool(),
        Value::Array(_) => value.as_array().is_some_and(|names| names.iter().all(Value::is_str)),
        _ => value.is_str(),
    }
}

/// The values that a setting takes, of which `example` is one, in words.
pub(crate) fn allowed(key: &str, example: &Value) -> String {
    if let Some((_, choices)) = CHOICES.iter().find(|(name, _)| *name == key) {
        return choices.join(", ");
    }
    let requirement = requirement(key, example);
    requirement.strip_prefix("must be ").unwrap_or(requirement).to_owned()
}

fn refuse_unusable_values(table: &Table) -> Result<(), ConfigError> {
    for (key, example) in Config::examples() {
        let (section, name) = key.split_once('.').expect("a key has a section");
        let Some(value) = table.get(section).and_then(|keys| keys.get(name)) else { continue };
        let usable = is_usable(key, example, value);
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        holds(key, value, usable, requirement(key, example))?;
    }
    Ok(())
}

/// The settings with a few choices, and the choices.
const CHOICES: [(&str, &[&str]); 16] = [
    ("data.keep", &["start", "end"]),
    ("data.pad", &["none", "start", "end"]),
    ("run.backend", &["flex", "ndarray", "wgpu", "cuda"]),
    ("data.validation", &["held-out", "test"]),
    ("data.standardize", &["together", "each-pixel"]),
    ("data.tokens", &["words", "characters", "alphanumeric"]),
    ("data.task", &["classification", "labelling", "regression", "forecast"]),
    ("optim.optimizer", &["rmsprop", "adam", "adamw", "sgd"]),
    ("optim.loss", &["cross-entropy", "squared", "absolute", "huber", "pinball"]),
    ("optim.class_weights", &["balanced"]),
    ("optim.early_stopping_on", &["best", "progress"]),
    ("optim.schedule", &["constant", "linear", "cosine", "exponential", "step", "noam", "exp-loss"]),
    ("model.gate_activation", &["logistic", "hard-sigmoid"]),
    ("model.embedding_initializer", &["normal", "uniform"]),
    ("model.input_initializer", INITIALIZERS),
    ("model.recurrent_initializer", INITIALIZERS),
];
const INITIALIZERS: &[&str] = &["glorot", "orthogonal", "uniform"];

fn refuse_unknown_choices(table: &Table) -> Result<(), ConfigError> {
    for (key, choices) in CHOICES {
        let (section, name) = key.split_once('.').expect("a key has a section");
        let value = table.get(section).and_then(|keys| keys.get(name)).and_then(Value::as_str);
        if let Some(value) = value.filter(|value| !choices.contains(value)) {
            return Err(unknown_choice(key, value, choices));
        }
    }
    Ok(())
}

fn unknown_choice(key: &'static str, value: &str, choices: &[&'static str]) -> ConfigError {
    ConfigError::Choice {
        key,
        value: value.to_owned(),
        nearest: nearest(value, choices.iter().copied()),
        choices: choices.join(", "),
    }
}

impl Backend {
    /// The backend of that name.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn named(name: &str) -> Result<Backend, ConfigError> {
        let (key, choices) =
            CHOICES.into_iter().find(|(key, _)| *key == "run.backend").expect("it has choices");
        let known = Backend::ALL.iter().find(|backend| backend.name() == name);
        known.copied().ok_or_else(|| unknown_choice(key, name, choices))
    }
}

/// The most similar of some words, if one is similar enough to have been meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let similar = known.into_iter().map(|known| (strsim::jaro_winkler(word, known), known));
    let similar = similar.filter(|&(similarity, _)| similarity > SIMILAR);
    similar.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

/// The least similarity of words of which one may be a slip for the other.
const SIMILAR: f64 = 0.75;

/// The most similar known key; a key without its section is looked for in every section.
fn nearest_key(key: &str) -> Option<String> {
    let wanted = key.rsplit('.').next().unwrap_or(key);
    Config::keys()
        .into_iter()
        .map(|known| {
            let name = known.split_once('.').map_or(known.as_str(), |(_, name)| name);
            // Many know `learning_rate` as `lr`.
            let initials: String = name.split('_').filter_map(|word| word.chars().next()).collect();
            let similarity = if wanted == initials { 1.0 } else { strsim::jaro_winkler(wanted, name) };
            // The section only decides between names: whole keys are alike already where they share it.
            (similarity, strsim::jaro_winkler(key, &known), known)
        })
        .filter(|&(similarity, ..)| similarity > SIMILAR)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)))
        .map(|(.., known)| known)
}

fn holds(key: &str, value: impl ToString, usable: bool, remedy: &'static str) -> Result<(), ConfigError> {
    if usable {
        Ok(())
    } else {
        Err(ConfigError::Value { key: key.to_owned(), value: value.to_string(), remedy })
    }
}

#[cfg(test)]
mod tests;
