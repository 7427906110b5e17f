//! The answer where seeds are added in looks, and where outcomes of single sequences are known.

use std::collections::BTreeMap;

use super::*;
use crate::made_up::{comparison, summary};

#[test]
fn a_comparison_until_decided_asks_for_no_seeds_beyond_its_design() {
    let open = Comparison {
        outlook: Some(crate::Outlook::TooMany),
        data_interval: None,
        seeds_needed: None,
        ..comparison("lstm2", Verdict::NotEnoughEvidence, 0.002, 0.7)
    };
    let over_sequences = Comparison { data_interval: Some([-0.01, 0.014]), ..open.clone() };
    let headline =
        |found| answer(&StudySummary { looks: vec![5, 8, 12, 20], ..summary(vec![found]) }).headline;
    assert!(headline(over_sequences).ends_with("it would take more than 20 seeds, or more test sequences."));
    let study = StudySummary { looks: vec![5, 8, 12, 20], ..summary(vec![open]) };
    let found = answer(&study);
    let many = "it would take more than 20 seeds";
    assert_eq!(found.headline, format!("Not enough evidence to replace lstm: {many}."));
    assert!(
        found.notes[0].starts_with(&format!("lstm2 is not settled: {many} (+0.2 points")),
        "{}",
        found.notes[0]
    );
    assert!(found.notes.last().unwrap().ends_with(
        "wrongly claim equivalence; seeds were added in looks, and \
                                                   that is allowed for."
    ));
}

#[test]
fn both_intervals_are_explained_by_what_they_speak_of() {
    let found = Comparison {
        seeds_interval: Some([-0.002, 0.003]),
        data_interval: Some([-0.004, 0.005]),
        ..comparison("lstm2", Verdict::Equivalent, 0.0005, 0.7)
    };
    assert_eq!(
        answer(&summary(vec![found])).explanation[1],
        "Trained again with other seeds, lstm2 would differ from lstm on these test sequences by −0.2 to +0.3 points (95 % \
         interval); on other test sequences like these, by −0.4 to +0.5."
    );
}

#[test]
fn seeds_that_draw_their_test_sets_have_one_interval_and_it_is_said_of_what() {
    let found = Comparison {
        seeds_interval: None,
        data_interval: Some([-0.004, 0.005]),
        interval: Some([-0.004, 0.005]),
        ..comparison("lstm2", Verdict::Equivalent, 0.0005, 0.7)
    };
    let mut study = summary(vec![found]);
    (study.tasks[0].test_share, study.tasks[0].test_sequences) = (Some(0.25), 150);
    let said = answer(&study);
    assert_eq!(
        said.explanation[1],
        "Trained again with other seeds, and trained and tested on other sequences like these, lstm2 would differ from lstm \
         by −0.4 to +0.5 points (95 % interval)."
    );
    let drawn = "On digits-rows, each seed is tested on 150 sequences of its own, drawn from all 600; seeds have sequences in \
                 common, which is allowed for.";
    assert!(said.notes.iter().any(|note| note == drawn), "{:?}", said.notes);
    assert!(said.notes.iter().any(|note| note.contains("on other data like this, divided anew")));
    let coarse = said.notes.iter().find(|note| note.contains("the margin is 1.5 of them")).unwrap();
    assert!(coarse.ends_with("differences between seeds are coarse."), "{coarse}");

    study.looks = vec![5, 8, 12, 20];
    let open = &mut study.tasks[0].comparisons[0];
    (open.verdict, open.outlook) = (Verdict::NotEnoughEvidence, Some(crate::Outlook::TooMany));
    assert!(answer(&study).headline.ends_with("it would take more than 20 seeds, or more sequences."));
}

#[test]
fn a_choice_that_is_a_toss_up_is_said_to_be() {
    let mut study = summary(vec![comparison("lstm2", Verdict::Equivalent, 0.0, 0.7)]);
    let rival = BTreeMap::from([("optim.learning_rate".to_owned(), toml::Value::from(3e-3))]);
    let certainty = |rival| Certainty { settings: 3, seeds: 6, again: 0.58, regret: 0.002, rival };
    study.tasks[0].variants[1].certainty = Some(certainty(Some(rival)));
    let said =
        |study: &StudySummary| answer(study).notes.iter().find(|note| note.contains("toss-up")).cloned();
    assert_eq!(
        said(&study).unwrap(),
        "The settings of lstm2 on digits-rows are a toss-up: other seeds would choose others (optim.learning_rate 0.003, for \
         instance) in 4 of 10 explorations, and better ones may be worth 0.2 points."
    );
    study.tasks[0].variants[1].certainty = Some(certainty(None));
    assert_eq!(said(&study), None);
    let reasoning = answer(&study).explanation;
    assert!(
        reasoning
            .iter()
            .any(|text| text.starts_with("The settings of lstm2 were chosen from 3, with 6 seeds"))
    );
}
