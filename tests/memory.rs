//! Runs that are too large for the machine, and runs that take long to start.

use std::io::{BufRead, BufReader};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::{Workspace, assert_says, said, signal};

#[test]
fn a_run_for_which_no_machine_has_room_is_refused_with_what_to_change() {
    let here = Workspace::new();
    let refusal = here.refuse(
        "train --no-tui --dataset japanese-vowels --variant lstm --hidden 16384 --set model.layers=64 --name one",
    );
    assert_says(&refusal, &["not enough memory", "`model.hidden`", "are free"]);
    // A study has that measured by a process of its own.
    let study =
        "compare --dataset japanese-vowels --set model.hidden=16384 --set model.layers=64 --out study";
    let refusal = here.refuse(study);
    assert_says(&refusal, &["error: there is not enough memory", "`model.hidden`", "are free"]);
    assert_eq!(refusal.matches("error:").count(), 1, "{refusal}");

    // One text of 60,000 words among 128.
    std::fs::create_dir(here.path("texts")).unwrap();
    let row = |number: usize| {
        let words = if number == 77 { 60_000 } else { 5 };
        format!("{},{}\n", ["up", "down"][number % 2], "word ".repeat(words))
    };
    let table = |count: usize| "class,text\n".to_owned() + &(0..count).map(row).collect::<String>();
    here.write("texts/train.csv", table(150));
    here.write("texts/test.csv", table(10));
    let line = "train --no-tui --dataset ./texts --batch-size 128 --epochs 1 --set model.recurrent_initializer=glorot";
    let refusal = here.refuse(&format!("{line} --variant lstm --hidden 16384 --name one"));
    assert_says(
        &refusal,
        &[
            "not enough memory",
            "up to 60000 steps, half of them at most 5",
            "`data.max_length`",
            "`optim.batch_size`",
            "`model.recompute`",
        ],
    );
    assert!(!here.path("runs").exists(), "a refused run left something behind");
    here.succeed(&format!("{line} --hidden 4 --set data.max_length=50 --name one"));
}

#[test]
fn a_start_that_takes_long_says_so() {
    let here = Workspace::new();
    let line = "train --json --dataset japanese-vowels --variant lstm --hidden 3000 --epochs 1 --name one";
    let mut process = here.command(line).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(process.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert_says(&said, &["drawing the initial weights", "4 orthogonal matrices of 3000 × 3000", "minutes"]);
    // Stopping it does not take those minutes.
    signal(&process, "TERM");
    let deadline = Instant::now() + Duration::from_secs(20);
    while process.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "it still draws");
        sleep(Duration::from_millis(20));
    }
    assert_eq!(process.wait().unwrap().code(), Some(130));
    assert!(!here.path("runs/one").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn the_limit_of_the_process_is_kept_to() {
    let here = Workspace::new();
    let line = "train --no-tui --dataset japanese-vowels --epochs 1 --set optim.batch_size=256 --hidden 1200";
    let script = format!("ulimit -v 2000000; exec $slimgate {line}");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(here.path(".")).env("slimgate", env!("CARGO_BIN_EXE_slimgate"));
    let said = said(command.output().unwrap());
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert_says(&said.err, &["of memory", "are free"]);
}
