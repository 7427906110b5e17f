//! The recurrence of a gated cell over a whole sequence, as one differentiable Burn operation.
//!
//! [`recurrence`] takes a batch of sequences through a cell described by [`slimgate_gates::Cell`]. It is a
//! single node of Burn's autodiff graph, with back-propagation through time written by hand, and it
//! allocates, multiplies and differentiates only the terms that the description keeps.
//!
//! [`plain::recurrence`] computes the same, step by step, in the words of the equations. It is the
//! specification that every implementation of the operation is tested against.
//!
//! | module | holds |
//! |---|---|
//! | `recurrence` | the public function and its types |
//! | `ops` | the operation as a Burn backend extension, and the backends that have it |
//! | `autodiff` | the node of the graph |
//! | `cpu` | the CPU backends' tensors as slices for `fused`, and back |
//! | `fused` | forward and backward on slices |
//! | `composed` | forward and backward made of Burn's own operations, for any backend |
//! | `plain` | the readable twin |

mod autodiff;
mod composed;
mod cpu;
mod fused;
mod ops;
pub mod plain;
mod recurrence;

pub use recurrence::{GateActivation, Recurrence, State, Weights, last_state, recurrence};
