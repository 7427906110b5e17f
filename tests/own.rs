//! The user's own data, from training to prediction.

use serde_json::{Value, json};

use crate::support::{Workspace, assert_says, lines, pumps, said};

/// Settings of a run on the pumps that takes a fraction of a second.
const TINY: &str = "--no-tui --dataset ./pumps --hidden 4 --epochs 2 --threads 1 --name one";

#[test]
fn series_are_trained_on_evaluated_and_classified() {
    let here = Workspace::new();
    pumps(&here);
    let out = here.succeed(
        "train --no-tui --dataset ./pumps --hidden 8 --epochs 40 --learning-rate 1e-2 --batch-size 8 \
         --threads 1",
    );
    // The run is named after the folder.
    assert_says(&out, &["runs/pumps-lstm1", "lstm1 on ./pumps"]);
    let evaluation: Value = serde_json::from_str(&here.succeed("evaluate runs/pumps-lstm1 --json")).unwrap();
    assert_eq!(evaluation["sequences"], 20);
    assert_eq!(evaluation["classes"], json!(["leaking", "sound"]));
    assert!(evaluation["accuracy"].as_f64().unwrap() > 0.9, "{evaluation}");

    // Prediction needs the run alone.
    std::fs::rename(here.path("pumps"), here.path("elsewhere")).unwrap();
    let predictions = lines(&here.succeed("predict runs/pumps-lstm1 --input elsewhere/test.csv --json"));
    assert_eq!(predictions[0]["name"], "elsewhere/test.csv#pump-0");
    let correct = predictions
        .iter()
        .enumerate()
        .filter(|(number, said)| said["class"] == ["sound", "leaking"][number % 2]);
    assert_eq!(evaluation["accuracy"].as_f64(), Some(correct.count() as f64 / 20.0));
    let told = "the data is not in ./pumps any more: name its new place with `--dataset`";
    assert_says(&here.refuse("evaluate runs/pumps-lstm1"), &[told]);
}

#[test]
fn texts_are_trained_on_and_classified() {
    let here = Workspace::new();
    std::fs::create_dir(here.path("reviews")).unwrap();
    let table = |count: usize| {
        let rows = ["positive,a good film\n", "negative,\"bad, very bad\"\n"];
        let rows: String = (0..count).map(|number| rows[number % 2]).collect();
        format!("class,text\n{rows}")
    };
    here.write("reviews/train.csv", table(20));
    here.write("reviews/test.csv", table(6));
    here.succeed(
        "train --no-tui --dataset reviews/ --hidden 4 --epochs 1 --threads 1 --set model.embedding=4 \
         --name one",
    );
    here.succeed("evaluate runs/one");
    here.write("new.txt", "a good film\n");
    here.write("new.csv", "text,class\na good film,\n");
    let probabilities = |file: &str| {
        let predictions = lines(&here.succeed(&format!("predict runs/one --json --input {file}")));
        predictions[0]["probabilities"].clone()
    };
    assert!(probabilities("new.txt")["positive"].is_number());
    assert_eq!(probabilities("new.txt"), probabilities("new.csv"));
}

#[test]
fn a_run_on_data_that_has_changed_is_neither_resumed_nor_evaluated() {
    let here = Workspace::new();
    pumps(&here);
    here.succeed(&format!("train {TINY}"));
    let (config, test) = (here.read("runs/one/config.toml"), here.read("pumps/test.csv"));
    here.write("pumps/test.csv", format!("{test}pump-20,sound,2.1,0.1\n"));
    for line in ["train --no-tui --resume runs/one --epochs 3", "evaluate runs/one", "time runs/one"] {
        let told = "./pumps is not, or no longer, the data that the run was trained on (test.csv is another file, or not there)";
        assert_says(&here.refuse(line), &[told]);
    }
    assert_eq!(here.read("runs/one/config.toml"), config);
    here.write("pumps/test.csv", test);
    here.succeed("train --no-tui --resume runs/one --epochs 3");
}

