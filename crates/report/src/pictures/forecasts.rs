//! Forecasts of the test part beside what was observed.

use kuva::plot::legend::{LegendEntry, LegendShape};
use kuva::plot::{LinePlot, LineStyle};
use kuva::render::plots::Plot;
use slimgate_run::Stretch;
use slimgate_run::metric::LEVELS;
use slimgate_run::words::{count, percent_to, short};
use slimgate_study::TaskSummary;

use super::{Picture, drawn, label, layout, with_names};
use crate::run::Run;

/// A line of a picture. Its colour says what it is, not whose: a picture is of one variant.
struct Line {
    name: &'static str,
    color: &'static str,
    dash: Option<&'static str>,
    width: f64,
}

const OBSERVED: Line = Line { name: "observed", color: "var(--ink)", dash: None, width: 1.4 };
const FORECAST: Line = Line { name: "forecast", color: "var(--purple)", dash: None, width: 2.0 };
const NAIVE: Line = Line { name: "seasonal naive", color: "var(--axis)", dash: Some("3 3"), width: 1.0 };

/// The forecasts of the variants that a study shows, a picture each.
pub fn task_forecasts(task: &TaskSummary) -> Vec<Picture> {
    let by =
        |variant: &str, seed: u64| (format!("Forecasts of {variant}"), format!("{variant} with seed {seed}"));
    let all: Vec<_> = task.forecasts.iter().map(|of| (by(&of.variant, of.seed), &of.stretch)).collect();
    pictures(&all)
}

/// The forecasts of runs that have any, a picture each.
pub fn run_forecasts(runs: &[&Run]) -> Vec<Picture> {
    let of_run = |run: &&Run| {
        Some(((format!("Forecasts of {}", run.name), run.name.clone()), run.forecasts.as_ref()?.clone()))
    };
    let all: Vec<_> = runs.iter().filter_map(of_run).collect();
    pictures(&all.iter().map(|(by, stretch)| (by.clone(), stretch)).collect::<Vec<_>>())
}

/// Pictures with the same vertical axis for the same channel, each with the beginning of its title and the name of who
/// forecasts.
fn pictures(all: &[((String, String), &Stretch)]) -> Vec<Picture> {
    let picture = |((title, by), stretch): &((String, String), &Stretch)| {
        let same = all.iter().map(|(_, other)| *other).filter(|other| other.target == stretch.target);
        let numbers = same.flat_map(|other| {
            let bounds = other.interval.iter().flatten();
            other.observed.iter().chain(&other.forecast).chain(bounds).chain(&other.seasonal_naive)
        });
        let ends = numbers.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], number| {
            [low.min(*number), high.max(*number)]
        });
        picture(title, by, stretch, ends)
    };
    all.iter().map(picture).collect()
}

fn picture(title: &str, by: &str, stretch: &Stretch, [low, high]: [f64; 2]) -> Picture {
    let mut plots: Vec<Plot> = vec![];
    let mut entries = vec![];
    let has_interval = !stretch.interval[0].is_empty();
    for (of, numbers) in
        [(NAIVE, &stretch.seasonal_naive), (OBSERVED, &stretch.observed), (FORECAST, &stretch.forecast)]
    {
        if numbers.is_empty() {
            continue;
        }
        let interval = (has_interval && of.name == FORECAST.name).then_some(&stretch.interval);
        plots.extend(unbroken(&stretch.steps).map(|at| plot(&of, &stretch.steps, numbers, interval, at)));
        let name = if interval.is_some() { "median forecast" } else { of.name };
        // As they matter, not as they are drawn over one another.
        entries.insert(0, entry(name, &of));
    }
    let step = stretch.step_unit.as_deref().unwrap_or("step");
    let unit = stretch.unit.as_ref().map_or_else(String::new, |unit| format!(" ({unit})"));
    let room = 0.05 * (high - low).max(f64::MIN_POSITIVE);
    let [first, last] = [stretch.steps[0], *stretch.steps.last().unwrap_or(&stretch.steps[0])];
    let axes = with_names(
        layout(&plots, &format!("{step} of the test part"), &label(&format!("{}{unit}", stretch.target))),
        entries,
    )
    .with_x_axis_min(first as f64)
    .with_x_axis_max(last.max(first + 1) as f64)
    .with_y_axis_min(low - room)
    .with_y_axis_max(high + room);
    let shaded = match has_interval {
        true => format!("; shaded: from the quantile {} to the quantile {}", LEVELS[0], LEVELS[2]),
        false => String::new(),
    };
    let title = format!(
        "{title}: {} beside what was observed, at the last steps of the test part{shaded}",
        stretch.target
    );
    Picture::new(title, description(by, stretch), drawn(plots, axes))
}

/// The places of steps that follow one another: between others there is no line.
fn unbroken(steps: &[usize]) -> impl Iterator<Item = std::ops::Range<usize>> {
    steps.chunk_by(|one, next| one + 1 == *next).scan(0, |before, steps| {
        let start = *before;
        *before += steps.len();
        Some(start..*before)
    })
}

fn plot(
    of: &Line,
    steps: &[usize],
    numbers: &[f64],
    interval: Option<&[Vec<f64>; 2]>,
    at: std::ops::Range<usize>,
) -> Plot {
    let points = steps[at.clone()].iter().map(|step| *step as f64).zip(numbers[at.clone()].iter().copied());
    let dashes = of.dash.map_or(LineStyle::Solid, |dash| LineStyle::Custom(dash.to_owned()));
    let line = LinePlot::new()
        .with_data(points)
        .with_color(of.color)
        .with_line_style(dashes)
        .with_stroke_width(of.width);
    match interval {
        Some([lower, upper]) => {
            line.with_band(lower[at.clone()].iter().copied(), upper[at].iter().copied()).into()
        }
        None => line.into(),
    }
}

fn entry(name: &str, of: &Line) -> LegendEntry {
    LegendEntry {
        label: name.to_owned(),
        color: of.color.to_owned(),
        shape: LegendShape::Line,
        dasharray: of.dash.map(str::to_owned),
    }
}

/// Who forecasts what, how far off, and how much of it lies in the interval.
fn description(by: &str, stretch: &Stretch) -> String {
    let Stretch { target, steps, observed, forecast, interval: [lower, upper], seasonal_naive, .. } = stretch;
    let unit = stretch.unit.as_ref().map_or_else(String::new, |unit| format!(" {unit}"));
    let off = |numbers: &[f64]| {
        let errors = observed.iter().zip(numbers).map(|(truth, number)| (truth - number).abs());
        format!("{}{unit}", short(errors.sum::<f64>() / observed.len() as f64))
    };
    let naive = match seasonal_naive.is_empty() {
        true => String::new(),
        false => format!("; the seasonal naive forecast by {}", off(seasonal_naive)),
    };
    let within = match lower.is_empty() {
        true => String::new(),
        false => {
            let bounds = lower.iter().zip(upper);
            let inside =
                observed.iter().zip(bounds).filter(|(truth, (low, high))| (*low..=*high).contains(truth));
            let share = inside.count() as f64 / observed.len() as f64;
            format!("; {} of what was observed lies between its quantiles", percent_to(share, 0))
        }
    };
    format!(
        "{by} forecasts {target} at the steps {} to {} of the test part, and is off by {} on average{naive}{within}.",
        count(steps[0]),
        count(steps[steps.len() - 1]),
        off(forecast)
    )
}
