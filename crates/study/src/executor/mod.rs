//! Where the processes of a study run.

mod local;

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use local::Local;

use crate::StudyError;

/// A place where processes of the program run.
pub(crate) trait Executor {
    /// How many more processes it would take now.
    fn room(&self) -> usize;

    /// Starts one.
    ///
    /// # Errors
    ///
    /// If that is not possible here.
    fn start(&mut self, process: Process) -> Result<(), StudyError>;

    /// What came of them, or nothing within the time given.
    fn next(&mut self, patience: Duration) -> Option<Report>;

    /// Asks all of them to stop as soon as they have saved.
    fn stop(&mut self);
}

/// A process to start.
#[derive(Debug)]
pub(crate) struct Process {
    /// The trial that it works on.
    pub trial: String,
    /// What the program is called with.
    pub arguments: Vec<OsString>,
    /// Held as long as the process lives, whoever started it.
    pub claim: File,
    /// Where its standard error goes.
    pub log: PathBuf,
}

/// What comes of a process.
#[derive(Debug)]
pub(crate) enum Report {
    /// A line on its standard output.
    Line { trial: String, line: String },
    /// Its end; no code where a signal ended it.
    Ended { trial: String, code: Option<i32> },
}
