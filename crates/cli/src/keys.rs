//! `q` stops a study, as Ctrl-C does.

use std::io::{IsTerminal, Read};
use std::thread;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::SIGCONT;
use signal_hook::iterator::{Handle, Signals};
use slimgate_run::{StopFlag, in_foreground};

/// Puts the terminal's modes back when it is dropped. A second Ctrl-C, which drops nothing, puts them back itself.
pub struct Keys {
    set: Option<(Termios, Option<Handle>)>,
}

/// From now on the key `q` asks for a stop, where a person is at the keyboard.
pub fn stop_on_q(stop: &StopFlag) -> Keys {
    let input = std::io::stdin();
    if !input.is_terminal() || !std::io::stdout().is_terminal() || !in_foreground() {
        return Keys { set: None };
    }
    let Ok(before) = tcgetattr(&input) else { return Keys { set: None } };
    let mut modes = before.clone();
    // Keys one by one and unseen; Ctrl-C stays a signal.
    modes.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
    if tcsetattr(&input, OptionalActions::Now, &modes).is_err() {
        return Keys { set: None };
    }
    let stop = stop.clone();
    thread::spawn(move || {
        let mut key = [0];
        while std::io::stdin().read_exact(&mut key).is_ok() {
            if key == *b"q" {
                stop.stop();
            }
        }
    });
    Keys { set: Some((before, set_again_after_a_stop(modes))) }
}

/// A shell gives the terminal modes of its own while the process is stopped (Ctrl-Z), and does not take them back.
fn set_again_after_a_stop(modes: Termios) -> Option<Handle> {
    let mut continued = Signals::new([SIGCONT]).ok()?;
    let handle = continued.handle();
    thread::spawn(move || {
        for _ in continued.forever().filter(|_| in_foreground()) {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &modes);
        }
    });
    Some(handle)
}

impl Drop for Keys {
    fn drop(&mut self) {
        let Some((before, continued)) = self.set.take() else { return };
        if let Some(continued) = continued {
            continued.close();
        }
        // The shell may have moved the process to the background since.
        if in_foreground() {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &before);
        }
    }
}
