//! One module a command.

pub mod cancel;
pub mod check;
pub mod compare;
pub mod completions;
pub mod data;
pub mod devices;
mod dry_run;
pub mod evaluate;
pub mod fetch;
pub mod predict;
mod replicate;
pub mod report;
pub mod settings;
pub mod status;
mod study_table;
pub mod time;
pub mod train;
pub mod variants;
pub mod work;
