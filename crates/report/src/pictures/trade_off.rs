//! The cost of a good score, in parameters and in time.

use kuva::plot::{LinePlot, LineStyle};
use kuva::render::layout::TickFormat;
use kuva::render::plots::Plot;
use slimgate_run::words::{count, list, milliseconds};
use slimgate_study::{Protocol, Spread, StudySummary, TaskSummary, VariantSummary};

use super::curves::in_short;
use super::rates::bounds;
use super::{Picture, capital, drawn, layout, marker_entry, markers, score_ticks, ticks, with_names};
use crate::phrases::{of_seeds, selection_score, test_score};
use crate::style::VariantStyles;

/// The score against recurrent parameters.
pub fn score_by_parameters(
    task: &TaskSummary,
    summary: &StudySummary,
    styles: &VariantStyles,
) -> Option<Picture> {
    let parameters = |variant: &VariantSummary| Some(variant.recurrent_parameters as f64);
    let axis = Axis {
        name: "recurrent parameters",
        words: |value| format!("{} parameters", count(value as usize)),
        ticks: ticks(|value| count(value.max(0.0).round() as usize)),
    };
    trade_off(task, summary, styles, axis, parameters)
}

/// The score against the time of a training step, which was measured side by side: seconds of whole trials depend on what
/// else was running.
pub fn score_by_time(task: &TaskSummary, summary: &StudySummary, styles: &VariantStyles) -> Option<Picture> {
    let axis = Axis {
        name: "training step (ms)",
        words: |value| format!("{} per training step", milliseconds(value)),
        ticks: TickFormat::Auto,
    };
    trade_off(task, summary, styles, axis, |variant| Some(variant.timing?.training_step_ms))
}

/// The horizontal axis.
struct Axis {
    name: &'static str,
    words: fn(f64) -> String,
    ticks: TickFormat,
}

fn trade_off(
    task: &TaskSummary,
    summary: &StudySummary,
    styles: &VariantStyles,
    axis: Axis,
    price: impl Fn(&VariantSummary) -> Option<f64>,
) -> Option<Picture> {
    // On the test set if it has been read, else on the set used for model selection; never a mixture.
    let tested = task.variants.iter().any(|variant| variant.test.is_some());
    let score = |variant: &'_ VariantSummary| -> Option<Spread> {
        if tested { variant.test.clone() } else { variant.validation.clone() }
    };
    let measure = if tested { test_score(summary) } else { selection_score(summary) };
    let points: Vec<(&str, f64, Spread)> = task
        .variants
        .iter()
        .filter_map(|variant| Some((variant.name.as_str(), price(variant)?, score(variant)?)))
        .filter(|(_, price, spread)| price.is_finite() && spread.mean.is_finite())
        .collect();
    let (_, dearest) = bounds(&points.iter().map(|point| point.1).collect::<Vec<_>>())?;
    let metric = &summary.metric;
    let merits: Vec<(f64, f64)> =
        points.iter().map(|(_, price, spread)| (*price, metric.merit(spread.mean))).collect();
    let front = front(&merits);
    let steps = LinePlot::new().with_data(front.iter().map(|&index| (points[index].1, points[index].2.mean)));
    let steps = steps.with_color("var(--axis)").with_line_style(LineStyle::Custom("4 3".into())).with_step();
    let mut plots: Vec<Plot> = vec![steps.into()];
    let (mut entries, mut described) = (vec![], vec![]);
    for (index, (name, price, spread)) in points.iter().enumerate() {
        let style = styles.style(name);
        let mut point = markers(&[(*price, spread.mean)], style).with_size(6.0);
        if let Some([low, high]) = spread.interval.filter(|[low, high]| low.is_finite() && high.is_finite()) {
            point =
                point.with_y_err_asymmetric([((spread.mean - low).max(0.0), (high - spread.mean).max(0.0))]);
        }
        plots.push(point.into());
        entries.push(marker_entry(name, style));
        let dominated = if front.contains(&index) { "" } else { ", dominated" };
        let seeds = task.variant(name).map_or_else(String::new, |it| of_seeds(spread, it.planned_seeds));
        described.push(format!(
            "{name} has {} and {}{seeds}{dominated}",
            (axis.words)(*price),
            metric.show(spread.mean)
        ));
    }
    let short = match summary.protocol {
        Protocol::Validation => measure.clone(),
        Protocol::Published => in_short(summary),
    };
    let axes = with_names(layout(&plots, axis.name, &short), entries)
        .with_x_axis_min(0.0)
        .with_x_axis_max(dearest * 1.08)
        .with_x_tick_format(axis.ticks)
        .with_y_tick_format(score_ticks(metric));
    let title = format!("{} by {}; the dashed line is the Pareto front", capital(&measure), axis.name);
    Some(Picture::new(title, format!("{}.", list(&described)), drawn(plots, axes)))
}

/// The Pareto front: the points, each a price and a merit, that no other beats in both, by rising price.
fn front(points: &[(f64, f64)]) -> Vec<usize> {
    let mut by_price: Vec<usize> = (0..points.len()).collect();
    by_price.sort_by(|&a, &b| points[a].0.total_cmp(&points[b].0).then(points[b].1.total_cmp(&points[a].1)));
    let mut best = f64::NEG_INFINITY;
    by_price.retain(|&index| {
        let better = points[index].1 > best;
        best = best.max(points[index].1);
        better
    });
    by_price
}

#[cfg(test)]
mod tests {
    use super::front;

    #[test]
    fn the_front_holds_what_is_not_beaten() {
        assert_eq!(front(&[(3.0, 0.9), (1.0, 0.7), (2.0, 0.6), (4.0, 0.9)]), [1, 0]);
        assert_eq!(front(&[(1.0, 0.7), (1.0, 0.8)]), [1]);
        assert!(front(&[]).is_empty());
    }
}
