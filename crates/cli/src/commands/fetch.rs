//! `slimgate data fetch`

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use slimgate_data::{FetchProgress, Presence, Set, Store, fetch, find_set};
use slimgate_run::words::count;

use crate::args::FetchArguments;
use crate::output::{CliError, heard_or_not, say, tell};

pub fn run(arguments: &FetchArguments) -> Result<(), CliError> {
    // All names first, so that a slip in the last one does not come after an hour.
    let sets = arguments.names.iter().map(|name| find_set(name)).collect::<Result<Vec<_>, _>>()?;
    if let ([first, second, ..], Some(_)) = (&sets[..], &arguments.from) {
        return Err(CliError::FromForMany(first.name.clone(), second.name.clone()));
    }
    if let Some(from) = arguments.from.as_ref().filter(|from| !from.exists()) {
        let source = std::io::ErrorKind::NotFound.into();
        return Err(CliError::Read { path: from.display().to_string(), source });
    }
    let store = Store::of_user()?;
    for set in sets {
        if set.presence() == Presence::Shipped {
            heard_or_not(say(format_args!(
                "{} ships with the program: there is nothing to fetch",
                set.name
            )))?;
            continue;
        }
        let mut watch = Watch::new();
        let brought = fetch(&set.name, &set.recipe, &store, arguments.from.as_deref(), &mut |progress| {
            watch.see(progress)
        });
        watch.end();
        heard_or_not(conclude(set, brought?, &store))?;
    }
    Ok(())
}

fn conclude(set: &Set, brought: bool, store: &Store) -> Result<(), CliError> {
    let [train, test] = [&set.recipe.train, &set.recipe.test].map(|files| count(files.sequences));
    let way = if brought { "fetched to" } else { "already in" };
    say(format_args!(
        "{}: {} training and {} test sequences, {way} {}",
        set.name,
        train,
        test,
        store.folder(&set.name).display()
    ))
}

/// The progress of a fetch on standard error: a bar to a person, a line a step to a pipe.
struct Watch {
    bar: Option<ProgressBar>,
    /// The file that is shown to arrive.
    arriving: Option<String>,
}

impl Watch {
    fn new() -> Watch {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Watch { bar, arriving: None }
    }

    fn see(&mut self, progress: FetchProgress) {
        match progress {
            FetchProgress::Bytes { name, done, total } => self.bytes(name, done, total),
            FetchProgress::Waiting => self.step("waiting for another process that is fetching it"),
            FetchProgress::Requesting(what) => self.step(what),
            FetchProgress::Retrying { name, reason } => self.note(&format!("{name}: {reason}; trying again")),
            FetchProgress::Discarded { name, reason } => {
                self.note(&format!("{name}: {reason}; it was discarded; downloading it again"));
            }
            FetchProgress::Failed(reason) => self.note(&format!("failed: {reason}")),
            FetchProgress::Unpacking(name) => self.step(&format!("checking and unpacking {name}")),
        }
    }

    fn bytes(&mut self, name: &str, done: u64, total: Option<u64>) {
        const BAR: &str = "{msg} {wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
        const COUNT: &str = "{spinner} {msg} {bytes}, {bytes_per_sec}";
        let new = self.arriving.as_deref() != Some(name);
        if new {
            self.arriving = Some(name.to_owned());
        }
        match &self.bar {
            None if new => {
                let size = total.map_or("of unknown size".to_owned(), |total| format!("{total} bytes"));
                self.note(&format!("{name}: {size}"));
            }
            None => (),
            Some(bar) => {
                if new {
                    let style = if total.is_some() { BAR } else { COUNT };
                    bar.set_style(ProgressStyle::with_template(style).expect("it is a template"));
                    bar.set_message(name.to_owned());
                    bar.reset();
                }
                bar.set_length(total.unwrap_or(0));
                bar.set_position(done);
            }
        }
    }

    /// Shows the step that is going on now.
    fn step(&mut self, text: &str) {
        self.arriving = None;
        match &self.bar {
            None => self.note(text),
            Some(bar) => {
                bar.set_style(ProgressStyle::default_spinner());
                bar.set_message(text.to_owned());
            }
        }
    }

    /// Shows a line that stays on the screen.
    fn note(&self, text: &str) {
        match &self.bar {
            None => tell(text),
            Some(bar) => bar.suspend(|| tell(text)),
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
