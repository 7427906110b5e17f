//! Labels a step, numbers and forecasts, from training to predictions.

use crate::support::{Workspace, lines};
use serde_json::Value;

/// A run of a second on a data set, in `runs/one`.
fn trained(dataset: &str, settings: &str) -> Workspace {
    let here = Workspace::new();
    here.succeed(&format!(
        "train --no-tui --dataset {dataset} --hidden 6 --epochs 2 --threads 1 --set data.train_limit=120 --name one {settings}"
    ));
    here
}

fn evaluation(here: &Workspace) -> Value {
    serde_json::from_str(&here.succeed("evaluate runs/one --json")).unwrap()
}

/// The names of the references in an evaluation.
fn references(evaluation: &Value) -> Vec<&str> {
    let references = evaluation["references"].as_array().unwrap();
    references.iter().map(|reference| reference["answer"].as_str().unwrap()).collect()
}

/// A table of hourly numbers of the seven channels of the household.
fn household(steps: usize) -> String {
    let row = |step: usize| {
        let load = 1.0 + (step as f64 / 24.0 * std::f64::consts::TAU).sin() / 2.0;
        format!("{load},0.1,240,{},0,1,6\n", 4.0 * load)
    };
    let rows: String = (0..steps).map(row).collect();
    format!(
        "global_active_power,global_reactive_power,voltage,global_intensity,sub_metering_1,sub_metering_2,sub_metering_3\n{rows}"
    )
}

#[test]
fn a_forecast_is_trained_evaluated_and_made() {
    let here = trained("household-power", "");
    let summary = here.json("runs/one/summary.json");
    assert_eq!(summary["metric"]["name"], "MASE");
    let evaluation = evaluation(&here);
    assert_eq!(
        references(&evaluation),
        [
            "seasonal naive",
            "mean",
            "median",
            "naive",
            "drift",
            "exponential smoothing",
            "seasonal smoothing",
            "linear model"
        ]
    );
    let names: Vec<&str> = evaluation["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|metric| metric["name"].as_str().unwrap())
        .collect();
    assert_eq!(names[..3], ["MASE", "MAE", "RMSE"]);
    let said = here.succeed("evaluate runs/one");
    assert!(
        said.contains("MASE") && said.contains("seasonal naive") && said.contains("linear model"),
        "{said}"
    );

    here.write("week.csv", household(170));
    let predictions = lines(&here.succeed("predict runs/one --json --input week.csv"));
    let steps = predictions[0]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 24);
    for step in steps {
        let quantile =
            |level: &str| step["numbers"][format!("global_active_power({level})")].as_f64().unwrap();
        assert!(quantile("0.1") <= quantile("0.5") && quantile("0.5") <= quantile("0.9"), "{step}");
    }
    let table = here.succeed("predict runs/one --input week.csv");
    assert!(
        table.starts_with(
            "name,step,global_active_power(0.1),global_active_power(0.5),global_active_power(0.9)"
        ),
        "{table}"
    );
    assert_eq!(table.lines().count(), 25);

    // Only the last week counts.
    let longer = household(170);
    let (header, rows) = longer.split_once('\n').unwrap();
    here.write("longer.csv", format!("{header}\n9,9,200,30,50,50,20\n{rows}"));
    let of_longer = lines(&here.succeed("predict runs/one --json --input longer.csv"));
    assert_eq!(of_longer[0]["steps"], predictions[0]["steps"]);

    here.write("short.csv", household(167));
    let refusal = here.refuse("predict runs/one --input short.csv");
    assert!(refusal.contains("167 steps") && refusal.contains("168"), "{refusal}");
}

#[test]
fn a_horizon_may_be_one_step_or_weeks() {
    for (horizon, channels) in [(1, "['voltage']"), (500, "['voltage','global_intensity']")] {
        let here = trained(
            "household-power",
            &format!("--set data.horizon={horizon} --set data.context=48 --set data.targets={channels}"),
        );
        here.write("days.csv", household(48));
        let predictions = lines(&here.succeed("predict runs/one --json --input days.csv"));
        let steps = predictions[0]["steps"].as_array().unwrap();
        assert_eq!(steps.len(), horizon);
        let of_step = steps[0]["numbers"].as_object().unwrap().len();
        assert_eq!(of_step, 3 * channels.split(',').count());
    }
}

