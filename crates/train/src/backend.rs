//! Which backends this build has, and the devices of this machine.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::TrainError;

/// What computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// The CPU, Burn's own kernels.
    Flex,
    /// The CPU, through the crate `ndarray`.
    NdArray,
    /// A GPU through Vulkan or Metal, or a software driver of one of them.
    Wgpu,
    /// An NVIDIA GPU through CUDA.
    Cuda,
}

/// A device of this machine.
#[derive(Clone, Debug, Serialize)]
pub struct FoundDevice {
    /// The backend that reaches it.
    pub backend: Backend,
    /// Its number, for `--device`.
    pub index: usize,
    /// What it calls itself.
    pub name: String,
}

impl Backend {
    /// All backends, of this build or not.
    pub const ALL: [Backend; 4] = [Backend::Flex, Backend::NdArray, Backend::Wgpu, Backend::Cuda];

    /// The name used in settings.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Flex => "flex",
            Backend::NdArray => "ndarray",
            Backend::Wgpu => "wgpu",
            Backend::Cuda => "cuda",
        }
    }

    /// Whether this build has it.
    pub fn is_built(self) -> bool {
        match self {
            Backend::Flex => true,
            Backend::NdArray => cfg!(feature = "ndarray"),
            Backend::Wgpu => cfg!(feature = "wgpu"),
            Backend::Cuda => cfg!(feature = "cuda"),
        }
    }

    /// The command that builds a program with it.
    pub fn build_command(self) -> String {
        format!("cargo build --release --features {}", self.name())
    }

    /// Whether its tensors lie in the memory of this process.
    pub(crate) fn in_memory(self) -> bool {
        matches!(self, Backend::Flex | Backend::NdArray)
    }

    /// Refuses a backend that this build lacks.
    ///
    /// # Errors
    ///
    /// With the command that builds it.
    pub fn require_built(self) -> Result<(), TrainError> {
        if self.is_built() {
            return Ok(());
        }
        let (name, command) = (self.name(), self.build_command());
        Err(TrainError::Device(format!("backend `{name}` is not in this build; build it with `{command}`")))
    }

    /// The device of this backend with the given number.
    ///
    /// # Errors
    ///
    /// If this build lacks the backend, or this machine such a device.
    pub fn device(self, index: usize) -> Result<Device, TrainError> {
        self.require_built()?;
        let mut found = self.devices();
        if index < found.len() {
            return Ok(found.swap_remove(index));
        }
        let remedy = match self {
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
            "backend `{}` has {} device(s) on this machine, so there is no device {index}; {remedy}",
            self.name(),
            found.len()
        )))
    }

    fn devices(self) -> Vec<Device> {
        match self {
            Backend::Flex => vec![Device::flex()],
            #[cfg(feature = "ndarray")]
            #[allow(deprecated)]
            // Burn deprecates it; it stays for as long as the pinned release carries it.
            Backend::NdArray => vec![Device::ndarray()],
            #[cfg(feature = "wgpu")]
            Backend::Wgpu => found_by_driver(burn::tensor::DeviceType::Wgpu),
            #[cfg(feature = "cuda")]
            Backend::Cuda => found_by_driver(burn::tensor::DeviceType::Cuda),
            #[allow(unreachable_patterns)] // In a build that has them all.
            _ => Vec::new(),
        }
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
                Backend::Flex | Backend::NdArray => crate::environment::cpu_name(),
                Backend::Wgpu | Backend::Cuda => name_of_gpu(&device),
            };
            FoundDevice { backend, index, name }
        };
        backend.devices().into_iter().enumerate().map(name).collect::<Vec<_>>()
    };
    Backend::ALL.iter().flat_map(of).collect()
}
