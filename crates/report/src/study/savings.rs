//! What each variant comes to and what it saves: a line a variant.

use slimgate_run::words::{bare_percent, money, optional, short_percent, times};
use slimgate_study::{StudySummary, TaskSummary};

use crate::table::{Cell, Column, Table};

/// The table that a decision is made from; nothing where there is nothing to compare.
pub fn savings(summary: &StudySummary, task: &TaskSummary) -> Option<Table> {
    let confidence = short_percent(2.0 * summary.confidence - 1.0);
    let mut table = Table::new(
        format!("Variants against {} on {}, and what they save", summary.baseline, task.name),
        [
            Column::text("variant"),
            Column::text("verdict"),
            Column::number(format!("difference in {}", summary.metric.name)),
            Column::number(format!("{confidence} % interval")),
            Column::number("recurrent parameters saved"),
            Column::number("training speedup"),
            Column::number("prediction speedup"),
            Column::number("saved a year"),
        ],
    );
    for found in &task.comparisons {
        let metric = &summary.metric;
        let cost = task.variant(&found.variant).and_then(|variant| variant.cost.as_ref());
        table.row(vec![
            Cell::from(found.variant.as_str()),
            found.conclusion().into(),
            optional(found.difference, |difference| metric.show_difference(difference)).into(),
            optional(found.equivalence_interval, |ends| metric.show_interval(ends)).into(),
            format!("{} %", bare_percent(1.0 - found.parameters_ratio, 0)).into(),
            optional(found.training_speedup, times).into(),
            optional(found.prediction_speedup, times).into(),
            optional(
                cost.and_then(|cost| Some((cost.saved_a_year?, &cost.currency))),
                |(saved, currency)| format!("{} {currency}", money(saved)),
            )
            .into(),
        ]);
    }
    if task.comparisons.is_empty() { None } else { table.without_empty_columns() }
}
