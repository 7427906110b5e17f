//! One answer to everything.

use std::collections::BTreeMap;

use slimgate_data::{Sequence, Target};

/// The class of most training sequences or, where steps have classes, of most steps that have one; the first of equals.
/// None where nothing has a class.
pub fn most_frequent_class(train: &[Sequence]) -> Option<usize> {
    let mut members: BTreeMap<usize, u64> = BTreeMap::new();
    let mut count = |class: usize| *members.entry(class).or_default() += 1;
    for sequence in train {
        match &sequence.target {
            Target::Class(class) => count(*class),
            Target::StepClasses(classes) => classes.iter().flatten().for_each(|class| count(*class)),
            Target::Numbers(_) => (),
        }
    }
    // The last of the greatest would be taken.
    members.into_iter().rev().max_by_key(|(_, members)| *members).map(|(class, _)| class)
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

#[cfg(test)]
mod tests {
    use super::*;
    use slimgate_data::Steps;

    fn sequences(targets: impl IntoIterator<Item = Target>) -> Vec<Sequence> {
        let sequence = |target| Sequence { features: Steps::Tokens(vec![2]), target };
        targets.into_iter().map(sequence).collect()
    }

    #[test]
    fn the_most_frequent_class_is_that_of_most_sequences_or_steps() {
        let classes = |classes: &[usize]| sequences(classes.iter().map(|class| Target::Class(*class)));
        assert_eq!(most_frequent_class(&classes(&[0, 2, 1, 2])), Some(2));
        assert_eq!(most_frequent_class(&classes(&[2, 1, 2, 1, 0])), Some(1), "the first of equals");
        let steps = [vec![Some(1), None, None, None], vec![Some(0), Some(1), None, None]];
        assert_eq!(most_frequent_class(&sequences(steps.map(Target::StepClasses))), Some(1));
        assert_eq!(most_frequent_class(&[]), None);
    }

    #[test]
    fn the_mean_is_of_each_number() {
        let numbers = [vec![1.0, -2.0], vec![2.0, 0.0]];
        assert_eq!(mean(&sequences(numbers.map(Target::Numbers))), [1.5, -1.0]);
        assert!(mean(&[]).is_empty());
    }
}
