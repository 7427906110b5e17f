//! Each variant against the baseline.

use crate::statistics::{self, Claim, Criteria, Pair, Scenario, holm, seeds_needed, won_tied_lost};
use crate::summary::resolution;
use crate::{Comparison, StudyConfig, Variant, Verdict};

/// The power that "run N more seeds" aims at.
const POWER: f64 = 0.8;

/// Compares the variants with the first of them, by pairs of trials with the same seed. Holm's adjustment is over
/// the variants, for each question by itself.
pub(super) fn comparisons(
    config: &StudyConfig,
    variants: &[Variant],
    test_sequences: usize,
) -> Vec<Comparison> {
    let Some((baseline, others)) = variants.split_first() else { return Vec::new() };
    let alpha = 1.0 - config.compare.confidence;
    let margin = config.compare.margin / 100.0;
    let criteria = Criteria { margin, alpha, resolution: resolution(test_sequences) };
    let found: Vec<_> =
        others.iter().map(|variant| statistics::compare(&pairs(variant, baseline), criteria)).collect();

    // A variant that may get no verdict yet is one of the family all the same, and whatever its first seeds say, its
    // p value may still come out as any: what is shown must stay shown when it does.
    let family = |p: fn(&statistics::Comparison) -> f64| -> Vec<Option<[f64; 2]>> {
        let raw: Vec<f64> = found.iter().map(|found| found.as_ref().map_or(1.0, p)).collect();
        let whole = others.iter().map(|variant| variant.is_whole() && baseline.is_whole());
        let counted: Vec<f64> =
            raw.iter().zip(whole).map(|(&p, whole)| if whole { p } else { 1.0 }).collect();
        let both = raw.iter().zip(holm(&counted)).map(|(&p, holm)| [p, holm]);
        found.iter().zip(both).map(|(found, both)| found.as_ref().map(|_| both)).collect()
    };
    let different = family(|found| found.p_different);
    let equivalent = family(|found| found.p_equivalent);
    let not_worse = family(|found| found.p_not_worse);

    let comparison = |(index, variant): (usize, &Variant)| {
        let pairs = pairs(variant, baseline);
        let found = found[index].as_ref();
        let differences: Vec<f64> = pairs.iter().map(|pair| pair.variant - pair.baseline).collect();
        let difference =
            (!pairs.is_empty()).then(|| differences.iter().sum::<f64>() / differences.len() as f64);
        let holds = |p: Option<[f64; 2]>| p.is_some_and(|[_, adjusted]| adjusted < alpha);
        let lost = variant.has_lost_seed() || baseline.has_lost_seed();
        // Before all planned seeds are there, a verdict would be one of those that happen to be done.
        let awaited = variant.awaited().max(baseline.awaited());
        let verdict = if lost || awaited > 0 {
            Verdict::NotEnoughEvidence
        } else if holds(equivalent[index]) {
            Verdict::Equivalent
        } else if holds(different[index]) && difference > Some(0.0) {
            Verdict::Better
        } else if holds(not_worse[index]) {
            Verdict::NonInferior
        } else if holds(different[index]) {
            Verdict::Worse
        } else {
            Verdict::NotEnoughEvidence
        };
        let more_seeds_help = verdict == Verdict::NotEnoughEvidence && !lost && awaited == 0;
        let speedup = |time: fn(&Variant) -> Option<f64>| Some(time(baseline)? / time(variant)?);
        Comparison {
            variant: variant.name.clone(),
            pairs: pairs.len(),
            planned: variant.planned_seeds.max(baseline.planned_seeds),
            lost,
            difference,
            deviation: found.map(|found| found.sd),
            equivalence_interval: found.map(|found| [found.equivalence.low, found.equivalence.high]),
            interval: found.map(|found| [found.difference.low, found.difference.high]),
            p_difference: different[index],
            p_signed_rank: found.map(|found| found.p_signed_rank),
            p_equivalence: equivalent[index],
            p_noninferiority: not_worse[index],
            effect: found.and_then(|found| found.effect),
            won_tied_lost: won_tied_lost(&pairs, criteria.resolution),
            verdict,
            seeds_needed: found.filter(|_| more_seeds_help).and_then(|found| {
                // The level that Holm's adjustment holds the smallest p to.
                seeds_to_settle(found, margin, alpha / others.len() as f64)
            }),
            parameters_ratio: variant.recurrent_parameters as f64 / baseline.recurrent_parameters as f64,
            training_speedup: speedup(|variant| Some(variant.timing?.training_step_ms)),
            prediction_speedup: speedup(|variant| Some(variant.timing?.prediction_ms)),
        }
    };
    others.iter().enumerate().map(comparison).collect()
}

