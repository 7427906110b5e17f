//! The program at a terminal: a shell with job control, a keyboard, a screen.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::support::{TINY, Workspace};

/// A run that does not end by itself, in a terminal that shows Burn's dashboard.
const ENDLESS: &str =
    "slimgate train --dataset japanese-vowels --hidden 6 --epochs 1000000 --threads 1 --name one\n";

/// The escape sequences that take the terminal for the dashboard and give it back.
const ENTER: &str = "\u{1b}[?1049h";
const LEAVE: [&str; 3] = ["\u{1b}[?1000l", "\u{1b}[?1049l", "\u{1b}[?25h"];

/// An interactive shell, in which the program is called `slimgate`.
struct Shell {
    terminal: Child,
    keys: ChildStdin,
    screen: PathBuf,
}

impl Shell {
    fn open(here: &Workspace) -> Shell {
        let mut command = Command::new("script");
        command.args(["-qefc", "bash --norc --noprofile -i", "screen"]).current_dir(here.path("."));
        command.env("TERM", "xterm-256color").env("XDG_DATA_HOME", here.path("data"));
        let mut terminal = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let keys = terminal.stdin.take().unwrap();
        let mut shell = Shell { terminal, keys, screen: here.path("screen") };
        let program = env!("CARGO_BIN_EXE_slimgate");
        shell.press(&format!("stty rows 30 cols 100; slimgate() {{ {program} \"$@\"; }}; echo rea''dy\n"));
        shell.wait_for(0, &["ready"]);
        shell
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn screen(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.screen).unwrap_or_default()).into_owned()
    }

    /// Waits until the terminal shows one of these texts after `from`; returns the position of that text's end.
    fn wait_for(&self, from: usize, texts: &[&str]) -> usize {
        for _ in 0..1000 {
            let screen = self.screen();
            let ends = texts.iter().filter_map(|text| Some(from + screen[from..].find(text)? + text.len()));
            if let Some(end) = ends.min() {
                return end;
            }
            sleep(Duration::from_millis(20));
        }
        panic!("none of {texts:?} in {:?}", &self.screen()[from..]);
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.terminal.kill();
        let _ = self.terminal.wait();
    }
}

/// Waits for something that happens in twenty seconds, or else goes on for ever.
fn wait_until(what: &str, has_happened: impl Fn() -> bool) {
    for _ in 0..1000 {
        if has_happened() {
            return;
        }
        sleep(Duration::from_millis(20));
    }
    panic!("{what}");
}

/// Waits until the summary of a run says that it was interrupted.
fn wait_for_interruption(here: &Workspace, run: &str) {
    let summary = || std::fs::read_to_string(here.path(run).join("summary.json")).unwrap_or_default();
    wait_until(&format!("{run} goes on"), || summary().contains("\"interrupted\""));
}

#[test]
fn a_dashboard_that_is_suspended_gives_the_terminal_back_and_takes_it_again() {
    let here = Workspace::new();
    let mut shell = Shell::open(&here);
    shell.press(ENDLESS);
    let shown = shell.wait_for(0, &["Controls"]);
    // By then Ctrl-Z sends a signal.
    sleep(Duration::from_millis(500));
    shell.press("\u{1a}");
    let stopped = shell.wait_for(shown, &["Stopped"]);
    let meanwhile = shell.screen()[shown..stopped].to_owned();
    for given_back in LEAVE {
        assert!(meanwhile.contains(given_back), "{given_back:?}");
    }
    shell.press("fg\n");
    let back = shell.wait_for(stopped, &[ENTER]);
    // It redraws everything, not only what changed: first smaller, then at its former size.
    let smaller = shell.wait_for(back, &["Controls"]);
    let shown = shell.wait_for(smaller, &["Controls"]);
    // The dashboard may miss a key that comes together with a new size.
    sleep(Duration::from_millis(500));

    shell.press("q");
    shell.wait_for(shown, &["instantly", "current", "program", "executed"]);
    shell.press("k");
    let told = shell.wait_for(shown, &["was interrupted"]);
    let (_, after) =
        shell.screen()[..told].rsplit_once(LEAVE[1]).map(|(a, b)| (a.len(), b.to_owned())).unwrap();
    assert!(after.contains("\r\u{1b}[Jruns/one was interrupted"), "{after:?}");
    shell.wait_for(told, &["--resume runs/one"]);
}

#[test]
fn a_terminal_that_closes_stops_its_run() {
    for quiet in ["", "--no-tui"] {
        let here = Workspace::new();
        let mut shell = Shell::open(&here);
        shell.press(&ENDLESS.replace("train", &format!("train {quiet}")));
        shell.wait_for(0, &["Controls", "epoch   3"]);
        drop(shell);
        wait_for_interruption(&here, "runs/one");
        here.succeed("evaluate runs/one");
    }
}

/// The dashboard may look for keys, and draw, before it learns that its terminal has closed.
#[test]
fn a_dashboard_that_does_not_learn_of_its_closed_terminal_can_be_stopped() {
    let here = Workspace::new();
    let mut shell = Shell::open(&here);
    let program = env!("CARGO_BIN_EXE_slimgate");
    let line = ENDLESS.trim_end().replace("slimgate", &format!("exec {program}"));
    shell.press(&format!("trap '' HUP; sh -c 'echo $$ > process; {line}'\n"));
    shell.wait_for(0, &["Controls"]);
    drop(shell);
    // The dashboard looks for keys ten times a second.
    sleep(Duration::from_millis(500));
    assert!(Command::new("kill").args(["-TERM", here.read("process").trim()]).status().unwrap().success());
    wait_for_interruption(&here, "runs/one");
}

