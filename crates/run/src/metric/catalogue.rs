//! The metrics of each task, in the order in which its accumulator gives their values.

use slimgate_data::Task;

use super::alarms::{AlarmRule, alarms};
use super::{Direction, Metric, Range, Unit};
use crate::ConfigError;

const MACRO_F1: &str = "macro-F1";
/// What the name of a recall begins with, before its class.
const RECALL: &str = "recall of ";
const PINBALL: &str = "pinball loss";
const COVERAGE: &str = "coverage";

/// The place of the metric that choices are made by among those of a task. It is the first, but for labelling: what is
/// looked for in steps is often rare, and whoever never sees it has a high accuracy, but a low balanced one.
pub fn choice(task: Task) -> usize {
    match task {
        Task::Classification | Task::Regression | Task::Forecast => 0,
        Task::Labelling => 1,
    }
}

/// The names of the metrics of a task, with alarms by this rule, that choices can be made by: all but those that an answer
/// has a perfect value of without having learned anything, the recall of one class, false alarms, and the coverage.
pub fn choices(task: Task, rule: Option<AlarmRule>) -> Vec<String> {
    let of_alarms =
        |rule: AlarmRule| alarms(rule).into_iter().filter(move |metric| !metric.hides_the_other_error(rule));
    let all = match task {
        Task::Classification | Task::Labelling => {
            classes(&[], &[]).into_iter().chain(rule.into_iter().flat_map(of_alarms)).collect()
        }
        Task::Regression => regression(),
        Task::Forecast => forecast(0.0),
    };
    all.into_iter().map(|metric| metric.name).filter(|name| name != COVERAGE).collect()
}

