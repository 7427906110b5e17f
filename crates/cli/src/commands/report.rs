//! `slimgate report`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use slimgate_report::{Run, tensorboard, write_runs, write_study};
use slimgate_run::holds;
use slimgate_study::{StudyFolder, summarize};

use crate::args::ReportArguments;
use crate::output::{CliError, say, say_json, tell};

pub fn run(arguments: ReportArguments) -> Result<ExitCode, CliError> {
    for folder in &arguments.folders {
        if !(holds(folder, "study.toml")? || holds(folder, "config.toml")?) {
            return Err(CliError::NoReport(folder.display().to_string()));
        }
    }
    let study = StudyFolder::open(&arguments.folders[0]).ok();
    let (mut written, runs): (Vec<PathBuf>, Vec<PathBuf>) = match study {
        Some(_) if arguments.folders.len() > 1 => return Err(CliError::OneStudy),
        Some(study) => {
            let summary = summarize(&study)?;
            let out = arguments.out.as_deref().unwrap_or(study.path());
            let begun = summary.trials.iter().map(|trial| study.run(&trial.id)).filter(|run| run.is_dir());
            let mut written = write_study(&summary, out)?;
            written.push(summary.write(out)?);
            (written, begun.collect())
        }
        None => {
            let runs = read(&arguments.folders)?;
            let own = match &arguments.folders[..] {
                [run] => run,
                _ => Path::new("report"),
            };
            (write_runs(&runs, arguments.out.as_deref().unwrap_or(own))?, arguments.folders.clone())
        }
    };
    if let Some(folder) = &arguments.tensorboard
        && runs.is_empty()
    {
        tell(format_args!("no trial has started, so there is nothing to write to {}", folder.display()));
    } else if let Some(folder) = &arguments.tensorboard {
        tensorboard(&read(&runs)?, folder)?;
        written.push(folder.clone());
    }
    for path in &written {
        if arguments.json { say_json(&path.to_string_lossy())? } else { say(path.display())? }
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads runs. Those of one name are called by their paths.
fn read(folders: &[PathBuf]) -> Result<Vec<Run>, CliError> {
    let mut runs = folders.iter().map(|run| Run::read(run)).collect::<Result<Vec<Run>, _>>()?;
    let names: Vec<String> = runs.iter().map(|run| run.name.clone()).collect();
    for run in &mut runs {
        if names.iter().filter(|name| **name == run.name).count() > 1 {
            run.name = run.path.display().to_string();
        }
    }
    match (1..runs.len()).find(|&at| runs[..at].iter().any(|run| run.name == runs[at].name)) {
        Some(at) => Err(CliError::RunTwice(runs[at].name.clone())),
        None => Ok(runs),
    }
}
