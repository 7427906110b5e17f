//! The equivalence margin as it is written: a number, or a part of the baseline's value.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use slimgate_run::metric::{Metric, Unit};

/// The difference from the baseline that does not matter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Margin {
    /// So much in the metric's unit; of a share, in percentage points.
    Amount(f64),
    /// So many percent of the baseline's value.
    Relative(f64),
}

impl Margin {
    /// The margin in the metric's unit, 0.01 of a share being a percentage point; of a relative one, the part.
    pub fn amount(self, metric: &Metric) -> f64 {
        match (self, metric.unit) {
            (Margin::Amount(amount), Unit::Target | Unit::Ratio) => amount,
            (Margin::Amount(number) | Margin::Relative(number), _) => number / 100.0,
        }
    }

    /// True if it is a part of the baseline's value.
    pub fn is_relative(self) -> bool {
        matches!(self, Margin::Relative(_))
    }

    /// The margin in the metric's unit beside this value of the baseline; nothing of a relative one where there is none.
    pub fn on(self, metric: &Metric, baseline: Option<f64>) -> Option<f64> {
        let amount = self.amount(metric);
        if self.is_relative() { baseline.map(|value| amount * value.abs()) } else { Some(amount) }
    }

    /// True of a number, or a percentage, above 0 and below 100.
    pub(super) fn is_usable(self) -> bool {
        let (Margin::Amount(number) | Margin::Relative(number)) = self;
        number > 0.0 && number < 100.0
    }
}

impl JsonSchema for Margin {
    fn schema_name() -> Cow<'static, str> {
        "Margin".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["number", "string"],
            "title": "above 0 and below 100, or a percentage such as \"2 %\"",
            "exclusiveMinimum": 0.0,
            "exclusiveMaximum": 100.0,
            "pattern": "^ *[0-9.]+ *% *$",
        })
    }
}

impl fmt::Display for Margin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Margin::Amount(number) => write!(f, "{number:?}"),
            Margin::Relative(percent) => write!(f, "{percent} %"),
        }
    }
}

impl Serialize for Margin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Margin::Amount(number) => serializer.serialize_f64(*number),
            Margin::Relative(_) => serializer.serialize_str(&self.to_string()),
        }
    }
}

impl<'de> Deserialize<'de> for Margin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Margin, D::Error> {
        struct NumberOrPercent;
        impl Visitor<'_> for NumberOrPercent {
            type Value = Margin;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a number, or a percentage such as \"2 %\"")
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Margin, E> {
                Ok(Margin::Amount(number))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Margin, E> {
                Ok(Margin::Amount(number as f64))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Margin, E> {
                Ok(Margin::Amount(number as f64))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Margin, E> {
                let percent = text.trim().strip_suffix('%').and_then(|number| number.trim().parse().ok());
                percent
                    .map(Margin::Relative)
                    .ok_or_else(|| E::custom(format!("`{text}` is no percentage such as `2 %`")))
            }
        }
        deserializer.deserialize_any(NumberOrPercent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StudyConfig;

    fn margin(written: &str) -> Result<Margin, String> {
        let config = StudyConfig::read("test", &format!("[compare]\nmargin = {written}"), &[]);
        config.map(|config| config.compare.margin).map_err(|error| error.to_string())
    }

    #[test]
    fn a_margin_is_a_number_or_a_percentage() {
        assert_eq!(margin("1.0"), Ok(Margin::Amount(1.0)));
        assert_eq!(margin("2"), Ok(Margin::Amount(2.0)));
        assert_eq!(margin("'2 %'"), Ok(Margin::Relative(2.0)));
        assert_eq!(margin("'2.5%'"), Ok(Margin::Relative(2.5)));
        for wrong in ["0", "100.0", "'0 %'", "'100 %'", "-1", "nan", "'2'", "'two %'", "true"] {
            assert!(margin(wrong).is_err_and(|message| message.contains("compare.margin")), "{wrong}");
        }
    }

    #[test]
    fn a_margin_reads_back_as_it_is_written() {
        for written in ["1.0", "'2 %'"] {
            let config = StudyConfig::read("test", &format!("[compare]\nmargin = {written}"), &[]).unwrap();
            let again = StudyConfig::read("again", &config.to_toml(), &[]).unwrap();
            assert_eq!(again.compare.margin, config.compare.margin);
        }
    }

    #[test]
    fn a_relative_margin_is_a_part_of_the_baseline() {
        let (accuracy, mase) = (Metric::accuracy(None), crate::made_up::mase());
        assert_eq!(Margin::Amount(1.0).on(&accuracy, None), Some(0.01));
        assert_eq!(Margin::Amount(0.02).on(&mase, Some(0.8)), Some(0.02));
        assert_eq!(Margin::Relative(2.0).on(&mase, Some(0.5)), Some(0.01));
        assert_eq!(Margin::Relative(2.0).on(&accuracy, Some(0.5)), Some(0.01));
        assert_eq!(Margin::Relative(2.0).on(&mase, None), None);
    }
}