/// Checks that choices can be made by the metric of a name.
///
/// # Errors
/// A metric that the task does not have, alarms by this rule included, or that is perfect without anything learned.
pub fn check_choice(name: &str, task: Task, rule: Option<AlarmRule>) -> Result<(), ConfigError> {
    let choices = choices(task, rule);
    if choices.iter().any(|choice| choice.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    let problem = match task {
        Task::Classification | Task::Labelling if name.to_lowercase().starts_with(RECALL) => {
            "which is perfect where every answer is that class"
        }
        Task::Classification | Task::Labelling if is_of_alarms(name) => match rule {
            None => "which there is only with `alarm.class`",
            Some(AlarmRule::Costs { .. }) => "which is perfect where every answer is an alarm, or none is",
            Some(AlarmRule::FalseAlarmRate(_)) => {
                "which is perfect where no answer is an alarm, or needs costs (`alarm.miss_cost`)"
            }
        },
        Task::Forecast if name.eq_ignore_ascii_case(COVERAGE) => {
            "which is perfect at the right width of an interval, whatever is forecast"
        }
        _ => "which the task does not have",
    };
    Err(ConfigError::Metric { metric: name.to_owned(), problem, choices: choices.join(", ") })
}

/// True of the name of a metric of alarms.
fn is_of_alarms(name: &str) -> bool {
    let all = alarms(AlarmRule::Costs { miss: 1.0, false_alarm: 1.0 });
    all.iter().any(|metric| metric.name.eq_ignore_ascii_case(name))
}

impl Metric {
    /// True of the macro-F1, which a guess of each class can raise above that of a constant answer.
    pub(crate) fn is_macro_f1(&self) -> bool {
        self.name == MACRO_F1
    }

    /// True of the recall of a class.
    pub(crate) fn is_recall_of(&self, class: &str) -> bool {
        self.name.strip_prefix(RECALL) == Some(class)
    }

    /// True of the share of truths inside the intervals of forecasts.
    pub(crate) fn is_coverage(&self) -> bool {
        self.name == COVERAGE
    }

    /// True if quantiles are measured, not the one number that is forecast.
    pub(crate) fn is_of_quantiles(&self) -> bool {
        [PINBALL, COVERAGE].contains(&self.name.as_str())
    }

    /// True if values are better the nearer they are to an aim, so that a difference of them is one of distances from it.
    pub fn has_aim(&self) -> bool {
        matches!(self.direction, Direction::Towards(_))
    }
}

/// The metrics of classification and of labelling: accuracy, balanced accuracy, macro-F1, and the recall of each class,
/// as [`ClassCounts::values`](super::ClassCounts::values) has them. `members` are the sequences of each class that are
/// scored; of labelling the steps that have a label.
///
/// # Panics
/// If there are not as many classes as counts of members.
pub fn classes(classes: &[String], members: &[u64]) -> Vec<Metric> {
    assert_eq!(classes.len(), members.len(), "each class has a count of members");
    // Of nothing there is no part.
    let part = |whole: u64| (whole > 0).then(|| 1.0 / whole as f64);
    let present = members.iter().filter(|count| **count > 0);
    let balanced = present.clone().max().and_then(|most| Some(part(*most)? / present.count() as f64));
    let recalls =
        classes.iter().zip(members).map(|(class, count)| share(format!("{RECALL}{class}"), part(*count)));
    let first = [
        Metric::accuracy(part(members.iter().sum())),
        share("balanced accuracy", balanced),
        share(MACRO_F1, None),
    ];
    first.into_iter().chain(recalls).collect()
}

/// The metrics of regression, one or several numbers a sequence: MAE, RMSE, R², as
/// [`NumberErrors::values`](super::NumberErrors::values) has them.
pub fn regression() -> Vec<Metric> {
    let r_squared = Metric {
        name: "R²".into(),
        unit: Unit::Ratio,
        direction: Direction::Higher,
        range: Range { least: None, most: Some(1.0) },
        resolution: None,
    };
    vec![error("MAE", Unit::Target), error("RMSE", Unit::Target), r_squared]
}

/// The metrics of forecasts with an interval that is to hold this share of the truths: MASE, MAE, RMSE, pinball loss,
/// coverage, as [`ForecastErrors::values`](super::ForecastErrors::values) has them.
pub fn forecast(interval: f64) -> Vec<Metric> {
    let coverage = Metric { direction: Direction::Towards(interval), ..share(COVERAGE, None) };
    vec![
        error("MASE", Unit::Ratio),
        error("MAE", Unit::Target),
        error("RMSE", Unit::Target),
        error(PINBALL, Unit::Target),
        coverage,
    ]
}

/// A share of which more is better.
pub(super) fn share(name: impl Into<String>, resolution: Option<f64>) -> Metric {
    let range = Range { least: Some(0.0), most: Some(1.0) };
    Metric { name: name.into(), unit: Unit::Share, direction: Direction::Higher, range, resolution }
}

/// An amount of which less is better, 0 at best.
pub(super) fn error(name: &str, unit: Unit) -> Metric {
    let range = Range { least: Some(0.0), most: None };
    Metric { name: name.into(), unit, direction: Direction::Lower, range, resolution: None }
}

#[cfg(test)]
mod tests {
    use super::super::{ClassCounts, ForecastErrors, NumberErrors, Quantiles};
    use super::*;

    #[test]
    fn there_is_a_value_for_each_metric() {
        let names = ["a", "b", "c"].map(str::to_owned);
        let counts = ClassCounts::new(3);
        assert_eq!(super::classes(&names, &counts.members()).len(), counts.values().len());
        assert_eq!(regression().len(), NumberErrors::new(&[0.0]).values().len());
        let errors = ForecastErrors::new(&[Some(1.0)], Quantiles::new(&[0.1, 0.5, 0.9]));
        assert_eq!(forecast(0.8).len(), errors.values().len());
    }

    #[test]
    fn choices_are_made_by_what_a_rare_class_cannot_hide_in() {
        let names = |metrics: Vec<Metric>, task| metrics[choice(task)].name.clone();
        let events = || classes(&["normal".into(), "event".into()], &[99, 1]);
        assert_eq!(names(events(), Task::Classification), "accuracy");
        assert_eq!(names(events(), Task::Labelling), "balanced accuracy");
        assert_eq!(names(regression(), Task::Regression), "MAE");
        assert_eq!(names(forecast(0.8), Task::Forecast), "MASE");
    }

    #[test]
    fn what_is_perfect_without_anything_learned_is_no_choice() {
        let refusal = |name, task| check_choice(name, task, None).unwrap_err().to_string();
        for task in [Task::Classification, Task::Labelling] {
            let recall = refusal("recall of event", task);
            assert!(
                recall.contains("`recall of event`, which is perfect where every answer is that class"),
                "{recall}"
            );
            assert!(recall.ends_with("it must be one of accuracy, balanced accuracy, macro-F1"), "{recall}");
        }
        let coverage = refusal("coverage", Task::Forecast);
        assert!(coverage.contains("whatever is forecast"), "{coverage}");
        assert!(coverage.ends_with("one of MASE, MAE, RMSE, pinball loss"), "{coverage}");
        assert!(refusal("coverage", Task::Regression).contains("which the task does not have"));
        for task in [Task::Classification, Task::Labelling, Task::Regression, Task::Forecast] {
            assert!(choices(task, None).iter().all(|name| check_choice(name, task, None).is_ok()));
        }
    }

    #[test]
    fn alarms_are_chosen_by_what_one_error_cannot_hide_in() {
        let (costs, rate) =
            (AlarmRule::Costs { miss: 9.0, false_alarm: 1.0 }, AlarmRule::FalseAlarmRate(0.1));
        let of = |rule| choices(Task::Labelling, Some(rule)).split_off(3);
        assert_eq!(of(costs), ["average precision", "cost"]);
        assert_eq!(of(rate), ["average precision", "missed alarms"]);
        let refusal = |name, rule| check_choice(name, Task::Classification, rule).unwrap_err().to_string();
        assert!(refusal("Cost", None).contains("only with `alarm.class`"));
        assert!(refusal("missed alarms", Some(costs)).contains("perfect where every answer is an alarm"));
        for name in ["false alarms", "cost"] {
            assert!(refusal(name, Some(rate)).contains("no answer is an alarm, or needs costs"));
        }
    }

    #[test]
    fn one_answer_changes_a_share_by_its_resolution() {
        let names = ["a", "b", "c"].map(str::to_owned);
        let counts = |right: u64| {
            let mut counts = ClassCounts::new(3);
            (0..10).for_each(|at| counts.add(0, usize::from(at >= right)));
            (0..4).for_each(|_| counts.add(1, 1));
            counts
        };
        let (before, after) = (counts(6), counts(7));
        let metrics = super::classes(&names, &before.members());
        for (name, at) in [("accuracy", 0), ("balanced accuracy", 1), ("recall of a", 3)] {
            assert_eq!(metrics[at].name, name);
            let change = after.values()[at].unwrap() - before.values()[at].unwrap();
            assert!((metrics[at].resolution.unwrap() - change).abs() < 1e-12, "{name}: {change}");
        }
        // Nobody is of class c.
        assert_eq!((metrics[5].resolution, before.values()[5]), (None, None));
    }
}
