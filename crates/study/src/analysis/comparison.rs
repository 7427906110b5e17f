//! Each variant against the baseline.

use slimgate_run::metric::Metric;

use super::obstacle::obstacle;
use crate::{Comparison, Obstacle, StudyConfig, VariantSummary, Verdict};
use slimgate_statistics::{
    Alternative, Criteria, Estimate, Pair, PairedTests, Scenario, compare, holm, seeds_needed, won_tied_lost,
};

/// The power that "run N more seeds" aims at.
const POWER: f64 = 0.8;

/// A variant and the baseline under the seeds that both have.
struct Paired<'a> {
    variant: &'a VariantSummary,
    pairs: Vec<Pair>,
    /// None of fewer than two pairs.
    tests: Option<PairedTests>,
    obstacle: Option<Obstacle>,
}

impl<'a> Paired<'a> {
    fn new(
        variant: &'a VariantSummary,
        baseline: &'a VariantSummary,
        metric: &Metric,
        criteria: Criteria,
    ) -> Paired<'a> {
        let pairs = pairs(variant, baseline, metric);
        let tests = compare(&pairs, criteria);
        Paired { variant, pairs, tests, obstacle: obstacle(variant, baseline, criteria.alpha) }
    }

    /// The mean gain of the variant over the baseline.
    fn gain(&self) -> Option<f64> {
        let sum: f64 = self.pairs.iter().map(|pair| pair.variant - pair.baseline).sum();
        (!self.pairs.is_empty()).then(|| sum / self.pairs.len() as f64)
    }
}

/// The p value of one null hypothesis, and the same after Holm's correction.
type PValues = Option<[f64; 2]>;

/// Compares the variants with the first of them, by pairs of trials with the same seed. Holm's correction is over the
/// variants, for each null hypothesis by itself.
pub(super) fn comparisons(
    config: &StudyConfig,
    metric: &Metric,
    variants: &[VariantSummary],
    resolution: f64,
) -> Vec<Comparison> {
    let Some((baseline, others)) = variants.split_first() else { return Vec::new() };
    let alpha = 1.0 - config.compare.confidence;
    let of_baseline = baseline.test.as_ref().map(|test| test.mean);
    // Without a test result of the baseline there is no pair to hold to it.
    let margin = config.compare.margin.on(metric, of_baseline).unwrap_or_default();
    let criteria = Criteria { margin, alpha, resolution };
    let paired = |variant| Paired::new(variant, baseline, metric, criteria);
    let all: Vec<Paired> = others.iter().map(paired).collect();
    let difference = family(&all, |tests| tests.p_difference);
    let equivalence = family(&all, |tests| tests.p_equivalence);
    let noninferiority = family(&all, |tests| tests.p_noninferiority);

    let comparison = |(index, of): (usize, &Paired)| {
        let variant = of.variant;
        let tests = of.tests.as_ref();
        let p = [difference[index], equivalence[index], noninferiority[index]];
        let verdict = verdict(of, p, alpha);
        let is_open = verdict == Verdict::NotEnoughEvidence && of.obstacle.is_none();
        let speedup = |time: fn(&VariantSummary) -> Option<f64>| Some(time(baseline)? / time(variant)?);
        Comparison {
            variant: variant.name.clone(),
            pairs: of.pairs.len(),
            planned: variant.planned_seeds.max(baseline.planned_seeds),
            difference: of.gain().map(|gain| metric.turned(gain)),
            deviation: tests.map(|tests| tests.sd),
            equivalence_interval: tests.map(|tests| differences(metric, tests.equivalence)),
            interval: tests.map(|tests| differences(metric, tests.difference)),
            p_difference: difference[index],
            p_signed_rank: tests.map(|tests| tests.p_signed_rank),
            p_equivalence: equivalence[index],
            p_noninferiority: noninferiority[index],
            effect: tests.and_then(|tests| tests.effect).map(|effect| metric.turned(effect)),
            won_tied_lost: won_tied_lost(&of.pairs, criteria.resolution),
            verdict,
            obstacle: of.obstacle,
            // At the level that Holm's correction holds the smallest p to.
            seeds_needed: tests
                .filter(|_| is_open)
                .and_then(|tests| seeds_to_settle(tests, margin, alpha / others.len() as f64)),
            parameters_ratio: variant.recurrent_parameters as f64 / baseline.recurrent_parameters as f64,
            training_speedup: speedup(|variant| Some(variant.timing?.training_step_ms)),
            prediction_speedup: speedup(|variant| Some(variant.timing?.prediction_ms)),
        }
    };
    all.iter().enumerate().map(comparison).collect()
}

/// An interval of gains as one of differences.
fn differences(metric: &Metric, gains: Estimate) -> [f64; 2] {
    metric.turned_interval([gains.low, gains.high])
}