#[test]
fn one_number_a_step_is_forecast_without_quantiles() {
    let here = trained("household-power", "--set optim.loss=absolute");
    here.write("week.csv", household(168));
    let table = here.succeed("predict runs/one --input week.csv");
    assert!(table.starts_with("name,step,global_active_power\n"), "{table}");
}

#[test]
fn windows_longer_than_a_part_are_refused() {
    let here = Workspace::new();
    for setting in ["data.horizon=2000", "data.context=20000"] {
        let refusal =
            here.refuse(&format!("train --no-tui --dataset household-power --set {setting} --name one"));
        assert!(refusal.contains("data.context") && refusal.contains("data.horizon"), "{refusal}");
        assert!(!here.path("runs/one").exists());
    }
}

#[test]
fn steps_are_labelled() {
    let here = trained("sensor-events", "--set optim.class_weights=balanced");
    assert_eq!(here.json("runs/one/summary.json")["metric"]["name"], "balanced accuracy");
    let evaluation = evaluation(&here);
    assert_eq!(references(&evaluation), ["normal", "linear model"]);
    let said = here.succeed("evaluate runs/one");
    assert!(said.contains("balanced accuracy") && said.contains("always `normal`: 50.00 %"), "{said}");

    here.write("readings.csv", "series,humidity,temperature\na,48,27\na,49,28\na,50,29\nb,48,27\n");
    let predictions = lines(&here.succeed("predict runs/one --json --input readings.csv"));
    let steps: Vec<usize> =
        predictions.iter().map(|prediction| prediction["steps"].as_array().unwrap().len()).collect();
    assert_eq!(steps, [3, 1], "a label a step, and none of padding");
    assert_eq!(predictions[0]["steps"][0], predictions[1]["steps"][0], "a step knows only those before it");
    let table = here.succeed("predict runs/one --input readings.csv");
    assert!(table.starts_with("name,step,class,p(normal),p(event)\nreadings.csv#a,1,"), "{table}");
    assert_eq!(table.lines().count(), 5);
}

#[test]
fn one_number_a_sequence_is_predicted_in_its_unit() {
    let here = trained("beijing-air", "--set run.metric=RMSE --set optim.loss=huber");
    assert_eq!(here.json("runs/one/summary.json")["metric"]["name"], "RMSE");
    let evaluation = evaluation(&here);
    assert!(evaluation["RMSE"].is_number(), "{evaluation}");
    assert_eq!(references(&evaluation), ["mean", "median", "linear model"]);
    let day: String = (0..24).map(|_| "-20,7,1014,1,-1,143.48,0,0\n").collect();
    here.write(
        "day.csv",
        format!("dew_point,temperature,pressure,wind_north,wind_east,wind_speed,snow,rain\n{day}"),
    );
    let table = here.succeed("predict runs/one --input day.csv");
    let (header, row) = table.trim_end().split_once('\n').unwrap();
    assert_eq!(header, "name,pm25");
    let number: f64 = row.split(',').nth(1).unwrap().parse().unwrap();
    assert!((-100.0..300.0).contains(&number), "micrograms a cubic metre: {number}");
}

#[test]
fn a_metric_that_the_task_has_not_is_refused() {
    let here = Workspace::new();
    let refusal = here.refuse("train --no-tui --dataset beijing-air --set run.metric=accuracy --name one");
    assert!(refusal.contains("run.metric") && refusal.contains("MAE, RMSE, R²"), "{refusal}");
    assert!(!here.path("runs/one").exists());
}

/// The files that ship hold the answers, too, and are found by the names of their columns.
#[test]
fn the_test_files_that_ship_can_be_predicted() {
    let datasets = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets");
    for dataset in ["sensor-events", "beijing-air"] {
        let here = trained(dataset, "");
        let files =
            std::fs::read_dir(format!("{datasets}/{dataset}")).unwrap().flatten().map(|entry| entry.path());
        let file = files.into_iter().find(|path| path.to_string_lossy().contains("test")).unwrap();
        let predicted = here.succeed(&format!("predict runs/one --input {}", file.display()));
        assert!(predicted.lines().count() > 300, "{dataset}");
    }
}

