//! `slimgate devices`

use std::process::ExitCode;

use slimgate_run::Backend;
use slimgate_train::{devices, is_built};

use crate::args::DevicesArguments;
use crate::output::{CliError, say, say_json, table};

pub fn run(arguments: DevicesArguments) -> Result<ExitCode, CliError> {
    let found = devices();
    if arguments.json {
        for device in &found {
            say_json(device)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = table(["--backend", "--device", "description"]);
    for backend in Backend::ALL {
        if !is_built(backend) {
            let lacking = format!("not in this build: {}", backend.build_command());
            rows.add_row([backend.name(), "", &lacking]);
            continue;
        }
        let mut here = found.iter().filter(|device| device.backend == backend).peekable();
        if here.peek().is_none() {
            rows.add_row([backend.name(), "", "no device or driver on this machine"]);
        }
        for device in here {
            rows.add_row([backend.name(), &device.index.to_string(), &device.name]);
        }
    }
    say(rows)?;
    Ok(ExitCode::SUCCESS)
}
