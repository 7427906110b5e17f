//! The files that are written, and the cases in which none are.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use slimgate_report::{Run, tensorboard, write_runs, write_study};

use crate::support;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_report_is_five_files_its_pictures_and_no_leftover() {
    let folder = tempfile::tempdir().unwrap();
    let written = write_study(&support::study(), &folder.path().join("report")).unwrap();
    let wanted = ["comparisons.csv", "pictures", "report.html", "report.md", "trials.csv", "variants.csv"];
    // Every picture that the Markdown shows is there, and no other.
    let text = fs::read_to_string(folder.path().join("report/report.md")).unwrap();
    let shown =
        text.lines().filter_map(|line| line.strip_prefix("![")?.split_once("](")?.1.strip_suffix(')'));
    let mut shown: Vec<_> = shown.map(|path| path.trim_start_matches("pictures/").to_owned()).collect();
    shown.sort();
    assert_eq!(names(&folder.path().join("report/pictures")), shown);
    assert_eq!(written.len(), 5 + shown.len());
    assert!(shown.iter().any(|name| name.ends_with("-learning-curves.svg")), "{shown:?}");
    assert_eq!(names(&folder.path().join("report")), wanted);
    write_study(&support::study(), &folder.path().join("report")).unwrap();
    assert_eq!(names(&folder.path().join("report")), wanted);
}

#[test]
fn pictures_of_an_earlier_report_do_not_stay_and_other_files_do() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = folder.path().join("pictures");
    write_study(&support::study(), folder.path()).unwrap();
    let all = names(&pictures).len();
    let others = ["notes.svg", "1-sketch.svg", "01-sketch.svg", "01-sketch.png"];
    for own in others {
        fs::write(pictures.join(own), "mine").unwrap();
    }
    let written = write_study(&support::one_seed(), folder.path()).unwrap();
    let mut wanted: Vec<_> = written
        .iter()
        .filter(|path| path.starts_with(&pictures))
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert!(wanted.len() < all, "{wanted:?}");
    wanted.extend(others.map(str::to_owned));
    wanted.sort();
    assert_eq!(names(&pictures), wanted);
}

/// The first picture of a study whose file name ends in `end`.
fn picture(study: &slimgate_study::StudySummary, end: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    write_study(study, folder.path()).unwrap();
    let pictures = folder.path().join("pictures");
    let name = names(&pictures).into_iter().find(|name| name.ends_with(end)).unwrap();
    fs::read_to_string(pictures.join(name)).unwrap()
}

/// The numeric values of an attribute of some elements.
fn numbers(picture: &str, element: &str, attribute: &str) -> Vec<f64> {
    let start = format!(" {attribute}=\"");
    let of_element = |rest: &str| -> Option<f64> {
        let attributes = format!(" {}", rest.split('>').next()?);
        attributes.split_once(start.as_str())?.1.split('"').next()?.parse().ok()
    };
    picture.split(&format!("<{element} ")).skip(1).filter_map(of_element).collect()
}

/// The picture of learning rates for seeds with the given deviations from their mean.
fn rates(spread: &[f64]) -> String {
    let mut study = support::study();
    for point in study.tasks.iter_mut().flat_map(|task| &mut task.variants).flat_map(|v| &mut v.rates) {
        point.values = spread.iter().map(|off| point.mean + off).collect();
    }
    picture(&study, "-learning-rates.svg")
}

#[test]
fn rates_tried_with_several_seeds_have_bars_and_others_none() {
    let bars = |spread: &[f64]| {
        let picture = rates(spread);
        // The colours of variants; the frame has its own.
        picture.matches("<line ").count()
            - picture.matches(r#"stroke="var(--grid)"#).count()
            - picture.matches(r#"stroke="var(--axis)"#).count()
    };
    assert_eq!(bars(&[0.0]), 0);
    assert!(bars(&[-0.01, 0.01]) > 0);
}

#[test]
fn bars_over_seeds_stay_within_the_frame() {
    let picture = rates(&[-0.3, 0.3]);
    // The part of the picture that is not clipped.
    let frame = picture.split_once("<clipPath ").unwrap().1;
    let (top, height) = (numbers(frame, "rect", "y")[0], numbers(frame, "rect", "height")[0]);
    let inner = picture.split_once("<g clip-path=").unwrap().1.split("</g>").next().unwrap();
    let ends = [numbers(inner, "line", "y1"), numbers(inner, "line", "y2")].concat();
    assert!(!ends.is_empty());
    assert!(ends.iter().all(|end| (top..=top + height).contains(end)), "{top} {height} {ends:?}");
}

#[test]
fn the_labels_of_importances_are_not_cut() {
    for largest in [0.1, 0.5, 0.62, 0.8532, 0.97, 1.0] {
        let mut study = support::study();
        study.tasks[0].importances.as_mut().unwrap().effects[0].share = largest;
        let picture = picture(&study, "-importance-of-settings.svg");
        for label in picture.split("<text ").skip(1).filter(|label| label.contains(" %</text>")) {
            let text = label.split('>').nth(1).unwrap().split('<').next().unwrap();
            let middle = numbers(&format!("<text {label}"), "text", "x")[0];
            // Letters of 12 pixels are at most 7 wide on average.
            assert!(middle + 3.5 * text.chars().count() as f64 <= 500.0, "{text} at {middle} ({largest})");
        }
    }
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
fn a_run_started_when_its_environment_was_recorded() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("environment.json"), "{}").unwrap();
    let file = fs::File::options().write(true).open(folder.path().join("environment.json")).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000)).unwrap();
    // As a resumed run would write it.
    fs::write(folder.path().join("config.toml"), "").unwrap();
    assert_eq!(Run::read(folder.path()).unwrap().started, 1_700_000_000.0);
}

