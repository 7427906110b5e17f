//! All files of a report, or none: each is complete before any is moved into place.

use std::fs;
use std::path::{Path, PathBuf};

use slimgate_run::stage_file;
use slimgate_study::StudySummary;

use crate::{ReportError, Run, csv, html, markdown, runs, study};

/// Writes the report of a study into a folder: `report.html`, `report.md` with its `pictures`, `variants.csv`,
/// `comparisons.csv` and `trials.csv`. Returns what was written; pictures that only an earlier report had are removed.
///
/// # Errors
///
/// If the folder cannot be made or written, in which case no file of it has changed unless the disk failed between
/// two renames.
pub fn write_study(summary: &StudySummary, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    // Rendered once, because its pictures take most of the time.
    let page = study::document(summary);
    let mut files = vec![
        ("report.html".to_owned(), html::page(&page)),
        ("report.md".to_owned(), markdown::page(&page)),
        ("variants.csv".to_owned(), csv::variants_csv(summary)),
        ("comparisons.csv".to_owned(), csv::comparisons_csv(summary)),
        ("trials.csv".to_owned(), csv::trials_csv(summary)),
    ];
    files.extend(markdown::pictures(&page));
    write_report(folder, &files)
}

/// Writes the report of runs into a folder: `report.html`, `report.md` with its `pictures`, `epochs.csv` and
/// `runs.json`. Returns what was written; pictures that only an earlier report had are removed.
///
/// # Errors
///
/// If there is no run, or the folder cannot be made or written.
pub fn write_runs(runs: &[Run], folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    if runs.is_empty() {
        return Err(ReportError::NoRuns);
    }
    let page = runs::document(runs);
    let mut files = vec![
        ("report.html".to_owned(), html::page(&page)),
        ("report.md".to_owned(), markdown::page(&page)),
        ("epochs.csv".to_owned(), csv::epochs_csv(runs)),
        ("runs.json".to_owned(), serde_json::to_string_pretty(runs).expect("runs have a JSON form") + "\n"),
    ];
    files.extend(markdown::pictures(&page));
    write_report(folder, &files)
}

/// Writes the files of a report, and removes the pictures that only the previous report showed.
fn write_report(folder: &Path, files: &[(String, String)]) -> Result<Vec<PathBuf>, ReportError> {
    let earlier = fs::read_to_string(folder.join("report.md")).unwrap_or_default();
    let written = write_all(folder, files)?;
    for path in markdown::shown(&earlier).map(|picture| folder.join(picture)) {
        if path.is_file() && !written.contains(&path) {
            fs::remove_file(&path).map_err(failed(&path))?;
        }
    }
    Ok(written)
}

/// Writes files by their path in a folder, each complete before any is moved into place.
pub(crate) fn write_all(
    folder: &Path,
    files: &[(impl AsRef<Path>, impl AsRef<[u8]>)],
) -> Result<Vec<PathBuf>, ReportError> {
    let mut staged = vec![];
    for (name, content) in files {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(failed(parent))?;
        // Otherwise a folder of that name would be noticed only after earlier files were moved.
        if path.is_dir() {
            return Err(failed(&path)(std::io::ErrorKind::IsADirectory.into()));
        }
        staged.push((stage_file(&path, content.as_ref()).map_err(failed(&path))?, path));
    }
    staged
        .into_iter()
        .map(|(file, path)| {
            file.persist(&path).map_err(|error| failed(&path)(error.error))?;
            Ok(path)
        })
        .collect()
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> ReportError + use<> {
    let path = path.to_owned();
    move |source| ReportError::Write { path: path.clone(), source }
}
