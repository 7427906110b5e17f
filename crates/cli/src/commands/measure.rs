//! `slimgate measure`, which a study calls before it begins

use std::io::{read_to_string, stdin};
use std::process::ExitCode;

use slimgate_run::Config;
use slimgate_train::{effort, step_time};

use crate::args::MeasureArguments;
use crate::output::{CliError, exit_when_unread, say_json};

/// The name of the configuration in messages.
const INPUT: &str = "standard input";

pub fn run(arguments: MeasureArguments) -> Result<ExitCode, CliError> {
    if arguments.while_read {
        exit_when_unread();
    }
    let text = read_to_string(stdin()).map_err(|source| CliError::Read { path: INPUT.to_owned(), source })?;
    let config = Config::read(INPUT, &text, &[])?;
    match arguments.at_once {
        Some(at_once) => say_json(&effort(&config, at_once)?)?,
        None => say_json(&step_time(&config)?)?,
    }
    Ok(ExitCode::SUCCESS)
}
