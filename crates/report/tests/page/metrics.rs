//! Reports on other scores than the share of right answers.

use slimgate_report::{Run, write_study};
use slimgate_run::metric::{Metric, forecast};
use slimgate_run::{MetricValue, Stretch};
use slimgate_study::{Coverage, Protocol, Reference, StudySummary, VariantForecast};

use crate::support::{self, runs_file, runs_page, study_file, study_page};

/// The error that forecasts are chosen by.
fn mase() -> Metric {
    forecast(0.8).remove(0)
}

/// A study of forecasts.
fn forecasts() -> StudySummary {
    let mut study = StudySummary { metric: mase(), margin: 0.02, ..support::study() };
    study.answer.headline = "Use lstm1.".into();
    study.answer.notes.clear();
    study.answer.explanation.clear();
    for task in &mut study.tasks {
        (task.classes, task.step) = (vec![], Some(0.0));
        task.trivial = Some(Reference { answer: "seasonal naive".into(), score: 1.02 });
        task.variants.iter_mut().for_each(|variant| variant.confusion.clear());
    }
    study
}

/// Ten days of forecasts that are off by a quarter of a kilowatt, and the naive ones by a half.
fn stretch(quantiles: bool) -> Stretch {
    let observed: Vec<f64> =
        (0..240).map(|at| 1.0 + (f64::from(at) / 24.0 * std::f64::consts::TAU).sin()).collect();
    let off = |by: f64| observed.iter().map(|number| number + by).collect::<Vec<f64>>();
    Stretch {
        target: "global_active_power".into(),
        unit: Some("kW".into()),
        step_unit: Some("hour".into()),
        steps: (3385..=3624).collect(),
        forecast: off(0.25),
        // Every tenth step is missed.
        interval: if quantiles {
            let low = |(at, number): (usize, &f64)| number + if at % 10 == 0 { 0.125 } else { -0.375 };
            [observed.iter().enumerate().map(low).collect(), off(0.625)]
        } else {
            [vec![], vec![]]
        },
        seasonal_naive: off(0.5),
        observed,
    }
}

#[test]
fn forecasts_are_drawn_beside_what_was_observed() {
    let mut study = forecasts();
    let none = study_file(&study, "report.md");
    assert!(!none.contains("Forecasts of"), "of an earlier version");
    for variant in ["lstm", "lstm1"] {
        let of_variant = VariantForecast { variant: variant.into(), seed: 101, stretch: stretch(true) };
        study.tasks[0].forecasts.push(of_variant);
    }
    let folder = tempfile::tempdir().unwrap();
    let written = write_study(&study, folder.path()).unwrap();
    let named = |end: &str| {
        let file = written.iter().find(|path| path.to_string_lossy().ends_with(end));
        std::fs::read_to_string(file.unwrap_or_else(|| panic!("{end}: {written:?}"))).unwrap()
    };
    let [baseline, variant] = ["-forecasts-of-lstm.svg", "-forecasts-of-lstm1.svg"].map(named);
    for text in [
        ">hour of the test part</text>",
        ">global_active_power (kW)</text>",
        ">observed</text>",
        ">median forecast</text>",
        ">seasonal naive</text>",
        "lstm1 with seed 101 forecasts global_active_power at the steps 3,385 to 3,624 of the test part, and is off by \
         0.2500 kW on average; the seasonal naive forecast by 0.5000 kW; 90 % of what was observed lies between its \
         quantiles.",
        "stroke=\"var(--purple)\"",
        "fill=\"var(--purple)\"",
    ] {
        assert!(variant.contains(text), "{text}: {variant}");
    }
    let points = |picture: &str| picture.matches(['M', 'L']).count();
    assert_eq!(points(&baseline), points(&variant));
    let page = study_file(&study, "report.md");
    let shaded =
        "at the last steps of the test part; shaded: from the quantile 0.1 to the quantile 0.9](pictures/";
    assert_eq!(page.matches(shaded).count(), 2);
    assert!(study_page(&study).contains("Forecasts of lstm1: global_active_power beside what was observed"));
}

#[test]
fn a_forecast_without_quantiles_or_season_is_drawn_without_them() {
    let mut runs = forecasting();
    let bare = Stretch {
        unit: None,
        step_unit: None,
        seasonal_naive: vec![],
        // A stride that does not make up the horizon leaves steps out.
        steps: (1..=120).chain(125..=244).collect(),
        ..stretch(false)
    };
    runs[0].forecasts = Some(bare);
    let page = runs_page(&runs);
    for text in [">step of the test part</text>", ">global_active_power</text>", ">forecast</text>"] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("shaded:") && !page.contains(">seasonal naive</text>"));
    assert!(page.contains("is off by 0.2500 on average."), "{page}");
}

#[test]
fn of_many_runs_the_first_forecasts_are_drawn() {
    let mut one = forecasting().remove(0);
    one.forecasts = Some(stretch(true));
    let runs: Vec<Run> = (1..=6).map(|at| Run { name: format!("run-{at}"), ..one.clone() }).collect();
    let page = runs_page(&runs);
    assert!(page.contains("Forecasts of run-4:") && !page.contains("Forecasts of run-5:"));
    assert!(page.contains("What the other 2 runs forecast stands in their"), "{page}");
}

/// Runs that forecast.
fn forecasting() -> Vec<Run> {
    let mut runs = support::runs();
    for run in &mut runs {
        run.summary.iter_mut().for_each(|summary| summary.metric = mase());
        run.epochs.iter_mut().for_each(|line| line.score.metric = mase().name);
        run.evaluation.iter_mut().for_each(|found| {
            found.score.metric = mase().name;
            (found.classes, found.confusion) = (vec![], vec![]);
        });
    }
    runs
}

