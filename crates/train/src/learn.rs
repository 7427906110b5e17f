//! Starting and resuming runs.

use std::error::Error;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use burn::tensor::Device;
use slimgate_data::{Preprocessing, Protocol, findings, prepare, prepare_with};
use slimgate_models::Network;
use slimgate_run::metric::Metric;
use slimgate_run::{
    BegunWith, Config, ConfigError, EpochMetrics, History, Manifest, Parameters, RunError, RunFolder,
    RunSummary, StopFlag,
};

use crate::devices::device;
use crate::environment::environment;
use crate::learner::interrupter;
use crate::memory::{self, Layers};
use crate::objective::Objective;
use crate::training::Training;
use crate::{TrainError, build};

/// The intervals at which a stop is looked for while the initial network is drawn.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The display of a run in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    /// Burn's dashboard, on the terminal.
    Dashboard,
    /// Not at all; see [`Progress`].
    Quiet,
}

/// A report from a run in progress.
#[derive(Debug)]
pub enum Progress<'a> {
    /// A slow step before training, described for the user.
    Preparing(String),
    /// It begins, or resumes after some epochs.
    Started {
        /// Its folder.
        folder: &'a RunFolder,
        /// Trainable parameters of its model.
        parameters: Parameters,
        /// Epochs that are complete already.
        complete: usize,
        /// True if nothing is left to train.
        over: bool,
        /// Warnings for the user, such as a damaged checkpoint that was skipped.
        warnings: Vec<String>,
    },
    /// An epoch is done.
    Epoch {
        /// On the training set.
        train: &'a EpochMetrics,
        /// On the set that choices are made on.
        validation: &'a EpochMetrics,
        /// The metric of their scores.
        metric: &'a Metric,
        /// The set used for `validation`.
        selection: Protocol,
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
    stop: &StopFlag,
    display: Display,
    progress: impl Fn(Progress) + Send + 'static,
) -> Result<(RunFolder, RunSummary), TrainError> {
    use_threads(config.run.threads)?;
    let device = device(config.run.backend, config.run.device)?;
    let data = prepare(&config.data)?;
    config.check_task(data.preprocessing.task())?;
    config.check_alarm_class(data.preprocessing.classes())?;
    let findings = findings(&config.data)?;
    if stop.should_stop() {
        return Err(RunError::Interrupted.into());
    }
    let objective = Objective::new(&config, &data.preprocessing);
    let metric = objective.metric(&config, &data)?;
    let missing = objective.warnings(&config, &metric, data.validation.len());
    let environment = environment(config.run.backend, &device);
    // First of all: one that is too large for the machine leaves nothing behind.
    let layers = Layers::new(&config, &data.preprocessing);
    let tight = layers.check(&data.train, &data.validation, memory::free())?;
    if let Some(drawing) = build::long_drawing(&config) {
        progress(Progress::Preparing(drawing));
    }
    let network = draw(&config, &data.preprocessing, &device.clone().autodiff(), stop)?;
    let (folder, lock) = RunFolder::create(&config, &environment, &data.preprocessing)?;
    let manifest = folder.manifest()?;
    let training = Training {
        config,
        until,
        folder,
        _lock: lock,
        device,
        stop: stop.clone(),
        interrupter: interrupter(stop),
        manifest,
        history: History::new(metric, Vec::new()),
    };
    let mut warnings = training.config.without_effect();
    warnings.extend(findings.iter().map(ToString::to_string));
    warnings.extend(missing);
    warnings.extend(tight);
    warnings.extend(data.unknown_tokens());
    training.learn(network, data, warnings, display, progress)
}

/// The initial network, made on a thread of its own: large orthogonal matrices take minutes, and whoever stops the run
/// meanwhile does not wait for them.
fn draw(
    config: &Config,
    preprocessing: &Preprocessing,
    device: &Device,
    stop: &StopFlag,
) -> Result<Network, TrainError> {
    let (config, preprocessing, device) = (config.clone(), preprocessing.clone(), device.clone());
    let (sender, drawn) = mpsc::channel();
    let drawing = thread::spawn(move || sender.send(build::network(&config, &preprocessing, &device)).ok());
    loop {
        match drawn.recv_timeout(LOOK_EVERY) {
            Ok(network) => return Ok(network),
            Err(RecvTimeoutError::Timeout) if stop.should_stop() => return Err(RunError::Interrupted.into()),
            Err(RecvTimeoutError::Timeout) => (),
            Err(RecvTimeoutError::Disconnected) => match drawing.join() {
                Err(panic) => resume_unwind(panic),
                Ok(_) => unreachable!("a network that was made was received"),
            },
        }
    }
}

/// The settings that may change when a run is resumed.
#[derive(Clone, Debug, Default)]
pub struct ResumeOptions {
    /// The number of epochs, where it is to train longer than it was first asked to.
    pub epochs: Option<usize>,
    /// The folder of the data, if it has moved.
    pub dataset: Option<String>,
}

