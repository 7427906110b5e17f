//! The margins, confidences and designs that results were seen with: one that is chosen after looking proves less.

use std::fs;

use serde::{Deserialize, Serialize};
use slimgate_run::metric::{Metric, Unit};
use slimgate_run::words::{as_percent, counted};
use slimgate_run::write_atomic;

use crate::{Margin, StudyConfig, StudyFolder, TaskSummary};

/// The file that keeps them.
const FILE: &str = "criteria.json";

/// The criteria of equivalence, and as much of the design as may change in a study's folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Criteria {
    margin: Margin,
    confidence: f64,
    /// The looks, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    looks: Vec<usize>,
    /// The variant that the others were compared with; none where an earlier version did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    baseline: Option<String>,
    /// The way that settings were chosen; none where an earlier version did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    choice: Option<Choice>,
}

/// The settings of the comparison that decide which settings of a variant are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Choice {
    widen: bool,
    max_exploring_seeds: usize,
}

impl Criteria {
    fn new(margin: Margin, confidence: f64, looks: Vec<usize>, baseline: Option<String>) -> Criteria {
        let looks = if looks.len() > 1 { looks } else { Vec::new() };
        Criteria { margin, confidence, looks, baseline, choice: None }
    }

    /// Those of a study as it is now.
    fn of(config: &StudyConfig, metric: &Metric) -> Criteria {
        let compare = &config.compare;
        let baseline = Some(compare.baseline.clone());
        let choice =
            Some(Choice { widen: compare.widen, max_exploring_seeds: config.exploring_seeds().len() });
        let criteria = Criteria::new(compare.margin(metric), compare.confidence, config.looks(), baseline);
        Criteria { choice, ..criteria }
    }

    /// True if nothing that both say differs.
    fn agrees(&self, other: &Criteria) -> bool {
        fn same<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
            one.is_none() || other.is_none() || one == other
        }
        (self.margin, self.confidence, &self.looks) == (other.margin, other.confidence, &other.looks)
            && same(&self.baseline, &other.baseline)
            && same(&self.choice, &other.choice)
    }
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
    #[serde(default)]
    looks: Vec<usize>,
    #[serde(default)]
    baseline: Option<String>,
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
    metric: &Metric,
    tasks: &[TaskSummary],
) -> Option<String> {
    let before = seen_before(folder);
    let now = Criteria::of(config, metric);
    let tested = tasks.iter().any(|task| task.test_sequences > 0);
    let mut seen = before.clone();
    match seen.last_mut() {
        _ if !tested => (),
        // An earlier version said less.
        Some(last) if last.agrees(&now) => *last = now,
        _ => seen.push(now),
    }
    if seen != before {
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
        Criteria::new(margin, earlier.confidence, earlier.looks, earlier.baseline)
    };
    seen.map(criteria).into_iter().collect()
}

fn sentence(seen: &[Criteria]) -> String {
    let [baseline_varies, choice_varies] = [
        seen.iter().any(|criteria| criteria.baseline != seen[0].baseline),
        seen.iter().any(|criteria| criteria.choice != seen[0].choice),
    ];
    let one = |criteria: &Criteria| {
        let looks = match criteria.looks.last() {
            Some(most) => format!(", up to {most} seeds in looks"),
            None => String::new(),
        };
        let baseline = criteria.baseline.as_ref().filter(|_| baseline_varies);
        let choice = criteria.choice.filter(|_| choice_varies).map(|choice| {
            let grows = if choice.widen { "grow" } else { "do not grow" };
            format!(
                ", settings chosen with {} where the grid's learning rates {grows}",
                counted(choice.max_exploring_seeds, "seed", "seeds")
            )
        });
        format!(
            "margin {} at a confidence of {:?} %{looks}{}{}",
            criteria.margin,
            as_percent(criteria.confidence),
            baseline.map(|baseline| format!(", against {baseline}")).unwrap_or_default(),
            choice.unwrap_or_default()
        )
    };
    let all: Vec<String> = seen.iter().map(one).collect();
    format!(
        "The margin, the confidence or the design was changed after test results were seen ({}): the bound on false claims \
         holds only for values that are fixed beforehand.",
        all.join(", then ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up::summary;

    /// The note of a study in a folder, with results, after each of these settings of `[compare]` in turn.
    fn notes(folder: &StudyFolder, of_compare: &[&str]) -> Vec<Option<String>> {
        let tasks = summary(Vec::new()).tasks;
        let note = |settings: &&str| {
            let text = format!(
                "[grid]\nrun.seed = [1, 2]\noptim.learning_rate = [1e-3, 1e-2]\n[compare]\n{settings}"
            );
            let config = StudyConfig::read("test", &text, &[]).unwrap();
            note_criteria(folder, &config, &Metric::default(), &tasks)
        };
        of_compare.iter().map(note).collect()
    }

    #[test]
    fn each_part_of_the_design_that_changes_after_results_is_told() {
        for (changed, told) in [
            ("margin = 2.0", "margin 2.0"),
            ("confidence = 0.9", "90.0 %"),
            ("until = 'decided'", "up to 20 seeds in looks"),
            (
                "baseline = 'lstm3'",
                "95.0 %, against lstm, then margin 1.0 at a confidence of 95.0 %, against lstm3",
            ),
            ("widen = false", "chosen with 2 seeds where the grid's learning rates do not grow"),
            ("max_exploring_seeds = 4", "chosen with 4 seeds"),
        ] {
            let here = tempfile::tempdir().unwrap();
            let folder = StudyFolder::create(here.path()).unwrap();
            let notes = notes(&folder, &["", "", changed, ""]);
            assert_eq!(notes[..2], [None, None], "{changed}");
            for note in &notes[2..] {
                let note = note.as_ref().unwrap_or_else(|| panic!("nothing is said of {changed}"));
                assert!(note.contains(told), "{changed}: {note}");
            }
        }
    }

    #[test]
    fn what_an_earlier_version_did_not_say_is_no_change() {
        let here = tempfile::tempdir().unwrap();
        let folder = StudyFolder::create(here.path()).unwrap();
        fs::write(here.path().join(FILE), r#"[{ "margin": 1.0, "confidence": 0.95 }]"#).unwrap();
        assert_eq!(notes(&folder, &[""]), [None]);
        assert!(notes(&folder, &["widen = false"])[0].is_some());
    }
}
