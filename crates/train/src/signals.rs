//! Stopping a run from outside: Ctrl-C and SIGTERM.

use std::io::Write;
use std::thread;
use std::time::Duration;

use burn::train::Interrupter;
use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcgetpgrp, tcsetattr};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The exit code of a run that was interrupted.
const INTERRUPTED: i32 = 130;

/// What the dashboard would write as it closes: the mouse is the terminal's again, then its own screen and its cursor.
const LEAVE_DASHBOARD: &[u8] = b"\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1049l\x1b[?25h";

/// From now on the first Ctrl-C or SIGTERM asks the run that gets this to stop, which it does before it begins
/// or after the batch it is in, and the second ends the process, with the terminal as it is now.
pub fn stop_on_signals() -> Interrupter {
    let interrupter = Interrupter::new();
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return interrupter };
    let asked = interrupter.clone();
    // Whoever changes them puts them back when it is dropped, which does not happen when the process exits.
    let modes = in_foreground().then(|| tcgetattr(std::io::stdin()).ok()).flatten();
    thread::spawn(move || {
        for (count, _) in signals.forever().enumerate() {
            if count > 0 {
                if let Some(modes) = modes.as_ref().filter(|_| in_foreground()) {
                    // The dashboard's raw mode changes how output is taken; waiting for a key does not.
                    let raw =
                        tcgetattr(std::io::stdin()).is_ok_and(|now| now.output_modes != modes.output_modes);
                    let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, modes);
                    if raw {
                        let _ = std::io::stdout()
                            .write_all(LEAVE_DASHBOARD)
                            .and_then(|()| std::io::stdout().flush());
                    }
                }
                std::process::exit(INTERRUPTED);
            }
            asked.stop(Some("interrupted"));
        }
    });
    interrupter
}

/// Whether the terminal is this process's to set: in the background, setting it stops a process.
pub fn in_foreground() -> bool {
    tcgetpgrp(std::io::stdin()).is_ok_and(|group| group == getpgrp())
}

/// The dashboard puts the terminal into raw mode, in which Ctrl-C is a key that it ignores. This makes it a
/// signal again, once the dashboard's own thread has set the mode.
pub(crate) fn let_control_c_through() {
    let terminal = std::io::stdin();
    for _ in 0..40 {
        thread::sleep(Duration::from_millis(50));
        let Ok(mut modes) = tcgetattr(&terminal) else { return };
        if !modes.local_modes.contains(LocalModes::ISIG) {
            modes.local_modes.insert(LocalModes::ISIG);
            let _ = tcsetattr(&terminal, OptionalActions::Now, &modes);
            return;
        }
    }
}
