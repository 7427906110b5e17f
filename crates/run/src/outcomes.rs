//! The outcomes of single test sequences: `outcomes.csv`.

use std::path::Path;

use serde::{Deserialize, Serialize, Serializer};

use crate::RunError;

/// The part that each test sequence, of a forecast each window, has in a run's score, which is their mean: 1 or 0 for a
/// right or a wrong class, the scaled error of a forecast; see [`Tally::parts`](crate::metric::Tally::parts). Intervals for
/// new data are made of them: they tell how much a score depends on the sequences that happened to be there.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcomes(Vec<Outcome>);

/// The rounding of a part in the file, and more than that of sums.
const DIGITS_KEPT: f64 = 1e-7;

/// The outcome of one test sequence: a line of the file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The number of the group that it belongs to with others on which it depends: windows of one series that are near in
    /// time ([`Windows::blocks`](slimgate_data::Windows::blocks)). Each is one by itself without.
    #[serde(default)]
    pub group: Option<usize>,
    /// Its part in the score, in the file to eight digits.
    #[serde(serialize_with = "short")]
    pub value: f64,
}

impl Outcomes {
    /// Of sequences in the order of the test set.
    pub fn new(outcomes: Vec<Outcome>) -> Outcomes {
        Outcomes(outcomes)
    }

    /// The part of each sequence.
    pub fn values(&self) -> Vec<f64> {
        self.0.iter().map(|outcome| outcome.value).collect()
    }

    /// The group of each sequence; empty where each is by itself.
    pub fn groups(&self) -> Vec<usize> {
        let groups: Option<Vec<usize>> = self.0.iter().map(|outcome| outcome.group).collect();
        groups.unwrap_or_default()
    }

    /// Their mean; none of no sequence.
    pub fn mean(&self) -> Option<f64> {
        let sum: f64 = self.0.iter().map(|outcome| outcome.value).sum();
        (!self.0.is_empty()).then(|| sum / self.0.len() as f64)
    }

    pub(crate) fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for outcome in &self.0 {
            writer.serialize(outcome).expect("memory takes every line");
        }
        writer.into_inner().expect("memory takes every line")
    }

    /// From the text of the file at `path`, held to the score that they are the parts of.
    pub(crate) fn from_csv(path: &Path, text: &str, score: f64) -> Result<Outcomes, RunError> {
        let damaged = |problem: String| RunError::damaged(path, problem);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let outcomes: Result<Vec<Outcome>, csv::Error> = reader.deserialize().collect();
        let outcomes = Outcomes(outcomes.map_err(|problem| damaged(problem.to_string()))?);
        // Of parts that nearly cancel each other, the mean has fewer digits than they have.
        let size: f64 = outcomes.0.iter().map(|outcome| outcome.value.abs()).sum();
        let rounding = DIGITS_KEPT * size / outcomes.0.len().max(1) as f64;
        match outcomes.mean() {
            Some(mean) if (mean - score).abs() <= rounding => Ok(outcomes),
            _ => Err(damaged(format!("its values do not have the mean {score} of evaluation.json"))),
        }
    }
}

/// A number to eight digits: as many as single precision has, in which models compute.
pub(crate) fn rounded(number: f64) -> f64 {
    format!("{number:.7e}").parse().expect("what is written as a number is one")
}

fn short<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(rounded(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, score: f64) -> Result<Outcomes, String> {
        Outcomes::from_csv(Path::new("run/outcomes.csv"), text, score).map_err(|error| error.to_string())
    }

    #[test]
    fn outcomes_survive_being_written() {
        for group in [None, Some(7)] {
            let outcomes = Outcomes::new(vec![Outcome { group, value: 1.0 }, Outcome { group, value: 0.25 }]);
            let text = String::from_utf8(outcomes.to_csv()).unwrap();
            assert_eq!(read(&text, 0.625).unwrap(), outcomes, "{text}");
            assert_eq!(outcomes.groups().len(), if group.is_some() { 2 } else { 0 });
        }
    }

    #[test]
    fn eight_digits_are_kept() {
        let third = |group| Outcome { group: Some(group), value: (group + 1) as f64 / 3e6 };
        let text = String::from_utf8(Outcomes::new((0..2).map(third).collect()).to_csv()).unwrap();
        assert_eq!(text, "group,value\n0,3.3333333e-7\n1,6.6666667e-7\n");
        assert_eq!(read(&text, 0.5e-6).unwrap().groups(), [0, 1]);
        read(&text, 0.6e-6).unwrap_err();
    }

    #[test]
    fn outcomes_of_another_evaluation_are_refused() {
        let message = read("group,value\n,1.0\n,0.0\n", 0.75).unwrap_err();
        assert!(message.contains("run/outcomes.csv") && message.contains("0.75"), "{message}");
        for text in ["", "group,value\n", "group,value\n,right\n", "value\n1,2\n"] {
            read(text, 1.0).unwrap_err();
        }
    }
}
