//! `slimgate report`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use slimgate_report::{Run, tensorboard, write_runs, write_study};
use slimgate_study::{StudyFolder, Summary, summarize};
use slimgate_train::write_whole;

use crate::args::ReportArguments;
use crate::output::{CliError, say, say_json};

pub fn run(arguments: ReportArguments) -> Result<ExitCode, CliError> {
    let study = StudyFolder::open(&arguments.folders[0]).ok();
    let (mut written, runs) = match study {
        Some(_) if arguments.folders.len() > 1 => return Err(CliError::OneStudy),
        Some(study) => {
            let summary = summarize(&study)?;
            let out = arguments.out.as_deref().unwrap_or(study.path());
            let begun = summary.trials.iter().map(|trial| study.run(&trial.id)).filter(|run| run.is_dir());
            let mut written = write_study(&summary, out)?;
            written.push(write_summary(&study, &summary, out)?);
            (written, begun.collect())
        }
        None => {
            let runs = read(&arguments.folders)?;
            (
                write_runs(&runs, arguments.out.as_deref().unwrap_or(Path::new(".")))?,
                arguments.folders.clone(),
            )
        }
    };
    if let Some(folder) = &arguments.tensorboard {
        tensorboard(&read(&runs)?, folder)?;
        written.push(folder.clone());
    }
    for path in &written {
        if arguments.json { say_json(path)? } else { say(path.display())? }
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts the summary beside the report that is made of it, and says where.
fn write_summary(study: &StudyFolder, summary: &Summary, out: &Path) -> Result<PathBuf, CliError> {
    let path = out.join("summary.json");
    if out == study.path() {
        study.write_summary(summary)?;
    } else {
        let mut text = serde_json::to_vec_pretty(summary).expect("a summary has a JSON form");
        text.push(b'\n');
        write_whole(&path, &text)?;
    }
    Ok(path)
}

fn read(runs: &[PathBuf]) -> Result<Vec<Run>, CliError> {
    Ok(runs.iter().map(|run| Run::read(run)).collect::<Result<_, _>>()?)
}
