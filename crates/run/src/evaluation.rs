//! The evaluation of a run on the test set: `evaluation.json`.

use serde::{Deserialize, Serialize};

use crate::metric::{AlarmCounts, AlarmRule, Metric, Score, Threshold};
use crate::references::{FITTED, of_alarms, of_members};

/// How a saved run does on the test set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The epoch whose weights were used.
    pub epoch: usize,
    /// Sequences of the test set.
    pub sequences: usize,
    /// The mean loss: for classes, the cross-entropy in nats.
    pub loss: f64,
    /// The metric that choices are made by.
    #[serde(flatten)]
    pub score: Score,
    /// All metrics of the task. None in files of version 0.1.0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<MetricValue>,
    /// The coverage that the intervals of its forecasts would have had before they were calibrated; none where they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage_before_calibration: Option<f64>,
    /// The names of the classes; none where the answers are numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// How many answers of each class (rows) were predicted to be of each (columns).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confusion: Vec<Vec<usize>>,
    /// The scores of predictors that learn nothing, or little, on the same sequences, where the answers are not one class
    /// a sequence; see [`trivial`](Self::trivial) for the one that a model must beat to have learned anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// The alarms at the threshold of its epoch, where a class is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<AlarmEvaluation>,
    /// A hash of all weights: two models with the same one are the same, bit for bit.
    pub weights_sha256: String,
}

/// Alarms on the test set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmEvaluation {
    /// The class that is an alarm.
    pub class: String,
    /// The rule by which the threshold was chosen on the validation set.
    pub rule: AlarmRule,
    /// The least probability of the class that raises an alarm.
    pub threshold: Threshold,
    /// The counts of sequences, or of labelled steps.
    #[serde(flatten)]
    pub counts: AlarmCounts,
}

/// A metric with its value, which some answers leave open, such as the recall of a class without a member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricValue {
    /// The metric.
    #[serde(flatten)]
    pub metric: Metric,
    /// Its value.
    pub value: Option<f64>,
}

/// A predictor to compare models with, and its score on the test set.
///
/// A trivial one has learned nothing: it answers everything with the same class or number, guesses, or repeats what was. A
/// model that does no better than the best of them is of no use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Its answer in a word or two: the class, or the rule, such as `seasonal naive`.
    #[serde(alias = "class")]
    pub answer: String,
    /// Its score.
    #[serde(alias = "accuracy")]
    pub score: f64,
}

impl Evaluation {
    /// The trivial predictor on the same sequences: of those that learn nothing the best in the metric of the score.
    /// `None` where none is known, as for a metric that has an aim, and for a test set without sequences.
    ///
    /// Where answers are classes, it follows from their counts; where they are numbers, it is the best reference that is
    /// not fitted.
    pub fn trivial(&self) -> Option<Reference> {
        self.learning_nothing().into_iter().next()
    }

    /// The trivial predictor, where one is known, and after it the further references, the best of those that learn
    /// nothing first.
    pub fn predictors(&self) -> Vec<Reference> {
        let mut predictors = self.learning_nothing();
        let is_further = |other: &&Reference| {
            let is_named = |known: &Reference| known.answer == other.answer;
            !predictors.iter().any(is_named) && !self.classes.contains(&other.answer)
        };
        let further: Vec<Reference> = self.references.iter().filter(is_further).cloned().collect();
        predictors.extend(further);
        predictors
    }

    /// The predictors that learn nothing, the best first.
    fn learning_nothing(&self) -> Vec<Reference> {
        let metric = self.metric();
        if metric.has_aim() {
            return Vec::new();
        }
        if metric.is_of_alarms() {
            let alarm = self.alarm.as_ref();
            return alarm.map_or_else(Vec::new, |alarm| of_alarms(&alarm.counts, alarm.rule, &metric));
        }
        if !self.classes.is_empty() {
            let members = self.confusion.iter().map(|row| row.iter().map(|count| *count as u64).sum());
            return of_members(&self.classes, &members.collect::<Vec<u64>>(), &metric);
        }
        let rules = self.references.iter().filter(|reference| !FITTED.contains(&reference.answer.as_str()));
        let mut rules: Vec<Reference> = rules.cloned().collect();
        rules.sort_by(|one, other| metric.merit(other.score).total_cmp(&metric.merit(one.score)));
        rules
    }

    /// The share of truths inside the intervals of its forecasts, with its metric, whose aim is the share that is to be.
    /// None where no interval is forecast.
    pub fn coverage(&self) -> Option<(&Metric, f64)> {
        let found = self.metrics.iter().find(|named| named.metric.is_coverage())?;
        Some((&found.metric, found.value?))
    }

