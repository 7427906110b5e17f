use super::*;
use proptest::prelude::*;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn parse(bytes: &[u8], file: &str, channels: usize) -> Result<Vec<Series>, DataError> {
    super::parse(Table::open(bytes, file)?, channels)
}

fn with_roles(
    bytes: &[u8],
    columns: &Columns,
    channels: &[String],
    beside: &[String],
    known: bool,
) -> Result<Vec<Series>, DataError> {
    super::with_roles(Table::open(bytes, "a")?, columns, channels, beside, known)
}

#[test]
fn without_a_column_series_the_table_is_one_sequence() {
    let all = parse(b"left,right\n1,2\n3, 4\n", "a", 2).unwrap();
    let values = vec![1.0, 2.0, 3.0, 4.0];
    assert_eq!(all, [Series { values, lines: vec![2, 3], ..Series::begun(None, None, None) }]);
}

#[test]
fn the_column_series_separates_sequences() {
    let all = parse(b"series,x\none,1\none,2\ntwo,3\n", "a", 1).unwrap();
    let names: Vec<_> = all.iter().map(|series| series.name.as_deref()).collect();
    assert_eq!(names, [Some("one"), Some("two")]);
    assert_eq!(all[0].values, [1.0, 2.0]);
}

#[test]
fn damage_is_named_with_its_line() {
    let refused = |text: &str| parse(text.as_bytes(), "a", 2).unwrap_err();
    assert!(matches!(refused("1,2\n3,4\n"), DataError::CsvHeader { .. }));
    assert!(matches!(refused("x,y,z\n1,2,3\n"), DataError::CsvChannels { found: 3, wanted: 2, .. }));
    assert!(matches!(refused("series,y\na,3\n"), DataError::CsvChannels { found: 1, wanted: 2, .. }));
    assert!(matches!(refused("x,y\n1,2\n3\n"), DataError::Columns { line: 3, found: 1, wanted: 2, .. }));
    assert!(matches!(refused("x,y\n1,two\n"), DataError::NotANumber { line: 2, .. }));
    assert!(matches!(refused("x,y\n1,inf\n"), DataError::NotFinite { line: 2, .. }));
    assert!(matches!(refused("series,x,y\na,1,2\nb,1,2\na,1,2\n"), DataError::CsvScattered { line: 4, .. }));
    assert!(matches!(refused("x,y\n"), DataError::NoSequence { .. }));
    assert!(matches!(refused("\n"), DataError::Empty { .. }));
    assert!(matches!(parse(b"x,y\n1,2\n\xff,2\n", "a", 2), Err(DataError::NotUtf8 { line: 3, .. })));
}

#[test]
fn other_separators_are_read_with_their_decimals_and_the_line_for_excel_is_skipped() {
    for text in [
        "x;y\n1,5;2,5\n",
        "x\ty\n1.5\t2.5\n",
        "x|y\n1,5|2,5\n",
        "sep=;\nx;y\n1,5;2,5\n",
        "sep=\t\r\nx\ty\r\n1.5\t2.5\r\n",
        "x;y\n\"1,5\";2,5\n",
    ] {
        assert_eq!(parse(text.as_bytes(), "a", 2).unwrap()[0].values, [1.5, 2.5], "{text:?}");
    }
    for first in ["sep=,\n", "\u{feff}sep=,\r\n", "SEP=,\n", "sep=,\r"] {
        let all = parse(format!("{first}x,y\n1,2\n").as_bytes(), "a", 2).unwrap();
        assert_eq!((&all[0].values[..], &all[0].lines[..]), (&[1.0, 2.0][..], &[3][..]), "{first:?}");
        let error = parse(format!("{first}x,y\n1,2\n3,warm\n").as_bytes(), "a", 2).unwrap_err();
        assert!(matches!(error, DataError::NotANumber { line: 4, .. }), "{error}");
    }
}

#[test]
fn a_quote_that_takes_in_rows_is_refused_with_its_line() {
    let refused = |text: &str| labelled(text.as_bytes(), "a", &names(&["x"])).unwrap_err();
    let open = refused("series,class,x\na,up,1\nb,down,\"2\nc,up,3\n");
    assert!(matches!(open, DataError::QuoteOpen { line: 3, .. }), "{open}");
    let over = refused("series,class,x\na,up,1\n\"b,down,2\nc\",up,3\n");
    assert!(matches!(over, DataError::QuoteOverLines { line: 3, .. }), "{over}");
    let header = refused("series,class,\"x\na,up,1\ny\"\na,up,1\n");
    assert!(matches!(header, DataError::QuoteOverLines { line: 1, .. }), "{header}");
}

#[test]
fn equal_numbers_are_one_class_within_a_series_too() {
    let all = labelled(b"series,class,x\na,1,1\na,1.0,2\n", "a", &names(&["x"])).unwrap();
    assert_eq!(all.len(), 1);
}

