//! The metrics of each epoch, and what follows from them.

use serde::{Deserialize, Serialize};

use crate::metric::{Metric, Score, Threshold, Unit};

/// The gains up to which a run counts as making no progress: in a share and in nats of its loss, or as a part of what
/// any other score and its loss were.
const LITTLE: f64 = 0.005;
const LITTLE_LOSS: f64 = 0.01;

/// The part of all that a loss has fallen by that it must fall by in the last quarter of the epochs to be still falling.
const STILL_FALLING: f64 = 0.1;

/// The data that metrics were taken on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// The sequences that are learned from.
    Train,
    /// The sequences that every choice is made on.
    Validation,
}

/// One epoch on one split: a line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// From 1.
    pub epoch: usize,
    /// On which data.
    pub split: Split,
    /// The mean loss: for classes, the cross-entropy in nats. While training, of the weights as they changed.
    pub loss: f64,
    /// The metric that choices are made by.
    #[serde(flatten)]
    pub score: Score,
    /// Seconds that the pass took.
    pub seconds: f64,
    /// Sequences a second.
    pub sequences_per_second: f64,
    /// The mean learning rate of the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// On the validation set, the threshold that is chosen by it, where a class is an alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Threshold>,
}

/// The last epoch whose value is a gain over all before it by more than is little; the first, which has none before it.
/// Smaller gains add up until they are more.
fn last_gain(
    values: impl Iterator<Item = (usize, f64)>,
    gain: impl Fn(f64, f64) -> f64,
    little: impl Fn(f64) -> f64,
) -> usize {
    let mut last: Option<(usize, f64)> = None;
    for (epoch, value) in values {
        if last.is_none_or(|(_, before)| gain(before, value) > little(before)) {
            last = Some((epoch, value));
        }
    }
    last.map_or(0, |(epoch, _)| epoch)
}

/// The metrics of all complete epochs, in order.
#[derive(Clone, Debug)]
pub struct History {
    metric: Metric,
    lines: Vec<EpochMetrics>,
}

impl History {
    /// From the lines of `metrics.jsonl`, whose scores are values of `metric`.
    pub fn new(metric: Metric, lines: Vec<EpochMetrics>) -> History {
        History { metric, lines }
    }

    /// The metric that choices are made by.
    pub fn metric(&self) -> &Metric {
        &self.metric
    }

    /// Every line.
    pub fn lines(&self) -> &[EpochMetrics] {
        &self.lines
    }

    /// The epochs up to and with the given one.
    pub fn up_to(mut self, epoch: usize) -> History {
        self.lines.retain(|line| line.epoch <= epoch);
        self
    }

    /// The first line, counted from 1, where this is not a line of training and one of validation for each of
    /// the epochs up to and with the given one, in order.
    pub(crate) fn wrong_line(&self, last: usize) -> Option<usize> {
        let of_epoch = |epoch| [(epoch, Split::Train), (epoch, Split::Validation)];
        let wanted: Vec<_> = (1..=last).flat_map(of_epoch).collect();
        let found: Vec<_> = self.lines.iter().map(|line| (line.epoch, line.split)).collect();
        let mut lines = 0..wanted.len().max(found.len());
        lines.find(|&line| wanted.get(line) != found.get(line)).map(|line| line + 1)
    }

    /// Adds the next line.
    pub fn push(&mut self, line: EpochMetrics) {
        self.lines.push(line);
    }

    /// The last epoch on a split.
    pub fn last(&self, split: Split) -> Option<&EpochMetrics> {
        self.of(split).last()
    }

    /// The threshold that was chosen after an epoch; none where no class is an alarm.
    pub fn threshold(&self, epoch: usize) -> Option<Threshold> {
        self.of(Split::Validation).find(|line| line.epoch == epoch)?.threshold
    }

    /// The epoch with the best score on the validation set; among equals the one with the lowest loss, then the
    /// earliest.
    pub fn best(&self) -> Option<&EpochMetrics> {
        let better = |a: &EpochMetrics, b: &EpochMetrics| {
            let (score, other) = (a.score.value, b.score.value);
            self.metric.direction.prefers(score, other) || (score == other && a.loss < b.loss)
        };
        self.of(Split::Validation).reduce(|best, line| if better(line, best) { line } else { best })
    }

