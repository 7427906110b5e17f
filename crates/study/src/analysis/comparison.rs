//! Each variant against the baseline.

use crate::statistics::{self, Claim, Criteria, Pair, Scenario, holm, seeds_needed};
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
    let resolution = if test_sequences > 0 { 1.0 / test_sequences as f64 } else { 0.0 };
    let criteria = Criteria { margin, alpha, resolution };
    let found: Vec<_> =
        others.iter().map(|variant| statistics::compare(&pairs(variant, baseline), criteria)).collect();

    let family = |p: fn(&statistics::Comparison) -> f64| -> Vec<Option<[f64; 2]>> {
        let raw: Vec<f64> = found.iter().flatten().map(p).collect();
        let mut adjusted = raw.iter().copied().zip(holm(&raw));
        let next =
            |found: &Option<_>| found.as_ref().and_then(|_| adjusted.next()).map(|(p, holm)| [p, holm]);
        found.iter().map(next).collect()
    };
    let different = family(|found| found.p_different);
    let equivalent = family(|found| found.p_equivalent);
    let not_worse = family(|found| found.p_not_worse);

    let comparison = |(index, variant): (usize, &Variant)| {
        let pairs = pairs(variant, baseline);
        let found = found[index].as_ref();
        let difference = match found {
            Some(found) => found.difference.value,
            None => {
                let sum: f64 = pairs.iter().map(|pair| pair.variant - pair.baseline).sum();
                if pairs.is_empty() { 0.0 } else { sum / pairs.len() as f64 }
            }
        };
        let holds = |p: Option<[f64; 2]>| p.is_some_and(|[_, adjusted]| adjusted < alpha);
        let verdict = if lost(variant) {
            Verdict::NotEnoughEvidence
        } else if holds(equivalent[index]) {
            Verdict::Equivalent
        } else if holds(different[index]) && difference > 0.0 {
            Verdict::Better
        } else if holds(not_worse[index]) {
            Verdict::NonInferior
        } else if holds(different[index]) {
            Verdict::Worse
        } else {
            Verdict::NotEnoughEvidence
        };
        let speedup = |time: fn(&Variant) -> Option<f64>| Some(time(baseline)? / time(variant)?);
        Comparison {
            variant: variant.name.clone(),
            pairs: pairs.len(),
            difference,
            deviation: found.map(|found| found.sd),
            equivalence_interval: found.map(|found| [found.equivalence.low, found.equivalence.high]),
            interval: found.map(|found| [found.difference.low, found.difference.high]),
            p_difference: different[index],
            p_signed_rank: found.map(|found| found.p_signed_rank),
            p_equivalence: equivalent[index],
            p_noninferiority: not_worse[index],
            effect: found.and_then(|found| found.effect),
            won_tied_lost: found
                .map_or([0; 3], |found| [found.won, found.tied, found.pairs - found.won - found.tied]),
            verdict,
            seeds_needed: found.filter(|_| verdict == Verdict::NotEnoughEvidence && !lost(variant)).and_then(
                |found| {
                    // The level that Holm's adjustment holds the smallest p to.
                    let alpha = alpha / others.len() as f64;
                    let scenario = Scenario { difference, sd: found.sd, alpha };
                    // Equivalence is asked for first; a variant that may be better needs only not to be worse.
                    let claims = [Claim::Equivalent { margin }, Claim::NotWorse { margin }, Claim::Different];
                    let needed = claims.into_iter().find_map(|claim| seeds_needed(claim, scenario, POWER));
                    // A claim that these pairs should have shown was out of luck.
                    needed.map(|needed| needed.max(found.pairs + 1))
                },
            ),
            parameters_ratio: variant.parameters.recurrent as f64 / baseline.parameters.recurrent as f64,
            training_speedup: speedup(|variant| Some(variant.timing?.training_step_ms)),
            prediction_speedup: speedup(|variant| Some(variant.timing?.prediction_ms)),
        }
    };
    others.iter().enumerate().map(comparison).collect()
}

/// Whether a seed at the chosen settings diverged before it had a single epoch: it cannot be tested, and the others
/// do not speak for it.
pub(crate) fn lost(variant: &Variant) -> bool {
    variant.seeds.iter().any(|seed| seed.epoch == 0)
}

/// The test accuracies of two variants under the seeds that both have.
pub(crate) fn pairs(variant: &Variant, baseline: &Variant) -> Vec<Pair> {
    let of_seed = |seed: u64| baseline.seeds.iter().find(|other| other.seed == seed)?.test;
    let pair = |seed: &crate::SeedResult| Some(Pair { variant: seed.test?, baseline: of_seed(seed.seed)? });
    variant.seeds.iter().filter_map(pair).collect()
}
