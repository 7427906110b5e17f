//! Scores over learning rates.

use kuva::plot::LinePlot;
use kuva::render::plots::Plot;
use slimgate_run::metric::{Metric, Unit};
use slimgate_run::words::{list, rate, rate_between};
use slimgate_study::{RatePoint, StudySummary, TaskSummary, UsableRates, VariantSummary};

use super::curves::in_short;
use super::{Picture, drawn, layout, line, marker_entry, markers, rate_ticks, score_ticks, with_names};
use crate::phrases::selection_score;
use crate::style::{VariantStyle, VariantStyles};

/// The score over learning rates, from the worst to the best of the seeds, with a bar beneath for the usable range; `None`
/// if a study tried one rate only.
pub fn score_by_rate(task: &TaskSummary, summary: &StudySummary, styles: &VariantStyles) -> Option<Picture> {
    let metric = &summary.metric;
    let curves: Vec<Curve> =
        task.variants.iter().filter_map(|variant| Curve::of(variant, styles.style(&variant.name))).collect();
    let rates: Vec<f64> = curves.iter().flat_map(|curve| &curve.points).map(|point| point.rate).collect();
    let (low, high) = bounds(&rates)?;
    if low == high {
        return None;
    }
    let scores: Vec<f64> = curves.iter().flat_map(Curve::scores).collect();
    let (lowest, highest) = bounds(&scores)?;
    let ranges: Vec<_> = curves.iter().filter_map(|curve| Some((curve.usable?, curve.style))).collect();
    // Distance from one bar to the next.
    let least_step = match metric.unit {
        Unit::Share => 0.002,
        Unit::Target | Unit::Ratio => 0.002 * lowest.abs().max(highest.abs()),
    };
    let step = ((highest - lowest) * 0.045).max(least_step);
    let mut plots: Vec<Plot> = curves.iter().flat_map(Curve::plots).collect();
    plots.extend(bars(&ranges, lowest, step));
    let entries = curves.iter().map(|curve| marker_entry(curve.name, curve.style)).collect();
    let axes = with_names(layout(&plots, "learning rate", &in_short(summary)), entries)
        .with_log_x()
        // Room for the markers at both ends.
        .with_x_axis_min(low / 1.4)
        .with_x_axis_max(high * 1.4)
        .with_y_axis_min(lowest - step * (ranges.len() as f64 + 2.0))
        .with_y_axis_max(highest + step)
        .with_x_tick_format(rate_ticks())
        .with_y_tick_format(score_ticks(metric));
    let described: Vec<String> = curves.iter().map(|curve| curve.description(metric)).collect();
    let title =
        format!("Learning rates: {} by learning rate; bars mark the usable range", selection_score(summary));
    Some(Picture::new(title, format!("{}.", list(&described)), drawn(plots, axes)))
}

/// The score of a variant at each learning rate.
struct Curve<'a> {
    name: &'a str,
    style: VariantStyle,
    /// At least one.
    points: Vec<&'a RatePoint>,
    usable: Option<UsableRates>,
}

impl<'a> Curve<'a> {
    /// `None` if there is nothing to draw.
    fn of(variant: &'a VariantSummary, style: VariantStyle) -> Option<Curve<'a>> {
        let points: Vec<&RatePoint> =
            variant.rates.iter().filter(|point| point.rate > 0.0 && point.mean.is_finite()).collect();
        if points.is_empty() {
            return None;
        }
        let usable = variant.usable.filter(|range| range.low > 0.0 && range.high.is_finite());
        Some(Curve { name: &variant.name, style, points, usable })
    }

    /// All values that must fit in the picture: the means, and the ends of bars, which reach as far as their seeds.
    fn scores(&self) -> Vec<f64> {
        let seeds = self.points.iter().flat_map(|point| &point.values).copied();
        self.points.iter().map(|point| point.mean).chain(seeds.filter(|value| value.is_finite())).collect()
    }

    fn plots(&self) -> Vec<Plot> {
        let means: Vec<(f64, f64)> = self.points.iter().map(|point| (point.rate, point.mean)).collect();
        let mut plots: Vec<Plot> = vec![];
        // Draws of a search differ in more than the rate: no line connects them.
        if self.usable.is_some() {
            plots.push(line(&means, self.style).into());
        }
        plots.push(markers(&means, self.style).into());
        // A rate with one seed has no bar.
        let over_seeds = self.points.iter().filter(|point| point.values.len() > 1);
        let (centres, errors): (Vec<_>, Vec<_>) = over_seeds
            .filter_map(|point| {
                let (low, high) = bounds(&point.values)?;
                let error = ((point.mean - low).max(0.0), (high - point.mean).max(0.0));
                Some(((point.rate, point.mean), error))
            })
            .unzip();
        if !centres.is_empty() {
            plots.push(markers(&centres, self.style).with_y_err_asymmetric(errors).into());
        }
        plots
    }

    fn description(&self, metric: &Metric) -> String {
        let merit = |point: &RatePoint| metric.merit(point.mean);
        let best =
            self.points.iter().max_by(|a, b| merit(a).total_cmp(&merit(b))).expect("a curve has a point");
        let usable = self.usable.map_or_else(String::new, |range| {
            format!(
                " and is usable from {}{} to {}{}",
                rate_between(range.low),
                if range.open_below { " or less" } else { "" },
                rate_between(range.high),
                if range.open_above { " or more" } else { "" }
            )
        });
        format!("{} does best at {} with {}{usable}", self.name, rate(best.rate), metric.show(best.mean))
    }
}

/// A bar for each usable range, one below the other beneath the lowest point.
fn bars(ranges: &[(UsableRates, VariantStyle)], lowest: f64, step: f64) -> Vec<Plot> {
    let bar = |(index, &(range, style)): (usize, &(UsableRates, VariantStyle))| -> [Plot; 2] {
        let y = lowest - step * (index as f64 + 1.5);
        let ends = [(range.low, y), (range.high, y)];
        let bar = LinePlot::new().with_data(ends).with_color(style.color).with_stroke_width(4.0);
        // A single rate is a range too.
        [bar.into(), markers(&ends, style).with_size(3.0).into()]
    };
    ranges.iter().enumerate().flat_map(bar).collect()
}

/// The lowest and the highest of some numbers.
pub(super) fn bounds(values: &[f64]) -> Option<(f64, f64)> {
    let low = values.iter().copied().reduce(f64::min)?;
    let high = values.iter().copied().reduce(f64::max)?;
    Some((low, high))
}
