//! The progress of a study as it runs: bars to a person, a line a finished trial to a pipe, objects to a machine.

use std::collections::HashMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde::Serialize;
use slimgate_run::metric::{Metric, Score};
use slimgate_run::words::{counted, estimated_span};
use slimgate_study::{Event, Protocol, State};

use crate::output::{say, say_json, selection_score, tell};

/// Shows the events of a study.
pub struct Progress {
    json: bool,
    keys: bool,
    protocol: Protocol,
    bars: Option<Bars>,
    trials: usize,
    done: usize,
    timing_told: bool,
}

struct Bars {
    keys: bool,
    all: MultiProgress,
    study: ProgressBar,
    best: ProgressBar,
    trials: HashMap<String, ProgressBar>,
    protocol: Protocol,
    /// By variant and task.
    best_of: Vec<([String; 2], Metric, f64)>,
}

/// An event, for machines.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line<'a> {
    Estimated {
        seconds: [f64; 2],
        at_once: usize,
    },
    Started {
        trial: &'a str,
        label: &'a str,
    },
    Epoch {
        trial: &'a str,
        epoch: usize,
        #[serde(flatten)]
        score: Score,
    },
    Finished {
        trial: &'a str,
        label: &'a str,
        state: State,
        best: Option<f64>,
        seconds: f64,
    },
    Failed {
        trial: &'a str,
        label: &'a str,
        reason: &'a str,
        again: bool,
    },
}

impl Progress {
    /// For machines, for a person at a terminal, or for a pipe. `keys` says if the key `q` stops the study.
    pub fn new(json: bool, terminal: bool, keys: bool, protocol: Protocol) -> Progress {
        let bars = (terminal && !json).then(|| Bars::new(keys, protocol));
        Progress { json, keys, protocol, bars, trials: 0, done: 0, timing_told: false }
    }

    /// Shows an event. A reader that went away must not end a study.
    pub fn report(&mut self, event: Event) {
        if let Event::Planned { trials, done, .. } = event {
            (self.trials, self.done) = (trials, done);
        }
        if let Event::Warning { text } = &event {
            let warn = || tell(format_args!("warning: {text}"));
            match &self.bars {
                Some(bars) => bars.all.suspend(warn),
                None => warn(),
            }
        }
        match &mut self.bars {
            Some(bars) => bars.report(event),
            None if self.json => report_json(&event),
            None => self.report_plain(event),
        }
    }

    /// Takes the bars away.
    pub fn end(&mut self) {
        if let Some(bars) = &mut self.bars {
            let _ = bars.all.clear();
        }
    }

    fn report_plain(&mut self, event: Event) {
        let line = match event {
            Event::Estimated { seconds, at_once } => estimate(seconds, at_once, self.keys),
            Event::Finished { label, state, metric, best, seconds, .. } => {
                self.done += 1;
                let score = |best| format!(", {}", selection_score(self.protocol, &metric, best));
                let best = best.map_or_else(String::new, score);
                format!("{}/{} {label}: {state}{best}, {seconds:.1} s", self.done, self.trials)
            }
            Event::Failed { label, reason, again, .. } => {
                let again = if again { "; retrying" } else { "" };
                format!("{label}: failed: {reason}{again}")
            }
            Event::Timing if !self.timing_told => {
                self.timing_told = true;
                "timing the chosen trials side by side".to_owned()
            }
            _ => return,
        };
        let _ = say(line);
    }
}

/// The estimate of the time that a study takes.
fn estimate(seconds: [f64; 2], at_once: usize, keys: bool) -> String {
    let span = estimated_span(seconds);
    let trials =
        if at_once == 1 { "one trial at a time".to_owned() } else { format!("{at_once} trials at a time") };
    let stop = if keys { "`q` or Ctrl-C" } else { "Ctrl-C" };
    format!("this takes {span}, {trials}; stop with {stop}, continue with the same command")
}

