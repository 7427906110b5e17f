//! The machine and the program, as this process finds them.

use burn::tensor::Device;
use slimgate_run::{Backend, Environment, cpu_name};

/// The release of Burn that `Cargo.lock` pins.
const BURN: &str = "0.22.1";

/// The environment of this process, computing on `device`.
pub(crate) fn environment(backend: Backend, device: &Device) -> Environment {
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
