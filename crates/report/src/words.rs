//! Numbers formatted for people. A value that is missing or not a number is a dash: never `NaN` or `None`.

use slimgate_study::{Protocol, Spread, percentage, signed_points};

/// Placeholder for a missing value.
pub const MISSING: &str = "–";

/// The text of a finite number, a dash for any other.
fn finite(value: f64, text: impl FnOnce(f64) -> String) -> String {
    if value.is_finite() { text(value) } else { MISSING.to_owned() }
}

/// The text of a value, or a dash if there is none.
pub fn optional<T>(value: Option<T>, text: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| MISSING.to_owned(), text)
}

/// A share as a percentage.
pub fn percent(share: f64) -> String {
    finite(share, |share| format!("{:.2} %", 100.0 * share))
}

/// A share as a percentage without its sign, for a list of several.
pub fn bare_percent(share: f64) -> String {
    finite(share, |share| format!("{:.2}", 100.0 * share))
}

/// A difference of shares in percentage points, always with its sign.
pub fn points(difference: f64) -> String {
    finite(difference, |difference| signed_points(difference, 2))
}

/// An interval of differences in percentage points.
pub fn points_interval([low, high]: [f64; 2]) -> String {
    if low.is_finite() && high.is_finite() {
        format!("{} to {}", points(low), points(high))
    } else {
        MISSING.to_owned()
    }
}

/// A mean and its interval, if there are enough values for one.
pub fn spread(spread: &Spread) -> String {
    match spread.interval {
        Some([low, high]) if low.is_finite() && high.is_finite() => {
            format!("{} ({} to {})", percent(spread.mean), bare_percent(low), bare_percent(high))
        }
        _ => percent(spread.mean),
    }
}

/// Says how many of the planned seeds a mean is of, if not all.
pub fn of_seeds(spread: &Spread, planned: usize) -> String {
    let seeds = spread.values.len();
    if seeds < planned { format!(" ({seeds} of {planned} seeds)") } else { String::new() }
}

/// A p value with three decimals, or `< 0.001`.
pub fn p_value(p: f64) -> String {
    finite(p, |p| if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") })
}

/// A number with the given decimals.
pub fn decimal(value: f64, decimals: usize) -> String {
    finite(value, |value| {
        let text = format!("{value:.decimals$}");
        text.strip_prefix('-').map_or(text.clone(), |size| format!("−{size}"))
    })
}

/// A share as the number of a percentage, with no more decimals than it needs.
pub fn whole_percent(share: f64) -> String {
    finite(share, |share| percentage(share).to_string())
}

/// A count with its digits in groups of three.
pub fn count(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun, singular or plural.
pub fn counted(number: usize, one: &str, several: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { several })
}

/// A duration.
pub fn seconds(seconds: f64) -> String {
    finite(seconds, |seconds| match seconds.round() {
        _ if seconds < 10.0 => format!("{seconds:.2} s"),
        _ if seconds < 59.95 => format!("{seconds:.1} s"),
        whole if whole < 3600.0 => format!("{:.0} min {:02.0} s", (whole / 60.0).floor(), whole % 60.0),
        whole => format!("{:.0} h {:02.0} min", (whole / 3600.0).floor(), (whole % 3600.0 / 60.0).floor()),
    })
}

/// A duration in milliseconds.
pub fn milliseconds(milliseconds: f64) -> String {
    finite(milliseconds, |milliseconds| {
        let decimals = if milliseconds < 10.0 { 3 } else { 1 };
        format!("{milliseconds:.decimals$} ms")
    })
}

/// An amount of memory.
pub fn bytes(bytes: u64) -> String {
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    if mebibytes < 1024.0 { format!("{mebibytes:.0} MiB") } else { format!("{:.1} GiB", mebibytes / 1024.0) }
}

/// A learning rate in short form: `3e-3`.
pub fn rate(rate: f64) -> String {
    finite(rate, |rate| {
        if rate == 0.0 {
            return "0".to_owned();
        }
        // Nine digits hide the rounding errors of doubling and halving.
        let rounded: f64 = format!("{rate:.8e}").parse().unwrap_or(rate);
        format!("{rounded:e}")
    })
}

/// A learning rate between those that were tried, which is known to two digits at best.
pub fn rate_between(rate: f64) -> String {
    finite(rate, |rate| format!("{:e}", format!("{rate:.1e}").parse().unwrap_or(rate)))
}

/// A number of any size with four significant digits.
pub fn short(value: f64) -> String {
    finite(value, |value| match value.abs() {
        0.0 => "0".to_owned(),
        size if (1e-3..1e5).contains(&size) => {
            let whole_digits = size.log10().floor() as i32 + 1;
            let decimals = usize::try_from(4 - whole_digits).unwrap_or(0);
            format!("{value:.decimals$}")
        }
        _ => format!("{value:.3e}"),
    })
}

/// A factor by which something is faster or slower.
pub fn times(factor: f64) -> String {
    finite(factor, |factor| format!("{factor:.2} ×"))
}

/// The value of a setting.
pub fn setting(value: &toml::Value) -> String {
    match value {
        toml::Value::String(word) => word.clone(),
        toml::Value::Float(number) if number.abs() < 0.01 && *number != 0.0 => rate(*number),
        toml::Value::Float(number) => finite(*number, |number| number.to_string()),
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
        Protocol::Published => "accuracy on the test set, on which figures are chosen",
    }
}

/// Joins words with commas, and `and` before the last.
pub fn list<T: AsRef<str>>(words: &[T]) -> String {
    match words {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_a_dash() {
        for text in [percent(f64::NAN), points(f64::INFINITY), p_value(f64::NAN), seconds(f64::NAN)] {
            assert_eq!(text, MISSING);
        }
        assert_eq!(points_interval([f64::NAN, 0.01]), MISSING);
        assert_eq!(optional(None, percent), MISSING);
    }

    #[test]
    fn differences_carry_a_sign_unless_they_are_nothing() {
        assert_eq!(points(0.0123), "+1.23");
        assert_eq!(points(-0.0123), "−1.23");
        assert_eq!(points(-0.00001), "0.00");
    }

    #[test]
    fn stretches_of_time_have_the_unit_that_fits() {
        assert_eq!(seconds(0.853), "0.85 s");
        assert_eq!(seconds(42.31), "42.3 s");
        assert_eq!(seconds(59.97), "1 min 00 s");
        assert_eq!(seconds(125.0), "2 min 05 s");
        assert_eq!(seconds(7384.0), "2 h 03 min");
    }

    #[test]
    fn learning_rates_are_short() {
        assert_eq!(rate(0.003), "3e-3");
        assert_eq!(rate(0.1 * 0.1), "1e-2");
        assert_eq!(rate_between(0.00212824128), "2.1e-3");
        assert_eq!(rate_between(0.03), "3e-2");
        assert_eq!(setting(&toml::Value::Float(0.0001)), "1e-4");
        assert_eq!(setting(&toml::Value::Float(0.5)), "0.5");
    }

    #[test]
    fn a_mean_of_some_seeds_says_of_how_many() {
        let spread = Spread { mean: 0.925, deviation: None, interval: None, values: vec![0.92, 0.93] };
        assert_eq!(of_seeds(&spread, 3), " (2 of 3 seeds)");
        assert_eq!(of_seeds(&spread, 2), "");
    }

    #[test]
    fn counts_are_grouped_from_the_right() {
        assert_eq!(count(7), "7");
        assert_eq!(count(15_800), "15,800");
        assert_eq!(count(1_234_567), "1,234,567");
    }

    #[test]
    fn lists_end_in_and() {
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }
}
