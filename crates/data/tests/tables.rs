//! Tables of a user's own of any task, in one file or two, with the columns by their usual names or by settings.

use slimgate_data::{
    Columns, DataConfig, Finding, Prepared, Preprocessing, Protocol, Steps, Target, Task, Windows, find,
    findings, prepare, prepare_with, read_inputs, validation_sequences,
};
use std::fs;
use tempfile::TempDir;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn at(folder: &TempDir, name: &str) -> DataConfig {
    DataConfig::of(folder.path().join(name).to_str().unwrap())
}

/// Days of two shops with their sales and a price, the rows of a day together; the sales of a day are `value` of it.
fn demand(days: usize, value: impl Fn(usize, usize) -> f64) -> String {
    let mut text = "ds,unique_id,y,price\n".to_owned();
    for day in 0..days {
        for shop in 0..2 {
            let date = format!("2024-{:02}-{:02}", 1 + day / 28, 1 + day % 28);
            text += &format!("{date},shop-{shop},{},{}\n", value(day, shop), 1 + day % 3);
        }
    }
    text
}

fn sales(day: usize, shop: usize) -> f64 {
    (10 * shop + day % 7) as f64
}

fn targets(data: &Prepared) -> Vec<Vec<f64>> {
    let numbers = |set: &[slimgate_data::Sequence]| {
        set.iter().flat_map(|one| data.preprocessing.in_units(one.target.numbers().unwrap())).collect()
    };
    vec![numbers(&data.train), numbers(&data.validation), numbers(&data.test)]
}

/// Numbers of days instead of dates, so that no month has days without rows.
fn numbered(table: &str) -> String {
    let rows = table.lines().enumerate().map(|(at, row)| match (at, row.split_once(',')) {
        (1.., Some((_, rest))) => format!("{},{rest}\n", (at - 1) / 2),
        _ => format!("{row}\n"),
    });
    rows.collect()
}

#[test]
fn one_table_of_demand_is_forecast_and_divided_in_time() {
    let text = numbered(&demand(100, sales));
    let folder = folder(&[("demand.csv", text.as_str())]);
    let config = DataConfig { context: Some(4), horizon: Some(2), ..at(&folder, "demand.csv") };
    let entry = find(&config).unwrap();
    assert_eq!((entry.recipe.task, &entry.recipe.targets), (Task::Forecast, &vec!["y".to_owned()]));
    assert_eq!(entry.channel_names(), ["price", "y"]);
    assert_eq!((entry.recipe.train.sequences, entry.recipe.test.sequences), (2, 2));
    let data = prepare(&config).unwrap();
    // Of 100 days 20 are tested, and of the other 80 the last 8 validated; a window takes 6.
    assert_eq!((data.train.len(), data.validation.len(), data.test.len()), (2 * 67, 2 * 3, 2 * 15));
    assert_eq!(validation_sequences(&config).unwrap(), 6);
    let expected = |days: std::ops::Range<usize>, shop: usize| -> Vec<f64> {
        let starts = days.start + 4..days.end - 1;
        starts.flat_map(|day| [sales(day, shop), sales(day + 1, shop)]).collect()
    };
    let [train, validation, test]: [Vec<f64>; 3] = targets(&data).try_into().unwrap();
    for (found, days) in [(train, 0..72), (validation, 72..80), (test, 80..100)] {
        let expected = [expected(days.clone(), 0), expected(days, 1)].concat();
        assert!(found.iter().zip(&expected).all(|(one, other)| (one - other).abs() < 1e-4), "{found:?}");
        assert_eq!(found.len(), expected.len());
    }
}

#[test]
fn a_horizon_alone_is_enough_to_forecast() {
    let folder = folder(&[("demand.csv", numbered(&demand(300, sales)).as_str())]);
    for (horizon, context) in [(2, 6), (7, 17), (20, 4)] {
        let data = prepare(&DataConfig { horizon: Some(horizon), ..at(&folder, "demand.csv") }).unwrap();
        let windows = data.preprocessing.windows().unwrap();
        assert_eq!((windows.horizon, windows.context), (horizon, context));
    }
}

