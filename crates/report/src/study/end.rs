//! What the variants cost, on what machine they were measured, and how to repeat it.

use std::collections::BTreeMap;

use slimgate_study::{Cost, Summary, money};

use crate::document::Block;
use crate::table::{Cell, Table};
use crate::words::NOTHING;

/// What it costs to train and to run, where the study names a price.
pub fn costs(summary: &Summary) -> Vec<Block> {
    let mut blocks = vec![];
    for task in &summary.tasks {
        let known: Vec<(&str, &Cost)> = task
            .variants
            .iter()
            .filter_map(|variant| Some((variant.name.as_str(), variant.cost.as_ref()?)))
            .collect();
        let Some((_, first)) = known.first() else { continue };
        let caption = format!("Cost on {}, in {}", task.name, first.currency);
        let heads = ["variant", "#one training", "#trainings a year", "#predictions a year", "#saved a year"];
        let mut table = Table::new(caption, &heads);
        for (name, cost) in &known {
            let each = [cost.training, cost.trainings_a_year, cost.predictions_a_year].map(money);
            let saved = money(cost.saved_a_year);
            let amounts = each.into_iter().chain([saved]).map(Cell::from);
            table.row(std::iter::once((*name).into()).chain(amounts).collect());
        }
        blocks.push(Block::Table(table));
    }
    if !blocks.is_empty() {
        blocks.insert(0, Block::chapter("Cost"));
    }
    blocks
}

/// The machine, and the commands that repeat the study.
pub fn environment(summary: &Summary) -> Vec<Block> {
    let mut blocks = vec![Block::chapter("Environment and commands")];
    match environment_table(&summary.environment, "the first trial") {
        Some(table) => blocks.push(Block::Table(table)),
        None => blocks.push(Block::text("No trial has recorded its environment yet.")),
    }
    if !summary.commands.is_empty() {
        blocks.push(Block::text("To repeat the study:"));
        blocks.push(Block::Commands(summary.commands.clone()));
    }
    blocks
}

/// What was recorded of a machine.
pub(crate) fn environment_table(
    environment: &BTreeMap<String, serde_json::Value>,
    whose: &str,
) -> Option<Table> {
    if environment.is_empty() {
        return None;
    }
    let mut table = Table::new(format!("The environment of {whose}"), &["item", "value"]);
    for (key, value) in environment {
        let text = match value {
            serde_json::Value::Null => NOTHING.to_owned(),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        table.row(vec![key.as_str().into(), text.into()]);
    }
    Some(table)
}
