//! Values that are missing from series: refused, or filled in by a rule that is fitted on the training part.

use crate::error::excerpt;
use crate::forecast::target_channels;
use crate::standardizer::Standardizer;
use crate::{DataConfig, DataError, Entry, Finding, MissingValues, Survey, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The treatment of values that are missing from the user's own series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// Refused, with their number and the place of the first.
    #[default]
    Refuse,
    /// The last value seen of the channel in the series, before the first its mean in the training part. A channel that has
    /// missing values there brings two more with it, after all others: 1 where it was seen and 0 where not, and the steps
    /// since it was last seen (Che et al. 2018, the inputs of GRU-D).
    Forward,
    /// On the line between its neighbours in the series, at the ends the nearest; the mean where the series has none.
    Linear,
    /// The mean of the channel in the training part.
    Mean,
}

impl Missing {
    /// Its name in a file of settings.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Missing::Refuse => "refuse",
            Missing::Forward => "forward",
            Missing::Linear => "linear",
            Missing::Mean => "mean",
        }
    }
}

/// The rule by which missing values, NaN among the numbers of a step, are filled in, with what it learned from the training part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub(crate) struct Filling {
    rule: Missing,
    /// The mean of the values seen of each channel.
    means: Vec<f64>,
    /// The channels that have a mask and the steps since they were last seen, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    masked: Vec<usize>,
}

/// The part of a series that has been read, as far as later steps are filled in from it.
#[derive(Clone, Debug)]
pub(crate) struct LastSeen {
    values: Vec<Option<f64>>,
    /// The steps from the one in which each channel was last seen, or from the first, to the next.
    since: Vec<f64>,
}

impl Filling {
    /// Fits a rule on series shaped `[steps, channels]`, and the scale of what it makes of them: that of each channel is of
    /// its seen values; masks stay as they are, and the steps since a channel was last seen are divided by their maximum.
    ///
    /// # Errors
    /// The place of a channel of which no value is there.
    pub(crate) fn fit<'a>(
        rule: Missing,
        channels: usize,
        series: impl Iterator<Item = &'a [f64]> + Clone,
    ) -> Result<(Filling, Standardizer<f64>), usize> {
        let of =
            |channel: usize| series.clone().flat_map(move |one| one.iter().skip(channel).step_by(channels));
        if let Some(unseen) = (0..channels).find(|channel| of(*channel).all(|value| value.is_nan())) {
            return Err(unseen);
        }
        let scale = Standardizer::fit(channels, series.clone().map(<[f64]>::to_vec));
        let has_mask = |channel: &usize| rule == Missing::Forward && of(*channel).any(|value| value.is_nan());
        let masked: Vec<usize> = (0..channels).filter(has_mask).collect();
        let filling = Filling { rule, means: scale.means(), masked };
        let (first, width) = (channels + filling.masked.len(), filling.width());
        // At least one step: a channel that was never seen before its end, of series of one step, has none.
        let mut longest = vec![1.0_f64; filling.masked.len()];
        for one in series {
            for step in filling.fill(one).chunks_exact(width) {
                longest.iter_mut().zip(&step[first..]).for_each(|(most, since)| *most = most.max(*since));
            }
        }
        let units = [vec![1.0; filling.masked.len()], longest].concat();
        Ok((filling, scale.beside(&units)))
    }

    /// The numbers of a step as files have it.
    pub(crate) fn channels(&self) -> usize {
        self.means.len()
    }

    /// The numbers of a step that is filled in.
    pub(crate) fn width(&self) -> usize {
        self.means.len() + 2 * self.masked.len()
    }

    pub(crate) fn rule(&self) -> Missing {
        self.rule
    }

    /// True if the model is told where a channel was not seen.
    pub(crate) fn has_mask(&self, channel: usize) -> bool {
        self.masked.contains(&channel)
    }

    /// Fills in a series shaped `[steps, channels]`. Masks stand after the channels, and then the steps since each of
    /// these was last seen.
    pub(crate) fn fill(&self, values: &[f64]) -> Vec<f64> {
        match self.rule {
            Missing::Refuse => values.to_vec(),
            Missing::Linear => self.between(values),
            Missing::Forward | Missing::Mean => {
                let mut last = self.begin();
                values.chunks_exact(self.channels()).flat_map(|step| self.next(step, &mut last)).collect()
            }
        }
    }

    /// The state before the first step of a series.
    pub(crate) fn begin(&self) -> LastSeen {
        LastSeen { values: vec![None; self.channels()], since: vec![0.0; self.channels()] }
    }

    /// Fills in the next step of a series from those before it.
    pub(crate) fn next(&self, step: &[f64], last: &mut LastSeen) -> Vec<f64> {
        let mut filled = Vec::with_capacity(self.width());
        for ((value, mean), seen) in step.iter().zip(&self.means).zip(&mut last.values) {
            if !value.is_nan() {
                *seen = Some(*value);
            }
            let known = if self.rule == Missing::Forward { *seen } else { Some(*value) };
            filled.push(known.filter(|value| !value.is_nan()).unwrap_or(*mean));
        }
        filled.extend(self.masked.iter().map(|channel| if step[*channel].is_nan() { 0.0 } else { 1.0 }));
        for channel in &self.masked {
            let since = &mut last.since[*channel];
            filled.push(*since);
            *since = if step[*channel].is_nan() { *since + 1.0 } else { 1.0 };
        }
        filled
    }

    /// Fills in on the lines between neighbours.
    fn between(&self, values: &[f64]) -> Vec<f64> {
        let (channels, mut filled) = (self.channels(), values.to_vec());
        let steps = values.len() / channels;
        for (channel, mean) in self.means.iter().enumerate() {
            let at = |step: usize| values[step * channels + channel];
            let seen: Vec<usize> = (0..steps).filter(|step| !at(*step).is_nan()).collect();
            for step in (0..steps).filter(|step| at(*step).is_nan()) {
                let later = seen.partition_point(|seen| *seen < step);
                let (before, after) = (later.checked_sub(1).map(|at| seen[at]), seen.get(later).copied());
                filled[step * channels + channel] = match (before, after) {
                    (Some(before), Some(after)) => {
                        let share = (step - before) as f64 / (after - before) as f64;
                        at(before) * (1.0 - share) + at(after) * share
                    }
                    (Some(nearest), None) | (None, Some(nearest)) => at(nearest),
                    (None, None) => *mean,
                };
            }
        }
        filled
    }
}

