//! One variant on one task.

use slimgate_run::metric::{Metric, Unit};
use slimgate_run::{Evaluation, History, Outcomes, Reference, RunFolder, Split, Status};

use super::comparison::OutcomesBySeed;
use super::coverage::coverage;
use super::rates::{is_complete, rates, usable};
use super::{median, states};
use crate::folder::Records;
use crate::plan::Group;
use crate::trial::{Settings, Trial};
use crate::{
    Cost, CurvePoint, Prices, Reach, SeedResult, Spread, StudyConfig, StudyError, Timing, VariantSummary,
};
use slimgate_statistics::{
    AgainstTrivial, interval_of_mean, mean_and_sd, p_above, p_above_in_divisions, p_above_trivial,
    resampled_interval,
};

/// The key whose curve a study always draws.
pub(crate) const RATE: &str = "optim.learning_rate";

/// Shares of the baseline's score whose time is told.
const SHARES: [f64; 2] = [0.95, 0.99];

/// A trial whose last epoch is worse than its best by more than this share, or this part of any other score, may have
/// collapsed.
const COLLAPSE: f64 = 0.05;

/// The finished trials at a variant's chosen settings.
pub(super) struct Chosen {
    settings: Settings,
    trials: Vec<Finished>,
    /// The share of the machine that a trial took: its threads of the cores.
    share: f64,
}

struct Finished {
    trial: Trial,
    summary: slimgate_run::RunSummary,
    history: History,
    evaluation: Option<Evaluation>,
    outcomes: Option<Outcomes>,
    timing: Option<Timing>,
}

impl Chosen {
    pub fn read(group: &Group, records: &mut Records) -> Result<Chosen, StudyError> {
        let mut chosen = Chosen { settings: Settings::new(), trials: Vec::new(), share: 1.0 };
        let Some(candidate) = &group.chosen else { return Ok(chosen) };
        chosen.settings = candidate.settings.clone();
        for trial in &candidate.trials {
            let Some(summary) = records.get(&trial.id).ended().cloned() else { continue };
            let run = RunFolder::open(&records.folder.run(&trial.id))?;
            // What it says of the machine is left out where it is damaged: the trial's results do not hang on it.
            let environment = run.environment().unwrap_or_default();
            let number = |key: &str| environment.get(key).and_then(serde_json::Value::as_f64);
            if let (Some(threads), Some(cores)) = (number("threads"), number("cores")) {
                chosen.share = (threads / cores).min(1.0);
            }
            let evaluation = run.evaluation()?;
            let outcomes =
                evaluation.as_ref().map(|evaluation| run.outcomes(evaluation)).transpose()?.flatten();
            chosen.trials.push(Finished {
                trial: trial.clone(),
                history: run.history(summary.epochs)?,
                summary,
                evaluation,
                outcomes,
                timing: run.timing()?,
            });
        }
        Ok(chosen)
    }

    pub fn evaluation(&self) -> Option<&Evaluation> {
        self.evaluations().next()
    }

    pub fn evaluations(&self) -> impl Iterator<Item = &Evaluation> {
        self.trials.iter().filter_map(|trial| trial.evaluation.as_ref())
    }

    /// The outcomes of single test sequences, by seed.
    pub fn outcomes(&self) -> OutcomesBySeed {
        let of_seed = |trial: &Finished| Some((trial.trial.seed, trial.outcomes.clone()?));
        self.trials.iter().filter_map(of_seed).collect()
    }

    fn timing(&self) -> Option<Timing> {
        self.trials.iter().find_map(|trial| trial.timing)
    }

    /// The mean of the best scores on the validation set.
    fn score(&self) -> Option<f64> {
        let best: Vec<f64> = self.trials.iter().filter_map(|trial| best(&trial.summary)).collect();
        (!best.is_empty()).then(|| best.iter().sum::<f64>() / best.len() as f64)
    }
}

/// The best score on the validation set; of a trial that diverged in its first epoch, the worst there is, if any.
pub(super) fn best(summary: &slimgate_run::RunSummary) -> Option<f64> {
    let worst = || summary.metric.worst_and_best().map(|[worst, _]| worst);
    summary.best.as_ref().map(|best| best.score.value).or_else(worst)
}

/// The step between possible scores on a test set; 0 where any amount is possible, or the step is not known.
pub(super) fn resolution(evaluation: &Evaluation) -> f64 {
    evaluation.metric().resolution.unwrap_or(0.0)
}

