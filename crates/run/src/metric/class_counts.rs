//! Answers that are classes: of sequences, or of the steps that have a label.

use super::parts;

/// How many truths of each class were answered by each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassCounts {
    /// Row after row, a row a true class, a column an answer.
    counts: Vec<u64>,
    classes: usize,
}

impl ClassCounts {
    /// Nothing counted yet, of so many classes.
    pub fn new(classes: usize) -> ClassCounts {
        ClassCounts { counts: vec![0; classes * classes], classes }
    }

    /// Counts an answer.
    ///
    /// # Panics
    /// If one of the two is not a class.
    pub fn add(&mut self, truth: usize, answer: usize) {
        self.add_times(truth, answer, 1);
    }

    /// Counts an answer so many times.
    ///
    /// # Panics
    /// If one of the two is not a class.
    pub fn add_times(&mut self, truth: usize, answer: usize, times: u64) {
        assert!(truth < self.classes && answer < self.classes, "classes end at {}", self.classes);
        self.counts[truth * self.classes + answer] += times;
    }

    /// Adds what was counted elsewhere.
    ///
    /// # Panics
    /// If the two are not of as many classes.
    pub fn merge(&mut self, other: &ClassCounts) {
        assert_eq!(self.classes, other.classes, "the same classes are counted");
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
    }

    /// The truths of each class.
    pub fn members(&self) -> Vec<u64> {
        (0..self.classes).map(|class| self.row(class).iter().sum()).collect()
    }

    /// The counts: a row a true class, a column an answer.
    pub fn rows(&self) -> Vec<Vec<usize>> {
        (0..self.classes).map(|class| self.row(class).iter().map(|&count| count as usize).collect()).collect()
    }

    /// The share of right answers.
    pub fn accuracy(&self) -> Option<f64> {
        let right = (0..self.classes).map(|class| self.right(class)).sum();
        share(right, self.counts.iter().sum())
    }

    /// The share of the members of a class that were found: right answers over members.
    pub fn recall(&self, class: usize) -> Option<f64> {
        share(self.right(class), self.row(class).iter().sum())
    }

    /// The mean of the recalls of the classes that have members. (K. H. Brodersen et al. 2010, "The Balanced Accuracy
    /// and Its Posterior Distribution", ICPR; without the correction for chance.)
    pub fn balanced_accuracy(&self) -> Option<f64> {
        mean((0..self.classes).filter_map(|class| self.recall(class)))
    }

    /// The mean of the F1 of the classes that are true or answered at least once; F1 is the harmonic mean of precision
    /// and recall, 2 right ÷ (members + answers). (D. D. Lewis et al. 1996, "Training Algorithms for Linear Text
    /// Classifiers", SIGIR, for the mean over classes; J. Opitz and S. Burst 2019, "Macro F1 and Macro F1",
    /// arXiv:1911.03347, for this of its two forms.)
    pub fn macro_f1(&self) -> Option<f64> {
        mean(
            (0..self.classes)
                .filter_map(|class| share(2 * self.right(class), self.members_and_answers(class))),
        )
    }

    /// The values of the metrics of [`classes`](super::classes), in its order.
    pub fn values(&self) -> Vec<Option<f64>> {
        let first = [self.accuracy(), self.balanced_accuracy(), self.macro_f1()];
        first.into_iter().chain((0..self.classes).map(|class| self.recall(class))).collect()
    }

    /// The part that one of `items`, whose own counts are these, has in the metric at a place of [`values`](Self::values).
    pub(super) fn part(&self, own: &ClassCounts, items: f64, place: usize) -> Option<f64> {
        let of_ratio = |count: &dyn Fn(&ClassCounts) -> [u64; 2]| {
            let [own, all] = [count(own), count(self)].map(|counts| counts.map(|count| count as f64));
            (all[1] > 0.0).then(|| parts::of_ratio(own, all, items))
        };
        let right = |counts: &ClassCounts| (0..self.classes).map(|class| counts.right(class)).sum();
        let recall = |class: usize| of_ratio(&|counts| [counts.right(class), counts.row(class).iter().sum()]);
        let f1 =
            |class: usize| of_ratio(&|counts| [2 * counts.right(class), counts.members_and_answers(class)]);
        // As of the whole: classes that have a value.
        let mean = |parts: Vec<f64>| parts::mean(parts.into_iter().map(Some));
        match place {
            0 => of_ratio(&|counts| [right(counts), counts.counts.iter().sum()]),
            1 => mean((0..self.classes).filter_map(recall).collect()),
            2 => mean((0..self.classes).filter_map(f1).collect()),
            _ => recall(place - 3),
        }
    }

