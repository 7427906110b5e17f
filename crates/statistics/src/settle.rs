//! Several variants against a baseline, looked at while seeds are being added: the claims that hold so far, and the
//! variants for which more seeds may still show something.

use statrs::distribution::{ContinuousCDF, Normal};

use super::crossed::{CrossedMean, MeanError, crossed_mean};
use super::holm::holm;
use super::interval::Estimate;
use super::paired::Criteria;
use super::power::{spread_density, spreads};
use super::quadrature::integrate_in;
use super::resampled::{resampled_error, shared_variance};
use super::sample::{Sample, critical, student};
use super::sequential::Design;

/// Panels of the integral over spreads: a chance is read to two digits.
const PANELS: usize = 24;

/// Differences of a variant from the baseline, variant − baseline, over the seeds that both were trained with, in the
/// order in which the seeds were planned.
#[derive(Clone, Copy, Debug)]
pub enum Differences<'a> {
    /// One difference a seed. They can tell of other seeds, but not of other test items.
    Seeds(&'a [f64]),
    /// A row a seed and a column a test item, and the items' groups (empty if each is by itself), as for
    /// [`crossed_mean`]. A claim then holds for other seeds and other items.
    Items(&'a [Vec<f64>], &'a [usize]),
    /// One difference a seed, each of which divided the same sequences anew, and the part of them that it tests on, as for
    /// [`resampled_error`](super::resampled_error). A claim then holds for other seeds, divisions and items.
    Divisions(&'a [f64], f64),
}

/// The rule by which variants are settled, fixed before the first result.
///
/// Three null hypotheses are tested about each variant: that it differs by the margin or more; that it is worse by the
/// margin or more; that it does not differ. For each of the three, the probability that it is rejected for *any* variant
/// of which it is true, at *any* look, is at most α: a p value at a look is divided by the look's
/// [share](Design::share), and [`holm`](super::holm()) adjusts the quotients over the variants, as repeated p values may be
/// (Maurer and Bretz 2013).
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The looks.
    pub design: Design,
    /// Margin, α and resolution.
    pub criteria: Criteria,
    /// A variant whose chance to be settled is below this is given up; 0 gives up none. Nothing is claimed by giving up,
    /// so it costs no error.
    pub futility: f64,
}

/// The claim that holds of a variant, the first of these that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It differs from the baseline by less than the margin.
    Equivalent,
    /// It is better.
    Better,
    /// It is worse by less than the margin, if at all.
    NonInferior,
    /// It is worse.
    Worse,
    /// Nothing yet.
    Nothing,
}

/// The use of more seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prospect {
    /// The variant is equivalent, better, worse, or at least no worse than the margin: no more seeds are needed.
    Settled,
    /// More seeds may settle it.
    Open,
    /// It would take more seeds than the design has, or more test items.
    TooMany,
}

/// Intervals at the levels that a variant is tested at, with looks and other variants allowed for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intervals {
    /// Each end at α/2: without 0 exactly if a difference is shown.
    pub difference: Estimate,
    /// Each end at α: within ±margin exactly if equivalence is shown.
    pub equivalence: Estimate,
}

/// A variant's p values and intervals at a look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Looked {
    /// Number of seeds at the look.
    pub seeds: usize,
    /// For other seeds on the same test items. Seeds that each have their own have no such interval: it is the other one.
    pub same_items: Intervals,
    /// For other seeds on other test items, never the narrower; `None` where the items' differences are not known.
    pub new_items: Option<Intervals>,
    /// The error of the mean difference for other seeds on other test items, where that is known.
    pub new_items_error: Option<MeanError>,
    /// Standard deviation of the seeds' mean differences.
    pub sd: f64,
    /// p of "no difference", two-sided. All three have looks and other variants allowed for, and hold for
    /// new items where these are known.
    pub p_difference: f64,
    /// p of "they differ by the margin or more".
    pub p_equivalence: f64,
    /// p of "worse by the margin or more".
    pub p_noninferiority: f64,
    /// The probability that the last look settles it, as far as this one tells; `None` if this one does, or is the last.
    pub chance: Option<f64>,
}

/// The state of a variant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// The claim that is shown.
    pub finding: Finding,
    /// The use of more seeds.
    pub prospect: Prospect,
    /// The last look that there are seeds for; seeds beyond it wait for the next. `None` before the first, or if the
    /// differences so far have no spread, or are no numbers.
    pub looked: Option<Looked>,
}

