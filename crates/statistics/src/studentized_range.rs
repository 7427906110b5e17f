//! The range of several normal numbers: the distance between the largest and the smallest.

use std::f64::consts::TAU;

use statrs::distribution::{ContinuousCDF, Normal};

use super::quadrature::integrate;

/// The value that the range of `numbers` standard normal numbers stays below with probability `chance`: the studentized
/// range with infinite degrees of freedom. 0 for fewer than two numbers, which have no range.
pub fn studentized_range_quantile(chance: f64, numbers: usize) -> f64 {
    if numbers < 2 {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, 40.0);
    // Halving 40 this often determines every digit.
    for _ in 0..56 {
        let middle = (low + high) / 2.0;
        if cdf(middle, numbers) < chance { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// The probability that the range stays below `range`: one number is the largest, all others within `range` below it.
fn cdf(range: f64, numbers: usize) -> f64 {
    let normal = Normal::standard();
    let others = (numbers - 1) as i32;
    numbers as f64
        * integrate(-9.0, 9.0, |largest| {
            let density = (-largest * largest / 2.0).exp() / TAU.sqrt();
            density * (normal.cdf(largest) - normal.cdf(largest - range)).powi(others)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The critical values of the Nemenyi test in Demšar (2006), table 5(a), for two to ten classifiers.
    #[test]
    fn demsars_table_is_met() {
        let at_5 = [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164];
        let at_10 = [1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920];
        for (chance, table) in [(0.95, at_5), (0.90, at_10)] {
            for (numbers, expected) in (2..).zip(table) {
                let found = studentized_range_quantile(chance, numbers) / 2f64.sqrt();
                // The table rounds to three digits, and in two places is off by more than half of the last.
                assert!((found - expected).abs() < 1.01e-3, "{numbers}: {found} {expected}");
            }
        }
    }
}
