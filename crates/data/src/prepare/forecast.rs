//! From a configuration to the windows of a training, a validation and a test part.
//!
//! A series is divided before it is cut: the last steps of the training data are the validation part, the test data is
//! the test part, and no window, neither what it is made from nor what it forecasts, reaches from one into another.

use super::{Prepared, TargetSeries};
use crate::examples::{self, Answer, Example, Raw};
use crate::preprocessing::Overflow;
use crate::recipe::SetFiles;
use crate::split::{held_out, undivided};
use crate::{
    BacktestError, DataConfig, DataError, Entry, Pad, Preprocessing, Presence, Protocol, Sequence, Steps,
    Windows,
};

/// The windows of the two parts that choices are made on.
pub(super) struct WindowCounts {
    pub validation: usize,
    pub test: usize,
}

/// Counts the windows of a data set that is divided as `config` says.
///
/// # Errors
/// As [`build`].
pub(super) fn windows(config: &DataConfig, entry: &Entry) -> Result<WindowCounts, DataError> {
    let (windows, channels) = (windows_of(config, entry), entry.channel_names().len());
    let parts = Parts::load(config, entry)?;
    let count = |part, series: &[Example]| {
        let lengths = check(entry, part, series, windows, channels)?;
        Ok::<_, DataError>(lengths.into_iter().map(|steps| windows.count(steps)).sum())
    };
    count("training", &parts.train)?;
    Ok(WindowCounts {
        validation: count("validation", &parts.validation)?,
        test: count("test", &parts.test)?,
    })
}

/// The steps of the longest series of the training part.
///
/// # Errors
/// Files that cannot be used.
pub(super) fn training_steps(config: &DataConfig, entry: &Entry) -> Result<usize, DataError> {
    let (parts, channels) = (Parts::load(config, entry)?, entry.channel_names().len());
    Ok(parts.train.iter().map(|series| steps(series, channels)).max().unwrap_or(0))
}

/// As [`prepare`](crate::prepare) and [`prepare_with`](crate::prepare_with), of a data set that is forecast.
///
/// # Errors
/// As these; a part that is shorter than a window, channels to forecast that there are not, and settings for the length
/// of whole sequences.
pub(super) fn build(
    config: &DataConfig,
    entry: &Entry,
    stored: Option<&Preprocessing>,
) -> Result<Prepared, DataError> {
    let has_pad = config.pad != Pad::None;
    for (key, given) in [("data.max_length", config.max_length.is_some()), ("data.pad", has_pad)] {
        if given {
            return Err(DataError::LengthOfForecast { key, dataset: entry.name.clone() });
        }
    }
    let channels = entry.channel_names().len();
    let parts = Parts::load(config, entry)?;
    let fitted = || Preprocessing::fit(entry, config, &parts.train.iter().collect::<Vec<_>>());
    let preprocessing = stored.map_or_else(fitted, |stored| Ok(stored.clone().at(entry)))?;
    let windows = preprocessing.windows().unwrap_or_else(|| windows_of(config, entry));
    let cut = |part, series: Vec<Example>, set: &SetFiles, before: &[usize]| -> Result<Cut, DataError> {
        check(entry, part, &series, windows, channels)?;
        let whole = preprocessing.apply(series.iter().map(|example| &example.raw)).map_err(|place| {
            let step = place.step + before.get(place.sequence).unwrap_or(&0);
            overflow(entry, set, Overflow { step, ..place }, &parts.given)
        })?;
        let targets = preprocessing.target_channels();
        let mut cut = Cut::default();
        for steps in &whole {
            let Steps::Values { values, channels } = steps else { unreachable!("a series is of numbers") };
            cut.windows.extend(windows.cut(values, *channels, targets));
            let of_targets = values.chunks_exact(*channels);
            cut.series.push(of_targets.flat_map(|step| targets.iter().map(|at| step[*at])).collect());
        }
        Ok(cut)
    };
    let (training, testing) = (&entry.recipe.train, &entry.recipe.test);
    // Where the validation part of each series begins.
    let before: Vec<usize> = parts.train.iter().map(|example| steps(example, channels)).collect();
    let train = cut("training", parts.train, training, &[])?;
    let test = cut("test", parts.test, testing, &parts.moved)?;
    let validation = match config.validation {
        Protocol::Validation => cut("validation", parts.validation, training, &before)?.windows,
        Protocol::Published => test.windows.clone(),
    };
    let series = TargetSeries { train: train.series, test: test.series };
    let (train, test) = (limited(train.windows, config), test.windows);
    Ok(Prepared { preprocessing, train, validation, test, series })
}