    /// Complete epochs since the best one.
    pub fn epochs_since_best(&self) -> usize {
        let last = self.last(Split::Validation).map_or(0, |line| line.epoch);
        last - self.best().map_or(0, |line| line.epoch)
    }

    /// Complete epochs since the last that brought progress: a new best epoch, or a gain over all before it, by more than
    /// a little, in loss on the validation set or in score on the training set.
    pub fn epochs_since_progress(&self) -> usize {
        let last = self.last(Split::Validation).map_or(0, |line| line.epoch);
        let best = self.best().map_or(0, |line| line.epoch);
        let losses = self.of(Split::Validation).map(|line| (line.epoch, line.loss));
        let scores = self.of(Split::Train).map(|line| (line.epoch, line.score.value));
        let in_loss = last_gain(losses, |from, to| from - to, |loss| self.little(LITTLE_LOSS, loss));
        let in_score =
            last_gain(scores, |from, to| self.metric.gain(from, to), |score| self.little(LITTLE, score));
        last - best.max(in_loss).max(in_score)
    }

    /// True if a run with these metrics has converged: where early stopping has waited `patience` epochs for a new best, or
    /// over the last quarter of its epochs, neither score nor loss on the validation set has gained more than a little,
    /// or than chance may with so few sequences. A loss that still falls steadily has not converged, however small its
    /// steps: few batches or a low rate make any step small. One epoch tells nothing, and does not count as converged.
    pub fn has_converged(&self, patience: Option<usize>) -> bool {
        let Some(last) = self.last(Split::Validation).map(|line| line.epoch) else { return false };
        if self.loss_falls_steadily() {
            return false;
        }
        let quarter = last - last.div_ceil(4);
        let patience = patience.filter(|&patience| self.epochs_since_best() >= patience);
        let stalled_since = |epoch: usize| epoch > 0 && !self.gains_after(epoch);
        stalled_since(quarter) || patience.is_some_and(|patience| stalled_since(last - patience))
    }

    /// True if the loss on the validation set fell in four of five pairs of the later half of the epochs, and in the last
    /// quarter by no small part of all that it has fallen.
    fn loss_falls_steadily(&self) -> bool {
        let losses: Vec<f64> = self.of(Split::Validation).map(|line| line.loss).collect();
        let epochs = losses.len();
        if epochs < 2 {
            return false;
        }
        let later = &losses[(epochs / 2).min(epochs.saturating_sub(3))..];
        let pairs =
            || (1..later.len()).flat_map(|at| later[..at].iter().map(move |before| (before, &later[at])));
        let falling = pairs().filter(|(before, after)| after < before).count();
        let least = |losses: &[f64]| losses.iter().copied().fold(f64::INFINITY, f64::min);
        let (before, last_quarter) = losses.split_at(epochs - epochs.div_ceil(4));
        let fallen = losses[0] - least(&losses);
        5 * falling >= 4 * pairs().count() && least(before) - least(last_quarter) > STILL_FALLING * fallen
    }

    /// True if the epochs after the given one gained over those up to it.
    fn gains_after(&self, epoch: usize) -> bool {
        let best = |later: bool| {
            let lines = || self.of(Split::Validation).filter(|line| (line.epoch > epoch) == later);
            let better = |a, b| if self.metric.direction.prefers(b, a) { b } else { a };
            let score = lines().map(|line| line.score.value).reduce(better)?;
            Some((score, lines().map(|line| line.loss).reduce(f64::min)?))
        };
        let (Some((score, loss)), Some((later_score, later_loss))) = (best(false), best(true)) else {
            return false;
        };
        let chance = self.best().map_or(0.0, |best| self.standard_error(best));
        self.metric.gain(score, later_score) > self.little(LITTLE, score).max(chance)
            || loss - later_loss > self.little(LITTLE_LOSS, loss)
    }

    /// The gain that counts as little over a value, of which `part` is little where it is no share.
    fn little(&self, part: f64, value: f64) -> f64 {
        match self.metric.unit {
            Unit::Share => part,
            Unit::Target | Unit::Ratio => part * value.abs(),
        }
    }

