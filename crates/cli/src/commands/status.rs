//! `slimgate status`

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::HumanDuration;
use serde::Serialize;
use slimgate_run::words::counted;
use slimgate_study::{
    Protocol, ScheduledJobs, State, StudyFolder, StudyProgress, scheduled_jobs, study_progress,
};

use crate::args::StatusArguments;
use crate::output::{CliError, say, say_json, selection_score};

pub fn run(arguments: StatusArguments) -> Result<ExitCode, CliError> {
    let folder = StudyFolder::open(&arguments.study)?;
    let protocol = folder.config()?.protocol();
    let progress = study_progress(&folder)?;
    // Where Slurm does not answer, the files say what there is to say.
    let jobs = scheduled_jobs(&folder).ok().filter(|jobs| jobs.count() > 0);
    let left = time_left(progress.epochs_done, progress.epochs, progress.seconds, progress.running.len());
    if arguments.json {
        let seconds_left = left.map(|left| left.as_secs());
        say_json(&Line { protocol, seconds_left, jobs, progress: &progress })?;
    } else {
        tell(folder.path(), protocol, &progress, left)?;
        if let Some(ScheduledJobs { running, waiting }) = &jobs {
            let waiting: String =
                waiting.iter().map(|(reason, jobs)| format!(", {jobs} waiting ({reason})")).collect();
            say(format_args!("jobs of Slurm: {running} running{waiting}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The progress of the study, for machines.
#[derive(Serialize)]
struct Line<'a> {
    protocol: Protocol,
    seconds_left: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jobs: Option<ScheduledJobs>,
    #[serde(flatten)]
    progress: &'a StudyProgress,
}

fn tell(
    study: &Path,
    protocol: Protocol,
    progress: &StudyProgress,
    left: Option<Duration>,
) -> Result<(), CliError> {
    let count = |(state, trials): &(State, usize)| format!("{trials} {state}");
    let states: Vec<String> = progress.states.iter().map(count).collect();
    let trials = counted(progress.trials, "trial", "trials");
    say(format_args!("{}: {trials}: {}", study.display(), states.join(", ")))?;
    // As the bar of `slimgate compare` has it.
    let left = left.map_or_else(String::new, |left| format!(", about {:#} left", HumanDuration(left)));
    say(format_args!("epochs: {} of {}{left}", progress.epochs_done, progress.epochs))?;
    for running in &progress.running {
        let (metric, last) = &running.score;
        let score = |last| format!(", {}", selection_score(protocol, metric, last));
        let score = last.map_or_else(String::new, score);
        let worker = running.worker.as_ref().map_or_else(String::new, |worker| format!(", {worker}"));
        let slimgate_study::Running { label, epoch, of, .. } = running;
        say(format_args!("running: {label}: epoch {epoch} of {of}{score}{worker}"))?;
    }
    for best in &progress.best {
        let score = selection_score(protocol, &best.score.0, best.score.1);
        say(format_args!("best {}: {score} ({})", best.variant, best.label))?;
    }
    for of in &progress.compared {
        let tested = if of.is_tested { "tested with" } else { "being tested with" };
        say(format_args!("{} on {}: {tested} {} seeds, at most {}", of.variant, of.task, of.seeds, of.most))?;
    }
    for failed in &progress.failed {
        say(format_args!("failed: {}: {}", failed.label, failed.reason))?;
    }
    Ok(())
}

/// The time for the epochs that are left, if each takes as long as those before and as many trials run side by side as
/// do now. None before the first epoch, and where nobody works on the study.
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
