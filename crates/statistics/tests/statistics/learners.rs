//! Two learners on divisions of the same sequences: how their results depend on one another where models learn from what
//! the divisions share.

use crate::simulate::Source;

/// Numbers that describe a sequence to each learner, its own.
const FEATURES: usize = 4;

/// A sample that is divided anew again and again, and two learners of linear models. Each sequence is of one of two
/// classes, whose means are apart in every number.
#[derive(Clone, Copy, Debug)]
pub struct Learners {
    /// Sequences of the sample.
    pub sequences: usize,
    /// Those that a division tests on.
    pub tested: usize,
    /// How far apart the classes are in the numbers of the variant, and in those of the baseline.
    pub apart: [f64; 2],
    /// Standard deviation of what a seed adds to each number of a model: another minimum of the loss.
    pub seeds: f64,
}

struct Sequence {
    class: f64,
    numbers: [[f64; FEATURES]; 2],
}

impl Learners {
    /// The part of the sequences that a division tests on.
    pub fn test_share(&self) -> f64 {
        self.tested as f64 / self.sequences as f64
    }

    /// A new sample, and the differences in accuracy, variant − baseline, over so many divisions of it. Each has its own
    /// seed, and both learners have the same division.
    pub fn differences(&self, source: &mut Source, divisions: usize) -> Vec<f64> {
        let sample: Vec<Sequence> = (0..self.sequences).map(|index| self.sequence(source, index)).collect();
        let mut order: Vec<usize> = (0..self.sequences).collect();
        let mut difference = || {
            for place in 0..self.tested {
                let other = place + (source.uniform() * (self.sequences - place) as f64) as usize;
                order.swap(place, other);
            }
            let [variant, baseline] = [0, 1].map(|side| self.right(source, &sample, &order, side));
            (variant - baseline) / self.tested as f64
        };
        (0..divisions).map(|_| difference()).collect()
    }

    fn sequence(&self, source: &mut Source, index: usize) -> Sequence {
        let class = if index.is_multiple_of(2) { 1.0 } else { -1.0 };
        let numbers = self.apart.map(|apart| [(); FEATURES].map(|()| class * apart / 2.0 + source.normal()));
        Sequence { class, numbers }
    }

    /// The number of tested sequences that a side's model gets right: the difference of the classes' means over the
    /// training sequences, and what the seed adds.
    fn right(&self, source: &mut Source, sample: &[Sequence], order: &[usize], side: usize) -> f64 {
        let (tested, trained) = order.split_at(self.tested);
        let mut model = [(); FEATURES].map(|()| self.seeds * source.normal());
        for sequence in trained.iter().map(|index| &sample[*index]) {
            for (weight, number) in model.iter_mut().zip(&sequence.numbers[side]) {
                *weight += sequence.class * number / trained.len() as f64;
            }
        }
        let is_right = |index: &&usize| {
            let Sequence { class, numbers } = &sample[**index];
            let sum: f64 = model.iter().zip(&numbers[side]).map(|(weight, number)| weight * number).sum();
            sum * class > 0.0
        };
        tested.iter().filter(is_right).count() as f64
    }
}

/// Small samples, of which a tenth to a half is tested, with seeds that matter little and much. Both learners are alike.
pub const ALIKE: [Learners; 4] = [
    Learners { sequences: 60, tested: 20, apart: [0.8, 0.8], seeds: 0.1 },
    Learners { sequences: 200, tested: 20, apart: [0.8, 0.8], seeds: 0.1 },
    Learners { sequences: 200, tested: 66, apart: [0.8, 0.8], seeds: 0.3 },
    Learners { sequences: 400, tested: 200, apart: [1.2, 1.2], seeds: 0.0 },
];

/// The same with a variant to which the classes are less apart.
pub fn worse(alike: Learners) -> Learners {
    Learners { apart: [0.6 * alike.apart[0], alike.apart[1]], ..alike }
}
