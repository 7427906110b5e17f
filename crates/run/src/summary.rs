//! The result of a run: `summary.json`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::metric::Metric;
use crate::{EpochMetrics, Parameters, RunError};

/// The form that version 0.1.0 wrote, without its number.
const FIRST: u32 = 1;

/// The state of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Its process works on it, or ended without being able to say how.
    Running,
    /// It trained all its epochs, or stopped early as it was told to.
    Complete,
    /// Its loss became infinite or NaN.
    Diverged,
    /// It was asked to stop; it can be resumed.
    Interrupted,
    /// An error stopped it; it can be resumed once the cause is gone.
    Failed,
}

/// The result of a run: the content of `summary.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The form of the file: [`RunSummary::VERSION`], or an earlier one.
    #[serde(default = "first")]
    pub version: u32,
    /// Its state.
    pub status: Status,
    /// The data set.
    pub dataset: String,
    /// The cell's name, or its gate terms.
    pub variant: String,
    /// The cell's gate terms.
    pub gates: String,
    /// Trainable parameters.
    pub parameters: Parameters,
    /// The metric that choices are made by.
    #[serde(default)]
    pub metric: Metric,
    /// Complete epochs.
    pub epochs: usize,
    /// The epoch that did best on the validation set.
    pub best: Option<EpochMetrics>,
    /// The last epoch on the validation set.
    #[serde(rename = "final")]
    pub last: Option<EpochMetrics>,
    /// True if it had converged ([`History::has_converged`]). Nothing in summaries of version 0.1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converged: Option<bool>,
    /// Seconds of training and validation, over all epochs.
    pub seconds: f64,
    /// The most memory that the process held, where the system tells it.
    pub peak_memory_bytes: Option<u64>,
}

impl RunSummary {
    /// The form that this version of the program writes, and the newest that it reads.
    pub const VERSION: u32 = 2;
}

fn first() -> u32 {
    FIRST
}

/// Refuses the text of a summary, of a run or of a study, that is of a newer form than is known here.
///
/// # Errors
///
/// If it is.
pub fn refuse_newer(path: &Path, text: &str, known: u32) -> Result<(), RunError> {
    /// As much of it as every version has.
    #[derive(Deserialize)]
    struct Form {
        #[serde(default = "first")]
        version: u32,
    }
    // Whoever reads the rest says what is wrong with a text that is none.
    match serde_json::from_str::<Form>(text) {
        Ok(Form { version }) if version > known => {
            Err(RunError::Newer { path: path.to_owned(), version, known })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RunFolder;

    /// A run of version 0.1.0.
    const OLD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/recorded/words-0.1");

    #[test]
    fn a_summary_without_a_version_is_of_the_first_and_read() {
        let summary = RunFolder::open(Path::new(OLD)).unwrap().summary().unwrap().unwrap();
        assert_eq!((summary.version, summary.status), (FIRST, Status::Complete));
    }

    #[test]
    fn a_summary_of_a_newer_form_is_refused_by_its_version() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("config.toml"), "").unwrap();
        let path = place.path().join("summary.json");
        let folder = RunFolder::open(place.path()).unwrap();
        std::fs::write(&path, r#"{ "version": 3, "status": { "of": "a form to come" } }"#).unwrap();
        let refusal = folder.summary().unwrap_err().to_string();
        let said = [path.to_str().unwrap(), "newer version of slimgate", "format is 3", "up to 2"];
        assert!(said.iter().all(|said| refusal.contains(said)), "{refusal}");
    }
}