impl Plan {
    /// The states of all variants, in the order given. A variant that may yet get results, or never will, is one of the
    /// family all the same: it has no differences.
    ///
    /// Each is taken at its own look: one that is settled needs no more seeds while others get theirs.
    pub fn settle(&self, variants: &[Differences]) -> Vec<Standing> {
        let seen: Vec<Option<Seen>> = variants.iter().map(|variant| self.look_at(*variant)).collect();
        let margin = self.criteria.margin;
        let equivalence = self.tests(&seen, |seen| seen.p_above(-margin).max(seen.p_below(margin)));
        let noninferiority = self.tests(&seen, |seen| seen.p_above(-margin));
        let difference = self.tests(&seen, |seen| 2.0 * seen.p_above(0.0).min(seen.p_below(0.0)));
        let standing = |at: usize| match &seen[at] {
            Some(seen) => self.standing(seen, equivalence[at], noninferiority[at], difference[at]),
            None => Standing { finding: Finding::Nothing, prospect: Prospect::Open, looked: None },
        };
        (0..variants.len()).map(standing).collect()
    }

    /// The differences as they were at the last look that there are seeds for.
    fn look_at(&self, differences: Differences) -> Option<Seen> {
        let look = self.design.look(match differences {
            Differences::Seeds(seeds) | Differences::Divisions(seeds, _) => seeds.len(),
            Differences::Items(rows, _) => rows.len(),
        })?;
        let seeds = self.design.looks()[look];
        let resolution = self.criteria.resolution;
        let of_seeds = |differences: &[f64]| {
            let sample = Sample::new(&differences[..seeds], resolution).filter(|sample| sample.sd > 0.0)?;
            let variance = sample.standard_error().powi(2);
            let error = MeanError { variance, degrees_of_freedom: sample.degrees_of_freedom() };
            Some(Seen { look, seeds, mean: sample.mean, errors: vec![error], items: 0.0, shared: 0.0 })
        };
        match differences {
            Differences::Seeds(differences) => of_seeds(differences),
            Differences::Divisions(differences, test_share) => {
                let mut seen = of_seeds(differences)?;
                seen.shared = shared_variance(test_share)?;
                seen.errors.push(resampled_error(&differences[..seeds], test_share, resolution)?);
                Some(seen)
            }
            Differences::Items(rows, groups) => {
                let found = crossed_mean(&rows[..seeds], groups, resolution)?;
                let CrossedMean { mean, items, .. } = found;
                Some(Seen {
                    look,
                    seeds,
                    mean,
                    errors: vec![found.seeds, found.new_data],
                    items,
                    shared: 0.0,
                })
            }
        }
    }

    /// Tests one null hypothesis about each variant.
    fn tests(&self, seen: &[Option<Seen>], p: impl Fn(&Seen) -> f64) -> Vec<Test> {
        let repeated = |seen: &Seen| (p(seen) / self.design.share(seen.look)).min(1.0);
        let repeated: Vec<f64> = seen.iter().map(|seen| seen.as_ref().map_or(1.0, repeated)).collect();
        let adjusted = holm(&repeated);
        let rejected: Vec<bool> = adjusted.iter().map(|p| *p < self.criteria.alpha).collect();
        let test = |at: usize| {
            let before = (0..seen.len()).filter(|other| rejected[*other] && repeated[*other] < repeated[at]);
            Test { p: adjusted[at], rejected: rejected[at], sharing: seen.len() - before.count() }
        };
        (0..seen.len()).map(test).collect()
    }

