//! The settings that a run was begun with, which its `config.toml` is held to: another rate or seed half-way is another
//! run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Value;

use crate::{Config, sha256};

/// Settings that decide where and how fast a run computes, or what it is called, and not what comes of it. They may
/// change.
const FREE: [&str; 6] =
    ["run.name", "run.out", "run.threads", "run.device", "run.tolerate_divergence", "model.recompute"];

/// The setting that may grow, which is recorded.
const EPOCHS: &str = "optim.epochs";

/// The settings that a run was begun with: `begun_with` in the manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BegunWith {
    /// Of the settings as compact JSON, in the order of their keys.
    sha256: String,
    settings: BTreeMap<String, Value>,
    /// Each time that it was asked to train longer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    extended: Vec<Extension>,
}

/// A run that was asked to train longer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Extension {
    after_epoch: usize,
    from: usize,
    to: usize,
}

impl BegunWith {
    /// The settings of a configuration.
    pub fn new(config: &Config) -> BegunWith {
        let settings = held(config);
        BegunWith { sha256: hash(&settings), settings, extended: Vec::new() }
    }

    /// True if the settings are the ones that were recorded.
    pub fn is_whole(&self) -> bool {
        hash(&self.settings) == self.sha256
    }

    /// The epochs that it was last asked to train.
    pub fn epochs(&self) -> Option<usize> {
        self.settings.get(EPOCHS)?.as_integer()?.try_into().ok()
    }

    /// Each setting that is another now, in words.
    pub fn differences(&self, config: &Config) -> Vec<String> {
        // A setting that is newer than the run had its default.
        let (now, default) = (held(config), held(&Config::default()));
        let was = |key: &str| self.settings.get(key).or(default.get(key));
        let mut keys: Vec<&String> = self.settings.keys().chain(now.keys()).collect();
        keys.sort();
        keys.dedup();
        keys.retain(|key| *key != EPOCHS && was(key) != now.get(*key));
        let written = |value: Option<&Value>| value.map_or_else(|| "not set".to_owned(), Value::to_string);
        let difference = |key: &String| {
            let (was, is) = (written(was(key)), written(now.get(key)));
            format!("`{key}` was {was} and is now {is}")
        };
        keys.into_iter().map(difference).collect()
    }

    /// Takes note that the run is to train longer.
    pub fn extend(&mut self, after_epoch: usize, to: usize) {
        if let Some(from) = self.epochs().filter(|&from| from != to) {
            self.extended.push(Extension { after_epoch, from, to });
            self.settings.insert(EPOCHS.to_owned(), Value::Integer(to as i64));
            self.sha256 = hash(&self.settings);
        }
    }
}

/// The settings that a run is held to, by key.
fn held(config: &Config) -> BTreeMap<String, Value> {
    config.values().filter(|(key, _)| !FREE.contains(&key.as_str())).collect()
}

fn hash(settings: &BTreeMap<String, Value>) -> String {
    sha256(&serde_json::to_vec(settings).expect("settings have a JSON form"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Config {
        Config::read("test", text, &[]).unwrap()
    }

    #[test]
    fn what_decides_nothing_may_change() {
        let begun = BegunWith::new(&read("[run]\nname = 'one'\nthreads = 1"));
        let now =
            read("[model]\nrecompute = true\n[run]\nname = 'two'\nthreads = 4\nout = 'here'\ndevice = 1");
        assert!(begun.differences(&now).is_empty());
    }

    #[test]
    fn every_other_setting_that_changed_is_named() {
        let begun = BegunWith::new(&read("[optim]\nearly_stopping = 3"));
        let now = read("[optim]\nlearning_rate = 0.5\nepochs = 99\n[run]\nseed = 7");
        let told = [
            "`optim.early_stopping` was 3 and is now not set",
            "`optim.learning_rate` was 0.003 and is now 0.5",
            "`run.seed` was 1 and is now 7",
        ];
        assert_eq!(begun.differences(&now), told);
    }

    #[test]
    fn a_setting_that_the_record_does_not_know_had_its_default() {
        let mut begun = BegunWith::new(&Config::default());
        begun.settings.remove("model.embedding");
        assert!(begun.differences(&Config::default()).is_empty());
        assert_eq!(
            begun.differences(&read("[model]\nembedding = 7")),
            ["`model.embedding` was 128 and is now 7"]
        );
    }

    #[test]
    fn a_record_survives_being_written_and_one_that_was_edited_is_seen() {
        let config = read("[model]\nvariant = 'lstm2'\ncell_clip = 0.1\n[optim]\nlearning_rate = 1e-7");
        let mut begun = BegunWith::new(&config);
        begun.extend(15, 20);
        let text = serde_json::to_string(&begun).unwrap();
        let read: BegunWith = serde_json::from_str(&text).unwrap();
        assert_eq!(read, begun);
        assert!(read.is_whole() && read.differences(&config).is_empty());
        assert_eq!(read.epochs(), Some(20));
        let edited: BegunWith = serde_json::from_str(&text.replace("1e-7", "1e-6")).unwrap();
        assert!(!edited.is_whole());
    }
}