#[test]
fn lines_are_counted_whatever_ends_them_and_blank_ones_too() {
    for text in ["x,y\n1,2\n\n3\n", "x,y\r\n1,2\r\n\r\n3\r\n", "x,y\r1,2\r\r3\r"] {
        let error = parse(text.as_bytes(), "a", 2).unwrap_err();
        assert!(matches!(error, DataError::Columns { line: 4, .. }), "{text:?}: {error}");
    }
}

#[test]
fn channels_are_the_columns_beside_series_and_class() {
    let channels = |header: &[&str]| channels(&names(header), "a");
    assert_eq!(channels(&["x", "class", "y", "series"]).unwrap(), ["x", "y"]);
    assert!(matches!(channels(&["series", "x"]), Err(DataError::CsvMissing { column: "class", .. })));
    assert!(matches!(channels(&["class", "x"]), Err(DataError::CsvMissing { column: "series", .. })));
    assert!(matches!(channels(&["class", "series"]), Err(DataError::CsvNoChannel { .. })));
    assert!(matches!(channels(&["class", "series", "x", "x"]), Err(DataError::CsvTwice { .. })));
    let values = check_names(&names(&["2024-01-01", "0", "up", "0"]), "a").unwrap_err().to_string();
    assert!(
        values.contains("\"0\" among them twice") && values.contains("a line of names above it"),
        "{values}"
    );
    assert!(matches!(channels(&["", "class", "series", "x"]), Err(DataError::CsvUnnamed { column: 1, .. })));
}

#[test]
fn series_have_their_class_and_their_channels_in_the_order_asked_for() {
    let text = "y,class,series,x\n2,up,one,1\n4, up ,one,3\n6,down,two,5\n";
    let all = labelled(text.as_bytes(), "a", &names(&["x", "y"])).unwrap();
    let values = Raw::Values(vec![1.0, 2.0, 3.0, 4.0]);
    assert_eq!(all[0], Labelled { raw: values, class: "up".into(), line: 2 });
    assert_eq!((all.len(), all[1].class.as_str(), all[1].line), (2, "down", 4));
}

#[test]
fn what_is_wrong_with_series_to_learn_from_is_named_with_its_line() {
    let refused =
        |rows: &str| labelled(format!("series,class,x\n{rows}").as_bytes(), "a", &names(&["x"])).unwrap_err();
    let two = refused("a,up,1\na,down,2\n");
    assert!(matches!(two, DataError::CsvClass { line: 3, .. }), "{two}");
    assert!(two.to_string().contains("series \"a\" has two classes, \"up\" and \"down\""), "{two}");
    assert!(matches!(refused("a,up,1\nb,up,1\na,up,1\n"), DataError::CsvScattered { line: 4, .. }));
    assert!(matches!(refused("a,,1\n"), DataError::CsvBlank { line: 2, column, .. } if column == "class"));
    assert!(matches!(refused(",up,1\n"), DataError::CsvBlank { line: 2, column, .. } if column == "series"));
    assert!(matches!(refused("a,up,inf\n"), DataError::NotFinite { line: 2, .. }));
    assert!(matches!(refused("a,up,\"3,5\"\n"), DataError::Commas { line: 2, .. }));
    assert!(matches!(refused("a,up,1,2\n"), DataError::Columns { line: 2, found: 4, wanted: 3, .. }));
    assert!(matches!(refused(""), DataError::NoSequence { .. }));
}

#[test]
fn other_channels_are_named() {
    let refused = |header: &str| {
        let error = labelled(format!("{header}\n").as_bytes(), "a", &names(&["flow", "speed"])).unwrap_err();
        error.to_string()
    };
    let message = refused("series,class,flow");
    assert!(message.contains("no column \"speed\"") && message.contains("flow, speed"), "{message}");
    let message = refused("series,class,flow,speed,heat");
    assert!(message.contains("\"heat\" is no channel"), "{message}");
}

#[test]
fn a_channel_is_found_however_its_accents_are_encoded() {
    let all = labelled("series,class,e\u{301}tat\na,up,1\n".as_bytes(), "a", &names(&["\u{e9}tat"])).unwrap();
    assert_eq!(all.len(), 1);
}

