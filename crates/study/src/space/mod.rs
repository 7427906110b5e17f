//! The points of a study.

mod draw;
mod matched;
mod scoring;
mod widen;

use std::cell::RefCell;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use slimgate_data::{DataConfig, DataError, Task, TestSet, check_division, find, findings};
use slimgate_run::metric::check_choice;
use toml::Value;

use draw::DRAWS_PER_ROUND;
pub(crate) use matched::hidden_sizes;

use crate::analysis::RATE;
use crate::config::{Resample, SEED, SPLIT, TEST, VARIANT};
use crate::trial::{Settings, Trial, number, written};
use crate::{Protocol, Range, Sampler, StudyConfig, StudyError};

/// A data set, or an amount of it, to learn. Variants are compared within a task.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StudyTask {
    /// `digits-rows`, or `digits-rows, train_limit 500`.
    pub name: String,
    /// The settings of `[data]` that make it.
    pub values: Settings,
}

/// A study's points: tasks × variants × settings × seeds.
#[derive(Clone, Debug)]
pub(crate) struct Space {
    pub tasks: Vec<StudyTask>,
    pub variants: Vec<String>,
    config: StudyConfig,
    base: String,
    /// The points of the grid apart from task, variant and seed.
    grid: Vec<Settings>,
    ranges: BTreeMap<String, Range>,
    /// Trials that have been made before: a plan is made again whenever a trial ends, and resolving the
    /// configurations of thousands takes longer than a short trial.
    made: RefCell<HashMap<String, Trial>>,
}

/// Some settings with the trials that try them, one a seed.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub settings: Settings,
    pub trials: Vec<Trial>,
}

impl Space {
    /// The space of a study; all of its grid, the ends of its ranges and its choices are checked.
    ///
    /// # Errors
    ///
    /// If a point is none that a run can have.
    pub fn new(config: &StudyConfig) -> Result<Space, StudyError> {
        let is_task = |key: &str| key.starts_with("data.");
        let mut varied = config.grid.clone();
        varied.remove(VARIANT);
        varied.remove(SEED);
        let (of_task, tuned): (BTreeMap<_, _>, BTreeMap<_, _>) =
            varied.into_iter().partition(|(key, _)| is_task(key));
        let base = toml::to_string(&config.base).expect("a table has a TOML form");
        let named = config.shared("data.dataset").and_then(Value::as_str);
        let dataset = named.map_or_else(|| slimgate_data::DataConfig::default().dataset, str::to_owned);
        let space = Space {
            tasks: crossed(&of_task).into_iter().map(|values| StudyTask::new(&dataset, values)).collect(),
            variants: config.variants(),
            config: config.clone(),
            base,
            grid: crossed(&tuned),
            ranges: config.ranges()?,
            made: RefCell::default(),
        };
        for task in &space.tasks {
            for variant in &space.variants {
                for drawn in space.extremes() {
                    for point in &space.grid {
                        let settings = point.clone().into_iter().chain(drawn.clone()).collect();
                        space.candidate(task, variant, settings)?;
                    }
                }
            }
        }
        Ok(space)
    }

    /// The ends of all ranges, and every choice.
    fn extremes(&self) -> Vec<Settings> {
        let at = |share| -> Settings {
            self.ranges.iter().map(|(key, range)| (key.clone(), draw::value(range, share))).collect()
        };
        let mut extremes = vec![at(0.0)];
        if !self.ranges.is_empty() {
            extremes.push(at(1.0));
        }
        for (key, range) in &self.ranges {
            let Range::Choice(values) = range else { continue };
            for value in values {
                let mut settings = at(0.0);
                settings.insert(key.clone(), value.clone());
                extremes.push(settings);
            }
        }
        extremes
    }

    /// The data set of each task.
    pub fn datasets(&self) -> Result<Vec<String>, StudyError> {
        Ok(self.data()?.into_iter().map(|data| data.dataset).collect())
    }

    /// The data of each task.
    pub fn data(&self) -> Result<Vec<DataConfig>, StudyError> {
        let mut data = Vec::new();
        for task in &self.tasks {
            let candidate = self.candidate(task, &self.variants[0], self.grid[0].clone())?;
            data.push(candidate.trials[0].config.data.clone());
        }
        Ok(data)
    }

