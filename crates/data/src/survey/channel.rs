//! The values of one channel: their range, and those that lie far outside the rest.

/// The number of least and of greatest values that are kept.
const KEPT: usize = 8;
/// The most values on either side that can be fill values.
const FILLS: usize = 3;
/// Farther outside than so many times the range of the rest, a value that comes again, or one that is used to fill in,
/// is no measurement; nor is a single one that is as much farther again as `ALONE`.
const FAR: f64 = 20.0;
const ALONE: f64 = 50.0;
/// The share of a channel's values up to which one that is used to fill in is taken for it beside two others alone: a
/// switch of three positions has each of them more often.
const RARE: f64 = 0.1;
/// Beside a value that is so many ranges away, `f32` does not tell the rest apart.
const HIDING: f64 = 1e7;

/// A value with how often it comes, and where first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extreme {
    pub value: f64,
    pub count: usize,
    pub sequence: usize,
    pub step: usize,
}

/// A digest of a channel's values, of the same size for any number of them.
#[derive(Debug)]
pub(super) struct Channel {
    /// The least values, from the least on.
    low: Vec<Extreme>,
    /// The greatest, from the greatest on.
    high: Vec<Extreme>,
    /// The number of all values that are there.
    values: usize,
    /// The number of those that are missing, and the sequence and the step of the first.
    missing: usize,
    first_missing: Option<(usize, usize)>,
    /// True if it rises from one step of a series to the next, somewhere.
    rises: bool,
    /// True if it falls.
    falls: bool,
}

/// A value that lies far outside the rest.
#[derive(Debug, PartialEq)]
pub(super) struct Outlier {
    pub extreme: Extreme,
    /// True if the rest cannot be told apart beside it.
    pub hides: bool,
}

impl Channel {
    pub fn new() -> Channel {
        Channel {
            low: Vec::new(),
            high: Vec::new(),
            values: 0,
            missing: 0,
            first_missing: None,
            rises: false,
            falls: false,
        }
    }

    /// Takes in the value of a step, after that of the step before it. NaN is one that is missing.
    pub fn add(&mut self, value: f64, before: Option<f64>, sequence: usize, step: usize) {
        if value.is_nan() {
            self.missing += 1;
            self.first_missing.get_or_insert((sequence, step));
            return;
        }
        self.values += 1;
        self.rises |= before.is_some_and(|before| before < value);
        self.falls |= before.is_some_and(|before| before > value);
        let extreme = Extreme { value, count: 1, sequence, step };
        insert(&mut self.low, extreme, |known| known < value);
        insert(&mut self.high, extreme, |known| known > value);
    }

    /// True if it rises within series and never falls there, as a counter does.
    pub fn only_rises(&self) -> bool {
        self.rises && !self.falls
    }

    /// The number of values that are missing, with the sequence and the step of the first.
    pub fn missing(&self) -> Option<(usize, (usize, usize))> {
        self.first_missing.map(|first| (self.missing, first))
    }

    /// The values far outside the rest, and the least and the greatest of the rest, NaN where there is none.
    pub fn outliers(&self) -> (Vec<Outlier>, f64, f64) {
        if self.values == 0 {
            return (Vec::new(), f64::NAN, f64::NAN);
        }
        let (mut low, mut high) = (0, 0);
        while let Some((lower, higher)) = self.farther(low, high) {
            (low, high) = (lower, higher);
        }
        let (least, most) = (self.low[low].value, self.high[high].value);
        let outlier = |extreme: &Extreme| {
            let distance = (least - extreme.value).max(extreme.value - most);
            Outlier { extreme: *extreme, hides: most > least && distance > HIDING * (most - least) }
        };
        let outliers = self.low[..low].iter().chain(&self.high[..high]).map(outlier).collect();
        (outliers, least, most)
    }

    /// The next more values at the two ends that lie far outside what remains without them, fewest first.
    fn farther(&self, low: usize, high: usize) -> Option<(usize, usize)> {
        let mut choices: Vec<(usize, usize)> =
            (low..=FILLS).flat_map(|low| (high..=FILLS).map(move |high| (low, high))).collect();
        choices.retain(|choice| *choice != (low, high));
        choices.sort_by_key(|(low, high)| low + high);
        choices.into_iter().find(|(low, high)| self.are_outside(*low, *high))
    }

    /// True if so many values at the low end and at the high end lie far outside the rest.
    fn are_outside(&self, low: usize, high: usize) -> bool {
        let (Some(least), Some(most)) = (self.low.get(low), self.high.get(high)) else { return false };
        // Of two values, neither lies outside the other.
        let range = most.value - least.value;
        if range <= 0.0 {
            return false;
        }
        // All values are known where there are few.
        let few = self.low.len() < KEPT && self.low.len() - low - high < 3;
        let is_rare = |count: usize| count as f64 <= RARE * self.values as f64;
        let far = |extreme: &Extreme, distance: f64| match (is_customary(extreme.value), extreme.count) {
            (true, count) => (!few || is_rare(count)) && distance > FAR * range,
            (false, 1) => !few && distance > ALONE * FAR * range,
            (false, _) => !few && distance > FAR * range,
        };
        self.low[..low].iter().all(|extreme| far(extreme, least.value - extreme.value))
            && self.high[..high].iter().all(|extreme| far(extreme, extreme.value - most.value))
    }
}

