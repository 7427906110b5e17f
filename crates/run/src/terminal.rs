//! The terminal around a dashboard, and Ctrl-Z. A dashboard itself knows of no Ctrl-Z and of no process that ends in a
//! hurry.

use std::io::{StdoutLock, Write};
use std::sync::OnceLock;

use rustix::process::getpgrp;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use signal_hook::consts::SIGTSTP;

/// The bytes that Burn's dashboard writes as it closes: the mouse is the terminal's again, then its screen and its cursor.
const LEAVE: &[u8] = b"\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1049l\x1b[?25h";

/// The terminal in the modes that this process found. Whoever changes them puts them back when it is dropped, which does
/// not happen when the process exits or is stopped.
#[derive(Clone, Debug)]
pub struct Terminal {
    modes: Termios,
}

impl Terminal {
    /// As it was when this process was first asked while the terminal was its to set; none before that. One that begins
    /// in the background may get the terminal later.
    pub fn as_found() -> Option<Terminal> {
        static FOUND: OnceLock<Termios> = OnceLock::new();
        let now = || in_foreground().then(|| tcgetattr(std::io::stdin()).ok()).flatten();
        let modes = FOUND.get().or_else(|| now().map(|modes| FOUND.get_or_init(|| modes)))?;
        Some(Terminal { modes: modes.clone() })
    }

    /// Its modes.
    pub fn modes(&self) -> &Termios {
        &self.modes
    }

    /// Puts the terminal back as the process ends.
    pub fn give_back(&self) {
        if in_foreground() {
            let shown = self.dashboard_modes();
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.modes);
            if shown.is_some() {
                leave_screen(&mut std::io::stdout().lock());
            }
        }
    }

    /// The modes of the dashboard, if there is one: it changes how output is taken, and waiting for a key does not.
    pub fn dashboard_modes(&self) -> Option<Termios> {
        tcgetattr(std::io::stdin()).ok().filter(|now| now.output_modes != self.modes.output_modes)
    }

    /// Takes the terminal from the dashboard, whose output is held.
    pub fn leave_dashboard(&self, output: &mut StdoutLock) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.modes);
        leave_screen(output);
    }
}

/// Nobody is there to be told of a terminal that cannot be written to.
fn leave_screen(output: &mut StdoutLock) {
    let _ = output.write_all(LEAVE).and_then(|()| output.flush());
}

/// True if the terminal is this process's to set: in the background, setting it stops a process.
pub fn in_foreground() -> bool {
    tcgetpgrp(std::io::stdin()).is_ok_and(|group| group == getpgrp())
}

/// From now on a read from the terminal by this thread is an error while the process is in the background: otherwise it
/// stops the process (SIGTTIN).
pub fn refuse_background_reads() {
    // SAFETY: a set of zeros is a whole value, and both calls get one that lives through them.
    unsafe {
        let mut signals = std::mem::zeroed::<libc::sigset_t>();
        libc::sigaddset(&mut signals, libc::SIGTTIN);
        libc::pthread_sigmask(libc::SIG_BLOCK, &signals, std::ptr::null_mut());
    }
}

/// Stops this process until it is told to go on. Where no shell could tell it, the system does not stop it.
pub fn suspend() {
    let _ = with_ctrl_z(libc::SIG_DFL, || signal_hook::low_level::raise(SIGTSTP));
}

/// Starts a process in which Ctrl-Z means nothing, nor here while it is being started: one that was stopped before it is
/// the other program would keep this one waiting, and no shell knows of it.
pub fn start_unsuspended<T>(start: impl FnOnce() -> T) -> T {
    with_ctrl_z(libc::SIG_IGN, start)
}

/// Does something while Ctrl-Z has another meaning.
fn with_ctrl_z<T>(meaning: libc::sighandler_t, act: impl FnOnce() -> T) -> T {
    // SAFETY: an action of zeros is a whole value, without flags and with an empty mask.
    let (mut present, mut other) = unsafe { std::mem::zeroed::<(libc::sigaction, libc::sigaction)>() };
    other.sa_sigaction = meaning;
    // SAFETY: both are whole values that live through the call, which reads one and writes the other.
    let set = unsafe { libc::sigaction(SIGTSTP, &other, &mut present) } == 0;
    let done = act();
    if set {
        // SAFETY: what is put back is what the first call has written.
        unsafe { libc::sigaction(SIGTSTP, &present, std::ptr::null_mut()) };
    }
    done
}
