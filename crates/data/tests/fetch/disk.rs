//! A store that cannot be written.

use crate::server::{Answer, Server};
use crate::support::{Here, archive, on_web, recipe};
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

/// Runs the test below in a file system of its own that holds less than the set.
#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_fills_up() {
    for size in ["16k", "60k"] {
        let here = Here::new();
        fs::create_dir(here.path("small")).unwrap();
        let script = format!(
            "mount -t tmpfs -o size={size} tmpfs small && cd small && \
             exec \"$0\" --exact disk::inside_a_full_disk --ignored"
        );
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]);
        let output =
            command.arg(std::env::current_exe().unwrap()).current_dir(here.folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }
}

#[test]
#[ignore = "fills the disk that it runs on"]
fn inside_a_full_disk() {
    let server = Server::start(|_, _| Answer::File(archive()));
    let store = Store::at("data");
    let refused = fetch("demo", &recipe(&on_web(&server.address)), &store, None, &mut |_| ()).unwrap_err();
    assert!(refused.to_string().contains("free some space"), "{refused}");
    assert!(!fs::exists("data").unwrap(), "something was left");
}
