//! A backtest with refit: the test data by parts of time, each tested on after training on all that comes before it.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::examples::{Example, Raw};

/// A part of the test data among as many equal ones in time, written such as `2/4`. All data before it is trained on,
/// test data included, and data after it is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Backtest {
    /// From 1, the first in time.
    part: usize,
    of: usize,
}

/// A text that is no part of the test data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a part of the test data is written such as \"2/4\", the second of four")]
pub struct NoPart;

/// A backtest that the data cannot be divided for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BacktestError {
    /// Nothing says that test data follows on training data.
    #[error(
        "`data.backtest` trains on what comes before a part of the test data, and nothing says that the test data of \
         {dataset:?} follows on its training data: give all of it in one file, which is divided in time"
    )]
    Pair {
        /// The data set.
        dataset: String,
    },
}

impl FromStr for Backtest {
    type Err = NoPart;

    fn from_str(text: &str) -> Result<Backtest, NoPart> {
        let (part, of) = text.split_once('/').ok_or(NoPart)?;
        match (part.trim().parse(), of.trim().parse()) {
            (Ok(part), Ok(of)) if 1 <= part && part <= of => Ok(Backtest { part, of }),
            _ => Err(NoPart),
        }
    }
}

impl TryFrom<String> for Backtest {
    type Error = NoPart;

    fn try_from(text: String) -> Result<Backtest, NoPart> {
        text.parse()
    }
}

impl From<Backtest> for String {
    fn from(Backtest { part, of }: Backtest) -> String {
        format!("{part}/{of}")
    }
}

impl Backtest {
    /// Moves what comes before the part from the test data of a series to its training data, and drops what comes after
    /// it. Both are shaped `[steps, channels]`.
    pub(crate) fn divide(self, train: &mut Example, test: &mut Example, channels: usize) {
        let (Raw::Values(before), Raw::Values(values)) = (&mut train.raw, &mut test.raw) else {
            unreachable!("a series is of numbers")
        };
        let steps = values.len() / channels;
        let [from, to] = [self.part - 1, self.part].map(|parts| {
            // No product of counts overflows.
            (steps as u128 * parts as u128 / self.of as u128) as usize * channels
        });
        values.truncate(to);
        let tested = values.split_off(from);
        before.append(values);
        *values = tested;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::Answer;

    #[test]
    fn a_part_is_written_as_it_is_read() {
        for text in ["1/1", "2/4", "4/4"] {
            assert_eq!(String::from(text.parse::<Backtest>().unwrap()), text);
        }
        for text in ["", "2", "0/4", "5/4", "1/0", "-1/4", "a/b", "1/4/2"] {
            assert_eq!(text.parse::<Backtest>(), Err(NoPart), "{text}");
        }
    }

    #[test]
    fn parts_follow_one_another_and_make_up_the_test_data() {
        let series = |steps: std::ops::Range<usize>| Example {
            raw: Raw::Values(steps.flat_map(|step| [step as f64, -(step as f64)]).collect()),
            answer: Answer::Following,
            group: None,
        };
        let steps = |example: &Example| -> Vec<usize> {
            example.raw.values().unwrap().chunks(2).map(|step| step[0] as usize).collect()
        };
        let mut tested = Vec::new();
        for part in 1..=3 {
            let (mut train, mut test) = (series(0..10), series(10..20));
            Backtest { part, of: 3 }.divide(&mut train, &mut test, 2);
            let (train, test) = (steps(&train), steps(&test));
            assert_eq!(train, (0..test[0]).collect::<Vec<_>>(), "all that comes before");
            tested.extend(test);
        }
        assert_eq!(tested, (10..20).collect::<Vec<_>>());
    }
}
