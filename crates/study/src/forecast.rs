//! The work that a study has before it, told before anything is done.

use std::path::{Path, PathBuf};

use serde::Serialize;
use slimgate_run::{RunFolder, StopFlag};

use crate::folder::Records;
use crate::kinds::Costs;
use crate::launcher::Workers;
use crate::plan::{Group, plan};
use crate::resampling::settle_resampling;
use crate::slurm::options;
use crate::space::{Space, StudyTask};
use crate::this_machine::ThisMachine;
use crate::{LauncherName, Options, StudyConfig, StudyError, StudyFolder};

/// The bytes of a run's folder besides its weights.
const BYTES_OF_A_RUN: u64 = 40_000;

/// The bytes of a run's folder for each parameter: two checkpoints, with up to two states of the optimizer for each weight.
const BYTES_OF_A_PARAMETER: u64 = 24;

/// The work that a study has before it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Forecast {
    /// Trials in all, as far as is known before any has ended.
    pub trials: usize,
    /// Those that are at their end.
    pub done: usize,
    /// Hours of a core that the others take if all train to their last epoch.
    pub core_hours: f64,
    /// True if nothing had to be timed for that: no trial is left.
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

/// Forecasts the work of studies, each in its folder, which may be there or not: of one, or of one and its replicates.
/// Nothing is written.
///
/// # Errors
///
/// If one cannot be run, or its trials not be timed.
pub fn forecast(
    studies: &[(PathBuf, StudyConfig)],
    program: &Options,
    stop: &StopFlag,
) -> Result<Forecast, StudyError> {
    let this_machine = ThisMachine::new(program.program.clone(), 1);
    let mut workers = Workers::new(Box::new(this_machine), stop);
    let mut costs = Costs::default();
    let mut all = Forecast { from_trials: true, ..Forecast::default() };
    for (path, config) in studies {
        let one = Outlay::of(path, config, &mut costs, &mut workers)?;
        let cores = config.launch.as_ref().map_or(1, |launch| launch.cores);
        all.trials += one.trials;
        all.done += one.done;
        all.core_hours += one.seconds * cores as f64 / 3600.0;
        all.from_trials &= one.from_trials;
        all.disk_bytes += one.bytes;
    }
    let launch = studies.first().and_then(|(_, config)| config.launch.as_ref());
    all.slurm = launch.filter(|launch| launch.launcher == LauncherName::Slurm).map(|launch| {
        // One study after the other.
        let jobs = (all.trials - all.done).div_ceil(launch.trials_per_job);
        ForecastJobs { jobs, at_once: jobs.min(launch.at_most_queued), options: options(launch) }
    });
    Ok(all)
}

/// The work of one study.
struct Outlay {
    trials: usize,
    done: usize,
    /// Seconds of the trials that are left.
    seconds: f64,
    from_trials: bool,
    bytes: u64,
}

impl Outlay {
    fn of(
        path: &Path,
        config: &StudyConfig,
        costs: &mut Costs,
        workers: &mut Workers,
    ) -> Result<Outlay, StudyError> {
        let mut config = config.clone();
        let space = Space::new(&config)?;
        settle_resampling(path, &mut config, &space)?;
        let (config, space) = (&config, Space::new(&config)?);
        space.require_data()?;
        space.check_metric()?;
        let folder = StudyFolder::at(path);
        let mut records = Records::new(&folder, config);
        let groups = plan(&space, config, &mut records)?;
        let mut all = Outlay { trials: 0, done: 0, seconds: 0.0, from_trials: true, bytes: 0 };
        let (mut bytes, mut parameters) = (0, 0);
        for (task, StudyTask { name, .. }) in space.tasks.iter().enumerate() {
            let of_task: Vec<&Group> = groups.iter().filter(|group| group.task == task).collect();
            let (mut left, mut unknown) = (Vec::new(), 0);
            for group in &of_task {
                let (planned, epochs) = group.planned(&space);
                all.trials += planned;
                unknown += epochs;
                for trial in group.trials() {
                    let record = records.get(&trial.id);
                    if record.is_done() || group.pruned.contains_key(&trial.id) {
                        all.done += 1;
                        bytes += size_of(&folder.run(&trial.id));
                    } else {
                        let complete = record.summary.as_ref().map_or(0, |summary| summary.epochs);
                        left.push((trial, trial.config.optim.epochs.saturating_sub(complete)));
                    }
                    parameters = parameters.max(config.recurrent_parameters(&trial.config)?);
                }
            }
            if left.is_empty() && unknown == 0 {
                continue;
            }
            all.from_trials = false;
            costs.measure(&of_task, &space, config, workers, 1)?;
            for (trial, epochs) in left {
                all.seconds += costs.seconds(name, config, &trial.config, epochs)?;
            }
            all.seconds += costs.extremes(name, unknown)[1];
        }
        let of_each = match all.done {
            0 => BYTES_OF_A_RUN + BYTES_OF_A_PARAMETER * parameters as u64,
            done => bytes / done as u64,
        };
        all.bytes = of_each * all.trials as u64;
        Ok(all)
    }
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
