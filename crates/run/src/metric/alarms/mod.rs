//! Answers that are an alarm or none: one class against all others, by its probability and a threshold.

mod ranking;
mod threshold;

use serde::{Deserialize, Serialize};

use super::catalogue::{error, share};
use super::{Direction, Unit};
use super::{Metric, parts};

pub use ranking::Ranking;
pub use threshold::Threshold;

const AVERAGE_PRECISION: &str = "average precision";
const MISSED: &str = "missed alarms";
const FALSE: &str = "false alarms";
const COST: &str = "cost";

/// The rule by which the threshold is chosen on the validation set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmRule {
    /// The lowest cost.
    Costs {
        /// Of an alarm that is missed.
        miss: f64,
        /// Of a false one.
        false_alarm: f64,
    },
    /// The most that is found with at most this share of false alarms among the answers that should be none.
    FalseAlarmRate(f64),
}

/// The metrics of alarms under a rule, as [`AlarmScores::values`] has them: average precision, missed and false alarms,
/// and the mean cost of an answer where costs are known.
pub fn alarms(rule: AlarmRule) -> Vec<Metric> {
    let mut metrics = vec![Metric::average_precision(), Metric::missed_alarms(), Metric::false_alarms()];
    if matches!(rule, AlarmRule::Costs { .. }) {
        metrics.push(Metric::alarm_cost());
    }
    metrics
}

impl Metric {
    /// The average precision; see [`Ranking::average_precision`].
    pub fn average_precision() -> Metric {
        share(AVERAGE_PRECISION, None)
    }

    /// The share of the answers that should be an alarm and are none.
    pub fn missed_alarms() -> Metric {
        Metric { direction: Direction::Lower, ..share(MISSED, None) }
    }

    /// The share of the answers that should be none and are an alarm.
    pub fn false_alarms() -> Metric {
        Metric { direction: Direction::Lower, ..share(FALSE, None) }
    }

    /// The mean cost of an answer, in the unit of the costs.
    pub fn alarm_cost() -> Metric {
        error(COST, Unit::Ratio)
    }

    /// True of a metric of [`alarms`].
    pub fn is_of_alarms(&self) -> bool {
        [AVERAGE_PRECISION, MISSED, FALSE, COST].contains(&self.name.as_str())
    }

    /// True of one that shares of missed and of false alarms make perfect without anything learned: one of them at the
    /// expense of the other. At a wanted rate of false alarms those that are missed are a choice.
    pub(super) fn hides_the_other_error(&self, rule: AlarmRule) -> bool {
        self.name == FALSE || self.name == MISSED && matches!(rule, AlarmRule::Costs { .. })
    }
}

/// The score of an answer: the probability of the alarm class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// Its score.
    pub score: f32,
    /// True if it should be an alarm.
    pub is_alarm: bool,
}

/// The scores of answers, in any order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlarmScores(Vec<Scored>);

/// The counts of answers at a threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmCounts {
    /// Those that should be an alarm.
    pub alarms: u64,
    /// Those of them that are none.
    pub missed: u64,
    /// Those that should be none.
    pub others: u64,
    /// Those of them that are one.
    pub false_alarms: u64,
}

impl AlarmScores {
    /// Of these answers.
    pub fn new(scored: Vec<Scored>) -> AlarmScores {
        AlarmScores(scored)
    }

    /// Adds an answer.
    pub fn add(&mut self, scored: Scored) {
        self.0.push(scored);
    }

    /// Adds those of others.
    pub fn merge(&mut self, other: &AlarmScores) {
        self.0.extend_from_slice(&other.0);
    }

    /// The number of answers.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The answers by their scores.
    pub fn ranking(&self) -> Ranking {
        Ranking::new(&self.0)
    }

    /// The counts at a threshold.
    pub fn counts(&self, threshold: Threshold) -> AlarmCounts {
        let mut counts = AlarmCounts::default();
        for answer in &self.0 {
            let raised = threshold.raises(answer.score);
            let (all, wrong) = match answer.is_alarm {
                true => (&mut counts.alarms, &mut counts.missed),
                false => (&mut counts.others, &mut counts.false_alarms),
            };
            *all += 1;
            *wrong += u64::from(raised != answer.is_alarm);
        }
        counts
    }

    /// The values of the metrics of [`alarms`], in its order, at a threshold; without one, at that which the rule chooses on
    /// these answers themselves.
    pub fn values(&self, rule: AlarmRule, threshold: Option<Threshold>) -> Vec<Option<f64>> {
        let ranking = self.ranking();
        let counts = threshold.or_else(|| ranking.threshold(rule)).map(|threshold| self.counts(threshold));
        let ratio = |metric: &Metric| {
            let [above, below] = counts?.ratio(metric, rule)?;
            (below > 0.0).then(|| above / below)
        };
        let value = |metric: &Metric| match metric.name == AVERAGE_PRECISION {
            true => ranking.average_precision(),
            false => ratio(metric),
        };
        alarms(rule).iter().map(value).collect()
    }

    /// The part of each of the items, whose answers together are these, in a metric of [`alarms`] at a threshold; see
    /// [`Tally::parts`](super::Tally::parts). None where it has no value.
    pub fn parts<'a>(
        &self,
        metric: &Metric,
        (rule, threshold): (AlarmRule, Option<Threshold>),
        items: impl ExactSizeIterator<Item = &'a AlarmScores>,
    ) -> Option<Vec<f64>> {
        if metric.name == AVERAGE_PRECISION {
            return self.ranking().parts(items.map(|item| &item.0[..]));
        }
        let threshold = threshold.or_else(|| self.ranking().threshold(rule))?;
        let totals = self.counts(threshold).ratio(metric, rule)?;
        let count = items.len() as f64;
        let part = |item: &AlarmScores| {
            Some(parts::of_ratio(item.counts(threshold).ratio(metric, rule)?, totals, count))
        };
        if totals[1] > 0.0 { items.map(part).collect() } else { None }
    }
}

