//! All tasks together, and published figures beside measured ones.

use std::collections::BTreeSet;

use slimgate_run::words::{self, count, decimal, optional, p_value, rate};
use slimgate_study::{Protocol, StudySummary, TaskSummary, VariantSummary};

use crate::document::Block;
use crate::phrases;
use crate::pictures::critical_difference;
use crate::table::{Column, Table};

/// The chapter on all tasks.
const CHAPTER: &str = "All tasks together";

/// Mean ranks over the tasks, if there are several.
pub fn across(summary: &StudySummary) -> Vec<Block> {
    let Some(ranking) = &summary.across else { return not_tested(summary) };
    let test = phrases::test_score(summary);
    let mut blocks = vec![Block::chapter(CHAPTER)];
    let [chi_square, p_friedman] = ranking.friedman;
    let ratio = match ranking.iman_davenport {
        Some([f, p]) => format!("Iman and Davenport’s F is {} (p {})", decimal(f, 2), p_value(p)),
        None => "all tasks rank the variants identically".to_owned(),
    };
    blocks.push(Block::text(format!(
        "Across {}, by {test}: Friedman’s χ² is {} (p {}), and {ratio}. Mean ranks that differ by less than \
         {} are not significantly different (Nemenyi).",
        words::counted(ranking.tasks, "task", "tasks"),
        decimal(chi_square, 2),
        p_value(p_friedman),
        decimal(ranking.critical_difference, 2),
    )));
    blocks.extend(left_out(summary).map(Block::Text));
    blocks.extend(critical_difference(ranking, summary).map(Block::Picture));
    let caption = format!("Mean ranks across tasks by {test} (1 is the best)");
    let mut ranks = Table::new(caption, [Column::text("variant"), Column::number("mean rank")]);
    for (name, &rank) in ranking.variants.iter().zip(&ranking.mean_ranks) {
        ranks.row(vec![name.as_str().into(), decimal(rank, 2).into()]);
    }
    blocks.push(Block::Table(ranks));
    if !ranking.pairs.is_empty() {
        let caption = format!(
            "Pairs of variants across tasks by {test}: p value of the signed-rank test, with Holm’s correction"
        );
        let mut pairs = Table::new(
            caption,
            [Column::text("variant"), Column::text("against"), Column::number("p after Holm")],
        );
        for (one, other, p) in &ranking.pairs {
            pairs.row(vec![one.as_str().into(), other.as_str().into(), p_value(*p).into()]);
        }
        blocks.push(Block::Table(pairs));
    }
    blocks
}

/// Names the tasks that are not ranked, and says why.
fn left_out(summary: &StudySummary) -> Option<String> {
    let reason = |task: &TaskSummary| {
        let why = task.variants.iter().find_map(VariantSummary::why_no_verdict)?;
        Some(format!("{} ({why})", task.name))
    };
    let tasks: Vec<String> = summary.tasks.iter().filter_map(reason).collect();
    (!tasks.is_empty()).then(|| format!("Left out of the ranking: {}.", tasks.join("; ")))
}

/// Says why there is no test over tasks when several of them use the same data set.
fn not_tested(summary: &StudySummary) -> Vec<Block> {
    let sources: BTreeSet<&str> = summary.tasks.iter().map(|task| task.source.as_str()).collect();
    if sources.len() == summary.tasks.len() {
        return vec![];
    }
    let text =
        "No test across tasks: several of them use the same data, and such a test assumes independent tasks.";
    vec![Block::chapter(CHAPTER), Block::text(text)]
}

/// Published figures beside measured ones, if the study names a file of them.
pub fn published(summary: &StudySummary) -> Vec<Block> {
    if summary.published.is_empty() {
        return vec![];
    }
    let metric = &summary.metric;
    let name = &metric.name;
    let (set, chosen) = match summary.protocol {
        Protocol::Validation => ("validation", ""),
        Protocol::Published => ("test", ", chosen on the test set"),
    };
    let varied = summary.published.iter().any(|cell| !cell.settings.is_empty());
    let best = if varied { ", for the best of the trials at that learning rate" } else { "" };
    let caption = format!(
        "Published test {name}, and the measured {name} on the {set} set: the best epoch of a trial{best}. The difference \
         is measured minus published{}",
        metric.in_points()
    );
    let columns = [
        Column::text("variant"),
        Column::number("learning rate"),
        Column::number(format!("published test {name}")),
        Column::number(format!("measured {set} {name}{chosen}")),
        Column::number("difference"),
        Column::number(format!("{set} {name} after the last epoch")),
        Column::number("published parameters"),
        Column::number("measured parameters"),
        Column::text("other settings"),
    ];
    let mut table = Table::new(caption, columns);
    for cell in &summary.published {
        table.row(vec![
            cell.variant.as_str().into(),
            rate(cell.learning_rate).into(),
            metric.show(cell.published).into(),
            optional(cell.measured, |measured| metric.show(measured)).into(),
            optional(cell.measured, |measured| metric.show_difference(measured - cell.published)).into(),
            optional(cell.last, |last| metric.show(last)).into(),
            count(cell.published_parameters).into(),
            optional(cell.parameters, count).into(),
            phrases::settings(&cell.settings).into(),
        ]);
    }
    let mut blocks = vec![
        Block::chapter("Comparison with published figures"),
        Block::text("Published figures are the best over all epochs on the test set."),
    ];
    if summary.protocol == Protocol::Validation {
        blocks.push(Block::Notice(
            "Measured figures are on the validation set, which holds different data: a difference does not show whether \
             the published figures were reproduced."
                .into(),
        ));
    }
    blocks.extend(table.without_empty_columns().map(Block::Table));
    blocks
}
