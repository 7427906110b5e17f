//! `slimgate compare --dry-run`

use std::path::PathBuf;

use slimgate_run::StopFlag;
use slimgate_run::words::{counted, decimal, mebibytes};
use slimgate_study::{Forecast, Options, StudyConfig, forecast};

use crate::output::{CliError, say, say_json};

/// Says what studies have before them: one, or the replicates of one.
pub fn dry_run(
    studies: &[(PathBuf, StudyConfig)],
    options: &Options,
    stop: &StopFlag,
    json: bool,
) -> Result<(), CliError> {
    let forecast = forecast(studies, options, stop)?;
    if json {
        return say_json(&forecast);
    }
    let Forecast { trials, done, core_hours, from_trials, disk_bytes, slurm } = forecast;
    let folders: Vec<String> = studies.iter().map(|(folder, _)| folder.display().to_string()).collect();
    let folders = match &folders[..] {
        [first, .., last] => format!("{first} to {last}"),
        folders => folders.concat(),
    };
    say(format_args!("{folders}: {}, {done} done", counted(trials, "trial", "trials")))?;
    let from = if from_trials { "" } else { ", by a timing of each kind of trial here" };
    say(format_args!("at most {} hours of a core{from}", decimal(core_hours, 2)))?;
    say(format_args!("disk: about {}", mebibytes(disk_bytes)))?;
    let Some(slurm) = slurm else { return Ok(()) };
    let jobs = counted(slurm.jobs, "job", "jobs");
    say(format_args!("Slurm would be handed {jobs}, at most {} at once:", slurm.at_once))?;
    say(format_args!("  sbatch --array=0-{} {}", slurm.at_once.saturating_sub(1), slurm.options.join(" ")))
}