/// Another working folder, and another place for the data.
#[test]
fn data_is_found_from_elsewhere_and_where_it_was_moved_to() {
    let here = Workspace::new();
    pumps(&here);
    for name in ["elsewhere", "archive"] {
        std::fs::create_dir(here.path(name)).unwrap();
    }
    here.succeed(&format!("train {TINY}"));
    let elsewhere = |line: &str| {
        let said = said(here.command(line).current_dir(here.path("elsewhere")).output().unwrap());
        (said.code, said.err)
    };
    for line in ["evaluate ../runs/one", "time ../runs/one", "train --no-tui --resume ../runs/one --epochs 3"]
    {
        assert_eq!(elsewhere(line).0, Some(0), "{line}");
    }
    std::fs::rename(here.path("pumps"), here.path("archive/pumps")).unwrap();
    let moved = "--dataset ../archive/pumps";
    for line in ["evaluate ../runs/one", "time ../runs/one", "train --no-tui --resume ../runs/one --epochs 4"]
    {
        let (code, told) = elsewhere(line);
        assert_eq!(code, Some(2), "{line}");
        assert_says(&told, &["/pumps or ./pumps any more", "--dataset"]);
        let (code, told) = elsewhere(&format!("{line} {moved}"));
        assert_eq!(code, Some(0), "{line}: {told}");
    }
    // A resumed run remembers the new place, and its settings keep the data set as typed.
    assert_eq!(elsewhere("evaluate ../runs/one").0, Some(0));
    assert!(here.read("runs/one/config.toml").contains("dataset = \"./pumps\""));
    here.succeed(&format!(
        "train {} --epochs 4 --name two",
        TINY.replace("./pumps", "archive/pumps").replace(" --name one", "")
    ));
    assert_eq!(here.outcome("runs/one"), here.outcome("runs/two"));

    // A folder in that place is not necessarily the data of the run.
    let test = here.read("archive/pumps/test.csv");
    here.write("archive/pumps/test.csv", format!("{test}pump-20,sound,2.1,0.1\n"));
    let line = format!("evaluate ../runs/one {moved}");
    assert_says(&elsewhere(&line).1, &["../archive/pumps is not, or no longer, the data", "test.csv"]);
    let other =
        "\"digits-rows\" is not the data that the run was trained on: use \"./pumps\", or train a new run";
    assert_says(&elsewhere("evaluate ../runs/one --dataset digits-rows").1, &[other]);
}

