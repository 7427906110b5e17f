//! Files of a user's own, read for a trained run.

use slimgate_data::{DataConfig, DataError, Input, Preprocessing, Steps, prepare, read_inputs};
use std::{fs, io::Write, path::PathBuf, sync::LazyLock};
use tempfile::TempDir;

fn trained(dataset: &str) -> Preprocessing {
    prepare(&DataConfig { dataset: dataset.into(), ..DataConfig::default() }).unwrap().preprocessing
}

static ROWS: LazyLock<Preprocessing> = LazyLock::new(|| trained("digits-rows"));
static PIXELS: LazyLock<Preprocessing> = LazyLock::new(|| trained("digits-pixels"));
static VOWELS: LazyLock<Preprocessing> = LazyLock::new(|| trained("japanese-vowels"));
static SNIPPETS: LazyLock<Preprocessing> = LazyLock::new(|| trained("movie-snippets"));

/// Writes a file and reads it back as inputs, named without the folder.
fn read(
    name: &str,
    content: impl AsRef<[u8]>,
    preprocessing: &Preprocessing,
) -> Result<Vec<Input>, DataError> {
    let folder = TempDir::new().unwrap();
    let path: PathBuf = folder.path().join(name);
    fs::write(&path, content).unwrap();
    let mut inputs = read_inputs(&path, preprocessing)?.sequences;
    for input in &mut inputs {
        input.name = input.name.replace(folder.path().to_str().unwrap(), "").trim_start_matches('/').into();
    }
    Ok(inputs)
}

fn names(inputs: &[Input]) -> Vec<&str> {
    inputs.iter().map(|input| input.name.as_str()).collect()
}

fn lengths(inputs: &[Input]) -> Vec<usize> {
    inputs.iter().map(|input| input.steps.len()).collect()
}

fn png(side: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = png::Encoder::new(&mut bytes, side, side);
    let pixels: Vec<u8> = (0..side * side).map(|pixel| (pixel % 256) as u8).collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    bytes
}

fn idx(count: u32) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        [0x0803, count, 28, 28].iter().flat_map(|word: &u32| word.to_be_bytes()).collect();
    bytes.extend((0..count * 784).map(|pixel| (pixel % 784 % 256) as u8));
    bytes
}

