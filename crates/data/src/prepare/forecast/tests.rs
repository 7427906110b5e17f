//! What is made of series that are forecast, and above all what is not.

use super::*;
use crate::catalog::{Place, Set};
use crate::recipe::{File, Format, Modality, Recipe, SetFiles};
use crate::{Target, Task, checksum};
use std::fs;
use std::sync::Arc;
use tempfile::TempDir;

/// A data set of these tables, whose last channel is forecast, and the folder that holds it.
fn entry(train: &str, test: &str, windows: Windows) -> (TempDir, Entry) {
    let folder = TempDir::new().unwrap();
    let files = |name: &str, content: &str| {
        fs::write(folder.path().join(name), content).unwrap();
        let sha256 = checksum::of(content.as_bytes());
        SetFiles {
            sequences: 1,
            files: vec![File { name: name.into(), bytes: content.len(), sha256 }],
            pieces: None,
        }
    };
    let header = train.lines().next().unwrap().split(',').filter(|name| *name != "series");
    let channels: Vec<String> = header.map(str::to_owned).collect();
    let modality = Modality::Series { channels: channels.len() };
    let recipe = Recipe {
        title: String::new(),
        task: Task::Forecast,
        targets: channels.last().cloned().into_iter().collect(),
        format: Format::SeriesTable { channels },
        classes: Vec::new(),
        windows: Some(windows),
        groups: Vec::new(),
        split: String::new(),
        licence: String::new(),
        attribution: String::new(),
        datasets: Vec::new(),
        source: None,
        fetch: Vec::new(),
        train: files("train.csv", train),
        test: files("test.csv", test),
    };
    let place = Place::Folder(folder.path().to_owned());
    let set = Arc::new(Set { name: "tides".into(), recipe: Arc::new(recipe), place });
    let entry = Entry {
        name: "tides".into(),
        summary: String::new(),
        lengths: (1, 1),
        modality,
        recipe: set.recipe.clone(),
        set,
        survey: None,
    };
    (folder, entry)
}

const WINDOWS: Windows = Windows { context: 6, horizon: 3, stride: 1, season: 4 };

/// A number of a step and a channel, none twice.
fn number(step: usize, channel: usize) -> f64 {
    1000.0 + 100.0 * channel as f64 + (step as f64).sin() + step as f64 / 64.0
}

/// A table of these steps.
fn table(steps: std::ops::Range<usize>, channels: usize) -> String {
    let header: Vec<String> = (0..channels).map(|channel| format!("c{channel}")).collect();
    let row = |step: usize| {
        let numbers: Vec<String> = (0..channels).map(|channel| number(step, channel).to_string()).collect();
        numbers.join(",") + "\n"
    };
    header.join(",") + "\n" + &steps.map(row).collect::<String>()
}

/// The same with another row at a step, counted from its beginning.
fn planted(table: &str, step: usize) -> String {
    let plant =
        |(line, row): (usize, &str)| if line == step + 1 { "-777,-777\n".into() } else { format!("{row}\n") };
    table.lines().enumerate().map(plant).collect()
}

fn built(train: &str, test: &str, config: &DataConfig) -> Result<Prepared, DataError> {
    let (_folder, entry) = entry(train, test, WINDOWS);
    let built = build(config, &entry, None);
    if let (Ok(built), Protocol::Validation) = (&built, config.validation) {
        let counts = windows(config, &entry).unwrap();
        assert_eq!((counts.validation, counts.test), (built.validation.len(), built.test.len()));
    }
    built
}

#[test]
fn nothing_of_a_later_part_is_in_an_earlier_one() {
    let (train, test) = (table(0..100, 2), table(100..140, 2));
    let config = DataConfig { validation_fraction: 0.2, ..DataConfig::default() };
    let plain = built(&train, &test, &config).unwrap();
    // The first step and the last of each part, where a window that reaches across would be seen.
    for step in [0, 20, 39] {
        let other = built(&train, &planted(&test, step), &config).unwrap();
        assert_ne!(other.test, plain.test, "step {step} is somewhere");
        assert_eq!(other.validation, plain.validation);
        assert_eq!(
            (other.train, other.preprocessing.naive_errors()),
            (plain.train.clone(), plain.preprocessing.naive_errors())
        );
        assert_eq!(other.preprocessing.target_means(), plain.preprocessing.target_means());
    }
    for step in [80, 90, 99] {
        let other = built(&planted(&train, step), &test, &config).unwrap();
        assert_ne!(other.validation, plain.validation);
        assert_eq!((&other.train, &other.test), (&plain.train, &plain.test));
        assert_eq!(other.preprocessing.naive_errors(), plain.preprocessing.naive_errors());
    }
    // As a check of the check: what is planted in the training part is found in its windows.
    assert_ne!(built(&planted(&train, 79), &test, &config).unwrap().train, plain.train);
}

