//! One variant on one task.

use slimgate_run::{Evaluation, History, Reference, RunFolder, Split, Status, recurrent_parameters};

use super::{median, states};
use crate::folder::Records;
use crate::plan::Group;
use crate::summary::resolution;
use crate::trial::{Settings, Trial, number};
use crate::{
    Cost, CurvePoint, Prices, RatePoint, Reach, SeedResult, Spread, State, StudyConfig, StudyError,
    StudyFolder, Timing, UsableRates, VariantSummary,
};
use slimgate_statistics::{AgainstTrivial, interval_of_mean, mean_and_sd, p_above_trivial, usable_range};

/// The key whose curve a study always draws.
pub(crate) const RATE: &str = "optim.learning_rate";

/// Shares of the baseline's accuracy whose time is told.
const SHARES: [f64; 2] = [0.95, 0.99];

/// A trial whose last epoch is worse than its best by more than this share may have collapsed.
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
    timing: Option<Timing>,
}

impl Chosen {
    pub fn read(folder: &StudyFolder, group: &Group, records: &mut Records) -> Result<Chosen, StudyError> {
        let mut chosen = Chosen { settings: Settings::new(), trials: Vec::new(), share: 1.0 };
        let Some(candidate) = &group.chosen else { return Ok(chosen) };
        chosen.settings = candidate.settings.clone();
        for trial in &candidate.trials {
            let Some(summary) = records.get(&trial.id).ended().cloned() else { continue };
            let run = RunFolder::open(&folder.run(&trial.id))?;
            // What it says of the machine is left out where it is damaged: the trial's results do not hang on it.
            let environment = run.environment().unwrap_or_default();
            let number = |key: &str| environment.get(key).and_then(serde_json::Value::as_f64);
            if let (Some(threads), Some(cores)) = (number("threads"), number("cores")) {
                chosen.share = (threads / cores).min(1.0);
            }
            chosen.trials.push(Finished {
                trial: trial.clone(),
                history: run.history(summary.epochs)?,
                summary,
                evaluation: run.evaluation()?,
                timing: run.timing()?,
            });
        }
        Ok(chosen)
    }

    pub fn evaluation(&self) -> Option<&Evaluation> {
        self.trials.iter().find_map(|trial| trial.evaluation.as_ref())
    }

    fn timing(&self) -> Option<Timing> {
        self.trials.iter().find_map(|trial| trial.timing)
    }

    /// The mean of the best accuracies on the validation set.
    fn accuracy(&self) -> Option<f64> {
        let best: Vec<f64> = self.trials.iter().map(|trial| best(&trial.summary)).collect();
        (!best.is_empty()).then(|| best.iter().sum::<f64>() / best.len() as f64)
    }
}

/// The best accuracy on the validation set; 0 of a trial that diverged in its first epoch.
fn best(summary: &slimgate_run::RunSummary) -> f64 {
    summary.best.as_ref().map_or(0.0, |best| best.score.value)
}

pub(super) fn variant(
    config: &StudyConfig,
    group: &Group,
    chosen: &Chosen,
    baseline: &Chosen,
    trivial: Option<&Reference>,
    records: &mut Records,
) -> Result<VariantSummary, StudyError> {
    let example = match &group.chosen {
        Some(candidate) => &candidate.trials[0].config,
        None => &group.candidates[0].trials[0].config,
    };
    let margin = config.compare.margin / 100.0;
    let confidence = config.compare.confidence;
    let tested = chosen.evaluation().map_or(0, |evaluation| evaluation.sequences);
    let spread = |values: Vec<f64>, sequences| spread(values, resolution(sequences), confidence);
    let seeds: Vec<SeedResult> = chosen.trials.iter().map(seed_result).collect();
    // One that diverged in its first epoch has no score.
    let trained = || seeds.iter().filter(|seed| seed.epoch > 0);
    let rates = rates(group, records);
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
            None => recurrent_parameters(example)?,
        },
        all_parameters: parameters.map(|parameters| parameters.total),
        states: states(group, records),
        chosen: chosen.settings.clone(),
        test: spread(seeds.iter().filter_map(|seed| seed.test).collect(), tested),
        // Of how many sequences these are, is not known here.
        validation: spread(trained().map(|seed| seed.validation).collect(), 0),
        last: spread(trained().map(|seed| seed.last).collect(), 0),
        p_above_trivial: trivial.and_then(|trivial| above_trivial(chosen, trivial)),
        collapsed: seeds.iter().filter(|seed| has_collapsed(seed, trivial)).count(),
        still_improving: chosen.trials.iter().filter(|trial| is_still_improving(trial)).count(),
        diverged: chosen.trials.iter().filter(|trial| trial.summary.status == Status::Diverged).count(),
        planned_seeds: group
            .chosen
            .as_ref()
            .map_or_else(|| config.comparison_seeds().len(), |candidate| candidate.trials.len()),
        seeds,
        seconds_per_epoch: median(chosen.trials.iter().filter_map(epoch_seconds).collect()),
        peak_memory_bytes: peak_memory(chosen),
        reaches: reaches(chosen, baseline),
        timing: chosen.timing(),
        curve: curve(&chosen.trials.iter().map(accuracies).collect::<Vec<_>>()),
        // Single draws of a search differ in more than the rate.
        usable: (config.search.is_none() && is_complete(group, records))
            .then(|| usable(&rates, margin))
            .flatten(),
        rates,
        confusion: confusion(chosen),
        cost: config.cost.as_ref().and_then(|prices| cost(prices, chosen)),
    })
}

