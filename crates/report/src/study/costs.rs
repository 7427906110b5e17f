//! The costs of the variants.

use slimgate_run::words::money;
use slimgate_study::{Cost, StudySummary};

use crate::document::Block;
use crate::table::{Cell, Column, Table};

/// The costs of training and of running, if the study names a price.
pub fn costs(summary: &StudySummary) -> Vec<Block> {
    let mut blocks = vec![];
    for task in &summary.tasks {
        let known: Vec<(&str, &Cost)> = task
            .variants
            .iter()
            .filter_map(|variant| Some((variant.name.as_str(), variant.cost.as_ref()?)))
            .collect();
        let Some((_, first)) = known.first() else { continue };
        let caption = format!("Cost on {}, in {}", task.name, first.currency);
        let columns = [
            Column::text("variant"),
            Column::number("one training"),
            Column::number("trainings/year"),
            Column::number("predictions/year"),
            Column::number("saved/year"),
        ];
        let mut table = Table::new(caption, columns);
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