/// What the variants on one task are measured by.
pub(super) struct Terms<'a> {
    pub config: &'a StudyConfig,
    pub metric: &'a Metric,
    pub baseline: &'a Chosen,
    pub trivial: Option<&'a Reference>,
    /// The share of the sequences that each seed tests on, where each draws its own.
    pub test_share: Option<f64>,
}

pub(super) fn variant(
    terms: &Terms,
    group: &Group,
    chosen: &Chosen,
    records: &mut Records,
) -> Result<VariantSummary, StudyError> {
    let Terms { config, metric, baseline, trivial, test_share } = *terms;
    let example = match &group.chosen {
        Some(candidate) => &candidate.trials[0].config,
        None => &group.candidates[0].trials[0].config,
    };
    // On the validation set, as the rates were tried.
    let margin = config.compare.margin(metric).on(metric, baseline.score());
    let confidence = config.compare.confidence;
    let step = chosen.evaluation().map_or(0.0, resolution);
    let spread_over = |values: Vec<f64>, step, share| spread(values, step, share, metric, confidence);
    let tested = |values, step| spread_over(values, step, test_share);
    let spread = |values, step| spread_over(values, step, None);
    let seeds: Vec<SeedResult> = chosen.trials.iter().map(seed_result).collect();
    // One that diverged in its first epoch has no score.
    let trained = || seeds.iter().filter(|seed| seed.epoch > 0);
    let rates = rates(metric, group, records);
    // As a trial counted them: what is counted without one needs the data to be there.
    let parameters = group
        .trials()
        .filter(|trial| trial.config.model == example.model)
        .find_map(|trial| Some(records.get(&trial.id).summary.as_ref()?.parameters));
    Ok(VariantSummary {
        name: group.variant.clone(),
        gates: example.cell().to_string(),
        hidden: example.model.hidden,
        recurrent_parameters: match parameters {
            Some(parameters) => parameters.recurrent,
            None => config.recurrent_parameters(example)?,
        },
        all_parameters: parameters.map(|parameters| parameters.total),
        states: states(group, records),
        chosen: chosen.settings.clone(),
        certainty: group.certainty.clone(),
        test: tested(seeds.iter().filter_map(|seed| seed.test).collect(), step),
        // Of how many sequences these are, is not known here.
        validation: spread(trained().map(|seed| seed.validation).collect(), 0.0),
        last: spread(trained().map(|seed| seed.last).collect(), 0.0),
        p_above_trivial: trivial.and_then(|trivial| above_trivial(metric, chosen, trivial, test_share)),
        collapsed: seeds.iter().filter(|seed| has_collapsed(metric, seed, trivial)).count(),
        still_improving: chosen.trials.iter().filter(|trial| is_still_improving(trial)).count(),
        diverged: chosen.trials.iter().filter(|trial| trial.summary.status == Status::Diverged).count(),
        planned_seeds: group
            .chosen
            .as_ref()
            .map_or_else(|| config.looks()[0], |candidate| candidate.trials.len()),
        seeds,
        seconds_per_epoch: median(chosen.trials.iter().filter_map(epoch_seconds).collect()),
        peak_memory_bytes: peak_memory(chosen),
        reaches: reaches(metric, chosen, baseline),
        timing: chosen.timing(),
        curve: curve(&chosen.trials.iter().map(scores).collect::<Vec<_>>()),
        // Single draws of a search differ in more than the rate.
        usable: (config.search.is_none() && is_complete(group, records))
            .then(|| usable(metric, &rates, margin?))
            .flatten(),
        rates,
        confusion: confusion(chosen),
        coverage: coverage(chosen.evaluations()),
        cost: config.cost.as_ref().and_then(|prices| cost(prices, chosen)),
    })
}

