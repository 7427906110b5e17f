//! The machine and the program of a run, for whoever reads its numbers later.

use serde::Serialize;

/// The content of `environment.json`.
#[derive(Debug, Serialize)]
pub struct Environment {
    /// The version of this program.
    pub slimgate: &'static str,
    /// The release of Burn.
    pub burn: &'static str,
    /// The operating system.
    pub system: &'static str,
    /// The processor's architecture.
    pub architecture: &'static str,
    /// The processor's name.
    pub processor: String,
    /// Of the recurrence on the CPU backends: runs are the same bit for bit where this is.
    pub instructions: &'static str,
    /// Cores that the process may use.
    pub cores: usize,
    /// CPU threads that compute.
    pub threads: usize,
    /// The backend's name.
    pub backend: &'static str,
    /// The device, as Burn calls it.
    pub device: String,
}

/// The processor's name where the system tells it, its architecture otherwise.
pub fn cpu_name() -> String {
    field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

/// The most memory that this process has held, in bytes, where the system tells it.
pub fn peak_memory() -> Option<u64> {
    let kilobytes = field("/proc/self/status", "VmHWM")?;
    kilobytes.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// The value of the first line `name: value` of a file of the kernel's.
fn field(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
