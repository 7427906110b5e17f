//! Claims that a build server can check, such as `lstm2 equivalent to lstm within 1.0`.

use std::fmt;
use std::str::FromStr;

use slimgate_run::words::{bare_percent, p_is, percent};
use slimgate_statistics::{Criteria, Estimate, PairedTests, compare, interval_of_mean};

use crate::analysis::pairs;
use crate::{StudyError, StudySummary, TaskSummary, VariantSummary};

/// The forms of a requirement.
const FORMS: &str = "write `A equivalent to B within 1.0`, `A not worse than B within 1.0`, `A better than B` or \
                     `A accuracy at least 95.0` (percentage points), each with `on TASK` after it where there are several";

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

/// Margins and accuracies are in percentage points.
#[derive(Clone, Debug, PartialEq)]
enum Claim {
    /// Within the margin of the other, shown by two one-sided tests.
    Equivalent { other: String, margin: f64 },
    /// Worse than the other by less than the margin, if at all, shown by a one-sided test.
    NonInferior { other: String, margin: f64 },
    /// A difference above 0, shown by the paired t test.
    Better { other: String },
    /// The lower end of the interval of the mean lies there or above.
    AtLeast { accuracy: f64 },
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
        let words: Vec<&str> = claim.split_whitespace().collect();
        let points = |text: &str| match text.trim_end_matches('%').parse::<f64>() {
            Ok(points) if points > 0.0 && points <= 100.0 => Ok(points),
            _ => Err(refused(&format!(
                "`{text}` is not a number of percentage points above 0 and at most 100"
            ))),
        };
        let (variant, claim) = match words[..] {
            [variant, "equivalent", "to", other, "within", margin] => {
                (variant, Claim::Equivalent { other: other.into(), margin: points(margin)? })
            }
            [variant, "not", "worse", "than", other, "within", margin] => {
                (variant, Claim::NonInferior { other: other.into(), margin: points(margin)? })
            }
            [variant, "better", "than", other] => (variant, Claim::Better { other: other.into() }),
            [variant, "accuracy", "at", "least", accuracy] => {
                (variant, Claim::AtLeast { accuracy: points(accuracy)? })
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
    /// If it names a variant or a task that the study does not have.
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
        let mut outcome = Outcome { holds: true, evidence: Vec::new() };
        for task in tasks {
            let (holds, evidence) = self.check_task(task, summary.confidence)?;
            outcome.holds &= holds;
            outcome.evidence.push(format!("{}: {evidence}", task.name));
        }
        Ok(outcome)
    }

    fn check_task(&self, task: &TaskSummary, confidence: f64) -> Result<(bool, String), StudyError> {
        let variant = self.find(task, &self.variant)?;
        let other = match &self.claim {
            Claim::Equivalent { other, .. } | Claim::NonInferior { other, .. } | Claim::Better { other } => {
                Some(self.find(task, other)?)
            }
            Claim::AtLeast { .. } => None,
        };
        if let Some(why) =
            [Some(variant), other].into_iter().flatten().find_map(VariantSummary::why_no_verdict)
        {
            return Ok((false, why));
        }
        let (alpha, resolution) = (1.0 - confidence, task.resolution());
        if let Some(why) = other.and_then(|other| no_baseline(task, other, alpha)) {
            return Ok((false, why));
        }
        let mut compared = other.is_some().then_some(variant).into_iter().chain(other);
        if let Some(unfinished) = compared.find(|of| of.is_still_improving()) {
            return Ok((false, format!("{} was still improving when training ended", unfinished.name)));
        }
        if let (Claim::AtLeast { accuracy }, Some(trivial)) = (&self.claim, &task.trivial)
            && variant.has_learned_nothing(alpha)
            && accuracy / 100.0 > trivial.score
        {
            return Ok((false, not_above_trivial(task, variant)));
        }
        let against = |points: f64| {
            compare(&pairs(variant, other?), Criteria { margin: points / 100.0, alpha, resolution })
        };
        let shown = match &self.claim {
            Claim::Equivalent { margin, .. } => {
                against(*margin).map(|found| one_sided(&found, found.p_equivalence, alpha))
            }
            Claim::NonInferior { margin, .. } => {
                against(*margin).map(|found| one_sided(&found, found.p_noninferiority, alpha))
            }
            // The margin plays no part in it.
            Claim::Better { .. } => against(100.0).map(|found| better(&found, alpha)),
            Claim::AtLeast { accuracy } => at_least(variant, *accuracy / 100.0, resolution, confidence),
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

/// The reason why a variant can be no baseline to hold another to, if there is one.
fn no_baseline(task: &TaskSummary, other: &VariantSummary, alpha: f64) -> Option<String> {
    other.has_learned_nothing(alpha).then(|| not_above_trivial(task, other))
}

fn not_above_trivial(task: &TaskSummary, variant: &VariantSummary) -> String {
    let class = task.trivial.as_ref().map_or("the same class", |trivial| trivial.answer.as_str());
    format!("{} is not shown to be better than always saying `{class}`", variant.name)
}

/// By one or two one-sided tests.
fn one_sided(found: &PairedTests, p: f64, alpha: f64) -> (bool, String) {
    (p < alpha, evidence(found, found.equivalence, p))
}

fn better(found: &PairedTests, alpha: f64) -> (bool, String) {
    let holds = found.p_difference < alpha && found.difference.value > 0.0;
    (holds, evidence(found, found.difference, found.p_difference))
}

fn at_least(
    variant: &VariantSummary,
    accuracy: f64,
    resolution: f64,
    confidence: f64,
) -> Option<(bool, String)> {
    let values: Vec<f64> = variant.seeds.iter().filter_map(|seed| seed.test).collect();
    let found = interval_of_mean(&values, resolution, confidence)?;
    let text = format!(
        "accuracy {}, interval {} to {} over {} seeds",
        percent(found.value),
        bare_percent(found.low.max(0.0), 2),
        bare_percent(found.high.min(1.0), 2),
        values.len()
    );
    Some((found.low >= accuracy, text))
}

fn evidence(found: &PairedTests, interval: Estimate, p: f64) -> String {
    format!(
        "difference {} points, interval {} to {}, {}, {} seeds",
        bare_percent(found.difference.value, 2),
        bare_percent(interval.low, 2),
        bare_percent(interval.high, 2),
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
mod tests {
    use super::*;

    #[test]
    fn requirements_read_back_as_they_are_written() {
        for text in [
            "lstm2 equivalent to lstm within 0.9",
            "lstm2 equivalent to lstm within 1.0",
            "i=xhb,f=hb,o=b not worse than lstm within 0.5",
            "lstm3 better than lstm on digits-rows, train_limit 500",
            "lstm accuracy at least 95 on digits-rows",
        ] {
            assert_eq!(text.parse::<Requirement>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_requirement_about_what_the_study_does_not_have_names_it() {
        let study = crate::made_up::summary(Vec::new());
        let told = |text: &str| text.parse::<Requirement>().unwrap().check(&study).unwrap_err().to_string();
        assert_eq!(
            told("lstm2 equivalent to  lstm within 0.9"),
            "the requirement \"lstm2 equivalent to  lstm within 0.9\" names `lstm2`, which is not in the study (it has \
             lstm)"
        );
        assert_eq!(
            told("lstm accuracy at least 90% on mnist"),
            "the requirement \"lstm accuracy at least 90% on mnist\" names the task `mnist`, which is not in the study \
             (it has digits-rows)"
        );
    }

    #[test]
    fn what_is_no_requirement_is_told_what_would_be() {
        for text in [
            "",
            "lstm2",
            "lstm2 equals lstm",
            "lstm2 equivalent to lstm",
            "lstm2 equivalent to lstm within -1",
        ] {
            let message = text.parse::<Requirement>().unwrap_err().to_string();
            assert!(message.contains("within 1.0") || message.contains("percentage points"), "{message}");
        }
        for text in ["lstm accuracy at least 900", "lstm2 not worse than lstm within 101"] {
            let message = text.parse::<Requirement>().unwrap_err().to_string();
            assert!(message.ends_with("above 0 and at most 100"), "{message}");
        }
    }
}
