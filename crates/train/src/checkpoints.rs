//! Saving after each epoch, so that a killed run loses at most the epoch it was in; and loading what was saved.
//!
//! Burn writes the model, the optimizer and the schedule on three threads that do not wait for one another.
//! Each tells the [`CheckpointTracker`] when its file is whole; the manifest lists an epoch once all three have.
//! Files that are no longer kept leave the manifest first, the disk second.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use burn::module::Module;
use burn::store::{ModuleRecord, RecordError};
use burn::tensor::Bytes;
use burn::train::checkpoint::{
    Checkpoint, Checkpointer, CheckpointerError, CheckpointingAction, CheckpointingStrategy, FileCheckpointer,
};
use burn::train::metric::store::EventStoreClient;
use burn_pack::{Reader, Tensor as PackedTensor, Writer};
use slimgate_models::Network;
use slimgate_run::metric::Threshold;
use slimgate_run::{
    CHECKPOINT_FILES, EpochMetrics, History, Manifest, RunError, RunFolder, SavedEpoch, SavedFile, Split,
    sha256,
};

use crate::TrainError;
use crate::average::IN_TRAINING;
use crate::loader::PassTime;
use crate::metrics::{EpochValues, TaskMetric};
use crate::schedule::LastLoss;

/// Whole epochs that are kept besides the best one: two, so that one is whole while another is written.
const KEPT: usize = 2;

/// The saved files and the metrics of each epoch; shared by the threads that save.
#[derive(Clone)]
pub(crate) struct CheckpointTracker(Arc<Mutex<TrackerState>>);

pub(crate) struct TrackerState {
    folder: RunFolder,
    manifest: Manifest,
    pub history: History,
    /// Files of epochs that are not whole yet.
    incomplete: Vec<SavedEpoch>,
    /// The first thing that went wrong; Burn's dashboard discards it.
    pub error: Option<TrainError>,
    /// True if early stopping ended the run.
    pub stopped_early: bool,
}

impl CheckpointTracker {
    pub fn new(folder: RunFolder, manifest: Manifest, history: History) -> CheckpointTracker {
        let incomplete = Vec::new();
        let state = TrackerState { folder, manifest, history, incomplete, error: None, stopped_early: false };
        CheckpointTracker(Arc::new(Mutex::new(state)))
    }

    pub fn state(&self) -> MutexGuard<'_, TrackerState> {
        self.0.lock().expect("nothing panics while it holds the state")
    }

    /// Records a whole file; completes the epoch with its last one.
    fn saved(&self, epoch: usize, name: String) -> Result<(), RunError> {
        let mut state = self.state();
        let sha256 = sha256(&state.folder.read(&name)?);
        let file = SavedFile { name, sha256 };
        match state.incomplete.iter_mut().find(|saved| saved.epoch == epoch) {
            Some(saved) => saved.files.push(file),
            None => state.incomplete.push(SavedEpoch { epoch, files: vec![file] }),
        }
        let whole = state
            .incomplete
            .iter()
            .position(|saved| saved.epoch == epoch && saved.files.len() == CHECKPOINT_FILES.len());
        if let Some(index) = whole {
            let mut saved = state.incomplete.swap_remove(index);
            saved.files.sort_by(|a, b| a.name.cmp(&b.name));
            state.manifest.epochs.push(saved);
            state.write_manifest()?;
        }
        Ok(())
    }
}

impl TrackerState {
    /// The last epoch that is saved whole.
    pub fn saved(&self) -> usize {
        self.manifest.epochs.last().map_or(0, |saved| saved.epoch)
    }

    /// Takes the epochs that are no longer kept out of the manifest, and names them.
    fn drop_old(&mut self) -> Result<Vec<usize>, RunError> {
        // The best of the whole epochs: a better one that is not saved yet may never be.
        let best = self.history.clone().up_to(self.saved()).best().map(|best| best.epoch);
        let newest = self.manifest.epochs.len().saturating_sub(KEPT);
        let old: Vec<usize> = self.manifest.epochs[..newest]
            .iter()
            .map(|saved| saved.epoch)
            .filter(|&epoch| Some(epoch) != best)
            .collect();
        if !old.is_empty() {
            self.manifest.epochs.retain(|saved| !old.contains(&saved.epoch));
            self.write_manifest()?;
        }
        Ok(old)
    }