#[test]
fn a_page_of_errors_speaks_of_them_alone() {
    let published = StudySummary { protocol: Protocol::Published, ..forecasts() };
    for study in [forecasts(), published] {
        let said = study_file(&study, "report.md").to_lowercase();
        for word in ["accura", "points", "(nats)", "classif", "most frequent class"] {
            assert!(!said.contains(word), "{word}: {:?}", study.protocol);
        }
    }
    let page = study_page(&forecasts());
    for text in [
        "equivalence margin ±0.02000, 95 % confidence",
        "500 sequences in the test set. The baseline lstm has a score of 0.9730 there (test MASE).",
        "MASE on digits-rows: means over the seeds",
        ">seasonal naive</th>",
        "0.9730 (0.9704 to 0.9756)",
        "epochs and time to within 5 % of lstm’s best validation MASE",
        "improved by more than half a percent",
        "average loss of MASE",
        "MASE minus that of lstm; lower is better",
        "shaded: margin of ±0.02000.",
        "lstm1 −0.002000 (−0.008000 to +0.004000), equivalent within the margin",
        "Test MASE by recurrent parameters",
        "lstm does best at 1e-4 with 0.6580",
        "standard deviation is ±0.04200 of validation MASE across",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn a_dearer_variant_with_a_higher_error_is_dominated() {
    let page = study_page(&forecasts());
    let description = |size| format!("lstm has {size} parameters and 0.9730, dominated");
    assert!(page.contains(&description("15,800")));
    assert!(page.contains("lstm3 has 4,100 parameters and 0.9250,") || page.contains("and 0.9250."));
    assert!(!page.contains("0.9250, dominated"));
}

#[test]
fn a_relative_margin_stands_on_the_page_as_a_part_and_as_amounts() {
    let study = StudySummary { margin_is_relative: true, ..forecasts() };
    let page = study_page(&study);
    assert!(page.contains("equivalence margin ±2 % of the MASE of lstm, 95 % confidence"));
    assert!(page.contains("margin of ±0.01946"), "2 % of 0.973");
    let line = study_file(&study, "comparisons.csv").lines().nth(1).unwrap().to_owned();
    let of_table: f64 = line.split(',').nth(4).unwrap().parse().unwrap();
    assert!((of_table - 0.01946).abs() < 1e-12, "{line}");
}

#[test]
fn a_page_of_runs_speaks_of_their_metric() {
    let page = runs_page(&forecasting());
    assert!(!page.to_lowercase().contains("accura"), "{page}");
    for text in [
        "The best epoch is the one with the lowest MASE on the validation set.",
        "best validation MASE",
        "Validation MASE",
        "<td class=\"number\">0.9620</td>",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(
        runs_file(&forecasting(), "epochs.csv")
            .starts_with("run,epoch,split,loss,MASE,learning_rate,seconds\n")
    );
}

#[test]
fn runs_with_different_metrics_keep_theirs_apart() {
    let mut runs = support::runs();
    runs[1] = forecasting().remove(1);
    let page = runs_page(&runs);
    for text in
        ["Validation accuracy", "Validation MASE", "best validation score", "MASE 0.9248", "accuracy 92.48 %"]
    {
        assert!(page.contains(text), "{text}");
    }
    let text = runs_file(&runs, "epochs.csv");
    assert!(text.starts_with("run,epoch,split,loss,accuracy,MASE,learning_rate,seconds\n"), "{text}");
}

#[test]
fn differences_from_an_aim_are_said_to_be_of_distances() {
    let coverage = StudySummary { metric: forecast(0.8).pop().unwrap(), ..forecasts() };
    let said = study_file(&coverage, "report.md");
    assert!(
        said.contains("they are differences of the distances from 80 %, so that less is nearer to it"),
        "{said}"
    );
    assert!(!study_file(&forecasts(), "report.md").contains("distances"));
}

#[test]
fn a_metric_without_a_trivial_predictor_is_said_to_have_none() {
    let mut study = forecasts();
    study.tasks[0].trivial = None;
    let said = study_file(&study, "report.md");
    assert!(said.contains("No trivial predictor is known for it"), "{said}");
}

#[test]
fn the_coverage_of_intervals_stands_beside_that_before_calibration() {
    let mut study = forecasts();
    assert!(!study_file(&study, "report.md").contains("overage"));
    let found = Coverage { aim: 0.8, share: 0.7984, before_calibration: 0.6512, seeds: 5, calibrated: 5 };
    let uncalibrated = Coverage { share: 0.6512, calibrated: 0, ..found.clone() };
    study.tasks[0].variants[0].coverage = Some(found);
    study.tasks[0].variants[1].coverage = Some(uncalibrated);
    let said = study_file(&study, "report.md");
    for text in [
        "| lstm | 79.8 % | 65.1 % | 5 of 5 |",
        "| lstm1 | 65.1 % | – | 0 of 5 |",
        "80 % is what they are for",
    ] {
        assert!(said.contains(text), "{text}: {said}");
    }

    let mut runs = forecasting();
    assert!(!runs_page(&runs).contains("coverage"));
    for evaluation in runs.iter_mut().filter_map(|run| run.evaluation.as_mut()) {
        let coverage = forecast(0.8).pop().unwrap();
        evaluation.metrics.push(MetricValue { metric: coverage, value: Some(0.8125) });
        evaluation.coverage_before_calibration = Some(0.6875);
    }
    let page = runs_page(&runs);
    for text in [">coverage before calibration</th>", "81.25 %", "68.75 %"] {
        assert!(page.contains(text), "{text}");
    }
}
