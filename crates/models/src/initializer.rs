//! Drawing initial weights.
//!
//! They are drawn on the CPU whatever the backend, from the generator of [`Device::flex`], so that a seed
//! (`Device::flex().seed(..)`) gives the same initial weights everywhere.

use burn::module::Initializer as Distribution;
use burn::tensor::{Device, Tensor};
use slimgate_gates::{EmbeddingInitializer, Initializer};

/// Draws one `[rows, columns]` matrix that feeds `columns` hidden units.
pub(crate) fn matrix(initializer: Initializer, rows: usize, columns: usize) -> Tensor<2> {
    let distribution = match initializer {
        Initializer::Glorot => Distribution::XavierUniform { gain: 1.0 },
        Initializer::Orthogonal => Distribution::Orthogonal { gain: 1.0 },
        Initializer::Uniform => {
            let bound = 1.0 / (columns as f64).sqrt();
            Distribution::Uniform { min: -bound, max: bound }
        }
    };
    distribution.init_with([rows, columns], Some(rows), Some(columns), &Device::flex()).val()
}

/// The distribution of an embedding, as Burn has it.
pub(crate) fn of_embedding(initializer: EmbeddingInitializer) -> Distribution {
    match initializer {
        EmbeddingInitializer::Normal => Distribution::Normal { mean: 0.0, std: 1.0 },
        EmbeddingInitializer::Uniform => Distribution::Uniform { min: -0.05, max: 0.05 },
    }
}