#[test]
fn nothing_of_the_test_part_reaches_training() {
    let one = folder(&[("demand.csv", numbered(&demand(100, sales)).as_str())]);
    // The first day that is tested on.
    let planted = |day: usize, shop: usize| if day >= 80 { 1e6 + day as f64 } else { sales(day, shop) };
    let other = folder(&[("demand.csv", numbered(&demand(100, planted)).as_str())]);
    let config =
        |folder: &TempDir| DataConfig { context: Some(4), horizon: Some(2), ..at(folder, "demand.csv") };
    let [one, other] = [&one, &other].map(|folder| prepare(&config(folder)).unwrap());
    assert_eq!((&one.train, &one.validation), (&other.train, &other.validation));
    assert_eq!(one.preprocessing.target_means(), other.preprocessing.target_means());
    assert_eq!(one.preprocessing.naive_errors(), other.preprocessing.naive_errors());
    assert!(targets(&other)[2].iter().all(|value| *value > 9e5));
}

#[test]
fn the_usual_windows_follow_from_the_step_of_time_and_are_said() {
    let hours: String = (0..2000)
        .map(|hour| format!("2024-01-{:02} {:02}:00,{}\n", 1 + hour / 24 % 28, hour % 24, hour % 24))
        .take(28 * 24)
        .collect();
    let folder = folder(&[("load.csv", &format!("time,load\n{hours}"))]);
    let config = DataConfig { targets: Some(vec!["load".into()]), ..at(&folder, "load.csv") };
    let data = prepare(&config).unwrap();
    // 672 hours: 134 to test on, and of the other 538 54 to validate.
    let windows = Windows { context: 39, horizon: 13, stride: 1, season: 24 };
    assert_eq!(data.preprocessing.windows(), Some(windows));
    let told: Vec<String> = findings(&config).unwrap().iter().map(ToString::to_string).collect();
    let all = told.join("\n");
    for told in
        ["`time` for time (a row every hour)", "next rows of load", "last 20 %, in time", "data.context = 39"]
    {
        assert!(all.contains(told), "{told}\n{all}");
    }
    let asked = DataConfig {
        task: Some(Task::Forecast),
        columns: Columns { time: Some("time".into()), ..Columns::default() },
        test_fraction: Some(0.2),
        context: Some(39),
        horizon: Some(13),
        stride: Some(1),
        season: Some(24),
        ..config
    };
    let notices =
        findings(&asked).unwrap().into_iter().filter(|finding| matches!(finding, Finding::Notice(_)));
    assert_eq!(notices.count(), 0, "what is asked for is not said");
    assert_eq!(prepare(&asked).unwrap().test, data.test);
}

/// Machines of which each row is sound, worn or not labelled.
fn wear(machines: usize) -> String {
    let mut text = "machine;Label;heat\n".to_owned();
    for machine in 0..machines {
        for hour in 0..6 {
            let label = ["sound", "sound", "", "sound", "worn", "worn"][hour];
            text += &format!("m{machine};{label};{},5\n", 20 + hour + machine);
        }
    }
    text
}

#[test]
fn classes_of_rows_are_labels_of_steps() {
    let folder = folder(&[("wear.csv", wear(20).as_str())]);
    let columns = Columns { series: Some("machine".into()), ..Columns::default() };
    let config = DataConfig { columns, ..at(&folder, "wear.csv") };
    let data = prepare(&config).unwrap();
    assert_eq!(data.preprocessing.task(), Task::Labelling);
    assert_eq!(data.preprocessing.classes(), ["sound", "worn"]);
    assert_eq!((data.train.len(), data.validation.len(), data.test.len()), (14, 2, 4));
    let classes = vec![Some(0), Some(0), None, Some(0), Some(1), Some(1)];
    assert!(data.test.iter().all(|one| one.target == Target::StepClasses(classes.clone())));
    let survey = find(&config).unwrap();
    let counts = &survey.survey.as_ref().unwrap().classes;
    assert_eq!((counts[0].train, counts[0].test, counts[1].test), (48, 12, 8));

    // A file to predict on has the columns of the same names, and needs none of the labels.
    fs::write(folder.path().join("new.csv"), "heat,machine\n20.5,a\n21.5,a\n22.5,b\n").unwrap();
    let inputs = read_inputs(&folder.path().join("new.csv"), &data.preprocessing).unwrap().sequences;
    assert_eq!(inputs.iter().map(|input| input.steps.len()).collect::<Vec<_>>(), [2, 1]);
    fs::write(folder.path().join("new.csv"), "machine,warmth\na,20\n").unwrap();
    let refused = read_inputs(&folder.path().join("new.csv"), &data.preprocessing).unwrap_err().to_string();
    assert!(refused.contains("no column \"heat\""), "{refused}");
}

