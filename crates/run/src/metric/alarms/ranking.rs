//! Answers in the order of their scores, and what follows from every threshold among them.

use super::{AlarmRule, Scored, Threshold};

/// The part by which one cost must be below another not to be a rounding of it.
const ROUNDING: f64 = 1e-12;

/// The answers to a set, ranked by the score of the alarm class.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    cuts: Vec<Cut>,
    /// Answers that should be an alarm.
    alarms: u64,
    /// All others.
    others: u64,
}

/// An alarm at every score from this one up.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cut {
    score: f32,
    /// Alarms that should be one.
    found: u64,
    /// Alarms that should be none.
    false_alarms: u64,
}

impl Ranking {
    /// Of these answers, whose order does not matter: those of equal scores are a single cut.
    pub fn new(scored: &[Scored]) -> Ranking {
        let mut sorted = scored.to_vec();
        sorted.sort_unstable_by(|one, other| other.score.total_cmp(&one.score));
        let mut cuts: Vec<Cut> = Vec::new();
        let [mut found, mut false_alarms] = [0, 0];
        for answer in sorted {
            *(if answer.is_alarm { &mut found } else { &mut false_alarms }) += 1;
            let cut = Cut { score: answer.score, found, false_alarms };
            match cuts.last_mut() {
                Some(last) if last.score == answer.score => *last = cut,
                _ => cuts.push(cut),
            }
        }
        Ranking { cuts, alarms: found, others: false_alarms }
    }

    /// The average precision, Σ (Rₖ − Rₖ₋₁) Pₖ over the distinct scores from the highest to the lowest, where Pₖ is the
    /// precision and Rₖ the recall of an alarm at every score from the k-th up. There is no interpolation, which would flatter
    /// (J. Davis and M. Goadrich 2006, "The Relationship Between Precision-Recall and ROC Curves", ICML); scikit-learn has
    /// the same definition. None where nothing should be an alarm.
    pub fn average_precision(&self) -> Option<f64> {
        let mut before = 0;
        let mut sum = 0.0;
        for cut in &self.cuts {
            sum += (cut.found - before) as f64 * cut.precision();
            before = cut.found;
        }
        (self.alarms > 0).then(|| sum / self.alarms as f64)
    }

    /// The threshold that a rule chooses on these answers, half-way between two scores that follow each other. None unless
    /// some should be an alarm and some should not.
    ///
    /// Of costs it is the one with the lowest, among equals the one with the fewest alarms. Of a rate of false alarms it is
    /// the lowest with at most that rate, which misses least.
    pub fn threshold(&self, rule: AlarmRule) -> Option<Threshold> {
        if self.alarms == 0 || self.others == 0 {
            return None;
        }
        let cuts = match rule {
            AlarmRule::Costs { miss, false_alarm } => {
                // So many of the cuts, from the highest, raise an alarm.
                let cost = |cuts: usize| {
                    let [found, false_alarms] = self.after(cuts);
                    miss * (self.alarms - found) as f64 + false_alarm * false_alarms as f64
                };
                let mut best = (0, cost(0));
                for cuts in 1..=self.cuts.len() {
                    let cost = cost(cuts);
                    if cost < best.1 * (1.0 - ROUNDING) {
                        best = (cuts, cost);
                    }
                }
                best.0
            }
            AlarmRule::FalseAlarmRate(rate) => {
                let most = rate * self.others as f64 * (1.0 + ROUNDING);
                self.cuts.partition_point(|cut| cut.false_alarms as f64 <= most)
            }
        };
        Some(match (cuts.checked_sub(1).map(|at| self.cuts[at]), self.cuts.get(cuts)) {
            (None, _) => Threshold::NEVER,
            (_, None) => Threshold::ALWAYS,
            (Some(last), Some(next)) => Threshold::between(last.score, next.score),
        })
    }

