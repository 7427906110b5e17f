//! Which backends this build has, and the devices of this machine.

use burn::tensor::{Device, DeviceType};
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
    #[cfg(feature = "cuda")]
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
    /// All backends of this build.
    pub const ALL: &[Backend] = &[
        Backend::Flex,
        Backend::NdArray,
        Backend::Wgpu,
        #[cfg(feature = "cuda")]
        Backend::Cuda,
    ];

    /// The name used in settings.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Flex => "flex",
            Backend::NdArray => "ndarray",
            Backend::Wgpu => "wgpu",
            #[cfg(feature = "cuda")]
            Backend::Cuda => "cuda",
        }
    }

    /// Whether its tensors lie in the memory of this process.
    pub(crate) fn in_memory(self) -> bool {
        matches!(self, Backend::Flex | Backend::NdArray)
    }

    /// The device of this backend with the given number.
    ///
    /// # Errors
    ///
    /// If this machine has no such device.
    pub fn device(self, index: usize) -> Result<Device, TrainError> {
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
            #[allow(deprecated)] // Burn deprecates it; it stays for as long as the pinned release carries it.
            Backend::NdArray => vec![Device::ndarray()],
            // Looking for a driver where there is none panics in some versions of the graphics stack.
            Backend::Wgpu => std::panic::catch_unwind(|| Device::enumerate(DeviceType::Wgpu).into_vec())
                .unwrap_or_default(),
            #[cfg(feature = "cuda")]
            Backend::Cuda => std::panic::catch_unwind(|| Device::enumerate(DeviceType::Cuda).into_vec())
                .unwrap_or_default(),
        }
    }
}

/// All devices of this machine that this build can compute on.
pub fn devices() -> Vec<FoundDevice> {
    let of = |&backend: &Backend| {
        let name = move |(index, device): (usize, Device)| {
            let name = match backend {
                Backend::Flex | Backend::NdArray => crate::environment::cpu_name(),
                _ => device
                    .identity()
                    .map_or_else(|| format!("{device:?}"), |identity| identity.name.to_string()),
            };
            FoundDevice { backend, index, name }
        };
        backend.devices().into_iter().enumerate().map(name).collect::<Vec<_>>()
    };
    Backend::ALL.iter().flat_map(of).collect()
}
