//! The answers of a run as alarms, on the validation and on the test set: `alarms.csv`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::metric::{AlarmScores, Scored};
use crate::{AlarmEvaluation, RunError};

/// The answers of a run by the probability of the alarm class: those that the threshold was chosen on, and those that it is
/// tested on. Whatever another threshold comes to follows from them, on each sequence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlarmAnswers {
    /// On the validation set, in its order.
    pub validation: Vec<AlarmAnswer>,
    /// On the test set, in its order.
    pub test: Vec<AlarmAnswer>,
}

/// The answer to a sequence, or to a labelled step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlarmAnswer {
    /// The sequence among those of its set, from 0.
    pub sequence: usize,
    /// The step of the sequence, from 0, where there is an answer a step.
    pub step: Option<usize>,
    /// Its score, and whether it should be an alarm.
    pub scored: Scored,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    set: Set,
    /// From 1, as people count; so are steps.
    sequence: usize,
    step: Option<usize>,
    alarm: u8,
    probability: f32,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Set {
    Validation,
    Test,
}

impl AlarmAnswers {
    /// The scores of one set, all together.
    pub fn scores(answers: &[AlarmAnswer]) -> AlarmScores {
        AlarmScores::new(answers.iter().map(|answer| answer.scored).collect())
    }

    /// The scores of each of so many sequences of one set; none of a sequence without a label.
    ///
    /// # Panics
    /// If an answer is to a sequence beyond them.
    pub fn by_sequence(answers: &[AlarmAnswer], sequences: usize) -> Vec<AlarmScores> {
        let mut scores = vec![AlarmScores::default(); sequences];
        answers.iter().for_each(|answer| scores[answer.sequence].add(answer.scored));
        scores
    }

    pub(crate) fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for (set, answers) in [(Set::Validation, &self.validation), (Set::Test, &self.test)] {
            for AlarmAnswer { sequence, step, scored } in answers {
                let line = Line {
                    set,
                    sequence: sequence + 1,
                    step: step.map(|step| step + 1),
                    alarm: scored.is_alarm.into(),
                    probability: scored.score,
                };
                writer.serialize(line).expect("memory takes every line");
            }
        }
        writer.into_inner().expect("memory takes every line")
    }

    /// From the text of the file at `path`, held to the evaluation on so many sequences that they belong to.
    pub(crate) fn from_csv(
        path: &Path,
        text: &str,
        (alarm, sequences): (&AlarmEvaluation, usize),
    ) -> Result<AlarmAnswers, RunError> {
        let mut answers = AlarmAnswers::default();
        for line in csv::Reader::from_reader(text.as_bytes()).deserialize() {
            let line: Line = line.map_err(|problem| RunError::damaged(path, problem.to_string()))?;
            let from_0 = |number: usize| {
                number
                    .checked_sub(1)
                    .ok_or_else(|| RunError::damaged(path, "sequences and steps count from 1"))
            };
            let answer = AlarmAnswer {
                sequence: from_0(line.sequence)?,
                step: line.step.map(from_0).transpose()?,
                scored: Scored { score: line.probability, is_alarm: line.alarm == 1 },
            };
            match line.set {
                Set::Validation => answers.validation.push(answer),
                Set::Test => answers.test.push(answer),
            }
        }
        let counts = AlarmAnswers::scores(&answers.test).counts(alarm.threshold);
        let within = answers.test.iter().all(|answer| answer.sequence < sequences);
        match counts == alarm.counts && within {
            true => Ok(answers),
            false => Err(RunError::damaged(path, "its answers are not those of evaluation.json")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{AlarmRule, Threshold};

    fn answers() -> AlarmAnswers {
        let answer = |sequence, step, score, is_alarm| AlarmAnswer {
            sequence,
            step,
            scored: Scored { score, is_alarm },
        };
        AlarmAnswers {
            validation: vec![answer(0, None, 0.25, true)],
            test: vec![
                answer(0, Some(0), 0.1, false),
                answer(0, Some(2), 0.75, true),
                answer(2, Some(1), 0.8, false),
            ],
        }
    }

    fn evaluation() -> AlarmEvaluation {
        let threshold = Threshold::between(0.6, 0.4);
        let counts = AlarmAnswers::scores(&answers().test).counts(threshold);
        AlarmEvaluation { class: "event".into(), rule: AlarmRule::FalseAlarmRate(0.1), threshold, counts }
    }

    fn read(text: &str, sequences: usize) -> Result<AlarmAnswers, String> {
        AlarmAnswers::from_csv(Path::new("run/alarms.csv"), text, (&evaluation(), sequences))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn answers_survive_being_written() {
        let text = String::from_utf8(answers().to_csv()).unwrap();
        assert!(
            text.starts_with("set,sequence,step,alarm,probability\nvalidation,1,,1,0.25\ntest,1,1,0,0.1\n"),
            "{text}"
        );
        assert_eq!(read(&text, 3).unwrap(), answers());
        let by_sequence = AlarmAnswers::by_sequence(&answers().test, 3);
        assert_eq!(by_sequence.iter().map(AlarmScores::len).collect::<Vec<_>>(), [2, 0, 1]);
    }

    #[test]
    fn answers_of_another_evaluation_are_refused() {
        let text = String::from_utf8(answers().to_csv()).unwrap();
        for (text, sequences) in [
            (text.replace("0.75", "0.25"), 3),
            (text.clone(), 2),
            (text.replace("test,1,1", "test,0,1"), 3),
            (text.replace("validation", "training"), 3),
            (String::new(), 3),
        ] {
            let message = read(&text, sequences).unwrap_err();
            assert!(message.contains("run/alarms.csv"), "{message}");
        }
    }
}
