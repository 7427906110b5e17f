//! Claims that a build server can check, such as `lstm2 equivalent to lstm within 1.0`.

use std::fmt;
use std::str::FromStr;

use slimgate_run::metric::{Direction, Metric, Unit};
use slimgate_run::words::p_is;
use slimgate_statistics::{
    Criteria, Estimate, MeanError, PairedTests, compare, interval_of_mean, resampled_error,
    resampled_interval,
};

use crate::analysis::pairs;
use crate::{StudyError, StudySummary, TaskSummary, VariantSummary};

/// The forms of a requirement.
const FORMS: &str = "write `A equivalent to B within 1.0`, `A not worse than B within 1.0`, `A better than B`, \
                     `A METRIC at least 95.0` or `A METRIC at most 0.9` (a share in percentage points), each with \
                     `on TASK` after it where there are several";

/// A claim about a study's variants.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    /// As it was written.
    text: String,
    variant: String,
    claim: Claim,
    /// The task; all of them where none is named.
    task: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Claim {
    /// Within the margin of the other, shown by two one-sided tests.
    Equivalent { other: String, margin: Written },
    /// Worse than the other by less than the margin, if at all, shown by a one-sided test.
    NonInferior { other: String, margin: Written },
    /// A gain above 0, shown by the paired t test.
    Better { other: String },
    /// The interval of the mean lies on this side of a bound.
    Bounded { metric: String, side: Side, bound: Written },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Side {
    AtLeast,
    AtMost,
}

/// A number as it was written. Of a margin, `%` makes it a part of the other's value, as in `compare.margin`; of a share
/// it is otherwise in percentage points.
#[derive(Clone, Debug, PartialEq)]
struct Written {
    text: String,
    number: f64,
    is_percent: bool,
}

impl Written {
    fn read(text: &str) -> Option<Written> {
        let percent = text.strip_suffix('%');
        let number = percent.unwrap_or(text).parse().ok().filter(|number: &f64| number.is_finite())?;
        Some(Written { text: text.to_owned(), number, is_percent: percent.is_some() })
    }

    /// The number in the metric's unit, beside the value that a percentage is a part of.
    ///
    /// # Errors
    ///
    /// The remedy, if the metric has no such value.
    fn amount(&self, metric: &Metric, whole: Option<f64>) -> Result<f64, String> {
        let Written { text, number, is_percent } = self;
        match (metric.unit, whole) {
            (_, Some(whole)) if *is_percent => Ok(number / 100.0 * whole.abs()),
            (Unit::Share, _) if *number > 0.0 && *number <= 100.0 => Ok(number / 100.0),
            (Unit::Share, _) => {
                Err(format!("`{text}` is not a number of percentage points above 0 and at most 100"))
            }
            (Unit::Target | Unit::Ratio, _) if !is_percent => Ok(*number),
            (Unit::Target | Unit::Ratio, _) => {
                Err(format!("`{text}` is a percentage, and {} is no share", metric.name))
            }
        }
    }
}

/// The outcome of checking a requirement, with the evidence.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// True if the evidence shows the claim on every task that it is about.
    pub holds: bool,
    /// The evidence on each task in words.
    pub evidence: Vec<String>,
}

impl FromStr for Requirement {
    type Err = StudyError;

    fn from_str(text: &str) -> Result<Requirement, StudyError> {
        let refused = |remedy: &str| StudyError::Requirement(text.to_owned(), remedy.to_owned());
        let (claim, task) = match text.split_once(" on ") {
            Some((claim, task)) => (claim, Some(task.trim().to_owned())),
            None => (text, None),
        };
        let claim = claim.replace(" %", "%");
        let words: Vec<&str> = claim.split_whitespace().collect();
        let number = |text: &str| {
            Written::read(text).ok_or_else(|| refused(&format!("`{text}` is not a number, such as 1.0")))
        };
        let margin = |text: &str| {
            let wrong = || {
                refused(&format!(
                    "`{text}` is not a margin above 0 (of a share, in percentage points; with `%`, a part of what the other comes to)"
                ))
            };
            Written::read(text).filter(|margin| margin.number > 0.0).ok_or_else(wrong)
        };
        let (variant, claim) = match words[..] {
            [variant, "equivalent", "to", other, "within", within] => {
                (variant, Claim::Equivalent { other: other.into(), margin: margin(within)? })
            }
            [variant, "not", "worse", "than", other, "within", within] => {
                (variant, Claim::NonInferior { other: other.into(), margin: margin(within)? })
            }
            [variant, "better", "than", other] => (variant, Claim::Better { other: other.into() }),
            [variant, ref metric @ .., "at", side @ ("least" | "most"), bound] if !metric.is_empty() => {
                let side = if side == "least" { Side::AtLeast } else { Side::AtMost };
                (variant, Claim::Bounded { metric: metric.join(" "), side, bound: number(bound)? })
            }
            _ => return Err(refused(FORMS)),
        };
        Ok(Requirement { text: text.trim().to_owned(), variant: variant.into(), claim, task })
    }
}

