//! Findings that tests make up.

use std::collections::BTreeMap;

use slimgate_run::metric::{Metric, forecast};

use crate::{
    Answer, Comparison, Protocol, Reach, Reference, SeedResult, Spread, StudySummary, TaskSummary,
    UsableRates, VariantSummary, Verdict,
};

/// The error that forecasts are chosen by.
pub(crate) fn mase() -> Metric {
    forecast(0.8).remove(0)
}

/// A variant with these test scores, one a seed.
pub(crate) fn scored(name: &str, scores: &[f64]) -> VariantSummary {
    let seed = |(seed, &score): (u64, &f64)| SeedResult {
        trial: format!("{name}-{seed}"),
        seed,
        epoch: 3,
        validation: score,
        last: score,
        test: Some(score),
    };
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    VariantSummary {
        seeds: (1..).zip(scores).map(seed).collect(),
        planned_seeds: scores.len(),
        test: Some(Spread { mean, deviation: None, interval: None, values: scores.to_vec() }),
        ..variant(name, 1e-3)
    }
}

/// The epochs after which most seeds came within 1 % of the baseline.
pub(crate) fn reach(metric: &Metric, epochs: f64) -> Reach {
    let goal = metric.score(0.8);
    Reach { share: 0.99, goal, reached: 5, of: 5, epochs: Some(epochs), seconds: Some(1.0) }
}

/// A comparison that came to this verdict, of a variant with so many of the baseline's recurrent parameters.
pub(crate) fn comparison(variant: &str, verdict: Verdict, difference: f64, ratio: f64) -> Comparison {
    Comparison {
        variant: variant.into(),
        pairs: 5,
        planned: 5,
        difference: Some(difference),
        deviation: Some(0.004),
        equivalence_interval: Some([difference - 0.003, difference + 0.003]),
        interval: Some([difference - 0.004, difference + 0.004]),
        seeds_interval: Some([difference - 0.004, difference + 0.004]),
        data_interval: None,
        data_error: None,
        p_difference: None,
        p_signed_rank: None,
        p_equivalence: None,
        p_noninferiority: None,
        effect: None,
        won_tied_lost: [0; 3],
        verdict,
        obstacle: None,
        outlook: None,
        seeds_needed: (verdict == Verdict::NotEnoughEvidence).then_some(12),
        parameters_ratio: ratio,
        training_speedup: Some(1.2),
        prediction_speedup: None,
    }
}

/// A variant whose usable learning rates begin at `low`.
pub(crate) fn variant(name: &str, low: f64) -> VariantSummary {
    VariantSummary {
        name: name.into(),
        gates: "xhb".into(),
        hidden: 100,
        recurrent_parameters: 1000,
        all_parameters: Some(2000),
        states: BTreeMap::new(),
        chosen: BTreeMap::new(),
        certainty: None,
        seeds: Vec::new(),
        planned_seeds: 0,
        test: None,
        validation: None,
        last: None,
        p_above_trivial: None,
        collapsed: 0,
        still_improving: 0,
        diverged: 0,
        seconds_per_epoch: None,
        peak_memory_bytes: None,
        reaches: Vec::new(),
        timing: None,
        curve: Vec::new(),
        rates: Vec::new(),
        usable: Some(UsableRates {
            low,
            high: 5e-3,
            decades: 1.2,
            open_below: false,
            open_above: true,
            mean_regret: 0.1,
            max_regret_nearby: 0.1,
        }),
        confusion: Vec::new(),
        coverage: None,
        cost: None,
    }
}

/// A study of one task, with a baseline and the variants that are compared with it.
pub(crate) fn summary(comparisons: Vec<Comparison>) -> StudySummary {
    let mut variants = vec![variant("lstm", 1e-4)];
    variants.extend(comparisons.iter().map(|found| variant(&found.variant, 3e-4)));
    StudySummary {
        version: StudySummary::VERSION,
        study: "made-up".into(),
        protocol: Protocol::Validation,
        baseline: "lstm".into(),
        metric: Metric::accuracy(None),
        margin: 0.01,
        margin_is_relative: false,
        confidence: 0.95,
        looks: vec![5],
        matched: None,
        answer: Answer { variant: None, headline: String::new(), notes: Vec::new(), explanation: Vec::new() },
        tasks: vec![TaskSummary {
            name: "digits-rows".into(),
            dataset: "digits-rows".into(),
            source: "digits".into(),
            classes: Vec::new(),
            test_sequences: 1000,
            test_share: None,
            step: None,
            validation_sequences: Some(500),
            trivial: Some(Reference { answer: "1".into(), score: 0.11 }),
            references: Vec::new(),
            variants,
            comparisons,
            importances: None,
            forecasts: Vec::new(),
        }],
        across: None,
        published: Vec::new(),
        planned: 0,
        trials: Vec::new(),
        environment: BTreeMap::new(),
        commands: Vec::new(),
        longer: Some(
            "slimgate compare studies/made-up/study.toml --set optim.epochs=60 --out studies/made-up-longer"
                .into(),
        ),
        trial_seconds: 0.0,
    }
}