fn report_json(event: &Event) {
    let line = match event {
        Event::Estimated { seconds, at_once } => Line::Estimated { seconds: *seconds, at_once: *at_once },
        Event::Started { trial, label, .. } => Line::Started { trial, label },
        Event::Epoch { trial, epoch, metric, score } => {
            Line::Epoch { trial, epoch: *epoch, score: metric.score(*score) }
        }
        Event::Finished { trial, label, state, best, seconds, .. } => {
            Line::Finished { trial, label, state: *state, best: *best, seconds: *seconds }
        }
        Event::Failed { trial, label, reason, again } => Line::Failed { trial, label, reason, again: *again },
        Event::Warning { .. } | Event::Planned { .. } | Event::Paused { .. } | Event::Timing => return,
    };
    let _ = say_json(&line);
}

impl Bars {
    fn new(keys: bool, protocol: Protocol) -> Bars {
        let all = MultiProgress::new();
        let style = |template: &str| ProgressStyle::with_template(template).expect("the template is right");
        let study = all.add(ProgressBar::new(1));
        let stops = if keys { "q stops" } else { "Ctrl-C stops" };
        let template = format!("{{wide_bar}} {{msg}}, {{elapsed}} elapsed, about {{eta}} left ({stops})");
        study.set_style(style(&template));
        study.enable_steady_tick(Duration::from_millis(500));
        let best = all.add(ProgressBar::new(1));
        best.set_style(style("{wide_msg}"));
        Bars { keys, all, study, best, trials: HashMap::new(), protocol, best_of: Vec::new() }
    }

    fn report(&mut self, event: Event) {
        match event {
            Event::Warning { .. } => (),
            Event::Planned { trials, done, epochs, epochs_done } => {
                self.study.set_length(epochs as u64);
                if self.study.position() == 0 && epochs_done > 0 {
                    // What was done before says nothing of the time that is left.
                    self.study.set_position(epochs_done as u64);
                    self.study.reset_eta();
                }
                self.study.set_message(format!("{done} of {}", counted(trials, "trial", "trials")));
            }
            Event::Estimated { seconds, at_once } => {
                let _ = self.all.println(estimate(seconds, at_once, self.keys));
            }
            Event::Started { trial, label, of } => {
                let bar = self.all.insert_before(&self.best, ProgressBar::new(of as u64));
                let style = ProgressStyle::with_template("  {msg} {bar:20} {pos}/{len}");
                bar.set_style(style.expect("the template is right"));
                bar.set_message(label);
                self.trials.insert(trial, bar);
            }
            Event::Epoch { trial, epoch, metric, score } => {
                self.study.inc(1);
                if let Some(bar) = self.trials.get(&trial) {
                    bar.set_position(epoch as u64);
                    let label = bar.message();
                    let label = label.split(" · ").next().unwrap_or_default().to_owned();
                    bar.set_message(format!("{label} · {}", metric.show(score)));
                }
            }
            Event::Finished { trial, variant, task, metric, best, .. } => {
                self.remove(&trial);
                if let Some(best) = best {
                    self.show_best([variant, task], metric, best);
                }
            }
            Event::Paused { trial } => self.remove(&trial),
            Event::Failed { trial, label, reason, again } => {
                self.remove(&trial);
                let again = if again { "; retrying" } else { "" };
                let _ = self.all.println(format!("{label}: failed: {reason}{again}"));
            }
            Event::Timing => self.study.set_message("timing the chosen trials side by side"),
        }
    }

    fn show_best(&mut self, of: [String; 2], metric: Metric, best: f64) {
        let name_of_metric = metric.name.clone();
        match self.best_of.iter_mut().find(|(known, ..)| *known == of) {
            Some((.., known)) if metric.direction.prefers(best, *known) => *known = best,
            Some(_) => (),
            None => self.best_of.push((of, metric, best)),
        }
        let one_task = self.best_of.iter().all(|([_, task], ..)| *task == self.best_of[0].0[1]);
        let name = |[variant, task]: &[String; 2]| match one_task {
            true => variant.clone(),
            false => format!("{variant} on {task}"),
        };
        let what = match self.protocol {
            Protocol::Validation => "best on validation so far".to_owned(),
            Protocol::Published => format!("best test {name_of_metric} so far, chosen on the test set"),
        };
        let shown =
            |(of, metric, best): &([String; 2], Metric, f64)| format!("{} {}", name(of), metric.show(*best));
        let best: Vec<String> = self.best_of.iter().map(shown).collect();
        self.best.set_message(format!("{what}: {}", best.join(", ")));
    }

    fn remove(&mut self, trial: &str) {
        if let Some(bar) = self.trials.remove(trial) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
    }
}
