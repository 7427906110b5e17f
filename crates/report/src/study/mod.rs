//! The page of a study, from its answer to its trials.

mod across;
mod classes;
mod comparisons;
mod costs;
mod coverage;
mod environment;
mod importances;
mod savings;
mod trials;
mod variants;

pub(crate) use classes::{confusion, recall, recall_table};
pub(crate) use environment::environment_table;

use slimgate_run::words::{self, counted};
use slimgate_study::{Protocol, State, StudySummary, TaskSummary, VariantSummary};

use crate::document::{Block, Document};
use crate::phrases;
use crate::pictures;
use crate::style::VariantStyles;

/// The page of a study.
pub(crate) fn document(summary: &StudySummary) -> Document {
    let styles = VariantStyles::of(summary);
    let mut blocks = answer(summary, &styles);
    for task in &summary.tasks {
        blocks.extend(task_tables(summary, task));
    }
    blocks.extend(across::across(summary));
    for task in &summary.tasks {
        blocks.extend(task_pictures(summary, task, &styles));
    }
    blocks.extend(across::published(summary));
    blocks.extend(trials::trials(summary));
    blocks.extend(costs::costs(summary));
    blocks.extend(environment::environment(summary));
    Document { title: format!("Study {}", summary.study), lead: lead(summary), blocks }
}

fn lead(summary: &StudySummary) -> String {
    let tasks = counted(summary.tasks.len(), "task", "tasks");
    let known = match summary.planned > summary.trials.len() {
        true => format!("{} of ", summary.trials.len()),
        false => String::new(),
    };
    let trials = known + &counted(summary.planned.max(summary.trials.len()), "trial", "trials");
    format!(
        "{trials} on {tasks}, {} of training in all; baseline {}, equivalence margin ±{}, {} % confidence \
         intervals.",
        words::seconds(summary.trial_seconds),
        summary.baseline,
        summary.margin_in_words(),
        words::short_percent(summary.confidence),
    )
}

/// The study's answer, and what a reader must know before all figures.
fn answer(summary: &StudySummary, styles: &VariantStyles) -> Vec<Block> {
    let mut blocks = vec![Block::chapter("Answer"), Block::Headline(summary.answer.headline.clone())];
    for task in &summary.tasks {
        blocks.extend(pictures::differences(task, summary, styles).map(Block::Picture));
        blocks.extend(savings::savings(summary, task).map(Block::Table));
    }
    if !summary.answer.notes.is_empty() {
        blocks.push(Block::Items(summary.answer.notes.clone()));
    }
    if !summary.answer.explanation.is_empty() {
        blocks.push(Block::Folded("The reasoning".into(), summary.answer.explanation.clone()));
    }
    if summary.protocol == Protocol::Published {
        blocks.push(Block::Notice(
            "This study follows the published protocol. Its figures are optimistically biased: the epoch and settings \
             were selected on the test set. They say nothing about new data."
                .into(),
        ));
    }
    blocks.extend(partial(summary).map(Block::Notice));
    blocks
}

/// Says what is still missing.
fn partial(summary: &StudySummary) -> Option<String> {
    let mut states = std::collections::BTreeMap::<State, usize>::new();
    for trial in &summary.trials {
        *states.entry(trial.state).or_default() += 1;
    }
    let open: Vec<_> = [State::Running, State::Waiting, State::Interrupted, State::Failed]
        .into_iter()
        .filter_map(|state| states.get(&state).map(|number| format!("{number} {state}")))
        .collect();
    let all = counted(summary.trials.len(), "trial", "trials");
    // Trials whose test failed still count as complete.
    let pending = pending_seeds(summary);
    match (states.get(&State::Complete), open.is_empty(), pending.is_empty()) {
        (None, ..) => Some(format!("No trial is complete yet ({all}: {}).", words::list(&listed(&states)))),
        (Some(_), false, _) => Some(format!(
            "The study is not complete ({all}: {}). Figures cover the results so far.",
            words::list(&open)
        )),
        (Some(_), true, false) => Some(format!(
            "The study is not complete; still to be tested: {}. Figures cover the results so far.",
            words::list(&pending)
        )),
        (Some(_), true, true) => None,
    }
}