impl Requirement {
    /// Holds the claim against a study, at the study's confidence. One claim that was stated beforehand needs no
    /// correction for others.
    ///
    /// # Errors
    ///
    /// If it names a variant, a task or a metric that the study does not have, or a value that its metric cannot have.
    pub fn check(&self, summary: &StudySummary) -> Result<Outcome, StudyError> {
        let tasks: Vec<&TaskSummary> = summary
            .tasks
            .iter()
            .filter(|task| self.task.as_ref().is_none_or(|name| *name == task.name))
            .collect();
        if tasks.is_empty() {
            let name = self.task.as_deref().unwrap_or_default();
            let known: Vec<&str> = summary.tasks.iter().map(|task| task.name.as_str()).collect();
            return Err(self.not_in_study(format!("the task `{name}`"), known.join("; ")));
        }
        if let Claim::Bounded { metric, .. } = &self.claim
            && *metric != summary.metric.name
        {
            return Err(self.not_in_study(format!("the metric `{metric}`"), summary.metric.name.clone()));
        }
        let mut outcome = Outcome { holds: true, evidence: Vec::new() };
        let relative = self.relative_margin();
        for task in tasks {
            let (holds, evidence) = self.check_task(task, summary)?;
            outcome.holds &= holds;
            let part = match relative
                .and_then(|(other, margin)| Some((margin, task.variant(other)?.test.as_ref()?)))
            {
                Some((margin, of_other)) => {
                    let amount = margin.amount(&summary.metric, Some(of_other.mean)).unwrap_or_default();
                    let shown = summary.metric.show_bare(amount, 2);
                    format!(
                        " (the margin is a part of what the other comes to: {shown}{})",
                        summary.metric.points()
                    )
                }
                None => String::new(),
            };
            outcome.evidence.push(format!("{}: {evidence}{part}", task.name));
        }
        Ok(outcome)
    }

    /// The other variant and the margin, where that is a part of the other's value.
    fn relative_margin(&self) -> Option<(&str, &Written)> {
        match &self.claim {
            Claim::Equivalent { other, margin } | Claim::NonInferior { other, margin } => {
                Some((other.as_str(), margin)).filter(|(_, margin)| margin.is_percent)
            }
            Claim::Better { .. } | Claim::Bounded { .. } => None,
        }
    }

    fn check_task(&self, task: &TaskSummary, summary: &StudySummary) -> Result<(bool, String), StudyError> {
        let (metric, confidence) = (&summary.metric, summary.confidence);
        let variant = self.find(task, &self.variant)?;
        let other = match &self.claim {
            Claim::Equivalent { other, .. } | Claim::NonInferior { other, .. } | Claim::Better { other } => {
                Some(self.find(task, other)?)
            }
            Claim::Bounded { .. } => None,
        };
        let of_other = other.and_then(|other| other.test.as_ref()).map(|test| test.mean);
        let amount = match &self.claim {
            // Of a variant that is not tested, nothing is shown below.
            Claim::Equivalent { margin, .. } | Claim::NonInferior { margin, .. } => {
                margin.amount(metric, Some(of_other.unwrap_or_default()))
            }
            // It plays no part in that.
            Claim::Better { .. } => Ok(1.0),
            Claim::Bounded { bound, .. } => bound.amount(metric, None),
        };
        let amount = amount.map_err(|remedy| StudyError::Requirement(self.text.clone(), remedy))?;
        if let Some(why) =
            [Some(variant), other].into_iter().flatten().find_map(VariantSummary::why_no_verdict)
        {
            return Ok((false, why));
        }
        let (alpha, resolution) = (1.0 - confidence, task.resolution());
        if let Some(why) = other.and_then(|other| no_baseline(task, metric, other, alpha)) {
            return Ok((false, why));
        }
        let mut compared = other.is_some().then_some(variant).into_iter().chain(other);
        if let Some(unfinished) = compared.find(|of| of.is_still_improving()) {
            return Ok((false, format!("{} was still improving when training ended", unfinished.name)));
        }
        if let (Claim::Bounded { side, .. }, Some(trivial)) = (&self.claim, &task.trivial)
            && variant.has_learned_nothing(alpha)
            && metric.direction.prefers(amount, trivial.score)
            && side.is_praise(metric)
        {
            return Ok((false, not_above_trivial(task, metric, variant)));
        }
        let pairs = other.map_or_else(Vec::new, |other| pairs(variant, other, metric));
        // Where seeds were added in looks, each look has a part of the error.
        let seeds = if other.is_some() { pairs.len() } else { variant.seeds.len() };
        let alpha = alpha * summary.share_of_look(seeds);
        let confidence = 1.0 - alpha;
        let criteria = Criteria { margin: amount, alpha, resolution };
        let gains: Vec<f64> = pairs.iter().map(|pair| pair.variant - pair.baseline).collect();
        let error = match task.test_share {
            Some(share) => resampled_error(&gains, share, resolution),
            None => other.and_then(|other| data_error(summary, task, [variant, other])),
        };
        let tests = || {
            let found = compare(&pairs, criteria)?;
            Some(error.map_or(found, |error| found.with_new_items(error, criteria)))
        };
        let one_sided = |p: fn(&PairedTests) -> f64| {
            let found = tests()?;
            Some((p(&found) < alpha, evidence(metric, &found, found.equivalence, p(&found))))
        };
        let shown = match &self.claim {
            Claim::Equivalent { .. } => one_sided(|found| found.p_equivalence),
            Claim::NonInferior { .. } => one_sided(|found| found.p_noninferiority),
            Claim::Better { .. } => tests().map(|found| better(metric, &found, alpha)),
            Claim::Bounded { side, .. } => interval(variant, task, confidence)
                .map(|found| (side.holds(&found, amount), mean(metric, &found, variant))),
        };
        Ok(shown.unwrap_or_else(|| (false, "fewer than two seeds have been tested".to_owned())))
    }

