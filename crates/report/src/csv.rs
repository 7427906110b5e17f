//! Tables for other programs: every number in full, and nothing where there is none.

use std::collections::BTreeSet;

use slimgate_study::{Protocol, Spread, State, Summary, Variant, written};
use slimgate_train::Split;

use crate::run::Run;

/// The variants on each task, one a line.
pub fn variants_csv(summary: &Summary) -> String {
    let reaches: BTreeSet<String> =
        all_variants(summary).flat_map(|(_, variant)| &variant.reaches).map(share).collect();
    let chosen: BTreeSet<&String> =
        all_variants(summary).flat_map(|(_, variant)| variant.chosen.keys()).collect();
    let mut table = Csv::new(words_of("task variant gates hidden recurrent_parameters parameters protocol"));
    let accuracies = match summary.protocol {
        Protocol::Validation => ["test", "validation", "last"],
        Protocol::Published => ["test_chosen_on_test", "best_chosen_on_test", "last_on_test"],
    };
    for of in accuracies {
        table.head(["", "_deviation", "_low", "_high", "_seeds"].map(|end| format!("{of}{end}")));
    }
    // The states are of all trials, what follows is of those at the chosen settings.
    table.head(words_of(
        "complete running waiting interrupted pruned diverged failed collapsed diverged_at_chosen \
         seconds_per_epoch peak_memory_bytes training_step_ms prediction_ms batch_prediction_ms \
         usable_low usable_high usable_decades",
    ));
    table.head(reaches.iter().flat_map(|share| {
        [format!("reached_{share}"), format!("epochs_to_{share}"), format!("seconds_to_{share}")]
    }));
    table.head(chosen.iter().map(|key| (*key).clone()));
    for (task, variant) in all_variants(summary) {
        table.text(task);
        table.text(&variant.name);
        table.text(&variant.gates);
        table.count(Some(variant.hidden));
        table.count(Some(variant.recurrent_parameters));
        table.count(variant.all_parameters);
        table.text(protocol(summary));
        for spread in [&variant.test, &variant.validation, &variant.last] {
            table.spread(spread.as_ref());
        }
        for state in [
            State::Complete,
            State::Running,
            State::Waiting,
            State::Interrupted,
            State::Pruned,
            State::Diverged,
            State::Failed,
        ] {
            table.count(Some(variant.states.get(&state).copied().unwrap_or(0)));
        }
        table.count(Some(variant.collapsed));
        table.count(Some(variant.diverged));
        table.number(variant.seconds_per_epoch);
        table.text(&variant.peak_memory_bytes.map(|bytes| bytes.to_string()).unwrap_or_default());
        table.number(variant.timing.map(|timing| timing.training_step_ms));
        table.number(variant.timing.map(|timing| timing.prediction_ms));
        table.number(variant.timing.map(|timing| timing.batch_prediction_ms));
        table.number(variant.usable.map(|usable| usable.low));
        table.number(variant.usable.map(|usable| usable.high));
        table.number(variant.usable.map(|usable| usable.decades));
        for wanted in &reaches {
            let reach = variant.reaches.iter().find(|reach| share(reach) == *wanted);
            table.count(reach.map(|reach| reach.reached));
            table.number(reach.and_then(|reach| reach.epochs));
            table.number(reach.and_then(|reach| reach.seconds));
        }
        for key in &chosen {
            table.text(&variant.chosen.get(*key).map(written).unwrap_or_default());
        }
        table.end_line();
    }
    table.finish()
}

/// Each variant against the baseline on each task, one a line.
pub fn comparisons_csv(summary: &Summary) -> String {
    let mut table = Csv::new(words_of(
        "task variant baseline protocol margin confidence pairs difference deviation \
         interval_low interval_high equivalence_low equivalence_high \
         p_difference p_difference_holm p_signed_rank p_equivalence p_equivalence_holm \
         p_noninferiority p_noninferiority_holm effect won tied lost verdict seeds_needed \
         parameters_ratio training_speedup prediction_speedup",
    ));
    for task in &summary.tasks {
        for comparison in &task.comparisons {
            table.text(&task.name);
            table.text(&comparison.variant);
            table.text(&summary.baseline);
            table.text(protocol(summary));
            table.number(Some(summary.margin));
            table.number(Some(summary.confidence));
            table.count(Some(comparison.pairs));
            table.number(comparison.difference);
            table.number(comparison.deviation);
            table.pair(comparison.interval);
            table.pair(comparison.equivalence_interval);
            table.pair(comparison.p_difference);
            table.number(comparison.p_signed_rank);
            table.pair(comparison.p_equivalence);
            table.pair(comparison.p_noninferiority);
            table.number(comparison.effect);
            for pairs in comparison.won_tied_lost {
                table.count(Some(pairs));
            }
            let verdict = serde_json::to_value(comparison.verdict).expect("a verdict has a JSON form");
            table.text(verdict.as_str().unwrap_or_default());
            table.count(comparison.seeds_needed);
            table.number(Some(comparison.parameters_ratio));
            table.number(comparison.training_speedup);
            table.number(comparison.prediction_speedup);
            table.end_line();
        }
    }
    table.finish()
}

