//! Folders of a user's own, prepared as a run prepares them.

use slimgate_data::{
    ArchiveError, DataConfig, DataError, InputKind, Prepared, Preprocessing, Sequence, Steps,
};
use slimgate_data::{check_unchanged, prepare, prepare_with, read_inputs};
use std::fs;
use tempfile::TempDir;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn config(folder: &TempDir) -> DataConfig {
    let dataset = folder.path().to_str().unwrap().to_owned();
    DataConfig { dataset, validation_fraction: 0.25, ..DataConfig::default() }
}

fn prepared(files: &[(&str, &str)]) -> Prepared {
    prepare(&config(&folder(files))).unwrap()
}

fn labels(sequences: &[Sequence]) -> Vec<usize> {
    sequences.iter().map(|sequence| sequence.target.class().unwrap()).collect()
}

/// Series of two channels and two classes in turn, each of two to four steps: by channel, with its class.
fn series(count: usize) -> Vec<([Vec<usize>; 2], &'static str)> {
    let one = |number: usize| {
        let steps = 2 + number % 3;
        let channels: [Vec<usize>; 2] =
            [(0..steps).map(|step| number + step).collect(), (0..steps).map(|step| 7 * step % 5).collect()];
        (channels, ["up", "down"][number % 2])
    };
    (0..count).map(one).collect()
}

fn csv(count: usize) -> String {
    let mut text = "series,class,x,y\n".to_owned();
    for (number, ([x, y], class)) in series(count).into_iter().enumerate() {
        for (x, y) in x.into_iter().zip(y) {
            text += &format!("s{number},{class},{x},{y}\n");
        }
    }
    text
}

fn ts(count: usize) -> String {
    let list = |steps: Vec<usize>| steps.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    let mut text = "@dimensions 2\n@classLabel true up down\n@data\n".to_owned();
    for ([x, y], class) in series(count) {
        text += &format!("{}:{}:{class}\n", list(x), list(y));
    }
    text
}

const TEXTS: &str = "class,text\n1,a good film\n0,a bad one\n1,good\n0,bad bad\n1,\"so, good\"\n0,not good\n";

#[test]
fn series_are_divided_and_standardised_as_those_of_any_data_set() {
    let data = prepared(&[("train.csv", csv(12).as_str()), ("test.csv", csv(4).as_str())]);
    assert_eq!((data.train.len(), data.validation.len(), data.test.len()), (9, 3, 4));
    assert_eq!(data.preprocessing.classes(), ["down", "up"]);
    assert_eq!(data.preprocessing.input(), InputKind::Values { channels: 2 });
    assert_eq!(labels(&data.test), [1, 0, 1, 0]);
    let steps: Vec<usize> = data.test.iter().map(|sequence| sequence.features.len()).collect();
    assert_eq!(steps, [2, 3, 4, 2]);
}

#[test]
fn both_formats_give_the_same_sequences() {
    let tables = prepared(&[("train.csv", csv(12).as_str()), ("test.csv", csv(4).as_str())]);
    let archive = prepared(&[("train.ts", ts(12).as_str()), ("test.ts", ts(4).as_str())]);
    assert_eq!(tables.preprocessing.classes(), archive.preprocessing.classes());
    assert_eq!(tables.train, archive.train);
    assert_eq!(tables.validation, archive.validation);
    assert_eq!(tables.test, archive.test);
}

