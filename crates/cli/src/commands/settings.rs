//! `slimgate settings`

use std::process::ExitCode;

use comfy_table::ContentArrangement;
use rustix::termios::tcgetwinsize;
use slimgate_run::Config;
use slimgate_settings::Setting;
use slimgate_study::{StudyConfig, schema, written};

use crate::args::SettingsArguments;
use crate::output::{CliError, say, say_json, table};

pub fn run(arguments: SettingsArguments) -> Result<ExitCode, CliError> {
    if arguments.schema {
        say(format_args!("{:#}", schema()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut settings = Config::settings().to_vec();
    settings.extend(StudyConfig::settings());
    if arguments.json {
        say_json(&settings)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = table(["setting", "default", "allowed", "meaning"]);
    for Setting { key, default, allowed, meaning, .. } in settings {
        rows.add_row([key, default.as_ref().map(written).unwrap_or_default(), allowed, meaning]);
    }
    // A pipe gets a line a setting.
    if let Ok(size) = tcgetwinsize(std::io::stdout()) {
        rows.set_content_arrangement(ContentArrangement::Dynamic).set_width(size.ws_col.max(80));
    }
    say(rows)?;
    Ok(ExitCode::SUCCESS)
}
