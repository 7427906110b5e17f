//! Downloads: whole, interrupted, wrong, from more than one place.

use crate::server::{Answer, Asked, Server};
use crate::support::{Here, apart, archive, names, on_web, pack, recipe, test, train};
use std::sync::Barrier;
use std::{fs, thread};

fn asked(path: &str, from: Option<usize>) -> Asked {
    Asked { path: path.into(), from }
}

/// Answers with the two files for themselves.
fn files(request: &Asked) -> Answer {
    Answer::File(pack(&if request.path == "train.tsv.gz" { train() } else { test() }))
}

#[test]
fn a_set_comes_whole_with_its_licence_and_origin_beside_it() {
    let (here, server) = (Here::new(), Server::start(|_, _| Answer::File(archive())));
    let recipe = recipe(&on_web(&server.address));
    here.bring(&recipe);
    let origin = fs::read_to_string(here.path("data/demo/ORIGIN.txt")).unwrap();
    for part in ["A small set", "the tests", "licence: MIT", &format!("fetched from: {}", server.address)] {
        assert!(origin.contains(part), "{part} is not in\n{origin}");
    }
}

#[test]
fn a_set_that_is_there_is_not_asked_for_again() {
    let (here, server) = (Here::new(), Server::start(|_, request| files(request)));
    let recipe = recipe(&apart(&server.address));
    here.bring(&recipe);
    assert!(!here.fetch(&recipe, None).0.unwrap());
    assert_eq!(server.asked(), [asked("train.tsv.gz", None), asked("test.tsv.gz", None)]);
}

#[test]
fn a_set_that_was_changed_is_brought_again() {
    let (here, server) = (Here::new(), Server::start(|_, request| files(request)));
    let recipe = recipe(&apart(&server.address));
    here.bring(&recipe);
    let mut changed = train();
    changed[99] ^= 1;
    fs::write(here.path("data/demo/train.tsv"), changed).unwrap();
    here.bring(&recipe);
}

#[test]
fn an_interrupted_download_resumes_where_it_ended() {
    let whole = archive();
    let server = Server::start(move |before, _| match before {
        0 => Answer::Cut(archive(), 10_000),
        1 => Answer::Status(503),
        2 => Answer::Cut(archive(), 10_000),
        _ => Answer::File(archive()),
    });
    let reports = Here::new().bring(&recipe(&on_web(&server.address)));
    let from: Vec<Option<usize>> = server.asked().iter().map(|asked| asked.from).collect();
    assert_eq!(from, [None, Some(10_000), Some(10_000), Some(20_000)]);
    assert!(
        whole.len() > 20_000 && reports.iter().filter(|report| report.starts_with("Retrying")).count() == 3
    );
}

#[test]
fn another_process_resumes_where_one_was_stopped() {
    let here = Here::new();
    let server = Server::start(|before, _| match before {
        0 => Answer::Cut(archive(), 10_000),
        1..=3 => Answer::Status(500),
        _ => Answer::File(archive()),
    });
    let recipe = recipe(&on_web(&server.address));
    let message = here.refuse(&recipe, None);
    assert!(message.contains("the server says 500"), "{message}");
    here.bring(&recipe);
    assert_eq!(server.asked().last(), Some(&asked("demo.tgz", Some(10_000))));
}

#[test]
fn a_server_without_ranges_begins_anew() {
    let server = Server::start(|before, _| match before {
        0 => Answer::Cut(archive(), 10_000),
        _ => Answer::Whole(archive()),
    });
    Here::new().bring(&recipe(&on_web(&server.address)));
}

#[test]
fn what_is_wrong_after_it_was_resumed_is_thrown_away_and_said() {
    for with_checksum in [true, false] {
        let server = Server::start(move |before, request| match (before, with_checksum) {
            // The beginning of something else of the same size.
            (0, true) => Answer::Cut(vec![7; archive().len()], 10_000),
            (0, false) => Answer::Cut(pack(&vec![7; train().len()]), 10_000),
            (_, true) => Answer::File(archive()),
            (_, false) => files(request),
        });
        let origin = if with_checksum { on_web(&server.address) } else { apart(&server.address) };
        let reports = Here::new().bring(&recipe(&origin));
        assert!(reports.iter().any(|report| report.starts_with("Discarded")), "{reports:?}");
        assert_eq!(server.asked()[2].from, None);
    }
}

#[test]
fn a_beginning_that_is_longer_than_the_file_is_thrown_away() {
    let here = Here::new();
    let server = Server::start(|before, _| match before {
        0 => Answer::Cut(vec![7; 2 * archive().len()], archive().len() + 5),
        1..=3 => Answer::Status(500),
        _ => Answer::File(archive()),
    });
    let recipe = recipe(&on_web(&server.address));
    here.refuse(&recipe, None);
    here.bring(&recipe);
}

#[test]
fn a_file_that_was_tampered_with_never_counts() {
    let here = Here::new();
    let server = Server::start(|_, _| {
        let mut archive = archive();
        archive[5000] ^= 1;
        Answer::File(archive)
    });
    let message = here.refuse(&recipe(&on_web(&server.address)), None);
    assert!(message.contains("demo.tgz has the sha256"), "{message}");
    let message = here.refuse(&recipe(&apart(&server.address)), None);
    assert!(message.contains("train.tsv"), "{message}");
    assert!(!here.path("data").exists(), "something was left");
}

#[test]
fn a_file_without_end_is_refused_before_it_is_read() {
    let server = Server::start(|_, _| Answer::Announced(1 << 40));
    let message = Here::new().refuse(&recipe(&on_web(&server.address)), None);
    assert!(message.contains("more than 1073741824 bytes"), "{message}");
}

#[test]
fn the_next_origin_is_tried_and_none_is_left_unsaid() {
    let gone = Server::start(|_, _| Answer::Status(404));
    let good = Server::start(|_, _| Answer::File(archive()));
    let nowhere = "http://127.0.0.1:1/";
    let two = on_web(&gone.address) + &on_web(nowhere);
    let here = Here::new();
    let message = here.refuse(&recipe(&two), None);
    for part in ["404", "127.0.0.1:1/demo.tgz", "slimgate data fetch demo --from FOLDER"] {
        assert!(message.contains(part), "{part} is not in\n{message}");
    }
    assert!(!here.path("data").exists(), "something was left");
    let reports = here.bring(&recipe(&(two + &on_web(&good.address))));
    assert_eq!(reports.iter().filter(|report| report.starts_with("Failed")).count(), 2);
    // What will not change is not asked for again.
    assert_eq!(gone.asked().len(), 2);
}

#[test]
fn of_two_at_once_one_brings_the_set_and_the_other_waits() {
    let here = Here::new();
    let server = Server::start(|_, _| {
        thread::sleep(std::time::Duration::from_millis(300));
        Answer::File(archive())
    });
    let recipe = recipe(&on_web(&server.address));
    let together = Barrier::new(4);
    let brought = thread::scope(|scope| {
        let fetch = || {
            together.wait();
            here.fetch(&recipe, None).0.unwrap()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(fetch)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|brought| *brought).count()
    });
    assert_eq!((brought, server.asked().len()), (1, 1));
    here.assert_whole(&recipe);
    assert_eq!(names(&here.path("data")), ["demo"]);
}