#[test]
fn archives_are_read_as_their_own_tools_write_them() {
    let plain = prepared(&[("train.ts", ts(12).as_str()), ("test.ts", ts(4).as_str())]);
    let aeon = |text: String| {
        let text =
            text.replace("@dimensions", "@problemName p\n@timestamps false\n@missing False\n@dimension");
        text.replace(":up", ":UP")
    };
    let sktime = |text: String| text.replace("@dimensions 2", "@problemName p\n@univariate false");
    for (train, test) in [(aeon(ts(12)), aeon(ts(4))), (sktime(ts(12)), sktime(ts(4)))] {
        let same = prepared(&[("P_TRAIN.ts", train.as_str()), ("P_TEST.ts", test.as_str())]);
        assert_eq!((same.train, same.test), (plain.train.clone(), plain.test.clone()));
    }
    let tsv = "1\t0.5\t1\t1.5\n2\t4\t5\tNaN\n1.0\t1\t1\t2\n2\t5\t6\t7\n";
    let ucr = prepared(&[("P_TRAIN.tsv", tsv), ("P_TEST.tsv", tsv)]);
    assert_eq!(ucr.preprocessing.classes(), ["1", "2"]);
    assert_eq!(ucr.test.iter().map(|sequence| sequence.features.len()).collect::<Vec<_>>(), [3, 2, 3, 3]);
    let new = folder(&[("new.tsv", "1\t0.5\t1\t1.5\n?\t4\t5\tNaN\n"), ("bare.tsv", "0.5\t1\t1.5\n")]);
    let inputs = read_inputs(&new.path().join("new.tsv"), &ucr.preprocessing).unwrap().sequences;
    assert_eq!(inputs[1].steps, ucr.test[1].features);
    let refused = read_inputs(&new.path().join("bare.tsv"), &ucr.preprocessing).unwrap_err();
    assert!(matches!(refused, DataError::Archive(ArchiveError::UcrClass { line: 1, .. })), "{refused}");
}

#[test]
fn an_offset_takes_no_digits_away() {
    let table = |start: u64, count: u64| {
        let mut text = "series,class,meter\n".to_owned();
        for number in 0..count {
            let (class, pace) = [("slow", 1), ("fast", 3)][number as usize % 2];
            for step in 1..=12 {
                text += &format!("s{number},{class},{}\n", start + pace * step);
            }
        }
        text
    };
    let read =
        |start| prepared(&[("train.csv", table(start, 8).as_str()), ("test.csv", table(start, 4).as_str())]);
    let values = |data: Prepared| -> Vec<f32> {
        let all = data.train.into_iter().chain(data.validation).chain(data.test);
        all.flat_map(|sequence| match sequence.features {
            Steps::Values { values, .. } => values,
            Steps::Tokens(_) => panic!("a meter has values"),
        })
        .collect()
    };
    let (near, far) = (values(read(0)), values(read(1_700_000_000)));
    assert!(near.iter().zip(&far).all(|(near, far)| (near - far).abs() < 1e-6), "{near:?}\n{far:?}");
}

/// A preprocessing that was stored before numbers were standardised as precisely as they are written keeps its meaning.
#[test]
fn the_preprocessing_of_an_earlier_run_keeps_its_rule() {
    let folder = folder(&[("new.csv", "meter,flow\n1700000001,0.3\n1700000200,0.1\n")]);
    let stored = r#"{"dataset":"./old","classes":["fast","slow"],"keep":"start","pad":"none",
        "own":{"channels":["meter","flow"],"sha256":{}},
        "transform":{"series":{"scale":{"mean":[1700000000.0,0.2],"std":[10.0,0.1]}}}}"#;
    let stored: Preprocessing = serde_json::from_str(stored).unwrap();
    let inputs = read_inputs(&folder.path().join("new.csv"), &stored).unwrap().sequences;
    // The nearest f32 to the meter's values are 1700000000 and 1700000256.
    let values = vec![0.0, (0.3_f32 - 0.2) / 0.1, 25.6, (0.1_f32 - 0.2) / 0.1];
    assert_eq!(inputs[0].steps, Steps::Values { values, channels: 2 });
}

#[test]
fn a_number_that_cannot_be_computed_with_is_named_with_its_place() {
    let replaced = |text: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        text.replacen(from, to, 1)
    };
    let (train, test) = (csv(12), csv(4));
    let wild = replaced(&test, "s1,down,2,2\n", "s1,down,2,-3.4e38\n");
    let folder = folder(&[("train.csv", train.as_str()), ("test.csv", wild.as_str())]);
    let message = prepare(&config(&folder)).unwrap_err().to_string();
    assert!(message.contains("test.csv:5: ") && message.contains("column `y`"), "{message}");

    let data = prepared(&[("train.csv", train.as_str()), ("test.csv", test.as_str())]);
    fs::write(folder.path().join("new.csv"), "x,y\n1,2\n1e308,2\n").unwrap();
    fs::write(folder.path().join("new.ts"), "@targetlabel false\n@data\n1,2:3,1e300\n").unwrap();
    for (name, told) in [("new.csv", "new.csv:3: 1e308"), ("new.ts", "new.ts:3: 1e300")] {
        let message = read_inputs(&folder.path().join(name), &data.preprocessing).unwrap_err().to_string();
        assert!(message.contains(told) && message.contains("fill value"), "{message}");
    }
}

