//! Many runs: grids and searches, where they execute, statistics.

mod summary;

pub use summary::*;
