//! The sensitivity of a variant to its learning rate.

/// The learning rates around the best that lose no more than a margin, and the regret of others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UsableRange {
    /// The tested rate with the highest score; the lowest of them if several tie.
    pub best_rate: f64,
    /// Its score.
    pub best_score: f64,
    /// Lowest usable rate.
    pub low: f64,
    /// Highest usable rate.
    pub high: f64,
    /// Width of the usable range in factors of ten; "at least" if an end is open.
    pub decades: f64,
    /// The lowest tested rate was still usable, so the range may extend below it.
    pub open_below: bool,
    /// The highest tested rate was still usable, so the range may extend above it.
    pub open_above: bool,
    /// Mean score lost by a rate picked at random from those tested.
    pub mean_regret: f64,
    /// Largest score lost by a rate within a factor of ten of the best, as far as tested.
    pub max_regret_nearby: f64,
}

/// The usable range of learning rates from one point (rate, mean score) per rate, in any order.
///
/// Between tested rates the score is interpolated linearly in the logarithm of the rate. The range is the contiguous
/// stretch around the best rate in which the score stays within `margin` of the best.
///
/// `None` without a point, with a rate that is not above 0 or occurs twice, with a score that is not finite, or with a
/// margin below 0.
pub fn usable_range(points: &[(f64, f64)], margin: f64) -> Option<UsableRange> {
    let usable = |&(rate, score): &(f64, f64)| rate > 0.0 && rate.is_finite() && score.is_finite();
    if points.is_empty() || !points.iter().all(usable) || margin.is_nan() || margin < 0.0 {
        return None;
    }
    let mut curve: Vec<(f64, f64)> = points.iter().map(|(rate, score)| (rate.log10(), *score)).collect();
    curve.sort_by(|a, b| a.0.total_cmp(&b.0));
    if curve.windows(2).any(|two| two[0].0 == two[1].0) {
        return None;
    }
    // The first of equal scores: a later one must be higher to replace it.
    let best = (1..curve.len()).fold(0, |best, at| if curve[at].1 > curve[best].1 { at } else { best });
    let (best_rate, best_score) = curve[best];
    let floor = best_score - margin;
    let low = reach(curve[..=best].iter().rev(), floor);
    let high = reach(curve[best..].iter(), floor);

    let loss = |score: f64| best_score - score;
    let ends = [best_rate - 1.0, best_rate + 1.0];
    let near = curve.iter().filter(|(rate, _)| *rate >= ends[0] && *rate <= ends[1]).map(|(_, score)| *score);
    let at_ends = ends.iter().filter_map(|end| score_at(&curve, *end));
    Some(UsableRange {
        best_rate: 10f64.powf(best_rate),
        best_score,
        low: 10f64.powf(low.unwrap_or(curve[0].0)),
        high: 10f64.powf(high.unwrap_or(curve[curve.len() - 1].0)),
        decades: high.unwrap_or(curve[curve.len() - 1].0) - low.unwrap_or(curve[0].0),
        open_below: low.is_none(),
        open_above: high.is_none(),
        mean_regret: curve.iter().map(|(_, score)| loss(*score)).sum::<f64>() / curve.len() as f64,
        max_regret_nearby: near.chain(at_ends).map(loss).fold(0.0, f64::max),
    })
}

/// The rate at which a curve, followed from its best point, first falls below `floor`; `None` if it never does.
fn reach<'a>(curve: impl Iterator<Item = &'a (f64, f64)> + Clone, floor: f64) -> Option<f64> {
    curve.clone().zip(curve.skip(1)).find(|(_, next)| next.1 < floor).map(|(last, next)| {
        let share = (last.1 - floor) / (last.1 - next.1);
        last.0 + share * (next.0 - last.0)
    })
}

/// The score on the curve at a rate between two tested ones.
fn score_at(curve: &[(f64, f64)], rate: f64) -> Option<f64> {
    let two = curve.windows(2).find(|two| two[0].0 <= rate && rate <= two[1].0)?;
    let share = (rate - two[0].0) / (two[1].0 - two[0].0);
    Some(two[0].1 + share * (two[1].1 - two[0].1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
    }

    const PEAK: [(f64, f64); 5] = [(1e-5, 0.5), (1e-4, 0.8), (1e-3, 0.9), (1e-2, 0.7), (1e-1, 0.1)];

    /// 0.9 − 0.05 is reached half a decade below the best (0.1 per decade) and a quarter above (0.2 per decade).
    #[test]
    fn the_range_ends_where_the_line_meets_the_margin() {
        let range = usable_range(&PEAK, 0.05).unwrap();
        close(range.best_rate, 1e-3);
        close(range.low, 10f64.powf(-3.5));
        close(range.high, 10f64.powf(-2.75));
        close(range.decades, 0.75);
        assert!(!range.open_below && !range.open_above);
    }

    #[test]
    fn the_order_of_points_does_not_matter() {
        let mut turned = PEAK;
        turned.reverse();
        assert_eq!(usable_range(&turned, 0.05), usable_range(&PEAK, 0.05));
    }

    #[test]
    fn a_range_that_reaches_an_end_is_open_there() {
        let range = usable_range(&PEAK[2..], 0.05).unwrap();
        assert!(range.open_below && !range.open_above);
        close(range.low, 1e-3);
        let range = usable_range(&PEAK, 0.4).unwrap();
        assert!(range.open_below && !range.open_above);
        close(range.decades, 3.0 + 1.0 / 3.0);
    }

    /// A second peak as high as the first, beyond a valley, is not part of the range.
    #[test]
    fn the_range_is_one_stretch() {
        let range = usable_range(&[(1e-4, 0.9), (1e-3, 0.5), (1e-2, 0.9)], 0.1).unwrap();
        close(range.best_rate, 1e-4);
        close(range.high, 10f64.powf(-3.75));
        assert!(range.open_below && !range.open_above);
    }

    #[test]
    fn a_wrong_rate_has_its_regret() {
        let range = usable_range(&PEAK, 0.05).unwrap();
        close(range.mean_regret, (0.4 + 0.1 + 0.0 + 0.2 + 0.8) / 5.0);
        close(range.max_regret_nearby, 0.2);
        // One decade up from the best lies between two tested rates.
        let range = usable_range(&[(1e-3, 0.9), (10f64.powf(-1.5), 0.3)], 0.05).unwrap();
        close(range.max_regret_nearby, 0.4);
    }

    #[test]
    fn one_rate_is_a_range_of_no_width_and_open_ends() {
        let range = usable_range(&[(1e-3, 0.9)], 0.05).unwrap();
        assert_eq!((range.decades, range.mean_regret, range.max_regret_nearby), (0.0, 0.0, 0.0));
        assert!(range.open_below && range.open_above);
    }

    #[test]
    fn points_that_make_no_curve_have_no_range() {
        assert_eq!(usable_range(&[], 0.05), None);
        assert_eq!(usable_range(&[(0.0, 0.9)], 0.05), None);
        assert_eq!(usable_range(&[(1e-3, f64::NAN)], 0.05), None);
        assert_eq!(usable_range(&[(1e-3, 0.9), (1e-3, 0.8)], 0.05), None);
        assert_eq!(usable_range(&PEAK, -0.1), None);
    }
}
