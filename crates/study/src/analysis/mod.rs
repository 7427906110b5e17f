//! From finished trials to a [`StudySummary`].

mod comparison;
mod coverage;
mod forecasts;
mod importances;
mod obstacle;
mod pooled;
pub(crate) mod published;
mod rates;
mod task_ranking;
mod variant;

pub(crate) use comparison::{SPENDING, pairs};
pub(crate) use variant::RATE;

use std::collections::{BTreeMap, HashSet};

use slimgate_data::TestSet;
use slimgate_run::metric::Metric;
use slimgate_run::{Evaluation, RunFolder, quoted};
use statrs::statistics::{Data, OrderStatistics};

use crate::answer::answer;
use crate::criteria::note_criteria;
use crate::folder::{Record, Records};
use crate::plan::{Group, plan};
use crate::space::Space;
use crate::summary::one_of;
use crate::trial::Trial;
use crate::{
    Comparison, Outlook, Reference, State, StudyConfig, StudyError, StudyFolder, StudySummary, TaskSummary,
    TrialLine, VariantSummary,
};

/// The result so far of the study in a folder.
///
/// # Errors
///
/// If the folder is not a study or something in it is damaged.
pub fn summarize(folder: &StudyFolder) -> Result<StudySummary, StudyError> {
    let config = folder.config()?;
    let space = Space::new(&config)?;
    let mut records = Records::new(folder, &config);
    let groups = plan(&space, &config, &mut records)?;
    let mut trials = Vec::new();
    for group in &groups {
        for trial in group.trials() {
            let record = records.get(&trial.id);
            trials.push(trial_line(group, trial, record));
        }
    }
    let metric = metric_of(&groups, &mut records)?;
    let mut tasks = Vec::new();
    for task in 0..space.tasks.len() {
        let groups: Vec<&Group> = groups.iter().filter(|group| group.task == task).collect();
        let name = &space.tasks[task].name;
        tasks.push(summarize_task(&config, &metric, name, &groups, &mut records)?);
    }
    let environment =
        trials.iter().find_map(|trial| RunFolder::open(&folder.run(&trial.id)).ok()?.environment().ok());
    let mut summary = StudySummary {
        version: StudySummary::VERSION,
        study: folder.name(),
        protocol: config.compare.protocol,
        baseline: config.compare.baseline.clone(),
        margin: config.compare.margin(&metric).amount(&metric),
        margin_is_relative: config.compare.margin(&metric).is_relative(),
        confidence: config.compare.confidence,
        looks: config.looks(),
        matched: config.compare.matched,
        answer: crate::Answer {
            variant: None,
            headline: String::new(),
            notes: Vec::new(),
            explanation: Vec::new(),
        },
        across: task_ranking::task_ranking(&tasks, &metric, 1.0 - config.compare.confidence),
        published: published::cells(folder, &config, &groups, &mut records)?,
        environment: environment.unwrap_or_default(),
        commands: vec![repeat_command(folder)],
        longer: longer_command(folder, &config, &groups),
        trial_seconds: trials.iter().fold(0.0, |sum, trial| sum + trial.seconds),
        tasks,
        metric,
        planned: groups.iter().map(|group| group.planned(&space).0).sum(),
        trials,
    };
    summary.answer = answer(&summary);
    for task in &mut summary.tasks {
        task.forecasts =
            forecasts::forecasts(folder, &summary.metric, summary.answer.variant.as_deref(), task)?;
    }
    summary.answer.notes.extend(note_criteria(folder, &config, &summary.metric, &summary.tasks));
    summary.answer.notes.extend(strangers(folder, &summary.trials));
    Ok(summary)
}

/// The metric that the trials are scored by, whatever a step of it is on the data of each; the share of
/// right answers until one has begun.
///
/// # Errors
///
/// If they are not all scored by one.
fn metric_of(groups: &[Group], records: &mut Records) -> Result<Metric, StudyError> {
    let mut found: Option<Metric> = None;
    for trial in groups.iter().flat_map(Group::trials) {
        let Some(summary) = &records.get(&trial.id).summary else { continue };
        let metric = Metric { resolution: None, ..summary.metric.clone() };
        match &found {
            Some(known) if *known != metric => {
                return Err(StudyError::Metrics { one: known.name.clone(), other: metric.name });
            }
            Some(_) => (),
            None => found = Some(metric),
        }
    }
    Ok(found.unwrap_or_default())
}

