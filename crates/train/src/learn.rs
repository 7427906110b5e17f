//! The run itself: start, resume, interrupt.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use burn::data::dataloader::DataLoader;
use burn::module::Module;
use burn::store::ModuleRecord;
use burn::tensor::{Bytes, Device};
use burn::train::logger::MetricLogger;
use burn::train::metric::store::{EpochSummary, EventStoreClient, MetricsUpdate, Split as BurnSplit};
use burn::train::metric::{AccuracyMetric, LearningRateMetric, LossMetric, MetricDefinition, NumericEntry};
use burn::train::renderer::tui::TuiMetricsRendererWrapper;
use burn::train::{EarlyStoppingStrategy, Interrupter, Learner, SupervisedTraining};
use slimgate_data::{Prepared, Validation, prepare, prepare_with};
use slimgate_models::Classifier;

use crate::build;
use crate::checkpoints::{CheckpointTracker, EndOfEpoch, FILES, TrackedCheckpointer, TrackerState};
use crate::environment::{Environment, peak_memory};
use crate::folder::{Manifest, RunLock, SavedEpoch};
use crate::history::{EpochMetrics, History, Split};
use crate::leftovers;
use crate::loader::Loader;
use crate::metrics::{EpochValues, RecordedMetric, Throughput};
use crate::quiet::Quiet;
use crate::schedule::{LastLoss, schedule};
use crate::signals;
use crate::step::Trainee;
use crate::{Config, ConfigError, Parameters, RunFolder, Schedule, Status, Summary, TrainError};

/// How a run shows itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    /// Burn's dashboard, on the terminal.
    Dashboard,
    /// Not at all; see [`Progress`].
    Quiet,
}

/// What a run says as it goes.
#[derive(Debug)]
pub enum Progress<'a> {
    /// It begins, or resumes after some epochs.
    Started {
        /// Its folder.
        folder: &'a RunFolder,
        /// Trainable parameters of its model.
        parameters: Parameters,
        /// Epochs that are complete already.
        complete: usize,
        /// Whether nothing is left to train.
        over: bool,
        /// What the user should know, such as a damaged checkpoint that was skipped.
        warnings: Vec<String>,
    },
    /// An epoch is done.
    Epoch {
        /// On the training set.
        train: &'a EpochMetrics,
        /// On the set that choices are made on.
        validation: &'a EpochMetrics,
        /// Which set that is.
        selection: Validation,
        /// Epochs in all.
        of: usize,
    },
}

/// Trains a new run; `until`, if given, is the epoch after which it stops as if it had been interrupted.
///
/// # Errors
///
/// If it cannot begin, in which case nothing is left behind, or an error stops it. A run that diverges or is
/// interrupted is no error: see the summary's status.
pub fn train(
    config: Config,
    until: Option<usize>,
    interrupter: Interrupter,
    display: Display,
    progress: impl Fn(Progress) + Send + 'static,
) -> Result<(RunFolder, Summary), TrainError> {
    use_threads(config.run.threads)?;
    let device = config.run.backend.device(config.run.device)?;
    let data = prepare(&config.data)?;
    if interrupter.should_stop() {
        return Err(TrainError::Interrupted);
    }
    let environment = Environment::new(config.run.backend, &device);
    // First of all: one that is too large for the machine leaves nothing behind.
    let classifier = build::classifier(&config, &data.preprocessing, &device.clone().autodiff())?;
    let (folder, lock) = RunFolder::create(&config, &environment, &data.preprocessing)?;
    let training = Training {
        config,
        until,
        folder,
        _lock: lock,
        device,
        interrupter,
        manifest: Manifest::default(),
        history: History::default(),
    };
    let warnings = training.config.without_effect();
    training.learn(classifier, data, warnings, display, progress)
}

