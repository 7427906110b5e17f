//! Made-up tasks with their variants, comparisons and trials.

use slimgate_run::metric::Metric;
use slimgate_study::*;

/// The rates that every made-up study tries.
const RATES: [f64; 6] = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2];
const SEEDS: u64 = 5;
pub const EPOCHS: usize = 15;

/// The made-up variants: name, gates, recurrent parameters, best accuracy, best rate.
pub const VARIANTS: [(&str, &str, usize, f64, usize); 4] = [
    ("lstm", "xhb", 15_800, 0.973, 3),
    ("lstm1", "hb", 11_600, 0.971, 3),
    ("lstm2", "h", 11_450, 0.962, 2),
    ("lstm3", "b", 4_100, 0.925, 4),
];

pub fn classes() -> Vec<String> {
    (0..10).map(|digit| digit.to_string()).collect()
}

pub fn task(name: &str, shift: f64) -> TaskSummary {
    let variants: Vec<VariantSummary> = (0..VARIANTS.len()).map(|index| variant(index, shift)).collect();
    let comparisons = (1..VARIANTS.len()).map(|index| comparison(index, &variants)).collect();
    let importance =
        |keys: &[&str], share| Importance { keys: keys.iter().map(|&key| key.to_owned()).collect(), share };
    TaskSummary {
        name: name.into(),
        dataset: name.into(),
        source: name.into(),
        classes: classes(),
        test_sequences: 500,
        test_share: None,
        step: None,
        validation_sequences: Some(500),
        trivial: Some(Reference { answer: "1".into(), score: 0.114 }),
        references: Vec::new(),
        variants,
        comparisons,
        importances: Some(Importances {
            effects: vec![
                importance(&["optim.learning_rate"], 0.62),
                importance(&["model.variant"], 0.21),
                importance(&["model.variant", "optim.learning_rate"], 0.09),
                importance(&["model.hidden"], 0.02),
            ],
            spread: 0.042,
            between_seeds: Some(0.004),
            oob_r2: Some(if shift < 0.0 { 0.31 } else { 0.83 }),
        }),
        forecasts: Vec::new(),
    }
}

fn variant(index: usize, shift: f64) -> VariantSummary {
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
        goal: Metric::accuracy(None).score(share * 0.973),
        reached,
        of: SEEDS as usize,
        epochs: (reached > 0).then_some(3.0 + index as f64 / 2.0),
        seconds: (reached > 0).then_some(4.2 + index as f64),
    };
    VariantSummary {
        name: name.into(),
        gates: gates.into(),
        hidden: 50,
        recurrent_parameters: recurrent,
        all_parameters: Some(recurrent + 510),
        states: [(State::Complete, 28), (State::Diverged, 1 + index), (State::Pruned, 1)].into(),
        chosen: [("optim.learning_rate".to_owned(), toml::Value::from(RATES[best_rate]))].into(),
        certainty: None,
        seeds: (1..).zip(&test.values).map(|(seed, &accuracy)| seed_result(index, seed, accuracy)).collect(),
        planned_seeds: SEEDS as usize,
        validation: Some(spread(top + 0.003)),
        last: Some(spread(top + 0.001)),
        test: Some(test),
        p_above_trivial: Some(1e-6),
        collapsed: usize::from(index == 3),
        still_improving: 0,
        diverged: if index == 3 { 3 } else { 0 },
        seconds_per_epoch: Some(1.4 - 0.25 * index as f64),
        peak_memory_bytes: Some((130 - 10 * index as u64) << 20),
        reaches: vec![reach(0.95, SEEDS as usize), reach(0.99, [5, 4, 2, 0][index])],
        timing: Some(Timing {
            training_step_ms: 5.1 - 0.9 * index as f64,
            prediction_ms: 0.21 - 0.03 * index as f64,
            batch_prediction_ms: 4.4 - 0.8 * index as f64,
            threads: 1,
        }),
        curve: (1..=EPOCHS).map(at_epoch).collect(),
        rates: RATES.iter().enumerate().map(at_rate).collect(),
        usable: Some(UsableRates {
            low: RATES[best_rate - 1],
            high: RATES[best_rate],
            decades: 0.5,
            open_below: false,
            open_above: index == 3,
            mean_regret: 0.11,
            max_regret_nearby: 0.035,
        }),
        confusion: confusion(top),
        coverage: None,
        cost: Some(cost(index)),
    }
}

fn seed_result(index: usize, seed: u64, accuracy: f64) -> SeedResult {
    SeedResult {
        trial: format!("{index}{seed:07x}"),
        seed,
        epoch: EPOCHS - 1,
        validation: accuracy + 0.003,
        last: accuracy + 0.001,
        test: Some(accuracy),
    }
}

fn cost(index: usize) -> Cost {
    Cost {
        currency: "EUR".into(),
        training: 0.0031,
        trainings_a_year: 120.0 - 20.0 * index as f64,
        predictions_a_year: 40.0 - 5.0 * index as f64,
        saved_a_year: Some(25.0 * index as f64),
    }
}

fn spread(mean: f64) -> Spread {
    let values: Vec<f64> = (0..SEEDS).map(|seed| mean + 0.002 * (seed as f64 - 2.0)).collect();
    Spread { mean, deviation: Some(0.0032), interval: Some([mean - 0.0026, mean + 0.0026]), values }
}

fn comparison(index: usize, variants: &[VariantSummary]) -> Comparison {
    let mean = |index: usize| variants[index].test.as_ref().unwrap().mean;
    let difference = mean(index) - mean(0);
    let verdicts = [Verdict::Equivalent, Verdict::NotEnoughEvidence, Verdict::Worse];
    Comparison {
        variant: variants[index].name.clone(),
        pairs: SEEDS as usize,
        planned: SEEDS as usize,
        difference: Some(difference),
        deviation: Some(0.004),
        equivalence_interval: Some([difference - 0.004, difference + 0.004]),
        interval: Some([difference - 0.006, difference + 0.006]),
        seeds_interval: Some([difference - 0.005, difference + 0.005]),
        data_interval: Some([difference - 0.006, difference + 0.006]),
        data_error: None,
        outlook: None,
        p_difference: Some([0.31 / index as f64, 0.62 / index as f64]),
        p_signed_rank: Some(0.0625),
        p_equivalence: Some([0.004 * index as f64, 0.012 * index as f64]),
        p_noninferiority: Some([0.0004, 0.0008]),
        effect: Some(-0.4 * index as f64),
        won_tied_lost: [3 - index, 1, 1 + index],
        verdict: verdicts[index - 1],
        obstacle: None,
        seeds_needed: (index == 2).then_some(14),
        parameters_ratio: variants[index].recurrent_parameters as f64 / 15_800.0,
        training_speedup: Some(1.0 + 0.2 * index as f64),
        prediction_speedup: Some(1.0 + 0.15 * index as f64),
    }
}

pub fn confusion(accuracy: f64) -> Vec<Vec<usize>> {
    let row = |class: usize| {
        let wrong = ((1.0 - accuracy) * 250.0) as usize + class % 3;
        let predicted = |predicted: usize| match predicted {
            _ if predicted == class => 250 - wrong,
            _ if predicted == (class + 5) % 10 => wrong,
            _ => 0,
        };
        (0..10).map(predicted).collect()
    };
    (0..10).map(row).collect()
}

pub fn trials(task: &TaskSummary) -> Vec<TrialLine> {
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
                    converged: Some(true),
                    seconds: 21.0 + index as f64,
                    reason: diverged.then(|| "the loss became infinite in epoch 3".into()),
                });
            }
        }
    }
    lines
}
