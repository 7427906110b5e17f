//! Stopping a run from outside: Ctrl-C, SIGTERM, a terminal that closes, a reader that went away.

use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::{StopFlag, Terminal, TerminalStreams};

/// The exit code of a run that was interrupted.
const INTERRUPTED: i32 = 130;

/// Time between two looks at whether standard output still has a reader.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// From now on the first Ctrl-C, SIGTERM or SIGHUP asks the run that gets this to stop, which it does before it
/// begins or after the batch it is in. A second Ctrl-C or SIGTERM ends the process, with the terminal as it was found.
pub fn stop_on_signals() -> StopFlag {
    let stop = StopFlag::new();
    let mut stopping = vec![SIGINT, SIGTERM];
    // `nohup` has it ignored, and means it.
    if !is_ignored(SIGHUP) {
        stopping.push(SIGHUP);
    }
    let Ok(mut signals) = Signals::new(stopping) else { return stop };
    let asked = stop.clone();
    // Before anything changes its modes.
    Terminal::as_found();
    let streams = TerminalStreams::now();
    thread::spawn(move || {
        let mut asked_before = false;
        for signal in signals.forever() {
            if signal == SIGHUP {
                streams.leave_if_closed();
            }
            // A terminal that closes says so more than once: the system does, and the shell.
            if asked_before && signal != SIGHUP {
                if let Some(terminal) = Terminal::as_found() {
                    terminal.give_back();
                }
                std::process::exit(INTERRUPTED);
            }
            asked_before = true;
            asked.stop();
        }
    });
    stop
}

/// Does something once nobody is left to read this process's standard output: whoever started it has ended, however
/// that went.
pub fn when_unread(act: impl FnOnce() + Send + 'static) {
    // One that was stopped together with its parent (Ctrl-Z) must go on to notice.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::CONT));
    thread::spawn(move || {
        while !is_unread() {
            thread::sleep(LOOK_EVERY);
        }
        act();
    });
}

/// True if standard output is a pipe without a reader.
fn is_unread() -> bool {
    let output = std::io::stdout();
    // Asked at intervals and for room to write: where that is not asked for, macOS does not tell of a lost reader.
    let mut asked = [PollFd::new(&output, PollFlags::OUT)];
    let told = poll(&mut asked, Some(&Timespec::default()));
    told.is_ok() && asked[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// True if this process was started with a signal ignored.
fn is_ignored(signal: libc::c_int) -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: without a new action the call only writes the present one to where the pointer leads, which is read
    // after it has succeeded.
    unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}
