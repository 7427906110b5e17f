//! Studies and runs that never were: their numbers follow simple formulas and are the results of nothing.

use std::collections::BTreeMap;

use slimgate_report::{Evaluation, Run};
use slimgate_study::*;
use slimgate_train::{EpochMetrics, Parameters, Split, Status};

/// The rates that every made-up study tries.
const RATES: [f64; 6] = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2];
const SEEDS: u64 = 5;
const EPOCHS: usize = 15;

/// What distinguishes the made-up variants: name, gates, recurrent parameters, best accuracy, best rate.
const VARIANTS: [(&str, &str, usize, f64, usize); 4] = [
    ("lstm", "xhb", 15_800, 0.973, 3),
    ("lstm1", "hb", 11_600, 0.971, 3),
    ("lstm2", "h", 11_450, 0.962, 2),
    ("lstm3", "b", 4_100, 0.925, 4),
];

/// A whole study of two tasks, with everything that a page can show.
pub fn study() -> Summary {
    let tasks = vec![task("digits-rows", 0.0), task("japanese-vowels", -0.02)];
    Summary {
        study: "gates of digits".into(),
        protocol: Protocol::Validation,
        baseline: "lstm".into(),
        margin: 0.01,
        confidence: 0.95,
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
        trials: tasks.iter().flat_map(trials).collect(),
        tasks,
        across: Some(across()),
        published: published(),
        environment: environment(),
        commands: vec!["slimgate study digits.toml --out studies/digits".into(), "slimgate report studies/digits".into()],
        trial_seconds: 5432.1,
    }
}