/// That there are run folders beside those of the study's trials; nothing where there are none.
fn strangers(folder: &StudyFolder, trials: &[TrialLine]) -> Option<String> {
    let known: HashSet<&str> = trials.iter().map(|trial| trial.id.as_str()).collect();
    let there = folder.runs();
    let strangers = there.iter().filter(|id| !known.contains(id.as_str())).count();
    let (folders, are) = match strangers {
        0 => return None,
        1 => ("run folder", "is"),
        _ => ("run folders", "are"),
    };
    Some(format!(
        "{strangers} {folders} in trials/ {are} not part of this study as planned so far, and {are} left out."
    ))
}

/// The command that runs the study again in a folder beside it.
fn repeat_command(folder: &StudyFolder) -> String {
    let path = folder.path().display();
    format!(
        "slimgate compare {} --out {}",
        quoted(&format!("{path}/study.toml")),
        quoted(&format!("{path}-again"))
    )
}

/// The factor of epochs, and of the patience, that is advised where those that there were did not do.
const LONGER: usize = 3;

/// The command that runs the study again with more epochs and more patience, in a folder beside it; none where it varies
/// one of them.
fn longer_command(folder: &StudyFolder, config: &StudyConfig, groups: &[Group]) -> Option<String> {
    if ["optim.epochs", "optim.early_stopping"].into_iter().any(|key| config.varies(key)) {
        return None;
    }
    let trials = || groups.iter().flat_map(Group::trials).map(|trial| &trial.config.optim);
    let epochs = trials().map(|optim| optim.epochs).max()?;
    // Whom patience ended would be ended again.
    let patience = trials().filter_map(|optim| optim.early_stopping).max();
    let patience = patience
        .map_or_else(String::new, |patience| format!(" --set optim.early_stopping={}", LONGER * patience));
    let path = folder.path().display();
    Some(format!(
        "slimgate compare {} --set optim.epochs={}{patience} --out {}",
        quoted(&format!("{path}/study.toml")),
        LONGER * epochs,
        quoted(&format!("{path}-longer"))
    ))
}

fn trial_line(group: &Group, trial: &Trial, record: &Record) -> TrialLine {
    let state = group.state(trial, record);
    let summary = record.summary.as_ref();
    TrialLine {
        id: trial.id.clone(),
        state,
        variant: trial.variant.clone(),
        task: trial.task.clone(),
        seed: trial.seed,
        settings: trial.settings.clone(),
        epochs: summary.map_or(0, |summary| summary.epochs),
        best: summary.and_then(|summary| summary.best.as_ref()).map(|best| (best.epoch, best.score.value)),
        last: summary.and_then(|summary| summary.last.as_ref()).map(|last| last.score.value),
        converged: record.ended().and_then(|summary| summary.converged),
        seconds: summary.map_or(0.0, |summary| summary.seconds),
        reason: match state {
            State::Pruned => Some(format!("others did better after epoch {}", group.pruned[&trial.id])),
            _ if record.given_up => record.reason.clone(),
            _ => None,
        },
    }
}

fn summarize_task(
    config: &StudyConfig,
    metric: &Metric,
    name: &str,
    groups: &[&Group],
    records: &mut Records,
) -> Result<TaskSummary, StudyError> {
    let BesideBaseline { evaluation, trivial, references, resolution, mut variants, comparisons } =
        beside_baseline(config, metric, groups, records)?;
    variant::note_savings(&mut variants);
    let evaluation = evaluation.as_ref();
    let test_sequences = evaluation.map_or(0, |evaluation| evaluation.sequences);
    let data = &groups[0].candidates[0].trials[0].config.data;
    let dataset = &data.dataset;
    Ok(TaskSummary {
        name: name.to_owned(),
        dataset: dataset.clone(),
        source: slimgate_data::source(dataset)?.to_owned(),
        classes: evaluation.map_or_else(Vec::new, |evaluation| evaluation.classes.clone()),
        test_sequences,
        test_share: test_share(config, groups),
        step: (resolution != one_of(test_sequences)).then_some(resolution),
        // A report is made without the data, too.
        validation_sequences: slimgate_data::validation_sequences(&config.data_in_place(data)).ok(),
        trivial,
        references,
        comparisons,
        importances: importances::importances(config, groups, records)?,
        // Of the variant that the answer names.
        forecasts: Vec::new(),
        variants,
    })
}

