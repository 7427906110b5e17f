//! Workers as jobs of Slurm.
//!
//! Trials are handed to Slurm as job arrays. The files that workers write in the queue say what became of a trial; the
//! states of jobs only tell which worker has died without a word. One process of a study submits at a time, whoever has
//! the lease `slurm.lease`; another that works on the study waits, and finds the jobs there once the lease is free.

mod jobs;
mod record;
mod states;
mod submit;
mod worker;

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use slimgate_run::{JobEnd, KeptLease, LeaseTerms, RunError, RunEvent, StopFlag};

pub use jobs::{ScheduledJobs, cancel_jobs, scheduled_jobs};
pub(crate) use submit::{options, refusal, rehearse, remedy};

use crate::launcher::{Launcher, Report, Submission};
use crate::queue::Queue;
use crate::{Launch, StudyError};
use record::ArrayRecord;
use states::{JobState, accounted, elements};
use submit::{Order, with_time};
use worker::{End, Worker, forget};

/// The time between two questions to the controller, while something happens and while nothing does.
const SOONEST: Duration = Duration::from_secs(2);
const LATEST: Duration = Duration::from_secs(15);

/// The most elements of an array: by default a cluster takes indices up to 1000.
const LARGEST_ARRAY: usize = 1000;

/// Jobs of the cluster that this machine belongs to.
pub(crate) struct Slurm {
    program: PathBuf,
    launch: Launch,
    queue: PathBuf,
    stop: StopFlag,
    /// The lease of whoever submits, while this process has it.
    lease: Option<KeptLease>,
    /// Trials that are to be submitted.
    gathered: Vec<String>,
    arrays: Vec<Array>,
    /// The array of each trial that has not ended.
    followed: HashMap<String, String>,
    reports: VecDeque<Report>,
    /// The most seconds that a trial has taken, of those that have ended while this process followed them.
    most_seconds: Option<f64>,
    looked: Option<Instant>,
    patience: Duration,
    /// True once Slurm has refused further jobs, until one ends.
    is_full: bool,
    /// True once this process leaves the jobs to themselves.
    has_left: bool,
}

/// An array with elements that have not ended.
struct Array {
    record: ArrayRecord,
    /// The state of each element, and its workers that have not ended.
    elements: Vec<(JobState, Vec<Worker>)>,
}

impl Array {
    fn new(queue: &Path, record: ArrayRecord) -> Array {
        let workers = |trials: &Vec<String>| trials.iter().map(|trial| Worker::new(queue, trial)).collect();
        let elements = record.elements.iter().map(|trials| (JobState::Waiting, workers(trials))).collect();
        Array { record, elements }
    }

    fn active(&self) -> usize {
        self.elements.iter().filter(|(state, _)| !state.is_final()).count()
    }
}

impl Slurm {
    /// The jobs of the study whose queue is in a folder. Those that an earlier process has left are found again.
    ///
    /// # Errors
    ///
    /// If the folder cannot be used.
    pub fn open(
        queue: &Path,
        launch: &Launch,
        program: PathBuf,
        stop: &StopFlag,
    ) -> Result<Slurm, StudyError> {
        // The jobs' own folder may be another.
        let queue = std::path::absolute(queue).map_err(RunError::file("find", queue))?;
        let mut slurm = Slurm {
            program,
            launch: launch.clone(),
            queue,
            stop: stop.clone(),
            lease: None,
            gathered: Vec::new(),
            arrays: Vec::new(),
            followed: HashMap::new(),
            reports: VecDeque::new(),
            most_seconds: None,
            looked: None,
            patience: SOONEST,
            is_full: false,
            has_left: false,
        };
        if slurm.claim()? {
            jobs::allow(&slurm.queue)?;
        }
        Ok(slurm)
    }

