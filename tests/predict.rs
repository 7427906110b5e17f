//! Using a trained model on new data.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use crate::support::{TINY, Workspace, lines, picture, pumps, repository};

fn trained_on_digits() -> Workspace {
    let here = Workspace::new();
    here.succeed(
        "train --no-tui --dataset digits-rows --hidden 16 --epochs 3 --set data.train_limit=1500 --name one",
    );
    here
}

#[test]
fn the_test_digits_are_classified_correctly_as_often_as_evaluate_says() {
    let here = trained_on_digits();
    let images = repository("datasets/digits/test-images.idx.gz");
    let predictions = lines(&here.succeed(&format!("predict runs/one --json --input {}", images.display())));
    assert_eq!(predictions.len(), 1000);
    for prediction in &predictions {
        let sum: f64 =
            prediction["probabilities"].as_object().unwrap().values().map(|p| p.as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-4);
    }
    let correct = predictions
        .iter()
        .zip(test_labels())
        .filter(|(said, label)| said["class"].as_str() == Some(format!("{label}").as_str()));
    let evaluation: serde_json::Value =
        serde_json::from_str(&here.succeed("evaluate runs/one --json")).unwrap();
    assert_eq!(evaluation["accuracy"].as_f64().unwrap(), correct.count() as f64 / 1000.0);
    assert!(evaluation["accuracy"].as_f64().unwrap() > 0.3, "{evaluation}");
}

/// The digits that the test images show: bytes after a header of eight.
fn test_labels() -> Vec<u8> {
    let file = std::fs::File::open(repository("datasets/digits/test-labels.idx.gz")).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    bytes.split_off(8)
}

#[test]
fn a_picture_gives_one_row_of_csv() {
    let here = trained_on_digits();
    picture(&here, "digit.png", 28, 28);
    let out = here.succeed("predict runs/one --input digit.png");
    let rows: Vec<&str> = out.lines().collect();
    assert_eq!(rows.len(), 2, "{out}");
    assert!(rows[0].starts_with("name,class,p(0),p(1)"), "{out}");
    assert_eq!(rows[1].split(',').count(), 12, "{out}");
}

#[test]
fn series_are_read_from_ts_and_from_csv() {
    let here = Workspace::new();
    here.succeed(
        "train --no-tui --dataset japanese-vowels --hidden 32 --epochs 30 --learning-rate 1e-2 --name one",
    );
    let series = repository("datasets/japanese-vowels/test.ts.gz");
    let predictions = lines(&here.succeed(&format!("predict runs/one --json --input {}", series.display())));
    assert_eq!(predictions.len(), 370);
    // The published test set is ordered by speaker: the first 31 series belong to the first.
    let first = predictions[..31].iter().filter(|prediction| prediction["class"] == "1").count();
    assert!(first > 15, "{first} of 31");

    let header = (0..12).map(|channel| format!("c{channel}")).collect::<Vec<_>>().join(",");
    let row = ["0.5"; 12].join(",");
    here.write("new.csv", format!("series,{header}\na,{row}\na,{row}\nb,{row}\n"));
    let out = here.succeed("predict runs/one --input new.csv");
    let names: Vec<&str> = out.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(names, ["new.csv#a", "new.csv#b"]);
}

#[test]
fn text_is_read_a_sequence_a_line() {
    let here = Workspace::new();
    here.succeed(
        "train --no-tui --dataset movie-snippets --hidden 8 --epochs 1 --set data.train_limit=300 --name one",
    );
    here.write("new.txt", "a wonderful film\n\nthe dullest two hours of my life\n");
    assert_eq!(lines(&here.succeed("predict runs/one --json --input new.txt")).len(), 2);
}

#[test]
#[cfg(feature = "ndarray")]
fn another_backend_says_the_same() {
    let here = trained_on_digits();
    picture(&here, "digit.png", 28, 28);
    let there = lines(&here.succeed("predict runs/one --input digit.png --json --backend ndarray"));
    let here = lines(&here.succeed("predict runs/one --input digit.png --json"));
    assert_eq!(there[0]["class"], here[0]["class"]);
}

