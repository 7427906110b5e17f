//! Learning curves.

use kuva::render::plots::Plot;
use slimgate_run::metric::Metric;
use slimgate_run::words::{counted, list, short};
use slimgate_run::{EpochMetrics, Split};
use slimgate_study::{CurvePoint, Protocol, StudySummary, TaskSummary};

use super::{Picture, capital, drawn, layout, line, line_entry, rate_ticks, score_ticks, with_names};
use crate::phrases::{loss_unit, selection_score};
use crate::run::{Run, metrics};
use crate::style::VariantStyles;

/// The score over the epochs, the seeds as a band around their mean; `None` until a trial has finished an epoch.
pub fn learning_curves(
    task: &TaskSummary,
    summary: &StudySummary,
    styles: &VariantStyles,
) -> Option<Picture> {
    let mut plots: Vec<Plot> = vec![];
    let (mut entries, mut described) = (vec![], vec![]);
    for variant in &task.variants {
        let curve: Vec<&CurvePoint> = variant.curve.iter().filter(|point| point.mean.is_finite()).collect();
        let Some(last) = curve.last() else { continue };
        let style = styles.style(&variant.name);
        let means: Vec<_> = curve.iter().map(|point| (point.epoch as f64, point.mean)).collect();
        let mut mean = line(&means, style);
        if curve.iter().any(|point| point.seeds > 1) {
            mean = mean.with_band(curve.iter().map(|point| point.low), curve.iter().map(|point| point.high));
        }
        plots.push(mean.into());
        entries.push(line_entry(&variant.name, style));
        described.push(format!(
            "{} starts at {} and ends at {} after epoch {} ({})",
            variant.name,
            summary.metric.show(curve[0].mean),
            summary.metric.show(last.mean),
            last.epoch,
            counted(last.seeds, "seed", "seeds"),
        ));
    }
    if plots.is_empty() {
        return None;
    }
    let axes = with_names(layout(&plots, "epoch", &in_short(summary)), entries)
        .with_y_tick_format(score_ticks(&summary.metric));
    let description = format!("By epoch: {}.", list(&described));
    let title = format!(
        "Learning curves: {} by epoch; mean and range over seeds (a seed that stopped early keeps its last value; a \
         diverged one ends)",
        selection_score(summary)
    );
    Some(Picture::new(title, description, drawn(plots, whole_epochs(axes, &task_epochs(task)))))
}

/// A score's name, short enough for an axis.
pub(super) fn in_short(summary: &StudySummary) -> String {
    let name = &summary.metric.name;
    match summary.protocol {
        Protocol::Validation => format!("validation {name}"),
        Protocol::Published => format!("test {name} (used for selection)"),
    }
}

fn task_epochs(task: &TaskSummary) -> Vec<usize> {
    task.variants.iter().flat_map(|variant| &variant.curve).map(|point| point.epoch).collect()
}

/// Ticks at whole epochs only.
fn whole_epochs(axes: kuva::render::layout::Layout, epochs: &[usize]) -> kuva::render::layout::Layout {
    let last = epochs.iter().copied().max().unwrap_or(1);
    let step =
        [1, 2, 5, 10, 20, 50, 100, 200, 500].into_iter().find(|step| last / step <= 10).unwrap_or(1000);
    let end = last.div_ceil(step).max(1) * step;
    axes.with_x_axis_min(0.0).with_x_axis_max(end as f64).with_x_tick_step(step as f64)
}

/// Loss, score and learning rate of runs over their epochs, as far as recorded.
pub fn run_curves(runs: &[Run], styles: &VariantStyles) -> Vec<Picture> {
    let loss = |split: Split| move |line: &EpochMetrics| (line.split == split).then_some(line.loss);
    let rate = |line: &EpochMetrics| line.learning_rate.filter(|_| line.split == Split::Train);
    let metrics = metrics(runs);
    let [training, validation] =
        ["training loss", "validation loss"].map(|name| name.to_owned() + loss_unit(&metrics));
    let mut pictures = vec![
        run_curve(runs, styles, "Training loss", &training, &Scale::Loss, loss(Split::Train)),
        run_curve(runs, styles, "Validation loss", &validation, &Scale::Loss, loss(Split::Validation)),
    ];
    for metric in &metrics {
        for (split, set) in [(Split::Train, "training"), (Split::Validation, "validation")] {
            let score = |line: &EpochMetrics| {
                (line.split == split && line.score.metric == metric.name).then_some(line.score.value)
            };
            let axis = format!("{set} {}", metric.name);
            pictures.push(run_curve(runs, styles, &capital(&axis), &axis, &Scale::Score(metric), score));
        }
    }
    pictures.push(run_curve(runs, styles, "Learning rate", "learning rate", &Scale::Rate, rate));
    pictures.into_iter().flatten().collect()
}

/// The vertical axis of a curve.
enum Scale<'a> {
    Loss,
    Score(&'a Metric),
    Rate,
}

impl Scale<'_> {
    fn shown(&self, value: f64) -> String {
        match self {
            Scale::Score(metric) => metric.show(value),
            Scale::Loss | Scale::Rate => short(value),
        }
    }
}

fn run_curve(
    runs: &[Run],
    styles: &VariantStyles,
    title: &str,
    axis: &str,
    scale: &Scale,
    value: impl Fn(&EpochMetrics) -> Option<f64>,
) -> Option<Picture> {
    let mut plots: Vec<Plot> = vec![];
    let mut highest = 0.0;
    let (mut entries, mut described, mut epochs) = (vec![], vec![], vec![]);
    for run in runs {
        let finite = |line| value(line).filter(|value| value.is_finite());
        let points: Vec<(f64, f64)> =
            run.epochs.iter().filter_map(|line| Some((line.epoch as f64, finite(line)?))).collect();
        let (Some(first), Some(last)) = (points.first(), points.last()) else { continue };
        let style = styles.style(&run.name);
        highest = points.iter().map(|point| point.1).fold(highest, f64::max);
        epochs.extend(points.iter().map(|point| point.0 as usize));
        described.push(format!(
            "{} goes from {} at epoch {} to {} at epoch {}",
            run.name,
            scale.shown(first.1),
            first.0,
            scale.shown(last.1),
            last.0
        ));
        plots.push(line(&points, style).into());
        entries.push(line_entry(&run.name, style));
    }
    if plots.is_empty() {
        return None;
    }
    let axes = whole_epochs(with_names(layout(&plots, "epoch", axis), entries), &epochs);
    let axes = match scale {
        // Starts at zero: a constant rate has no range of its own. Its ticks need the room of a label.
        Scale::Rate => axes
            .with_y_label("")
            .with_y_axis_min(0.0)
            .with_y_axis_max(1.2 * highest)
            .with_y_tick_format(rate_ticks()),
        Scale::Score(metric) => axes.with_y_tick_format(score_ticks(metric)),
        Scale::Loss => axes,
    };
    Some(Picture::new(title, format!("By epoch: {}.", list(&described)), drawn(plots, axes)))
}
