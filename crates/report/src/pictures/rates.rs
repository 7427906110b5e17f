//! Accuracy over learning rates.

use kuva::plot::LinePlot;
use kuva::render::plots::Plot;
use slimgate_study::{Protocol, Task};

use super::curves::in_short;
use super::{Picture, drawn, layout, line, marker_entry, markers, percent_ticks, rate_ticks, with_names};
use crate::looks::Looks;
use crate::words::{choice_accuracy, list, percent, rate, rate_between};

/// Accuracy over learning rates, from the worst to the best of the seeds, with a bar beneath for the rates that serve;
/// none where a study tried one rate.
pub fn accuracy_by_rate(task: &Task, protocol: Protocol, looks: &Looks) -> Option<Picture> {
    let mut plots: Vec<Plot> = vec![];
    let (mut entries, mut described, mut usable) = (vec![], vec![], vec![]);
    let (mut rates, mut accuracies) = (vec![], vec![]);
    for variant in &task.variants {
        let sound = |point: &&slimgate_study::RatePoint| point.rate > 0.0 && point.mean.is_finite();
        let points: Vec<_> =
            variant.rates.iter().filter(sound).map(|point| (point.rate, point.mean)).collect();
        let Some(best) = points.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1)) else { continue };
        let look = looks.look(&variant.name);
        rates.extend(points.iter().map(|point| point.0));
        accuracies.extend(points.iter().map(|point| point.1));
        // A bar goes as far as its seeds.
        let seeds = variant.rates.iter().filter(sound).flat_map(|point| &point.values);
        accuracies.extend(seeds.copied().filter(|accuracy| accuracy.is_finite()));
        let range = variant.usable.filter(|range| range.low > 0.0 && range.high.is_finite());
        described.push(match range {
            Some(range) => format!(
                "{} does best at {} with {} and is usable from {}{} to {}{}",
                variant.name,
                rate(best.0),
                percent(best.1),
                rate_between(range.low),
                if range.open_below { " or less" } else { "" },
                rate_between(range.high),
                if range.open_above { " or more" } else { "" }
            ),
            None => format!("{} does best at {} with {}", variant.name, rate(best.0), percent(best.1)),
        });
        // Draws of a search differ in more than the rate: nothing leads from one to the next.
        if range.is_some() {
            plots.push(line(&points, look).into());
        }
        plots.push(markers(&points, look).into());
        // A rate with one seed has no bar.
        let over_seeds = variant.rates.iter().filter(sound).filter(|point| point.values.len() > 1);
        let (centres, errors): (Vec<_>, Vec<_>) = over_seeds
            .filter_map(|point| {
                let (low, high) = bounds(&point.values)?;
                let error = ((point.mean - low).max(0.0), (high - point.mean).max(0.0));
                Some(((point.rate, point.mean), error))
            })
            .unzip();
        if !centres.is_empty() {
            plots.push(markers(&centres, look).with_y_err_asymmetric(errors).into());
        }
        entries.push(marker_entry(&variant.name, look));
        usable.extend(range.map(|range| (range, look)));
    }
    let (low, high) = bounds(&rates)?;
    if low == high {
        return None;
    }
    let (worst, best) = bounds(&accuracies)?;
    // A bar for each usable range, one below the other beneath the lowest point.
    let step = ((best - worst) * 0.045).max(0.002);
    for (index, (range, look)) in usable.iter().enumerate() {
        let y = worst - step * (index as f64 + 1.5);
        let bar = LinePlot::new().with_data([(range.low, y), (range.high, y)]).with_color(look.color);
        plots.push(bar.with_stroke_width(4.0).into());
        // A rate on its own is a range too.
        plots.push(markers(&[(range.low, y), (range.high, y)], *look).with_size(3.0).into());
    }
    let axes = with_names(layout(&plots, "learning rate", &in_short(protocol)), entries)
        .with_log_x()
        // Room for the markers at both ends.
        .with_x_axis_min(low / 1.4)
        .with_x_axis_max(high * 1.4)
        .with_y_axis_min(worst - step * (usable.len() as f64 + 2.0))
        .with_y_axis_max(best + step)
        .with_x_tick_format(rate_ticks())
        .with_y_tick_format(percent_ticks());
    let title = format!(
        "Learning rates: {} by learning rate; the bars beneath mark the rates that serve",
        choice_accuracy(protocol)
    );
    Some(Picture::new(title, format!("{}.", list(&described)), drawn(plots, axes)))
}

/// The lowest and the highest of some numbers.
pub(super) fn bounds(values: &[f64]) -> Option<(f64, f64)> {
    let low = values.iter().copied().reduce(f64::min)?;
    let high = values.iter().copied().reduce(f64::max)?;
    Some((low, high))
}
