//! Values that are missing from series of a user's own: refused, or filled in the same way wherever they are read.

use slimgate_data::{
    DataConfig, InputKind, InputStream, Missing, Prepared, Preprocessing, Protocol, Steps, find, findings,
    prepare, prepare_with, read_inputs,
};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// Series of three steps of two channels: `x` is 1, missing, 3 in the first, and has all its values in the others.
const TRAIN: &str = "series,class,x,y\na,up,1,10\na,up,,20\na,up,3,30\nb,down,2,20\nb,down,2,20\nb,down,2,20\n\
    c,up,1,10\nc,up,3,30\nc,up,2,20\nd,down,2,20\nd,down,1,10\nd,down,3,30\n";
const TEST: &str = "series,class,x,y\ne,up,NA,10\ne,up,2,?\nf,down,3,30\nf,down,3,null\n";

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn series() -> TempDir {
    folder(&[("train.csv", TRAIN), ("test.csv", TEST)])
}

/// All training data is trained on.
fn at(folder: &TempDir, name: &str, missing: Option<Missing>) -> DataConfig {
    let dataset = folder.path().join(name).to_str().unwrap().to_owned();
    DataConfig { dataset, missing, validation: Protocol::Published, ..DataConfig::default() }
}

/// What a model reads of a series, step by step.
fn rows(steps: &Steps) -> Vec<Vec<f32>> {
    let Steps::Values { values, channels } = steps else { unreachable!("series are of numbers") };
    values.chunks_exact(*channels).map(<[f32]>::to_vec).collect()
}

fn assert_rows(found: &Steps, wanted: &[&[f32]]) {
    let found = rows(found);
    assert_eq!(found.len(), wanted.len(), "{found:?}");
    for (row, wanted) in found.iter().zip(wanted) {
        let close = row.len() == wanted.len()
            && row.iter().zip(*wanted).all(|(one, other)| (one - other).abs() < 1e-6);
        assert!(close, "{found:?}");
    }
}

/// As a run folder keeps it.
fn stored(data: &Prepared) -> Preprocessing {
    serde_json::from_str(&serde_json::to_string(&data.preprocessing).unwrap()).unwrap()
}

/// The deviations of `x`, of 1, 3, 2, 2, 2, 1, 3, 2, 2, 1 and 3, and of `y`, of which each tenth is one of these and 2.
fn deviations() -> (f32, f32) {
    ((6.0_f32 / 11.0).sqrt(), 10.0 * (6.0_f32 / 12.0).sqrt())
}

#[test]
fn missing_values_are_refused_with_their_number_and_a_remedy() {
    let folder = series();
    for missing in [None, Some(Missing::Refuse)] {
        let config = at(&folder, "", missing);
        for refusal in [prepare(&config).unwrap_err(), findings(&config).unwrap_err()] {
            let told = refusal.to_string();
            assert!(
                told.contains("train.csv:3: no number in column `x`; 4 values are missing in all"),
                "{told}"
            );
            assert!(told.contains("`data.missing`"), "{told}");
        }
    }
    // What is said of them is there all the same.
    let entry = find(&at(&folder, "", None)).unwrap();
    let channels = &entry.survey.as_ref().unwrap().channels;
    let counts =
        |at: usize| channels[at].missing.as_ref().map(|missing| (missing.train, missing.test, missing.line));
    assert_eq!((counts(0), counts(1)), (Some((1, 1, 3)), Some((0, 2, 3))));
    assert_eq!((channels[0].least, channels[0].most), (1.0, 3.0));
}

#[test]
fn nothing_is_filled_in_without_a_word() {
    let told: Vec<String> =
        findings(&at(&series(), "", Some(Missing::Mean))).unwrap().iter().map(ToString::to_string).collect();
    let told = told.iter().find(|finding| finding.contains("missing")).unwrap();
    assert!(
        told.starts_with("4 values are missing (1 in training and 1 in test of x; 0 in training and 2 in test of y; the first in "),
        "{told}"
    );
    assert!(told.ends_with("train.csv:3) and filled in by `data.missing = \"mean\"`"), "{told}");
}

