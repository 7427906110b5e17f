//! The answer to made-up findings.

use std::collections::BTreeMap;

use super::*;
use crate::made_up::{self, comparison, summary};
use crate::{Obstacle, RatePoint, Reach, SeedResult, TrialLine};

#[test]
fn the_slimmest_variant_that_keeps_the_accuracy_is_named_with_its_evidence() {
    let found = answer(&summary(vec![
        comparison("lstm1", Verdict::Equivalent, 0.001, 0.82),
        comparison("lstm2", Verdict::Equivalent, -0.001, 0.73),
        comparison("lstm3", Verdict::Worse, -0.05, 0.3),
    ]));
    assert_eq!(found.variant.as_deref(), Some("lstm2"));
    assert_eq!(
        found.headline,
        "Use lstm2 instead of lstm: it keeps the accuracy (−0.1 points, −0.4 to +0.2; margin 1.0), with 27 % fewer \
         recurrent parameters and a training step 1.2 times as fast."
    );
    assert_eq!(
        found.notes[2],
        "lstm3 is less accurate (−5.0 points, −5.3 to −4.7); 70 % fewer recurrent parameters and a training step 1.2 times \
         as fast."
    );
    assert_eq!(
        found.explanation[1],
        "lstm2 keeps the accuracy of lstm (difference −0.1 points, 90 % interval −0.4 to 0.2, margin 1.0), with 27 % \
         fewer recurrent parameters and a training step 1.2 times as fast; usable learning rates: 3e-4 to 5e-3 or more \
         (lstm: 1e-4 to 5e-3 or more)."
    );
}

#[test]
fn where_every_gate_costs_accuracy_the_baseline_stays() {
    let found = answer(&summary(vec![comparison("lstm3", Verdict::Worse, -0.05, 0.3)]));
    assert_eq!(found.variant.as_deref(), Some("lstm"));
    assert_eq!(found.headline, "Keep lstm: every simplified gate that was tried costs accuracy.");
}

#[test]
fn without_evidence_there_is_no_claim_but_a_number_of_seeds() {
    let found = answer(&summary(vec![comparison("lstm2", Verdict::NotEnoughEvidence, 0.002, 0.7)]));
    assert_eq!(found.variant, None);
    assert_eq!(found.headline, "Not enough evidence to replace lstm: run 7 more seeds (--seeds 12).");
}

#[test]
fn a_variant_may_be_non_inferior() {
    let found = answer(&summary(vec![comparison("lstm1", Verdict::NonInferior, 0.009, 0.8)]));
    assert!(
        found
            .headline
            .contains(": it loses less than the margin, if anything (+0.9 points, +0.6 to +1.2; margin 1.0)")
    );
    assert!(
        found.explanation[0].contains(
            "lstm1 is non-inferior to lstm (it loses less than the margin; difference 0.9 points, 90 % interval 0.6 \
             to 1.2, margin 1.0), with"
        ),
        "{}",
        found.explanation[0]
    );
}

#[test]
fn where_the_correction_takes_a_verdict_away_it_is_said() {
    let open = |p_equivalence| Comparison {
        p_equivalence: Some(p_equivalence),
        ..comparison("lstm2", Verdict::NotEnoughEvidence, 0.002, 0.7)
    };
    let note = |found: Comparison| {
        let lstm3 = comparison("lstm3", Verdict::Worse, -0.05, 0.3);
        answer(&summary(vec![found, lstm3])).explanation.swap_remove(0)
    };
    let corrected = note(open([0.04, 0.08]));
    assert!(
        corrected.starts_with(
            "There is not enough evidence on lstm2 (difference 0.2 points, 90 % interval −0.1 to 0.5, margin 1.0; other \
             seeds alone would show it to be within the margin, but not with 2 comparisons allowed for): run 7 more seeds; lstm2 has"
        ),
        "{corrected}"
    );
    assert!(!note(open([0.06, 0.12])).contains("allowed for"), "the interval alone does not show it");
    let untestable = Comparison { obstacle: Some(Obstacle::Untestable), ..open([0.04, 0.08]) };
    assert!(!note(untestable).contains("allowed for"), "that is not why");
}

#[test]
fn a_variant_must_keep_the_accuracy_on_every_task() {
    let mut two = summary(vec![comparison("lstm2", Verdict::Equivalent, 0.0, 0.7)]);
    let mut other = two.tasks[0].clone();
    other.name = "japanese-vowels".into();
    other.comparisons = vec![comparison("lstm2", Verdict::Worse, -0.05, 0.7)];
    two.tasks.push(other);
    let found = answer(&two);
    assert_eq!(found.variant.as_deref(), Some("lstm"));
    assert!(
        found
            .notes
            .iter()
            .any(|note| note.starts_with("On japanese-vowels, lstm2 is less accurate (−5.0 points"))
    );
    assert_eq!(
        found.headline,
        "Keep lstm: every simplified gate that was tried costs accuracy on at least one task (japanese-vowels)."
    );
}

