//! The summary in words: a headline, a line a variant, what the study does not say, and the reasoning.

mod explanation;
mod lines;
mod obstacles;

use std::collections::BTreeSet;

use slimgate_run::words::{money, plural, short_percent};

use crate::trial::written;
use crate::{
    Answer, Certainty, Comparison, Cost, Match, Obstacle, Protocol, State, StudySummary, TaskSummary,
    VariantSummary, Verdict,
};

/// The recommendation in one sentence, a line about every other variant, and the reasoning.
pub(crate) fn answer(summary: &StudySummary) -> Answer {
    let baseline = summary.baseline.as_str();
    let unsound = obstacles::unsound_baseline(summary);
    let (mut notes, mut explanation) = (Vec::new(), Vec::new());
    // What the variants of an unsound baseline did stands in the tables; here it would be read as a finding.
    for task in summary.tasks.iter().filter(|_| unsound.is_none()) {
        let on = if summary.tasks.len() > 1 { format!("on {}, ", task.name) } else { String::new() };
        for comparison in &task.comparisons {
            notes.push(sentence(&format!("{on}{}", lines::line(summary, task, comparison))));
            let reasoning = [
                Some(explanation::finding(summary, task, comparison)),
                explanation::intervals(summary, task, comparison),
                explanation::costs(summary, task, &comparison.variant),
            ];
            explanation.extend(reasoning.into_iter().flatten().map(|text| sentence(&format!("{on}{text}"))));
        }
        for variant in &task.variants {
            explanation.extend(
                explanation::certainty(summary, variant).map(|text| sentence(&format!("{on}{text}"))),
            );
        }
    }
    let worse = |found: &Comparison| {
        all(summary).any(|other| other.variant == found.variant && other.verdict == Verdict::Worse)
    };
    let open: Vec<&Comparison> =
        all(summary).filter(|found| found.verdict == Verdict::NotEnoughEvidence && !worse(found)).collect();
    let (variant, headline) = match replacement(summary) {
        Some(variant) => (Some(variant.to_owned()), reason_to_replace(summary, variant)),
        None if all(summary).next().is_none() => {
            (None, format!("no answer: {baseline} is the only variant, so there is nothing to compare"))
        }
        None if unsound.is_none() && all(summary).all(|found| found.pairs == 0) => (
            None,
            "no answer yet: no variant and the baseline have been tested with the same seed".to_owned(),
        ),
        None if !open.is_empty() => {
            let unsettled = || {
                let settle = what_would_settle(summary, &open);
                format!("not enough evidence to replace {baseline}: {settle}")
            };
            (None, unsound.unwrap_or_else(unsettled))
        }
        None => {
            let why = reason_to_keep(summary, all(summary).all(worse));
            (Some(baseline.to_owned()), format!("keep {baseline}: {why}"))
        }
    };
    notes.extend(limits(summary));
    // Figures chosen on the test set recommend nothing for other data.
    let (variant, headline) = match (summary.protocol, variant) {
        (Protocol::Published, Some(_)) => {
            (None, format!("by figures chosen on the test set (no guide to new data), {headline}"))
        }
        (_, variant) => (variant, headline),
    };
    Answer { variant, headline: sentence(&headline), notes, explanation }
}

/// Seeds to begin with where there is but one.
const SEEDS: usize = 5;

/// The advice on comparisons that are open.
fn what_would_settle(summary: &StudySummary, open: &[&Comparison]) -> String {
    let waiting: BTreeSet<&str> =
        open.iter().filter(|found| !is_untestable(found)).map(|found| found.variant.as_str()).collect();
    let concerned = |variant: &VariantSummary| {
        waiting.contains(variant.name.as_str()) || (variant.name == summary.baseline && !waiting.is_empty())
    };
    let of_tasks =
        summary.tasks.iter().flat_map(|task| task.variants.iter().map(move |variant| (task, variant)));
    if let Some(pending) = pending(summary, of_tasks.filter(|(_, variant)| concerned(variant))) {
        return format!("{pending}; continue the study");
    }
    if let Some(longer) = obstacles::train_longer(summary, open) {
        return longer;
    }
    if open.iter().all(|found| is_untestable(found)) {
        let variants = summary.tasks.iter().flat_map(|task| &task.variants);
        let untestable = variants.filter(|variant| variant.has_untestable_seed());
        let names: BTreeSet<&str> = untestable.map(|variant| variant.name.as_str()).collect();
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        return format!("a seed of {names} diverged before it could be tested");
    }
    if open.iter().all(|found| found.pairs == 1) {
        return format!("one seed shows no spread; run {SEEDS} (--seeds {SEEDS})");
    }
    // A variant is settled when it is on every task; one that is settled is an answer.
    let variants: BTreeSet<&str> = open.iter().map(|found| found.variant.as_str()).collect();
    let needed = variants.into_iter().filter_map(|name| {
        let of_variant = open.iter().filter(|found| found.variant == name);
        let needed = of_variant.map(|found| Some((found.seeds_needed? - found.pairs, found.seeds_needed?)));
        needed.collect::<Option<Vec<_>>>()?.into_iter().max()
    });
    match (summary.most_seeds(), needed.min()) {
        (Some(most), _) => {
            lines::too_many(summary, most, open.iter().any(|found| found.data_interval.is_some()))
        }
        (None, Some((more, all))) => format!("{} (--seeds {all})", run_more(more)),
        (None, None) => "more seeds would hardly settle it".to_owned(),
    }
}

