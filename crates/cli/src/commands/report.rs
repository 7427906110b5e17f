//! `slimgate report`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use slimgate_report::{Run, tensorboard, write_runs, write_study};
use slimgate_study::{StudyFolder, summarize};

use crate::args::ReportArguments;
use crate::output::{CliError, say, say_json};

pub fn run(arguments: ReportArguments) -> Result<ExitCode, CliError> {
    let study = StudyFolder::open(&arguments.folders[0]).ok();
    let (written, runs) = match study {
        Some(_) if arguments.folders.len() > 1 => return Err(CliError::OneStudy),
        Some(study) => {
            let summary = summarize(&study)?;
            let out = arguments.out.as_deref().unwrap_or(study.path());
            let begun = summary.trials.iter().map(|trial| study.run(&trial.id)).filter(|run| run.is_dir());
            (write_study(&summary, out)?, begun.collect())
        }
        None => {
            let runs = read(&arguments.folders)?;
            (
                write_runs(&runs, arguments.out.as_deref().unwrap_or(Path::new(".")))?,
                arguments.folders.clone(),
            )
        }
    };
    let mut written = written;
    if let Some(folder) = &arguments.tensorboard {
        tensorboard(&read(&runs)?, folder)?;
        written.push(folder.clone());
    }
    for path in &written {
        if arguments.json { say_json(path)? } else { say(path.display())? }
    }
    Ok(ExitCode::SUCCESS)
}

fn read(runs: &[PathBuf]) -> Result<Vec<Run>, CliError> {
    Ok(runs.iter().map(|run| Run::read(run)).collect::<Result<_, _>>()?)
}
