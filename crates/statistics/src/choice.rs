//! The certainty of a choice among settings, and the settings that deserve another seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::draw::normal;

/// Number of repetitions drawn; a frequency around one half then has a standard error of half a percentage point.
const DRAWS: usize = 10_000;

/// The settings with the best means from which the spread is taken: half of them, and no fewer than this.
const FEWEST: usize = 3;

/// A setting's place in a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SettingChance {
    /// The probability that the same exploration with other seeds would choose it. Of the chosen setting, rather too high
    /// where others are close to it: its lead is taken as it was found, which partly is luck.
    pub again: f64,
    /// The probability that it is truly the best.
    pub best: f64,
    /// The expected gain of changing to it if, and only if, it is truly better than the chosen one, in the score's unit.
    pub gain: f64,
}

/// A choice of the setting with the best mean score.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Index of the chosen setting.
    pub chosen: usize,
    /// All settings, in the order given.
    pub settings: Vec<SettingChance>,
    /// Expected distance of the chosen setting below the truly best one, in the score's unit.
    pub regret: f64,
    /// The same of whichever setting another exploration of this size would choose.
    pub regret_again: f64,
}

/// Chooses the setting with the best mean, and says how certain that is.
///
/// `scores` has a row for each setting, with a score for each seed; the first score of each row is of one seed, the second
/// of another, and so on, so that what a seed (or its split of the data) does to all settings cancels out. Settings with
/// fewer seeds than others, or a score that is not finite, are no longer in the race: never chosen, chance 0.
///
/// Method: a parametric bootstrap. Setting and seed are taken to add up, score = setting + seed + residual, and the
/// residuals to be normal with one variance, which is pooled over the better half of the settings, at least three: bad
/// settings spread more, and would blur the good ones. In each of 10 000 repetitions, drawn from `seed`, a variance and
/// true means are drawn as the scores leave them uncertain (normal model without prior knowledge), and then the means of
/// another exploration around them. An ordinary bootstrap of two or three seeds would have only a handful of different
/// resamples, with half or two thirds of the variance.
///
/// `None` if the race has a single setting or seed, or fewer than two degrees of freedom for the variance, as with two
/// settings and two seeds: another seed for all is then the only answer.
pub fn choose(scores: &[Vec<f64>], seed: u64) -> Option<Choice> {
    let seeds = scores.iter().map(Vec::len).max()?;
    let in_race = |row: &Vec<f64>| row.len() == seeds && row.iter().all(|score| score.is_finite());
    let mut racing: Vec<usize> = (0..scores.len()).filter(|setting| in_race(&scores[*setting])).collect();
    let mean = |setting: usize| scores[setting].iter().sum::<f64>() / seeds as f64;
    // A stable sort: of equal means, the first setting is chosen.
    racing.sort_by(|a, b| mean(*b).total_cmp(&mean(*a)));
    let better = racing.len().div_ceil(2).max(FEWEST).min(racing.len());
    let rows: Vec<&[f64]> = racing[..better].iter().map(|setting| scores[*setting].as_slice()).collect();
    let spread = Spread::new(&rows)?;
    let means: Vec<f64> = racing.iter().map(|setting| mean(*setting)).collect();

    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut choice = Choice {
        chosen: racing[0],
        settings: vec![SettingChance::default(); scores.len()],
        regret: 0.0,
        regret_again: 0.0,
    };
    let weight = 1.0 / DRAWS as f64;
    for _ in 0..DRAWS {
        let error = spread.draw(&mut random) / (seeds as f64).sqrt();
        let truth: Vec<f64> = means.iter().map(|mean| mean + error * normal(&mut random)).collect();
        let again: Vec<f64> = truth.iter().map(|mean| mean + error * normal(&mut random)).collect();
        let (best, again) = (largest(&truth), largest(&again));
        choice.settings[racing[best]].best += weight;
        choice.settings[racing[again]].again += weight;
        for (setting, truth_of) in racing.iter().zip(&truth) {
            choice.settings[*setting].gain += weight * (truth_of - truth[0]).max(0.0);
        }
        choice.regret += weight * (truth[best] - truth[0]);
        choice.regret_again += weight * (truth[best] - truth[again]);
    }
    Some(choice)
}

impl Choice {
    /// To choose this setting, the chosen one or an equal of it, may well cost something: the expected regret is more than
    /// `tolerance`, in the score's unit, and another exploration would choose another in more than a third of all cases.
    pub fn is_toss_up(&self, setting: usize, tolerance: f64) -> bool {
        self.regret > tolerance && self.settings[setting].again < 2.0 / 3.0
    }

    /// The settings that deserve another seed, in the order given; empty when the choice is good enough.
    ///
    /// A setting stays in the race as long as its expected gain over the chosen one is more than its part of `tolerance`,
    /// which all others share equally. Once none is left, the expected regret is at most `tolerance`, because it is no
    /// more than the sum of the gains: an expected-opportunity-cost rule (Chick and Inoue 2001). All that stay get the
    /// same new seed, as in F-Race (Birattari et al. 2002), and the rest need none. A tenth of the margin is a sensible
    /// tolerance.
    pub fn race(&self, tolerance: f64) -> Vec<usize> {
        let part = tolerance / (self.settings.len() - 1) as f64;
        let stays = |setting: &usize| *setting == self.chosen || self.settings[*setting].gain > part;
        let race: Vec<usize> = (0..self.settings.len()).filter(stays).collect();
        if race.len() > 1 { race } else { Vec::new() }
    }
}

