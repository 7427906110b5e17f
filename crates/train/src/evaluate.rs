//! A saved run on the test set, or on new data.

mod calibrate;
mod outcomes;
mod predict;
mod stream;

use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use sha2::{Digest, Sha256};
use slimgate_data::{Batch, Preprocessing, Protocol, Sequence, prepare_with, unknown_in};
use slimgate_models::Network;
use slimgate_run::metric::{Alarm, Tally, Threshold};
use slimgate_run::{
    AlarmAnswers, AlarmEvaluation, Backend, Calibration, Config, ConfigError, Evaluation, Forecasts,
    Manifest, Outcomes, RunError, RunFolder, SavedEpoch, Status, hexadecimal, references,
};

use crate::checkpoints::load;
use crate::devices::device;
use crate::learn::use_threads;
use crate::loader::SequenceBatch;
use crate::memory::{self, Layers};
use crate::objective::Objective;
use crate::{TrainError, build};

use outcomes::Answers;
pub use predict::Prediction;
pub use stream::Stream;

/// Sequences at a time; without gradients there is room for more than in training.
const BATCH: usize = 128;

/// The choice of the checkpoint to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointChoice {
    /// Of the epoch that did best on the validation set.
    Best,
    /// Of the last complete epoch.
    Last,
    /// Of this epoch, if it is still kept.
    Epoch(usize),
}

/// A trained network with what it needs to read data.
#[derive(Debug)]
pub struct SavedRun {
    folder: RunFolder,
    config: Config,
    preprocessing: Preprocessing,
    network: Network,
    device: Device,
    /// True if it computes on the backend that it was trained on.
    own: bool,
    /// True if its tensors are in the memory of this process.
    in_memory: bool,
    epoch: usize,
    /// Of the quantiles that it forecasts with the weights of this epoch.
    calibration: Option<Calibration>,
    /// The threshold of alarms that was chosen after that epoch, where a class is one.
    threshold: Option<Threshold>,
}

/// What came of a saved run on the test set.
#[derive(Clone, Debug)]
pub struct Evaluated {
    /// Its scores.
    pub evaluation: Evaluation,
    /// The outcomes of the single sequences, whose mean the score is.
    pub outcomes: Outcomes,
    /// Forecasts of its last steps, where the task is one.
    pub forecasts: Option<Forecasts>,
    /// The answers as alarms, where a class is one.
    pub alarms: Option<AlarmAnswers>,
    /// What the user should know of the set.
    pub warning: Option<String>,
}

impl SavedRun {
    /// Loads a run; `place`, if given, is another backend and device than it was trained on.
    ///
    /// # Errors
    ///
    /// If the folder is not a run, its files are missing, damaged or of another model, or it does not hold
    /// the epoch.
    pub fn open(
        path: &Path,
        checkpoint: CheckpointChoice,
        place: Option<(Backend, usize)>,
    ) -> Result<SavedRun, TrainError> {
        let folder = RunFolder::open(path)?;
        let config = folder.held_config()?;
        use_threads(config.run.threads)?;
        let (backend, index) = place.unwrap_or((config.run.backend, config.run.device));
        let device = device(backend, index)?;
        let preprocessing = folder.preprocessing()?;
        let network = build::network_to_load(&config, &preprocessing, &device);
        let (epoch, network) = load_with_retry(&network, &folder, checkpoint)?;
        let threshold = folder.history(epoch)?.threshold(epoch);
        let own = backend == config.run.backend;
        let in_memory = backend.in_memory();
        let objective = Objective::new(&config, &preprocessing);
        let calibration = folder.calibration(epoch, objective.quantiles(), preprocessing.outputs())?;
        Ok(SavedRun {
            folder,
            config,
            preprocessing,
            network,
            device,
            own,
            in_memory,
            epoch,
            calibration,
            threshold,
        })
    }

    /// The preprocessing of its data, which new data must go through too.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// The names of the classes it tells apart.
    pub fn classes(&self) -> &[String] {
        self.preprocessing.classes()
    }

    /// The data that its choices were made on.
    pub fn validation(&self) -> Protocol {
        self.config.data.validation
    }

    /// True if its weights are those of the run's best epoch.
    ///
    /// # Errors
    ///
    /// If the run folder cannot be read.
    pub fn is_best(&self) -> Result<bool, RunError> {
        let manifest = self.folder.manifest()?;
        let last = manifest.epochs.last().map_or(0, |saved| saved.epoch);
        Ok(best_epoch(&self.folder, last)? == Some(self.epoch))
    }

    /// True if its evaluation is the run's result: by the weights of its best epoch, on its own backend.
    ///
    /// # Errors
    ///
    /// As [`is_best`](Self::is_best).
    pub fn is_official_result(&self) -> Result<bool, RunError> {
        Ok(self.own && self.is_best()?)
    }

