//! A terminal that the program must let go of while it speaks to it: it has closed, or it is another process's by now.

use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, OnceLock};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::ioctl_fionbio;
use rustix::pipe::pipe;
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

/// The request that a process has no controlling terminal any more.
#[cfg(target_os = "linux")]
const TIOCNOTTY: libc::Ioctl = libc::TIOCNOTTY;
/// On macOS and the BSDs; `libc` does not have it there.
#[cfg(not(target_os = "linux"))]
const TIOCNOTTY: libc::c_ulong = 0x2000_7471;

/// The streams of a terminal that was put aside.
static ASIDE: Mutex<Aside> = Mutex::new(Aside { output: None, error: None });

struct Aside {
    output: Option<OwnedFd>,
    error: Option<OwnedFd>,
}

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

    /// Lets go of a terminal that is there, but another process's: a process in the background that sets its modes or
    /// reads from it is stopped, and what it draws is in the other's way. [`put_back`](Self::put_back) ends this for what
    /// is written.
    pub fn put_aside(self) {
        let Ok(nowhere) = File::options().write(true).open("/dev/null") else { return };
        let mut aside = ASIDE.lock().expect("nobody panics while holding it");
        if self.output {
            aside.output = std::io::stdout().as_fd().try_clone_to_owned().ok();
            let _ = dup2_stdout(&nowhere);
        }
        if self.error {
            aside.error = std::io::stderr().as_fd().try_clone_to_owned().ok();
            let _ = dup2_stderr(&nowhere);
        }
        if self.input {
            // First of all by its other name, which leads nowhere from now on: `/dev/tty`.
            // SAFETY: the request takes no argument.
            unsafe { libc::ioctl(libc::STDIN_FILENO, TIOCNOTTY) };
            let _ = silent_input().map(dup2_stdin);
        }
    }

    /// Has what is written from now on go to the terminal again that was put aside, if one was.
    pub fn put_back() {
        let mut aside = ASIDE.lock().expect("nobody panics while holding it");
        let _ = aside.output.take().map(dup2_stdout);
        let _ = aside.error.take().map(dup2_stderr);
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
