//! The reasons for there being no verdict, in words.

use std::collections::BTreeSet;

use slimgate_data::{FEW_VALIDATION_SEQUENCES, standard_error};
use slimgate_run::metric::Unit;
use slimgate_run::words::{bare_percent, counted, list, plural, short_percent};

use crate::{Comparison, Obstacle, Protocol, StudySummary, TaskSummary};

/// The headline where the baseline of a task is none: it has learned nothing, or broke. Nothing where it is sound.
pub(super) fn unsound_baseline(summary: &StudySummary) -> Option<String> {
    let baseline = &summary.baseline;
    summary.tasks.iter().find_map(|task| {
        let obstacle = task.comparisons.iter().find_map(|found| found.obstacle)?;
        let on = if summary.tasks.len() > 1 { format!(" on {}", task.name) } else { String::new() };
        let of_seeds = |seeds: usize| {
            let all = task.variant(baseline).map_or(0, |variant| variant.seeds.len());
            format!("in {seeds} of {all} seeds")
        };
        let variant = task.variant(baseline)?;
        match obstacle {
            Obstacle::NothingLearned => nothing_learned(summary, task, &on),
            Obstacle::TrivialUnknown => Some(format!(
                "no answer{on}: it is not known whether {baseline} learned anything, because no trivial predictor is known \
                 for the {}; choose by another metric (run.metric), or evaluate the trials again",
                summary.metric.name
            )),
            Obstacle::BaselineDiverged => Some(format!(
                "no baseline to judge by{on}: {baseline} diverged {}; try lower learning rates, or clip its gradients \
                 (optim.clip)",
                of_seeds(variant.diverged)
            )),
            Obstacle::BaselineCollapsed => Some(format!(
                "no baseline to judge by{on}: {baseline} collapsed {}, from a good epoch to a last one far below it; \
                 try lower learning rates, or clip its gradients (optim.clip)",
                of_seeds(variant.collapsed)
            )),
            Obstacle::Untestable | Obstacle::Pending | Obstacle::StillImproving => None,
        }
    })
}

/// The result of the baseline beside the trivial predictor: nothing was learned, or there are too few test sequences to
/// show that it was.
fn nothing_learned(summary: &StudySummary, task: &TaskSummary, on: &str) -> Option<String> {
    let (trivial, baseline, metric) = (task.trivial.as_ref()?, &summary.baseline, &summary.metric);
    let score = task.variant(baseline)?.test.as_ref()?.mean;
    let too_few = metric.gain(trivial.score, score) > summary.margin_on(task)?;
    let (verdict, so) = if too_few {
        let sequences = counted(task.test_sequences, "test sequence", "test sequences");
        (
            format!("no answer{on}: {sequences} cannot show that anything was learned"),
            "test on more sequences",
        )
    } else {
        (format!("nothing was learned here{on}"), "so nothing can be said of its gates")
    };
    let join = if too_few { ";" } else { "," };
    Some(format!(
        "{verdict}: {baseline} {}, not shown to be {} {} of {}{join} {so}",
        metric.clause(score),
        metric.above(),
        metric.show_to(trivial.score, 1),
        trivial_answer(summary, task, &trivial.answer)
    ))
}

/// The trivial predictor in words: its constant answer, or the name of its rule.
fn trivial_answer(summary: &StudySummary, task: &TaskSummary, answer: &str) -> String {
    if task.has_constant_answer(&summary.metric) {
        format!("always saying `{answer}`")
    } else {
        format!("`{answer}`")
    }
}

/// The advice where trials were still improving; nothing where none of the open comparisons hangs on that.
pub(super) fn train_longer(summary: &StudySummary, open: &[&Comparison]) -> Option<String> {
    if !open.iter().any(|found| found.obstacle == Some(Obstacle::StillImproving)) {
        return None;
    }
    let improving = summary.tasks.iter().flat_map(|task| &task.variants).filter(|of| of.is_still_improving());
    let names: BTreeSet<&str> = improving.map(|variant| variant.name.as_str()).collect();
    let were = plural(names.len(), "was", "were");
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    let how = match &summary.longer {
        Some(command) => format!("`{command}`"),
        None => "with a larger optim.epochs".to_owned(),
    };
    Some(format!("{names} {were} still improving when training ended; train longer: {how}"))
}

