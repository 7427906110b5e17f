//! The tables of a task's variants.

use slimgate_run::words::{count, money, short_percent};
use slimgate_study::{Cost, Protocol, Spread, StudySummary, TaskSummary, VariantSummary, written};

use crate::output::table;

/// Columns of the table of variants.
const COLUMNS: usize = 9;

/// One row a variant: what it costs and how well it does. Below them stand the predictors without a network.
pub fn study_table(summary: &StudySummary, task: &TaskSummary) -> comfy_table::Table {
    let share = format!("{} % interval", short_percent(summary.confidence));
    let metric = &summary.metric;
    let (chosen, selection) = match summary.protocol {
        Protocol::Validation => ("", "validation best / final"),
        Protocol::Published => (",\nchosen on the test set", "best / final\non the test set"),
    };
    let test = format!("test {}{chosen}", metric.name);
    let mut rows = table([
        task.name.as_str(),
        "recurrent parameters",
        &test,
        &share,
        "seeds",
        selection,
        "against the baseline",
        "s/epoch",
        "chosen",
    ]);
    for variant in &task.variants {
        let against = task.comparisons.iter().find(|found| found.variant == variant.name);
        let against = against.map_or_else(
            || if variant.name == summary.baseline { "baseline".to_owned() } else { String::new() },
            |found| match found.difference {
                Some(difference) => {
                    let margin = summary.margin_on(task).unwrap_or(f64::NAN);
                    let shown = metric.show_difference_beside(difference, margin);
                    format!("{shown}{}, {}", metric.points(), found.conclusion())
                }
                None => found.conclusion().to_owned(),
            },
        );
        let mean = |spread: &Option<Spread>| spread.as_ref().map(|spread| metric.show_to(spread.mean, 1));
        let interval = variant.test.as_ref().and_then(|test| test.interval);
        let validation = [&variant.validation, &variant.last].map(|spread| mean(spread).unwrap_or_default());
        let chosen = variant.chosen.iter().map(|(key, value)| {
            let name = key.rsplit('.').next().unwrap_or(key);
            format!("{name} {}", written(value))
        });
        rows.add_row([
            variant.name.clone(),
            count(variant.recurrent_parameters),
            mean(&variant.test).unwrap_or_default(),
            interval.map_or_else(String::new, |[low, high]| {
                format!("{} to {}", metric.show_bare(low, 1), metric.show_bare(high, 1))
            }),
            variant.seeds.len().to_string(),
            validation.join(" / "),
            against,
            variant.seconds_per_epoch.map_or_else(String::new, |seconds| format!("{seconds:.2}")),
            chosen.collect::<Vec<_>>().join(", "),
        ]);
    }
    for reference in task.predictors() {
        let name = match task.is_constant(metric, reference) {
            true => format!("always `{}`", reference.answer),
            false => reference.answer.clone(),
        };
        let mut row = vec![name, "0".to_owned()];
        row.push(metric.show_to(reference.score, 1));
        row.resize(COLUMNS, String::new());
        rows.add_row(row);
    }
    rows
}

/// One row a variant: the money that it costs, where the study names a price.
pub fn cost_table(task: &TaskSummary) -> Option<comfy_table::Table> {
    let costs = task.variants.iter().filter_map(|variant| Some((variant, variant.cost.as_ref()?)));
    let costs: Vec<(&VariantSummary, &Cost)> = costs.collect();
    let (_, first) = costs.first()?;
    let head = format!("cost in {}", first.currency);
    let mut rows =
        table([head.as_str(), "one training", "trainings a year", "predictions a year", "saved a year"]);
    for (variant, cost) in costs {
        rows.add_row([
            variant.name.clone(),
            money(cost.training),
            money(cost.trainings_a_year),
            money(cost.predictions_a_year),
            money(cost.saved_a_year),
        ]);
    }
    Some(rows)
}
