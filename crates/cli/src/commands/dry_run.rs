//! `slimgate compare --dry-run`

use std::path::Path;

use slimgate_run::StopFlag;
use slimgate_run::words::{counted, decimal, mebibytes};
use slimgate_study::{Forecast, Options, StudyConfig, forecast};

use crate::output::{CliError, say, say_json};

/// Says what a study has before it.
pub fn dry_run(
    folder: &Path,
    config: &StudyConfig,
    options: &Options,
    stop: &StopFlag,
    json: bool,
) -> Result<(), CliError> {
    let forecast = forecast(folder, config, options, stop)?;
    if json {
        return say_json(&forecast);
    }
    let Forecast { trials, done, core_hours, from_trials, disk_bytes, slurm } = forecast;
    say(format_args!("{}: {}, {done} done", folder.display(), counted(trials, "trial", "trials")))?;
    let from = if from_trials { "by the trials that are done" } else { "by a timing of the first here" };
    say(format_args!("at most {} hours of a core, {from}", decimal(core_hours, 2)))?;
    say(format_args!("disk: about {}", mebibytes(disk_bytes)))?;
    let Some(slurm) = slurm else { return Ok(()) };
    let jobs = counted(slurm.jobs, "job", "jobs");
    say(format_args!("Slurm would be handed {jobs}, at most {} at once:", slurm.at_once))?;
    say(format_args!("  sbatch --array=0-{} {}", slurm.at_once.saturating_sub(1), slurm.options.join(" ")))
}
