//! Further seeds for settings that are too close to choose from.

use slimgate_statistics::{Choice, choose};

use super::{Group, Planner};
use crate::space::Candidate;
use crate::trial::Settings;
use crate::{Certainty, State, StudyError};

/// The part of the margin that a choice may be expected to cost.
const TOLERANCE: f64 = 0.1;

/// The settings with the best means that get another seed where it cannot be told yet which are close.
const FEWEST: usize = 3;

/// What the draws of a choice's bootstrap are made from.
const DRAWS: u64 = 1;

impl Planner<'_> {
    /// Chooses among settings once those that are close have had further seeds, and the learning rates beyond an end of the
    /// grid theirs, where these have moved the choice there. None while there is something to do, or nothing to choose.
    pub(super) fn race_and_widen(&mut self, group: &mut Group) -> Result<Option<Settings>, StudyError> {
        let mut seeds = self.config.seeds().len();
        loop {
            self.race(group, seeds)?;
            let Some(best) = self.best(group).filter(|_| group.work.is_empty()) else { return Ok(None) };
            let beyond = self.beyond(group, &best)?;
            if beyond.is_empty() {
                return Ok(Some(best));
            }
            seeds = beyond[0].trials.len();
            self.train(&beyond.iter().collect::<Vec<_>>(), None, group);
            group.candidates.extend(beyond);
            if !group.work.is_empty() {
                return Ok(None);
            }
        }
    }

    /// The candidates beyond the learning rates tried so far, if the best settings lie at an end of them since the race: with
    /// as many seeds as these have.
    fn beyond(&mut self, group: &Group, best: &Settings) -> Result<Vec<Candidate>, StudyError> {
        let of_best = group.candidates.iter().find(|candidate| candidate.settings == *best);
        let number = of_best.map_or(0, |candidate| candidate.trials.len());
        // Without a race it was asked before, and a search has no ends.
        let has_raced = number > self.config.seeds().len() && self.config.search.is_none();
        if !has_raced {
            return Ok(Vec::new());
        }
        let mut scored = Vec::new();
        for candidate in &group.candidates {
            // Those that were left behind are not chosen, whatever their first seeds came to.
            let in_race = candidate.trials.len() == number && !self.has_failed(candidate);
            let score =
                self.score(candidate).filter(|_| in_race).map_or(f64::NEG_INFINITY, |(score, _)| score);
            scored.push((candidate.settings.clone(), score));
        }
        let (task, seeds) = (&self.space.tasks[group.task], self.config.exploring_seeds());
        let candidate = |settings| self.space.with_seeds(task, &group.variant, settings, &seeds[..number]);
        let beyond: Vec<Candidate> =
            self.space.beyond(&scored).into_iter().map(candidate).collect::<Result<_, _>>()?;
        let is_tried = beyond.iter().any(|candidate| self.has_begun(candidate));
        if !is_tried && self.is_compared(group, best)? {
            return Ok(Vec::new());
        }
        Ok(beyond)
    }

    /// True if settings are compared already: by a version that did not look beyond the end of the grid once more, if
    /// nothing beyond it was tried.
    fn is_compared(&mut self, group: &Group, settings: &Settings) -> Result<bool, StudyError> {
        let explored = self.config.exploring_seeds();
        let mut seeds = self.config.comparison_seeds(self.config.looks()[0]);
        seeds.retain(|seed| !explored.contains(seed));
        let task = &self.space.tasks[group.task];
        let compared = self.space.with_seeds(task, &group.variant, settings.clone(), &seeds)?;
        Ok(self.has_begun(&compared))
    }

    fn has_begun(&mut self, candidate: &Candidate) -> bool {
        candidate.trials.iter().any(|trial| self.records.get(&trial.id).state != State::Waiting)
    }

    /// Tries settings that are close with seeds beyond the first so many, the same for all of them, until the choice is good
    /// enough.
    fn race(&mut self, group: &mut Group, first: usize) -> Result<(), StudyError> {
        let seeds = self.config.exploring_seeds();
        for number in first + 1..=seeds.len() {
            for index in self.close(group) {
                let settings = group.candidates[index].settings.clone();
                let task = &self.space.tasks[group.task];
                let candidate = self.space.with_seeds(task, &group.variant, settings, &seeds[..number])?;
                self.train(&[&candidate], None, group);
                group.candidates[index] = candidate;
            }
            if !group.work.is_empty() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The candidates that deserve another seed.
    fn close(&mut self, group: &Group) -> Vec<usize> {
        let merits = self.all_merits(group);
        let Some(tolerance) = self.tolerance(group, &merits) else { return Vec::new() };
        match self.choice(&merits) {
            Some(choice) => choice.race(tolerance),
            None => best_means(&merits),
        }
    }

    /// The certainty of the choice of these settings; none where there was nothing to choose, or it cannot be told.
    pub(super) fn certainty(&mut self, group: &Group, settings: &Settings) -> Option<Certainty> {
        let merits = self.all_merits(group);
        let tolerance = self.tolerance(group, &merits)?;
        let choice = self.choice(&merits)?;
        // Among equals the loss decided, which it knows nothing of.
        let at = group.candidates.iter().position(|candidate| candidate.settings == *settings)?;
        let is_in_race = merits[at].len() == merits[choice.chosen].len();
        if !is_in_race || merits[at].iter().any(|merit| !merit.is_finite()) {
            return None;
        }
        let is_toss_up = choice.is_toss_up(at, tolerance);
        Some(Certainty {
            settings: merits.iter().filter(|merits| !merits.is_empty()).count(),
            seeds: merits[at].len(),
            again: choice.settings[at].again,
            regret: choice.regret,
            rival: is_toss_up.then(|| group.candidates[rival(&choice, at)].settings.clone()),
        })
    }

    /// The choice among settings with these merits. A plan is made again whenever a trial ends, and it takes many draws.
    fn choice(&mut self, merits: &[Vec<f64>]) -> Option<Choice> {
        let bits = |merits: &Vec<f64>| merits.iter().map(|merit| merit.to_bits()).collect();
        let known = self.records.choices.entry(merits.iter().map(bits).collect());
        known.or_insert_with(|| choose(merits, DRAWS)).clone()
    }

    /// The merits of all candidates. Settings that a search has drawn twice are one of them: the others are out of the race.
    fn all_merits(&mut self, group: &Group) -> Vec<Vec<f64>> {
        let of = |index: usize| {
            let candidate = &group.candidates[index];
            let is_first = group.candidates[..index].iter().all(|other| other.settings != candidate.settings);
            if is_first { self.merits(group, candidate) } else { Vec::new() }
        };
        (0..group.candidates.len()).map(of).collect()
    }

    /// The regret that is good enough; none before any trial has a score.
    fn tolerance(&mut self, group: &Group, merits: &[Vec<f64>]) -> Option<f64> {
        let mut trials = group.candidates.iter().flat_map(|candidate| &candidate.trials);
        let metric =
            trials.find_map(|trial| Some(self.records.get(&trial.id).summary.as_ref()?.metric.clone()))?;
        let means = merits.iter().filter_map(|merits| mean(merits));
        let best = means.reduce(f64::max)?;
        Some(TOLERANCE * self.config.compare.margin(&metric).on(&metric, Some(best))?)
    }

    /// The merits of a candidate's trials on the validation set, a seed each; none of one that is out of the race.
    fn merits(&mut self, group: &Group, candidate: &Candidate) -> Vec<f64> {
        let mut merits = Vec::new();
        for trial in &candidate.trials {
            let record = self.records.get(&trial.id);
            let summary = record.summary.as_ref().filter(|_| record.state != State::Failed);
            let Some(summary) = summary.filter(|_| !group.pruned.contains_key(&trial.id)) else {
                return Vec::new();
            };
            let best = summary.best.as_ref().map(|best| summary.metric.merit(best.score.value));
            merits.push(best.unwrap_or(f64::NEG_INFINITY));
        }
        merits
    }
}

/// The better half of those with the most seeds, and no fewer than [`FEWEST`]; none where a single one is left.
fn best_means(merits: &[Vec<f64>]) -> Vec<usize> {
    let seeds = merits.iter().map(Vec::len).max().unwrap_or(0);
    let in_race = |index: &usize| merits[*index].len() == seeds && mean(&merits[*index]).is_some();
    let mut racing: Vec<usize> = (0..merits.len()).filter(in_race).collect();
    if racing.len() < 2 {
        return Vec::new();
    }
    racing.sort_by(|a, b| mean(&merits[*b]).partial_cmp(&mean(&merits[*a])).expect("means are numbers"));
    racing.truncate(racing.len().div_ceil(2).max(FEWEST));
    racing.sort_unstable();
    racing
}

/// The mean of some finite numbers.
fn mean(numbers: &[f64]) -> Option<f64> {
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    mean.is_finite().then_some(mean)
}

/// The settings that another exploration would choose most often but for those that were chosen.
fn rival(choice: &Choice, chosen: usize) -> usize {
    let others = (0..choice.settings.len()).filter(|setting| *setting != chosen);
    let again = |setting: &usize| choice.settings[*setting].again;
    others.max_by(|a, b| again(a).total_cmp(&again(b))).expect("a choice has at least two settings")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_spread_is_not_known_the_better_half_goes_on() {
        assert_eq!(best_means(&[vec![0.9], vec![0.5], vec![0.8], vec![0.7], vec![0.6]]), [0, 2, 3]);
        assert_eq!(best_means(&[vec![0.9], vec![], vec![f64::NEG_INFINITY]]), [0usize; 0]);
        assert_eq!(best_means(&[vec![0.9, 0.8], vec![0.7], vec![0.6, 0.7]]), [0, 2]);
    }
}
