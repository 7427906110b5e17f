//! The study itself: from a plan to a folder of finished trials.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use slimgate_run::metric::Metric;
use slimgate_run::{JobEnd, LeaseTerms, RunError, RunEvent, RunFolder, Status, Step, StopFlag};

use crate::estimate::estimate;
use crate::event::Event;
use crate::folder::Records;
use crate::launcher::{Report, Workers};
use crate::plan::{Group, Work, plan};
use crate::queue::Queue;
use crate::resolve::{Resolved, resolve};
use crate::slurm::{Slurm, rehearse};
use crate::space::Space;
use crate::this_machine::ThisMachine;
use crate::trial::Trial;
use crate::{LauncherName, State, StudyConfig, StudyError, StudyFolder, StudySummary, summarize};

/// A study gives up when so many trials are given up one after the other: the cause is not in the trials.
const FAILURES_IN_A_ROW: usize = 5;

/// The workers of a study on this machine.
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
/// Several processes may do so at once, on one machine or several that share the folder: they share the trials.
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
    let of_slurm = config.launch.clone().filter(|launch| launch.launcher == LauncherName::Slurm);
    if let Some(launch) = &of_slurm {
        rehearse(launch)?;
    }
    let is_new = !path.exists();
    // What is measured before the study begins is measured here, wherever its trials run.
    let this_machine = ThisMachine::new(options.program.clone(), options.at_once);
    let mut workers = Workers::new(Box::new(this_machine), stop);
    // The lease is held to the end, so that the answer is to what was asked.
    let waits = |owner: String| on_event(waiting("the study's lease", &owner));
    let Resolved { folder, config, space, member: _member, told } =
        resolve(path, config, &mut workers, stop, waits)?;
    for text in told.into_iter().chain(space.findings()?) {
        on_event(Event::Warning { text });
    }
    if let Some(launch) = &of_slurm {
        let slurm = Slurm::open(&folder.path().join("queue"), launch, options.program.clone(), stop)?;
        workers.launcher = Box::new(slurm);
    }
    let mut run = Run {
        records: Records::new(&folder, &config),
        workers,
        folder: folder.clone(),
        space,
        config,
        underway: HashMap::new(),
        busy: HashMap::new(),
        in_a_row: 0,
        waits_for: None,
        timing_failure: None,
        metric: None,
    };
    run.try_failed_again()?;
    // The machines of a cluster are not this one.
    if of_slurm.is_none() {
        run.estimate(&mut on_event)?;
    }
    if let Err(error) = run.work(&mut on_event) {
        // Nobody would hear of them, and they would run for days.
        run.stop_all();
        if is_new && matches!(error, StudyError::Refused { .. }) && folder.runs().is_empty() {
            // It never began.
            let _ = fs::remove_dir_all(folder.path());
        }
        return Err(error);
    }
    let summary = summarize(&folder)?;
    summary.write(folder.path())?;
    let failure = run.failure(&summary);
    Ok((folder, summary, failure))
}

/// That another process has something that this one waits for.
fn waiting(thing: &str, owner: &str) -> Event {
    Event::Warning { text: format!("waiting for {thing}, which {owner} has") }
}

struct Run {
    folder: StudyFolder,
    config: StudyConfig,
    space: Space,
    records: Records,
    workers: Workers,
    /// The work of each worker that was started here, by trial.
    underway: HashMap<String, Underway>,
    /// The time at which a worker found that somebody else had its trial.
    busy: HashMap<String, Instant>,
    /// Trials given up one after the other.
    in_a_row: usize,
    /// The process that was last said to have what this one waits for.
    waits_for: Option<String>,
    /// The reason why the chosen trials could not be timed.
    timing_failure: Option<String>,
    /// The metric of the trials, as the first of them that was heard of has it.
    metric: Option<Metric>,
}

/// The metric of a run that has begun.
fn metric_of(run: &Path) -> Metric {
    let summary = RunFolder::open(run).and_then(|run| run.summary());
    summary.ok().flatten().map_or_else(Metric::default, |summary| summary.metric)
}

