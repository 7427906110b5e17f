//! Pages, tables and event files as a reader sees them.

mod browser;
mod files;
mod html;
mod support;
mod tables;
