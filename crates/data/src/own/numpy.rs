//! NumPy's arrays of the user's own: a pair of files a part, an archive a part, or one archive of both.

use super::{Content, Division, Files, ONE_FILE, Part, Question, check_tested, classes_of, finished};
use crate::examples::{Labelled, Raw};
use crate::format::numpy::{self, Data};
use crate::labels;
use crate::pieces::Piece;
use crate::recipe::{Format, Modality};
use crate::{DataConfig, DataError, Entry, Finding, Task};

/// Reads the arrays.
pub(super) fn read(config: &DataConfig, files: &Files) -> Result<Entry, DataError> {
    if config.targets.is_some() || !config.columns.is_default() {
        let file = files.folder.join(&files.train).display().to_string();
        let problem = "arrays have no named columns; leave `data.targets` and `data.columns` out".to_owned();
        return Err(DataError::Numpy { file, problem });
    }
    let [answers, test_answers] = [0, 1].map(|at| files.answers.as_ref().map(|names| &names[at]));
    let train = content(files, &files.train, answers)?;
    let data = data(&train)?;
    let task = data.task(config.task)?;
    let (channels, targets, steps, trained) = (data.channels, data.targets(), data.steps, data.trained);
    let guessed = data.has_floats() && config.task.is_none();
    let test = files.test.as_ref().map(|name| content(files, name, test_answers)).transpose()?;
    let tested = test.as_ref().map(|test| tested(test, &data, task)).transpose()?;
    let all = sequences(data, task)?;
    let tested = tested.map(|other| sequences(other, task)).transpose()?;
    let mut findings = Vec::new();
    if guessed {
        let told =
            format!("the answers are floating-point numbers and read for {task}: `data.task` says otherwise");
        findings.push(Finding::Notice(told));
    }
    let (train_part, test_part, split) = match (&test, tested) {
        (Some(test), Some(tested)) => {
            (Part::whole(&train, all), Part::whole(test, tested), "a training and a test file".to_owned())
        }
        _ => {
            let (pieces, told) = pieces(config, &train.path, &all, trained, &mut findings)?;
            let [one, other] = pieces.map(|pieces: Vec<Piece>| {
                let sequences = pieces.iter().map(|piece| all[piece.sequence].clone()).collect();
                Part { pieces: Some(pieces), ..Part::whole(&train, sequences) }
            });
            (one, other, told)
        }
    };
    let (classes, targets) = match task {
        Task::Regression if targets == 1 => (Vec::new(), vec!["y".to_owned()]),
        Task::Regression => (Vec::new(), (1..=targets).map(|target| format!("y {target}")).collect()),
        _ => {
            let classes = classes_of(&train_part)?;
            check_tested(&test_part, &classes, &train_part, &Format::Numpy)?;
            (classes, Vec::new())
        }
    };
    let question = Question {
        task,
        targets,
        findings,
        summary: format!("arrays of {steps} steps"),
        ..Question::of_classes(Format::Numpy, Modality::Series { channels }, classes, split)
    };
    finished(config, &files.folder, question, train_part, test_part)
}

/// The data to test on, which must be like those to train on.
fn tested(test: &Content, data: &Data, task: Task) -> Result<Data, DataError> {
    let other = self::data(test)?;
    data.check_like(&other, &test.path)?;
    let [found, wanted] = [&other, data].map(Data::targets);
    if task == Task::Regression && found != wanted {
        let problem =
            format!("it has {found} numbers a sequence, and the training file {wanted}; give both the same");
        return Err(DataError::Numpy { file: test.answers_path().to_owned(), problem });
    }
    Ok(other)
}

/// The parts of one file, which says how many sequences are trained on or is divided, and that in words.
fn pieces(
    config: &DataConfig,
    file: &str,
    all: &[Labelled],
    trained: Option<usize>,
    findings: &mut Vec<Finding>,
) -> Result<([Vec<Piece>; 2], String), DataError> {
    if let Some(trained) = trained {
        let whole = |sequence| Piece { sequence, steps: None };
        let pieces = [(0..trained).map(whole).collect(), (trained..all.len()).map(whole).collect()];
        return Ok((pieces, "a training and a test part in one file".to_owned()));
    }
    let classes = labels::classes(all.iter().map(|one| one.class.as_str()));
    let stratum = |one: &Labelled| labels::find(&classes, &one.class, false).unwrap_or_default();
    let strata: Vec<usize> = all.iter().map(stratum).collect();
    let divided = Division::whole(config, (file, ONE_FILE), "sequences", &strata, &[])?;
    findings.extend(divided.finding);
    Ok((divided.pieces, divided.told))
}

/// A file with the one of its answers, if that is another.
fn content(files: &Files, name: &str, answers: Option<&String>) -> Result<Content, DataError> {
    let answers = answers.map(|name| Content::read(&files.folder, name)).transpose()?;
    Ok(Content { answers: answers.map(Box::new), ..Content::read(&files.folder, name)? })
}

fn data(content: &Content) -> Result<Data, DataError> {
    let all: Vec<(&str, &[u8])> =
        content.all().map(|content| (content.path.as_str(), &content.bytes[..])).collect();
    numpy::read(&all)
}

/// The sequences, with their classes where these are asked for.
fn sequences(data: Data, task: Task) -> Result<Vec<Labelled>, DataError> {
    if task != Task::Regression {
        return data.labelled();
    }
    data.numbers()?;
    let unlabelled = |(line, values)| Labelled { raw: Raw::Values(values), class: String::new(), line };
    Ok((1..).zip(data.series).map(unlabelled).collect())
}

#[cfg(test)]
mod tests;
