//! `slimgate completions`

use std::process::ExitCode;

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::args::Arguments;
use crate::output::{CliError, put};

pub fn run(shell: Shell) -> Result<ExitCode, CliError> {
    let whole = Arguments::command();
    // The generator offers hidden commands, too.
    let for_people = whole.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    let program = Command::new("slimgate").version(env!("CARGO_PKG_VERSION"));
    let mut program = program.args(whole.get_arguments().cloned()).subcommands(for_people);
    // Into memory first: where the generator cannot write, it panics.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut program, "slimgate", &mut script);
    put(&script)?;
    Ok(ExitCode::SUCCESS)
}
