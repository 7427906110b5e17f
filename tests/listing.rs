//! Listings of what the program knows, and its help.

use crate::support::{Workspace, assert_says, lines, picture, pumps, repository, said};

#[test]
fn variants_are_listed_with_terms_equations_and_counts() {
    let here = Workspace::new();
    let table = here.succeed("variants --inputs 28 --hidden 50");
    for row in ["lstm1", "no-input", "σ(U h' + b)", "mn + 4n² + 4n", "11,600", "lstm-c6"] {
        assert!(table.contains(row), "{row} is not in\n{table}");
    }
    assert_eq!(lines(&here.succeed("variants --json")).len(), 16);
    assert!(here.succeed("variants lstm2").contains("f = σ(U_f h')"));
    let mixed = here.succeed("variants i=xhb,f=0.96,o=- --inputs 3 --hidden 2");
    assert!(mixed.contains("o = σ(0)") && mixed.contains("f = 0.96"), "{mixed}");
    assert!(here.refuse("variants lsmt2").contains("did you mean `lstm2`?"));
}

#[test]
fn data_sets_are_listed_and_described() {
    let here = Workspace::new();
    let names: Vec<String> = lines(&here.succeed("data list --json"))
        .iter()
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect();
    let shipped = [
        "digits-rows",
        "digits-pixels",
        "digits-permuted",
        "japanese-vowels",
        "movie-snippets",
        "household-power",
        "sensor-events",
        "beijing-air",
    ];
    assert_eq!(names[..8], shipped);
    for name in ["mnist-rows", "fashion-mnist-permuted", "imdb", "forda"] {
        assert!(names.contains(&name.to_owned()), "{name}");
    }
    for name in names {
        let shown = here.succeed(&format!("data show {name}"));
        assert!(shown.contains("licence") && shown.contains("source"), "{shown}");
    }
    let list = here.succeed("data list");
    assert_eq!(list.matches("shipped").count(), 8, "{list}");
    assert_eq!(list.matches("slimgate data fetch mnist").count(), 3, "{list}");
    assert!(list.contains("`slimgate predict`") && list.contains("datasets/README.md"), "{list}");
    assert!(here.refuse("data show digit-rows").contains("digits-rows"));
}

#[test]
fn a_data_set_says_which_question_it_asks() {
    let here = Workspace::new();
    for (name, task, asked) in [
        ("household-power", "forecast", "24 steps forecast from 168"),
        ("sensor-events", "labelling", "normal, event"),
        ("beijing-air", "regression", "pm25"),
    ] {
        let shown = here.succeed(&format!("data show {name}"));
        assert!(shown.contains(task) && shown.contains(asked), "{shown}");
    }
}

#[test]
fn devices_are_those_of_this_build() {
    let backends: Vec<String> = lines(&Workspace::new().succeed("devices --json"))
        .iter()
        .map(|device| device["backend"].as_str().unwrap().to_owned())
        .collect();
    assert!(backends.contains(&"flex".to_owned()), "{backends:?}");
    assert_eq!(backends.contains(&"ndarray".to_owned()), cfg!(feature = "ndarray"), "{backends:?}");
    let table = Workspace::new().succeed("devices");
    for (backend, built) in [
        ("ndarray", cfg!(feature = "ndarray")),
        ("wgpu", cfg!(feature = "wgpu")),
        ("cuda", cfg!(feature = "cuda")),
    ] {
        let command = format!("not in this build: cargo build --release --features {backend}");
        assert_eq!(table.contains(&command), !built, "{table}");
    }
}

/// Graphics drivers complain on standard error if it is not set.
#[test]
fn devices_are_listed_without_a_runtime_directory() {
    let here = Workspace::new();
    let said = said(here.command("devices").env_remove("XDG_RUNTIME_DIR").output().unwrap());
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!said.err.contains("XDG_RUNTIME_DIR"), "{}", said.err);
}

#[test]
fn completions_know_the_commands() {
    let here = Workspace::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(here.succeed(&format!("completions {shell}")).contains("evaluate"), "{shell}");
    }
    let bash = here.succeed("completions bash");
    assert!(bash.contains("slimgate,evaluate)"), "{bash}");
    assert!(!bash.contains("slimgate,work)"), "it is for studies, not for people");
}