/// The p values of one null hypothesis about every variant.
///
/// A variant that may get no verdict yet is one of the family all the same, and whatever its first seeds say, its p
/// value may still come out as any: what is shown must stay shown when it does.
fn family(all: &[Paired], p: fn(&PairedTests) -> f64) -> Vec<PValues> {
    let raw: Vec<Option<f64>> = all.iter().map(|of| of.tests.as_ref().map(p)).collect();
    let counted: Vec<f64> =
        all.iter().zip(&raw).map(|(of, raw)| raw.filter(|_| of.obstacle.is_none()).unwrap_or(1.0)).collect();
    raw.iter().zip(holm(&counted)).map(|(raw, adjusted)| raw.map(|raw| [raw, adjusted])).collect()
}

/// The conclusion from the evidence, the first of: equivalence, a gain, non-inferiority, a loss.
fn verdict(of: &Paired, [difference, equivalence, noninferiority]: [PValues; 3], alpha: f64) -> Verdict {
    let holds = |p: PValues| p.is_some_and(|[_, adjusted]| adjusted < alpha);
    if of.obstacle.is_some() {
        Verdict::NotEnoughEvidence
    } else if holds(equivalence) {
        Verdict::Equivalent
    } else if holds(difference) && of.gain() > Some(0.0) {
        Verdict::Better
    } else if holds(noninferiority) {
        Verdict::NonInferior
    } else if holds(difference) {
        Verdict::Worse
    } else {
        Verdict::NotEnoughEvidence
    }
}

/// Pairs in all that would show something with the power aimed at, if mean and spread of the differences stay as they
/// are.
fn seeds_to_settle(found: &PairedTests, margin: f64, alpha: f64) -> Option<usize> {
    let scenario = Scenario { difference: found.difference.value, sd: found.sd, alpha };
    // Equivalence is asked for first; a variant that may be better needs only be non-inferior.
    let alternatives =
        [Alternative::Equivalent { margin }, Alternative::NonInferior { margin }, Alternative::Different];
    let needed = alternatives.into_iter().find_map(|alternative| seeds_needed(alternative, scenario, POWER));
    // A claim that these pairs should have shown was out of luck.
    needed.map(|needed| needed.max(found.pairs + 1))
}

