//! The run itself: start, resume, interrupt.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread;

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
use crate::checkpoints::{EndOfEpoch, Entered, FILES, Ledger};
use crate::environment::{Environment, peak_memory};
use crate::folder::{Manifest, RunLock, SavedEpoch};
use crate::history::{EpochMetrics, History, Split};
use crate::leftovers;
use crate::loader::Loader;
use crate::metrics::{Board, Throughput, Watched};
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
    /// It begins, or goes on after some epochs.
    Started {
        /// Its folder.
        folder: &'a RunFolder,
        /// Learned numbers of its model.
        parameters: Parameters,
        /// Epochs that are complete already.
        complete: usize,
        /// Whether nothing is left to train.
        over: bool,
        /// What the user should know, such as a damaged checkpoint that was passed over.
        warnings: Vec<String>,
    },
    /// An epoch is done.
    Epoch {
        /// On the training part.
        train: &'a EpochMetrics,
        /// On the part that choices are made on.
        validation: &'a EpochMetrics,
        /// Which part that is.
        choice: Validation,
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
    let run = Run {
        config,
        until,
        folder,
        _lock: lock,
        device,
        interrupter,
        manifest: Manifest::default(),
        history: History::default(),
    };
    let warnings = run.config.without_effect();
    run.learn(classifier, data, warnings, display, progress)
}

/// Goes on with a run from its newest whole epoch; a run that is complete is left as it is.
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
    let mut manifest = listed.clone();
    let mut warnings = Vec::new();
    while let Some(newest) = manifest.epochs.last() {
        match folder.verify(newest) {
            Ok(()) => break,
            Err(error) => warnings.push(format!("epoch {} is passed over: {error}", newest.epoch)),
        }
        manifest.epochs.pop();
    }
    if let (true, Some(warning)) = (manifest.epochs.is_empty(), warnings.first()) {
        return Err(TrainError::damaged(folder.path(), format!("no saved epoch is whole; {warning}")));
    }
    let complete = manifest.epochs.last().map_or(0, |saved| saved.epoch);
    let history = folder.history(complete)?;
    let stopped = config.optim.early_stopping.is_some_and(|most| history.epochs_without_gain() >= most);
    if stopped && config.optim.epochs > begun_for {
        return Err(unusable_epochs(
            config.optim.epochs,
            "the run stopped early (`optim.early_stopping`), so that more epochs would not go on; train a new one",
        ));
    }
    let classifier = build::classifier(&config, &data.preprocessing, &device.clone().autodiff())?;
    // Only now: a run that cannot go on stays as it is.
    leftovers::remove(&folder, &listed)?;
    folder.write_config(&config)?;
    let run = Run { config, until, folder, _lock: lock, device, interrupter, manifest, history };
    run.learn(classifier, data, warnings, display, progress)
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
struct Run {
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

impl Run {
    fn learn(
        self,
        classifier: Classifier,
        data: Prepared,
        warnings: Vec<String>,
        display: Display,
        progress: impl Fn(Progress) + Send + 'static,
    ) -> Result<(RunFolder, Summary), TrainError> {
        let Run { config, folder, manifest, history, .. } = &self;
        let optim = &config.optim;
        let last = manifest.epochs.last();
        let complete = last.map_or(0, |saved| saved.epoch);
        let parameters =
            Parameters { recurrent: classifier.recurrent_parameters(), total: classifier.num_params() };
        let mut model = Trainee { classifier, clip: optim.clip };
        if let Some(saved) = last {
            model = load(model, folder, saved)?;
        }
        let stopped = optim.early_stopping.is_some_and(|patience| history.epochs_without_gain() >= patience);
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

        let ledger = Ledger::new(folder.clone(), manifest.clone(), history.clone());
        let board = Board::default();
        let ended = self.launch(model, data, &ledger, &board, display, progress);

        let mut books = ledger.books();
        let history = books.history.clone();
        if let Some(error) = books.error.take().or(ended.err()) {
            // Of what is saved: an epoch that could not be is not one that the run has.
            let history = history.until(books.saved());
            // The disk may be what failed; the first error is the one worth telling.
            let _ = self.summary(Status::Failed, parameters, &history);
            return Err(error);
        }
        let done = history.last(Split::Validation).map_or(0, |line| line.epoch);
        let status = if board.diverged() {
            Status::Diverged
        } else if done >= optim.epochs || books.stopped_early {
            Status::Complete
        } else {
            Status::Interrupted
        };
        let asked = self.interrupter.get_message().is_some() || self.until.is_some_and(|until| done >= until);
        drop(books);
        if status == Status::Interrupted && !asked {
            // Burn's dashboard forgets the error as it closes.
            let _ = self.summary(Status::Failed, parameters, &history);
            return Err(TrainError::Learner(
                "what happened went with the dashboard; go on with --no-tui to see it".to_owned(),
            ));
        }
        let summary = self.summary(status, parameters, &history)?;
        Ok((self.folder, summary))
    }

