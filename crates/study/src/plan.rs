//! The plan of a study: what is to be done next, given what is there.
//!
//! A plan is made of the study's configuration and of its trials' records alone. Each task and variant goes its
//! own way: try all candidates, choose one on the validation set, train that with further seeds, read the test
//! set for those trials. Last of all, the chosen trials of a task are timed side by side.

mod looks;
mod race;

use std::collections::{HashMap, HashSet};

use crate::folder::{Record, Records};
use crate::pruning::{rungs, survivors};
use crate::space::{Candidate, Space};
use crate::trial::{Settings, Trial};
use crate::{Certainty, State, StudyConfig, StudyError};

/// Something to do for a trial, by one worker.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub trial: Trial,
    /// The epoch to train to, where that is not the last.
    pub until: Option<usize>,
    /// True if the test set is to be read, once the trial is at its end.
    pub test: bool,
}

impl Work {
    /// True if it is still to be done, given the trial's record.
    pub fn is_due(&self, record: &Record) -> bool {
        let summary = record.summary.as_ref();
        if !record.is_done() {
            let epochs = summary.map_or(0, |summary| summary.epochs);
            return self.until.is_none_or(|until| epochs < until);
        }
        // Without a single epoch there are no weights.
        let has_weights = summary.is_some_and(|summary| summary.best.is_some());
        self.test && !record.tested && has_weights && !record.given_up
    }
}

/// A variant on a task, and how far it has got.
#[derive(Debug)]
pub(crate) struct Group {
    /// Index into the space's tasks.
    pub task: usize,
    pub variant: String,
    /// Every candidate so far.
    pub candidates: Vec<Candidate>,
    /// Trials that were pruned, with the epoch after which.
    pub pruned: HashMap<String, usize>,
    /// The chosen settings with a trial for each seed of the comparison so far, once there is a choice.
    pub chosen: Option<Candidate>,
    /// The certainty of that choice, where it can be told.
    pub certainty: Option<Certainty>,
    /// The work that can be done now; trials that somebody works on are among them.
    pub work: Vec<Work>,
}

impl Group {
    /// The number of its trials, known at its end and before that at most, and the epochs of those of which it is not
    /// known yet what they try.
    pub fn planned(&self, space: &Space) -> (usize, usize) {
        let known = self.trials().count();
        if self.work.is_empty() || self.chosen.is_some() {
            return (known, 0);
        }
        let trials = known.max(space.trials_a_group());
        let longest = self.trials().map(|trial| trial.config.optim.epochs).max().unwrap_or(0);
        (trials, (trials - known) * longest)
    }

    /// Every trial, once.
    pub fn trials(&self) -> impl Iterator<Item = &Trial> {
        let mut seen = HashSet::new();
        let candidates = self.candidates.iter().chain(&self.chosen);
        candidates.flat_map(|candidate| &candidate.trials).filter(move |trial| seen.insert(trial.id.as_str()))
    }

    /// The state of a trial: one that was pruned stays so, however far it came.
    pub fn state(&self, trial: &Trial, record: &Record) -> State {
        if self.pruned.contains_key(&trial.id) { State::Pruned } else { record.state }
    }
}

/// Each variant on each task, and how far it has got.
pub(crate) fn plan(
    space: &Space,
    config: &StudyConfig,
    records: &mut Records,
) -> Result<Vec<Group>, StudyError> {
    let mut planner = Planner { space, config, records };
    let mut groups = Vec::new();
    for task in 0..space.tasks.len() {
        let mut of_task = Vec::new();
        for variant in &space.variants {
            of_task.push(planner.group(task, variant)?);
        }
        planner.look(&mut of_task)?;
        groups.extend(of_task);
    }
    Ok(groups)
}

struct Planner<'a> {
    space: &'a Space,
    config: &'a StudyConfig,
    records: &'a mut Records,
}