#[test]
fn input_of_the_wrong_width_is_refused() {
    let here = trained_on_digits();
    picture(&here, "wide.png", 30, 28);
    let refusal = here.refuse("predict runs/one --input wide.png");
    assert!(refusal.contains("wide.png") && refusal.contains("30") && refusal.contains("28"), "{refusal}");

    here.succeed(&format!("train {TINY} --name vowels"));
    here.write("narrow.csv", "a,b\n1,2\n");
    let refusal = here.refuse("predict runs/vowels --input narrow.csv");
    assert!(refusal.contains("narrow.csv") && refusal.contains("12"), "{refusal}");
}

#[test]
fn input_that_is_empty_or_missing_is_refused() {
    let here = trained_on_digits();
    here.write("empty.png", "");
    assert!(here.refuse("predict runs/one --input empty.png").contains("empty.png"));
    assert!(here.refuse("predict runs/one --input nowhere.png").contains("nowhere.png"));
}

#[test]
fn nothing_is_predicted_of_what_cannot_be_read_or_computed_with() {
    let here = Workspace::new();
    pumps(&here);
    here.succeed("train --no-tui --dataset ./pumps --hidden 4 --epochs 2 --threads 1 --name one");
    for (rows, told) in [
        ("a,1,0.1\na,-3.4e38,0.1\n", "new.csv:3: -3.4e38 is too far from the training data"),
        ("a,1,1e308\n", "new.csv:2: 1e308 is too far from the training data to compute with (column `flow`)"),
        ("a,1,0.1\na,\"2,0.1\n", "new.csv:3: a quote opens here and is never closed"),
        ("a,1,0.1\na,2,\n", "new.csv:3: no number in column `flow`"),
    ] {
        here.write("new.csv", format!("series,pressure,flow\n{rows}"));
        for json in ["", "--json"] {
            let said = here.run(&format!("predict runs/one --input new.csv {json}"));
            assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{rows}");
            assert!(said.err.contains(told), "{told}\n{}", said.err);
        }
    }
    // Large but finite: the prediction is finite too, and there is a warning.
    here.write("new.csv", "series,pressure,flow\na,1e20,-1e20\n");
    let said = here.run("predict runs/one --input new.csv --json");
    assert_eq!(said.code, Some(0), "{}", said.err);
    for place in ["new.csv:2: 1e20 (column `pressure`) is ", "new.csv:2: -1e20 (column `flow`) is "] {
        assert!(said.err.contains(place), "{place}\n{}", said.err);
    }
    let predictions = lines(&said.out);
    let sum: f64 =
        predictions[0]["probabilities"].as_object().unwrap().values().map(|p| p.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-4, "{predictions:?}");
}

#[test]
fn a_stream_is_answered_line_by_line_as_the_whole_file_is() {
    let here = Workspace::new();
    here.succeed("train --no-tui --dataset sensor-events --hidden 4 --epochs 1 --threads 1 --name one");
    let rows = ["45.1,27.5", "46.0,27.25", "60,31"];
    here.write("whole.csv", format!("humidity,temperature\n{}\n", rows.join("\n")));
    let whole = here.succeed("predict runs/one --input whole.csv");
    let mut program = here
        .command("predict runs/one --input - --stream")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = program.stdin.take().unwrap();
    let mut output = BufReader::new(program.stdout.take().unwrap()).lines();
    writeln!(input, "humidity,temperature").unwrap();
    let mut next = || output.next().unwrap().unwrap().replace("standard input", "whole.csv");
    for (at, row) in rows.iter().enumerate() {
        // The answer comes while the stream is open.
        writeln!(input, "{row}").unwrap();
        if at == 0 {
            assert_eq!(next(), whole.lines().next().unwrap());
        }
        assert_eq!(next(), whole.lines().nth(at + 1).unwrap());
    }
    drop(input);
    assert!(program.wait().unwrap().success());
}

#[test]
fn a_stream_that_cannot_be_answered_is_refused_with_its_place() {
    let here = trained_on_digits();
    assert!(here.refuse("predict runs/one --input - --stream").contains("without --stream"));
    pumps(&here);
    here.succeed("train --no-tui --dataset ./pumps --hidden 4 --epochs 1 --threads 1 --name pumps");
    here.write("rows.csv", "flow,series,pressure\n1,a,2\n1,b,soft\n");
    let said = here.shell("predict runs/pumps --input - --stream < rows.csv");
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("standard input:3: \"soft\" is not a number"), "{}", said.err);
    assert_eq!(said.out.lines().count(), 2, "{}", said.out);
}
