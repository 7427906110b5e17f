//! The data sets that ship, prepared as a run prepares them.

use sha2::{Digest, Sha256};
use slimgate_data::{DataConfig, DataError, InputKind, Prepared, Preprocessing, Sequence, Steps, Task};
use slimgate_data::{Presence, catalog, find, prepare, prepare_with};

fn config(dataset: &str) -> DataConfig {
    DataConfig { dataset: dataset.into(), ..DataConfig::default() }
}

fn prepared(dataset: &str) -> Prepared {
    prepare(&config(dataset)).unwrap()
}

fn class_counts(sets: &[&[Sequence]], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    sets.iter().flat_map(|set| set.iter()).for_each(|sequence| counts[sequence.target.class().unwrap()] += 1);
    counts
}

/// The fewest and the most steps of a sequence.
fn lengths(sets: &[&Vec<Sequence>]) -> (usize, usize) {
    let lengths = sets.iter().flat_map(|set| set.iter()).map(|sequence| sequence.features.len());
    (lengths.clone().min().unwrap(), lengths.max().unwrap())
}

#[test]
fn every_data_set_holds_what_its_recipe_says() {
    for entry in catalog().iter().filter(|entry| entry.set.presence() == Presence::Shipped) {
        let Prepared { preprocessing, train, validation, test, .. } = prepared(&entry.name);
        // A series that is forecast is cut into windows.
        if entry.recipe.task != Task::Forecast {
            assert_eq!(train.len() + validation.len(), entry.recipe.train.sequences, "{}", entry.name);
            assert_eq!(test.len(), entry.recipe.test.sequences, "{}", entry.name);
            assert_eq!(lengths(&[&train, &validation, &test]), entry.lengths, "{}", entry.name);
        }
        assert_eq!(preprocessing.task(), entry.recipe.task);
        assert_eq!(preprocessing.dataset(), entry.name);
        assert_eq!(preprocessing.classes(), entry.recipe.classes);
        match (entry.modality.channels(), preprocessing.input()) {
            (Some(channels), InputKind::Values { channels: found }) => assert_eq!(found, channels),
            (None, InputKind::Tokens { vocabulary }) => assert!(vocabulary > 10_000),
            other => panic!("{}: {other:?}", entry.name),
        }
        if entry.recipe.task != Task::Classification {
            continue;
        }
        let counts = class_counts(&[&train, &validation, &test], preprocessing.classes().len());
        assert!(counts.iter().all(|count| *count > 0), "{}: {counts:?}", entry.name);
    }
}

#[test]
fn the_digits_are_5000_and_1000_of_28_by_28() {
    let data = prepared("digits-rows");
    assert_eq!((data.train.len(), data.validation.len(), data.test.len()), (4500, 500, 1000));
    let all = class_counts(&[&data.train, &data.validation], 10);
    assert_eq!(all, [479, 563, 488, 493, 535, 434, 501, 550, 462, 495]);
    assert_eq!(class_counts(&[&data.test], 10), [85, 126, 116, 107, 110, 87, 87, 99, 89, 94]);
}

#[test]
fn the_vowels_are_270_and_370() {
    let data = prepared("japanese-vowels");
    assert_eq!(class_counts(&[&data.train], 9), [27; 9]);
    assert_eq!(class_counts(&[&data.validation], 9), [3; 9]);
    assert_eq!(class_counts(&[&data.test], 9), [31, 35, 88, 44, 29, 24, 40, 50, 29]);
}

#[test]
fn the_snippets_are_balanced() {
    let data = prepared("movie-snippets");
    assert_eq!(class_counts(&[&data.train, &data.validation], 2), [4266, 4189]);
    assert_eq!(class_counts(&[&data.test], 2), [1059, 1052]);
}

#[test]
fn the_training_set_alone_is_standardised() {
    let data = prepared("japanese-vowels");
    let moments = |set: &[Sequence], channel: usize| {
        let values: Vec<f64> = set
            .iter()
            .flat_map(|sequence| match &sequence.features {
                Steps::Values { values, channels } => {
                    values.iter().skip(channel).step_by(*channels).map(|value| f64::from(*value))
                }
                Steps::Tokens(_) => panic!("vowels are values"),
            })
            .collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64)
    };
    for channel in 0..12 {
        let (mean, variance) = moments(&data.train, channel);
        assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4, "{channel}: {mean} {variance}");
        assert!(moments(&data.validation, channel).0.abs() > 1e-3);
        assert!(moments(&data.test, channel).0.abs() > 1e-3);
    }
}

