//! Pictures as SVG that takes its colours from the page and includes a description in words.

mod critical;
mod curves;
mod differences;
mod forecasts;
mod importances;
mod rates;
mod trade_off;

pub use critical::critical_difference;
pub use curves::{learning_curves, run_curves};
pub use differences::differences;
pub use forecasts::{run_forecasts, task_forecasts};
pub use importances::importances;
pub use rates::score_by_rate;
pub use trade_off::{score_by_parameters, score_by_time};

use std::sync::Arc;

use kuva::backend::svg::SvgBackend;
use kuva::plot::legend::{LegendEntry, LegendPosition, LegendShape};
use kuva::plot::{LinePlot, LineStyle, ScatterPlot};
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::{Scene, render_multiple};
use kuva::render::theme::Theme;
use maud::{PreEscaped, html};
use slimgate_run::metric::Metric;
use slimgate_run::words::rate;

use crate::style::VariantStyle;

/// A picture.
#[derive(Debug)]
pub struct Picture {
    /// Its title.
    pub title: String,
    /// A description in words, for readers who cannot see it.
    pub description: String,
    /// Its width in pixels.
    pub width: f64,
    /// Its height in pixels.
    pub height: f64,
    /// The content of the `svg` element; its ids begin with [`ID`].
    pub content: String,
}

const PALETTE: &str = include_str!("../palette.css");

/// Prefix of the ids within a picture; each place in a page substitutes its own.
pub const ID: &str = "kuva-clip-";

/// The size of most pictures: small enough that the text is legible when a phone shows them whole.
const WIDTH: f64 = 500.0;
const HEIGHT: f64 = 300.0;

impl Picture {
    /// The path of the `index`th picture of a page, relative to the page's folder.
    pub fn path(&self, index: usize) -> String {
        let what = self.title.split([':', ';']).next().unwrap_or_default().to_lowercase();
        let letters = what.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { ' ' });
        let words: Vec<String> = letters.collect::<String>().split_whitespace().map(str::to_owned).collect();
        format!("pictures/{:02}-{}.svg", index + 1, words.join("-"))
    }

    /// The picture as a standalone file.
    pub fn file(&self) -> String {
        let markup = html! {
            svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox={ "0 0 " (self.width) " " (self.height) }
                width=(self.width) height=(self.height) {
                title { (self.title) }
                desc { (self.description) }
                style {
                    (PreEscaped(PALETTE))
                    "svg { fill: var(--ink); background: var(--paper); font-family: sans-serif; }"
                }
                (PreEscaped(&self.content))
            }
        };
        markup.into_string() + "\n"
    }

    fn new(title: impl Into<String>, description: impl Into<String>, mut scene: Scene) -> Picture {
        // The page's background and font apply.
        scene.background_color = None;
        scene.font_family = None;
        let (width, height) = (scene.width, scene.height);
        let svg = SvgBackend::new().render_scene(&scene);
        // The page writes the outer element itself, with a title and a description.
        let content = svg.split_once("-->").map_or(svg.as_str(), |(_, content)| content);
        let content = content.trim_end().trim_end_matches("</svg>").to_owned();
        Picture { title: title.into(), description: description.into(), width, height, content }
    }
}

/// Draws plots on axes.
fn drawn(plots: Vec<Plot>, layout: Layout) -> Scene {
    render_multiple(plots, layout)
}

/// Axes of the usual size in the page's colours.
fn layout(plots: &[Plot], x: &str, y: &str) -> Layout {
    Layout::auto_from_plots(plots)
        .with_theme(theme())
        .with_width(WIDTH)
        .with_height(HEIGHT)
        .with_x_label(x)
        .with_y_label(y)
        .with_label_size(13)
        .with_tick_size(12)
}

/// Puts names below the axes, where long ones take no room from the plot and a phone shows them. The picture grows by
/// the lines that they need.
fn with_names(axes: Layout, entries: Vec<LegendEntry>) -> Layout {
    let longest = entries.iter().map(|entry| entry.label.chars().count()).max().unwrap_or(0);
    // The width of a letter in the legend, and of the marker with its gaps.
    let column = 8.0 * longest as f64 + 38.0;
    let columns = (((WIDTH - 80.0) / column) as usize).max(1);
    let lines = entries.len().div_ceil(columns);
    axes.with_legend_position(LegendPosition::OutsideBottomColumns)
        .with_legend_col_limit(columns)
        .with_height(HEIGHT + 30.0 + 18.0 * lines as f64)
        .with_legend_entries(entries)
}

/// Every colour comes from the style sheet, so that a picture follows the page's light or dark mode.
fn theme() -> Theme {
    let axis = || "var(--axis)".to_owned();
    Theme {
        background: "none".into(),
        axis_color: axis(),
        grid_color: "var(--grid)".into(),
        tick_color: axis(),
        text_color: "var(--ink)".into(),
        legend_bg: "none".into(),
        legend_border: "none".into(),
        pie_leader: axis(),
        box_median: "var(--paper)".into(),
        violin_border: axis(),
        colorbar_border: axis(),
        font_family: None,
        show_grid: true,
    }
}

/// A name shortened to fit a picture. It is data: a `$` in it does not start a formula.
fn label(text: &str) -> String {
    const MOST: usize = 44;
    let mut short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        short.pop();
        short.push('…');
    }
    short.replace('$', "\\$")
}

fn ticks(format: impl Fn(f64) -> String + Send + Sync + 'static) -> TickFormat {
    TickFormat::Custom(Arc::new(format))
}

/// Scores; percentages, all of the same width: room is reserved for the last one.
fn score_ticks(metric: &Metric) -> TickFormat {
    let metric = metric.clone();
    ticks(move |value| metric.show_to(value, 1))
}

/// A text that begins a sentence.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Powers of ten and values between them, in the notation of learning rates.
fn rate_ticks() -> TickFormat {
    ticks(rate)
}

fn line(points: &[(f64, f64)], style: VariantStyle) -> LinePlot {
    let dashes = style.dash.map_or(LineStyle::Solid, |dash| LineStyle::Custom(dash.to_owned()));
    LinePlot::new()
        .with_data(points.iter().copied())
        .with_color(style.color)
        .with_line_style(dashes)
        .with_stroke_width(2.0)
}

fn markers(points: &[(f64, f64)], style: VariantStyle) -> ScatterPlot {
    ScatterPlot::new()
        .with_data(points.iter().copied())
        .with_color(style.color)
        .with_marker(style.marker)
        .with_size(5.0)
}

fn line_entry(name: &str, style: VariantStyle) -> LegendEntry {
    LegendEntry {
        label: label(name),
        color: style.color.to_owned(),
        shape: LegendShape::Line,
        dasharray: style.dash.map(str::to_owned),
    }
}

fn marker_entry(name: &str, style: VariantStyle) -> LegendEntry {
    LegendEntry {
        label: label(name),
        color: style.color.to_owned(),
        shape: LegendShape::Marker(style.marker),
        dasharray: None,
    }
}