    /// Points of the receiver operating characteristic, `[false alarms, found]`, as shares of those that should be none and
    /// of those that should be one, from no alarm to nothing but alarms. Empty unless there are some of both.
    pub fn roc(&self) -> Vec<[f64; 2]> {
        if self.alarms == 0 || self.others == 0 {
            return Vec::new();
        }
        let point = |cuts: usize| {
            let [found, false_alarms] = self.after(cuts);
            [false_alarms as f64 / self.others as f64, found as f64 / self.alarms as f64]
        };
        (0..=self.cuts.len()).map(point).collect()
    }

    /// Points of precision over recall, `[recall, precision]`, from the fewest alarms to nothing but alarms. Between two of
    /// them it is a step, not a line. Empty where nothing should be an alarm.
    pub fn precision_recall(&self) -> Vec<[f64; 2]> {
        if self.alarms == 0 {
            return Vec::new();
        }
        self.cuts.iter().map(|cut| [cut.found as f64 / self.alarms as f64, cut.precision()]).collect()
    }

    /// The share of others that are alarms at a threshold; none without others.
    pub fn false_alarm_rate(&self, threshold: Threshold) -> Option<f64> {
        let cuts = self.cuts.partition_point(|cut| threshold.raises(cut.score));
        (self.others > 0).then(|| self.after(cuts)[1] as f64 / self.others as f64)
    }

    /// The part of one of `items` in the average precision, for each of them.
    ///
    /// With P(s) and N(s) the precision and the number of alarms at every score from s up, the average precision is the mean
    /// of P over the answers that should be an alarm. A little more weight of an answer with the score s moves it directly,
    /// if it is one of these, by P(s) less the average; and by (1 − P(t)) ÷ N(t), or −P(t) ÷ N(t) if it should be none, for
    /// each answer that should be an alarm and has a score t of at most s.
    pub(super) fn parts<'a>(&self, items: impl ExactSizeIterator<Item = &'a [Scored]>) -> Option<Vec<f64>> {
        let average = self.average_precision()?;
        // Σ 1 ÷ N(t) and Σ P(t) ÷ N(t) over the answers that should be an alarm from the lowest score up to each.
        let mut below = vec![[0.0; 2]; self.cuts.len()];
        let mut sums = [0.0; 2];
        for at in (0..self.cuts.len()).rev() {
            let cut = self.cuts[at];
            let own = (cut.found - self.after(at)[0]) as f64;
            let alarms = (cut.found + cut.false_alarms) as f64;
            sums[0] += own / alarms;
            sums[1] += own * cut.precision() / alarms;
            below[at] = sums;
        }
        let moved = |answer: &Scored| {
            let at = self.cuts.partition_point(|cut| cut.score > answer.score);
            let [ones, precisions] = below[at];
            match answer.is_alarm {
                true => self.cuts[at].precision() - average + ones - precisions,
                false => -precisions,
            }
        };
        let scale = items.len() as f64 / self.alarms as f64;
        let part = |item: &[Scored]| average + scale * item.iter().map(moved).sum::<f64>();
        Some(items.map(part).collect())
    }

    /// Those that are found, and those that are false, if so many cuts from the highest raise an alarm.
    fn after(&self, cuts: usize) -> [u64; 2] {
        cuts.checked_sub(1).map_or([0, 0], |at| [self.cuts[at].found, self.cuts[at].false_alarms])
    }
}

