//! From what the user wrote to a configuration that can be run.

use std::sync::LazyLock;

use serde::Deserialize;
use slimgate_data::Standardize;
use slimgate_models::EmbeddingInitializer;
use toml::{Table, Value};

use crate::{Backend, Config, ConfigError, ModelConfig, OptimConfig, Optimizer, RunConfig, Schedule};

impl Config {
    /// Reads a configuration from TOML text called `name`, with settings `section.key=value` laid over it.
    ///
    /// # Errors
    ///
    /// If the text is not TOML, a key is unknown, or a value is not one that the setting can have.
    pub fn read(name: &str, text: &str, settings: &[(String, Value)]) -> Result<Config, ConfigError> {
        let table = table_with(name, text, settings)?;
        refuse_unknown(&table)?;
        refuse_wrong_types(&table)?;
        refuse_unknown_words(&table)?;
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
    fn examples() -> &'static [(String, Value)] {
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
                early_stopping: Some(1),
                momentum: Some(0.0),
                ..Default::default()
            },
            run: RunConfig { name: Some(String::new()), ..Default::default() },
        };
        let table = Table::try_from(everything).expect("a configuration is a table");
        let section = |(section, settings): (String, Value)| {
            let settings: Table = settings.try_into().expect("a configuration has sections");
            settings.into_iter().map(move |(key, value)| (format!("{section}.{key}"), value))
        };
        table.into_iter().flat_map(section).collect()
    }

    /// What is set and changes nothing beside the other settings, each with the reason.
    pub(crate) fn without_effect(&self) -> Vec<String> {
        let Config { model, optim, .. } = self;
        let adaptive = matches!(optim.optimizer, Optimizer::Adam | Optimizer::AdamW);
        let idle = [
            (
                model.dropout > 0.0 && model.layers == 1,
                "`model.dropout` acts between layers, and there is one",
            ),
            (optim.momentum.is_some() && adaptive, "`optim.momentum` is of `rmsprop` and `sgd`"),
            (
                optim.first_epoch_rate.is_some() && optim.schedule != Schedule::ExpLoss,
                "`optim.first_epoch_rate` is of the schedule `exp-loss`",
            ),
        ];
        let reasons = idle.into_iter().filter(|(idle, _)| *idle);
        reasons.map(|(_, reason)| format!("a setting has no effect: {reason}")).collect()
    }

    /// Refuses values that no run can use.
    fn check(&self) -> Result<(), ConfigError> {
        let Config { model, optim, run, .. } = self;
        model.cell()?;
        let share = |key, value: f64| {
            holds(key, value, (0.0..1.0).contains(&value), "it is a share from 0 to below 1")
        };
        let rate = |key, value: f64| {
            holds(key, value, value > 0.0 && value <= 1.0, "a rate lies above 0 and is at most 1")
        };
        let floor = |key, value: f64| {
            holds(key, value, (0.0..=1.0).contains(&value), "a rate to end at lies from 0 to 1")
        };
        let amount =
            |key, value: f64| holds(key, value, value >= 0.0 && value.is_finite(), "it is a number from 0");

        share("model.embedding_dropout", model.embedding_dropout.unwrap_or(0.0))?;
        share("model.dropout", model.dropout)?;
        share("model.input_dropout", model.input_dropout)?;
        share("model.recurrent_dropout", model.recurrent_dropout)?;
        holds(
            "model.forget_bias",
            model.forget_bias,
            model.forget_bias.is_finite(),
            "it is a finite number",
        )?;
        if let Some(clip) = model.cell_clip {
            holds("model.cell_clip", clip, clip > 0.0 && clip.is_finite(), "it is a number above 0")?;
        }
        rate("optim.learning_rate", optim.learning_rate)?;
        rate("optim.max_learning_rate", optim.max_learning_rate)?;
        rate("optim.gamma", optim.gamma)?;
        floor("optim.final_learning_rate", optim.final_learning_rate)?;
        let falls = optim.schedule != Schedule::Cosine || optim.final_learning_rate <= optim.learning_rate;
        holds(
            "optim.final_learning_rate",
            optim.final_learning_rate,
            falls,
            "`cosine` ends at or below `optim.learning_rate`",
        )?;
        if let Some(first) = optim.first_epoch_rate {
            rate("optim.first_epoch_rate", first)?;
        }
        amount("optim.clip", optim.clip)?;
        amount("optim.weight_decay", optim.weight_decay)?;
        holds(
            "optim.epsilon",
            optim.epsilon,
            optim.epsilon > 0.0 && optim.epsilon.is_finite(),
            "it is a number above 0",
        )?;
        share("optim.momentum", optim.momentum.unwrap_or(0.0))?;
        if let Some(name) = &run.name {
            let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
            holds(
                "run.name",
                name,
                plain,
                "a run's name is that of a folder, without `/`; its place is `run.out`",
            )?;
        }
        Ok(())
    }
}

