//! Sums without rounding.

/// A sum of `f64` that is exact until it is read, so that it is the same in every order and every division of what is
/// summed. (A cumulated `f64` is rounded at each step, and two batch sizes give two means.)
///
/// It is kept as floating-point numbers that do not overlap, after J. R. Shewchuk (1997), "Adaptive Precision
/// Floating-Point Arithmetic and Fast Robust Geometric Predicates", Discrete & Computational Geometry 18, and rounded
/// once, as Python's `math.fsum` does.
#[derive(Clone, Debug, Default)]
pub struct ExactSum {
    /// Of increasing magnitude; together the sum of everything finite.
    parts: Vec<f64>,
    /// The plain sum of all else: infinities, NaN, and what overflowed.
    not_finite: Option<f64>,
}

impl ExactSum {
    /// Adds a number.
    pub fn add(&mut self, number: f64) {
        let mut carried = number;
        let mut kept = 0;
        for at in 0..self.parts.len() {
            let (sum, lost) = two_sum(carried, self.parts[at]);
            if lost != 0.0 {
                self.parts[kept] = lost;
                kept += 1;
            }
            carried = sum;
        }
        if carried.is_finite() {
            self.parts.truncate(kept);
            self.parts.push(carried);
        } else {
            self.not_finite = Some(self.not_finite.unwrap_or(0.0) + carried);
        }
    }

    /// Adds the product of two numbers, without rounding it.
    pub fn add_product(&mut self, one: f64, other: f64) {
        let product = one * other;
        self.add(product);
        if product.is_finite() {
            self.add(one.mul_add(other, -product));
        }
    }

    /// Adds everything that another sum holds.
    pub fn merge(&mut self, other: &ExactSum) {
        other.parts.iter().chain(&other.not_finite).for_each(|part| self.add(*part));
    }

    /// The sum, rounded to the nearest `f64`.
    pub fn value(&self) -> f64 {
        if let Some(number) = self.not_finite {
            return number;
        }
        let mut parts = self.parts.iter().rev();
        let (mut sum, mut lost) = (*parts.next().unwrap_or(&0.0), 0.0);
        for part in parts.by_ref() {
            (sum, lost) = two_sum(sum, *part);
            if lost != 0.0 {
                break;
            }
        }
        // What was lost may be half of the last digit, rounded to even, while a smaller part lies beyond the half.
        let beyond = parts.next().copied().unwrap_or(0.0);
        let doubled = 2.0 * lost;
        let same_side = (lost < 0.0 && beyond < 0.0) || (lost > 0.0 && beyond > 0.0);
        if same_side && (sum + doubled) - sum == doubled { sum + doubled } else { sum }
    }
}

/// A sum, and what rounding took from it (Knuth's algorithm, which needs no order of magnitude).
fn two_sum(one: f64, other: f64) -> (f64, f64) {
    let sum = one + other;
    let of_other = sum - one;
    (sum, (one - (sum - of_other)) + (other - of_other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(numbers: &[f64]) -> ExactSum {
        let mut sum = ExactSum::default();
        numbers.iter().for_each(|number| sum.add(*number));
        sum
    }

    /// Python 3.11: `math.fsum([0.1] * 10)` and so on.
    #[test]
    fn nothing_is_lost() {
        assert_eq!(sum(&[0.1; 10]).value(), 1.0);
        assert_eq!(sum(&[1e100, 1.0, -1e100, 1e-100, 1e50, -1.0, -1e50]).value(), 1e-100);
        assert_eq!(sum(&[9007199254740992.0, 1.0, f64::EPSILON]).value(), 9007199254740994.0);
        assert_eq!(sum(&[]).value(), 0.0);
    }

    #[test]
    fn a_product_is_added_whole() {
        let mut sum = ExactSum::default();
        sum.add_product(1e8 + 1.0, 1e8 + 1.0);
        sum.add(-1e16);
        sum.add(-2e8);
        assert_eq!(sum.value(), 1.0);
    }

    #[test]
    fn a_number_that_is_not_finite_stays() {
        assert!(sum(&[1.0, f64::NAN, 2.0]).value().is_nan());
        assert_eq!(sum(&[f64::INFINITY, 1.0]).value(), f64::INFINITY);
        assert!(sum(&[f64::INFINITY, 1.0, f64::NEG_INFINITY]).value().is_nan());
        let mut whole = sum(&[1.0]);
        whole.merge(&sum(&[f64::INFINITY]));
        assert_eq!(whole.value(), f64::INFINITY);
    }

    proptest! {
        #[test]
        fn neither_order_nor_division_changes_a_bit(
            numbers in prop::collection::vec(prop_oneof![-1e18_f64..1e18, -1.0_f64..1.0], 0..60),
            cut in 0_usize..60,
        ) {
            let whole = sum(&numbers).value();
            let (first, second) = numbers.split_at(cut.min(numbers.len()));
            let mut merged = sum(second);
            merged.merge(&sum(first));
            prop_assert_eq!(merged.value().to_bits(), whole.to_bits());
            let backwards: Vec<f64> = numbers.into_iter().rev().collect();
            prop_assert_eq!(sum(&backwards).value().to_bits(), whole.to_bits());
        }
    }
}
