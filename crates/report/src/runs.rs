//! The page of one run, or of several side by side.

use std::collections::{BTreeMap, BTreeSet};

use slimgate_run::{EpochMetrics, Split, Status, quoted};

use crate::document::{Block, Document};
use crate::phrases;
use crate::pictures::{run_curves, run_forecasts};
use crate::run::{Run, folder_names, metrics};
use crate::study::{confusion, environment_table, recall, recall_table};
use crate::style::VariantStyles;
use crate::table::{Cell, Column, Table};
use slimgate_run::metric::{Direction, Metric};
use slimgate_run::words::{self, MISSING, count, counted, optional, seconds};

/// The page of runs.
pub(crate) fn document(runs: &[Run]) -> Document {
    let title = match runs {
        [run] => format!("Run {}", run.name),
        _ => counted(runs.len(), "run", "runs"),
    };
    let datasets: BTreeSet<String> =
        runs.iter().filter_map(|run| run.settings.get("data.dataset")).map(phrases::setting).collect();
    let datasets: Vec<_> = datasets.into_iter().collect();
    let on = match datasets.as_slice() {
        // A folder is a run even if its configuration is empty.
        [] => String::new(),
        names => format!(" on {}", words::list(names)),
    };
    let lead = format!("{}{on}.", counted(runs.len(), "training run", "training runs"));
    let mut blocks = vec![Block::chapter("Results"), Block::Table(results(runs))];
    blocks.extend(running(runs).map(Block::Notice));
    blocks.extend(chosen_on_test(runs).map(Block::Notice));
    blocks.push(Block::Text(best_epoch(&metrics(runs))));

    blocks.push(Block::chapter("Learning curves"));
    let names: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
    let curves = run_curves(runs, &VariantStyles::named(names));
    blocks.push(match curves.is_empty() {
        true => Block::text("No run has finished an epoch yet."),
        false => Block::Pictures(curves),
    });
    let evaluated: Vec<_> = runs.iter().filter(|run| run.evaluation.is_some()).cloned().collect();
    if !evaluated.is_empty() {
        blocks.push(Block::chapter("Test set"));
        blocks.extend(test_set(&evaluated));
        blocks.extend(forecasts(&evaluated));
    }
    blocks.push(Block::chapter("Settings"));
    blocks.extend(settings(runs));
    blocks.push(Block::chapter("Environment and commands"));
    blocks.extend(environments(runs));
    blocks.push(Block::text("To repeat the training:"));
    blocks.push(Block::Commands(commands(runs)));
    Document { title, lead, blocks }
}

/// The rule by which the best epoch is the best.
fn best_epoch(metrics: &[Metric]) -> String {
    let one = |metric: &Metric| match metric.direction {
        Direction::Higher => format!("the highest {}", metric.name),
        Direction::Lower => format!("the lowest {}", metric.name),
        Direction::Towards(aim) => format!("the {} nearest to {}", metric.name, metric.show(aim)),
    };
    let all: Vec<String> = metrics.iter().map(one).collect();
    format!("The best epoch is the one with {} on the validation set.", all.join(" or "))
}

/// The name of the scores of a table: that of the metric, if it is the same for all runs.
fn score_name(metrics: &[Metric]) -> &str {
    match metrics {
        [metric] => &metric.name,
        _ => "score",
    }
}

/// A score of a run in words, with the metric's name where runs have different ones.
fn score(run: &Run, value: Option<f64>, metrics: &[Metric]) -> Cell {
    let metric = run.metric().cloned().unwrap_or_default();
    let name = if metrics.len() > 1 { format!("{} ", metric.name) } else { String::new() };
    optional(value, |value| name + &metric.show(value)).into()
}

