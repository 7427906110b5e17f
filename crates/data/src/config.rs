//! The `[data]` part of a configuration.

use crate::{DataError, Keep, Pad, Task, TokenRule};
use serde::{Deserialize, Serialize};

/// Which data set to read and how to divide it. Every key has a default; an unknown one is refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// The data set: its name in the [`catalog`](crate::catalog), or the path of a folder of the user's own.
    pub dataset: String,
    /// The most training sequences to keep after the split; all without it. A smaller limit keeps a subset
    /// of what a larger one keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_limit: Option<usize>,
    /// The share of the training data that becomes the validation set, between 0 and 1.
    pub validation_fraction: f64,
    /// The validation set.
    pub validation: Validation,
    /// Decides which sequences become the validation set.
    pub seed: u64,
    /// The most steps of a sequence to keep; all without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// Which end of a longer sequence is kept.
    pub keep: Keep,
    /// The end at which a shorter sequence is padded to `max_length`.
    pub pad: Pad,
    /// The pixels that share a mean and a standard deviation; without it all do. Used by images only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standardize: Option<Standardize>,
    /// The most tokens to keep, the frequent ones first. Used by text only.
    pub vocabulary: usize,
    /// The rule for tokens; without it that of the data set ([`Entry::tokens`](crate::Entry::tokens)). Used by text
    /// only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenRule>,
    /// The question that is asked of the data; without it that of the data set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// The steps that a forecast is made from; without it those of the data set. Used by forecasts only, as all that
    /// follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<usize>,
    /// The steps that are forecast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizon: Option<usize>,
    /// The steps from the start of a window to that of the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stride: Option<usize>,
    /// The steps after which the series is expected to repeat itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub season: Option<usize>,
    /// The names of the channels that are forecast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<String>>,
}

/// The set used for model selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Validation {
    /// A share of the training data, held out from training.
    HeldOut,
    /// The test set, as in the published protocol: all training data is trained on, and the accuracy of what is
    /// chosen is optimistically biased.
    Test,
}

/// The pixels that are brought to mean 0 and standard deviation 1 together. The channels of a series are always apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
            validation: Validation::HeldOut,
            seed: 1,
            max_length: None,
            keep: Keep::Start,
            pad: Pad::None,
            standardize: None,
            vocabulary: 20_000,
            tokens: None,
            task: None,
            context: None,
            horizon: None,
            stride: None,
            season: None,
            targets: None,
        }
    }
}

impl DataConfig {
    /// Checks every value that can be checked before data is read.
    ///
    /// # Errors
    /// A fraction that is not between 0 and 1, a limit of zero, and padding without a length.
    pub fn check(&self) -> Result<(), DataError> {
        if !(self.validation_fraction > 0.0 && self.validation_fraction < 1.0) {
            return Err(DataError::ValidationFraction { found: self.validation_fraction });
        }
        let counts = [
            ("data.train_limit", self.train_limit),
            ("data.max_length", self.max_length),
            ("data.vocabulary", Some(self.vocabulary)),
            ("data.context", self.context),
            ("data.horizon", self.horizon),
            ("data.stride", self.stride),
            ("data.season", self.season),
        ];
        if let Some((key, _)) = counts.into_iter().find(|(_, count)| *count == Some(0)) {
            return Err(DataError::ZeroSetting { key });
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
        for config in [DataConfig::default(), DataConfig { train_limit: Some(9), ..DataConfig::default() }] {
            assert_eq!(toml::from_str::<DataConfig>(&toml::to_string(&config).unwrap()).unwrap(), config);
        }
    }

    #[test]
    fn values_out_of_range_name_their_key() {
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
