//! The tables of variants: score, cost and settings.

use slimgate_run::metric::{Direction, Metric, Unit};
use slimgate_run::words::{self, MISSING, count, optional, rate_between};
use slimgate_study::{Protocol, Reach, Spread, StudySummary, TaskSummary, UsableRates, VariantSummary};

use crate::phrases;
use crate::pictures::capital;
use crate::table::{Cell, Column, Table};

/// Four tables with a row for each variant, except those that would be empty.
pub fn tables(summary: &StudySummary, task: &TaskSummary) -> Vec<Table> {
    let tables =
        [score(summary, task), stability(summary, task), cost(summary, task), settings(summary, task)];
    tables.into_iter().filter_map(Table::without_empty_columns).collect()
}

fn score(summary: &StudySummary, task: &TaskSummary) -> Table {
    let (test, metric) = (phrases::test_score(summary), &summary.metric);
    let each = match metric.unit {
        Unit::Share => " (%)",
        Unit::Target | Unit::Ratio => "",
    };
    let columns = [
        Column::text("variant"),
        Column::text("gates"),
        Column::number("hidden units"),
        Column::number("recurrent parameters"),
        Column::number("all parameters"),
        Column::number(test.clone()),
        Column::number(format!("{test}, of each seed{each}")),
    ];
    let trivial = match (task.has_constant_answer(metric), task.references.is_empty()) {
        _ if task.lacks_trivial(metric) => {
            "No trivial predictor is known for it, so that nothing shows whether anything was learned"
        }
        (true, true) => {
            "The last row is the trivial predictor, which always answers the most frequent class of the test set"
        }
        (false, true) => "The last row is the trivial predictor",
        (_, false) => {
            "The last rows are predictors without a network on the same sequences, the trivial one first"
        }
    };
    let interval = match task.test_share {
        None => "Student’s t from two seeds; the bootstrap from eight, unless they are nearly identical",
        Some(_) => "Student’s t, corrected for the sequences that the test sets of seeds have in common",
    };
    let caption = format!(
        "{} on {}: means over the seeds, with a {} % confidence interval ({interval}). {trivial}.",
        capital(&metric.name),
        task.name,
        words::short_percent(summary.confidence),
    );
    let mut table = Table::new(caption, columns);
    for variant in &task.variants {
        table.row(vec![
            variant.name.as_str().into(),
            variant.gates.as_str().into(),
            count(variant.hidden).into(),
            count(variant.recurrent_parameters).into(),
            optional(variant.all_parameters, count).into(),
            mean(metric, &variant.test, variant),
            each_seed(metric, variant).into(),
        ]);
    }
    for reference in task.predictors() {
        let score = Cell::number(metric.show(reference.score), reference.score);
        let name = match task.is_constant(metric, reference) {
            true => format!("always “{}”", reference.answer),
            false => reference.answer.clone(),
        };
        let mut row: Vec<Cell> = vec![name.into()];
        row.resize(5, MISSING.into());
        row.extend([score, MISSING.into()]);
        table.row(row);
    }
    table
}

/// The table that shows whether training keeps the score that it reached.
fn stability(summary: &StudySummary, task: &TaskSummary) -> Table {
    let metric = &summary.metric;
    let name = &metric.name;
    let (best, last) = match summary.protocol {
        Protocol::Validation => (format!("best validation {name}"), format!("final validation {name}")),
        Protocol::Published => (
            format!("best test {name}, chosen on the test set"),
            format!("final test {name}, at settings chosen on the test set"),
        ),
    };
    let columns = [
        Column::text("variant"),
        Column::number(best),
        Column::number(last),
        Column::number("collapsed"),
        Column::number("still improving"),
        Column::number("diverged"),
    ];
    let caption = format!(
        "Best and final epoch on {}: means over the trials at the chosen settings, with the same interval. Collapsed: \
         the last epoch is {} the best and keeps less than half of the best epoch’s gain over the trivial predictor. Still \
         improving: in the last quarter of the epochs, or since the best one if early stopping ended the trial, the best \
         {name} {}. Diverged: the loss became infinite or NaN.",
        task.name,
        far_below(summary),
        little(metric),
    );
    let mut table = Table::new(caption, columns);
    for variant in &task.variants {
        table.row(vec![
            variant.name.as_str().into(),
            mean(metric, &variant.validation, variant),
            mean(metric, &variant.last, variant),
            of_seeds(variant.collapsed, variant).into(),
            of_seeds(variant.still_improving, variant).into(),
            of_seeds(variant.diverged, variant).into(),
        ]);
    }
    table
}

/// How far below its best epoch a trial has collapsed.
fn far_below(summary: &StudySummary) -> String {
    match summary.metric.unit {
        Unit::Share => "more than five points below".to_owned(),
        Unit::Target | Unit::Ratio => "worse by more than 5 % than".to_owned(),
    }
}

/// The gains that a trial has not converged after.
fn little(metric: &Metric) -> &'static str {
    match metric.unit {
        Unit::Share => {
            "rose by more than half a point and more than its standard error, or the loss fell by more than 0.01"
        }
        Unit::Target | Unit::Ratio => {
            "improved by more than half a percent, or the loss fell by more than one percent"
        }
    }
}

fn mean(metric: &Metric, spread: &Option<Spread>, variant: &VariantSummary) -> Cell {
    match spread.as_ref().filter(|spread| spread.mean.is_finite()) {
        Some(spread) => {
            (phrases::spread(metric, spread) + &phrases::of_seeds(spread, variant.planned_seeds)).into()
        }
        None => MISSING.into(),
    }
}