#[test]
fn a_variant_that_is_no_slimmer_replaces_nothing() {
    let found = answer(&summary(vec![comparison("wide", Verdict::Equivalent, 0.0, 1.0)]));
    assert_eq!(found.variant.as_deref(), Some("lstm"));
    assert!(!found.headline.contains("costs accuracy"), "{}", found.headline);
}

#[test]
fn a_larger_variant_is_not_called_simplified() {
    let found = answer(&summary(vec![
        comparison("lstm3", Verdict::Worse, -0.05, 0.3),
        comparison("wide", Verdict::Worse, -0.05, 1.2),
    ]));
    assert_eq!(found.headline, "Keep lstm: every variant that was tried costs accuracy.");
}

#[test]
fn the_published_protocol_is_never_left_unsaid() {
    let mut published = summary(vec![comparison("lstm2", Verdict::Equivalent, 0.0, 0.7)]);
    published.protocol = Protocol::Published;
    let found = answer(&published);
    assert_eq!(found.variant, None);
    assert!(found.headline.starts_with("By figures chosen on the test set"), "{}", found.headline);
    assert!(found.notes.iter().any(|note| note.contains("chosen on the test set")));
}

#[test]
fn one_seed_asks_for_more_of_them() {
    let single = Comparison {
        pairs: 1,
        planned: 1,
        interval: None,
        equivalence_interval: None,
        seeds_needed: None,
        ..comparison("lstm2", Verdict::NotEnoughEvidence, 0.0, 0.7)
    };
    let found = answer(&summary(vec![single]));
    assert_eq!(
        found.headline,
        "Not enough evidence to replace lstm: one seed shows no spread; run 5 (--seeds 5)."
    );
}

#[test]
fn what_has_not_been_tested_yet_is_waited_for() {
    let untested = |name: &str, pairs| Comparison {
        pairs,
        difference: None,
        interval: None,
        equivalence_interval: None,
        seeds_needed: None,
        ..comparison(name, Verdict::NotEnoughEvidence, 0.0, 0.7)
    };
    let open = comparison("lstm1", Verdict::NotEnoughEvidence, 0.0, 0.8);
    let mut study = summary(vec![open, untested("lstm2", 0), untested("lstm3", 1)]);
    for (variant, tested) in study.tasks[0].variants.iter_mut().zip([5, 5, 0, 1]) {
        (variant.planned_seeds, variant.seeds) = (5, seeds(tested));
    }
    assert_eq!(
        answer(&study).headline,
        "Not enough evidence to replace lstm: of lstm2, lstm3, 0 of 5 seeds are tested so far; continue the study."
    );
}

/// Seeds that have been tested.
pub(super) fn seeds(tested: u64) -> Vec<SeedResult> {
    let seed = |seed| SeedResult {
        trial: format!("trial-{seed}"),
        seed,
        epoch: 3,
        validation: 0.9,
        last: 0.9,
        test: Some(0.9),
    };
    (1..=tested).map(seed).collect()
}

#[test]
fn where_a_seed_of_the_baseline_is_missing_no_variant_is_blamed() {
    let open = |name: &str| Comparison {
        pairs: 4,
        seeds_needed: None,
        ..comparison(name, Verdict::NotEnoughEvidence, 0.0, 0.7)
    };
    let mut study = summary(vec![open("lstm2"), open("lstm3")]);
    for (variant, tested) in study.tasks[0].variants.iter_mut().zip([4, 5, 5]) {
        (variant.planned_seeds, variant.seeds) = (5, seeds(tested));
    }
    let found = answer(&study);
    assert_eq!(
        found.headline,
        "Not enough evidence to replace lstm: of lstm, 4 of 5 seeds are tested so far; continue the study."
    );
    assert!(
        found.notes[0]
            .starts_with("lstm2 is not settled: of lstm, 4 of 5 seeds are tested so far (0.0 points"),
        "{}",
        found.notes[0]
    );
    study.trials.push(TrialLine {
        id: "lstm-5".into(),
        state: State::Failed,
        variant: "lstm".into(),
        task: study.tasks[0].name.clone(),
        seed: 5,
        settings: BTreeMap::new(),
        epochs: 0,
        best: None,
        last: None,
        converged: None,
        seconds: 0.0,
        reason: Some("no memory".into()),
    });
    let headline = answer(&study).headline;
    assert!(headline.contains("4 of 5 seeds are tested so far (1 trial failed)"), "{headline}");
}

#[test]
fn a_study_of_one_variant_compares_nothing() {
    assert!(answer(&summary(Vec::new())).headline.contains("the only variant"));
}