    fn write_manifest(&self) -> Result<(), RunError> {
        self.folder.write_json("manifest.json", &self.manifest)
    }
}

/// Burn's checkpointer of one kind of file, which also tells the tracker of each file.
pub(crate) struct TrackedCheckpointer {
    name: &'static str,
    inner: FileCheckpointer,
    tracker: CheckpointTracker,
}

impl TrackedCheckpointer {
    pub fn new(folder: &Path, name: &'static str, tracker: &CheckpointTracker) -> TrackedCheckpointer {
        TrackedCheckpointer {
            name,
            inner: FileCheckpointer::new(folder.join("checkpoint"), name),
            tracker: tracker.clone(),
        }
    }

    /// Keeps the first error: Burn's dashboard discards it.
    fn record_error<T>(&self, result: Result<T, TrainError>) -> Result<T, CheckpointerError> {
        result.map_err(|error| {
            let message = error.to_string();
            self.tracker.state().error.get_or_insert(error);
            CheckpointerError::Unknown(message)
        })
    }
}

impl<R: Checkpoint> Checkpointer<R> for TrackedCheckpointer {
    fn save(&self, epoch: usize, record: R) -> Result<(), CheckpointerError> {
        let name = format!("checkpoint/{}-{epoch}.bpk", self.name);
        let saved = in_order(record).and_then(|record| self.inner.save(epoch, record)).map_err(|problem| {
            let folder = self.tracker.state().folder.clone();
            let (path, run) = (folder.file(&name), folder.path().to_owned());
            TrainError::Checkpoint { path, problem: problem.to_string(), run }
        });
        self.record_error(saved.and_then(|()| Ok(self.tracker.saved(epoch, name)?)))
    }

    fn delete(&self, epoch: usize) -> Result<(), CheckpointerError> {
        let path = format!("checkpoint/{}-{epoch}.bpk", self.name);
        let deleted = <FileCheckpointer as Checkpointer<R>>::delete(&self.inner, epoch);
        self.record_error(deleted.map_err(|problem| {
            let source = match problem {
                CheckpointerError::IOError(source) => source,
                other => std::io::Error::other(other.to_string()),
            };
            RunError::file("remove", &self.tracker.state().folder.file(&path))(source).into()
        }))
    }

    fn restore(&self, epoch: usize) -> Result<R, CheckpointerError> {
        let folder = self.tracker.state().folder.clone();
        let read = folder.read(&format!("checkpoint/{}-{epoch}.bpk", self.name));
        let content = self.record_error(read.map_err(TrainError::from))?;
        let content = without_wrapper(Bytes::from_bytes_vec(content));
        content.and_then(R::checkpoint_from_bytes).map_err(CheckpointerError::Record)
    }
}

/// The record with its tensors in the order of their names. Burn's optimizers keep theirs in a hash table, whose order is
/// another in every process: checkpoints of equal runs would be different files.
fn in_order<R: Checkpoint>(record: R) -> Result<R, CheckpointerError> {
    let sorted = record.checkpoint_into_bytes().and_then(R::checkpoint_from_bytes);
    sorted.map_err(CheckpointerError::Record)
}

/// Hears of each epoch, on the training and on the validation set.
pub(crate) type OnEpoch = Box<dyn Fn(&EpochMetrics, &EpochMetrics) + Send>;

/// The work at the end of each epoch: its metrics are recorded, and Burn is told to save it.
pub(crate) struct EndOfEpoch {
    pub tracker: CheckpointTracker,
    pub values: EpochValues,
    pub train_time: PassTime,
    pub train_sequences: usize,
    pub validation_time: PassTime,
    pub validation_sequences: usize,
    pub last_loss: LastLoss,
    pub on_epoch: OnEpoch,
}

