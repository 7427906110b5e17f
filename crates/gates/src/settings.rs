//! The settings of a network beside its cell: the activation of the gates, and the initialisers of the weights.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The function that turns a gate's terms into a number between 0 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GateActivation {
    /// `1 / (1 + exp(-z))`.
    #[default]
    Logistic,
    /// `0.2 z + 0.5`, clamped to 0 and 1: the form that older Keras used.
    HardSigmoid,
}

/// The distribution that a weight matrix is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Initializer {
    /// Uniform in ±√(6 / (rows + columns)) (Glorot and Bengio 2010), each gate's matrix by itself.
    Glorot,
    /// A random orthogonal matrix (Saxe et al. 2014), each gate's matrix by itself.
    Orthogonal,
    /// Uniform in ±1/√(hidden units), as PyTorch draws all weights of its LSTM.
    Uniform,
}

/// The distribution that an embedding is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EmbeddingInitializer {
    /// Normal with mean 0 and standard deviation 1, as Burn and PyTorch draw it.
    Normal,
    /// Uniform in ±0.05, as Keras draws it.
    Uniform,
}
