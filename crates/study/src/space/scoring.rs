//! The metric of each task, told before anything is trained.

use slimgate_data::{DataConfig, Entry, Task, Windows, find, training_steps};
use slimgate_run::metric::{Metric, alarms, choice, classes, forecast, regression};
use slimgate_run::{Config, ConfigError};

use super::Space;
use crate::StudyError;

/// The metrics of a task that have a value on its data, and which of them its trials are chosen by.
struct Scoring {
    usable: Vec<Metric>,
    chosen: Metric,
}

impl Space {
    /// Checks that the trials of all tasks are scored by one metric, which each of these has.
    ///
    /// # Errors
    ///
    /// A metric that a task does not have; metrics that differ, with those that all tasks have.
    pub fn check_metric(&self) -> Result<(), StudyError> {
        let mut first: Option<(&str, Scoring)> = None;
        for task in &self.tasks {
            let candidate = self.candidate(task, &self.variants[0], self.grid[0].clone())?;
            let scoring = self.scoring(&candidate.trials[0].config)?;
            match &mut first {
                None => first = Some((&task.name, scoring)),
                Some((name, known)) => {
                    known.usable.retain(|metric| scoring.usable.contains(metric));
                    if known.chosen != scoring.chosen {
                        let common: Vec<&str> =
                            known.usable.iter().map(|metric| metric.name.as_str()).collect();
                        return Err(StudyError::TasksScored {
                            one: format!("{} on {name}", known.chosen.name),
                            other: format!("{} on {}", scoring.chosen.name, task.name),
                            common: common.join(", "),
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// The metrics of a trial.
    fn scoring(&self, config: &Config) -> Result<Scoring, StudyError> {
        let data = self.config.data_in_place(&config.data);
        let entry = find(&data)?;
        let task = entry.recipe.task;
        let all = metrics(&entry, config);
        let usual = all[choice(task)].clone();
        let mut usable = all;
        if !has_seasonal_error(&entry, &data)? {
            usable.retain(|metric| *metric != usual);
        }
        let chosen = match &config.run.metric {
            None => usable.iter().find(|metric| **metric == usual).or(usable.first()),
            Some(wanted) => usable.iter().find(|metric| metric.name.to_lowercase() == wanted.to_lowercase()),
        };
        let Some(chosen) = chosen.cloned() else {
            let wanted = config.run.metric.clone().unwrap_or_default();
            let problem = match wanted.to_lowercase() == usual.name.to_lowercase() {
                true => "which has no value on the training or the validation set",
                false => "which the task does not have",
            };
            let choices: Vec<String> = usable.into_iter().map(|metric| metric.name).collect();
            return Err(ConfigError::Metric { metric: wanted, problem, choices: choices.join(", ") }.into());
        };
        Ok(Scoring { usable, chosen })
    }
}

/// The metrics of a data set under the settings of a trial, whatever one answer changes them by.
fn metrics(entry: &Entry, config: &Config) -> Vec<Metric> {
    let names = &entry.recipe.classes;
    let all = match entry.recipe.task {
        Task::Classification | Task::Labelling => {
            let of_classes = classes(names, &vec![1; names.len()]);
            of_classes.into_iter().chain(config.alarm.rule().into_iter().flat_map(alarms)).collect()
        }
        Task::Regression => regression(),
        // The interval of the quantiles that models forecast.
        Task::Forecast => forecast(0.8),
    };
    all.into_iter().map(|metric| Metric { resolution: None, ..metric }).collect()
}

/// True unless forecasts have no scaled error, since no season passes in what they learn from.
fn has_seasonal_error(entry: &Entry, data: &DataConfig) -> Result<bool, StudyError> {
    let Some(Windows { season, .. }) = Windows::of(entry, data) else { return Ok(true) };
    Ok(training_steps(data)?.is_none_or(|steps| season < steps))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StudyConfig;

    fn check(study: &str) -> Result<(), String> {
        let config = StudyConfig::read("test", study, &[]).unwrap();
        Space::new(&config).unwrap().check_metric().map_err(|error| error.to_string())
    }

    #[test]
    fn tasks_that_different_metrics_score_are_refused_with_those_that_all_have() {
        for study in [
            "",
            "[grid]\ndata.dataset = ['digits-rows', 'japanese-vowels']",
            "[run]\nmetric = 'Macro-f1'",
            "[run]\nmetric = 'MAE'\n[grid]\ndata.dataset = ['beijing-air', 'household-power']",
            "[data]\ndataset = 'household-power'\n[grid]\ndata.season = [24, 168]",
            "[run]\nmetric = 'recall of 3'",
            "[run]\nmetric = 'cost'\n[alarm]\nclass = '3'\nmiss_cost = 9.0\nfalse_alarm_cost = 1.0",
        ] {
            assert_eq!(check(study), Ok(()), "{study}");
        }
        let refusal = check("[grid]\ndata.dataset = ['digits-rows', 'beijing-air']").unwrap_err();
        assert!(refusal.contains("accuracy on digits-rows and MAE on beijing-air"), "{refusal}");
        assert!(refusal.ends_with("give each kind of data a study of its own"), "{refusal}");
        let season = "[data]\ndataset = 'household-power'\n[grid]\ndata.season = [24, 168, 100000]";
        let refusal = check(season).unwrap_err();
        assert!(refusal.contains("MASE on household-power, season 24 and MAE on"), "{refusal}");
        assert!(
            refusal.contains("`run.metric` to one that all of them have (MAE, RMSE, pinball loss"),
            "{refusal}"
        );
    }

    #[test]
    fn a_metric_that_a_task_does_not_have_is_refused_with_those_that_it_has() {
        let refusal = check("[run]\nmetric = 'mase'").unwrap_err();
        assert!(refusal.contains("cannot be `mase`, which the task does not have"), "{refusal}");
        assert!(refusal.contains("one of accuracy, balanced accuracy, macro-F1, recall of 0"), "{refusal}");
        let season = "[data]\ndataset = 'household-power'\nseason = 100000\n[run]\nmetric = 'MASE'";
        let refusal = check(season).unwrap_err();
        assert!(refusal.contains("has no value"), "{refusal}");
    }
}
