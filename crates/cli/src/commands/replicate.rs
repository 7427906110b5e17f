//! `slimgate compare --replicate`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use slimgate_run::words::counted;
use slimgate_run::{StopFlag, quoted, write_atomic};
use slimgate_study::{StudyConfig, StudyError, StudySummary};

use crate::args::CompareArguments;
use crate::commands::compare::compare_once;
use crate::output::{CliError, INTERRUPTED, say, say_json, table, tell};

/// A replicate of a study: the same study with other seeds and splits.
#[derive(Debug, Serialize)]
struct Replicate {
    replicate: u64,
    /// The variant that its headline names.
    variant: Option<String>,
    headline: String,
    /// The conclusion on each variant on each task.
    findings: Vec<Finding>,
    /// Seconds that its trials took, added up.
    trial_seconds: f64,
}

#[derive(Debug, Serialize)]
struct Finding {
    task: String,
    variant: String,
    conclusion: String,
    difference: Option<f64>,
    interval: Option<[f64; 2]>,
    seeds: usize,
}

/// Runs a study so many times with other seeds and splits, each in a folder of its own beside the study's, and says how
/// often the replicates agree.
pub fn replicate(
    arguments: &CompareArguments,
    times: u64,
    config: &StudyConfig,
    folder: &Path,
    stop: &StopFlag,
) -> Result<ExitCode, CliError> {
    let place = place(folder);
    let mut found = Vec::new();
    for (number, (folder, config)) in (1..).zip(replicates(config, folder, times)) {
        if !arguments.json {
            tell(format_args!("replicate {number} of {times}: {}", folder.display()));
        }
        let (folder, summary, failure) = compare_once(arguments, config, &folder, stop)?;
        if stop.should_stop() {
            tell("interrupted; continue with the same command");
            return Ok(ExitCode::from(INTERRUPTED));
        }
        if let Some(failure) = failure {
            return Err(failure.into());
        }
        if arguments.json {
            say_json(&Replicate::new(number, &summary))?;
        } else {
            say(format_args!(
                "{}: {}",
                quoted(&folder.path().display().to_string()),
                summary.answer.headline
            ))?;
        }
        found.push(Replicate::new(number, &summary));
    }
    write(&place, &found)?;
    if !arguments.json {
        conclude(&found)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder of the replicates of a study.
fn place(folder: &Path) -> PathBuf {
    let name = folder.file_name().map_or_else(|| "study".into(), |name| name.to_string_lossy().into_owned());
    folder.with_file_name(format!("{name}-replicates"))
}

/// So many replicates of a study, each with its folder.
pub(super) fn replicates(
    config: &StudyConfig,
    folder: &Path,
    times: u64,
) -> impl Iterator<Item = (PathBuf, StudyConfig)> {
    let place = place(folder);
    (1..=times).map(move |number| (place.join(number.to_string()), config.replicate(number)))
}

impl Replicate {
    fn new(replicate: u64, summary: &StudySummary) -> Replicate {
        let findings = summary.tasks.iter().flat_map(|task| {
            task.comparisons.iter().map(|found| Finding {
                task: task.name.clone(),
                variant: found.variant.clone(),
                conclusion: found.conclusion().to_owned(),
                difference: found.difference,
                interval: found.interval,
                seeds: found.pairs,
            })
        });
        Replicate {
            replicate,
            variant: summary.answer.variant.clone(),
            headline: summary.answer.headline.clone(),
            findings: findings.collect(),
            trial_seconds: summary.trial_seconds,
        }
    }
}

/// Keeps what came of them.
fn write(place: &Path, replicates: &[Replicate]) -> Result<(), CliError> {
    let mut text = serde_json::to_vec_pretty(replicates).expect("replicates have a JSON form");
    text.push(b'\n');
    Ok(write_atomic(&place.join("replicates.json"), &text).map_err(StudyError::from)?)
}

/// How often the replicates agree, verdict by verdict and in their headlines.
fn conclude(replicates: &[Replicate]) -> Result<(), CliError> {
    let mut conclusions: BTreeMap<(&str, &str), BTreeMap<&str, usize>> = BTreeMap::new();
    let mut variants: BTreeMap<&str, usize> = BTreeMap::new();
    for replicate in replicates {
        *variants.entry(replicate.variant.as_deref().unwrap_or("no variant")).or_default() += 1;
        for found in &replicate.findings {
            let of_variant = conclusions.entry((&found.task, &found.variant)).or_default();
            *of_variant.entry(&found.conclusion).or_default() += 1;
        }
    }
    let mut rows = table(["task", "variant", "conclusion", "replicates"]);
    for ((task, variant), found) in conclusions {
        for (conclusion, times) in by_number(found) {
            rows.add_row([task.to_owned(), variant.to_owned(), conclusion.to_owned(), times.to_string()]);
        }
    }
    say(rows)?;
    let of = counted(replicates.len(), "replicate", "replicates");
    let named: Vec<String> =
        by_number(variants).into_iter().map(|(variant, times)| format!("{variant} in {times}")).collect();
    say(format_args!("\nOf {of}, the answer names {}.", named.join(", ")))
}

/// The most frequent first.
fn by_number(counts: BTreeMap<&str, usize>) -> Vec<(&str, usize)> {
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    counts
}
