//! The list of all trials.

use slimgate_run::words::{self, MISSING, count, optional};
use slimgate_study::{Protocol, StudySummary};

use crate::document::Block;
use crate::phrases;
use crate::table::{Cell, Column, Table};

/// Every trial with its status.
pub fn trials(summary: &StudySummary) -> Vec<Block> {
    let metric = &summary.metric;
    let (set, chosen) = match summary.protocol {
        Protocol::Validation => ("validation", ""),
        Protocol::Published => ("test", ", chosen on the test set"),
    };
    let columns = [
        Column::text("trial"),
        Column::text("status"),
        Column::text("task"),
        Column::text("variant"),
        Column::number("seed"),
        Column::text("settings"),
        Column::number("epochs"),
        Column::number(format!("best {set} {}{chosen}", metric.name)),
        Column::number("best epoch"),
        Column::number(format!("final {set} {}", metric.name)),
        Column::number("time"),
        Column::text("reason"),
    ];
    let mut table = Table::new("All trials", columns);
    for trial in &summary.trials {
        let score = |value: Option<f64>| {
            Cell::number(optional(value, |value| metric.show(value)), value.unwrap_or(f64::NAN))
        };
        let best = trial.best.map(|(_, score)| score);
        let epoch = trial.best.map(|(epoch, _)| epoch);
        table.row(vec![
            trial.id.as_str().into(),
            trial.state.to_string().into(),
            trial.task.as_str().into(),
            trial.variant.as_str().into(),
            Cell::number(trial.seed.to_string(), trial.seed as f64),
            phrases::settings(&trial.settings).into(),
            Cell::number(count(trial.epochs), trial.epochs as f64),
            score(best),
            Cell::number(optional(epoch, count), epoch.map_or(f64::NAN, |epoch| epoch as f64)),
            score(trial.last),
            Cell::number(words::seconds(trial.seconds), trial.seconds),
            trial.reason.as_deref().unwrap_or(MISSING).into(),
        ]);
    }
    table.sortable = true;
    std::iter::once(Block::chapter("Trials")).chain(table.without_empty_columns().map(Block::Table)).collect()
}
