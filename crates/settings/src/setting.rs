//! The settings of a schema.

use serde::Serialize;
use toml::{Table, Value};

use crate::SettingError;
use crate::values::Values;

/// A setting as its type describes it.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    /// Its key, as `section.key`.
    pub key: String,
    /// The value that it has unless it is given; nothing where it then has none.
    pub default: Option<Value>,
    /// The values that it takes, in words.
    pub allowed: String,
    /// Its meaning.
    pub meaning: String,
    #[serde(skip)]
    values: Values,
}

impl Setting {
    fn new(key: String, schema: &serde_json::Value) -> Setting {
        let values = Values::of(schema);
        let title = schema["title"].as_str().map(str::to_owned);
        let allowed = title.unwrap_or_else(|| values.to_string());
        let description = schema["description"].as_str().unwrap_or_default();
        // Further paragraphs are for those who want to know more.
        let first = description.split("\n\n").next().unwrap_or_default();
        let meaning = first.trim_end_matches('.').replace('\n', " ");
        let default = schema.get("default").and_then(|default| Value::try_from(default).ok());
        Setting { key, default, allowed, meaning, values }
    }

    /// The names that it takes, where it takes a few.
    pub fn choices(&self) -> &[String] {
        match &self.values {
            Values::Choice(names) => names,
            _ => &[],
        }
    }

    /// Checks that it can have a value.
    ///
    /// # Errors
    ///
    /// If it cannot.
    pub fn check(&self, value: &Value) -> Result<(), SettingError> {
        if self.values.contains(value) { Ok(()) } else { Err(self.refusal(value)) }
    }

    /// The error of a value that it cannot have.
    pub fn refusal(&self, value: &Value) -> SettingError {
        let key = self.key.clone();
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match &self.values {
            Values::Choice(names) => {
                let nearest = crate::nearest(&value, names.iter().map(String::as_str)).map(Into::into);
                SettingError::Choice { key, value, nearest, choices: names.join(", ").into() }
            }
            _ => SettingError::Value { key, value, allowed: self.allowed.clone() },
        }
    }
}

/// The settings of the sections of a schema, in its order. An object whose allowed values its title says is a setting, and
/// any other with properties a section.
pub fn settings_of(schema: &serde_json::Value) -> Vec<Setting> {
    fn collect(path: &str, schema: &serde_json::Value, found: &mut Vec<Setting>) {
        match schema["properties"].as_object() {
            Some(properties) if path.is_empty() || schema.get("title").is_none() => {
                for (name, inner) in properties {
                    let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    collect(&key, inner, found);
                }
            }
            _ => found.push(Setting::new(path.to_owned(), schema)),
        }
    }
    let mut found = Vec::new();
    collect("", schema, &mut found);
    found
}

/// Checks the values that a table of sections gives to settings.
///
/// # Errors
///
/// If a setting cannot have its value.
pub fn check(settings: &[Setting], table: &Table) -> Result<(), SettingError> {
    for setting in settings {
        let (section, name) = setting.key.split_once('.').expect("a key has a section");
        if let Some(value) = table.get(section).and_then(|keys| keys.get(name)) {
            setting.check(value)?;
        }
    }
    Ok(())
}