    fn find<'a>(&self, task: &'a TaskSummary, name: &str) -> Result<&'a VariantSummary, StudyError> {
        task.variant(name).ok_or_else(|| {
            let known: Vec<&str> = task.variants.iter().map(|variant| variant.name.as_str()).collect();
            self.not_in_study(format!("`{name}`"), known.join(", "))
        })
    }

    fn not_in_study(&self, name: String, known: String) -> StudyError {
        StudyError::NotInStudy { requirement: self.text.clone(), name, known }
    }
}

impl Side {
    /// True if a claim of this side is one of being good.
    fn is_praise(self, metric: &Metric) -> bool {
        let is_higher_better = metric.direction == Direction::Higher;
        (self == Side::AtLeast) == is_higher_better
    }

    /// True if the whole interval lies on this side of the bound, which is part of it.
    fn holds(self, found: &Estimate, bound: f64) -> bool {
        match self {
            Side::AtLeast => found.low >= bound,
            Side::AtMost => found.high <= bound,
        }
    }
}

/// The reason why a variant can be no baseline to hold another to, if there is one.
fn no_baseline(task: &TaskSummary, metric: &Metric, other: &VariantSummary, alpha: f64) -> Option<String> {
    if task.lacks_trivial(metric) {
        return Some(format!(
            "it is not known whether {} learned anything: no trivial predictor is known for {}",
            other.name, metric.name
        ));
    }
    other.has_learned_nothing(alpha).then(|| not_above_trivial(task, metric, other))
}

fn not_above_trivial(task: &TaskSummary, metric: &Metric, variant: &VariantSummary) -> String {
    let answer = task.trivial.as_ref().map_or("the same class", |trivial| trivial.answer.as_str());
    let always = if task.has_constant_answer(metric) { "always saying " } else { "" };
    format!("{} is not shown to be better than {always}`{answer}`", variant.name)
}

/// The error of the difference of two variants for other seeds and other test sequences, where one is the baseline and that
/// is known.
fn data_error(summary: &StudySummary, task: &TaskSummary, of: [&VariantSummary; 2]) -> Option<MeanError> {
    let compared = of.iter().find(|variant| variant.name != summary.baseline)?;
    if !of.iter().any(|variant| variant.name == summary.baseline) {
        return None;
    }
    let found = task.comparisons.iter().find(|found| found.variant == compared.name)?;
    let [error, degrees_of_freedom] = found.data_error?;
    Some(MeanError { variance: error.powi(2), degrees_of_freedom })
}

fn better(metric: &Metric, found: &PairedTests, alpha: f64) -> (bool, String) {
    let holds = found.p_difference < alpha && found.difference.value > 0.0;
    (holds, evidence(metric, found, found.difference, found.p_difference))
}

/// The mean over the seeds with its interval.
fn interval(variant: &VariantSummary, task: &TaskSummary, confidence: f64) -> Option<Estimate> {
    let values: Vec<f64> = variant.seeds.iter().filter_map(|seed| seed.test).collect();
    match task.test_share {
        None => interval_of_mean(&values, task.resolution(), confidence),
        Some(share) => resampled_interval(&values, share, task.resolution(), confidence),
    }
}

fn mean(metric: &Metric, found: &Estimate, variant: &VariantSummary) -> String {
    format!(
        "{} {}, interval {} to {} over {} seeds",
        metric.name,
        metric.show(found.value),
        metric.show_bare(metric.clamped(found.low), 2),
        metric.show_bare(metric.clamped(found.high), 2),
        variant.seeds.iter().filter(|seed| seed.test.is_some()).count()
    )
}

fn evidence(metric: &Metric, found: &PairedTests, interval: Estimate, p: f64) -> String {
    let [low, high] = metric.turned_interval([interval.low, interval.high]);
    format!(
        "difference {}{}, interval {} to {}, {}, {} seeds",
        metric.show_bare(metric.turned(found.difference.value), 2),
        metric.points(),
        metric.show_bare(low, 2),
        metric.show_bare(high, 2),
        p_is(p),
        found.pairs
    )
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
