//! One answer to everything.

use slimgate_data::Sequence;

use crate::Reference;
use crate::metric::{AlarmCounts, AlarmRule, ClassCounts, Metric, classes};

/// The name of the predictor that guesses classes in their proportions.
const GUESS: &str = "guessing by frequency";

/// The predictors that look at no sequence, where so many truths are of each class, by their scores in a metric of
/// classes, the best first: the best constant answer and, of the macro-F1, the guess of each class as often as it is true.
/// Of equals the class of most truths counts, and of these the first. None of a metric without a value.
///
/// The truths are those that are scored: no answer that looks at none of them, whatever the training set has most of,
/// does better. Of the macro-F1 that is the guess, with an F1 of each class of its share, up to chance: a class that is
/// answered with probability q and has the share p has an F1 of 2pq ÷ (p + q), and their sum is greatest where all q are p.
pub fn of_members(names: &[String], members: &[u64], metric: &Metric) -> Vec<Reference> {
    let described = classes(names, members);
    let Some(place) = described.iter().position(|one| one.name == metric.name) else { return Vec::new() };
    // The recall of a class is perfect where it is the only answer; in all else the class with most members is the best, or
    // as good as any. Of equals it is the first.
    let recalled = names.iter().position(|class| metric.is_recall_of(class));
    let Some(class) = recalled.or((0..names.len()).rev().max_by_key(|class| members[*class])) else {
        return Vec::new();
    };
    let mut counts = ClassCounts::new(names.len());
    members.iter().enumerate().for_each(|(truth, count)| counts.add_times(truth, class, *count));
    let Some(score) = counts.values()[place] else { return Vec::new() };
    let constant = Reference { answer: names[class].clone(), score };
    let present = members.iter().filter(|count| **count > 0).count();
    let guess = Reference { answer: GUESS.to_owned(), score: 1.0 / present as f64 };
    // Where all are of one class, to say it is right.
    match metric.is_macro_f1() && guess.score > constant.score {
        true => vec![guess, constant],
        false => vec![constant],
    }
}

/// The predictors of alarms that tell nothing apart, by their scores in a metric of alarms, the best first: of a cost to
/// alarm always or never; of the average precision one score for all, which has the share of the alarms; of those missed at
/// a wanted rate of false alarms a draw with that probability. None of a metric that choices cannot be made by.
pub fn of_alarms(counts: &AlarmCounts, rule: AlarmRule, metric: &Metric) -> Vec<Reference> {
    let [alarms, others] = [counts.alarms, counts.others].map(|count| count as f64);
    let all = alarms + others;
    let reference = |answer: &str, score: f64| Reference { answer: answer.to_owned(), score };
    if all == 0.0 {
        return Vec::new();
    }
    let mut found = match rule {
        _ if *metric == Metric::average_precision() => vec![reference("one score for all", alarms / all)],
        AlarmRule::Costs { miss, false_alarm } if *metric == Metric::alarm_cost() => vec![
            reference("never an alarm", miss * alarms / all),
            reference("always an alarm", false_alarm * others / all),
        ],
        AlarmRule::FalseAlarmRate(rate) if *metric == Metric::missed_alarms() => {
            vec![reference("alarms at random", 1.0 - rate)]
        }
        _ => Vec::new(),
    };
    found.sort_by(|one, other| one.score.total_cmp(&other.score));
    found
}

/// The mean of each number over the training sequences, as wide as the numbers of one. Empty where none has numbers.
pub fn mean(train: &[Sequence]) -> Vec<f32> {
    let mut sums: Vec<f64> = Vec::new();
    let mut sequences = 0.0;
    for numbers in train.iter().filter_map(|sequence| sequence.target.numbers()) {
        sums.resize(numbers.len(), 0.0);
        sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += f64::from(*number));
        sequences += 1.0;
    }
    sums.into_iter().map(|sum| (sum / sequences) as f32).collect()
}

