//! What the seeds of a study draw anew, where the study leaves that open.

use std::path::Path;
use std::sync::Arc;

use slimgate_data::{DataConfig, DataError, Entry, FillValue, Task, TestSet, find};

use crate::config::Resample;
use crate::space::Space;
use crate::{Protocol, StudyConfig, StudyError, StudyFolder};

/// Data sets of fewer sequences, those to train on and to test on together, are small: on the hundred or two that are
/// given to test on, an accuracy has a standard error of points, which no number of seeds makes smaller.
const SMALL: usize = 1_000;

/// Settles what the seeds draw anew, as the study says or has said before, and notes the share of each data set that is
/// tested on where that is the test set. Returns what is to be said of it where nobody asked for it.
///
/// Unless the study says so, test sets are drawn where all data sets are small, and none of them has test data that are
/// set apart from the rest, or could not be trained on. Answers a step are left as they are given: their sequences are few and long, and likely to be
/// parts of one recording.
///
/// # Errors
///
/// If a data set cannot be read, or its test set not be drawn where that is asked for.
pub(crate) fn settle_resampling(
    path: &Path,
    config: &mut StudyConfig,
    space: &Space,
) -> Result<Vec<String>, StudyError> {
    let data = space.data()?;
    let names: Vec<&String> = data.iter().map(|data| &data.dataset).collect();
    let entry = |data: &DataConfig| find(&config.data_in_place(data));
    let entries: Vec<Arc<Entry>> = data.iter().map(entry).collect::<Result<_, _>>()?;
    // A study goes on as it began, whatever would be begun now.
    let recorded = StudyFolder::open(path).and_then(|folder| folder.config());
    let known = config.compare.resample.or(recorded.ok().and_then(|earlier| earlier.compare.resample));
    let suits = config.protocol() == Protocol::Validation && entries.iter().all(|entry| is_drawn(entry));
    let resample = known.unwrap_or(if suits { Resample::Test } else { Resample::Validation });
    config.compare.resample = Some(resample);
    config.compare.test_shares.clear();
    if resample != Resample::Test {
        return Ok(Vec::new());
    }
    for (name, entry) in names.iter().zip(&entries) {
        if let Some(why) = entry.fixed_test() {
            return Err(StudyError::FixedTest { dataset: (*name).clone(), why });
        }
        if let Some(value) = hiding_value(entry) {
            return Err(DataError::Hidden(Box::new(value.clone())).into());
        }
        let test = entry.recipe.test.sequences as f64;
        let share = test / (test + entry.recipe.train.sequences as f64);
        config.compare.test_shares.insert((*name).clone(), share);
    }
    let small = names.iter().zip(&entries).filter(|_| known.is_none());
    Ok(small.map(|(name, entry)| told(name, entry)).collect())
}

/// True if the test set of a data set is drawn anew for each seed unless a study says otherwise.
fn is_drawn(entry: &Entry) -> bool {
    let is_small = entry.recipe.train.sequences + entry.recipe.test.sequences < SMALL;
    let is_whole = matches!(entry.recipe.task, Task::Classification | Task::Regression);
    is_small && is_whole && entry.fixed_test().is_none() && hiding_value(entry).is_none()
}

/// A value of either file beside which others could not be told apart in training.
fn hiding_value(entry: &Entry) -> Option<&FillValue> {
    entry.survey.as_ref().and_then(|survey| survey.hiding_value(TestSet::Drawn))
}

