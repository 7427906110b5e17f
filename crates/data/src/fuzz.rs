//! Targets for fuzzing: whatever a file holds, it is read or refused. As tests, they go through the files in
//! `__fuzz__` and a second of random bytes; `CONTRIBUTING.md` says how to run them for longer.

use crate::examples::{Labelled, Raw, labelled};
use crate::format::table::{self, Table};
use crate::format::{idx, texts, ts};
use crate::missing::Filling;
use crate::recipe::Format;
use crate::survey::{PartOf, Survey, same_tokens};
use crate::{Columns, Missing, TokenRule, file, labels, stamps};
use bolero::check;

/// Reads a file of sequences with their classes as that of a folder is read, up to what models get.
fn learn_from(format: &Format, channels: Option<usize>, bytes: &[u8]) -> Vec<Labelled> {
    let Ok(sequences) = labelled(format, channels.unwrap_or(1), bytes, "a", &[]) else { return Vec::new() };
    assert!(!sequences.is_empty());
    let classes = labels::classes(sequences.iter().map(|sequence| sequence.class.as_str()));
    for sequence in &sequences {
        assert!(labels::find(&classes, &sequence.class, format.any_case()).is_some());
    }
    let one = PartOf { files: &["a"], bytes, sequences: &sequences, lines: &[] };
    let survey = Survey::of(format, channels, &classes, one, one).unwrap();
    for finding in &survey.findings {
        assert!(!finding.to_string().is_empty());
    }
    let Some(channels) = channels else { return sequences };
    let values = || sequences.iter().filter_map(|sequence| sequence.raw.values());
    assert!(values().all(|values| !values.is_empty() && values.len() % channels == 0));
    // NaN is a value that is missing.
    assert!(values().flatten().all(|value| !value.is_infinite()));
    for rule in [Missing::Forward, Missing::Linear, Missing::Mean] {
        let Ok((filling, scale)) = Filling::fit(rule, channels, values()) else { continue };
        for numbers in values().filter_map(|values| scale.apply(&filling.fill(values)).ok()) {
            assert!(numbers.iter().all(|number| number.is_finite()));
        }
    }
    sequences
}

/// The lines of a table in which nothing is quoted, but for blank ones and its header.
fn rows(bytes: &[u8]) -> Option<usize> {
    let text = str::from_utf8(bytes).ok().filter(|text| !text.contains(['"', '\r']))?;
    let mut lines = text.trim_start_matches('\u{feff}').split('\n').peekable();
    lines.next_if(|first| {
        let told = first.trim_end_matches(' ').to_ascii_lowercase();
        ["sep=,", "sep=;", "sep=|", "sep=\t"].contains(&told.as_str())
    });
    lines.filter(|line| !line.is_empty()).count().checked_sub(1)
}

#[test]
fn fuzz_ts() {
    check!().for_each(|bytes: &[u8]| {
        let Ok(text) = file::text(bytes, "a") else { return };
        let _ = ts::parse(text, "a", 2);
        if let Ok(channels) = ts::channels(text, "a") {
            learn_from(&Format::Ts, Some(channels), bytes);
        }
    });
}

#[test]
fn fuzz_series_table() {
    check!().for_each(|bytes: &[u8]| {
        let _ = Table::open(bytes, "a").and_then(|table| table::parse(table, 2));
        let Ok(header) = Table::open(bytes, "a").map(|table| table.header) else { return };
        if let Ok(columns) = Columns::default().resolved(&header, &[], "a") {
            let others = columns.others(&header);
            let all = Table::open(bytes, "a")
                .and_then(|table| table::with_roles(table, &columns, &others, &[], true))
                .unwrap_or_default();
            for time in columns.time.iter().filter(|_| !all.is_empty()) {
                let _ = stamps::check(&all, time, "a", true);
            }
        }
        let Ok(channels) = table::channels(&header, "a") else { return };
        let count = channels.len();
        let series = learn_from(&Format::SeriesTable { channels: channels.clone() }, Some(count), bytes);
        if let (Some(rows), false) = (rows(bytes), series.is_empty()) {
            let steps = series.iter().filter_map(|series| series.raw.values()).map(<[f64]>::len);
            assert_eq!(steps.sum::<usize>(), rows * count, "every row is a step");
        }
        let _ = table::parse_named(bytes, "a", &channels);
    });
}

#[test]
fn fuzz_text_table() {
    check!().for_each(|bytes: &[u8]| {
        let read = texts::parse(bytes, "a", &[]).unwrap_or_default();
        if let (Some(rows), false) = (rows(bytes), read.is_empty()) {
            assert_eq!(read.len(), rows, "every row is a text");
        }
        let texts = learn_from(&Format::TextTable, None, bytes);
        for text in &texts {
            assert!(matches!(&text.raw, Raw::Text(text) if !text.trim().is_empty()));
        }
        for rule in [TokenRule::Words, TokenRule::Characters, TokenRule::Alphanumeric] {
            assert!(same_tokens(&texts, rule, "a").len() <= 2);
        }
    });
}

#[test]
fn fuzz_json_lines() {
    check!().for_each(|bytes: &[u8]| {
        let Ok(table) = Table::open(bytes, "a.jsonl") else { return };
        let header = table.header.clone();
        assert!(table.flatten().all(|(line, row)| line > 0 && row.len() == header.len()));
        let _ = texts::labelled(bytes, "a.jsonl", &[]);
        if let Ok(columns) = Columns::default().resolved(&header, &[], "a.jsonl") {
            let others = columns.others(&header);
            let table = Table::open(bytes, "a.jsonl").unwrap();
            for series in table::with_roles(table, &columns, &others, &[], true).unwrap_or_default() {
                assert_eq!(series.values.len(), series.lines.len() * others.len());
            }
        }
    });
}

#[test]
fn fuzz_ucr() {
    check!().for_each(|bytes: &[u8]| {
        learn_from(&Format::Ucr, Some(1), bytes);
    });
}

#[test]
fn fuzz_idx() {
    check!().for_each(|bytes: &[u8]| {
        for image in idx::images(bytes, "a").unwrap_or_default() {
            assert_eq!(image.pixels().map(<[f32]>::len), Some(crate::image::PIXELS));
        }
        assert!(idx::labels(bytes, "a", 10).unwrap_or_default().iter().all(|label| *label < 10));
    });
}
