//! One table of the user's own of each task, from training to prediction.

use serde_json::Value;

use crate::support::{Workspace, assert_says, lines, repository};

const TINY: &str = "train --no-tui --hidden 4 --epochs 2 --threads 1 --name one";

fn evaluation(here: &Workspace) -> Value {
    serde_json::from_str(&here.succeed("evaluate runs/one --json")).unwrap()
}

#[test]
fn a_table_of_demand_is_forecast() {
    let here = Workspace::new();
    let days = |from: usize, to: usize| {
        let row = |at: usize| {
            let (day, shop) = (at / 2, at % 2);
            format!("{day},shop-{shop},{}\n", 10 * (1 + shop) + day % 7)
        };
        format!("ds,unique_id,y\n{}", (2 * from..2 * to).map(row).collect::<String>())
    };
    here.write("demand.csv", days(0, 300));
    let shown = here.succeed("data show ./demand.csv --set data.context=14 --set data.horizon=7");
    let settings = [
        "[data]",
        "task = \"forecast\"",
        "horizon = 7",
        "[data.columns]",
        "series = \"unique_id\"",
        "time = \"ds\"",
    ];
    assert_says(&shown, &settings);
    assert_says(&shown, &["the last 20 % of each series, in time, are the test set", "no problems found"]);
    // What is shown is a file of settings, with which nothing is guessed.
    let (_, section) = shown.split_once("\n[data]\n").unwrap();
    here.write("demand.toml", format!("[data]\n{section}"));
    let said = here.run(&format!("{TINY} demand.toml"));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!said.err.contains("is read as"), "{}", said.err);
    let guessed =
        here.run(&format!("{} --dataset ./demand.csv --set data.horizon=7", TINY.replace("one", "two")));
    assert_says(
        &guessed.err,
        &["is read as a row a step, with `unique_id` for series, `ds` for time", "the next rows of y"],
    );

    let evaluation = evaluation(&here);
    // The last 60 days of two shops: 40 windows of 21 days each.
    assert_eq!(evaluation["sequences"], 80);
    here.write("new.csv", days(300, 320));
    let predictions = lines(&here.succeed("predict runs/one --json --input new.csv"));
    assert_eq!((predictions.len(), &predictions[1]["name"]), (2, &Value::from("new.csv#shop-1")));
    assert_eq!(predictions[0]["steps"].as_array().unwrap().len(), 7);
    here.write("new.csv", days(300, 320).replace("ds,unique_id,y", "ds,unique_id,sales"));
    assert_says(&here.refuse("predict runs/one --input new.csv"), &["new.csv:1: no column \"y\""]);
}

#[test]
fn a_table_with_a_class_a_row_is_labelled() {
    let here = Workspace::new();
    let rows = (0..240).map(|at| format!("m{};{};{},5\n", at / 6, ["sound", "worn"][at % 6 / 4], at % 6));
    here.write("wear.csv", format!("machine;label;heat\n{}", rows.collect::<String>()));
    let data = "--dataset ./wear.csv --set data.columns.series=machine";
    here.succeed(&format!("{TINY} {data} --set data.task=labelling"));
    let evaluation = evaluation(&here);
    assert_eq!(evaluation["sequences"], 8);
    assert_eq!(evaluation["classes"], serde_json::json!(["sound", "worn"]));
    here.write("new.csv", "machine;heat\na;0,5\na;5,5\n");
    let table = here.succeed("predict runs/one --input new.csv");
    assert!(table.starts_with("name,step,class,p(sound),p(worn)\nnew.csv#a,1,"), "{table}");
    assert_eq!(table.lines().count(), 3);
}

