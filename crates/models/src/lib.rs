//! The gated recurrent networks as Burn modules, for any [`slimgate_gates::Cell`].
//!
//! * [`SlimLstm`]: one layer in one direction.
//! * [`Stack`]: layers of them, in one or both directions, with dropout between.
//! * [`Network`]: an embedding if the input is tokens, a stack, and a linear head.
//!
//! A module holds only the parameters that its cell keeps; the standard LSTM and every simplified variant go
//! through the same code, the same initialisers and the same dropout.

mod initializer;
mod layer;
mod names;
mod network;
mod stack;

pub use layer::{SlimLstm, SlimLstmConfig};
pub use network::{Features, InputKind, Network, NetworkConfig, Readout};
pub use slimgate_kernels::State;
pub use stack::{Stack, StackConfig};
