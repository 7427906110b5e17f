//! Made-up studies and runs: their numbers follow simple formulas and are not results.

mod runs;
mod tasks;

use std::collections::BTreeMap;
use std::fs;

use slimgate_report::{Run, write_runs, write_study};
use slimgate_run::metric::Metric;
use slimgate_study::*;

pub use runs::runs;
use tasks::{VARIANTS, task, trials};

/// A file of a study's report.
pub fn study_file(study: &StudySummary, name: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    write_study(study, folder.path()).unwrap();
    fs::read_to_string(folder.path().join(name)).unwrap()
}

/// A file of a report of runs.
pub fn runs_file(runs: &[Run], name: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    write_runs(runs, folder.path()).unwrap();
    fs::read_to_string(folder.path().join(name)).unwrap()
}

/// The page of a study.
pub fn study_page(study: &StudySummary) -> String {
    study_file(study, "report.html")
}

/// The page of some runs.
pub fn runs_page(runs: &[Run]) -> String {
    runs_file(runs, "report.html")
}

/// A text without the explanation of divergence, the only place for `NaN`.
pub fn without_nan_in_words(text: &str) -> String {
    text.replace("the loss became infinite or NaN", "")
}

/// A whole study of two tasks, with everything that a page can show.
pub fn study() -> StudySummary {
    let tasks = vec![task("digits-rows", 0.0), task("japanese-vowels", -0.02)];
    StudySummary {
        version: StudySummary::VERSION,
        study: "gates of digits".into(),
        protocol: Protocol::Validation,
        baseline: "lstm".into(),
        metric: Metric::accuracy(None),
        margin: 0.01,
        margin_is_relative: false,
        confidence: 0.95,
        matched: None,
        answer: Answer {
            variant: Some("lstm1".into()),
            headline: "Use lstm1: it is as accurate as lstm within one point and has 27 % fewer recurrent parameters."
                .into(),
            notes: vec![
                "lstm2: not enough evidence; 14 seeds would be.".into(),
                "lstm3: worse, by 4.80 points on digits-rows.".into(),
                "Two small data sets say nothing about long sequences.".into(),
            ],
        },
        planned: 0,
        trials: tasks.iter().flat_map(trials).collect(),
        tasks,
        across: Some(across()),
        published: published(),
        environment: environment(),
        commands: vec!["slimgate study digits.toml --out studies/digits".into(), "slimgate report studies/digits".into()],
        longer: Some("slimgate compare digits.toml --set optim.epochs=60 --out studies/digits-longer".into()),
        trial_seconds: 5432.1,
    }
}

/// A study whose trials have not begun.
pub fn waiting() -> StudySummary {
    let mut study = study();
    for task in &mut study.tasks {
        for variant in &mut task.variants {
            *variant = untried(variant.clone());
        }
        for comparison in &mut task.comparisons {
            *comparison = Comparison {
                difference: None,
                won_tied_lost: [0; 3],
                training_speedup: None,
                prediction_speedup: None,
                ..undecided(comparison, 0)
            };
        }
        task.classes.clear();
        task.test_sequences = 0;
        task.importances = None;
    }
    for trial in &mut study.trials {
        let (id, variant, task) = (trial.id.clone(), trial.variant.clone(), trial.task.clone());
        *trial = TrialLine { id, variant, task, ..untried_trial(trial) };
    }
    study.answer = Answer { variant: None, headline: "No trial is complete yet.".into(), notes: vec![] };
    study.across = None;
    study.published.clear();
    study.environment.clear();
    study.trial_seconds = 0.0;
    study
}

/// A study of the baseline alone.
pub fn baseline_alone() -> StudySummary {
    let mut study = study();
    study.across = None;
    for task in &mut study.tasks {
        task.variants.truncate(1);
        task.comparisons.clear();
    }
    study.trials.retain(|trial| trial.variant == "lstm");
    study
}

/// One seed, no test value, and nothing but means.
pub fn one_seed() -> StudySummary {
    let mut study = study();
    study.across = None;
    study.tasks.truncate(1);
    study.published.clear();
    study.trials.retain(|trial| trial.seed == 1 && trial.task == "digits-rows");
    for variant in &mut study.tasks[0].variants {
        variant.test = None;
        variant.seeds.truncate(1);
        variant.seeds[0].test = None;
        variant.confusion.clear();
        variant.timing = None;
        variant.cost = None;
        for spread in [&mut variant.validation, &mut variant.last].into_iter().flatten() {
            spread.values.truncate(1);
            spread.deviation = None;
            spread.interval = None;
        }
        for point in &mut variant.curve {
            point.seeds = 1;
        }
    }
    for comparison in &mut study.tasks[0].comparisons {
        *comparison = undecided(comparison, 1);
    }
    study
}

/// A comparison with too few pairs for a test.
fn undecided(comparison: &Comparison, pairs: usize) -> Comparison {
    Comparison {
        pairs,
        verdict: Verdict::NotEnoughEvidence,
        deviation: None,
        equivalence_interval: None,
        interval: None,
        p_difference: None,
        p_signed_rank: None,
        p_equivalence: None,
        p_noninferiority: None,
        effect: None,
        seeds_needed: None,
        ..comparison.clone()
    }
}