#[test]
fn a_forecast_is_given_back_in_the_units_of_the_data() {
    let data = built(&table(0..100, 2), &table(100..140, 2), &DataConfig::default()).unwrap();
    let preprocessing = &data.preprocessing;
    assert_eq!((preprocessing.task(), preprocessing.targets()), (Task::Forecast, &["c1".to_owned()][..]));
    assert_eq!((preprocessing.outputs(), preprocessing.windows()), (3, Some(WINDOWS)));
    for (start, sequence) in (100..).zip(&data.test) {
        let back = preprocessing.in_units(sequence.target.numbers().unwrap());
        let wanted = (0..3).map(|ahead| number(start + 6 + ahead, 1));
        assert!(back.iter().zip(wanted).all(|(back, wanted)| (back - wanted).abs() < 1e-5), "{back:?}");
    }
    let training: Vec<f64> = (0..90).map(|step| number(step, 1)).collect();
    let mean = training.iter().sum::<f64>() / 90.0;
    assert!((preprocessing.target_means()[0] - mean).abs() < 1e-9);
    let naive: f64 = training.iter().zip(&training[4..]).map(|(before, now)| (now - before).abs()).sum();
    assert!((preprocessing.naive_errors()[0].unwrap() - naive / 86.0).abs() < 1e-9);
}

#[test]
fn several_series_are_each_divided_in_time() {
    let of = |name: &str, table: &str| {
        table.lines().skip(1).map(|row| format!("{name},{row}\n")).collect::<String>()
    };
    let train = "series,c0\n".to_owned() + &of("a", &table(0..50, 1)) + &of("b", &table(0..100, 1));
    let test = "series,c0\n".to_owned() + &of("a", &table(50..60, 1));
    let config = DataConfig { validation_fraction: 0.2, ..DataConfig::default() };
    let data = built(&train, &test, &config).unwrap();
    // Of 40 and 80 steps, of 10 and 20, and of 10.
    assert_eq!((data.train.len(), data.validation.len(), data.test.len()), (32 + 72, 2 + 12, 2));
}

#[test]
fn a_part_without_a_window_is_refused_with_its_length() {
    let refused = |train: usize, test: usize| {
        let (train, test) = (table(0..train, 2), table(train..train + test, 2));
        built(&train, &test, &DataConfig::default()).unwrap_err().to_string()
    };
    for (message, part) in
        [(refused(9, 40), "training"), (refused(80, 40), "validation"), (refused(100, 8), "test")]
    {
        let part = format!("a series of the {part} part of \"tides\" has 8 steps, and a window needs 9");
        assert!(message.starts_with(&part) && message.contains("`data.horizon`"), "{message}");
    }
    assert!(refused(80, 40).contains("larger `data.validation_fraction`"));
    let huge = DataConfig { context: Some(usize::MAX), ..DataConfig::default() };
    assert!(built(&table(0..100, 2), &table(0..40, 2), &huge).is_err());
}

#[test]
fn settings_say_other_windows_and_channels_than_the_recipe() {
    let config = DataConfig {
        context: Some(10),
        horizon: Some(2),
        stride: Some(5),
        targets: Some(vec!["c1".into(), "c0".into()]),
        ..DataConfig::default()
    };
    let data = built(&table(0..200, 2), &table(200..240, 2), &config).unwrap();
    assert_eq!((data.train.len(), data.validation.len(), data.test.len()), (34, 2, 6));
    assert_eq!(data.train[1].features.len(), 10);
    let Target::Numbers(numbers) = &data.train[1].target else { panic!("a forecast is of numbers") };
    let back = data.preprocessing.in_units(numbers);
    let wanted = [number(15, 1), number(15, 0), number(16, 1), number(16, 0)];
    assert!(back.iter().zip(wanted).all(|(back, wanted)| (back - wanted).abs() < 1e-5), "{back:?}");
    for (targets, problem) in [(vec!["c2"], "no channel"), (vec!["c1", "c1"], "twice")] {
        let targets = Some(targets.into_iter().map(str::to_owned).collect());
        let config = DataConfig { targets, ..DataConfig::default() };
        let message = built(&table(0..100, 2), &table(0..40, 2), &config).unwrap_err().to_string();
        assert!(message.contains(problem) && message.contains("c0, c1"), "{message}");
    }
    for config in [
        DataConfig { max_length: Some(5), ..DataConfig::default() },
        DataConfig { pad: Pad::Start, ..DataConfig::default() },
    ] {
        let message = built(&table(0..100, 2), &table(0..40, 2), &config).unwrap_err().to_string();
        assert!(message.contains("`data.context`"), "{message}");
    }
}