    /// The standard error of a score that is a share; 0 for any other, of which it is not known.
    fn standard_error(&self, line: &EpochMetrics) -> f64 {
        // A line has no count of its own.
        let sequences = (line.seconds * line.sequences_per_second).round().max(1.0);
        match self.metric.unit {
            Unit::Share => (line.score.value * (1.0 - line.score.value) / sequences).sqrt(),
            Unit::Target | Unit::Ratio => 0.0,
        }
    }

    /// Seconds of all passes.
    pub fn seconds(&self) -> f64 {
        self.lines.iter().fold(0.0, |sum, line| sum + line.seconds)
    }

    fn of(&self, split: Split) -> impl Iterator<Item = &EpochMetrics> {
        self.lines.iter().filter(move |line| line.split == split)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(validation: &[(f64, f64)]) -> History {
        let accuracy = Metric::accuracy(None);
        let line = |(index, &(value, loss)): (usize, &(f64, f64))| EpochMetrics {
            epoch: index + 1,
            split: Split::Validation,
            loss,
            score: accuracy.score(value),
            seconds: 1.0,
            sequences_per_second: 1e6,
            learning_rate: None,
            threshold: None,
        };
        let lines = validation.iter().enumerate().map(line).collect();
        History::new(accuracy, lines)
    }

    #[test]
    fn a_threshold_is_that_of_its_epoch_and_written_where_there_is_one() {
        let mut known = history(&[(0.5, 1.0), (0.6, 1.0)]);
        known.lines[1].threshold = Some(Threshold::NEVER);
        assert_eq!([1, 2, 3].map(|epoch| known.threshold(epoch)), [None, Some(Threshold::NEVER), None]);
        let text = serde_json::to_string(&known.lines[1]).unwrap();
        assert!(text.contains(r#""threshold":"never""#) && text.contains(r#""accuracy":0.6"#), "{text}");
        assert_eq!(serde_json::from_str::<EpochMetrics>(&text).unwrap(), known.lines[1]);
        assert!(!serde_json::to_string(&known.lines[0]).unwrap().contains("threshold"));
    }

    #[test]
    fn the_best_epoch_is_the_most_accurate_then_the_surest_then_the_first() {
        assert_eq!(history(&[(0.5, 1.0), (0.9, 0.5), (0.8, 0.1)]).best().unwrap().epoch, 2);
        assert_eq!(history(&[(0.9, 0.5), (0.9, 0.4)]).best().unwrap().epoch, 2);
        assert_eq!(history(&[(0.9, 0.5), (0.9, 0.5)]).best().unwrap().epoch, 1);
        assert!(history(&[]).best().is_none());
    }

    #[test]
    fn a_run_has_converged_when_neither_accuracy_nor_loss_gained_lately() {
        let rising: Vec<(f64, f64)> = (1..=8).map(|epoch| (0.1 * epoch as f64, 0.5)).collect();
        let rising = history(&rising);
        assert!(!rising.has_converged(None) && !rising.has_converged(Some(1)));
        let flat = history(&[(0.5, 0.5), (0.9, 0.5), (0.85, 0.5), (0.904, 0.5)]);
        assert!(flat.has_converged(None));
        let stopped = history(&[(0.5, 0.5), (0.6, 0.5), (0.9, 0.5), (0.8, 0.5)]);
        assert!(stopped.has_converged(Some(1)), "it stopped early");
        assert!(!history(&[(0.5, 0.5), (0.6, 0.5), (0.7, 0.5), (0.9, 0.5)]).has_converged(Some(1)));
        let at_chance = history(&[(0.5, 0.69), (0.5, 0.66), (0.5, 0.63), (0.5, 0.6)]);
        assert!(!at_chance.has_converged(None), "the loss falls");
        assert!(!at_chance.has_converged(Some(2)), "it was stopped while the loss fell");
        for short in [history(&[(0.9, 0.5)]), history(&[])] {
            assert!(!short.has_converged(None) && !short.has_converged(Some(1)));
        }
    }

    /// A low rate, or few batches an epoch.
    #[test]
    fn a_loss_that_falls_in_small_steps_has_not_converged() {
        let falling = |epochs: usize, step: f64| {
            let line = |epoch| (0.5, 0.7 - step * epoch as f64 + 0.0002 * f64::from(epoch % 2));
            history(&(0..epochs as i32).map(line).collect::<Vec<_>>())
        };
        for epochs in [2, 3, 4, 12, 40] {
            assert!(!falling(epochs, 0.003).has_converged(None), "{epochs}");
            assert!(!falling(epochs, 0.003).has_converged(Some(1)), "{epochs}");
        }
        // It has fallen before, and what it still falls by is next to nothing.
        let slow = |epoch: i32| (0.9, 0.05 + 0.6 * (-0.5 * f64::from(epoch)).exp());
        assert!(history(&(0..24).map(slow).collect::<Vec<_>>()).has_converged(None));
        let noise = [0.7, 0.69, 0.695, 0.693, 0.692, 0.694, 0.691, 0.693].map(|loss| (0.5, loss));
        assert!(history(&noise).has_converged(None));
    }

    #[test]
    fn a_gain_that_chance_gives_on_few_sequences_is_none() {
        let [noise, sure] = [40.0, 40_000.0].map(|sequences| {
            let mut noise = history(&[(0.4, 0.69), (0.4, 0.7), (0.4, 0.71), (0.45, 0.72)]);
            noise.lines.iter_mut().for_each(|line| line.sequences_per_second = sequences);
            noise
        });
        assert!(noise.has_converged(None) && !sure.has_converged(None));
    }

    #[test]
    fn falling_loss_and_rising_accuracy_on_the_training_set_are_progress() {
        let flat = [(0.7, 0.69), (0.5, 0.7), (0.5, 0.7), (0.5, 0.7)];
        assert_eq!(history(&flat).epochs_since_progress(), 3);
        assert_eq!(history(&[(0.7, 0.69), (0.5, 0.66), (0.5, 0.67), (0.5, 0.67)]).epochs_since_progress(), 2);
        // Slow progress is progress.
        assert_eq!(
            history(&[(0.7, 0.69), (0.5, 0.685), (0.5, 0.679), (0.5, 0.7)]).epochs_since_progress(),
            1
        );
        let mut learning = history(&flat);
        let of_training = |line: &EpochMetrics| EpochMetrics {
            split: Split::Train,
            score: Metric::accuracy(None).score([0.5, 0.6, 0.7, 0.702][line.epoch - 1]),
            ..line.clone()
        };
        learning.lines.extend(
            flat.iter().enumerate().map(|(index, _)| of_training(&learning.lines[index])).collect::<Vec<_>>(),
        );
        assert_eq!(learning.epochs_since_progress(), 1);
        assert_eq!(history(&[]).epochs_since_progress(), 0);
    }

    /// Whatever the size of an error, half a percent of it is little.
    #[test]
    fn an_error_is_to_fall_by_more_than_a_part_of_it() {
        for size in [1e-6, 1.0, 1e6] {
            let of = |errors: &[f64]| {
                let lines: Vec<(f64, f64)> = errors.iter().map(|error| (error * size, size)).collect();
                History { metric: crate::metric::regression()[0].clone(), ..history(&lines) }
            };
            let falling = of(&[4.0, 3.0, 2.0, 1.0]);
            assert_eq!((falling.best().unwrap().epoch, falling.epochs_since_best()), (4, 0));
            assert!(!falling.has_converged(None));
            let flat = of(&[4.0, 1.0, 1.5, 0.998]);
            assert!(flat.has_converged(None), "{size}");
            assert_eq!(of(&[1.0, 2.0, 3.0]).best().unwrap().epoch, 1);
        }
    }

    #[test]
    fn patience_counts_from_the_best_epoch() {
        assert_eq!(history(&[(0.9, 0.5), (0.8, 0.5), (0.7, 0.5)]).epochs_since_best(), 2);
        assert_eq!(history(&[(0.1, 0.5), (0.8, 0.5)]).epochs_since_best(), 0);
        assert_eq!(history(&[]).epochs_since_best(), 0);
    }
}