impl EndOfEpoch {
    fn record(&self, epoch: usize) -> Result<Vec<usize>, RunError> {
        let metric = self.tracker.state().history.metric().clone();
        let line = |split, time: &PassTime, sequences: usize, learning_rate| EpochMetrics {
            epoch,
            split,
            loss: self.values.read("loss", split),
            score: metric.score(self.values.read(TaskMetric::NAME, split)),
            seconds: time.seconds(),
            sequences_per_second: sequences as f64 / time.seconds(),
            learning_rate,
            threshold: None,
        };
        let rate = Some(self.values.read("learning rate", Split::Train));
        let train = line(Split::Train, &self.train_time, self.train_sequences, rate);
        let validation = line(Split::Validation, &self.validation_time, self.validation_sequences, None);
        let threshold = Threshold::from_value(self.values.read(TaskMetric::THRESHOLD, Split::Validation));
        let validation = EpochMetrics { threshold, ..validation };
        // Set before Burn saves the schedule, so that the next epoch runs at the rate of this loss.
        self.last_loss.set(train.loss);
        (self.on_epoch)(&train, &validation);

        let mut state = self.tracker.state();
        state.history.push(train);
        state.history.push(validation);
        state.folder.write_history(&state.history)?;
        state.drop_old()
    }
}

impl CheckpointingStrategy for EndOfEpoch {
    fn checkpointing(&mut self, epoch: usize, _: &EventStoreClient) -> Vec<CheckpointingAction> {
        match self.record(epoch) {
            Ok(old) => {
                old.into_iter().map(CheckpointingAction::Delete).chain([CheckpointingAction::Save]).collect()
            }
            Err(error) => {
                self.tracker.state().error.get_or_insert(error.into());
                Vec::new()
            }
        }
    }
}

/// A checkpoint with the names that the network has for its parameters. Earlier versions wrote the name of the field
/// that held the network in training before each. (An optimizer finds its state by the parameters' ids.)
fn without_wrapper(content: Bytes) -> Result<Bytes, RecordError> {
    const WRAPPER: &str = "classifier.";
    renamed(content, |name| Some(name.strip_prefix(WRAPPER).unwrap_or(name)))
}

/// A checkpoint without the weights in training that lie beside their average.
fn without_those_in_training(content: Bytes) -> Result<Bytes, RecordError> {
    renamed(content, |name| {
        let is_in_training = name.strip_prefix(IN_TRAINING).is_some_and(|rest| rest.starts_with('.'));
        (!is_in_training).then_some(name)
    })
}

/// A checkpoint with other names for its parameters, and without those that get none.
fn renamed(content: Bytes, rename: impl Fn(&str) -> Option<&str>) -> Result<Bytes, RecordError> {
    let reader = Reader::from_bytes(content.clone())?;
    if reader.tensor_names().iter().all(|name| rename(name) == Some(name)) {
        return Ok(content);
    }
    let rename = |tensor: PackedTensor| {
        let (name, dtype, shape, id, bytes) = tensor.into_parts()?;
        Ok(rename(&name).map(|name| PackedTensor::new(name.to_owned(), dtype, shape, id, bytes)))
    };
    let renamed = reader.into_tensors()?.into_iter().map(rename).filter_map(Result::transpose);
    Ok(Writer::new(renamed.collect::<Result<_, RecordError>>()?).into_bytes()?)
}

/// Loads the weights of a saved epoch that are used: their average, where there is one. A checkpoint of another shape is an error that names the file.
pub(crate) fn load(network: Network, folder: &RunFolder, saved: &SavedEpoch) -> Result<Network, RunError> {
    let name = format!("checkpoint/model-{}.bpk", saved.epoch);
    let path = folder.file(&name);
    let file = saved.files.iter().find(|file| file.name == name);
    let file = file.ok_or_else(|| RunError::damaged(&path, "the manifest does not list it"))?;
    // From memory: Burn would read the file bit by bit later, when it may be another or gone.
    let content = Bytes::from_bytes_vec(folder.read_saved(file)?);
    let record = without_wrapper(content).and_then(without_those_in_training);
    let record = record.and_then(ModuleRecord::from_bytes);
    let record = record.map_err(|problem| RunError::damaged(&path, problem))?;
    network
        .try_load_record(record)
        .map_err(|problem| RunError::damaged(&path, format!("it is of another model: {problem}")))
}
