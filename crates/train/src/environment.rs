//! What a run ran on, for whoever reads its numbers later.

use serde::Serialize;

/// The release of Burn that `Cargo.lock` pins.
const BURN: &str = "0.22.1";

/// The content of `environment.json`.
#[derive(Debug, Serialize)]
pub struct Environment {
    slimgate: &'static str,
    burn: &'static str,
    system: &'static str,
    architecture: &'static str,
    processor: String,
    /// Of the recurrence on the CPU backends: runs are the same bit for bit where this is.
    instructions: &'static str,
    cores: usize,
    threads: usize,
    backend: &'static str,
    device: String,
}

impl Environment {
    /// Of this process, computing on `device`.
    pub fn new(backend: crate::Backend, device: &burn::tensor::Device) -> Environment {
        Environment {
            slimgate: env!("CARGO_PKG_VERSION"),
            burn: BURN,
            system: std::env::consts::OS,
            architecture: std::env::consts::ARCH,
            processor: cpu_name(),
            instructions: slimgate_kernels::fused::instruction_set(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            threads: rayon::current_num_threads(),
            backend: backend.name(),
            device: format!("{device:?}"),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::BURN;

    #[test]
    fn the_release_of_burn_is_the_one_that_is_linked() {
        let lock: toml::Table = include_str!("../../../Cargo.lock").parse().unwrap();
        let packages = lock["package"].as_array().unwrap();
        let burn = packages.iter().find(|package| package["name"].as_str() == Some("burn")).unwrap();
        assert_eq!(burn["version"].as_str(), Some(BURN));
    }
}
