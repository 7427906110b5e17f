//! Numbers and lists worded for people: in a terminal, on a page, in a message. A number that is missing or not finite
//! is a dash: never `NaN` or `None`.

/// Placeholder for a missing number.
pub const MISSING: &str = "–";

/// The text of a finite number, a dash for any other.
fn finite(value: f64, text: impl FnOnce(f64) -> String) -> String {
    if value.is_finite() { text(value) } else { MISSING.to_owned() }
}

/// The text of a value, or a dash if there is none.
pub fn optional<T>(value: Option<T>, text: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| MISSING.to_owned(), text)
}

/// A share in percent, with its sign and two decimals: `93.21 %`.
pub fn percent(share: f64) -> String {
    percent_to(share, 2)
}

/// A share in percent, with its sign and the given decimals.
pub fn percent_to(share: f64, decimals: usize) -> String {
    finite(share, |share| format!("{} %", bare_percent(share, decimals)))
}

/// A share in percent without the sign, for a list or an interval.
pub fn bare_percent(share: f64, decimals: usize) -> String {
    finite(share, |share| format!("{:.decimals$}", 100.0 * share))
}

/// A share in percent, with two decimals at most and none that it does not need: `95`, `99.5`.
pub fn short_percent(share: f64) -> String {
    finite(share, |share| ((1e4 * share).round() / 100.0).to_string())
}

/// A share in percent as a number, without the digits that multiplying adds.
pub fn as_percent(share: f64) -> f64 {
    (share * 1e11).round() / 1e9
}

/// A difference of shares in percentage points with two decimals, always with its sign.
pub fn points(difference: f64) -> String {
    points_to(difference, 2)
}

/// A difference of shares in percentage points, with its sign unless it is written as zero.
pub fn points_to(difference: f64, decimals: usize) -> String {
    finite(difference, |difference| {
        let text = bare_percent(difference.abs(), decimals);
        let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        match difference < 0.0 {
            _ if zero => text,
            true => format!("−{text}"),
            false => format!("+{text}"),
        }
    })
}

/// An interval of differences in percentage points.
pub fn points_interval([low, high]: [f64; 2]) -> String {
    if low.is_finite() && high.is_finite() {
        format!("{} to {}", points(low), points(high))
    } else {
        MISSING.to_owned()
    }
}

/// Decimals of percentage points beside a margin: as many as that has, one at the least.
pub fn decimals_of(margin: f64) -> usize {
    let tenths = 1000.0 * margin;
    if (tenths - tenths.round()).abs() < 1e-6 { 1 } else { 2 }
}

