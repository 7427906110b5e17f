use super::*;
use crate::made_up::{comparison, mase, scored};
use crate::{Comparison, Reference, Verdict};

#[test]
fn requirements_read_back_as_they_are_written() {
    for text in [
        "lstm2 equivalent to lstm within 0.9",
        "lstm2 equivalent to lstm within 1.0",
        "i=xhb,f=hb,o=b not worse than lstm within 0.5",
        "lstm3 better than lstm on digits-rows, train_limit 500",
        "lstm accuracy at least 95 on digits-rows",
        "lstm pinball loss at most 0.5",
    ] {
        assert_eq!(text.parse::<Requirement>().unwrap().to_string(), text);
    }
}

#[test]
fn a_requirement_about_what_the_study_does_not_have_names_it() {
    let study = crate::made_up::summary(Vec::new());
    let told = |text: &str| text.parse::<Requirement>().unwrap().check(&study).unwrap_err().to_string();
    assert_eq!(
        told("lstm2 equivalent to  lstm within 0.9"),
        "the requirement \"lstm2 equivalent to  lstm within 0.9\" names `lstm2`, which is not in the study (it has \
         lstm)"
    );
    assert_eq!(
        told("lstm accuracy at least 90% on mnist"),
        "the requirement \"lstm accuracy at least 90% on mnist\" names the task `mnist`, which is not in the study \
         (it has digits-rows)"
    );
}

#[test]
fn what_is_no_requirement_is_told_what_would_be() {
    for text in
        ["", "lstm2", "lstm2 equals lstm", "lstm2 equivalent to lstm", "lstm2 equivalent to lstm within -1"]
    {
        let message = text.parse::<Requirement>().unwrap_err().to_string();
        assert!(message.contains("within 1.0") || message.contains("a margin above 0"), "{message}");
    }
    let study = crate::made_up::summary(vec![comparison("lstm2", Verdict::Equivalent, 0.0, 0.7)]);
    for text in ["lstm accuracy at least 900", "lstm accuracy at least -1"] {
        let message = text.parse::<Requirement>().unwrap().check(&study).unwrap_err().to_string();
        assert!(message.ends_with("above 0 and at most 100"), "{message}");
    }
}

/// Forecasts with errors around 0.8 and 0.7.
fn forecasts() -> StudySummary {
    let mut study = crate::made_up::summary(Vec::new());
    study.metric = mase();
    let task = &mut study.tasks[0];
    (task.step, task.trivial) = (Some(0.0), Some(Reference { answer: "seasonal naive".into(), score: 1.0 }));
    task.variants = vec![
        scored("lstm", &[0.80, 0.81, 0.79, 0.80, 0.82]),
        scored("lstm1", &[0.70, 0.72, 0.69, 0.70, 0.71]),
        scored("lstm2", &[0.801, 0.812, 0.792, 0.803, 0.819]),
    ];
    study
}

#[test]
fn of_an_error_the_lower_is_better() {
    let study = forecasts();
    let check = |text: &str| text.parse::<Requirement>().unwrap().check(&study).unwrap();
    for claim in [
        "lstm1 better than lstm",
        "lstm1 not worse than lstm within 0.01",
        "lstm2 equivalent to lstm within 0.01",
        "lstm2 equivalent to lstm within 2 %",
        "lstm1 MASE at most 0.75",
        "lstm MASE at least 0.75",
    ] {
        assert!(check(claim).holds, "{claim}: {:?}", check(claim));
    }
    for claim in [
        "lstm better than lstm1",
        "lstm not worse than lstm1 within 0.05",
        "lstm2 equivalent to lstm within 0.001",
        "lstm2 equivalent to lstm within 0.1 %",
        "lstm MASE at most 0.75",
    ] {
        assert!(!check(claim).holds, "{claim}: {:?}", check(claim));
    }
    let evidence = &check("lstm1 better than lstm").evidence[0];
    assert!(evidence.starts_with("digits-rows: difference −0.1000, interval −0.1"), "{evidence}");
    assert!(
        check("lstm1 MASE at most 0.75").evidence[0].starts_with("digits-rows: MASE 0.7040, interval 0.6")
    );
}

#[test]
fn an_error_that_is_not_below_the_trivial_one_is_no_success() {
    let mut study = forecasts();
    study.tasks[0].variants[1].p_above_trivial = Some(0.4);
    let check = |text: &str| text.parse::<Requirement>().unwrap().check(&study).unwrap();
    let found = check("lstm1 MASE at most 0.9");
    assert!(!found.holds);
    assert!(
        found.evidence[0].ends_with("lstm1 is not shown to be better than `seasonal naive`"),
        "{found:?}"
    );
    assert!(check("lstm1 MASE at most 1.5").holds, "the trivial error is below that, too");
}

