//! All tasks together, and published figures beside measured ones.

use slimgate_study::{Protocol, Summary};

use crate::document::Block;
use crate::pictures::critical_difference;
use crate::table::{Cell, Table};
use crate::words::{self, count, decimal, optional, p_value, percent, points, rate};

/// Mean ranks over the tasks, where there are several.
pub fn across(summary: &Summary) -> Vec<Block> {
    let Some(across) = &summary.across else { return vec![] };
    let mut blocks = vec![Block::chapter("All tasks together")];
    let [chi_square, p_friedman] = across.friedman;
    let ratio = match across.iman_davenport {
        Some([f, p]) => format!("Iman and Davenport’s F is {} (p {})", decimal(f, 2), p_value(p)),
        None => "all tasks rank the variants alike".to_owned(),
    };
    blocks.push(Block::text(format!(
        "Over {}: Friedman’s χ² is {} (p {}), and {ratio}. Mean ranks that differ by less than \
         {} are not told apart (Nemenyi).",
        words::counted(summary.tasks.len(), "task", "tasks"),
        decimal(chi_square, 2),
        p_value(p_friedman),
        decimal(across.critical_difference, 2),
    )));
    blocks.extend(critical_difference(across).map(Block::Picture));
    let mut ranks = Table::new("Mean ranks over the tasks, 1 being the best", &["variant", "#mean rank"]);
    for (name, &rank) in across.variants.iter().zip(&across.mean_ranks) {
        ranks.row(vec![name.as_str().into(), decimal(rank, 2).into()]);
    }
    blocks.push(Block::Table(ranks));
    if !across.pairs.is_empty() {
        let mut pairs = Table::new(
            "Pairs over the tasks: the p value of the signed-rank test, after Holm’s correction",
            &["variant", "against", "#p after Holm"],
        );
        for (one, other, p) in &across.pairs {
            pairs.row(vec![one.as_str().into(), other.as_str().into(), p_value(*p).into()]);
        }
        blocks.push(Block::Table(pairs));
    }
    blocks
}

/// Published figures beside measured ones, where the study names a file of them.
pub fn published(summary: &Summary) -> Vec<Block> {
    if summary.published.is_empty() {
        return vec![];
    }
    let measured = match summary.protocol {
        Protocol::Validation => "#measured",
        Protocol::Published => "#measured, chosen on the test set",
    };
    let mut table = Table::new(
        "Accuracy as published and as measured; the difference is measured minus published, in percentage points",
        &[
            "variant",
            "#learning rate",
            "#published",
            measured,
            "#difference",
            "#after the last epoch",
            "#published parameters",
            "#measured parameters",
        ],
    );
    for cell in &summary.published {
        table.row(vec![
            cell.variant.as_str().into(),
            Cell::number(rate(cell.learning_rate), cell.learning_rate),
            percent(cell.published).into(),
            optional(cell.measured, percent).into(),
            optional(cell.measured, |measured| points(measured - cell.published)).into(),
            optional(cell.last, percent).into(),
            count(cell.published_parameters).into(),
            optional(cell.parameters, count).into(),
        ]);
    }
    let notice = "Published figures are the best over all epochs on the test set.";
    vec![Block::chapter("Beside the published table"), Block::text(notice), Block::Table(table)]
}
