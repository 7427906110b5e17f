//! `slimgate evaluate`

use std::process::ExitCode;

use slimgate_data::Protocol;
use slimgate_run::metric::{AlarmCounts, Threshold};
use slimgate_run::{AlarmEvaluation, Backend, Evaluation, MetricValue, Reference};
use slimgate_train::SavedRun;

use crate::args::{EvaluateArguments, SavedRunArguments};
use crate::output::{CliError, exit_when_unread, heard_or_not, recorded_or_not, say, say_json, tell};

pub fn run(arguments: EvaluateArguments) -> Result<ExitCode, CliError> {
    if arguments.while_read {
        exit_when_unread();
    }
    let run = open(&arguments.saved)?;
    let evaluated = run.evaluate(arguments.dataset.as_deref())?;
    let evaluation = &evaluated.evaluation;
    if let Some(warning) = &evaluated.warning {
        tell(format_args!("warning: {warning}"));
    }
    // Told first: the numbers are there though the folder may be read-only.
    let told = if arguments.saved.json {
        say_json(evaluation)
    } else {
        let chosen = match run.validation() {
            Protocol::Published if run.is_best()? => ", chosen on this set",
            _ => "",
        };
        let (metric, score) = (evaluation.metric(), evaluation.score.value);
        say(format_args!(
            "test set: {} {} of {} sequences, loss {:.4} (weights of epoch {}{chosen}){}{}{}",
            metric.name,
            metric.show(score),
            evaluation.sequences,
            evaluation.loss,
            evaluation.epoch,
            coverage(evaluation),
            references(evaluation),
            alarms(evaluation),
        ))
    };
    if run.is_official_result()? {
        recorded_or_not(run.record(&evaluated));
    } else {
        tell("not recorded: a run's result is that of its best epoch on its own backend");
    }
    heard_or_not(told)?;
    Ok(ExitCode::SUCCESS)
}

/// The share of truths in the intervals of forecasts, and before they were calibrated.
fn coverage(evaluation: &Evaluation) -> String {
    let Some((metric, share)) = evaluation.coverage() else { return String::new() };
    let before = match evaluation.coverage_before_calibration {
        Some(before) => format!("{} before calibration", metric.show(before)),
        None => "not calibrated".to_owned(),
    };
    format!("; {} {} ({before})", metric.name, metric.show(share))
}

/// The scores of the references, which a run that is worth something betters.
fn references(evaluation: &Evaluation) -> String {
    let metric = evaluation.metric();
    let score = |Reference { answer, score }: &Reference| {
        let is_class = evaluation.classes.contains(answer);
        let answer = if is_class { format!("always `{answer}`") } else { answer.clone() };
        format!("; {answer}: {}", metric.show(*score))
    };
    evaluation.predictors().iter().map(score).collect()
}

/// A line about alarms, where a class is one: counts at the threshold, and the metrics.
fn alarms(evaluation: &Evaluation) -> String {
    let Some(AlarmEvaluation { class, threshold, counts, .. }) = &evaluation.alarm else {
        return String::new();
    };
    let AlarmCounts { alarms, missed, others, false_alarms } = counts;
    let of_alarms = evaluation.metrics.iter().filter(|named| named.metric.is_of_alarms());
    let values = of_alarms.filter_map(|MetricValue { metric, value }| {
        Some(format!("; {} {}", metric.name, metric.show((*value)?)))
    });
    let values: String = values.collect();
    let from = match *threshold == Threshold::NEVER {
        true => "none, as no probability is enough for one".to_owned(),
        false => format!("from a probability of {threshold} on"),
    };
    format!(
        "\nalarms for `{class}` {from}: {missed} of {alarms} missed, {false_alarms} false \
         of {others}{values}"
    )
}

/// Loads the run that the arguments name, on the backend that they name.
pub fn open(arguments: &SavedRunArguments) -> Result<SavedRun, CliError> {
    let backend = arguments.backend.as_deref().map(Backend::named).transpose()?;
    let place = backend.map(|backend| (backend, arguments.device));
    Ok(SavedRun::open(&arguments.run, arguments.weights, place)?)
}
