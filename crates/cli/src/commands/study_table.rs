//! The table of a task's variants.

use slimgate_study::{Spread, Summary, Task};

use crate::output::{grouped, table};

/// One row a variant: what it costs and how accurate it is.
pub fn study_table(summary: &Summary, task: &Task) -> comfy_table::Table {
    let share = format!("{:.0} % interval", 100.0 * summary.confidence);
    let mut rows = table([
        task.name.as_str(),
        "recurrent parameters",
        "test accuracy",
        &share,
        "seeds",
        "validation best / final",
        "against the baseline",
        "s an epoch",
        "chosen",
    ]);
    for variant in &task.variants {
        let against = task.comparisons.iter().find(|found| found.variant == variant.name);
        let against = against.map_or_else(
            || if variant.name == summary.baseline { "baseline".to_owned() } else { String::new() },
            |found| format!("{:+.1} points, {}", 100.0 * found.difference, found.verdict),
        );
        let mean =
            |spread: &Option<Spread>| spread.as_ref().map(|spread| format!("{:.1} %", 100.0 * spread.mean));
        let interval = variant.test.as_ref().and_then(|test| test.interval);
        let validation = [&variant.validation, &variant.last].map(|spread| mean(spread).unwrap_or_default());
        let chosen = variant.chosen.iter().map(|(key, value)| {
            let name = key.rsplit('.').next().unwrap_or(key);
            format!("{name} {value}")
        });
        rows.add_row([
            variant.name.clone(),
            grouped(variant.parameters.recurrent),
            mean(&variant.test).unwrap_or_default(),
            interval
                .map_or_else(String::new, |[low, high]| format!("{:.1} to {:.1}", 100.0 * low, 100.0 * high)),
            variant.seeds.len().to_string(),
            validation.join(" / "),
            against,
            variant.seconds_per_epoch.map_or_else(String::new, |seconds| format!("{seconds:.2}")),
            chosen.collect::<Vec<_>>().join(", "),
        ]);
    }
    rows
}
