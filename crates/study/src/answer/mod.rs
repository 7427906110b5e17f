//! The summary in words.

mod obstacles;

use std::collections::BTreeSet;

use slimgate_run::metric::Direction;
use slimgate_run::words::{list, money, plural, short_percent};

use crate::{
    Answer, Comparison, Cost, Match, Obstacle, Protocol, State, StudySummary, TaskSummary, UsableRates,
    VariantSummary, Verdict,
};

/// The recommendation in one sentence, and a sentence about everything else.
pub(crate) fn answer(summary: &StudySummary) -> Answer {
    let baseline = summary.baseline.as_str();
    let unsound = obstacles::unsound_baseline(summary);
    let mut notes = Vec::new();
    // What the variants of an unsound baseline did stands in the tables; here it would be read as a finding.
    for task in summary.tasks.iter().filter(|_| unsound.is_none()) {
        let on = if summary.tasks.len() > 1 { format!("on {}, ", task.name) } else { String::new() };
        for comparison in &task.comparisons {
            notes.push(sentence(&format!("{on}{}", finding(summary, task, comparison))));
            notes.extend(
                costs(summary, task, &comparison.variant).map(|costs| sentence(&format!("{on}{costs}"))),
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
    Answer { variant, headline: sentence(&headline), notes }
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
    match needed.min() {
        Some((more, all)) => format!("{} (--seeds {all})", run_more(more)),
        None => "more seeds would hardly settle it".to_owned(),
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
    let finding = |task| {
        let task: &TaskSummary = task;
        let found = task.comparisons.iter().find(|found| found.variant == name)?;
        Some(finding(summary, task, found))
    };
    let several = if summary.tasks.len() > 1 {
        format!(" (on {}; the notes have the others)", task.name)
    } else {
        String::new()
    };
    let saved = task.variant(name).and_then(|variant| saving(variant.cost.as_ref()?));
    let saved = saved.map_or_else(String::new, |saved| format!("; {saved}"));
    format!(
        "use {name} instead of {}: {}{saved}{several}",
        summary.baseline,
        finding(task).unwrap_or_default()
    )
}

/// The costs of a variant beside the baseline, where the study names a price.
fn costs(summary: &StudySummary, task: &TaskSummary, name: &str) -> Option<String> {
    let of = |name| task.variant(name)?.cost.as_ref();
    let (own, baseline) = (of(name)?, of(&summary.baseline)?);
    let currency = &own.currency;
    let other = &summary.baseline;
    Some(format!(
        "{name} costs {} {currency} per training ({other}: {}) and {} {currency} a year of predictions ({other}: {}); \
         with all trainings of a year {}",
        money(own.training),
        money(baseline.training),
        money(own.predictions_a_year),
        money(baseline.predictions_a_year),
        saving(own)?
    ))
}

/// `it saves 33.00 EUR a year`, where it is known what the baseline costs.
fn saving(cost: &Cost) -> Option<String> {
    let (saved, currency) = (cost.saved_a_year?, &cost.currency);
    Some(match saved < 0.0 {
        true => format!("it costs {} {currency} more a year", money(-saved)),
        false => format!("it saves {} {currency} a year", money(saved)),
    })
}

/// The finding on a variant on a task, with its sizes, times and learning rates.
fn finding(summary: &StudySummary, task: &TaskSummary, found: &Comparison) -> String {
    let (name, baseline) = (&found.variant, &summary.baseline);
    let mut facts = vec![fewer(found.parameters_ratio, "recurrent parameters")];
    if let Some(speedup) = found.training_speedup {
        facts.push(format!("a training step {speedup:.1} times as fast"));
    }
    let facts = list(&facts);
    let mut remarks = Vec::from_iter(numbers(summary, task, found));
    if found.verdict == Verdict::NonInferior {
        remarks.insert(0, "it loses less than the margin".to_owned());
    }
    let remarks = in_brackets(&remarks);
    let differs = found.p_difference.is_some_and(|[_, adjusted]| adjusted < 1.0 - summary.confidence);
    let metric = &summary.metric;
    let loses = found.difference.is_some_and(|difference| metric.turned(difference) < 0.0);
    let verdict = match found.verdict {
        Verdict::Equivalent if differs && loses => {
            format!("{name} {} against {baseline}, but less than the margin{remarks}", metric.loses())
        }
        Verdict::Equivalent => format!("{name} keeps the {} of {baseline}{remarks}", metric.name),
        Verdict::Better => format!("{name} is {} than {baseline}{remarks}", metric.better()),
        Verdict::NonInferior => format!("{name} is non-inferior to {baseline}{remarks}"),
        Verdict::Worse => format!("{name} is {} than {baseline}{remarks}", metric.worse()),
        Verdict::NotEnoughEvidence => {
            return format!("{}; {name} has {facts}", not_enough_evidence(summary, task, found));
        }
    };
    let diverged =
        task.variant(name).filter(|variant| variant.diverged > 0).map_or_else(String::new, |variant| {
            format!("; {} of its {} seeds diverged", variant.diverged, variant.seeds.len())
        });
    // Of a variant that is worse, that it comes near late or not at all goes without saying.
    let slow = match found.verdict {
        Verdict::Worse => String::new(),
        _ => slower_to_learn(summary, task, name),
    };
    format!("{verdict}, with {facts}{}{slow}{diverged}", usable_rates(task, name, baseline))
}

/// The difference, its interval and the margin, where there is an interval.
fn numbers(summary: &StudySummary, task: &TaskSummary, found: &Comparison) -> Option<String> {
    let (metric, margin) = (&summary.metric, summary.margin_on(task)?);
    let shown = |difference| {
        let signed = metric.show_difference_beside(difference, margin);
        signed.trim_start_matches('+').to_owned()
    };
    let (difference, [low, high]) = found.difference.zip(found.equivalence_interval)?;
    let part = match summary.margin_is_relative {
        true => format!(", which is {}", summary.margin_in_words()),
        false => String::new(),
    };
    Some(format!(
        "difference {}{}, {} % interval {} to {}, margin {}{part}",
        shown(difference),
        metric.points(),
        short_percent(2.0 * summary.confidence - 1.0),
        shown(low),
        shown(high),
        metric.show_margin(margin)
    ))
}

/// That the evidence on a variant is not enough, and what is missing.
fn not_enough_evidence(summary: &StudySummary, task: &TaskSummary, found: &Comparison) -> String {
    let name = &found.variant;
    let both = [&summary.baseline, name].into_iter().filter_map(|name| Some((task, task.variant(name)?)));
    let pending = pending(summary, both);
    let mut remarks = Vec::from_iter(numbers(summary, task, found));
    let alpha = 1.0 - summary.confidence;
    let corrected_away = found.p_equivalence.is_some_and(|[raw, adjusted]| raw < alpha && adjusted >= alpha);
    if corrected_away && found.obstacle.is_none() {
        remarks.push(format!(
            "the interval lies within the margin, but not after correcting for {} comparisons",
            task.comparisons.len()
        ));
    }
    let more_seeds = || {
        let seeds = found.seeds_needed.filter(|seeds| *seeds > found.pairs)?;
        Some(run_more(seeds - found.pairs))
    };
    let missing = obstacles::why_open(summary, task, found).or(pending).or_else(more_seeds);
    let missing = missing.map_or_else(String::new, |missing| format!(": {missing}"));
    format!("there is not enough evidence on {name}{}{missing}", in_brackets(&remarks))
}

/// The usable learning rates of a variant beside the baseline's; nothing where they are not known.
fn usable_rates(task: &TaskSummary, name: &str, baseline: &str) -> String {
    let (Some(own), Some(other)) = (task.variant(name), task.variant(baseline)) else { return String::new() };
    let (Some(rates), Some(others)) = (&own.usable, &other.usable) else { return String::new() };
    let single = |variant: &VariantSummary| variant.rates.iter().any(|point| point.values.len() == 1);
    let seeds = if single(own) || single(other) { ", by one seed per rate" } else { "" };
    format!("; usable learning rates: {} ({baseline}: {}){seeds}", span(rates), span(others))
}

/// Remarks behind what they are about; nothing where there are none.
fn in_brackets(remarks: &[String]) -> String {
    if remarks.is_empty() { String::new() } else { format!(" ({})", remarks.join("; ")) }
}

/// By how much more epochs than the baseline it counts as slower to learn.
const SLOWER: f64 = 1.5;

/// That a variant takes far more epochs than the baseline to get near its score; nothing where it does not.
fn slower_to_learn(summary: &StudySummary, task: &TaskSummary, name: &str) -> String {
    let nearest = |name: &str| task.variant(name)?.reaches.iter().max_by(|a, b| a.share.total_cmp(&b.share));
    let baseline = &summary.baseline;
    let (Some(own), Some(other)) = (nearest(name), nearest(baseline)) else { return String::new() };
    let name = &summary.metric.name;
    let goal = match summary.metric.direction {
        Direction::Higher => format!("{} % of the {name} of {baseline}", short_percent(own.share)),
        _ => format!("a {name} within {} % of that of {baseline}", short_percent(1.0 - own.share)),
    };
    match (own.epochs, other.epochs) {
        // The goal is a share of the baseline's mean, which its own seeds need not reach either.
        _ if own.reached * other.of < other.reached * own.of => format!(
            "; {} of its {} seeds reach {goal} ({baseline}: {} of {})",
            own.reached, own.of, other.reached, other.of
        ),
        (Some(epochs), Some(others)) if epochs > SLOWER * others => {
            format!("; it reaches {goal} after {epochs} epochs ({baseline}: {others})")
        }
        _ => String::new(),
    }
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

/// Usable learning rates, such as `3e-4 to 5e-3 or more`.
fn span(usable: &UsableRates) -> String {
    let low = format!("{:.0e}{}", usable.low, if usable.open_below { " or less" } else { "" });
    let high = format!("{:.0e}{}", usable.high, if usable.open_above { " or more" } else { "" });
    format!("{low} to {high}")
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
        let sequences = task.test_sequences;
        let in_sequences =
            summary.margin_on(task).filter(|_| task.step.is_none()).map(|it| it * sequences as f64);
        if let Some(few) = in_sequences.filter(|in_sequences| sequences > 0 && *in_sequences < 5.0) {
            limits.push(format!(
                "The test set of {} has {sequences} sequences: the margin is {few:.1} of them, so differences between \
                 seeds are coarse, and what holds for these sequences need not hold for others.",
                task.name,
            ));
        }
    }
    if all(summary).any(|found| found.pairs > 0 && found.obstacle.is_none()) {
        limits.push(
            "The intervals are over seeds, with this data and this split: they do not say how other data would come out."
                .to_owned(),
        );
        limits.push(format!(
            "If the true difference equals the margin, at most {} % of studies whose number of seeds was fixed in \
             advance wrongly claim equivalence; adding seeds after seeing a result raises that (docs/studies.md).",
            short_percent(1.0 - summary.confidence)
        ));
    }
    limits
}

/// With a full stop, and a capital unless it begins with the name of a variant.
fn sentence(text: &str) -> String {
    let begins_with_word =
        ["use ", "keep ", "no answer", "no baseline", "not enough", "nothing was", "there is", "on ", "by "];
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