/// The p value of "no better than the trivial predictor". Of shares of right answers, over seeds and sequences; of any
/// other score, whose errors by sequence are not recorded, over the seeds alone. Where each seed has its own test set, also
/// over these, each with the predictor's score there.
fn above_trivial(
    metric: &Metric,
    chosen: &Chosen,
    trivial: &Reference,
    test_share: Option<f64>,
) -> Option<f64> {
    let evaluations: Vec<&Evaluation> = chosen.evaluations().collect();
    let lead =
        |evaluation: &&Evaluation| Some(metric.gain(evaluation.trivial()?.score, evaluation.score.value));
    let in_divisions = test_share.and_then(|share| {
        let leads: Vec<f64> = evaluations.iter().filter_map(lead).collect();
        p_above_in_divisions(&leads, share, resolution(evaluations.first()?))
    });
    let answers = |evaluation: &&Evaluation| evaluation.confusion.iter().flatten().sum::<usize>();
    let is_one_a_sequence = evaluations.first().is_some_and(|first| answers(first) == first.sequences);
    if !(metric.counts_right_answers() && is_one_a_sequence) {
        let merits = evaluations.iter().map(|evaluation| metric.merit(evaluation.score.value));
        let over_seeds = || p_above(&merits.collect::<Vec<f64>>(), metric.merit(trivial.score));
        return if test_share.is_some() { in_divisions } else { over_seeds() };
    }
    let first = evaluations.first()?;
    let class = first.classes.iter().position(|class| *class == trivial.answer)?;
    let mean = |count: &dyn Fn(&Evaluation) -> usize| {
        evaluations.iter().map(|evaluation| count(evaluation) as f64).sum::<f64>() / evaluations.len() as f64
    };
    let right_of_others = |evaluation: &Evaluation| {
        let others = (0..evaluation.classes.len()).filter(|other| *other != class);
        others.map(|other| evaluation.confusion[other][other]).sum()
    };
    let wrong_of_class = |evaluation: &Evaluation| {
        evaluation.confusion[class].iter().sum::<usize>() - evaluation.confusion[class][class]
    };
    let scores: Vec<f64> = evaluations.iter().map(|evaluation| evaluation.score.value).collect();
    let over_sequences = p_above_trivial(AgainstTrivial {
        scores: &scores,
        trivial: trivial.score,
        discordant: [mean(&right_of_others), mean(&wrong_of_class)],
        sequences: first.sequences,
    })?;
    Some(in_divisions.map_or(over_sequences, |p| p.max(over_sequences)))
}

/// True if a seed's last epoch is far below its best, and has lost most of what that had learned.
fn has_collapsed(metric: &Metric, seed: &SeedResult, trivial: Option<&Reference>) -> bool {
    let nothing = trivial.map(|trivial| trivial.score);
    let Some(nothing) = nothing.or_else(|| metric.worst_and_best().map(|[worst, _]| worst)) else {
        return false;
    };
    let learned = |score: f64| metric.gain(nothing, score);
    let far = match metric.unit {
        Unit::Share => COLLAPSE,
        Unit::Target | Unit::Ratio => COLLAPSE * seed.validation.abs(),
    };
    // The predictor is scored on the test set. Where the validation set is harder, as another season may be, even the best
    // is no better than it, and what of that was lost cannot be told.
    let best = learned(seed.validation);
    best > 0.0 && metric.gain(seed.last, seed.validation) > far && learned(seed.last) < best / 2.0
}

/// True if a trial ended because its epochs were over, not because it had converged.
fn is_still_improving(trial: &Finished) -> bool {
    let patience = trial.trial.config.optim.early_stopping;
    trial.summary.status == Status::Complete && !trial.history.has_converged(patience)
}

/// The median over the trials, in bytes.
fn peak_memory(chosen: &Chosen) -> Option<u64> {
    let peaks = chosen.trials.iter().filter_map(|trial| trial.summary.peak_memory_bytes);
    median(peaks.map(|bytes| bytes as f64).collect()).map(|bytes| bytes as u64)
}

/// The cost of a variant, but for what it saves against another; none where no trial trained to its end or was timed.
fn cost(prices: &Prices, chosen: &Chosen) -> Option<Cost> {
    // What diverged is no training that anyone pays for twice.
    let sound = chosen.trials.iter().filter(|trial| trial.summary.status != Status::Diverged);
    let seconds = median(sound.map(|trial| trial.summary.seconds).collect())?;
    let a_second = prices.price_per_hour / 3600.0 * chosen.share;
    let training = seconds * a_second;
    Some(Cost {
        currency: prices.currency.clone(),
        training,
        trainings_a_year: training * prices.trainings_per_year,
        predictions_a_year: chosen.timing()?.prediction_ms / 1e3 * a_second * prices.predictions_per_year,
        saved_a_year: None,
    })
}

