//! The reasoning behind the answer: a sentence about each variant, with all figures that it rests on.

use slimgate_run::metric::Direction;
use slimgate_run::words::{bare_percent, list, money, short_percent};

use super::{in_brackets, lines, obstacles, pending, saving};
use crate::{Certainty, Comparison, StudySummary, TaskSummary, UsableRates, VariantSummary, Verdict};

/// The finding on a variant on a task, with its sizes, times and learning rates.
pub(super) fn finding(summary: &StudySummary, task: &TaskSummary, found: &Comparison) -> String {
    let (name, baseline) = (&found.variant, &summary.baseline);
    let facts = lines::size_and_time(found);
    let mut remarks = Vec::from_iter(numbers(summary, task, found));
    if found.verdict == Verdict::NonInferior {
        remarks.insert(0, "it loses less than the margin".to_owned());
    }
    let remarks = in_brackets(&remarks);
    let metric = &summary.metric;
    let verdict = match found.verdict {
        Verdict::Equivalent if lines::loses_for_sure(summary, found) => {
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
    let diverged = lines::diverged(task, name).map_or_else(String::new, |diverged| format!("; {diverged}"));
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

/// The intervals that a verdict is made from the wider of, and what each speaks of; of seeds that draw their test sets the one
/// that there is; nothing of any other single one.
pub(super) fn intervals(summary: &StudySummary, task: &TaskSummary, found: &Comparison) -> Option<String> {
    let (metric, margin) = (&summary.metric, summary.margin_on(task)?);
    let shown = |[low, high]: [f64; 2]| {
        let [low, high] = [low, high].map(|end| metric.show_difference_beside(end, margin));
        format!("{low} to {high}")
    };
    if task.test_share.is_some() {
        return Some(format!(
            "trained again with other seeds, and trained and tested on other sequences like these, {} would differ from {} by \
             {}{} ({} % interval)",
            found.variant,
            summary.baseline,
            shown(found.interval?),
            metric.points(),
            short_percent(summary.confidence)
        ));
    }
    let (seeds, data) = found.seeds_interval.zip(found.data_interval)?;
    Some(format!(
        "trained again with other seeds, {} would differ from {} on these test sequences by {}{} ({} % interval); on other \
         test sequences like these, by {}",
        found.variant,
        summary.baseline,
        shown(seeds),
        metric.points(),
        short_percent(summary.confidence),
        shown(data)
    ))
}

/// The certainty with which the settings of a variant were chosen, where it is known.
pub(super) fn certainty(summary: &StudySummary, variant: &VariantSummary) -> Option<String> {
    let Certainty { settings, seeds, again, regret, .. } = variant.certainty.as_ref()?;
    Some(format!(
        "the settings of {} were chosen from {settings}, with {seeds} seeds: another exploration would choose them in {} % of \
         cases, and the expected loss against the truly best is {}{}",
        variant.name,
        bare_percent(*again, 0),
        summary.metric.show_bare(*regret, 2),
        summary.metric.points()
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
        let comparisons = task.comparisons.len();
        let allowed = [
            (comparisons > 1).then(|| format!("{comparisons} comparisons")),
            summary.most_seeds().map(|_| "looks".to_owned()),
            found.seeds_interval.and(found.data_interval).map(|_| "other test sequences".to_owned()),
        ];
        let allowed: Vec<String> = allowed.into_iter().flatten().collect();
        let alone = if task.test_share.is_some() { "a single test" } else { "other seeds alone" };
        remarks.push(format!(
            "{alone} would show it to be within the margin, but not with {} allowed for",
            list(&allowed)
        ));
    }
    let more_seeds = || lines::more_seeds(summary, found);
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

/// The costs of a variant beside the baseline, where the study names a price.
pub(super) fn costs(summary: &StudySummary, task: &TaskSummary, name: &str) -> Option<String> {
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

/// Usable learning rates, such as `3e-4 to 5e-3 or more`.
fn span(usable: &UsableRates) -> String {
    let low = format!("{:.0e}{}", usable.low, if usable.open_below { " or less" } else { "" });
    let high = format!("{:.0e}{}", usable.high, if usable.open_above { " or more" } else { "" });
    format!("{low} to {high}")
}
