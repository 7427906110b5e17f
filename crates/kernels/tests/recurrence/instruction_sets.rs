//! Every instruction set computes what the twin does.

use std::process::Command;

/// The other tests again, in a process that is told which instructions to use; one that this machine lacks
/// gives way to the next lower.
fn again(instructions: &str) {
    let tests = Command::new(std::env::current_exe().unwrap())
        .args(["twin::", "sizes::", "resources::"])
        .env("SLIMGATE_SIMD", instructions)
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&tests.stdout);
    assert!(tests.status.success() && report.contains("test result: ok"), "{instructions}: {report}");
}

#[test]
fn avx2() {
    again("avx2");
}

#[test]
fn portable() {
    again("portable");
}
