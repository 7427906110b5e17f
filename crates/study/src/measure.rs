//! Measurements before a study begins, each in a process of the program.

use std::ffi::OsString;
use std::io::{Write, pipe, read_to_string};
use std::thread;

use serde::de::DeserializeOwned;
use slimgate_run::{Config, Effort, RunError, StepTime, StopFlag};

use crate::executor::{Executor, PATIENCE, Process, Report};
use crate::{StudyError, log};

/// What a process is called that measures.
const NAME: &str = "measurement";

/// Measures what a run of this configuration will ask of this machine, which so many like it are to share.
///
/// # Errors
///
/// If a process cannot be started or fails, or the user wants to stop.
pub(crate) fn effort(
    executor: &mut Executor,
    config: &Config,
    at_once: usize,
    stop: &StopFlag,
) -> Result<Effort, StudyError> {
    ask(executor, config, vec!["--at-once".into(), at_once.to_string().into()], stop)
}

/// Measures the seconds of a training step.
///
/// # Errors
///
/// As [`effort`].
pub(crate) fn step_seconds(
    executor: &mut Executor,
    config: &Config,
    stop: &StopFlag,
) -> Result<f64, StudyError> {
    let found: StepTime = ask(executor, config, Vec::new(), stop)?;
    Ok(found.step_seconds)
}

/// Has the program measure, and returns its answer.
fn ask<T: DeserializeOwned>(
    executor: &mut Executor,
    config: &Config,
    options: Vec<OsString>,
    stop: &StopFlag,
) -> Result<T, StudyError> {
    if stop.should_stop() {
        return Err(RunError::Interrupted.into());
    }
    let (input, mut settings) = pipe().map_err(StudyError::Start)?;
    let (said, log) = pipe().map_err(StudyError::Start)?;
    let arguments = [OsString::from("measure")].into_iter().chain(options).collect();
    executor.start(Process { trial: NAME.into(), arguments, input: input.into(), log: log.into() })?;
    let said = thread::spawn(move || read_to_string(said).unwrap_or_default());
    let text = toml::to_string(config).expect("a configuration has a TOML form");
    // One that has ended already says why.
    let _ = settings.write_all(text.as_bytes());
    drop(settings);
    let mut answer = None;
    let status = loop {
        if stop.should_stop() {
            executor.stop();
        }
        match executor.next(PATIENCE) {
            Some(Report::Line { line, .. }) => answer = serde_json::from_str(&line).ok(),
            Some(Report::Ended { status, .. }) => break status,
            None => (),
        }
    };
    if stop.should_stop() {
        return Err(RunError::Interrupted.into());
    }
    answer.filter(|_| status.is_some_and(|status| status.success())).ok_or_else(|| {
        let said = said.join().unwrap_or_default();
        let end = || format!("a training step cannot be measured: {}", log::end(status));
        StudyError::NotMeasured(log::message(&said, status).unwrap_or_else(end))
    })
}