#[test]
fn a_number_that_is_far_from_the_training_data_is_told_with_its_place() {
    let data = prepared(&[("train.csv", csv(12).as_str()), ("test.csv", csv(4).as_str())]);
    let folder = TempDir::new().unwrap();
    let told = |name: &str, text: &str, preprocessing: &Preprocessing| {
        fs::write(folder.path().join(name), text).unwrap();
        let warnings = read_inputs(&folder.path().join(name), preprocessing).unwrap().warnings;
        let here = format!("{}/", folder.path().display());
        warnings.into_iter().map(|warning| warning.replace(&here, "")).collect::<Vec<_>>()
    };
    for fill in ["-999.0", "-9999.0", "1e20"] {
        let warnings = told("new.csv", &format!("y,x\n1,2\n2,{fill}\n3,{fill}\n"), &data.preprocessing);
        let place = format!("new.csv:3: {fill} (column `x`) is ");
        assert!(warnings.len() == 1 && warnings[0].starts_with(&place), "{warnings:?}");
        assert!(
            warnings[0].contains("with 1 other number of this channel more than 50 away"),
            "{warnings:?}"
        );
        let warnings = told(
            "new.ts",
            &format!("@classLabel false\n@data\n1,2:2,3\n1,{fill}:2,3\n"),
            &data.preprocessing,
        );
        assert!(
            warnings[0].starts_with(&format!("new.ts:4: {fill} (channel 1, step 2) is ")),
            "{warnings:?}"
        );
    }
    assert_eq!(told("new.csv", &csv(12), &data.preprocessing), [""; 0]);

    let stored = r#"{"dataset":"./old","classes":["a","b"],"keep":"start","pad":"none","own":{"sha256":{}},
        "transform":{"precise-series":{"scale":{"mean":[0,0,0,0,0,0,0],"std":[1,1,1,1,1,1,1]}}}}"#;
    let wide: Preprocessing = serde_json::from_str(stored).unwrap();
    let warnings = told("new.csv", "a,b,c,d,e,f,g\n51,51,-51,51,51,51,51\n49,0,0,0,0,0,0\n", &wide);
    assert!(warnings.len() == 5 && warnings[2].starts_with("new.csv:2: -51.0 (channel 3, step 1) is 51 "));
    assert!(warnings[4].ends_with("; there are such numbers in 2 other channels, too"), "{warnings:?}");

    // What is cut off is read by no model.
    let files = [("train.csv", csv(12)), ("test.csv", csv(4))];
    let kept = self::folder(&files.each_ref().map(|(name, text)| (*name, text.as_str())));
    let short = prepare(&DataConfig { max_length: Some(1), ..config(&kept) }).unwrap().preprocessing;
    assert_eq!(told("new.csv", "x,y\n1,2\n-999,2\n", &short), [""; 0]);
    assert_eq!(told("new.csv", "x,y\n-999,2\n1,2\n", &short).len(), 1);
}

#[test]
fn texts_are_read_a_row_each() {
    let data = prepared(&[("train.csv", TEXTS), ("test.csv", "text,class\ngood,1\n\"bad, bad\",0\n")]);
    assert_eq!((data.train.len(), data.validation.len()), (4, 2));
    assert!(matches!(data.preprocessing.input(), InputKind::Tokens { .. }));
    assert_eq!(data.preprocessing.classes(), ["0", "1"]);
    assert_eq!(labels(&data.test), [1, 0]);
    assert_eq!(data.test[1].features.len(), 2);
}

