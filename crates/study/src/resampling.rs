//! What the seeds of a study draw anew, where the study leaves that open.

use std::path::Path;
use std::sync::Arc;

use slimgate_data::{DataConfig, Entry, Task, find};

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
/// set apart from the rest. Answers a step are left as they are given: their sequences are few and long, and likely to be
/// parts of one recording.
///
/// # Errors
///
/// If a data set cannot be read, or its test set not be drawn where that is asked for.
pub(crate) fn settle_resampling(
    path: &Path,
    config: &mut StudyConfig,
    space: &Space,
) -> Result<Option<String>, StudyError> {
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
        return Ok(None);
    }
    for (name, entry) in names.iter().zip(&entries) {
        if let Some(why) = entry.fixed_test() {
            return Err(StudyError::FixedTest { dataset: (*name).clone(), why });
        }
        let test = entry.recipe.test.sequences as f64;
        config
            .compare
            .test_shares
            .insert((*name).clone(), test / (test + entry.recipe.train.sequences as f64));
    }
    Ok(known.is_none().then(|| told(names[0], &entries[0])))
}

/// True if the test set of a data set is drawn anew for each seed unless a study says otherwise.
fn is_drawn(entry: &Entry) -> bool {
    let is_small = entry.recipe.train.sequences + entry.recipe.test.sequences < SMALL;
    let is_whole = matches!(entry.recipe.task, Task::Classification | Task::Regression);
    is_small && is_whole && entry.fixed_test().is_none()
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
