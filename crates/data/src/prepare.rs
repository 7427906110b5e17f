//! From a configuration to a training, a validation and a test set.

mod forecast;

use std::sync::Arc;

use crate::examples::Example;
use crate::own::whole_path;
use crate::preprocessing::Overflow;
use crate::split::{self, SplitIndices, held_out, split, undivided};
use crate::{
    DataConfig, DataError, Entry, Preprocessing, Presence, Protocol, Sequence, Survey, Task, examples, find,
    pieces,
};
use std::collections::BTreeMap;

/// A data set, divided and ready for batches.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The preparation of every sequence.
    pub preprocessing: Preprocessing,
    /// The training set.
    pub train: Vec<Sequence>,
    /// The set used for model selection: taken from the training data, or the test set; see [`Protocol`].
    pub validation: Vec<Sequence>,
    /// The test set. Nothing is taken from it.
    pub test: Vec<Sequence>,
}

/// Reads a data set, takes the validation set off its training data, fits the preprocessing on what
/// remains, and applies it to all.
///
/// # Errors
/// A setting out of range, an unknown data set, or a folder of the user's that cannot be used. The files that ship are
/// checked as any other.
pub fn prepare(config: &DataConfig) -> Result<Prepared, DataError> {
    build(config, None)
}

/// As [`prepare`], with the preprocessing that a run has stored. What it does about lengths and its
/// vocabulary hold, whatever `config` says of them. A folder of the user's own is looked for where it was and where
/// `config` says, or at `place` alone, if given; its files must be the ones that the run was trained on.
///
/// # Errors
/// As [`prepare`], and a preprocessing of another data set, or of files of the user's own that have changed since.
pub fn prepare_with(
    config: &DataConfig,
    preprocessing: &Preprocessing,
    place: Option<&str>,
) -> Result<Prepared, DataError> {
    build(config, Some((preprocessing, place)))
}

/// Checks that the data set of a run's settings is still the one that its stored preprocessing was fitted on. Only files of the user's own can
/// have changed; they are looked for as by [`prepare_with`].
///
/// # Errors
/// Files that have changed, or cannot be used any more.
pub fn check_unchanged(
    config: &DataConfig,
    preprocessing: &Preprocessing,
    place: Option<&str>,
) -> Result<(), DataError> {
    find_stored(preprocessing, config, place).map(|_| ())
}

/// The number of sequences, of a forecast windows, that are held out for validation; that of the test set, where choices
/// are made on it.
///
/// # Errors
/// As [`prepare`].
pub fn validation_sequences(config: &DataConfig) -> Result<usize, DataError> {
    let entry = find(config)?;
    let recipe = &entry.recipe;
    Ok(match config.validation {
        Protocol::Validation if recipe.task == Task::Forecast => {
            forecast::windows(config, &entry)?.validation
        }
        Protocol::Published if recipe.task == Task::Forecast => forecast::windows(config, &entry)?.test,
        Protocol::Validation => held_out(recipe.train.sequences, config.validation_fraction),
        Protocol::Published => recipe.test.sequences,
    })
}

/// Checks that a data set, divided as `config` says, has sequences to train on and to validate on.
///
/// # Errors
/// As [`prepare`]; a set with no sequence left for one of the two.
pub fn check_division(config: &DataConfig) -> Result<(), DataError> {
    let entry = find(config)?;
    match config.validation {
        _ if entry.recipe.task == Task::Forecast => forecast::windows(config, &entry).map(|_| ()),
        Protocol::Validation => split::check(entry.recipe.train.sequences, config.validation_fraction),
        Protocol::Published => Ok(()),
    }
}

/// The steps of the longest series that a model is trained on, where `config` names a set that is forecast.
///
/// # Errors
/// An unknown name, and files that cannot be used.
pub fn training_steps(config: &DataConfig) -> Result<Option<usize>, DataError> {
    let entry = find(config)?;
    let is_forecast = entry.recipe.task == Task::Forecast;
    is_forecast.then(|| forecast::training_steps(config, &entry)).transpose()
}

