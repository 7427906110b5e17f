//! Files that the user has, in place of an origin.

use crate::support::{Here, apart, archive, on_web, pack, recipe, test, train};
use std::fs;

const NOWHERE: &str = "http://127.0.0.1:1/";

#[test]
fn an_archive_is_taken_from_a_file_or_a_folder() {
    for given in ["given/demo.tgz", "given"] {
        let here = Here::new();
        fs::create_dir(here.path("given")).unwrap();
        fs::write(here.path("given/demo.tgz"), archive()).unwrap();
        let recipe = recipe(&(apart(NOWHERE) + &on_web(NOWHERE)));
        assert!(here.fetch(&recipe, Some(&here.path(given))).0.unwrap());
        here.assert_whole(&recipe);
        let origin = fs::read_to_string(here.path("data/demo/ORIGIN.txt")).unwrap();
        assert!(origin.contains(&format!("fetched from: {}", here.path(given).display())), "{origin}");
    }
}

#[test]
fn files_may_be_packed_or_not() {
    let here = Here::new();
    fs::create_dir(here.path("given")).unwrap();
    fs::write(here.path("given/train.tsv.gz"), pack(&train())).unwrap();
    fs::write(here.path("given/test.tsv"), test()).unwrap();
    let recipe = recipe(&apart(NOWHERE));
    assert!(here.fetch(&recipe, Some(&here.path("given"))).0.unwrap());
    here.assert_whole(&recipe);
}

#[test]
fn files_that_are_not_the_set_are_refused() {
    let here = Here::new();
    fs::create_dir(here.path("given")).unwrap();
    let recipe = recipe(&(apart(NOWHERE) + &on_web(NOWHERE)));
    let message = here.refuse(&recipe, Some(&here.path("given")));
    assert!(message.contains("no file train.tsv.gz") && message.contains("no file demo.tgz"), "{message}");
    fs::write(here.path("given/demo.tgz"), &archive()[..5000]).unwrap();
    let message = here.refuse(&recipe, Some(&here.path("given/demo.tgz")));
    assert!(message.contains("one file") && message.contains("has the sha256"), "{message}");
    assert!(here.refuse(&recipe, Some(&here.path("missing"))).contains("missing"));
    assert!(!here.path("data").exists(), "something was left");
}
