//! The margins and confidences that results were seen with: one that is chosen after looking proves less.

use std::fs;

use serde::{Deserialize, Serialize};
use slimgate_run::metric::{Metric, Unit};
use slimgate_run::words::as_percent;
use slimgate_run::write_atomic;

use crate::{Margin, StudyConfig, StudyFolder, TaskSummary};

/// The file that keeps them once there is more than one.
const FILE: &str = "criteria.json";

/// The criteria of equivalence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Criteria {
    margin: Margin,
    confidence: f64,
}

/// As much of `summary.json` as says what an earlier answer was held to.
#[derive(Deserialize)]
struct EarlierSummary {
    /// None of a share of right answers.
    metric: Option<Metric>,
    margin: f64,
    #[serde(default)]
    margin_is_relative: bool,
    confidence: f64,
    tasks: Vec<EarlierTask>,
}

#[derive(Deserialize)]
struct EarlierTask {
    test_sequences: usize,
}

/// Takes note of what the results of a study are held to; a sentence where they were held to something else before.
pub(crate) fn note_criteria(
    folder: &StudyFolder,
    config: &StudyConfig,
    tasks: &[TaskSummary],
) -> Option<String> {
    let mut seen = seen_before(folder);
    let now = Criteria { margin: config.compare.margin, confidence: config.compare.confidence };
    let tested = tasks.iter().any(|task| task.test_sequences > 0);
    if tested && seen.last().is_some_and(|last| *last != now) {
        seen.push(now);
        let text = serde_json::to_string_pretty(&seen).expect("numbers have a JSON form") + "\n";
        // Whoever may only read the study is told all the same.
        let _ = write_atomic(&folder.path().join(FILE), text.as_bytes());
    }
    (seen.len() > 1).then(|| sentence(&seen))
}

fn seen_before(folder: &StudyFolder) -> Vec<Criteria> {
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    if let Ok(seen) = serde_json::from_str(&read(FILE)) {
        return seen;
    }
    let earlier: Option<EarlierSummary> = serde_json::from_str(&read("summary.json")).ok();
    let seen = earlier.filter(|earlier| earlier.tasks.iter().any(|task| task.test_sequences > 0));
    let criteria = |earlier: EarlierSummary| {
        let is_share = earlier.metric.is_none_or(|metric| metric.unit == Unit::Share);
        let margin = match earlier.margin_is_relative {
            true => Margin::Relative(as_percent(earlier.margin)),
            // There it is a share.
            false if is_share => Margin::Amount(as_percent(earlier.margin)),
            false => Margin::Amount(earlier.margin),
        };
        Criteria { margin, confidence: earlier.confidence }
    };
    seen.map(criteria).into_iter().collect()
}

fn sentence(seen: &[Criteria]) -> String {
    let one = |criteria: &Criteria| {
        format!("margin {} at a confidence of {:?} %", criteria.margin, as_percent(criteria.confidence))
    };
    let all: Vec<String> = seen.iter().map(one).collect();
    format!(
        "The margin or the confidence was changed after test results were seen ({}): the bound on false claims \
         holds only for values that are fixed beforehand.",
        all.join(", then ")
    )
}