/// All trials, one a line, with a column for each setting that the study varies.
pub fn trials_csv(summary: &Summary) -> String {
    let keys: BTreeSet<&String> = summary.trials.iter().flat_map(|trial| trial.settings.keys()).collect();
    let accuracies = match summary.protocol {
        Protocol::Validation => "best last",
        Protocol::Published => "best_chosen_on_test last_on_test",
    };
    let mut table = Csv::new(words_of("trial state task variant seed epochs best_epoch"));
    table.head(words_of(accuracies));
    table.head(words_of("seconds reason"));
    table.head(keys.iter().map(|key| (*key).clone()));
    for trial in &summary.trials {
        table.text(&trial.id);
        table.text(&trial.state.to_string());
        table.text(&trial.task);
        table.text(&trial.variant);
        table.text(&trial.seed.to_string());
        table.count(Some(trial.epochs));
        table.count(trial.best.map(|(epoch, _)| epoch));
        table.number(trial.best.map(|(_, accuracy)| accuracy));
        table.number(trial.last);
        table.number(Some(trial.seconds));
        table.text(trial.reason.as_deref().unwrap_or_default());
        for key in &keys {
            table.text(&trial.settings.get(*key).map(written).unwrap_or_default());
        }
        table.end_line();
    }
    table.finish()
}

/// The epochs of runs, one a line and part of the data.
pub fn epochs_csv(runs: &[Run]) -> String {
    let mut table = Csv::new(words_of("run epoch split loss accuracy learning_rate seconds"));
    for run in runs {
        for line in &run.epochs {
            table.text(&run.name);
            table.count(Some(line.epoch));
            table.text(match line.split {
                Split::Train => "train",
                Split::Validation => "validation",
            });
            table.number(Some(line.loss));
            table.number(Some(line.accuracy));
            table.number(line.learning_rate);
            table.number(Some(line.seconds));
            table.end_line();
        }
    }
    table.finish()
}

fn all_variants(summary: &Summary) -> impl Iterator<Item = (&str, &Variant)> {
    summary.tasks.iter().flat_map(|task| task.variants.iter().map(|variant| (task.name.as_str(), variant)))
}

fn share(reach: &slimgate_study::Reach) -> String {
    format!("{:.0}", 100.0 * reach.share)
}

fn protocol(summary: &Summary) -> &'static str {
    match summary.protocol {
        Protocol::Validation => "validation",
        Protocol::Published => "published",
    }
}

fn words_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split_whitespace().map(str::to_owned)
}

/// A CSV file in the making.
struct Csv {
    writer: csv::Writer<Vec<u8>>,
    heads: Option<Vec<String>>,
    line: Vec<String>,
}

impl Csv {
    fn new(heads: impl Iterator<Item = String>) -> Csv {
        Csv { writer: csv::Writer::from_writer(vec![]), heads: Some(heads.collect()), line: vec![] }
    }

    /// More columns, before the first line.
    fn head(&mut self, heads: impl IntoIterator<Item = String>) {
        self.heads.as_mut().expect("no line has ended yet").extend(heads);
    }

    fn text(&mut self, text: &str) {
        // A spreadsheet takes a cell that begins like this for a formula, and runs it.
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
        // The cell without a gate term is written `-`.
        let guard = if formula && text != "-" { "'" } else { "" };
        self.line.push(format!("{guard}{text}"));
    }

    fn number(&mut self, number: Option<f64>) {
        let finite = number.filter(|number| number.is_finite());
        self.line.push(finite.map(|number| number.to_string()).unwrap_or_default());
    }

    fn count(&mut self, count: Option<usize>) {
        self.line.push(count.map(|count| count.to_string()).unwrap_or_default());
    }

    fn pair(&mut self, pair: Option<[f64; 2]>) {
        for index in 0..2 {
            self.number(pair.map(|pair| pair[index]));
        }
    }

    fn spread(&mut self, spread: Option<&Spread>) {
        self.number(spread.map(|spread| spread.mean));
        self.number(spread.and_then(|spread| spread.deviation));
        self.pair(spread.and_then(|spread| spread.interval));
        self.count(spread.map(|spread| spread.values.len()));
    }

    fn end_line(&mut self) {
        self.write_heads();
        self.writer.write_record(&self.line).expect("each line has a cell for every column");
        self.line.clear();
    }

    fn write_heads(&mut self) {
        if let Some(heads) = self.heads.take() {
            self.writer.write_record(heads).expect("memory takes all that is written");
        }
    }

    fn finish(mut self) -> String {
        self.write_heads();
        let bytes = self.writer.into_inner().expect("memory takes all that is written");
        String::from_utf8(bytes).expect("all cells are text")
    }
}
