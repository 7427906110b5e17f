//! Correction for several tests at once.

/// Holm–Bonferroni correction: adjusted p values, in the order given. Rejecting those at most α controls the
/// family-wise error rate at α under any dependence.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut largest = 0.0f64;
    for (before, &index) in order.iter().enumerate() {
        largest = largest.max(p[index] * (p.len() - before) as f64).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_of_one_is_left_as_it_is() {
        assert_eq!(holm(&[0.03]), [0.03]);
        assert!(holm(&[]).is_empty());
    }

    /// 0.01 × 3, 0.02 × 2, and 0.025 × 1 raised to its predecessor's.
    #[test]
    fn a_larger_p_is_never_adjusted_to_less_than_a_smaller() {
        assert_eq!(holm(&[0.025, 0.01, 0.02]), [0.04, 0.03, 0.04]);
    }
}
