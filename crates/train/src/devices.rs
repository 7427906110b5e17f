//! The backends of this build, and the devices of this machine.

use burn::tensor::Device;
use serde::Serialize;
use slimgate_run::words::counted;
use slimgate_run::{Backend, cpu_name};

use crate::TrainError;

/// A device of this machine.
#[derive(Clone, Debug, Serialize)]
pub struct FoundDevice {
    /// The backend that reaches it.
    pub backend: Backend,
    /// Its number, for `--device`.
    pub index: usize,
    /// Its name, as the driver or the system gives it.
    pub name: String,
}

/// True if this build has a backend.
pub fn is_built(backend: Backend) -> bool {
    match backend {
        Backend::Flex => true,
        Backend::NdArray => cfg!(feature = "ndarray"),
        Backend::Wgpu => cfg!(feature = "wgpu"),
        Backend::Cuda => cfg!(feature = "cuda"),
    }
}

/// Refuses a backend that this build lacks.
///
/// # Errors
///
/// With the command that builds it.
pub fn require_built(backend: Backend) -> Result<(), TrainError> {
    if is_built(backend) {
        return Ok(());
    }
    let (name, command) = (backend.name(), backend.build_command());
    Err(TrainError::Device(format!("backend `{name}` is not in this build; build it with `{command}`")))
}

/// The device of a backend with the given number.
///
/// # Errors
///
/// If this build lacks the backend, or this machine such a device.
pub(crate) fn device(backend: Backend, index: usize) -> Result<Device, TrainError> {
    require_built(backend)?;
    let mut found = devices_of(backend);
    if index < found.len() {
        return Ok(found.swap_remove(index));
    }
    let remedy = match backend {
        Backend::Wgpu if found.is_empty() => {
            "install a Vulkan driver (on Debian `apt-get install mesa-vulkan-drivers` has one in software), \
             or train a new run with `--backend flex` (a run cannot be resumed on another backend)"
        }
        _ if found.is_empty() => {
            "install its driver, or train a new run with `--backend flex` (a run cannot be resumed on another backend)"
        }
        _ => "`slimgate devices` lists what there is",
    };
    Err(TrainError::Device(format!(
        "backend `{}` has {} on this machine, so there is no device {index}; {remedy}",
        backend.name(),
        counted(found.len(), "device", "devices")
    )))
}

fn devices_of(backend: Backend) -> Vec<Device> {
    match backend {
        Backend::Flex => vec![Device::flex()],
        #[cfg(feature = "ndarray")]
        // Burn deprecates it; it stays for as long as the pinned release carries it.
        #[allow(deprecated)]
        Backend::NdArray => vec![Device::ndarray()],
        #[cfg(feature = "wgpu")]
        Backend::Wgpu => found_by_driver(burn::tensor::DeviceType::Wgpu),
        #[cfg(feature = "cuda")]
        Backend::Cuda => found_by_driver(burn::tensor::DeviceType::Cuda),
        #[allow(unreachable_patterns)] // In a build that has them all.
        _ => Vec::new(),
    }
}

/// The devices that a driver finds. Looking for one where there is none panics in some versions of the graphics stack.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
fn found_by_driver(kind: burn::tensor::DeviceType) -> Vec<Device> {
    std::panic::catch_unwind(|| Device::enumerate(kind).into_vec()).unwrap_or_default()
}

fn name_of_gpu(device: &Device) -> String {
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    if let Some(identity) = device.identity() {
        return identity.name.to_string();
    }
    format!("{device:?}")
}

/// All devices of this machine that this build can compute on.
pub fn devices() -> Vec<FoundDevice> {
    let of = |&backend: &Backend| {
        let name = move |(index, device): (usize, Device)| {
            let name = match backend {
                Backend::Flex | Backend::NdArray => cpu_name(),
                Backend::Wgpu | Backend::Cuda => name_of_gpu(&device),
            };
            FoundDevice { backend, index, name }
        };
        devices_of(backend).into_iter().enumerate().map(name).collect::<Vec<_>>()
    };
    Backend::ALL.iter().flat_map(of).collect()
}
