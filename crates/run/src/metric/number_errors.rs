//! Answers that are numbers, one or several a sequence.

use super::{ExactSum, parts};

/// The errors of answers that are numbers. Each number of a sequence is measured by itself, and the mean taken last, as
/// scikit-learn does (`multioutput="uniform_average"`).
#[derive(Clone, Debug)]
pub struct NumberErrors {
    numbers: Vec<OneNumber>,
}

/// The sums over one of the numbers.
#[derive(Clone, Debug)]
struct OneNumber {
    /// Near the truths, whose deviations are summed from here: those of years or pressures keep their digits so.
    origin: f64,
    answers: u64,
    /// Of |error|.
    absolute: ExactSum,
    /// Of error².
    squared: ExactSum,
    /// Of truth - origin.
    deviation: ExactSum,
    /// Of (truth - origin)².
    squared_deviation: ExactSum,
}

impl NumberErrors {
    /// Nothing summed yet, of as many numbers a sequence as there are origins: for each a number near its truths, such
    /// as their mean in the training data. The origins change no value but by rounding.
    pub fn new(origins: &[f64]) -> NumberErrors {
        NumberErrors { numbers: origins.iter().map(|origin| OneNumber::new(*origin)).collect() }
    }

    /// Sums the errors of the numbers of one sequence, in the unit that the metrics are to have.
    ///
    /// # Panics
    /// If there are not as many as origins.
    pub fn add(&mut self, truths: &[f64], answers: &[f64]) {
        assert!(
            truths.len() == self.numbers.len() && answers.len() == truths.len(),
            "a number for each origin"
        );
        for ((sums, truth), answer) in self.numbers.iter_mut().zip(truths).zip(answers) {
            sums.add(*truth, *answer);
        }
    }

    /// Adds what was summed elsewhere.
    ///
    /// # Panics
    /// If the two do not have the same origins.
    pub fn merge(&mut self, other: &NumberErrors) {
        let origins = |errors: &Self| errors.numbers.iter().map(|sums| sums.origin).collect::<Vec<_>>();
        assert_eq!(origins(self), origins(other), "the same origins");
        self.numbers.iter_mut().zip(&other.numbers).for_each(|(sums, more)| sums.merge(more));
    }

    /// The mean of |truth - answer|.
    pub fn mae(&self) -> Option<f64> {
        self.mean(OneNumber::mae)
    }

    /// The root of the mean of (truth - answer)².
    pub fn rmse(&self) -> Option<f64> {
        self.mean(OneNumber::rmse)
    }

    /// The coefficient of determination: 1 - Σ(truth - answer)² ÷ Σ(truth - mean truth)², the mean being that of the
    /// truths that are scored. 0 is what their mean would have, and worse answers are below. Without a value where all
    /// truths are equal. (T. O. Kvålseth 1985, "Cautionary Note about R²", The American Statistician 39, his R²₁.)
    pub fn r_squared(&self) -> Option<f64> {
        self.mean(OneNumber::r_squared)
    }

    /// The values of the metrics of [`regression`](super::regression), in its order.
    pub fn values(&self) -> Vec<Option<f64>> {
        vec![self.mae(), self.rmse(), self.r_squared()]
    }

    /// The part that one of `items`, whose own errors are these, has in the metric at a place of [`values`](Self::values).
    pub(super) fn part(&self, own: &NumberErrors, items: f64, place: usize) -> Option<f64> {
        parts::mean(self.numbers.iter().zip(&own.numbers).map(|(all, own)| all.part(own, items, place)))
    }

    fn mean(&self, value: impl Fn(&OneNumber) -> Option<f64>) -> Option<f64> {
        let values: Vec<f64> = self.numbers.iter().map(value).collect::<Option<_>>()?;
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }
}

impl OneNumber {
    fn new(origin: f64) -> OneNumber {
        let [absolute, squared, deviation, squared_deviation] = [(); 4].map(|()| ExactSum::default());
        OneNumber { origin, answers: 0, absolute, squared, deviation, squared_deviation }
    }

