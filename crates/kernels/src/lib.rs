//! The recurrence of a gated cell over a whole sequence, as one differentiable Burn operation.
//!
//! [`recurrence`] runs a batch of sequences through a cell described by [`slimgate_gates::Cell`]. It is a single node
//! of Burn's autodiff graph, with back-propagation through time written by hand, and it allocates, multiplies and
//! differentiates only the terms that the description keeps.
//!
//! [`plain::recurrence`] computes the same step by step, as the equations are written. It is the specification that
//! every implementation of the operation is tested against.
//!
//! | module | holds |
//! |---|---|
//! | `recurrence` | the public function and its types |
//! | `weights` | the four kinds of weights |
//! | `ops` | the operation as a Burn backend extension, and the backends that have it |
//! | `autodiff` | the node of the graph |
//! | `cpu` | the CPU backends' tensors as slices for `fused`, and back |
//! | `fused` | forward and backward on slices |
//! | `composed` | forward and backward composed of Burn's own operations, for any backend |
//! | `plain` | the reference implementation, the readable twin |
//!
//! # Memory
//!
//! Memory of the fused kernel in training, in bytes, for `T` steps, `B` sequences, `D` inputs, `n` hidden units, `w`
//! weights and `p` varying parts (4 in the standard LSTM, LSTM1 and LSTM2; 1 in LSTM3):
//!
//! | memory | bytes |
//! |---|---|
//! | activations saved for the backward pass: the varying parts, `h` and `c` of every step | `4 T B n (p + 2)` |
//! | with [`Recurrence::recompute`] instead: `h` and `c` before each chunk | `8 T B n · min(B, 16) / 128` |
//! | working memory of a shard of 16 sequences: a chunk of 128 rows, about | `4 · 128 (4 n + 2 D)` |
//! | … with dropout, in addition | `4 · 128 n` |
//! | … with recomputation, in addition | `4 · 128 n (p + 2)` |
//! | weight gradients of all shards, until they are added up | `4 w ⌈B / 16⌉` |
//!
//! A row of activations or of working memory is padded to an odd number of 64-byte cache lines. Recomputation costs a
//! third more arithmetic. Buffers are kept for the next call, 256 of them at most.
//!
//! # Instruction sets
//!
//! AVX-512, AVX2 with FMA, or NEON, found at run time, or portable code. The environment variable `SLIMGATE_SIMD`
//! (`avx512`, `avx2`, `neon`, `portable`) asks for less than the machine has; any other value is ignored.

mod autodiff;
mod composed;
mod cpu;
pub mod fused;
mod ops;
pub mod plain;
mod recurrence;
mod weights;

pub use recurrence::{Recurrence, Sequences, State, last_hidden, recurrence};
pub use weights::{TensorWeights, Weights};
