//! Measurements before a study begins, each by a worker.

use slimgate_run::{Config, Effort, Job, JobEnd, RunError, RunEvent, Step};

use crate::StudyError;
use crate::launcher::{Report, Submission, Workers};
use crate::log::last_line;

/// Measures what a run of this configuration will ask of this machine, which so many like it are to share.
///
/// # Errors
///
/// If a worker cannot be started or fails, or the user wants to stop.
pub(crate) fn effort(workers: &mut Workers, config: &Config, at_once: usize) -> Result<Effort, StudyError> {
    let step = Step::MeasureEffort { at_once, settings: Step::settings(config) };
    ask(workers, step, |event| match event {
        RunEvent::Effort(effort) => Some(effort),
        _ => None,
    })
}

/// Measures the seconds of a training step.
///
/// # Errors
///
/// As [`effort`].
pub(crate) fn step_seconds(workers: &mut Workers, config: &Config) -> Result<f64, StudyError> {
    let step = Step::MeasureStep { settings: Step::settings(config) };
    ask(workers, step, |event| match event {
        RunEvent::Step(found) => Some(found.step_seconds),
        _ => None,
    })
}

/// Has a worker measure, and returns the answer that one of its events is.
fn ask<T>(
    workers: &mut Workers,
    step: Step,
    answer: impl Fn(RunEvent) -> Option<T>,
) -> Result<T, StudyError> {
    if workers.are_stopping() {
        return Err(RunError::Interrupted.into());
    }
    // There is no study yet, and there is none if this fails.
    let folder = tempfile::tempdir().map_err(StudyError::Start)?;
    let [job, log] = ["job.toml", "log"].map(|name| folder.path().join(name));
    Job { dataset: None, queue: None, steps: vec![step] }.write(&job)?;
    workers.launcher.submit(Submission { name: "measurement".into(), job, log: log.clone() })?;
    let (mut found, mut failure) = (None, None);
    let how = loop {
        match workers.next() {
            Some(Report::Event { event: RunEvent::Ended(JobEnd::Failed { reason }), .. }) => {
                failure = Some(reason);
            }
            Some(Report::Event { event, .. }) => found = found.or(answer(event)),
            Some(Report::Ended { how, .. }) => break how,
            None => (),
        }
    };
    if workers.are_stopping() {
        return Err(RunError::Interrupted.into());
    }
    found.filter(|_| failure.is_none()).ok_or_else(|| {
        let said = last_line(&log).map_or_else(String::new, |line| format!(": {line}"));
        let end = || format!("a training step cannot be measured: {how}{said}");
        StudyError::NotMeasured(failure.unwrap_or_else(end))
    })
}