/// The reason why one comparison has no verdict, after the colon of its sentence; nothing where it is open for want of evidence.
pub(super) fn why_open(summary: &StudySummary, task: &TaskSummary, found: &Comparison) -> Option<String> {
    let baseline = &summary.baseline;
    Some(match found.obstacle? {
        Obstacle::Untestable => "a seed of one of the two diverged before it could be tested".to_owned(),
        Obstacle::Pending => return None,
        // The headline says it, and the sentences of single variants are left out.
        Obstacle::NothingLearned
        | Obstacle::TrivialUnknown
        | Obstacle::BaselineDiverged
        | Obstacle::BaselineCollapsed => return None,
        Obstacle::StillImproving => {
            let improving = [found.variant.as_str(), baseline]
                .into_iter()
                .filter(|name| task.variant(name).is_some_and(|variant| variant.is_still_improving()));
            format!("{} still improving, train longer", list(&improving.collect::<Vec<_>>()))
        }
    })
}

/// The variants that are not shown to be better than the trivial predictor.
pub(super) fn learned_nothing(summary: &StudySummary, task: &TaskSummary) -> Option<String> {
    let trivial = task.trivial.as_ref()?;
    let alpha = 1.0 - summary.confidence;
    let dull: Vec<&str> = task
        .variants
        .iter()
        .filter(|variant| variant.has_learned_nothing(alpha))
        .map(|variant| variant.name.as_str())
        .collect();
    (!dull.is_empty()).then(|| {
        format!(
            "On {}, {} {} not shown to be better than {} ({}).",
            task.name,
            dull.join(", "),
            plural(dull.len(), "is", "are"),
            trivial_answer(summary, task, &trivial.answer),
            match summary.metric.unit {
                Unit::Share => short_percent(trivial.score) + " %",
                Unit::Target | Unit::Ratio => summary.metric.show(trivial.score),
            }
        )
    })
}

/// That a task's validation set is too small to choose well by, where it is.
pub(super) fn small_validation_set(summary: &StudySummary, task: &TaskSummary) -> Option<String> {
    let sequences = task.validation_sequences.filter(|sequences| *sequences < FEW_VALIDATION_SEQUENCES)?;
    // The standard error of any other score is not known.
    let error = match summary.metric.counts_right_answers() {
        true => format!(
            ", on which an {} has a standard error of up to {} points",
            summary.metric.name,
            bare_percent(standard_error(sequences), 0)
        ),
        false => String::new(),
    };
    (summary.protocol == Protocol::Validation).then(|| {
        format!(
            "Epochs and settings on {} were chosen on {sequences} validation {}{error}: which were chosen is partly \
             chance (data.validation_fraction takes more).",
            task.name,
            plural(sequences, "sequence", "sequences"),
        )
    })
}