#[test]
fn a_variant_that_costs_accuracy_somewhere_is_not_waited_for() {
    let mut two = summary(vec![comparison("lstm2", Verdict::NotEnoughEvidence, 0.0, 0.7)]);
    let mut other = two.tasks[0].clone();
    other.name = "japanese-vowels".into();
    other.comparisons = vec![comparison("lstm2", Verdict::Worse, -0.05, 0.7)];
    two.tasks.push(other);
    assert_eq!(
        answer(&two).headline,
        "Keep lstm: every simplified gate that was tried costs accuracy on at least one task (japanese-vowels)."
    );
}

#[test]
fn not_every_gate_costs_accuracy_where_one_keeps_it() {
    let found = answer(&summary(vec![
        comparison("lstm3", Verdict::Worse, -0.05, 0.3),
        comparison("wide", Verdict::Equivalent, 0.0, 1.2),
    ]));
    assert_eq!(found.headline, "Keep lstm: no variant that was tried is slimmer and as accurate.");
}

#[test]
fn a_loss_that_may_lie_within_the_margin_is_said_to() {
    let found = answer(&summary(vec![comparison("lstm3", Verdict::Worse, -0.008, 0.3)]));
    assert_eq!(
        found.headline,
        "Keep lstm: every simplified gate that was tried costs accuracy (the loss of lstm3 may be within the margin of \
         1.0 points)."
    );
}

#[test]
fn of_equal_sizes_the_most_accurate_is_used_and_none_for_being_a_unit_smaller() {
    let matched = |comparisons| StudySummary { matched: Some(Match::Parameters), ..summary(comparisons) };
    let equal = comparison("lstm2", Verdict::Equivalent, 0.0, 0.998);
    let found = answer(&matched(vec![equal.clone()]));
    assert_eq!(
        found.headline,
        "Keep lstm: no variant of the same size was shown to be more accurate by more than the margin."
    );
    let better = comparison("lstm3", Verdict::Better, 0.02, 1.003);
    assert_eq!(answer(&matched(vec![equal, better])).variant.as_deref(), Some("lstm3"));
}

#[test]
fn what_diverged_is_said() {
    let mut study = summary(vec![comparison("lstm2", Verdict::NotEnoughEvidence, 0.0, 0.7)]);
    study.tasks[0].variants[1].diverged = 2;
    assert!(answer(&study).notes.iter().any(|note| note.starts_with("lstm2 diverged in 2 of")));
    study.tasks[0].comparisons[0].verdict = Verdict::Equivalent;
    study.tasks[0].variants[1].seeds = seeds(5);
    let headline = answer(&study).headline;
    assert!(
        headline.starts_with("Use lstm2") && headline.contains("; 2 of its 5 seeds diverged"),
        "{headline}"
    );
}

#[test]
fn rates_that_one_seed_was_tried_at_are_told_from_others() {
    let mut study = summary(vec![comparison("lstm2", Verdict::Equivalent, 0.0, 0.7)]);
    let point = |values: &[f64]| RatePoint { rate: 1e-3, mean: 0.9, values: values.to_vec(), diverged: 0 };
    study.tasks[0].variants[1].rates = vec![point(&[0.9, 0.9])];
    assert!(!answer(&study).explanation[0].contains("one seed per rate"));
    study.tasks[0].variants[1].rates = vec![point(&[0.9])];
    let reasoning = answer(&study).explanation.swap_remove(0);
    assert!(reasoning.contains("(lstm: 1e-4 to 5e-3 or more), by one seed per rate"), "{reasoning}");
}

#[test]
fn that_adding_seeds_makes_false_claims_more_likely_is_said() {
    let found = answer(&summary(vec![comparison("lstm2", Verdict::NotEnoughEvidence, 0.0, 0.7)]));
    assert_eq!(
        found.notes.last().unwrap(),
        "If the true difference equals the margin, at most 5 % of studies whose number of seeds was fixed in advance \
         wrongly claim equivalence; adding seeds after seeing a result raises that (docs/studies.md)."
    );
}

#[test]
fn prices_are_part_of_the_answer() {
    let mut study = summary(vec![comparison("lstm2", Verdict::Equivalent, 0.0, 0.7)]);
    let cost = |training, predictions| Cost {
        currency: "EUR".into(),
        training,
        trainings_a_year: 52.0 * training,
        predictions_a_year: predictions,
        saved_a_year: Some(52.0 * (0.5 - training) + 100.0 - predictions),
    };
    study.tasks[0].variants[0].cost = Some(cost(0.5, 100.0));
    study.tasks[0].variants[1].cost = Some(cost(0.25, 80.0));
    let found = answer(&study);
    assert!(found.headline.ends_with("; it saves 33.00 EUR a year."), "{}", found.headline);
    assert_eq!(
        found.explanation[1],
        "lstm2 costs 0.25 EUR per training (lstm: 0.50) and 80.00 EUR a year of predictions (lstm: 100.00); with all \
         trainings of a year it saves 33.00 EUR a year."
    );
}

