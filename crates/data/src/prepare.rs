//! From a configuration to a training, a validation and a test set.

mod forecast;

use std::sync::Arc;

use crate::examples::Example;
use crate::own::whole_path;
use crate::preprocessing::Overflow;
use crate::shuffle::Purpose;
use crate::split::{self, Members, SplitIndices, draw, held_out, split, undivided};
use crate::{
    DataConfig, DataError, Entry, Preprocessing, Presence, Protocol, Sequence, Task, TestSet, examples, find,
    missing,
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
    /// The series that the windows of a forecast are cut from; empty of other tasks.
    pub series: TargetSeries,
}

/// What is forecast of whole series, standardised: each shaped `[steps, targets]`, in the order of its part's windows.
/// They reach as far back as there is anything, whatever the context of a window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetSeries {
    /// Of the training part.
    pub train: Vec<Vec<f32>>,
    /// Of the test part.
    pub test: Vec<Vec<f32>>,
}

/// Reads a data set, draws its test set where that is not given, takes the validation set off its training data, fits the
/// preprocessing on what remains, and applies it to all.
///
/// # Errors
/// A setting out of range, an unknown data set, a folder of the user's that cannot be used, or a test set that cannot be
/// drawn. The files that ship are checked as any other.
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
        Protocol::Validation if !recipe.groups.is_empty() => grouped_validation(config, &entry)?,
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
    check_test_set(config, &entry)?;
    missing::check(config, &entry)?;
    match config.validation {
        _ if entry.recipe.task == Task::Forecast => forecast::windows(config, &entry).map(|_| ()),
        Protocol::Validation if !entry.recipe.groups.is_empty() => {
            grouped_validation(config, &entry).map(|_| ())
        }
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
    check_test_set(config, &entry)?;
    missing::check(config, &entry)?;
    if stored.is_none()
        && let Some(value) = entry.survey.as_ref().and_then(|survey| survey.hiding_value(config.test))
    {
        return Err(DataError::Hidden(Box::new(value.clone())));
    }
    if entry.recipe.task == Task::Forecast {
        return forecast::build(config, &entry, stored.map(|(stored, _)| stored));
    }
    let (training, drawn) = match config.test {
        TestSet::Given => (Part::training(&entry)?, None),
        TestSet::Drawn => drawn(&entry, config.seed).map(|(training, test)| (training, Some(test)))?,
    };
    let (labels, groups) = (strata(&training.examples), groups(&training.examples));
    let SplitIndices { train, validation } = match config.validation {
        Protocol::Validation => {
            let members = Members { labels: &labels, groups: &groups };
            split(members, config.validation_fraction, config.train_limit, config.seed)?
        }
        Protocol::Published => {
            let train = undivided(&labels, config.train_limit, config.seed);
            SplitIndices { train, validation: Vec::new() }
        }
    };
    let fitted = || {
        let train: Vec<_> = train.iter().map(|index| &training.examples[*index]).collect();
        Preprocessing::fit(&entry, config, &train)
    };
    let preprocessing = stored.map_or_else(fitted, |(stored, _)| Ok(stored.clone().at(&entry)))?;
    let (train, held_out) = training.divided(&train, &validation);
    let prepared = |part: Part| {
        let Part { examples, places } = part;
        preprocessing
            .sequences(examples.into_iter())
            .map_err(|place| overflow(&entry, Overflow { sequence: places[place.sequence], ..place }))
    };
    let (train, held_out) = (prepared(train)?, prepared(held_out)?);
    let test = prepared(drawn.map_or_else(|| Part::test(&entry), Ok)?)?;
    let validation = match config.validation {
        Protocol::Validation => held_out,
        Protocol::Published => test.clone(),
    };
    Ok(Prepared { preprocessing, train, validation, test, series: TargetSeries::default() })
}

/// The number of sequences that are held out for validation where these are in groups.
fn grouped_validation(config: &DataConfig, entry: &Entry) -> Result<usize, DataError> {
    let training = match config.test {
        TestSet::Given => Part::training(entry)?,
        TestSet::Drawn => drawn(entry, config.seed)?.0,
    };
    let (labels, groups) = (strata(&training.examples), groups(&training.examples));
    let members = Members { labels: &labels, groups: &groups };
    Ok(split(members, config.validation_fraction, None, config.seed)?.validation.len())
}

/// Sequences of a data set, each with its place among all: the training data come first, then the test data.
struct Part {
    examples: Vec<Example>,
    places: Vec<usize>,
}

impl Part {
    /// The training data that are given.
    fn training(entry: &Entry) -> Result<Part, DataError> {
        let examples = examples::load(entry, &entry.recipe.train)?;
        Ok(Part { places: (0..examples.len()).collect(), examples })
    }

    /// The test data that are given.
    fn test(entry: &Entry) -> Result<Part, DataError> {
        let examples = examples::load(entry, &entry.recipe.test)?;
        let first = entry.recipe.train.sequences;
        Ok(Part { places: (first..first + examples.len()).collect(), examples })
    }

    /// The sequences of some indices and of some others; those of neither are dropped.
    fn divided(self, some: &[usize], others: &[usize]) -> (Part, Part) {
        let mut examples: Vec<_> = self.examples.into_iter().map(Some).collect();
        let mut part = |indices: &[usize]| Part {
            examples: indices.iter().map(|at| examples[*at].take().expect("no index comes twice")).collect(),
            places: indices.iter().map(|at| self.places[*at]).collect(),
        };
        (part(some), part(others))
    }
}

/// The training and the test data where the latter are drawn: as many as are given, out of both.
fn drawn(entry: &Entry, seed: u64) -> Result<(Part, Part), DataError> {
    let (mut all, test) = (Part::training(entry)?, Part::test(entry)?);
    let number = test.examples.len();
    all.examples.extend(test.examples);
    all.places.extend(test.places);
    let (labels, groups) = (strata(&all.examples), groups(&all.examples));
    let members = Members { labels: &labels, groups: &groups };
    let (test, mut training) = draw(members, number, Purpose::Test, seed);
    if test.is_empty() {
        return Err(DataError::OneGroup { part: "test" });
    }
    // The validation set is drawn from them as from any training data.
    training.sort_unstable();
    Ok(all.divided(&training, &test))
}

/// Checks that the test set may be drawn, where it is.
fn check_test_set(config: &DataConfig, entry: &Entry) -> Result<(), DataError> {
    match entry.fixed_test().filter(|_| config.test == TestSet::Drawn) {
        Some(why) => Err(DataError::FixedTest { dataset: entry.name.clone(), why }),
        None => Ok(()),
    }
}

/// The error for a number that cannot be computed with, of the sequence of this place among all.
fn overflow(entry: &Entry, place: Overflow) -> DataError {
    let (train, test) = (&entry.recipe.train, &entry.recipe.test);
    match place.sequence.checked_sub(train.sequences) {
        None => examples::overflow(entry, train, place),
        Some(sequence) => examples::overflow(entry, test, Overflow { sequence, ..place }),
    }
}

/// The group of each sequence, which no division takes apart.
fn groups(examples: &[Example]) -> Vec<Option<usize>> {
    examples.iter().map(|example| example.group).collect()
}

/// The strata in whose proportions sequences are divided: their classes. Of sequences whose steps have classes, it is the
/// one among them of which there are fewest steps in all, so that what is rare comes in each part; of numbers there is
/// one stratum.
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