/// The rule of a run folder, before it is trusted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    rule: Missing,
    means: Vec<f64>,
    #[serde(default)]
    masked: Vec<usize>,
}

impl TryFrom<Stored> for Filling {
    type Error = &'static str;

    fn try_from(Stored { rule, means, masked }: Stored) -> Result<Self, Self::Error> {
        if means.is_empty() || !means.iter().all(|mean| mean.is_finite()) {
            return Err("missing values are filled in with a finite mean for each channel");
        }
        if !masked.is_sorted_by(|one, other| one < other)
            || masked.iter().any(|channel| *channel >= means.len())
        {
            return Err("masks are of channels in their order");
        }
        if masked.is_empty() || rule == Missing::Forward {
            Ok(Filling { rule, means, masked })
        } else {
            Err("masks come with the rule `forward` alone")
        }
    }
}

/// Checks that a data set lacks no value that `config` has no rule for, nor one that is to be forecast.
///
/// # Errors
/// Missing values, with their number and the place of the first.
pub(crate) fn check(config: &DataConfig, entry: &Entry) -> Result<(), DataError> {
    let Some(survey) = &entry.survey else { return Ok(()) };
    let Some((values, first)) = in_all(survey) else { return Ok(()) };
    let MissingValues { file, line, field, .. } = first.clone();
    if config.missing.unwrap_or_default() == Missing::Refuse {
        return Err(DataError::Missing { file, line, field, values });
    }
    if entry.recipe.task != Task::Forecast {
        return Ok(());
    }
    let targets = target_channels(entry, config.targets.as_deref())?;
    match targets.iter().find_map(|target| survey.channels[*target].missing.as_ref()) {
        None => Ok(()),
        Some(missing) => {
            let (file, line, field) = (missing.file.clone(), missing.line, missing.field.clone());
            Err(DataError::MissingTarget { file, line, field, values: missing.values() })
        }
    }
}

/// The number of missing values in all, and those of the channel that lacks one first.
fn in_all(survey: &Survey) -> Option<(usize, &MissingValues)> {
    let missing = || survey.channels.iter().filter_map(|channel| channel.missing.as_ref());
    let first = missing().min_by_key(|missing| (missing.train == 0, missing.line))?;
    Some((missing().map(MissingValues::values).sum(), first))
}

/// The finding that values are filled in, where they are.
pub(crate) fn finding(config: &DataConfig, survey: &Survey) -> Option<Finding> {
    let (values, first) = in_all(survey)?;
    let rule = config.missing.filter(|rule| *rule != Missing::Refuse)?;
    let lacking: Vec<String> = survey
        .channels
        .iter()
        .filter_map(|channel| {
            let MissingValues { train, test, .. } = channel.missing.as_ref()?;
            Some(format!("{train} in training and {test} in test of {}", excerpt(&channel.name)))
        })
        .collect();
    let unnamed = lacking.len().saturating_sub(SHOWN);
    let more = if unnamed > 0 { format!("; and of {unnamed} more") } else { String::new() };
    let channels = lacking.into_iter().take(SHOWN).collect::<Vec<_>>().join("; ") + &more;
    Some(Finding::Missing { values, file: first.file.clone(), line: first.line, channels, rule: rule.name() })
}

