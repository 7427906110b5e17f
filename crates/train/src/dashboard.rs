//! The terminal around Burn's dashboard, which itself knows of no Ctrl-C, no Ctrl-Z and no process that ends in a hurry.

use std::io::{StdoutLock, Write};
use std::panic::{set_hook, take_hook};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use rustix::termios::{
    LocalModes, OptionalActions, Winsize, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize,
};
use signal_hook::consts::SIGTSTP;
use signal_hook::iterator::Signals;
use slimgate_run::{StopFlag, Terminal, TerminalStreams, in_foreground, suspend};

/// The escape codes that the dashboard writes as it opens: a screen of its own without a cursor, and the mouse.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?1000h\x1b[?1002h\x1b[?1003h\x1b[?1015h\x1b[?1006h";

/// Clears from the beginning of the line to the end of the screen.
const CLEAR_BELOW: &[u8] = b"\r\x1b[J";

/// Longer than the dashboard waits from one drawing to the next, and for its threads to say their last words.
const A_DRAWING: Duration = Duration::from_millis(500);

/// Longer than it takes until a stop is known of that was asked for by a signal while the process was suspended.
const A_SIGNAL: Duration = Duration::from_secs(1);

/// Held while the dashboard is suspended.
static SUSPENDED: Mutex<()> = Mutex::new(());

/// Waits until the dashboard is not suspended: it has its terminal, or has let go of it. One that closes before that
/// would set the modes of a terminal that is another process's, which stops this one.
pub(crate) fn wait_while_suspended() {
    drop(SUSPENDED.lock());
}

/// Takes care of the terminal while there is a dashboard, which is about to open. False if none may: the process is in
/// the background and asked to stop there.
pub(crate) fn attend(stop: &StopFlag) -> bool {
    let (terminal, stop) = (Terminal::as_found(), stop.clone());
    let signals = Signals::new([SIGTSTP]);
    let streams = TerminalStreams::now();
    streams.leave_when_closed();
    outlive_drawing_on_a_closed_terminal(streams);
    // Ctrl-Z may have come before.
    if !wait_for_terminal(&mut std::io::stdout().lock(), &stop) {
        return false;
    }
    thread::spawn(move || {
        let_control_c_through();
        let (Some(terminal), Ok(mut signals)) = (terminal, signals) else { return };
        for _ in signals.forever() {
            suspend_dashboard(&terminal, streams, &stop);
        }
    });
    true
}

/// Takes care of the terminal once the dashboard has closed.
pub(crate) fn closed() {
    TerminalStreams::put_back();
}

/// A dashboard that draws before it is known that its terminal has closed panics, and panics again when it cannot say
/// so: that would abort the process.
fn outlive_drawing_on_a_closed_terminal(streams: TerminalStreams) {
    let tell = take_hook();
    set_hook(Box::new(move |panic| {
        streams.leave_if_closed();
        tell(panic);
    }));
}

/// Stops the process as Ctrl-Z does, with the terminal as it was before the dashboard, which is there again when the
/// process goes on.
fn suspend_dashboard(terminal: &Terminal, streams: TerminalStreams, stop: &StopFlag) {
    let Some(modes) = terminal.dashboard_modes() else { return suspend() };
    let _suspended = SUSPENDED.lock();
    // Held, so that nobody draws until the dashboard has its screen again.
    let mut output = std::io::stdout().lock();
    terminal.leave_dashboard(&mut output);
    suspend();
    if !wait_for_terminal(&mut output, stop) {
        return streams.put_aside();
    }
    let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &modes);
    write(&mut output, ENTER);
    drop(output);
    draw_again();
}

/// Returns once the process is in the foreground; until then it is suspended. False if it is asked to stop before that.
fn wait_for_terminal(output: &mut StdoutLock, stop: &StopFlag) -> bool {
    while !in_foreground() {
        if is_asked_to_stop(stop) {
            return false;
        }
        write(
            output,
            b"the dashboard needs the terminal: continue with fg; a run with --no-tui trains in the background\n",
        );
        suspend();
    }
    true
}

/// True if the process is asked to stop, by a signal that came while it was suspended (`kill %1`) or before. The thread
/// that such a signal is for goes on at the same time as this one.
fn is_asked_to_stop(stop: &StopFlag) -> bool {
    let began = Instant::now();
    while !stop.should_stop() && !in_foreground() && began.elapsed() < A_SIGNAL {
        thread::sleep(Duration::from_millis(10));
    }
    stop.should_stop()
}

/// The dashboard puts the terminal into raw mode, in which Ctrl-C and Ctrl-Z are keys that it ignores. This makes them
/// signals again, once the dashboard's own thread has set the mode.
fn let_control_c_through() {
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

/// Clears away what the threads of a dashboard say that was told to kill the run: they leave its screen one after the
/// other, which puts the cursor back each time.
pub(crate) fn clear_last_words() {
    thread::sleep(A_DRAWING);
    write(&mut std::io::stdout().lock(), CLEAR_BELOW);
}

/// Has all of the screen drawn: on one of the same size, only what has changed would be.
fn draw_again() {
    let terminal = std::io::stdout();
    let Ok(size) = tcgetwinsize(&terminal) else { return };
    let smaller = Winsize { ws_row: size.ws_row.saturating_sub(1).max(1), ..size };
    let _ = tcsetwinsize(&terminal, smaller);
    thread::sleep(A_DRAWING);
    // Unless the user has changed it meanwhile.
    let same = |now: Winsize| (now.ws_row, now.ws_col) == (smaller.ws_row, smaller.ws_col);
    if tcgetwinsize(&terminal).is_ok_and(same) {
        let _ = tcsetwinsize(&terminal, size);
    }
}

/// Nobody is there to be told of a terminal that cannot be written to.
fn write(output: &mut StdoutLock, text: &[u8]) {
    let _ = output.write_all(text).and_then(|()| output.flush());
}
