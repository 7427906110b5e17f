//! Looking at results while seeds are still being added, without more false claims for it.

/// The numbers of seeds at which results are looked at, and each look's share of the error α; fixed before the first
/// result.
///
/// By the look at n of at most N seeds, the part (n/N)ᵖ of α has been spent (a spending function of Kim and DeMets
/// 1987), and a look tests at what was added since the look before: its *share* times α. By Bonferroni's inequality, a
/// true null hypothesis is then rejected at any of the looks with a probability of at most α, whatever the dependence
/// between looks, and exactly as each look's test is exact: with t tests, from two seeds upward.
///
/// The levels of Lan and DeMets (1983) are larger, by what normal statistics of successive looks have in common. They
/// would take 1 % fewer seeds, but the variance of a few seeds is itself uncertain: where they are applied to t tests,
/// errors are up to a quarter more frequent than α (`docs/statistics-of-studies.md` has the figures).
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    looks: Vec<usize>,
    power: f64,
}

impl Design {
    /// `power` is p above: 1 spends evenly over seeds, more keeps more for later looks.
    ///
    /// `None` unless there is a look, the first has at least two seeds, each has more than the one before, and the power is
    /// above 0.
    pub fn new(looks: Vec<usize>, power: f64) -> Option<Self> {
        let grow = looks.first().is_some_and(|first| *first >= 2) && looks.is_sorted_by(|a, b| a < b);
        (grow && power > 0.0 && power.is_finite()).then_some(Self { looks, power })
    }

    /// The numbers of seeds at which results are looked at, in order.
    pub fn looks(&self) -> &[usize] {
        &self.looks
    }

    /// The number of seeds at the last look.
    pub fn maximum(&self) -> usize {
        self.looks[self.looks.len() - 1]
    }

    /// The index of the last look that so many seeds are enough for; `None` before the first.
    pub fn look(&self, seeds: usize) -> Option<usize> {
        self.looks.iter().rposition(|look| *look <= seeds)
    }

    /// The share of α that the look of this index tests at; the shares of all looks add up to 1.
    ///
    /// A p value divided by it is a p value with looks allowed for: at most α at any look with a probability of at most
    /// α, for whatever reason one stops there.
    pub fn share(&self, look: usize) -> f64 {
        let spent = |seeds: usize| (seeds as f64 / self.maximum() as f64).powf(self.power);
        spent(self.looks[look]) - if look > 0 { spent(self.looks[look - 1]) } else { 0.0 }
    }
}

impl Default for Design {
    /// Looks at 5, 8, 12 and 20 seeds, with 6, 10, 20 and 64 % of α. Where the spread is up to the margin, it settles 97 %
    /// of what a single look at 20 seeds would, 86 % in the hardest case, with 13 seeds on average.
    fn default() -> Self {
        Self { looks: vec![5, 8, 12, 20], power: 2.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_what_was_added_since_the_look_before() {
        let design = Design::default();
        let shares: Vec<f64> = (0..4).map(|look| design.share(look)).collect();
        let expected = [25.0, 64.0 - 25.0, 144.0 - 64.0, 400.0 - 144.0].map(|squares| squares / 400.0);
        assert!(shares.iter().zip(expected).all(|(share, expected)| (share - expected).abs() < 1e-12));
        assert_eq!(Design::new(vec![10], 2.0).unwrap().share(0), 1.0);
    }

    #[test]
    fn looks_must_grow_from_two_seeds() {
        for looks in [vec![], vec![1, 5], vec![5, 5], vec![5, 3]] {
            assert_eq!(Design::new(looks, 1.0), None);
        }
        for power in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Design::new(vec![5], power), None);
        }
    }

    #[test]
    fn seeds_beyond_a_look_wait_for_the_next() {
        let design = Design::default();
        let looks = [4, 5, 7, 8, 19, 20, 99].map(|seeds| design.look(seeds));
        assert_eq!(looks, [None, Some(0), Some(0), Some(1), Some(2), Some(3), Some(3)]);
    }
}
