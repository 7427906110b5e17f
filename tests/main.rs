//! The program as a user runs it: real processes, real files, real data.

mod alarms;
mod backends;
mod checkpoints;
mod fetch;
mod listing;
mod memory;
mod output;
mod own;
mod predict;
mod resume;
#[cfg(target_os = "linux")]
mod slurm;
mod study;
mod support;
mod tables;
mod tasks;
#[cfg(target_os = "linux")]
mod terminal;
mod train;
mod verdicts;
mod words;
mod wrong_use;