/// The standard deviation of residuals, and how well it is known.
struct Spread {
    sd: f64,
    degrees_of_freedom: usize,
}

impl Spread {
    /// Of the residuals of rows that have as many scores each, when row and column add up; `None` with fewer than two
    /// degrees of freedom.
    fn new(rows: &[&[f64]]) -> Option<Self> {
        let (settings, seeds) = (rows.len(), rows.first()?.len());
        let degrees_of_freedom = (settings - 1) * (seeds.max(1) - 1);
        if degrees_of_freedom < 2 {
            return None;
        }
        let mean = |values: &mut dyn Iterator<Item = f64>, count: usize| values.sum::<f64>() / count as f64;
        let of_seed: Vec<f64> =
            (0..seeds).map(|seed| mean(&mut rows.iter().map(|row| row[seed]), settings)).collect();
        let all = mean(&mut of_seed.iter().copied(), seeds);
        let squares = rows.iter().map(|row| {
            let of_row = mean(&mut row.iter().copied(), seeds);
            row.iter().zip(&of_seed).map(|(score, seed)| (score - of_row - seed + all).powi(2)).sum::<f64>()
        });
        let variance = squares.sum::<f64>() / degrees_of_freedom as f64;
        Some(Self { sd: variance.sqrt(), degrees_of_freedom })
    }

    /// A standard deviation that would leave this one as its estimate: σ² = νs²/χ² with ν degrees of freedom.
    fn draw(&self, random: &mut ChaCha8Rng) -> f64 {
        let chi_squared: f64 = (0..self.degrees_of_freedom).map(|_| normal(random).powi(2)).sum();
        self.sd * (self.degrees_of_freedom as f64 / chi_squared).sqrt()
    }
}

/// Index of the largest number, the first if several are.
fn largest(numbers: &[f64]) -> usize {
    (1..numbers.len()).fold(0, |best, at| if numbers[at] > numbers[best] { at } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clear_winner_is_chosen_again_and_costs_nothing() {
        let scores = [vec![0.80, 0.81, 0.80], vec![0.95, 0.96, 0.95], vec![0.90, 0.91, 0.91]];
        let found = choose(&scores, 1).unwrap();
        assert_eq!(found.chosen, 1);
        assert!(found.settings[1].again > 0.99 && found.regret < 1e-4, "{found:?}");
        assert!(!found.is_toss_up(found.chosen, 0.001));
        assert_eq!(found.race(0.001), [0usize; 0]);
        assert_eq!(choose(&scores, 1), Some(found));
    }

    #[test]
    fn close_settings_race_on_without_the_one_far_below() {
        let scores = [
            vec![0.950, 0.960, 0.940],
            vec![0.955, 0.945, 0.952],
            vec![0.60, 0.61, 0.60],
            vec![0.948, 0.955, 0.943],
        ];
        let found = choose(&scores, 1).unwrap();
        assert_eq!(found.race(0.001), [0, 1, 3]);
        assert!(
            found.is_toss_up(found.chosen, 0.001)
                && found.regret <= found.settings.iter().map(|s| s.gain).sum()
        );
        assert!(found.settings[2].best < 0.001);
    }

    /// A seed that is easier for all settings says nothing about which is better.
    #[test]
    fn seeds_that_move_all_settings_leave_the_choice_certain() {
        let at = |add: f64| vec![0.70 + add, 0.91 + add, 0.80 + add + 0.001];
        let found = choose(&[at(0.0), at(0.02), at(0.01)], 1).unwrap();
        assert_eq!(found.chosen, 1);
        assert!(found.settings[1].again > 0.99, "{found:?}");
    }

    #[test]
    fn one_that_dropped_out_or_diverged_is_never_chosen() {
        let scores = [
            vec![0.99, 0.99],
            vec![0.90, 0.91, 0.92],
            vec![0.90, 0.92, 0.91],
            vec![0.91, f64::NAN, 0.99],
            vec![0.88, 0.87, 0.92],
        ];
        let found = choose(&scores, 1).unwrap();
        assert!([1, 2].contains(&found.chosen));
        assert_eq!([found.settings[0], found.settings[3]], [SettingChance::default(); 2]);
    }

    #[test]
    fn too_little_to_know_the_spread_from_is_no_choice() {
        assert_eq!(choose(&[], 1), None);
        assert_eq!(choose(&[vec![0.9], vec![0.8]], 1), None);
        assert_eq!(choose(&[vec![0.9, 0.8, 0.7]], 1), None);
        assert_eq!(choose(&[vec![0.9, 0.8], vec![0.8, 0.8]], 1), None);
    }
}
