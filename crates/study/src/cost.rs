//! Money.

use serde::{Deserialize, Serialize};

/// What a variant costs, in the study's currency.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cost {
    /// The currency.
    pub currency: String,
    /// One training.
    pub training: f64,
    /// All trainings of a year.
    pub trainings_a_year: f64,
    /// All predictions of a year.
    pub predictions_a_year: f64,
    /// What is saved a year against the baseline, where that has a cost.
    pub saved_a_year: Option<f64>,
}
