//! `slimgate work`, the worker of a study

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{ExitCode, exit};
use std::sync::{Arc, Mutex, PoisonError};

use slimgate_run::{
    Config, Job, JobEnd, JobOutcome, KeptLease, Lease, LeaseOwner, LeaseTerms, QueueEntry, RunError,
    RunEvent, RunFolder, Status, Step, StopFlag, stop_on_signals, when_unread,
};
use slimgate_train::{
    CheckpointChoice, Display, ResumeOptions, SavedRun, TrainError, effort, resume, step_time, time, train,
};
use toml::{Table, Value};

use crate::commands::train::Speech;
use crate::output::{CliError, INTERRUPTED, UNUSABLE, say_json, tell};

pub fn run(path: &Path) -> Result<ExitCode, CliError> {
    // First of all, so that from the start a signal ends the command as it should.
    let stop = stop_on_signals();
    let unread = stop.clone();
    when_unread(move || unread.stop());
    Ok(match Worker::begin(path, &stop) {
        Ok(Some(worker)) => worker.conclude(worker.work(&stop)),
        Ok(None) => announce(JobEnd::Busy),
        Err(error) => announce(end_of(Err(error))),
    })
}

/// A worker that has the lease of its job.
#[derive(Clone)]
struct Worker(Arc<Work>);

struct Work {
    /// The path of its file, for messages.
    path: String,
    job: Job,
    /// Until the job has ended, which is told once.
    state: Mutex<Option<State>>,
}

/// The parts that its outcome is made of.
struct State {
    lease: Option<KeptLease>,
    /// The reasons of earlier attempts that failed.
    failures: Vec<String>,
}

impl Worker {
    /// Takes the lease of the job in a file, if nobody has it.
    fn begin(path: &Path, stop: &StopFlag) -> Result<Option<Worker>, CliError> {
        let job = Job::read(path)?;
        let mut state = State { lease: None, failures: Vec::new() };
        if let Some(QueueEntry { lease, outcome }) = &job.queue {
            let owner = LeaseOwner::this_process().map_err(RunError::file("take", lease))?;
            let Some(taken) = Lease::take(lease, &owner, LeaseTerms::STUDY)? else { return Ok(None) };
            let _ = say_json(&RunEvent::Leased { mark: taken.mark().to_owned() });
            let stop = stop.clone();
            state.lease = Some(taken.keep(LeaseTerms::STUDY.renewal, move || stop.stop()));
            let (failures, unusable) = JobOutcome::failures_in(outcome);
            state.failures = failures;
            if let Some(problem) = unusable {
                tell(format_args!("warning: {problem}"));
            }
        }
        let path = path.display().to_string();
        Ok(Some(Worker(Arc::new(Work { path, job, state: Mutex::new(Some(state)) }))))
    }

    /// Takes the job's steps; says whether it took all of them.
    fn work(&self, stop: &StopFlag) -> Result<bool, CliError> {
        let steps = AssertUnwindSafe(|| {
            for step in &self.0.job.steps {
                if !self.step(step, stop)? {
                    return Ok(false);
                }
            }
            Ok(true)
        });
        catch_unwind(steps).unwrap_or_else(|panic| Err(CliError::Panic(message_of(panic.as_ref()))))
    }

    /// Takes a step; says whether another may follow.
    fn step(&self, step: &Step, stop: &StopFlag) -> Result<bool, CliError> {
        let dataset = self.0.job.dataset.as_deref();
        if let Step::Train { run, until, settings } = step {
            return self.train(run, *until, settings, stop);
        }
        // Nothing is lost with the rest of them, and they do not listen.
        let worker = self.clone();
        stop.on_stop(move || {
            worker.conclude(Ok(false));
            exit(INTERRUPTED.into());
        });
        match step {
            Step::Train { .. } => (),
            Step::Evaluate { run } => evaluate(run, dataset)?,
            Step::Time { runs } => {
                let timed = runs.iter().map(|run| Ok(RunFolder::open(run)?.timing()?.is_some()));
                if timed.collect::<Result<Vec<bool>, RunError>>()?.contains(&false) {
                    for (run, timing) in runs.iter().zip(time(runs, None, dataset)?) {
                        timing.record(run)?;
                    }
                }
            }
            Step::MeasureEffort { at_once, settings } => {
                say_json(&RunEvent::Effort(effort(&self.config(settings, &[])?, *at_once)?))?;
            }
            Step::MeasureStep { settings } => {
                say_json(&RunEvent::Step(step_time(&self.config(settings, &[])?)?))?;
            }
        }
        Ok(true)
    }