/// Resumes a run from its newest whole epoch; a run that is complete is left as it is.
///
/// `epochs` lets it train longer than it was first asked to; `until` is as for [`train`].
///
/// # Errors
///
/// As [`train`], and if the folder or its files cannot be used.
pub fn resume(
    path: &Path,
    epochs: Option<usize>,
    until: Option<usize>,
    interrupter: Interrupter,
    display: Display,
    progress: impl Fn(Progress) + Send + 'static,
) -> Result<(RunFolder, Summary), TrainError> {
    let folder = RunFolder::open(path)?;
    let lock = folder.lock()?;
    let mut config = folder.config()?;
    let begun_for = config.optim.epochs;
    if let Some(epochs) = epochs {
        extend(&mut config, epochs)?;
    }
    use_threads(config.run.threads)?;
    let device = config.run.backend.device(config.run.device)?;
    let data = prepare_with(&config.data, &folder.preprocessing()?)?;

    let listed = folder.manifest()?;
    let (manifest, warnings) = without_damaged(&folder, listed.clone())?;
    let complete = manifest.epochs.last().map_or(0, |saved| saved.epoch);
    let history = folder.history(complete)?;
    let stopped = config.optim.early_stopping.is_some_and(|most| history.epochs_since_best() >= most);
    if stopped && config.optim.epochs > begun_for {
        return Err(unusable_epochs(
            config.optim.epochs,
            "the run was stopped early (`optim.early_stopping`), so it cannot be extended; train a new one",
        ));
    }
    let classifier = build::classifier(&config, &data.preprocessing, &device.clone().autodiff())?;
    // Only now: a run that cannot be resumed stays as it is.
    leftovers::remove(&folder, &listed)?;
    if config.optim.epochs != begun_for {
        folder.write_config(&config)?;
    }
    let training = Training { config, until, folder, _lock: lock, device, interrupter, manifest, history };
    training.learn(classifier, data, warnings, display, progress)
}

/// The saved epochs up to the newest whole one, and a warning for each damaged one after it.
fn without_damaged(
    folder: &RunFolder,
    mut manifest: Manifest,
) -> Result<(Manifest, Vec<String>), TrainError> {
    let mut warnings = Vec::new();
    while let Some(newest) = manifest.epochs.last() {
        let Err(error) = folder.verify(newest) else { break };
        let epoch = newest.epoch;
        warnings.push(format!("the checkpoint of epoch {epoch} is damaged and was skipped: {error}"));
        manifest.epochs.pop();
    }
    match warnings.first() {
        Some(warning) if manifest.epochs.is_empty() => {
            Err(TrainError::damaged(folder.path(), format!("no saved epoch is whole; {warning}")))
        }
        _ => Ok((manifest, warnings)),
    }
}

/// Sets a later end, where that does not change what the run has done so far.
fn extend(config: &mut Config, epochs: usize) -> Result<(), TrainError> {
    if epochs < config.optim.epochs {
        return Err(unusable_epochs(
            epochs,
            "a run may train longer than it was begun for, not shorter; to stop earlier, use --stop-after",
        ));
    }
    if epochs > config.optim.epochs && matches!(config.optim.schedule, Schedule::Linear | Schedule::Cosine) {
        return Err(unusable_epochs(
            epochs,
            "the schedule of this run depends on its number of epochs; train a new one",
        ));
    }
    config.optim.epochs = epochs;
    Ok(())
}

fn unusable_epochs(epochs: usize, remedy: &'static str) -> TrainError {
    ConfigError::Value { key: "optim.epochs".to_owned(), value: epochs.to_string(), remedy }.into()
}

/// The global thread pool that the CPU backends compute on. Its size is fixed by the first run of a process.
pub(crate) fn use_threads(threads: usize) -> Result<(), TrainError> {
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build_global() {
        // Its source is what the system said; without one, the pool is there already.
        Err(error) if error.source().is_some() => Err(TrainError::Threads(error.to_string())),
        _ => Ok(()),
    }
}

/// What Burn's dashboard panics with when it is told to kill the run.
const KILLED: &str = "Killing training from user input.";

/// A run whose folder is there and is this process's alone.
struct Training {
    config: Config,
    /// The epoch to stop after, where that is not the last.
    until: Option<usize>,
    folder: RunFolder,
    _lock: RunLock,
    device: Device,
    interrupter: Interrupter,
    manifest: Manifest,
    history: History,
}

