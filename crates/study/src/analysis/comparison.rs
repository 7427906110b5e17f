//! Each variant against the baseline.

use std::collections::BTreeMap;

use slimgate_run::Outcomes;
use slimgate_run::metric::Metric;
use slimgate_statistics::{
    Alternative, Criteria, Design, Differences, Estimate, Finding, Intervals, Looked, Pair, PairedTests,
    Plan, Prospect, Scenario, Standing, compare, resampled_error, seeds_needed, shared_variance,
    won_tied_lost,
};

use super::obstacle::obstacle;
use crate::{Comparison, Obstacle, Outlook, StudyConfig, Until, VariantSummary, Verdict};

/// The power that "run N more seeds" aims at.
const POWER: f64 = 0.8;

/// The looks' spending of α: (n/N)² by the look at n of N seeds. See docs/statistics-of-studies.md.
pub(crate) const SPENDING: f64 = 2.0;

/// A variant whose chance to be settled by the last look is below this gets no more seeds.
const FUTILITY: f64 = 0.1;

/// The outcomes of single test sequences by seed, where they were recorded.
pub(super) type OutcomesBySeed = BTreeMap<u64, Outcomes>;

/// What variants on one task are compared by.
pub(super) struct Scores<'a> {
    pub metric: &'a Metric,
    /// The step between possible scores.
    pub resolution: f64,
    /// Of each variant.
    pub outcomes: &'a [OutcomesBySeed],
    /// The share of the sequences that each seed tests on, where each draws its own.
    pub test_share: Option<f64>,
    /// True if there is a trivial predictor to hold the baseline to.
    pub trivial_is_known: bool,
}

/// A variant and the baseline under the seeds that both have.
struct Paired<'a> {
    variant: &'a VariantSummary,
    pairs: Vec<Pair>,
    /// The gain of each pair, in the order of the seeds.
    gains: Vec<f64>,
    /// The share of the sequences that each seed tests on, where each draws its own.
    test_share: Option<f64>,
    /// The gain of each pair on each test sequence, and the sequences' groups; none where outcomes are not known, or each
    /// seed has sequences of its own.
    items: Option<(Vec<Vec<f64>>, Vec<usize>)>,
    /// None of fewer than two pairs.
    tests: Option<PairedTests>,
    obstacle: Option<Obstacle>,
}

impl<'a> Paired<'a> {
    fn new(
        [baseline, variant]: [&'a VariantSummary; 2],
        outcomes: [&OutcomesBySeed; 2],
        scores: &Scores,
        criteria: Criteria,
    ) -> Paired<'a> {
        let &Scores { metric, test_share, trivial_is_known, .. } = scores;
        let (seeds, pairs): (Vec<u64>, Vec<Pair>) = by_seed(variant, baseline, metric).unzip();
        let gains: Vec<f64> = pairs.iter().map(|pair| pair.variant - pair.baseline).collect();
        let error = test_share.and_then(|share| resampled_error(&gains, share, criteria.resolution));
        let allowed_for = |tests: PairedTests| match error {
            Some(error) => tests.with_new_items(error, criteria),
            None => tests,
        };
        Paired {
            variant,
            gains,
            test_share,
            // Sequences of different test sets are no pairs.
            items: if test_share.is_none() { items(&seeds, outcomes, metric) } else { None },
            tests: compare(&pairs, criteria).map(allowed_for),
            obstacle: obstacle(variant, baseline, trivial_is_known, criteria.alpha),
            pairs,
        }
    }

    /// The differences that its verdict is made from: of one that gets none, nothing, though it is one of the family all
    /// the same. Whatever its first seeds say, its p value may still come out as any, and what is shown of others must stay
    /// shown when it does.
    fn differences(&self) -> Differences<'_> {
        match &self.items {
            _ if self.obstacle.is_some() => Differences::Seeds(&[]),
            Some((rows, groups)) => Differences::Items(rows, groups),
            None => match self.test_share {
                Some(share) => Differences::Divisions(&self.gains, share),
                None => Differences::Seeds(&self.gains),
            },
        }
    }

    /// The mean gain of the variant over the baseline.
    fn gain(&self) -> Option<f64> {
        (!self.gains.is_empty()).then(|| self.gains.iter().sum::<f64>() / self.gains.len() as f64)
    }
}