/// Runs of a drill, each with the wear that it ends in, on one of several machines.
fn drill(runs: usize) -> String {
    let mut text = "id,machine,force,wear,note\n".to_owned();
    for run in 0..runs {
        for step in 0..3 {
            text += &format!("{run},m{},{},{},fine\n", run / 4, run + step, 0.5 * run as f64);
        }
    }
    text
}

#[test]
fn numbers_of_series_are_told_and_groups_are_kept_together() {
    let folder = folder(&[("drill.csv", drill(40).as_str())]);
    let columns =
        Columns { group: Some("machine".into()), ignore: vec!["note".into()], ..Columns::default() };
    let targets = Some(vec!["wear".into()]);
    let config = DataConfig { columns, targets, ..at(&folder, "drill.csv") };
    let data = prepare(&config).unwrap();
    assert_eq!(
        (data.preprocessing.task(), data.preprocessing.targets()),
        (Task::Regression, &["wear".to_owned()][..])
    );
    let runs = |data: &Prepared, set: &[slimgate_data::Sequence]| -> Vec<usize> {
        let wear = set.iter().map(|one| data.preprocessing.in_units(one.target.numbers().unwrap())[0]);
        wear.map(|wear| (2.0 * wear).round() as usize).collect()
    };
    let parts = [&data.train, &data.validation, &data.test].map(|set| runs(&data, set));
    assert_eq!(parts[2].len(), 8);
    let mut all = parts.concat();
    all.sort_unstable();
    assert_eq!(all, (0..40).collect::<Vec<_>>());
    for machine in 0..10 {
        let parts = parts.iter().filter(|part| part.iter().any(|run| run / 4 == machine));
        assert_eq!(parts.count(), 1, "machine {machine}");
    }
    assert_eq!(validation_sequences(&config).unwrap(), data.validation.len());
    // The division depends on no seed, and a stored run finds it again.
    let other = prepare(&DataConfig { seed: 9, ..config.clone() }).unwrap();
    assert_eq!(runs(&other, &other.test), parts[2]);
    let stored = serde_json::to_string(&data.preprocessing).unwrap();
    let stored: Preprocessing = serde_json::from_str(&stored).unwrap();
    let again = prepare_with(&config, &stored, None).unwrap();
    assert!(again.train == data.train && again.validation == data.validation && again.test == data.test);
    // Choices on the test set leave all the rest to train on.
    let published = prepare(&DataConfig { validation: Protocol::Published, ..config }).unwrap();
    assert_eq!((published.train.len(), published.validation.len()), (32, 8));
}

#[test]
fn classes_of_one_file_are_divided_in_their_proportions() {
    let rows: String =
        (0..50).map(|at| format!("s{at},{},{at}\n", if at % 5 == 0 { "up" } else { "down" })).collect();
    let texts: String = (0..20).map(|at| format!("{},some words {at}\n", ["good", "bad"][at % 2])).collect();
    let folder =
        folder(&[("a.csv", &format!("Series,CLASS,x\n{rows}")), ("b.csv", &format!("class,text\n{texts}"))]);
    let config = DataConfig { validation_fraction: 0.25, ..at(&folder, "a.csv") };
    let data = prepare(&config).unwrap();
    assert_eq!((data.train.len(), data.validation.len(), data.test.len()), (30, 10, 10));
    let up =
        |set: &[slimgate_data::Sequence]| set.iter().filter(|one| one.target == Target::Class(1)).count();
    assert_eq!((up(&data.train) + up(&data.validation), up(&data.test)), (8, 2));
    let data = prepare(&DataConfig { test_fraction: Some(0.5), ..at(&folder, "b.csv") }).unwrap();
    assert_eq!((data.train.len() + data.validation.len(), data.test.len()), (10, 10));
    assert!(matches!(data.test[0].features, Steps::Tokens(_)));
}

#[test]
fn settings_that_change_how_a_file_is_read_give_another_data_set() {
    let folder = folder(&[("drill.csv", drill(40).as_str())]);
    let ignore = |names: &[&str]| Columns {
        ignore: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Columns::default()
    };
    let config =
        |columns| DataConfig { columns, targets: Some(vec!["wear".into()]), ..at(&folder, "drill.csv") };
    let channels = |config: &DataConfig| find(config).unwrap().channel_names().to_vec();
    assert_eq!(channels(&config(ignore(&["note", "machine"]))), ["force"]);
    assert!(find(&config(ignore(&["note"]))).err().unwrap().to_string().contains("\"m0\" is not a number"));
    let forecast = DataConfig { task: Some(Task::Forecast), ..config(ignore(&["note", "machine"])) };
    assert_eq!(channels(&forecast), ["force", "wear"]);
}

