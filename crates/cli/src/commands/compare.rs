//! `slimgate compare`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::available_parallelism;

use serde::Serialize;
use slimgate_data::short_name;
use slimgate_report::write_study;
use slimgate_run::words::counted;
use slimgate_run::{StopFlag, quoted, stop_on_signals};
use slimgate_study::{Options, StudyConfig, StudyError, StudyFolder, StudySummary, compare, scheduled_jobs};
use slimgate_train::require_built;

use crate::args::CompareArguments;
use crate::commands::dry_run::dry_run;
use crate::commands::replicate::{replicate, replicates};
use crate::commands::study_table::{cost_table, study_table};
use crate::keys::stop_on_q;
use crate::output::{CliError, INTERRUPTED, heard_or_not, read_text, say, say_json, shows_pictures, tell};
use crate::progress::Progress;

/// The study that is run where no file is given.
const DEFAULT: &str = include_str!("../../../../experiments/digits.toml");

pub fn run(arguments: CompareArguments) -> Result<ExitCode, CliError> {
    // First of all, so that from the start a signal ends the command as it should.
    let stop = stop_on_signals();
    let (config, folder) = read(&arguments)?;
    for backend in config.backends()? {
        require_built(backend)?;
    }
    if config.variants().len() == 1 {
        tell("warning: there is only one variant, so nothing to compare it with; add the baseline");
    }
    if arguments.dry_run {
        let options = options(&arguments, &config)?;
        let studies = match arguments.replicate {
            Some(times) => replicates(&config, &folder, times).collect(),
            None => vec![(folder, config)],
        };
        dry_run(&studies, &options, &stop, arguments.json)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(times) = arguments.replicate {
        return replicate(&arguments, times, &config, &folder, &stop);
    }
    let is_scheduled = config.is_scheduled();
    let (study, summary, failure) = compare_once(&arguments, config, &folder, &stop)?;
    heard_or_not(conclude(&arguments, study.path(), &summary))?;
    if stop.should_stop() {
        let folder = quoted(&study.path().display().to_string());
        let jobs = if is_scheduled { scheduled_jobs(&study).unwrap_or_default().count() } else { 0 };
        if jobs > 0 {
            let jobs = counted(jobs, "job of the study stays", "jobs of the study stay");
            tell(format_args!("{jobs} with Slurm, where `slimgate cancel {folder}` ends them"));
        }
        tell(format_args!("interrupted; continue with: slimgate compare {folder}"));
        return Ok(ExitCode::from(INTERRUPTED));
    }
    failure.map_or(Ok(ExitCode::SUCCESS), |failure| Err(failure.into()))
}

/// Runs a study, or continues it, and writes its pages.
pub(super) fn compare_once(
    arguments: &CompareArguments,
    config: StudyConfig,
    folder: &Path,
    stop: &StopFlag,
) -> Result<(StudyFolder, StudySummary, Option<StudyError>), CliError> {
    let options = options(arguments, &config)?;
    let keys = stop_on_q(stop);
    let protocol = config.protocol();
    let mut progress = Progress::new(arguments.json, shows_pictures(), keys.are_heard(), protocol);
    let compared = compare(folder, config, &options, stop, |event| progress.report(event));
    progress.end();
    let (folder, summary, failure) = compared?;
    write_study(&summary, folder.path())?;
    Ok((folder, summary, failure))
}

/// The workers of a study.
fn options(arguments: &CompareArguments, config: &StudyConfig) -> Result<Options, CliError> {
    let program = std::env::current_exe().map_err(CliError::Program)?;
    Ok(Options { program, at_once: at_once(arguments, config) })
}

/// The last line, for machines.
#[derive(Serialize)]
struct Ended<'a> {
    event: &'static str,
    #[serde(flatten)]
    summary: &'a StudySummary,
}

fn conclude(arguments: &CompareArguments, folder: &Path, summary: &StudySummary) -> Result<(), CliError> {
    if arguments.json {
        return say_json(&Ended { event: "ended", summary });
    }
    for task in &summary.tasks {
        say(study_table(summary, task))?;
        cost_table(task).map_or(Ok(()), say)?;
    }
    say(format_args!("page: {}\n", folder.join("report.html").display()))?;
    for note in &summary.answer.notes {
        say(format_args!("- {note}"))?;
    }
    if arguments.explain {
        say("\nThe reasoning:")?;
        for text in &summary.answer.explanation {
            say(format_args!("- {text}"))?;
        }
    }
    say(format_args!("\n{}", summary.answer.headline))
}

/// The study and its folder: the one that is named, the file that is named, or the default.
fn read(arguments: &CompareArguments) -> Result<(StudyConfig, PathBuf), CliError> {
    let settings = arguments.settings()?;
    // `home` is the folder that the study's file lies in.
    let (name, text, home, folder) = match &arguments.study {
        None => {
            let (name, folder) = ("the default study".to_owned(), PathBuf::from("studies/digits"));
            (name, DEFAULT.to_owned(), Path::new(""), folder)
        }
        Some(path) if path.is_dir() => {
            let file = path.join("study.toml");
            StudyFolder::open(path)?;
            (file.display().to_string(), read_text(&file)?, path.as_path(), path.clone())
        }
        Some(path) => {
            let stem = path.file_stem().map_or("study".into(), |stem| stem.to_string_lossy().into_owned());
            let home = path.parent().unwrap_or(Path::new(""));
            (path.display().to_string(), read_text(path)?, home, Path::new("studies").join(stem))
        }
    };
    let folder = match (&arguments.out, &arguments.dataset) {
        (Some(out), _) => out.clone(),
        // The default study on other data is another study.
        (None, Some(dataset)) if arguments.study.is_none() => Path::new("studies").join(short_name(dataset)),
        _ => folder,
    };
    // The file of a study's folder, too: what an earlier version did not write there is as it was then.
    let is_of_folder = |file: &Path| {
        file.file_name().is_some_and(|name| name == "study.toml") && file.with_file_name("trials").is_dir()
    };
    let recorded = arguments.study.as_ref().is_some_and(|path| path.is_dir() || is_of_folder(path));
    let read = if recorded { StudyConfig::read_recorded } else { StudyConfig::read };
    let moved = match &arguments.dataset {
        // The flags begin with this one.
        Some(place) if home == folder => moved(read(&name, &text, &settings[1..])?, place)?,
        _ => None,
    };
    let mut config = moved.map_or_else(|| read(&name, &text, &settings), Ok)?;
    config.find_published(home)?;
    Ok((config, folder))
}

/// The study with its data in another place, where it is one folder of the user's own.
fn moved(mut config: StudyConfig, place: &str) -> Result<Option<StudyConfig>, CliError> {
    Ok(config.move_data(place)?.then_some(config))
}

/// As many trials at once as cores allow.
fn at_once(arguments: &CompareArguments, config: &StudyConfig) -> usize {
    let cores = available_parallelism().map_or(1, usize::from);
    let of_each = match config.threads() {
        0 => cores,
        threads => threads,
    };
    arguments.jobs.map_or((cores / of_each).max(1), usize::from)
}
