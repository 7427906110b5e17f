//! How far a study is, whoever works on it.

use std::collections::HashMap;

use serde::Serialize;
use slimgate_train::EpochMetrics;

use crate::folder::Records;
use crate::plan::plan;
use crate::space::Space;
use crate::{State, StudyError, StudyFolder};

/// How far a study is.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
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
    /// Accuracy on the validation part after the last complete epoch.
    pub accuracy: Option<f64>,
}

/// The trial of a variant with the best accuracy on the validation part.
#[derive(Clone, Debug, Serialize)]
pub struct Best {
    /// The variant.
    pub variant: String,
    /// The task.
    pub task: String,
    /// The accuracy.
    pub accuracy: f64,
    /// The trial in a few words.
    pub label: String,
}

/// A trial that failed.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// The trial in a few words.
    pub label: String,
    /// Why.
    pub reason: String,
}

/// How far the study in a folder is, whoever works on it.
///
/// # Errors
///
/// If the folder is not a study or something in it is damaged.
pub fn standing(folder: &StudyFolder) -> Result<Standing, StudyError> {
    let config = folder.config()?;
    let space = Space::new(&config)?;
    let mut records = Records::new(folder, &config);
    let groups = plan(&space, &config, &mut records)?;
    let mut standing = Standing {
        trials: 0,
        states: Vec::new(),
        epochs: 0,
        epochs_done: 0,
        seconds: 0.0,
        running: Vec::new(),
        best: Vec::new(),
        failed: Vec::new(),
    };
    let mut states: HashMap<State, usize> = HashMap::new();
    for group in &groups {
        let mut known = 0;
        for trial in group.trials() {
            known += 1;
            let record = records.get(&trial.id).clone();
            let state = group.state(trial, &record);
            *states.entry(state).or_default() += 1;
            let of = trial.config.optim.epochs;
            let label = trial.label();
            let summary = record.summary.as_ref();
            let (mut epochs, mut seconds) =
                summary.map_or((0, 0.0), |summary| (summary.epochs, summary.seconds));
            let ended = record.is_done() || state == State::Pruned;
            match state {
                State::Running => {
                    let accuracy;
                    (epochs, accuracy, seconds) = progress(folder, &trial.id);
                    standing.running.push(Running { label: label.clone(), epoch: epochs, of, accuracy });
                }
                // Its training, or its test.
                _ if record.given_up => {
                    let reason = record.reason.unwrap_or_else(|| "its process died".into());
                    standing.failed.push(Failure { label: label.clone(), reason });
                }
                _ => (),
            }
            standing.epochs += if ended { epochs } else { of };
            standing.epochs_done += epochs;
            standing.seconds += seconds;
            if let Some(best) = record.summary.and_then(|summary| summary.best) {
                let (variant, task) = (trial.variant.clone(), trial.task.clone());
                let best = Best { variant, task, accuracy: best.accuracy, label };
                let same = |known: &&mut Best| known.variant == best.variant && known.task == best.task;
                match standing.best.iter_mut().find(same) {
                    Some(known) if known.accuracy >= best.accuracy => (),
                    Some(known) => *known = best,
                    None => standing.best.push(best),
                }
            }
        }
        let (planned, unknown_epochs) = group.planned(&space);
        standing.trials += planned;
        standing.epochs += unknown_epochs;
        if planned > known {
            *states.entry(State::Waiting).or_default() += planned - known;
        }
    }
    standing.states = states.into_iter().collect();
    standing.states.sort_unstable();
    Ok(standing)
}

/// The complete epochs of a running trial, its last accuracy and the seconds it took, off its metrics.
fn progress(folder: &StudyFolder, id: &str) -> (usize, Option<f64>, f64) {
    let text = std::fs::read_to_string(folder.run(id).join("metrics.jsonl")).unwrap_or_default();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<EpochMetrics>(line).ok());
    lines.fold((0, None, 0.0), |(_, _, seconds), line| {
        (line.epoch, Some(line.accuracy), seconds + line.seconds)
    })
}
