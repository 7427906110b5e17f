//! Classification of the test set: confusion matrices and the recall of each class, side by side.
//!
//! They are tables whose background darkens with the share, so that readers who cannot see the shades can read the
//! numbers.

use slimgate_run::words::{self, count, percent};
use slimgate_study::{Protocol, StudySummary, TaskSummary};

use crate::document::Block;
use crate::table::{Cell, Column, Table};

/// Maximum number of classes of a matrix that is shown: nobody reads a larger one.
const MOST: usize = 40;

/// The recall of each class and the confusion matrices, if the test set has been read.
pub fn classes(summary: &StudySummary, task: &TaskSummary) -> Vec<Block> {
    let chosen = match summary.protocol {
        Protocol::Validation => "",
        Protocol::Published => ", at epochs chosen on the test set",
    };
    let read = task.variants.iter().filter(|variant| !variant.confusion.is_empty());
    let recalls: Vec<_> = read.map(|variant| (variant.name.as_str(), recall(&variant.confusion))).collect();
    let matrices: Vec<Table> = task
        .variants
        .iter()
        .filter_map(|variant| {
            confusion(&format!("{}{chosen}", variant.name), &task.classes, &variant.confusion)
        })
        .collect();
    if recalls.is_empty() && matrices.is_empty() {
        return vec![];
    }
    let mut blocks = vec![Block::section(format!("Classes of {}", task.name))];
    blocks.push(Block::text(match summary.protocol {
        Protocol::Validation => "On the test set, summed over the seeds, at the chosen settings.",
        Protocol::Published => {
            "On the test set, summed over the seeds, at epochs and settings that were selected on this same set."
        }
    }));
    blocks.extend(recall_table(&task.classes, &recalls).map(|mut table| {
        table.caption += chosen;
        Block::Table(table)
    }));
    if !matrices.is_empty() {
        blocks.push(Block::Tables(matrices));
    }
    blocks
}

/// The fraction of each class's sequences that was classified correctly; NaN for a class without sequences.
pub(crate) fn recall(confusion: &[Vec<usize>]) -> Vec<f64> {
    let of_class = |(class, row): (usize, &Vec<usize>)| {
        row.get(class).copied().unwrap_or(0) as f64 / row.iter().sum::<usize>() as f64
    };
    confusion.iter().enumerate().map(of_class).collect()
}

/// The recall of each class, by variant or run.
pub(crate) fn recall_table(classes: &[String], recalls: &[(&str, Vec<f64>)]) -> Option<Table> {
    if recalls.is_empty() {
        return None;
    }
    let mut columns = vec![Column::text("class")];
    columns.extend(recalls.iter().map(|(name, _)| Column::number(*name)));
    let mut table = Table::new("Recall: fraction of each class’s sequences classified correctly", columns);
    // Scaled from the lowest to the highest: recalls of a good model would otherwise all look the same.
    let known: Vec<f64> =
        recalls.iter().flat_map(|(_, recall)| recall).copied().filter(|share| share.is_finite()).collect();
    let low = known.iter().copied().fold(1.0, f64::min);
    let high = known.iter().copied().fold(0.0, f64::max);
    let shade = |share: f64| (share - low) / (high - low).max(0.01);
    let most = recalls.iter().map(|(_, recall)| recall.len()).max().unwrap_or(0);
    for index in 0..most {
        let mut row: Vec<Cell> = vec![class(classes, index).into()];
        row.extend(recalls.iter().map(|(_, recall)| {
            let share = recall.get(index).copied().unwrap_or(f64::NAN);
            Cell::shaded(percent(share), shade(share))
        }));
        table.row(row);
    }
    Some(table)
}

/// Sequences by true and predicted class; `None` if there is no matrix, or it is too large to read.
pub(crate) fn confusion(name: &str, classes: &[String], matrix: &[Vec<usize>]) -> Option<Table> {
    let widest = matrix.iter().map(Vec::len).max()?;
    if widest == 0 || widest > MOST || matrix.len() > MOST {
        return None;
    }
    let mut columns = vec![Column::text("class")];
    columns.extend((0..widest).map(|index| Column::number(class(classes, index))));
    let caption = format!("Confusion matrix of {name}: true class (rows), predicted class (columns)");
    let mut table = Table::new(caption, columns);
    for (index, counts) in matrix.iter().enumerate() {
        let all: usize = counts.iter().sum();
        let mut row: Vec<Cell> = vec![class(classes, index).into()];
        row.extend((0..widest).map(|predicted| {
            let number = counts.get(predicted).copied().unwrap_or(0);
            Cell::shaded(count(number), number as f64 / all.max(1) as f64)
        }));
        table.row(row);
    }
    Some(table)
}

fn class(classes: &[String], index: usize) -> String {
    classes.get(index).cloned().unwrap_or_else(|| words::count(index))
}
