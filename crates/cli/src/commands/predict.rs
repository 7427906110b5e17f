//! `slimgate predict`

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde::Serialize;
use slimgate_data::{Inputs, read_inputs};

use super::evaluate::open;
use crate::args::PredictArguments;
use crate::output::{CliError, say_json, tell};

pub fn run(arguments: PredictArguments) -> Result<ExitCode, CliError> {
    let run = open(&arguments.saved)?;
    let Inputs { sequences, warnings } = read_inputs(&arguments.input, run.preprocessing())?;
    for warning in warnings {
        tell(format_args!("warning: {warning}"));
    }
    let predictions = run.predict(&sequences)?;

    if arguments.saved.json {
        for prediction in &predictions {
            let probabilities =
                run.classes().iter().map(String::as_str).zip(prediction.probabilities.iter().copied());
            say_json(&Line {
                name: &prediction.name,
                class: &prediction.class,
                probabilities: probabilities.collect(),
            })?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut csv = csv::Writer::from_writer(std::io::stdout());
    let named = run.classes().iter().map(|class| format!("p({class})"));
    csv.write_record(["name".to_owned(), "class".to_owned()].into_iter().chain(named))?;
    for prediction in predictions {
        let probabilities = prediction.probabilities.iter().map(f32::to_string);
        csv.write_record([prediction.name, prediction.class].into_iter().chain(probabilities))?;
    }
    csv.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// A prediction with its probabilities by class.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    class: &'a str,
    probabilities: BTreeMap<&'a str, f32>,
}
