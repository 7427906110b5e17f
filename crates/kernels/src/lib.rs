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
//!
//! # Memory
//!
//! Between the forward and the backward pass, the fused kernel keeps the values of the varying parts, `h` and
//! `c` of every step: `4 T B n (p + 2)` bytes for `T` steps, `B` sequences, `n` hidden units and `p` varying
//! parts (4 in the standard LSTM, LSTM1 and LSTM2; 1 in LSTM3), with each row of these filled up to an odd number of
//! 64-byte lines. The chunk being worked on adds about `4 · 128 (4 n + 2 D)` bytes for each shard of 16
//! sequences, `D` being the inputs, and `n` more with dropout, `(p + 2) n` more with recomputation; and each shard has
//! gradients of all weights, `4 w ⌈B / 16⌉` bytes for `w` weights, until they are added up. What a call has worked on
//! waits for the next one, in 256 pieces at most. With
//! [`Recurrence::recompute`] the kernel keeps `h` and `c` before each chunk of 128 rows only, `8 T B n · min(B, 16) / 128` bytes: an eighth of `h` and `c`, and nothing of the parts, for a third
//! more arithmetic.
//!
//! # Instruction sets
//!
//! AVX-512, AVX2 with FMA, or NEON, found at run time, or portable code. The environment variable
//! `SLIMGATE_SIMD` (`avx512`, `avx2`, `neon`, `portable`) asks for less than the machine has; any other word is passed over.

mod autodiff;
mod composed;
mod cpu;
pub mod fused;
mod ops;
pub mod plain;
mod recurrence;

pub use recurrence::{GateActivation, Recurrence, State, Weights, last_hidden, last_state, recurrence};
