//! The answer to made-up findings about errors, of which less is better.

use super::*;
use crate::made_up::{self, comparison, mase, scored, summary};
use crate::{Obstacle, RatePoint, Reference};

/// A study of forecasts, whose variants have these errors.
fn forecasts(comparisons: Vec<Comparison>) -> StudySummary {
    let mut study = StudySummary { metric: mase(), margin: 0.02, ..summary(comparisons) };
    let task = &mut study.tasks[0];
    (task.step, task.trivial) = (Some(0.0), Some(Reference { answer: "seasonal naive".into(), score: 1.0 }));
    task.variants[0].test = scored("lstm", &[0.81, 0.79]).test;
    study
}

#[test]
fn an_answer_about_errors_names_them_and_takes_the_lower_for_the_better() {
    let found = answer(&forecasts(vec![
        comparison("lstm1", Verdict::Equivalent, 0.001, 0.82),
        comparison("lstm2", Verdict::Better, -0.05, 0.73),
        comparison("lstm3", Verdict::Worse, 0.0512, 0.3),
    ]));
    assert_eq!(
        found.headline,
        "Use lstm2 instead of lstm: it is better in MASE (−0.050, −0.053 to −0.047; margin 0.020), with 27 % fewer recurrent \
         parameters and a training step 1.2 times as fast."
    );
    assert!(
        found.explanation[0].starts_with("lstm1 keeps the MASE of lstm (difference 0.001, "),
        "{:?}",
        found.explanation
    );
    assert!(found.notes[2].starts_with("lstm3 is worse in MASE (+0.051, "), "{:?}", found.notes);
}

#[test]
fn a_rise_of_an_error_is_a_loss() {
    let worse = |difference| comparison("lstm3", Verdict::Worse, difference, 0.3);
    assert_eq!(
        answer(&forecasts(vec![worse(0.1)])).headline,
        "Keep lstm: every simplified gate that was tried worsens MASE."
    );
    assert!(
        answer(&forecasts(vec![worse(0.022)]))
            .headline
            .ends_with("worsens MASE (the loss of lstm3 may be within the margin of 0.020).")
    );
    let sure = |difference| Comparison {
        p_difference: Some([0.0001, 0.0003]),
        ..comparison("lstm3", Verdict::Equivalent, difference, 0.26)
    };
    let headline = |difference| answer(&forecasts(vec![sure(difference)])).headline;
    assert!(headline(0.006).contains(": it loses in MASE, but less than the margin"));
    assert!(headline(-0.006).contains(": it keeps the MASE"));
}

#[test]
fn a_relative_margin_is_told_as_an_amount_and_as_a_part() {
    let mut study = forecasts(vec![comparison("lstm2", Verdict::Equivalent, 0.001, 0.7)]);
    study.margin_is_relative = true;
    assert_eq!(study.margin_on(&study.tasks[0]), Some(0.02 * 0.8));
    let found = answer(&study).explanation.swap_remove(0);
    assert!(found.contains(", margin 0.016, which is 2 % of the MASE of lstm), with"), "{found}");
    study.tasks[0].variants[0].test = None;
    assert_eq!(study.margin_on(&study.tasks[0]), None);
}

#[test]
fn the_most_accurate_of_equal_sizes_has_the_lowest_error() {
    let better = |name, difference| comparison(name, Verdict::Better, difference, 1.0);
    let study = forecasts(vec![better("lstm1", -0.2), better("lstm2", -0.1)]);
    let matched = StudySummary { matched: Some(Match::Parameters), ..study };
    assert_eq!(answer(&matched).variant.as_deref(), Some("lstm1"));
}

#[test]
fn errors_are_held_to_the_naive_forecast() {
    let open = Comparison {
        obstacle: Some(Obstacle::NothingLearned),
        ..comparison("lstm2", Verdict::NotEnoughEvidence, 0.0, 0.7)
    };
    let mut study = forecasts(vec![open]);
    study.tasks[0].variants[0].p_above_trivial = Some(0.4);
    study.tasks[0].variants[0].test = scored("lstm", &[1.02, 0.98]).test;
    let found = answer(&study);
    assert_eq!(
        found.headline,
        "Nothing was learned here: lstm has a test MASE of 1.000, not shown to be better than the 1.000 of `seasonal \
         naive`, so nothing can be said of its gates."
    );
    let dull = "On digits-rows, lstm is not shown to be better than `seasonal naive` (1.000).";
    assert!(found.notes.iter().any(|note| note == dull), "{:?}", found.notes);
}

#[test]
fn a_variant_that_comes_near_late_is_held_to_an_error() {
    let mut study = forecasts(vec![comparison("lstm3", Verdict::Equivalent, 0.0, 0.26)]);
    let reach = |epochs| made_up::reach(&mase(), epochs);
    study.tasks[0].variants[0].reaches = vec![reach(4.0)];
    study.tasks[0].variants[1].reaches = vec![reach(28.0)];
    let found = answer(&study).explanation.swap_remove(0);
    assert!(
        found.ends_with("it reaches a MASE within 1 % of that of lstm after 28 epochs (lstm: 4)."),
        "{found}"
    );
}

#[test]
fn the_best_rate_of_errors_is_that_of_the_lowest() {
    let point = |rate, mean| RatePoint { rate, mean, values: vec![mean], diverged: 0 };
    let mut study = forecasts(vec![comparison("lstm1", Verdict::Equivalent, 0.001, 0.82)]);
    let said =
        |study: &StudySummary| answer(study).notes.iter().any(|note| note.contains("at an end of the"));
    study.tasks[0].variants[0].rates = vec![point(1e-3, 0.9), point(1e-2, 0.8), point(1e-1, 1.7)];
    assert!(!said(&study));
    study.tasks[0].variants[0].rates.remove(0);
    assert!(said(&study));
}