#[test]
fn one_channel_and_thirty_one_step_and_five_hundred() {
    for (channels, horizon) in [(1, 1), (30, 1), (1, 500), (30, 500)] {
        let windows = Windows { context: 20, horizon, stride: 1, season: 1 };
        let (_folder, entry) = entry(&table(0..1200, channels), &table(1200..1800, channels), windows);
        let config = DataConfig { validation_fraction: 0.45, ..DataConfig::default() };
        let data = build(&config, &entry, None).unwrap();
        assert_eq!(data.train.len(), 660 - 20 - horizon + 1);
        assert_eq!(
            (data.validation.len(), data.test.len()),
            (540 - 20 - horizon + 1, 600 - 20 - horizon + 1)
        );
        assert_eq!(data.preprocessing.outputs(), horizon);
        let last = data.test.last().unwrap().target.numbers().unwrap();
        let back = *data.preprocessing.in_units(last).last().unwrap();
        assert!((back - number(1799, channels - 1)).abs() < 1e-4, "{back}");
    }
}

#[test]
fn a_stored_preprocessing_makes_the_same_windows_whatever_the_settings_say_since() {
    let (_folder, entry) = entry(&table(0..100, 2), &table(100..140, 2), WINDOWS);
    let first = build(&DataConfig::default(), &entry, None).unwrap();
    let text = serde_json::to_string(&first.preprocessing).unwrap();
    let stored: Preprocessing = serde_json::from_str(&text).unwrap();
    let config = DataConfig { context: Some(3), targets: Some(vec!["c0".into()]), ..DataConfig::default() };
    let again = build(&config, &entry, Some(&stored)).unwrap();
    assert_eq!((again.train, again.validation, again.test), (first.train, first.validation, first.test));
    assert_eq!(again.preprocessing, first.preprocessing);
    assert!(stored.fits(&entry));
    for (from, to) in [("\"targets\":[\"c1\"]", "\"targets\":[\"c7\"]"), ("\"horizon\":3", "\"horizon\":0")] {
        assert!(text.contains(from), "{text}");
        let forged: Preprocessing = serde_json::from_str(&text.replace(from, to)).unwrap();
        assert!(!forged.fits(&entry), "{from}");
    }
}

#[test]
fn a_smaller_limit_keeps_some_of_the_windows_of_a_larger_one() {
    let limited = |limit: usize| {
        let config = DataConfig { train_limit: Some(limit), ..DataConfig::default() };
        built(&table(0..100, 2), &table(100..140, 2), &config).unwrap().train
    };
    let (few, more) = (limited(5), limited(12));
    assert_eq!((few.len(), more.len(), limited(999).len()), (5, 12, 82));
    assert!(few.iter().all(|window| more.contains(window)));
}

#[test]
fn choices_on_the_test_set_leave_all_else_to_train_on() {
    let config = DataConfig { validation: Protocol::Published, ..DataConfig::default() };
    let data = built(&table(0..100, 2), &table(100..140, 2), &config).unwrap();
    assert_eq!((data.train.len(), &data.validation), (92, &data.test));
}

#[test]
fn a_forecast_of_a_constant_series_is_the_constant() {
    let constant = |steps: usize| format!("load\n{}", "7.25\n".repeat(steps));
    let data = built(&constant(100), &constant(40), &DataConfig::default()).unwrap();
    for window in data.train.iter().chain(&data.test) {
        let Target::Numbers(truths) = &window.target else { panic!("a forecast is of numbers") };
        assert_eq!(truths, &[0.0; 3], "there is nothing to learn but 0");
        assert_eq!(data.preprocessing.in_units(truths), [7.25; 3]);
    }
    assert_eq!(data.preprocessing.naive_errors(), [Some(0.0)]);
}
