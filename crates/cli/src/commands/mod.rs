//! One module a command.

pub mod completions;
pub mod data;
pub mod devices;
pub mod evaluate;
pub mod fetch;
pub mod predict;
pub mod train;
pub mod variants;
