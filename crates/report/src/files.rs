//! All files of a report, or none: each is whole before any takes its place.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use slimgate_study::Summary;
use tempfile::TempPath;

use crate::{ReportError, Run, csv, runs, study};

/// Writes the report of a study into a folder: `report.html`, `report.md` with its `pictures`, `variants.csv`,
/// `comparisons.csv` and `trials.csv`. Returns what was written.
///
/// # Errors
///
/// If the folder cannot be made or written, in which case no file of it has changed unless the disk failed between
/// two renames.
pub fn write_study(summary: &Summary, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let mut files = vec![
        ("report.html".to_owned(), study::study_page(summary)),
        ("report.md".to_owned(), study::study_markdown(summary)),
        ("variants.csv".to_owned(), csv::variants_csv(summary)),
        ("comparisons.csv".to_owned(), csv::comparisons_csv(summary)),
        ("trials.csv".to_owned(), csv::trials_csv(summary)),
    ];
    files.extend(study::study_pictures(summary));
    write_all(folder, &files)
}

/// Writes the report of runs into a folder: `report.html`, `report.md` with its `pictures`, and `epochs.csv`. Returns
/// what was written.
///
/// # Errors
///
/// If there is no run, or the folder cannot be made or written.
pub fn write_runs(runs: &[Run], folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    if runs.is_empty() {
        return Err(ReportError::NoRuns);
    }
    let mut files = vec![
        ("report.html".to_owned(), runs::runs_page(runs)),
        ("report.md".to_owned(), runs::runs_markdown(runs)),
        ("epochs.csv".to_owned(), csv::epochs_csv(runs)),
    ];
    files.extend(runs::runs_pictures(runs));
    write_all(folder, &files)
}

/// Writes files by their place in a folder, each whole before any takes its place.
pub(crate) fn write_all(
    folder: &Path,
    files: &[(impl AsRef<Path>, impl AsRef<[u8]>)],
) -> Result<Vec<PathBuf>, ReportError> {
    let mut drafts = vec![];
    for (name, content) in files {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(failed(parent))?;
        // That a folder has the place would be found out only after the files before it.
        if path.is_dir() {
            return Err(failed(&path)(std::io::ErrorKind::IsADirectory.into()));
        }
        drafts.push((draft(&path, content.as_ref())?, path));
    }
    drafts
        .into_iter()
        .map(|(draft, path)| {
            draft.persist(&path).map_err(|error| failed(&path)(error.error))?;
            Ok(path)
        })
        .collect()
}

/// A file beside the place that it is to take, with all its content on the disk. It is closed: of a thousand runs a
/// process may not have all files open at once.
fn draft(path: &Path, content: &[u8]) -> Result<TempPath, ReportError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let whole = || {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".tmp");
        // As readable as anything that the user makes.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        Ok(file.into_temp_path())
    };
    whole().map_err(failed(path))
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> ReportError + use<> {
    let path = path.to_owned();
    move |source| ReportError::Write { path: path.clone(), source }
}