fn results(runs: &[Run]) -> Table {
    let metrics = metrics(runs);
    let name = score_name(&metrics);
    let mut table = Table::new(
        "Results of the runs",
        [
            Column::text("run"),
            Column::text("variant"),
            Column::text("status"),
            Column::number("recurrent parameters"),
            Column::number("all parameters"),
            Column::number("epochs"),
            Column::number("best epoch"),
            Column::number(format!("best validation {name}")),
            Column::number(format!("final validation {name}")),
            Column::number(format!("final training {name}")),
            Column::number(format!("test {name}")),
            Column::number("time"),
            Column::number("peak memory"),
        ],
    );
    for run in runs {
        let summary = run.summary.as_ref();
        let of_line = |line: Option<&EpochMetrics>| score(run, line.map(|line| line.score.value), &metrics);
        let tested = run.evaluation.as_ref().map(|evaluation| evaluation.score.value);
        let last = run.last(Split::Validation);
        let best = summary.and_then(|summary| summary.best.as_ref());
        // An empty sum would be a negative zero.
        let time = run.epochs.iter().fold(0.0, |sum, line| sum + line.seconds);
        table.row(vec![
            run.name.as_str().into(),
            summary.map_or(MISSING, |summary| &summary.variant).into(),
            summary.map_or("begun", |summary| status(summary.status)).into(),
            optional(summary, |summary| count(summary.parameters.recurrent)).into(),
            optional(summary, |summary| count(summary.parameters.total)).into(),
            last.map_or("0".into(), |line| count(line.epoch)).into(),
            optional(best, |line| count(line.epoch)).into(),
            of_line(best),
            of_line(last),
            of_line(run.last(Split::Train)),
            score(run, tested, &metrics),
            seconds(time).into(),
            optional(summary.and_then(|summary| summary.peak_memory_bytes), words::mebibytes).into(),
        ]);
    }
    table
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Running => "running",
        Status::Complete => "complete",
        Status::Diverged => "diverged",
        Status::Interrupted => "interrupted",
        Status::Failed => "failed",
    }
}

/// Names the runs that are not complete.
fn running(runs: &[Run]) -> Option<String> {
    let complete =
        |run: &&Run| run.summary.as_ref().is_some_and(|summary| summary.status == Status::Complete);
    let open: Vec<_> = runs.iter().filter(|run| !complete(run)).map(|run| run.name.as_str()).collect();
    let is = words::plural(open.len(), "is", "are");
    (!open.is_empty()).then(|| {
        format!("{} {is} not complete: figures cover the epochs recorded so far.", words::list(&open))
    })
}

/// Names the runs that have no validation set of their own, as in the published protocol.
fn chosen_on_test(runs: &[Run]) -> Option<String> {
    let on_test = |run: &&Run| {
        run.settings.get("data.validation").is_some_and(|validation| validation.as_str() == Some("test"))
    };
    let names: Vec<_> = runs.iter().filter(on_test).map(|run| run.name.as_str()).collect();
    let metrics = metrics(runs);
    let name = score_name(&metrics);
    (!names.is_empty()).then(|| {
        format!(
            "The validation set of {} is the test set. The best {name} is optimistically biased: the epoch and \
             settings were selected on the test set.",
            words::list(&names)
        )
    })
}

fn test_set(runs: &[Run]) -> Vec<Block> {
    let metrics = metrics(runs);
    let mut table = Table::new(
        "Results on the test set",
        [
            Column::text("run"),
            Column::number("weights of epoch"),
            Column::number("sequences"),
            Column::number(score_name(&metrics)),
            Column::number("loss".to_owned() + phrases::loss_unit(&metrics)),
            Column::number("coverage"),
            Column::number("coverage before calibration"),
        ],
    );
    let mut matrices = vec![];
    let mut recalls: Vec<(&str, Vec<f64>)> = vec![];
    for run in runs {
        let Some(evaluation) = &run.evaluation else { continue };
        table.row(vec![
            run.name.as_str().into(),
            count(evaluation.epoch).into(),
            count(evaluation.sequences).into(),
            score(run, Some(evaluation.score.value), &metrics),
            words::decimal(evaluation.loss, 4).into(),
            optional(evaluation.coverage(), |(metric, share)| metric.show(share)).into(),
            optional(evaluation.coverage_before_calibration, |share| words::percent_to(share, 2)).into(),
        ]);
        matrices.extend(confusion(&run.name, &evaluation.classes, &evaluation.confusion));
        if !evaluation.confusion.is_empty() {
            recalls.push((&run.name, recall(&evaluation.confusion)));
        }
    }
    let mut blocks: Vec<Block> = table.without_empty_columns().map(Block::Table).into_iter().collect();
    let mut classes = runs.iter().filter_map(|run| run.evaluation.as_ref()).map(|it| &it.classes);
    if let Some(first) = classes.next()
        && classes.all(|other| other == first)
    {
        blocks.extend(recall_table(first, &recalls).map(Block::Table));
    }
    if !matrices.is_empty() {
        blocks.push(Block::Tables(matrices));
    }
    blocks
}