/// Pairs in all that would show something with the power aimed at, if the differences go on as they are.
fn seeds_to_settle(found: &statistics::Comparison, margin: f64, alpha: f64) -> Option<usize> {
    let scenario = Scenario { difference: found.difference.value, sd: found.sd, alpha };
    // Equivalence is asked for first; a variant that may be better needs only not to be worse.
    let claims = [Claim::Equivalent { margin }, Claim::NotWorse { margin }, Claim::Different];
    let needed = claims.into_iter().find_map(|claim| seeds_needed(claim, scenario, POWER));
    // A claim that these pairs should have shown was out of luck.
    needed.map(|needed| needed.max(found.pairs + 1))
}

/// The test accuracies of two variants under the seeds that both have.
pub(crate) fn pairs(variant: &Variant, baseline: &Variant) -> Vec<Pair> {
    let of_seed = |seed: u64| baseline.seeds.iter().find(|other| other.seed == seed)?.test;
    let pair = |seed: &crate::SeedResult| Some(Pair { variant: seed.test?, baseline: of_seed(seed.seed)? });
    variant.seeds.iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::tests::variant;
    use crate::{Requirement, SeedResult};

    /// A variant with tested seeds; of the first only that it diverged, if it is `lost`.
    fn tested(name: &str, accuracy: f64, lost: bool) -> Variant {
        let seed = |seed: u64| SeedResult {
            trial: format!("{name}-{seed}"),
            seed,
            epoch: if lost && seed == 1 { 0 } else { 3 },
            validation: accuracy,
            last: accuracy,
            test: (!lost || seed > 1).then_some(accuracy + 0.0001 * seed as f64),
        };
        Variant { seeds: (1..=8).map(seed).collect(), planned_seeds: 8, ..variant(name, 1e-3) }
    }

    #[test]
    fn a_lost_seed_on_either_side_leaves_it_open() {
        let config = StudyConfig::read("test", "[grid]\nmodel.variant = ['lstm', 'lstm2']", &[]).unwrap();
        let verdict = |baseline, other| {
            let variants = [tested("lstm", 0.9, baseline), tested("lstm2", 0.9, other)];
            let found = &comparisons(&config, &variants, 1000)[0];
            (found.verdict, found.seeds_needed)
        };
        assert_eq!(verdict(false, false), (Verdict::Equivalent, None));
        for (baseline, other) in [(true, false), (false, true)] {
            assert_eq!(verdict(baseline, other), (Verdict::NotEnoughEvidence, None));
            let mut summary = crate::answer::tests::summary(Vec::new());
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
        let found = &comparisons(&config, &variants, 1000)[0];
        assert_eq!((found.verdict, found.pairs, found.planned), (Verdict::NotEnoughEvidence, 6, 8));
        assert_eq!(found.seeds_needed, None);
        let mut summary = crate::answer::tests::summary(Vec::new());
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
        let p = |others: Vec<Variant>| {
            let variants: Vec<Variant> = [tested("lstm", 0.9, false)].into_iter().chain(others).collect();
            comparisons(&config, &variants, 1000)[0].p_equivalence.unwrap()
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
            let found = comparisons(&config, &variants, 1000);
            let [raw, adjusted] = found[0].p_equivalence.unwrap();
            assert!(found[1].p_equivalence.unwrap()[0] < raw, "it would come first");
            assert!((adjusted / raw - 2.0).abs() < 1e-9, "{adjusted} {raw}");
            assert_eq!(found[1].p_equivalence.unwrap()[1], 1.0);
        }
    }

    #[test]
    fn without_pairs_there_is_no_difference() {
        let config = StudyConfig::read("test", "[grid]\nmodel.variant = ['lstm', 'lstm2']", &[]).unwrap();
        let variants = [tested("lstm", 0.9, false), variant("lstm2", 1e-3)];
        let found = &comparisons(&config, &variants, 1000)[0];
        assert_eq!((found.pairs, found.difference), (0, None));
    }
}
