//! Errors of a study, each with a remedy.

use std::path::{Path, PathBuf};

use slimgate_gates::ParseCellError;
use slimgate_run::words::{counted, plural};
use slimgate_run::{ConfigError, RunError, quoted};
use thiserror::Error;

use crate::config::TEST;
use crate::slurm::{refusal, remedy};

/// The setting of the study by which it sets one of its trials, where there is one.
fn by(key: &str) -> &'static str {
    if key == TEST { ", as `compare.resample` says" } else { "" }
}

/// An error that keeps a study from starting, continuing or being read.
#[derive(Debug, Error)]
pub enum StudyError {
    /// A setting of the trials.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A run folder, or what is in it.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A data set.
    #[error(transparent)]
    Data(#[from] slimgate_data::DataError),
    /// A variant that is neither a name nor gate terms.
    #[error("cannot parse the gate terms: {0}")]
    Gates(#[from] ParseCellError),
    /// A section that is a value.
    #[error("`{0}` is a section of a study; write `[{0}]`")]
    Section(String),
    /// A section that does not read.
    #[error("[{section}] cannot be used: {problem}")]
    Part {
        /// Its name.
        section: String,
        /// The problem, in the parser's words.
        problem: String,
    },
    /// A grid key without a list.
    #[error("[grid] takes lists of values: write `{0} = [ ... ]`, or move a single value out of [grid]")]
    NoList(String),
    /// A grid key with an empty list.
    #[error("`{0}` in [grid] has no values; give at least one")]
    NoValues(String),
    /// A grid key with a value that stands there twice.
    #[error("`{0}` in [grid] lists a value twice; keep one of them")]
    Repeated(String),
    /// Two variants that are one cell.
    #[error("`{one}` and `{other}` are the same cell; keep one of them")]
    SameCell {
        /// One.
        one: String,
        /// The other.
        other: String,
    },
    /// A range that is not one.
    #[error(
        "`{0}` in [search.ranges] is not a range; write `{{ log = [1e-5, 1e-1] }}` (above 0), `{{ linear = [0.0, 0.5] }}`, \
         `{{ integer = [16, 256] }}` or `{{ choice = [\"adam\", \"rmsprop\"] }}`, the lower end first"
    )]
    Range(String),
    /// A key in the grid and among the ranges.
    #[error("`{0}` is both in [grid] and in [search.ranges]; keep one")]
    Twice(String),
    /// A setting that the study makes itself.
    #[error("`{key}` is set by the study itself for each trial{by}; remove it", key = .0, by = by(.0))]
    Own(String),
    /// A test set that cannot be drawn anew.
    #[error(
        "`compare.resample` = \"test\" does not suit {dataset}, {why}: write \"validation\" to test on the sequences that are \
         given"
    )]
    FixedTest {
        /// The data set.
        dataset: String,
        /// The reason.
        why: String,
    },
    /// A validation set that is not the protocol's.
    #[error("`data.validation = \"{contrary}\"` contradicts `compare.protocol`; remove it, or, {remedy}")]
    Protocol {
        /// The value of the setting.
        contrary: &'static str,
        /// The setting to write instead.
        remedy: &'static str,
    },
    /// A setting that is crossed, not drawn.
    #[error("`{key}` cannot be searched: list it under [grid], {why}")]
    NotSearched {
        /// Its key.
        key: &'static str,
        /// The purpose of the list.
        why: &'static str,
    },
    /// Fewer seeds to compare with than settings are chosen with.
    #[error(
        "`compare.seeds` (--seeds) is {seeds}, but [grid] lists {of_grid} seeds, which are all compared: set {of_grid} \
         or more, or list fewer in `grid.run.seed`"
    )]
    FewerSeeds {
        /// The seeds that were asked for.
        seeds: usize,
        /// Those of the grid.
        of_grid: usize,
    },
    /// A value that cannot be used.
    #[error("`{key}` cannot be used: {remedy}")]
    Value {
        /// Its key.
        key: &'static str,
        /// The values that it may have.
        remedy: &'static str,
    },
    /// A baseline that is not among the variants.
    #[error(
        "the baseline `{baseline}` is not one of the variants {variants}; set `compare.baseline` to one of them"
    )]
    Baseline {
        /// The baseline.
        baseline: String,
        /// The variants.
        variants: String,
    },
    /// A section that neither runs nor studies have.
    #[error(
        "there is no section [{section}]{}; a study has [data], [model], [optim], [run], [grid], [search], [compare], [cost] \
         and [launch]",
        did_you_mean(nearest)
    )]
    UnknownSection {
        /// Its name.
        section: String,
        /// The most similar one.
        nearest: Option<&'static str>,
    },
    /// A key outside all sections.
    #[error(
        "there is no setting `{key}` outside a section{}; a study has [data], [model], [optim], [run], [grid], [search], \
         [compare], [cost] and [launch]",
        meant.as_ref().map(|(name, section)| format!(" (did you mean `{name}` in [{section}]?)")).unwrap_or_default()
    )]
    NoSection {
        /// The key.
        key: String,
        /// The most similar one in a section, with that.
        meant: Option<(String, String)>,
    },
    /// Other settings than those with which another process works on the study at this time.
    #[error(
        "another process works on {} with other settings (they differ in {differing}); wait until it has ended, or stop \
         it, then run this command again",
        folder.display()
    )]
    WorkedOn {
        /// The folder.
        folder: PathBuf,
        /// The settings that differ, by key.
        differing: String,
    },
    /// No size of a variant matches.
    #[error(
        "no hidden size of `{0}` matches the baseline's; use another `model.hidden` or leave out `compare.match`"
    )]
    NoMatch(String),
    /// The folder is not a study.
    #[error("{} is not a study folder (it has no study.toml); {}", .0.display(), studies_in(.0))]
    NotAStudy(PathBuf),
    /// The file of a study's folder, or what stands in it, is wrong.
    #[error("{name}: {problem}")]
    InFile {
        /// The file.
        name: String,
        /// The problem with it.
        problem: Box<StudyError>,
    },
    /// The folder holds a study with other settings.
    #[error(
        "{} already holds a different study (it differs in {differing}); choose another folder with --out, or remove \
         that study",
        folder.display()
    )]
    Another {
        /// The folder.
        folder: PathBuf,
        /// The settings that differ, by key.
        differing: String,
    },
    /// Data of the user's own that is no longer what trials of the study were trained on.
    #[error(
        "{data} is not, or no longer, the data that trials of {} were trained on ({file} differs); restore the file, \
         name the folder that has it with --dataset, or give the study a new folder with --out",
        study.display()
    )]
    ChangedData {
        /// The study's folder.
        study: PathBuf,
        /// The folder of the data.
        data: String,
        /// The file in it.
        file: String,
    },
    /// The folder holds a study that cannot be read.
    #[error(
        "{} exists but cannot be used ({problem}); fix it, or choose another folder for this study with --out",
        path.display()
    )]
    Unreadable {
        /// Its file.
        path: PathBuf,
        /// The problem with it.
        problem: Box<StudyError>,
    },
    /// One of Slurm's programs that does not start.
    #[error(
        "cannot run `{program}`: {source}; run the command on a login node of the cluster, or without a [launch] section \
         and `--launcher slurm`"
    )]
    NoSlurm {
        /// Its name.
        program: &'static str,
        /// The system's error.
        source: std::io::Error,
    },
    /// One of Slurm's programs that failed.
    #[error("`{program}` failed: {words}; try again once Slurm's controller answers")]
    Slurm {
        /// Its name.
        program: &'static str,
        /// Its words.
        words: String,
    },
    /// Jobs that Slurm does not take.
    #[error("{}: {words}; {}", refusal(words), remedy(words))]
    Refused {
        /// Its words.
        words: String,
    },
    /// Jobs that do not end although they were cancelled.
    #[error("{} cancelled but did not end; try again later", counted(*left, "job was", "jobs were"))]
    NotCancelled {
        /// Their number.
        left: usize,
    },
    /// A program could not be started.
    #[error("cannot start a trial: {0}; check the limits on processes and memory")]
    Start(std::io::Error),
    /// A step could not be measured before the study began: what the process that tried said, or how it ended.
    #[error("{0}")]
    NotMeasured(String),
    /// Trials failed.
    #[error(
        "{} of the study failed{}: {first}\nfix the cause, then run the same command again to continue",
        counted(*failed, "trial", "trials"),
        plural(*failed, "", "; the first")
    )]
    Failed {
        /// Number of trials that failed.
        failed: usize,
        /// The first one's message.
        first: String,
    },
    /// The chosen trials ran, but their steps could not be timed.
    #[error(
        "the chosen trials could not be timed: {0}\nfix the cause, then run the same command again to continue"
    )]
    NotTimed(String),
    /// A file of published figures that does not read.
    #[error(
        "cannot use the published figures in {}: {problem}; `compare.published.file` is a CSV file beside the study's, \
         with the columns task, variant, eta0, best_test_METRIC and params",
        path.display()
    )]
    Published {
        /// The file.
        path: PathBuf,
        /// The problem.
        problem: String,
    },
    /// Trials that cannot be compared with one another.
    #[error(
        "the trials of the study are scored by different metrics, {one} and {other}; give each kind of data a study of its \
         own"
    )]
    Metrics {
        /// The metric of some.
        one: String,
        /// The metric of others.
        other: String,
    },
    /// Tasks whose trials would be scored by different metrics.
    #[error(
        "the trials of the study would be scored by different metrics, {one} and {other}; {}",
        match common.as_str() {
            "" => "give each kind of data a study of its own".to_owned(),
            common => format!("set `run.metric` to one that all of them have ({common}), or give each a study of its own"),
        }
    )]
    TasksScored {
        /// The metric of some, and their task.
        one: String,
        /// The metric of others, and their task.
        other: String,
        /// The metrics that both have.
        common: String,
    },
    /// A requirement that does not read.
    #[error("cannot read the requirement \"{0}\"; {1}")]
    Requirement(String, String),
    /// A requirement about what the study does not have.
    #[error("the requirement \"{requirement}\" names {name}, which is not in the study (it has {known})")]
    NotInStudy {
        /// The requirement, as it was written.
        requirement: String,
        /// The variant or task that it names.
        name: String,
        /// Those of the study.
        known: String,
    },
}

/// The studies in a folder that is none, such as the replicates of one, or where there are some.
fn studies_in(path: &Path) -> String {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let studies = entries.map(|entry| entry.path()).filter(|folder| folder.join("study.toml").is_file());
    let mut names: Vec<String> = studies.map(|study| quoted(&study.display().to_string())).collect();
    names.sort_by_key(|name| (name.len(), name.clone()));
    match names.len() {
        0 => "give a folder that `slimgate compare` made".to_owned(),
        1..=12 => format!("give one of the studies in it: {}", names.join(", ")),
        _ => format!("give one of the {} studies in it, such as {}", names.len(), names[0]),
    }
}

fn did_you_mean(nearest: &Option<&'static str>) -> String {
    nearest.map(|name| format!(" (did you mean [{name}]?)")).unwrap_or_default()
}