/// A study whose trials have not begun.
pub fn waiting() -> Summary {
    let mut study = study();
    for task in &mut study.tasks {
        for variant in &mut task.variants {
            *variant = untried(variant.clone());
        }
        task.comparisons.clear();
        task.importances.clear();
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

/// A study without tasks or trials.
pub fn empty() -> Summary {
    Summary { tasks: vec![], trials: vec![], commands: vec![], ..waiting() }
}

/// One seed, no test value, nothing but a mean anywhere.
pub fn one_seed() -> Summary {
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
        variant.recall.clear();
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
        *comparison = Comparison {
            variant: comparison.variant.clone(),
            pairs: 1,
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
        };
    }
    study
}

/// Numbers that are none, wherever one can stand.
pub fn undefined() -> Summary {
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
        variant.recall = vec![f64::NAN; 10];
        variant.curve.iter_mut().for_each(|point| point.mean = f64::NAN);
        variant.rates.iter_mut().for_each(|point| point.mean = f64::NAN);
        variant.reaches.iter_mut().for_each(|reach| reach.seconds = Some(f64::INFINITY));
        variant.seeds.iter_mut().for_each(|seed| seed.test = Some(f64::NAN));
    }
    for comparison in &mut study.tasks[0].comparisons {
        comparison.difference = f64::NAN;
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
pub fn chosen_on_test() -> Summary {
    Summary { protocol: Protocol::Published, ..study() }
}

/// Names that mean something to HTML, Markdown, CSV, spreadsheets and formulas.
pub const HOSTILE: &str = "<script>alert(1)</script>|\"quoted\", 'a' & $x^2$ `b`\n=SUM(A1)";

/// A study in which everything that a user names is hostile.
pub fn hostile() -> Summary {
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
        task.importances[0].keys = vec![HOSTILE.into()];
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

/// Two runs, one of which has begun only.
pub fn runs() -> Vec<Run> {
    vec![
        run("digits-rows-lstm", "lstm", 3e-3, EPOCHS),
        run("digits-rows-lstm1", "lstm1", 1e-3, EPOCHS),
        run("begun", "lstm2", 1e-3, 0),
    ]
}

fn run(name: &str, variant: &str, rate: f64, epochs: usize) -> Run {
    let line = |epoch: usize, split: Split| EpochMetrics {
        epoch,
        split,
        loss: 2.3 / epoch as f64 + if split == Split::Train { 0.0 } else { 0.05 },
        accuracy: 0.97 - 0.7 / (epoch as f64 + 0.5),
        seconds: 1.5,
        sequences_per_second: 1000.0,
        learning_rate: (split == Split::Train).then_some(rate * 0.9f64.powi(epoch as i32)),
    };
    let lines: Vec<EpochMetrics> =
        (1..=epochs).flat_map(|epoch| [line(epoch, Split::Train), line(epoch, Split::Validation)]).collect();
    let last = lines.last().cloned();
    let settings = [
        ("data.dataset", toml::Value::from("digits-rows")),
        ("model.variant", variant.into()),
        ("model.hidden", 50.into()),
        ("optim.learning_rate", rate.into()),
        ("optim.optimizer", "adam".into()),
        ("run.seed", 1.into()),
        ("run.tolerate_divergence", false.into()),
    ];
    Run {
        name: name.into(),
        path: format!("runs/{name}").into(),
        started: 1_700_000_000.0,
        settings: settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        summary: last.clone().map(|last| slimgate_train::Summary {
            status: Status::Complete,
            dataset: "digits-rows".into(),
            variant: variant.into(),
            gates: "xhb".into(),
            parameters: Parameters { recurrent: 15_800, total: 16_310 },
            epochs,
            best: Some(last.clone()),
            last: Some(last),
            seconds: 45.0,
            peak_memory_bytes: Some(123 << 20),
        }),
        epochs: lines,
        environment: environment(),
        evaluation: (epochs > 0).then(|| Evaluation {
            epoch: epochs,
            sequences: 500,
            loss: 0.123,
            accuracy: 0.962,
            confusion: confusion(0.962),
        }),
        classes: classes(),
    }
}

fn environment() -> BTreeMap<String, serde_json::Value> {
    let items =
        [("backend", "flex".into()), ("processor", "A made-up processor".into()), ("cores", 2.into())];
    items.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn classes() -> Vec<String> {
    (0..10).map(|digit| digit.to_string()).collect()
}

fn task(name: &str, shift: f64) -> Task {
    let variants: Vec<Variant> = (0..VARIANTS.len()).map(|index| variant(index, shift)).collect();
    let comparisons = (1..VARIANTS.len()).map(|index| comparison(index, &variants)).collect();
    let importance =
        |keys: &[&str], share| Importance { keys: keys.iter().map(|&key| key.to_owned()).collect(), share };
    Task {
        name: name.into(),
        dataset: name.into(),
        classes: classes(),
        test_sequences: 500,
        variants,
        comparisons,
        importances: vec![
            importance(&["optim.learning_rate"], 0.62),
            importance(&["model.variant"], 0.21),
            importance(&["model.variant", "optim.learning_rate"], 0.09),
            importance(&["model.hidden"], 0.02),
        ],
    }
}

fn variant(index: usize, shift: f64) -> Variant {
    let (name, gates, recurrent, top, best_rate) = VARIANTS[index];
    let top = top + shift;
    let test = spread(top);
    let at_rate = |(place, &rate): (usize, &f64)| {
        let mean = top - 0.035 * (place as f64 - best_rate as f64).powi(2).min(12.0);
        RatePoint { rate, mean, values: vec![mean; SEEDS as usize], diverged: usize::from(place == 5) }
    };
    let at_epoch = |epoch: usize| {
        let mean = top - (0.75 - 0.1 * index as f64) / (epoch as f64).powf(1.3);
        CurvePoint {
            epoch,
            mean,
            low: mean - 0.08 / epoch as f64,
            high: mean + 0.04 / epoch as f64,
            seeds: SEEDS as usize,
        }
    };
    let reach = |share: f64, reached: usize| Reach {
        share,
        accuracy: share * 0.973,
        reached,
        of: SEEDS as usize,
        epochs: (reached > 0).then_some(3.0 + index as f64 / 2.0),
        seconds: (reached > 0).then_some(4.2 + index as f64),
    };
    let trainings = 120.0 - 20.0 * index as f64;
    Variant {
        name: name.into(),
        gates: gates.into(),
        hidden: 50,
        parameters: Parameters { recurrent, total: recurrent + 510 },
        states: [(State::Complete, 28), (State::Diverged, 1 + index), (State::Pruned, 1)].into(),
        chosen: [("optim.learning_rate".to_owned(), toml::Value::from(RATES[best_rate]))].into(),
        seeds: (1..=SEEDS)
            .map(|seed| SeedResult {
                trial: format!("{index}{seed:07x}"),
                seed,
                epoch: EPOCHS - 1,
                validation: test.values[seed as usize - 1] + 0.003,
                last: test.values[seed as usize - 1] + 0.001,
                test: Some(test.values[seed as usize - 1]),
            })
            .collect(),
        validation: Some(spread(top + 0.003)),
        last: Some(spread(top + 0.001)),
        test: Some(test),
        collapsed: usize::from(index == 3),
        seconds_per_epoch: Some(1.4 - 0.25 * index as f64),
        peak_memory_bytes: Some((130 - 10 * index as u64) << 20),
        reaches: vec![reach(0.95, SEEDS as usize), reach(0.99, [5, 4, 2, 0][index])],
        timing: Some(Timing {
            training_step_ms: 5.1 - 0.9 * index as f64,
            prediction_ms: 0.21 - 0.03 * index as f64,
            batch_prediction_ms: 4.4 - 0.8 * index as f64,
        }),
        curve: (1..=EPOCHS).map(at_epoch).collect(),
        rates: RATES.iter().enumerate().map(at_rate).collect(),
        usable: Some(UsableRates {
            low: RATES[best_rate - 1],
            high: RATES[best_rate],
            decades: 0.5,
            open_below: false,
            open_above: index == 3,
            price: 0.11,
            price_nearby: 0.035,
        }),
        confusion: confusion(top),
        recall: (0..10).map(|class| top - 0.005 * class as f64).collect(),
        cost: Some(Cost {
            currency: "EUR".into(),
            training: 0.0031,
            trainings_a_year: trainings,
            predictions_a_year: 40.0 - 5.0 * index as f64,
            saved_a_year: 25.0 * index as f64,
        }),
    }
}

fn spread(mean: f64) -> Spread {
    let values: Vec<f64> = (0..SEEDS).map(|seed| mean + 0.002 * (seed as f64 - 2.0)).collect();
    Spread { mean, deviation: Some(0.0032), interval: Some([mean - 0.0026, mean + 0.0026]), values }
}

fn comparison(index: usize, variants: &[Variant]) -> Comparison {
    let mean = |index: usize| variants[index].test.as_ref().unwrap().mean;
    let difference = mean(index) - mean(0);
    let verdicts = [Verdict::Equivalent, Verdict::NotEnoughEvidence, Verdict::Worse];
    Comparison {
        variant: variants[index].name.clone(),
        pairs: SEEDS as usize,
        difference,
        deviation: Some(0.004),
        equivalence_interval: Some([difference - 0.004, difference + 0.004]),
        interval: Some([difference - 0.006, difference + 0.006]),
        p_difference: Some([0.31 / index as f64, 0.62 / index as f64]),
        p_signed_rank: Some(0.0625),
        p_equivalence: Some([0.004 * index as f64, 0.012 * index as f64]),
        p_noninferiority: Some([0.0004, 0.0008]),
        effect: Some(-0.4 * index as f64),
        won_tied_lost: [3 - index, 1, 1 + index],
        verdict: verdicts[index - 1],
        seeds_needed: (index == 2).then_some(14),
        parameters_ratio: variants[index].parameters.recurrent as f64 / 15_800.0,
        training_speedup: Some(1.0 + 0.2 * index as f64),
        prediction_speedup: Some(1.0 + 0.15 * index as f64),
    }
}

fn confusion(accuracy: f64) -> Vec<Vec<usize>> {
    let row = |class: usize| {
        let wrong = ((1.0 - accuracy) * 250.0) as usize + class % 3;
        let told = |told: usize| match told {
            _ if told == class => 250 - wrong,
            _ if told == (class + 5) % 10 => wrong,
            _ => 0,
        };
        (0..10).map(told).collect()
    };
    (0..10).map(row).collect()
}

fn trials(task: &Task) -> Vec<TrialLine> {
    let mut lines = vec![];
    for (index, variant) in task.variants.iter().enumerate() {
        for (place, &rate) in RATES.iter().enumerate().skip(1).step_by(2) {
            for seed in 1..=2 {
                let diverged = place == 5 && seed == 2;
                lines.push(TrialLine {
                    id: format!(
                        "{:08x}",
                        (lines.len() as u32 + 1).wrapping_mul(0x9e37_79b1) + task.name.len() as u32
                    ),
                    state: if diverged { State::Diverged } else { State::Complete },
                    variant: variant.name.clone(),
                    task: task.name.clone(),
                    seed,
                    settings: [("optim.learning_rate".to_owned(), toml::Value::from(rate))].into(),
                    epochs: if diverged { 2 } else { EPOCHS },
                    best: Some((
                        if diverged { 1 } else { EPOCHS - 1 },
                        0.97 - 0.01 * index as f64 - 0.001 * place as f64,
                    )),
                    last: (!diverged).then_some(0.965 - 0.01 * index as f64),
                    seconds: 21.0 + index as f64,
                    reason: diverged.then(|| "the loss became infinite in epoch 3".into()),
                });
            }
        }
    }
    lines
}

fn across() -> Across {
    Across {
        variants: VARIANTS.iter().map(|variant| variant.0.to_owned()).collect(),
        mean_ranks: vec![1.3, 1.9, 2.8, 4.0],
        friedman: [9.6, 0.022],
        iman_davenport: [6.1, 0.004],
        critical_difference: 1.66,
        groups: vec![[0, 2], [2, 3]],
        pairs: vec![("lstm".into(), "lstm1".into(), 0.5), ("lstm".into(), "lstm3".into(), 0.03)],
    }
}

fn published() -> Vec<PublishedCell> {
    let cell = |index: usize| PublishedCell {
        variant: VARIANTS[index].0.into(),
        learning_rate: 1e-3,
        published: 0.98 - 0.003 * index as f64,
        published_parameters: VARIANTS[index].2,
        measured: (index < 3).then_some(0.978 - 0.004 * index as f64),
        last: (index < 3).then_some(0.977 - 0.004 * index as f64),
        parameters: (index < 3).then_some(VARIANTS[index].2),
    };
    (0..VARIANTS.len()).map(cell).collect()
}

fn untried(variant: Variant) -> Variant {
    Variant {
        states: [(State::Waiting, 30)].into(),
        chosen: BTreeMap::new(),
        seeds: vec![],
        test: None,
        validation: None,
        last: None,
        collapsed: 0,
        seconds_per_epoch: None,
        peak_memory_bytes: None,
        reaches: vec![],
        timing: None,
        curve: vec![],
        rates: vec![],
        usable: None,
        confusion: vec![],
        recall: vec![],
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
