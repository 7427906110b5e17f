//! The work that a study has before it, told before anything is done.

use std::path::Path;

use serde::Serialize;
use slimgate_run::{RunFolder, StopFlag, recurrent_parameters};

use crate::folder::Records;
use crate::launcher::Workers;
use crate::measure::effort;
use crate::plan::plan;
use crate::resampling::settle_resampling;
use crate::slurm::options;
use crate::space::Space;
use crate::this_machine::ThisMachine;
use crate::{LauncherName, Options, StudyConfig, StudyError, StudyFolder};

/// The bytes of a run's folder besides its weights.
const BYTES_OF_A_RUN: u64 = 40_000;

/// The bytes of a run's folder for each parameter: two checkpoints, with up to two states of the optimizer for each weight.
const BYTES_OF_A_PARAMETER: u64 = 24;

/// The work that a study has before it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// Trials in all, as far as is known before any has ended.
    pub trials: usize,
    /// Those that are at their end.
    pub done: usize,
    /// Hours of a core that the others take if all train to their last epoch.
    pub core_hours: f64,
    /// True if that is known from trials that are done, not from a timing of the first.
    pub from_trials: bool,
    /// Bytes that all trials take.
    pub disk_bytes: u64,
    /// The jobs that Slurm would be handed at first, and the options that `sbatch` would get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slurm: Option<ForecastJobs>,
}

/// The jobs that Slurm would be handed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ForecastJobs {
    /// Jobs in all.
    pub jobs: usize,
    /// The most of them at once.
    pub at_once: usize,
    /// Options of `sbatch`.
    pub options: Vec<String>,
}

/// Forecasts the work of a study in a folder, which may be there or not. Nothing is written.
///
/// # Errors
///
/// If the study cannot be run, or its first trial not be timed.
pub fn forecast(
    path: &Path,
    config: &StudyConfig,
    program: &Options,
    stop: &StopFlag,
) -> Result<Forecast, StudyError> {
    let mut config = config.clone();
    let space = Space::new(&config)?;
    settle_resampling(path, &mut config, &space)?;
    let (config, space) = (&config, Space::new(&config)?);
    space.require_data()?;
    let folder = StudyFolder::at(path);
    let mut records = Records::new(&folder, config);
    let groups = plan(&space, config, &mut records)?;
    let (mut trials, mut done, mut epochs_left) = (0, 0, 0);
    let (mut seconds, mut epochs, mut bytes, mut parameters) = (0.0, 0, 0, 0);
    for group in &groups {
        let (planned, unknown) = group.planned(&space);
        trials += planned;
        epochs_left += unknown;
        for trial in group.trials() {
            let record = records.get(&trial.id);
            let all = trial.config.optim.epochs;
            let complete = record.summary.as_ref().map_or(0, |summary| summary.epochs);
            if record.is_done() || group.pruned.contains_key(&trial.id) {
                done += 1;
                bytes += size_of(&folder.run(&trial.id));
            } else {
                epochs_left += all.saturating_sub(complete);
            }
            epochs += complete;
            seconds += record.summary.as_ref().map_or(0.0, |summary| summary.seconds);
            parameters = parameters.max(recurrent_parameters(&trial.config)?);
        }
    }
    let from_trials = epochs > 0;
    let first = groups.iter().find_map(|group| group.trials().next());
    let seconds_an_epoch = match first {
        _ if from_trials => seconds / epochs as f64,
        None => 0.0,
        Some(first) => {
            let this_machine = ThisMachine::new(program.program.clone(), 1);
            let mut workers = Workers::new(Box::new(this_machine), stop);
            let data = config.data_in_place(&first.config.data);
            let first = first.config.changed(|written| written.data = data)?;
            let effort = effort(&mut workers, &first, 1)?;
            effort.step_seconds * effort.steps_an_epoch as f64
        }
    };
    let of_each = match done {
        0 => BYTES_OF_A_RUN + BYTES_OF_A_PARAMETER * parameters as u64,
        done => bytes / done as u64,
    };
    let cores = config.launch.as_ref().map_or(1, |launch| launch.cores);
    let of_slurm = config.launch.as_ref().filter(|launch| launch.launcher == LauncherName::Slurm);
    let slurm = of_slurm.map(|launch| {
        let jobs = (trials - done).div_ceil(launch.trials_per_job);
        ForecastJobs { jobs, at_once: jobs.min(launch.at_most_queued), options: options(launch) }
    });
    Ok(Forecast {
        trials,
        done,
        core_hours: epochs_left as f64 * seconds_an_epoch * cores as f64 / 3600.0,
        from_trials,
        disk_bytes: of_each * trials as u64,
        slurm,
    })
}

/// The bytes of the files of a run.
fn size_of(run: &Path) -> u64 {
    let Ok(run) = RunFolder::open(run) else { return 0 };
    let mut folders = vec![run.path().to_owned()];
    let mut bytes = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(found) if found.is_dir() => folders.push(entry.path()),
                found => bytes += found.map_or(0, |found| found.len()),
            }
        }
    }
    bytes
}
