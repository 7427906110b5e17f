//! The importance of each setting.

use kuva::plot::BarPlot;
use kuva::render::plots::Plot;
use slimgate_run::words::{list, percent, percent_to};
use slimgate_study::{StudySummary, TaskSummary};

use super::{Picture, drawn, label, layout, ticks};
use crate::phrases::selection_score;

/// Number of effects shown; those after it explain next to nothing.
const MOST: usize = 12;

/// The share of the variance that each setting explains, the largest on top; `None` if only the seed varies.
pub fn importances(task: &TaskSummary, summary: &StudySummary) -> Option<Picture> {
    let effects = &task.importances.as_ref()?.effects;
    let known = effects.iter().filter(|importance| importance.share.is_finite());
    let shown: Vec<_> = known.take(MOST).map(|it| (it.keys.join(" × "), it.share)).collect();
    if shown.is_empty() {
        return None;
    }
    // The plot counts its bars from the bottom.
    let bars = shown.iter().rev().map(|(keys, share)| (label(keys), *share, "var(--blue)"));
    let plots: Vec<Plot> = vec![BarPlot::new().with_colored_bars(bars).with_horizontal(true).into()];
    let largest = shown.iter().map(|(_, share)| *share).fold(0.0, f64::max);
    let axes = layout(&plots, "share of the variance", "")
        .with_height(90.0 + 34.0 * shown.len() as f64)
        // Not rounded up to a tick: there is no room for its label at the edge. At least two ticks.
        .with_x_axis_max((1.1 * largest).max(0.22))
        .with_x_tick_step(0.2)
        .with_x_tick_format(ticks(|share| percent_to(share, 0)));
    let described: Vec<_> = shown.iter().map(|(keys, share)| format!("{keys} {}", percent(*share))).collect();
    let title = format!(
        "Importance of settings: the share of the variance that a setting, or two together, explain of {}",
        selection_score(summary)
    );
    Some(Picture::new(title, format!("Bars: {}.", list(&described)), drawn(plots, axes)))
}