fn run_more(seeds: usize) -> String {
    format!("run {seeds} more {}", plural(seeds, "seed", "seeds"))
}

fn is_untestable(found: &Comparison) -> bool {
    found.obstacle == Some(Obstacle::Untestable)
}

/// The progress of those of some variants that are not all tested, with the number of their trials that failed; nothing
/// where all are.
fn pending<'a>(
    summary: &StudySummary,
    variants: impl Iterator<Item = (&'a TaskSummary, &'a VariantSummary)>,
) -> Option<String> {
    let late: Vec<(&TaskSummary, &VariantSummary)> =
        variants.filter(|(_, variant)| variant.pending_seeds() > 0).collect();
    let done = late.iter().map(|(_, variant)| variant.planned_seeds - variant.pending_seeds()).min()?;
    let planned = late.iter().map(|(_, variant)| variant.planned_seeds).max()?;
    let names: BTreeSet<&str> = late.iter().map(|(_, variant)| variant.name.as_str()).collect();
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    let failed = match late.iter().map(|(task, variant)| failed(summary, task, variant)).sum::<usize>() {
        0 => String::new(),
        trials => format!(" ({trials} {} failed)", plural(trials, "trial", "trials")),
    };
    Some(format!("of {names}, {done} of {planned} seeds are tested so far{failed}"))
}

/// Trials of a variant whose training or test was given up.
fn failed(summary: &StudySummary, task: &TaskSummary, variant: &VariantSummary) -> usize {
    let of_variant =
        summary.trials.iter().filter(|trial| trial.task == task.name && trial.variant == variant.name);
    // Of one that was pruned it is said why, too.
    of_variant.filter(|trial| trial.state != State::Pruned && trial.reason.is_some()).count()
}

/// The reason why no variant replaces the baseline, where that is settled; `all_lose` says that each is worse on some task.
fn reason_to_keep(summary: &StudySummary, all_lose: bool) -> String {
    let several = summary.tasks.len() > 1;
    if all_lose {
        let slimmer = summary.matched.is_none() && all(summary).all(|found| found.parameters_ratio < 1.0);
        let what = if slimmer { "simplified gate" } else { "variant" };
        let worse =
            |task: &&TaskSummary| task.comparisons.iter().any(|found| found.verdict == Verdict::Worse);
        let mut remarks: Vec<String> = Vec::new();
        if several {
            remarks.extend(summary.tasks.iter().filter(worse).map(|task| task.name.clone()));
        }
        remarks.extend(perhaps_little(summary));
        let on = if several { " on at least one task" } else { "" };
        return format!(
            "every {what} that was tried {}{on}{}",
            summary.metric.costs(),
            in_brackets(&remarks)
        );
    }
    let on = if several { " on every task" } else { "" };
    match summary.matched {
        None => format!("no variant that was tried is slimmer and {}{on}", summary.metric.as_good()),
        Some(by) => {
            let which = match by {
                Match::Parameters => "of the same size",
                Match::Time => "that is as fast",
            };
            let better = summary.metric.better();
            format!("no variant {which} was shown to be {better} by more than the margin{on}")
        }
    }
}

