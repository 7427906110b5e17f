use super::*;
use crate::examples::{Example, label};
use proptest::prelude::*;

const GOOD: &str = "# two channels\n@problemName Pairs\n@timeStamps false\n@dimensions 2\n\
    @classLabel true up down\n@data\n1,2,3:4,5,6:up\n\n7:8:down\n";

/// What is wrong with the good file after a replacement.
fn refused(old: &str, new: &str) -> DataError {
    assert!(GOOD.contains(old));
    parse(&GOOD.replace(old, new), "a", 2).unwrap_err()
}

#[test]
fn steps_hold_all_channels() {
    let rows = parse(GOOD, "a", 2).unwrap();
    assert_eq!(rows[0].values, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    assert_eq!(rows[1], Row { line: 9, values: vec![7.0, 8.0], class: Some("down".into()) });
}

#[test]
fn classes_become_indices() {
    let classes = ["down".to_owned(), "up".to_owned()];
    let labels = |examples: Vec<Example>| examples.iter().map(|example| example.label).collect::<Vec<_>>();
    let sequences = || labelled(GOOD, "a", 2).unwrap();
    assert_eq!(labels(label(sequences(), &classes, "a").unwrap()), [1, 0]);
    let error = label(sequences(), &classes[1..], "a").unwrap_err();
    assert!(matches!(error, DataError::UnknownClass { line: 9, .. }));
}

#[test]
fn a_file_without_classes_is_read_but_cannot_teach() {
    let plain = "@classLabel false\n@data\n1,2:3,4\n";
    assert_eq!(parse(plain, "a", 2).unwrap()[0].class, None);
    assert!(matches!(labelled(plain, "a", 2), Err(DataError::TsUnlabelled { .. })));
}

#[test]
fn the_header_announces_the_channels() {
    assert_eq!(channels(GOOD, "a").unwrap(), 2);
    assert_eq!(channels("@univariate true\n@data\n", "a").unwrap(), 1);
    for header in ["@univariate false\n@data\n", "@data\n@dimensions 2\n", ""] {
        let error = channels(header, "a").unwrap_err();
        assert!(matches!(error, DataError::TsMissing { key: "@dimensions", .. }), "{header}");
    }
    for number in ["two", "0", "-1", ""] {
        let text = GOOD.replace("dimensions 2", &format!("dimensions {number}"));
        let error = channels(&text, "a").unwrap_err();
        assert!(matches!(error, DataError::TsHeader { line: 4, key: "@dimensions", .. }), "{number}");
    }
}

#[test]
fn what_the_header_lacks_is_named() {
    assert!(matches!(refused("@data\n", ""), DataError::TsMissing { key: "@data", .. }));
    let error = refused("@classLabel true up down\n", "");
    assert!(matches!(error, DataError::TsMissing { key: "@classLabel", .. }));
}

#[test]
fn a_header_line_that_cannot_be_read_is_named() {
    for (old, new) in [
        ("@timeStamps false", "@timeStamps true"),
        ("@dimensions 2", "@dimensions two"),
        ("@classLabel true up down", "@classLabel true"),
        ("@classLabel true up down", "@classLabel maybe"),
    ] {
        assert!(matches!(refused(old, new), DataError::TsHeader { .. }), "{new}");
    }
}

#[test]
fn channels_are_counted_in_the_header_and_in_each_row() {
    let header = refused("@dimensions 2", "@dimensions 3");
    assert!(matches!(header, DataError::Channels { line: 4, found: 3, wanted: 2, .. }));
    assert!(matches!(refused("7:8", "7"), DataError::Channels { line: 9, found: 1, wanted: 2, .. }));
}

#[test]
fn steps_are_counted_in_each_channel() {
    let error = refused("4,5,6", "4,5");
    assert!(matches!(error, DataError::TsUneven { line: 7, channel: 2, found: 2, wanted: 3, .. }));
    assert!(matches!(refused("7:8", ":"), DataError::NoStep { line: 9, .. }));
}

#[test]
fn numbers_and_classes_are_checked() {
    assert!(matches!(refused("7:8", "?:8"), DataError::NotANumber { line: 9, .. }));
    assert!(matches!(refused("7:8", "NaN:8"), DataError::NotFinite { line: 9, .. }));
    assert!(matches!(refused("8:down", "8:left"), DataError::TsClass { line: 9, .. }));
}

#[test]
fn a_file_without_a_row_is_refused() {
    assert!(matches!(refused("1,2,3:4,5,6:up\n\n7:8:down\n", ""), DataError::NoSequence { .. }));
}

#[test]
fn every_cut_is_refused_or_ends_with_a_whole_row() {
    let whole = [GOOD.find("\n\n7").unwrap(), GOOD.len() - 1];
    for end in 0..GOOD.len() {
        match parse(&GOOD[..end], "a", 2) {
            Ok(rows) => assert_eq!(rows.len(), if end < whole[1] { 1 } else { 2 }),
            Err(_) => assert!(end < whole[0] || (end > whole[0] + 2 && end < whole[1]), "{end}"),
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}", rows in "[0-9.,:?a-z\n-]{0,60}", channels in 1usize..4) {
        let _ = parse(&text, "a", channels);
        if let Ok(rows) = parse(&format!("@classLabel true a b\n@data\n{rows}"), "a", channels) {
            for row in rows {
                prop_assert!(!row.values.is_empty() && row.values.len() % channels == 0);
            }
        }
    }
}
