//! The division of one file into a training and a test part: of whole sequences or, for forecasts, in time.

use crate::examples::{Answer, Example, Raw};
use crate::shuffle::Purpose;
use crate::split::{Members, draw, held_out};
use std::ops::Range;

/// The seed of the order in which whole sequences are divided. No `data.seed` can be as large: the test part is the same
/// for all of them, and is divided by other numbers than the validation set.
const SEED: u64 = u64::MAX;

/// A sequence of a file, or some of its steps, that belongs to a part of a data set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Piece {
    /// The place of the sequence in the file.
    pub sequence: usize,
    /// The steps of it; all of them where it is whole.
    pub steps: Option<Range<usize>>,
}

impl Piece {
    fn whole(sequence: usize) -> Piece {
        Piece { sequence, steps: None }
    }

    /// The step of the sequence that is this one's first.
    pub(crate) fn first(&self) -> usize {
        self.steps.as_ref().map_or(0, |steps| steps.start)
    }
}

/// The pieces of the training and of the test part.
pub(crate) type Division = [Vec<Piece>; 2];

/// Divides series of so many steps in time: the last steps of each are the test part.
pub(crate) fn in_time(lengths: &[usize], fraction: f64) -> Division {
    let part = |of: &dyn Fn(usize) -> Range<usize>| {
        let piece = |(sequence, steps): (usize, &usize)| Piece { sequence, steps: Some(of(*steps)) };
        lengths.iter().enumerate().map(piece).collect()
    };
    let train = |steps: usize| 0..steps - held_out(steps, fraction);
    let test = |steps: usize| steps - held_out(steps, fraction)..steps;
    [part(&train), part(&test)]
}

/// Divides whole sequences: by their labels in proportion, and whole groups of them where they are in groups. There are at
/// least two sequences, or groups, and either part gets one.
pub(crate) fn whole(members: Members, fraction: f64) -> Division {
    let sequences = members.labels.len();
    let wanted = held_out(sequences, fraction).clamp(1, sequences - 1);
    let (mut test, mut train) = draw(members, wanted, Purpose::Test, SEED);
    [&mut train, &mut test].map(|part| {
        part.sort_unstable();
        part.iter().copied().map(Piece::whole).collect()
    })
}

/// The numbers of some groups, in the order in which they come.
pub(crate) fn numbered<'a>(names: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let mut known = std::collections::HashMap::new();
    names
        .map(|name| {
            let next = known.len();
            *known.entry(name).or_insert(next)
        })
        .collect()
}

/// The examples that a part has of those of its file, which are shaped `[steps, channels]` where they are series.
pub(crate) fn take(examples: Vec<Example>, pieces: &[Piece], channels: usize) -> Vec<Example> {
    let mut examples: Vec<Option<Example>> = examples.into_iter().map(Some).collect();
    let piece = |Piece { sequence, steps }: &Piece| {
        let example = examples[*sequence].take().expect("no sequence is in a part twice");
        match (steps, example) {
            (Some(steps), Example { raw: Raw::Values(values), group, .. }) => {
                let values = values[steps.start * channels..steps.end * channels].to_vec();
                Example { raw: Raw::Values(values), answer: Answer::Following, group }
            }
            (_, example) => example,
        }
    };
    pieces.iter().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn sequences(part: &[Piece]) -> Vec<usize> {
        part.iter().map(|piece| piece.sequence).collect()
    }

    #[test]
    fn the_last_steps_are_the_test_part() {
        let [train, test] = in_time(&[10, 5], 0.2);
        assert_eq!(
            train,
            [Piece { sequence: 0, steps: Some(0..8) }, Piece { sequence: 1, steps: Some(0..4) }]
        );
        assert_eq!(
            test,
            [Piece { sequence: 0, steps: Some(8..10) }, Piece { sequence: 1, steps: Some(4..5) }]
        );
    }

    #[test]
    fn classes_are_divided_in_proportion() {
        let labels: Vec<usize> = (0..50).map(|at| usize::from(at % 5 == 0)).collect();
        let divided = || whole(Members { labels: &labels, groups: &vec![None; 50] }, 0.2);
        let [train, test] = divided();
        assert_eq!((train.len(), test.len()), (40, 10));
        assert_eq!(test.iter().filter(|piece| labels[piece.sequence] == 1).count(), 2);
        assert_eq!(divided(), [train, test]);
    }

    proptest! {
        #[test]
        fn parts_are_disjoint_complete_and_keep_groups_together(
            groups in prop::collection::vec(0usize..6, 2..60),
            fraction in 0.05f64..0.9,
        ) {
            let groups = numbered(groups.iter().map(|group| ["a", "b", "c", "d", "e", "f"][*group]));
            prop_assume!(groups.iter().any(|group| *group > 0));
            let labels = vec![0; groups.len()];
            let (grouped, alone) = (groups.iter().copied().map(Some).collect(), vec![None; groups.len()]);
            for in_groups in [grouped, alone] {
                let members = Members { labels: &labels, groups: &in_groups };
                let [train, test] = whole(members, fraction).map(|part| sequences(&part));
                prop_assert!(!train.is_empty() && !test.is_empty());
                let mut all = [&train[..], &test[..]].concat();
                all.sort_unstable();
                prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
                let of = |part: &[usize]| part.iter().filter_map(|at| in_groups[*at]).collect::<HashSet<_>>();
                prop_assert!(of(&train).is_disjoint(&of(&test)));
            }
        }
    }

    #[test]
    fn a_part_has_its_steps_alone() {
        let series = |values: &[f64]| Example {
            raw: Raw::Values(values.to_vec()),
            answer: Answer::Following,
            group: None,
        };
        let all = || vec![series(&[1.0, 2.0, 3.0, 4.0]), series(&[5.0, 6.0])];
        let cut = take(all(), &[Piece { sequence: 0, steps: Some(1..2) }], 2);
        assert_eq!(cut, [series(&[3.0, 4.0])]);
        assert_eq!(take(all(), &[Piece::whole(1)], 2), [series(&[5.0, 6.0])]);
    }
}