    /// Takes the lease of whoever submits, if nobody has it, and finds the jobs that others left; says whether it has it.
    fn claim(&mut self) -> Result<bool, StudyError> {
        if self.lease.as_ref().is_some_and(KeptLease::is_held) {
            return Ok(true);
        }
        self.lease = None;
        let Some(lease) = Queue::new(&self.queue).take(SUBMITTER)? else { return Ok(false) };
        let stop = self.stop.clone();
        let records = ArrayRecord::all(&self.queue)?;
        let names: Vec<String> = records.iter().map(|record| record.name.clone()).collect();
        let known = elements(&names)?;
        self.lease = Some(lease.keep(LeaseTerms::STUDY.renewal, move || stop.stop()));
        for record in records {
            let is_active = |index: usize| {
                known.get(&(record.name.clone(), index)).is_some_and(|element| !element.state.is_final())
            };
            if !(0..record.elements.len()).any(is_active) {
                record.remove(&self.queue)?;
                continue;
            }
            let mut array = Array::new(&self.queue, record.clone());
            for (index, (state, workers)) in array.elements.iter_mut().enumerate() {
                if is_active(index) {
                    let follow = |worker: &Worker| (worker.trial.clone(), record.name.clone());
                    self.followed.extend(workers.iter().map(follow));
                } else {
                    // The plan says what is left of it.
                    (*state, *workers) = (JobState::Completed, Vec::new());
                }
            }
            self.arrays.push(array);
        }
        Ok(true)
    }

    fn active(&self) -> usize {
        self.arrays.iter().map(Array::active).sum()
    }

    /// Submits some elements as one array.
    fn submit_array(&mut self, elements: &[Vec<String>]) -> Result<(), StudyError> {
        elements.iter().flatten().for_each(|trial| forget(&self.queue, trial));
        let mut record = ArrayRecord::new(elements.to_vec())?;
        record.write(&self.queue)?;
        // Whoever cancels says so before looking for records.
        if jobs::is_cancelled(&self.queue) {
            self.stop.stop();
            self.gathered.extend(elements.iter().flatten().cloned());
            return record.remove(&self.queue);
        }
        let launch = &with_time(&self.launch, self.most_seconds);
        let Slurm { program, queue, .. } = &*self;
        let order = Order { launch, name: &record.name, program, queue, elements };
        match order.submit() {
            Ok(job) => record.job = Some(job),
            Err(refusal) => {
                record.remove(queue)?;
                return Err(refusal);
            }
        }
        record.write(&self.queue)?;
        let trials = record.elements.iter().flatten();
        self.followed.extend(trials.map(|trial| (trial.clone(), record.name.clone())));
        self.arrays.push(Array::new(&self.queue, record));
        (self.looked, self.patience) = (Some(Instant::now()), SOONEST);
        Ok(())
    }

    /// Reports trials as if they had been paused.
    fn report_paused(&mut self, trials: impl IntoIterator<Item = String>) {
        for name in trials {
            let event = RunEvent::Ended(JobEnd::Paused);
            self.reports.push_back(Report::Event { name: name.clone(), event });
            self.reports.push_back(Report::Ended { name, how: "left".to_owned() });
        }
    }

    /// Asks Slurm for the states of all jobs, and the queue for what their workers have told.
    fn look(&mut self) -> Result<(), StudyError> {
        if jobs::is_cancelled(&self.queue) {
            self.stop.stop();
            return Ok(());
        }
        if !self.claim()? {
            return Ok(());
        }
        let names: Vec<String> = self.arrays.iter().map(|array| array.record.name.clone()).collect();
        let known = elements(&names)?;
        for array in &mut self.arrays {
            // The controller forgets jobs some minutes after their end.
            let mut forgotten = None;
            for (index, (state, workers)) in array.elements.iter_mut().enumerate() {
                if state.is_final() {
                    continue;
                }
                *state = match known.get(&(array.record.name.clone(), index)) {
                    Some(element) => element.state,
                    None => {
                        let ask = || accounted(array.record.job.as_deref().unwrap_or_default());
                        *forgotten.get_or_insert_with(ask).get(&index).unwrap_or(&JobState::Failed)
                    }
                };
                if *state != JobState::Waiting {
                    self.is_full &= !state.is_final();
                    follow(*state, workers, &mut self.reports);
                }
            }
        }
        for report in &self.reports {
            match report {
                Report::Ended { name, .. } => _ = self.followed.remove(name),
                Report::Event { event: RunEvent::Finished { summary, .. }, .. } => {
                    self.most_seconds =
                        Some(self.most_seconds.map_or(summary.seconds, |most| most.max(summary.seconds)));
                }
                Report::Event { .. } => (),
            }
        }
        let ended = self.arrays.extract_if(.., |array| array.active() == 0);
        for array in ended {
            array.record.remove(&self.queue)?;
        }
        Ok(())
    }
}