/// The p value of "no better than the trivial predictor".
fn above_trivial(chosen: &Chosen, trivial: &Reference) -> Option<f64> {
    let evaluations: Vec<&Evaluation> =
        chosen.trials.iter().filter_map(|trial| trial.evaluation.as_ref()).collect();
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
    p_above_trivial(AgainstTrivial {
        scores: &scores,
        trivial: trivial.score,
        discordant: [mean(&right_of_others), mean(&wrong_of_class)],
        sequences: first.sequences,
    })
}

/// True if a seed's last epoch is far below its best, and has lost most of what that had learned.
fn has_collapsed(seed: &SeedResult, trivial: Option<&Reference>) -> bool {
    let learned = |accuracy: f64| accuracy - trivial.map_or(0.0, |trivial| trivial.score);
    seed.validation - seed.last > COLLAPSE && learned(seed.last) < learned(seed.validation) / 2.0
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
        validation: best(&trial.summary),
        last: trial.summary.last.as_ref().map_or(0.0, |last| last.score.value),
        test: trial.evaluation.as_ref().map(|evaluation| evaluation.score.value),
    }
}

/// A mean with its interval.
fn spread(values: Vec<f64>, resolution: f64, confidence: f64) -> Option<Spread> {
    if values.is_empty() {
        return None;
    }
    let interval = interval_of_mean(&values, resolution, confidence);
    let (mean, deviation) = mean_and_sd(&values);
    Some(Spread {
        mean,
        deviation: (values.len() > 1).then_some(deviation),
        // Of values that are all the same and have no known step, it would have no width.
        interval: interval
            .filter(|interval| interval.low < interval.high)
            .map(|interval| [interval.low.max(0.0), interval.high.min(1.0)]),
        values,
    })
}

/// The median seconds of a trial's training passes.
fn epoch_seconds(trial: &Finished) -> Option<f64> {
    let training = trial.history.lines().iter().filter(|line| line.split == Split::Train);
    median(training.map(|line| line.seconds).collect())
}

fn reaches(chosen: &Chosen, baseline: &Chosen) -> Vec<Reach> {
    let Some(accuracy) = baseline.accuracy() else { return Vec::new() };
    let reach = |share: f64| {
        let goal = share * accuracy;
        let mut reached = Vec::new();
        for trial in &chosen.trials {
            let mut seconds = 0.0;
            for line in trial.history.lines() {
                seconds += line.seconds;
                if line.split == Split::Validation && line.score.value >= goal {
                    reached.push((line.epoch as f64, seconds));
                    break;
                }
            }
        }
        Reach {
            share,
            accuracy: goal,
            reached: reached.len(),
            of: chosen.trials.len(),
            epochs: median(reached.iter().map(|(epoch, _)| *epoch).collect()),
            seconds: median(reached.iter().map(|(_, seconds)| *seconds).collect()),
        }
    };
    SHARES.map(reach).to_vec()
}

/// The accuracies of a seed on the validation set, one an epoch.
struct Accuracies {
    of_epochs: Vec<f64>,
    /// True if its loss became infinite or NaN after them.
    diverged: bool,
}

fn accuracies(trial: &Finished) -> Accuracies {
    let lines = trial.history.lines().iter().filter(|line| line.split == Split::Validation);
    Accuracies {
        of_epochs: lines.map(|line| line.score.value).collect(),
        diverged: trial.summary.status == Status::Diverged,
    }
}

