//! Workers as processes of this machine.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use slimgate_run::{RunError, RunEvent, start_unsuspended};

use crate::StudyError;
use crate::launcher::{Launcher, Report, Submission};

/// The signal that a process cannot refuse.
const KILLED: i32 = 9;

/// Processes of the program on this machine, so many at once.
pub(crate) struct ThisMachine {
    program: PathBuf,
    at_once: usize,
    running: HashMap<String, Child>,
    heard: Receiver<Heard>,
    sender: Sender<Heard>,
}

/// Something that the reader of a worker's output hears.
enum Heard {
    Event { name: String, event: Box<RunEvent> },
    Closed { name: String },
}

impl ThisMachine {
    /// `program` is started, at most `at_once` times side by side.
    pub fn new(program: PathBuf, at_once: usize) -> ThisMachine {
        let (sender, heard) = channel();
        ThisMachine { program, at_once, running: HashMap::new(), heard, sender }
    }

    fn signal(&self, signal: Signal) {
        for process in self.running.values().filter_map(|child| Pid::from_raw(child.id() as i32)) {
            let _ = kill_process(process, signal);
        }
    }
}

impl Launcher for ThisMachine {
    fn capacity(&self) -> usize {
        self.at_once.saturating_sub(self.running.len())
    }

    fn submit(&mut self, submission: Submission) -> Result<(), StudyError> {
        let Submission { name, job, log } = submission;
        // Emptied, and written to at its end: of two that are started at once, one finds the job taken.
        let empty = File::create(&log).and_then(|_| File::options().append(true).open(&log));
        let empty = empty.map_err(RunError::file("write", &log))?;
        let mut command = Command::new(&self.program);
        command.arg("work").arg(job).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(empty);
        // Ctrl-C at the terminal goes to the study, which passes it on once.
        command.process_group(0);
        let mut child = start_unsuspended(|| command.spawn()).map_err(StudyError::Start)?;
        let output = child.stdout.take().expect("its output is piped");
        let (sender, of) = (self.sender.clone(), name.clone());
        thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            for event in lines.filter_map(|line| serde_json::from_str(&line).ok()) {
                let _ = sender.send(Heard::Event { name: of.clone(), event: Box::new(event) });
            }
            let _ = sender.send(Heard::Closed { name: of });
        });
        self.running.insert(name, child);
        Ok(())
    }

    fn poll(&mut self, patience: Duration) -> Option<Report> {
        match self.heard.recv_timeout(patience).ok()? {
            Heard::Event { name, event } => Some(Report::Event { name, event: *event }),
            // Its output is closed, so it is at its end; how it ended is known once it has been waited for.
            Heard::Closed { name } => {
                let status = self.running.remove(&name)?.wait().ok();
                Some(Report::Ended { name, how: how_it_ended(status) })
            }
        }
    }

    fn cancel(&mut self) {
        self.signal(Signal::TERM);
    }

    fn suspend(&mut self) {
        self.signal(Signal::STOP);
    }

    fn resume(&mut self) {
        self.signal(Signal::CONT);
    }
}

/// The end of a process that told nothing of it.
fn how_it_ended(status: Option<ExitStatus>) -> String {
    match (status.and_then(|status| status.code()), status.and_then(|status| status.signal())) {
        (Some(code), _) => format!("its process ended with code {code} and said nothing"),
        (_, Some(KILLED)) => {
            "its process was killed (signal 9), which the system does where memory runs out".to_owned()
        }
        (_, Some(signal)) => format!("its process was ended by signal {signal}"),
        _ => "its process was ended by a signal".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// The events of a worker whose program is a script, and its end.
    fn reports(script: &str, during: impl FnOnce(&mut ThisMachine)) -> (Vec<RunEvent>, String) {
        let here = tempfile::tempdir().unwrap();
        let program = here.path().join("program");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let mut machine = ThisMachine::new(program, 1);
        let (job, log) = (here.path().join("one.toml"), here.path().join("one.log"));
        machine.submit(Submission { name: "one".into(), job, log }).unwrap();
        assert_eq!(machine.capacity(), 0);
        during(&mut machine);
        let mut events = Vec::new();
        loop {
            match machine.poll(Duration::from_secs(60)).unwrap() {
                Report::Event { event, .. } => events.push(event),
                Report::Ended { name, how } => {
                    assert_eq!((name.as_str(), machine.capacity()), ("one", 1));
                    return (events, how);
                }
            }
        }
    }

    // One test: a script that another thread is about to start cannot be written at the same time.
    #[test]
    fn events_and_the_end_of_a_worker_are_heard() {
        let script = r#"echo loading; echo '{"event":"leased","mark":"one"}'"#;
        let (events, how) = reports(script, |_| ());
        assert_eq!(events, [RunEvent::Leased { mark: "one".into() }], "other lines are none");
        assert!(how.contains("with code 0"), "{how}");
        let (_, how) = reports(r#"[ "$1" = work ] && [ "$(basename "$2")" = one.toml ] && exit 3"#, |_| ());
        assert!(how.contains("with code 3"), "{how}");
        let (_, how) = reports("kill -ABRT $$", |_| ());
        assert!(how.contains("by signal 6"), "{how}");
        let (_, how) = reports("kill -KILL $$", |_| ());
        assert!(how.contains("signal 9") && how.contains("memory"), "{how}");
        // One that is suspended hears that it is to stop once it goes on.
        let (_, how) = reports("exec sleep 600", |machine| {
            machine.suspend();
            machine.cancel();
            machine.resume();
        });
        assert!(how.contains("by signal 15"), "{how}");
    }
}