/// The work of a worker that was started here.
struct Underway {
    work: Work,
    /// True until the training is at its end and that has been told.
    trains: bool,
    /// Failures of the trial that were known before.
    failures: usize,
    /// The mark of the worker's lease.
    lease: Option<String>,
    /// The end that the worker told.
    end: Option<JobEnd>,
}

impl Run {
    fn work(&mut self, on_event: &mut impl FnMut(Event)) -> Result<(), StudyError> {
        loop {
            if !self.workers.are_stopping() && self.in_a_row < FAILURES_IN_A_ROW {
                let groups = plan(&self.space, &self.config, &mut self.records)?;
                self.announce(&groups, on_event);
                let left = groups.iter().any(|group| !group.work.is_empty());
                if left {
                    self.start_all(&groups)?;
                    self.tell_wait(&groups, on_event);
                } else if self.underway.is_empty() {
                    return self.time(&groups, on_event);
                }
            } else if self.underway.is_empty() {
                return Ok(());
            }
            // The plan is made again when a worker has come to its end, or when there is room and another process
            // may have left something to do.
            let looked = Instant::now();
            loop {
                let ended = match self.workers.next() {
                    Some(report) => self.note(report, on_event)?,
                    None if self.workers.are_stopping() && self.underway.is_empty() => true,
                    None if self.workers.launcher.capacity() > 0
                        && looked.elapsed() >= self.workers.launcher.pace() =>
                    {
                        self.records.forget_unfinished();
                        true
                    }
                    None => false,
                };
                if ended {
                    break;
                }
            }
        }
    }

    /// Says whose trial this process waits for while it has none of its own to train.
    fn tell_wait(&mut self, groups: &[Group], on_event: &mut impl FnMut(Event)) {
        let queue = &self.records.queue;
        let mut work = groups.iter().flat_map(|group| &group.work);
        let taken = work.find_map(|work| Some((&work.trial, queue.owner(&work.trial.id)?)));
        let Some((trial, owner)) = taken.filter(|_| self.underway.is_empty()) else { return };
        if self.waits_for.as_ref() != Some(&owner) {
            on_event(waiting(&trial.label(), &owner));
            self.waits_for = Some(owner);
        }
    }

    /// Trials that failed in an earlier process get another chance: the cause may have been fixed since.
    fn try_failed_again(&mut self) -> Result<(), StudyError> {
        let groups = plan(&self.space, &self.config, &mut self.records)?;
        for trial in groups.iter().flat_map(Group::trials) {
            if !self.records.get(&trial.id).given_up || self.records.queue.is_leased(&trial.id) {
                continue;
            }
            if let Some(_lease) = self.records.queue.take(&trial.id)? {
                self.records.queue.forget_failures(&trial.id)?;
                self.records.forget(&trial.id);
            }
        }
        Ok(())
    }

