//! `slimgate completions`

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Arguments;
use crate::output::{CliError, put};

pub fn run(shell: Shell) -> Result<ExitCode, CliError> {
    // Into memory first: where the generator cannot write, it panics.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "slimgate", &mut script);
    put(&script)?;
    Ok(ExitCode::SUCCESS)
}