    /// Records in the run folder how the run does on the test set; see
    /// [`is_official_result`](Self::is_official_result).
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn record(&self, evaluated: &Evaluated) -> Result<(), RunError> {
        let Evaluated { evaluation, outcomes, forecasts, alarms, .. } = evaluated;
        self.folder.record_evaluation(evaluation, outcomes, forecasts.as_ref(), alarms.as_ref())
    }

    /// Answers the test set, which is at `place` where the data has moved there.
    ///
    /// # Errors
    ///
    /// If the data cannot be read or is not what the run was trained on, or the model has no answer to a sequence.
    pub fn evaluate(&self, place: Option<&str>) -> Result<Evaluated, TrainError> {
        let data = prepare_with(&self.config.data, &self.preprocessing, place)?;
        let objective = self.objective().weighted(&self.config, &data.train);
        let answered = self.answers(&objective, &data.test, "test")?;
        let Answered { loss, tally, before_calibration, answers: answered } = answered;
        // What the threshold was chosen on: other variants are compared at the share of false alarms that it has there.
        let alarms = match objective.alarm() {
            Some(_) => {
                let validation = self.answers(&objective, &data.validation, "validation")?.answers.alarms();
                Some(AlarmAnswers { validation, test: answered.alarms() })
            }
            None => None,
        };
        let metric = match self.folder.summary()? {
            Some(summary) => summary.metric,
            None => objective.metric(&self.config, &data)?,
        };
        let Some(value) = tally.value(&metric) else {
            let metrics = tally.metrics();
            let with_value = metrics.iter().filter(|metric| metric.value.is_some());
            let choices: Vec<&str> = with_value.map(|with| with.metric.name.as_str()).collect();
            let problem = "which has no value on the test set";
            return Err(
                ConfigError::Metric { metric: metric.name, problem, choices: choices.join(", ") }.into()
            );
        };
        let evaluation = Evaluation {
            epoch: self.epoch,
            sequences: data.test.len(),
            loss,
            score: metric.score(value),
            metrics: tally.metrics(),
            references: references::scored(&data, &metric, objective.quantiles()),
            coverage_before_calibration: before_calibration.and_then(|tally| tally.coverage()),
            classes: self.classes().to_vec(),
            confusion: tally.confusion(),
            alarm: self.alarm_evaluation(&objective, &tally),
            weights_sha256: weights_hash(&self.network),
        };
        Ok(Evaluated {
            evaluation,
            outcomes: answered.outcomes(&tally, &metric, &data.preprocessing),
            forecasts: answered.forecasts(&data.preprocessing),
            alarms,
            warning: unknown_in("test", &data.test),
        })
    }

    /// The meaning of its network's outputs.
    fn objective(&self) -> Objective {
        // Scores that are no numbers have no threshold, and raise no alarm.
        let threshold = Some(self.threshold.unwrap_or(Threshold::NEVER));
        Objective::new(&self.config, &self.preprocessing).with_threshold(threshold)
    }
}

/// The answers to a set.
struct Answered<'a> {
    /// The mean loss.
    loss: f64,
    tally: Tally,
    /// That of the answers as they were before their quantiles were moved, where a run is calibrated.
    before_calibration: Option<Tally>,
    answers: Answers<'a>,
}

impl SavedRun {
    /// Answers the sequences of a set, which has this name.
    fn answers<'a>(
        &self,
        objective: &'a Objective,
        sequences: &'a [Sequence],
        set: &str,
    ) -> Result<Answered<'a>, TrainError> {
        let (mut loss, mut losses_summed, mut before) = (0.0, 0, 0);
        let (mut tally, mut answered) = (objective.tally(), Answers::new(objective, sequences));
        let mut before_calibration = self.calibration.as_ref().map(|_| objective.tally());
        for sequences in self.batches(sequences, |sequence| sequence.features.len())? {
            let batch = Batch::collate(&sequences.iter().collect::<Vec<_>>());
            let batch = SequenceBatch::new(batch, &self.device);
            let outputs = self.network.forward(batch.features, batch.lengths.as_deref());
            let answers = objective.answered(outputs, &batch.targets);
            let losses = read::<1>(objective.losses(answers.clone(), &batch.targets))?;
            // Of labelled steps there may be more or fewer than sequences: the batch is named by its first.
            let own = losses.len() == sequences.len();
            let place = |at| format!("sequence {} of the {set} set", before + if own { at } else { 0 } + 1);
            require_finite(&losses, self.epoch, place)?;
            before += sequences.len();
            losses_summed += losses.len();
            loss += losses.into_iter().map(f64::from).sum::<f64>();
            let answers = read::<1>(objective.summed(answers))?;
            if let Some(tally) = &mut before_calibration {
                objective.add(tally, &answers, &batch.targets);
            }
            let answers = self.calibrated(answers);
            objective.add(&mut tally, &answers, &batch.targets);
            answered.extend(&answers, sequences);
        }
        Ok(Answered { loss: loss / losses_summed as f64, tally, before_calibration, answers: answered })
    }

    /// The alarms among the answers to the test set, where a class is one.
    fn alarm_evaluation(&self, objective: &Objective, tally: &Tally) -> Option<AlarmEvaluation> {
        let Alarm { class, rule, threshold } = objective.alarm()?;
        let (class, threshold) = (self.classes()[class].clone(), threshold?);
        Some(AlarmEvaluation { class, rule, threshold, counts: tally.scores()?.counts(threshold) })
    }

    /// Sequences in batches for which there is room.
    fn batches<'a, T>(
        &self,
        all: &'a [T],
        steps: impl Fn(&T) -> usize + Copy,
    ) -> Result<Vec<&'a [T]>, TrainError> {
        let free = self.in_memory.then(memory::free).flatten();
        Layers::new(&self.config, &self.preprocessing).batches(all, BATCH, steps, free)
    }
}

