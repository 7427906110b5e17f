//! `slimgate train`

use std::path::Path;
use std::process::ExitCode;

use slimgate_run::words::count;
use slimgate_run::{
    Config, RunEvent, RunFolder, RunSummary, Status, in_foreground, quoted, stop_on_signals, when_unread,
};
use slimgate_study::Protocol;
use slimgate_train::{Display, Progress, ResumeOptions, resume, train};

use crate::args::TrainArguments;
use crate::output::{
    CliError, INTERRUPTED, NOT_HELD, heard_or_not, read_text, say, say_json, selection_score, shows_pictures,
    tell,
};

pub fn run(arguments: TrainArguments) -> Result<ExitCode, CliError> {
    // First of all, so that from the start a signal ends the command as it should.
    let stop = stop_on_signals();
    if arguments.while_read {
        let stop = stop.clone();
        when_unread(move || stop.stop());
    }
    let speech = if arguments.json {
        Speech::Json
    } else if arguments.no_tui || !shows_pictures() || !in_foreground() {
        Speech::Plain
    } else {
        Speech::Dashboard
    };
    let display = if speech == Speech::Dashboard { Display::Dashboard } else { Display::Quiet };
    // A reader that went away must not end a training.
    let report = move |progress: Progress| {
        let _ = speech.report(progress);
    };

    let until = arguments.stop_after;
    let (folder, summary) = match &arguments.resume {
        Some(run) => resume(run, &resume_options(&arguments)?, until, &stop, display, report)?,
        None => train(read(&arguments)?, until, &stop, display, report)?,
    };
    let config = folder.config()?;
    let moved = arguments.resume.as_ref().and(arguments.dataset.as_deref());
    heard_or_not(speech.conclude(&folder, &summary, config.data.validation, moved))?;
    Ok(match summary.status {
        Status::Diverged if !config.run.tolerate_divergence => ExitCode::from(NOT_HELD),
        Status::Interrupted => ExitCode::from(INTERRUPTED),
        _ => ExitCode::SUCCESS,
    })
}

/// The configuration: the file, if there is one, overridden by the flags.
fn read(arguments: &TrainArguments) -> Result<Config, CliError> {
    let (name, text) = match &arguments.config {
        None => ("the default configuration".to_owned(), String::new()),
        Some(path) if path.is_dir() => return Err(CliError::RunAsConfig(path.display().to_string())),
        Some(path) => (path.display().to_string(), read_text(path)?),
    };
    Ok(Config::read(&name, &text, &arguments.settings()?)?)
}

/// The settings asked of a resumed run, checked as any other.
fn resume_options(arguments: &TrainArguments) -> Result<ResumeOptions, CliError> {
    let config = Config::read("--epochs", "", &arguments.settings()?)?;
    let epochs = arguments.epochs.is_some().then_some(config.optim.epochs);
    Ok(ResumeOptions { epochs, dataset: arguments.dataset.clone() })
}

/// The way to train a run longer that was still improving at its end, with its command. `moved` is the place of its data,
/// if that is no longer where the run has it from.
fn train_longer(folder: &RunFolder, summary: &RunSummary, moved: Option<&str>) -> Result<String, CliError> {
    let config = folder.config()?;
    let data = moved.map_or_else(String::new, |place| format!(" --dataset {}", quoted(place)));
    let ended_early = config.optim.is_out_of_patience(&folder.history(summary.epochs)?);
    let epochs = 3 * summary.epochs;
    if !ended_early && !config.optim.schedule.depends_on_epochs() {
        let run = quoted(&folder.path().display().to_string());
        return Ok(format!("train longer: slimgate train --resume {run} --epochs {epochs}{data}"));
    }
    // A run that has another end from its start is another run.
    let settings = folder.file("config.toml").display().to_string();
    let name = config.run.name.as_deref().map_or_else(String::new, |name| {
        let out = Path::new(&config.run.out);
        let mut names = (2..).map(|number| format!("{name}-{number}"));
        let free = names.find(|name| !out.join(name).exists()).expect("there is no last number");
        format!(" --name {}", quoted(&free))
    });
    let (why, setting) = match config.optim.early_stopping {
        Some(patience) if ended_early => {
            let longer = format!("--set optim.early_stopping={}", 3 * patience.max(1));
            ("train a new run with more patience", longer)
        }
        _ => ("train a new run for longer", format!("--epochs {epochs}")),
    };
    Ok(format!("{why}: slimgate train {} {setting}{name}{data}", quoted(&settings)))
}