#[test]
fn a_loss_that_is_sure_is_said_though_it_does_not_matter() {
    let sure = Comparison {
        p_difference: Some([0.0001, 0.0003]),
        ..comparison("lstm3", Verdict::Equivalent, -0.006, 0.26)
    };
    let found = answer(&summary(vec![sure]));
    assert_eq!(found.variant.as_deref(), Some("lstm3"));
    assert!(
        found.headline.contains(": it loses accuracy, but less than the margin (−0.6 points"),
        "{}",
        found.headline
    );
}

#[test]
fn of_several_tasks_the_one_that_takes_most_seeds_counts() {
    let open = |variant, seeds| Comparison {
        seeds_needed: Some(seeds),
        ..comparison(variant, Verdict::NotEnoughEvidence, 0.0, 0.7)
    };
    let mut two = summary(vec![open("lstm1", 6), open("lstm2", 9)]);
    let mut other = two.tasks[0].clone();
    other.comparisons = vec![open("lstm1", 30), open("lstm2", 12)];
    two.tasks.push(other);
    assert!(answer(&two).headline.ends_with("run 7 more seeds (--seeds 12)."), "{}", answer(&two).headline);
}

#[test]
fn an_untestable_seed_is_named_and_not_waited_for() {
    let untestable = Comparison {
        pairs: 4,
        obstacle: Some(Obstacle::Untestable),
        seeds_needed: None,
        ..comparison("lstm2", Verdict::NotEnoughEvidence, 0.0, 0.7)
    };
    let mut study = summary(vec![untestable]);
    let diverged =
        SeedResult { trial: "a".into(), seed: 1, epoch: 0, validation: 0.0, last: 0.0, test: None };
    study.tasks[0].variants[1].seeds = vec![diverged];
    assert_eq!(
        answer(&study).headline,
        "Not enough evidence to replace lstm: a seed of lstm2 diverged before it could be tested."
    );
}

#[test]
fn a_variant_that_learns_slowly_is_said_to() {
    let mut study = summary(vec![comparison("lstm3", Verdict::Equivalent, 0.0, 0.26)]);
    let reach = |epochs| made_up::reach(&slimgate_run::metric::Metric::accuracy(None), epochs);
    study.tasks[0].variants[0].reaches = vec![reach(4.0)];
    study.tasks[0].variants[1].reaches = vec![reach(28.0)];
    let found = answer(&study).explanation.swap_remove(0);
    assert!(found.ends_with("it reaches 99 % of the accuracy of lstm after 28 epochs (lstm: 4)."), "{found}");
    let some = |reached| Reach { reached, ..reach(4.0) };
    study.tasks[0].variants[0].reaches = vec![some(4)];
    study.tasks[0].variants[1].reaches = vec![some(2)];
    let found = answer(&study).explanation.swap_remove(0);
    assert!(
        found.ends_with("; 2 of its 5 seeds reach 99 % of the accuracy of lstm (lstm: 4 of 5)."),
        "{found}"
    );
    study.tasks[0].variants[1].reaches = vec![some(4)];
    assert!(!answer(&study).explanation[0].contains("seeds reach"), "no fewer than of lstm");
}

#[test]
fn numbers_have_the_decimals_of_the_margin() {
    let fine = StudySummary {
        margin: 0.0021,
        ..summary(vec![comparison("lstm2", Verdict::Equivalent, -0.00049, 0.7)])
    };
    assert!(answer(&fine).headline.contains("(−0.05 points, −0.35 to +0.25; margin 0.21)"));
}

#[test]
fn what_costs_more_is_not_said_to_save() {
    let cost = |saved_a_year| Cost {
        currency: "EUR".into(),
        training: 0.5,
        trainings_a_year: 26.0,
        predictions_a_year: 100.0,
        saved_a_year,
    };
    assert_eq!(saving(&cost(Some(-3.0))).unwrap(), "it costs 3.00 EUR more a year");
    assert_eq!(saving(&cost(Some(3.0))).unwrap(), "it saves 3.00 EUR a year");
    assert_eq!(saving(&cost(None)), None);
}

/// The README's example is a study that was recorded, in the words of today.
#[test]
fn the_readme_says_what_the_recorded_default_study_came_to() {
    let read = |path: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
        std::fs::read_to_string(path).unwrap()
    };
    let summary: StudySummary =
        serde_json::from_str(&read("experiments/results/digits/summary.json")).unwrap();
    let in_words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (answer, readme) = (answer(&summary), in_words(&read("README.md")));
    for said in answer.notes.iter().map(|note| format!("- {note}")).chain([answer.headline]) {
        assert!(readme.contains(&in_words(&said)), "the README lacks: {said}");
    }
}
