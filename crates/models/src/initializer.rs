//! Initial weights.

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// The distribution that a weight matrix is drawn from.
///
/// Weights are drawn on the CPU whatever the backend, from the generator of [`Device::flex`], so that a seed
/// (`Device::flex().seed(..)`) gives the same initial weights everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initializer {
    /// Uniform in ±√(6 / (rows + columns)) (Glorot and Bengio 2010), separately for each gate's matrix.
    Glorot,
    /// A random orthogonal matrix (Saxe et al. 2014), separately for each gate's matrix.
    Orthogonal,
    /// Uniform in ±1/√(hidden units), as PyTorch draws all weights of its LSTM.
    Uniform,
}

/// The distribution that an embedding is drawn from, with the same generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmbeddingInitializer {
    /// Normal with mean 0 and standard deviation 1, as Burn and PyTorch draw it.
    Normal,
    /// Uniform in ±0.05, as Keras draws it.
    Uniform,
}

impl From<EmbeddingInitializer> for burn::module::Initializer {
    fn from(initializer: EmbeddingInitializer) -> Self {
        match initializer {
            EmbeddingInitializer::Normal => burn::module::Initializer::Normal { mean: 0.0, std: 1.0 },
            EmbeddingInitializer::Uniform => burn::module::Initializer::Uniform { min: -0.05, max: 0.05 },
        }
    }
}

impl Initializer {
    /// One `[rows, columns]` matrix that feeds `columns` hidden units.
    pub(crate) fn matrix(self, rows: usize, columns: usize) -> Tensor<2> {
        let initializer = match self {
            Initializer::Glorot => burn::module::Initializer::XavierUniform { gain: 1.0 },
            Initializer::Orthogonal => burn::module::Initializer::Orthogonal { gain: 1.0 },
            Initializer::Uniform => {
                let bound = 1.0 / (columns as f64).sqrt();
                burn::module::Initializer::Uniform { min: -bound, max: bound }
            }
        };
        initializer.init_with([rows, columns], Some(rows), Some(columns), &Device::flex()).val()
    }
}
