use super::*;
use crate::examples::{Example, label};
use crate::recipe::Format;
use proptest::prelude::*;

const GOOD: &str = "# two channels\n@problemName Pairs\n@timeStamps false\n@dimensions 2\n\
    @classLabel true up down\n@data\n1,2,3:4,5,6:up\n\n7:8:down\n";

/// The error of the good file after a replacement.
fn refused(old: &str, new: &str) -> DataError {
    assert!(GOOD.contains(old));
    parse(&GOOD.replace(old, new), "a", 2).unwrap_err()
}

#[test]
fn steps_hold_all_channels() {
    let rows = parse(GOOD, "a", 2).unwrap();
    assert_eq!(rows[0].values, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    assert_eq!(
        rows[1],
        Row { line: 9, values: vec![7.0, 8.0], class: Some("down".into()), has_ending: true }
    );
}

#[test]
fn classes_become_indices() {
    let classes = ["down".to_owned(), "up".to_owned()];
    let labels =
        |examples: Vec<Example>| examples.iter().map(|example| example.class().unwrap()).collect::<Vec<_>>();
    let sequences = || labelled(GOOD, "a", 2).unwrap();
    assert_eq!(labels(label(sequences(), &classes, &Format::Ts, "a").unwrap()), [1, 0]);
    let error = label(sequences(), &classes[1..], &Format::Ts, "a").unwrap_err();
    assert!(matches!(error, DataError::UnknownClass { line: 9, .. }));
}

#[test]
fn a_file_without_classes_is_read_but_cannot_teach() {
    for header in ["@classLabel false", "@targetlabel false", "@classLabel false\n@targetlabel false"] {
        // The last two are what aeon's writer makes, and what the archives write for a class to be found.
        for row in ["1,2:3,4", "1,2:3,4:", "1,2:3,4:?"] {
            let plain = format!("{header}\n@data\n{row}\n");
            let rows = parse(&plain, "a", 2).unwrap();
            assert_eq!((&rows[0].values[..], &rows[0].class), (&[1.0, 3.0, 2.0, 4.0][..], &None), "{plain}");
            assert_eq!(channels(&plain, "a").unwrap(), 2, "{plain}");
            assert!(matches!(
                labelled(&plain, "a", 2),
                Err(DataError::Archive(ArchiveError::TsUnlabelled { .. }))
            ));
        }
    }
}

#[test]
fn classes_that_the_header_denies_are_told_by_its_line() {
    for (header, key) in [("@classLabel false", "@classLabel"), ("@targetLabel False", "@targetLabel")] {
        for (row, class) in [("1,2:3,4:up", "up"), ("1:2:up", "up"), ("1,2:3,4: 1 ", "1")] {
            for dimensions in ["@dimensions 2\n", "@univariate false\n"] {
                let text = format!("{dimensions}{header}\n@data\n{row}\n1,2:3,4:up\n");
                assert_eq!(channels(&text, "a").unwrap(), 2, "{text}");
                for error in [labelled(&text, "a", 2).unwrap_err(), parse(&text, "a", 2).unwrap_err()] {
                    let told = format!(
                        "a:2: `{key} false` says that no sequence ends in a class, and the one in line 4"
                    );
                    assert!(error.to_string().starts_with(&told), "{error}");
                    assert!(
                        error.to_string().contains(&format!("ends in {class:?}; write `@classLabel true`")),
                        "{error}"
                    );
                }
            }
        }
    }
    let wide = parse("@classLabel false\n@data\n1:2:3\n", "a", 2).unwrap_err();
    assert!(matches!(wide, DataError::Channels { found: 3, .. }), "{wide}");
}

#[test]
fn a_class_may_be_left_open_by_who_predicts() {
    let bare = parse(&GOOD.replace(":up", "").replace(":down", ""), "a", 2).unwrap();
    assert_eq!((bare.len(), &bare[1].class), (2, &None));
    let cut_off = GOOD.replace("7:8:down", "7:8");
    assert!(matches!(
        parse(&cut_off, "a", 2),
        Err(DataError::Archive(ArchiveError::TsNoClass { line: 9, .. }))
    ));
    for row in ["7:8:", "7:8:?"] {
        let text = GOOD.replace("7:8:down", row);
        assert_eq!(parse(&text, "a", 2).unwrap()[1].class, None, "{row}");
        assert!(
            matches!(
                labelled(&text, "a", 2),
                Err(DataError::Archive(ArchiveError::TsNoClass { line: 9, .. }))
            ),
            "{row}"
        );
    }
}

#[test]
fn a_class_is_the_same_in_upper_and_lower_case_and_as_a_number() {
    let classes = |header: &str, row: &str| {
        let text = GOOD.replace("true up down", header).replace("7:8:down", row);
        parse(&text.replace(":up", ":UP"), "a", 2).unwrap()[1].class.clone().unwrap()
    };
    assert_eq!(classes("true Up Down", "7:8:down"), "Down");
    assert_eq!(classes("true up 1", "7:8:1.0"), "1");
}

#[test]
fn targets_are_ignored_by_who_predicts_and_cannot_teach() {
    let text = GOOD.replace("@classLabel true up down", "@targetlabel true").replace(":up", ":0.25");
    let text = text.replace(":down", ":?");
    assert_eq!(
        parse(&text, "a", 2).unwrap()[1],
        Row { line: 9, values: vec![7.0, 8.0], class: None, has_ending: true }
    );
    assert_eq!(channels(&text.replace("@dimensions 2\n", ""), "a").unwrap(), 2);
    let error = labelled(&text, "a", 2).unwrap_err();
    assert!(matches!(error, DataError::Archive(ArchiveError::TsTarget { line: 5, .. })), "{error}");
}

#[test]
fn the_header_announces_the_channels_or_the_first_sequence_shows_them() {
    assert_eq!(channels(GOOD, "a").unwrap(), 2);
    let aeon = GOOD.replace("@dimensions", "@dimension");
    assert_eq!(channels(&aeon, "a").unwrap(), 2);
    assert_eq!(parse(&aeon, "a", 2).unwrap().len(), 2);
    assert_eq!(channels("@univariate true\n@classLabel false\n@data\n", "a").unwrap(), 1);
    // As sktime's writer leaves it.
    let sktime = GOOD.replace("@dimensions 2", "@univariate false");
    assert_eq!(channels(&sktime, "a").unwrap(), 2);
    assert_eq!(parse(&sktime, "a", 2).unwrap().len(), 2);
    let empty = channels("@classLabel false\n@data\n", "a").unwrap_err();
    assert!(matches!(empty, DataError::NoSequence { .. }), "{empty}");
    for number in ["two", "0", "-1", ""] {
        let text = GOOD.replace("dimensions 2", &format!("dimensions {number}"));
        let error = channels(&text, "a").unwrap_err();
        assert!(
            matches!(error, DataError::Archive(ArchiveError::TsHeader { line: 4, key: "@dimensions", .. })),
            "{number}"
        );
    }
}

#[test]
fn time_stamps_are_refused_wherever_they_are() {
    assert!(matches!(
        refused("@timeStamps false", "@timeStamps true"),
        DataError::Archive(ArchiveError::TsTimes { line: 3, .. })
    ));
    let error = refused("7:8:down", "(0,7):(0,8):down");
    assert!(matches!(error, DataError::Archive(ArchiveError::TsTimes { line: 9, .. })), "{error}");
    assert!(error.to_string().contains("write `@timeStamps false` and the values alone"), "{error}");
}

#[test]
fn nothing_that_stands_above_the_data_vanishes() {
    assert!(matches!(
        refused("@data\n", "1:2:up\n@data\n"),
        DataError::Archive(ArchiveError::TsEarly { line: 6, .. })
    ));
}

#[test]
fn what_the_header_lacks_is_named() {
    assert!(matches!(refused("@data\n", ""), DataError::Archive(ArchiveError::TsEarly { line: 6, .. })));
    let error = refused("@data\n1,2,3:4,5,6:up\n\n7:8:down\n", "");
    assert!(matches!(error, DataError::Archive(ArchiveError::TsNoData { .. })));
    let error = refused("@classLabel true up down\n", "");
    assert!(matches!(error, DataError::Archive(ArchiveError::TsNoClassLabel { .. })));
    // The remedy works.
    assert!(error.to_string().contains("`@classLabel false`"), "{error}");
    assert_eq!(parse("@classLabel false\n@data\n1:2\n", "a", 2).unwrap().len(), 1);
}

#[test]
fn a_header_line_that_cannot_be_read_is_named() {
    for (old, new) in [
        ("@timeStamps false", "@timeStamps maybe"),
        ("@timeStamps false", "@targetLabel maybe"),
        ("@dimensions 2", "@dimensions two"),
        ("@classLabel true up down", "@classLabel true"),
        ("@classLabel true up down", "@classLabel maybe"),
    ] {
        assert!(matches!(refused(old, new), DataError::Archive(ArchiveError::TsHeader { .. })), "{new}");
    }
}

#[test]
fn channels_are_counted_in_the_header_and_in_each_row() {
    let header = refused("@dimensions 2", "@dimensions 3");
    assert!(matches!(header, DataError::Channels { line: 4, found: 3, wanted: 2, .. }));
    assert!(matches!(refused("7:8", "7"), DataError::Channels { line: 9, found: 1, wanted: 2, .. }));
}

#[test]
fn a_header_that_the_first_sequence_does_not_agree_with_is_named() {
    for (announced, wanted) in [("@dimensions 3", 3), ("@univariate true", 1)] {
        let text = GOOD.replace("@dimensions 2", announced);
        let error = parse(&text, "a", wanted).unwrap_err();
        let told = matches!(
            error,
            DataError::Archive(ArchiveError::TsDimensions { line: 4, first: 7, found: 2, .. })
        );
        assert!(told && error.to_string().contains("a:4: "), "{error}");
        assert_eq!(labelled(&text, "a", wanted).unwrap_err().to_string(), error.to_string());
    }
}

#[test]
fn a_single_step_may_be_a_number_that_a_class_is_called_by() {
    let one = parse("@univariate true\n@classLabel true 1 2\n@data\n1\n2\n", "a", 1).unwrap();
    assert_eq!((&one[0].values[..], &one[1].values[..], &one[0].class), (&[1.0][..], &[2.0][..], &None));
    let two = parse("@dimensions 2\n@classLabel true 1 2\n@data\n0.5:1\n", "a", 2).unwrap();
    assert_eq!(two[0].values, [0.5, 1.0]);
    let known = parse("@univariate true\n@classLabel true 1 2\n@data\n1:2\n", "a", 1).unwrap();
    assert_eq!((&known[0].values[..], known[0].class.as_deref()), (&[1.0][..], Some("2")));
}

#[test]
fn lines_may_end_as_on_computers_of_old() {
    assert_eq!(parse(&GOOD.replace('\n', "\r"), "a", 2).unwrap(), parse(GOOD, "a", 2).unwrap());
}

#[test]
fn steps_are_counted_in_each_channel() {
    let error = refused("4,5,6", "4,5");
    assert!(matches!(
        error,
        DataError::Archive(ArchiveError::TsUneven { line: 7, channel: 2, found: 2, wanted: 3, .. })
    ));
    assert!(matches!(refused("7:8", ":"), DataError::NoStep { line: 9, .. }));
}

#[test]
fn numbers_and_classes_are_checked() {
    assert!(matches!(refused("7:8", "x:8"), DataError::NotANumber { line: 9, .. }));
    assert!(matches!(refused("7:8", "inf:8"), DataError::NotFinite { line: 9, .. }));
    assert!(matches!(refused("8:down", "8:left"), DataError::Archive(ArchiveError::TsClass { line: 9, .. })));
}

#[test]
fn a_value_that_is_missing_is_none() {
    for word in ["?", "NaN", "na", "N/A", "NULL", " "] {
        let row = parse(&GOOD.replace("4,5,6", &format!("4,{word},6")), "a", 2).unwrap().remove(0);
        assert!(row.values[3].is_nan(), "{word}");
        assert_eq!((&row.values[..3], &row.values[4..]), (&[1.0, 4.0, 2.0][..], &[3.0, 6.0][..]));
    }
}

#[test]
fn a_file_without_a_row_is_refused() {
    assert!(matches!(refused("1,2,3:4,5,6:up\n\n7:8:down\n", ""), DataError::NoSequence { .. }));
}

#[test]
fn every_cut_is_refused_or_ends_with_a_whole_row() {
    // A class may be left open, as in `7:8:`, but not what stands before it.
    let (first, open, whole) = (GOOD.find("\n\n7").unwrap(), GOOD.len() - 5, GOOD.len() - 1);
    for end in first..GOOD.len() {
        match parse(&GOOD[..end], "a", 2) {
            Ok(rows) => assert_eq!(rows.len(), if end < open { 1 } else { 2 }),
            Err(_) => assert!(end > first + 2 && end != open && end < whole, "{end}"),
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