/// As `compare.margin = "50 %"`.
#[test]
fn a_margin_in_percent_is_a_part_of_the_others_value_of_a_share_too() {
    let mut study = crate::made_up::summary(Vec::new());
    study.tasks[0].variants = vec![
        scored("lstm", &[0.100, 0.101, 0.102, 0.101, 0.100]),
        scored("lstm2", &[0.121, 0.120, 0.122, 0.120, 0.121]),
    ];
    let check = |text: &str| text.parse::<Requirement>().unwrap().check(&study).unwrap();
    assert!(
        check("lstm2 equivalent to lstm within 5").holds,
        "{:?}",
        check("lstm2 equivalent to lstm within 5")
    );
    let found = check("lstm2 equivalent to lstm within 5 %");
    assert!(!found.holds, "{found:?}");
    assert!(found.evidence[0].contains("a part of what the other comes to: 0.50"), "{found:?}");
    assert!(check("lstm2 equivalent to lstm within 50%").holds);
    for wrong in ["lstm2 equivalent to lstm within 5%%", "lstm accuracy at least 9%%"] {
        wrong.parse::<Requirement>().unwrap_err();
    }
}

#[test]
fn another_metric_than_the_studys_is_refused() {
    let told = |text: &str| text.parse::<Requirement>().unwrap().check(&forecasts()).unwrap_err().to_string();
    let message = told("lstm pinball loss at most 3");
    assert!(
        message.ends_with("names the metric `pinball loss`, which is not in the study (it has MASE)"),
        "{message}"
    );
    let message = told("lstm MASE at most 90%");
    assert!(message.ends_with("`90%` is a percentage, and MASE is no share"), "{message}");
}

/// True if a study shows that lstm2 is equivalent to lstm within a point.
fn is_equivalent(summary: &StudySummary) -> bool {
    let claim: Requirement = "lstm2 equivalent to lstm within 1.0".parse().unwrap();
    claim.check(summary).unwrap().holds
}

#[test]
fn an_early_look_has_a_part_of_the_error() {
    let mut summary = crate::made_up::summary(vec![comparison("lstm2", Verdict::Equivalent, 0.0, 0.7)]);
    let scores = |lead: f64| [0.0, 0.004, 0.001, 0.003, 0.002].map(|noise| 0.9 + lead * noise);
    summary.tasks[0].variants = vec![scored("lstm", &scores(1.0)), scored("lstm2", &scores(-1.0))];
    assert!(is_equivalent(&summary));
    summary.looks = vec![5, 8, 12, 20];
    assert!(!is_equivalent(&summary));
}

#[test]
fn a_claim_against_the_baseline_is_about_other_data_too() {
    let found =
        Comparison { data_error: Some([0.01, 300.0]), ..comparison("lstm2", Verdict::Equivalent, 0.0, 0.7) };
    let mut summary = crate::made_up::summary(vec![found]);
    summary.tasks[0].variants = vec![
        scored("lstm", &[0.900, 0.901, 0.902, 0.901, 0.900]),
        scored("lstm2", &[0.901, 0.900, 0.902, 0.900, 0.901]),
    ];
    assert!(!is_equivalent(&summary));
    summary.tasks[0].comparisons[0].data_error = None;
    assert!(is_equivalent(&summary), "by seeds alone");
}

/// Nobody knows what knowing nothing comes to: to be as good as that may mean nothing.
#[test]
fn without_a_trivial_predictor_nothing_is_as_good() {
    let mut study = forecasts();
    study.tasks[0].trivial = None;
    for claim in ["lstm2 equivalent to lstm within 0.01", "lstm1 not worse than lstm within 0.01"] {
        let found = claim.parse::<Requirement>().unwrap().check(&study).unwrap();
        assert!(!found.holds);
        let why = "it is not known whether lstm learned anything: no trivial predictor is known for MASE";
        assert!(found.evidence[0].ends_with(why), "{found:?}");
    }
    study.metric = slimgate_run::metric::Metric::accuracy(None);
    let earlier = "lstm2 equivalent to lstm within 1.0".parse::<Requirement>().unwrap();
    assert!(earlier.check(&study).unwrap().holds, "summaries of version 0.1.0 name none");
}

/// Whether against the baseline, of two others, or of one alone.
#[test]
fn seeds_that_draw_their_test_sets_show_less() {
    let mut study = forecasts();
    let holds =
        |study: &StudySummary, text: &str| text.parse::<Requirement>().unwrap().check(study).unwrap().holds;
    let claims = ["lstm2 equivalent to lstm within 0.004", "lstm MASE at most 0.825"];
    assert!(claims.iter().all(|claim| holds(&study, claim)));
    study.tasks[0].test_share = Some(0.5);
    assert!(claims.iter().all(|claim| !holds(&study, claim)));
    assert!(holds(&study, "lstm1 better than lstm2"), "it is far from it");
}
