//! `q` stops a study, as Ctrl-C does.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, tcsetattr};
use signal_hook::consts::SIGCONT;
use signal_hook::flag;
use slimgate_run::{StopFlag, Terminal, in_foreground, refuse_background_reads};

/// Time between two looks at whether the terminal is this process's.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Puts the terminal's modes back when it is dropped. A second Ctrl-C, which drops nothing, puts them back itself.
pub struct Keys {
    /// True once the keys are no longer listened to; whoever sets the terminal's modes holds it meanwhile.
    ended: Option<Arc<Mutex<bool>>>,
}

/// From now on the key `q` asks for a stop, whenever the process is in the foreground of a terminal.
pub fn stop_on_q(stop: &StopFlag) -> Keys {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Keys { ended: None };
    }
    let ended = Arc::new(Mutex::new(false));
    let listener = Listener { stop: stop.clone(), ended: ended.clone(), continued: Arc::default() };
    let _ = flag::register(SIGCONT, listener.continued.clone());
    thread::spawn(move || listener.listen());
    Keys { ended: Some(ended) }
}

struct Listener {
    stop: StopFlag,
    ended: Arc<Mutex<bool>>,
    /// Set by each SIGCONT: a shell gives the terminal modes of its own while the process is stopped (Ctrl-Z), and does
    /// not take them back.
    continued: Arc<AtomicBool>,
}

impl Listener {
    /// In the background the keys are the shell's: to read one there, or to set how they are read, stops a process.
    fn listen(self) {
        refuse_background_reads();
        let mut ready = false;
        loop {
            let stopped = self.continued.swap(false, Ordering::Relaxed);
            if !in_foreground() {
                ready = false;
                thread::sleep(LOOK_EVERY);
                continue;
            }
            if !ready || stopped {
                let ended = self.ended.lock().expect("nobody panics while holding it");
                if *ended {
                    return;
                }
                take_keys_one_by_one();
                ready = true;
            }
            match next_key() {
                Key::Pressed(b'q') => self.stop.stop(),
                Key::Pressed(_) | Key::None => (),
                Key::Never => return,
            }
        }
    }
}

/// Keys come one by one and unseen; Ctrl-C stays a signal.
fn take_keys_one_by_one() {
    let Some(found) = Terminal::as_found() else { return };
    let mut modes = found.modes().clone();
    modes.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
    let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &modes);
}

enum Key {
    Pressed(u8),
    None,
    /// The terminal has closed.
    Never,
}

/// The next key, waited for until it is time to look elsewhere.
fn next_key() -> Key {
    let input = std::io::stdin();
    let patience = Timespec::try_from(LOOK_EVERY).expect("it is short");
    let mut asked = [PollFd::new(&input, PollFlags::IN)];
    // The process may have been stopped, and moved to the background, while it waited.
    if !poll(&mut asked, Some(&patience)).is_ok_and(|ready| ready > 0) || !in_foreground() {
        return Key::None;
    }
    let mut key = [0];
    match rustix::io::read(&input, &mut key) {
        Ok(0) => Key::Never,
        Ok(_) => Key::Pressed(key[0]),
        Err(_) => Key::None,
    }
}

impl Keys {
    /// True if there is a terminal whose keys are listened to.
    pub fn are_heard(&self) -> bool {
        self.ended.is_some()
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let Some(ended) = &self.ended else { return };
        *ended.lock().expect("nobody panics while holding it") = true;
        // The shell may have moved the process to the background since.
        if let Some(found) = Terminal::as_found().filter(|_| in_foreground()) {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, found.modes());
        }
    }
}
