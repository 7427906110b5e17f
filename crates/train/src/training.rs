//! A run in training, from its newest whole epoch to its summary.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use burn::data::dataloader::DataLoader;
use burn::module::Module;
use burn::tensor::Device;
use burn::train::{Interrupter, Learner, SupervisedTraining};
use slimgate_data::{Prepared, Sequence};
use slimgate_models::Network;
use slimgate_run::{
    CHECKPOINT_FILES, Config, History, Manifest, Parameters, RunFolder, RunLock, RunSummary, Split, Status,
    StopFlag, peak_memory,
};

use crate::average::Average;
use crate::checkpoints::{CheckpointTracker, EndOfEpoch, TrackedCheckpointer, TrackerState, load};
use crate::loader::Loader;
use crate::metrics::EpochValues;
use crate::objective::Objective;
use crate::schedule::{LastLoss, schedule};
use crate::step::Trainee;
use crate::{CheckpointChoice, Display, Progress, SavedRun, TrainError};
use crate::{build, dashboard, learner};

/// The panic message of Burn's dashboard when it is told to kill the run.
const KILLED: &str = "Killing training from user input.";

/// A run whose folder is there and is this process's alone.
pub(crate) struct Training {
    pub config: Config,
    /// The epoch to stop after, where that is not the last.
    pub until: Option<usize>,
    pub folder: RunFolder,
    pub _lock: RunLock,
    pub device: Device,
    pub stop: StopFlag,
    pub interrupter: Interrupter,
    pub manifest: Manifest,
    pub history: History,
}

impl Training {
    /// Trains the remaining epochs, and writes what came of it.
    pub fn learn(
        self,
        network: Network,
        mut data: Prepared,
        warnings: Vec<String>,
        display: Display,
        progress: impl Fn(Progress) + Send + 'static,
    ) -> Result<(RunFolder, RunSummary), TrainError> {
        let Training { config, folder, manifest, history, .. } = &self;
        let optim = &config.optim;
        let parameters =
            Parameters { recurrent: network.recurrent_parameters(), total: network.num_params() };
        let network = match manifest.epochs.last() {
            Some(saved) => load(network, folder, saved)?,
            None => network,
        };
        let validation = Arc::new(std::mem::take(&mut data.validation));
        let complete = self.complete();
        let over = complete >= optim.epochs || optim.is_out_of_patience(history);
        progress(Progress::Started { folder, parameters, complete, over, warnings });
        if over {
            // One that was killed after its last epoch; one that is complete stays as it is.
            if folder.summary()?.is_none_or(|earlier| earlier.status != Status::Complete) {
                self.calibrate(&validation)?;
            }
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
        let objective = Objective::new(config, &data.preprocessing).weighted(config, &data.train);
        let model = Trainee { network, average: None, objective, clip: optim.clip };
        let ended =
            self.launch(model, (data.train, validation.clone()), &tracker, &values, display, progress);
        let summary = self.conclude(ended, &validation, &tracker, &values, parameters)?;
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
        (train, validation): (Vec<Sequence>, Arc<Vec<Sequence>>),
        tracker: &CheckpointTracker,
        values: &EpochValues,
        display: Display,
        progress: impl Fn(Progress) + Send + 'static,
    ) -> Result<(), TrainError> {
        let Training { config, folder, device, stop, interrupter, history, .. } = self;
        let optim = &config.optim;
        let complete = self.complete();
        let objective = model.objective.clone();
        let scoring = (&objective, history.metric());
        let train = Loader::of_training(train, optim, device).shuffled(config.run.seed, complete + 1);
        let validation = Loader::in_order(validation, optim.batch_size, device);
        let follow = |decay| Average::new(&model.network, decay, complete * train.batches());
        let model = Trainee { average: optim.average.map(follow), ..model };
        let last_loss = LastLoss::new(history.last(Split::Train).map(|line| line.loss));
        let schedule = schedule(optim, train.batches(), last_loss.clone()).map_err(TrainError::Learner)?;
        let end_of_epoch = self.end_of_epoch(&train, &validation, tracker, values, last_loss, progress);
        let stop_rule =
            learner::StopRule { optim: optim.clone(), until: self.until, tracker: tracker.clone() };

        let training = SupervisedTraining::new(folder.path(), Arc::new(train), Arc::new(validation))
            .num_epochs(optim.epochs)
            .with_application_logger(None)
            .with_metric_logger(learner::NullMetricLogger)
            .with_interrupter(interrupter.clone())
            .with_checkpointing_strategy(end_of_epoch)
            .early_stopping(stop_rule)
            .label(&format!("{} on {}", config.cell_name(), config.data.dataset));
        let training = learner::with_metrics(training, scoring, values, interrupter, display);
        let [weights, optimizer, rates] =
            CHECKPOINT_FILES.map(|name| TrackedCheckpointer::new(folder.path(), name, tracker));
        let training = training.with_custom_checkpointers(weights, optimizer, rates);
        let training = if complete > 0 { training.checkpoint(complete) } else { training };
        let training = learner::with_renderer(training, display, stop, interrupter, complete);

        let learner = Learner::new(model, build::optimizer(optim, config.run.backend), schedule);
        let ended = catch_unwind(AssertUnwindSafe(|| training.launch(learner).error));
        dashboard::closed();
        match ended {
            Ok(None) => Ok(()),
            Ok(Some(error)) => Err(TrainError::Learner(error.to_string())),
            // "Kill" in the dashboard is a panic of the thread that reports to it.
            Err(panic) if panic.downcast_ref() == Some(&KILLED) => {
                interrupter.stop(Some(KILLED));
                dashboard::clear_last_words();
                Ok(())
            }
            Err(panic) => Err(TrainError::Learner(panic_message(panic))),
        }
    }

    /// The work at the end of each epoch, which `progress` is told of.
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
        let metric = self.history.metric().clone();
        EndOfEpoch {
            tracker: tracker.clone(),
            values: values.clone(),
            train_time: train.time(),
            train_sequences: train.num_items(),
            validation_time: validation.time(),
            validation_sequences: validation.num_items(),
            last_loss,
            on_epoch: Box::new(move |train, validation| {
                progress(Progress::Epoch { train, validation, metric: &metric, selection, of });
            }),
        }
    }