fn csv_image(columns: usize) -> String {
    let mut text = vec!["pixel"; columns].join(",") + "\n";
    for row in 0..784 / columns {
        let pixels: Vec<String> = (0..columns).map(|at| ((row * columns + at) % 256).to_string()).collect();
        text += &(pixels.join(",") + "\n");
    }
    text
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn one_image_is_the_same_in_every_format() {
    let from_png = read("seven.png", png(28), &ROWS).unwrap();
    assert_eq!((names(&from_png), lengths(&from_png)), (vec!["seven.png"], vec![28]));
    let from_idx = read("digits-idx3-ubyte", idx(2), &ROWS).unwrap();
    assert_eq!(names(&from_idx), ["digits-idx3-ubyte#1", "digits-idx3-ubyte#2"]);
    let from_csv = read("seven.csv", csv_image(28), &ROWS).unwrap();
    for same in [&from_idx[0], &from_idx[1], &from_csv[0]] {
        assert_eq!(same.steps, from_png[0].steps);
    }
}

#[test]
fn a_run_on_pixels_reads_a_table_of_one_column() {
    let inputs = read("seven.csv", csv_image(1), &PIXELS).unwrap();
    assert_eq!(lengths(&inputs), [784]);
    assert_eq!(inputs[0].steps, read("seven.png", png(28), &PIXELS).unwrap()[0].steps);
}

#[test]
fn any_file_may_be_packed() {
    let packed = read("DIGITS.IDX.GZ", pack(&idx(1)), &ROWS).unwrap();
    assert_eq!(packed[0].steps, read("digits.idx", idx(1), &ROWS).unwrap()[0].steps);
    let cut = &pack(&idx(1))[..30];
    assert!(matches!(read("digits.idx.gz", cut, &ROWS), Err(DataError::Gzip { .. })));
}

#[test]
fn series_come_from_ts_and_from_tables() {
    let row = |steps: &str| [steps; 12].join(":");
    let labelled = format!("@classLabel true a b\n@data\n{}:a\n{}:b\n", row("1,2,3"), row("4"));
    let plain = format!("@classLabel false\n@data\n{}\n{}\n", row("1,2,3"), row("4"));
    let header: Vec<String> = (1..=12).map(|channel| format!("c{channel}")).collect();
    let step = |name: &str, value: &str| format!("{name},{}\n", [value; 12].join(","));
    let table = format!("series,{}\n", header.join(","))
        + &step("one", "1")
        + &step("one", "2")
        + &step("one", "3")
        + &step("two", "4");
    let from_ts = read("calls.ts", labelled, &VOWELS).unwrap();
    assert_eq!((names(&from_ts), lengths(&from_ts)), (vec!["calls.ts#1", "calls.ts#2"], vec![3, 1]));
    assert_eq!(read("calls.ts", plain, &VOWELS).unwrap(), from_ts);
    let from_table = read("calls.csv", table, &VOWELS).unwrap();
    assert_eq!(names(&from_table), ["calls.csv#one", "calls.csv#two"]);
    assert_eq!(from_table[0].steps, from_ts[0].steps);
    assert_eq!(from_table[1].steps, from_ts[1].steps);
}

#[test]
fn texts_come_line_by_line_and_blank_lines_are_skipped() {
    let inputs = read("reviews.txt", "A good film.\r\n\n  \n!?\n", &SNIPPETS).unwrap();
    assert_eq!(names(&inputs), ["reviews.txt:1", "reviews.txt:4"]);
    assert_eq!(lengths(&inputs), [3, 1]);
    assert_eq!(inputs[1].steps, Steps::Tokens(vec![1]));
}

#[test]
fn texts_come_from_tables_too_and_their_classes_are_ignored() {
    let table = "class,text\nup,\"A good, good film.\"\n,!?\n";
    let inputs = read("reviews.csv", table, &SNIPPETS).unwrap();
    assert_eq!(names(&inputs), ["reviews.csv:2", "reviews.csv:3"]);
    assert_eq!(lengths(&inputs), [4, 1]);
    let stars = read("reviews.csv", "stars,text\n5,Good.\n", &SNIPPETS);
    assert!(matches!(stars, Err(DataError::TextColumn { .. })));
}

#[test]
fn an_extension_that_a_run_cannot_read_is_answered_with_those_it_can() {
    for (name, run, accepted) in [
        ("a.txt", &*ROWS, ".png"),
        ("a.png", &*VOWELS, ".ts"),
        ("a.png", &*SNIPPETS, ".txt"),
        ("a", &*ROWS, ".idx"),
    ] {
        let error = read(name, "x", run).unwrap_err();
        assert!(
            matches!(error, DataError::Extension { .. }) && error.to_string().contains(accepted),
            "{error}"
        );
    }
}

#[test]
fn an_empty_file_is_refused_whatever_it_should_hold() {
    for (name, run) in
        [("a.png", &*ROWS), ("a.idx", &*ROWS), ("a.csv", &*ROWS), ("a.ts", &*VOWELS), ("a.txt", &*SNIPPETS)]
    {
        assert!(matches!(read(name, "", run), Err(DataError::Empty { .. })), "{name}");
    }
    assert!(matches!(read("a.txt", " \n\n", &SNIPPETS), Err(DataError::NoSequence { .. })));
}

#[test]
fn an_image_of_another_size_is_refused_with_both_sizes() {
    let message = read("seven.png", png(32), &ROWS).unwrap_err().to_string();
    assert!(message.contains("32×32") && message.contains("28×28"), "{message}");
    let short: String = csv_image(28).lines().take(28).map(|line| format!("{line}\n")).collect();
    let refused = read("seven.csv", short, &ROWS);
    assert!(matches!(refused, Err(DataError::ImageRows { line: 28, found: 27, wanted: 28, .. })));
}

#[test]
fn a_pixel_out_of_range_is_refused_with_its_line() {
    let bright = csv_image(28).replacen("255", "256", 1);
    assert!(matches!(read("a.csv", bright, &ROWS), Err(DataError::PixelRange { line: 11, .. })));
    let dark = csv_image(28).replacen("\n0,", "\n-1,", 1);
    assert!(matches!(read("a.csv", dark, &ROWS), Err(DataError::PixelRange { line: 2, .. })));
}

#[test]
fn a_series_with_other_channels_is_refused() {
    let refused = read("a.ts", "@classLabel false\n@data\n1,2:3,4\n", &VOWELS);
    assert!(matches!(refused, Err(DataError::Channels { line: 3, found: 2, wanted: 12, .. })));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = read_inputs("nowhere/a.png".as_ref(), &ROWS).unwrap_err();
    assert!(matches!(error, DataError::Unreadable { .. }) && error.to_string().contains("nowhere/a.png"));
}

/// The warnings of a file, without its folder.
fn warnings(name: &str, content: &str, preprocessing: &Preprocessing) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(name), content).unwrap();
    let warnings = read_inputs(&folder.path().join(name), preprocessing).unwrap().warnings;
    let here = format!("{}/", folder.path().display());
    warnings.into_iter().map(|warning| warning.replace(&here, "")).collect()
}

#[test]
fn texts_that_take_in_lines_are_told_with_these_or_refused() {
    let table = "text\na good film\n\"a stray one\na bad film\na film\"\nthe film\n";
    let told = warnings("new.csv", table, &SNIPPETS);
    assert!(told[0].starts_with("1 text goes over several lines, over 3 (new.csv:3 to 5): "), "{told:?}");
    assert_eq!(warnings("new.csv", &table.replace('"', ""), &SNIPPETS), [""; 0]);
    let classes = "class,text\nx1,a film\nx2,\"a stray one\nx3,a film\nx4,film\"\nx5,good\n";
    let refused = read("new.csv", classes, &SNIPPETS);
    assert!(matches!(refused, Err(DataError::QuoteOverRows { line: 3, row: 4, .. })), "{refused:?}");
    let trained = "class,text\n,a film\n,\"a stray one\nas said\npositive,a film\"\n";
    let refused = read("new.csv", trained, &SNIPPETS);
    assert!(matches!(refused, Err(DataError::QuoteOverRows { line: 3, row: 5, .. })), "{refused:?}");
}

#[test]
fn a_text_is_a_line_whatever_ends_it() {
    assert_eq!(
        names(&read("new.txt", "a film\ra good one\r", &SNIPPETS).unwrap()),
        ["new.txt:1", "new.txt:2"]
    );
}
