//! Phrases of results: a mean with its interval, settings in one line, the names of accuracies.

use slimgate_run::words::{MISSING, bare_percent, percent, rate};
use slimgate_study::{Protocol, Spread};

/// A mean and its interval, if there are enough values for one.
pub fn spread(spread: &Spread) -> String {
    match spread.interval {
        Some([low, high]) if low.is_finite() && high.is_finite() => {
            format!("{} ({} to {})", percent(spread.mean), bare_percent(low, 2), bare_percent(high, 2))
        }
        _ => percent(spread.mean),
    }
}

/// Says how many of the planned seeds a mean is of, if not all.
pub fn of_seeds(spread: &Spread, planned: usize) -> String {
    let seeds = spread.values.len();
    if seeds < planned { format!(" ({seeds} of {planned} seeds)") } else { String::new() }
}

/// The value of a setting.
pub fn setting(value: &toml::Value) -> String {
    match value {
        toml::Value::String(word) => word.clone(),
        toml::Value::Float(number) if number.abs() < 0.01 && *number != 0.0 => rate(*number),
        toml::Value::Float(number) if number.is_finite() => number.to_string(),
        toml::Value::Float(_) => MISSING.to_owned(),
        other => other.to_string(),
    }
}

/// Settings by key, in one line.
pub fn settings<'a>(settings: impl IntoIterator<Item = (&'a String, &'a toml::Value)>) -> String {
    let text = |key: &str, value: &toml::Value| match value {
        toml::Value::Float(number) if key.ends_with("rate") => rate(*number),
        other => setting(other),
    };
    let each: Vec<_> =
        settings.into_iter().map(|(key, value)| format!("{key} = {}", text(key, value))).collect();
    if each.is_empty() { MISSING.to_owned() } else { each.join(", ") }
}

/// The name of an accuracy on the test set; one that was chosen on the test set says so.
pub fn test_accuracy(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Validation => "test accuracy",
        Protocol::Published => "test accuracy, chosen on the test set",
    }
}

/// The name of an accuracy on the set used for model selection.
pub fn selection_accuracy(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Validation => "validation accuracy",
        Protocol::Published => "accuracy on the test set, which is also used for selection",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_settings_are_short() {
        assert_eq!(setting(&toml::Value::Float(0.0001)), "1e-4");
        assert_eq!(setting(&toml::Value::Float(0.5)), "0.5");
        assert_eq!(setting(&toml::Value::Float(1.0)), "1");
        assert_eq!(setting(&toml::Value::Float(f64::NAN)), MISSING);
    }

    #[test]
    fn a_mean_of_some_seeds_says_of_how_many() {
        let spread = Spread { mean: 0.925, deviation: None, interval: None, values: vec![0.92, 0.93] };
        assert_eq!(of_seeds(&spread, 3), " (2 of 3 seeds)");
        assert_eq!(of_seeds(&spread, 2), "");
    }
}