    /// Has Burn's Learner train the remaining epochs. What comes of it stands on `ledger` and `board`.
    fn launch(
        &self,
        model: Trainee,
        data: Prepared,
        ledger: &Ledger,
        board: &Board,
        display: Display,
        progress: impl Fn(Progress) + Send + 'static,
    ) -> Result<(), TrainError> {
        let Run { config, folder, device, interrupter, manifest, history, .. } = self;
        let optim = &config.optim;
        let complete = manifest.epochs.last().map_or(0, |saved| saved.epoch);
        let (train_sequences, validation_sequences) = (data.train.len(), data.validation.len());
        let train =
            Loader::in_order(data.train, optim.batch_size, device).shuffled(config.run.seed, complete + 1);
        let validation = Loader::in_order(data.validation, optim.batch_size, device);
        let last_loss = LastLoss::new(history.last(Split::Train).map(|line| line.loss));
        let schedule = schedule(optim, train.batches(), last_loss.clone()).map_err(TrainError::Learner)?;
        let (epochs, choice) = (optim.epochs, config.data.validation);
        let end_of_epoch = EndOfEpoch {
            ledger: ledger.clone(),
            board: board.clone(),
            train_time: train.time(),
            train_sequences,
            validation_time: validation.time(),
            validation_sequences,
            last_loss,
            on_epoch: Box::new(move |train, validation| {
                progress(Progress::Epoch { train, validation, choice, of: epochs });
            }),
        };

        let training = SupervisedTraining::new(folder.path(), Arc::new(train), Arc::new(validation))
            .num_epochs(epochs)
            .with_application_logger(None)
            .with_metric_logger(Nowhere)
            .with_interrupter(interrupter.clone())
            .with_checkpointing_strategy(end_of_epoch)
            .early_stopping(Ending {
                patience: optim.early_stopping,
                until: self.until,
                ledger: ledger.clone(),
            })
            .label(&format!("{} on {}", config.model.cell_name()?, config.data.dataset));
        let training = with_metrics(training, board, interrupter, display);
        let [weights, optimizer, rates] = FILES.map(|name| Entered::new(folder.path(), name, ledger));
        let training = training.with_custom_checkpointers(weights, optimizer, rates);
        let training = if complete > 0 { training.checkpoint(complete) } else { training };
        let training = match display {
            Display::Quiet => training.renderer(Box::new(Quiet)),
            Display::Dashboard => {
                thread::spawn(signals::let_control_c_through);
                let from = (complete > 0).then_some(complete);
                training.renderer(Box::new(TuiMetricsRendererWrapper::new(interrupter.clone(), from)))
            }
        };

        let learner = Learner::new(model, build::optimizer(optim, config.run.backend), schedule);
        match catch_unwind(AssertUnwindSafe(|| training.launch(learner).error)) {
            Ok(None) => Ok(()),
            Ok(Some(error)) => Err(TrainError::Learner(error.to_string())),
            // "Kill" in the dashboard is a panic of the thread that reports to it.
            Err(panic) if panic.downcast_ref() == Some(&KILLED) => {
                interrupter.stop(Some(KILLED));
                Ok(())
            }
            Err(panic) => Err(TrainError::Learner(words_of(panic))),
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

/// What a panic said.
fn words_of(panic: Box<dyn std::any::Any + Send>) -> String {
    let words = panic.downcast_ref::<String>().map(String::as_str);
    words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
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

type Training = SupervisedTraining<Trainee>;

fn with_metrics(training: Training, board: &Board, interrupter: &Interrupter, display: Display) -> Training {
    fn watched<M>(
        metric: M,
        name: &'static str,
        split: Split,
        board: &Board,
        stop: &Interrupter,
    ) -> Watched<M> {
        Watched { metric, name, split, board: board.clone(), interrupter: stop.clone() }
    }
    let accuracy = |split| watched(AccuracyMetric::new(), "accuracy", split, board, interrupter);
    let loss = |split| watched(LossMetric::new(), "loss", split, board, interrupter);
    let rate = watched(LearningRateMetric::new(), "learning rate", Split::Train, board, interrupter);
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

/// Stops after so many epochs without a better one, or after a certain epoch.
#[derive(Clone)]
struct Ending {
    patience: Option<usize>,
    until: Option<usize>,
    ledger: Ledger,
}

impl EarlyStoppingStrategy for Ending {
    fn should_stop(&mut self, epoch: usize, _: &EventStoreClient) -> bool {
        let mut books = self.ledger.books();
        books.stopped_early =
            self.patience.is_some_and(|patience| books.history.epochs_without_gain() >= patience);
        // An epoch that could not be recorded ends the run too.
        books.stopped_early || books.error.is_some() || self.until.is_some_and(|until| epoch >= until)
    }
}

/// Burn would write a log a metric and epoch; the run keeps its own record.
struct Nowhere;

impl MetricLogger for Nowhere {
    fn log(&mut self, _: MetricsUpdate, _: usize, _: &BurnSplit) {}

    fn read_numeric(&mut self, _: &str, _: usize, _: &BurnSplit) -> Result<Vec<NumericEntry>, String> {
        Ok(Vec::new())
    }

    fn log_metric_definition(&mut self, _: MetricDefinition) {}

    fn log_epoch_summary(&mut self, _: EpochSummary) {}
}