/// Compares the variants with the first of them, by pairs of trials with the same seed. Holm's correction is over the
/// variants, for each null hypothesis by itself; p values and intervals allow for it, and for the other looks.
pub(super) fn comparisons(
    config: &StudyConfig,
    variants: &[VariantSummary],
    scores: &Scores,
) -> Vec<Comparison> {
    let Scores { metric, resolution, outcomes, test_share, .. } = *scores;
    let Some((baseline, others)) = variants.split_first() else { return Vec::new() };
    let of_baseline = baseline.test.as_ref().map(|test| test.mean);
    // Without a test result of the baseline there is no pair to hold to it.
    let margin = config.compare.margin(metric).on(metric, of_baseline).unwrap_or_default();
    let criteria = Criteria { margin, alpha: 1.0 - config.compare.confidence, resolution };
    let paired = |(of, own)| Paired::new([baseline, of], [&outcomes[0], own], scores, criteria);
    let all: Vec<Paired> = others.iter().zip(&outcomes[1..]).map(paired).collect();
    let standings = standings(config, criteria, &all);
    let comparison = |(of, standing): (&Paired, &Option<Standing>)| {
        let looked = standing.as_ref().and_then(|standing| standing.looked.as_ref());
        let verdict = verdict(of, standing.as_ref());
        let tests = of.tests.as_ref();
        let interval = |of: &dyn Fn(&Intervals) -> Estimate, looked: &Looked| {
            differences(metric, of(looked.new_items.as_ref().unwrap_or(&looked.same_items)))
        };
        let p = |raw: fn(&PairedTests) -> f64, adjusted: fn(&Looked) -> f64| {
            Some([raw(tests?), looked.map_or(1.0, adjusted)])
        };
        let speedup = |time: fn(&VariantSummary) -> Option<f64>| Some(time(baseline)? / time(of.variant)?);
        let is_open = verdict == Verdict::NotEnoughEvidence && of.obstacle.is_none();
        Comparison {
            variant: of.variant.name.clone(),
            pairs: of.pairs.len(),
            planned: match config.compare.until {
                Until::Seeds => of.variant.planned_seeds.max(baseline.planned_seeds),
                Until::Decided => of.variant.planned_seeds,
            },
            difference: of.gain().map(|gain| metric.turned(gain)),
            deviation: tests.map(|tests| tests.sd),
            equivalence_interval: looked.map(|looked| interval(&|found| found.equivalence, looked)),
            interval: looked.map(|looked| interval(&|found| found.difference, looked)),
            // Seeds that each have their own test set say nothing of one.
            seeds_interval: looked
                .filter(|_| test_share.is_none())
                .map(|looked| differences(metric, looked.same_items.difference)),
            data_interval: looked.and_then(|looked| Some(differences(metric, looked.new_items?.difference))),
            data_error: looked
                .and_then(|looked| looked.new_items_error)
                .map(|error| [error.variance.sqrt(), error.degrees_of_freedom]),
            p_difference: p(|tests| tests.p_difference, |looked| looked.p_difference),
            // It takes the pairs to be independent.
            p_signed_rank: tests.filter(|_| test_share.is_none()).map(|tests| tests.p_signed_rank),
            p_equivalence: p(|tests| tests.p_equivalence, |looked| looked.p_equivalence),
            p_noninferiority: p(|tests| tests.p_noninferiority, |looked| looked.p_noninferiority),
            effect: tests.and_then(|tests| tests.effect).map(|effect| metric.turned(effect)),
            won_tied_lost: won_tied_lost(&of.pairs, criteria.resolution),
            verdict,
            obstacle: of.obstacle,
            outlook: outlook(of, standing.as_ref()),
            // At the level that Holm's correction holds the smallest p to.
            seeds_needed: tests.filter(|_| is_open && config.compare.until == Until::Seeds).and_then(
                |tests| {
                    let alpha = criteria.alpha / others.len() as f64;
                    seeds_to_settle(tests, margin, alpha, test_share)
                },
            ),
            parameters_ratio: of.variant.recurrent_parameters as f64 / baseline.recurrent_parameters as f64,
            training_speedup: speedup(|variant| Some(variant.timing?.training_step_ms)),
            prediction_speedup: speedup(|variant| Some(variant.timing?.prediction_ms)),
        }
    };
    all.iter().zip(&standings).map(comparison).collect()
}

