//! Output to a reader that stops reading, and to a disk that is full.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::support::{EXPLODING, Said, TINY, Workspace, repository, said};

/// Runs a command line with its standard output connected to `out`.
fn into(here: &Workspace, line: &str, out: impl Into<Stdio>) -> Said {
    said(here.command(line).stdout(out).output().unwrap())
}

/// Command lines whose output is short or long, text or data.
fn lines(here: &Workspace) -> Vec<String> {
    here.succeed(&format!("train {TINY} --name one"));
    let series = repository("datasets/japanese-vowels/test.ts.gz");
    let predict = format!("predict runs/one --input {}", series.display());
    let listing =
        ["completions bash", "completions zsh", "variants", "data list", "devices", "evaluate runs/one"];
    listing.map(str::to_owned).into_iter().chain([format!("{predict} --json"), predict]).collect()
}

#[test]
fn a_reader_that_has_read_enough_ends_the_program_quietly() {
    let here = Workspace::new();
    for line in lines(&here) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let said = into(&here, &line, writer);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "slimgate {line}");
    }
}

#[test]
fn a_reader_that_went_away_does_not_change_how_a_run_ended() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(into(&Workspace::new(), EXPLODING, writer).code, Some(1));
}

#[test]
fn a_reader_that_went_away_loses_no_result() {
    let here = Workspace::new();
    here.succeed(&format!("train {TINY} --name one"));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(into(&here, "evaluate runs/one", writer).code, Some(0));
    assert!(here.path("runs/one/evaluation.json").exists());
}

#[test]
fn a_run_stops_without_a_reader_only_where_it_is_asked_to() {
    let here = Workspace::new();
    for (name, flag, code, status) in
        [("one", "--epochs 60", 0, "complete"), ("two", "--epochs 1000000 --while-read", 130, "interrupted")]
    {
        let mut process = here.command(&format!("train --json {TINY} {flag} --name {name}")).spawn().unwrap();
        let mut told = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("\"epoch\":2,") {
            line.clear();
            assert!(told.read_line(&mut line).unwrap() > 0, "it ended by itself");
        }
        drop(told);
        assert_eq!(process.wait().unwrap().code(), Some(code));
        let summary = here.json(&format!("runs/{name}/summary.json"));
        assert_eq!(summary["status"], status);
        assert!(summary["epochs"].as_u64().unwrap() >= 2, "{summary}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_an_error() {
    let here = Workspace::new();
    for line in lines(&here) {
        let said = into(&here, &line, File::options().write(true).open("/dev/full").unwrap());
        assert_eq!(said.code, Some(2), "slimgate {line}\n{}", said.err);
        assert!(said.err.starts_with("error: cannot write to standard output: "), "{}", said.err);
    }
}

/// The first Ctrl-C waits for the batch, which takes long here; the second does not.
#[cfg(target_os = "linux")]
#[test]
fn a_dashboard_that_is_left_in_a_hurry_gives_the_terminal_back() {
    let here = Workspace::new();
    let line = "train --dataset digits-rows --hidden 1500 --batch-size 512 --name one \
                --set model.recurrent_initializer=glorot";
    let mut terminal = here.foreground(line);
    let screen =
        || String::from_utf8_lossy(&std::fs::read(here.path("screen")).unwrap_or_default()).into_owned();
    while !screen().contains("\u{1b}[?1049h") {
        assert_eq!(
            terminal.try_wait().unwrap(),
            None,
            "it ended before the dashboard was there: {}",
            screen()
        );
        sleep(Duration::from_millis(20));
    }
    for _ in 0..2 {
        // A fast machine may have finished by itself after the first one.
        Command::new("kill").args(["-INT", here.read("pid").trim()]).status().unwrap();
        sleep(Duration::from_millis(200));
    }
    assert_eq!(terminal.wait().unwrap().code(), Some(130), "{}", screen());
    let screen = screen();
    let (_, after) = screen.rsplit_once("\u{1b}[?1049h").unwrap();
    for given_back in ["\u{1b}[?1000l", "\u{1b}[?1049l", "\u{1b}[?25h"] {
        assert!(after.contains(given_back), "{given_back:?}");
    }
}

/// A dashboard would configure the terminal, which stops a process that does so from the background.
#[cfg(target_os = "linux")]
#[test]
fn a_run_in_the_background_of_a_terminal_speaks_in_lines() {
    let here = Workspace::new();
    let said = here.background(&format!("train {TINY} --name one"));
    assert!(said.out.contains("best epoch") && !said.out.contains('\u{1b}'), "{}\n{}", said.out, said.err);
}