#[test]
fn what_is_stored_tells_files_that_have_changed() {
    let folder = folder(&[("train.csv", csv(12).as_str()), ("test.csv", csv(4).as_str())]);
    let first = prepare(&config(&folder)).unwrap();
    let stored = serde_json::to_string(&first.preprocessing).unwrap();
    let stored: Preprocessing = serde_json::from_str(&stored).unwrap();
    let again = prepare_with(&config(&folder), &stored, None).unwrap();
    assert_eq!((again.train, again.test), (first.train, first.test));
    check_unchanged(&config(&folder), &stored, None).unwrap();

    fs::write(folder.path().join("test.csv"), csv(5)).unwrap();
    let refused = prepare_with(&config(&folder), &stored, None).unwrap_err();
    assert!(matches!(&refused, DataError::ChangedData { file, .. } if file == "test.csv"), "{refused}");
    assert!(
        refused.to_string().contains("is not, or no longer, the data that the run was trained on"),
        "{refused}"
    );
    assert!(matches!(check_unchanged(&config(&folder), &stored, None), Err(DataError::ChangedData { .. })));
    // A new run takes them as they are.
    assert_eq!(prepare(&config(&folder)).unwrap().test.len(), 5);
}

#[test]
fn files_that_were_moved_are_found_where_they_are_said_to_be() {
    let files = [("train.csv", csv(12)), ("test.csv", csv(4))];
    let make = || folder(&files.each_ref().map(|(name, text)| (*name, text.as_str())));
    let (was, now) = (make(), make());
    let stored = prepare(&config(&was)).unwrap().preprocessing;
    let gone = config(&was);
    drop(was);
    assert!(matches!(check_unchanged(&gone, &stored, None), Err(DataError::Moved { .. })));
    assert!(matches!(check_unchanged(&gone, &stored, Some("./nowhere")), Err(DataError::NoFolder { .. })));
    let place = now.path().to_str().unwrap();
    let again = prepare_with(&gone, &stored, Some(place)).unwrap();
    assert_eq!(again.test.len(), 4);
    // From then on they are known to be there, whatever the run calls them.
    assert_eq!(again.preprocessing.dataset(), stored.dataset());
    prepare_with(&gone, &again.preprocessing, None).unwrap();
    fs::write(now.path().join("test.csv"), csv(5)).unwrap();
    let changed = check_unchanged(&gone, &stored, Some(place));
    assert!(matches!(changed, Err(DataError::ChangedData { .. })));
    assert!(matches!(
        check_unchanged(&gone, &stored, Some("digits-rows")),
        Err(DataError::OtherDataset { .. })
    ));
}

/// Files of runs that are there stay as they are, byte by byte.
#[test]
fn nothing_is_stored_of_the_files_of_the_catalog() {
    let config = DataConfig { dataset: "japanese-vowels".into(), ..DataConfig::default() };
    let stored = serde_json::to_value(prepare(&config).unwrap().preprocessing).unwrap();
    let mut keys: Vec<&String> = stored.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["classes", "dataset", "keep", "pad", "transform"]);
}

#[test]
fn sequences_are_classified_when_the_folder_is_gone() {
    let data = prepared(&[("train.csv", csv(12).as_str()), ("test.csv", csv(4).as_str())]);
    let elsewhere = folder(&[("new.csv", csv(4).as_str()), ("new.ts", ts(4).as_str())]);
    // The columns in another order, and without classes.
    let turned: Vec<String> = csv(4)
        .lines()
        .map(|row| {
            let columns: Vec<&str> = row.split(',').collect();
            [columns[3], columns[0], columns[2]].join(",")
        })
        .collect();
    fs::write(elsewhere.path().join("turned.csv"), turned.join("\n")).unwrap();
    for name in ["new.csv", "new.ts", "turned.csv"] {
        let inputs = read_inputs(&elsewhere.path().join(name), &data.preprocessing).unwrap().sequences;
        assert_eq!(inputs.len(), 4, "{name}");
        for (input, sequence) in inputs.iter().zip(&data.test) {
            assert_eq!(input.steps, sequence.features, "{name}");
        }
    }
    fs::write(elsewhere.path().join("other.csv"), "series,x,z\na,1,2\n").unwrap();
    let refused = read_inputs(&elsewhere.path().join("other.csv"), &data.preprocessing).unwrap_err();
    assert!(refused.to_string().contains("no column \"y\""), "{refused}");
}