/// The state of each variant; none where the comparison is of a single seed, which has no spread.
fn standings(config: &StudyConfig, criteria: Criteria, all: &[Paired]) -> Vec<Option<Standing>> {
    let Some(design) = Design::new(config.looks(), SPENDING) else { return vec![None; all.len()] };
    let plan = Plan { design, criteria, futility: FUTILITY };
    let differences: Vec<Differences> = all.iter().map(Paired::differences).collect();
    plan.settle(&differences).into_iter().map(Some).collect()
}

/// An interval of gains as one of differences.
fn differences(metric: &Metric, gains: Estimate) -> [f64; 2] {
    metric.turned_interval([gains.low, gains.high])
}

/// The conclusion from the evidence.
fn verdict(of: &Paired, standing: Option<&Standing>) -> Verdict {
    let finding = standing.filter(|_| of.obstacle.is_none()).map(|standing| standing.finding);
    match finding {
        Some(Finding::Equivalent) => Verdict::Equivalent,
        Some(Finding::Better) => Verdict::Better,
        Some(Finding::NonInferior) => Verdict::NonInferior,
        Some(Finding::Worse) => Verdict::Worse,
        Some(Finding::Nothing) | None => Verdict::NotEnoughEvidence,
    }
}

/// The use of more seeds.
fn outlook(of: &Paired, standing: Option<&Standing>) -> Option<Outlook> {
    Some(match standing.filter(|_| of.obstacle.is_none())?.prospect {
        Prospect::Settled => Outlook::Settled,
        Prospect::Open => Outlook::Open,
        Prospect::TooMany => Outlook::TooMany,
    })
}

/// The gains on each test sequence, a row a seed, and the sequences' groups; none unless the outcomes of all are known, on
/// the same sequences, of which there are two at least that do not belong together.
fn items(
    seeds: &[u64],
    [baseline, variant]: [&OutcomesBySeed; 2],
    metric: &Metric,
) -> Option<(Vec<Vec<f64>>, Vec<usize>)> {
    let groups = baseline.get(seeds.first()?)?.groups();
    let row = |seed: &u64| {
        let (baseline, variant) = (baseline.get(seed)?, variant.get(seed)?);
        let [of_baseline, of_variant] = [merits(baseline, metric)?, merits(variant, metric)?];
        let same = of_baseline.len() == of_variant.len()
            && baseline.groups() == groups
            && variant.groups() == groups;
        let gain = |(baseline, variant): (&f64, &f64)| variant - baseline;
        same.then(|| of_baseline.iter().zip(&of_variant).map(gain).collect())
    };
    let rows: Vec<Vec<f64>> = seeds.iter().map(row).collect::<Option<_>>()?;
    let is_one =
        if groups.is_empty() { rows[0].len() < 2 } else { groups.iter().all(|group| *group == groups[0]) };
    let same = rows.windows(2).all(|rows| rows[0].len() == rows[1].len());
    (same && !is_one).then_some((rows, groups))
}

/// The merits of outcomes, whose mean is the merit of theirs.
fn merits(outcomes: &Outcomes, metric: &Metric) -> Option<Vec<f64>> {
    let value = outcomes.mean()?;
    Some(outcomes.values().into_iter().map(|part| metric.merit_of_part(part, value)).collect())
}