/// Seeds at the chosen settings that are not tested yet, by variant and task.
fn pending_seeds(summary: &StudySummary) -> Vec<String> {
    let of_task = |task: &TaskSummary| -> Vec<String> {
        let late = task.variants.iter().filter(|variant| variant.pending_seeds() > 0);
        let phrase = |variant: &VariantSummary| {
            let (pending, planned) = (variant.pending_seeds(), variant.planned_seeds);
            format!("{pending} of {planned} seeds of {} on {}", variant.name, task.name)
        };
        late.map(phrase).collect()
    };
    summary.tasks.iter().flat_map(of_task).collect()
}

fn listed(states: &std::collections::BTreeMap<State, usize>) -> Vec<String> {
    states.iter().map(|(state, number)| format!("{number} {state}")).collect()
}

fn task_tables(summary: &StudySummary, task: &TaskSummary) -> Vec<Block> {
    let mut blocks = vec![Block::chapter(format!("Results: {}", task.name))];
    let baseline = task.variants.iter().find(|variant| variant.name == summary.baseline);
    let score = baseline.and_then(|variant| variant.test.as_ref()).filter(|score| score.mean.is_finite());
    let mut content = counted(task.test_sequences, "sequence", "sequences") + " in the test set";
    if let Some(pool) = task.pool() {
        content += &format!(", which each seed draws from all {}", words::count(pool));
    }
    if !task.classes.is_empty() {
        content = format!("{}; {content}", counted(task.classes.len(), "class", "classes"));
    }
    let name = phrases::test_score(summary);
    blocks.push(Block::text(match score.map(|score| summary.metric.show(score.mean)) {
        Some(score) if summary.metric.counts_right_answers() => format!(
            "{content}. The baseline {} classifies {score} of them correctly ({name}).",
            summary.baseline,
        ),
        Some(score) => {
            format!("{content}. The baseline {} has a score of {score} there ({name}).", summary.baseline)
        }
        // The content of the test set is known only from evaluations.
        None if task.test_sequences == 0 => "No run has been evaluated on its test set yet.".to_owned(),
        None => format!("{content}, on which {} has not been evaluated.", summary.baseline),
    }));
    blocks.push(Block::section(format!("Variants on {}", task.name)));
    blocks.extend(variants::tables(summary, task).into_iter().map(Block::Table));
    blocks.extend(coverage::coverage(task).map(Block::Table));
    blocks.push(Block::section(format!("Comparisons with {} on {}", summary.baseline, task.name)));
    blocks.extend(comparisons::comparisons(summary, task));
    blocks
}

fn task_pictures(summary: &StudySummary, task: &TaskSummary, styles: &VariantStyles) -> Vec<Block> {
    let mut pictures: Vec<_> = [
        pictures::learning_curves(task, summary, styles),
        pictures::score_by_rate(task, summary, styles),
        pictures::score_by_parameters(task, summary, styles),
        pictures::score_by_time(task, summary, styles),
        pictures::importances(task, summary),
    ]
    .into_iter()
    .flatten()
    .collect();
    pictures.extend(pictures::task_forecasts(task));
    let mut blocks = vec![Block::chapter(format!("Pictures: {}", task.name))];
    if summary.protocol == Protocol::Published {
        let scores = summary.metric.several();
        blocks.push(Block::Notice(format!("The {scores} in these pictures were selected on the test set.")));
    }
    blocks.push(match pictures.is_empty() {
        true => Block::text("Nothing to plot yet: no trial has finished an epoch."),
        false => Block::Pictures(pictures),
    });
    blocks.extend(importances::reliability(summary, task));
    blocks.extend(classes::classes(summary, task));
    blocks
}
