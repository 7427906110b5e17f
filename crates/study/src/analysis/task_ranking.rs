//! The variants by their ranks over several tasks.

use std::collections::HashSet;

use slimgate_run::metric::Metric;

use crate::{TaskRanking, TaskSummary, VariantSummary};
use slimgate_statistics::{critical_difference, friedman, groups, pairwise_signed_rank};

/// Ranks of the variants over the tasks that have a test result of every seed of all of them; none where there are
/// fewer than two such tasks. The tests take tasks for independent of one another, so amounts of one data set, or
/// readings of one set of images, are none.
pub(super) fn task_ranking(tasks: &[TaskSummary], metric: &Metric, alpha: f64) -> Option<TaskRanking> {
    let sources: HashSet<&str> = tasks.iter().map(|task| task.source.as_str()).collect();
    if sources.len() < tasks.len() {
        return None;
    }
    let scores: Vec<Vec<f64>> = tasks.iter().filter_map(|task| mean_merits(task, metric)).collect();
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

/// The merit of the mean test score of each variant, equal ones exactly so; none while one lacks a seed.
fn mean_merits(task: &TaskSummary, metric: &Metric) -> Option<Vec<f64>> {
    let merit = |variant: &VariantSummary| {
        let test = variant.test.as_ref().filter(|_| variant.is_complete())?;
        // The sum of scores is a whole number of steps, however it was rounded.
        let step = task.resolution() / test.values.len() as f64;
        let mean = if step > 0.0 { (test.mean / step).round() * step } else { test.mean };
        Some(metric.merit(mean))
    };
    task.variants.iter().map(merit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up::{mase, scored, summary};

    /// Four sets of data on which the variants come in the order of their errors.
    #[test]
    fn the_lowest_error_has_the_first_rank() {
        let task = |name: &str| {
            let mut task = summary(Vec::new()).tasks.remove(0);
            (task.source, task.step) = (name.to_owned(), Some(0.0));
            let by_error = [("lstm", 0.9), ("lstm1", 0.7), ("lstm2", 0.8)];
            task.variants = by_error.map(|(name, error)| scored(name, &[error, error + 0.01])).to_vec();
            task
        };
        let tasks = ["a", "b", "c", "d"].map(task);
        let found = task_ranking(&tasks, &mase(), 0.05).unwrap();
        assert_eq!(found.variants, ["lstm1", "lstm2", "lstm"]);
        assert_eq!(found.mean_ranks, [1.0, 2.0, 3.0]);
    }
}