    /// The metric of the score.
    pub fn metric(&self) -> Metric {
        let named = self.metrics.iter().find(|named| named.metric.name == self.score.metric);
        let metric = named.map(|named| named.metric.clone());
        metric.unwrap_or_else(|| Metric::accuracy((self.sequences > 0).then(|| 1.0 / self.sequences as f64)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{alarms, classes, forecast, regression};

    const LINEAR_MODEL: &str = "linear model";

    /// Of three classes, by their counts.
    fn of_classes(metric: &str, confusion: [[usize; 3]; 3]) -> Evaluation {
        let names = ["a", "b", "c"].map(str::to_owned);
        let members = confusion.map(|row| row.iter().sum::<usize>() as u64);
        let metrics = classes(&names, &members);
        Evaluation {
            epoch: 1,
            sequences: confusion.as_flattened().iter().sum(),
            loss: 0.5,
            score: Score { metric: metric.to_owned(), value: 0.5 },
            metrics: metrics.into_iter().map(|metric| MetricValue { metric, value: None }).collect(),
            references: Vec::new(),
            coverage_before_calibration: None,
            classes: names.to_vec(),
            confusion: confusion.map(|row| row.to_vec()).to_vec(),
            alarm: None,
            weights_sha256: String::new(),
        }
    }

    /// Of forecasts, with these references.
    fn of_numbers(metric: Metric, references: &[(&str, f64)]) -> Evaluation {
        let reference = |(answer, score): &(&str, f64)| Reference { answer: (*answer).into(), score: *score };
        Evaluation {
            score: metric.score(0.9),
            metrics: vec![MetricValue { metric, value: Some(0.9) }],
            references: references.iter().map(reference).collect(),
            classes: Vec::new(),
            confusion: Vec::new(),
            ..of_classes("accuracy", [[0; 3]; 3])
        }
    }

    fn named(evaluation: &Evaluation) -> Option<(String, f64)> {
        evaluation.trivial().map(|trivial| (trivial.answer, trivial.score))
    }

    #[test]
    fn the_trivial_predictor_is_right_as_often_as_a_constant_answer_can_be() {
        let trivial = |confusion| {
            let evaluation = of_classes("accuracy", confusion);
            // Files of version 0.1.0 name no metrics.
            let earlier = Evaluation { metrics: Vec::new(), ..evaluation.clone() };
            assert_eq!(earlier.trivial(), evaluation.trivial());
            named(&evaluation)
        };
        assert_eq!(trivial([[1, 0, 0], [2, 1, 0], [0, 0, 1]]), Some(("b".into(), 0.6)));
        assert_eq!(trivial([[1, 0, 0], [0, 0, 1], [0; 3]]), Some(("a".into(), 0.5)), "the first");
        assert_eq!(trivial([[0; 3]; 3]), None);
    }

    #[test]
    fn of_classes_it_is_the_best_in_the_metric_of_the_score() {
        let counts = [[1, 0, 0], [2, 1, 0], [0, 0, 1]];
        assert_eq!(named(&of_classes("balanced accuracy", counts)), Some(("b".into(), 1.0 / 3.0)));
        let f1 = of_classes("macro-F1", counts);
        assert_eq!(named(&f1), Some(("guessing by frequency".into(), 1.0 / 3.0)));
        assert_eq!(named(&of_classes("recall of c", counts)), Some(("c".into(), 1.0)));
        // As labelled steps had them: the class that training had most of, and a model.
        let reference = |answer: &str| Reference { answer: answer.into(), score: 0.25 };
        let labelled = Evaluation { references: vec![reference("a"), reference(LINEAR_MODEL)], ..f1 };
        let names: Vec<String> = labelled.predictors().into_iter().map(|one| one.answer).collect();
        assert_eq!(names, ["guessing by frequency", "b", LINEAR_MODEL]);
    }

    #[test]
    fn of_alarms_it_is_what_no_score_tells_apart() {
        let counts = AlarmCounts { alarms: 5, missed: 1, others: 95, false_alarms: 2 };
        let with = |name: &str, rule| {
            let metric = alarms(rule).into_iter().find(|one| one.name == name).unwrap();
            let alarm = AlarmEvaluation { class: "c".into(), rule, threshold: Threshold::ALWAYS, counts };
            Evaluation {
                score: metric.score(0.5),
                metrics: vec![MetricValue { metric, value: Some(0.5) }],
                alarm: Some(alarm),
                ..of_classes("accuracy", [[0; 3]; 3])
            }
        };
        let costs = |miss| AlarmRule::Costs { miss, false_alarm: 1.0 };
        let trivial = |name: &str, rule| named(&with(name, rule));
        let of = |answer: &str, score| Some((answer.to_owned(), score));
        assert_eq!(trivial("average precision", costs(9.0)), of("one score for all", 0.05));
        assert_eq!(trivial("cost", costs(10.0)), of("never an alarm", 0.5));
        assert_eq!(trivial("cost", costs(100.0)), of("always an alarm", 0.95));
        assert_eq!(trivial("missed alarms", AlarmRule::FalseAlarmRate(0.1)), of("alarms at random", 0.9));
        let written = with("cost", costs(10.0));
        let text = serde_json::to_string(&written).unwrap();
        assert!(text.contains(r#""threshold":0.0,"alarms":5,"missed":1"#), "{text}");
        assert_eq!(serde_json::from_str::<Evaluation>(&text).unwrap(), written);
    }

    #[test]
    fn of_numbers_it_is_the_best_that_is_no_model_wherever_it_stands() {
        let all = [("seasonal naive", 0.967), ("naive", 0.762), ("drift", 0.78), (LINEAR_MODEL, 0.6)];
        let [mase, .., coverage] = &forecast(0.8)[..] else { panic!("a forecast has several metrics") };
        let hourly = of_numbers(mase.clone(), &all);
        assert_eq!(named(&hourly), Some(("naive".into(), 0.762)));
        let names: Vec<String> = hourly.predictors().into_iter().map(|one| one.answer).collect();
        assert_eq!(names, ["naive", "drift", "seasonal naive", LINEAR_MODEL]);
        // What was fitted is no trivial predictor, however good it is.
        let smoothed = of_numbers(mase.clone(), &[("seasonal smoothing", 0.5), ("naive", 0.762)]);
        assert_eq!(named(&smoothed), Some(("naive".into(), 0.762)));
        let r_squared = of_numbers(regression().remove(2), &[("median", -0.1), ("mean", -0.001)]);
        assert_eq!(named(&r_squared), Some(("mean".into(), -0.001)));
        assert_eq!(named(&of_numbers(coverage.clone(), &all)), None, "nobody knows what nothing comes to");
        assert_eq!(named(&of_numbers(mase.clone(), &[(LINEAR_MODEL, 0.6)])), None);
    }
}