impl Training {
    fn learn(
        self,
        classifier: Classifier,
        data: Prepared,
        warnings: Vec<String>,
        display: Display,
        progress: impl Fn(Progress) + Send + 'static,
    ) -> Result<(RunFolder, Summary), TrainError> {
        let Training { config, folder, manifest, history, .. } = &self;
        let optim = &config.optim;
        let parameters =
            Parameters { recurrent: classifier.recurrent_parameters(), total: classifier.num_params() };
        let mut model = Trainee { classifier, clip: optim.clip };
        if let Some(saved) = manifest.epochs.last() {
            model = load(model, folder, saved)?;
        }
        let complete = self.complete();
        let stopped = optim.early_stopping.is_some_and(|patience| history.epochs_since_best() >= patience);
        let over = complete >= optim.epochs || stopped;
        progress(Progress::Started { folder, parameters, complete, over, warnings });
        if over {
            let summary = self.summary(Status::Complete, parameters, history)?;
            return Ok((self.folder, summary));
        }
        if self.until.is_some_and(|until| complete >= until) {
            let summary = self.summary(Status::Interrupted, parameters, history)?;
            return Ok((self.folder, summary));
        }
        self.summary(Status::Running, parameters, history)?;

        let tracker = CheckpointTracker::new(folder.clone(), manifest.clone(), history.clone());
        let values = EpochValues::default();
        let ended = self.launch(model, data, &tracker, &values, display, progress);
        let summary = self.conclude(ended, &tracker, &values, parameters)?;
        Ok((self.folder, summary))
    }

    /// The last complete epoch that the run starts from; 0 for a new one.
    fn complete(&self) -> usize {
        self.manifest.epochs.last().map_or(0, |saved| saved.epoch)
    }

    /// Has Burn's Learner train the remaining epochs. What comes of it is in `tracker` and `values`.
    fn launch(
        &self,
        model: Trainee,
        data: Prepared,
        tracker: &CheckpointTracker,
        values: &EpochValues,
        display: Display,
        progress: impl Fn(Progress) + Send + 'static,
    ) -> Result<(), TrainError> {
        let Training { config, folder, device, interrupter, history, .. } = self;
        let optim = &config.optim;
        let complete = self.complete();
        let train =
            Loader::in_order(data.train, optim.batch_size, device).shuffled(config.run.seed, complete + 1);
        let validation = Loader::in_order(data.validation, optim.batch_size, device);
        let last_loss = LastLoss::new(history.last(Split::Train).map(|line| line.loss));
        let schedule = schedule(optim, train.batches(), last_loss.clone()).map_err(TrainError::Learner)?;
        let end_of_epoch = self.end_of_epoch(&train, &validation, tracker, values, last_loss, progress);
        let stop_rule =
            StopRule { patience: optim.early_stopping, until: self.until, tracker: tracker.clone() };

        let training = SupervisedTraining::new(folder.path(), Arc::new(train), Arc::new(validation))
            .num_epochs(optim.epochs)
            .with_application_logger(None)
            .with_metric_logger(NullMetricLogger)
            .with_interrupter(interrupter.clone())
            .with_checkpointing_strategy(end_of_epoch)
            .early_stopping(stop_rule)
            .label(&format!("{} on {}", config.model.cell_name()?, config.data.dataset));
        let training = with_metrics(training, values, interrupter, display);
        let [weights, optimizer, rates] =
            FILES.map(|name| TrackedCheckpointer::new(folder.path(), name, tracker));
        let training = training.with_custom_checkpointers(weights, optimizer, rates);
        let training = if complete > 0 { training.checkpoint(complete) } else { training };
        let training = with_renderer(training, display, interrupter, complete);

        let learner = Learner::new(model, build::optimizer(optim, config.run.backend), schedule);
        match catch_unwind(AssertUnwindSafe(|| training.launch(learner).error)) {
            Ok(None) => Ok(()),
            Ok(Some(error)) => Err(TrainError::Learner(error.to_string())),
            // "Kill" in the dashboard is a panic of the thread that reports to it.
            Err(panic) if panic.downcast_ref() == Some(&KILLED) => {
                interrupter.stop(Some(KILLED));
                Ok(())
            }
            Err(panic) => Err(TrainError::Learner(panic_message(panic))),
        }
    }

