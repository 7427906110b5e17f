//! A target for fuzzing: whatever a file of a run folder holds, it is read or refused. As a test, it goes through the files
//! in `__fuzz__`, whose first line names the file that the rest stands for, and a second of random bytes;
//! `CONTRIBUTING.md` says how to run it for longer.

use std::fs;
use std::path::Path;

use bolero::check;
use slimgate_data::Preprocessing;

use crate::metric::{LEVELS, Quantiles};
use crate::{RunError, RunFolder, Split};

/// The files of a run, as a run of version 0.1.0 wrote them.
const RUN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/recorded/words-0.1");

const FILES: [&str; 11] = [
    "calibration.json",
    "config.toml",
    "environment.json",
    "evaluation.json",
    "forecasts.csv",
    "manifest.json",
    "metrics.jsonl",
    "outcomes.csv",
    "preprocessing.json",
    "summary.json",
    "timing.json",
];

/// Reads all that there is in a run folder, as whoever resumes, tests or reports the run does.
fn read(folder: &RunFolder) -> Result<(), RunError> {
    folder.config().and_then(|config| {
        assert!(config.optim.epochs > 0, "a checked configuration trains");
        folder.held_config()
    })?;
    let manifest = folder.manifest()?;
    for saved in &manifest.epochs {
        // There is none of the files that a manifest may name.
        assert!(folder.verify(saved).is_err() || saved.files.is_empty());
    }
    let history = folder.history(manifest.epochs.last().map_or(0, |saved| saved.epoch.min(1000)))?;
    let _ = (history.best(), history.has_converged(Some(1)), history.last(Split::Train));
    let _ = (history.epochs_since_best(), history.epochs_since_progress());
    folder.summary()?;
    if let Some(evaluation) = folder.evaluation()? {
        folder.outcomes(&evaluation)?.map(|outcomes| (outcomes.values().len(), outcomes.groups().len()));
        folder.forecasts()?.map(|forecasts| forecasts.stretch("household-power"));
    }
    if let Some(calibration) = folder.calibration(1, &Quantiles::new(&LEVELS), 2)? {
        assert_eq!(calibration.applied(&[0.0; 6]).len(), 6);
    }
    folder.timing()?;
    folder.environment()?;
    folder.preprocessing().map(|preprocessing: Preprocessing| {
        let _ = (preprocessing.input(), preprocessing.tokens(), preprocessing.classes().len());
    })
}

#[test]
fn fuzz_run_folder() {
    let place = tempfile::tempdir().unwrap();
    let folder = || RunFolder::open(place.path());
    check!().for_each(|bytes: &[u8]| {
        // Which file is another than it was: the one that is named, or any.
        let named = bytes.iter().position(|&byte| byte == b'\n');
        let of_name = named.and_then(|end| {
            let file = FILES.into_iter().find(|file| file.as_bytes() == &bytes[..end])?;
            Some((file, &bytes[end + 1..]))
        });
        let any = || (FILES[bytes.first().map_or(0, |&byte| usize::from(byte) % FILES.len())], bytes);
        let (file, content) = of_name.unwrap_or_else(any);
        restore(place.path());
        fs::write(place.path().join(file), content).unwrap();
        if let Err(problem) = folder().and_then(|folder| read(&folder)) {
            assert!(!problem.to_string().is_empty());
        }
    });
}

/// Puts the files of the recorded run into a folder again.
fn restore(folder: &Path) {
    for file in FILES {
        let target = folder.join(file);
        match fs::read(Path::new(RUN).join(file)) {
            Ok(content) => fs::write(target, content).unwrap(),
            Err(_) => _ = fs::remove_file(target),
        }
    }
}