/// The listener that the program speaks to.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Speech {
    /// Burn's dashboard speaks while training; the end is told in plain text.
    Dashboard,
    /// A line an epoch.
    Plain,
    /// A JSON object an event.
    Json,
}

impl Speech {
    pub(super) fn report(self, progress: Progress) -> Result<(), CliError> {
        if let Progress::Started { warnings, .. } = &progress {
            warnings.iter().for_each(|warning| tell(format_args!("warning: {warning}")));
        }
        match (self, progress) {
            (_, Progress::Preparing(what)) => {
                tell(what);
                Ok(())
            }
            (Speech::Dashboard, _) => Ok(()),
            (Speech::Json, Progress::Started { folder, parameters, complete, .. }) => {
                let run = folder.path().display().to_string();
                say_json(&RunEvent::Started { run, parameters, complete })
            }
            (Speech::Json, Progress::Epoch { train, validation, of, .. }) => {
                let (train, validation) = (train.clone(), validation.clone());
                say_json(&RunEvent::Epoch { epoch: train.epoch, of, train, validation })
            }
            (Speech::Plain, Progress::Started { folder, parameters, complete, over, .. }) => {
                let resumed = match (complete, over) {
                    (0, _) => String::new(),
                    (_, false) => format!(", resuming after epoch {complete}"),
                    (_, true) => format!(", already finished at epoch {complete}"),
                };
                say(format_args!(
                    "{}: {} parameters, {} of them recurrent{resumed}",
                    folder.path().display(),
                    count(parameters.total),
                    count(parameters.recurrent),
                ))
            }
            (Speech::Plain, Progress::Epoch { train, validation, metric, selection, of }) => {
                say(format_args!(
                    "epoch {:>3}/{of}  train loss {:.4} {name} {}  {} loss {:.4} {name} {}  {:.0} sequences/s  {:.1} s",
                    train.epoch,
                    train.loss,
                    metric.show(train.score.value),
                    match selection {
                        Protocol::Validation => "validation",
                        Protocol::Published => "test",
                    },
                    validation.loss,
                    metric.show(validation.score.value),
                    train.sequences_per_second,
                    train.seconds + validation.seconds,
                    name = metric.name,
                ))
            }
        }
    }

    pub(super) fn conclude(
        self,
        folder: &RunFolder,
        summary: &RunSummary,
        selection: Protocol,
        moved: Option<&str>,
    ) -> Result<(), CliError> {
        if self == Speech::Json {
            let (run, summary) = (folder.path().display().to_string(), Box::new(summary.clone()));
            return say_json(&RunEvent::Finished { run, summary });
        }
        let run = folder.path().display();
        let best = summary.best.as_ref().map_or_else(
            || "no epoch was completed".to_owned(),
            |best| {
                let score = selection_score(selection, &summary.metric, best.score.value);
                format!("best epoch {}: {score}", best.epoch)
            },
        );
        match summary.status {
            Status::Complete => {
                say(format_args!(
                    "{} on {}: {best} ({:.0} s)",
                    summary.variant, summary.dataset, summary.seconds
                ))?;
                if summary.converged == Some(false) {
                    say(format_args!("still improving; {}", train_longer(folder, summary, moved)?))?;
                }
                say(format_args!("next: slimgate evaluate {}", quoted(&run.to_string())))
            }
            Status::Diverged => say(format_args!(
                "{run} diverged in epoch {}: its loss is infinite or NaN; {best}. Try a lower --learning-rate.",
                summary.epochs + 1
            )),
            _ => say(format_args!(
                "{run} was interrupted; {best}. Resume with: slimgate train --resume {}",
                quoted(&run.to_string())
            )),
        }
    }
}