/// Notes what each variant saves a year against the first of them, where that has a cost.
pub(super) fn note_savings(variants: &mut [VariantSummary]) {
    let a_year = |cost: &Cost| cost.trainings_a_year + cost.predictions_a_year;
    let baseline = variants.first().and_then(|variant| variant.cost.as_ref()).map(a_year);
    for cost in variants.iter_mut().filter_map(|variant| variant.cost.as_mut()) {
        let own = a_year(cost);
        cost.saved_a_year = baseline.map(|baseline| baseline - own);
    }
}

fn seed_result(trial: &Finished) -> SeedResult {
    SeedResult {
        trial: trial.trial.id.clone(),
        seed: trial.trial.seed,
        epoch: trial.summary.best.as_ref().map_or(0, |best| best.epoch),
        validation: trial.summary.best.as_ref().map_or(0.0, |best| best.score.value),
        last: trial.summary.last.as_ref().map_or(0.0, |last| last.score.value),
        test: trial.evaluation.as_ref().map(|evaluation| evaluation.score.value),
    }
}

/// A mean with its interval; `test_share` where the values are of test sets that each seed has drawn.
fn spread(
    values: Vec<f64>,
    resolution: f64,
    test_share: Option<f64>,
    metric: &Metric,
    confidence: f64,
) -> Option<Spread> {
    if values.is_empty() {
        return None;
    }
    let interval = match test_share {
        None => interval_of_mean(&values, resolution, confidence),
        Some(share) => resampled_interval(&values, share, resolution, confidence),
    };
    let (mean, deviation) = mean_and_sd(&values);
    Some(Spread {
        mean,
        deviation: (values.len() > 1).then_some(deviation),
        // Of values that are all the same and have no known step, it would have no width.
        interval: interval
            .filter(|interval| interval.low < interval.high)
            .map(|interval| [interval.low, interval.high].map(|end| metric.clamped(end))),
        values,
    })
}

/// The median seconds of a trial's training passes.
fn epoch_seconds(trial: &Finished) -> Option<f64> {
    let training = trial.history.lines().iter().filter(|line| line.split == Split::Train);
    median(training.map(|line| line.seconds).collect())
}

fn reaches(metric: &Metric, chosen: &Chosen, baseline: &Chosen) -> Vec<Reach> {
    let Some(score) = baseline.score() else { return Vec::new() };
    let reach = |share: f64| {
        let goal = metric.share_of(score, share);
        let mut reached = Vec::new();
        for trial in &chosen.trials {
            let mut seconds = 0.0;
            for line in trial.history.lines() {
                seconds += line.seconds;
                if line.split == Split::Validation && metric.merit(line.score.value) >= metric.merit(goal) {
                    reached.push((line.epoch as f64, seconds));
                    break;
                }
            }
        }
        Reach {
            share,
            goal: metric.score(goal),
            reached: reached.len(),
            of: chosen.trials.len(),
            epochs: median(reached.iter().map(|(epoch, _)| *epoch).collect()),
            seconds: median(reached.iter().map(|(_, seconds)| *seconds).collect()),
        }
    };
    SHARES.map(reach).to_vec()
}

/// The scores of a seed on the validation set, one an epoch.
struct Scores {
    of_epochs: Vec<f64>,
    /// True if its loss became infinite or NaN after them.
    diverged: bool,
}

fn scores(trial: &Finished) -> Scores {
    let lines = trial.history.lines().iter().filter(|line| line.split == Split::Validation);
    Scores {
        of_epochs: lines.map(|line| line.score.value).collect(),
        diverged: trial.summary.status == Status::Diverged,
    }
}

/// The score over the epochs. A seed that has stopped keeps its last one: a mean of those that still train would be one of
/// ever fewer. One that diverged has none to keep.
fn curve(seeds: &[Scores]) -> Vec<CurvePoint> {
    let longest = seeds.iter().map(|seed| seed.of_epochs.len()).max().unwrap_or(0);
    let at = |seed: &Scores, epoch: usize| match seed.of_epochs.get(epoch - 1) {
        None if seed.diverged => None,
        None => seed.of_epochs.last().copied(),
        score => score.copied(),
    };
    let point = |epoch: usize| {
        let values: Vec<f64> = seeds.iter().filter_map(|seed| at(seed, epoch)).collect();
        CurvePoint {
            epoch,
            mean: values.iter().sum::<f64>() / values.len() as f64,
            low: values.iter().copied().fold(f64::INFINITY, f64::min),
            high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            seeds: seeds.iter().filter(|seed| seed.of_epochs.len() >= epoch).count(),
        }
    };
    (1..=longest).map(point).collect()
}