    /// Says how long it will take.
    fn estimate(&mut self, on_event: &mut impl FnMut(Event)) -> Result<(), StudyError> {
        let groups = plan(&self.space, &self.config, &mut self.records)?;
        let at_once = self.workers.launcher.capacity();
        let Run { space, config, records, workers, .. } = self;
        let found = match estimate(&groups, space, config, records, workers) {
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

    /// Ends what runs here.
    fn stop_all(&mut self) {
        self.workers.cancel();
        while !self.underway.is_empty() {
            if let Some(Report::Ended { name, .. }) = self.workers.next() {
                self.underway.remove(&name);
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

    /// True while the end of a training that was begun here is still to be told.
    fn trains(&self, id: &str) -> bool {
        self.underway.get(id).is_some_and(|underway| underway.trains)
    }

    /// Starts as many workers as there is room for.
    fn start_all(&mut self, groups: &[Group]) -> Result<(), StudyError> {
        // A trial of each group in turn, the one that is furthest behind first, so that all variants advance together.
        let mut groups: Vec<&Group> = groups.iter().collect();
        groups.sort_by_cached_key(|group| {
            let begun = |trial: &&Trial| {
                self.underway.contains_key(&trial.id) || self.records.get(&trial.id).state.is_final()
            };
            group.trials().filter(begun).count()
        });
        let most = groups.iter().map(|group| group.work.len()).max().unwrap_or(0);
        let in_turn =
            (0..most).flat_map(|index| groups.iter().filter_map(move |group| group.work.get(index)));
        for work in in_turn {
            if self.workers.launcher.capacity() > 0 || self.workers.launcher.has(&work.trial.id) {
                self.start(work)?;
            }
        }
        self.workers.launcher.send()
    }

    /// True if a worker of another process has the trial, or whatever else, and nothing is heard of it here.
    fn is_taken(&self, id: &str) -> bool {
        self.records.queue.is_leased(id) && !self.workers.launcher.has(id)
    }

    /// Starts a worker, unless somebody has the trial.
    fn start(&mut self, work: &Work) -> Result<(), StudyError> {
        let trial = &work.trial;
        if self.underway.contains_key(&trial.id) || self.is_taken(&trial.id) {
            return Ok(());
        }
        // Since the plan was made another process may have finished it.
        self.records.forget(&trial.id);
        let record = self.records.get(&trial.id);
        let trains = !record.is_done();
        let was_busy = |since: &Instant| since.elapsed() < LeaseTerms::STUDY.renewal;
        if !work.is_due(record) || self.busy.get(&trial.id).is_some_and(was_busy) {
            return Ok(());
        }
        let (run, settings) = (Queue::run(&trial.id), Step::settings(&trial.config));
        let mut steps = vec![Step::Train { run: run.clone(), until: work.until, settings }];
        if work.test {
            steps.push(Step::Evaluate { run });
        }
        let submission = self.records.queue.put(&trial.id, self.place(trial), steps)?;
        let failures = self.records.queue.failures(&trial.id).len();
        let underway = Underway { work: work.clone(), trains, failures, lease: None, end: None };
        self.workers.launcher.submit(submission)?;
        self.underway.insert(trial.id.clone(), underway);
        Ok(())
    }

    /// The folder of a trial's data, if its name does not lead there from here.
    fn place(&self, trial: &Trial) -> Option<String> {
        self.config.place_of(&trial.config.data.dataset).map(str::to_owned)
    }

    /// Takes note of a report; says whether a worker has come to its end.
    fn note(&mut self, report: Report, on_event: &mut impl FnMut(Event)) -> Result<bool, StudyError> {
        match report {
            Report::Event { name, event } => {
                self.hear(&name, event, on_event);
                Ok(false)
            }
            Report::Ended { name, how } => {
                self.conclude(&name, &how, on_event)?;
                Ok(true)
            }
        }
    }

    /// Takes note of what a worker tells.
    fn hear(&mut self, id: &str, event: RunEvent, on_event: &mut impl FnMut(Event)) {
        let Some(underway) = self.underway.get_mut(id) else { return };
        let trial = &underway.work.trial;
        match event {
            RunEvent::Leased { mark } => underway.lease = Some(mark),
            RunEvent::Started { .. } => {
                let of = underway.work.until.unwrap_or(trial.config.optim.epochs);
                on_event(Event::Started { trial: id.to_owned(), label: trial.label(), of });
            }
            RunEvent::Epoch { epoch, validation, .. } => {
                let score = validation.score.value;
                let run = self.folder.run(id);
                let metric = self.metric.get_or_insert_with(|| metric_of(&run)).clone();
                on_event(Event::Epoch { trial: id.to_owned(), epoch, metric, score });
            }
            RunEvent::Finished { summary, .. } => {
                let state = match summary.status {
                    Status::Complete => State::Complete,
                    Status::Diverged => State::Diverged,
                    Status::Running | Status::Interrupted | Status::Failed => return,
                };
                on_event(Event::Finished {
                    trial: id.to_owned(),
                    variant: trial.variant.clone(),
                    task: trial.task.clone(),
                    label: trial.label(),
                    state,
                    metric: summary.metric.clone(),
                    best: summary.best.as_ref().map(|best| best.score.value),
                    seconds: summary.seconds,
                });
                (underway.trains, underway.failures) = (false, 0);
                self.in_a_row = 0;
                self.records.forget(id);
            }
            RunEvent::Ended(end) => underway.end = Some(end),
            RunEvent::Effort(_) | RunEvent::Step(_) => (),
        }
    }

    /// Takes note of a worker's end.
    fn conclude(&mut self, id: &str, how: &str, on_event: &mut impl FnMut(Event)) -> Result<(), StudyError> {
        let Some(Underway { work, failures, lease, end, .. }) = self.underway.remove(id) else {
            return Ok(());
        };
        self.records.forget(id);
        let reason = match end {
            Some(JobEnd::Done) => {
                self.in_a_row = 0;
                return Ok(());
            }
            Some(JobEnd::Busy) => {
                self.busy.insert(id.to_owned(), Instant::now());
                None
            }
            Some(JobEnd::Paused) => None,
            Some(JobEnd::Failed { reason }) => Some(reason),
            None => {
                // It has died, perhaps of a signal that came before it could listen, or with its work done.
                let excused = self.workers.are_stopping() || !work.is_due(self.records.get(id));
                let reason = (!excused).then(|| self.records.queue.reason(id, how));
                if let Some(reason) = &reason {
                    self.records.queue.note_failure(id, reason.clone())?;
                }
                if let Some(mark) = lease {
                    self.records.queue.end_lease(id, &mark)?;
                }
                reason
            }
        };
        let Some(reason) = reason else {
            on_event(Event::Paused { trial: id.to_owned() });
            return Ok(());
        };
        // A worker that could not write its outcome leaves it to this process.
        if self.records.queue.failures(id).len() <= failures {
            self.records.queue.note_failure(id, reason.clone())?;
        }
        self.records.forget(id);
        let again = self.records.queue.failures(id).len() <= self.config.compare.retries;
        if !again {
            self.in_a_row += 1;
        }
        on_event(Event::Failed { trial: id.to_owned(), label: work.trial.label(), reason, again });
        Ok(())
    }

    /// Times the chosen trials of each task side by side, the first seed of each variant, while nothing else runs
    /// here.
    fn time(&mut self, groups: &[Group], on_event: &mut impl FnMut(Event)) -> Result<(), StudyError> {
        for task in 0..self.space.tasks.len() {
            let of_task = groups.iter().filter(|group| group.task == task);
            let (mut runs, mut place) = (Vec::new(), None);
            let mut timed = true;
            for trial in of_task.filter_map(|group| group.chosen.as_ref()?.trials.first()) {
                // Another process may have timed it since it was last looked at.
                self.records.forget(&trial.id);
                let record = self.records.get(&trial.id);
                if record.state.is_final() {
                    timed &= record.timed;
                    runs.push(Queue::run(&trial.id));
                    place = self.place(trial);
                }
            }
            if timed || runs.is_empty() {
                continue;
            }
            // Whoever hands jobs over hands over this one, too, once all is heard of the others.
            while self.workers.launcher.capacity() == 0 {
                let Some(report) = self.workers.next() else { return Ok(()) };
                self.note(report, on_event)?;
            }
            if self.is_taken(TIMING) {
                return Ok(());
            }
            on_event(Event::Timing);
            let submission = self.records.queue.put(TIMING, place, vec![Step::Time { runs }])?;
            self.workers.launcher.submit(submission)?;
            self.workers.launcher.send()?;
            let (mut lease, mut end) = (None, None);
            let how = loop {
                match self.workers.next() {
                    Some(Report::Event { event: RunEvent::Leased { mark }, .. }) => lease = Some(mark),
                    Some(Report::Event { event: RunEvent::Ended(told), .. }) => end = Some(told),
                    Some(Report::Event { .. }) | None => (),
                    Some(Report::Ended { how, .. }) => break how,
                }
            };
            if let Some(mark) = lease.filter(|_| end.is_none()) {
                self.records.queue.end_lease(TIMING, &mark)?;
            }
            match end {
                _ if self.workers.are_stopping() => return Ok(()),
                Some(JobEnd::Done) => continue,
                Some(JobEnd::Busy | JobEnd::Paused) => (),
                Some(JobEnd::Failed { reason }) => self.timing_failure = Some(reason),
                None => self.timing_failure = Some(self.records.queue.reason(TIMING, &how)),
            }
            return Ok(());
        }
        Ok(())
    }
}

/// The name of the work of timing, in the queue.
const TIMING: &str = "timing";