impl AlarmCounts {
    /// What a metric is the ratio of.
    fn ratio(&self, metric: &Metric, rule: AlarmRule) -> Option<[f64; 2]> {
        let AlarmCounts { alarms, missed, others, false_alarms } = *self;
        let counts = match (metric.name.as_str(), rule) {
            (MISSED, _) => [missed, alarms],
            (FALSE, _) => [false_alarms, others],
            (COST, AlarmRule::Costs { miss, false_alarm }) => {
                let cost = miss * missed as f64 + false_alarm * false_alarms as f64;
                return Some([cost, (alarms + others) as f64]);
            }
            _ => return None,
        };
        Some(counts.map(|count| count as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COSTS: AlarmRule = AlarmRule::Costs { miss: 50.0, false_alarm: 2.0 };

    fn scores(answers: &[(f32, bool)]) -> AlarmScores {
        let scored = |(score, is_alarm): &(f32, bool)| Scored { score: *score, is_alarm: *is_alarm };
        AlarmScores::new(answers.iter().map(scored).collect())
    }

    /// Ten answers, of which three should be alarms.
    fn ten() -> AlarmScores {
        let truths = [true, false, true, false, false, true, false, false, false, false];
        let answers = (0..10).map(|at| (1.0 - at as f32 / 10.0, truths[at]));
        scores(&answers.collect::<Vec<_>>())
    }

    fn near(found: Option<f64>, wanted: f64) {
        assert!((found.unwrap() - wanted).abs() < 1e-12, "{found:?} {wanted}");
    }

    #[test]
    fn values_at_a_threshold_are_counted() {
        let threshold = Threshold::between(0.8, 0.7);
        let wanted = AlarmCounts { alarms: 3, missed: 1, others: 7, false_alarms: 1 };
        assert_eq!(ten().counts(threshold), wanted);
        let values = ten().values(COSTS, Some(threshold));
        near(values[0], (1.0 + 2.0 / 3.0 + 0.5) / 3.0);
        near(values[1], 1.0 / 3.0);
        near(values[2], 1.0 / 7.0);
        near(values[3], 5.2);
        assert_eq!(values.len(), alarms(COSTS).len());
        assert_eq!(ten().values(COSTS, Some(Threshold::NEVER))[3], Some(15.0));
        assert_eq!(ten().values(COSTS, Some(Threshold::ALWAYS))[3], Some(1.4));
    }

    #[test]
    fn without_a_threshold_values_are_those_at_the_best_one() {
        // Down to 0.5: three false alarms are cheaper than one that is missed.
        near(ten().values(COSTS, None)[3], 0.6);
        let at_rate = ten().values(AlarmRule::FalseAlarmRate(0.2), None);
        assert_eq!(at_rate.len(), 3);
        near(at_rate[1], 1.0 / 3.0);
        near(at_rate[2], 1.0 / 7.0);
        assert_eq!(scores(&[(0.5, false)]).values(COSTS, None), [None; 4]);
        // What should be none can be counted all the same where the threshold is known.
        let none = scores(&[(0.5, false)]).values(COSTS, Some(Threshold::ALWAYS));
        assert_eq!(none, [None, None, Some(1.0), Some(2.0)]);
    }

    #[test]
    fn the_mean_of_all_parts_is_the_metric() {
        let all = ten();
        let items: Vec<AlarmScores> =
            [0..2, 2..3, 3..7, 7..10].map(|at| AlarmScores::new(all.0[at].to_vec())).to_vec();
        for threshold in [None, Some(Threshold::between(0.8, 0.7)), Some(Threshold::NEVER)] {
            for (metric, value) in alarms(COSTS).iter().zip(all.values(COSTS, threshold)) {
                let parts = all.parts(metric, (COSTS, threshold), items.iter()).unwrap();
                near(value, parts.iter().sum::<f64>() / 4.0);
            }
        }
        let none = scores(&[(0.5, false)]);
        let missed = &alarms(COSTS)[1];
        assert_eq!(none.parts(missed, (COSTS, Some(Threshold::NEVER)), [&none].into_iter()), None);
    }

    #[test]
    fn batches_change_nothing() {
        let all = ten();
        let [mut first, rest] = [7..10, 0..7].map(|at| AlarmScores::new(all.0[at].to_vec()));
        first.merge(&rest);
        assert_eq!(first.values(COSTS, None), all.values(COSTS, None));
    }

    #[test]
    fn costs_have_a_unit_of_their_own_and_fewer_errors_are_better() {
        let names = |rule| alarms(rule).into_iter().map(|metric| metric.name).collect::<Vec<_>>();
        assert_eq!(names(COSTS), [AVERAGE_PRECISION, MISSED, FALSE, COST]);
        assert_eq!(names(AlarmRule::FalseAlarmRate(0.1)), [AVERAGE_PRECISION, MISSED, FALSE]);
        assert!(alarms(COSTS).iter().all(Metric::is_of_alarms));
        let metrics = alarms(COSTS);
        assert!(metrics[0].gain(0.1, 0.2) > 0.0 && metrics[1..].iter().all(|one| one.gain(0.1, 0.2) < 0.0));
        assert_eq!((metrics[1].show(0.25), metrics[3].show(5.2)), ("25.00 %".into(), "5.200".into()));
    }
}
