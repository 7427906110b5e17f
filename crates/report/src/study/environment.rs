//! The machine that a study was measured on, and the commands that repeat it.

use std::collections::BTreeMap;

use slimgate_study::StudySummary;

use crate::document::Block;
use crate::table::{Column, Table};
use slimgate_run::words::MISSING;

/// The machine, and the commands that repeat the study.
pub fn environment(summary: &StudySummary) -> Vec<Block> {
    vec![
        Block::chapter("Environment and commands"),
        match environment_table(&summary.environment, "the first trial") {
            Some(table) => Block::Table(table),
            None => Block::text("No trial has recorded its environment yet."),
        },
        Block::text("To repeat the study:"),
        Block::Commands(summary.commands.clone()),
    ]
}

/// The recorded description of a machine.
pub(crate) fn environment_table(
    environment: &BTreeMap<String, serde_json::Value>,
    whose: &str,
) -> Option<Table> {
    if environment.is_empty() {
        return None;
    }
    let mut table =
        Table::new(format!("The environment of {whose}"), [Column::text("item"), Column::text("value")]);
    for (key, value) in environment {
        let text = match value {
            serde_json::Value::Null => MISSING.to_owned(),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        table.row(vec![key.as_str().into(), text.into()]);
    }
    Some(table)
}
