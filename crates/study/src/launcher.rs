//! Places where workers run.
//!
//! A worker is a process of the program that is handed a [job](slimgate_run::Job) as a file. It takes the job's lease
//! itself, tells what it does in [events](RunEvent), and leaves its outcome in the queue: so a study can be planned by a
//! process that did not start its workers, and on another machine.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::SIGTSTP;
use signal_hook::{flag, low_level};
use slimgate_run::{RunEvent, StopFlag};

use crate::StudyError;

/// The time to wait for something to happen before looking at something else.
pub(crate) const PATIENCE: Duration = Duration::from_millis(300);

/// A place where workers run: this machine, or a scheduler's.
pub(crate) trait Launcher {
    /// The number of workers that it would take now.
    fn capacity(&self) -> usize;

    /// Has a worker started, now or later: a place that takes many at once may gather them until it is polled.
    ///
    /// # Errors
    ///
    /// If that is not possible here.
    fn submit(&mut self, submission: Submission) -> Result<(), StudyError>;

    /// Sends out what has been gathered.
    ///
    /// # Errors
    ///
    /// If the place refuses it.
    fn send(&mut self) -> Result<(), StudyError> {
        Ok(())
    }

    /// True if a worker of this name was submitted before, by another process, and has not ended: it can be submitted here
    /// to hear of it.
    fn has(&self, _name: &str) -> bool {
        false
    }

    /// The time between two looks at what other processes have done.
    fn pace(&self) -> Duration {
        PATIENCE
    }

    /// The next thing heard of the workers, or nothing within the time given.
    fn poll(&mut self, patience: Duration) -> Option<Report>;

    /// Asks all workers to stop as soon as they have saved; those that have not started yet never do. Where they belong
    /// to a scheduler, they are left to that, and reported to have ended.
    fn cancel(&mut self);

    /// Stops all workers until they are to go on, where the place can do that: Ctrl-Z, for this process. Elsewhere they
    /// go on working.
    fn suspend(&mut self) {}

    /// Lets all workers go on that are suspended.
    fn resume(&mut self) {}
}

/// A job that a worker is to be started for.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    /// The name that reports of it have.
    pub name: String,
    /// The file of the job, where the worker can read it.
    pub job: PathBuf,
    /// The file that gets the worker's standard error.
    pub log: PathBuf,
}

/// Something heard of a worker.
#[derive(Debug)]
pub(crate) enum Report {
    /// Something that it tells.
    Event { name: String, event: RunEvent },
    /// It has ended.
    Ended {
        name: String,
        /// The end of its process, for one that told nothing of its end, such as "its process was ended by signal 6".
        how: String,
    },
}

/// The workers of a study: they stop, and are suspended, when this process is.
pub(crate) struct Workers {
    pub launcher: Box<dyn Launcher>,
    stop: StopFlag,
    suspension: Suspension,
    is_stopping: bool,
}

impl Workers {
    /// Workers that `launcher` starts, until `stop` is raised.
    pub fn new(launcher: Box<dyn Launcher>, stop: &StopFlag) -> Workers {
        Workers { launcher, stop: stop.clone(), suspension: Suspension::new(), is_stopping: false }
    }

    /// True once the user wants to stop. The workers are asked to, once.
    pub fn are_stopping(&mut self) -> bool {
        if self.stop.should_stop() {
            self.cancel();
        }
        self.is_stopping
    }

    /// Asks all workers to stop as soon as they have saved: once, since they leave at once if they are asked again.
    pub fn cancel(&mut self) {
        if !self.is_stopping {
            self.is_stopping = true;
            self.launcher.cancel();
        }
    }

    /// The next thing heard of the workers, or nothing for a while. Ctrl-Z stops this process in here.
    pub fn next(&mut self) -> Option<Report> {
        self.are_stopping();
        if self.suspension.is_asked() {
            self.launcher.suspend();
            let _ = low_level::emulate_default_handler(SIGTSTP);
            self.launcher.resume();
        }
        self.launcher.poll(PATIENCE)
    }
}

/// Ctrl-Z while there may be workers, which hear nothing of it themselves.
struct Suspension {
    asked: Arc<AtomicBool>,
    at_once: Arc<AtomicBool>,
}

impl Suspension {
    fn new() -> Suspension {
        let [asked, at_once] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let _ = flag::register_conditional_default(SIGTSTP, at_once.clone());
        let _ = flag::register(SIGTSTP, asked.clone());
        Suspension { asked, at_once }
    }

    fn is_asked(&self) -> bool {
        self.asked.swap(false, Ordering::Relaxed)
    }
}

impl Drop for Suspension {
    /// Ctrl-Z stops this process at once again.
    fn drop(&mut self) {
        self.at_once.store(true, Ordering::Relaxed);
    }
}
