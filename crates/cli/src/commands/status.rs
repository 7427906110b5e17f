//! `slimgate status`

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::HumanDuration;
use serde::Serialize;
use slimgate_study::{Protocol, Standing, State, StudyFolder, standing};

use crate::args::StatusArguments;
use crate::output::{CliError, choice_accuracy, say, say_json};

pub fn run(arguments: StatusArguments) -> Result<ExitCode, CliError> {
    let folder = StudyFolder::open(&arguments.study)?;
    let protocol = folder.config()?.compare.protocol;
    let standing = standing(&folder)?;
    let left = time_left(standing.epochs_done, standing.epochs, standing.seconds, standing.running.len());
    if arguments.json {
        let seconds_left = left.map(|left| left.as_secs());
        say_json(&Line { protocol, seconds_left, standing: &standing })?;
    } else {
        tell(folder.path(), protocol, &standing, left)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// How far the study is, for machines.
#[derive(Serialize)]
struct Line<'a> {
    protocol: Protocol,
    seconds_left: Option<u64>,
    #[serde(flatten)]
    standing: &'a Standing,
}

fn tell(
    study: &Path,
    protocol: Protocol,
    standing: &Standing,
    left: Option<Duration>,
) -> Result<(), CliError> {
    let count = |(state, trials): &(State, usize)| format!("{trials} {state}");
    let states: Vec<String> = standing.states.iter().map(count).collect();
    say(format_args!("{}: {} trials: {}", study.display(), standing.trials, states.join(", ")))?;
    // As the bar of `slimgate compare` has it.
    let left = left.map_or_else(String::new, |left| format!(", about {:#} left", HumanDuration(left)));
    say(format_args!("epochs: {} of {}{left}", standing.epochs_done, standing.epochs))?;
    for running in &standing.running {
        let accuracy = |accuracy| format!(", {}", choice_accuracy(protocol, accuracy));
        let accuracy = running.accuracy.map_or_else(String::new, accuracy);
        say(format_args!("running: {}: epoch {} of {}{accuracy}", running.label, running.epoch, running.of))?;
    }
    for best in &standing.best {
        let accuracy = choice_accuracy(protocol, best.accuracy);
        say(format_args!("best {}: {accuracy} ({})", best.variant, best.label))?;
    }
    for failed in &standing.failed {
        say(format_args!("failed: {}: {}", failed.label, failed.reason))?;
    }
    Ok(())
}

/// How long the epochs that are left take, if each takes as long as those before and as many trials go on side by
/// side as do now. None before the first epoch, and where nobody works on the study.
fn time_left(done: usize, of: usize, seconds: f64, at_once: usize) -> Option<Duration> {
    if done == 0 || at_once == 0 {
        return None;
    }
    let left = of.saturating_sub(done) as f64;
    Duration::try_from_secs_f64(left * seconds / done as f64 / at_once as f64).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_that_of_the_epochs_left_side_by_side() {
        assert_eq!(time_left(100, 400, 50.0, 2), Some(Duration::from_secs(75)));
        assert_eq!(time_left(400, 400, 50.0, 2), Some(Duration::ZERO));
        assert_eq!(time_left(0, 400, 0.0, 2), None, "nothing is known yet");
        assert_eq!(time_left(100, 400, 50.0, 0), None, "nobody works on it");
    }
}
