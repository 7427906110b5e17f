//! The kinds of trials by what they cost: those of one kind take as long as one another, whatever their variant and seed.

use std::collections::HashMap;

use slimgate_run::{Config, Effort};

use crate::launcher::Workers;
use crate::measure::effort;
use crate::plan::Group;
use crate::space::Space;
use crate::{StudyConfig, StudyError};

/// The factor by which validation, saving and a process of its own lengthen the training steps of a trial.
const OVERHEAD: f64 = 1.2;

/// The most kinds of a task that are measured. Another is taken for the next larger one that is.
const MOST_MEASURED: usize = 4;

/// The settings of trials that cost the same: hidden units, unless they are matched, layers, directions, embedding and batch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    hidden: Option<usize>,
    layers: usize,
    bidirectional: bool,
    embedding: usize,
    batch: usize,
}

impl Kind {
    fn of(study: &StudyConfig, trial: &Config) -> Kind {
        let model = &trial.model;
        Kind {
            hidden: study.compare.matched.is_none().then_some(model.hidden),
            layers: model.layers,
            bidirectional: model.bidirectional,
            embedding: model.embedding,
            batch: trial.optim.batch_size,
        }
    }
}

/// The seconds that trials take, by task and kind, measured once each.
#[derive(Debug, Default)]
pub(crate) struct Costs {
    /// Measured kinds of each task with their recurrent parameters, the fewest first.
    measured: HashMap<String, Vec<(Kind, usize, Effort)>>,
}

impl Costs {
    /// Measures the kinds of a task, on trials of its first variant: its steps are taken for those of all variants, since
    /// none has more to compute than the baseline. What is measured already is not measured again.
    ///
    /// # Errors
    ///
    /// If they cannot be measured, or the user wants to stop.
    pub fn measure(
        &mut self,
        of_task: &[&Group],
        space: &Space,
        study: &StudyConfig,
        workers: &mut Workers,
        at_once: usize,
    ) -> Result<(), StudyError> {
        let Some(first) = of_task.first() else { return Ok(()) };
        let known = self.measured.entry(space.tasks[first.task].name.clone()).or_default();
        let mut kinds: Vec<(Kind, usize, &Config)> = Vec::new();
        for trial in first.trials() {
            let kind = Kind::of(study, &trial.config);
            if kinds.iter().all(|(other, ..)| *other != kind) {
                kinds.push((kind, study.recurrent_parameters(&trial.config)?, &trial.config));
            }
        }
        // Of equal sizes the smaller batches, which take more steps, count as larger.
        kinds.sort_by_key(|(kind, parameters, _)| (*parameters, std::cmp::Reverse(kind.batch)));
        for at in evenly(kinds.len(), MOST_MEASURED) {
            let (kind, parameters, trial) = kinds[at].clone();
            if known.iter().all(|(other, ..)| *other != kind) {
                known.push((kind, parameters, effort(workers, &study.in_place(trial)?, at_once)?));
            }
        }
        known.sort_by_key(|(kind, parameters, _)| (*parameters, std::cmp::Reverse(kind.batch)));
        Ok(())
    }

    /// Seconds of a trial of a task for so many epochs, as far as its kind, or the next larger one, was measured.
    pub fn seconds(
        &self,
        task: &str,
        study: &StudyConfig,
        trial: &Config,
        epochs: usize,
    ) -> Result<f64, StudyError> {
        let Some(measured) = self.measured.get(task) else { return Ok(0.0) };
        let kind = Kind::of(study, trial);
        let parameters = study.recurrent_parameters(trial)?;
        let same = measured.iter().find(|(known, ..)| *known == kind);
        let larger = || measured.iter().find(|(_, known, _)| *known >= parameters);
        let found = same.or_else(larger).or(measured.last());
        Ok(found.map_or(0.0, |(.., effort)| seconds(effort, epochs)))
    }