/// Reports what the workers of an element have told, and which have ended.
fn follow(state: JobState, workers: &mut Vec<Worker>, reports: &mut VecDeque<Report>) {
    let mut is_first = true;
    workers.retain_mut(|worker| {
        let news = worker.news();
        let name = || worker.trial.clone();
        reports.extend(news.into_iter().map(|event| Report::Event { name: name(), event }));
        let Some(end) = worker.end(state, is_first) else {
            is_first = false;
            return true;
        };
        is_first &= matches!(end, End::Told(JobEnd::Done));
        let how = match end {
            End::Told(end) => {
                reports.push_back(Report::Event { name: name(), event: RunEvent::Ended(end) });
                String::new()
            }
            End::Died(how) => how,
        };
        reports.push_back(Report::Ended { name: name(), how });
        false
    });
}

impl Launcher for Slurm {
    fn capacity(&self) -> usize {
        if self.lease.is_none() || self.has_left || self.is_full || !self.reports.is_empty() {
            return 0;
        }
        let jobs = self.launch.at_most_queued.saturating_sub(self.active());
        (jobs * self.launch.trials_per_job).saturating_sub(self.gathered.len())
    }

    fn has(&self, name: &str) -> bool {
        self.followed.contains_key(name)
    }

    fn pace(&self) -> Duration {
        LATEST
    }

    fn submit(&mut self, submission: Submission) -> Result<(), StudyError> {
        // One that another process has submitted runs, or will.
        if !self.has(&submission.name) {
            self.gathered.push(submission.name);
        }
        Ok(())
    }

    fn send(&mut self) -> Result<(), StudyError> {
        let gathered = std::mem::take(&mut self.gathered);
        let elements: Vec<Vec<String>> =
            gathered.chunks(self.launch.trials_per_job).map(<[String]>::to_vec).collect();
        for part in elements.chunks(LARGEST_ARRAY) {
            match self.submit_array(part) {
                Ok(()) => (),
                // There is room again once one of them has ended.
                Err(StudyError::Refused { .. }) if self.active() > 0 => {
                    self.is_full = true;
                    let left: Vec<String> =
                        gathered.iter().filter(|trial| !self.has(trial)).cloned().collect();
                    self.report_paused(left);
                    break;
                }
                Err(error) => {
                    self.gathered = gathered;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn poll(&mut self, patience: Duration) -> Option<Report> {
        if let Some(report) = self.reports.pop_front() {
            return Some(report);
        }
        if self.has_left {
            return None;
        }
        let since = self.looked.map_or(Duration::MAX, |looked| looked.elapsed());
        if since < self.patience {
            thread::sleep(patience.min(self.patience - since));
            return None;
        }
        // A controller that does not answer now may do so later.
        let looked = self.look();
        let nothing = looked.is_err() || self.reports.is_empty();
        self.patience = if nothing { (self.patience * 3 / 2).min(LATEST) } else { SOONEST };
        self.looked = Some(Instant::now());
        self.reports.pop_front()
    }

    fn cancel(&mut self) {
        self.has_left = true;
        self.reports.clear();
        let mut left: Vec<String> = self.followed.drain().map(|(trial, _)| trial).collect();
        left.append(&mut self.gathered);
        self.report_paused(left);
        self.lease = None;
    }
}

/// The name of the lease of whoever submits.
const SUBMITTER: &str = "slurm";

/// A file of the queue, there or not.
fn is_there(path: &Path) -> bool {
    fs::metadata(path).is_ok()
}