    /// What is done at the end of each epoch, of which `progress` is told.
    fn end_of_epoch(
        &self,
        train: &Loader,
        validation: &Loader,
        tracker: &CheckpointTracker,
        values: &EpochValues,
        last_loss: LastLoss,
        progress: impl Fn(Progress) + Send + 'static,
    ) -> EndOfEpoch {
        let (of, selection) = (self.config.optim.epochs, self.config.data.validation);
        EndOfEpoch {
            tracker: tracker.clone(),
            values: values.clone(),
            train_time: train.time(),
            train_sequences: train.num_items(),
            validation_time: validation.time(),
            validation_sequences: validation.num_items(),
            last_loss,
            on_epoch: Box::new(move |train, validation| {
                progress(Progress::Epoch { train, validation, selection, of });
            }),
        }
    }

    /// Writes and returns the last summary, or says why the run failed.
    fn conclude(
        &self,
        ended: Result<(), TrainError>,
        tracker: &CheckpointTracker,
        values: &EpochValues,
        parameters: Parameters,
    ) -> Result<Summary, TrainError> {
        let mut state = tracker.state();
        match self.outcome(ended, &mut state, values.diverged()) {
            Ok(status) => self.summary(status, parameters, &state.history),
            Err(error) => {
                // Of what is saved: an epoch that could not be is not one that the run has.
                let history = state.history.clone().up_to(state.saved());
                // The disk may be what failed; the first error is the one worth telling.
                let _ = self.summary(Status::Failed, parameters, &history);
                Err(error)
            }
        }
    }

    /// How the training ended. The first of these that applies: an epoch could not be saved; Burn's Learner stopped
    /// with an error; the loss diverged; the run is complete; it was interrupted. If none does, Burn's dashboard
    /// discarded an error.
    fn outcome(
        &self,
        ended: Result<(), TrainError>,
        state: &mut TrackerState,
        diverged: bool,
    ) -> Result<Status, TrainError> {
        if let Some(error) = state.error.take() {
            return Err(error);
        }
        ended?;
        let done = state.history.last(Split::Validation).map_or(0, |line| line.epoch);
        let interrupted =
            || self.interrupter.get_message().is_some() || self.until.is_some_and(|until| done >= until);
        if diverged {
            Ok(Status::Diverged)
        } else if done >= self.config.optim.epochs || state.stopped_early {
            Ok(Status::Complete)
        } else if interrupted() {
            Ok(Status::Interrupted)
        } else {
            Err(TrainError::Learner(
                "the dashboard discarded the error message; resume with --no-tui to see it".to_owned(),
            ))
        }
    }

    /// Writes and returns what the run has come to.
    fn summary(
        &self,
        status: Status,
        parameters: Parameters,
        history: &History,
    ) -> Result<Summary, TrainError> {
        let earlier = self.folder.summary()?;
        let summary = Summary {
            status,
            dataset: self.config.data.dataset.clone(),
            variant: self.config.model.cell_name()?,
            gates: self.config.model.cell()?.to_string(),
            parameters,
            epochs: history.last(Split::Validation).map_or(0, |line| line.epoch),
            best: history.best().cloned(),
            last: history.last(Split::Validation).cloned(),
            seconds: history.seconds(),
            peak_memory_bytes: peak_memory()
                .max(earlier.as_ref().and_then(|earlier| earlier.peak_memory_bytes)),
        };
        // A run that has come no further stays as it is.
        if earlier.as_ref() != Some(&summary) {
            self.folder.write_json("summary.json", &summary)?;
        }
        Ok(summary)
    }
}

