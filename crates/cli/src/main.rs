//! The program `slimgate`: flags to configuration, configuration to calls, results to text.

mod args;
mod commands;
mod keys;
mod output;
mod progress;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use output::{CliError, tell};

/// A training step makes and drops tensors of a few hundred kilobytes, memory that the system's allocator
/// gives back and asks for again each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Burn restores an optimizer's state on its default device, which is a GPU where the build knows of one,
    // driver or not. A run names its own device; what Burn does in between happens on the CPU.
    // SAFETY: no other thread exists yet that could read the environment at the same time.
    unsafe { std::env::set_var("BURN_DEVICE", "flex") };
    // Where no session of a user sets this, graphics drivers complain about it on standard error as they look for a
    // display. With a folder that is not there they look as much in vain, and quietly.
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: as above.
        unsafe { std::env::set_var("XDG_RUNTIME_DIR", "/nonexistent") };
    }

    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Compare(arguments) => commands::compare::run(arguments),
        Command::Cancel(arguments) => commands::cancel::run(arguments),
        Command::Status(arguments) => commands::status::run(arguments),
        Command::Report(arguments) => commands::report::run(arguments),
        Command::Check(arguments) => commands::check::run(arguments),
        Command::Time(arguments) => commands::time::run(arguments),
        Command::Work { job } => commands::work::run(&job),
        Command::Train(arguments) => commands::train::run(*arguments),
        Command::Evaluate(arguments) => commands::evaluate::run(arguments),
        Command::Predict(arguments) => commands::predict::run(arguments),
        Command::Variants(arguments) => commands::variants::run(arguments),
        Command::Data(arguments) => commands::data::run(arguments),
        Command::Settings(arguments) => commands::settings::run(arguments),
        Command::Devices(arguments) => commands::devices::run(arguments),
        Command::Completions { shell } => commands::completions::run(shell),
    };
    match result {
        Ok(code) => code,
        // Whoever read our output has read enough, as in `slimgate variants | head`.
        Err(CliError::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            tell(format_args!("error: {error}"));
            ExitCode::from(error.code())
        }
    }
}