/// The variants on a task, beside one another.
struct BesideBaseline {
    /// That of any trial, if one is tested.
    evaluation: Option<Evaluation>,
    /// The predictor that learns nothing, where one is known.
    trivial: Option<Reference>,
    /// The further ones, which learn nothing or little.
    references: Vec<Reference>,
    /// The step between possible scores.
    resolution: f64,
    variants: Vec<VariantSummary>,
    comparisons: Vec<Comparison>,
}

fn beside_baseline(
    config: &StudyConfig,
    metric: &Metric,
    groups: &[&Group],
    records: &mut Records,
) -> Result<BesideBaseline, StudyError> {
    let mut chosen = Vec::new();
    for group in groups {
        chosen.push(variant::Chosen::read(group, records)?);
    }
    let evaluation = chosen.iter().find_map(variant::Chosen::evaluation).cloned();
    let pooled = pooled::pooled(&chosen);
    let trivial = pooled.as_ref().and_then(Evaluation::trivial);
    // The trivial one comes first, if there is any.
    let known = usize::from(trivial.is_some());
    let references = pooled.map_or_else(Vec::new, |pooled| pooled.predictors().split_off(known));
    let test_share = test_share(config, groups);
    let terms =
        variant::Terms { config, metric, baseline: &chosen[0], trivial: trivial.as_ref(), test_share };
    let mut variants = Vec::new();
    for (group, of_variant) in groups.iter().zip(&chosen) {
        variants.push(variant::variant(&terms, group, of_variant, records)?);
    }
    let resolution = evaluation.as_ref().map_or(0.0, variant::resolution);
    let outcomes: Vec<_> = chosen.iter().map(variant::Chosen::outcomes).collect();
    let trivial_is_known = trivial.is_some() || metric.counts_right_answers();
    let scores = comparison::Scores { metric, resolution, outcomes: &outcomes, test_share, trivial_is_known };
    let comparisons = comparison::comparisons(config, &variants, &scores);
    Ok(BesideBaseline { evaluation, trivial, references, resolution, variants, comparisons })
}

/// The share of the sequences that each seed tests on, where each draws its own.
fn test_share(config: &StudyConfig, groups: &[&Group]) -> Option<f64> {
    let data = &groups[0].candidates[0].trials[0].config.data;
    let shares = (data.test == TestSet::Drawn).then_some(&config.compare.test_shares)?;
    shares.get(&data.dataset).copied()
}

/// The use of more seeds to each variant on a task but the baseline, which is the first of them.
pub(crate) fn outlooks(
    config: &StudyConfig,
    groups: &[Group],
    records: &mut Records,
) -> Result<Vec<Option<Outlook>>, StudyError> {
    let metric = metric_of(groups, records)?;
    let groups: Vec<&Group> = groups.iter().collect();
    let found = beside_baseline(config, &metric, &groups, records)?;
    Ok(found.comparisons.into_iter().map(|comparison| comparison.outlook).collect())
}

/// The median of some numbers; none of no number.
fn median(numbers: Vec<f64>) -> Option<f64> {
    (!numbers.is_empty()).then(|| Data::new(numbers).median())
}

/// The number of trials of a group in each state.
fn states(group: &Group, records: &mut Records) -> BTreeMap<State, usize> {
    let mut states = BTreeMap::new();
    for trial in group.trials() {
        let state = group.state(trial, records.get(&trial.id));
        *states.entry(state).or_default() += 1;
    }
    states
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0]), Some(3.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(2.5));
        assert_eq!(median(vec![5.0, 1.0, 3.0]), Some(3.0));
        assert_eq!(median(vec![5.0, 1.0, 3.0, 2.0]), Some(2.5));
    }
}
