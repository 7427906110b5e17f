//! The backends by their names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A backend: the part of Burn that computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

    /// The command that builds a program with it.
    pub fn build_command(self) -> String {
        format!("cargo build --release --features {}", self.name())
    }

    /// True if its tensors lie in the memory of the process.
    pub fn in_memory(self) -> bool {
        matches!(self, Backend::Flex | Backend::NdArray)
    }
}