/// The most channels that are named.
const SHOWN: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f64 = f64::NAN;

    /// Channel 0 is 1, 3, missing, missing, 8 and 4: a mean of 4. Channel 1 has all of its values: a mean of 7.
    const SERIES: [&[f64]; 2] = [&[1.0, 5.0, 3.0, 6.0, NAN, 7.0, NAN, 8.0, 8.0, 9.0], &[4.0, 7.0]];

    fn fit(rule: Missing) -> (Filling, Standardizer<f64>) {
        Filling::fit(rule, 2, SERIES.into_iter()).unwrap()
    }

    #[test]
    fn forward_is_the_last_one_seen_with_a_mask_and_the_steps_since() {
        let (filling, scale) = fit(Missing::Forward);
        assert_eq!((filling.channels(), filling.width()), (2, 4));
        assert_eq!(scale.means(), [4.0, 7.0, 0.0, 0.0]);
        let wanted = [
            [1.0, 5.0, 1.0, 0.0],
            [3.0, 6.0, 1.0, 1.0],
            [3.0, 7.0, 0.0, 1.0],
            [3.0, 8.0, 0.0, 2.0],
            [8.0, 9.0, 1.0, 3.0],
        ];
        assert_eq!(filling.fill(SERIES[0]), wanted.concat());
        // Before the first, the mean; and a channel without a mask is filled in by the same rule.
        let wanted = [[4.0, 7.0, 0.0, 0.0], [4.0, 2.0, 0.0, 1.0], [6.0, 2.0, 1.0, 2.0]];
        assert_eq!(filling.fill(&[NAN, NAN, NAN, 2.0, 6.0, NAN]), wanted.concat());
    }

    #[test]
    fn values_are_standardised_by_those_seen_and_steps_divided_by_their_maximum() {
        // Channel 0 is off its mean by -3, -1, 4 and 0, a variance of 26 / 4; channel 1 by -2 to 2 and 0, of 10 / 6.
        let (filling, scale) = fit(Missing::Forward);
        let read = scale.apply(&filling.fill(SERIES[0])).unwrap();
        let (one, other) = (6.5_f32.sqrt(), (10.0_f32 / 6.0).sqrt());
        let close = |found: &[f32], wanted: [f32; 4]| {
            assert!(
                found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-6),
                "{found:?}"
            );
        };
        close(&read[4..8], [-1.0 / one, -1.0 / other, 1.0, 1.0 / 3.0]);
        close(&read[12..16], [-1.0 / one, 1.0 / other, 0.0, 2.0 / 3.0]);
        close(&read[16..20], [4.0 / one, 2.0 / other, 1.0, 1.0]);
    }

    #[test]
    fn linear_is_on_the_line_between_neighbours_and_the_nearest_at_the_ends() {
        let (filling, scale) = fit(Missing::Linear);
        assert_eq!((filling.width(), scale.channels()), (2, 2));
        let filled = filling.fill(SERIES[0]);
        let first: Vec<f64> = filled.iter().step_by(2).copied().collect();
        // From 3 to 8 in three steps.
        let wanted = [1.0, 3.0, 3.0 + 5.0 / 3.0, 3.0 + 10.0 / 3.0, 8.0];
        assert!(first.iter().zip(wanted).all(|(one, other)| (one - other).abs() < 1e-12), "{first:?}");
        let ends = filling.fill(&[NAN, NAN, 2.0, NAN, NAN, NAN]);
        assert_eq!(ends, [2.0, 7.0, 2.0, 7.0, 2.0, 7.0]);
    }

    #[test]
    fn the_mean_is_that_of_the_values_seen() {
        let (filling, scale) = fit(Missing::Mean);
        assert_eq!(filling.fill(&[9.0, NAN, NAN, 1.0]), [9.0, 7.0, 4.0, 1.0]);
        assert_eq!(scale.apply(&filling.fill(&[NAN, NAN])), Ok(vec![0.0, 0.0]));
    }

    #[test]
    fn a_series_that_comes_step_by_step_is_filled_in_as_a_whole_one() {
        for rule in [Missing::Forward, Missing::Mean] {
            let (filling, _) = fit(rule);
            let mut last = filling.begin();
            let steps = SERIES[0].chunks_exact(2).flat_map(|step| filling.next(step, &mut last));
            assert_eq!(steps.collect::<Vec<_>>(), filling.fill(SERIES[0]), "{rule:?}");
        }
    }

    #[test]
    fn a_channel_without_a_value_is_refused_by_its_place() {
        let never: [&[f64]; 2] = [&[1.0, NAN], &[2.0, NAN]];
        assert_eq!(Filling::fit(Missing::Mean, 2, never.into_iter()).unwrap_err(), 1);
    }

    #[test]
    fn a_stored_rule_must_be_usable() {
        let (filling, _) = fit(Missing::Forward);
        let text = serde_json::to_string(&filling).unwrap();
        assert_eq!(text, r#"{"rule":"forward","means":[4.0,7.0],"masked":[0]}"#);
        assert_eq!(serde_json::from_str::<Filling>(&text).unwrap(), filling);
        for text in [
            r#"{"rule": "forward", "means": []}"#,
            r#"{"rule": "forward", "means": [1], "masked": [1]}"#,
            r#"{"rule": "forward", "means": [1, 2], "masked": [1, 0]}"#,
            r#"{"rule": "mean", "means": [1], "masked": [0]}"#,
            r#"{"rule": "guess", "means": [1]}"#,
        ] {
            assert!(serde_json::from_str::<Filling>(text).is_err(), "{text}");
        }
    }
}
