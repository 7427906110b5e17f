//! Pictures and pages from a study or a run.
//!
//! | module | holds |
//! |---|---|
//! | `study` | the content of a study's page, from its answer to its trials |
//! | `runs` | the content of the page of one or more runs |
//! | `run` | the part of a run folder that is read |
//! | `document`, `table` | the building blocks of a page, independent of its format |
//! | `html`, `markdown` | the two formats of a page |
//! | `pictures` | learning curves, learning rates, trade-offs, differences … as SVG |
//! | `style` | the colour, marker and dash that a variant has in every picture |
//! | `phrases` | results in words, beside the numbers of `slimgate_run::words` |
//! | `csv` | tables for other programs |
//! | `files` | writing all files of a report, or none |
//! | `tensorboard` | event files that TensorBoard reads |
//!
//! HTML and Markdown are two formats of the same blocks. The HTML is self-contained: no network, no fonts, and
//! JavaScript only to sort a table.

mod csv;
mod document;
mod error;
mod files;
mod html;
mod markdown;
mod phrases;
mod pictures;
mod run;
mod runs;
mod study;
mod style;
mod table;
mod tensorboard;

pub use error::ReportError;
pub use files::{write_runs, write_study};
pub use run::Run;
pub use tensorboard::tensorboard;
