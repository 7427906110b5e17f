//! The variants by their ranks over several tasks.

use std::collections::HashSet;

use crate::{TaskRanking, TaskSummary, VariantSummary};
use slimgate_statistics::{critical_difference, friedman, groups, pairwise_signed_rank};

/// Ranks of the variants over the tasks that have a test result of every seed of all of them; none where there are
/// fewer than two such tasks. The tests take tasks for independent of one another, so amounts of one data set, or
/// readings of one set of images, are none.
pub(super) fn task_ranking(tasks: &[TaskSummary], alpha: f64) -> Option<TaskRanking> {
    let sources: HashSet<&str> = tasks.iter().map(|task| task.source.as_str()).collect();
    if sources.len() < tasks.len() {
        return None;
    }
    let scores: Vec<Vec<f64>> = tasks.iter().filter_map(mean_scores).collect();
    let found = friedman(&scores)?;
    let names: Vec<&str> = tasks.first()?.variants.iter().map(|variant| variant.name.as_str()).collect();
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|&a, &b| found.mean_ranks[a].total_cmp(&found.mean_ranks[b]));
    let mean_ranks: Vec<f64> = order.iter().map(|&index| found.mean_ranks[index]).collect();
    let critical = critical_difference(names.len(), scores.len(), alpha);
    let together = groups(&mean_ranks, |a, b| (mean_ranks[a] - mean_ranks[b]).abs() >= critical);
    let pairs = pairwise_signed_rank(&scores)?;
    Some(TaskRanking {
        variants: order.iter().map(|&index| names[index].to_owned()).collect(),
        friedman: [found.chi_squared, found.p],
        iman_davenport: found.iman_davenport.map(|ratio| [ratio.f, ratio.p]),
        critical_difference: critical,
        groups: together.iter().map(|group| [group[0], group[group.len() - 1]]).collect(),
        pairs: pairs
            .into_iter()
            .map(|pair| (names[pair.variants.0].to_owned(), names[pair.variants.1].to_owned(), pair.p_holm))
            .collect(),
        mean_ranks,
        tasks: scores.len(),
    })
}

/// The mean test accuracy of each variant, equal ones exactly so; none while one lacks a seed.
fn mean_scores(task: &TaskSummary) -> Option<Vec<f64>> {
    let score = |variant: &VariantSummary| {
        let test = variant.test.as_ref().filter(|_| variant.is_complete())?;
        // The sum of accuracies is a whole number of sequences, however it was rounded.
        let step = task.resolution() / test.values.len() as f64;
        Some((test.mean / step).round() * step)
    };
    task.variants.iter().map(score).collect()
}
