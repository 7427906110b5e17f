//! Dividing sequences: a test or validation set that mirrors the classes and keeps groups whole, and limits that nest.

use crate::DataError;
use crate::group::grouped;
use crate::shuffle::{Purpose, permutation};

/// Sequences to divide.
#[derive(Clone, Copy)]
pub(crate) struct Members<'a> {
    /// The class of each, or whatever else is to come in the same proportions in all parts.
    pub labels: &'a [usize],
    /// The group of each, which no division takes apart (a speaker, a machine, a day); none of one that stands by itself.
    pub groups: &'a [Option<usize>],
}

/// The training and the validation set, as indices into the training data.
#[derive(Debug, PartialEq)]
pub(crate) struct SplitIndices {
    pub train: Vec<usize>,
    pub validation: Vec<usize>,
}

/// Divides training data. Without groups, all follows from one order in which every prefix holds the classes in their
/// proportions: validation is its beginning, training the rest, and a limit keeps the first of that.
pub(crate) fn split(
    members: Members,
    fraction: f64,
    limit: Option<usize>,
    seed: u64,
) -> Result<SplitIndices, DataError> {
    let sequences = members.labels.len();
    check(sequences, fraction)?;
    let (validation, mut train) = draw(members, held_out(sequences, fraction), Purpose::Split, seed);
    if validation.is_empty() {
        return Err(DataError::OneGroup { part: "validation" });
    }
    train.truncate(limit.unwrap_or(sequences));
    Ok(SplitIndices { train, validation })
}

/// Draws so many sequences, or as nearly as many as whole groups allow; returns them and the others. Both hold the
/// classes in their proportions. Where all are of one group, none is drawn.
pub(crate) fn draw(
    Members { labels, groups }: Members,
    number: usize,
    purpose: Purpose,
    seed: u64,
) -> (Vec<usize>, Vec<usize>) {
    let all: Vec<usize> = (0..labels.len()).collect();
    if groups.iter().all(Option::is_none) {
        let mut drawn = stratified_order(labels, &all, purpose, seed);
        let rest = drawn.split_off(number);
        return (drawn, rest);
    }
    let is_drawn = draw_groups(labels, groups, number, purpose, seed);
    let (drawn, rest): (Vec<usize>, Vec<usize>) = all.into_iter().partition(|index| is_drawn[*index]);
    (drawn, stratified_order(labels, &rest, purpose, seed))
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
    let all: Vec<usize> = (0..labels.len()).collect();
    let mut train = stratified_order(labels, &all, Purpose::Split, seed);
    train.truncate(limit.unwrap_or(labels.len()));
    train
}

/// Some of the sequences, each class shuffled and spread evenly from the first place to the last.
fn stratified_order(labels: &[usize], some: &[usize], purpose: Purpose, seed: u64) -> Vec<usize> {
    let classes = labels.iter().max().map_or(0, |last| last + 1);
    let mut members = vec![Vec::new(); classes];
    for index in some {
        members[labels[*index]].push(*index);
    }
    let mut placed = Vec::with_capacity(some.len());
    for (class, members) in members.iter().enumerate() {
        let order = permutation(members.len(), purpose, seed, class);
        for (rank, member) in order.into_iter().enumerate() {
            let place = (2 * rank + 1) as f64 / (2 * members.len()) as f64;
            placed.push((place, class, members[member]));
        }
    }
    placed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    placed.into_iter().map(|(_, _, index)| index).collect()
}