/// Resumes a run from its newest whole epoch; a run that is complete is left as it is.
///
/// `until` is as for [`train`].
///
/// # Errors
///
/// As [`train`], and if the folder or its files cannot be used.
pub fn resume(
    path: &Path,
    options: &ResumeOptions,
    until: Option<usize>,
    stop: &StopFlag,
    display: Display,
    progress: impl Fn(Progress) + Send + 'static,
) -> Result<(RunFolder, RunSummary), TrainError> {
    let folder = RunFolder::open(path)?;
    let lock = folder.lock()?;
    let config = folder.held_config()?;
    // One that cannot be read, or is of a newer version, would be written over.
    folder.summary()?;
    let listed = folder.manifest()?;
    let written_for = config.optim.epochs;
    let begun_for = listed.begun_with.as_ref().and_then(BegunWith::epochs).unwrap_or(written_for);
    let config = extended(&config, begun_for, options.epochs.unwrap_or(written_for))?;
    use_threads(config.run.threads)?;
    let device = device(config.run.backend, config.run.device)?;
    let stored = folder.preprocessing()?;
    let data = prepare_with(&config.data, &stored, options.dataset.as_deref())?;

    let (mut manifest, mut warnings) = without_damaged(&folder, listed.clone())?;
    let complete = manifest.epochs.last().map_or(0, |saved| saved.epoch);
    let history = folder.history(complete)?;
    let stopped = config.optim.is_out_of_patience(&history);
    if stopped && config.optim.epochs > begun_for {
        return Err(unusable_epochs(
            config.optim.epochs,
            "the run was stopped early (`optim.early_stopping`), so it cannot be extended; train a new one \
             with more patience",
        )
        .into());
    }
    if complete < config.optim.epochs {
        let layers = Layers::new(&config, &data.preprocessing);
        warnings.extend(layers.check(&data.train, &data.validation, memory::free())?);
    }
    let draw = if manifest.epochs.is_empty() { build::network } else { build::network_to_load };
    let network = draw(&config, &data.preprocessing, &device.clone().autodiff());
    // Only now: a run that cannot be resumed stays as it is.
    folder.remove_leftovers(&listed)?;
    if config.optim.epochs != written_for {
        folder.write_config(&config)?;
    }
    if data.preprocessing != stored {
        folder.write_json("preprocessing.json", &data.preprocessing)?;
    }
    // What an older version began is held to its configuration from here on.
    let begun = manifest.begun_with.get_or_insert_with(|| BegunWith::new(&config));
    begun.extend(complete, config.optim.epochs);
    if manifest.begun_with != listed.begun_with {
        folder
            .write_json("manifest.json", &Manifest { begun_with: manifest.begun_with.clone(), ..listed })?;
    }
    warnings.extend(data.unknown_tokens());
    let (stop, interrupter) = (stop.clone(), interrupter(stop));
    let training =
        Training { config, until, folder, _lock: lock, device, stop, interrupter, manifest, history };
    training.learn(network, data, warnings, display, progress)
}

/// The saved epochs up to the newest whole one, and a warning for each damaged one after it.
fn without_damaged(folder: &RunFolder, mut manifest: Manifest) -> Result<(Manifest, Vec<String>), RunError> {
    let mut warnings = Vec::new();
    while let Some(newest) = manifest.epochs.last() {
        let Err(error) = folder.verify(newest) else { break };
        let epoch = newest.epoch;
        warnings.push(format!("the checkpoint of epoch {epoch} is damaged and was skipped: {error}"));
        manifest.epochs.pop();
    }
    match warnings.first() {
        Some(warning) if manifest.epochs.is_empty() => {
            Err(RunError::damaged(folder.path(), format!("no saved epoch is whole; {warning}")))
        }
        _ => Ok((manifest, warnings)),
    }
}

/// The configuration with a later end than the one that the run was begun for, where that does not change what the run has
/// done so far.
fn extended(config: &Config, begun_for: usize, epochs: usize) -> Result<Config, ConfigError> {
    if epochs < begun_for {
        return Err(unusable_epochs(
            epochs,
            "a run may train longer than it was begun for, not shorter; to stop earlier, use --stop-after",
        ));
    }
    if epochs > begun_for && config.optim.schedule.depends_on_epochs() {
        return Err(unusable_epochs(
            epochs,
            "the schedule of this run depends on its number of epochs; train a new one",
        ));
    }
    config.changed(|config| config.optim.epochs = epochs)
}

fn unusable_epochs(epochs: usize, remedy: &'static str) -> ConfigError {
    ConfigError::Value { key: "optim.epochs".to_owned(), value: epochs.to_string(), remedy }
}

/// The global thread pool that the CPU backends compute on. Its size is fixed by the first run of a process.
pub(crate) fn use_threads(threads: usize) -> Result<(), TrainError> {
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build_global() {
        // Its source is what the system said; without one, the pool is there already.
        Err(error) if error.source().is_some() => Err(TrainError::Threads(error.to_string())),
        _ => Ok(()),
    }
}
