//! Group-sequential levels of Lan and DeMets (1983), which the shares of a `Design` are compared with: by the recursion
//! of Armitage, McPherson and Rowe (1969) over normal statistics with independent increments.

use statrs::distribution::{ContinuousCDF, Normal};

/// Intervals of Simpson's rule over the sums between looks.
const INTERVALS: usize = 400;

/// Standard deviations at which the range of sums ends.
const REACH: f64 = 8.0;

/// The level of a one-sided p value at each look, if `spent` is the error that may have been made by the time that a
/// share of the seeds is there.
pub fn levels(looks: &[usize], spent: impl Fn(f64) -> f64) -> Vec<f64> {
    let normal = Normal::standard();
    let maximum = *looks.last().unwrap() as f64;
    let mut paths = Paths { share: 0.0, sums: vec![(0.0, 1.0)] };
    let mut before = 0.0;
    let mut level = |look: &usize| {
        let share = *look as f64 / maximum;
        let now = spent(share);
        let boundary = paths.boundary(share, now - before);
        paths = paths.below(share, boundary);
        before = now;
        normal.sf(boundary / share.sqrt())
    };
    looks.iter().map(&mut level).collect()
}

/// Sums that have crossed no boundary so far: a sum is the statistic times the root of the share of seeds.
struct Paths {
    share: f64,
    /// Sums, each with the probability of being around it.
    sums: Vec<(f64, f64)>,
}

impl Paths {
    /// The sum that is crossed at a `share` of the seeds, for the first time, with probability `chance`.
    fn boundary(&self, share: f64, chance: f64) -> f64 {
        let normal = Normal::standard();
        let step = (share - self.share).sqrt();
        let crossed = |boundary: f64| -> f64 {
            self.sums.iter().map(|(sum, weight)| weight * normal.sf((boundary - sum) / step)).sum()
        };
        let (mut low, mut high) = (-REACH * share.sqrt(), 12.0 * share.sqrt());
        while high - low > 1e-9 {
            let middle = (low + high) / 2.0;
            if crossed(middle) > chance { low = middle } else { high = middle }
        }
        high
    }

    /// The paths that are still below the boundary at a `share` of the seeds.
    fn below(&self, share: f64, boundary: f64) -> Self {
        let variance = share - self.share;
        let low = -REACH * share.sqrt();
        let step = (boundary - low) / INTERVALS as f64;
        let scale = step / 3.0 / (std::f64::consts::TAU * variance).sqrt();
        let weighted = |place: usize| {
            let at = low + place as f64 * step;
            let factor = if place == 0 || place == INTERVALS { 1.0 } else { [2.0, 4.0][place % 2] };
            let bell = |sum: f64| (-(at - sum).powi(2) / (2.0 * variance)).exp();
            (at, factor * scale * self.sums.iter().map(|(sum, weight)| weight * bell(*sum)).sum::<f64>())
        };
        Self { share, sums: (0..=INTERVALS).map(weighted).collect() }
    }
}

/// Spending that resembles the boundaries of O'Brien and Fleming.
pub fn obrien_fleming(alpha: f64) -> impl Fn(f64) -> f64 {
    let normal = Normal::standard();
    move |share| 2.0 * normal.sf(-normal.inverse_cdf(alpha / 2.0) / share.sqrt())
}

/// Spending that resembles Pocock's boundaries.
pub fn pocock(alpha: f64) -> impl Fn(f64) -> f64 {
    move |share| alpha * (1.0 + (std::f64::consts::E - 1.0) * share).ln()
}

/// Spending of Kim and DeMets (1987).
pub fn power(alpha: f64, power: f64) -> impl Fn(f64) -> f64 {
    move |share| alpha * share.powf(power)
}