#[test]
fn a_damaged_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), "").unwrap();
    fs::write(folder.path().join("metrics.jsonl"), "{").unwrap();
    let message = Run::read(folder.path()).unwrap_err().to_string();
    assert!(message.contains("metrics.jsonl is not usable: line 1"), "{message}");
}

#[test]
fn a_damaged_file_is_named_with_what_a_report_can_do_about_it() {
    for name in ["summary.json", "environment.json", "evaluation.json"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config.toml"), "").unwrap();
        fs::write(folder.path().join(name), "{").unwrap();
        let message = Run::read(folder.path()).unwrap_err().to_string();
        assert!(message.contains(&format!("{name} is not usable")), "{message}");
        assert!(message.contains("leave the run out of the report"), "{message}");
    }
}

/// Runs itself again in a process that may open only a few files.
#[test]
fn more_files_are_written_than_may_be_open_at_once() {
    const NAME: &str = "files::more_files_are_written_than_may_be_open_at_once";
    if std::env::var_os("SLIMGATE_FEW_FILES").is_none() {
        let output = std::process::Command::new("sh")
            .args(["-c", "ulimit -n 64 && exec \"$0\" --exact \"$1\""])
            .arg(std::env::current_exe().unwrap())
            .arg(NAME)
            .env("SLIMGATE_FEW_FILES", "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let runs = vec![support::runs().remove(0); 100];
    assert_eq!(tensorboard(&runs, folder.path()).unwrap().len(), 101);
    assert_eq!(names(folder.path()).len(), 101);
    assert_eq!(names(&folder.path().join("digits-rows-lstm-100")), ["events.out.tfevents.0.slimgate"]);
}

#[test]
fn there_is_an_event_file_for_each_run_and_one_for_all() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(tensorboard(&support::runs(), folder.path()).unwrap().len(), 4);
    let wanted = ["begun", "digits-rows-lstm", "digits-rows-lstm1", "events.out.tfevents.0.slimgate"];
    assert_eq!(names(folder.path()), wanted);
}

/// The reference is made by `tests/tensorboard/reference.py` with TensorBoard's own messages and writer.
#[test]
fn an_event_file_is_the_reference_writers_byte_for_byte() {
    let mut run = support::runs().remove(0);
    run.settings.retain(|key, _| {
        ["model.hidden", "model.variant", "optim.learning_rate", "run.seed"].contains(&key.as_str())
    });
    run.epochs.truncate(2);
    let numbers = [(0.5, 0.75, 1.0), (0.625, 0.7, 0.5)];
    for (line, (loss, accuracy, seconds)) in run.epochs.iter_mut().zip(numbers) {
        (line.loss, line.score.value, line.seconds) = (loss, accuracy, seconds);
    }
    run.epochs[0].learning_rate = Some(0.003);
    let evaluation = run.evaluation.as_mut().unwrap();
    (evaluation.epoch, evaluation.score.value, evaluation.loss) = (1, 0.6875, 0.65);
    let folder = tempfile::tempdir().unwrap();
    let written = tensorboard(&[run], folder.path()).unwrap();
    let reference: &[u8] = include_bytes!("../tensorboard/reference.tfevents");
    assert!(fs::read(&written[1]).unwrap() == reference, "the files differ");
}

#[test]
fn runs_of_one_name_have_folders_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let run = &support::runs()[0];
    tensorboard(&[run.clone(), run.clone()], folder.path()).unwrap();
    assert!(folder.path().join("digits-rows-lstm-2").is_dir());
}

#[test]
fn event_files_stay_in_their_folder_whatever_runs_are_called() {
    let folder = tempfile::tempdir().unwrap();
    let mut runs = support::runs();
    runs.truncate(2);
    // As the program names two runs whose folders have the same name.
    for (run, path) in runs.iter_mut().zip([folder.path().join("a/one"), Path::new("../one").to_owned()]) {
        (run.name, run.path) = (path.display().to_string(), path);
    }
    tensorboard(&runs, &folder.path().join("board")).unwrap();
    assert_eq!(names(&folder.path().join("board")), ["events.out.tfevents.0.slimgate", "one", "one-2"]);
    assert_eq!(names(folder.path()), ["board"]);
}

#[test]
fn a_run_whose_path_is_not_utf_8_is_reported_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = support::runs().remove(0);
    run.path = Path::new("runs").join(OsStr::from_bytes(b"caf\xe9"));
    write_runs(&[run], folder.path()).unwrap();
    let text = fs::read_to_string(folder.path().join("runs.json")).unwrap();
    assert!(text.contains("\"runs/caf\u{fffd}\""), "{text}");
}

#[test]
fn a_report_of_runs_has_them_for_machines_too() {
    let folder = tempfile::tempdir().unwrap();
    write_runs(&support::runs(), folder.path()).unwrap();
    let text = fs::read_to_string(folder.path().join("runs.json")).unwrap();
    let runs: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(runs[0]["name"], "digits-rows-lstm");
    assert_eq!(runs[0]["summary"]["parameters"]["recurrent"], 15_800);
    assert!(!runs[0]["epochs"].as_array().unwrap().is_empty());
}
