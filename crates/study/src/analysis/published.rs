//! Published figures beside measured ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::variant::RATE;
use crate::folder::Records;
use crate::plan::Group;
use crate::space::Candidate;
use crate::{PublishedCell, StudyConfig, StudyError, StudyFolder};

/// The beginning of the column of scores, before the metric's name.
const BEST_TEST: &str = "best_test";

/// A row of a file of published figures.
#[derive(Deserialize)]
struct Row {
    task: String,
    variant: String,
    eta0: f64,
    best_test: f64,
    params: usize,
}

/// A file of published figures.
pub(crate) struct Figures {
    /// The whole file.
    pub text: String,
    /// The rows of the study's task.
    rows: Vec<Row>,
}

/// The study's file of published figures, where it names one.
///
/// # Errors
///
/// If it cannot be read, or has no row of the study's task.
pub(crate) fn figures(folder: &Path, config: &StudyConfig) -> Result<Option<Figures>, StudyError> {
    let Some(published) = &config.compare.published else { return Ok(None) };
    let path = folder.join(&published.file);
    let text = fs::read_to_string(&path)
        .map_err(|error| StudyError::Published { path: path.clone(), problem: error.to_string() })?;
    let rows = rows(&path, &text, &published.task)?;
    Ok(Some(Figures { text, rows }))
}

fn rows(path: &Path, text: &str, task: &str) -> Result<Vec<Row>, StudyError> {
    let unusable = |problem: String| StudyError::Published { path: path.to_owned(), problem };
    let read = || -> Result<Vec<Row>, csv::Error> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let column =
            |name: &str| if name.starts_with(BEST_TEST) { BEST_TEST.to_owned() } else { name.to_owned() };
        let columns = reader.headers()?.iter().map(column).collect();
        reader.set_headers(columns);
        reader.into_deserialize().collect()
    };
    let rows = read().map_err(|error| unusable(error.to_string()))?;
    let rows: Vec<Row> = rows.into_iter().filter(|row| row.task == task).collect();
    if rows.is_empty() {
        return Err(unusable(format!("it has no row whose task is `{task}`")));
    }
    Ok(rows)
}

/// The published cells, each with what was measured at its variant and learning rate, and the best of the other
/// settings that the study varies: on the data set that is named as they are, or else on the study's first task.
pub(super) fn cells(
    folder: &StudyFolder,
    config: &StudyConfig,
    groups: &[Group],
    records: &mut Records,
) -> Result<Vec<PublishedCell>, StudyError> {
    let (Some(published), Some(figures)) = (&config.compare.published, figures(folder.path(), config)?)
    else {
        return Ok(Vec::new());
    };
    let named = |group: &&Group| group.candidates[0].trials[0].config.data.dataset == published.task;
    let task = groups.iter().find(named).map_or(0, |group| group.task);
    let mut cells = Vec::new();
    for row in figures.rows {
        let mut cell = PublishedCell {
            variant: row.variant,
            learning_rate: row.eta0,
            published: row.best_test,
            published_parameters: row.params,
            settings: BTreeMap::new(),
            measured: None,
            last: None,
            parameters: None,
        };
        let candidates = groups
            .iter()
            .filter(|group| group.task == task && group.variant == cell.variant)
            .flat_map(|group| &group.candidates);
        let at_rate =
            |candidate: &&Candidate| candidate.trials[0].config.optim.learning_rate == cell.learning_rate;
        let mut found: Option<(slimgate_run::RunSummary, &Candidate)> = None;
        for candidate in candidates.filter(at_rate) {
            // The first seed: the published figures are of one run.
            let Some(summary) = first_outcome(candidate, records) else { continue };
            // Of points that differ in other settings, the best.
            if found.as_ref().is_none_or(|(best, _)| merit(&summary) > merit(best)) {
                found = Some((summary, candidate));
            }
        }
        if let Some((summary, candidate)) = found {
            cell.measured = summary.best.as_ref().map(|best| best.score.value);
            cell.last = summary.last.as_ref().map(|last| last.score.value);
            cell.parameters = Some(summary.parameters.recurrent);
            cell.settings = candidate.settings.clone();
            cell.settings.remove(RATE);
        }
        cells.push(cell);
    }
    Ok(cells)
}

/// The result of the first trial of a candidate that has a score; where none has, of the first at its end.
fn first_outcome(candidate: &Candidate, records: &mut Records) -> Option<slimgate_run::RunSummary> {
    let mut outcomes = Vec::new();
    for trial in &candidate.trials {
        outcomes.extend(records.get(&trial.id).ended().cloned());
    }
    let with_score = outcomes.iter().position(|summary| summary.best.is_some()).unwrap_or(0);
    outcomes.into_iter().nth(with_score)
}

fn merit(summary: &slimgate_run::RunSummary) -> Option<f64> {
    summary.best.as_ref().map(|best| summary.metric.merit(best.score.value))
}