#[test]
fn a_table_with_a_number_a_series_is_told_it() {
    let here = Workspace::new();
    let row = |at: usize| format!("{},m{},{},{}\n", at / 3, at / 30, at / 3 + at % 3, (at / 3) as f64 / 2.0);
    here.write("drill.csv", format!("id,machine,force,wear\n{}", (0..300).map(row).collect::<String>()));
    here.write(
        "drill.toml",
        "[data]\ndataset = './drill.csv'\ntargets = ['wear']\ncolumns.group = 'machine'\n[optim]\nloss = 'huber'\n",
    );
    here.succeed(&format!("{TINY} drill.toml"));
    let evaluation = evaluation(&here);
    assert_eq!(evaluation["sequences"], 20);
    assert!(evaluation["MAE"].is_number(), "{evaluation}");
    here.write("new.csv", "force,id\n50,a\n51,a\n");
    let table = here.succeed("predict runs/one --input new.csv");
    assert!(table.starts_with("name,wear\nnew.csv#a,"), "{table}");
    // A loss of another task is refused once the task is known, and leaves nothing behind.
    let wrong = here.refuse(&format!("{} drill.toml --set optim.loss=pinball", TINY.replace("one", "two")));
    assert_says(&wrong, &["optim.loss"]);
    assert!(!here.path("runs/two").exists());
}

#[test]
fn folders_of_classes_are_trained_on_and_a_folder_of_files_is_predicted_on() {
    let here = Workspace::new();
    let series = |at: usize| format!("force,heat\n{0},1\n{0},{1}\n", at % 2, at % 3);
    for folder in ["drills/dull", "drills/sharp", "new"] {
        std::fs::create_dir_all(here.path(folder)).unwrap();
    }
    for at in 0..40 {
        here.write(&format!("drills/{}/{at}.csv", ["dull", "sharp"][at % 2]), series(at));
    }
    let shown = here.succeed("data show ./drills");
    assert_says(&shown, &["a file a series in the folder of its class", "32 training and 8 test"]);
    here.succeed(&format!("{TINY} --dataset ./drills"));
    let evaluation = evaluation(&here);
    assert_eq!((&evaluation["sequences"], &evaluation["classes"][0]), (&8.into(), &"dull".into()));
    for at in 0..3 {
        here.write(&format!("new/{at}.csv"), series(at));
    }
    let predictions = lines(&here.succeed("predict runs/one --json --input new"));
    assert_eq!((predictions.len(), &predictions[2]["name"]), (3, &Value::from("new/2.csv")));
    here.write("drills/sharp/1.csv", "force\n1\n");
    assert_says(&here.refuse("evaluate runs/one"), &["drills/sharp/1.csv:1: no column \"heat\""]);
}

#[test]
fn a_parquet_table_is_forecast_or_refused_with_the_command_that_builds_its_reader() {
    let here = Workspace::new();
    let table = std::fs::read(repository("crates/data/tests/parquet/demand.parquet")).unwrap();
    here.write("demand.parquet", table);
    let line = format!(
        "{TINY} --dataset ./demand.parquet --set data.context=4 --set data.horizon=2 --set data.validation_fraction=0.25"
    );
    if cfg!(feature = "parquet") {
        here.succeed(&line);
        let predictions = lines(&here.succeed("predict runs/one --json --input demand.parquet"));
        assert_eq!(predictions[1]["name"], "demand.parquet#shop-1");
    } else {
        assert_says(&here.refuse(&line), &["./demand.parquet: ", "cargo build --release --features parquet"]);
        assert!(!here.path("runs").exists());
    }
}

#[test]
fn a_study_of_one_table_goes_on_where_the_table_was_moved_to() {
    let here = Workspace::new();
    let row = |at: usize| format!("{},{},{}\n", at / 3, ["dull", "sharp"][at / 3 % 2], at / 3 % 2 + at % 3);
    here.write("drill.csv", format!("series,class,force\n{}", (0..300).map(row).collect::<String>()));
    let little = "--variants lstm lstm3 --set optim.epochs=1 --set model.hidden=2 --set compare.widen=false \
                  --set grid.optim.learning_rate=[0.01] --set grid.run.seed=[1] --out study";
    here.succeed(&format!("compare --dataset ./drill.csv {little} --seeds 2"));
    std::fs::create_dir(here.path("archive")).unwrap();
    std::fs::rename(here.path("drill.csv"), here.path("archive/drill.csv")).unwrap();
    let refusal = here.refuse("compare study --seeds 3");
    assert_says(&refusal, &["not in ./drill.csv any more", "--dataset"]);
    here.succeed("compare study --seeds 3 --dataset ./archive/drill.csv");
    let tested = here.json("study/summary.json")["tasks"][0]["comparisons"][0]["pairs"].clone();
    assert_eq!(tested, 3);
}
