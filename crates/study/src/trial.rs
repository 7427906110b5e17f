//! One run of a study.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use slimgate_data::TokenRule;
use slimgate_gates::{looks_like_gate_terms, variant};
use slimgate_run::{Config, ConfigError, WrittenConfig};
use toml::Value;

use crate::StudyError;
use crate::config::{SEED, VARIANT};
use crate::space::StudyTask;

/// The settings that a study varies besides task, variant and seed, by key.
pub(crate) type Settings = BTreeMap<String, Value>;

/// One run of a study.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    /// The name of its folder: the variant and the hash of the configuration.
    pub id: String,
    pub config: Config,
    /// The label of its task.
    pub task: String,
    pub variant: String,
    pub seed: u64,
    pub settings: Settings,
}

impl Trial {
    /// The trial at a point of a study whose shared settings are the TOML text `base`; `division` has the settings by which
    /// its data is divided, where that is not the same for all seeds.
    ///
    /// # Errors
    ///
    /// If no run can have such settings.
    pub fn new(
        base: &str,
        task: &StudyTask,
        cell: &str,
        hidden: Option<usize>,
        seed: u64,
        division: Settings,
        settings: &Settings,
    ) -> Result<Trial, StudyError> {
        let key = match variant(cell) {
            Err(_) if looks_like_gate_terms(cell) => "model.gates",
            named => named.map(|_| VARIANT).map_err(ConfigError::from)?,
        };
        let mut all: Vec<(String, Value)> = task.values.clone().into_iter().collect();
        all.extend(settings.clone());
        all.push((key.to_owned(), Value::String(cell.to_owned())));
        all.push((SEED.to_owned(), Value::Integer(seed as i64)));
        all.extend(division);
        if let Some(hidden) = hidden {
            all.push(("model.hidden".to_owned(), Value::Integer(hidden as i64)));
        }
        let config = Config::read("the study", base, &all)?;
        Ok(Trial {
            id: id(&config),
            config,
            task: task.name.clone(),
            variant: cell.to_owned(),
            seed,
            settings: settings.clone(),
        })
    }

    /// Variant, task, settings and seed in a few words.
    pub fn label(&self) -> String {
        let setting = |(key, value): (&String, &Value)| {
            let name = key.rsplit('.').next().unwrap_or(key);
            format!(", {name} {}", written(value))
        };
        let settings: String = self.settings.iter().map(setting).collect();
        format!("{} on {}{settings}, seed {}", self.variant, self.task, self.seed)
    }
}

/// A setting's value as a number, if it is one.
pub(crate) fn number(value: &Value) -> Option<f64> {
    value.as_float().or(value.as_integer().map(|number| number as f64))
}

/// A setting's value as people write it.
pub fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The identity of a trial: its variant for people, and the hash of all that decides its result. A setting that is new
/// must not be written out at its default, or every study begun before would begin again.
fn id(config: &Config) -> String {
    let cell = config.cell_name().replace(['=', ','], "_");
    // As it is written, and not to be run: a folder without a name is none.
    let mut config = WrittenConfig::clone(config);
    config.run.name = None;
    config.run.out = String::new();
    config.run.threads = 0;
    // The only rule that earlier versions had, and did not write out.
    config.data.tokens = config.data.tokens.filter(|&tokens| tokens != TokenRule::Alphanumeric);
    // Neither does how a run goes about it.
    config.model.recompute = false;
    config.run.tolerate_divergence = false;
    let text = toml::to_string(&config).expect("a configuration has a TOML form");
    format!("{cell}-{:.12x}", Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::id;
    use crate::StudyConfig;
    use crate::space::Space;

    /// The ids that a study of before has in its folder, as `experiments/results/lu2016-rows/trials.csv` recorded them.
    #[test]
    fn trials_keep_their_ids_from_version_to_version() {
        let text = include_str!("../../../experiments/lu2016/rows.toml");
        // Those of before had all pixels standardised together.
        let text: String =
            text.lines().filter(|line| !line.starts_with("standardize")).collect::<Vec<_>>().join("\n");
        let space = Space::new(&StudyConfig::read("rows.toml", &text, &[]).unwrap()).unwrap();
        let trials = |variant: &str| -> Vec<String> {
            let candidates = space.round(&space.tasks[0], variant, 0, &[]).unwrap();
            candidates.iter().map(|candidate| candidate.trials[0].id.clone()).collect()
        };
        assert_eq!(trials("lstm")[..2], ["lstm-213bcc092500", "lstm-e1a3090c866e"]);

        let candidates = space.round(&space.tasks[0], "lstm", 0, &[]).unwrap();
        let config = &candidates[0].trials[0].config;
        let elsewhere = config.changed(|config| {
            config.model.recompute = true;
            config.run.threads = 7;
        });
        assert_eq!(id(&elsewhere.unwrap()), "lstm-213bcc092500");
        assert_ne!(id(&config.changed(|config| config.optim.clip = 1.0).unwrap()), "lstm-213bcc092500");
    }
}