    /// Writes and returns the last summary, or says why the run failed.
    fn conclude(
        &self,
        ended: Result<(), TrainError>,
        validation: &[Sequence],
        tracker: &CheckpointTracker,
        values: &EpochValues,
        parameters: Parameters,
    ) -> Result<RunSummary, TrainError> {
        let mut state = tracker.state();
        let outcome = self.outcome(ended, &mut state, values.diverged()).and_then(|status| {
            // Before the summary says that nothing is left to do.
            if status != Status::Interrupted && state.saved() > 0 {
                self.calibrate(validation)?;
            }
            Ok(status)
        });
        match outcome {
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

    /// Calibrates the quantiles of the best epoch that is saved, where the run forecasts any.
    fn calibrate(&self, validation: &[Sequence]) -> Result<(), TrainError> {
        let objective = Objective::new(&self.config, &self.folder.preprocessing()?);
        if objective.calibrates(&self.config, validation.len()) {
            SavedRun::open(self.folder.path(), CheckpointChoice::Best, None)?.calibrate(validation)?;
        }
        Ok(())
    }

    /// The outcome of the training. The first of these that applies: an epoch could not be saved; Burn's Learner stopped
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
    ) -> Result<RunSummary, TrainError> {
        let earlier = self.folder.summary()?;
        let summary = RunSummary {
            version: RunSummary::VERSION,
            status,
            dataset: self.config.data.dataset.clone(),
            variant: self.config.cell_name(),
            gates: self.config.cell().to_string(),
            metric: history.metric().clone(),
            parameters,
            epochs: history.last(Split::Validation).map_or(0, |line| line.epoch),
            best: history.best().cloned(),
            last: history.last(Split::Validation).cloned(),
            converged: (status != Status::Running)
                .then(|| history.has_converged(self.config.optim.early_stopping)),
            seconds: history.seconds(),
            peak_memory_bytes: peak_memory()
                .max(earlier.as_ref().and_then(|earlier| earlier.peak_memory_bytes)),
        };
        // A run that has come no further stays as it is.
        if earlier.as_ref() != Some(&summary) {
            self.folder.write_summary(&summary)?;
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