/// A part of the data, cut into windows.
#[derive(Default)]
struct Cut {
    windows: Vec<Sequence>,
    /// What is forecast of each series, shaped `[steps, targets]`.
    series: Vec<Vec<f32>>,
}

/// The series of the data, each divided in time.
struct Parts {
    train: Vec<Example>,
    /// Empty where choices are made on the test set.
    validation: Vec<Example>,
    test: Vec<Example>,
    /// The steps of each series that are training data as they are given.
    given: Vec<usize>,
    /// The steps of each series that are test data, and trained on in a backtest.
    moved: Vec<usize>,
}

impl Parts {
    fn load(config: &DataConfig, entry: &Entry) -> Result<Parts, DataError> {
        let [mut train, mut test] =
            [examples::load(entry, &entry.recipe.train)?, examples::load(entry, &entry.recipe.test)?];
        let channels = entry.channel_names().len();
        let lengths = |part: &[Example]| part.iter().map(|example| steps(example, channels)).collect();
        let given: Vec<usize> = lengths(&train);
        if let Some(backtest) = config.backtest {
            if entry.set.presence() == Presence::Own && !entry.is_divided() {
                return Err(BacktestError::Pair { dataset: entry.name.clone() }.into());
            }
            for (train, test) in train.iter_mut().zip(&mut test) {
                backtest.divide(train, test, channels);
            }
        }
        let longer: Vec<usize> = lengths(&train);
        let moved = longer.iter().zip(&given).map(|(steps, given)| steps - given).collect();
        let mut parts = Parts { train, validation: Vec::new(), test, given, moved };
        if config.validation == Protocol::Validation {
            let later = |example: &mut Example| later_part(example, channels, config.validation_fraction);
            parts.validation = parts.train.iter_mut().map(later).collect();
        }
        Ok(parts)
    }
}

/// The error for a number that cannot be computed with, of a step of the data of a set. Beyond the steps that it was given,
/// training data is test data.
fn overflow(entry: &Entry, set: &SetFiles, place: Overflow, given: &[usize]) -> DataError {
    match place.step.checked_sub(given[place.sequence]) {
        Some(step) if std::ptr::eq(set, &entry.recipe.train) => {
            examples::overflow(entry, &entry.recipe.test, Overflow { step, ..place })
        }
        _ => examples::overflow(entry, set, place),
    }
}

/// Takes the last part of a series, shaped `[steps, channels]`, off it.
fn later_part(example: &mut Example, channels: usize, fraction: f64) -> Example {
    let Raw::Values(values) = &mut example.raw else { unreachable!("a series is of numbers") };
    let steps = values.len() / channels;
    let later = values.split_off((steps - held_out(steps, fraction)) * channels);
    Example { raw: Raw::Values(later), answer: Answer::Following, group: example.group }
}

/// The steps of a series.
fn steps(example: &Example, channels: usize) -> usize {
    example.raw.values().map_or(0, <[f64]>::len) / channels
}

/// The steps of each series of a part, all of which must have a window.
fn check(
    entry: &Entry,
    part: &'static str,
    series: &[Example],
    windows: Windows,
    channels: usize,
) -> Result<Vec<usize>, DataError> {
    let lengths: Vec<usize> = series.iter().map(|example| steps(example, channels)).collect();
    match lengths.iter().find(|steps| windows.count(**steps) == 0) {
        None => Ok(lengths),
        Some(&steps) => {
            let Windows { context, horizon, .. } = windows;
            let (dataset, needed) = (entry.name.clone(), windows.steps());
            Err(DataError::ShortSeries {
                dataset,
                part,
                is_divided: entry.is_divided(),
                steps,
                needed,
                context,
                horizon,
            })
        }
    }
}

fn windows_of(config: &DataConfig, entry: &Entry) -> Windows {
    Windows::of(entry, config)
        .expect("the recipe of a set that is forecast has windows: a test loads every one")
}

/// The windows that the limit of training sequences keeps: a smaller one keeps some of those of a larger one.
fn limited(windows: Vec<Sequence>, config: &DataConfig) -> Vec<Sequence> {
    if config.train_limit.is_none_or(|limit| limit >= windows.len()) {
        return windows;
    }
    let order = undivided(&vec![0; windows.len()], config.train_limit, config.seed);
    order.into_iter().map(|at| windows[at].clone()).collect()
}

#[cfg(test)]
mod tests;
