//! One reader a file format. Each takes what the file holds and its name for messages, and never panics.

mod delimited;
mod dialect;
pub(crate) mod idx;
mod json_lines;
pub(crate) mod numpy;
#[cfg(feature = "parquet")]
mod parquet;
pub(crate) mod png;
mod quotes;
pub(crate) mod rated;
pub(crate) mod table;
mod taken_in;
pub(crate) mod texts;
pub(crate) mod ts;
pub(crate) mod ucr;
