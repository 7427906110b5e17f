//! A store that cannot be written.

use crate::server::{Answer, Server};
use crate::support::{Here, archive, on_web, outside, recipe};
use slimgate_data::{DataError, Store, fetch};
use std::fs;
#[cfg(target_os = "linux")]
use std::process::Command;

#[test]
fn a_store_that_cannot_be_made_is_named_before_anything_is_asked_for() {
    let here = Here::new();
    let server = Server::start(|_, _| Answer::File(archive()));
    // Below a file, because a test that runs as root may write to every folder.
    fs::write(here.path("file"), "").unwrap();
    let store = Store::at(here.path("file/data"));
    let refused = fetch("demo", &recipe(&on_web(&server.address)), &store, None, &mut |_| ()).unwrap_err();
    assert!(matches!(refused, DataError::Keep { .. }));
    let message = refused.to_string();
    assert!(message.contains("file/data") && message.contains("XDG_DATA_HOME"), "{message}");
    assert_eq!(server.asked(), []);
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_without_room_for_the_archive() {
    fetching_fails_on_a_disk_of("16k", "disk::a_disk_without_room_for_the_archive");
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_fills_up_while_the_archive_is_unpacked() {
    fetching_fails_on_a_disk_of("60k", "disk::a_disk_that_fills_up_while_the_archive_is_unpacked");
}

/// The body of `test`.
#[cfg(target_os = "linux")]
fn fetching_fails_on_a_disk_of(size: &str, test: &str) {
    let here = Here::new();
    let script = format!("mount -t tmpfs -o size={size} tmpfs . && cd \"$PWD\" && exec \"$0\" \"$@\"");
    let mut small = Command::new("unshare");
    small.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]);
    if outside(test, small.current_dir(here.folder.path())) {
        return;
    }
    let server = Server::start(|_, _| Answer::File(archive()));
    let store = Store::at("data");
    let refused = fetch("demo", &recipe(&on_web(&server.address)), &store, None, &mut |_| ()).unwrap_err();
    assert!(refused.to_string().contains("free some space"), "{refused}");
    assert!(!fs::exists("data").unwrap(), "something was left");
}