/// A table of the form that there always was is read as it always was, whatever its other columns are called.
#[test]
fn a_pair_of_tables_of_series_and_class_has_channels_beside_them() {
    let rows = |time: &dyn Fn(usize) -> String| -> String {
        let row = |at: usize| format!("s{},{},{},{at}\n", at / 3, ["up", "down"][at / 3 % 2], time(at));
        "series,class,time,y\n".to_owned() + &(0..60).map(row).collect::<String>()
    };
    let plain = rows(&|at| (at * at).to_string());
    let pair = folder(&[("train.csv", plain.as_str()), ("test.csv", plain.as_str())]);
    assert_eq!(find(&at(&pair, "")).unwrap().channel_names(), ["time", "y"]);
    // Dates are no numbers, and were refused.
    let dated = rows(&|at| format!("2024-01-{:02}", 1 + at % 3));
    let pair = folder(&[("train.csv", dated.as_str()), ("test.csv", dated.as_str())]);
    assert_eq!(find(&at(&pair, "")).unwrap().channel_names(), ["y"]);
}

#[test]
fn many_series_of_several_classes_are_labelled_by_step_in_a_pair_too() {
    let table: String =
        (0..10).flat_map(|at| [format!("s{at},up,{at}\n"), format!("s{at},down,{at}\n")]).collect();
    let table = format!("series,class,x\n{table}");
    let pair = folder(&[("train.csv", table.as_str()), ("test.csv", table.as_str())]);
    assert_eq!(find(&at(&pair, "")).unwrap().recipe.task, Task::Labelling);
    let asked = DataConfig { task: Some(Task::Classification), ..at(&pair, "") };
    assert!(find(&asked).err().unwrap().to_string().contains("has two classes"));
    let few = format!(
        "series,class,x\ns0,up,1\ns0,down,2\n{}",
        (1..10).map(|at| format!("s{at},{},1\n", ["up", "down"][at % 2])).collect::<String>()
    );
    let pair = folder(&[("train.csv", few.as_str()), ("test.csv", few.as_str())]);
    let message = find(&at(&pair, "")).err().unwrap().to_string();
    assert!(
        message.contains("series \"s0\" has two classes") && message.contains("\"labelling\""),
        "{message}"
    );
}

/// The refusal of a pair of tables, with these settings.
fn refused(train: &str, test: &str, change: impl FnOnce(&mut DataConfig)) -> String {
    let here = folder(&[("train.csv", train), ("test.csv", test)]);
    let mut config = DataConfig::of(here.path().to_str().unwrap());
    change(&mut config);
    prepare(&config).unwrap_err().to_string()
}

#[test]
fn what_is_tested_comes_at_the_step_of_what_is_trained_on() {
    let rows = |step: usize| (0..200).map(|at| format!("{},{}\n", at * step, at % 7)).collect::<String>();
    let table = |step| format!("ds,y\n{}", rows(step));
    let message = refused(&table(1), &table(24), |_| ());
    assert!(
        message.contains("test.csv:2: rows come every 24, and every 1 in the training file"),
        "{message}"
    );
    let here = folder(&[("train.csv", &table(1)), ("test.csv", &table(1))]);
    prepare(&DataConfig::of(here.path().to_str().unwrap())).unwrap();
}

#[test]
fn a_group_is_in_one_of_two_files() {
    let table = |machines: [&str; 2]| {
        let row = |at: usize| {
            let (drill, machine) = (at / 2, machines[at / 2 % 2]);
            format!("{drill},{machine},{},{at}\n", ["dull", "sharp"][drill % 2])
        };
        format!("series,machine,class,force\n{}", (0..40).map(row).collect::<String>())
    };
    let grouped = |config: &mut DataConfig| config.columns.group = Some("machine".into());
    let message = refused(&table(["m1", "m2"]), &table(["m3", "m2"]), grouped);
    assert!(message.contains("test.csv:4: the group \"m2\" is in the training file, too"), "{message}");
}

#[test]
fn targets_are_no_channels_of_a_question_about_classes() {
    let table = "series,class,force,wear\na,up,1,2\nb,down,2,3\n";
    for task in [Task::Classification, Task::Labelling] {
        let message = refused(table, table, |config| {
            (config.task, config.targets) = (Some(task), Some(vec!["wear".into()]));
        });
        assert!(message.contains(&format!("`data.task` = \"{task}\" tells classes")), "{message}");
    }
}