    fn standing(&self, seen: &Seen, equivalence: Test, noninferiority: Test, difference: Test) -> Standing {
        let finding = if equivalence.rejected {
            Finding::Equivalent
        } else if difference.rejected && seen.mean > 0.0 {
            Finding::Better
        } else if noninferiority.rejected {
            Finding::NonInferior
        } else if difference.rejected {
            Finding::Worse
        } else {
            Finding::Nothing
        };
        // Whoever asks whether a variant may take the baseline's place need not know that it is no better by the margin.
        let is_settled = finding != Finding::Nothing;
        let is_last = seen.look + 1 == self.design.looks().len();
        let chance = (!is_settled && !is_last).then(|| self.chance(seen, noninferiority, difference));
        let prospect = match chance {
            _ if is_settled => Prospect::Settled,
            Some(chance) if chance >= self.futility => Prospect::Open,
            _ => Prospect::TooMany,
        };
        let intervals = |errors: &[MeanError]| self.intervals(seen, errors, equivalence, difference);
        let of_same_items = if seen.shared > 0.0 { &seen.errors[..] } else { &seen.errors[..1] };
        let looked = Looked {
            seeds: seen.seeds,
            same_items: intervals(of_same_items),
            new_items: (seen.errors.len() > 1).then(|| intervals(&seen.errors)),
            new_items_error: seen.errors.get(1).copied(),
            sd: (seen.errors[0].variance * seen.seeds as f64).sqrt(),
            p_difference: difference.p,
            p_equivalence: equivalence.p,
            p_noninferiority: noninferiority.p,
            chance,
        };
        Standing { finding, prospect, looked: Some(looked) }
    }

    /// The widest intervals of several errors.
    fn intervals(&self, seen: &Seen, errors: &[MeanError], equivalence: Test, difference: Test) -> Intervals {
        let share = self.design.share(seen.look);
        let interval = |tail: f64| {
            let half_width = errors.iter().map(|error| error.half_width(tail * share)).fold(0.0, f64::max);
            let (low, high) = (seen.mean - half_width, seen.mean + half_width);
            Estimate { value: seen.mean, low, high, confidence: 1.0 - 2.0 * tail }
        };
        let alpha = self.criteria.alpha;
        Intervals {
            difference: interval(alpha / 2.0 / difference.sharing as f64),
            equivalence: interval(alpha / equivalence.sharing as f64),
        }
    }

    /// Predictive power (Spiegelhalter, Freedman and Blackburn 1986): the probability that the last look finds the
    /// variant better, worse, or no worse than the margin, at the levels of now, over all that the differences so far leave
    /// uncertain about mean and spread.
    ///
    /// Given the true spread σ of seeds and the mean of n, the mean of N is normal around it with variance
    /// σ²(1/n − 1/N); the estimate of σ² by then is taken to be its expectation.
    fn chance(&self, seen: &Seen, noninferiority: Test, difference: Test) -> f64 {
        let (n, maximum) = (seen.seeds as f64, self.design.maximum() as f64);
        let variance = seen.errors[0].variance * n;
        let last = self.criteria.alpha * self.design.share(self.design.looks().len() - 1);
        let for_noninferiority = critical(maximum - 1.0, last / noninferiority.sharing as f64);
        let for_difference = critical(maximum - 1.0, last / 2.0 / difference.sharing as f64);
        let normal = Normal::standard();
        let settles = |spread: f64| {
            // The spread is s/σ; the variance at the last look is that of the seeds so far and of those to come.
            let truth = variance / spread.powi(2);
            let pooled = ((n - 1.0) * variance + (maximum - n) * truth) / (maximum - 1.0);
            let error = (pooled * (1.0 / maximum + seen.shared) + seen.items).sqrt();
            let differs = for_difference * error;
            let least = (for_noninferiority * error - self.criteria.margin).clamp(-differs, differs);
            let moves = (truth * (1.0 / n - 1.0 / maximum)).sqrt().max(f64::MIN_POSITIVE);
            let below = |mean: f64| normal.cdf((mean - seen.mean) / moves);
            1.0 - (below(least) - below(-differs))
        };
        let of_spread = seen.errors[0].degrees_of_freedom;
        let ((low, high), density) = (spreads(of_spread), spread_density(of_spread));
        integrate_in(PANELS, low, high, |spread| density(spread) * settles(spread))
    }
}

/// A null hypothesis about one variant, tested.
#[derive(Clone, Copy)]
struct Test {
    /// With looks and other variants allowed for.
    p: f64,
    rejected: bool,
    /// The number of variants that share α by Holm's procedure when this one is tested.
    sharing: usize,
}

/// A variant's differences at a look.
struct Seen {
    look: usize,
    seeds: usize,
    mean: f64,
    /// Over seeds, and over seeds and items if these are known or each seed has its own.
    errors: Vec<MeanError>,
    /// The part of the variance that is due to items, and that more seeds do not make smaller.
    items: f64,
    /// The part of the variance of a seed that the mean keeps, as [`shared_variance`] says.
    shared: f64,
}