    fn add(&mut self, truth: f64, answer: f64) {
        let (error, deviation) = (truth - answer, truth - self.origin);
        self.answers += 1;
        self.absolute.add(error.abs());
        self.squared.add_product(error, error);
        self.deviation.add(deviation);
        self.squared_deviation.add_product(deviation, deviation);
    }

    fn merge(&mut self, other: &OneNumber) {
        self.answers += other.answers;
        self.absolute.merge(&other.absolute);
        self.squared.merge(&other.squared);
        self.deviation.merge(&other.deviation);
        self.squared_deviation.merge(&other.squared_deviation);
    }

    fn mae(&self) -> Option<f64> {
        (self.answers > 0).then(|| self.absolute.value() / self.answers as f64)
    }

    fn rmse(&self) -> Option<f64> {
        (self.answers > 0).then(|| (self.squared.value() / self.answers as f64).sqrt())
    }

    fn r_squared(&self) -> Option<f64> {
        let around_mean = self.around_mean();
        (around_mean > 0.0).then(|| 1.0 - self.squared.value() / around_mean)
    }

    /// Σ(truth - mean truth)².
    fn around_mean(&self) -> f64 {
        let off = self.deviation.value();
        self.squared_deviation.value() - off * (off / self.answers as f64)
    }

    fn part(&self, own: &OneNumber, items: f64, place: usize) -> Option<f64> {
        if self.answers == 0 {
            return None;
        }
        let answers = [own.answers, self.answers].map(|answers| answers as f64);
        let of_mean = |sum: fn(&OneNumber) -> &ExactSum| {
            parts::of_ratio([sum(own).value(), answers[0]], [sum(self).value(), answers[1]], items)
        };
        let squared = of_mean(|sums| &sums.squared);
        let mean_squared = self.squared.value() / answers[1];
        match place {
            0 => Some(of_mean(|sums| &sums.absolute)),
            1 => Some(parts::of_root(squared, mean_squared)),
            _ => {
                // Of 1 - squared ÷ variance, both means: the variance moves, too.
                let variance = self.around_mean() / answers[1];
                let mean = self.deviation.value() / answers[1];
                let own_square =
                    own.squared_deviation.value() - mean * (2.0 * own.deviation.value() - mean * answers[0]);
                let around =
                    parts::of_ratio([own_square, answers[0]], [self.around_mean(), answers[1]], items);
                (variance > 0.0)
                    .then(|| 1.0 - squared / variance + mean_squared / variance * (around / variance - 1.0))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUTHS: [f64; 6] = [3.0, -0.5, 2.0, 7.0, 4.25, 0.1];
    const ANSWERS: [f64; 6] = [2.5, 0.0, 2.0, 8.0, 4.0, -0.35];
    const MORE_TRUTHS: [f64; 6] = [1001.0, 1042.5, 1070.0, 1020.0, 995.0, 1030.0];
    const MORE_ANSWERS: [f64; 6] = [996.85, 1036.0, 1072.0, 1018.0, 1000.0, 1022.5];

    fn assert_values(errors: &NumberErrors, wanted: [f64; 3]) {
        for (found, wanted) in errors.values().into_iter().zip(wanted) {
            assert!((found.unwrap() - wanted).abs() < 1e-6, "{found:?}, {wanted}");
        }
    }

    /// scikit-learn 1.9.1:
    /// ```python
    /// import numpy as np
    /// from sklearn.metrics import *
    /// y, p = np.array([3.0, -0.5, 2.0, 7.0, 4.25, 0.1]), np.array([2.5, 0.0, 2.0, 8.0, 4.0, -0.35])
    /// mean_absolute_error(y, p), root_mean_squared_error(y, p), r2_score(y, p)
    /// y = np.stack([y, [1001.0, 1042.5, 1070.0, 1020.0, 995.0, 1030.0]], 1)
    /// p = np.stack([p, [996.85, 1036.0, 1072.0, 1018.0, 1000.0, 1022.5]], 1)
    /// mean_absolute_error(y, p), root_mean_squared_error(y, p), r2_score(y, p)
    /// ```
    #[test]
    fn values_are_those_of_scikit_learn() {
        let mut one = NumberErrors::new(&[0.0]);
        let mut two = NumberErrors::new(&[2.0, 1000.0]);
        for at in 0..6 {
            one.add(&[TRUTHS[at]], &[ANSWERS[at]]);
            two.add(&[TRUTHS[at], MORE_TRUTHS[at]], &[ANSWERS[at], MORE_ANSWERS[at]]);
        }
        assert_values(&one, [0.45, 0.5423713365090993, 0.9540987159343338]);
        assert_values(&two, [2.487499999999998, 2.760517071128286, 0.9577106788752234]);
    }

    #[test]
    fn the_mean_of_all_parts_is_the_metric() {
        let errors = |places: &[usize]| {
            let mut errors = NumberErrors::new(&[2.0, 1000.0]);
            for &at in places {
                errors.add(&[TRUTHS[at], MORE_TRUTHS[at]], &[ANSWERS[at], MORE_ANSWERS[at]]);
            }
            errors
        };
        let all = errors(&[0, 1, 2, 3, 4, 5]);
        let parts =
            |place| (0..6).map(|at| all.part(&errors(&[at]), 6.0, place).unwrap()).collect::<Vec<f64>>();
        for (place, value) in all.values().into_iter().enumerate() {
            let mean = parts(place).iter().sum::<f64>() / 6.0;
            assert!((mean - value.unwrap()).abs() < 1e-12, "{place}: {mean}");
        }
        assert!((parts(0)[0] - (0.5 + 4.15) / 2.0).abs() < 1e-12, "of a mean, the sequence's own value");
        // By moving the weight of one sequence: what R² gains from a thousandth of another copy of it.
        for (at, part) in parts(2).into_iter().enumerate() {
            let mut heavier = NumberErrors::new(&[2.0, 1000.0]);
            (0..1000).for_each(|_| heavier.merge(&all));
            heavier.merge(&errors(&[at]));
            let moved = (heavier.r_squared().unwrap() - all.r_squared().unwrap()) * 6.0 * 1000.0;
            assert!((part - all.r_squared().unwrap() - moved).abs() < 5e-3, "{part} {moved}");
        }
    }

    #[test]
    fn an_offset_far_from_zero_takes_no_digits_away() {
        let at = |offset: f64| {
            let mut errors = NumberErrors::new(&[offset]);
            for (truth, answer) in TRUTHS.into_iter().zip(ANSWERS) {
                errors.add(&[offset + truth], &[offset + answer]);
            }
            errors
        };
        // Numbers of that size keep no more than about eight digits after the point.
        assert_values(&at(1e8), [0.45, 0.5423713365090993, 0.9540987159343338]);
    }

    #[test]
    fn batches_change_no_bit() {
        let errors = |places: &[usize]| {
            let mut errors = NumberErrors::new(&[0.3]);
            places.iter().for_each(|at| errors.add(&[TRUTHS[*at]], &[ANSWERS[*at]]));
            errors
        };
        let mut merged = errors(&[4, 0, 5]);
        merged.merge(&errors(&[2, 1, 3]));
        let bits = |errors: &NumberErrors| {
            errors.values().into_iter().map(|value| value.unwrap().to_bits()).collect()
        };
        let [merged, whole]: [Vec<u64>; 2] = [&merged, &errors(&[0, 1, 2, 3, 4, 5])].map(bits);
        assert_eq!(merged, whole);
    }

    #[test]
    fn what_a_definition_leaves_open_has_no_value() {
        assert_eq!(NumberErrors::new(&[0.0]).values(), [None; 3]);
        let mut constant = NumberErrors::new(&[0.0]);
        (0..3).for_each(|_| constant.add(&[0.1], &[0.2]));
        assert_eq!(constant.r_squared(), None, "all truths are equal");
    }
}
