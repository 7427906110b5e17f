//! The critical-difference diagram of Demšar (2006), which no plotting crate offers: drawn from lines and text.

use kuva::render::color::Color;
use kuva::render::render::{Primitive, Scene, TextAnchor};
use slimgate_run::words::{decimal, list};
use slimgate_study::{StudySummary, TaskRanking};

use super::{Picture, label};
use crate::phrases::test_score;

/// Length of the axis.
const LENGTH: f64 = 340.0;
const AXIS: f64 = 64.0;
/// Distance between names, and between the lines of groups.
const ROW: f64 = 26.0;
const GROUP: f64 = 9.0;

/// Mean ranks on an axis, with a line below those that are not significantly different; `None` for fewer than two
/// variants.
pub fn critical_difference(ranking: &TaskRanking, summary: &StudySummary) -> Option<Picture> {
    let ranks: Vec<f64> = ranking.mean_ranks.iter().copied().filter(|rank| rank.is_finite()).collect();
    let many = ranking.variants.len();
    if many < 2 || ranks.len() != many {
        return None;
    }
    let groups: Vec<[usize; 2]> =
        ranking.groups.iter().copied().filter(|&[first, last]| first < last && last < many).collect();
    // Names are on both sides of the axis, each followed by its rank.
    let longest = ranking.variants.iter().map(|name| label(name).chars().count()).max().unwrap_or(0);
    let left = 70.0 + 8.0 * longest as f64;
    let (right, width) = (left + LENGTH, 2.0 * left + LENGTH);
    let left_side = many.div_ceil(2);
    let names_from = AXIS + 16.0 + GROUP * groups.len() as f64;
    let mut scene = Scene::new(width, names_from + ROW * left_side as f64 + 16.0);
    scene.text_color = Some("var(--ink)".into());
    let x = |rank: f64| left + (right - left) * (rank - 1.0) / (many - 1) as f64;

    stroke(&mut scene, &[(left, AXIS), (right, AXIS)], 1.5);
    for rank in 1..=many {
        let at = x(rank as f64);
        stroke(&mut scene, &[(at, AXIS), (at, AXIS - 6.0)], 1.5);
        text(&mut scene, (at, AXIS - 11.0), &rank.to_string(), TextAnchor::Middle);
    }
    if ranking.critical_difference.is_finite() && ranking.critical_difference > 0.0 {
        let end = x(1.0 + ranking.critical_difference).min(width - 8.0);
        stroke(&mut scene, &[(left, 26.0), (end, 26.0)], 2.0);
        for at in [left, end] {
            stroke(&mut scene, &[(at, 22.0), (at, 30.0)], 2.0);
        }
        let name = format!("critical difference {}", decimal(ranking.critical_difference, 2));
        text(&mut scene, (left, 15.0), &name, TextAnchor::Start);
    }
    for (index, (name, &rank)) in ranking.variants.iter().zip(&ranks).enumerate() {
        // The better half goes to the left from the top, the others to the right, with the worst at the top.
        let (side, anchor, row) = if index < left_side {
            (left - 14.0, TextAnchor::End, index)
        } else {
            (right + 14.0, TextAnchor::Start, many - 1 - index)
        };
        let y = names_from + ROW * row as f64 + 10.0;
        stroke(&mut scene, &[(x(rank), AXIS), (x(rank), y), (side, y)], 1.0);
        let gap = if index < left_side { -5.0 } else { 5.0 };
        text(&mut scene, (side + gap, y + 4.0), &format!("{} {}", label(name), decimal(rank, 2)), anchor);
    }
    for (index, &[first, last]) in groups.iter().enumerate() {
        let y = AXIS + 10.0 + GROUP * index as f64;
        stroke(&mut scene, &[(x(ranks[first]) - 4.0, y), (x(ranks[last]) + 4.0, y)], 4.0);
    }

    let title = format!(
        "Mean ranks across tasks by {} (1 is the best); a thick line joins variants that are not \
         significantly different",
        test_score(summary)
    );
    Some(Picture::new(title, described(ranking, &ranks, &groups), scene))
}

/// The diagram in words.
fn described(ranking: &TaskRanking, ranks: &[f64], groups: &[[usize; 2]]) -> String {
    let named: Vec<_> = ranking
        .variants
        .iter()
        .zip(ranks)
        .map(|(name, &rank)| format!("{name} {}", decimal(rank, 2)))
        .collect();
    let together: Vec<_> = groups
        .iter()
        .map(|&[first, last]| list(&ranking.variants[first..=last]) + " are not significantly different")
        .collect();
    let order = format!("Mean ranks, best first: {}.", list(&named));
    if together.is_empty() { order } else { format!("{order} {}.", together.join("; ")) }
}

fn stroke(scene: &mut Scene, points: &[(f64, f64)], width: f64) {
    scene.add(Primitive::PolyLine {
        points: points.to_vec(),
        stroke: Color::from("var(--ink)"),
        stroke_width: width,
        stroke_dasharray: None,
    });
}

fn text(scene: &mut Scene, (x, y): (f64, f64), content: &str, anchor: TextAnchor) {
    let content = content.to_owned();
    scene.add(Primitive::Text { x, y, content, size: 13, anchor, rotate: None, bold: false, color: None });
}
