//! Standardisation: each channel brought to mean 0 and standard deviation 1 on the training set.

use serde::{Deserialize, Serialize};
use std::ops::{Div, Sub};

/// The most that a standardised number may be. Far beyond it, sums of products with weights leave what `f32` holds, and
/// a model answers with NaN.
const LARGEST: f32 = 1e30;

/// The numbers up to 2 to this power and down to 2 to its negative are squared and summed as they are.
const LARGEST_EXPONENT: f64 = 400.0;

/// The numbers that a standardizer computes with. Models read `f32` either way.
pub(crate) trait Number:
    Copy + PartialOrd + Into<f64> + Sub<Output = Self> + Div<Output = Self>
{
    /// The least deviation to divide by; a channel of a smaller one is taken for one that never varies.
    const LEAST: Self;
    /// The nearest of these numbers.
    fn nearest(number: f64) -> Self;
    /// The nearest `f32`.
    fn narrow(self) -> f32;
}

impl Number for f32 {
    const LEAST: f32 = f32::MIN_POSITIVE;

    fn nearest(number: f64) -> f32 {
        number as f32
    }

    fn narrow(self) -> f32 {
        self
    }
}

impl Number for f64 {
    const LEAST: f64 = f64::from_bits(1);

    fn nearest(number: f64) -> f64 {
        number
    }

    fn narrow(self) -> f32 {
        self as f32
    }
}

/// A mean to subtract and a standard deviation to divide by, one of each for every channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored<T>", bound(deserialize = "T: Number + Deserialize<'de>"))]
pub(crate) struct Standardizer<T> {
    mean: Vec<T>,
    std: Vec<T>,
}

impl<T: Number> Standardizer<T> {
    /// Measures sequences shaped `[steps, channels]`, but for NaN, which stands for what is missing. A channel that never
    /// varies is only centred.
    pub(crate) fn fit(channels: usize, sequences: impl Iterator<Item = Vec<T>> + Clone) -> Self {
        let mut largest = vec![0.0_f64; channels];
        for values in sequences.clone() {
            for step in values.chunks_exact(channels) {
                for (largest, value) in largest.iter_mut().zip(step) {
                    *largest = largest.max((*value).into().abs());
                }
            }
        }
        let units: Vec<f64> = largest.into_iter().map(unit).collect();
        // Welford's update, which keeps its digits where the mean is large beside the deviation.
        let [mut steps, mut mean, mut squares] = [0.0, 0.0, 0.0].map(|zero| vec![zero; channels]);
        for values in sequences {
            for step in values.chunks_exact(channels) {
                let moments = steps.iter_mut().zip(&mut mean).zip(&mut squares);
                for ((value, unit), ((steps, mean), squares)) in step.iter().zip(&units).zip(moments) {
                    let value = Into::<f64>::into(*value) / unit;
                    // What is missing moves nothing; without a branch, as this is most of what reading images takes.
                    let known = !value.is_nan();
                    *steps += f64::from(u8::from(known));
                    let off = if known { value - *mean } else { 0.0 };
                    *mean += off / steps.max(1.0);
                    *squares += if known { off * (value - *mean) } else { 0.0 };
                }
            }
        }
        let std = |((squares, steps), unit): ((f64, f64), &f64)| {
            let std = T::nearest((squares / steps.max(1.0)).sqrt() * unit);
            if std < T::LEAST { T::nearest(1.0) } else { std }
        };
        let mean = mean.into_iter().zip(&units).map(|(mean, unit)| T::nearest(mean * unit)).collect();
        Self { std: squares.into_iter().zip(steps).zip(&units).map(std).collect(), mean }
    }

    /// The number of channels.
    pub(crate) fn channels(&self) -> usize {
        self.mean.len()
    }

    /// The mean of each channel.
    pub(crate) fn means(&self) -> Vec<f64> {
        self.mean.iter().map(|mean| (*mean).into()).collect()
    }

    /// That of some of the channels, in this order.
    pub(crate) fn of_channels(&self, channels: &[usize]) -> Self {
        let of = |numbers: &[T]| channels.iter().map(|at| numbers[*at]).collect();
        Self { mean: of(&self.mean), std: of(&self.std) }
    }