fn build(config: &DataConfig, stored: Option<(&Preprocessing, Option<&str>)>) -> Result<Prepared, DataError> {
    config.check()?;
    let entry = match stored {
        None => find(config)?,
        Some((stored, place)) => find_stored(stored, config, place)?,
    };
    if let Some(asked) = config.task.filter(|asked| *asked != entry.recipe.task) {
        return Err(DataError::OtherTask { dataset: entry.name.clone(), asked, task: entry.recipe.task });
    }
    if stored.is_none()
        && let Some(value) = entry.survey.as_ref().and_then(Survey::hiding_value)
    {
        return Err(DataError::Hidden(Box::new(value.clone())));
    }
    if entry.recipe.task == Task::Forecast {
        return forecast::build(config, &entry, stored.map(|(stored, _)| stored));
    }
    let examples = examples::load(&entry, &entry.recipe.train)?;
    let labels = strata(&examples);
    let SplitIndices { train, validation } = match config.validation {
        Protocol::Validation if !entry.recipe.groups.is_empty() => split_groups(&examples, &labels, config)?,
        Protocol::Validation => split(&labels, config.validation_fraction, config.train_limit, config.seed)?,
        Protocol::Published => {
            let train = undivided(&labels, config.train_limit, config.seed);
            SplitIndices { train, validation: Vec::new() }
        }
    };
    let fitted = || {
        let train: Vec<_> = train.iter().map(|index| &examples[*index]).collect();
        Preprocessing::fit(&entry, config, &train)
    };
    let preprocessing = stored.map_or_else(fitted, |(stored, _)| Ok(stored.clone().at(&entry)))?;
    let mut examples: Vec<_> = examples.into_iter().map(Some).collect();
    let mut subset = |indices: Vec<usize>| {
        let taken = indices.iter().map(|index| examples[*index].take().expect("no index comes twice"));
        preprocessing.sequences(taken).map_err(|place| {
            let sequence = indices[place.sequence];
            examples::overflow(&entry, &entry.recipe.train, Overflow { sequence, ..place })
        })
    };
    let (train, held_out) = (subset(train)?, subset(validation)?);
    drop(examples);
    let test = preprocessing
        .sequences(examples::load(&entry, &entry.recipe.test)?.into_iter())
        .map_err(|place| examples::overflow(&entry, &entry.recipe.test, place))?;
    let validation = match config.validation {
        Protocol::Validation => held_out,
        Protocol::Published => test.clone(),
    };
    Ok(Prepared { preprocessing, train, validation, test })
}

/// As [`split`], where sequences are in groups, which no division takes apart.
fn split_groups(
    examples: &[Example],
    labels: &[usize],
    config: &DataConfig,
) -> Result<SplitIndices, DataError> {
    split::check(examples.len(), config.validation_fraction)?;
    let groups: Vec<usize> = examples.iter().map(|example| example.group.unwrap_or_default()).collect();
    let wanted = held_out(examples.len(), config.validation_fraction);
    let is_held_out = pieces::grouped(&groups, wanted, config.seed);
    let order = undivided(labels, None, config.seed);
    let (validation, mut train): (Vec<usize>, Vec<usize>) =
        order.into_iter().partition(|at| is_held_out[*at]);
    if validation.is_empty() {
        return Err(DataError::OneGroup { part: "validation" });
    }
    train.truncate(config.train_limit.unwrap_or(train.len()));
    Ok(SplitIndices { train, validation })
}

/// The groups in whose proportions sequences are divided: their classes. Of sequences whose steps have classes, it is the
/// one among them of which there are fewest steps in all, so that what is rare comes in each part; of numbers there is
/// one group.
pub(crate) fn strata(examples: &[Example]) -> Vec<usize> {
    let mut steps = BTreeMap::new();
    for class in examples.iter().flat_map(Example::step_classes).flatten() {
        *steps.entry(*class).or_insert(0_usize) += 1;
    }
    let rarest = |example: &Example| {
        example.step_classes().iter().flatten().min_by_key(|class| steps[*class]).copied().unwrap_or(0)
    };
    examples.iter().map(|example| example.class().unwrap_or_else(|| rarest(example))).collect()
}

/// The data set that a preprocessing was fitted on, wherever it is now.
fn find_stored(
    stored: &Preprocessing,
    config: &DataConfig,
    place: Option<&str>,
) -> Result<Arc<Entry>, DataError> {
    let dataset = config.dataset.as_str();
    let at = |place: &str| {
        let entry = find(&DataConfig { dataset: place.to_owned(), ..config.clone() })?;
        check_stored(stored, &entry).map(|()| entry)
    };
    if let Some(place) = place {
        return at(place);
    }
    // Called as it was typed, where that leads to the same place.
    let was = stored.place().filter(|was| whole_path(dataset).as_deref() != Some(was));
    let mut refusal = None;
    for place in was.into_iter().chain([dataset]) {
        match at(place) {
            Ok(entry) => return Ok(entry),
            Err(DataError::NoFolder { .. }) => (),
            Err(other) => {
                refusal.get_or_insert(other);
            }
        }
    }
    let places = was.map_or_else(String::new, |was| format!("{was} or ")) + dataset;
    Err(refusal.unwrap_or(DataError::Moved { places }))
}

fn check_stored(stored: &Preprocessing, entry: &Entry) -> Result<(), DataError> {
    let own = entry.set.presence() == Presence::Own;
    // A folder is what it holds, whatever it is called.
    let same = if own { stored.is_of_own_data() } else { stored.dataset() == entry.name };
    if !same {
        let (trained, asked) = (crate::error::excerpt(stored.dataset()), entry.name.clone());
        Err(DataError::OtherDataset { trained, asked })
    } else if let Some(file) = stored.changed_file(entry) {
        Err(DataError::ChangedData { folder: entry.name.clone(), file })
    } else if !stored.fits(entry) {
        Err(DataError::OtherPreprocessing { dataset: entry.name.clone() })
    } else {
        Ok(())
    }
}
