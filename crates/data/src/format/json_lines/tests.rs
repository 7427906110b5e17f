use super::*;
use crate::format::table::{Table, parse_named};
use crate::format::texts;
use crate::{DataConfig, Finding, Missing, Task, find, findings, prepare, read_inputs};
use proptest::prelude::*;
use std::fs;
use tempfile::TempDir;

const FILE: &str = "a.jsonl";

fn refused(text: &str) -> String {
    let mut rows = match Table::open(text.as_bytes(), FILE) {
        Ok(table) => table,
        Err(error) => return error.to_string(),
    };
    rows.find_map(Result::err).expect("it was read").to_string()
}

/// A file of this content, and its path.
fn written(content: &str) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data.jsonl");
    fs::write(&path, content).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn an_object_is_a_row_and_its_keys_are_the_columns() {
    let text =
        "\u{feff}{\"b\": 1, \"a\": \"x\"}\r\n\n{\"a\":null,\"b\":-2.50}\n{\"b\":true,\"a\":\"\\u00e9\\n\"}";
    let table = Table::open(text.as_bytes(), FILE).unwrap();
    assert_eq!(table.header, ["b", "a"]);
    let rows: Vec<(usize, Vec<String>)> = table
        .map(Result::unwrap)
        .map(|(line, row)| (line, row.iter().map(str::to_owned).collect()))
        .collect();
    let row = |line: usize, cells: [&str; 2]| (line, cells.map(str::to_owned).to_vec());
    assert_eq!(rows, [row(1, ["1", "x"]), row(3, ["-2.5", ""]), row(4, ["true", "é\n"])]);
}

#[test]
fn what_is_no_row_is_named_with_its_line_and_its_column() {
    for (text, told) in [
        (
            "{\"x\": 1}\n{\"x\": 2\n",
            "a.jsonl:2: the line ends before its object is closed (column 7); write each",
        ),
        ("{\"x\": 1}\n{\"x\": \"2}\n", "a.jsonl:2: the line ends before its object is closed"),
        ("{\n\"x\": 1\n}\n", "a.jsonl:1: the line ends before its object is closed (column 1)"),
        (
            "[{\"x\": 1},\n{\"x\": 2}]\n",
            "a.jsonl:1: the line begins with a list; write an object a line (pandas",
        ),
        ("{\"x\": 1}\n[1]\n", "a.jsonl:2: the line begins with a list"),
        (
            "{\"x\": 1}\n{\"x\": 1} {\"x\": 2}\n",
            "a.jsonl:2: no JSON object (trailing characters, column 10); write one",
        ),
        ("{\"x\": 1}\n{'x': 2}\n", "a.jsonl:2: no JSON object (key must be a string, column 2)"),
        ("{\"x\": 1}\n{\"x\": NaN}\n", "a.jsonl:2: no JSON object (expected value, column 7)"),
        ("x,y\n1,2\n", "a.jsonl:1: no JSON object (expected value, column 1)"),
        ("{\"x\": 1}\n2\n", "a.jsonl:2: no JSON object (invalid type: integer `2`, expected an object"),
        ("{\"x\": 1}\n{\"x\": [1, 2]}\n", "a.jsonl:2: the value of \"x\" is a list"),
        ("{\"x\": 1}\n\n{\"x\": {\"y\": [{}]}}\n", "a.jsonl:3: the value of \"x\" is an object"),
        (
            "{\"x\": 1, \"y\": 2}\n{\"x\": 1}\n",
            "a.jsonl:2: no key \"y\", which the object in line 1 has; give all",
        ),
        (
            "{\"x\": 1}\n{\"x\": 1, \"y\": 2}\n",
            "a.jsonl:2: the key \"y\", which the object in line 1 does not have",
        ),
        ("{\"x\": 1}\n{\"x\": 1, \"x\": 2}\n", "a.jsonl:2: no JSON object (the key \"x\" comes twice"),
        ("{}\n", "a.jsonl:1: an object without a key"),
        ("\n\n", "a.jsonl has no sequence in it"),
    ] {
        let message = refused(text);
        assert!(message.starts_with(told), "{text}: {message}");
    }
    let broken = Table::open(b"{\"x\": 1}\n{\"x\": \"\xff\"}", FILE).err().unwrap();
    assert!(matches!(broken, DataError::NotUtf8 { line: 2, .. }), "{broken}");
}

#[test]
fn numbers_are_held_to_the_rules_of_tables() {
    let read = |value: &str| {
        let text = format!("{{\"series\": \"a\", \"x\": {value}}}\n");
        parse_named(text.as_bytes(), FILE, &["x".to_owned()]).map(|all| all[0].values[0])
    };
    for (value, wanted) in
        [("2", 2.0), ("-0.1", -0.1), ("1e300", 1e300), ("\"0.25\"", 0.25), ("1700000000000", 1.7e12)]
    {
        assert_eq!(read(value).unwrap(), wanted, "{value}");
    }
    assert!(read("null").unwrap().is_nan() && read("\"NA\"").unwrap().is_nan());
    assert!(matches!(read("1700000000000000003"), Err(DataError::TooManyDigits { line: 1, .. })));
    assert!(matches!(read("\"3,5\""), Err(DataError::Commas { line: 1, .. })));
    assert!(matches!(read("true"), Err(DataError::NotANumber { line: 1, .. })));
    let message = read("\"1\\n2\"").unwrap_err().to_string();
    assert!(message.starts_with("a.jsonl:1: a value has a line break"), "{message}");
}