/// The test score of every seed, in order of the seeds.
fn each_seed(metric: &Metric, variant: &VariantSummary) -> String {
    let tested = variant.seeds.iter().filter_map(|seed| seed.test);
    let values: Vec<_> = tested.map(|score| metric.show_bare(score, 2)).collect();
    let known = values.iter().any(|value| value != MISSING);
    if known { values.join("  ") } else { MISSING.to_owned() }
}

fn of_seeds(number: usize, variant: &VariantSummary) -> String {
    if variant.seeds.is_empty() { MISSING.to_owned() } else { format!("{number} of {}", variant.seeds.len()) }
}

fn cost(summary: &StudySummary, task: &TaskSummary) -> Table {
    let mut shares: Vec<f64> = vec![];
    for reach in task.variants.iter().flat_map(|variant| &variant.reaches) {
        if !shares.contains(&reach.share) {
            shares.push(reach.share);
        }
    }
    shares.sort_by(f64::total_cmp);
    let to = |share: &f64| {
        let of = match summary.metric.direction {
            Direction::Higher => format!("{} % of", words::bare_percent(*share, 0)),
            _ => format!("within {} % of", words::bare_percent(1.0 - *share, 0)),
        };
        let best = phrases::selection_score(summary);
        Column::number(format!("epochs and time to {of} {}’s best {best}", summary.baseline))
    };
    let mut columns = vec![Column::text("variant")];
    columns.extend(shares.iter().map(to));
    let fixed =
        ["time/epoch", "training step", "prediction, 1 sequence", "prediction, 128 sequences", "peak memory"];
    columns.extend(fixed.map(Column::number));
    let timed = task.variants.iter().any(|variant| variant.timing.is_some());
    let caption = format!(
        "Cost of the variants on {}: medians over the seeds. Epochs were timed during training, alongside other \
         trials.{}",
        task.name,
        if timed { " Steps and predictions were timed side by side." } else { "" }
    );
    let mut table = Table::new(caption, columns);
    for variant in &task.variants {
        let mut row: Vec<Cell> = vec![variant.name.as_str().into()];
        for share in &shares {
            let reach = variant.reaches.iter().find(|reach| reach.share == *share);
            row.push(optional(reach, reached).into());
        }
        let timing = |of: fn(&slimgate_study::Timing) -> f64| {
            Cell::from(optional(variant.timing.as_ref().map(of), words::milliseconds))
        };
        row.push(optional(variant.seconds_per_epoch, words::seconds).into());
        row.push(timing(|timing| timing.training_step_ms));
        row.push(timing(|timing| timing.prediction_ms));
        row.push(timing(|timing| timing.batch_prediction_ms));
        row.push(optional(variant.peak_memory_bytes, words::mebibytes).into());
        table.row(row);
    }
    table
}

/// Epochs and seconds to a share of the baseline's score, and the number of seeds that reached it.
fn reached(reach: &Reach) -> String {
    if reach.of == 0 {
        return MISSING.to_owned();
    }
    if reach.reached == 0 {
        return format!("not reached (0 of {})", reach.of);
    }
    let epochs =
        optional(reach.epochs, |epochs| if epochs.is_finite() { epochs.to_string() } else { MISSING.into() });
    let time = optional(reach.seconds, words::seconds);
    let some = if reach.reached < reach.of {
        format!(" ({} of {})", reach.reached, reach.of)
    } else {
        String::new()
    };
    format!("{epochs} · {time}{some}")
}

fn settings(summary: &StudySummary, task: &TaskSummary) -> Table {
    let metric = &summary.metric;
    let caption = format!(
        "Settings on {}: the chosen ones, and the learning rates within the margin of the best {}. Mean regret: average \
         loss of {} at a learning rate picked at random from those tried. Max regret: greatest loss at a rate within a \
         factor of ten of the best.",
        task.name,
        phrases::selection_score(summary),
        metric.name
    );
    let points = match metric.unit {
        Unit::Share => " (points)",
        Unit::Target | Unit::Ratio => "",
    };
    let columns = [
        Column::text("variant"),
        Column::text("chosen"),
        Column::text("usable learning rates"),
        Column::number("powers of ten"),
        Column::number(format!("mean regret over tried rates{points}")),
        Column::number(format!("max regret within ×10{points}")),
        Column::text("trials"),
    ];
    let mut table = Table::new(caption, columns);
    for variant in &task.variants {
        let regret = |of: fn(&UsableRates) -> f64| {
            Cell::from(optional(variant.usable.as_ref().map(of), |regret| metric.show_size(regret)))
        };
        let states: Vec<_> =
            variant.states.iter().map(|(state, number)| format!("{number} {state}")).collect();
        table.row(vec![
            variant.name.as_str().into(),
            phrases::settings(&variant.chosen).into(),
            optional(variant.usable.as_ref(), usable).into(),
            optional(variant.usable, |usable| words::decimal(usable.decades, 1)).into(),
            regret(|usable| usable.mean_regret),
            regret(|usable| usable.max_regret_nearby),
            if states.is_empty() { MISSING.into() } else { states.join(", ").into() },
        ]);
    }
    table
}

/// A range of rates, naming the ends beyond which nothing was tried.
fn usable(range: &UsableRates) -> String {
    let beyond = match (range.open_below, range.open_above) {
        (true, true) => "; nothing lower or higher was tried",
        (true, false) => "; nothing lower was tried",
        (false, true) => "; nothing higher was tried",
        (false, false) => "",
    };
    format!("{} to {}{beyond}", rate_between(range.low), rate_between(range.high))
}
