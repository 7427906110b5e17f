//! Tables for other programs: every number in full, and an empty cell if there is none.

use std::collections::BTreeSet;

use slimgate_run::words::bare_percent;
use slimgate_run::{EpochMetrics, Split};
use slimgate_study::{
    Comparison, Protocol, Reach, Spread, State, StudySummary, TaskSummary, TrialLine, VariantSummary, written,
};

use crate::run::{Run, metrics};

/// The variants on each task, one per line.
pub fn variants_csv(summary: &StudySummary) -> String {
    let variants = || summary.tasks.iter().flat_map(|task| &task.variants);
    let shares: BTreeSet<String> = variants().flat_map(|variant| &variant.reaches).map(share).collect();
    let chosen: BTreeSet<&String> = variants().flat_map(|variant| variant.chosen.keys()).collect();

    let mut columns = Columns::<(&TaskSummary, &VariantSummary)>::new();
    columns.add("task", |(task, _)| text(&task.name));
    columns.add("variant", |(_, variant)| text(&variant.name));
    columns.add("gates", |(_, variant)| text(&variant.gates));
    columns.add("hidden", |(_, variant)| count(Some(variant.hidden)));
    columns.add("recurrent_parameters", |(_, variant)| count(Some(variant.recurrent_parameters)));
    columns.add("parameters", |(_, variant)| count(variant.all_parameters));
    columns.add("protocol", |_| text(protocol(summary)));
    let [test, best, last] = match summary.protocol {
        Protocol::Validation => ["test", "validation", "last"],
        Protocol::Published => ["test_chosen_on_test", "best_chosen_on_test", "last_on_test"],
    };
    add_spread(&mut columns, test, |variant| variant.test.as_ref());
    add_spread(&mut columns, best, |variant| variant.validation.as_ref());
    add_spread(&mut columns, last, |variant| variant.last.as_ref());
    columns.add("trivial", |(task, _)| number(task.trivial.as_ref().map(|trivial| trivial.score)));
    columns.add("p_above_trivial", |(_, variant)| number(variant.p_above_trivial));
    add_states(&mut columns);
    add_costs(&mut columns);
    columns.add("usable_low", |(_, variant)| number(variant.usable.map(|usable| usable.low)));
    columns.add("usable_high", |(_, variant)| number(variant.usable.map(|usable| usable.high)));
    columns.add("usable_decades", |(_, variant)| number(variant.usable.map(|usable| usable.decades)));
    for wanted in &shares {
        columns.add(format!("reached_{wanted}"), move |(_, variant)| {
            count(reach(variant, wanted).map(|reach| reach.reached))
        });
        columns.add(format!("epochs_to_{wanted}"), move |(_, variant)| {
            number(reach(variant, wanted).and_then(|reach| reach.epochs))
        });
        columns.add(format!("seconds_to_{wanted}"), move |(_, variant)| {
            number(reach(variant, wanted).and_then(|reach| reach.seconds))
        });
    }
    for key in chosen {
        columns.add(key, move |(_, variant)| setting(variant.chosen.get(key)));
    }
    let rows = summary.tasks.iter().flat_map(|task| task.variants.iter().map(move |variant| (task, variant)));
    columns.table(rows)
}

/// A mean over the seeds with its uncertainty.
fn add_spread(
    columns: &mut Columns<(&TaskSummary, &VariantSummary)>,
    name: &str,
    spread: fn(&VariantSummary) -> Option<&Spread>,
) {
    columns.add(name, move |(_, variant)| number(spread(variant).map(|spread| spread.mean)));
    columns.add(format!("{name}_deviation"), move |(_, variant)| {
        number(spread(variant).and_then(|spread| spread.deviation))
    });
    columns.add_pair([format!("{name}_low"), format!("{name}_high")], move |(_, variant)| {
        spread(variant).and_then(|spread| spread.interval)
    });
    columns.add(format!("{name}_seeds"), move |(_, variant)| {
        count(spread(variant).map(|spread| spread.values.len()))
    });
}

/// The states of all trials, and what happened to those at the chosen settings.
fn add_states(columns: &mut Columns<(&TaskSummary, &VariantSummary)>) {
    let states = [
        State::Complete,
        State::Running,
        State::Waiting,
        State::Interrupted,
        State::Pruned,
        State::Diverged,
        State::Failed,
    ];
    for state in states {
        columns.add(state.to_string(), move |(_, variant)| {
            count(Some(variant.states.get(&state).copied().unwrap_or(0)))
        });
    }
    columns.add("collapsed", |(_, variant)| count(Some(variant.collapsed)));
    columns.add("still_improving", |(_, variant)| count(Some(variant.still_improving)));
    columns.add("diverged_at_chosen", |(_, variant)| count(Some(variant.diverged)));
}

