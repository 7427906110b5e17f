//! Test sets that are drawn from all sequences of a data set.

use std::fs;

use slimgate_data::{
    DataConfig, DataError, Prepared, Sequence, Steps, TestSet, check_division, prepare, prepare_with,
    validation_sequences,
};
use tempfile::TempDir;

/// A folder of 40 series to train on and 20 to test on, of which every fourth is of class `rare`; the number of a series is
/// its first value.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let table = |numbers: std::ops::Range<usize>| {
        let row = |number: usize| {
            let class = if number.is_multiple_of(4) { "rare" } else { "common" };
            format!("s{number},{class},{number}\ns{number},{class},{}\n", number % 7)
        };
        "series,class,x\n".to_owned() + &numbers.map(row).collect::<String>()
    };
    fs::write(folder.path().join("train.csv"), table(0..40)).unwrap();
    fs::write(folder.path().join("test.csv"), table(40..60)).unwrap();
    folder
}

fn drawn(folder: &TempDir, seed: u64) -> DataConfig {
    let dataset = folder.path().to_str().unwrap().to_owned();
    DataConfig { dataset, validation_fraction: 0.25, test: TestSet::Drawn, seed, ..DataConfig::default() }
}

/// The numbers of the series of each part, in order.
fn numbers(data: &Prepared) -> [Vec<usize>; 3] {
    let mean = data.preprocessing.clone();
    let number = |sequence: &Sequence| {
        let Steps::Values { values, .. } = &sequence.features else { panic!("series are of numbers") };
        // Standardised, in the order that they had: found by their rank below.
        (values[0], sequence.target.class().unwrap())
    };
    assert_eq!(mean.classes(), ["common", "rare"]);
    let mut all: Vec<(f32, usize, usize)> = Vec::new();
    for (part, sequences) in [&data.train, &data.validation, &data.test].into_iter().enumerate() {
        all.extend(sequences.iter().map(number).map(|(value, class)| (value, class, part)));
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut parts = [Vec::new(), Vec::new(), Vec::new()];
    for (number, (_, class, part)) in all.into_iter().enumerate() {
        assert_eq!(class == 1, number % 4 == 0, "{number}");
        parts[part].push(number);
    }
    parts
}

#[test]
fn as_many_as_are_given_are_drawn_from_all_with_each_class_in_its_proportion() {
    let folder = folder();
    let mut ever = vec![false; 60];
    for seed in 1..20 {
        let config = drawn(&folder, seed);
        let data = prepare(&config).unwrap();
        let [train, validation, test] = numbers(&data);
        assert_eq!((train.len(), validation.len(), test.len()), (30, 10, 20));
        assert_eq!(test.iter().filter(|number| *number % 4 == 0).count(), 5);
        assert_eq!(validation_sequences(&config).unwrap(), 10);
        test.iter().for_each(|number| ever[*number] = true);
        assert_eq!(numbers(&prepare(&config).unwrap()), [train, validation, test]);
    }
    assert!(ever.into_iter().all(|tested| tested), "every sequence is tested on sooner or later");
    let of = |seed| numbers(&prepare(&drawn(&folder, seed)).unwrap())[2].clone();
    assert_ne!(of(1), of(2));
}

#[test]
fn the_preprocessing_is_that_of_the_training_part_and_divides_as_it_did() {
    let folder = folder();
    let config = drawn(&folder, 3);
    let data = prepare(&config).unwrap();
    let [train, ..] = numbers(&data);
    let values: Vec<f64> = train.iter().flat_map(|number| [*number as f64, (number % 7) as f64]).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let deviation =
        (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt();
    let first =
        train.iter().map(|number| ((*number as f64 - mean) / deviation) as f32).reduce(f32::min).unwrap();
    let least = |sequence: &Sequence| match &sequence.features {
        Steps::Values { values, .. } => values[0],
        Steps::Tokens(_) => panic!("series are of numbers"),
    };
    let found = data.train.iter().map(least).reduce(f32::min).unwrap();
    assert!((found - first).abs() < 1e-4, "{found} {first}");
    let again = prepare_with(&config, &data.preprocessing, None).unwrap();
    assert_eq!((again.train, again.validation, again.test), (data.train, data.validation, data.test));
}

#[test]
fn a_limit_keeps_training_sequences_and_no_others() {
    let folder = folder();
    let all = numbers(&prepare(&drawn(&folder, 1)).unwrap());
    let few = prepare(&DataConfig { train_limit: Some(8), ..drawn(&folder, 1) }).unwrap();
    assert_eq!((few.train.len(), few.validation.len()), (8, all[1].len()));
    assert_eq!(few.test.len(), 20);
}

#[test]
fn a_number_that_cannot_be_computed_with_is_found_in_its_own_file() {
    let folder = folder();
    let file = folder.path().join("test.csv");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("s47,common,47\n", "s47,common,1e308\n")).unwrap();
    for seed in 1..5 {
        // It may be drawn to train on, where it would hide all others.
        let refusal = prepare(&drawn(&folder, seed)).unwrap_err();
        let message = refusal.to_string();
        assert!(
            matches!(refusal, DataError::Hidden(_)) && message.contains("test.csv:16: 1e308"),
            "{message}"
        );
    }
    let given = DataConfig { test: TestSet::Given, ..drawn(&folder, 1) };
    assert!(matches!(prepare(&given), Err(DataError::Overflow { line: 16, .. })));
}

#[test]
fn a_set_that_is_divided_for_a_reason_is_not_divided_anew() {
    for (dataset, why) in [
        ("household-power", "which is divided in time"),
        ("japanese-vowels", "whose test data were spoken on other occasions"),
        ("sensor-events", "whose test data are of other motes"),
        ("beijing-air", "whose test data are of a later year"),
        ("digits-pixels", "whose test data are digits of other writers"),
    ] {
        let config = DataConfig { dataset: dataset.into(), test: TestSet::Drawn, ..DataConfig::default() };
        for refusal in [prepare(&config).unwrap_err(), check_division(&config).unwrap_err()] {
            let message = refusal.to_string();
            assert!(message.contains(why) && message.contains("leave `data.test` out"), "{message}");
        }
    }
}
