//! Phrases of results: a mean with its interval, settings in one line, the names of scores.

use slimgate_run::metric::{Direction, Metric, Unit};
use slimgate_run::words::{MISSING, rate};
use slimgate_study::{Protocol, Spread, StudySummary};

/// A mean and its interval, if there are enough values for one.
pub fn spread(metric: &Metric, spread: &Spread) -> String {
    let mean = metric.show(spread.mean);
    match spread.interval {
        Some([low, high]) if low.is_finite() && high.is_finite() => {
            format!("{mean} ({} to {})", metric.show_bare(low, 2), metric.show_bare(high, 2))
        }
        _ => mean,
    }
}

/// Says how many of the planned seeds a mean is of, if not all.
pub fn of_seeds(spread: &Spread, planned: usize) -> String {
    let seeds = spread.values.len();
    if seeds < planned { format!(" ({seeds} of {planned} seeds)") } else { String::new() }
}

/// That differences are not those of the values, where a metric has an aim; nothing of any other.
pub fn of_distances(metric: &Metric) -> String {
    match metric.direction {
        Direction::Towards(aim) => format!(
            "; they are differences of the distances from {}, so that less is nearer to it",
            metric.show_to(aim, 0)
        ),
        Direction::Higher | Direction::Lower => String::new(),
    }
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

/// The name of a score on the test set; one that was chosen on the test set says so.
pub fn test_score(summary: &StudySummary) -> String {
    let name = &summary.metric.name;
    match summary.protocol {
        Protocol::Validation => format!("test {name}"),
        Protocol::Published => format!("test {name}, chosen on the test set"),
    }
}

/// The name of a score on the set used for model selection.
pub fn selection_score(summary: &StudySummary) -> String {
    let name = &summary.metric.name;
    match summary.protocol {
        Protocol::Validation => format!("validation {name}"),
        Protocol::Published => format!("{name} on the test set, which is also used for selection"),
    }
}

/// The unit of the loss of runs with these metrics, in brackets: that of classes is a cross-entropy; of others, it has none.
pub fn loss_unit(metrics: &[Metric]) -> &'static str {
    let is_of_classes = |metric: &Metric| metric.unit == Unit::Share && metric.direction == Direction::Higher;
    if metrics.iter().all(is_of_classes) { " (nats)" } else { "" }
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
