//! Each variant against the baseline.

use slimgate_run::metric::Metric;
use slimgate_run::words::{self, optional, p_value};
use slimgate_study::{Comparison, StudySummary, TaskSummary};

use crate::document::Block;
use crate::phrases;
use crate::table::{Cell, Column, Table};

/// The verdicts and the tests behind them, or a note that there is nothing to compare.
pub fn comparisons(summary: &StudySummary, task: &TaskSummary) -> Vec<Block> {
    if task.comparisons.is_empty() {
        return vec![Block::text(format!("No comparison: {} is the only variant.", summary.baseline))];
    }
    let confidence = words::short_percent(summary.confidence);
    // Two one-sided tests at 5 % correspond to an interval of 90 %.
    let equivalence = words::short_percent(2.0 * summary.confidence - 1.0);
    let mut evidence = Table::new(
        format!(
            "Differences in {}, variant minus {}{} over pairs of trials with the same seed{}",
            phrases::test_score(summary),
            summary.baseline,
            summary.metric.in_points(),
            phrases::of_distances(&summary.metric)
        ),
        [
            Column::text("variant"),
            Column::text("verdict"),
            Column::number("pairs"),
            Column::number("difference"),
            Column::number(format!("{confidence} % CI")),
            Column::number(format!("{confidence} % CI, other seeds alone")),
            Column::number(format!("{confidence} % CI, other seeds and test data")),
            Column::number(format!("{equivalence} % CI (TOST)")),
            Column::number("effect size d_z (Hedges)"),
            Column::number("won, tied, lost"),
            Column::number("seeds needed"),
            Column::number(format!("recurrent parameters relative to {}", summary.baseline)),
            Column::number("training speedup"),
            Column::number("prediction speedup"),
        ],
    );
    let raw = match task.test_share {
        None => "of seeds alone",
        Some(_) => "corrected for the sequences that the test sets of seeds have in common",
    };
    let mut tests = Table::new(
        format!(
            "p values of differences in {} on {}, {raw}, and adjusted: with Holm’s correction for {}, and with looks and \
             other test data where there are; margin ±{}",
            phrases::test_score(summary),
            task.name,
            words::counted(task.comparisons.len(), "comparison", "comparisons"),
            summary.margin_on_in_words(task)
        ),
        [
            Column::text("variant"),
            Column::number("p, difference (t test)"),
            Column::number("adjusted"),
            Column::number("p, Wilcoxon"),
            Column::number("p, equivalence (TOST)"),
            Column::number("adjusted"),
            Column::number("p, non-inferiority"),
            Column::number("adjusted"),
        ],
    );
    for comparison in &task.comparisons {
        evidence.row(evidence_row(&summary.metric, comparison));
        tests.row(tests_row(comparison));
    }
    // Columns of p values come in pairs with the same heading, and keep their positions.
    let tested = tests.rows.iter().any(|row| row[1..].iter().any(|cell| cell.text != words::MISSING));
    let mut blocks: Vec<Block> = evidence.without_empty_columns().map(Block::Table).into_iter().collect();
    if tested {
        blocks.push(Block::Table(tests));
    } else {
        blocks.push(Block::text("Too few pairs for a test: a p value needs at least two."));
    }
    blocks
}

fn evidence_row(metric: &Metric, comparison: &Comparison) -> Vec<Cell> {
    let [won, tied, lost] = comparison.won_tied_lost;
    vec![
        comparison.variant.as_str().into(),
        comparison.conclusion().into(),
        words::count(comparison.pairs).into(),
        optional(comparison.difference, |difference| metric.show_difference(difference)).into(),
        optional(comparison.interval, |ends| metric.show_interval(ends)).into(),
        optional(comparison.seeds_interval, |ends| metric.show_interval(ends)).into(),
        optional(comparison.data_interval, |ends| metric.show_interval(ends)).into(),
        optional(comparison.equivalence_interval, |ends| metric.show_interval(ends)).into(),
        optional(comparison.effect, |effect| words::decimal(effect, 2)).into(),
        format!("{won}, {tied}, {lost}").into(),
        optional(comparison.seeds_needed, words::count).into(),
        words::percent(comparison.parameters_ratio).into(),
        optional(comparison.training_speedup, words::times).into(),
        optional(comparison.prediction_speedup, words::times).into(),
    ]
}

fn tests_row(comparison: &Comparison) -> Vec<Cell> {
    let both =
        |pair: Option<[f64; 2]>| [0, 1].map(|index| optional(pair.map(|pair| pair[index]), p_value).into());
    let mut row: Vec<Cell> = vec![comparison.variant.as_str().into()];
    row.extend(both(comparison.p_difference));
    row.push(optional(comparison.p_signed_rank, p_value).into());
    row.extend(both(comparison.p_equivalence));
    row.extend(both(comparison.p_noninferiority));
    row
}
