//! Every instruction set matches the twin.

use std::process::Command;

use pulp::{Simd, WithSimd};
use slimgate_kernels::fused::dispatch;

/// Runs the other tests again in a process that is told which instructions to use; for a set that this machine lacks,
/// the next lower one is used.
fn again(instructions: &str) {
    let tests = Command::new(std::env::current_exe().unwrap())
        .args(["twin::", "sizes::", "edges::", "resources::", "asked_for"])
        .env("SLIMGATE_SIMD", instructions)
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&tests.stdout);
    assert!(tests.status.success() && report.contains("test result: ok"), "{instructions}: {report}");
    for module in ["twin::", "sizes::", "edges::", "resources::", "instruction_sets::no_more"] {
        assert!(report.contains(&format!("test {module}")), "{instructions}: {report}");
    }
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

#[test]
fn no_more_lanes_than_asked_for() {
    let most = match std::env::var("SLIMGATE_SIMD").as_deref() {
        Ok("portable") => 1,
        Ok("avx2") => 8,
        _ => 16,
    };
    assert!(dispatch(Lanes) <= most);
}

#[test]
fn avx2() {
    again("avx2");
}

#[test]
fn portable() {
    again("portable");
}
