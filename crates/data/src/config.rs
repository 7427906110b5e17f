//! The `[data]` part of a configuration.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use slimgate_settings::{Setting, check, schema_of, settings_of};
use toml::{Table, Value};

use crate::{Backtest, Columns, DataError, Keep, Missing, Pad, Task, TokenRule};

/// The data set, and how it is divided and prepared. Every key has a default; an unknown one is refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// Data set: a name of `slimgate data list`, or your own, a folder such as `./pumps` or a table such as `./pumps.csv`.
    pub dataset: String,
    /// Maximum number of training sequences, taken after the split; all if not given.
    ///
    /// A smaller limit keeps a subset of what a larger one keeps.
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_limit: Option<usize>,
    /// Fraction of the training data held out for validation, between 0 and 1.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub validation_fraction: f64,
    /// Choices are made on a held-out validation set, or on the test set (published).
    #[serde(with = "SelectionSet")]
    pub validation: Protocol,
    /// Sequences to test on: those that are given, or as many that `data.seed` draws from all, in the proportions of their
    /// classes; the former if not given.
    #[serde(skip_serializing_if = "TestSet::is_given")]
    pub test: TestSet,
    /// Random seed of the split into training and validation set, and of a test set that is drawn.
    #[schemars(range(max = i64::MAX))]
    pub seed: u64,
    /// Maximum number of time steps of a sequence; all if not given.
    #[schemars(range(min = 1, max = 100_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// End that is kept of a sequence longer than `max_length`.
    pub keep: Keep,
    /// End at which a shorter sequence is padded to `max_length`.
    pub pad: Pad,
    /// Pixels with one mean and deviation: all if not given, or each (images).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standardize: Option<Standardize>,
    /// Values that are missing from your own series: refused, or filled in by the last one seen (with channels that say so), on
    /// the line between neighbours, or by the mean; refused if not given (series).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
    /// Maximum number of words or characters, the most frequent ones first (text).
    #[schemars(range(min = 1, max = 10_000_000))]
    pub vocabulary: usize,
    /// Words by Unicode's rules, or characters, or runs of letters and digits as in earlier versions (text); words if not
    /// given, except on the sets of `slimgate data list`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenRule>,
    /// Question that is asked of the data; that of the data set if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// Columns of your own tables that are no channels: `series`, `time`, `class`, `group`, `ignore`; told by their usual
    /// names if not given.
    #[schemars(
        title = "a table of columns by what they are, such as { time = \"ds\", ignore = [\"note\"] }"
    )]
    #[serde(skip_serializing_if = "Columns::is_default")]
    pub columns: Columns,
    /// Fraction of your own data that is the test set, where it comes without one, between 0 and 1; 0.2 if not given.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_fraction: Option<f64>,
    /// Steps that a forecast is made from; those of the data set if not given (forecast).
    #[schemars(range(min = 1, max = 100_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<usize>,
    /// Steps that are forecast; those of the data set if not given (forecast).
    #[schemars(range(min = 1, max = 100_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizon: Option<usize>,
    /// Steps from the start of a window to that of the next; those of the data set if not given (forecast).
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stride: Option<usize>,
    /// Steps after which the series is expected to repeat itself; those of the data set if not given (forecast).
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub season: Option<usize>,
    /// Part of the test data in time that is tested on, after training on all that comes before it, such as `2/4`, the second
    /// of four: a backtest with refit; all of the test data if not given (forecast).
    #[schemars(with = "Option<String>", title = "a part of as many, such as `2/4`")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backtest: Option<Backtest>,
    /// Names of the channels that are forecast, or of the columns of your own table that have the numbers of a series; those
    /// of the data set if not given (forecast, regression).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<String>>,
}

/// The set that epoch and settings are chosen on, and with it whether the figures of what is chosen are biased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// A validation set, held out from the training data; the test set is read once, for what was chosen.
    #[default]
    Validation,
    /// The test set, as in the published tables: all training data is trained on, and the best score over all epochs
    /// is optimistically biased, since it is chosen on the test set.
    Published,
}

/// The form of a [`Protocol`] in `[data]`, where it is named by the set.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Protocol")]
enum SelectionSet {
    /// A share of the training data, held out from training.
    #[serde(rename = "held-out")]
    Validation,
    /// The test set, as in the published protocol: all training data is trained on, and the score of what is chosen is
    /// optimistically biased.
    #[serde(rename = "test")]
    Published,
}

/// The sequences that are tested on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TestSet {
    /// Those that the data set names.
    #[default]
    Given,
    /// As many, drawn from the training and the test data together; the others are the training data.
    Drawn,
}

impl TestSet {
    fn is_given(&self) -> bool {
        *self == TestSet::Given
    }
}

/// The pixels that are brought to mean 0 and standard deviation 1 together. The channels of a series are always apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standardize {
    /// All pixels of all images.
    Together,
    /// Each pixel by itself, as in the published code. A pixel that is almost always empty becomes very large in
    /// the few images where it is not.
    EachPixel,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            dataset: "digits-rows".into(),
            train_limit: None,
            validation_fraction: 0.1,
            validation: Protocol::Validation,
            test: TestSet::Given,
            seed: 1,
            max_length: None,
            keep: Keep::Start,
            pad: Pad::None,
            standardize: None,
            missing: None,
            vocabulary: 20_000,
            tokens: None,
            task: None,
            columns: Columns::default(),
            test_fraction: None,
            context: None,
            horizon: None,
            stride: None,
            season: None,
            backtest: None,
            targets: None,
        }
    }
}

