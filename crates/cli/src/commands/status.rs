//! `slimgate status`

use std::process::ExitCode;

use slimgate_study::{StudyFolder, standing};

use crate::args::StatusArguments;
use crate::output::{CliError, percent, say, say_json};

pub fn run(arguments: StatusArguments) -> Result<ExitCode, CliError> {
    let standing = standing(&StudyFolder::open(&arguments.study)?)?;
    if arguments.json {
        say_json(&standing)?;
        return Ok(ExitCode::SUCCESS);
    }
    let count = |(state, trials): &(slimgate_study::State, usize)| format!("{trials} {state}");
    let states: Vec<String> = standing.states.iter().map(count).collect();
    say(format_args!("{}: {} trials: {}", arguments.study.display(), standing.trials, states.join(", ")))?;
    say(format_args!("epochs: {} of {}", standing.epochs_done, standing.epochs))?;
    for running in &standing.running {
        let accuracy =
            running.accuracy.map(|accuracy| format!(", validation accuracy {}", percent(accuracy)));
        let (epoch, of) = (running.epoch, running.of);
        say(format_args!(
            "running: {}: epoch {epoch} of {of}{}",
            running.label,
            accuracy.unwrap_or_default()
        ))?;
    }
    for best in &standing.best {
        say(format_args!(
            "best {}: validation accuracy {} ({})",
            best.variant,
            percent(best.accuracy),
            best.label
        ))?;
    }
    for failed in &standing.failed {
        say(format_args!("failed: {}: {}", failed.label, failed.reason))?;
    }
    Ok(ExitCode::SUCCESS)
}
