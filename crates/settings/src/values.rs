//! The values that a setting takes.

use std::fmt;
use std::ops::{Bound, RangeBounds};

use toml::Value;

/// The values that a setting takes.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    /// One of a few names.
    Choice(Vec<String>),
    /// Whole numbers.
    Whole(Bound<i64>, Bound<i64>),
    /// Finite numbers.
    Number(Bound<f64>, Bound<f64>),
    /// Yes or no.
    Flag,
    /// Any text.
    Text,
    /// Lists of names.
    Names,
    /// Lists and tables, which are checked as they are read.
    Other,
}

impl Values {
    /// The values that a schema allows.
    pub fn of(schema: &serde_json::Value) -> Values {
        let bound = |inclusive: &str, exclusive: &str| match (schema.get(inclusive), schema.get(exclusive)) {
            (_, Some(limit)) => Bound::Excluded(limit.clone()),
            (Some(limit), None) => Bound::Included(limit.clone()),
            (None, None) => Bound::Unbounded,
        };
        let (least, most) = (bound("minimum", "exclusiveMinimum"), bound("maximum", "exclusiveMaximum"));
        let whole = |limit: serde_json::Value| limit.as_i64().expect("a whole number has whole bounds");
        let number = |limit: serde_json::Value| limit.as_f64().expect("bounds are numbers");
        if let Some(forms) = schema["oneOf"].as_array()
            && let Some(names) = forms.iter().map(|form| form["const"].as_str().map(str::to_owned)).collect()
        {
            return Values::Choice(names);
        }
        match schema["type"].as_str() {
            Some("integer") => Values::Whole(least.map(whole), most.map(whole)),
            Some("number") => Values::Number(least.map(number), most.map(number)),
            Some("boolean") => Values::Flag,
            Some("string") => Values::Text,
            Some("array") if schema["items"]["type"] == "string" => Values::Names,
            _ => Values::Other,
        }
    }

    /// True if a value is one of them.
    pub fn contains(&self, value: &Value) -> bool {
        match self {
            Values::Choice(names) => {
                value.as_str().is_some_and(|value| names.iter().any(|name| name == value))
            }
            Values::Whole(least, most) => {
                value.as_integer().is_some_and(|number| (*least, *most).contains(&number))
            }
            Values::Number(least, most) => {
                let number = value.as_float().or(value.as_integer().map(|number| number as f64));
                number.is_some_and(|number| number.is_finite() && (*least, *most).contains(&number))
            }
            Values::Flag => value.is_bool(),
            Values::Text => value.is_str(),
            Values::Names => value.as_array().is_some_and(|names| names.iter().all(Value::is_str)),
            Values::Other => true,
        }
    }
}

/// As they stand after "must be".
impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Values::Choice(names) => f.write_str(&names.join(", ")),
            Values::Whole(least, most) => {
                f.write_str("a whole number")?;
                match (least, most) {
                    (Bound::Included(least), Bound::Included(most)) => write!(f, " from {least} to {most}"),
                    (least, most) => write!(f, "{}{}", lower(" from", " above", least), upper(most)),
                }
            }
            Values::Number(least, most) => write_number(f, finite(*least), finite(*most)),
            Values::Flag => f.write_str("`true` or `false`"),
            Values::Text => f.write_str("text"),
            Values::Names => f.write_str("a list of names, such as [\"pressure\"]"),
            Values::Other => f.write_str("a list or a table"),
        }
    }
}

fn write_number(f: &mut fmt::Formatter<'_>, least: Bound<f64>, most: Bound<f64>) -> fmt::Result {
    match (least, most) {
        (Bound::Unbounded, Bound::Unbounded) => f.write_str("a finite number"),
        (Bound::Included(least), Bound::Included(most)) => write!(f, "from {least} to {most}"),
        (least, Bound::Unbounded) => write!(f, "a number{}", lower(" from", " above", &least)),
        (Bound::Unbounded, most) => write!(f, "a number{}", upper(&most)),
        (least, most) => write!(f, "{} and{}", lower("at least", "above", &least), upper(&most)),
    }
}

/// The end of the numbers of single precision, which some settings are computed with, is no bound to tell.
fn finite(bound: Bound<f64>) -> Bound<f64> {
    match bound {
        Bound::Included(limit) if limit.abs() >= f64::from(f32::MAX) => Bound::Unbounded,
        bound => bound,
    }
}

fn lower<T: fmt::Display>(included: &str, excluded: &str, bound: &Bound<T>) -> String {
    match bound {
        Bound::Included(limit) => format!("{included} {limit}"),
        Bound::Excluded(limit) => format!("{excluded} {limit}"),
        Bound::Unbounded => String::new(),
    }
}

fn upper<T: fmt::Display>(bound: &Bound<T>) -> String {
    match bound {
        Bound::Included(limit) => format!(" at most {limit}"),
        Bound::Excluded(limit) => format!(" below {limit}"),
        Bound::Unbounded => String::new(),
    }
}