/// The settings of `[data]`, read out of the schema of [`DataConfig`].
static SETTINGS: LazyLock<Vec<Setting>> = LazyLock::new(|| {
    let schema = schema_of::<DataConfig>();
    settings_of(&serde_json::json!({ "properties": { "data": schema } }))
});

impl DataConfig {
    /// The defaults for a data set, by its name or path.
    pub fn of(dataset: &str) -> DataConfig {
        DataConfig { dataset: dataset.to_owned(), ..DataConfig::default() }
    }

    /// The share of the user's own data that is the test set, where it comes without one.
    pub fn test_fraction(&self) -> f64 {
        self.test_fraction.unwrap_or(0.2)
    }

    /// Checks every value that can be checked before data is read.
    ///
    /// # Errors
    /// A value out of its setting's bounds, no targets, padding without a length, and a test set that is drawn and chosen on.
    pub fn check(&self) -> Result<(), DataError> {
        let values = Table::try_from(self).expect("the settings have a TOML form");
        check(&SETTINGS, &Table::from_iter([("data".to_owned(), Value::Table(values))]))?;
        if self.targets.as_ref().is_some_and(Vec::is_empty) {
            return Err(DataError::EmptyTargets);
        }
        if self.test == TestSet::Drawn && self.validation == Protocol::Published {
            return Err(DataError::DrawnChoices);
        }
        match (self.pad, self.max_length) {
            (Pad::Start, None) => Err(DataError::PadWithoutLength { side: "start" }),
            (Pad::End, None) => Err(DataError::PadWithoutLength { side: "end" }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_keys_take_their_defaults_and_unknown_ones_are_refused() {
        let config: DataConfig = toml::from_str("seed = 7").unwrap();
        assert_eq!(config, DataConfig { seed: 7, ..DataConfig::default() });
        assert!(toml::from_str::<DataConfig>("sead = 7").is_err());
    }

    #[test]
    fn a_config_survives_being_written() {
        let drawn = DataConfig { train_limit: Some(9), test: TestSet::Drawn, ..DataConfig::default() };
        for config in [DataConfig::default(), drawn] {
            assert_eq!(toml::from_str::<DataConfig>(&toml::to_string(&config).unwrap()).unwrap(), config);
        }
    }

    #[test]
    fn nothing_is_written_of_settings_that_are_not_given() {
        let text = toml::to_string(&DataConfig::default()).unwrap();
        assert!(
            ["columns", "test_fraction", "targets", "missing", "backtest"]
                .iter()
                .all(|key| !text.contains(key)),
            "{text}"
        );
        let config: DataConfig =
            toml::from_str("horizon = 7\n[columns]\ntime = 'ds'\nignore = ['note']").unwrap();
        assert_eq!(config.columns.time.as_deref(), Some("ds"));
        assert_eq!(toml::from_str::<DataConfig>(&toml::to_string(&config).unwrap()).unwrap(), config);
        let message = toml::from_str::<DataConfig>("[columns]\ntimes = 'ds'").unwrap_err().to_string();
        assert!(message.contains("times") && message.contains("time"), "{message}");
    }

    #[test]
    fn an_empty_list_of_targets_is_refused_as_one() {
        let message = DataConfig { targets: Some(Vec::new()), ..DataConfig::default() }.check().unwrap_err();
        let told = "`data.targets` is an empty list: name at least one column, or leave it out";
        assert_eq!(message.to_string(), told);
    }

    #[test]
    fn a_test_set_that_is_given_is_not_written_and_one_that_is_drawn_is_not_chosen_on() {
        assert!(!toml::to_string(&DataConfig::default()).unwrap().contains("test ="));
        let drawn = DataConfig { test: TestSet::Drawn, ..DataConfig::default() };
        drawn.check().unwrap();
        let chosen_on = DataConfig { validation: Protocol::Published, ..drawn };
        let message = chosen_on.check().unwrap_err().to_string();
        assert!(message.contains("`data.test` = \"drawn\"") && message.contains("leave"), "{message}");
    }

    #[test]
    fn values_out_of_range_name_their_key() {
        for test_fraction in [0.0, 1.0] {
            let config = DataConfig { test_fraction: Some(test_fraction), ..DataConfig::default() };
            assert!(config.check().unwrap_err().to_string().contains("data.test_fraction"));
        }
        for validation_fraction in [0.0, 1.0, -0.5, f64::NAN] {
            let error = DataConfig { validation_fraction, ..DataConfig::default() }.check().unwrap_err();
            assert!(error.to_string().contains("data.validation_fraction"), "{error}");
        }
        let zeros = [
            DataConfig { train_limit: Some(0), ..DataConfig::default() },
            DataConfig { max_length: Some(0), ..DataConfig::default() },
            DataConfig { vocabulary: 0, ..DataConfig::default() },
            DataConfig { context: Some(0), ..DataConfig::default() },
            DataConfig { horizon: Some(0), ..DataConfig::default() },
            DataConfig { stride: Some(0), ..DataConfig::default() },
            DataConfig { season: Some(0), ..DataConfig::default() },
        ];
        let keys = [
            "data.train_limit",
            "data.max_length",
            "data.vocabulary",
            "data.context",
            "data.horizon",
            "data.stride",
            "data.season",
        ];
        for (config, key) in zeros.iter().zip(keys) {
            assert!(config.check().unwrap_err().to_string().contains(key));
        }
        let endless = DataConfig { pad: Pad::Start, ..DataConfig::default() };
        assert!(endless.check().unwrap_err().to_string().contains("data.max_length"));
    }
}
