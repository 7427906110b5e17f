//! Differences from the baseline against the margin.

use kuva::plot::{ForestPlot, LinePlot};
use kuva::render::annotations::ShadedRegion;
use kuva::render::layout::TickFormat;
use kuva::render::plots::Plot;
use slimgate_run::metric::{Direction, Metric, Unit};
use slimgate_run::words::list;
use slimgate_study::{StudySummary, TaskSummary};

use super::{Picture, drawn, label, layout, ticks};
use crate::phrases;
use crate::style::VariantStyles;

/// The difference of each variant from the baseline with its intervals, against the margin; `None` until there is a
/// difference.
pub fn differences(task: &TaskSummary, summary: &StudySummary, styles: &VariantStyles) -> Option<Picture> {
    let (baseline, metric) = (&summary.baseline, &summary.metric);
    let margin = metric.on_axis(summary.margin_on(task)?);
    let known: Vec<_> = task
        .comparisons
        .iter()
        .filter(|comparison| comparison.difference.is_some_and(f64::is_finite))
        .collect();
    if known.is_empty() {
        return None;
    }
    let mut forest = ForestPlot::new().with_null_value(0.0).with_cap_size(4.0).with_marker_size(4.5);
    let mut inner: Vec<Plot> = vec![];
    let mut described = vec![];
    let mut reach = margin;
    for (index, comparison) in known.iter().enumerate() {
        let color = styles.style(&comparison.variant).color;
        let middle = metric.on_axis(comparison.difference.unwrap_or(f64::NAN));
        let [low, high] = interval(metric, comparison.interval).unwrap_or([middle; 2]);
        reach = [reach, low.abs(), high.abs(), middle.abs()].into_iter().fold(0.0, f64::max);
        forest = forest.with_colored_row(label(&comparison.variant), middle, low, high, color);
        if let Some([low, high]) = interval(metric, comparison.equivalence_interval) {
            // The plot counts its rows from the bottom.
            let y = (known.len() - index) as f64;
            let thick = LinePlot::new().with_data([(low, y), (high, y)]).with_color(color);
            inner.push(thick.with_stroke_width(4.0).into());
        }
        described.push(format!(
            "{} {}{}{}, {}",
            comparison.variant,
            metric.show_difference(comparison.difference.unwrap_or(f64::NAN)),
            metric.points(),
            comparison.interval.map(|ends| format!(" ({})", metric.show_interval(ends))).unwrap_or_default(),
            comparison.conclusion(),
        ));
    }
    let mut plots: Vec<Plot> = vec![forest.into()];
    plots.extend(inner);
    let axes = layout(&plots, &axis(metric, baseline), "")
        .with_height(110.0 + 44.0 * known.len() as f64)
        .with_x_axis_min(-1.15 * reach)
        .with_x_axis_max(1.15 * reach)
        .with_x_tick_format(difference_ticks(metric))
        .with_shaded_region(
            ShadedRegion::vertical(-margin, margin).with_color("var(--axis)").with_opacity(0.16),
        );
    let title = format!(
        "Difference from {baseline} in {}; thin: confidence interval; thick: interval of the equivalence test (TOST); \
         shaded: margin of ±{}",
        phrases::test_score(summary),
        summary.margin_on_in_words(task)
    );
    Some(Picture::new(
        title,
        format!("Differences from {baseline}: {}.", list(&described)),
        drawn(plots, axes),
    ))
}

/// The name of the horizontal axis, which says of all but the highest values that they are not the best.
fn axis(metric: &Metric, baseline: &str) -> String {
    let (name, baseline) = (&metric.name, label(baseline));
    match metric.direction {
        Direction::Higher => format!("{name} minus that of {baseline}{}", metric.in_points()),
        Direction::Lower => format!("{name} minus that of {baseline}{}; lower is better", metric.in_points()),
        Direction::Towards(aim) => format!(
            "distance of {name} from {}, minus that of {baseline}{}; lower is better",
            metric.show(aim),
            metric.in_points()
        ),
    }
}

fn difference_ticks(metric: &Metric) -> TickFormat {
    let metric = metric.clone();
    ticks(move |value| match metric.unit {
        Unit::Share => metric.show_difference(value / 100.0),
        Unit::Target | Unit::Ratio => metric.show_difference(value),
    })
}

/// A finite interval as the axis counts it.
fn interval(metric: &Metric, ends: Option<[f64; 2]>) -> Option<[f64; 2]> {
    ends.filter(|[low, high]| low.is_finite() && high.is_finite())
        .map(|ends| ends.map(|end| metric.on_axis(end)))
}
