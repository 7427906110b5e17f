//! `slimgate time`

use std::process::ExitCode;

use serde::Serialize;
use slimgate_run::Timing;
use slimgate_train::time;

use crate::args::TimeArguments;
use crate::output::{CliError, exit_when_unread, heard_or_not, recorded_or_not, say, say_json, table};

pub fn run(arguments: TimeArguments) -> Result<ExitCode, CliError> {
    if arguments.while_read {
        exit_when_unread();
    }
    let timings = time(&arguments.runs, arguments.threads.map(usize::from), arguments.dataset.as_deref())?;
    // Told first: the numbers are there though a folder may be read-only.
    let told = tell_all(&arguments, &timings);
    for (run, timing) in arguments.runs.iter().zip(&timings) {
        recorded_or_not(timing.record(run));
    }
    heard_or_not(told)?;
    Ok(ExitCode::SUCCESS)
}

fn tell_all(arguments: &TimeArguments, timings: &[Timing]) -> Result<(), CliError> {
    let mut lines = arguments.runs.iter().map(|run| run.display().to_string()).zip(timings);
    if arguments.json {
        return lines.try_for_each(|(run, timing)| say_json(&Line { run, timing }));
    }
    let mut rows = table(["run", "training step", "prediction of 1", "prediction of 128", "threads"]);
    for (run, timing) in lines {
        let ms = |ms: f64| format!("{ms:.3} ms");
        let &Timing { training_step_ms, prediction_ms, batch_prediction_ms, threads } = timing;
        rows.add_row([
            run,
            ms(training_step_ms),
            ms(prediction_ms),
            ms(batch_prediction_ms),
            threads.to_string(),
        ]);
    }
    say(rows)
}

/// One run, for machines.
#[derive(Serialize)]
struct Line<'a> {
    run: String,
    #[serde(flatten)]
    timing: &'a Timing,
}
