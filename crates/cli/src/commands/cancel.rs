//! `slimgate cancel`

use std::process::ExitCode;

use serde::Serialize;
use slimgate_run::quoted;
use slimgate_run::words::counted;
use slimgate_study::{StudyFolder, cancel_jobs};

use crate::args::CancelArguments;
use crate::output::{CliError, say, say_json};

pub fn run(arguments: CancelArguments) -> Result<ExitCode, CliError> {
    let folder = StudyFolder::open(&arguments.study)?;
    let cancelled = cancel_jobs(&folder)?;
    if arguments.json {
        say_json(&Line { cancelled })?;
    } else {
        let jobs = counted(cancelled, "job was", "jobs were");
        let study = quoted(&folder.path().display().to_string());
        say(format_args!("{jobs} cancelled; continue the study with: slimgate compare {study}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The jobs that were cancelled, for machines.
#[derive(Serialize)]
struct Line {
    cancelled: usize,
}
