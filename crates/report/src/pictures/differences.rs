//! Differences from the baseline against the margin.

use kuva::plot::{ForestPlot, LinePlot};
use kuva::render::annotations::ShadedRegion;
use kuva::render::plots::Plot;
use slimgate_run::words::{bare_percent, list, points, points_interval};
use slimgate_study::{StudySummary, TaskSummary};

use super::{Picture, drawn, label, layout, ticks};
use crate::phrases;
use crate::style::VariantStyles;

/// The difference of each variant from the baseline with its intervals, against the margin; `None` until there is a
/// difference.
pub fn differences(task: &TaskSummary, summary: &StudySummary, styles: &VariantStyles) -> Option<Picture> {
    let (baseline, margin) = (&summary.baseline, summary.margin);
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
    let mut reach = 100.0 * margin;
    for (index, comparison) in known.iter().enumerate() {
        let color = styles.style(&comparison.variant).color;
        let middle = 100.0 * comparison.difference.unwrap_or(f64::NAN);
        let [low, high] = interval(comparison.interval).unwrap_or([middle; 2]);
        reach = [reach, low.abs(), high.abs(), middle.abs()].into_iter().fold(0.0, f64::max);
        forest = forest.with_colored_row(label(&comparison.variant), middle, low, high, color);
        if let Some([low, high]) = interval(comparison.equivalence_interval) {
            // The plot counts its rows from the bottom.
            let y = (known.len() - index) as f64;
            let thick = LinePlot::new().with_data([(low, y), (high, y)]).with_color(color);
            inner.push(thick.with_stroke_width(4.0).into());
        }
        described.push(format!(
            "{} {} points{}, {}",
            comparison.variant,
            points(comparison.difference.unwrap_or(f64::NAN)),
            comparison.interval.map(|ends| format!(" ({})", points_interval(ends))).unwrap_or_default(),
            comparison.conclusion(),
        ));
    }
    let mut plots: Vec<Plot> = vec![forest.into()];
    plots.extend(inner);
    let margin_points = 100.0 * margin;
    let axes =
        layout(&plots, &format!("accuracy minus that of {}, in percentage points", label(baseline)), "")
            .with_height(110.0 + 44.0 * known.len() as f64)
            .with_x_axis_min(-1.15 * reach)
            .with_x_axis_max(1.15 * reach)
            .with_x_tick_format(ticks(|value| points(value / 100.0)))
            .with_shaded_region(
                ShadedRegion::vertical(-margin_points, margin_points)
                    .with_color("var(--axis)")
                    .with_opacity(0.16),
            );
    let title = format!(
        "Difference from {baseline} in {}; thin: confidence interval; thick: interval of the equivalence test (TOST); \
         shaded: margin of ±{} points",
        phrases::test_accuracy(summary.protocol),
        bare_percent(margin, 2)
    );
    Some(Picture::new(
        title,
        format!("Differences from {baseline}: {}.", list(&described)),
        drawn(plots, axes),
    ))
}

/// An interval in percentage points.
fn interval(ends: Option<[f64; 2]>) -> Option<[f64; 2]> {
    ends.filter(|[low, high]| low.is_finite() && high.is_finite())
        .map(|[low, high]| [100.0 * low, 100.0 * high])
}
