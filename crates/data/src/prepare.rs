//! From a configuration to a training, a validation and a test set.

use crate::preprocessing::Overflow;
use crate::split::{SplitIndices, split, undivided};
use crate::{DataConfig, DataError, Entry, Preprocessing, Sequence, Survey, Validation, examples, find};

/// A data set, divided and ready for batches.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What was done to every sequence.
    pub preprocessing: Preprocessing,
    /// The training set.
    pub train: Vec<Sequence>,
    /// The set used for model selection: taken from the training data, or the test set; see [`Validation`].
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
/// vocabulary hold, whatever `config` says of them.
///
/// # Errors
/// As [`prepare`], and a preprocessing of another data set, or of files of the user's own that have changed since.
pub fn prepare_with(config: &DataConfig, preprocessing: &Preprocessing) -> Result<Prepared, DataError> {
    build(config, Some(preprocessing))
}

/// Checks that a data set is still the one that a stored preprocessing was fitted on. Only files of the user's own can
/// have changed.
///
/// # Errors
/// Files that have changed, or cannot be used any more.
pub fn check_unchanged(preprocessing: &Preprocessing) -> Result<(), DataError> {
    check_stored(preprocessing, find(preprocessing.dataset())?)
}

fn build(config: &DataConfig, stored: Option<&Preprocessing>) -> Result<Prepared, DataError> {
    config.check()?;
    let entry = find(&config.dataset)?;
    if let Some(stored) = stored {
        check_stored(stored, entry)?;
    } else if let Some(value) = entry.survey.as_ref().and_then(Survey::hiding_value) {
        return Err(DataError::Hidden(Box::new(value.clone())));
    }
    let examples = examples::load(entry, &entry.recipe.train)?;
    let labels: Vec<usize> = examples.iter().map(|example| example.label).collect();
    let SplitIndices { train, validation } = match config.validation {
        Validation::HeldOut => split(&labels, config.validation_fraction, config.train_limit, config.seed)?,
        Validation::Test => {
            let train = undivided(&labels, config.train_limit, config.seed);
            SplitIndices { train, validation: Vec::new() }
        }
    };
    let preprocessing = stored.cloned().unwrap_or_else(|| {
        let train: Vec<_> = train.iter().map(|index| &examples[*index]).collect();
        Preprocessing::fit(entry, config, &train)
    });
    let mut examples: Vec<_> = examples.into_iter().map(Some).collect();
    let mut subset = |indices: Vec<usize>| {
        let taken = indices.iter().map(|index| examples[*index].take().expect("no index comes twice"));
        preprocessing.sequences(taken).map_err(|place| {
            let sequence = indices[place.sequence];
            examples::overflow(entry, &entry.recipe.train, Overflow { sequence, ..place })
        })
    };
    let (train, held_out) = (subset(train)?, subset(validation)?);
    drop(examples);
    let test = preprocessing
        .sequences(examples::load(entry, &entry.recipe.test)?.into_iter())
        .map_err(|place| examples::overflow(entry, &entry.recipe.test, place))?;
    let validation = match config.validation {
        Validation::HeldOut => held_out,
        Validation::Test => test.clone(),
    };
    Ok(Prepared { preprocessing, train, validation, test })
}

fn check_stored(stored: &Preprocessing, entry: &Entry) -> Result<(), DataError> {
    if stored.dataset() != entry.name {
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