/// Variants that do best at an end of the learning rates that were tried, and so might do better beyond it.
pub(super) fn best_at_an_end(summary: &StudySummary) -> Option<String> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for variant in summary.tasks.iter().flat_map(|task| &task.variants) {
        let merits: Vec<f64> = variant.rates.iter().map(|point| summary.metric.merit(point.mean)).collect();
        let best = merits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let [Some(first), Some(last)] = [merits.first(), merits.last()] else { continue };
        let one = merits.iter().filter(|merit| **merit == best).count() == 1;
        if merits.len() > 1 && one && (*first == best || *last == best) {
            names.insert(&variant.name);
        }
    }
    (!names.is_empty()).then(|| {
        format!(
            "{} {} best at an end of the learning rates that were tried: what lies beyond is not known.",
            names.iter().copied().collect::<Vec<_>>().join(", "),
            plural(names.len(), "does", "do"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::answer;
    use super::super::tests::seeds;
    use crate::made_up::{comparison, summary};
    use crate::{Comparison, Obstacle, RatePoint, Reference, Spread, StudySummary, Verdict};

    /// A study whose baseline meets an obstacle in every comparison.
    fn with_obstacle(obstacle: Obstacle) -> StudySummary {
        let open = |name: &str| Comparison {
            obstacle: Some(obstacle),
            seeds_needed: None,
            ..comparison(name, Verdict::NotEnoughEvidence, 0.0, 0.7)
        };
        let mut study = summary(vec![open("lstm2"), open("lstm3")]);
        for variant in &mut study.tasks[0].variants {
            (variant.planned_seeds, variant.seeds) = (5, seeds(5));
            variant.test = Some(Spread { mean: 0.503, deviation: None, interval: None, values: vec![0.503] });
        }
        study.tasks[0].trivial = Some(Reference { answer: "fault".into(), score: 0.5 });
        study
    }

    #[test]
    fn where_nothing_was_learned_nothing_is_recommended() {
        let mut study = with_obstacle(Obstacle::NothingLearned);
        study.tasks[0].variants[0].p_above_trivial = Some(0.4);
        let found = answer(&study);
        assert_eq!(found.variant, None);
        assert_eq!(
            found.headline,
            "Nothing was learned here: lstm is right on 50.3 % of the test sequences, not shown to be more than the \
             50.0 % of always saying `fault`, so nothing can be said of its gates."
        );
        assert!(!found.notes.iter().any(|note| note.contains("lstm2")), "{:?}", found.notes);
        let dull = "On digits-rows, lstm is not shown to be better than always saying `fault` (50 %).";
        assert!(found.notes.iter().any(|note| note == dull), "{:?}", found.notes);
    }

    #[test]
    fn a_small_test_set_is_blamed_where_it_alone_is_to_blame() {
        let mut study = with_obstacle(Obstacle::NothingLearned);
        study.tasks[0].variants[0].p_above_trivial = Some(0.06);
        study.tasks[0].variants[0].test.as_mut().unwrap().mean = 1.0;
        study.tasks[0].test_sequences = 8;
        assert_eq!(
            answer(&study).headline,
            "No answer: 8 test sequences cannot show that anything was learned: lstm is right on 100.0 % of the test \
             sequences, not shown to be more than the 50.0 % of always saying `fault`; test on more sequences."
        );
    }

    #[test]
    fn a_metric_without_a_trivial_predictor_recommends_nothing() {
        let mut study = with_obstacle(Obstacle::TrivialUnknown);
        study.metric = slimgate_run::metric::forecast(0.8).pop().unwrap();
        study.tasks[0].trivial = None;
        let found = answer(&study);
        assert_eq!(found.variant, None);
        assert_eq!(
            found.headline,
            "No answer: it is not known whether lstm learned anything, because no trivial predictor is known for the \
             coverage; choose by another metric (run.metric), or evaluate the trials again."
        );
    }

    #[test]
    fn a_guess_is_not_called_a_constant_answer() {
        let mut study = with_obstacle(Obstacle::NothingLearned);
        study.metric = slimgate_run::metric::classes(&["ok".into(), "fault".into()], &[5, 5]).remove(2);
        let task = &mut study.tasks[0];
        task.classes = vec!["ok".into(), "fault".into()];
        for (answer_of_trivial, told) in
            [("guessing by frequency", "of `guessing by"), ("fault", "of always saying `fault`")]
        {
            study.tasks[0].trivial = Some(Reference { answer: answer_of_trivial.into(), score: 0.5 });
            let found = answer(&study);
            assert!(found.headline.contains(told), "{}", found.headline);
        }
    }

    #[test]
    fn a_baseline_that_broke_is_no_baseline() {
        let mut study = with_obstacle(Obstacle::BaselineCollapsed);
        study.tasks[0].variants[0].collapsed = 4;
        let found = answer(&study);
        assert!(
            found.headline.starts_with("No baseline to judge by: lstm collapsed in 4 of 5 seeds"),
            "{}",
            found.headline
        );
        let mut study = with_obstacle(Obstacle::BaselineDiverged);
        study.tasks[0].variants[0].diverged = 3;
        let found = answer(&study);
        assert!(
            found.headline.starts_with("No baseline to judge by: lstm diverged in 3 of 5 seeds"),
            "{}",
            found.headline
        );
    }

    #[test]
    fn what_was_still_improving_is_to_train_longer_by_a_command() {
        let mut study = with_obstacle(Obstacle::StillImproving);
        study.tasks[0].variants[1].still_improving = 3;
        let found = answer(&study);
        assert_eq!(found.variant, None);
        assert_eq!(
            found.headline,
            "Not enough evidence to replace lstm: lstm2 was still improving when training ended; train longer: `slimgate \
             compare studies/made-up/study.toml --set optim.epochs=60 --out studies/made-up-longer`."
        );
        assert!(found.notes[0].contains(": lstm2 still improving, train longer"), "{}", found.notes[0]);
    }

    #[test]
    fn a_small_validation_set_is_said() {
        let mut study = summary(vec![comparison("lstm1", Verdict::Equivalent, 0.001, 0.82)]);
        let said =
            |study: &StudySummary| answer(study).notes.iter().any(|note| note.contains("up to 25 points"));
        assert!(!said(&study));
        study.tasks[0].validation_sequences = Some(4);
        assert!(said(&study));
        study.protocol = crate::Protocol::Published;
        assert!(!said(&study), "there is none");
    }

    #[test]
    fn the_best_rate_at_an_end_of_those_tried_is_said() {
        let point = |rate, mean| RatePoint { rate, mean, values: vec![mean], diverged: 0 };
        let mut study = summary(vec![comparison("lstm1", Verdict::Equivalent, 0.001, 0.82)]);
        study.tasks[0].variants[0].rates = vec![point(1e-3, 0.8), point(1e-2, 0.9), point(1e-1, 0.7)];
        let said = |study: &StudySummary| {
            answer(study).notes.iter().any(|note| note.contains("at an end of the learning"))
        };
        assert!(!said(&study));
        study.tasks[0].variants[1].rates = vec![point(1e-3, 0.9), point(1e-2, 0.8)];
        assert!(said(&study));
    }
}
