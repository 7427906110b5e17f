//! Errors in keys and values, each with a remedy.

use thiserror::Error;

/// A key or a value that cannot be used.
#[derive(Debug, Error)]
pub enum SettingError {
    /// A key that no setting has.
    #[error("there is no setting `{key}`{}; `slimgate settings` lists them all", did_you_mean(nearest))]
    UnknownKey {
        /// The key, with its section.
        key: String,
        /// The most similar key.
        nearest: Option<String>,
    },
    /// A value that is not one of the setting's choices.
    #[error("`{key}` cannot be `{value}`{}; it must be one of {choices}", did_you_mean(nearest))]
    Choice {
        /// The key, with its section.
        key: String,
        /// The value that was given.
        value: String,
        /// The most similar choice.
        nearest: Option<Box<str>>,
        /// All of them.
        choices: Box<str>,
    },
    /// A value of the wrong type, or out of bounds.
    #[error("`{key} = {value}` cannot be used: must be {allowed}")]
    Value {
        /// The key, with its section.
        key: String,
        /// The value that was given.
        value: String,
        /// The values that the setting takes.
        allowed: String,
    },
}

fn did_you_mean<T: std::fmt::Display>(nearest: &Option<T>) -> String {
    nearest.as_ref().map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
}
