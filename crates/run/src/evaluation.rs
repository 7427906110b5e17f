//! The evaluation of a run on the test set: `evaluation.json`.

use serde::{Deserialize, Serialize};

use crate::metric::{Metric, Score};

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
    /// The names of the classes; none where the answers are numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// How many answers of each class (rows) were predicted to be of each (columns).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confusion: Vec<Vec<usize>>,
    /// The scores of predictors that learn nothing, or little, on the same sequences, where the answers are not one class
    /// a sequence; the one that a model must beat to have learned anything first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// A hash of all weights: two models with the same one are the same, bit for bit.
    pub weights_sha256: String,
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
/// The trivial predictor of classes says of every sequence that it is of one class, the one of which the test set has
/// most: no constant answer is right more often, whatever the training set has most of. A model that does no better is of
/// no use.
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
    /// The trivial predictor on the same sequences. `None` for a test set without sequences.
    pub fn trivial(&self) -> Option<Reference> {
        if let Some(first) = self.references.first() {
            return Some(first.clone());
        }
        let members = |class: &usize| self.confusion[*class].iter().sum::<usize>();
        let all: usize = (0..self.confusion.len()).map(|class| members(&class)).sum();
        // The first among equals.
        let class = (0..self.confusion.len()).rev().max_by_key(members)?;
        let answer = self.classes.get(class).filter(|_| all > 0)?.clone();
        Some(Reference { answer, score: members(&class) as f64 / all as f64 })
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

    #[test]
    fn the_trivial_predictor_is_right_as_often_as_a_constant_answer_can_be() {
        let trivial = |confusion: [[usize; 3]; 3]| {
            let evaluation = Evaluation {
                epoch: 1,
                sequences: confusion.as_flattened().iter().sum(),
                loss: 0.5,
                score: Metric::accuracy(None).score(0.5),
                metrics: Vec::new(),
                references: Vec::new(),
                classes: ["a", "b", "c"].map(str::to_owned).to_vec(),
                confusion: confusion.map(|row| row.to_vec()).to_vec(),
                weights_sha256: String::new(),
            };
            evaluation.trivial().map(|trivial| (trivial.answer, trivial.score))
        };
        assert_eq!(trivial([[1, 0, 0], [2, 1, 0], [0, 0, 1]]), Some(("b".into(), 0.6)));
        assert_eq!(trivial([[1, 0, 0], [0, 0, 1], [0; 3]]), Some(("a".into(), 0.5)), "the first");
        assert_eq!(trivial([[0; 3]; 3]), None);
    }
}
