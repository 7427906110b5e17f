//! `slimgate predict`

use std::collections::BTreeMap;
use std::io::{Stdout, stdout};
use std::path::Path;
use std::process::ExitCode;
use std::slice;

use serde::Serialize;
use slimgate_data::{InputStream, Inputs, Steps, read_inputs};
use slimgate_train::{Answer, Prediction, SavedRun};

use super::evaluate::open;
use crate::args::PredictArguments;
use crate::output::{CliError, say_json, tell};

pub fn run(arguments: PredictArguments) -> Result<ExitCode, CliError> {
    let run = open(&arguments.saved)?;
    if let Some((class, threshold)) = run.alarm() {
        tell(format_args!(
            "an alarm is a probability of `{class}` of {threshold} or more (`never`: none is)"
        ));
    }
    let mut writer = Writer::new(&run, arguments.saved.json);
    if arguments.stream {
        answer_lines(&run, &arguments.input, &mut writer)?;
    } else {
        let Inputs { sequences, warnings } = read_inputs(&arguments.input, run.preprocessing())?;
        warn(&warnings);
        run.predict(&sequences)?.iter().try_for_each(|prediction| writer.write(prediction))?;
        writer.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Answers each line of a file, or of standard input, before it reads the next.
fn answer_lines(run: &SavedRun, input: &Path, writer: &mut Writer) -> Result<(), CliError> {
    let lines = InputStream::open(input, run.preprocessing())?;
    let mut stream = run.stream()?;
    for line in lines {
        let Inputs { sequences, warnings } = line?;
        warn(&warnings);
        for sequence in &sequences {
            // A text is a sequence, all other lines are steps of one.
            let answers = match sequence.steps {
                Steps::Tokens(_) => run.predict(slice::from_ref(sequence))?,
                Steps::Values { .. } => stream.answer(sequence)?.into_iter().collect(),
            };
            answers.iter().try_for_each(|prediction| writer.write(prediction))?;
        }
        writer.flush()?;
    }
    Ok(())
}

fn warn(warnings: &[String]) {
    for warning in warnings {
        tell(format_args!("warning: {warning}"));
    }
}

/// Prints answers as they come.
struct Writer {
    /// The names of the numbers of an answer.
    names: Vec<String>,
    by_step: bool,
    json: bool,
    csv: csv::Writer<Stdout>,
    has_header: bool,
}

impl Writer {
    fn new(run: &SavedRun, json: bool) -> Writer {
        let csv = csv::Writer::from_writer(stdout());
        Writer { names: run.answer_names(), by_step: run.is_by_step(), json, csv, has_header: false }
    }

    fn write(&mut self, prediction: &Prediction) -> Result<(), CliError> {
        if self.json { self.write_json(prediction) } else { self.write_rows(prediction) }
    }

    fn flush(&mut self) -> Result<(), CliError> {
        Ok(self.csv.flush()?)
    }

    fn write_json(&self, Prediction { name, first_step, answers }: &Prediction) -> Result<(), CliError> {
        let mut answers = answers.iter().map(|answer| JsonAnswer::new(answer, &self.names));
        if self.by_step {
            say_json(&JsonSteps { name, first_step: *first_step, steps: answers.collect() })
        } else {
            answers.try_for_each(|answer| say_json(&JsonWhole { name, answer }))
        }
    }

    /// A row an answer: the sequence, its step if there is an answer a step, the class if it is one, whether that is an alarm
    /// if one class is, and the numbers.
    fn write_rows(&mut self, Prediction { name, first_step, answers }: &Prediction) -> Result<(), CliError> {
        for (step, answer) in (*first_step..).zip(answers) {
            let (class, alarm, numbers): (_, _, Vec<String>) = match answer {
                Answer::Class { class, probabilities, alarm } => (
                    Some(class.clone()),
                    alarm.map(|alarm| alarm.to_string()),
                    probabilities.iter().map(f32::to_string).collect(),
                ),
                Answer::Numbers(numbers) => (None, None, numbers.iter().map(f64::to_string).collect()),
            };
            self.write_header(class.is_some(), alarm.is_some())?;
            let step = self.by_step.then(|| step.to_string());
            let record = [name.clone()].into_iter().chain(step).chain(class).chain(alarm).chain(numbers);
            self.csv.write_record(record)?;
        }
        Ok(())
    }

    /// The names of the columns, before the first row.
    fn write_header(&mut self, has_class: bool, has_alarm: bool) -> Result<(), CliError> {
        if self.has_header {
            return Ok(());
        }
        self.has_header = true;
        let column = |name: &String| if has_class { format!("p({name})") } else { name.clone() };
        let before = [("name", true), ("step", self.by_step), ("class", has_class), ("alarm", has_alarm)];
        let before = before.into_iter().filter(|(_, there)| *there).map(|(name, _)| name.to_owned());
        Ok(self.csv.write_record(before.chain(self.names.iter().map(column)))?)
    }
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
    Class {
        class: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        alarm: Option<bool>,
        probabilities: BTreeMap<&'a str, f32>,
    },
    Numbers {
        numbers: BTreeMap<&'a str, f64>,
    },
}

impl<'a> JsonAnswer<'a> {
    fn new(answer: &'a Answer, names: &'a [String]) -> JsonAnswer<'a> {
        let names = names.iter().map(String::as_str);
        match answer {
            Answer::Class { class, probabilities, alarm } => JsonAnswer::Class {
                class,
                alarm: *alarm,
                probabilities: names.zip(probabilities.iter().copied()).collect(),
            },
            Answer::Numbers(numbers) => {
                JsonAnswer::Numbers { numbers: names.zip(numbers.iter().copied()).collect() }
            }
        }
    }
}