impl Seen {
    /// p of "not above `bound`", the larger where there are two.
    fn p_above(&self, bound: f64) -> f64 {
        self.larger_tail(self.mean - bound)
    }

    /// p of "not below `bound`".
    fn p_below(&self, bound: f64) -> f64 {
        self.larger_tail(bound - self.mean)
    }

    fn larger_tail(&self, distance: f64) -> f64 {
        // Seeds that agree on every mean, in a score without resolution, have no error at all.
        let errors = self.errors.iter().filter(|error| error.variance > 0.0);
        let tail = |error: &MeanError| student(error.degrees_of_freedom).sf(distance / error.variance.sqrt());
        errors.map(tail).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEDS: [f64; 8] = [0.3, -0.2, 0.1, 0.4, -0.1, 0.2, 0.0, 0.3];

    fn plan(margin: f64) -> Plan {
        Plan { design: Design::default(), criteria: Criteria::new(margin, 0.0), futility: 0.1 }
    }

    /// The state of a variant among others that have no results.
    fn one_of(variants: usize, plan: &Plan, seeds: &[f64]) -> Standing {
        let mut all = vec![Differences::Seeds(&[]); variants];
        all[0] = Differences::Seeds(seeds);
        plan.settle(&all)[0]
    }

    #[test]
    fn before_the_first_look_nothing_is_said() {
        let found = one_of(1, &plan(1.0), &SEEDS[..4]);
        assert_eq!(found, Standing { finding: Finding::Nothing, prospect: Prospect::Open, looked: None });
    }

    #[test]
    fn seeds_beyond_a_look_wait_for_the_next() {
        let plan = plan(1.0);
        assert_eq!(one_of(1, &plan, &SEEDS[..7]), one_of(1, &plan, &SEEDS[..5]));
        assert_eq!(one_of(1, &plan, &SEEDS).looked.unwrap().seeds, 8);
    }

    /// By hand: the mean of the first five is 0.1 and their s² 0.065; t = 1.1/√(0.065/5), on 4 degrees of freedom. The
    /// first look has (5/20)² = 1/16 of α, and one of three variants a third of that.
    #[test]
    fn p_values_have_looks_and_variants_allowed_for() {
        let found = one_of(3, &plan(1.0), &SEEDS[..5]).looked.unwrap();
        let p = student(4.0).sf(0.9 / (0.065f64 / 5.0).sqrt());
        assert!((found.p_equivalence / (p * 16.0 * 3.0) - 1.0).abs() < 1e-9);
        let p = student(4.0).sf(1.1 / (0.065f64 / 5.0).sqrt());
        assert!((found.p_noninferiority / (p * 16.0 * 3.0) - 1.0).abs() < 1e-9);
        assert_eq!(found.p_difference, 1.0);
    }

    #[test]
    fn intervals_and_claims_say_the_same() {
        for step in 1..150 {
            let margin = f64::from(step) * 0.01;
            for variants in [1, 3] {
                let found = one_of(variants, &plan(margin), &SEEDS);
                let interval = found.looked.unwrap().same_items.equivalence;
                let within = interval.low > -margin && interval.high < margin;
                assert_eq!(within, found.finding == Finding::Equivalent, "{margin}, {variants} variants");
            }
        }
        let raised = SEEDS.map(|seed| seed + 2.0);
        let found = one_of(3, &plan(1.0), &raised);
        assert_eq!((found.finding, found.prospect), (Finding::Better, Prospect::Settled));
        assert!(found.looked.unwrap().same_items.difference.low > 0.0);
        let lowered = SEEDS.map(|seed| seed - 2.0);
        assert_eq!(one_of(3, &plan(1.0), &lowered).finding, Finding::Worse);
    }

    /// Once one variant is settled, the others share α among fewer.
    #[test]
    fn a_claim_makes_room_for_the_next() {
        let plan = plan(1.0);
        let steady = SEEDS.map(|seed| seed / 10.0);
        let interval = |others: [Differences; 2]| {
            let all = [Differences::Seeds(&SEEDS), others[0], others[1]];
            plan.settle(&all)[0].looked.unwrap().same_items.equivalence
        };
        let none = Differences::Seeds(&[]);
        let [alone, beside] = [[none, none], [Differences::Seeds(&steady), none]].map(interval);
        assert!((alone.confidence - (1.0 - 0.1 / 3.0)).abs() < 1e-12);
        assert!((beside.confidence - (1.0 - 0.1 / 2.0)).abs() < 1e-12);
        assert!(beside.high < alone.high);
    }

    #[test]
    fn a_variant_that_no_more_seeds_would_settle_is_given_up() {
        let wide = SEEDS.map(|seed| 30.0 * (seed - 0.125));
        let found = one_of(3, &plan(1.0), &wide);
        assert_eq!((found.finding, found.prospect), (Finding::Nothing, Prospect::TooMany));
        assert!(found.looked.unwrap().chance.unwrap() < 0.1);
        let persistent = Plan { futility: 0.0, ..plan(1.0) };
        assert_eq!(one_of(3, &persistent, &wide).prospect, Prospect::Open);
    }

    #[test]
    fn the_last_look_is_the_last() {
        let twenty: Vec<f64> = (0..20).map(|seed| if seed % 2 == 0 { 2.0 } else { -2.5 }).collect();
        let found = one_of(1, &Plan { futility: 0.0, ..plan(1.0) }, &twenty);
        assert_eq!((found.prospect, found.looked.unwrap().chance), (Prospect::TooMany, None));
    }

    /// Seeds that agree with one another, on a test set too small to say anything about others.
    #[test]
    fn a_small_test_set_is_not_made_up_for_by_seeds() {
        let rows: Vec<Vec<f64>> =
            SEEDS.map(|seed| vec![3.0 + seed / 10.0, -3.0, 2.0, -2.0 + seed / 10.0]).to_vec();
        let means: Vec<f64> = rows.iter().map(|row| row.iter().sum::<f64>() / 4.0).collect();
        assert_eq!(one_of(1, &plan(1.0), &means).finding, Finding::Equivalent);
        let found = plan(1.0).settle(&[Differences::Items(&rows, &[])])[0];
        assert_eq!((found.finding, found.prospect), (Finding::Nothing, Prospect::TooMany));
        let looked = found.looked.unwrap();
        let width = |interval: Estimate| interval.high - interval.low;
        assert!(width(looked.new_items.unwrap().equivalence) > 5.0 * width(looked.same_items.equivalence));
    }

    /// By hand, as above, with s²(1/5 + 1/4) for s²/5.
    #[test]
    fn divisions_that_test_on_a_fifth_have_more_than_twice_the_variance_of_seeds() {
        let found = plan(1.0).settle(&[Differences::Divisions(&SEEDS[..5], 0.2)])[0].looked.unwrap();
        let p = student(4.0).sf(0.9 / (0.065f64 * 0.45).sqrt());
        assert!((found.p_equivalence / (p * 16.0) - 1.0).abs() < 1e-9);
        assert_eq!(Some(found.same_items), found.new_items);
        let error = found.new_items_error.unwrap();
        assert!((error.variance - 0.065 * 0.45).abs() < 1e-12 && (found.sd - 0.065f64.sqrt()).abs() < 1e-12);
        assert_eq!(plan(1.0).settle(&[Differences::Divisions(&SEEDS[..5], 1.0)])[0].looked, None);
    }

    /// More divisions of the same sequences are no more sequences.
    #[test]
    fn what_divisions_share_is_not_made_up_for_by_seeds() {
        let wide = SEEDS.map(|seed| 4.0 * (seed - 0.125));
        assert_eq!(one_of(1, &plan(1.0), &wide[..5]).prospect, Prospect::Open);
        let found = plan(1.0).settle(&[Differences::Divisions(&wide[..5], 0.5)])[0];
        assert_eq!((found.finding, found.prospect), (Finding::Nothing, Prospect::TooMany));
    }

    #[test]
    fn differences_without_spread_or_that_are_no_numbers_are_no_look() {
        assert_eq!(one_of(1, &plan(1.0), &[0.1; 5]).looked, None);
        assert_eq!(one_of(1, &plan(1.0), &[0.1, 0.2, f64::NAN, 0.1, 0.3]).looked, None);
        let stepped = Plan { criteria: Criteria::new(1.0, 0.1), ..plan(1.0) };
        assert_eq!(one_of(1, &stepped, &[0.1; 5]).looked.unwrap().sd, 0.05);
    }
}
