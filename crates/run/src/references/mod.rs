//! Predictors that a run is to better, or it has learned nothing: constants, repetitions of a series, and a linear model of
//! the same inputs.
//!
//! They stand here, beside the metrics that they are scored by: they need sequences, which `statistics` does not know,
//! and no framework, so that whoever reads a run can compute them. Like a model, they read standardised numbers and
//! answer in them. The score of one is a [`Reference`](crate::Reference); a baseline is a variant that others are compared
//! with.

mod constant;
mod linear;
mod repetition;

pub use constant::{mean, most_frequent_class};
pub use linear::{LinearError, LinearModel, NormalEquations};
pub use repetition::{Repetition, drift, naive, seasonal_naive};