/// The variants whose loss may lie within the margin; nothing where there are none.
fn perhaps_little(summary: &StudySummary) -> Option<String> {
    let within = |task: &TaskSummary, found: &Comparison| {
        let [_, most] = summary.metric.turned_interval(found.interval?);
        Some(most > -summary.margin_on(task)?)
    };
    let of_task = |task| {
        let task: &TaskSummary = task;
        task.comparisons.iter().map(move |found| (task, found))
    };
    let losses: Vec<(&TaskSummary, &Comparison)> =
        summary.tasks.iter().flat_map(of_task).filter(|(_, found)| found.verdict == Verdict::Worse).collect();
    let mut names: BTreeSet<&str> = losses.iter().map(|(_, found)| found.variant.as_str()).collect();
    let is_little = |(task, found): &(&TaskSummary, &Comparison)| within(task, found) == Some(true);
    names.retain(|name| losses.iter().all(|loss| loss.1.variant != *name || is_little(loss)));
    if names.is_empty() {
        return None;
    }
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    let margin = match summary.margin_is_relative {
        true => summary.margin_in_words(),
        false => summary.metric.show_margin(summary.margin) + summary.metric.points(),
    };
    Some(format!("the loss of {names} may be within the margin of {margin}"))
}

fn all(summary: &StudySummary) -> impl Iterator<Item = &Comparison> {
    summary.tasks.iter().flat_map(|task| &task.comparisons)
}

/// The variant to use instead of the baseline, if there is one. Where sizes or times are matched, it is the best, if that
/// is better on every task; else the one with the fewest recurrent parameters of those that keep the score on every task.
fn replacement(summary: &StudySummary) -> Option<&str> {
    let first = summary.tasks.first()?;
    let everywhere = |found: &Comparison, verdicts: &[Verdict]| {
        let mut of_variant = all(summary).filter(|other| other.variant == found.variant);
        of_variant.all(|other| verdicts.contains(&other.verdict))
    };
    let best = if summary.matched.is_some() {
        let better = first.comparisons.iter().filter(|found| everywhere(found, &[Verdict::Better]));
        let gain = |found: &Comparison| found.difference.map(|difference| summary.metric.turned(difference));
        better.max_by(|a, b| gain(a).partial_cmp(&gain(b)).expect("differences of scores are numbers"))
    } else {
        let keep = [Verdict::Equivalent, Verdict::Better, Verdict::NonInferior];
        let slimmer = first.comparisons.iter().filter(|found| found.parameters_ratio < 1.0);
        let keepers = slimmer.filter(|found| everywhere(found, &keep));
        keepers.min_by(|a, b| a.parameters_ratio.total_cmp(&b.parameters_ratio))
    };
    best.map(|found| found.variant.as_str())
}

fn reason_to_replace(summary: &StudySummary, name: &str) -> String {
    let Some(task) = summary.tasks.first() else { return String::new() };
    let found = task.comparisons.iter().find(|found| found.variant == name);
    let several = if summary.tasks.len() > 1 {
        format!(" (on {}; the lines below have the others)", task.name)
    } else {
        String::new()
    };
    let reason = found.map_or_else(String::new, |found| lines::reason(summary, task, found));
    format!("use {name} instead of {}: {reason}{several}", summary.baseline)
}

/// `it saves 33.00 EUR a year`, where it is known what the baseline costs.
fn saving(cost: &Cost) -> Option<String> {
    let (saved, currency) = (cost.saved_a_year?, &cost.currency);
    Some(match saved < 0.0 {
        true => format!("it costs {} {currency} more a year", money(-saved)),
        false => format!("it saves {} {currency} a year", money(saved)),
    })
}

/// Remarks behind what they are about; nothing where there are none.
fn in_brackets(remarks: &[String]) -> String {
    if remarks.is_empty() { String::new() } else { format!(" ({})", remarks.join("; ")) }
}

/// `27 % fewer recurrent parameters`.
fn fewer(ratio: f64, what: &str) -> String {
    let percent = 100.0 * (1.0 - ratio);
    if percent.abs() < 0.5 {
        format!("as many {what}")
    } else if percent > 0.0 {
        format!("{percent:.0} % fewer {what}")
    } else {
        format!("{:.0} % more {what}", -percent)
    }
}