#[test]
fn what_is_wrong_in_a_table_is_named_with_its_file_and_line() {
    const TRAIN: &str = "series,class,x\na,up,1\na,up,2\nb,down,3\n";
    for (train, test, told) in [
        (
            "series,class,x\na,up,1\nb,down,nan\n",
            TRAIN,
            "train.csv:3: no number in column `x`; 1 value is missing",
        ),
        ("series,class,x\na,up,1\nb,down\n", TRAIN, "train.csv:3: 2 columns where 3 belong"),
        ("series,class,x\na,up,1\na,down,2\n", TRAIN, "train.csv:3: series \"a\" has two classes"),
        ("series,class,x\na,up,1\nb,down,2\na,up,3\n", TRAIN, "train.csv:4: series \"a\" goes on"),
        ("series,x\na,1\n", TRAIN, "train.csv:1: there is no column `class` among series, x"),
        ("class,x\nup,1\n", TRAIN, "train.csv:1: there is no column `series`"),
        ("series,class\na,up\n", TRAIN, "train.csv:1: there is no column beside `series` and `class`"),
        (",series,class,x\n0,a,up,1\n", TRAIN, "train.csv:1: column 1 has no name"),
        ("series,class,x,x\na,up,1,1\n", TRAIN, "train.csv:1: two columns are named \"x\""),
        ("series,class,x\na,up,1\nb,up,2\n", TRAIN, "train.csv: every sequence is of class \"up\""),
        ("series,class,x\n", TRAIN, "train.csv has no sequence in it"),
        ("", TRAIN, "train.csv is empty"),
        (
            "series;class;x\na;up;1,5\nb;down;2.5\n",
            TRAIN,
            "train.csv:3: \"2.5\" has its decimals behind another",
        ),
        (TRAIN, "series,class,x\nc,left,1\n", "test.csv:2: no training sequence is of class \"left\""),
        (TRAIN, "series,class,y\nc,up,1\n", "test.csv:1: no column \"x\""),
        (TRAIN, "series,class,x,y\nc,up,1,2\n", "test.csv:1: the column \"y\" is no channel"),
        (TRAIN, "series,class,x\nc,,1\n", "test.csv:2: the column `class` is empty"),
        (TEXTS, TRAIN, "test.csv:1: there is no column `text`"),
        (TEXTS, "class,text\n1,\n", "test.csv:2: a sequence without a single step"),
    ] {
        let folder = folder(&[("train.csv", train), ("test.csv", test)]);
        let message = prepare(&config(&folder)).unwrap_err().to_string();
        assert!(message.contains(told), "{told}\n{message}");
        assert!(message.starts_with(folder.path().to_str().unwrap()), "{message}");
    }
}

#[test]
fn two_archives_must_agree() {
    let (train, test) = (ts(12), ts(4));
    let refused = |train: &str, test: &str| {
        let folder = folder(&[("train.ts", train), ("test.ts", test)]);
        prepare(&config(&folder)).unwrap_err().to_string()
    };
    let wide = test.replace("@dimensions 2", "@dimensions 3");
    assert!(refused(&train, &wide).contains("test.ts:1: 3 channels where 2 belong"));
    let other = test.replace("true up down", "true up down left").replacen(":up", ":left", 1);
    assert!(refused(&train, &other).contains("test.ts:4: no training sequence is of class \"left\""));
    let plain = train.replace("true up down", "false");
    assert!(
        refused(&plain, &test)
            .contains("train.ts:2: `@classLabel false` says that no sequence ends in a class")
    );
    let bare = plain.replace(":up", "").replace(":down", "");
    assert!(refused(&bare, &test).contains("train.ts has no classes"));
    let target = train.replace("@classLabel true up down", "@targetlabel true");
    assert!(refused(&target, &test).contains("train.ts:2: its sequences end in numbers"));
}