fn panic_message(panic: Box<dyn std::any::Any + Send>) -> String {
    let message = panic.downcast_ref::<String>().map(String::as_str);
    message
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message")
        .to_owned()
}

/// Loads the weights of a saved epoch; a checkpoint of another shape is an error that names the file.
pub(crate) fn load<M: Module>(model: M, folder: &RunFolder, saved: &SavedEpoch) -> Result<M, TrainError> {
    let name = format!("checkpoint/model-{}.bpk", saved.epoch);
    let path = folder.file(&name);
    let file = saved.files.iter().find(|file| file.name == name);
    let file = file.ok_or_else(|| TrainError::damaged(&path, "the manifest does not list it"))?;
    // From memory: Burn would read the file bit by bit later, when it may be another or gone.
    let content = Bytes::from_bytes_vec(folder.read_saved(file)?);
    let record = ModuleRecord::from_bytes(content).map_err(|problem| TrainError::damaged(&path, problem))?;
    model
        .try_load_record(record)
        .map_err(|problem| TrainError::damaged(&path, format!("it is of another model: {problem}")))
}

type BurnTraining = SupervisedTraining<Trainee>;

fn with_metrics(
    training: BurnTraining,
    values: &EpochValues,
    interrupter: &Interrupter,
    display: Display,
) -> BurnTraining {
    fn recorded<M>(
        metric: M,
        name: &'static str,
        split: Split,
        values: &EpochValues,
        interrupter: &Interrupter,
    ) -> RecordedMetric<M> {
        RecordedMetric { metric, name, split, values: values.clone(), interrupter: interrupter.clone() }
    }
    let accuracy = |split| recorded(AccuracyMetric::new(), "accuracy", split, values, interrupter);
    let loss = |split| recorded(LossMetric::new(), "loss", split, values, interrupter);
    let rate = recorded(LearningRateMetric::new(), "learning rate", Split::Train, values, interrupter);
    let training = training
        .metric_train_numeric(accuracy(Split::Train))
        .metric_valid_numeric(accuracy(Split::Validation))
        .metric_train_numeric(loss(Split::Train))
        .metric_valid_numeric(loss(Split::Validation))
        .metric_train_numeric(rate);
    // A metric takes its time at every batch, and nobody else looks at this one.
    match display {
        Display::Dashboard => training.metric_train_numeric(Throughput::default()),
        Display::Quiet => training,
    }
}

fn with_renderer(
    training: BurnTraining,
    display: Display,
    interrupter: &Interrupter,
    complete: usize,
) -> BurnTraining {
    match display {
        Display::Quiet => training.renderer(Box::new(Quiet)),
        Display::Dashboard => {
            thread::spawn(signals::let_control_c_through);
            let from = (complete > 0).then_some(complete);
            training.renderer(Box::new(TuiMetricsRendererWrapper::new(interrupter.clone(), from)))
        }
    }
}

/// Stops after so many epochs without a better one, or after a certain epoch.
#[derive(Clone)]
struct StopRule {
    patience: Option<usize>,
    until: Option<usize>,
    tracker: CheckpointTracker,
}

impl EarlyStoppingStrategy for StopRule {
    fn should_stop(&mut self, epoch: usize, _: &EventStoreClient) -> bool {
        let mut state = self.tracker.state();
        state.stopped_early =
            self.patience.is_some_and(|patience| state.history.epochs_since_best() >= patience);
        // An epoch that could not be recorded ends the run too.
        state.stopped_early || state.error.is_some() || self.until.is_some_and(|until| epoch >= until)
    }
}

/// Burn would write a log a metric and epoch; the run keeps its own record.
struct NullMetricLogger;

impl MetricLogger for NullMetricLogger {
    fn log(&mut self, _: MetricsUpdate, _: usize, _: &BurnSplit) {}

    fn read_numeric(&mut self, _: &str, _: usize, _: &BurnSplit) -> Result<Vec<NumericEntry>, String> {
        Ok(Vec::new())
    }

    fn log_metric_definition(&mut self, _: MetricDefinition) {}

    fn log_epoch_summary(&mut self, _: EpochSummary) {}
}
