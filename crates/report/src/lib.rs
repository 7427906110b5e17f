//! Pictures and pages from a study or a run.
//!
//! | module | holds |
//! |---|---|
//! | `study` | what the page of a study says, from its answer to its trials |
//! | `runs` | what the page of some runs says |
//! | `run` | what is read from a run folder |
//! | `document`, `table` | what a page is made of, before it has a form |
//! | `html`, `markdown` | the two forms of a page |
//! | `pictures` | learning curves, learning rates, trade-offs, differences … as SVG |
//! | `style` | the colour, marker and dash that a variant has in every picture |
//! | `words` | numbers as people read them |
//! | `csv` | tables for other programs |
//! | `files` | writing all files of a report, or none |
//! | `tensorboard` | event files that TensorBoard reads |
//!
//! A page says everything once: HTML and Markdown are two forms of the same blocks. The HTML needs nothing but
//! itself: no network, no fonts, and JavaScript only to sort a table.

mod csv;
mod document;
mod error;
mod files;
mod html;
mod markdown;
mod pictures;
mod run;
mod runs;
mod study;
mod style;
mod table;
mod tensorboard;
mod words;

pub use error::ReportError;
pub use files::{write_runs, write_study};
pub use run::Run;
pub use tensorboard::tensorboard;