/// Time and memory at the chosen settings.
fn add_costs(columns: &mut Columns<(&TaskSummary, &VariantSummary)>) {
    columns.add("seconds_per_epoch", |(_, variant)| number(variant.seconds_per_epoch));
    columns.add("peak_memory_bytes", |(_, variant)| {
        Field::Number(variant.peak_memory_bytes.map(|bytes| bytes.to_string()).unwrap_or_default())
    });
    columns
        .add("training_step_ms", |(_, variant)| number(variant.timing.map(|timing| timing.training_step_ms)));
    columns.add("prediction_ms", |(_, variant)| number(variant.timing.map(|timing| timing.prediction_ms)));
    columns.add("batch_prediction_ms", |(_, variant)| {
        number(variant.timing.map(|timing| timing.batch_prediction_ms))
    });
}

/// Each variant against the baseline on each task, one per line.
pub fn comparisons_csv(summary: &StudySummary) -> String {
    let mut columns = Columns::<(&TaskSummary, &Comparison)>::new();
    columns.add("task", |(task, _)| text(&task.name));
    columns.add("variant", |(_, comparison)| text(&comparison.variant));
    columns.add("baseline", |_| text(&summary.baseline));
    columns.add("protocol", |_| text(protocol(summary)));
    columns.add("margin", |(task, _)| number(summary.margin_on(task)));
    columns.add("confidence", |_| number(Some(summary.confidence)));
    columns.add("pairs", |(_, comparison)| count(Some(comparison.pairs)));
    columns.add("difference", |(_, comparison)| number(comparison.difference));
    columns.add("deviation", |(_, comparison)| number(comparison.deviation));
    columns.add_pair(["interval_low", "interval_high"], |(_, comparison)| comparison.interval);
    columns
        .add_pair(["equivalence_low", "equivalence_high"], |(_, comparison)| comparison.equivalence_interval);
    columns.add_pair(["p_difference", "p_difference_holm"], |(_, comparison)| comparison.p_difference);
    columns.add("p_signed_rank", |(_, comparison)| number(comparison.p_signed_rank));
    columns.add_pair(["p_equivalence", "p_equivalence_holm"], |(_, comparison)| comparison.p_equivalence);
    columns.add_pair(["p_noninferiority", "p_noninferiority_holm"], |(_, comparison)| {
        comparison.p_noninferiority
    });
    columns.add("effect", |(_, comparison)| number(comparison.effect));
    for (index, head) in ["won", "tied", "lost"].into_iter().enumerate() {
        columns.add(head, move |(_, comparison)| count(Some(comparison.won_tied_lost[index])));
    }
    columns.add("verdict", |(_, comparison)| {
        let verdict = serde_json::to_value(comparison.verdict).expect("a verdict has a JSON form");
        text(verdict.as_str().unwrap_or_default())
    });
    columns.add("obstacle", |(_, comparison)| {
        let obstacle = serde_json::to_value(comparison.obstacle).expect("an obstacle has a JSON form");
        text(obstacle.as_str().unwrap_or_default())
    });
    columns.add("seeds_needed", |(_, comparison)| count(comparison.seeds_needed));
    columns.add("parameters_ratio", |(_, comparison)| number(Some(comparison.parameters_ratio)));
    columns.add("training_speedup", |(_, comparison)| number(comparison.training_speedup));
    columns.add("prediction_speedup", |(_, comparison)| number(comparison.prediction_speedup));
    let rows = summary.tasks.iter().flat_map(|task| task.comparisons.iter().map(move |other| (task, other)));
    columns.table(rows)
}

/// All trials, one per line, with a column for each setting that the study varies.
pub fn trials_csv(summary: &StudySummary) -> String {
    let keys: BTreeSet<&String> = summary.trials.iter().flat_map(|trial| trial.settings.keys()).collect();
    let [best, last] = match summary.protocol {
        Protocol::Validation => ["best", "last"],
        Protocol::Published => ["best_chosen_on_test", "last_on_test"],
    };
    let mut columns = Columns::<&TrialLine>::new();
    columns.add("trial", |trial| text(&trial.id));
    columns.add("state", |trial| text(&trial.state.to_string()));
    columns.add("task", |trial| text(&trial.task));
    columns.add("variant", |trial| text(&trial.variant));
    columns.add("seed", |trial| Field::Number(trial.seed.to_string()));
    columns.add("epochs", |trial| count(Some(trial.epochs)));
    columns.add("best_epoch", |trial| count(trial.best.map(|(epoch, _)| epoch)));
    columns.add(best, |trial| number(trial.best.map(|(_, score)| score)));
    columns.add(last, |trial| number(trial.last));
    columns.add("converged", |trial| {
        text(&trial.converged.map(|converged| converged.to_string()).unwrap_or_default())
    });
    columns.add("seconds", |trial| number(Some(trial.seconds)));
    columns.add("reason", |trial| text(trial.reason.as_deref().unwrap_or_default()));
    for key in keys {
        columns.add(key, move |trial| setting(trial.settings.get(key)));
    }
    columns.table(&summary.trials)
}