impl ConfigError {
    /// Of a key that no setting has, with the nearest one that there is.
    pub fn unknown_key(key: &str) -> ConfigError {
        ConfigError::UnknownKey { key: key.to_owned(), nearest: nearest(key) }
    }
}

/// Reads `section.key=value`; a value that is not TOML is taken as text.
pub fn parse_setting(setting: &str) -> Result<(String, Value), ConfigError> {
    let (key, value) =
        setting.split_once('=').ok_or_else(|| ConfigError::NoAssignment(setting.to_owned()))?;
    let value = format!("value = {value}")
        .parse::<Table>()
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(value.to_owned()));
    Ok((key.trim().to_owned(), value))
}

/// The table of TOML text called `name`, with settings laid over it by their dotted keys.
///
/// # Errors
///
/// If the text is not TOML, or a key leads through something that is no table.
pub fn table_with(name: &str, text: &str, settings: &[(String, Value)]) -> Result<Table, ConfigError> {
    let mut table = text.parse::<Table>().map_err(|error| ConfigError::Syntax {
        name: name.to_owned(),
        problem: error.to_string().trim_end().to_owned(),
    })?;
    for section in ["", "grid."] {
        let names = ["model.variant", "model.gates"].map(|name| format!("{section}{name}"));
        if names.iter().all(|name| settings.iter().any(|(key, _)| key == name)) {
            return Err(ConfigError::TwoCells);
        }
    }
    for (key, value) in settings {
        lay_over(&mut table, key, value.clone()).ok_or_else(|| ConfigError::unknown_key(key))?;
        // A cell is given by its name or by its terms: the later word replaces the earlier one.
        if let Some(section) = key.strip_suffix("model.variant") {
            take_out(&mut table, &format!("{section}model.gates"));
        } else if let Some(section) = key.strip_suffix("model.gates") {
            take_out(&mut table, &format!("{section}model.variant"));
        }
    }
    Ok(table)
}

fn lay_over(table: &mut Table, key: &str, value: Value) -> Option<()> {
    // A quoted key of the text, such as `"optim.learning_rate"` in a study's grid, would stand beside this one.
    table.remove(key);
    let Some((section, name)) = key.split_once('.') else {
        table.insert(key.to_owned(), value);
        return Some(());
    };
    let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    lay_over(inner.as_table_mut()?, name, value)
}