impl Cut {
    fn precision(&self) -> f64 {
        self.found as f64 / (self.found + self.false_alarms) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUTHS: [u8; 12] = [0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 1];
    const SCORES: [f32; 12] = [0.1, 0.4, 0.35, 0.8, 0.8, 0.6, 0.35, 0.2, 0.8, 0.05, 0.35, 0.1];

    fn scored(truths: &[u8], scores: &[f32]) -> Vec<Scored> {
        let answer = |(truth, score): (&u8, &f32)| Scored { score: *score, is_alarm: *truth == 1 };
        truths.iter().zip(scores).map(answer).collect()
    }

    fn ranking(truths: &[u8], scores: &[f32]) -> Ranking {
        Ranking::new(&scored(truths, scores))
    }

    fn costs(miss: f64, false_alarm: f64) -> AlarmRule {
        AlarmRule::Costs { miss, false_alarm }
    }

    /// scikit-learn 1.9.1: `average_precision_score(TRUTHS, SCORES)`, with three scores that several answers share.
    #[test]
    fn the_average_precision_is_that_of_scikit_learn() {
        let of = |truths: &[u8], scores: &[f32]| ranking(truths, scores).average_precision();
        assert!((of(&TRUTHS, &SCORES).unwrap() - 0.6075757575757575).abs() < 1e-15);
        assert_eq!(of(&[0, 1, 1, 0], &[0.5; 4]), Some(0.5), "all are tied");
        assert_eq!(of(&[1, 1, 0, 0], &[0.9, 0.8, 0.3, 0.1]), Some(1.0));
        assert!((of(&[0, 0, 1, 1], &[0.9, 0.8, 0.3, 0.1]).unwrap() - 0.41666666666666663).abs() < 1e-15);
        assert_eq!((of(&[0, 0], &[0.1, 0.2]), of(&[], &[])), (None, None));
    }

    /// scikit-learn 1.9.1: `roc_curve(TRUTHS, SCORES, drop_intermediate=False)` and `precision_recall_curve(TRUTHS, SCORES)`,
    /// the latter the other way round and without the point of no alarm that it adds.
    #[test]
    fn curves_are_those_of_scikit_learn() {
        let ranking = ranking(&TRUTHS, &SCORES);
        let roc: Vec<[f64; 2]> = ranking.roc().iter().map(|[x, y]| [7.0 * x, 5.0 * y]).collect();
        let wanted = [[0, 0], [1, 2], [1, 3], [2, 3], [4, 4], [5, 4], [6, 5], [7, 5]];
        assert_eq!(roc.len(), wanted.len());
        let wanted = wanted.map(|point| point.map(f64::from));
        assert!(
            roc.iter().flatten().zip(wanted.iter().flatten()).all(|(one, other)| (one - other).abs() < 1e-12)
        );
        let precisions: Vec<f64> = ranking.precision_recall().iter().map(|point| point[1]).collect();
        let wanted = [2.0 / 3.0, 0.75, 0.6, 0.5, 4.0 / 9.0, 5.0 / 11.0, 5.0 / 12.0];
        assert_eq!(precisions.len(), wanted.len());
        assert!(
            precisions.iter().zip(wanted).all(|(one, other)| (one - other).abs() < 1e-12),
            "{precisions:?}"
        );
        assert_eq!(ranking.precision_recall()[0][0], 0.4);
        assert!(super::tests::ranking(&[1], &[0.5]).roc().is_empty());
    }

    #[test]
    fn costs_choose_the_cheapest_threshold_and_of_equals_the_one_with_fewest_alarms() {
        let ranking = ranking(&TRUTHS, &SCORES);
        let chosen = |rule| ranking.threshold(rule).unwrap();
        // An alarm at 0.8 and 0.6: two missed and one false.
        assert_eq!(chosen(costs(1.0, 1.0)), Threshold::between(0.6, 0.4));
        assert_eq!(chosen(costs(100.0, 1.0)), Threshold::between(0.1, 0.05));
        assert_eq!(chosen(costs(1.0, 100.0)), Threshold::NEVER);
        // Three found for one false alarm, which costs as much.
        assert_eq!(chosen(costs(1.0, 3.0)), Threshold::NEVER);
        assert_eq!(chosen(costs(0.1, 0.29)), Threshold::between(0.6, 0.4));
    }

    #[test]
    fn the_ends_are_to_alarm_always_and_never() {
        let ranking = ranking(&[0, 1, 1], &[0.9, 0.5, 0.1]);
        assert_eq!(ranking.threshold(costs(10.0, 1.0)), Some(Threshold::ALWAYS));
        assert_eq!(ranking.threshold(costs(1.0, 10.0)), Some(Threshold::NEVER));
        assert_eq!(ranking.threshold(AlarmRule::FalseAlarmRate(0.5)), Some(Threshold::NEVER));
        let tied = super::tests::ranking(&[0, 1, 0], &[0.5; 3]);
        assert_eq!(tied.threshold(costs(3.0, 1.0)), Some(Threshold::ALWAYS));
        assert_eq!(tied.threshold(costs(2.0, 1.0)), Some(Threshold::NEVER));
        for one_kind in [[1, 1], [0, 0]] {
            assert_eq!(super::tests::ranking(&one_kind, &[0.1, 0.9]).threshold(costs(1.0, 1.0)), None);
        }
    }

    #[test]
    fn a_rate_of_false_alarms_chooses_the_lowest_threshold_that_keeps_to_it() {
        let ranking = ranking(&TRUTHS, &SCORES);
        let chosen = |of_seven: f64| ranking.threshold(AlarmRule::FalseAlarmRate(of_seven / 7.0)).unwrap();
        assert_eq!(
            chosen(1.0),
            Threshold::between(0.6, 0.4),
            "one of them, and all that can be found with it"
        );
        assert_eq!(chosen(0.9), Threshold::NEVER, "the highest score has a false alarm among its own");
        assert_eq!(chosen(3.9), Threshold::between(0.4, 0.35), "ties are not divided");
        assert_eq!(ranking.false_alarm_rate(chosen(4.0)), Some(4.0 / 7.0));
        assert_eq!(chosen(6.999), Threshold::between(0.1, 0.05));
        // 0.29 × 100 is a little less than 29.
        let truths: Vec<u8> = (0..101).map(|at| u8::from(at == 29)).collect();
        let scores: Vec<f32> = (0..101).map(|at| 1.0 - at as f32 / 200.0).collect();
        let of_a_hundred = super::tests::ranking(&truths, &scores);
        let threshold = of_a_hundred.threshold(AlarmRule::FalseAlarmRate(0.29)).unwrap();
        assert_eq!(of_a_hundred.false_alarm_rate(threshold), Some(0.29));
    }

    /// Items of one to five answers. The derivative is taken by moving the weight of each.
    #[test]
    fn parts_say_how_much_each_item_moves_the_average_precision() {
        let all = scored(&TRUTHS, &SCORES);
        let ranking = Ranking::new(&all);
        let items: Vec<&[Scored]> = [0..1, 1..3, 3..6, 6..7, 7..12].map(|at| &all[at]).to_vec();
        let parts = ranking.parts(items.iter().copied()).unwrap();
        let average = ranking.average_precision().unwrap();
        assert!((parts.iter().sum::<f64>() / 5.0 - average).abs() < 1e-12, "{parts:?}");
        let mut at = 0;
        for (item, part) in items.iter().zip(&parts) {
            let weight = |index: usize| if (at..at + item.len()).contains(&index) { 1.0 + 1e-6 } else { 1.0 };
            let moved = (weighted(&all, weight) - average) / 1e-6 * 5.0;
            assert!((part - average - moved).abs() < 1e-4, "{part}");
            at += item.len();
        }
        assert_eq!(Ranking::new(&all[..2]).parts(items.iter().copied()), None);
    }

    /// The definition, with a weight of each answer.
    fn weighted(all: &[Scored], weight: impl Fn(usize) -> f64) -> f64 {
        let sum = |keep: &dyn Fn(&Scored) -> bool| {
            (0..all.len()).filter(|at| keep(&all[*at])).map(&weight).sum::<f64>()
        };
        let precision = |from: f32| {
            sum(&|answer| answer.is_alarm && answer.score >= from) / sum(&|answer| answer.score >= from)
        };
        let of_alarms = (0..all.len()).filter(|at| all[*at].is_alarm);
        let total: f64 = of_alarms.map(|at| weight(at) * precision(all[at].score)).sum();
        total / sum(&|answer| answer.is_alarm)
    }
}
