//! Sequence data sets: the samples that ship, those that are [`fetch`]ed, files of the user's own, and the way
//! from each to batches.
//!
//! A [`DataConfig`] names a data set of the [`catalog`], or the user's own: the path of a folder, such as `./pumps`, that
//! holds `train.csv` and `test.csv`, or `train.ts` and `test.ts`, or that of one table, which is divided; [`Columns`] says
//! which of a table's columns are no channels. [`find`] makes an [`Entry`] of either. [`prepare`]
//! reads it, splits off a validation set, fits a [`Preprocessing`] on the training set alone and applies it to all
//! three. A stored preprocessing serves later: [`prepare_with`] to resume a run, [`read_inputs`] to predict on other
//! files, for which the data set itself is not needed. Of the user's own data, a [`Survey`] says what it holds, and [`findings`]
//! what should be known before training on it.

mod answers;
mod backtest;
mod batch;
mod catalog;
mod checksum;
mod columns;
mod config;
mod error;
mod examples;
mod far;
mod fetch;
mod file;
mod forecast;
mod format;
#[cfg(test)]
mod fuzz;
mod group;
mod image;
mod inputs;
mod labels;
mod length;
mod missing;
mod origin;
mod own;
mod pieces;
mod places;
mod prepare;
mod preprocessing;
mod recipe;
mod sequence;
mod shuffle;
mod split;
mod stamps;
mod standardizer;
mod store;
mod stream;
mod survey;
mod task;
mod tokens;
mod unknown;
mod vocabulary;

pub use backtest::{Backtest, BacktestError, NoPart};
pub use batch::{Batch, BatchInput, Targets, epoch_order};
pub use catalog::{Entry, Presence, Set, catalog, find, find_set, source, units};
pub use columns::Columns;
pub use config::{DataConfig, Protocol, Standardize, TestSet};
pub use error::{ArchiveError, DataError};
pub use fetch::{FetchProgress, fetch};
pub use forecast::{Windows, seasonal_naive_error};
pub use image::Layout;
pub use inputs::{Input, Inputs, read_inputs};
pub use length::{Keep, Pad};
pub use missing::Missing;
pub use origin::{Archive, Origin, Provider};
pub use own::{is_folder, short_name, whole_path};
pub use places::WindowPlace;
pub use prepare::{
    Prepared, TargetSeries, check_division, check_unchanged, prepare, prepare_with, training_steps,
    validation_sequences,
};
pub use preprocessing::{InputKind, Preprocessing};
pub use recipe::{File, Modality, Recipe, SetFiles, Source, Units};
pub use sequence::{Sequence, Steps, Target};
pub use store::Store;
pub use stream::InputStream;
pub use survey::{
    ChannelRange, ClassCount, FEW_VALIDATION_SEQUENCES, FillValue, Finding, MissingValues, Survey, findings,
    standard_error,
};
pub use task::Task;
pub use tokens::TokenRule;
pub use unknown::unknown_in;
