//! Standardisation: each channel brought to mean 0 and standard deviation 1 on the training set.

use serde::{Deserialize, Serialize};

/// What is subtracted and what is divided by, one of each for every channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", deny_unknown_fields)]
pub(crate) struct Standardizer {
    mean: Vec<f32>,
    std: Vec<f32>,
}

impl Standardizer {
    /// Measures sequences shaped `[steps, channels]`. A channel that never varies is only centred.
    pub(crate) fn fit(channels: usize, sequences: impl Iterator<Item = Vec<f32>>) -> Self {
        // Welford's update, which keeps its digits where the mean is large beside the deviation.
        let (mut steps, mut mean, mut squares) = (0.0, vec![0.0; channels], vec![0.0; channels]);
        for values in sequences {
            for step in values.chunks_exact(channels) {
                steps += 1.0;
                for (channel, value) in step.iter().map(|value| f64::from(*value)).enumerate() {
                    let off = value - mean[channel];
                    mean[channel] += off / steps;
                    squares[channel] += off * (value - mean[channel]);
                }
            }
        }
        let std = |squares: f64| {
            let std = (squares / f64::max(steps, 1.0)).sqrt() as f32;
            if std < f32::MIN_POSITIVE { 1.0 } else { std }
        };
        Self {
            std: squares.into_iter().map(std).collect(),
            mean: mean.into_iter().map(|mean| mean as f32).collect(),
        }
    }

    /// How many channels are told apart.
    pub(crate) fn channels(&self) -> usize {
        self.mean.len()
    }

    /// Standardises values shaped `[steps, channels]`.
    pub(crate) fn apply(&self, values: &mut [f32]) {
        for step in values.chunks_mut(self.channels()) {
            for ((value, mean), std) in step.iter_mut().zip(&self.mean).zip(&self.std) {
                *value = (*value - mean) / std;
            }
        }
    }
}

/// The numbers of a run folder, before they are trusted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    mean: Vec<f32>,
    std: Vec<f32>,
}

impl TryFrom<Stored> for Standardizer {
    type Error = &'static str;

    fn try_from(Stored { mean, std }: Stored) -> Result<Self, Self::Error> {
        if mean.is_empty() || mean.len() != std.len() {
            return Err("a standardizer has one mean and one standard deviation for each channel");
        }
        if !mean.iter().all(|mean| mean.is_finite()) || !std.iter().all(|std| std.is_finite() && *std > 0.0) {
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
            Standardizer::fit(2, [vec![2.0, 5.0, 2.0, 5.0], vec![6.0, 5.0, 6.0, 5.0]].into_iter());
        assert_eq!(standardizer, Standardizer { mean: vec![4.0, 5.0], std: vec![2.0, 1.0] });
        let mut values = [4.0, 5.0, 6.0, 7.0];
        standardizer.apply(&mut values);
        assert_eq!(values, [0.0, 0.0, 1.0, 2.0]);
    }

    #[test]
    fn a_large_mean_does_not_hide_a_small_deviation() {
        let standardizer = Standardizer::fit(1, [vec![1_000_000.0, 1_000_000.5]].into_iter());
        assert_eq!(standardizer.std, [0.25]);
    }

    #[test]
    fn a_stored_standardizer_must_be_usable() {
        for text in [
            r#"{"mean": [], "std": []}"#,
            r#"{"mean": [0], "std": [1, 1]}"#,
            r#"{"mean": [0], "std": [0]}"#,
            r#"{"mean": [1e99], "std": [1]}"#,
        ] {
            assert!(serde_json::from_str::<Standardizer>(text).is_err(), "{text}");
        }
        let standardizer = Standardizer { mean: vec![0.1307], std: vec![0.3081] };
        let text = serde_json::to_string(&standardizer).unwrap();
        assert_eq!(serde_json::from_str::<Standardizer>(&text).unwrap(), standardizer);
    }
}