/// A p value with three decimals, or `< 0.001`.
pub fn p_value(p: f64) -> String {
    finite(p, |p| if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") })
}

/// A p value with its name: `p = 0.045`, `p < 0.001`.
pub fn p_is(p: f64) -> String {
    let value = p_value(p);
    if value.starts_with('<') { format!("p {value}") } else { format!("p = {value}") }
}

/// A number with the given decimals; one that has more digits before them than are exact, in short.
pub fn decimal(value: f64, decimals: usize) -> String {
    if value.abs() >= MOST_EXACT {
        return short(value);
    }
    finite(value, |value| {
        let text = format!("{value:.decimals$}");
        text.strip_prefix('-').map_or(text.clone(), |size| format!("−{size}"))
    })
}

/// From here on not every whole number has a form of its own.
const MOST_EXACT: f64 = 1e15;

/// An amount of money that nobody counts to the cent.
const MOST_MONEY: f64 = 1e12;

/// A number of any size with four significant digits.
pub fn short(value: f64) -> String {
    finite(value, |value| match value.abs() {
        0.0 => "0".to_owned(),
        size if value < 0.0 => format!("−{}", short(size)),
        size if (1e-3..1e5).contains(&size) => {
            let whole_digits = size.log10().floor() as i32 + 1;
            let decimals = usize::try_from(4 - whole_digits).unwrap_or(0);
            format!("{value:.decimals$}")
        }
        _ => format!("{value:.3e}"),
    })
}

/// A difference of any size with four significant digits, with its sign unless it is zero.
pub fn signed_short(difference: f64) -> String {
    finite(difference, |difference| match difference {
        0.0 => "0".to_owned(),
        _ if difference < 0.0 => format!("−{}", short(-difference)),
        _ => format!("+{}", short(difference)),
    })
}

/// A factor by which something is faster or slower.
pub fn times(factor: f64) -> String {
    finite(factor, |factor| format!("{factor:.2} ×"))
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

/// The word that goes with a count: of a noun or verb, the singular or the plural.
pub fn plural<'a>(number: usize, one: &'a str, several: &'a str) -> &'a str {
    if number == 1 { one } else { several }
}

/// A count with its noun.
pub fn counted(number: usize, one: &str, several: &str) -> String {
    format!("{} {}", count(number), plural(number, one, several))
}

/// A measured duration, in the unit that fits: `0.85 s`, `2 min 05 s`, `2 h 03 min`.
pub fn seconds(seconds: f64) -> String {
    finite(seconds, |seconds| match seconds.round() {
        _ if seconds < 10.0 => format!("{seconds:.2} s"),
        _ if seconds < 59.95 => format!("{seconds:.1} s"),
        whole if whole < 3600.0 => format!("{:.0} min {:02.0} s", (whole / 60.0).floor(), whole % 60.0),
        whole => format!("{:.0} h {:02.0} min", (whole / 3600.0).floor(), (whole % 3600.0 / 60.0).floor()),
    })
}

/// A measured duration in milliseconds, short ones to the microsecond.
pub fn milliseconds(milliseconds: f64) -> String {
    finite(milliseconds, |milliseconds| {
        let decimals = if milliseconds < 10.0 { 3 } else { 1 };
        format!("{milliseconds:.decimals$} ms")
    })
}

/// An estimated duration, given in seconds, in one whole unit: `less than a minute`, `5 minutes`.
pub fn estimated_seconds(seconds: f64) -> String {
    let (number, unit) = in_whole_units(seconds);
    if number == 0.0 { "less than a minute".to_owned() } else { format!("{number:.0} {unit}") }
}

/// An estimated duration from its least to its most, given in seconds: `2 to 9 minutes`, `30 minutes to 2 hours`.
pub fn estimated_span([least, most]: [f64; 2]) -> String {
    let (from, to) = (estimated_seconds(least), estimated_seconds(most));
    let ((number, unit), (_, last_unit)) = (in_whole_units(least), in_whole_units(most));
    match from == to {
        true => to,
        false if number > 0.0 && unit == last_unit => format!("{number:.0} to {to}"),
        false => format!("{from} to {to}"),
    }
}

/// An estimated duration in whole units, of which there are several, or none.
fn in_whole_units(seconds: f64) -> (f64, &'static str) {
    match seconds {
        ..60.0 => (0.0, "minutes"),
        ..5400.0 => ((seconds / 60.0).round_ties_even().max(2.0), "minutes"),
        ..172_800.0 => ((seconds / 3600.0).round_ties_even().max(2.0), "hours"),
        _ => ((seconds / 86_400.0).round_ties_even(), "days"),
    }
}

/// An amount of memory that was measured, in binary units: `512 MiB`, `1.5 GiB`.
pub fn mebibytes(bytes: u64) -> String {
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    if mebibytes < 1024.0 { format!("{mebibytes:.0} MiB") } else { format!("{:.1} GiB", mebibytes / 1024.0) }
}

/// An amount of memory that is asked for or free, in decimal units: `512 MB`, `1.5 GB`.
pub fn megabytes(bytes: usize) -> String {
    match bytes as f64 {
        bytes if bytes < 1e9 => format!("{:.0} MB", bytes / 1e6),
        bytes => format!("{:.1} GB", bytes / 1e9),
    }
}

/// An amount of money, with as many decimals as a small one needs to show two digits; a dash where there is none.
pub fn money(amount: impl Into<Option<f64>>) -> String {
    let Some(amount) = amount.into() else { return MISSING.to_owned() };
    let sign = if amount < 0.0 { "−" } else { "" };
    let size = amount.abs();
    if size >= MOST_MONEY || size.is_nan() {
        return short(amount);
    }
    let decimals = if size == 0.0 || size >= 0.1 { 2 } else { (1.0 - size.log10().floor()) as usize };
    format!("{sign}{size:.decimals$}")
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
    fn numbers_beyond_all_counting_are_short() {
        assert_eq!((money(1e300), money(-1e300)), ("1.000e300".to_owned(), "−1.000e300".to_owned()));
        assert_eq!((money(f64::INFINITY), money(1e11)), (MISSING.to_owned(), "100000000000.00".to_owned()));
        assert_eq!((decimal(1e300, 2), decimal(f64::NAN, 2)), ("1.000e300".to_owned(), MISSING.to_owned()));
    }

    #[test]
    fn what_is_no_number_is_a_dash() {
        for text in [percent(f64::NAN), points(f64::INFINITY), p_value(f64::NAN), seconds(f64::NAN)] {
            assert_eq!(text, MISSING);
        }
        assert_eq!(points_interval([f64::NAN, 0.01]), MISSING);
        assert_eq!(optional(None, percent), MISSING);
        assert_eq!(money(None::<f64>), MISSING);
    }

    #[test]
    fn shares_have_the_decimals_that_are_asked_for() {
        assert_eq!(percent(0.9321), "93.21 %");
        assert_eq!(percent_to(0.9321, 1), "93.2 %");
        assert_eq!(bare_percent(0.9321, 0), "93");
        assert_eq!(short_percent(0.95), "95");
        assert_eq!(short_percent(1.0 / 3.0), "33.33");
        assert_eq!(short_percent(2.0 * 0.95 - 1.0), "90");
        assert_eq!(as_percent(0.07), 7.0, "100 times it is 7.000000000000001");
    }

    #[test]
    fn differences_carry_a_sign_unless_they_are_nothing() {
        assert_eq!(points(0.0123), "+1.23");
        assert_eq!(points(-0.0123), "−1.23");
        assert_eq!(points(-0.00001), "0.00");
        assert_eq!(points_to(-0.0123, 1), "−1.2");
        assert_eq!((points_to(-0.0004, 1), points_to(0.0004, 1)), ("0.0".into(), "0.0".into()));
        assert_eq!(points_to(-0.0006, 1), "−0.1");
    }

    #[test]
    fn points_have_the_decimals_of_the_margin() {
        assert_eq!((decimals_of(0.01), decimals_of(0.003), decimals_of(0.0025)), (1, 1, 2));
    }

    #[test]
    fn numbers_of_any_size_are_short() {
        assert_eq!(decimal(-1.234, 1), "−1.2");
        assert_eq!(
            (short(0.0), short(0.012345), short(1234.5)),
            ("0".into(), "0.01235".into(), "1234".into())
        );
        assert_eq!((short(1.23456e-7), short(-0.012345)), ("1.235e-7".into(), "−0.01235".into()));
        assert_eq!(
            (signed_short(0.5), signed_short(-0.5), signed_short(-0.0)),
            ("+0.5000".into(), "−0.5000".into(), "0".into())
        );
        assert_eq!((p_value(0.0001), p_value(0.0451)), ("< 0.001".into(), "0.045".into()));
        assert_eq!((p_is(0.0001), p_is(0.0451)), ("p < 0.001".into(), "p = 0.045".into()));
        assert_eq!(times(1.5), "1.50 ×");
    }

    #[test]
    fn durations_have_the_unit_that_fits() {
        assert_eq!(seconds(0.853), "0.85 s");
        assert_eq!(seconds(42.31), "42.3 s");
        assert_eq!(seconds(59.97), "1 min 00 s");
        assert_eq!(seconds(125.0), "2 min 05 s");
        assert_eq!(seconds(7384.0), "2 h 03 min");
        assert_eq!((milliseconds(0.1234), milliseconds(12.34)), ("0.123 ms".into(), "12.3 ms".into()));
    }

    #[test]
    fn estimates_are_no_more_precise_than_they_can_be() {
        assert_eq!(estimated_seconds(59.0), "less than a minute");
        assert_eq!(estimated_seconds(61.0), "2 minutes");
        assert_eq!(estimated_seconds(300.0), "5 minutes");
        assert_eq!(estimated_seconds(5400.0), "2 hours");
        assert_eq!(estimated_seconds(259_200.0), "3 days");
        assert_eq!(estimated_span([100.0, 540.0]), "2 to 9 minutes");
        assert_eq!(estimated_span([1800.0, 7200.0]), "30 minutes to 2 hours");
        assert_eq!(estimated_span([20.0, 540.0]), "less than a minute to 9 minutes");
        assert_eq!(estimated_span([280.0, 310.0]), "5 minutes");
    }

    #[test]
    fn learning_rates_are_short() {
        assert_eq!(rate(0.003), "3e-3");
        assert_eq!(rate(0.1 * 0.1), "1e-2");
        assert_eq!(rate(0.0), "0");
        assert_eq!(rate_between(0.00212824128), "2.1e-3");
        assert_eq!(rate_between(0.03), "3e-2");
    }

    #[test]
    fn counts_are_grouped_from_the_right() {
        assert_eq!(count(7), "7");
        assert_eq!(count(100), "100");
        assert_eq!(count(1234), "1,234");
        assert_eq!(count(41_234_567), "41,234,567");
    }

    #[test]
    fn one_of_a_kind_is_singular() {
        assert_eq!(counted(1, "class", "classes"), "1 class");
        assert_eq!(counted(0, "class", "classes"), "0 classes");
        assert_eq!(counted(1200, "class", "classes"), "1,200 classes");
        assert_eq!(plural(1, "was", "were"), "was");
    }

    #[test]
    fn memory_has_the_unit_that_fits() {
        assert_eq!((mebibytes(512 << 20), mebibytes(1536 << 20)), ("512 MiB".into(), "1.5 GiB".into()));
        assert_eq!((megabytes(512_000_000), megabytes(1_500_000_000)), ("512 MB".into(), "1.5 GB".into()));
    }

    #[test]
    fn small_amounts_of_money_are_seen() {
        assert_eq!(money(1234.5), "1234.50");
        assert_eq!(money(0.0), "0.00");
        assert_eq!(money(-0.001234), "−0.0012");
        assert_eq!(money(3.4e-9), "0.0000000034");
        assert_eq!(money(Some(1.0)), "1.00");
    }

    #[test]
    fn lists_end_in_and() {
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }
}
