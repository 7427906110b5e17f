//! The tables of a task's variants.

use slimgate_study::{Cost, Protocol, Spread, Summary, Task, Variant, money, percentage, written};

use crate::output::{grouped, table};

/// One row a variant: what it costs and how accurate it is.
pub fn study_table(summary: &Summary, task: &Task) -> comfy_table::Table {
    let share = format!("{} % interval", percentage(summary.confidence));
    let (test, selection) = match summary.protocol {
        Protocol::Validation => ("test accuracy", "validation best / final"),
        Protocol::Published => ("test accuracy,\nchosen on the test set", "best / final\non the test set"),
    };
    let mut rows = table([
        task.name.as_str(),
        "recurrent parameters",
        test,
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
                    format!("{} points, {}", points(difference, summary.margin), found.verdict)
                }
                None => found.verdict.to_string(),
            },
        );
        let mean =
            |spread: &Option<Spread>| spread.as_ref().map(|spread| format!("{:.1} %", 100.0 * spread.mean));
        let interval = variant.test.as_ref().and_then(|test| test.interval);
        let validation = [&variant.validation, &variant.last].map(|spread| mean(spread).unwrap_or_default());
        let chosen = variant.chosen.iter().map(|(key, value)| {
            let name = key.rsplit('.').next().unwrap_or(key);
            format!("{name} {}", written(value))
        });
        rows.add_row([
            variant.name.clone(),
            grouped(variant.recurrent_parameters),
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

/// A difference of accuracies in percentage points, always with its sign, and with the decimals that the answer has:
/// those of the margin, one at the least.
fn points(difference: f64, margin: f64) -> String {
    let tenths = 1000.0 * margin;
    let decimals = if (tenths - tenths.round()).abs() < 1e-6 { 1 } else { 2 };
    let text = format!("{:.decimals$}", 100.0 * difference.abs());
    let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    match difference < 0.0 {
        _ if zero => text,
        true => format!("−{text}"),
        false => format!("+{text}"),
    }
}

/// One row a variant: the money that it costs, where the study names a price.
pub fn cost_table(task: &Task) -> Option<comfy_table::Table> {
    let costs = task.variants.iter().filter_map(|variant| Some((variant, variant.cost.as_ref()?)));
    let costs: Vec<(&Variant, &Cost)> = costs.collect();
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

#[cfg(test)]
mod tests {
    use super::points;

    #[test]
    fn a_difference_has_its_sign_and_the_decimals_of_the_margin() {
        assert_eq!(points(-0.0123, 0.01), "−1.2");
        assert_eq!(points(0.0123, 0.01), "+1.2");
        assert_eq!(points(-0.0123, 0.0025), "−1.23");
        assert_eq!(points(-0.0004, 0.01), "0.0");
    }
}