/// The merits of the test scores of two variants under the seeds that both have.
pub(crate) fn pairs(variant: &VariantSummary, baseline: &VariantSummary, metric: &Metric) -> Vec<Pair> {
    let of_seed = |seed: u64| baseline.seeds.iter().find(|other| other.seed == seed)?.test;
    let pair = |seed: &crate::SeedResult| {
        let [variant, baseline] = [seed.test?, of_seed(seed.seed)?].map(|score| metric.merit(score));
        Some(Pair { variant, baseline })
    };
    variant.seeds.iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up::{mase, scored, variant};
    use crate::{Requirement, SeedResult};

    /// A variant with tested seeds; of the first only that it diverged, if it is `untestable`.
    fn tested(name: &str, accuracy: f64, untestable: bool) -> VariantSummary {
        let seed = |seed: u64| SeedResult {
            trial: format!("{name}-{seed}"),
            seed,
            epoch: if untestable && seed == 1 { 0 } else { 3 },
            validation: accuracy,
            last: accuracy,
            test: (!untestable || seed > 1).then_some(accuracy + 0.0001 * seed as f64),
        };
        VariantSummary { seeds: (1..=8).map(seed).collect(), planned_seeds: 8, ..variant(name, 1e-3) }
    }

    #[test]
    fn an_untestable_seed_on_either_side_leaves_it_open() {
        let config = StudyConfig::read("test", "[grid]\nmodel.variant = ['lstm', 'lstm2']", &[]).unwrap();
        let verdict = |baseline, other| {
            let variants = [tested("lstm", 0.9, baseline), tested("lstm2", 0.9, other)];
            let found = &comparisons(&config, &Metric::accuracy(None), &variants, 0.001)[0];
            (found.verdict, found.seeds_needed)
        };
        assert_eq!(verdict(false, false), (Verdict::Equivalent, None));
        for (baseline, other) in [(true, false), (false, true)] {
            assert_eq!(verdict(baseline, other), (Verdict::NotEnoughEvidence, None));
            let mut summary = crate::made_up::summary(Vec::new());
            summary.tasks[0].variants = vec![tested("lstm", 0.9, baseline), tested("lstm2", 0.9, other)];
            let claim: Requirement = "lstm2 equivalent to lstm within 1.0".parse().unwrap();
            assert!(!claim.check(&summary).unwrap().holds);
        }
    }

    #[test]
    fn before_all_seeds_are_tested_there_is_no_verdict() {
        let config = StudyConfig::read("test", "[grid]\nmodel.variant = ['lstm', 'lstm2']", &[]).unwrap();
        let mut variants = [tested("lstm", 0.9, false), tested("lstm2", 0.9, false)];
        variants[1].seeds.truncate(6);
        let found = &comparisons(&config, &Metric::accuracy(None), &variants, 0.001)[0];
        assert_eq!((found.verdict, found.pairs, found.planned), (Verdict::NotEnoughEvidence, 6, 8));
        assert_eq!(found.seeds_needed, None);
        let mut summary = crate::made_up::summary(Vec::new());
        summary.tasks[0].variants = variants.to_vec();
        for claim in ["lstm2 equivalent to lstm within 1.0", "lstm2 accuracy at least 50"] {
            let outcome = claim.parse::<Requirement>().unwrap().check(&summary).unwrap();
            assert!(!outcome.holds);
            assert!(outcome.evidence[0].ends_with("2 of 8 seeds of lstm2 are still to be tested"));
        }
    }

    /// A claim must not be made while one variant is ready and taken back when the others are.
    #[test]
    fn a_variant_without_results_is_one_of_the_family() {
        let text = "[grid]\nmodel.variant = ['lstm', 'lstm1', 'lstm2', 'lstm3']";
        let config = StudyConfig::read("test", text, &[]).unwrap();
        let p = |others: Vec<VariantSummary>| {
            let variants: Vec<VariantSummary> =
                [tested("lstm", 0.9, false)].into_iter().chain(others).collect();
            comparisons(&config, &Metric::accuracy(None), &variants, 0.001)[0].p_equivalence.unwrap()
        };
        let ready = tested("lstm1", 0.902, false);
        let [raw, alone] = p(vec![ready.clone(), variant("lstm2", 1e-3), variant("lstm3", 1e-3)]);
        assert!(raw > 0.0 && (alone / raw - 3.0).abs() < 1e-9, "{alone} {raw}");
    }

    /// The first seeds of a variant, or those that are left of it, may well show more than all would.
    #[test]
    fn a_variant_that_gets_no_verdict_does_not_make_room_for_another() {
        let text = "[grid]\nmodel.variant = ['lstm', 'lstm1', 'lstm2']";
        let config = StudyConfig::read("test", text, &[]).unwrap();
        let mut partial = tested("lstm2", 0.9, false);
        partial.seeds.truncate(6);
        for other in [partial, tested("lstm2", 0.9, true)] {
            let variants = [tested("lstm", 0.9, false), tested("lstm1", 0.908, false), other];
            let found = comparisons(&config, &Metric::accuracy(None), &variants, 0.001);
            let [raw, adjusted] = found[0].p_equivalence.unwrap();
            assert!(found[1].p_equivalence.unwrap()[0] < raw, "it would come first");
            assert!((adjusted / raw - 2.0).abs() < 1e-9, "{adjusted} {raw}");
            assert_eq!(found[1].p_equivalence.unwrap()[1], 1.0);
        }
    }

    #[test]
    fn a_lower_error_is_better_and_its_difference_negative() {
        let config = |margin: &str| {
            let text =
                format!("[grid]\nmodel.variant = ['lstm', 'lstm1', 'lstm2']\n[compare]\nmargin = {margin}");
            StudyConfig::read("test", &text, &[]).unwrap()
        };
        let variants = [
            scored("lstm", &[0.80, 0.81, 0.79, 0.80, 0.82]),
            scored("lstm1", &[0.70, 0.72, 0.69, 0.70, 0.71]),
            scored("lstm2", &[0.90, 0.90, 0.88, 0.91, 0.92]),
        ];
        let found = comparisons(&config("0.02"), &mase(), &variants, 0.0);
        assert_eq!([found[0].verdict, found[1].verdict], [Verdict::Better, Verdict::Worse]);
        assert_eq!([found[0].won_tied_lost, found[1].won_tied_lost], [[5, 0, 0], [0, 0, 5]]);
        let [low, high] = found[0].interval.unwrap();
        let difference = found[0].difference.unwrap();
        assert!((difference + 0.1).abs() < 1e-12 && low < difference && difference < high && high < 0.0);
        assert!(found[0].effect.unwrap() < 0.0 && found[1].effect.unwrap() > 0.0);
        // A fifth of 0.804 is 0.16, and a twentieth 0.04.
        let verdicts = |margin| comparisons(&config(margin), &mase(), &variants, 0.0)[1].verdict;
        assert_eq!((verdicts("'20 %'"), verdicts("'5 %'")), (Verdict::Equivalent, Verdict::Worse));
    }

    #[test]
    fn without_pairs_there_is_no_difference() {
        let config = StudyConfig::read("test", "[grid]\nmodel.variant = ['lstm', 'lstm2']", &[]).unwrap();
        let variants = [tested("lstm", 0.9, false), variant("lstm2", 1e-3)];
        let found = &comparisons(&config, &Metric::accuracy(None), &variants, 0.001)[0];
        assert_eq!((found.pairs, found.difference), (0, None));
    }
}