    /// Seconds of the cheapest and of the dearest kind of a task for so many epochs.
    pub fn extremes(&self, task: &str, epochs: usize) -> [f64; 2] {
        let all = self.measured.get(task).into_iter().flatten().map(|(.., effort)| seconds(effort, epochs));
        let (low, high) =
            all.fold((f64::INFINITY, 0.0_f64), |(low, high), next| (low.min(next), high.max(next)));
        [low.min(high), high]
    }

    /// Warnings of all measurements, each once.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<String> = Vec::new();
        for warning in self.measured.values().flatten().flat_map(|(.., effort)| &effort.warnings) {
            if !warnings.contains(warning) {
                warnings.push(warning.clone());
            }
        }
        warnings
    }
}

/// Seconds of a trial of so many epochs.
fn seconds(effort: &Effort, epochs: usize) -> f64 {
    (epochs * effort.steps_an_epoch) as f64 * effort.step_seconds * OVERHEAD + effort.start_seconds
}

/// At most so many of the numbers below one, evenly, the last of them in any case.
fn evenly(all: usize, most: usize) -> Vec<usize> {
    if all <= most {
        return (0..all).collect();
    }
    (0..most).map(|at| at * (all - 1) / (most - 1)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};

    use slimgate_run::StopFlag;

    use super::*;
    use crate::{Options, forecast};

    /// A program whose step takes a hundredth of a second with four hidden units and a second with more.
    fn program(here: &Path) -> PathBuf {
        let program = here.join("program");
        let script = "#!/bin/sh\ngrep -q 'hidden = 4$' \"$2\" && seconds=0.01 || seconds=1.0\n\
                      echo x >>\"$(dirname \"$0\")/measured\"\n\
                      echo \"{\\\"event\\\":\\\"effort\\\",\\\"step_seconds\\\":$seconds,\\\"steps_an_epoch\\\":100,\
                      \\\"start_seconds\\\":0,\\\"warnings\\\":[]}\"\n";
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        program
    }

    #[test]
    fn a_forecast_is_of_every_kind_of_trial_in_whatever_order() {
        let here = tempfile::tempdir().unwrap();
        let options = Options { program: program(here.path()), at_once: 1 };
        let told = |grid: &str, replicates: u64| {
            let text = format!("[optim]\nepochs = 3\n[grid]\nmodel.variant = ['lstm', 'lstm3']\n{grid}");
            let config = StudyConfig::read("test", &text, &[]).unwrap();
            let study = |number| (here.path().join(format!("study-{number}")), config.replicate(number));
            let studies: Vec<_> = (0..replicates).map(study).collect();
            forecast(&studies, &options, &StopFlag::new()).unwrap()
        };
        let hours = |seconds: f64| seconds * OVERHEAD / 3600.0;
        for hidden in ["[4, 400]", "[400, 4]"] {
            let found = told(&format!("model.hidden = {hidden}"), 1);
            // Two variants with two sizes; the comparison has the dearer one for all that is known.
            let known = 2.0 * 300.0 * (0.01 + 1.0);
            let unknown = (found.trials - 4) as f64 * 300.0;
            assert!((found.core_hours - hours(known + unknown)).abs() < 1e-9, "{hidden}: {found:?}");
            assert!(!found.from_trials);
        }
        fs::remove_file(here.path().join("measured")).unwrap();
        let one = told("model.hidden = [4]", 1);
        let five = told("model.hidden = [4]", 5);
        assert_eq!((one.trials, five.trials), (2, 10));
        assert!((five.core_hours - 5.0 * one.core_hours).abs() < 1e-9);
        assert_eq!(fs::read_to_string(here.path().join("measured")).unwrap().lines().count(), 2, "once each");
    }

    #[test]
    fn some_of_many_kinds_are_measured_the_largest_among_them() {
        assert_eq!(evenly(3, 4), [0, 1, 2]);
        assert_eq!(evenly(20, 4), [0, 6, 12, 19]);
    }
}
