//! `slimgate evaluate`

use std::process::ExitCode;

use slimgate_data::Protocol;
use slimgate_run::Backend;
use slimgate_run::words::percent;
use slimgate_train::SavedRun;

use crate::args::{EvaluateArguments, SavedRunArguments};
use crate::output::{CliError, exit_when_unread, heard_or_not, recorded_or_not, say, say_json, tell};

pub fn run(arguments: EvaluateArguments) -> Result<ExitCode, CliError> {
    if arguments.while_read {
        exit_when_unread();
    }
    let run = open(&arguments.saved)?;
    let (evaluation, warning) = run.evaluate(arguments.dataset.as_deref())?;
    if let Some(warning) = warning {
        tell(format_args!("warning: {warning}"));
    }
    // Told first: the numbers are there though the folder may be read-only.
    let told = if arguments.saved.json {
        say_json(&evaluation)
    } else {
        let chosen = match run.validation() {
            Protocol::Published if run.is_best()? => ", chosen on this set",
            _ => "",
        };
        say(format_args!(
            "test set: accuracy {} of {} sequences, loss {:.4} (weights of epoch {}{chosen}){}",
            percent(evaluation.score.value),
            evaluation.sequences,
            evaluation.loss,
            evaluation.epoch,
            evaluation.trivial().map_or_else(String::new, |trivial| format!(
                "; always `{}`: {}",
                trivial.answer,
                percent(trivial.score)
            )),
        ))
    };
    if run.is_official_result()? {
        recorded_or_not(run.record(&evaluation));
    } else {
        tell("not recorded: a run's result is that of its best epoch on its own backend");
    }
    heard_or_not(told)?;
    Ok(ExitCode::SUCCESS)
}

/// Loads the run that the arguments name, on the backend that they name.
pub fn open(arguments: &SavedRunArguments) -> Result<SavedRun, CliError> {
    let backend = arguments.backend.as_deref().map(Backend::named).transpose()?;
    let place = backend.map(|backend| (backend, arguments.device));
    Ok(SavedRun::open(&arguments.run, arguments.weights, place)?)
}
