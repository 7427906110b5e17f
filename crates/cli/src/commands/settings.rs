//! `slimgate settings`

use std::process::ExitCode;

use comfy_table::ContentArrangement;
use rustix::termios::tcgetwinsize;
use slimgate_run::{Config, Setting};
use slimgate_study::{StudyConfig, written};

use crate::args::SettingsArguments;
use crate::output::{CliError, say, say_json, table};

pub fn run(arguments: SettingsArguments) -> Result<ExitCode, CliError> {
    let mut settings = Config::reference();
    settings.extend(StudyConfig::reference());
    if arguments.json {
        say_json(&settings)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = table(["setting", "default", "allowed", "meaning"]);
    for Setting { key, default, allowed, meaning } in settings {
        rows.add_row([key, default.as_ref().map(written).unwrap_or_default(), allowed, meaning.to_owned()]);
    }
    // A pipe gets a line a setting.
    if let Ok(size) = tcgetwinsize(std::io::stdout()) {
        rows.set_content_arrangement(ContentArrangement::Dynamic).set_width(size.ws_col.max(80));
    }
    say(rows)?;
    Ok(ExitCode::SUCCESS)
}
