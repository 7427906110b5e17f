//! The evaluation of a run on the test set: `evaluation.json`.

use serde::{Deserialize, Serialize};

/// The results of a saved run on the test set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The epoch whose weights were used.
    pub epoch: usize,
    /// Sequences of the test set.
    pub sequences: usize,
    /// The mean cross-entropy, in nats.
    pub loss: f64,
    /// The share of sequences classified correctly.
    pub accuracy: f64,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// Sequences by class (rows) and predicted class (columns).
    pub confusion: Vec<Vec<usize>>,
    /// A hash of all weights: two models with the same one are the same, bit for bit.
    pub weights_sha256: String,
}

/// The predictor that says of every sequence that it is of one class, the one of which the test set has most: no constant
/// answer is right more often, whatever the training set has most of. A model that does no better is of no use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrivialPredictor {
    /// That class.
    pub class: String,
    /// The share of sequences that are of this class.
    pub accuracy: f64,
}

impl Evaluation {
    /// The trivial predictor on the same sequences. `None` for a test set without sequences.
    pub fn trivial(&self) -> Option<TrivialPredictor> {
        let sequences = |class: &usize| self.confusion[*class].iter().sum::<usize>();
        // The first among equals.
        let class = (0..self.confusion.len()).rev().max_by_key(sequences)?;
        let accuracy = sequences(&class) as f64 / self.sequences as f64;
        let class = self.classes.get(class).filter(|_| accuracy.is_finite())?.clone();
        Some(TrivialPredictor { class, accuracy })
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
                accuracy: 0.5,
                classes: ["a", "b", "c"].map(str::to_owned).to_vec(),
                confusion: confusion.map(|row| row.to_vec()).to_vec(),
                weights_sha256: String::new(),
            };
            evaluation.trivial().map(|trivial| (trivial.class, trivial.accuracy))
        };
        assert_eq!(trivial([[1, 0, 0], [2, 1, 0], [0, 0, 1]]), Some(("b".into(), 0.6)));
        assert_eq!(trivial([[1, 0, 0], [0, 0, 1], [0; 3]]), Some(("a".into(), 0.5)), "the first");
        assert_eq!(trivial([[0; 3]; 3]), None);
    }
}