/// Whether each sequence is drawn, whole groups at a time. In random order, a group changes sides where that brings the
/// classes nearer to their shares, until none would.
fn draw_groups(
    labels: &[usize],
    groups: &[Option<usize>],
    number: usize,
    purpose: Purpose,
    seed: u64,
) -> Vec<bool> {
    // One without a group is a group by itself.
    let groups = grouped(0..labels.len(), |index| groups[*index].ok_or(*index));
    let mut shares = Shares::new(labels, number);
    let mut is_drawn = vec![false; groups.len()];
    let order = permutation(groups.len(), purpose, seed, 0);
    loop {
        let mut changed = false;
        for &group in &order {
            let change = shares.change(labels, &groups[group], !is_drawn[group]);
            // Less is rounding, which would never end.
            if change < -1e-9 {
                is_drawn[group] = !is_drawn[group];
                shares.take(labels, &groups[group], is_drawn[group]);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    // Groups may be so large that the nearest is to draw none, or all but none.
    for drawn in [true, false] {
        if groups.len() > 1 && is_drawn.iter().all(|is| *is != drawn) {
            let change = |group: &usize| shares.change(labels, &groups[*group], drawn);
            let nearest = order.iter().copied().min_by(|a, b| change(a).total_cmp(&change(b)));
            is_drawn[nearest.expect("there are groups")] = drawn;
        }
    }
    let mut of_sequences = vec![false; labels.len()];
    for (group, drawn) in groups.iter().zip(is_drawn) {
        group.iter().for_each(|index| of_sequences[*index] = drawn);
    }
    of_sequences
}

/// The sequences of each class that are drawn, beside those that should be.
struct Shares {
    wanted: Vec<f64>,
    drawn: Vec<f64>,
    /// All of the class.
    all: Vec<f64>,
}

impl Shares {
    fn new(labels: &[usize], number: usize) -> Shares {
        let classes = labels.iter().max().map_or(0, |last| last + 1);
        let mut all = vec![0.0; classes];
        labels.iter().for_each(|label| all[*label] += 1.0);
        let wanted = all.iter().map(|all| all * number as f64 / labels.len() as f64).collect();
        Shares { wanted, drawn: vec![0.0; classes], all }
    }

    /// The change of Σ (drawn − wanted)² / all over the classes, if a group is drawn, or is not any more.
    fn change(&self, labels: &[usize], group: &[usize], draw: bool) -> f64 {
        let of_class = |members: Vec<usize>| {
            let (class, count) = (labels[members[0]], members.len() as f64);
            let step = if draw { count } else { -count };
            step * (2.0 * (self.drawn[class] - self.wanted[class]) + step) / self.all[class]
        };
        grouped(group.iter().copied(), |index| labels[*index]).into_iter().map(of_class).sum()
    }

    fn take(&mut self, labels: &[usize], group: &[usize], draw: bool) {
        group.iter().for_each(|index| self.drawn[labels[*index]] += if draw { 1.0 } else { -1.0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Divides sequences without groups.
    fn split(
        labels: &[usize],
        fraction: f64,
        limit: Option<usize>,
        seed: u64,
    ) -> Result<SplitIndices, DataError> {
        super::split(Members { labels, groups: &vec![None; labels.len()] }, fraction, limit, seed)
    }

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

        #[test]
        fn groups_stay_whole_and_no_group_on_the_other_side_would_bring_the_classes_nearer(
            sequences in prop::collection::vec((0usize..3, prop::option::weighted(0.8, 0usize..12)), 13..120),
            share in 0.1f64..0.6,
            seed: u64,
        ) {
            let (labels, groups): (Vec<usize>, Vec<Option<usize>>) = sequences.into_iter().unzip();
            let number = held_out(labels.len(), share);
            let members = Members { labels: &labels, groups: &groups };
            let (drawn, rest) = draw(members, number, Purpose::Test, seed);
            prop_assert_eq!(&(drawn.clone(), rest.clone()), &draw(members, number, Purpose::Test, seed));
            let mut all = [drawn.clone(), rest.clone()].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
            prop_assert!(!drawn.is_empty() && !rest.is_empty());
            let of = |part: &[usize]| -> Vec<usize> { part.iter().filter_map(|index| groups[*index]).collect() };
            prop_assert!(of(&drawn).iter().all(|group| !of(&rest).contains(group)));
            let distance = |drawn: &[usize]| -> f64 {
                (0..3).map(|class| {
                    let of_all = labels.iter().filter(|label| **label == class).count().max(1) as f64;
                    let wanted = of_all * number as f64 / labels.len() as f64;
                    (count(&labels, drawn, class) - wanted).powi(2) / of_all
                }).sum()
            };
            let found = distance(&drawn);
            for group in 0..12 {
                let (moved, kept): (Vec<usize>, Vec<usize>) =
                    drawn.iter().partition(|index| groups[**index] == Some(group));
                let other = match moved.is_empty() {
                    true => (0..labels.len()).filter(|index| groups[*index] == Some(group)).chain(kept).collect(),
                    false => kept,
                };
                let is_part = !other.is_empty() && other.len() < labels.len();
                prop_assert!(!is_part || distance(&other) > found - 1e-6, "{} {found}", distance(&other));
            }
        }
    }

    /// Ten machines of four sequences, two of either class: three of them are as near to twelve sequences as can be.
    #[test]
    fn groups_of_one_size_make_a_part_of_the_size_that_was_asked_for() {
        let labels: Vec<usize> = (0..40).map(|index| index % 2).collect();
        let groups: Vec<Option<usize>> = (0..40).map(|index| Some(index / 4)).collect();
        let part = |seed| draw(Members { labels: &labels, groups: &groups }, 12, Purpose::Test, seed).0;
        for seed in 0..20 {
            assert_eq!((part(seed).len(), count(&labels, &part(seed), 0)), (12, 6.0));
        }
        assert!((1..20).any(|seed| part(seed) != part(0)));
    }

    /// Of one in two, no part is small; of one alone, there is none.
    #[test]
    fn a_part_has_a_group_wherever_there_are_two() {
        let part = |groups: &[Option<usize>], number| {
            draw(Members { labels: &[0; 9], groups }, number, Purpose::Split, 1)
        };
        let two: Vec<Option<usize>> = (0..9).map(|index| Some(usize::from(index > 3))).collect();
        assert_eq!(part(&two, 1).0, [0, 1, 2, 3]);
        assert_eq!(part(&two, 8).1.len(), 4, "the rest has one, too");
        assert_eq!(part(&[Some(7); 9], 3).0, [0usize; 0]);
        let members = Members { labels: &[0; 9], groups: &[Some(7); 9] };
        let refused = super::split(members, 0.3, None, 1).unwrap_err();
        assert!(refused.to_string().contains("no validation set can be taken"), "{refused}");
    }

    #[test]
    fn a_limit_keeps_sequences_of_the_other_groups_in_their_proportions() {
        let labels: Vec<usize> = (0..100).map(|index| index % 2).collect();
        let groups: Vec<Option<usize>> = (0..100).map(|index| Some(index / 5)).collect();
        let members = Members { labels: &labels, groups: &groups };
        let keep = |limit| super::split(members, 0.2, limit, 3).unwrap();
        let (small, all) = (keep(Some(10)), keep(None));
        assert_eq!(small.train, all.train[..10]);
        assert_eq!((small.validation, count(&labels, &small.train, 0)), (all.validation, 5.0));
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