/// Counts a value among the outermost ones, which are in order: `outer` are those farther out than it.
fn insert(outermost: &mut Vec<Extreme>, extreme: Extreme, outer: impl Fn(f64) -> bool) {
    let full = outermost.len() == KEPT;
    if full && outermost.last().is_some_and(|last| outer(last.value)) {
        return;
    }
    let place = outermost.iter().position(|known| !outer(known.value)).unwrap_or(outermost.len());
    match outermost.get_mut(place) {
        Some(known) if known.value == extreme.value => known.count += 1,
        _ => {
            outermost.insert(place, extreme);
            outermost.truncate(KEPT);
        }
    }
}

/// True if a number is one that programs write for a missing value: nines, the ends of a type, or implausibly large.
fn is_customary(value: f64) -> bool {
    let size = value.abs();
    let digits = size.to_string().replace('.', "");
    let nines = digits.len() > 1 && digits.bytes().all(|digit| digit == b'9');
    let ends = [32767.0, 32768.0, 65535.0, 2147483647.0, 2147483648.0, 4294967295.0, 999.25];
    nines || ends.contains(&size) || size >= 1e19
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(values: &[f64]) -> Channel {
        let mut channel = Channel::new();
        for (step, value) in values.iter().enumerate() {
            channel.add(*value, step.checked_sub(1).map(|before| values[before]), 0, step);
        }
        channel
    }

    fn outliers(values: &[f64]) -> Vec<(f64, usize)> {
        let found = channel(values).outliers().0;
        found.iter().map(|outlier| (outlier.extreme.value, outlier.extreme.count)).collect()
    }

    /// Values from -1 to 1.
    fn measured() -> Vec<f64> {
        (0..100).map(|step| f64::from(step * 37 % 100 - 50) / 50.0).collect()
    }

    #[test]
    fn fill_values_are_found_with_how_often_they_come() {
        let with = |others: &[f64]| outliers(&[&measured()[..], others].concat());
        assert_eq!(with(&[]), []);
        assert_eq!(with(&[-999.0, -999.0]), [(-999.0, 2)]);
        assert_eq!(with(&[-9999.0, -999.0, 1e20, -999.0]), [(-9999.0, 1), (-999.0, 2), (1e20, 1)]);
        assert_eq!(with(&[3.4e38]), [(3.4e38, 1)]);
        // Out of the ordinary, but not beyond doubt.
        assert_eq!(with(&[30.0, 150.0]), []);
        assert_eq!(with(&[150.0, 150.0]), [(150.0, 2)]);
        assert_eq!(with(&[1e4]), [(1e4, 1)]);
    }

    #[test]
    fn switches_and_constants_have_none() {
        assert_eq!(outliers(&[0.0, 0.0, 1.0, 1.0, 0.0]), []);
        assert_eq!(outliers(&[0.0, 0.0, 100.0, 100.0]), []);
        assert_eq!(outliers(&[5.0, 5.0]), []);
    }

    #[test]
    fn a_switch_between_two_or_three_values_has_none_whatever_they_are() {
        for on in [65535.0, 99.0, 9999.0, 2e300, -999.0] {
            let two = [0.0, on].repeat(50);
            assert_eq!(outliers(&two), [], "{on}");
            let (_, least, most) = channel(&two).outliers();
            assert_eq!((least, most), (on.min(0.0), on.max(0.0)));
            assert_eq!(outliers(&[0.0, 1.0, on].repeat(50)), [], "{on}");
        }
        assert_eq!(outliers(&[1e300, 2e300].repeat(9)), []);
        assert_eq!(outliers(&[&[0.0, 1.0].repeat(50)[..], &[-999.0]].concat()), [(-999.0, 1)]);
    }

    #[test]
    fn the_rest_has_its_range_and_may_be_hidden() {
        let (found, least, most) = channel(&[&measured()[..], &[1e20, -999.0]].concat()).outliers();
        assert_eq!((least, most), (-1.0, 0.98));
        assert_eq!(found.iter().map(|outlier| outlier.hides).collect::<Vec<_>>(), [false, true]);
        assert_eq!((found[0].extreme.sequence, found[0].extreme.step), (0, 101));
    }

    #[test]
    fn a_counter_rises() {
        assert!(channel(&[1.0, 2.0, 2.0]).only_rises());
        assert!(!channel(&[1.0, 2.0, 1.0]).only_rises());
    }

    #[test]
    fn what_stays_as_it_is_within_a_series_is_no_counter() {
        assert!(!channel(&[1.0]).only_rises());
        assert!(!channel(&[5.0, 5.0, 5.0]).only_rises());
    }
}
