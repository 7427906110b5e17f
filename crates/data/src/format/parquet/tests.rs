//! On the files of `tests/parquet/make.py`.

use super::*;
use crate::format::table::Table;
use crate::{Columns, DataConfig, Missing, Task, find, prepare, read_inputs};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/parquet").join(name)
}

fn config(name: &str) -> DataConfig {
    DataConfig { validation_fraction: 0.25, ..DataConfig::of(path(name).to_str().unwrap()) }
}

/// The rows of a file, or why it is not read.
fn rows(bytes: &[u8]) -> Result<Vec<Vec<String>>, DataError> {
    let table = Table::open(bytes, "a.parquet")?;
    table.map(|row| row.map(|(_, row)| row.iter().map(str::to_owned).collect())).collect()
}

fn refused(name: &str) -> String {
    rows(&fs::read(path(name)).unwrap()).unwrap_err().to_string()
}

#[test]
fn values_of_all_kinds_are_the_texts_that_a_table_has() {
    let bytes = fs::read(path("kinds.parquet")).unwrap();
    let names = ["bool", "i8", "u8", "u32", "u64", "f32", "f64", "date", "ns", "us", "text"];
    assert_eq!(Table::open(&bytes, "a.parquet").unwrap().header, names);
    let first = [
        "true",
        "-128",
        "0",
        "0",
        "0",
        "0.1",
        "1e300",
        "1970-01-01",
        "1970-01-01T00:00:00.000000001",
        "2024-03-01T00:00:00Z",
        "é",
    ];
    let second = [
        "",
        "127",
        "255",
        "4294967295",
        "18446744073709551615",
        "NaN",
        "-0.25",
        "2024-03-01",
        "1969-12-31T23:59:59.999999999",
        "1970-01-01T00:00:00.000001Z",
        "",
    ];
    assert_eq!(rows(&bytes).unwrap(), [first, second]);
    let times = rows(&fs::read(path("int96.parquet")).unwrap()).unwrap();
    assert_eq!(times.concat(), ["1970-01-01T00:00:00", "1970-01-02T00:00:00.000000001"]);
}

#[test]
fn a_table_of_pandas_is_forecast() {
    let asked = DataConfig { context: Some(4), horizon: Some(2), ..config("demand.parquet") };
    let found = find(&asked).unwrap();
    assert_eq!((found.recipe.task, &found.recipe.targets[..]), (Task::Forecast, &["y".to_owned()][..]));
    assert_eq!(found.channel_names(), ["promo", "y"]);
    assert!(found.summary.contains("`ds` for time (a row every day)"), "{}", found.summary);
    let data = prepare(&asked).unwrap();
    // The last 8 of 40 days of two shops, in windows of 6.
    assert_eq!(data.test.len(), 6);
    let inputs = read_inputs(&path("demand.parquet"), &data.preprocessing).unwrap().sequences;
    assert_eq!((inputs.len(), inputs[1].steps.len()), (2, 4));
    assert!(inputs[1].name.ends_with("demand.parquet#shop-1"), "{}", inputs[1].name);
}

#[test]
fn a_table_of_polars_in_several_groups_has_classes_and_missing_values() {
    let columns = Columns { series: Some("machine".into()), time: Some("at".into()), ..Columns::default() };
    let asked = DataConfig { columns, ..config("wear.parquet") };
    let found = find(&asked).unwrap();
    assert_eq!((&found.recipe.classes[..], found.lengths), (&["dull".to_owned(), "worn".into()][..], (5, 5)));
    assert_eq!(found.channel_names(), ["heat", "load"]);
    let message = prepare(&asked).unwrap_err().to_string();
    assert!(message.contains("wear.parquet:58: no number in column `heat`; 1 value is missing"), "{message}");
    let data = prepare(&DataConfig { missing: Some(Missing::Linear), ..asked }).unwrap();
    assert_eq!((data.train.len(), data.validation.len(), data.test.len()), (12, 4, 4));
}

#[test]
fn texts_have_their_labels() {
    let found = find(&config("texts.parquet")).unwrap();
    assert_eq!(found.recipe.classes, ["down", "up"]);
    let data = prepare(&config("texts.parquet")).unwrap();
    let inputs = read_inputs(&path("texts.parquet"), &data.preprocessing).unwrap();
    assert_eq!((inputs.sequences.len(), inputs.warnings.len()), (20, 0));
}

#[test]
fn what_is_not_read_is_named_with_a_remedy() {
    for (name, told) in [
        ("list", "the column \"list\" holds lists or records"),
        ("struct", "the column \"struct\" holds lists or records"),
        ("binary", "the column \"binary\" holds bytes"),
        ("decimal", "the column \"decimal\" holds decimals"),
        ("half", "the column \"half\" holds floating-point numbers of 16 bits"),
        ("daytime", "the column \"daytime\" holds times of day"),
    ] {
        let message = refused(&format!("{name}.parquet"));
        assert!(
            message.starts_with(&format!("a.parquet: {told}, which are not read; write it as")),
            "{message}"
        );
    }
    let message = refused("gzip.parquet");
    assert!(
        message.contains("it is packed in a way that is not read") && message.contains("snappy"),
        "{message}"
    );
    assert!(refused("indexed.parquet").contains("write it with `index=False`"));
    for bytes in [&b"series,class\n"[..], b"PAR1", b"PAR1PAR1\0\0\0\0PAR1"] {
        let message = rows(bytes).unwrap_err().to_string();
        assert!(message.starts_with("a.parquet: it is damaged, or no Parquet file"), "{message}");
    }
}

/// Bytes that are others or not there.
#[test]
fn damage_is_refused_or_read_and_never_ends_the_program() {
    for name in ["wear.parquet", "kinds.parquet"] {
        let whole = fs::read(path(name)).unwrap();
        for end in (0..whole.len()).step_by(7) {
            assert!(rows(&whole[..end]).is_err(), "{name} {end}");
        }
        for at in (0..whole.len()).step_by(2) {
            let mut other = whole.clone();
            other[at] ^= 0xff;
            let _ = rows(&other);
        }
    }
}

#[test]
fn a_file_may_be_packed_once_more_and_lie_beside_a_table_that_was_read_before() {
    let folder = TempDir::new().unwrap();
    let bytes = fs::read(path("texts.parquet")).unwrap();
    fs::write(folder.path().join("texts.parquet.gz"), crate::file::pack(&bytes)).unwrap();
    let asked = || DataConfig::of(folder.path().to_str().unwrap());
    assert_eq!(find(&asked()).unwrap().recipe.train.files[0].name, "texts.parquet.gz");
    fs::write(folder.path().join("a.csv"), "class,text\nup,fine\ndown,dull\nup,good\ndown,bad\n").unwrap();
    assert_eq!(find(&asked()).unwrap().recipe.train.files[0].name, "a.csv");
}