    /// Checks that the data of every task is on this machine, and can be used where it is the user's own.
    pub fn require_data(&self) -> Result<(), StudyError> {
        for data in self.data()? {
            let entry = find(&self.config.data_in_place(&data))?;
            entry.require()?;
            self.check_metrics(entry.recipe.task, &entry.recipe.classes)?;
            let survey = entry.survey.as_ref();
            if let Some(value) = survey.and_then(|survey| survey.hiding_value(TestSet::Given)) {
                return Err(DataError::Hidden(Box::new(value.clone())).into());
            }
        }
        for data in self.data()? {
            check_division(&self.config.data_in_place(&data))?;
        }
        Ok(())
    }

    /// Checks that choices can be made by the metric of every trial, and that its alarms are for one of these classes.
    fn check_metrics(&self, task: Task, classes: &[String]) -> Result<(), StudyError> {
        for settings in &self.grid {
            let candidate = self.candidate(&self.tasks[0], &self.variants[0], settings.clone())?;
            let config = &candidate.trials[0].config;
            config.check_task(task)?;
            config.check_alarm_class(classes)?;
            if let Some(metric) = &config.run.metric {
                check_choice(metric, task, config.alarm.rule())?;
            }
        }
        Ok(())
    }

    /// Findings about the data of the tasks that matter before anything is trained, each once.
    pub fn findings(&self) -> Result<Vec<String>, StudyError> {
        let mut texts: Vec<String> = Vec::new();
        for data in self.data()? {
            for text in findings(&self.config.data_in_place(&data))?.iter().map(ToString::to_string) {
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
        }
        Ok(texts)
    }

    /// The settings with a trial for each seed that settings are chosen with.
    pub fn candidate(
        &self,
        task: &StudyTask,
        variant: &str,
        settings: Settings,
    ) -> Result<Candidate, StudyError> {
        self.with_seeds(task, variant, settings, &self.config.seeds())
    }

    /// The settings with a trial for each of these seeds.
    pub fn with_seeds(
        &self,
        task: &StudyTask,
        variant: &str,
        settings: Settings,
        seeds: &[u64],
    ) -> Result<Candidate, StudyError> {
        let sizes = self.config.compare.hidden.get(&task.name);
        let hidden = sizes.and_then(|sizes| sizes.get(variant)).copied();
        let mut made = self.made.borrow_mut();
        let mut trials = Vec::new();
        for &seed in seeds {
            let trial = match made.entry(format!("{} {variant} {seed} {settings:?}", task.name)) {
                Entry::Occupied(known) => known.get().clone(),
                Entry::Vacant(place) => place
                    .insert(Trial::new(
                        &self.base,
                        task,
                        variant,
                        hidden,
                        seed,
                        self.division(task, seed),
                        &settings,
                    )?)
                    .clone(),
            };
            trials.push(trial);
        }
        Ok(Candidate { settings, trials })
    }

    /// The settings that divide the data of a trial, where each seed draws its own validation set, or test set: the seed of
    /// the division is so far beyond that of the first as its own seed is. All variants have the same division under one
    /// seed.
    fn division(&self, task: &StudyTask, seed: u64) -> Settings {
        let compare = &self.config.compare;
        if compare.resample == Some(Resample::Nothing) || compare.protocol == Protocol::Published {
            return Settings::new();
        }
        let given = task.values.get(SPLIT).or_else(|| self.config.shared(SPLIT)).and_then(Value::as_integer);
        let first = given.map_or_else(|| DataConfig::default().seed, |seed| seed as u64);
        let split = first.wrapping_add(seed).wrapping_sub(1) & i64::MAX as u64;
        let mut division = Settings::from([(SPLIT.to_owned(), Value::Integer(split as i64))]);
        if compare.resample == Some(Resample::Test) {
            division.insert(TEST.to_owned(), Value::String("drawn".into()));
        }
        division
    }

    /// The candidates of a variant in a round, given how those of earlier rounds did (higher is better). More than one
    /// round have samplers that learn, and grids that a variant does best at an end of.
    pub fn round(
        &self,
        task: &StudyTask,
        variant: &str,
        round: usize,
        scored: &[(Settings, f64)],
    ) -> Result<Vec<Candidate>, StudyError> {
        let mut candidates = Vec::new();
        let Some(search) = &self.config.search else {
            let points = if round == 0 { self.grid.clone() } else { self.beyond(scored) };
            for point in points {
                candidates.push(self.candidate(task, variant, point)?);
            }
            return Ok(candidates);
        };
        let (from, to) = match search.sampler {
            Sampler::Tpe => (round * DRAWS_PER_ROUND, search.trials.min((round + 1) * DRAWS_PER_ROUND)),
            _ if round == 0 => (0, search.trials),
            _ => return Ok(candidates),
        };
        for point in &self.grid {
            // A sampler learns from the trials at its own grid point.
            let here = |(settings, score): &(Settings, f64)| {
                point
                    .iter()
                    .all(|(key, value)| settings.get(key) == Some(value))
                    .then(|| (settings.clone(), *score))
            };
            let scored: Vec<_> = scored.iter().filter_map(here).collect();
            for index in from..to {
                let drawn = draw::point(search, &self.ranges, variant, index, &scored);
                let settings = point.clone().into_iter().chain(drawn).collect();
                candidates.push(self.candidate(task, variant, settings)?);
            }
        }
        Ok(candidates)
    }

    /// The points beyond the learning rates tried so far, where the best of them lies at their end; none where the grid
    /// is not to grow.
    pub fn beyond(&self, scored: &[(Settings, f64)]) -> Vec<Settings> {
        let compare = &self.config.compare;
        if !compare.widen || compare.protocol == Protocol::Published {
            return Vec::new();
        }
        let rates: Vec<f64> = self.config.grid.get(RATE).into_iter().flatten().filter_map(number).collect();
        let next = widen::next_rate(&rates, scored);
        next.map_or_else(Vec::new, |rate| widen::at_rate(&self.grid, rate))
    }

    /// The most trials of a task and variant; less where a sampler draws a point twice, more where
    /// a grid grows.
    pub fn trials_a_group(&self) -> usize {
        let draws = self.config.search.as_ref().map_or(1, |search| search.trials);
        let seeds = self.config.seeds().len();
        let compared = self.config.comparison_seeds(self.config.looks()[0]);
        let fresh = compared.iter().filter(|seed| !self.config.seeds().contains(seed)).count();
        self.grid.len() * draws * seeds + fresh
    }
}

impl StudyTask {
    fn new(dataset: &str, values: Settings) -> StudyTask {
        let dataset = values.get("data.dataset").map_or_else(|| dataset.to_owned(), written);
        let rest = values.iter().filter(|(key, _)| *key != "data.dataset");
        let rest =
            rest.map(|(key, value)| format!(", {} {}", key.trim_start_matches("data."), written(value)));
        StudyTask { name: dataset + &rest.collect::<String>(), values }
    }
}

/// All combinations of the values of each key.
fn crossed(keys: &BTreeMap<String, Vec<Value>>) -> Vec<Settings> {
    keys.iter().fold(vec![Settings::new()], |points, (key, values)| {
        let with = |point: Settings| {
            values.iter().map(move |value| {
                let mut point = point.clone();
                point.insert(key.clone(), value.clone());
                point
            })
        };
        points.into_iter().flat_map(with).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Before the first trial: each of them would be refused, or choose what has learned nothing.
    #[test]
    fn a_metric_that_nothing_learned_makes_perfect_is_refused_with_better_ones() {
        let refusal = |dataset: &str, metric: &str| {
            let text = format!(
                "[data]\ndataset = '{dataset}'\n[run]\nmetric = '{metric}'\n[grid]\nmodel.variant = ['lstm', 'lstm1']"
            );
            let config = StudyConfig::read("test", &text, &[]).unwrap();
            Space::new(&config).unwrap().require_data().map_err(|refusal| refusal.to_string())
        };
        let coverage = refusal("household-power", "coverage").unwrap_err();
        assert!(coverage.contains("whatever is forecast") && coverage.contains("pinball loss"), "{coverage}");
        let recall = refusal("sensor-events", "recall of event").unwrap_err();
        assert!(recall.contains("every answer is that class") && recall.contains("macro-F1"), "{recall}");
        assert!(refusal("digits-rows", "MASE").unwrap_err().contains("which the task does not have"));
        assert_eq!(refusal("sensor-events", "balanced accuracy"), Ok(()));
        assert_eq!(refusal("household-power", "pinball loss"), Ok(()));
    }
}
