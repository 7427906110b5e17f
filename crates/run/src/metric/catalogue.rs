//! The metrics of each task, in the order in which its accumulator gives their values.

use slimgate_data::Task;

use super::{Direction, Metric, Range, Unit};

/// The place of the metric that choices are made by among those of a task. It is the first, but for labelling: what is
/// looked for in steps is often rare, and whoever never sees it has a high accuracy, but a low balanced one.
pub fn choice(task: Task) -> usize {
    match task {
        Task::Classification | Task::Regression | Task::Forecast => 0,
        Task::Labelling => 1,
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
        classes.iter().zip(members).map(|(class, count)| share(format!("recall of {class}"), part(*count)));
    let first = [
        Metric::accuracy(part(members.iter().sum())),
        share("balanced accuracy", balanced),
        share("macro-F1", None),
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
    let coverage = Metric { direction: Direction::Towards(interval), ..share("coverage", None) };
    vec![
        error("MASE", Unit::Ratio),
        error("MAE", Unit::Target),
        error("RMSE", Unit::Target),
        error("pinball loss", Unit::Target),
        coverage,
    ]
}

/// A share of which more is better.
fn share(name: impl Into<String>, resolution: Option<f64>) -> Metric {
    let range = Range { least: Some(0.0), most: Some(1.0) };
    Metric { name: name.into(), unit: Unit::Share, direction: Direction::Higher, range, resolution }
}

/// An amount of which less is better, 0 at best.
fn error(name: &str, unit: Unit) -> Metric {
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
