//! What is written, and when nothing is.

use std::fs;

use slimgate_report::{Run, tensorboard, write_file, write_runs, write_study};

use crate::support;

fn names(folder: &std::path::Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_report_is_five_files_and_no_leftover() {
    let folder = tempfile::tempdir().unwrap();
    let written = write_study(&support::study(), &folder.path().join("report")).unwrap();
    assert_eq!(written.len(), 5);
    let wanted = ["comparisons.csv", "report.html", "report.md", "trials.csv", "variants.csv"];
    assert_eq!(names(&folder.path().join("report")), wanted);
    write_study(&support::study(), &folder.path().join("report")).unwrap();
    assert_eq!(names(&folder.path().join("report")), wanted);
}

#[test]
fn what_cannot_be_written_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("report.html"), "old").unwrap();
    fs::create_dir(folder.path().join("trials.csv")).unwrap();
    let error = write_study(&support::study(), folder.path()).unwrap_err();
    assert!(error.to_string().contains("trials.csv") && error.to_string().contains("--out"), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join("report.html")).unwrap(), "old");
    assert_eq!(names(folder.path()), ["report.html", "trials.csv"]);
}

#[test]
fn a_file_is_replaced_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    write_file(&path, b"old").unwrap();
    write_file(&path, b"new").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(names(folder.path()), ["page.html"]);
}

#[test]
fn runs_without_a_run_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for error in [write_runs(&[], folder.path()).unwrap_err(), tensorboard(&[], folder.path()).unwrap_err()] {
        assert!(error.to_string().contains("give the folder"), "{error}");
    }
}

#[test]
fn what_is_no_run_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Run::read(folder.path()).unwrap_err().to_string().contains("is not a run folder"));
}

#[test]
fn a_run_that_has_just_begun_is_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), "[model]\nhidden = 7\n").unwrap();
    let run = Run::read(folder.path()).unwrap();
    assert_eq!(run.settings["model.hidden"].as_integer(), Some(7));
    assert!(run.summary.is_none() && run.epochs.is_empty());
}

#[test]
fn a_damaged_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), "").unwrap();
    fs::write(folder.path().join("metrics.jsonl"), "{").unwrap();
    let message = Run::read(folder.path()).unwrap_err().to_string();
    assert!(message.contains("metrics.jsonl is not usable: line 1"), "{message}");
}

/// What the reference reader, the Python package `tensorboard`, makes of the same files is checked by
/// `tests/tensorboard/check.py`, which needs that package; here only their frame.
#[test]
fn each_run_has_an_event_file_of_whole_records() {
    let folder = tempfile::tempdir().unwrap();
    let written = tensorboard(&support::runs(), folder.path()).unwrap();
    assert_eq!(written.len(), 4);
    for path in &written {
        let bytes = fs::read(path).unwrap();
        let (mut at, mut records) = (0, 0);
        while at < bytes.len() {
            let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
            at += 8 + 4 + length + 4;
            records += 1;
        }
        assert_eq!(at, bytes.len(), "{} ends within a record", path.display());
        assert!(records >= 2);
    }
    // The first, the settings, two lines an epoch, the test part, the end.
    assert_eq!(
        names(folder.path()),
        ["begun", "digits-rows-lstm", "digits-rows-lstm1", "events.out.tfevents.0.slimgate"]
    );
}

#[test]
fn runs_of_one_name_have_folders_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let run = &support::runs()[0];
    tensorboard(&[run.clone(), run.clone()], folder.path()).unwrap();
    assert!(folder.path().join("digits-rows-lstm-2").is_dir());
}