/// NaN or infinity wherever a number can appear.
pub fn undefined() -> StudySummary {
    let mut study = study();
    for variant in &mut study.tasks[0].variants {
        let spread = Spread {
            mean: f64::NAN,
            deviation: Some(f64::NAN),
            interval: Some([f64::NAN; 2]),
            values: vec![f64::NAN],
        };
        variant.test = Some(spread.clone());
        variant.validation = Some(spread.clone());
        variant.last = Some(spread);
        variant.seconds_per_epoch = Some(f64::NAN);
        variant.curve.iter_mut().for_each(|point| point.mean = f64::NAN);
        variant.rates.iter_mut().for_each(|point| point.mean = f64::NAN);
        variant.reaches.iter_mut().for_each(|reach| reach.seconds = Some(f64::INFINITY));
        variant.seeds.iter_mut().for_each(|seed| seed.test = Some(f64::NAN));
    }
    for comparison in &mut study.tasks[0].comparisons {
        comparison.difference = Some(f64::NAN);
        comparison.interval = Some([f64::NEG_INFINITY, f64::INFINITY]);
        comparison.p_difference = Some([f64::NAN; 2]);
        comparison.effect = Some(f64::INFINITY);
    }
    study.across.as_mut().unwrap().mean_ranks[0] = f64::NAN;
    study.across.as_mut().unwrap().friedman = [f64::NAN; 2];
    study.trials[0].best = Some((1, f64::NAN));
    study.trials[0].seconds = f64::NAN;
    study
}

/// The published protocol.
pub fn chosen_on_test() -> StudySummary {
    StudySummary { protocol: Protocol::Published, ..study() }
}

/// A name with the special characters of HTML, Markdown, CSV, spreadsheets and formulas.
pub const HOSTILE: &str = "<script>alert(1)</script>|\"quoted\", 'a' & $x^2$ `b`\n=SUM(A1)";

/// A study in which every name that a user chooses is hostile.
pub fn hostile() -> StudySummary {
    let mut study = study();
    study.study = HOSTILE.into();
    study.baseline = HOSTILE.into();
    study.answer.headline = HOSTILE.into();
    study.answer.notes = vec![HOSTILE.into()];
    study.commands = vec![HOSTILE.into()];
    study.environment.insert(HOSTILE.into(), HOSTILE.into());
    for task in &mut study.tasks {
        task.name = HOSTILE.into();
        task.classes.iter_mut().for_each(|class| *class = HOSTILE.into());
        task.variants[0].name = HOSTILE.into();
        task.variants[0].gates = HOSTILE.into();
        task.variants[0].chosen.insert(HOSTILE.into(), HOSTILE.into());
        task.comparisons[0].variant = HOSTILE.into();
        task.importances.as_mut().unwrap().effects[0].keys = vec![HOSTILE.into()];
    }
    study.across.as_mut().unwrap().variants[0] = HOSTILE.into();
    study.published[0].variant = HOSTILE.into();
    for trial in &mut study.trials {
        trial.id = HOSTILE.into();
        trial.reason = Some(HOSTILE.into());
        trial.settings.insert(HOSTILE.into(), HOSTILE.into());
    }
    study
}

fn across() -> TaskRanking {
    TaskRanking {
        variants: VARIANTS.iter().map(|variant| variant.0.to_owned()).collect(),
        mean_ranks: vec![1.3, 1.9, 2.8, 4.0],
        friedman: [9.6, 0.022],
        iman_davenport: Some([6.1, 0.004]),
        critical_difference: 1.66,
        groups: vec![[0, 2], [2, 3]],
        pairs: vec![("lstm".into(), "lstm1".into(), 0.5), ("lstm".into(), "lstm3".into(), 0.03)],
        tasks: 2,
    }
}

fn published() -> Vec<PublishedCell> {
    let cell = |index: usize| PublishedCell {
        variant: VARIANTS[index].0.into(),
        learning_rate: 1e-3,
        published: 0.98 - 0.003 * index as f64,
        published_parameters: VARIANTS[index].2,
        settings: BTreeMap::new(),
        measured: (index < 3).then_some(0.978 - 0.004 * index as f64),
        last: (index < 3).then_some(0.977 - 0.004 * index as f64),
        parameters: (index < 3).then_some(VARIANTS[index].2),
    };
    (0..VARIANTS.len()).map(cell).collect()
}

fn untried(variant: VariantSummary) -> VariantSummary {
    VariantSummary {
        all_parameters: None,
        states: [(State::Waiting, 30)].into(),
        chosen: BTreeMap::new(),
        seeds: vec![],
        test: None,
        validation: None,
        last: None,
        p_above_trivial: None,
        collapsed: 0,
        still_improving: 0,
        diverged: 0,
        seconds_per_epoch: None,
        peak_memory_bytes: None,
        reaches: vec![],
        timing: None,
        curve: vec![],
        rates: vec![],
        usable: None,
        confusion: vec![],
        cost: None,
        ..variant
    }
}

fn untried_trial(trial: &TrialLine) -> TrialLine {
    TrialLine {
        state: State::Waiting,
        epochs: 0,
        best: None,
        last: None,
        seconds: 0.0,
        reason: None,
        ..trial.clone()
    }
}

fn environment() -> BTreeMap<String, serde_json::Value> {
    let items =
        [("backend", "flex".into()), ("processor", "A made-up processor".into()), ("cores", 2.into())];
    items.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