#[test]
fn every_help_ends_with_examples_that_work() {
    let here = Workspace::new();
    let commands = [
        "",
        "compare",
        "status",
        "cancel",
        "report",
        "check",
        "train",
        "time",
        "evaluate",
        "predict",
        "variants",
        "data",
        "data list",
        "data show",
        "data fetch",
        "settings",
        "devices",
        "completions",
    ];
    // Examples that use runs use these and the one that the first example makes.
    here.succeed("train --no-tui --hidden 4 --epochs 1 --set data.train_limit=100");
    here.succeed("train --no-tui --hidden 4 --epochs 1 --set data.train_limit=100 --variant lstm");
    std::os::unix::fs::symlink(repository("experiments"), here.path("experiments")).unwrap();
    picture(&here, "digit.png", 28, 28);
    pumps(&here);
    let sold = |day: usize| format!("shop,{day},{}\n", 10 + day % 7);
    here.write("demand.csv", format!("unique_id,day,y\n{}", (0..300).map(sold).collect::<String>()));
    here.write("readings.csv", "humidity,temperature\n45.1,27.5\n");
    here.succeed("train --no-tui --hidden 4 --epochs 1 --dataset sensor-events --variant lstm3");
    for command in commands {
        let help = here.succeed(&format!("{command} --help"));
        let (_, examples) = help.rsplit_once("Example").unwrap_or_else(|| panic!("{help}"));
        let examples: Vec<&str> =
            examples.lines().skip(1).map(str::trim).filter(|line| !line.is_empty()).collect();
        assert!(!examples.is_empty(), "{help}");
        for example in examples {
            let line = example.strip_prefix("slimgate ").unwrap_or_else(|| panic!("{example}"));
            // Not over the network: a separate test fetches a data set.
            if line.starts_with("data fetch") {
                continue;
            }
            let said = here.shell(&small(line));
            // So small a study may or may not support a claim.
            let claim = line.starts_with("check") && said.code == Some(1);
            assert!(claim || said.code == Some(0), "slimgate {line}\n{}\n{}", said.out, said.err);
        }
    }
}

/// The same command on little data: an example that trains to the end would take minutes.
fn small(line: &str) -> String {
    let little = "--set optim.epochs=1 --set model.hidden=4";
    match line.split(' ').next() {
        Some("train") if line.contains("--resume") => line.replace("--epochs 20", "--epochs 2"),
        Some("train") => format!("{} {little} --set data.train_limit=100", line.replace("--epochs 40 ", "")),
        Some("compare") => {
            let line = line.replace("--seeds 10", "--seeds 2").replace("--seeds 20", "--seeds 3");
            let one = "--set 'grid.data.train_limit=[60,100]' --set 'grid.optim.learning_rate=[1e-2]' --set grid.run.seed=[1,2]";
            format!("{line} {little} {one} --set compare.until=seeds --set compare.seeds=2")
        }
        _ => line.to_owned(),
    }
}

#[test]
fn settings_are_listed_with_default_allowed_values_and_meaning() {
    let here = Workspace::new();
    let list = here.succeed("settings");
    let row = list.lines().find(|line| line.contains("optim.learning_rate"));
    let row = row.unwrap_or_else(|| panic!("{list}"));
    assert_says(row, &["0.003", "above 0 and at most 1", "Learning rate"]);
    assert_says(&list, &["run.seed", "compare.margin", "rmsprop, adam, adamw, sgd"]);

    let settings: serde_json::Value = serde_json::from_str(&here.succeed("settings --json")).unwrap();
    let of = |key: &str| settings.as_array().unwrap().iter().find(|row| row["key"] == key).unwrap();
    assert_eq!(of("optim.learning_rate")["default"], 0.003);
    assert!(of("optim.early_stopping")["default"].is_null());
    assert_eq!(of("compare.confidence")["default"], 0.95);
    assert_says(of("compare.margin")["meaning"].as_str().unwrap(), &["1.0 of a share", "if not given"]);
}

#[test]
fn the_help_of_train_shows_defaults_and_where_all_settings_are() {
    let help = Workspace::new().succeed("train --help");
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = ["slimgate settings", "[default: lstm1]", "[default: 0.003]", "[default: digits-rows]"];
    assert_says(&help, &shown);
}

#[test]
fn the_help_of_check_has_every_form_of_a_claim() {
    let help = Workspace::new().succeed("check --help");
    let forms = ["equivalent to", "not worse than", "better than", "accuracy at least", "on TASK"];
    assert_says(&help, &forms);
}