fn confusion(chosen: &Chosen) -> Vec<Vec<usize>> {
    let mut sum: Vec<Vec<usize>> = Vec::new();
    for evaluation in chosen.trials.iter().filter_map(|trial| trial.evaluation.as_ref()) {
        if sum.is_empty() {
            sum = evaluation.confusion.clone();
            continue;
        }
        for (sums, counts) in sum.iter_mut().zip(&evaluation.confusion) {
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up::{mase, scored, variant};

    #[test]
    fn an_error_that_rises_again_has_collapsed() {
        let seed =
            |validation, last| SeedResult { validation, last, ..scored("lstm", &[0.8]).seeds.remove(0) };
        let naive = Reference { answer: "seasonal naive".into(), score: 1.0 };
        let collapsed = |seed: &SeedResult, trivial| has_collapsed(&mase(), seed, trivial);
        assert!(collapsed(&seed(0.8, 0.95), Some(&naive)));
        assert!(!collapsed(&seed(0.8, 0.82), Some(&naive)), "a little worse");
        assert!(!collapsed(&seed(0.8, 0.7), Some(&naive)), "better");
        assert!(!collapsed(&seed(0.8, 0.95), None), "nobody knows what nothing comes to");
        assert!(!collapsed(&seed(1.17, 1.3), Some(&naive)), "a harder validation set");
    }

    #[test]
    fn a_seed_that_stopped_keeps_its_last_score_and_one_that_diverged_ends() {
        let seed = |of_epochs: &[f64], diverged| Scores { of_epochs: of_epochs.to_vec(), diverged };
        let curve = curve(&[seed(&[0.5, 0.7, 0.9], false), seed(&[0.5, 0.5], false), seed(&[0.2], true)]);
        let close = |point: &CurvePoint, mean: f64| assert!((point.mean - mean).abs() < 1e-12, "{point:?}");
        close(&curve[0], 0.4);
        close(&curve[1], 0.6);
        close(&curve[2], 0.7);
        assert_eq!(curve.iter().map(|point| point.seeds).collect::<Vec<_>>(), [3, 2, 1]);
    }

    #[test]
    fn values_that_are_all_the_same_have_no_interval_unless_their_step_is_known() {
        let interval =
            |values, step| spread(values, step, None, &Metric::accuracy(None), 0.95).unwrap().interval;
        assert_eq!(interval(vec![0.9; 3], 0.0), None);
        assert!(interval(vec![0.9; 3], 0.01).is_some());
        assert!(interval(vec![0.9, 0.91], 0.0).is_some());
        let width = |share| {
            let values = vec![0.90, 0.91, 0.89, 0.90, 0.91];
            let [low, high] = spread(values, 0.0, share, &Metric::accuracy(None), 0.95)?.interval?;
            Some(high - low)
        };
        // √(1/5 + 1/2) for √(1/5).
        let wider = width(Some(1.0 / 3.0)).unwrap() / width(None).unwrap();
        assert!((wider - 3.5f64.sqrt()).abs() < 1e-9, "{wider}");
        assert_eq!(interval(vec![0.5, 1.0], 0.0), Some([0.0, 1.0]), "no share lies outside");
        assert!(spread(vec![1.5, 2.5], 0.0, None, &mase(), 0.95).unwrap().interval.unwrap()[1] > 2.5);
    }

    #[test]
    fn nothing_is_saved_against_a_baseline_without_a_cost() {
        let cost = |training| Cost {
            currency: "EUR".into(),
            training,
            trainings_a_year: 10.0 * training,
            predictions_a_year: 1.0,
            saved_a_year: None,
        };
        let mut variants =
            [variant("lstm", 1e-3), VariantSummary { cost: Some(cost(1.0)), ..variant("lstm3", 1e-3) }];
        note_savings(&mut variants);
        assert_eq!(variants[1].cost.as_ref().unwrap().saved_a_year, None);
        variants[0].cost = Some(cost(3.0));
        note_savings(&mut variants);
        assert_eq!(variants.map(|variant| variant.cost.unwrap().saved_a_year), [Some(0.0), Some(20.0)]);
    }
}