#[test]
fn a_terminal_that_only_writes_gets_lines() {
    let here = Workspace::new();
    here.write("small.toml", crate::study::small());
    let mut shell = Shell::open(&here);
    for (terminal, name) in [("TERM=dumb", "dumb"), ("TERM=", "none")] {
        shell.press(&format!("{terminal} slimgate train {TINY} --name {name}\n"));
        shell.wait_for(0, &[&format!("evaluate runs/{name}")]);
    }
    shell.press("TERM=dumb slimgate compare small.toml --out study\n");
    shell.wait_for(0, &["Not enough evidence", "use lstm3", "keep lstm"]);
    let screen = shell.screen();
    assert!(screen.contains("epoch   2/2") && screen.contains("12/12 lstm"), "{screen}");
    assert!(!screen.contains(ENTER) && !screen.contains("q stops"), "{screen}");
}

#[test]
fn a_key_stops_a_study_that_was_suspended() {
    let here = Workspace::new();
    here.write("small.toml", crate::study::small().replace("epochs = 3", "epochs = 4000"));
    let mut shell = Shell::open(&here);
    shell.press("slimgate compare small.toml --out study\n");
    // By then both trials have started; while they do, Ctrl-Z has no effect.
    let shown = shell.wait_for(0, &[" · "]);
    shell.press("\u{1a}");
    let stopped = shell.wait_for(shown, &["Stopped"]);
    shell.press("fg\n");
    let back = shell.wait_for(stopped, &["q stops"]);
    shell.press("q");
    shell.wait_for(back, &["continue with: slimgate compare study"]);
}

/// A study whose trials do not end by themselves, and its first two in training.
fn endless_study(here: &Workspace, begin: &str) -> (Shell, usize) {
    here.write("small.toml", crate::study::small().replace("epochs = 3", "epochs = 100000"));
    let mut shell = Shell::open(here);
    shell.press(&format!("slimgate compare small.toml --out study {begin}\n"));
    let shown = shell.wait_for(0, &[" · "]);
    (shell, shown)
}

/// Waits until another epoch of a trial has been saved than those that are.
fn wait_for_an_epoch(here: &Workspace) {
    let saved = || {
        let trials = std::fs::read_dir(here.path("study/trials")).unwrap().flatten();
        let lines = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default().lines().count();
        trials.map(|trial| lines(trial.path().join("metrics.jsonl"))).sum::<usize>()
    };
    let before = saved();
    wait_until("no trial goes on", || saved() > before);
}

#[test]
fn a_study_that_was_suspended_goes_on_in_the_background_and_stops_there() {
    let here = Workspace::new();
    let (mut shell, shown) = endless_study(&here, "");
    shell.press("\u{1a}");
    let stopped = shell.wait_for(shown, &["Stopped"]);
    shell.press("bg\n");
    let told = shell.wait_for(stopped, &["\" &\r\n"]);
    wait_for_an_epoch(&here);
    // Keys are the shell's, and do not stop the job either.
    shell.press("echo still''here\n");
    let here_still = shell.wait_for(told, &["stillhere"]);
    wait_for_an_epoch(&here);
    shell.press("kill %1\n");
    shell.wait_for(here_still, &["continue with: slimgate compare study"]);
}

#[test]
fn a_study_that_is_suspended_can_be_killed() {
    let here = Workspace::new();
    let (mut shell, shown) = endless_study(&here, "");
    shell.press("\u{1a}");
    let stopped = shell.wait_for(shown, &["Stopped"]);
    shell.press("kill %1\n");
    shell.wait_for(stopped, &["continue with: slimgate compare study"]);
}

#[test]
fn a_key_stops_a_study_that_began_in_the_background() {
    let here = Workspace::new();
    let (mut shell, shown) = endless_study(&here, "&");
    shell.press("fg\n");
    let told = shell.wait_for(shown, &["small.toml --out study\r\n"]);
    let back = shell.wait_for(told, &["q stops"]);
    shell.press("q");
    let ended = shell.wait_for(back, &["continue with: slimgate compare study"]);
    shell.press("stty -a\n");
    shell.wait_for(ended, &[" icanon"]);
}

/// Whoever is in the foreground by then has the screen, the cursor and the modes.
#[test]
fn a_suspended_dashboard_that_is_killed_saves_and_leaves_the_terminal_alone() {
    let here = Workspace::new();
    let mut shell = Shell::open(&here);
    shell.press(ENDLESS);
    let shown = shell.wait_for(0, &["Controls"]);
    // By then Ctrl-Z sends a signal.
    sleep(Duration::from_millis(500));
    shell.press("\u{1a}");
    let stopped = shell.wait_for(shown, &["Stopped"]);
    shell.press("kill %1\n");
    let told = shell.wait_for(stopped, &["runs/one was interrupted"]);
    let told = shell.wait_for(told, &["--resume runs/one"]);
    wait_for_interruption(&here, "runs/one");
    shell.press("echo la''st\n");
    let last = shell.wait_for(told, &["last"]);
    let after = &shell.screen()[stopped..last];
    for drawn in [ENTER, "Controls", "\u{1b}[?25l", "needs the terminal", "panicked"] {
        assert!(!after.contains(drawn), "{drawn:?} is in {after:?}");
    }
}
