//! A backtest with refit: what is trained on lies before what is tested on, and nothing after that is looked at.

use slimgate_data::{DataConfig, Prepared, Sequence, prepare, validation_sequences};
use std::fs;
use tempfile::TempDir;

const STEPS: usize = 200;
/// The steps before the test data.
const GIVEN: usize = 120;

/// A series of a channel and a target, whose values from a step on are others, of two shops; and the settings for it.
fn demand(part: Option<&str>, changed_from: usize) -> (TempDir, DataConfig) {
    let folder = TempDir::new().unwrap();
    let value = |shop: usize, step: usize| {
        let number = ((step * 37 + shop * 11) % 23) as f64 + step as f64 / 10.0;
        if step >= changed_from { 1e3 - number } else { number }
    };
    let rows = (0..2).flat_map(|shop| {
        (0..STEPS).map(move |step| format!("{shop},{step},{},{}\n", value(shop, step), value(shop + 2, step)))
    });
    let file = folder.path().join("demand.csv");
    fs::write(&file, format!("unique_id,ds,y,price\n{}", rows.collect::<String>())).unwrap();
    let config = DataConfig {
        test_fraction: Some(0.4),
        context: Some(4),
        horizon: Some(2),
        stride: Some(1),
        season: Some(3),
        backtest: part.map(|part| part.parse().unwrap()),
        ..DataConfig::of(file.to_str().unwrap())
    };
    (folder, config)
}

fn prepared(part: &str, changed_from: usize) -> Prepared {
    prepare(&demand(Some(part), changed_from).1).unwrap()
}

/// All numbers of a set in their units, inputs left out.
fn truths(data: &Prepared, set: &[Sequence]) -> Vec<f64> {
    set.iter().flat_map(|window| data.preprocessing.in_units(window.target.numbers().unwrap())).collect()
}

/// Whatever becomes of the stretch and of what follows it, training, validation, scaling and the scale of the MASE are the
/// same; whatever follows it, the test set is.
#[test]
fn nothing_of_the_future_is_in_training_scaling_or_validation() {
    for (part, number) in [("1/4", 0), ("2/4", 1), ("4/4", 3)] {
        let (start, end) = (GIVEN + 20 * number, GIVEN + 20 * (number + 1));
        let whole = prepared(part, usize::MAX);
        let other = prepared(part, start);
        assert_eq!((&whole.train, &whole.validation), (&other.train, &other.validation), "{part}");
        assert_eq!(whole.series.train, other.series.train, "{part}");
        assert_eq!(whole.preprocessing.naive_errors(), other.preprocessing.naive_errors(), "{part}");
        assert_eq!(whole.preprocessing.target_means(), other.preprocessing.target_means(), "{part}");
        assert_ne!(whole.test, other.test, "{part}: a test that sees no change shows nothing");
        let later = prepared(part, end);
        assert_eq!(
            (&whole.train, &whole.validation, &whole.test),
            (&later.train, &later.validation, &later.test)
        );
        assert_eq!(whole.series.test, later.series.test);
        if number > 0 {
            // What lies before it is trained on, test data included.
            assert_ne!(whole.validation, prepared(part, start - 1).validation, "{part}");
        }
    }
}

#[test]
fn parts_are_tested_one_after_the_other() {
    let windows = |steps: usize| steps - 5;
    let (_folder, config) = demand(None, usize::MAX);
    let all = prepare(&config).unwrap();
    assert_eq!(all.test.len(), 2 * windows(80));
    for number in 0..4 {
        let data = prepared(&format!("{}/4", number + 1), usize::MAX);
        let trained: usize = GIVEN + 20 * number;
        let held_out =
            validation_sequences(&demand(Some(&format!("{}/4", number + 1)), usize::MAX).1).unwrap();
        assert_eq!((data.validation.len(), data.test.len()), (held_out, 2 * windows(20)));
        assert_eq!(
            data.train.len() + held_out,
            2 * (windows(trained) - 5),
            "no window reaches from one into another"
        );
        let truths = truths(&data, &data.test);
        let first = ((trained + 4) * 37 % 23) as f64 + (trained + 4) as f64 / 10.0;
        assert!((truths[0] - first).abs() < 1e-3, "{number}: {} {first}", truths[0]);
    }
    let whole = prepared("1/1", usize::MAX);
    assert_eq!((whole.train, whole.validation, whole.test), (all.train, all.validation, all.test));
}

#[test]
fn what_cannot_be_a_backtest_is_refused() {
    let folder = TempDir::new().unwrap();
    let rows =
        |from: usize| -> String { (from..from + 60).map(|step| format!("{step},{}\n", step % 7)).collect() };
    for (name, from) in [("train.csv", 0), ("test.csv", 500)] {
        fs::write(folder.path().join(name), format!("ds,y\n{}", rows(from))).unwrap();
    }
    let pair = DataConfig {
        context: Some(2),
        horizon: Some(1),
        backtest: Some("1/2".parse().unwrap()),
        ..DataConfig::of(folder.path().to_str().unwrap())
    };
    let message = prepare(&pair).unwrap_err().to_string();
    assert!(message.contains("`data.backtest`") && message.contains("one file"), "{message}");
    let short = prepare(&demand(Some("1/40"), usize::MAX).1).unwrap_err().to_string();
    assert!(short.contains("test part") && short.contains("2 steps"), "{short}");
    let message = toml::from_str::<DataConfig>("backtest = '5/4'").unwrap_err().to_string();
    assert!(message.contains("backtest") && message.contains("\"2/4\", the second of four"), "{message}");
}