/// The runs whose forecasts are drawn: of many, one looks like the other.
const MOST_DRAWN: usize = 4;

/// Forecasts of the runs that make any.
fn forecasts(runs: &[Run]) -> Vec<Block> {
    let forecasting: Vec<&Run> = runs.iter().filter(|run| run.forecasts.is_some()).collect();
    let drawn = &forecasting[..forecasting.len().min(MOST_DRAWN)];
    let others = forecasting.len() - drawn.len();
    let pictures = (!drawn.is_empty()).then(|| Block::Pictures(run_forecasts(drawn)));
    let rest = (others > 0).then(|| {
        let stands = words::plural(others, "run forecasts stands in its", "runs forecast stands in their");
        Block::text(format!("What the other {others} {stands} `forecasts.csv`."))
    });
    pictures.into_iter().chain(rest).collect()
}

/// The settings in which the runs differ, and those that they share.
fn settings(runs: &[Run]) -> Vec<Block> {
    let keys: BTreeSet<&String> = runs.iter().flat_map(|run| run.settings.keys()).collect();
    let values = |key: &String| -> Vec<Option<&toml::Value>> {
        runs.iter().map(|run| run.settings.get(key)).collect()
    };
    let (same, different): (Vec<&String>, Vec<&String>) =
        keys.into_iter().partition(|key| values(key).windows(2).all(|pair| pair[0] == pair[1]));
    let cell = |value: Option<&toml::Value>| Cell::from(optional(value, phrases::setting));
    let mut blocks = vec![];
    if !different.is_empty() {
        let mut columns = vec![Column::text("setting")];
        columns.extend(runs.iter().map(|run| Column::text(&run.name)));
        let mut table = Table::new("Settings in which the runs differ", columns);
        for key in different {
            table
                .row(std::iter::once(key.as_str().into()).chain(values(key).into_iter().map(cell)).collect());
        }
        blocks.push(Block::Table(table));
    } else if runs.len() > 1 {
        blocks.push(Block::text("All runs have the same settings."));
    }
    let caption = if runs.len() > 1 { "Settings that all runs share" } else { "All settings" };
    let mut table = Table::new(caption, [Column::text("setting"), Column::text("value")]);
    for key in same {
        table.row(vec![key.as_str().into(), cell(values(key)[0])]);
    }
    blocks.push(Block::Table(table));
    blocks
}

/// Each machine once, with the runs that it ran.
fn environments(runs: &[Run]) -> Vec<Block> {
    let mut machines: Vec<(&BTreeMap<String, serde_json::Value>, Vec<&str>)> = vec![];
    for run in runs {
        match machines.iter_mut().find(|(environment, _)| *environment == &run.environment) {
            Some((_, names)) => names.push(&run.name),
            None => machines.push((&run.environment, vec![&run.name])),
        }
    }
    machines
        .into_iter()
        .map(|(environment, names)| match environment_table(environment, &words::list(&names)) {
            Some(table) => Block::Table(table),
            None => Block::text(format!("No environment was recorded for {}.", words::list(&names))),
        })
        .collect()
}

/// The commands that train the runs again. Into `runs`: a trial's configuration names its study's folder, where a run
/// that is not a trial does not belong.
fn commands(runs: &[Run]) -> Vec<String> {
    let command = |(run, name): (&Run, String)| {
        let config = run.path.join("config.toml").display().to_string();
        format!("slimgate train {} --name {} --out runs", quoted(&config), quoted(&format!("{name}-again")))
    };
    runs.iter().zip(folder_names(runs)).map(command).collect()
}
