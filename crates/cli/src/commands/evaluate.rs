//! `slimgate evaluate`

use std::process::ExitCode;

use slimgate_data::Validation;
use slimgate_train::{Backend, SavedRun};

use crate::args::SavedRunArguments;
use crate::output::{CliError, heard_or_not, percent, say, say_json, tell};

pub fn run(arguments: SavedRunArguments) -> Result<ExitCode, CliError> {
    let run = open(&arguments)?;
    let (evaluation, warning) = run.evaluate()?;
    if let Some(warning) = warning {
        tell(format_args!("warning: {warning}"));
    }
    // Told first: the numbers are there though the folder may be read-only.
    let told = if arguments.json {
        say_json(&evaluation)
    } else {
        let chosen = match run.validation() {
            Validation::Test if run.is_best()? => ", chosen on this set",
            _ => "",
        };
        say(format_args!(
            "test set: accuracy {} of {} sequences, loss {:.4} (weights of epoch {}{chosen})",
            percent(evaluation.accuracy),
            evaluation.sequences,
            evaluation.loss,
            evaluation.epoch,
        ))
    };
    if run.is_official_result()? {
        run.record(&evaluation)?;
    } else {
        tell("not recorded: a run's result is that of its best epoch, on its own backend");
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
