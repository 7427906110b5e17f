//! The part that a single test item has in a metric.
//!
//! A metric is a mean, a ratio of totals, or a smooth function of some of these. Each item, a sequence or a window, is given
//! a number of its own such that the metric is the mean of them all: of a mean the item's own value; of a ratio of totals,
//! and of a function of ratios, the metric and how much the item moves it, to first order (the delta method; W. G. Cochran
//! 1977, "Sampling Techniques", sections 2.11 and 6.3; F. R. Hampel 1974, "The Influence Curve and Its Role in Robust
//! Estimation", Journal of the American Statistical Association 69). So the variance of a metric, and of a difference of
//! metrics, is that of a mean.

/// The part of one of `items` in the ratio of two totals, of which it has `[above, below]`.
pub(super) fn of_ratio([above, below]: [f64; 2], totals: [f64; 2], items: f64) -> f64 {
    let scale = items / totals[1];
    // The ratio and scale × (above − ratio × below). Where every item has as much below, it is exactly `above` of it.
    totals[0] / totals[1] * (1.0 - scale * below) + scale * above
}

/// The part in the root of a mean, of which the item has this part.
pub(super) fn of_root(part: f64, mean: f64) -> f64 {
    // √mean + (part − mean) ÷ (2 √mean).
    if mean > 0.0 { (mean + part) / (2.0 * mean.sqrt()) } else { 0.0 }
}

/// The mean of some parts, one a channel or a class, each of which there must be.
pub(super) fn mean(parts: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let parts: Vec<f64> = parts.collect::<Option<_>>()?;
    (!parts.is_empty()).then(|| parts.iter().sum::<f64>() / parts.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_one_size_have_their_own_value() {
        assert_eq!(of_ratio([1.0, 1.0], [2.0, 3.0], 3.0), 1.0);
        assert_eq!(of_ratio([0.0, 1.0], [2.0, 3.0], 3.0), 0.0);
    }

    /// The derivative, by moving the weight of one item.
    #[test]
    fn a_part_says_how_much_its_item_moves_the_whole() {
        let items = [[1.0, 2.0], [3.0, 4.0], [0.5, 1.0]];
        let of = |weights: [f64; 3]| {
            let total = |at: usize| (0..3).map(|item| weights[item] * items[item][at]).sum::<f64>();
            (total(0), total(1))
        };
        let ratio = |weights| of(weights).0 / of(weights).1;
        let (above, below) = of([1.0; 3]);
        let whole = ratio([1.0; 3]);
        for item in 0..3 {
            let part = of_ratio(items[item], [above, below], 3.0);
            let root = of_root(part, whole);
            let mut weights = [1.0; 3];
            weights[item] += 1e-6;
            let moved = (ratio(weights) - whole) / 1e-6 * 3.0;
            assert!((part - whole - moved).abs() < 1e-4, "{part}");
            let moved = (ratio(weights).sqrt() - whole.sqrt()) / 1e-6 * 3.0;
            assert!((root - whole.sqrt() - moved).abs() < 1e-4, "{root}");
        }
    }
}