fn told(name: &str, entry: &Entry) -> String {
    let (train, test) = (entry.recipe.train.sequences, entry.recipe.test.sequences);
    format!(
        "{name} is small: each seed is tested on {test} sequences of its own, drawn from all {}; `--set \
         compare.resample=validation` tests all of them on the {test} that are given",
        train + test
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(text: &str) -> Result<StudyConfig, StudyError> {
        let mut config = StudyConfig::read("test", text, &[])?;
        let space = Space::new(&config)?;
        let here = tempfile::tempdir().unwrap();
        settle_resampling(here.path(), &mut config, &space)?;
        Ok(config)
    }

    #[test]
    fn sets_that_are_large_or_have_test_data_of_their_own_keep_these() {
        for dataset in ["digits-rows", "japanese-vowels", "sensor-events", "beijing-air", "household-power"] {
            let compare = settled(&format!("[data]\ndataset = '{dataset}'")).unwrap().compare;
            assert_eq!(compare.resample, Some(Resample::Validation), "{dataset}");
            assert!(compare.test_shares.is_empty());
        }
    }

    #[test]
    fn a_set_with_test_data_of_its_own_is_not_divided_anew_though_asked() {
        for (dataset, told) in [
            ("japanese-vowels", "japanese-vowels, whose test data were spoken on other occasions"),
            ("household-power", "household-power, which is divided in time: write \"validation\""),
        ] {
            let text = format!("[data]\ndataset = '{dataset}'\n[compare]\nresample = 'test'");
            let refusal = settled(&text).unwrap_err().to_string();
            assert!(refusal.contains(told), "{refusal}");
        }
        let published = "[compare]\nresample = 'test'\nprotocol = 'published'";
        assert!(settled(published).unwrap_err().to_string().contains("compare.resample"));
        let own = settled("[data]\ntest = 'drawn'").unwrap_err().to_string();
        assert!(own.contains("as `compare.resample` says"), "{own}");
    }

    /// A folder of so many sequences to train on and half as many to test on; of the latter, the last has this value.
    fn folder(sequences: usize, last: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (file, count) in [("train.csv", sequences), ("test.csv", sequences / 2)] {
            let row = |at: usize| format!("s{at},{},{}\n", at % 2, (at * 7) % 11);
            let mut text = "series,class,x\n".to_owned() + &(0..count - 1).map(row).collect::<String>();
            text += &format!("s{count},1,{}\n", if file == "test.csv" { last } else { "5" });
            std::fs::write(folder.path().join(file), text).unwrap();
        }
        folder
    }

    #[test]
    fn a_small_folder_of_the_users_is_divided_anew_unless_what_is_tested_could_not_be_trained_on() {
        let of = |folder: &tempfile::TempDir, compare: &str| {
            settled(&format!("[data]\ndataset = '{}'\n[compare]\n{compare}", folder.path().display()))
        };
        let drawn = |folder: &tempfile::TempDir| of(folder, "").unwrap().compare.resample;
        assert_eq!(drawn(&folder(666, "5")), Some(Resample::Test));
        assert_eq!(drawn(&folder(668, "5")), Some(Resample::Validation), "1,002 sequences");
        let filled = folder(60, "1e20");
        assert_eq!(drawn(&filled), Some(Resample::Validation));
        let refusal = of(&filled, "resample = 'test'").unwrap_err().to_string();
        assert!(refusal.contains("test.csv:31: 1e20"), "{refusal}");
        let kept = of(&folder(60, "5"), "resample = 'nothing'").unwrap().compare;
        assert!(kept.resample == Some(Resample::Nothing) && kept.test_shares.is_empty());
    }

    #[test]
    fn a_set_whose_division_says_nothing_is_divided_anew_where_that_is_asked_for() {
        let text = "[data]\ndataset = 'movie-snippets'\n[compare]\nresample = 'test'";
        let config = settled(text).unwrap();
        let share = config.compare.test_shares["movie-snippets"];
        assert!((share - 2111.0 / 10_566.0).abs() < 1e-12, "{share}");
        let space = Space::new(&config).unwrap();
        let of = |variant: &str| {
            let trials =
                space.with_seeds(&space.tasks[0], variant, Default::default(), &[1, 7]).unwrap().trials;
            trials
                .into_iter()
                .map(|trial| (trial.config.data.test, trial.config.data.seed))
                .collect::<Vec<_>>()
        };
        let drawn = slimgate_data::TestSet::Drawn;
        assert_eq!(of("lstm"), [(drawn, 1), (drawn, 7)]);
        assert_eq!(of("lstm3"), of("lstm"), "the same for all variants");
    }
}
