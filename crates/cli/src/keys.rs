//! `q` stops a study, as Ctrl-C does.

use std::io::{IsTerminal, Read};
use std::thread;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use slimgate_train::{Interrupter, in_foreground};

/// Puts the terminal's modes back when it is dropped. A second Ctrl-C, which drops nothing, puts them back itself.
pub struct Keys {
    before: Option<Termios>,
}

/// From now on the key `q` asks for a stop, where a person is at the keyboard.
pub fn stop_on_q(interrupter: &Interrupter) -> Keys {
    let input = std::io::stdin();
    if !input.is_terminal() || !std::io::stdout().is_terminal() || !in_foreground() {
        return Keys { before: None };
    }
    let Ok(before) = tcgetattr(&input) else { return Keys { before: None } };
    let mut modes = before.clone();
    // Keys one by one and unseen; Ctrl-C stays a signal.
    modes.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
    if tcsetattr(&input, OptionalActions::Now, &modes).is_err() {
        return Keys { before: None };
    }
    let interrupter = interrupter.clone();
    thread::spawn(move || {
        let mut key = [0];
        while std::io::stdin().read_exact(&mut key).is_ok() {
            if key == *b"q" {
                interrupter.stop(Some("interrupted"));
            }
        }
    });
    Keys { before: Some(before) }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // The shell may have moved the process to the background since.
        if let Some(before) = self.before.as_ref().filter(|_| in_foreground()) {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        }
    }
}