/// The quantiles of each number over rows that are as wide: those of these levels together, in order. Between two numbers
/// they are interpolated, as numpy does. Empty without a row.
pub fn quantiles(rows: &[&[f32]], levels: &[f64]) -> Vec<f32> {
    let width = rows.first().map_or(0, |row| row.len());
    let of_number = |at: usize| {
        let mut numbers: Vec<f32> = rows.iter().map(|row| row[at]).collect();
        numbers.sort_by(f32::total_cmp);
        let at_level = |level: &f64| {
            let place = level * (numbers.len() - 1) as f64;
            let [low, high] = [place.floor(), place.ceil()].map(|place| f64::from(numbers[place as usize]));
            (low + (high - low) * place.fract()) as f32
        };
        levels.iter().map(at_level).collect::<Vec<f32>>()
    };
    (0..width).flat_map(of_number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use slimgate_data::{Steps, Target};

    /// The answers and scores of those that look at nothing, in the metric of that name.
    fn found(members: &[u64], metric: &str) -> Vec<(String, f64)> {
        let names = ["sound", "fault", "other"].map(str::to_owned);
        let names = &names[..members.len()];
        let metric = classes(names, members).into_iter().find(|one| one.name == metric).unwrap();
        of_members(names, members, &metric).into_iter().map(|one| (one.answer, one.score)).collect()
    }

    /// scikit-learn 1.9.1:
    /// ```python
    /// from sklearn.dummy import DummyClassifier
    /// from sklearn.metrics import *
    /// y = [0] * 95 + [1] * 5
    /// p = DummyClassifier(strategy="most_frequent").fit(y, y).predict(y)
    /// accuracy_score(y, p), balanced_accuracy_score(y, p), f1_score(y, p, average="macro")
    /// y = [0, 1] * 50  # The same, and with strategy="stratified" over many seeds f1_score is 0.5 on average.
    /// ```
    #[test]
    fn constants_score_in_the_metric_that_is_asked_for() {
        let of = |answer: &str, score| (answer.to_owned(), score);
        assert_eq!(found(&[95, 5], "accuracy"), [of("sound", 0.95)]);
        assert_eq!(found(&[5, 95], "balanced accuracy"), [of("fault", 0.5)], "of equals that of most truths");
        assert_eq!(found(&[4, 4, 4], "balanced accuracy"), [of("sound", 1.0 / 3.0)]);
        assert_eq!(found(&[4, 0, 4], "balanced accuracy"), [of("sound", 0.5)], "a class without a truth");
        let [guess, constant] = &found(&[95, 5], "macro-F1")[..] else { panic!("two that know nothing") };
        assert_eq!(*guess, of("guessing by frequency", 0.5));
        assert!(constant.0 == "sound" && (constant.1 - 0.48717948717948717).abs() < 1e-12, "{constant:?}");
        assert_eq!(found(&[50, 50], "macro-F1"), [of("guessing by frequency", 0.5), of("sound", 1.0 / 3.0)]);
        assert_eq!(found(&[0, 7], "macro-F1"), [of("fault", 1.0)]);
        assert_eq!(found(&[95, 5], "recall of fault"), [of("fault", 1.0)]);
        assert_eq!(found(&[0, 0], "accuracy"), []);
    }

    /// A model that learned nothing but answers both classes has this macro-F1, and is not to be called better than trivial.
    #[test]
    fn no_answer_that_looks_at_nothing_has_a_higher_macro_f1_than_the_guess() {
        let members = [600_u64, 300, 100];
        for [one, other] in [[10, 10], [12, 6], [7, 7], [16, 1], [1, 16], [20, 0], [14, 4]] {
            let parts = [one, other, 20 - one - other];
            let mut counts = ClassCounts::new(3);
            for (truth, count) in members.iter().enumerate() {
                parts
                    .iter()
                    .enumerate()
                    .for_each(|(answer, part)| counts.add_times(truth, answer, count * part));
            }
            assert!(counts.macro_f1().unwrap() <= 1.0 / 3.0 + 1e-12, "{parts:?}");
        }
    }

    fn numbers(rows: &[[f32; 2]]) -> Vec<Sequence> {
        let sequence = |row: &[f32; 2]| Sequence {
            features: Steps::Tokens(vec![2]),
            target: Target::Numbers(row.to_vec()),
        };
        rows.iter().map(sequence).collect()
    }

    #[test]
    fn the_mean_is_of_each_number() {
        assert_eq!(mean(&numbers(&[[1.0, -2.0], [2.0, 0.0]])), [1.5, -1.0]);
        assert!(mean(&[]).is_empty());
    }

    /// `numpy.quantile([1, 2, 4, 8, 16], [0.1, 0.5, 0.9])` is `[1.4, 4., 12.8]`.
    #[test]
    fn quantiles_are_those_of_numpy() {
        let rows: [&[f32]; 5] = [&[4.0, 0.0], &[1.0, 0.0], &[16.0, 1.0], &[2.0, 1.0], &[8.0, 1.0]];
        assert_eq!(quantiles(&rows, &[0.1, 0.5, 0.9]), [1.4, 4.0, 12.8, 0.0, 1.0, 1.0]);
        assert_eq!(quantiles(&rows[..4], &[0.5])[0], 3.0, "the median of an even number");
        assert!(quantiles(&[], &[0.5]).is_empty());
    }
}
