//! The study itself: from a plan to a folder of finished trials.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use slimgate_run::{RunError, RunEvent, StopFlag};

use crate::estimate::estimate;
use crate::event::Event;
use crate::executor::{Executor, PATIENCE, Process, Report};
use crate::folder::Records;
use crate::plan::{Group, Job, plan};
use crate::resolve::resolve;
use crate::space::Space;
use crate::trial::Trial;
use crate::{StudyConfig, StudyError, StudyFolder, StudySummary, summarize};

/// A study gives up when so many trials are given up one after the other: the cause is not in the trials.
const FAILURES_IN_A_ROW: usize = 5;

/// How a study runs here.
#[derive(Clone, Debug)]
pub struct Options {
    /// The program, which trains, tests and times the trials in processes of their own.
    pub program: PathBuf,
    /// Processes at once.
    pub at_once: usize,
}

/// Runs a study in its folder, or continues it, until nothing is left to do. Besides what it came to, returns
/// the error that names what failed, if anything did.
///
/// Several processes may do so at once: they share the trials.
///
/// # Errors
///
/// If the study cannot be run; what is complete stays. An interrupted study is no error: what is returned says how
/// far it came.
pub fn compare(
    path: &Path,
    config: StudyConfig,
    options: &Options,
    stop: &StopFlag,
    mut on_event: impl FnMut(Event),
) -> Result<(StudyFolder, StudySummary, Option<StudyError>), StudyError> {
    let mut executor = Executor::new(options.program.clone(), options.at_once);
    // Held to the end, so that the answer is to what was asked.
    let (folder, config, space, _work) = resolve(path, config, &mut executor, stop)?;
    for text in space.findings()? {
        on_event(Event::Warning { text });
    }
    let mut run = Run {
        records: Records::new(&folder, &config),
        executor,
        folder: folder.clone(),
        space,
        config,
        jobs: HashMap::new(),
        in_a_row: 0,
        stopping: false,
        timing_failure: None,
    };
    run.try_failed_again()?;
    run.estimate(stop, &mut on_event)?;
    if let Err(error) = run.work(stop, &mut on_event) {
        // Nobody would hear of them, and they would run for days.
        run.stop_all();
        return Err(error);
    }
    let summary = summarize(&folder)?;
    summary.write(folder.path())?;
    let failure = run.failure(&summary);
    Ok((folder, summary, failure))
}

struct Run {
    folder: StudyFolder,
    config: StudyConfig,
    space: Space,
    records: Records,
    executor: Executor,
    /// What each process that runs here does.
    jobs: HashMap<String, Job>,
    /// Trials given up one after the other.
    in_a_row: usize,
    stopping: bool,
    /// Why the chosen trials could not be timed.
    timing_failure: Option<String>,
}

impl Run {
    fn work(&mut self, stop: &StopFlag, on_event: &mut impl FnMut(Event)) -> Result<(), StudyError> {
        loop {
            self.forward_interrupt(stop);
            if !self.stopping && self.in_a_row < FAILURES_IN_A_ROW {
                let groups = plan(&self.space, &self.config, &mut self.records)?;
                self.announce(&groups, on_event);
                let left = groups.iter().any(|group| !group.jobs.is_empty());
                if left {
                    self.start_all(&groups, on_event)?;
                } else if self.jobs.is_empty() {
                    return self.time(&groups, stop, on_event);
                }
            } else if self.jobs.is_empty() {
                return Ok(());
            }
            // The plan is made again when a process has come to its end, or when there is room and another process
            // may have left something to do.
            loop {
                let ended = match self.executor.next(PATIENCE) {
                    Some(report) => self.note(report, on_event)?,
                    None if self.executor.room() > 0 => {
                        self.records.forget_unfinished();
                        true
                    }
                    None => false,
                };
                if ended || (stop.should_stop() && !self.stopping) {
                    break;
                }
            }
        }
    }

    /// Trials that failed in an earlier process get another chance: the cause may have been fixed since.
    fn try_failed_again(&mut self) -> Result<(), StudyError> {
        let groups = plan(&self.space, &self.config, &mut self.records)?;
        for trial in groups.iter().flat_map(Group::trials) {
            if self.records.get(&trial.id).given_up && self.folder.claim(&trial.id)?.is_some() {
                self.folder.forget_failures(&trial.id)?;
                self.records.forget(&trial.id);
            }
        }
        Ok(())
    }

    /// Says how long it will take.
    fn estimate(&mut self, stop: &StopFlag, on_event: &mut impl FnMut(Event)) -> Result<(), StudyError> {
        let groups = plan(&self.space, &self.config, &mut self.records)?;
        let at_once = self.executor.room();
        let Run { space, config, records, executor, .. } = self;
        let found = match estimate(&groups, space, config, records, executor, stop) {
            // What is there is told as of any study that was interrupted.
            Err(StudyError::Run(RunError::Interrupted)) => None,
            found => found?,
        };
        if let Some(found) = found {
            found.warnings.into_iter().for_each(|text| on_event(Event::Warning { text }));
            on_event(Event::Estimated { seconds: found.seconds, at_once });
        }
        Ok(())
    }