#[test]
fn a_table_to_classify_needs_neither_series_nor_class_nor_an_order() {
    let read = |text: &str| parse_named(text.as_bytes(), "a", &names(&["x", "y"]));
    let plain = read("y,x\n2,1\n").unwrap();
    assert_eq!((plain[0].name.as_deref(), &plain[0].values[..]), (None, &[1.0, 2.0][..]));
    // Classes that are not known yet, or differ, matter to nobody.
    let all = read("series,class,x,y\none,,1,2\none,up,3,4\ntwo,up,5,6\n").unwrap();
    assert_eq!((all.len(), &all[0].class, &all[0].values[..]), (2, &None, &[1.0, 2.0, 3.0, 4.0][..]));
    assert!(matches!(read("x\n1\n"), Err(DataError::CsvOtherChannels { .. })));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "([a-z0-9.,\"\n-]|series|\\PC){0,60}", channels in 1usize..4) {
        for series in parse(text.as_bytes(), "a", channels).unwrap_or_default() {
            prop_assert_eq!(series.values.len(), series.lines.len() * channels);
            prop_assert!(series.values.iter().all(|value| value.is_finite()));
        }
    }

    #[test]
    fn any_table_of_classes_is_read_or_refused(rows in "([a-c0-9.,\"\n-]|\\PC){0,60}") {
        let text = format!("series,class,x\n{rows}");
        for labelled in labelled(text.as_bytes(), "a", &names(&["x"])).unwrap_or_default() {
            prop_assert!(!labelled.class.is_empty() && labelled.line > 1);
        }
    }
}

#[test]
fn each_step_may_have_a_class_of_its_own_or_none() {
    let channels = ["x".to_owned()];
    let table = "series,class,x\na,up,1\na,,2\na, down ,3\nb,up,4\n";
    let all = step_labelled(table.as_bytes(), "a", &channels).unwrap();
    assert_eq!(all[0].step_classes, ["up", "", "down"]);
    assert_eq!((&all[0].values, &all[0].lines, &all[0].class), (&vec![1.0, 2.0, 3.0], &vec![2, 3, 4], &None));
    assert_eq!(all[1].step_classes, ["up"]);
    let refused = step_labelled(b"series,x\na,1\n", "a", &channels);
    assert!(matches!(refused, Err(DataError::CsvMissing { column: "class", .. })));
}

fn columns() -> Columns {
    let name = |name: &str| Some(name.to_owned());
    Columns {
        series: name("id"),
        time: name("ds"),
        class: name("label"),
        group: name("site"),
        ignore: vec!["note".into()],
    }
}

#[test]
fn columns_with_roles_are_no_channels() {
    let table = "ds,id,x,label,site,note,wear\n1,a,5,up,s,?,7\n1,b,6,,t,?,8\n2,a,9,down,s,?,7\n";
    let read =
        |known| with_roles(table.as_bytes(), &columns(), &names(&["x"]), &names(&["wear"]), known).unwrap();
    let all = read(true);
    // Rows with times need not stand together.
    assert_eq!((&all[0].values[..], &all[0].lines[..]), (&[5.0, 7.0, 9.0, 7.0][..], &[2, 4][..]));
    assert_eq!((&all[0].times, &all[0].step_classes), (&names(&["1", "2"]), &names(&["up", "down"])));
    assert_eq!((all[1].group.as_deref(), &all[1].step_classes), (Some("t"), &names(&[""])));
    // A file to predict on is not asked for its answers.
    let asked = read(false);
    assert_eq!(
        (&asked[0].values[..], asked[0].step_classes.len(), &asked[0].group),
        (&[5.0, 9.0][..], 0, &None)
    );
    let bare = with_roles(b"x\n1\n", &columns(), &names(&["x"]), &names(&["wear"]), false).unwrap();
    assert_eq!(bare[0].values, [1.0]);
    let missing = |known| with_roles(b"ds,id,label,site,note\n", &columns(), &names(&["x"]), &[], known);
    assert!(missing(false).unwrap_err().to_string().contains("no column \"x\""));
    let role = with_roles(b"ds,x,label,site,note\n", &columns(), &names(&["x"]), &[], true);
    assert!(role.unwrap_err().to_string().contains("no column \"id\""));
}

#[test]
fn a_series_is_in_one_group() {
    let columns = Columns { group: Some("site".into()), series: Some("id".into()), ..Columns::default() };
    let read = |rows: &str| {
        let table = format!("id,site,x\n{rows}");
        with_roles(table.as_bytes(), &columns, &names(&["x"]), &[], true)
    };
    assert_eq!(read("a,s,1\nb,s,2\n").unwrap().len(), 2);
    assert!(matches!(read("a,s,1\na,t,2\n"), Err(DataError::CsvGroup { line: 3, .. })));
    assert!(matches!(read("a,,1\n"), Err(DataError::CsvBlank { line: 2, .. })));
}

#[test]
fn a_value_that_is_missing_is_none() {
    for word in ["", " ", "NaN", "nan", "NA", "n/a", "Null", "?"] {
        for separator in [",", ";"] {
            let text = format!("x,y\n1,{word}\n{word},4\n").replace(',', separator);
            let values = &parse(text.as_bytes(), "a", 2).unwrap()[0].values;
            let missing: Vec<bool> = values.iter().map(|value| value.is_nan()).collect();
            assert_eq!(missing, [false, true, true, false], "{word:?}");
            assert_eq!((values[0], values[3]), (1.0, 4.0));
        }
    }
}