#[test]
fn texts_have_labels_and_may_have_line_breaks() {
    let text = "{\"text\": \"Good,\\nup,fine\", \"label\": \"up\"}\n{\"text\": \"Bad.\", \"label\": 0}\n";
    let all = texts::labelled(text.as_bytes(), FILE, &[]).unwrap();
    let found: Vec<(&str, &str, usize)> =
        all.iter().map(|one| (one.raw.text().unwrap(), one.class.as_str(), one.line)).collect();
    assert_eq!(found, [("Good,\nup,fine", "up", 1), ("Bad.", "0", 2)]);
    let refused = |text: &str| texts::labelled(text.as_bytes(), FILE, &[]).unwrap_err();
    let blank = refused("{\"text\": \"Good.\", \"label\": null}\n");
    assert!(matches!(&blank, DataError::CsvBlank { line: 1, column, .. } if column == "label"), "{blank}");
    assert!(matches!(refused("{\"text\": \" \", \"class\": 1}\n"), DataError::NoStep { line: 1, .. }));
    let other = refused("{\"text\": \"Good.\", \"class\": 1, \"stars\": 5}\n");
    assert!(matches!(other, DataError::TextColumn { .. }), "{other}");

    let row =
        |at: usize| format!("{{\"text\": \"words\\nof {at}\", \"label\": \"{}\"}}\n", ["a", "b"][at % 2]);
    let (kept, path) = written(&(0..20).map(row).collect::<String>());
    let config = DataConfig { validation_fraction: 0.25, ..DataConfig::of(&path) };
    assert_eq!(find(&config).unwrap().recipe.classes, ["a", "b"]);
    let several = |finding: &Finding| matches!(finding, Finding::SeveralLines { .. });
    assert!(!findings(&config).unwrap().iter().any(several));
    let data = prepare(&config).unwrap();
    assert_eq!((data.train.len(), data.validation.len(), data.test.len()), (12, 4, 4));
    let new = kept.path().join("new.jsonl");
    fs::write(&new, "{\"text\": \"words\"}\n{\"text\": \"of\"}\n").unwrap();
    let inputs = read_inputs(&new, &data.preprocessing).unwrap().sequences;
    assert!(inputs.len() == 2 && inputs[1].name.ends_with("new.jsonl:2"), "{}", inputs[1].name);
}

#[test]
fn a_long_table_has_its_columns_and_its_missing_values() {
    let row = |at: usize| {
        let (heat, machine) = (if at == 7 { "null".into() } else { at.to_string() }, at / 5);
        format!(
            "{{\"machine\": {machine}, \"label\": \"{}\", \"heat\": {heat}}}\n",
            ["dull", "worn"][machine % 2]
        )
    };
    let (kept, path) = written(&(0..100).map(row).collect::<String>());
    let mut config = DataConfig { validation_fraction: 0.25, ..DataConfig::of(&path) };
    config.columns.series = Some("machine".into());
    let found = find(&config).unwrap();
    assert_eq!((found.recipe.task, found.channel_names()), (Task::Classification, &["heat".into()][..]));
    let message = prepare(&config).unwrap_err().to_string();
    assert!(message.contains("data.jsonl:8: no number in column `heat`; 1 value is missing"), "{message}");
    let data = prepare(&DataConfig { missing: Some(Missing::Forward), ..config }).unwrap();
    assert_eq!(data.test.len(), 4);
    let new = kept.path().join("new.jsonl");
    fs::write(&new, "{\"heat\": 3, \"machine\": \"m\"}\n{\"machine\": \"m\", \"heat\": null}\n").unwrap();
    let inputs = read_inputs(&new, &data.preprocessing).unwrap();
    assert_eq!((inputs.sequences.len(), inputs.sequences[0].steps.len(), inputs.warnings.len()), (1, 2, 1));
}

#[test]
fn a_pair_in_a_folder_is_read_and_a_forecast_has_its_times() {
    let rows = |from: usize, to: usize| {
        let row = |at: usize| {
            format!("{{\"series\": \"s{at}\", \"class\": \"{}\", \"x\": {at}}}\n", ["up", "down"][at % 2])
        };
        (from..to).map(row).collect::<String>()
    };
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("train.jsonl"), rows(0, 12)).unwrap();
    fs::write(folder.path().join("test.jsonl.gz"), file::pack(rows(12, 16).as_bytes())).unwrap();
    let path = folder.path().to_str().unwrap();
    let found = find(&DataConfig::of(path)).unwrap();
    assert_eq!((found.recipe.train.sequences, found.recipe.test.sequences), (12, 4));

    let day = |at: usize| format!("{{\"ds\": {}, \"y\": {at}}}\n", 86_400 * at);
    let (_kept, path) = written(&(0..84).map(day).collect::<String>());
    let config = DataConfig { context: Some(3), horizon: Some(1), ..DataConfig::of(&path) };
    assert_eq!(find(&config).unwrap().recipe.task, Task::Forecast);
    prepare(&config).unwrap();
}

proptest! {
    #[test]
    fn any_lines_are_read_or_refused(text in "([{}\\[\\]:,\"a1\n-]|null|\"a\":|\\PC){0,60}") {
        if let Ok(table) = Table::open(text.as_bytes(), FILE) {
            let width = table.header.len();
            for (_, row) in table.flatten() {
                prop_assert_eq!(row.len(), width);
            }
        }
    }
}
