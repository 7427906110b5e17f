//! The score from which on there is an alarm.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The word for a threshold that no score reaches.
const NEVER: &str = "never";

/// The least probability of the alarm class that raises an alarm. In a file it is a number, or `never`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold(f32);

impl Threshold {
    /// There is always an alarm.
    pub const ALWAYS: Threshold = Threshold(0.0);
    /// There is never one.
    pub const NEVER: Threshold = Threshold(f32::INFINITY);

    /// The threshold half-way between two scores: the upper raises an alarm, the lower does not.
    pub fn between(upper: f32, lower: f32) -> Threshold {
        let middle = (upper / 2.0) + (lower / 2.0);
        // Between neighbours there is nothing.
        Threshold(if middle > lower { middle } else { upper })
    }

    /// The threshold as a number; infinite if there is never an alarm.
    pub fn value(self) -> f64 {
        f64::from(self.0)
    }

    /// The threshold of such a number; none of NaN.
    pub fn from_value(value: f64) -> Option<Threshold> {
        (!value.is_nan()).then_some(Threshold(value as f32))
    }

    /// True if a score raises an alarm.
    pub fn raises(self, score: f32) -> bool {
        score >= self.0
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.is_finite() {
            // As many digits as tell it from the scores around it.
            true => write!(f, "{}", self.0),
            false => f.write_str(NEVER),
        }
    }
}

impl Serialize for Threshold {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() { serializer.serialize_f32(self.0) } else { serializer.serialize_str(NEVER) }
    }
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Threshold, D::Error> {
        struct NumberOrNever;
        impl Visitor<'_> for NumberOrNever {
            type Value = Threshold;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                write!(f, "a probability, or `{NEVER}`")
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Threshold, E> {
                Ok(Threshold(number as f32))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Threshold, E> {
                Ok(Threshold(number as f32))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Threshold, E> {
                Ok(Threshold(number as f32))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Threshold, E> {
                match text {
                    NEVER => Ok(Threshold::NEVER),
                    _ => Err(E::custom(format!("`{text}` is no probability, nor `{NEVER}`"))),
                }
            }
        }
        deserializer.deserialize_any(NumberOrNever)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_of_two_scores_raises_an_alarm_and_the_lower_does_not() {
        let next = f32::from_bits(0.3f32.to_bits() + 1);
        for (upper, lower) in [(0.75, 0.25), (next, 0.3), (1.0, f32::MIN_POSITIVE), (f32::MIN_POSITIVE, 0.0)]
        {
            let threshold = Threshold::between(upper, lower);
            assert!(threshold.raises(upper) && !threshold.raises(lower), "{upper} {lower} {threshold}");
        }
        assert_eq!(Threshold::between(0.75, 0.25), Threshold(0.5));
        assert!(Threshold::ALWAYS.raises(0.0) && !Threshold::NEVER.raises(1.0));
    }

    #[test]
    fn a_threshold_survives_being_written() {
        for (threshold, text) in
            [(Threshold(0.1), "0.1"), (Threshold::NEVER, "\"never\""), (Threshold::ALWAYS, "0.0")]
        {
            assert_eq!(serde_json::to_string(&threshold).unwrap(), text);
            assert_eq!(serde_json::from_str::<Threshold>(text).unwrap(), threshold);
            assert_eq!(Threshold::from_value(threshold.value()), Some(threshold));
        }
        assert_eq!(serde_json::from_str::<Threshold>("1").unwrap(), Threshold(1.0));
        let refusal = serde_json::from_str::<Threshold>("\"always\"").unwrap_err().to_string();
        assert!(refusal.contains("`always` is no probability, nor `never`"), "{refusal}");
    }
}