/// Refuses what is no answer of the model of an epoch. `sequence` names the one that a number is of.
fn require_finite(
    numbers: &[f32],
    epoch: usize,
    sequence: impl Fn(usize) -> String,
) -> Result<(), TrainError> {
    match numbers.iter().position(|number| !number.is_finite()) {
        Some(at) => Err(TrainError::NoAnswer { epoch, sequence: sequence(at) }),
        None => Ok(()),
    }
}

/// The sha256 of all weights, in the order of the model's parts.
fn weights_hash(module: &impl Module) -> String {
    struct Hash(Sha256);
    impl ModuleVisitor for Hash {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.update(param.val().into_data().as_bytes());
        }
    }
    let mut hash = Hash(Sha256::new());
    module.visit(&mut hash);
    hexadecimal(hash.0)
}

fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, TrainError> {
    let data = tensor.try_into_data().map_err(|error| TrainError::Device(error.to_string()))?;
    data.try_to_vec().map_err(|error| TrainError::Device(format!("{error:?}")))
}

/// Loads the weights that are asked for, and says of which epoch they are; again where a training run has replaced
/// them meanwhile.
fn load_with_retry(
    network: &Network,
    folder: &RunFolder,
    checkpoint: CheckpointChoice,
) -> Result<(usize, Network), TrainError> {
    loop {
        let manifest = folder.manifest()?;
        let saved = find(folder, &manifest, checkpoint)?;
        match load(network.clone(), folder, saved) {
            // Training went on and dropped this epoch. That takes whole epochs, of which a run has only so many.
            Err(_) if folder.manifest()? != manifest => (),
            loaded => return Ok((saved.epoch, loaded?)),
        }
    }
}

/// The best of the epochs up to `last`.
fn best_epoch(folder: &RunFolder, last: usize) -> Result<Option<usize>, RunError> {
    Ok(folder.history(last)?.best().map(|best| best.epoch))
}

fn find<'a>(
    folder: &RunFolder,
    manifest: &'a Manifest,
    checkpoint: CheckpointChoice,
) -> Result<&'a SavedEpoch, TrainError> {
    let path = folder.path().to_owned();
    let Some(last) = manifest.epochs.last() else {
        let diverged = folder.summary()?.is_some_and(|summary| summary.status == Status::Diverged);
        return Err(if diverged { TrainError::DivergedAtOnce(path) } else { TrainError::NoCheckpoint(path) });
    };
    let epoch = match checkpoint {
        CheckpointChoice::Last => last.epoch,
        CheckpointChoice::Epoch(epoch) => epoch,
        CheckpointChoice::Best => best_epoch(folder, last.epoch)?.unwrap_or(last.epoch),
    };
    let held = || manifest.epochs.iter().map(|saved| saved.epoch).collect();
    let saved = manifest.epochs.iter().find(|saved| saved.epoch == epoch);
    saved.ok_or_else(|| TrainError::NoSuchEpoch { path, epoch, held: held() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_is_no_answer() {
        let name = |at: usize| format!("sequence {}", at + 1);
        assert!(require_finite(&[0.5, 0.0, f32::MAX], 3, name).is_ok());
        for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let message = require_finite(&[0.5, number], 3, name).unwrap_err().to_string();
            let told = ["the model of epoch 3 answers sequence 2", "--weights", "--learning-rate"];
            assert!(told.iter().all(|told| message.contains(told)), "{message}");
        }
    }
}