#[test]
fn a_series_is_filled_in_alike_in_training_in_a_test_and_at_prediction() {
    let folder = series();
    let config = at(&folder, "", Some(Missing::Forward));
    let data = prepare(&config).unwrap();
    assert_eq!(data.preprocessing.input(), InputKind::Values { channels: 4 });
    let (x, y) = deviations();
    // The steps since are divided by the most that there are in the training part: 2.
    let first =
        [&[-1.0 / x, -10.0 / y, 1.0, 0.0][..], &[-1.0 / x, 0.0, 0.0, 0.5], &[1.0 / x, 10.0 / y, 1.0, 1.0]];
    assert!(data.train.iter().any(|sequence| rows(&sequence.features).len() == 3));
    let with_gap = data.train.iter().find(|sequence| rows(&sequence.features)[1][2] == 0.0).unwrap();
    assert_rows(&with_gap.features, &first);
    // Nothing before the first, and `y` has no mask: the mean, and the last one seen.
    let e: [&[f32]; 2] = [&[0.0, -10.0 / y, 0.0, 0.0], &[0.0, -10.0 / y, 1.0, 0.5]];
    assert_rows(&data.test[0].features, &e);
    let stored = stored(&data);
    assert_eq!(stored, data.preprocessing);
    let again = prepare_with(&config, &stored, None).unwrap();
    assert_eq!((again.train, again.test), (data.train, data.test));
    let path = folder.path().join("new.csv");
    fs::write(&path, "y,x\n10,1\n20,nan\n30,3\n").unwrap();
    let inputs = read_inputs(&path, &stored).unwrap();
    assert_rows(&inputs.sequences[0].steps, &first);
    let told = &inputs.warnings[0];
    assert!(
        told.starts_with("1 value is missing (the first in ") && told.contains("new.csv:3, column `x`)"),
        "{told}"
    );
    assert!(!told.contains("in training"), "{told}");
    fs::write(&path, "x,y\n1,10\n3,\n").unwrap();
    let told = &read_inputs(&path, &stored).unwrap().warnings[0];
    assert!(
        told.contains("in line 3, one of a channel that had all of them in training (column `y`)"),
        "{told}"
    );
}

#[test]
fn the_other_rules_have_no_more_channels() {
    let folder = series();
    let path = folder.path().join("new.csv");
    fs::write(&path, "x,y\n2,10\n,20\n3,30\n").unwrap();
    let (x, y) = deviations();
    for (rule, middle) in [(Missing::Linear, 0.5 / x), (Missing::Mean, 0.0)] {
        let data = prepare(&at(&folder, "", Some(rule))).unwrap();
        let inputs = read_inputs(&path, &stored(&data)).unwrap();
        assert_rows(&inputs.sequences[0].steps, &[&[0.0, -10.0 / y], &[middle, 0.0], &[1.0 / x, 10.0 / y]]);
    }
}

#[test]
fn rows_of_a_stream_are_filled_in_as_those_of_a_file() {
    let folder = series();
    let path = folder.path().join("new.csv");
    // The series take turns, and each has gaps of its own.
    fs::write(&path, "series,x,y\np,1,10\nq,,20\np,,20\nq,3,30\np,,30\nq,,10\n").unwrap();
    for rule in [Missing::Forward, Missing::Mean] {
        let stored = stored(&prepare(&at(&folder, "", Some(rule))).unwrap());
        let streamed: Vec<_> = InputStream::open(&path, &stored).unwrap().map(Result::unwrap).collect();
        let whole = folder.path().join("whole.csv");
        fs::write(&whole, "series,x,y\np,1,10\np,,20\np,,30\nq,,20\nq,3,30\nq,,10\n").unwrap();
        let whole = read_inputs(&whole, &stored).unwrap().sequences;
        for (name, wanted) in ["#p", "#q"].iter().zip(&whole) {
            let steps = streamed.iter().map(|inputs| &inputs.sequences[0]);
            let steps: Vec<_> = steps
                .filter(|input| input.name.ends_with(name))
                .flat_map(|input| rows(&input.steps))
                .collect();
            assert_eq!(steps, rows(&wanted.steps), "{rule:?}");
        }
        let told: Vec<&String> = streamed.iter().flat_map(|inputs| &inputs.warnings).collect();
        assert!(told.len() == 1 && told[0].ends_with("so are all that are missing later"), "{told:?}");
    }
    let linear = stored(&prepare(&at(&folder, "", Some(Missing::Linear))).unwrap());
    let refused = InputStream::open(&path, &linear).err().unwrap().to_string();
    assert!(
        refused.contains("`data.missing = \"linear\"`") && refused.contains("without --stream"),
        "{refused}"
    );
}

#[test]
fn a_run_without_a_rule_refuses_what_is_missing_and_is_stored_as_before() {
    let folder = folder(&[
        ("train.csv", &TRAIN.replace("up,,", "up,2,")),
        ("test.csv", TRAIN.replace("up,,", "up,2,").as_str()),
    ]);
    let data = prepare(&at(&folder, "", None)).unwrap();
    let text = serde_json::to_string(&data.preprocessing).unwrap();
    assert!(!text.contains("filling"), "{text}");
    let path = folder.path().join("new.csv");
    fs::write(&path, "x,y\n1,2\n?,\n").unwrap();
    let refused = |refused: String| {
        assert!(
            refused.contains("new.csv:3: no number in column `x`; ") && refused.contains("`data.missing`"),
            "{refused}"
        );
    };
    refused(read_inputs(&path, &stored(&data)).unwrap_err().to_string());
    let preprocessing = stored(&data);
    refused(InputStream::open(&path, &preprocessing).unwrap().find_map(Result::err).unwrap().to_string());
}