impl Planner<'_> {
    fn group(&mut self, task: usize, variant: &str) -> Result<Group, StudyError> {
        let mut group = Group {
            task,
            variant: variant.to_owned(),
            candidates: Vec::new(),
            pruned: HashMap::new(),
            chosen: None,
            certainty: None,
            work: Vec::new(),
        };
        let mut scored: Vec<(Settings, f64)> = Vec::new();
        for round in 0.. {
            let candidates = self.space.round(&self.space.tasks[task], variant, round, &scored)?;
            if candidates.is_empty() {
                break;
            }
            self.try_out(&candidates, &mut group)?;
            if group.work.is_empty() {
                for candidate in &candidates {
                    match self.score(candidate).filter(|_| !self.has_failed(candidate)) {
                        Some((score, _)) => scored.push((candidate.settings.clone(), score)),
                        // A grid that did not know that it was tried would grow by it for ever.
                        None if self.config.search.is_none() => {
                            scored.push((candidate.settings.clone(), f64::NEG_INFINITY));
                        }
                        None => (),
                    }
                }
            }
            group.candidates.extend(candidates);
            if !group.work.is_empty() {
                return Ok(group);
            }
        }
        let Some(best) = self.race_and_widen(&mut group)? else { return Ok(group) };
        group.certainty = self.certainty(&group, &best);
        group.chosen = Some(Candidate { settings: best, trials: Vec::new() });
        self.compare(&mut group, self.config.looks()[0])?;
        Ok(group)
    }

    /// Plans the comparison of a variant's chosen settings with so many seeds.
    fn compare(&mut self, group: &mut Group, seeds: usize) -> Result<(), StudyError> {
        let Some(chosen) = &group.chosen else { return Ok(()) };
        let seeds = self.config.comparison_seeds(seeds);
        let task = &self.space.tasks[group.task];
        let chosen = self.space.with_seeds(task, &group.variant, chosen.settings.clone(), &seeds)?;
        for trial in &chosen.trials {
            let work = Work { trial: trial.clone(), until: None, test: true };
            if work.is_due(self.records.get(&trial.id)) {
                group.work.push(work);
            }
        }
        group.chosen = Some(chosen);
        Ok(())
    }

    /// The work of some candidates, from rung to rung.
    fn try_out(&mut self, candidates: &[Candidate], group: &mut Group) -> Result<(), StudyError> {
        let search = self.config.search.as_ref();
        let (prune, reduction) =
            search.map_or((Default::default(), 2), |search| (search.prune, search.reduction));
        let epochs = candidates[0].trials[0].config.optim.epochs;
        let mut alive: Vec<&Candidate> = candidates.iter().collect();
        let mut dropped = Vec::new();
        for rung in rungs(prune, reduction, epochs) {
            self.train(&alive, Some(rung), group);
            if !group.work.is_empty() {
                return Ok(());
            }
            // One whose process failed for good has no score to be ranked by, and is not pruned.
            alive.retain(|candidate| !self.has_failed(candidate));
            let mut scores = Vec::new();
            for candidate in &alive {
                let mut sum = 0.0;
                for trial in &candidate.trials {
                    sum += self.records.merit_until(&trial.id, rung)?;
                }
                scores.push(sum / candidate.trials.len() as f64);
            }
            let kept = survivors(prune, reduction, &scores, &dropped);
            for ((candidate, &kept), &score) in alive.iter().zip(&kept).zip(&scores) {
                if !kept {
                    dropped.push(score);
                    group.pruned.extend(candidate.trials.iter().map(|trial| (trial.id.clone(), rung)));
                }
            }
            alive = alive
                .into_iter()
                .zip(kept)
                .filter_map(|(candidate, kept)| kept.then_some(candidate))
                .collect();
        }
        self.train(&alive, None, group);
        Ok(())
    }

    fn train(&mut self, candidates: &[&Candidate], until: Option<usize>, group: &mut Group) {
        for trial in candidates.iter().flat_map(|candidate| &candidate.trials) {
            let work = Work { trial: trial.clone(), until, test: false };
            if work.is_due(self.records.get(&trial.id)) {
                group.work.push(work);
            }
        }
    }

    /// True if the training of a trial has failed for good.
    fn has_failed(&mut self, candidate: &Candidate) -> bool {
        candidate.trials.iter().any(|trial| self.records.get(&trial.id).state == State::Failed)
    }

    /// The rank of a candidate: by the mean over the seeds of the merit of the best epoch on the validation set, then by
    /// the mean loss there. None where no trial came to an end.
    fn score(&mut self, candidate: &Candidate) -> Option<(f64, f64)> {
        let (mut merit, mut loss, mut trials) = (0.0, 0.0, 0);
        for trial in &candidate.trials {
            let record = self.records.get(&trial.id);
            // One whose test alone failed counts here.
            if record.state == State::Failed {
                continue;
            }
            let Some(summary) = &record.summary else { continue };
            match &summary.best {
                Some(best) => {
                    merit += summary.metric.merit(best.score.value);
                    loss += best.loss;
                }
                // It diverged in its first epoch.
                None if record.state == State::Diverged => {
                    merit += summary.metric.worst_merit();
                    loss += f64::INFINITY;
                }
                None => continue,
            }
            trials += 1;
        }
        (trials > 0).then(|| (merit / trials as f64, loss / trials as f64))
    }

    /// The settings of the best candidate, the first among equals; of those with a failed trial only where all have.
    fn best(&mut self, group: &Group) -> Option<Settings> {
        let mut best: Option<((f64, f64), &Settings)> = None;
        let some_whole = group.candidates.iter().any(|candidate| !self.has_failed(candidate));
        // Those that were close went on with further seeds.
        let mut seeds = 0;
        for candidate in &group.candidates {
            if !some_whole || !self.has_failed(candidate) {
                seeds = seeds.max(candidate.trials.len());
            }
        }
        for candidate in &group.candidates {
            let pruned = candidate.trials.iter().any(|trial| group.pruned.contains_key(&trial.id));
            let left_behind = candidate.trials.len() < seeds;
            if pruned || left_behind || (some_whole && self.has_failed(candidate)) {
                continue;
            }
            let Some(score) = self.score(candidate) else { continue };
            let better =
                best.is_none_or(|((merit, loss), _)| score.0 > merit || (score.0 == merit && score.1 < loss));
            if better {
                best = Some((score, &candidate.settings));
            }
        }
        best.map(|(_, settings)| settings.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use slimgate_run::metric::Metric;
    use tempfile::tempdir;

    use super::*;
    use crate::StudyFolder;
    use crate::made_up::mase;

    /// The record of a trial at its end; of one that diverged in its first epoch, without a score.
    fn record(metric: &Metric, score: Option<f64>) -> Record {
        let best = score.map(|score| {
            json!({
                "epoch": 3, "split": "validation", "loss": 0.5, metric.name.as_str(): score, "seconds": 1.0,
                "sequences_per_second": 10.0,
            })
        });
        let summary = json!({
            "status": "complete", "dataset": "digits-rows", "variant": "lstm", "gates": "xhb", "metric": metric,
            "parameters": { "recurrent": 1, "total": 2 }, "epochs": 3, "seconds": 2.0, "best": best, "final": best,
        });
        Record {
            state: if score.is_some() { State::Complete } else { State::Diverged },
            reason: None,
            given_up: false,
            summary: Some(serde_json::from_value(summary).unwrap()),
            tested: false,
            timed: false,
        }
    }

    /// The plan of one variant whose trials, at 1e-3, 3e-3 and 1e-2, came to these scores.
    fn planned(metric: &Metric, scores: [Option<f64>; 3], widen: bool) -> Group {
        let text = format!(
            "[grid]\nmodel.variant = ['lstm']\noptim.learning_rate = [1e-3, 3e-3, 1e-2]\n[compare]\nwiden = {widen}"
        );
        let config = StudyConfig::read("test", &text, &[]).unwrap();
        let space = Space::new(&config).unwrap();
        let here = tempdir().unwrap();
        let folder = StudyFolder::create(here.path()).unwrap();
        let mut records = Records::new(&folder, &config);
        let candidates = space.round(&space.tasks[0], "lstm", 0, &[]).unwrap();
        for (candidate, score) in candidates.iter().zip(scores) {
            records.put(&candidate.trials[0].id, record(metric, score));
        }
        plan(&space, &config, &mut records).unwrap().remove(0)
    }

    fn rate(candidate: &Candidate) -> f64 {
        candidate.settings["optim.learning_rate"].as_float().unwrap()
    }

    /// The plan of one variant at its end: whatever is to be trained comes to the score of its rate and seed, or fails for
    /// good where that has none. `begun` are trials that were trained before.
    fn carried_out(score: impl Fn(f64, u64) -> Option<f64>, begun: &[(f64, u64)]) -> Group {
        let text = "[grid]\nmodel.variant = ['lstm']\noptim.learning_rate = [1e-3, 3e-3, 1e-2]\nrun.seed = [1, 2, 3]\n\
                    [compare]\nuntil = 'decided'";
        let config = StudyConfig::read("test", text, &[]).unwrap();
        let space = Space::new(&config).unwrap();
        let here = tempdir().unwrap();
        let folder = StudyFolder::create(here.path()).unwrap();
        let mut records = Records::new(&folder, &config);
        let metric = Metric::accuracy(None);
        let ended = |trial: &Trial| match score(trial.config.optim.learning_rate, trial.seed) {
            Some(score) => Record { tested: true, ..record(&metric, Some(score)) },
            None => Record { state: State::Failed, given_up: true, ..record(&metric, None) },
        };
        for (rate, seed) in begun {
            let settings = Settings::from([("optim.learning_rate".to_owned(), toml::Value::Float(*rate))]);
            let candidate = space.with_seeds(&space.tasks[0], "lstm", settings, &[*seed]).unwrap();
            records.put(&candidate.trials[0].id, ended(&candidate.trials[0]));
        }
        loop {
            let mut planner = Planner { space: &space, config: &config, records: &mut records };
            let group = planner.group(0, "lstm").unwrap();
            if group.work.is_empty() {
                return group;
            }
            for work in &group.work {
                records.put(&work.trial.id, ended(&work.trial));
            }
        }
    }

    /// Scores that the first three seeds make the best at 3e-3, and further ones at 1e-3.
    fn moving(rate: f64, seed: u64) -> f64 {
        let noise = [0.004, -0.004, 0.0][(seed % 3) as usize];
        match (rate, seed) {
            (1e-3, ..=3) => 0.900 + noise,
            (1e-3, _) => 0.930 + noise,
            (3e-3, ..=3) => 0.902 - noise,
            (3e-3, _) => 0.890 - noise,
            _ => 0.5 + noise,
        }
    }

    #[test]
    fn a_grid_grows_where_the_race_moves_the_best_to_its_end() {
        let rates = |group: &Group| group.candidates.iter().map(rate).collect::<Vec<f64>>();
        let group = carried_out(|rate, seed| Some(moving(rate, seed)), &[]);
        assert_eq!(
            (rates(&group), rate(group.chosen.as_ref().unwrap())),
            (vec![1e-3, 3e-3, 1e-2, 3e-4], 1e-3)
        );
        let [ended, beyond] = [0, 3].map(|at| group.candidates[at].trials.len());
        assert_eq!(ended, beyond, "as many seeds as the one that it is beside");

        let better = |rate: f64, seed| Some(if rate < 5e-4 { 0.95 - rate } else { moving(rate, seed) });
        let group = carried_out(better, &[]);
        assert_eq!(rates(&group)[3..], [3e-4, 9e-5, 3e-5]);
        assert_eq!(rate(group.chosen.as_ref().unwrap()), 3e-5, "so far and no farther");

        let inside = |rate: f64, seed| Some(if rate == 3e-3 { 0.95 } else { moving(rate, seed) });
        assert_eq!(rates(&carried_out(inside, &[])), [1e-3, 3e-3, 1e-2]);
    }

    #[test]
    fn settings_that_are_compared_already_are_not_chosen_anew() {
        let group = carried_out(|rate, seed| Some(moving(rate, seed)), &[(1e-3, 104)]);
        assert_eq!((group.candidates.len(), rate(group.chosen.as_ref().unwrap())), (3, 1e-3));
    }

    #[test]
    fn a_rate_beyond_the_grid_that_fails_is_tried_once() {
        let fails = |rate: f64, seed| (rate > 5e-4).then(|| moving(rate, seed) - 5.0 * rate);
        let group = carried_out(fails, &[]);
        assert_eq!((group.candidates.len(), rate(group.chosen.as_ref().unwrap())), (4, 1e-3));
    }

    #[test]
    fn the_best_settings_are_those_of_the_better_score() {
        let scores = [Some(0.8), Some(0.7), Some(0.9)];
        let chosen = |metric: &Metric| rate(&planned(metric, scores, false).chosen.unwrap());
        assert_eq!(chosen(&Metric::accuracy(None)), 1e-2);
        assert_eq!(chosen(&mase()), 3e-3);
    }

    #[test]
    fn what_diverged_at_once_is_never_the_best_of_errors() {
        let chosen = planned(&mase(), [None, Some(40.0), Some(50.0)], false).chosen;
        assert_eq!(rate(&chosen.unwrap()), 3e-3);
    }

    #[test]
    fn a_grid_grows_beyond_the_end_with_the_lowest_error() {
        let grown = |metric: &Metric| {
            rate(planned(metric, [0.7, 0.8, 0.9].map(Some), true).candidates.last().unwrap())
        };
        assert_eq!(grown(&mase()), 3e-4);
        assert_eq!(grown(&Metric::accuracy(None)), 3e-2);
    }
}
