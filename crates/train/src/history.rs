//! The metrics of each epoch, and what follows from them.

use serde::{Deserialize, Serialize};

/// The gain in accuracy over the last quarter of a run's epochs up to which it counts as converged.
const LITTLE: f64 = 0.005;

/// The data that metrics were taken on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// What is learned from.
    Train,
    /// What every choice is made on.
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

    pub(crate) fn push(&mut self, line: EpochMetrics) {
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

    /// How much the best accuracy on the validation set has gained in the last quarter of the epochs. None of a single
    /// epoch.
    pub fn late_gain(&self) -> Option<f64> {
        let epochs = self.last(Split::Validation)?.epoch;
        let best_until = |last: usize| {
            let accuracies = self.of(Split::Validation).filter(|line| line.epoch <= last);
            accuracies.map(|line| line.accuracy).reduce(f64::max)
        };
        Some(best_until(epochs)? - best_until(epochs - epochs.div_ceil(4))?)
    }

    /// Whether a run with these metrics has converged, which early stopping after `patience` epochs says, or a last
    /// quarter that gained little. One epoch tells nothing, and does not count as converged.
    pub fn has_converged(&self, patience: Option<usize>) -> bool {
        patience.is_some_and(|patience| self.epochs_since_best() >= patience)
            || self.late_gain().is_some_and(|gain| gain <= LITTLE)
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
            sequences_per_second: 1.0,
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
    fn a_run_has_converged_when_it_stopped_early_or_gained_little_lately() {
        let rising: Vec<(f64, f64)> = (1..=8).map(|epoch| (0.1 * epoch as f64, 0.5)).collect();
        let rising = history(&rising);
        assert!((rising.late_gain().unwrap() - 0.2).abs() < 1e-12);
        assert!(!rising.has_converged(None) && !rising.has_converged(Some(1)));
        let flat = history(&[(0.5, 0.5), (0.9, 0.5), (0.85, 0.5), (0.904, 0.5)]);
        assert!(flat.has_converged(None));
        let stopped = history(&[(0.5, 0.5), (0.6, 0.5), (0.9, 0.5), (0.8, 0.5)]);
        assert!(stopped.has_converged(Some(1)), "it stopped early");
        assert!(!history(&[(0.5, 0.5), (0.6, 0.5), (0.7, 0.5), (0.9, 0.5)]).has_converged(Some(1)));
        for short in [history(&[(0.9, 0.5)]), history(&[])] {
            assert!(short.late_gain().is_none() && !short.has_converged(None));
        }
    }

    #[test]
    fn patience_counts_from_the_best_epoch() {
        assert_eq!(history(&[(0.9, 0.5), (0.8, 0.5), (0.7, 0.5)]).epochs_since_best(), 2);
        assert_eq!(history(&[(0.1, 0.5), (0.8, 0.5)]).epochs_since_best(), 0);
        assert_eq!(history(&[]).epochs_since_best(), 0);
    }
}