#[test]
fn columns_are_found_by_their_names() {
    let here = trained("household-power", "");
    let week = household(170);
    let (header, rows) = week.split_once('\n').unwrap();
    let exchanged = |row: &str| {
        let mut cells: Vec<&str> = row.split(',').collect();
        cells.swap(4, 6);
        cells.join(",")
    };
    let rows: Vec<String> = rows.lines().map(exchanged).collect();
    here.write("week.csv", &week);
    here.write("other.csv", format!("{}\n{}\n", exchanged(header), rows.join("\n")));
    let [one, other] =
        ["week", "other"].map(|name| here.succeed(&format!("predict runs/one --input {name}.csv")));
    assert_eq!(one.lines().nth(1), other.lines().nth(1).map(|line| line.replace("other", "week")).as_deref());
    here.write("unnamed.csv", format!("a,b,c,d,e,f,g\n{}\n", rows.join("\n")));
    assert!(here.refuse("predict runs/one --input unnamed.csv").contains("unnamed.csv"));
}

/// Labels stand at the steps of the file, wherever sequences are cut or padded.
#[test]
fn labels_stand_at_the_steps_of_the_file() {
    let steps = |settings: &str, rows: usize| -> Vec<usize> {
        let here = trained("sensor-events", settings);
        let row = |step: usize| format!("a,{},{}\n", 40 + step % 9, 20 + step % 7);
        here.write(
            "readings.csv",
            format!("series,humidity,temperature\n{}", (0..rows).map(row).collect::<String>()),
        );
        let table = here.succeed("predict runs/one --input readings.csv");
        table.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().parse().unwrap()).collect()
    };
    assert_eq!(steps("--set data.max_length=10 --set data.pad=start", 3), [1, 2, 3]);
    assert_eq!(steps("--set data.max_length=10 --set data.pad=end", 3), [1, 2, 3]);
    assert_eq!(steps("--set data.max_length=5 --set data.keep=end", 24), [20, 21, 22, 23, 24]);
}

/// What is not read is not judged.
#[test]
fn a_forecast_judges_only_what_it_is_made_from() {
    let here = trained("household-power", "");
    let week = household(168);
    let (header, rows) = week.split_once('\n').unwrap();
    here.write("week.csv", format!("{header}\n1e300,0.1,240,4,0,1,6\n{rows}"));
    let said = here.run("predict runs/one --input week.csv");
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);
    here.write("week.csv", format!("{header}\n1,0.1,240,4,0,1,6\n-999{}", &rows[rows.find(',').unwrap()..]));
    assert!(here.run("predict runs/one --input week.csv").err.contains("week.csv:3:"));
}

#[test]
fn a_forecast_without_its_usual_reference_says_so() {
    let here = Workspace::new();
    let train = |settings: &str| {
        let said = here.run(&format!(
            "train --no-tui --dataset household-power --hidden 4 --epochs 1 --set data.train_limit=60 {settings}"
        ));
        assert_eq!(said.code, Some(0), "{}", said.err);
        said.err
    };
    assert!(train("--set data.context=100").contains("the model sees no whole season"));
    assert!(train("--set data.season=100000").contains("choices are made by MAE"));
    assert!(!train("").contains("data.season"));
}

