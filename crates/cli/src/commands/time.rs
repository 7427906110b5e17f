//! `slimgate time`

use std::process::ExitCode;

use serde::Serialize;
use slimgate_train::{Timing, time};

use crate::args::TimeArguments;
use crate::output::{CliError, say, say_json, table};

pub fn run(arguments: TimeArguments) -> Result<ExitCode, CliError> {
    let timings = time(&arguments.runs, arguments.threads.map(usize::from))?;
    let lines = arguments.runs.iter().map(|run| run.display().to_string()).zip(timings);
    if arguments.json {
        for (run, timing) in lines {
            say_json(&Line { run, timing })?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = table(["run", "training step", "prediction of 1", "prediction of 128", "threads"]);
    for (run, timing) in lines {
        let ms = |ms: f64| format!("{ms:.3} ms");
        let Timing { training_step_ms, prediction_ms, batch_prediction_ms, threads } = timing;
        rows.add_row([
            run,
            ms(training_step_ms),
            ms(prediction_ms),
            ms(batch_prediction_ms),
            threads.to_string(),
        ]);
    }
    say(rows)?;
    Ok(ExitCode::SUCCESS)
}

/// One run, for machines.
#[derive(Serialize)]
struct Line {
    run: String,
    #[serde(flatten)]
    timing: Timing,
}