#[test]
fn a_limit_and_a_seed_leave_the_test_set_alone() {
    let all = prepared("japanese-vowels");
    let some = prepare(&DataConfig { train_limit: Some(90), seed: 2, ..config("japanese-vowels") }).unwrap();
    assert_eq!(class_counts(&[&some.train], 9), [10; 9]);
    assert_eq!(some.validation.len(), 27);
    assert_eq!(
        some.test.iter().map(|sequence| sequence.target.class().unwrap()).collect::<Vec<_>>(),
        all.test.iter().map(|sequence| sequence.target.class().unwrap()).collect::<Vec<_>>(),
    );
}

#[test]
fn long_sequences_lose_their_end() {
    let data = prepare(&DataConfig { max_length: Some(10), ..config("japanese-vowels") }).unwrap();
    assert_eq!(lengths(&[&data.train, &data.validation, &data.test]), (7, 10));
}

#[test]
fn the_vocabulary_is_limited_and_counts_padding_and_unknown() {
    let data = prepare(&DataConfig { vocabulary: 100, ..config("movie-snippets") }).unwrap();
    assert_eq!(data.preprocessing.input(), InputKind::Tokens { vocabulary: 102 });
}

#[test]
fn a_stored_preprocessing_prepares_the_same_sets() {
    let config = DataConfig { max_length: Some(12), ..config("japanese-vowels") };
    let first = prepare(&config).unwrap();
    let text = serde_json::to_string(&first.preprocessing).unwrap();
    let stored: Preprocessing = serde_json::from_str(&text).unwrap();
    let again = prepare_with(&config, &stored, None).unwrap();
    assert_eq!(again.preprocessing, first.preprocessing);
    assert_eq!((again.train, again.validation, again.test), (first.train, first.validation, first.test));
}

#[test]
fn a_stored_preprocessing_of_another_data_set_is_refused() {
    let stored = prepared("japanese-vowels").preprocessing;
    let refused = prepare_with(&config("movie-snippets"), &stored, None);
    assert!(matches!(refused, Err(DataError::OtherDataset { .. })));
    let text = serde_json::to_string(&stored).unwrap().replace("japanese-vowels", "movie-snippets");
    let forged: Preprocessing = serde_json::from_str(&text).unwrap();
    let refused = prepare_with(&config("movie-snippets"), &forged, None);
    assert!(matches!(refused, Err(DataError::OtherPreprocessing { .. })));
}

#[test]
fn what_cannot_be_prepared_names_its_key() {
    let refused = |config: DataConfig| prepare(&config).unwrap_err().to_string();
    let fraction = DataConfig { validation_fraction: 0.001, ..config("japanese-vowels") };
    assert!(refused(fraction).contains("data.validation_fraction"));
    let limit = DataConfig { train_limit: Some(0), ..config("japanese-vowels") };
    assert!(refused(limit).contains("data.train_limit"));
    assert!(refused(config("vowels")).contains("japanese-vowels"));
    assert!(find(&DataConfig::of("vowels")).is_err());
}

/// Recorded results rest on these bits: of a set of the catalog, what models read never changes.
#[test]
fn what_models_read_of_a_set_stays_the_same_bit_for_bit() {
    for (dataset, wanted) in [
        ("digits-rows", "f0d0de628cf4b23d9da18cd67b8b0612882401e80fd15070d5a4a3011db9c9f3"),
        ("japanese-vowels", "da1b612bd340a7e9123c12bf150a20b5f64e3a8473dcc188a94c6f811717b3f4"),
    ] {
        let Prepared { train, validation, test, .. } = prepared(dataset);
        let mut hash = Sha256::new();
        for sequence in train.iter().chain(&validation).chain(&test) {
            let Steps::Values { values, .. } = &sequence.features else { panic!("{dataset} is of values") };
            values.iter().for_each(|value| hash.update(value.to_bits().to_le_bytes()));
            hash.update(sequence.target.class().unwrap().to_le_bytes());
        }
        let found: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, wanted, "{dataset}");
    }
}
