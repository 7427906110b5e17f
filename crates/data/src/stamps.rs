//! Times of the rows of a table: that they rise within each series, and by which step.

use crate::DataError;
use crate::error::excerpt;
use crate::file::count;
use crate::format::table::Series;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use std::fmt;

/// Nanoseconds of a second.
const SECOND: i128 = 1_000_000_000;
/// Seconds of a day.
const DAY: i128 = 86_400;
/// The part of a step by which steps of times that are numbers may differ.
const ROUNDING: f64 = 1e-6;

/// The time of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stamp {
    /// A number: seconds, a year, or a count of steps.
    Number(f64),
    /// A time on a clock, in a zone that is not said.
    Civil(DateTime),
    /// A time with its offset from UTC.
    Instant(Timestamp),
}

/// The step from one time to the next, the same throughout a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    Number(f64),
    Nanoseconds(i128),
    Months(i64),
}

/// The first time of a series that breaks its order or its step.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    /// Before the time above it.
    Earlier(usize),
    /// The same as the time above it.
    Twice(usize),
    /// So many steps are missing above it.
    Gap(usize, i128),
    /// No whole step after the time above it.
    Odd(usize),
}

impl Stamp {
    fn parse(text: &str) -> Option<Stamp> {
        let text = text.trim();
        let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        // A date without separators is one where it may be one, and else a number.
        let is_date = |date: &Date| (1900..=2100).contains(&date.year());
        if is_digits
            && text.len() == 8
            && let Some(date) = text.parse().ok().filter(is_date)
        {
            return Some(Stamp::Civil(date.into()));
        }
        if let Some(number) = text.parse().ok().filter(|number: &f64| number.is_finite()) {
            return Some(Stamp::Number(number));
        }
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Some(Stamp::Instant(instant));
        }
        if let Ok(time) = text.parse::<DateTime>() {
            return Some(Stamp::Civil(time));
        }
        // A month.
        let date = (text.len() == 7).then(|| format!("{text}-01").parse::<Date>().ok())??;
        Some(Stamp::Civil(date.into()))
    }

    fn is_like(self, other: Stamp) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }

    /// The time that has passed since an earlier one of the same form; of numbers none.
    fn since(self, earlier: Stamp) -> Option<i128> {
        let instant = |time: DateTime| Offset::UTC.to_timestamp(time).ok();
        match (earlier, self) {
            (Stamp::Instant(earlier), Stamp::Instant(later)) => {
                Some(later.as_nanosecond() - earlier.as_nanosecond())
            }
            (Stamp::Civil(earlier), Stamp::Civil(later)) => {
                Some(instant(later)?.as_nanosecond() - instant(earlier)?.as_nanosecond())
            }
            _ => None,
        }
    }

    /// The month that it begins, counted through all years, if it is the first instant of one or the start of its last day.
    fn month(self) -> Option<(bool, i64)> {
        let time = match self {
            Stamp::Number(_) => return None,
            Stamp::Civil(time) => time,
            Stamp::Instant(instant) => Offset::UTC.to_datetime(instant),
        };
        let is_last = time.day() == time.date().days_in_month();
        let month = 12 * i64::from(time.year()) + i64::from(time.month());
        (time.time() == Time::midnight() && (time.day() == 1 || is_last)).then_some((is_last, month))
    }
}

/// The step of some times that rise, or the first flaw among them. A single one has no step.
fn step_of(stamps: &[Stamp]) -> Result<Option<Step>, Flaw> {
    if let [Stamp::Number(_), ..] = stamps {
        let numbers: Vec<f64> = stamps
            .iter()
            .filter_map(|stamp| if let Stamp::Number(number) = stamp { Some(*number) } else { None })
            .collect();
        let steps: Vec<f64> = numbers.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let Some(common) = commonest(&steps, |one, other| (one - other).abs() <= ROUNDING * other.abs())
        else {
            return Ok(None);
        };
        let whole = |step: f64| {
            let times = (step / common).round();
            ((step - times * common).abs() <= ROUNDING * step.abs()).then_some(times as i128)
        };
        return flaw(&steps, 0.0, whole).map_or(Ok(Some(Step::Number(common))), Err);
    }
    let months: Option<Vec<(bool, i64)>> = stamps.iter().map(|stamp| stamp.month()).collect();
    if let Some(months) = months
        && months.iter().all(|(is_last, _)| *is_last == months[0].0)
    {
        let steps: Vec<i64> = months.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
        // Within a month there is no month to count by.
        if let Some(common) = commonest(&steps, |one, other| one == other).filter(|common| *common != 0) {
            let whole = |step: i64| (step % common == 0).then_some(i128::from(step / common));
            return flaw(&steps, 0, whole).map_or(Ok(Some(Step::Months(common))), Err);
        }
    }
    let steps: Vec<i128> = stamps.windows(2).map(|pair| pair[1].since(pair[0]).unwrap_or_default()).collect();
    let Some(common) = commonest(&steps, |one, other| one == other) else { return Ok(None) };
    let whole = |step: i128| (common != 0 && step % common == 0).then(|| step / common);
    flaw(&steps, 0, whole).map_or(Ok(Some(Step::Nanoseconds(common))), Err)
}

