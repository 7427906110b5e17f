//! Where the processes of a study run: on this machine.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use slimgate_train::{TrainError, start_unsuspended};

use crate::StudyError;

/// Processes of the program, so many at once.
pub(crate) struct Executor {
    program: PathBuf,
    at_once: usize,
    running: HashMap<String, Child>,
    reports: Receiver<Report>,
    sender: Sender<Report>,
}

/// A process to start.
#[derive(Debug)]
pub(crate) struct Process {
    /// The trial that it works on.
    pub trial: String,
    /// What the program is called with.
    pub arguments: Vec<OsString>,
    /// Held as long as the process lives, whoever started it.
    pub claim: File,
    /// Where its standard error goes.
    pub log: PathBuf,
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
        Executor { program, at_once, running: HashMap::new(), reports, sender }
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
        let Process { trial, arguments, claim, log } = process;
        let log = File::create(&log).map_err(TrainError::file("write", &log))?;
        let mut command = Command::new(&self.program);
        // The child inherits the claim as its standard input, so that it lasts as long as the child does.
        // And it stops when this process is gone, however that went: nobody else reads its output.
        command.args(arguments).arg("--while-read").stdin(claim).stdout(Stdio::piped()).stderr(log);
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

    /// What came of them, or nothing within the time given.
    pub fn next(&mut self, patience: Duration) -> Option<Report> {
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
        for child in self.running.values() {
            terminate(child);
        }
    }
}

fn terminate(child: &Child) {
    if let Some(process) = rustix::process::Pid::from_raw(child.id() as i32) {
        let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
    }
}
