//! Sequence data sets: the samples that ship, those that are [`fetch`]ed, files of the user's own, and the way
//! from each to batches.
//!
//! A [`DataConfig`] names a data set of the [`catalog`]; [`prepare`] reads it, splits off a validation set,
//! fits a [`Preprocessing`] on the training set alone and applies it to all three. A stored preprocessing
//! serves later: [`prepare_with`] to resume a run, [`read_inputs`] to predict on other files.

mod batch;
mod catalog;
mod checksum;
mod config;
mod error;
mod examples;
mod fetch;
mod file;
mod format;
mod image;
mod inputs;
mod length;
mod origin;
mod prepare;
mod preprocessing;
mod recipe;
mod sequence;
mod shuffle;
mod split;
mod standardizer;
mod store;
mod vocabulary;

pub use batch::{Batch, BatchInput, epoch_order};
pub use catalog::{Entry, Presence, Set, catalog, find, find_set};
pub use config::{DataConfig, Standardize, Validation};
pub use error::DataError;
pub use fetch::{FetchProgress, fetch};
pub use image::Layout;
pub use inputs::{Input, read_inputs};
pub use length::{Keep, Pad};
pub use origin::{Archive, Origin, Provider};
pub use prepare::{Prepared, prepare, prepare_with};
pub use preprocessing::{InputKind, Preprocessing};
pub use recipe::{File, Modality, Recipe, SetFiles, Source};
pub use sequence::{Sequence, Steps};
pub use store::Store;
