//! The number of parameters of a model.

use serde::{Deserialize, Serialize};
use slimgate_data::find;
use slimgate_gates::Sizes;

use crate::{Config, RunError};

/// The number of trainable parameters of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// In the recurrent layers, what the published tables count.
    pub recurrent: usize,
    /// In all.
    pub total: usize,
}

/// The trainable parameters in the recurrent layers of a run's model, without building it.
///
/// # Errors
///
/// If the data set is unknown.
pub fn recurrent_parameters(config: &Config) -> Result<usize, RunError> {
    let model = &config.model;
    let inputs = find(&config.data)?.modality.channels().unwrap_or(model.embedding);
    let directions = if model.bidirectional { 2 } else { 1 };
    let layer = |layer: usize| {
        let inputs = if layer == 0 { inputs } else { directions * model.hidden };
        directions * config.cell().parameters(Sizes { inputs, hidden: model.hidden })
    };
    Ok((0..model.layers).map(layer).sum())
}