/// Accuracy over the epochs. A seed that has stopped keeps its last accuracy: a mean of those that still train would be
/// one of ever fewer. One that diverged has none to keep.
fn curve(seeds: &[Accuracies]) -> Vec<CurvePoint> {
    let longest = seeds.iter().map(|seed| seed.of_epochs.len()).max().unwrap_or(0);
    let at = |seed: &Accuracies, epoch: usize| match seed.of_epochs.get(epoch - 1) {
        None if seed.diverged => None,
        None => seed.of_epochs.last().copied(),
        accuracy => accuracy.copied(),
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

/// Accuracy over learning rates, each at the best of the other settings.
fn rates(group: &Group, records: &mut Records) -> Vec<RatePoint> {
    let mut rates: Vec<RatePoint> = Vec::new();
    for candidate in &group.candidates {
        let Some(rate) = candidate.settings.get(RATE).and_then(number) else { continue };
        let (mut values, mut diverged) = (Vec::new(), 0);
        for trial in candidate.trials.iter().filter(|trial| !group.pruned.contains_key(&trial.id)) {
            let record = records.get(&trial.id);
            if let Some(summary) = record.ended() {
                values.push(best(summary));
                diverged += usize::from(record.state == State::Diverged);
            }
        }
        if values.is_empty() {
            continue;
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let point = RatePoint { rate, mean, values, diverged };
        match rates.iter_mut().find(|known| known.rate == rate) {
            Some(known) if known.mean >= mean => (),
            Some(known) => *known = point,
            None => rates.push(point),
        }
    }
    rates.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    rates
}

/// True if every trial that settings were to be chosen from is at its end: of a rate whose trials are not, it is not
/// known whether it is usable.
fn is_complete(group: &Group, records: &mut Records) -> bool {
    let mut trials = group.candidates.iter().flat_map(|candidate| &candidate.trials);
    group.chosen.is_some() && trials.all(|trial| records.get(&trial.id).state.is_final())
}

/// The usable rates. One at which a trial diverged is not usable, however well it did before.
fn usable(rates: &[RatePoint], margin: f64) -> Option<UsableRates> {
    if rates.len() < 2 || rates.iter().all(|point| point.diverged > 0) {
        return None;
    }
    let range_of = |score: fn(&RatePoint) -> f64| {
        let points: Vec<(f64, f64)> = rates.iter().map(|point| (point.rate, score(point))).collect();
        usable_range(&points, margin)
    };
    // Less than any accuracy by more than any margin.
    let range = range_of(|point| if point.diverged > 0 { -1.0 } else { point.mean })?;
    let regrets = range_of(|point| point.mean)?;
    Some(UsableRates {
        low: range.low,
        high: range.high,
        decades: range.decades,
        open_below: range.open_below,
        open_above: range.open_above,
        mean_regret: regrets.mean_regret,
        max_regret_nearby: regrets.max_regret_nearby,
    })
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
    use crate::made_up::variant;

    #[test]
    fn a_rate_at_which_a_trial_diverged_ends_the_range() {
        let usable = |diverged: Option<usize>| {
            let point = |(index, rate): (usize, f64)| RatePoint {
                rate,
                mean: 0.9,
                values: vec![0.9],
                diverged: usize::from(diverged == Some(index)),
            };
            usable(&[1e-4, 1e-3, 1e-2].into_iter().enumerate().map(point).collect::<Vec<_>>(), 0.01).unwrap()
        };
        let all = usable(None);
        assert!(all.open_below && all.open_above);
        let end = usable(Some(2));
        assert!(end.open_below && !end.open_above && end.high < 1.1e-3, "{end:?}");
        // Between two usable ones, it is not bridged.
        let middle = usable(Some(1));
        assert!(middle.open_below && middle.high < 1.1e-4, "{middle:?}");
        assert_eq!(middle.mean_regret, all.mean_regret);
        let diverged = RatePoint { rate: 1e-3, mean: 0.9, values: vec![0.9], diverged: 1 };
        assert!(super::usable(&[diverged.clone(), RatePoint { rate: 1e-2, ..diverged }], 0.01).is_none());
    }

    #[test]
    fn a_seed_that_stopped_keeps_its_last_accuracy_and_one_that_diverged_ends() {
        let seed = |of_epochs: &[f64], diverged| Accuracies { of_epochs: of_epochs.to_vec(), diverged };
        let curve = curve(&[seed(&[0.5, 0.7, 0.9], false), seed(&[0.5, 0.5], false), seed(&[0.2], true)]);
        let close = |point: &CurvePoint, mean: f64| assert!((point.mean - mean).abs() < 1e-12, "{point:?}");
        close(&curve[0], 0.4);
        close(&curve[1], 0.6);
        close(&curve[2], 0.7);
        assert_eq!(curve.iter().map(|point| point.seeds).collect::<Vec<_>>(), [3, 2, 1]);
    }

    #[test]
    fn values_that_are_all_the_same_have_no_interval_unless_their_step_is_known() {
        assert_eq!(spread(vec![0.9; 3], 0.0, 0.95).unwrap().interval, None);
        assert!(spread(vec![0.9; 3], 0.01, 0.95).unwrap().interval.is_some());
        assert!(spread(vec![0.9, 0.91], 0.0, 0.95).unwrap().interval.is_some());
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
