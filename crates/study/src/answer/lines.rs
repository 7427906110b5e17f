//! The answer's lines: what replaces the baseline, and a line a variant.

use slimgate_run::words::list;

use super::{fewer, obstacles, pending, run_more, saving};
use crate::{Comparison, Outlook, StudySummary, TaskSummary, Verdict};

/// The reason for a variant that replaces the baseline, on a task, as it stands behind its name and a colon.
pub(super) fn reason(summary: &StudySummary, task: &TaskSummary, found: &Comparison) -> String {
    let verdict = match found.verdict {
        Verdict::Better => format!("it is {}", summary.metric.better()),
        _ => format!("it {}", keeps(summary, found)),
    };
    let margin =
        summary.margin_on(task).map(|margin| format!("; margin {}", summary.metric.show_margin(margin)));
    let difference = difference(summary, task, found)
        .map_or_else(String::new, |difference| format!(" ({difference}{})", margin.unwrap_or_default()));
    format!("{verdict}{difference}, with {}", gains(task, found))
}

/// That a variant loses nothing, or less than the margin.
fn keeps(summary: &StudySummary, found: &Comparison) -> String {
    let metric = &summary.metric;
    match found.verdict {
        Verdict::Equivalent if loses_for_sure(summary, found) => {
            format!("{}, but less than the margin", metric.loses())
        }
        Verdict::Equivalent => format!("keeps the {}", metric.name),
        _ => "loses less than the margin, if anything".to_owned(),
    }
}

/// True if a variant is shown to lose something, be it within the margin.
pub(super) fn loses_for_sure(summary: &StudySummary, found: &Comparison) -> bool {
    let differs = found.p_difference.is_some_and(|[_, adjusted]| adjusted < 1.0 - summary.confidence);
    differs && found.difference.is_some_and(|difference| summary.metric.turned(difference) < 0.0)
}

/// One line about a variant on a task.
pub(super) fn line(summary: &StudySummary, task: &TaskSummary, found: &Comparison) -> String {
    let metric = &summary.metric;
    let verdict = match found.verdict {
        Verdict::Equivalent | Verdict::NonInferior => keeps(summary, found),
        Verdict::Better => format!("is {}", metric.better()),
        Verdict::Worse => format!("is {}", metric.worse()),
        Verdict::NotEnoughEvidence => not_settled(summary, task, found),
    };
    let difference = difference(summary, task, found);
    let difference = difference.map_or_else(String::new, |difference| format!(" ({difference})"));
    format!("{} {verdict}{difference}; {}", found.variant, gains(task, found))
}

/// The difference and its interval, such as `−0.1 points, −0.4 to +0.2`; nothing where there is none.
fn difference(summary: &StudySummary, task: &TaskSummary, found: &Comparison) -> Option<String> {
    let (metric, margin) = (&summary.metric, summary.margin_on(task)?);
    let shown = |difference| metric.show_difference_beside(difference, margin);
    let (difference, [low, high]) = found.difference.zip(found.equivalence_interval)?;
    Some(format!("{}{}, {} to {}", shown(difference), metric.points(), shown(low), shown(high)))
}

/// What a variant saves against the baseline, and what it cost.
fn gains(task: &TaskSummary, found: &Comparison) -> String {
    let cost = task.variant(&found.variant).and_then(|variant| saving(variant.cost.as_ref()?));
    let parts = [Some(size_and_time(found)), cost, diverged(task, &found.variant)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// What a variant saves in parameters and time.
pub(super) fn size_and_time(found: &Comparison) -> String {
    let mut saved = vec![fewer(found.parameters_ratio, "recurrent parameters")];
    saved.extend(found.training_speedup.map(|speedup| format!("a training step {speedup:.1} times as fast")));
    list(&saved)
}

/// That seeds of a variant diverged, if some did.
pub(super) fn diverged(task: &TaskSummary, name: &str) -> Option<String> {
    let variant = task.variant(name).filter(|variant| variant.diverged > 0)?;
    Some(format!("{} of its {} seeds diverged", variant.diverged, variant.seeds.len()))
}

/// That there is no verdict on a variant, and why.
fn not_settled(summary: &StudySummary, task: &TaskSummary, found: &Comparison) -> String {
    let both = [&summary.baseline, &found.variant];
    let pending = || pending(summary, both.into_iter().filter_map(|name| Some((task, task.variant(name)?))));
    let why = obstacles::why_open(summary, task, found)
        .or_else(pending)
        .or_else(|| more_seeds(summary, found))
        .map_or_else(String::new, |why| format!(": {why}"));
    format!("is not settled{why}")
}

/// The use of more seeds to a comparison that is not settled.
pub(super) fn more_seeds(summary: &StudySummary, found: &Comparison) -> Option<String> {
    match (summary.most_seeds(), found.outlook) {
        (Some(most), Some(Outlook::TooMany)) => Some(too_many(summary, most, found.data_interval.is_some())),
        (Some(_), _) => None,
        (None, _) => {
            found.seeds_needed.filter(|seeds| *seeds > found.pairs).map(|seeds| run_more(seeds - found.pairs))
        }
    }
}

/// That the most seeds do not settle it; more sequences would do no less where intervals are over these, too.
pub(super) fn too_many(summary: &StudySummary, most: usize, over_sequences: bool) -> String {
    let or = match (over_sequences, summary.draws_test_sets()) {
        (false, _) => "",
        (true, false) => ", or more test sequences",
        (true, true) => ", or more sequences",
    };
    format!("it would take more than {most} seeds{or}")
}
