//! `slimgate compare`

use std::io::{ErrorKind, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::available_parallelism;

use slimgate_report::write_study;
use slimgate_study::{Options, StudyConfig, Summary, compare};
use slimgate_train::stop_on_signals;
use toml::Value;

use crate::args::CompareArguments;
use crate::commands::study_table::study_table;
use crate::keys::stop_on_q;
use crate::output::{CliError, INTERRUPTED, say, say_json};
use crate::progress::Progress;

/// The study that is run where no file is given.
const DEFAULT: &str = include_str!("../../../../experiments/digits.toml");

pub fn run(arguments: CompareArguments) -> Result<ExitCode, CliError> {
    // First of all, so that from the start a signal ends the command as it should.
    let interrupter = stop_on_signals();
    let (config, folder) = read(&arguments)?;
    let options = Options {
        program: std::env::current_exe().map_err(CliError::Program)?,
        at_once: at_once(&arguments, &config),
    };
    let _keys = stop_on_q(&interrupter);
    let mut progress = Progress::new(arguments.json, std::io::stdout().is_terminal());
    let compared = compare(&folder, config, &options, &interrupter, |event| progress.report(event));
    progress.end();
    let (folder, summary) = compared?;
    write_study(&summary, folder.path())?;
    match conclude(&arguments, folder.path(), &summary) {
        // A reader that went away does not change how the study ended.
        Err(CliError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => (),
        concluded => concluded?,
    }
    if interrupter.should_stop() {
        eprintln!("interrupted; go on with: slimgate compare {}", folder.path().display());
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(ExitCode::SUCCESS)
}

fn conclude(arguments: &CompareArguments, folder: &Path, summary: &Summary) -> Result<(), CliError> {
    if arguments.json {
        return say_json(summary);
    }
    for task in &summary.tasks {
        say(study_table(summary, task))?;
    }
    say(format_args!("page: {}\n", folder.join("report.html").display()))?;
    for note in &summary.answer.notes {
        say(format_args!("- {note}"))?;
    }
    say(format_args!("\n{}", summary.answer.headline))
}

/// The study and its folder: the one that is named, the file that is named, or the default.
fn read(arguments: &CompareArguments) -> Result<(StudyConfig, PathBuf), CliError> {
    let settings = arguments.settings()?;
    let (name, text, folder) = match &arguments.study {
        None => ("the default study".to_owned(), DEFAULT.to_owned(), PathBuf::from("studies/digits")),
        Some(path) if path.is_dir() => {
            let file = path.join("study.toml");
            if !file.is_file() {
                return Err(slimgate_study::StudyError::NotAStudy(path.clone()).into());
            }
            (file.display().to_string(), read_text(&file)?, path.clone())
        }
        Some(path) => {
            let stem = path.file_stem().map_or("study".into(), |stem| stem.to_string_lossy().into_owned());
            (path.display().to_string(), read_text(path)?, Path::new("studies").join(stem))
        }
    };
    let folder = match (&arguments.out, &arguments.dataset) {
        (Some(out), _) => out.clone(),
        // The default study on other data is another study.
        (None, Some(dataset)) if arguments.study.is_none() => Path::new("studies").join(dataset),
        _ => folder,
    };
    Ok((StudyConfig::read(&name, &text, &settings)?, folder))
}

fn read_text(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path)
        .map_err(|source| CliError::Read { path: path.display().to_string(), source })
}

/// As many trials at once as cores allow.
fn at_once(arguments: &CompareArguments, config: &StudyConfig) -> usize {
    let cores = available_parallelism().map_or(1, usize::from);
    let threads = config.base.get("run").and_then(|run| run.get("threads")).and_then(Value::as_integer);
    let of_each = match threads {
        Some(0) | None => cores,
        Some(threads) => threads as usize,
    };
    arguments.jobs.map_or((cores / of_each).max(1), usize::from)
}