    fn members_and_answers(&self, class: usize) -> u64 {
        let members: u64 = self.row(class).iter().sum();
        members + (0..self.classes).map(|truth| self.row(truth)[class]).sum::<u64>()
    }

    fn row(&self, truth: usize) -> &[u64] {
        &self.counts[truth * self.classes..][..self.classes]
    }

    fn right(&self, class: usize) -> u64 {
        self.row(class)[class]
    }
}

/// A part of a whole; none of nothing.
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(classes: usize, truths: &[usize], answers: &[usize]) -> ClassCounts {
        let mut counts = ClassCounts::new(classes);
        truths.iter().zip(answers).for_each(|(truth, answer)| counts.add(*truth, *answer));
        counts
    }

    fn assert_near(found: Option<f64>, wanted: f64) {
        assert!((found.unwrap() - wanted).abs() < 1e-6, "{found:?}, {wanted}");
    }

    const TRUTHS: [usize; 12] = [0, 0, 1, 1, 1, 2, 2, 2, 2, 0, 1, 2];
    const ANSWERS: [usize; 12] = [0, 1, 1, 1, 0, 2, 2, 1, 2, 0, 1, 0];

    /// scikit-learn 1.9.1:
    /// ```python
    /// from sklearn.metrics import *
    /// t, p = [0,0,1,1,1,2,2,2,2,0,1,2], [0,1,1,1,0,2,2,1,2,0,1,0]
    /// accuracy_score(t, p), balanced_accuracy_score(t, p), f1_score(t, p, average="macro"), recall_score(t, p, average=None)
    /// t, p = [0,0,1,1,2], [0,3,1,1,1]  # Class 3 is answered and never true.
    /// accuracy_score(t, p), balanced_accuracy_score(t, p), f1_score(t, p, average="macro")
    /// ```
    #[test]
    fn values_are_those_of_scikit_learn() {
        let all = counts(3, &TRUTHS, &ANSWERS);
        for (found, wanted) in all.values().into_iter().zip([
            0.6666666666666666,
            0.6722222222222222,
            0.6626984126984127,
            0.6666666666666667,
            0.75,
            0.6,
        ]) {
            assert_near(found, wanted);
        }
        // Class 4 is neither, and counts for nothing.
        let some_absent = counts(5, &[0, 0, 1, 1, 2], &[0, 3, 1, 1, 1]);
        assert_near(some_absent.accuracy(), 0.6);
        assert_near(some_absent.balanced_accuracy(), 0.5);
        assert_near(some_absent.macro_f1(), 0.3666666666666667);
        assert_eq!([3, 4].map(|class| some_absent.recall(class)), [None; 2]);
    }

    #[test]
    fn batches_change_nothing() {
        let mut merged = counts(3, &TRUTHS[..5], &ANSWERS[..5]);
        merged.merge(&counts(3, &TRUTHS[5..], &ANSWERS[5..]));
        assert_eq!(merged, counts(3, &TRUTHS, &ANSWERS));
        assert_eq!(merged.members(), [3, 4, 5]);
    }

    /// Items of one to four answers, as sequences have labelled steps; a class without a member, and one without an answer.
    #[test]
    fn the_mean_of_all_parts_is_the_metric() {
        let all = counts(5, &TRUTHS, &ANSWERS);
        let items = [0..1, 1..3, 3..6, 6..8, 8..12].map(|at| counts(5, &TRUTHS[at.clone()], &ANSWERS[at]));
        for (place, value) in all.values().into_iter().enumerate() {
            let parts: Option<Vec<f64>> = items.iter().map(|own| all.part(own, 5.0, place)).collect();
            let mean = parts.map(|parts| parts.iter().sum::<f64>() / 5.0);
            assert_eq!(mean.is_some(), value.is_some(), "{place}");
            if let Some(value) = value {
                assert_near(mean, value);
            }
        }
    }

    #[test]
    fn of_single_answers_right_ones_are_1_and_wrong_ones_0() {
        let all = counts(3, &TRUTHS, &ANSWERS);
        for (truth, answer) in TRUTHS.into_iter().zip(ANSWERS) {
            let part = all.part(&counts(3, &[truth], &[answer]), 12.0, 0).unwrap();
            assert_eq!(part.to_bits(), f64::from(u8::from(truth == answer)).to_bits());
        }
    }

    #[test]
    fn of_nothing_there_is_no_value() {
        assert_eq!(ClassCounts::new(2).values(), [None; 5]);
    }
}
