//! The definition of a cell: the signals that each gate of an LSTM reads.
//!
//! An LSTM's gates each read an input signal `x`, a hidden-unit signal `h` and a bias `b`. Lu (2016) and Lu and Salem
//! (2017) left some of them out. Here a cell is a value, not code: [`Cell`] lists the terms of the three gates and of
//! the candidate, and everything else (equations, parameter counts, allocations and products) is derived from it.
//!
//! ```
//! use slimgate_gates::{Cell, Sizes, variant};
//!
//! let slim: Cell = variant("lstm1").unwrap().cell();
//! assert_eq!(slim, "hb".parse().unwrap());
//! assert_eq!(slim.parameters(Sizes { inputs: 28, hidden: 50 }), 11_600);
//! ```
//!
//! This crate depends on no framework.

mod cell;
mod equations;
mod form;
mod parameters;
mod settings;
mod variants;

pub use cell::{Cell, Gate, Hidden, PARTS, Part, Terms};
pub use equations::equations;
pub use form::{ParseCellError, looks_like_gate_terms};
pub use parameters::{Formula, Sizes};
pub use settings::{EmbeddingInitializer, GateActivation, Initializer};
pub use variants::{UnknownVariant, VARIANTS, Variant, name_of, variant};
