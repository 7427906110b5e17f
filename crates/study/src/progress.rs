//! How far a study is, whoever works on it.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use slimgate_run::RunFolder;
use slimgate_run::metric::Metric;

use crate::folder::{Record, Records};
use crate::plan::plan;
use crate::space::Space;
use crate::trial::Trial;
use crate::{State, StudyError, StudyFolder};

/// How far a study is.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StudyProgress {
    /// Trials in all, as far as is known.
    pub trials: usize,
    /// How many are in each state.
    pub states: Vec<(State, usize)>,
    /// Epochs of all trials together.
    pub epochs: usize,
    /// Those that are complete.
    pub epochs_done: usize,
    /// Seconds that these took, added up.
    pub seconds: f64,
    /// Each trial that a process works on.
    pub running: Vec<Running>,
    /// The best trial of each variant on each task.
    pub best: Vec<Best>,
    /// How far the comparison of each variant is on each task, where it goes on until it is decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub compared: Vec<Compared>,
    /// Each trial that failed.
    pub failed: Vec<Failure>,
}

/// A trial that a process works on.
#[derive(Clone, Debug, Serialize)]
pub struct Running {
    /// Its variant, task, settings and seed in a few words.
    pub label: String,
    /// Complete epochs.
    pub epoch: usize,
    /// All epochs.
    pub of: usize,
    /// The metric that choices are made by, and its value on the validation set after the last complete epoch.
    #[serde(flatten, serialize_with = "under_its_name")]
    pub score: (Metric, Option<f64>),
    /// The process that has it, such as `process 7 on node3`, where its lease says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
}

/// The trial of a variant with the best score on the validation set.
#[derive(Clone, Debug, Serialize)]
pub struct Best {
    /// The variant.
    pub variant: String,
    /// The task.
    pub task: String,
    /// The metric that choices are made by, and its value.
    #[serde(flatten, serialize_with = "under_its_name")]
    pub score: (Metric, f64),
    /// The trial in a few words.
    pub label: String,
}

/// A value as a key of its own, which is the metric's name.
fn under_its_name<T: Serialize, S: Serializer>(
    (metric, value): &(Metric, T),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(&metric.name, value)?;
    map.end()
}

/// How far the comparison of a variant is.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// The variant.
    pub variant: String,
    /// The task.
    pub task: String,
    /// Seeds of the look that it has come to.
    pub seeds: usize,
    /// The most that it may get.
    pub most: usize,
    /// True if that look is complete.
    pub is_tested: bool,
}

/// A trial that failed.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// The trial in a few words.
    pub label: String,
    /// Why.
    pub reason: String,
}

impl StudyProgress {
    /// Takes note of a trial.
    fn note_trial(&mut self, folder: &StudyFolder, trial: &Trial, state: State, record: &Record) {
        let of = trial.config.optim.epochs;
        let summary = record.summary.as_ref();
        let (mut epochs, mut seconds) = summary.map_or((0, 0.0), |summary| (summary.epochs, summary.seconds));
        if state == State::Running {
            let score;
            (epochs, score, seconds) = read_metrics(folder, &trial.id);
            let metric = summary.map_or_else(Metric::default, |summary| summary.metric.clone());
            let worker = folder.queue().owner(&trial.id);
            let score = (metric, score);
            self.running.push(Running { label: trial.label(), epoch: epochs, of, score, worker });
        } else if record.given_up {
            // Its training, or its test.
            let reason = record.reason.clone().unwrap_or_else(|| "its process died".into());
            self.failed.push(Failure { label: trial.label(), reason });
        }
        let ended = record.is_done() || state == State::Pruned;
        self.epochs += if ended { epochs } else { of };
        self.epochs_done += epochs;
        self.seconds += seconds;
        if let Some((summary, best)) = summary.and_then(|summary| Some((summary, summary.best.as_ref()?))) {
            self.note_best(trial, (summary.metric.clone(), best.score.value));
        }
    }

    /// Keeps a trial that is the best of its variant and task so far; of equals, the first.
    fn note_best(&mut self, trial: &Trial, score: (Metric, f64)) {
        let (variant, task) = (trial.variant.clone(), trial.task.clone());
        let best = Best { variant, task, score, label: trial.label() };
        let merit = |of: &Best| of.score.0.merit(of.score.1);
        let same = |known: &&mut Best| known.variant == best.variant && known.task == best.task;
        match self.best.iter_mut().find(same) {
            Some(known) if merit(known) >= merit(&best) => (),
            Some(known) => *known = best,
            None => self.best.push(best),
        }
    }
}

/// How far the study in a folder is, whoever works on it.
///
/// # Errors
///
/// If the folder is not a study or something in it is damaged.
pub fn study_progress(folder: &StudyFolder) -> Result<StudyProgress, StudyError> {
    let config = folder.config()?;
    let space = Space::new(&config)?;
    let mut records = Records::new(folder, &config);
    let groups = plan(&space, &config, &mut records)?;
    let mut progress = StudyProgress::default();
    let mut states: BTreeMap<State, usize> = BTreeMap::new();
    for group in &groups {
        let mut known = 0;
        for trial in group.trials() {
            known += 1;
            let record = records.get(&trial.id);
            let state = group.state(trial, record);
            *states.entry(state).or_default() += 1;
            progress.note_trial(folder, trial, state, record);
        }
        if let (Some(chosen), &[_, .., most]) = (&group.chosen, config.looks().as_slice()) {
            progress.compared.push(Compared {
                variant: group.variant.clone(),
                task: space.tasks[group.task].name.clone(),
                seeds: chosen.trials.len(),
                most,
                is_tested: chosen.trials.iter().all(|trial| {
                    let record = records.get(&trial.id);
                    record.tested || record.state == State::Diverged
                }),
            });
        }
        let (planned, unknown_epochs) = group.planned(&space);
        progress.trials += planned;
        progress.epochs += unknown_epochs;
        if planned > known {
            *states.entry(State::Waiting).or_default() += planned - known;
        }
    }
    progress.states = states.into_iter().collect();
    Ok(progress)
}

/// The complete epochs of a running trial, its last score and the seconds it took, off its metrics.
fn read_metrics(folder: &StudyFolder, id: &str) -> (usize, Option<f64>, f64) {
    // One that has just begun has no folder yet.
    let lines = RunFolder::open(&folder.run(id)).and_then(|run| run.recorded_epochs()).unwrap_or_default();
    lines.iter().fold((0, None, 0.0), |(_, _, seconds), line| {
        (line.epoch, Some(line.score.value), seconds + line.seconds)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up::mase;

    #[test]
    fn a_score_stands_under_the_name_of_its_metric() {
        let running = |score| Running { label: "lstm".into(), epoch: 0, of: 9, score, worker: None };
        let text = |score| serde_json::to_string(&running(score)).unwrap();
        assert_eq!(text((Metric::default(), None)), r#"{"label":"lstm","epoch":0,"of":9,"accuracy":null}"#);
        let worker = Some("process 7 on node3".to_owned());
        let held = serde_json::to_value(Running { worker, ..running((mase(), None)) }).unwrap();
        assert_eq!(held["worker"], "process 7 on node3");
        assert_eq!(text((mase(), Some(0.8))), r#"{"label":"lstm","epoch":0,"of":9,"MASE":0.8}"#);
    }
}