/// The step that most of some are, of equally many the first.
fn commonest<T: Copy>(steps: &[T], same: impl Fn(T, T) -> bool) -> Option<T> {
    let mut counts: Vec<(T, usize)> = Vec::new();
    for step in steps {
        match counts.iter().position(|(known, _)| same(*step, *known)) {
            Some(at) => counts[at].1 += 1,
            // Where there are more steps than these, none is common.
            None if counts.len() == 64 => (),
            None => counts.push((*step, 1)),
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(step, _)| step)
}

/// The first of some steps that is not one whole step ahead. What goes back or stands still comes before all else.
fn flaw<T: Copy + PartialOrd>(steps: &[T], zero: T, whole: impl Fn(T) -> Option<i128>) -> Option<Flaw> {
    let back = (1..).zip(steps).find(|(_, step)| **step <= zero);
    if let Some((at, step)) = back {
        return Some(if *step < zero { Flaw::Earlier(at) } else { Flaw::Twice(at) });
    }
    let other = |(at, step): (usize, &T)| match whole(*step) {
        Some(1) => None,
        Some(steps) if steps > 1 => Some(Flaw::Gap(at, steps - 1)),
        _ => Some(Flaw::Odd(at)),
    };
    (1..).zip(steps).find_map(other)
}

/// The common step of the series of a table, none where no series has two rows or, unless it is `needed`, where there is
/// no common one: then why, in words.
///
/// # Errors
/// What is no time, a time that comes twice in a series or before the one above it and, where a common step is needed, a
/// gap, and a step that differs.
pub(crate) fn check(
    all: &[Series],
    column: &str,
    file: &str,
    needed: bool,
) -> Result<(Option<Step>, Option<String>), DataError> {
    let mut common: Option<(Step, &Series)> = None;
    let mut form = None;
    let mut uneven = None;
    for series in all {
        let stamps = parsed(series, column, file, &mut form)?;
        let problem = match step_of(&stamps) {
            Ok(None) => continue,
            Ok(Some(step)) => match common {
                None => {
                    common = Some((step, series));
                    continue;
                }
                Some((known, _)) if known.is_near(step) => continue,
                Some((known, first)) => {
                    let line = series.lines[0];
                    let problem = format!(
                        "rows come every {step} in {}, and every {known} in {}",
                        called(series),
                        called(first)
                    );
                    DataError::TimeStep { file: file.into(), line, column: column.into(), problem }
                }
            },
            Err(flaw) => flawed(flaw, series, column, file, &stamps),
        };
        match problem {
            DataError::TimeStep { .. } if !needed => {
                uneven.get_or_insert_with(|| problem.to_string());
            }
            problem => return Err(problem),
        }
    }
    let step = common.map(|(step, _)| step).filter(|_| uneven.is_none());
    Ok((step, uneven))
}

/// The times of a series, all of the form of the first.
fn parsed(
    series: &Series,
    column: &str,
    file: &str,
    form: &mut Option<Stamp>,
) -> Result<Vec<Stamp>, DataError> {
    let stamp = |(text, line): (&String, &usize)| {
        let refused = |problem: &'static str| DataError::NoTime {
            file: file.into(),
            line: *line,
            column: excerpt(column).into(),
            found: excerpt(text).into(),
            problem,
        };
        let stamp = Stamp::parse(text).ok_or_else(|| refused("is no time"))?;
        if stamp.is_like(*form.get_or_insert(stamp)) {
            Ok(stamp)
        } else {
            Err(refused("is of another form than the first time"))
        }
    };
    series.times.iter().zip(&series.lines).map(stamp).collect()
}

fn called(series: &Series) -> String {
    series.name.as_ref().map_or_else(|| "the table".into(), |name| format!("series {:?}", excerpt(name)))
}

fn flawed(flaw: Flaw, series: &Series, column: &str, file: &str, stamps: &[Stamp]) -> DataError {
    let (file, column) = (file.to_owned(), excerpt(column));
    let at = |row: usize| (series.lines[row], excerpt(&series.times[row]));
    let (Flaw::Earlier(row) | Flaw::Twice(row) | Flaw::Gap(row, _) | Flaw::Odd(row)) = flaw;
    let ((line, found), (above, before)) = (at(row), at(row - 1));
    let of = called(series);
    match flaw {
        Flaw::Earlier(_) => {
            let problem = format!("{found} in {of} comes after {before} (line {above})");
            DataError::TimeOrder { file, line, column, problem }
        }
        Flaw::Twice(_) => {
            let problem = format!("{found} comes twice in {of}, in line {above}, too");
            DataError::TimeTwice { file, line, column, problem }
        }
        Flaw::Gap(_, missing) => {
            let missing = count(usize::try_from(missing).unwrap_or(usize::MAX), "row");
            let problem =
                format!("{missing} of {of} are missing between {before} (line {above}) and {found}");
            DataError::TimeStep { file, line, column, problem: problem.replace("1 row of", "one row of") }
        }
        Flaw::Odd(_) => {
            let usual = stamps.get(..2).and_then(|two| step_of(two).ok().flatten());
            let usual =
                usual.map_or_else(String::new, |step| format!(", where it begins with steps of {step}"));
            let problem = format!("{of} has an odd step from {before} (line {above}) to {found}{usual}");
            DataError::TimeStep { file, line, column, problem }
        }
    }
}