/// The limits of what the study claims.
fn limits(summary: &StudySummary) -> Vec<String> {
    let alpha = 1.0 - summary.confidence;
    let mut limits = Vec::new();
    if summary.protocol == Protocol::Published {
        limits.push(format!(
            "Published protocol: every {} is optimistically biased, as epoch and settings were chosen on the test set.",
            summary.metric.name
        ));
    }
    limits.extend(obstacles::best_at_an_end(summary));
    for task in &summary.tasks {
        limits.extend(obstacles::learned_nothing(summary, task));
        limits.extend(obstacles::small_validation_set(summary, task));
        for variant in &task.variants {
            // Of what has learned nothing there is nothing to lose.
            let collapsed = if variant.has_learned_nothing(alpha) { 0 } else { variant.collapsed };
            for (trials, what, meaning) in [
                (variant.diverged, "diverged", ""),
                (collapsed, "collapsed", ": its last epoch has lost most of what its best had learned"),
            ] {
                if trials > 0 {
                    limits.push(format!(
                        "{} {what} in {trials} of {} trials at its chosen settings on {}{meaning}.",
                        variant.name,
                        variant.seeds.len(),
                        task.name
                    ));
                }
            }
        }
        limits.extend(drawn_test_sets(task));
        let sequences = task.test_sequences;
        let in_sequences =
            summary.margin_on(task).filter(|_| task.step.is_none()).map(|it| it * sequences as f64);
        if let Some(few) = in_sequences.filter(|in_sequences| sequences > 0 && *in_sequences < 5.0) {
            let others = match task.test_share {
                None => ", and what holds for these sequences need not hold for others",
                Some(_) => "",
            };
            limits.push(format!(
                "The test set of {} has {sequences} sequences: the margin is {few:.1} of them, so differences between \
                 seeds are coarse{others}.",
                task.name,
            ));
        }
    }
    let toss_ups =
        summary.tasks.iter().flat_map(|task| task.variants.iter().map(move |variant| (task, variant)));
    limits.extend(toss_ups.filter_map(|(task, variant)| toss_up(summary, task, variant)));
    if all(summary).any(|found| found.pairs > 0 && found.obstacle.is_none()) {
        limits.push(validity(summary));
        let stopping = match summary.most_seeds() {
            Some(_) => "",
            None => " whose number of seeds was fixed in advance",
        };
        let later = match summary.most_seeds() {
            Some(_) => "seeds were added in looks, and that is allowed for",
            None => "adding seeds after seeing a result raises that (docs/studies.md)",
        };
        limits.push(format!(
            "If the true difference equals the margin, at most {} % of studies{stopping} wrongly claim equivalence; {later}.",
            short_percent(1.0 - summary.confidence)
        ));
    }
    limits
}

/// That each seed draws its test set, where it does.
fn drawn_test_sets(task: &TaskSummary) -> Option<String> {
    let (sequences, pool) = (task.test_sequences, task.pool().filter(|_| task.test_sequences > 0)?);
    Some(format!(
        "On {}, each seed is tested on {sequences} sequences of its own, drawn from all {pool}; seeds have sequences in common, \
         which is allowed for.",
        task.name
    ))
}

/// What the intervals speak of.
fn validity(summary: &StudySummary) -> String {
    if summary.draws_test_sets() {
        "The intervals are for other seeds, on other data like this, divided anew: they do not say how data of another kind, or \
         of a later time, would come out."
            .to_owned()
    } else if all(summary).any(|found| found.data_interval.is_some()) {
        "The intervals are for other seeds and other test data like this: they do not say how data of another kind, or of a \
         later time, would come out."
            .to_owned()
    } else {
        "The intervals are over seeds, with this training and test data: they do not say how other data would come out."
            .to_owned()
    }
}

/// That the settings of a variant were chosen from such as differ in the result, where another exploration might well have
/// chosen others.
fn toss_up(summary: &StudySummary, task: &TaskSummary, variant: &VariantSummary) -> Option<String> {
    let Certainty { again, regret, rival, .. } = variant.certainty.as_ref()?;
    let settings = rival.as_ref()?.iter().map(|(key, value)| format!("{key} {}", written(value)));
    let margin = summary.margin_on(task)?;
    Some(format!(
        "The settings of {} on {} are a toss-up: other seeds would choose others ({}, for instance) in {} of 10 \
         explorations, and better ones may be worth {}{}.",
        variant.name,
        task.name,
        settings.collect::<Vec<_>>().join(", "),
        (10.0 * (1.0 - again)).round(),
        summary.metric.show_difference_beside(*regret, margin).trim_start_matches('+'),
        summary.metric.points()
    ))
}

/// With a full stop, and a capital unless it begins with the name of a variant.
fn sentence(text: &str) -> String {
    let begins_with_word = [
        "use ",
        "keep ",
        "no answer",
        "no baseline",
        "not enough",
        "nothing was",
        "there is",
        "the ",
        "trained ",
        "on ",
        "by ",
    ];
    match text.chars().next() {
        Some(first) if begins_with_word.iter().any(|word| text.starts_with(word)) => {
            format!("{}{}.", first.to_uppercase(), &text[first.len_utf8()..])
        }
        _ => format!("{text}."),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_errors;
#[cfg(test)]
mod tests_of_looks;
