//! The output of the program, and its exit codes.

use std::io::{IsTerminal, Write};
use std::path::Path;

use comfy_table::{LineStyle, TableStyle};
use serde::Serialize;
use slimgate_data::DataError;
use slimgate_gates::{ParseCellError, UnknownVariant};
use slimgate_report::ReportError;
use slimgate_run::metric::Metric;
use slimgate_run::{ConfigError, RunError, quoted, when_unread};
use slimgate_study::{Protocol, StudyError};
use slimgate_train::TrainError;
use thiserror::Error;

/// A check or comparison did not hold, or a run diverged.
pub const NOT_HELD: u8 = 1;
/// Wrong usage or unusable input.
pub const UNUSABLE: u8 = 2;
/// Interrupted, with the last complete epoch saved, if there was one.
pub const INTERRUPTED: u8 = 130;

/// Everything that ends the program with a message.
#[derive(Debug, Error)]
pub enum CliError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Study(#[from] StudyError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("a report covers one study; give one study folder, or folders of runs")]
    OneStudy,
    #[error(
        "{0} is neither a study (no study.toml) nor a run (no config.toml); give a folder that \
         `slimgate compare` or `slimgate train` made"
    )]
    NoReport(String),
    #[error("{0} is given twice; name each run once")]
    RunTwice(String),
    #[error("{} is a folder; to resume a run, use --resume {}", .0, quoted(.0))]
    RunAsConfig(String),
    #[error("{0}")]
    Data(#[from] DataError),
    #[error(transparent)]
    Variant(#[from] UnknownVariant),
    #[error("cannot parse the gate terms: {0}")]
    Gates(#[from] ParseCellError),
    #[error("`--from` takes one data set at a time; fetch {0} and {1} separately")]
    FromForMany(String, String),
    #[error("cannot read {path}: {source}; {}", remedy(source))]
    Read { path: String, source: std::io::Error },
    #[error("cannot find the slimgate program to start trials with: {0}; run it by its full path")]
    Program(std::io::Error),
    #[error("the program has a fault: {0}; its log says where")]
    Panic(String),
    #[error("cannot write to standard output: {0}; check where it is redirected")]
    Output(#[from] std::io::Error),
}

impl CliError {
    /// The exit code of the program.
    pub fn code(&self) -> u8 {
        match self {
            CliError::Train(TrainError::Run(RunError::Interrupted))
            | CliError::Study(StudyError::Run(RunError::Interrupted)) => INTERRUPTED,
            _ => UNUSABLE,
        }
    }
}

/// All CSV that the program writes goes to standard output.
impl From<csv::Error> for CliError {
    fn from(error: csv::Error) -> CliError {
        CliError::Output(match error.into_kind() {
            csv::ErrorKind::Io(error) => error,
            other => std::io::Error::other(format!("{other:?}")),
        })
    }
}

fn remedy(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::InvalidData => "save the file as UTF-8",
        std::io::ErrorKind::PermissionDenied => "get permission to read it",
        _ => "check the path",
    }
}

/// The text of a file that the user named.
pub fn read_text(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path)
        .map_err(|source| CliError::Read { path: path.display().to_string(), source })
}

/// Writes a line of text for people.
pub fn say(text: impl std::fmt::Display) -> Result<(), CliError> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

/// Writes a line to standard error. Where that cannot be written to, nobody is there to be told.
pub fn tell(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Writes a line of JSON for machines.
pub fn say_json(value: &impl Serialize) -> Result<(), CliError> {
    say(serde_json::to_string(value).expect("what is said has a JSON form"))
}

/// The result of saying something. That nobody was left to hear it is no error: it does not change what a command comes
/// to.
pub fn heard_or_not(said: Result<(), CliError>) -> Result<(), CliError> {
    // A reader that went away, or a terminal.
    let gone = |error: &std::io::Error| {
        error.kind() == std::io::ErrorKind::BrokenPipe
            || error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
    };
    match said {
        Err(CliError::Output(error)) if gone(&error) => Ok(()),
        said => said,
    }
}

/// Warns of a result that could not be written into its run folder. It has been told, so the command did what it was
/// asked to.
pub fn recorded_or_not(recorded: Result<(), RunError>) {
    if let Err(error) = recorded {
        tell(format_args!("warning: the result was not recorded: {error}"));
    }
}

/// From now on the process ends once nobody reads its standard output any more.
pub fn exit_when_unread() {
    when_unread(|| std::process::exit(INTERRUPTED.into()));
}

/// True if standard output is a terminal that can do more than write one line below the other.
pub fn shows_pictures() -> bool {
    let able = |terminal: &std::ffi::OsString| !terminal.is_empty() && terminal != "dumb";
    std::io::stdout().is_terminal() && std::env::var_os("TERM").as_ref().is_some_and(able)
}

/// Writes what comes with its own line ends.
pub fn put(text: &[u8]) -> Result<(), CliError> {
    let mut out = std::io::stdout();
    out.write_all(text)?;
    Ok(out.flush()?)
}

/// A score on the set that choices are made on, with its name.
pub fn selection_score(protocol: Protocol, metric: &Metric, value: f64) -> String {
    let score = format!("{} {}", metric.name, metric.show(value));
    match protocol {
        Protocol::Validation => format!("validation {score}"),
        Protocol::Published => format!("test {score}, chosen on the test set"),
    }
}

/// A table with one line below its header.
pub fn table<const N: usize>(header: [&str; N]) -> comfy_table::Table {
    const HEADER_LINE: LineStyle = LineStyle::none().fill('─').junction('─');
    let mut table = comfy_table::Table::new();
    table.load_style(TableStyle::new().header_separator(HEADER_LINE)).set_header(header);
    table
}

#[cfg(test)]
mod tests {
    use slimgate_study::Protocol;

    use super::{Metric, selection_score};

    #[test]
    fn what_is_chosen_on_the_test_set_says_so() {
        let accuracy = Metric::accuracy(None);
        assert_eq!(selection_score(Protocol::Validation, &accuracy, 0.9321), "validation accuracy 93.21 %");
        assert_eq!(
            selection_score(Protocol::Published, &accuracy, 0.9321),
            "test accuracy 93.21 %, chosen on the test set"
        );
    }
}