    /// Passes an interrupt on to the processes, once.
    fn forward_interrupt(&mut self, stop: &StopFlag) {
        if stop.should_stop() && !self.stopping {
            self.stopping = true;
            self.executor.stop();
        }
    }

    /// Ends what runs here.
    fn stop_all(&mut self) {
        self.executor.stop();
        while !self.jobs.is_empty() {
            if let Some(Report::Ended { trial, .. }) = self.executor.next(PATIENCE) {
                self.jobs.remove(&trial);
            }
        }
    }

    /// The error that names what failed, whoever gave it up.
    fn failure(&mut self, summary: &StudySummary) -> Option<StudyError> {
        let mut records = Records::new(&self.folder, &self.config);
        let failed: Vec<_> = summary.trials.iter().filter(|trial| records.get(&trial.id).given_up).collect();
        if let Some(trial) = failed.first() {
            let reason = records.get(&trial.id).reason.as_deref().unwrap_or("it said nothing");
            let first = format!("{} on {}, seed {}: {reason}", trial.variant, trial.task, trial.seed);
            return Some(StudyError::Failed { failed: failed.len(), first });
        }
        self.timing_failure.take().map(StudyError::NotTimed)
    }

    fn announce(&mut self, groups: &[Group], on_event: &mut impl FnMut(Event)) {
        let (mut trials, mut done, mut epochs, mut epochs_done) = (0, 0, 0, 0);
        for group in groups {
            for trial in group.trials() {
                let record = self.records.get(&trial.id);
                let complete = record.summary.as_ref().map_or(0, |summary| summary.epochs);
                epochs_done += complete;
                let ended = record.is_done() || group.pruned.contains_key(&trial.id);
                // One whose end is still to be told here counts when it is.
                if ended && !self.trains(&trial.id) {
                    done += 1;
                    epochs += complete;
                } else {
                    epochs += trial.config.optim.epochs;
                }
            }
            let (planned, unknown) = group.planned(&self.space);
            trials += planned;
            epochs += unknown;
        }
        on_event(Event::Planned { trials, done, epochs, epochs_done });
    }

    /// Whether a process that was started here trains a trial.
    fn trains(&self, id: &str) -> bool {
        matches!(self.jobs.get(id), Some(Job::Train { .. }))
    }

    /// Starts as many jobs as there is room for.
    fn start_all(&mut self, groups: &[Group], on_event: &mut impl FnMut(Event)) -> Result<(), StudyError> {
        // A job of each group in turn, the one that is furthest behind first, so that all variants advance together.
        let mut groups: Vec<&Group> = groups.iter().collect();
        groups.sort_by_cached_key(|group| {
            let begun = |trial: &&Trial| {
                self.jobs.contains_key(&trial.id) || self.records.get(&trial.id).state.is_final()
            };
            group.trials().filter(begun).count()
        });
        let most = groups.iter().map(|group| group.jobs.len()).max().unwrap_or(0);
        let in_turn =
            (0..most).flat_map(|index| groups.iter().filter_map(move |group| group.jobs.get(index)));
        for job in in_turn {
            if self.executor.room() == 0 {
                break;
            }
            let trial = job.trial();
            if self.jobs.contains_key(&trial.id) {
                continue;
            }
            let Some(claim) = self.folder.claim(&trial.id)? else { continue };
            // Between the plan and the claim another process may have finished it.
            self.records.forget(&trial.id);
            if !job.is_due(self.records.get(&trial.id)) {
                continue;
            }
            let arguments = self.arguments(job)?;
            let (input, log) = (claim.into(), self.folder.begin_log(&trial.id)?.into());
            self.executor.start(Process { trial: trial.id.clone(), arguments, input, log })?;
            self.jobs.insert(trial.id.clone(), job.clone());
            if let Job::Train { trial, until } = job {
                let of = until.unwrap_or(trial.config.optim.epochs);
                on_event(Event::Started { trial: trial.id.clone(), label: trial.label(), of });
            }
        }
        Ok(())
    }

    /// What the program is called with to do a job.
    fn arguments(&self, job: &Job) -> Result<Vec<OsString>, StudyError> {
        let run = self.folder.run(&job.trial().id);
        let mut arguments: Vec<OsString> = match job {
            Job::Test { .. } => vec!["evaluate".into(), run.into(), "--json".into()],
            Job::Train { trial, until } => {
                let mut arguments: Vec<OsString> = vec!["train".into(), "--json".into()];
                if run.join("config.toml").is_file() {
                    arguments.extend(["--resume".into(), run.into()]);
                } else {
                    arguments.push(self.folder.write_trial(trial)?.into());
                }
                if let Some(until) = until {
                    arguments.extend(["--stop-after".into(), until.to_string().into()]);
                }
                arguments
            }
        };
        arguments.extend(self.place(job.trial()));
        Ok(arguments)
    }