/// Pairs in all that would show something with the power aimed at, if mean and spread of the differences stay as they
/// are.
fn seeds_to_settle(found: &PairedTests, margin: f64, alpha: f64, test_share: Option<f64>) -> Option<usize> {
    let shared = test_share.and_then(shared_variance).unwrap_or_default();
    let scenario = Scenario { difference: found.difference.value, sd: found.sd, alpha, shared };
    // Equivalence is asked for first; a variant that may be better needs only be non-inferior.
    let alternatives =
        [Alternative::Equivalent { margin }, Alternative::NonInferior { margin }, Alternative::Different];
    let needed = alternatives.into_iter().find_map(|alternative| seeds_needed(alternative, scenario, POWER));
    // A claim that these pairs should have shown was out of luck.
    needed.map(|needed| needed.max(found.pairs + 1))
}

/// The merits of the test scores of two variants under the seeds that both have.
pub(crate) fn pairs(variant: &VariantSummary, baseline: &VariantSummary, metric: &Metric) -> Vec<Pair> {
    by_seed(variant, baseline, metric).map(|(_, pair)| pair).collect()
}

/// The same, each with its seed.
fn by_seed(
    variant: &VariantSummary,
    baseline: &VariantSummary,
    metric: &Metric,
) -> impl Iterator<Item = (u64, Pair)> {
    let of_seed = |seed: u64| baseline.seeds.iter().find(|other| other.seed == seed)?.test;
    variant.seeds.iter().filter_map(move |seed| {
        let [variant, baseline] = [seed.test?, of_seed(seed.seed)?].map(|score| metric.merit(score));
        Some((seed.seed, Pair { variant, baseline }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up::{mase, scored, variant};
    use crate::{Requirement, SeedResult};
    use slimgate_run::Outcome;

    fn compared(
        config: &StudyConfig,
        metric: &Metric,
        variants: &[VariantSummary],
        resolution: f64,
    ) -> Vec<Comparison> {
        let outcomes = vec![OutcomesBySeed::new(); variants.len()];
        let scores =
            Scores { metric, resolution, outcomes: &outcomes, test_share: None, trivial_is_known: true };
        comparisons(config, variants, &scores)
    }

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
        let config =
            StudyConfig::read("test", "[grid]\nmodel.variant = ['lstm', 'lstm2']\n[compare]\nseeds = 8", &[])
                .unwrap();
        let verdict = |baseline, other| {
            let variants = [tested("lstm", 0.9, baseline), tested("lstm2", 0.9, other)];
            let found = &compared(&config, &Metric::accuracy(None), &variants, 0.001)[0];
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
        let config =
            StudyConfig::read("test", "[grid]\nmodel.variant = ['lstm', 'lstm2']\n[compare]\nseeds = 8", &[])
                .unwrap();
        let mut variants = [tested("lstm", 0.9, false), tested("lstm2", 0.9, false)];
        variants[1].seeds.truncate(6);
        let found = &compared(&config, &Metric::accuracy(None), &variants, 0.001)[0];
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
        let text = "[grid]\nmodel.variant = ['lstm', 'lstm1', 'lstm2', 'lstm3']\n[compare]\nseeds = 8";
        let config = StudyConfig::read("test", text, &[]).unwrap();
        let p = |others: Vec<VariantSummary>| {
            let variants: Vec<VariantSummary> =
                [tested("lstm", 0.9, false)].into_iter().chain(others).collect();
            compared(&config, &Metric::accuracy(None), &variants, 0.001)[0].p_equivalence.unwrap()
        };
        let ready = tested("lstm1", 0.902, false);
        let [raw, alone] = p(vec![ready.clone(), variant("lstm2", 1e-3), variant("lstm3", 1e-3)]);
        assert!(raw > 0.0 && (alone / raw - 3.0).abs() < 1e-9, "{alone} {raw}");
    }

    /// The first seeds of a variant, or those that are left of it, may well show more than all would.
    #[test]
    fn a_variant_that_gets_no_verdict_does_not_make_room_for_another() {
        let text = "[grid]\nmodel.variant = ['lstm', 'lstm1', 'lstm2']\n[compare]\nseeds = 8";
        let config = StudyConfig::read("test", text, &[]).unwrap();
        let mut partial = tested("lstm2", 0.9, false);
        partial.seeds.truncate(6);
        for other in [partial, tested("lstm2", 0.9, true)] {
            let variants = [tested("lstm", 0.9, false), tested("lstm1", 0.908, false), other];
            let found = compared(&config, &Metric::accuracy(None), &variants, 0.001);
            let [raw, adjusted] = found[0].p_equivalence.unwrap();
            assert!(found[1].p_equivalence.unwrap()[0] < raw, "it would come first");
            assert!((adjusted / raw - 2.0).abs() < 1e-9, "{adjusted} {raw}");
            assert_eq!(found[1].p_equivalence.unwrap()[1], 1.0);
        }
    }

    #[test]
    fn a_lower_error_is_better_and_its_difference_negative() {
        let config = |margin: &str| {
            let text = format!(
                "[grid]\nmodel.variant = ['lstm', 'lstm1', 'lstm2']\n[compare]\nseeds = 5\nmargin = {margin}"
            );
            StudyConfig::read("test", &text, &[]).unwrap()
        };
        let variants = [
            scored("lstm", &[0.80, 0.81, 0.79, 0.80, 0.82]),
            scored("lstm1", &[0.70, 0.72, 0.69, 0.70, 0.71]),
            scored("lstm2", &[0.90, 0.90, 0.88, 0.91, 0.92]),
        ];
        let found = compared(&config("0.02"), &mase(), &variants, 0.0);
        assert_eq!([found[0].verdict, found[1].verdict], [Verdict::Better, Verdict::Worse]);
        assert_eq!([found[0].won_tied_lost, found[1].won_tied_lost], [[5, 0, 0], [0, 0, 5]]);
        let [low, high] = found[0].interval.unwrap();
        let difference = found[0].difference.unwrap();
        assert!((difference + 0.1).abs() < 1e-12 && low < difference && difference < high && high < 0.0);
        assert!(found[0].effect.unwrap() < 0.0 && found[1].effect.unwrap() > 0.0);
        // A fifth of 0.804 is 0.16, and a twentieth 0.04.
        let verdicts = |margin| compared(&config(margin), &mase(), &variants, 0.0)[1].verdict;
        assert_eq!((verdicts("'20 %'"), verdicts("'5 %'")), (Verdict::Equivalent, Verdict::Worse));
    }

    /// The outcomes of windows, in blocks of four, of seeds with these scores: `shift` says what each block adds to them.
    fn in_blocks(scores: &[f64], shift: &[f64]) -> OutcomesBySeed {
        let windows = |score: f64| {
            let window = |at: usize| Outcome { group: Some(at / 4), value: score + shift[at / 4] };
            Outcomes::new((0..4 * shift.len()).map(window).collect())
        };
        (1..).zip(scores).map(|(seed, score)| (seed, windows(*score))).collect()
    }

    /// Seeds that all do better in the same weeks say nothing of other weeks.
    #[test]
    fn forecasts_are_compared_over_seeds_and_stretches_of_time() {
        let text = "[grid]\nmodel.variant = ['lstm', 'lstm2']\n[compare]\nseeds = 5\nmargin = 0.02";
        let config = StudyConfig::read("test", text, &[]).unwrap();
        let (ours, theirs) = ([0.80, 0.81, 0.79, 0.80, 0.82], [0.801, 0.808, 0.789, 0.803, 0.821]);
        let variants = [scored("lstm", &ours), scored("lstm2", &theirs)];
        let found = |shift: &[f64]| {
            let outcomes = [in_blocks(&ours, &vec![0.0; shift.len()]), in_blocks(&theirs, shift)];
            let (metric, outcomes) = (&mase(), &outcomes[..]);
            let scores =
                Scores { metric, resolution: 0.0, outcomes, test_share: None, trivial_is_known: true };
            comparisons(&config, &variants, &scores).swap_remove(0)
        };
        let steady = found(&[0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(steady.verdict, Verdict::Equivalent);
        let [seeds, data] = [steady.seeds_interval.unwrap(), steady.data_interval.unwrap()];
        assert!((0..2).all(|end| (seeds[end] - data[end]).abs() < 1e-9), "{seeds:?} {data:?}");
        let shifting = found(&[-0.1, 0.1, 0.0, -0.05, 0.05]);
        assert_eq!((shifting.verdict, shifting.seeds_interval), (Verdict::NotEnoughEvidence, Some(seeds)));
        // By hand: blocks of sd √(0.025/4) and five of them, on 4 degrees of freedom or hardly more.
        let half = (shifting.interval.unwrap()[1] - shifting.interval.unwrap()[0]) / 2.0;
        assert!((half - 2.776 * (0.025f64 / 4.0 / 5.0).sqrt()).abs() < 0.003, "{half}");
        // A test part of one block is not to be told from others.
        let one = found(&[0.0]);
        assert_eq!(
            (one.verdict, one.data_interval, one.seeds_interval),
            (Verdict::Equivalent, None, Some(seeds))
        );
    }

    /// A coverage is better the nearer it is to its aim, from either side.
    #[test]
    fn outcomes_of_a_metric_with_an_aim_have_the_gain_of_the_pair_as_their_mean() {
        let coverage = slimgate_run::metric::forecast(0.8).pop().unwrap();
        let seeds = |outcomes: [f64; 4]| {
            let outcome = |value| Outcome { group: None, value };
            OutcomesBySeed::from([(1, Outcomes::new(outcomes.map(outcome).to_vec()))])
        };
        let [wide, narrow] = [[1.0, 1.0, 0.9, 0.8], [0.7, 0.5, 0.8, 0.8]];
        let (rows, groups) = items(&[1], [&seeds(wide), &seeds(narrow)], &coverage).unwrap();
        let gain = rows[0].iter().sum::<f64>() / 4.0;
        assert!((gain - coverage.gain(0.925, 0.7)).abs() < 1e-12 && groups.is_empty(), "{gain}");
        assert_eq!(
            items(&[1, 2], [&seeds(wide), &seeds(narrow)], &coverage),
            None,
            "a seed without outcomes"
        );
    }

    /// The same results are worth less where seeds are tested on sequences that they have in common.
    #[test]
    fn seeds_with_test_sets_of_their_own_are_not_taken_to_be_independent() {
        let text = "[grid]\nmodel.variant = ['lstm', 'lstm2']\n[compare]\nseeds = 8";
        let config = StudyConfig::read("test", text, &[]).unwrap();
        let variants = [tested("lstm", 0.9, false), {
            let mut other = tested("lstm2", 0.9, false);
            for (at, seed) in other.seeds.iter_mut().enumerate() {
                seed.test = seed.test.map(|score| score + [0.012, -0.01][at % 2]);
            }
            other
        }];
        let outcomes = vec![OutcomesBySeed::new(); 2];
        let metric = &Metric::accuracy(None);
        let found = |test_share| {
            let scores =
                Scores { metric, resolution: 0.001, outcomes: &outcomes, test_share, trivial_is_known: true };
            comparisons(&config, &variants, &scores).remove(0)
        };
        let (same, drawn) = (found(None), found(Some(0.5)));
        assert_eq!([same.verdict, drawn.verdict], [Verdict::Equivalent, Verdict::NotEnoughEvidence]);
        let width = |[low, high]: [f64; 2]| high - low;
        // √(1/8 + 1) for √(1/8).
        assert!((width(drawn.interval.unwrap()) / width(same.interval.unwrap()) - 3.0).abs() < 1e-9);
        assert_eq!((drawn.data_interval, drawn.seeds_interval), (drawn.interval, None));
        assert_eq!((same.data_interval, same.seeds_interval), (None, same.interval));
        assert!(drawn.p_equivalence.unwrap()[0] > same.p_equivalence.unwrap()[0]);
        assert_eq!((drawn.p_signed_rank, drawn.seeds_needed), (None, None));
    }

    #[test]
    fn without_pairs_there_is_no_difference() {
        let config =
            StudyConfig::read("test", "[grid]\nmodel.variant = ['lstm', 'lstm2']\n[compare]\nseeds = 8", &[])
                .unwrap();
        let variants = [tested("lstm", 0.9, false), variant("lstm2", 1e-3)];
        let found = &compared(&config, &Metric::accuracy(None), &variants, 0.001)[0];
        assert_eq!((found.pairs, found.difference), (0, None));
    }
}