/// Removes a dotted key, also where it is quoted as a whole.
fn take_out(table: &mut Table, key: &str) {
    table.remove(key);
    if let Some((section, name)) = key.split_once('.')
        && let Some(inner) = table.get_mut(section).and_then(Value::as_table_mut)
    {
        take_out(inner, name);
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

/// Whole numbers that a slip of the finger makes too large for any machine, and the largest that they may be.
const AT_MOST: [(&str, i64, &str); 9] = [
    ("data.max_length", 100_000, "it is a whole number from 1 to 100000"),
    ("data.vocabulary", 10_000_000, "it is a whole number from 1 to 10000000"),
    ("optim.batch_size", 65_536, "it is a whole number from 1 to 65536"),
    ("model.hidden", 16_384, "it is a whole number from 1 to 16384"),
    ("model.embedding", 16_384, "it is a whole number from 1 to 16384"),
    ("model.layers", 64, "it is a whole number from 1 to 64"),
    ("run.threads", 1_024, "it is a whole number from 0 to 1024"),
    // A configuration's whole numbers end there.
    ("data.seed", i64::MAX, "it is a whole number from 0 to 9223372036854775807"),
    ("run.seed", i64::MAX, "it is a whole number from 0 to 9223372036854775807"),
];

fn refuse_wrong_types(table: &Table) -> Result<(), ConfigError> {
    for (key, example) in Config::examples() {
        let (section, name) = key.split_once('.').expect("a key has a section");
        let Some(value) = table.get(section).and_then(|keys| keys.get(name)) else { continue };
        let from = |least| value.as_integer().is_some_and(|number| number >= least);
        let (usable, remedy) = match example {
            Value::Integer(_) if FROM_ZERO.contains(&key.as_str()) => {
                (from(0), "it is a whole number from 0")
            }
            Value::Integer(_) => (from(1), "it is a whole number from 1"),
            Value::Float(_) => (value.is_float() || value.is_integer(), "it is a number"),
            Value::Boolean(_) => (value.is_bool(), "it is `true` or `false`"),
            _ => (value.is_str(), "it is text"),
        };
        let (_, most, remedy) =
            AT_MOST.into_iter().find(|(name, ..)| *name == key).unwrap_or(("", i64::MAX, remedy));
        let too_large = value.as_integer().is_some_and(|number| number > most);
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        holds(key, value, usable && !too_large, remedy)?;
    }
    Ok(())
}

/// The settings that are one of a few words, and the words.
const WORDS: [(&str, &[&str]); 11] = [
    ("data.keep", &["start", "end"]),
    ("data.pad", &["none", "start", "end"]),
    (
        "run.backend",
        &[
            "flex",
            "ndarray",
            "wgpu",
            #[cfg(feature = "cuda")]
            "cuda",
        ],
    ),
    ("data.validation", &["held-out", "test"]),
    ("data.standardize", &["together", "each-pixel"]),
    ("optim.optimizer", &["rmsprop", "adam", "adamw", "sgd"]),
    ("optim.schedule", &["constant", "linear", "cosine", "exponential", "step", "noam", "exp-loss"]),
    ("model.gate_activation", &["logistic", "hard-sigmoid"]),
    ("model.embedding_initializer", &["normal", "uniform"]),
    ("model.input_initializer", INITIALIZERS),
    ("model.recurrent_initializer", INITIALIZERS),
];
const INITIALIZERS: &[&str] = &["glorot", "orthogonal", "uniform"];

fn refuse_unknown_words(table: &Table) -> Result<(), ConfigError> {
    for (key, words) in WORDS {
        let (section, name) = key.split_once('.').expect("a key has a section");
        let word = table.get(section).and_then(|keys| keys.get(name)).and_then(Value::as_str);
        if let Some(word) = word.filter(|word| !words.contains(word)) {
            return Err(unknown_word(key, word, words));
        }
    }
    Ok(())
}

fn unknown_word(key: &'static str, word: &str, words: &[&'static str]) -> ConfigError {
    let similar = words.iter().map(|&known| (strsim::jaro_winkler(word, known), known));
    let nearest = similar.filter(|&(similarity, _)| similarity > 0.7).max_by(|a, b| a.0.total_cmp(&b.0));
    ConfigError::Word {
        key,
        word: word.to_owned(),
        nearest: nearest.map(|(_, known)| known),
        words: words.join(", "),
    }
}

impl Backend {
    /// The backend of that name.
    ///
    /// # Errors
    ///
    /// If this build has none.
    pub fn named(name: &str) -> Result<Backend, ConfigError> {
        let (key, words) = WORDS.into_iter().find(|(key, _)| *key == "run.backend").expect("it has words");
        let known = Backend::ALL.iter().find(|backend| backend.name() == name);
        known.copied().ok_or_else(|| unknown_word(key, name, words))
    }
}

/// The most similar known key; a key without its section is looked for in every section.
fn nearest(key: &str) -> Option<String> {
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
        .filter(|&(similarity, ..)| similarity > 0.75)
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