    /// The same with more channels after these, which are only divided by a number each.
    pub(crate) fn beside(mut self, units: &[f64]) -> Self {
        self.mean.extend(units.iter().map(|_| T::nearest(0.0)));
        self.std.extend(units.iter().map(|unit| T::nearest(*unit)));
        self
    }

    /// Standardised values shaped `[.., channels]` as they were before.
    pub(crate) fn restore(&self, values: &[f32]) -> Vec<f64> {
        let restore = |(at, value): (usize, &f32)| {
            let channel = at % self.channels();
            f64::from(*value) * self.std[channel].into() + self.mean[channel].into()
        };
        values.iter().enumerate().map(restore).collect()
    }

    /// The distance of a number of a channel from the mean, in standard deviations.
    pub(crate) fn deviation(&self, channel: usize, number: f64) -> f64 {
        distance(number, self.mean[channel].into(), self.std[channel].into())
    }

    /// Standardises values shaped `[steps, channels]`, or says at which place one becomes too large to compute with.
    pub(crate) fn apply(&self, values: &[T]) -> Result<Vec<f32>, usize> {
        let mut standardised = Vec::with_capacity(values.len());
        for step in values.chunks(self.channels()) {
            for ((value, mean), std) in step.iter().zip(&self.mean).zip(&self.std) {
                let number = distance(*value, *mean, *std).narrow();
                // Neither NaN nor what an infinite deviation makes of a number passes.
                let usable = number.abs() <= LARGEST && (*std).into().is_finite();
                if !usable {
                    return Err(standardised.len());
                }
                standardised.push(number);
            }
        }
        Ok(standardised)
    }
}

/// The distance of a number from a mean, in standard deviations.
fn distance<T: Number>(number: T, mean: T, std: T) -> T {
    let off = number - mean;
    // Two numbers may be farther apart than any number is large.
    if off.into().is_finite() { off / std } else { number / std - mean / std }
}

/// The unit, a power of two, in which the numbers of a channel are measured, the largest of which is this: 1, unless
/// squares of such numbers would leave what `f64` holds.
fn unit(largest: f64) -> f64 {
    match largest.log2().floor() {
        exponent if exponent.is_finite() && exponent.abs() > LARGEST_EXPONENT => {
            // A power of two below the least normal number would have no inverse.
            exponent.max(f64::from(f64::MIN_EXP - 1)).exp2()
        }
        _ => 1.0,
    }
}

/// The numbers of a run folder, before they are trusted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored<T> {
    mean: Vec<T>,
    std: Vec<T>,
}

impl<T: Number> TryFrom<Stored<T>> for Standardizer<T> {
    type Error = &'static str;

