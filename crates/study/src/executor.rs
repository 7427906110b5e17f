//! Where the processes of a study run: on this machine.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::SIGTSTP;
use signal_hook::{flag, low_level};
use slimgate_run::start_unsuspended;

use crate::StudyError;

/// How long to wait for something to happen before looking at something else.
pub(crate) const PATIENCE: Duration = Duration::from_millis(300);

/// Processes of the program, so many at once.
pub(crate) struct Executor {
    program: PathBuf,
    at_once: usize,
    running: HashMap<String, Child>,
    reports: Receiver<Report>,
    sender: Sender<Report>,
    suspension: Suspension,
}

/// A process to start.
#[derive(Debug)]
pub(crate) struct Process {
    /// The trial that it works on.
    pub trial: String,
    /// What the program is called with.
    pub arguments: Vec<OsString>,
    /// Its standard input. A claim is held by it as long as the process lives, whoever started it.
    pub input: Stdio,
    /// Its standard error.
    pub log: Stdio,
}

/// What comes of a process.
#[derive(Debug)]
pub(crate) enum Report {
    /// A line on its standard output.
    Line { trial: String, line: String },
    /// Its end, with its status where that is known.
    Ended { trial: String, status: Option<ExitStatus> },
}

impl Executor {
    /// `program` is started, at most `at_once` times side by side.
    pub fn new(program: PathBuf, at_once: usize) -> Executor {
        let (sender, reports) = channel();
        Executor { program, at_once, running: HashMap::new(), reports, sender, suspension: Suspension::new() }
    }

    /// How many more processes it would take now.
    pub fn room(&self) -> usize {
        self.at_once.saturating_sub(self.running.len())
    }

    /// Starts one.
    ///
    /// # Errors
    ///
    /// If that is not possible here.
    pub fn start(&mut self, process: Process) -> Result<(), StudyError> {
        let Process { trial, arguments, input, log } = process;
        let mut command = Command::new(&self.program);
        // It stops when this process is gone, however that went: nobody else reads its output.
        command.args(arguments).arg("--while-read").stdin(input).stdout(Stdio::piped()).stderr(log);
        // Ctrl-C at the terminal goes to the study, which passes it on once.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = start_unsuspended(|| command.spawn()).map_err(StudyError::Start)?;
        let output = child.stdout.take().expect("its output is piped");
        let (sender, name) = (self.sender.clone(), trial.clone());
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = sender.send(Report::Line { trial: name.clone(), line });
            }
            let _ = sender.send(Report::Ended { trial: name, status: None });
        });
        self.running.insert(trial, child);
        Ok(())
    }

    /// What came of them, or nothing within the time given. Ctrl-Z stops this process in here, and them with it.
    pub fn next(&mut self, patience: Duration) -> Option<Report> {
        if self.suspension.is_asked() {
            self.signal(Signal::STOP);
            let _ = low_level::emulate_default_handler(SIGTSTP);
            self.signal(Signal::CONT);
        }
        match self.reports.recv_timeout(patience).ok()? {
            // Its output is closed, so it is at its end; the status is known once it has been waited for.
            Report::Ended { trial, .. } => {
                let status = self.running.remove(&trial)?.wait().ok();
                Some(Report::Ended { trial, status })
            }
            line => Some(line),
        }
    }

    /// Asks all of them to stop as soon as they have saved.
    pub fn stop(&self) {
        self.signal(Signal::TERM);
    }

    fn signal(&self, signal: Signal) {
        for process in self.running.values().filter_map(|child| Pid::from_raw(child.id() as i32)) {
            let _ = kill_process(process, signal);
        }
    }
}

/// Ctrl-Z while there may be processes, which are of groups of their own and hear nothing of it.
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
