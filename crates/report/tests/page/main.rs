//! Pages, tables and event files as a reader sees them.

mod browser;
mod files;
mod html;
mod metrics;
mod support;
mod tables;
