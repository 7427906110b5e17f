//! A terminal that closes while the program speaks to it.

use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::OwnedFd;
use std::sync::OnceLock;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::ioctl_fionbio;
use rustix::pipe::pipe;
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

/// The standard streams that are a terminal.
#[derive(Clone, Copy)]
pub struct TerminalStreams {
    input: bool,
    output: bool,
    error: bool,
}

impl TerminalStreams {
    /// Those of this process, as they are now.
    pub fn now() -> TerminalStreams {
        TerminalStreams {
            input: std::io::stdin().is_terminal(),
            output: std::io::stdout().is_terminal(),
            error: std::io::stderr().is_terminal(),
        }
    }

    /// Lets go of a terminal that has closed: what is written goes nowhere, and no key is ever pressed. Left alone, the
    /// dashboard would wait forever for a key, and end the process when it draws.
    pub fn leave_if_closed(self) {
        if self.input && !std::io::stdin().is_terminal() {
            let _ = silent_input().map(dup2_stdin);
        }
        let Ok(nowhere) = File::options().write(true).open("/dev/null") else { return };
        if self.output && !std::io::stdout().is_terminal() {
            let _ = dup2_stdout(&nowhere);
        }
        if self.error && !std::io::stderr().is_terminal() {
            let _ = dup2_stderr(&nowhere);
        }
    }

    /// From now on lets go of the terminal as soon as it closes, even where the signal that says so is ignored or late.
    pub fn leave_when_closed(self) {
        thread::spawn(move || {
            let input = std::io::stdin();
            let mut watched = [PollFd::new(&input, PollFlags::empty())];
            while poll(&mut watched, None).is_err_and(|error| error == rustix::io::Errno::INTR) {}
            self.leave_if_closed();
        });
    }
}

/// An input on which nothing is ever to be read, yet which has no end.
fn silent_input() -> Option<&'static OwnedFd> {
    // Both ends, since a pipe that nobody can write to is at its end.
    static PIPE: OnceLock<Option<(OwnedFd, OwnedFd)>> = OnceLock::new();
    let ends = PIPE.get_or_init(|| {
        let (read, write) = pipe().ok()?;
        ioctl_fionbio(&read, true).ok()?;
        Some((read, write))
    });
    ends.as_ref().map(|(read, _)| read)
}
