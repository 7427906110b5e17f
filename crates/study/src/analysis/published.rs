//! Published figures beside measured ones.

use std::path::Path;

use serde::Deserialize;

use crate::folder::Records;
use crate::plan::Group;
use crate::{PublishedCell, StudyConfig, StudyError};

/// A row of a file of published figures.
#[derive(Deserialize)]
struct Row {
    task: String,
    variant: String,
    eta0: f64,
    best_test_accuracy: f64,
    params: usize,
}

/// The published cells of the study's task, each with what was measured at its variant and learning rate.
pub(super) fn cells(
    config: &StudyConfig,
    groups: &[Group],
    records: &mut Records,
) -> Result<Vec<PublishedCell>, StudyError> {
    let Some(published) = &config.compare.published else { return Ok(Vec::new()) };
    let path = Path::new(&published.file);
    let unusable = |problem: String| StudyError::Published { path: path.to_owned(), problem };
    let mut file = csv::Reader::from_path(path).map_err(|error| unusable(error.to_string()))?;
    let mut cells = Vec::new();
    for row in file.deserialize() {
        let row: Row = row.map_err(|error: csv::Error| unusable(error.to_string()))?;
        if row.task != published.task {
            continue;
        }
        let mut cell = PublishedCell {
            variant: row.variant,
            learning_rate: row.eta0,
            published: row.best_test_accuracy,
            published_parameters: row.params,
            measured: None,
            last: None,
            parameters: None,
        };
        let trials = groups.iter().filter(|group| group.variant == cell.variant).flat_map(Group::trials);
        for trial in trials.filter(|trial| trial.config.optim.learning_rate == cell.learning_rate) {
            let Some(summary) = &records.get(&trial.id)?.summary else { continue };
            cell.parameters = Some(summary.parameters.recurrent);
            // The first seed: the published figures are of one run.
            if cell.measured.is_none() {
                cell.measured = summary.best.as_ref().map(|best| best.accuracy);
                cell.last = summary.last.as_ref().map(|last| last.accuracy);
            }
        }
        cells.push(cell);
    }
    if cells.is_empty() {
        return Err(unusable(format!("it has no row whose task is `{}`", published.task)));
    }
    Ok(cells)
}