/// The lines of a table of a run, without its header, cell by cell.
fn cells(here: &Workspace, file: &str) -> Vec<Vec<String>> {
    let text = here.read(file);
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// Intervals for other test data are made of them.
#[test]
fn the_outcomes_of_an_evaluation_have_its_score_as_their_mean() {
    for (dataset, settings, metric, lines) in [
        ("household-power", "", "MASE", 573),
        ("household-power", "--set run.metric=RMSE", "RMSE", 573),
        ("sensor-events", "--set optim.class_weights=balanced", "balanced accuracy", 396),
        ("beijing-air", "--set run.metric=R²", "R²", 360),
        ("japanese-vowels", "", "accuracy", 370),
    ] {
        let here = trained(dataset, settings);
        let score = evaluation(&here)[metric].as_f64().unwrap();
        let outcomes = cells(&here, "runs/one/outcomes.csv");
        let mean = outcomes.iter().map(|line| line[1].parse::<f64>().unwrap()).sum::<f64>() / lines as f64;
        assert_eq!(outcomes.len(), lines, "{dataset}");
        assert!((mean - score).abs() < 1e-6, "{dataset}, {metric}: {mean} {score}");
        let groups: std::collections::BTreeSet<&str> = outcomes.iter().map(|line| line[0].as_str()).collect();
        // 3438 steps in stretches of 192 at least.
        assert_eq!(groups.len(), if dataset == "household-power" { 17 } else { 1 }, "{dataset}");
        assert_eq!(here.path("runs/one/forecasts.csv").exists(), dataset == "household-power");
    }
}

#[test]
fn forecasts_of_the_test_part_are_kept_and_drawn() {
    let here = trained("household-power", "");
    let report = |out: &str| {
        here.succeed(&format!("report runs/one --out {out}"));
        here.read(&format!("{out}/report.md"))
    };
    assert!(!report("before").contains("Forecasts of"));
    evaluation(&here);
    let header = "origin,step,target,observed,quantile_0.1,forecast,quantile_0.9,seasonal_naive\n";
    assert!(here.read("runs/one/forecasts.csv").starts_with(header));
    let forecasts = cells(&here, "runs/one/forecasts.csv");
    assert_eq!(forecasts.len(), 41 * 24, "the last days of the test part");
    let number = |line: &[String], at: usize| -> f64 { line[at].parse().unwrap() };
    for line in &forecasts {
        assert!(number(line, 4) <= number(line, 5) && number(line, 5) <= number(line, 6), "{line:?}");
    }
    let last = forecasts.last().unwrap();
    // The last hour of the file, in its unit, and that of a week before.
    assert_eq!((&last[1][..], number(last, 3), number(last, 7)), ("3624", 1.342, 0.44));
    let page = report("after");
    assert!(page.contains("Forecasts of one: global\\_active\\_power beside what was observed"), "{page}");
    let picture =
        page.lines().find_map(|line| line.strip_prefix("![Forecasts of")?.rsplit_once("](")).unwrap();
    let picture = here.read(&format!("after/{}", picture.1.trim_end_matches(')')));
    assert!(picture.contains(">hour of the test part<") && picture.contains("at the steps 3,457 to 3,624"));
    here.write("runs/one/forecasts.csv", header);
    let refusal = here.refuse("report runs/one");
    assert!(refusal.contains("runs/one/forecasts.csv"), "{refusal}");
}

/// What the intervals of an answer about forecasts speak of, and the picture beside it.
#[test]
fn a_study_of_forecasts_covers_other_weeks_and_shows_some() {
    let here = Workspace::new();
    here.write(
        "demand.toml",
        "[data]
        dataset = 'household-power'
        [model]
        hidden = 16
        [optim]
        epochs = 25
        early_stopping = 4
        learning_rate = 5e-3
        [run]
        threads = 1
        [grid]
        model.variant = ['lstm3', 'lstm']
        [compare]
        baseline = 'lstm3'
        seeds = 3
        margin = '20 %'",
    );
    here.succeed("compare demand.toml");
    let summary = here.json("studies/demand/summary.json");
    let found = &summary["tasks"][0]["comparisons"][0];
    let [seeds, data] = ["seeds_interval", "data_interval"].map(|of| {
        let ends = found[of].as_array().unwrap_or_else(|| panic!("{of}: {found}"));
        ends[1].as_f64().unwrap() - ends[0].as_f64().unwrap()
    });
    assert!(data >= seeds, "{found}");
    let said = summary["answer"].to_string();
    assert!(
        said.contains("other seeds and other test data")
            && said.contains("on other test sequences like these"),
        "{said}"
    );
    let forecasts = summary["tasks"][0]["forecasts"].as_array().unwrap();
    let variants: Vec<&str> = forecasts.iter().map(|of| of["variant"].as_str().unwrap()).collect();
    assert_eq!(variants, ["lstm3", "lstm"], "the baseline first");
    let report = here.read("studies/demand/report.md");
    for variant in variants {
        let drawn = format!("-forecasts-of-{variant}.svg)");
        let line = report.lines().find(|line| line.starts_with("![") && line.ends_with(&drawn)).unwrap();
        let picture = line.rsplit_once("](").unwrap().1.trim_end_matches(')');
        assert!(here.read(&format!("studies/demand/{picture}")).contains("global_active_power (kW)"));
    }

    // Trials of a version that did not keep these files: as before.
    for trial in std::fs::read_dir(here.path("studies/demand/trials")).unwrap().flatten() {
        for file in ["outcomes.csv", "forecasts.csv"] {
            let _ = std::fs::remove_file(trial.path().join(file));
        }
    }
    here.succeed("report studies/demand");
    let summary = here.json("studies/demand/summary.json");
    assert!(summary["tasks"][0]["comparisons"][0]["data_interval"].is_null());
    assert!(summary["tasks"][0].get("forecasts").is_none());
    assert!(
        summary["answer"]
            .to_string()
            .contains("The intervals are over seeds, with this training and test data")
    );
    assert!(!here.read("studies/demand/report.md").contains("Forecasts of"));
}
