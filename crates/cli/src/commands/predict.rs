//! `slimgate predict`

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde::Serialize;
use slimgate_data::{Inputs, read_inputs};
use slimgate_train::{Answer, Prediction};

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
    let (names, by_step) = (run.answer_names(), run.is_by_step());
    if arguments.saved.json {
        for Prediction { name, first_step, answers } in &predictions {
            let mut answers = answers.iter().map(|answer| JsonAnswer::new(answer, &names));
            if by_step {
                say_json(&JsonSteps { name, first_step: *first_step, steps: answers.collect() })?;
            } else {
                answers.try_for_each(|answer| say_json(&JsonWhole { name, answer }))?;
            }
        }
    } else {
        write_table(&predictions, &names, by_step)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a row an answer: the sequence, its step if there is an answer a step, the class if it is one, and the numbers.
fn write_table(predictions: &[Prediction], names: &[String], by_step: bool) -> Result<(), CliError> {
    let mut csv = csv::Writer::from_writer(std::io::stdout());
    let has_class = predictions
        .iter()
        .flat_map(|prediction| &prediction.answers)
        .any(|answer| matches!(answer, Answer::Class { .. }));
    let column = |name: &String| if has_class { format!("p({name})") } else { name.clone() };
    let before = [("name", true), ("step", by_step), ("class", has_class)];
    let before = before.into_iter().filter(|(_, there)| *there).map(|(name, _)| name.to_owned());
    csv.write_record(before.chain(names.iter().map(column)))?;
    for Prediction { name, first_step, answers } in predictions {
        for (step, answer) in (*first_step..).zip(answers) {
            let step: Option<String> = by_step.then(|| step.to_string());
            let (class, numbers): (_, Vec<String>) = match answer {
                Answer::Class { class, probabilities } => {
                    (Some(class.clone()), probabilities.iter().map(f32::to_string).collect())
                }
                Answer::Numbers(numbers) => (None, numbers.iter().map(f64::to_string).collect()),
            };
            csv.write_record([name.clone()].into_iter().chain(step).chain(class).chain(numbers))?;
        }
    }
    csv.flush()?;
    Ok(())
}

/// The one answer to a sequence.
#[derive(Serialize)]
struct JsonWhole<'a> {
    name: &'a str,
    #[serde(flatten)]
    answer: JsonAnswer<'a>,
}

/// The answers to a sequence, one a step.
#[derive(Serialize)]
struct JsonSteps<'a> {
    name: &'a str,
    first_step: usize,
    steps: Vec<JsonAnswer<'a>>,
}

/// An answer, its numbers by their names.
#[derive(Serialize)]
#[serde(untagged)]
enum JsonAnswer<'a> {
    Class { class: &'a str, probabilities: BTreeMap<&'a str, f32> },
    Numbers { numbers: BTreeMap<&'a str, f64> },
}

impl<'a> JsonAnswer<'a> {
    fn new(answer: &'a Answer, names: &'a [String]) -> JsonAnswer<'a> {
        let names = names.iter().map(String::as_str);
        match answer {
            Answer::Class { class, probabilities } => {
                JsonAnswer::Class { class, probabilities: names.zip(probabilities.iter().copied()).collect() }
            }
            Answer::Numbers(numbers) => {
                JsonAnswer::Numbers { numbers: names.zip(numbers.iter().copied()).collect() }
            }
        }
    }
}