    /// The flag that says where the data of a trial is, if its name does not lead there from here.
    fn place(&self, trial: &Trial) -> Vec<OsString> {
        let place = self.config.place_of(&trial.config.data.dataset);
        place.map_or_else(Vec::new, |place| vec!["--dataset".into(), place.into()])
    }

    /// Takes note of a report; says whether a process has come to its end.
    fn note(&mut self, report: Report, on_event: &mut impl FnMut(Event)) -> Result<bool, StudyError> {
        match report {
            Report::Line { trial, line } => {
                if let Ok(RunEvent::Epoch { epoch, validation, .. }) = serde_json::from_str(&line) {
                    on_event(Event::Epoch { trial, epoch, accuracy: validation.accuracy });
                }
                Ok(false)
            }
            Report::Ended { trial, status } => {
                let job = self.jobs.remove(&trial).expect("only jobs are started");
                self.records.forget(&trial);
                self.conclude(&job, status, on_event)?;
                Ok(true)
            }
        }
    }

    fn conclude(
        &mut self,
        job: &Job,
        status: Option<ExitStatus>,
        on_event: &mut impl FnMut(Event),
    ) -> Result<(), StudyError> {
        let trial = job.trial();
        let (id, label) = (trial.id.clone(), trial.label());
        let record = self.records.get(&id);
        let (state, tested) = (record.state, record.tested);
        match job {
            Job::Train { .. } if state.is_final() => {
                let best = record
                    .summary
                    .as_ref()
                    .and_then(|summary| summary.best.as_ref())
                    .map(|best| best.accuracy);
                let seconds = record.summary.as_ref().map_or(0.0, |summary| summary.seconds);
                self.succeed(&id)?;
                on_event(Event::Finished {
                    trial: id,
                    variant: trial.variant.clone(),
                    task: trial.task.clone(),
                    label,
                    state,
                    best,
                    seconds,
                });
            }
            Job::Test { .. } if tested => self.succeed(&id)?,
            // Stopped at a pause, or asked to stop, which a signal may have done before it could listen.
            Job::Train { .. } if status.and_then(|status| status.code()) == Some(130) => {
                on_event(Event::Paused { trial: id })
            }
            _ if self.stopping => on_event(Event::Paused { trial: id }),
            _ => {
                let reason = self.folder.reason(&id, status);
                let again = self.folder.note_failure(&id, &reason)? <= self.config.compare.retries;
                self.records.forget(&id);
                if !again {
                    self.in_a_row += 1;
                }
                on_event(Event::Failed { trial: id, label, reason, again });
            }
        }
        Ok(())
    }

    fn succeed(&mut self, id: &str) -> Result<(), StudyError> {
        self.in_a_row = 0;
        self.folder.forget_failures(id)
    }

    /// Times the chosen trials of each task side by side, the first seed of each variant, while nothing else runs
    /// here.
    fn time(
        &mut self,
        groups: &[Group],
        stop: &StopFlag,
        on_event: &mut impl FnMut(Event),
    ) -> Result<(), StudyError> {
        let Some(claim) = self.folder.claim("timing")? else { return Ok(()) };
        let mut claim = Some(claim);
        for task in 0..self.space.tasks.len() {
            let of_task = groups.iter().filter(|group| group.task == task);
            let (mut runs, mut place) = (Vec::new(), Vec::new());
            let mut timed = true;
            for trial in of_task.filter_map(|group| group.chosen.as_ref()?.trials.first()) {
                // Another process may have timed it since it was last looked at.
                self.records.forget(&trial.id);
                let record = self.records.get(&trial.id);
                if record.state.is_final() {
                    timed &= record.timed;
                    runs.push(self.folder.run(&trial.id));
                    place = self.place(trial);
                }
            }
            if timed || runs.is_empty() {
                continue;
            }
            on_event(Event::Timing);
            let Some(held) = claim.take().or(self.folder.claim("timing")?) else { return Ok(()) };
            let arguments = ["time".into(), "--json".into()]
                .into_iter()
                .chain(runs.into_iter().map(OsString::from))
                .chain(place);
            let log = self.folder.begin_log("timing")?;
            self.executor.start(Process {
                trial: "timing".into(),
                arguments: arguments.collect(),
                input: held.into(),
                log: log.into(),
            })?;
            let status = loop {
                self.forward_interrupt(stop);
                if let Some(Report::Ended { status, .. }) = self.executor.next(PATIENCE) {
                    break status;
                }
            };
            if self.stopping {
                return Ok(());
            }
            if !status.is_some_and(|status| status.success()) {
                self.timing_failure = Some(self.folder.reason("timing", status));
                return Ok(());
            }
        }
        Ok(())
    }
}