/// The epochs of runs, a line for each pass over training or validation data.
pub fn epochs_csv(runs: &[Run]) -> String {
    let mut columns = Columns::<(&Run, &EpochMetrics)>::new();
    columns.add("run", |(run, _)| text(&run.name));
    columns.add("epoch", |(_, line)| count(Some(line.epoch)));
    columns.add("split", |(_, line)| {
        let split = match line.split {
            Split::Train => "train",
            Split::Validation => "validation",
        };
        text(split)
    });
    columns.add("loss", |(_, line)| number(Some(line.loss)));
    for metric in metrics(runs) {
        let of_line =
            |line: &EpochMetrics, name: &str| (line.score.metric == name).then_some(line.score.value);
        columns.add(metric.name.clone(), move |(_, line)| number(of_line(line, &metric.name)));
    }
    columns.add("learning_rate", |(_, line)| number(line.learning_rate));
    columns.add("seconds", |(_, line)| number(Some(line.seconds)));
    columns.table(runs.iter().flat_map(|run| run.epochs.iter().map(move |line| (run, line))))
}

fn share(reach: &Reach) -> String {
    bare_percent(reach.share, 0)
}

/// The cost at which a variant reached a share of the baseline's score.
fn reach<'a>(variant: &'a VariantSummary, wanted: &str) -> Option<&'a Reach> {
    variant.reaches.iter().find(|reach| share(reach) == wanted)
}

fn protocol(summary: &StudySummary) -> &'static str {
    match summary.protocol {
        Protocol::Validation => "validation",
        Protocol::Published => "published",
    }
}

/// A cell, by what it holds and not by what its text looks like.
enum Field {
    Text(String),
    /// A number in full, or nothing.
    Number(String),
}

impl Field {
    /// The cell as CSV has it. A name that could be read as a number, such as `1e3`, is quoted as well as one with a
    /// comma: readers that tell quoted cells from others take it for the text that it is.
    fn written(self) -> String {
        match self {
            Field::Text(text) if text.contains([',', '"', '\n', '\r']) || is_number(&text) => {
                format!("\"{}\"", text.replace('"', "\"\""))
            }
            Field::Text(text) | Field::Number(text) => text,
        }
    }
}

fn is_number(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok()
}

fn text(text: &str) -> Field {
    // A spreadsheet treats a cell that begins like this as a formula, and runs it.
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number(text);
    // An LSTM cell without gate terms is written `-`.
    let guard = if formula && text != "-" { "'" } else { "" };
    Field::Text(format!("{guard}{text}"))
}

fn number(number: Option<f64>) -> Field {
    let finite = number.filter(|number| number.is_finite());
    Field::Number(finite.map(|number| number.to_string()).unwrap_or_default())
}

fn count(count: Option<usize>) -> Field {
    Field::Number(count.map(|count| count.to_string()).unwrap_or_default())
}

fn setting(value: Option<&toml::Value>) -> Field {
    match value {
        Some(number @ (toml::Value::Integer(_) | toml::Value::Float(_))) => Field::Number(written(number)),
        Some(other) => text(&written(other)),
        None => text(""),
    }
}

/// A column's cell, given the row.
type CellOf<'a, Row> = Box<dyn Fn(&Row) -> Field + 'a>;

/// The columns of a table, each a heading with its cells.
struct Columns<'a, Row>(Vec<(String, CellOf<'a, Row>)>);

impl<'a, Row> Columns<'a, Row> {
    fn new() -> Columns<'a, Row> {
        Columns(vec![])
    }

    fn add(&mut self, head: impl Into<String>, cell: impl Fn(&Row) -> Field + 'a) {
        self.0.push((head.into(), Box::new(cell)));
    }

    /// Adds two columns for a pair of numbers.
    fn add_pair(
        &mut self,
        heads: [impl Into<String>; 2],
        pair: impl Fn(&Row) -> Option<[f64; 2]> + Copy + 'a,
    ) {
        for (index, head) in heads.into_iter().enumerate() {
            self.add(head, move |row| number(pair(row).map(|pair| pair[index])));
        }
    }

    /// The table with these rows.
    fn table(self, rows: impl IntoIterator<Item = Row>) -> String {
        // By itself a writer quotes by the looks of a text alone.
        let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Never).from_writer(vec![]);
        let heads = self.0.iter().map(|(head, _)| Field::Text(head.clone()).written());
        writer.write_record(heads).expect("memory takes all that is written");
        for row in rows {
            let cells = self.0.iter().map(|(_, cell)| cell(&row).written());
            writer.write_record(cells).expect("each line has a cell for every column");
        }
        let bytes = writer.into_inner().expect("memory takes all that is written");
        String::from_utf8(bytes).expect("all cells are text")
    }
}