    /// Trains a run that is not at its end; says whether it is then.
    fn train(
        &self,
        run: &Path,
        until: Option<usize>,
        settings: &Table,
        stop: &StopFlag,
    ) -> Result<bool, CliError> {
        let speech = Speech::Json;
        let report = move |progress: slimgate_train::Progress| {
            // Where nobody listens any more, it is asked to stop.
            let _ = speech.report(progress);
        };
        let is_final = |status| matches!(status, Status::Complete | Status::Diverged);
        let dataset = self.0.job.dataset.clone();
        let begun = run.join("config.toml").is_file();
        let (folder, summary) = if begun {
            if let Some(summary) = RunFolder::open(run)?.summary()? {
                if is_final(summary.status) {
                    return Ok(true);
                }
                if until.is_some_and(|until| summary.epochs >= until) {
                    return Ok(false);
                }
            }
            let options = ResumeOptions { epochs: None, dataset };
            resume(run, &options, until, stop, Display::Quiet, report)?
        } else {
            let out = run.parent().map(|out| ("run.out", out.display().to_string()));
            let name = run.file_name().map(|name| ("run.name", name.to_string_lossy().into_owned()));
            let place = dataset.map(|place| ("data.dataset", place));
            let other = [out, name, place].into_iter().flatten();
            let other: Vec<_> = other.map(|(key, value)| (key.to_owned(), Value::String(value))).collect();
            train(self.config(settings, &other)?, until, stop, Display::Quiet, report)?
        };
        if is_final(summary.status) {
            self.forget_failures();
        }
        let _ = speech.conclude(&folder, &summary, folder.config()?.data.validation, None);
        Ok(is_final(summary.status))
    }

    /// The configuration that a step holds, with other values where these are given.
    fn config(&self, settings: &Table, other: &[(String, Value)]) -> Result<Config, CliError> {
        let text = toml::to_string(settings).expect("a table has a TOML form");
        Ok(Config::read(&self.0.path, &text, other)?)
    }

    /// The job has come further than any attempt that failed.
    fn forget_failures(&self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = &mut *state {
            state.failures.clear();
        }
    }

    /// Records how the job ended, gives its lease back, and tells the end: once, whoever of the threads comes first.
    fn conclude(&self, ended: Result<bool, CliError>) -> ExitCode {
        let mut held = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        // The other thread ends the process.
        let Some(State { lease, failures }) = held.take() else { return ExitCode::from(INTERRUPTED) };
        let mut end = end_of(ended);
        if lease.as_ref().is_some_and(|lease| !lease.is_held()) {
            end = JobEnd::Busy;
        }
        if let (Some(queue), true) = (&self.0.job.queue, end != JobEnd::Busy) {
            let written = JobOutcome::after(failures, end.clone()).write(&queue.outcome);
            if let Err(error) = written {
                tell(format_args!("error: {error}"));
            }
        }
        drop(lease);
        announce(end)
    }
}

/// Reads the test set for a run, unless that has been done or it has no epoch.
fn evaluate(run: &Path, dataset: Option<&str>) -> Result<(), CliError> {
    let folder = RunFolder::open(run)?;
    let has_weights = folder.summary()?.is_some_and(|summary| summary.best.is_some());
    if !has_weights || folder.evaluation()?.is_some() {
        return Ok(());
    }
    let saved = SavedRun::open(run, CheckpointChoice::Best, None)?;
    let evaluated = saved.evaluate(dataset)?;
    if let Some(warning) = &evaluated.warning {
        tell(format_args!("warning: {warning}"));
    }
    Ok(saved.record(&evaluated)?)
}

/// The end of a job of whose steps this came.
fn end_of(ended: Result<bool, CliError>) -> JobEnd {
    match ended {
        Ok(true) => JobEnd::Done,
        Ok(false) => JobEnd::Paused,
        Err(CliError::Train(TrainError::Run(RunError::Interrupted))) => JobEnd::Paused,
        Err(CliError::Train(TrainError::Run(RunError::InUse(_)))) => JobEnd::Busy,
        Err(error) => JobEnd::Failed { reason: error.to_string() },
    }
}

/// Tells the end, also to the log.
fn announce(end: JobEnd) -> ExitCode {
    if let JobEnd::Failed { reason } = &end {
        tell(format_args!("error: {reason}"));
    }
    let code = match end {
        JobEnd::Done | JobEnd::Busy => 0,
        JobEnd::Paused => INTERRUPTED,
        JobEnd::Failed { .. } => UNUSABLE,
    };
    // Whoever plans the study may have gone, and finds the outcome in the queue.
    let _ = say_json(&RunEvent::Ended(end));
    ExitCode::from(code)
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it gave no reason").to_owned()
}
