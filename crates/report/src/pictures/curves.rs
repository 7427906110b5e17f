//! Learning curves.

use kuva::render::plots::Plot;
use slimgate_run::Split;
use slimgate_run::words::{counted, list, percent};
use slimgate_study::{CurvePoint, Protocol, TaskSummary};

use super::{Picture, drawn, layout, line, line_entry, percent_ticks, rate_ticks, with_names};
use crate::phrases::selection_accuracy;
use crate::run::Run;
use crate::style::VariantStyles;

/// Accuracy over the epochs, the seeds as a band around their mean; `None` until a trial has finished an epoch.
pub fn learning_curves(task: &TaskSummary, protocol: Protocol, styles: &VariantStyles) -> Option<Picture> {
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
            percent(curve[0].mean),
            percent(last.mean),
            last.epoch,
            counted(last.seeds, "seed", "seeds"),
        ));
    }
    if plots.is_empty() {
        return None;
    }
    let axes =
        with_names(layout(&plots, "epoch", &in_short(protocol)), entries).with_y_tick_format(percent_ticks());
    let description = format!("By epoch: {}.", list(&described));
    let title = format!(
        "Learning curves: {} by epoch; mean and range over seeds (a seed that stopped early keeps its last value; a \
         diverged one ends)",
        selection_accuracy(protocol)
    );
    Some(Picture::new(title, description, drawn(plots, whole_epochs(axes, &task_epochs(task)))))
}

/// An accuracy's name, short enough for an axis.
pub(super) fn in_short(protocol: Protocol) -> String {
    match protocol {
        Protocol::Validation => "validation accuracy".into(),
        Protocol::Published => "test accuracy (used for selection)".into(),
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

/// Loss, accuracy and learning rate of runs over their epochs, as far as recorded.
pub fn run_curves(runs: &[Run], styles: &VariantStyles) -> Vec<Picture> {
    let loss =
        |split: Split| move |line: &slimgate_run::EpochMetrics| (line.split == split).then_some(line.loss);
    let accuracy = |split: Split| {
        move |line: &slimgate_run::EpochMetrics| (line.split == split).then_some(line.score.value)
    };
    let rate = |line: &slimgate_run::EpochMetrics| line.learning_rate.filter(|_| line.split == Split::Train);
    let pictures = [
        run_curve(runs, styles, "Training loss", "training loss (nats)", loss(Split::Train)),
        run_curve(runs, styles, "Validation loss", "validation loss (nats)", loss(Split::Validation)),
        run_curve(runs, styles, "Training accuracy", "training accuracy", accuracy(Split::Train)),
        run_curve(runs, styles, "Validation accuracy", "validation accuracy", accuracy(Split::Validation)),
        run_curve(runs, styles, "Learning rate", "learning rate", rate),
    ];
    pictures.into_iter().flatten().collect()
}

fn run_curve(
    runs: &[Run],
    styles: &VariantStyles,
    title: &str,
    axis: &str,
    value: impl Fn(&slimgate_run::EpochMetrics) -> Option<f64>,
) -> Option<Picture> {
    let mut plots: Vec<Plot> = vec![];
    let mut highest = 0.0;
    let (mut entries, mut described, mut epochs) = (vec![], vec![], vec![]);
    for run in runs {
        let points: Vec<(f64, f64)> = run
            .epochs
            .iter()
            .filter_map(|line| Some((line.epoch as f64, value(line).filter(|value| value.is_finite())?)))
            .collect();
        let (Some(first), Some(last)) = (points.first(), points.last()) else { continue };
        let style = styles.style(&run.name);
        highest = points.iter().map(|point| point.1).fold(highest, f64::max);
        epochs.extend(points.iter().map(|point| point.0 as usize));
        let shown = |value: f64| {
            if axis.contains("accuracy") { percent(value) } else { slimgate_run::words::short(value) }
        };
        described.push(format!(
            "{} goes from {} at epoch {} to {} at epoch {}",
            run.name,
            shown(first.1),
            first.0,
            shown(last.1),
            last.0
        ));
        plots.push(line(&points, style).into());
        entries.push(line_entry(&run.name, style));
    }
    if plots.is_empty() {
        return None;
    }
    let axes = whole_epochs(with_names(layout(&plots, "epoch", axis), entries), &epochs);
    let axes = match axis {
        // Starts at zero: a constant rate has no range of its own. Its ticks need the room of a label.
        "learning rate" => axes
            .with_y_label("")
            .with_y_axis_min(0.0)
            .with_y_axis_max(1.2 * highest)
            .with_y_tick_format(rate_ticks()),
        _ if axis.contains("accuracy") => axes.with_y_tick_format(percent_ticks()),
        _ => axes,
    };
    Some(Picture::new(title, format!("By epoch: {}.", list(&described)), drawn(plots, axes)))
}