#[test]
fn a_channel_of_no_value_is_refused() {
    let empty = TRAIN.replace(",x,", ",z,x,").replace("up,", "up,,").replace("down,", "down,,");
    let folder = folder(&[("train.csv", empty.as_str()), ("test.csv", empty.as_str())]);
    let told = prepare(&at(&folder, "", Some(Missing::Forward))).unwrap_err().to_string();
    assert!(
        told.contains("no value of column `z` is there to train on")
            && told.contains("leave the channel out"),
        "{told}"
    );
}

#[test]
fn archives_have_question_marks() {
    let text = "@problemName p\n@timeStamps false\n@missing true\n@univariate false\n@dimensions 2\n@classLabel true up down\n\
        @data\n1,?,3:10,20,30:up\n2,2,2:20,20,20:down\n1,3,2:10,30,20:up\n2,1,3:20,10,30:down\n";
    let folder = folder(&[("p_TRAIN.ts", text), ("p_TEST.ts", text)]);
    let told = prepare(&at(&folder, "", None)).unwrap_err().to_string();
    assert!(
        told.contains("p_TRAIN.ts:8: no number in channel 1, step 2; 2 values are missing in all"),
        "{told}"
    );
    let data = prepare(&at(&folder, "", Some(Missing::Forward))).unwrap();
    let (x, y) = deviations();
    let first: [&[f32]; 3] =
        [&[-1.0 / x, -10.0 / y, 1.0, 0.0], &[-1.0 / x, 0.0, 0.0, 0.5], &[1.0 / x, 10.0 / y, 1.0, 1.0]];
    assert_rows(&data.test[0].features, &first);
    let new: PathBuf = folder.path().join("new.ts");
    fs::write(&new, "@dimensions 2\n@classLabel false\n@data\n1,?,3:10,20,30\n").unwrap();
    assert_rows(&read_inputs(&new, &stored(&data)).unwrap().sequences[0].steps, &first);
}

/// Days with sales and a price, which is missing on two days of each week.
fn demand(days: usize, sales: impl Fn(usize) -> String) -> String {
    let price = |day: usize| if day % 7 < 2 { String::new() } else { (day % 5).to_string() };
    let rows: Vec<String> = (0..days).map(|day| format!("{day},{},{}", sales(day), price(day))).collect();
    format!("time,y,price\n{}\n", rows.join("\n"))
}

fn forecast(folder: &TempDir, missing: Missing) -> DataConfig {
    let targets = Some(vec!["y".to_owned()]);
    DataConfig { context: Some(3), horizon: Some(2), targets, ..at(folder, "demand.csv", Some(missing)) }
}

#[test]
fn a_forecast_is_made_from_what_was_seen_before_its_context_too() {
    let text = demand(70, |day| (day % 7).to_string());
    let folder = folder(&[("demand.csv", text.as_str())]);
    let data = prepare(&forecast(&folder, Missing::Forward)).unwrap();
    let stored = stored(&data);
    assert_eq!(data.preprocessing.input(), InputKind::Values { channels: 4 });
    // Days 0 to 51 of the 56 to train on: the window of days 49 to 51 begins with two days without a price.
    let path = folder.path().join("until.csv");
    let rows_until: Vec<&str> = text.lines().take(53).collect();
    fs::write(&path, rows_until.join("\n")).unwrap();
    let inputs = read_inputs(&path, &stored).unwrap();
    assert_eq!((inputs.sequences[0].first_step, inputs.sequences[0].own.clone()), (50, 0..3));
    assert_eq!(inputs.sequences[0].steps, data.train[49].features);
    // Masks are 0, 0 and 1; days are since the last seen 1, 2 and 3 of at most 3.
    let masks: Vec<_> = rows(&inputs.sequences[0].steps).into_iter().map(|row| (row[2], row[3])).collect();
    assert_eq!(masks, [(0.0, 1.0 / 3.0), (0.0, 2.0 / 3.0), (1.0, 1.0)]);
}

#[test]
fn what_is_forecast_must_be_there() {
    let text = demand(70, |day| if day == 20 { "NaN".into() } else { (day % 7).to_string() });
    let folder = folder(&[("demand.csv", text.as_str())]);
    for missing in [Missing::Forward, Missing::Linear, Missing::Mean] {
        let told = prepare(&forecast(&folder, missing)).unwrap_err().to_string();
        assert!(
            told.contains(
                "demand.csv:22: no number in column `y`, which is to be forecast; 1 value is missing of it"
            ),
            "{told}"
        );
    }
    let numbers = "series,x,wear\na,1,0.5\na,2,0.5\nb,3,\nb,4,\nc,1,2\nc,2,2\nd,3,4\nd,4,4\n";
    let folder = self::folder(&[("wear.csv", numbers)]);
    let config =
        DataConfig { targets: Some(vec!["wear".into()]), ..at(&folder, "wear.csv", Some(Missing::Mean)) };
    let told = prepare(&config).unwrap_err().to_string();
    assert!(
        told.contains("wear.csv:4: no number in column `wear`, which is to be told of the series"),
        "{told}"
    );
}