impl Step {
    pub(crate) fn is_near(self, other: Step) -> bool {
        match (self, other) {
            (Step::Number(one), Step::Number(other)) => (one - other).abs() <= ROUNDING * other.abs(),
            _ => self == other,
        }
    }

    /// The rows after which a series is usually expected to repeat itself: a year of months, quarters or weeks, a week of
    /// days, a day of hours or minutes, a minute of seconds. 1 of what is nothing of these.
    pub(crate) fn season(self) -> usize {
        let steps = |whole: i128, step: i128| {
            if step > 0 && whole % step == 0 { (whole / step) as usize } else { 1 }
        };
        match self {
            Step::Number(_) => 1,
            Step::Months(months) => steps(12, months.into()),
            Step::Nanoseconds(step) if step == 7 * DAY * SECOND => 52,
            Step::Nanoseconds(step) if step == DAY * SECOND => 7,
            Step::Nanoseconds(step) if step >= 60 * SECOND => steps(DAY * SECOND, step),
            Step::Nanoseconds(step) => steps(60 * SECOND, step),
        }
    }
}

/// As it stands after "every": `hour`, `15 minutes`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match *self {
            Step::Number(step) => return write!(f, "{step}"),
            Step::Months(months) if months % 12 == 0 => (i128::from(months / 12), "year"),
            Step::Months(months) => (months.into(), "month"),
            Step::Nanoseconds(step) => {
                let units = [
                    (7 * DAY * SECOND, "week"),
                    (DAY * SECOND, "day"),
                    (3600 * SECOND, "hour"),
                    (60 * SECOND, "minute"),
                    (SECOND, "second"),
                    (1_000_000, "millisecond"),
                    (1000, "microsecond"),
                ];
                let unit = units.into_iter().find(|(whole, _)| step % whole == 0);
                unit.map_or((step, "nanosecond"), |(whole, unit)| (step / whole, unit))
            }
        };
        if number == 1 { f.write_str(unit) } else { write!(f, "{number} {unit}s") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamps(times: &str) -> Vec<Stamp> {
        times.split(',').map(|time| Stamp::parse(time).unwrap_or_else(|| panic!("{time}"))).collect()
    }

    #[test]
    fn the_step_of_times_is_found_in_their_own_units() {
        for (times, every, season) in [
            ("2024-01-01,2024-01-02,2024-01-03", "day", 7),
            ("2024-01-01,2024-02-01,2024-03-01", "month", 12),
            ("2024-01-31,2024-02-29,2024-03-31", "month", 12),
            ("2024-01,2024-04,2024-07", "3 months", 4),
            ("2023-01-01,2024-01-01,2025-01-01", "year", 1),
            ("20240131,20240201,20240202", "day", 7),
            ("2024-01-01 00:00,2024-01-01 01:00", "hour", 24),
            ("2024-01-01T00:00:00,2024-01-01T00:15:00", "15 minutes", 96),
            ("2024-01-01,2024-01-08", "week", 52),
            ("2024-01-01T00:00:00Z,2024-01-01T00:00:10Z", "10 seconds", 6),
            // The hour that is left out in spring is no gap where offsets are given.
            ("2024-03-31T01:00+01:00,2024-03-31T03:00+02:00,2024-03-31T04:00+02:00", "hour", 24),
            ("0.1,0.2,0.3,0.4", "0.1", 1),
            ("2001,2002,2003", "1", 1),
        ] {
            let step = step_of(&stamps(times)).unwrap().unwrap();
            assert_eq!((step.to_string().as_str(), step.season()), (every, season), "{times}");
        }
        assert_eq!(step_of(&stamps("2024-01-01")), Ok(None));
    }

    #[test]
    fn the_first_flaw_is_found() {
        for (times, flaw) in [
            ("2024-01-01,2024-01-02,2024-01-02", Flaw::Twice(2)),
            ("2024-01-02,2024-01-01", Flaw::Earlier(1)),
            ("1,2,3,3", Flaw::Twice(3)),
            ("2024-01-01,2024-01-02,2024-01-05,2024-01-06", Flaw::Gap(2, 2)),
            ("2024-01-01,2024-02-01,2024-04-01,2024-05-01", Flaw::Gap(2, 1)),
            ("2024-01-01 00:00,2024-01-01 01:00,2024-01-01 02:30,2024-01-01 03:30", Flaw::Odd(2)),
            ("1,2,3.5,4.5", Flaw::Odd(2)),
            // What goes back comes before what is missing.
            ("1,2,5,4,6", Flaw::Earlier(3)),
        ] {
            assert_eq!(step_of(&stamps(times)), Err(flaw), "{times}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "31/12/2024", "noon", "2024-13-01", "NaN"] {
            assert_eq!(Stamp::parse(text), None, "{text}");
        }
    }
}
