//! The value of a metric under its name, as files hold it.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The value of the metric that choices are made by. In a file it is a key of its own, such as `"accuracy": 0.97`.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The metric's name.
    pub metric: String,
    /// Its value.
    pub value: f64,
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(&self.metric, &self.value)?;
        map.end()
    }
}

/// Meant to be flattened: what else its object holds, others have taken.
impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Score, D::Error> {
        struct OneEntry;
        impl<'de> Visitor<'de> for OneEntry {
            type Value = Score;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("the value of one metric under its name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Score, A::Error> {
                let none = || A::Error::custom("no value of a metric, such as `accuracy`");
                let (metric, value) = map.next_entry()?.ok_or_else(none)?;
                match map.next_key::<String>()? {
                    None => Ok(Score { metric, value }),
                    Some(other) => Err(A::Error::custom(format!("`{other}` beside the metric `{metric}`"))),
                }
            }
        }
        deserializer.deserialize_map(OneEntry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Line {
        epoch: usize,
        #[serde(flatten)]
        score: Score,
        seconds: f64,
    }

    #[test]
    fn a_score_is_a_key_among_others() {
        let text = r#"{"epoch":3,"MASE":0.25,"seconds":1.5}"#;
        let line: Line = serde_json::from_str(text).unwrap();
        assert_eq!(line.score, Score { metric: "MASE".into(), value: 0.25 });
        assert_eq!(serde_json::to_string(&line).unwrap(), text);
    }

    #[test]
    fn no_score_and_two_scores_are_errors_that_say_so() {
        let refusal = |text| serde_json::from_str::<Line>(text).unwrap_err().to_string();
        assert!(refusal(r#"{"epoch":3,"seconds":1.5}"#).contains("no value of a metric"));
        assert!(refusal(r#"{"epoch":3,"seconds":1.5,"MAE":1,"MASE":2}"#).contains("beside the metric"));
    }
}
