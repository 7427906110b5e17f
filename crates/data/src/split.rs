//! Dividing training data: a validation set that mirrors the classes, and limits that nest.

use crate::DataError;
use crate::shuffle::{Purpose, permutation};

/// The training and the validation set, as indices into the training data.
#[derive(Debug, PartialEq)]
pub(crate) struct SplitIndices {
    pub train: Vec<usize>,
    pub validation: Vec<usize>,
}

/// Divides sequences with these labels. All follows from one order in which every prefix holds the classes
/// in their proportions: validation is its beginning, training the rest, and a limit keeps the first of that.
pub(crate) fn split(
    labels: &[usize],
    fraction: f64,
    limit: Option<usize>,
    seed: u64,
) -> Result<SplitIndices, DataError> {
    check(labels.len(), fraction)?;
    let mut validation = stratified_order(labels, seed);
    let mut train = validation.split_off(held_out(labels.len(), fraction));
    train.truncate(limit.unwrap_or(labels.len()));
    Ok(SplitIndices { train, validation })
}

/// Checks that a fraction leaves a sequence in either part of so many.
pub(crate) fn check(sequences: usize, fraction: f64) -> Result<(), DataError> {
    let (least, most) = fractions(sequences);
    let empty = |part, limit| Err(DataError::EmptyPart { fraction, part, sequences, limit });
    match held_out(sequences, fraction) {
        0 => empty("validation", least),
        all if all >= sequences => empty("training", most),
        _ => Ok(()),
    }
}

/// The least and the greatest fraction that leave a sequence in either part, to four digits or so.
fn fractions(sequences: usize) -> (f64, f64) {
    let all = sequences as f64;
    let steps = 1000.0 * 10.0_f64.powf(all.log10().ceil());
    let (mut least, mut most) = ((0.5 * steps / all).ceil(), (steps - 0.5 * steps / all).floor());
    while held_out(sequences, least / steps) == 0 {
        least += 1.0;
    }
    while held_out(sequences, most / steps) >= sequences {
        most -= 1.0;
    }
    let (least, most) = (least / steps, most / steps);
    (least, most)
}

/// The number of sequences, of so many, that become the validation set.
pub(crate) fn held_out(sequences: usize, fraction: f64) -> usize {
    (sequences as f64 * fraction).round() as usize
}

/// All of the training data to learn from, or as much as the limit keeps, in the order of [`split`].
pub(crate) fn undivided(labels: &[usize], limit: Option<usize>, seed: u64) -> Vec<usize> {
    let mut train = stratified_order(labels, seed);
    train.truncate(limit.unwrap_or(labels.len()));
    train
}

/// All indices, each class shuffled and spread evenly from the first place to the last.
pub(crate) fn stratified_order(labels: &[usize], seed: u64) -> Vec<usize> {
    let classes = labels.iter().max().map_or(0, |last| last + 1);
    let mut members = vec![Vec::new(); classes];
    for (index, label) in labels.iter().enumerate() {
        members[*label].push(index);
    }
    let mut placed = Vec::with_capacity(labels.len());
    for (class, members) in members.iter().enumerate() {
        let order = permutation(members.len(), Purpose::Split, seed, class);
        for (rank, member) in order.into_iter().enumerate() {
            let place = (2 * rank + 1) as f64 / (2 * members.len()) as f64;
            placed.push((place, class, members[member]));
        }
    }
    placed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    placed.into_iter().map(|(_, _, index)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn count(labels: &[usize], chosen: &[usize], class: usize) -> f64 {
        chosen.iter().filter(|index| labels[**index] == class).count() as f64
    }

    proptest! {
        #[test]
        fn the_sets_are_disjoint_and_complete(labels in prop::collection::vec(0usize..5, 4..200), seed: u64) {
            let split = split(&labels, 0.25, None, seed).unwrap();
            let mut all = [split.train, split.validation].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
        }

        #[test]
        fn every_class_has_its_share_of_validation(
            labels in prop::collection::vec(0usize..3, 4..200),
            fraction in 0.2f64..0.8,
        ) {
            let validation = split(&labels, fraction, None, 1).unwrap().validation;
            let all: Vec<usize> = (0..labels.len()).collect();
            for class in 0..3 {
                let share = count(&labels, &all, class) * validation.len() as f64 / labels.len() as f64;
                prop_assert!((count(&labels, &validation, class) - share).abs() <= 2.0);
            }
        }

        #[test]
        fn a_smaller_limit_keeps_a_subset(labels in prop::collection::vec(0usize..3, 20..80), small in 1usize..10) {
            let keep = |limit| split(&labels, 0.2, limit, 3).unwrap();
            let (small, large) = (keep(Some(small)), keep(Some(small + 5)));
            prop_assert!(small.train.iter().all(|index| large.train.contains(index)));
            prop_assert_eq!(small.validation, keep(None).validation);
        }
    }

    #[test]
    fn balanced_classes_stay_balanced_under_a_limit() {
        let labels: Vec<usize> = (0..100).map(|index| index % 10).collect();
        let split = split(&labels, 0.1, Some(20), 1).unwrap();
        for class in 0..10 {
            assert_eq!(count(&labels, &split.validation, class), 1.0);
            assert_eq!(count(&labels, &split.train, class), 2.0);
        }
    }

    #[test]
    fn the_seed_alone_decides() {
        let labels: Vec<usize> = (0..100).map(|index| index % 2).collect();
        let with = |seed| split(&labels, 0.1, None, seed).unwrap();
        assert_eq!(with(1), with(1));
        assert_ne!(with(1), with(2));
    }

    #[test]
    fn a_set_without_a_sequence_is_refused() {
        for (fraction, expected, works) in [(0.1, "validation", 0.125), (0.9, "training", 0.8749)] {
            match split(&[0, 1, 0, 1], fraction, None, 1) {
                Err(DataError::EmptyPart { part, limit, .. }) => assert_eq!((part, limit), (expected, works)),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn the_fraction_that_is_advised_works() {
        for sequences in (2..300).chain([1000, 4321, 60_000]) {
            let (least, most) = fractions(sequences);
            for fraction in [least, most] {
                assert!((1..sequences).contains(&held_out(sequences, fraction)), "{fraction} of {sequences}");
            }
            assert!(0.0 < least && least < 1.0 && most < 1.0, "{least} {most} of {sequences}");
            assert_eq!((held_out(sequences, 0.9 * least), held_out(sequences, 1.0)), (0, sequences));
        }
    }
}
