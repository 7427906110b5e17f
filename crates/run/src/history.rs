//! The metrics of each epoch, and what follows from them.

use serde::{Deserialize, Serialize};

/// The gains up to which a run counts as making no progress: in accuracy, and in nats of loss.
const LITTLE: f64 = 0.005;
const LITTLE_LOSS: f64 = 0.01;

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
    /// The mean cross-entropy, in nats. While training, of the weights as they changed.
    pub loss: f64,
    /// The share of sequences classified correctly, from 0 to 1.
    pub accuracy: f64,
    /// Seconds that the pass took.
    pub seconds: f64,
    /// Sequences a second.
    pub sequences_per_second: f64,
    /// The mean learning rate of the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
}

impl EpochMetrics {
    /// The standard error of the accuracy.
    fn standard_error(&self) -> f64 {
        // A line has no count of its own.
        let sequences = (self.seconds * self.sequences_per_second).round().max(1.0);
        (self.accuracy * (1.0 - self.accuracy) / sequences).sqrt()
    }
}

/// The last epoch whose value is above all before it by more than `least`; the first, which has none before it. Gains by
/// less add up until they are more.
fn last_gain(values: impl Iterator<Item = (usize, f64)>, least: f64) -> usize {
    let mut last = (0, f64::NEG_INFINITY);
    for (epoch, value) in values {
        if value > last.1 + least {
            last = (epoch, value);
        }
    }
    last.0
}

/// The metrics of all complete epochs, in order.
#[derive(Clone, Debug, Default)]
pub struct History {
    lines: Vec<EpochMetrics>,
}

impl History {
    /// From the lines of `metrics.jsonl`.
    pub fn new(lines: Vec<EpochMetrics>) -> History {
        History { lines }
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

    /// The epoch with the highest accuracy on the validation set; among equals the one with the lowest
    /// loss, then the earliest.
    pub fn best(&self) -> Option<&EpochMetrics> {
        let better = |a: &EpochMetrics, b: &EpochMetrics| {
            (a.accuracy, -a.loss).partial_cmp(&(b.accuracy, -b.loss)) == Some(std::cmp::Ordering::Greater)
        };
        self.of(Split::Validation).reduce(|best, line| if better(line, best) { line } else { best })
    }

    /// Complete epochs since the best one.
    pub fn epochs_since_best(&self) -> usize {
        let last = self.last(Split::Validation).map_or(0, |line| line.epoch);
        last - self.best().map_or(0, |line| line.epoch)
    }

    /// Complete epochs since the last that brought progress: a new best epoch, or a gain over all before it, by more than
    /// a little, in loss on the validation set or in accuracy on the training set.
    pub fn epochs_since_progress(&self) -> usize {
        let last = self.last(Split::Validation).map_or(0, |line| line.epoch);
        let best = self.best().map_or(0, |line| line.epoch);
        let losses = self.of(Split::Validation).map(|line| (line.epoch, -line.loss));
        let accuracies = self.of(Split::Train).map(|line| (line.epoch, line.accuracy));
        last - best.max(last_gain(losses, LITTLE_LOSS)).max(last_gain(accuracies, LITTLE))
    }

    /// True if a run with these metrics has converged: where early stopping has waited `patience` epochs for a new best, or
    /// over the last quarter of its epochs, neither accuracy nor loss on the validation set has gained more than a little,
    /// or than chance may with so few sequences. One epoch tells nothing, and does not count as converged.
    pub fn has_converged(&self, patience: Option<usize>) -> bool {
        let Some(last) = self.last(Split::Validation).map(|line| line.epoch) else { return false };
        let quarter = last - last.div_ceil(4);
        let patience = patience.filter(|&patience| self.epochs_since_best() >= patience);
        let stalled_since = |epoch: usize| epoch > 0 && !self.gains_after(epoch);
        stalled_since(quarter) || patience.is_some_and(|patience| stalled_since(last - patience))
    }

    /// True if the epochs after the given one gained over those up to it.
    fn gains_after(&self, epoch: usize) -> bool {
        let gain = |value: fn(&EpochMetrics) -> f64| {
            let best = |after: bool| {
                let lines = self.of(Split::Validation).filter(|line| (line.epoch > epoch) == after);
                lines.map(value).fold(f64::NEG_INFINITY, f64::max)
            };
            best(true) - best(false)
        };
        let chance = self.best().map_or(0.0, EpochMetrics::standard_error);
        gain(|line| line.accuracy) > LITTLE.max(chance) || gain(|line| -line.loss) > LITTLE_LOSS
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
        let line = |(index, &(accuracy, loss)): (usize, &(f64, f64))| EpochMetrics {
            epoch: index + 1,
            split: Split::Validation,
            loss,
            accuracy,
            seconds: 1.0,
            sequences_per_second: 1e6,
            learning_rate: None,
        };
        History::new(validation.iter().enumerate().map(line).collect())
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
            accuracy: [0.5, 0.6, 0.7, 0.702][line.epoch - 1],
            ..line.clone()
        };
        learning.lines.extend(
            flat.iter().enumerate().map(|(index, _)| of_training(&learning.lines[index])).collect::<Vec<_>>(),
        );
        assert_eq!(learning.epochs_since_progress(), 1);
        assert_eq!(history(&[]).epochs_since_progress(), 0);
    }

    #[test]
    fn patience_counts_from_the_best_epoch() {
        assert_eq!(history(&[(0.9, 0.5), (0.8, 0.5), (0.7, 0.5)]).epochs_since_best(), 2);
        assert_eq!(history(&[(0.1, 0.5), (0.8, 0.5)]).epochs_since_best(), 0);
        assert_eq!(history(&[]).epochs_since_best(), 0);
    }
}