    fn try_from(Stored { mean, std }: Stored<T>) -> Result<Self, Self::Error> {
        if mean.is_empty() || mean.len() != std.len() {
            return Err("a standardizer has one mean and one standard deviation for each channel");
        }
        let number = |number: &T| -> f64 { (*number).into() };
        let positive = |std: f64| std.is_finite() && std > 0.0;
        if !mean.iter().map(number).all(f64::is_finite) || !std.iter().map(number).all(positive) {
            return Err("a standardizer has finite means and positive standard deviations");
        }
        Ok(Self { mean, std })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_measured_apart() {
        // Channel 0 is 2, 2, 6, 6: mean 4, deviation 2. Channel 1 never varies.
        let standardizer =
            Standardizer::fit(2, [vec![2.0_f32, 5.0, 2.0, 5.0], vec![6.0, 5.0, 6.0, 5.0]].into_iter());
        assert_eq!(standardizer, Standardizer { mean: vec![4.0, 5.0], std: vec![2.0, 1.0] });
        assert_eq!(standardizer.apply(&[4.0, 5.0, 6.0, 7.0]), Ok(vec![0.0, 0.0, 1.0, 2.0]));
    }

    #[test]
    fn what_was_standardised_is_given_back() {
        let values = [2.0, -70.0, 6.0, -40.0, 3.0, -55.0];
        let standardizer = Standardizer::<f64>::fit(2, [values.to_vec()].into_iter());
        let standardised = standardizer.apply(&values).unwrap();
        let back = standardizer.restore(&standardised);
        assert!(back.iter().zip(values).all(|(back, value)| (back - value).abs() < 1e-5), "{back:?}");
        let last = standardizer.of_channels(&[1]);
        assert_eq!(last.restore(&[standardised[3]]), [back[3]]);
        assert_eq!(last.means(), [-55.0]);
    }

    #[test]
    fn a_large_mean_does_not_hide_a_small_deviation() {
        let standardizer = Standardizer::fit(1, [vec![1_000_000.0_f32, 1_000_000.5]].into_iter());
        assert_eq!(standardizer.std, [0.25]);
    }

    #[test]
    fn a_counter_reads_the_same_wherever_it_starts() {
        let read = |start: f64| {
            let values: Vec<f64> = (1..=36).map(|step| start + f64::from(step)).collect();
            Standardizer::fit(1, [values.clone()].into_iter()).apply(&values).unwrap()
        };
        let (near, far) = (read(0.0), read(1_700_000_000.0));
        assert!(near.iter().zip(&far).all(|(near, far)| (near - far).abs() < 1e-6), "{near:?}\n{far:?}");
    }

    #[test]
    fn what_no_model_can_compute_with_is_told_by_its_place() {
        let standardizer = Standardizer::fit(2, [vec![0.0, 0.0, 0.01, 0.01]].into_iter());
        assert_eq!(standardizer.apply(&[0.0, 0.0, 0.0, -3.4e38]), Err(3));
        assert_eq!(standardizer.apply(&[0.0, 1e308]), Err(1));
        let boundless = Standardizer { mean: vec![0.0], std: vec![f64::INFINITY] };
        assert_eq!(boundless.apply(&[0.0]), Err(0));
    }

    #[test]
    fn a_series_reads_the_same_at_any_scale() {
        let values: Vec<f64> = (0_u8..36).map(|step| f64::from(step * 37 % 100) / 50.0 - 1.0).collect();
        let read = |scale: f64| {
            let values: Vec<f64> = values.iter().map(|value| value * scale).collect();
            Standardizer::fit(1, [values.clone()].into_iter()).apply(&values).unwrap()
        };
        let plain = read(1.0);
        for scale in [1e-300, 1e-170, 1e-154, 1e-120, 1e120, 1e153, 1e154, 1e170, 1e300, 1.7e308] {
            let scaled = read(scale);
            assert!(
                plain.iter().zip(&scaled).all(|(one, other)| (one - other).abs() < 1e-6),
                "{scale}: {scaled:?}"
            );
        }
        let tiny = Standardizer::fit(1, [vec![1e-310_f64, -1e-310]].into_iter()).apply(&[1e-310, -1e-310]);
        assert_eq!(tiny, Ok(vec![1.0, -1.0]));
        let far_apart = Standardizer::fit(1, [vec![1.7e308, -1.7e308, -1.7e308]].into_iter());
        assert_eq!(far_apart.apply(&[1.7e308]), Ok(vec![2_f32.sqrt()]));
    }

    /// Scaling by a power of two takes no digit away, so nothing is stored that was not before.
    #[test]
    fn what_is_measured_at_another_scale_has_the_same_digits() {
        let values: Vec<f64> = (0..100).map(|step| f64::from(step).sin() + 7.0).collect();
        let plain = Standardizer::fit(1, [values.clone()].into_iter());
        let power = 500_f64.exp2();
        let scaled = Standardizer::fit(1, [values.iter().map(|value| value * power).collect()].into_iter());
        assert_eq!((scaled.mean[0], scaled.std[0]), (plain.mean[0] * power, plain.std[0] * power));
    }

    #[test]
    fn a_stored_standardizer_must_be_usable() {
        for text in [
            r#"{"mean": [], "std": []}"#,
            r#"{"mean": [0], "std": [1, 1]}"#,
            r#"{"mean": [0], "std": [0]}"#,
            r#"{"mean": [1e99], "std": [1]}"#,
        ] {
            assert!(serde_json::from_str::<Standardizer<f32>>(text).is_err(), "{text}");
        }
        let single = Standardizer { mean: vec![0.1307_f32], std: vec![0.3081] };
        let text = serde_json::to_string(&single).unwrap();
        assert_eq!(text, r#"{"mean":[0.1307],"std":[0.3081]}"#);
        assert_eq!(serde_json::from_str::<Standardizer<f32>>(&text).unwrap(), single);
        let double = Standardizer { mean: vec![1_700_000_018.5_f64], std: vec![0.1] };
        let text = serde_json::to_string(&double).unwrap();
        assert_eq!(serde_json::from_str::<Standardizer<f64>>(&text).unwrap(), double);
    }
}
