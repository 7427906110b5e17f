//! `slimgate completions`

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Arguments;
use crate::output::CliError;

pub fn run(shell: Shell) -> Result<ExitCode, CliError> {
    clap_complete::generate(shell, &mut Arguments::command(), "slimgate", &mut std::io::stdout());
    Ok(ExitCode::SUCCESS)
}