#[test]
fn a_study_goes_on_from_elsewhere_and_where_its_data_was_moved_to() {
    let here = Workspace::new();
    pumps(&here);
    std::fs::create_dir(here.path("elsewhere")).unwrap();
    let little = "--variants lstm lstm3 --set optim.epochs=1 --set model.hidden=4 --set run.threads=1 \
                  --set grid.optim.learning_rate=[1e-2] --set grid.run.seed=[1,2]";
    here.succeed(&format!("compare --dataset ./pumps {little} --seeds 4 --out whole"));
    here.succeed(&format!("compare --dataset ./pumps {little} --seeds 2 --out study"));
    let elsewhere = |line: &str| {
        let said = said(here.command(line).current_dir(here.path("elsewhere")).output().unwrap());
        (said.code, said.err)
    };
    let (code, told) = elsewhere("compare ../study --seeds 3");
    assert_eq!(code, Some(0), "{told}");
    std::fs::rename(here.path("pumps"), here.path("moved")).unwrap();
    std::fs::create_dir(here.path("other")).unwrap();
    here.write("other/train.csv", here.read("moved/train.csv"));
    here.write("other/test.csv", here.read("moved/train.csv"));
    let other = elsewhere("compare ../study --seeds 4 --dataset ../other");
    assert_eq!(other.0, Some(2));
    assert_says(&other.1, &["no longer, the data that trials of ../study were trained on", "test.csv"]);
    assert_eq!(elsewhere("compare ../study --seeds 4").0, Some(2));
    let (code, told) = elsewhere("compare ../study --seeds 4 --dataset ../moved");
    assert_eq!(code, Some(0), "{told}");
    // From then on the new place is known.
    assert_eq!(elsewhere("compare ../study").0, Some(0));

    // It appears neither in the names of trials nor in their results.
    let ids = |study: &str| {
        let trials = here.json(&format!("{study}/summary.json"))["trials"].clone();
        let trials = trials.as_array().unwrap().clone();
        trials.iter().map(|trial| (trial["id"].clone(), trial["best"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(ids("study"), ids("whole"));
    assert_eq!(std::fs::read_dir(here.path("study/trials")).unwrap().count(), 8);
}

#[test]
fn variants_are_compared() {
    let here = Workspace::new();
    pumps(&here);
    let little = "--set optim.epochs=1 --set model.hidden=4 --set grid.optim.learning_rate=[1e-2] \
                  --set grid.run.seed=[1,2] --seeds 2";
    here.succeed(&format!("compare --dataset ./pumps --variants lstm lstm3 {little}"));
    let summary = here.json("studies/pumps/summary.json");
    let task = &summary["tasks"][0];
    assert_eq!((&task["name"], &task["test_sequences"]), (&json!("./pumps"), &json!(20)));
    assert_eq!(task["comparisons"][0]["pairs"], 2);

    // Results are read without the data.
    std::fs::rename(here.path("pumps"), here.path("elsewhere")).unwrap();
    here.succeed("status studies/pumps");
    here.succeed("report studies/pumps");
    assert_says(&here.refuse("compare studies/pumps --seeds 3"), &["not in ./pumps any more", "--dataset"]);
    std::fs::rename(here.path("elsewhere"), here.path("pumps")).unwrap();

    // Trials on other data cannot be compared with those that are there.
    let train = here.read("pumps/train.csv");
    here.write("pumps/train.csv", format!("{train}pump-40,sound,2.1,0.1\n"));
    let told = "./pumps is not, or no longer, the data that trials of studies/pumps were trained on";
    assert_says(&here.refuse("compare studies/pumps --seeds 3"), &[told, "(train.csv differs)", "--out"]);
    here.write("pumps/train.csv", train);
    here.succeed("compare studies/pumps --seeds 3");
}

#[test]
fn a_folder_is_described_as_a_data_set() {
    let here = Workspace::new();
    pumps(&here);
    let shown = here.succeed("data show ./pumps");
    let facts = ["40 training and 20 test", "3 to 6", "2: pressure, flow", "leaking, sound"];
    assert_says(&shown, &facts);
    assert!(!shown.contains("licence"), "{shown}");
}

/// Makes a folder of two files that differ only in the number of sequences.
fn data(here: &Workspace, folder: &str, files: [&str; 2], content: impl Fn(usize) -> String) {
    std::fs::create_dir(here.path(folder)).unwrap();
    for (file, count) in files.into_iter().zip([40, 20]) {
        here.write(&format!("{folder}/{file}"), content(count));
    }
}

const TABLES: [&str; 2] = ["train.csv", "test.csv"];

/// Series of one channel by number and step, each with a class.
fn series(count: usize, class: impl Fn(usize) -> String, value: impl Fn(usize, usize) -> String) -> String {
    let mut text = "series,class,x\n".to_owned();
    for number in 0..count {
        for step in 0..6 {
            text += &format!("s{number},{},{}\n", class(number), value(number, step));
        }
    }
    text
}

fn slow_or_fast(number: usize) -> String {
    ["slow", "fast"][number % 2].to_owned()
}

fn wave(number: usize, step: usize) -> f64 {
    ((7 * number + 3 * step) % 11) as f64 / 10.0
}

#[test]
fn a_counter_is_learned_wherever_it_starts_and_is_called_one() {
    let here = Workspace::new();
    for (folder, start) in [("near", 0), ("far", 1_700_000_000)] {
        let meter = |number: usize, step: usize| (start + [1, 3][number % 2] * (step + 1)).to_string();
        data(&here, folder, TABLES, |count| series(count, slow_or_fast, meter));
        here.succeed(&format!(
            "train --no-tui --dataset ./{folder} --hidden 8 --epochs 40 --learning-rate 1e-2 --batch-size 8 \
             --threads 1 --name {folder}"
        ));
        let evaluation: Value =
            serde_json::from_str(&here.succeed(&format!("evaluate runs/{folder} --json"))).unwrap();
        assert_eq!(evaluation["accuracy"], 1.0, "{folder}");
    }
    let told = ["column `x` runs from 1700000001.0 to 1700000018.0", "like a counter or a time stamp"];
    assert_says(&here.succeed("data show ./far"), &told);
    assert!(!here.succeed("data show ./near").contains("counter"));
}

#[test]
fn labels_of_equal_numbers_are_one_class_everywhere() {
    let here = Workspace::new();
    let class = |number: usize| ["1", "0", "1.0", "0"][number % 4].to_owned();
    let value = |number: usize, step: usize| (wave(number, step) + (number % 2) as f64).to_string();
    data(&here, "pumps", TABLES, |count| series(count, class, value));
    here.write("pumps/test.csv", here.read("pumps/test.csv").replace(",1,", ",1e0,"));
    here.succeed(&format!("train {TINY}"));
    let evaluation: Value = serde_json::from_str(&here.succeed("evaluate runs/one --json")).unwrap();
    assert_eq!(evaluation["classes"], json!(["0", "1"]));
    let counts: Vec<u64> = evaluation["confusion"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).sum())
        .collect();
    assert_eq!(counts, [10, 10]);
}

#[test]
fn what_strikes_in_a_folder_is_shown_and_told_before_training() {
    let here = Workspace::new();
    let measured = |number: usize| format!("{:.2}", number as f64 * 0.29 - 5.0);
    let plain = |number: usize, step: usize| wave(number, step).to_string();
    data(&here, "measured", TABLES, |count| series(count, measured, plain));
    let filled = |number: usize, step: usize| match (number, step) {
        (3, 2) | (5, 0) => "-999".to_owned(),
        _ => wave(number, step).to_string(),
    };
    data(&here, "filled", TABLES, |count| series(count, slow_or_fast, filled));
    for (folder, told) in [
        ("measured", "40 classes among 40 training sequences are numbers (-5.00, -4.71, -4.42, …)"),
        ("filled", "./filled/train.csv:22: -999.0 (column `x`, 2 times in this part) lies far outside"),
    ] {
        let small =
            "the validation set has 4 sequences: an accuracy on it has a standard error of up to 25 points";
        assert_says(&here.succeed(&format!("data show ./{folder}")), &[told, small]);
        let said = here.run(&format!("train {TINY} --dataset ./{folder} --name {folder}"));
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert_says(&said.err, &["warning: ", told, small]);
    }
    let little = "--set optim.epochs=1 --set model.hidden=4 --set grid.optim.learning_rate=[1e-2] \
                  --set grid.run.seed=[1] --seeds 1 --variants lstm lstm3";
    let said = here.run(&format!("compare --dataset ./filled {little}"));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_says(&said.err, &["warning: ./filled/train.csv:22: -999.0"]);
}

#[test]
fn texts_that_may_not_be_read_as_they_were_meant_are_told() {
    let here = Workspace::new();
    let rows = |count: usize| {
        let row = |number: usize| ["low,glucose <5 today\n", "high,glucose >5 today\n"][number % 2];
        (0..count).map(row).collect::<String>()
    };
    data(&here, "notes", TABLES, |count| format!("class,text\n{}low,\"as\nsaid\"\n", rows(count)));
    let told = [
        "40 training texts of different classes have the same tokens (./notes/train.csv, lines 2, 3, …)",
        "use `data.tokens = \"characters\"`",
        "1 text goes over several lines, over 2 (./notes/train.csv:42 to 43)",
        "1 text goes over several lines, over 2 (./notes/test.csv:22 to 23)",
    ];
    assert_says(&here.succeed("data show ./notes"), &told);
    let line = format!("train {TINY} --set model.embedding=4").replace("./pumps", "./notes");
    let said = here.run(&line);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_says(&said.err, &told);
    let said = here.run(&format!("{line} --set data.tokens=characters --name two"));
    assert!(said.code == Some(0) && !said.err.contains("same tokens"), "{}", said.err);

    here.write("new.csv", "text\nglucose\n\"today\nas said\"\n");
    let said = here.run("predict runs/one --input new.csv");
    assert_eq!((said.code, said.out.lines().count()), (Some(0), 3), "{}", said.err);
    assert_says(&said.err, &["warning: 1 text goes over several lines, over 2 (new.csv:3 to 4)"]);
}

#[test]
fn a_fraction_that_leaves_no_validation_sequence_is_refused_with_one_that_does() {
    let here = Workspace::new();
    std::fs::create_dir(here.path("tiny")).unwrap();
    for file in TABLES {
        here.write(&format!("tiny/{file}"), "series,class,x\na,up,1\nb,down,2\nc,up,3\nd,down,4\n");
    }
    for line in ["train --no-tui --dataset ./tiny", "compare --dataset ./tiny"] {
        let told = here.refuse(line);
        assert_says(&told, &["leaves no validation sequence of 4: give at least 0.125, or add sequences"]);
        assert!(!told.contains("standard error"), "{told}");
        assert!(!here.path("runs").exists() && !here.path("studies").exists(), "{line}");
    }
    let told = "warning: `data.validation_fraction` = 0.1 leaves no validation sequence of 4";
    assert_says(&here.succeed("data show ./tiny"), &[told]);
    here.succeed(&format!("train {TINY} --dataset ./tiny --set data.validation_fraction=0.125"));
}

#[test]
fn a_folder_is_shown_with_its_classes_and_channels() {
    let here = Workspace::new();
    pumps(&here);
    let shown = here.succeed("data show ./pumps");
    let rows: Vec<Vec<&str>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
    for row in [vec!["leaking", "20", "50.00", "%", "10"], vec!["flow", "0.0", "0.4"]] {
        assert!(rows.contains(&row), "{row:?}\n{shown}");
    }
    // Known facts about a data set of the catalog are not looked up in its files.
    assert!(!here.succeed("data show japanese-vowels").contains("share"));
}

#[test]
fn a_value_that_hides_all_others_is_refused_with_its_place() {
    let here = Workspace::new();
    for (folder, fill) in [("lowest", "-3.4e38"), ("highest", "1e308"), ("netcdf", "1e20")] {
        let filled = |number: usize, step: usize| match (number, step) {
            (1, 0) => fill.to_owned(),
            _ => wave(number, step).to_string(),
        };
        data(&here, folder, TABLES, |count| series(count, slow_or_fast, filled));
        let place = format!(
            "./{folder}/train.csv:8: {:?} (column `x`, once in this part)",
            fill.parse::<f64>().unwrap()
        );
        for command in ["train --no-tui", "compare"] {
            let told = here.refuse(&format!("{command} --dataset ./{folder}"));
            assert_says(&told, &[&place, "cannot be told apart beside it", "fill that in"]);
        }
        assert_says(&here.succeed(&format!("data show ./{folder}")), &[&place]);
    }
    assert!(!here.path("runs").exists() && !here.path("studies").exists());
}

#[test]
fn archives_are_used_as_their_own_tools_write_them() {
    let here = Workspace::new();
    let header = "@problemName demo\n@timestamps false\n@missing False\n@univariate false\n@dimension 2\n\
                  @equalLength true\n@seriesLength 3\n@classLabel true Rest Walk\n@data\n";
    let rows = |count: usize| {
        let row = |number: usize| {
            let level = (number % 2) as f64 + wave(number, 0) / 5.0;
            format!("{level},{level},0.5:0.1,0.2,{level}:{}\n", ["rest", "walk"][number % 2])
        };
        (0..count).map(row).collect::<String>()
    };
    let files = ["demo_TRAIN.ts", "demo_TEST.ts"];
    data(&here, "pumps", files, |count| format!("{header}{}", rows(count)));
    here.succeed(&format!("train {TINY}"));
    let evaluation: Value = serde_json::from_str(&here.succeed("evaluate runs/one --json")).unwrap();
    assert_eq!(evaluation["classes"], json!(["Rest", "Walk"]));

    let unlabelled = |label: &str, end: &str| {
        let header = header.replace("@classLabel true Rest Walk", label);
        here.write("new.ts", format!("{header}0,0,0.5:0.1,0.2,0{end}\n1,1,0.5:0.1,0.2,1{end}\n"));
        lines(&here.succeed("predict runs/one --input new.ts --json"))
    };
    let plain = unlabelled("@classLabel false", "");
    assert_eq!(plain.len(), 2);
    for (label, end) in [
        ("@targetlabel false", ":"),
        ("@classLabel true Rest Walk", ":?"),
        ("@classLabel true Rest Walk", ":REST"),
        ("@targetlabel true", ":0.25"),
    ] {
        assert_eq!(unlabelled(label, end), plain, "{label} {end}");
    }

    let refused = |old: &str, new: &str| {
        here.write("pumps/demo_TRAIN.ts", format!("{header}{}", rows(40)).replace(old, new));
        here.refuse(&format!("train {TINY} --name two"))
    };
    let target = ["demo_TRAIN.ts:8: its sequences end in numbers to be predicted (`@targetLabel true`)"];
    assert_says(&refused("@classLabel true Rest Walk", "@targetlabel true"), &target);
    let times = ["demo_TRAIN.ts:2: the steps have time stamps", "write `@timeStamps false`"];
    assert_says(&refused("@timestamps false", "@timestamps true"), &times);
    let missing = ["demo_TRAIN.ts:10: no number in channel 2, step 2; 2 values are missing in all"];
    assert_says(&refused("0.5:0.1,0.2,0:rest", "0.5:0.1,?,0:rest"), &missing);
}

#[test]
fn a_folder_that_cannot_be_used_is_refused_and_leaves_nothing_behind() {
    let here = Workspace::new();
    pumps(&here);
    for folder in ["half", "gaps"] {
        std::fs::create_dir(here.path(folder)).unwrap();
        here.write(&format!("{folder}/train.csv"), "series,class,x\na,up,1\nb,down,nan\n");
    }
    here.write("gaps/test.csv", "series,class,x\na,up,1\n");
    for (folder, rows) in [("open", "a,up,1\nb,down,\"2\nc,up,3\n"), ("comma", "a,up,1\nb,down,\"3,5\"\n")] {
        data(&here, folder, TABLES, |_| format!("series,class,x\n{rows}"));
    }
    here.write("pumps/train.dat", "");
    data(&here, "texts", TABLES, |_| "class,text\nup,good\ndown,\"bad\nup,fine\n".to_owned());
    let cases: [(&str, &[&str]); 8] = [
        ("./open", &["./open/train.csv:3: a quote opens here and is never closed"]),
        ("./texts", &["./texts/train.csv:3: a quote opens here and is never closed"]),
        ("./comma", &["./comma/train.csv:3: \"3,5\" has a decimal comma", "3.5"]),
        ("./nowhere", &["./nowhere is not there", "train.csv and test.csv"]),
        ("./half", &["./half has train.csv and no test.csv", "\n  series,class,pressure,flow\n"]),
        ("./gaps", &["./gaps/train.csv:3: no number in column `"]),
        ("./pumps/train.dat", &["./pumps/train.dat is a file, and no table"]),
        ("pumps", &["no data set named \"pumps\"", "did you mean \"./pumps\"?"]),
    ];
    for (dataset, told) in cases {
        for command in ["train --no-tui", "compare"] {
            assert_says(&here.refuse(&format!("{command} --dataset {dataset}")), told);
            for left in ["runs", "studies"] {
                assert!(!here.path(left).exists(), "{command} --dataset {dataset} left {left}");
            }
        }
    }
}
