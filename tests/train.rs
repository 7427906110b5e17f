//! Training from the command line.

use crate::support::{EXPLODING, TINY, Workspace, assert_says, lines, said};

#[test]
fn the_default_run_classifies_more_than_nine_digits_of_ten_correctly() {
    let here = Workspace::new();
    let out = here.succeed("train --no-tui");
    assert_eq!(out.lines().filter(|line| line.starts_with("epoch ")).count(), 15, "{out}");
    let evaluation = here.succeed("evaluate runs/digits-rows-lstm1 --json");
    let evaluation: serde_json::Value = serde_json::from_str(&evaluation).unwrap();
    assert_eq!(evaluation["sequences"], 1000);
    assert!(evaluation["accuracy"].as_f64().unwrap() > 0.9, "{evaluation}");
}

#[test]
fn a_run_folder_holds_everything_about_the_run() {
    let here = Workspace::new();
    here.succeed(&format!("train {TINY} --name one"));
    for file in ["config.toml", "environment.json", "preprocessing.json", "metrics.jsonl", "manifest.json"] {
        assert!(here.path("runs/one").join(file).is_file(), "{file} is missing");
    }
    let summary = here.json("runs/one/summary.json");
    assert_eq!(summary["status"], "complete");
    // LSTM1 with 12 inputs and 6 hidden units: mn + 4n² + 4n.
    assert_eq!(summary["parameters"]["recurrent"], 12 * 6 + 4 * 36 + 4 * 6);
    assert_eq!(here.metrics("runs/one").len(), 4);
    for name in ["model", "optim", "scheduler"] {
        assert!(here.path("runs/one/checkpoint").join(format!("{name}-2.bpk")).is_file());
    }
}

#[test]
fn json_output_is_json_and_nothing_else() {
    let here = Workspace::new();
    let events = lines(&here.succeed(&format!("train {TINY} --json")));
    let kinds: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["started", "epoch", "epoch", "finished"]);
    assert_eq!(events[3]["summary"]["status"], "complete");
}

#[test]
fn a_flag_counts_more_than_the_file_and_set_more_than_a_flag() {
    let here = Workspace::new();
    here.write("run.toml", "[model]\nvariant = 'lstm3'\nhidden = 5\n[optim]\nepochs = 1\nbatch_size = 16\n");
    here.succeed(&format!("train run.toml {TINY} --name one --variant lstm2 --set model.hidden=7"));
    let config = here.read("runs/one/config.toml");
    for line in ["variant = \"lstm2\"", "hidden = 7", "epochs = 2", "batch_size = 16"] {
        assert!(config.contains(line), "{line} is not in\n{config}");
    }
}

#[test]
fn a_run_is_made_again_by_its_own_configuration() {
    let here = Workspace::new();
    here.succeed(&format!("train {TINY} --name one --gates i=xhb,f=hb,o=b"));
    here.succeed("train runs/one/config.toml --name two");
    assert_eq!(here.outcome("runs/one"), here.outcome("runs/two"));
    assert_eq!(here.metrics("runs/one"), here.metrics("runs/two"));
}

#[test]
fn a_name_goes_to_one_of_many_processes() {
    let here = Workspace::new();
    let start = |_| here.command(&format!("train {TINY} --name one")).spawn().unwrap();
    let processes: Vec<_> = (0..4).map(start).collect();
    let mut codes: Vec<_> =
        processes.into_iter().map(|process| said(process.wait_with_output().unwrap()).code).collect();
    codes.sort();
    assert_eq!(codes, [Some(0), Some(2), Some(2), Some(2)]);
    let left: Vec<_> = std::fs::read_dir(here.path("runs")).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn a_run_can_be_evaluated_while_it_trains() {
    let here = Workspace::new();
    // A large model and epochs of one step: checkpoints come and go while their model is being built.
    let line = "train --no-tui --dataset japanese-vowels --hidden 200 --epochs 1000000 --threads 1 \
                --set data.train_limit=2 --set data.validation_fraction=0.01 --name one";
    let _process = here.start(line, "runs/one");
    for _ in 0..5 {
        here.succeed("evaluate runs/one --weights last");
        here.succeed("evaluate runs/one --weights best");
    }
}

#[test]
fn every_schedule_and_optimizer_trains() {
    let here = Workspace::new();
    for schedule in ["constant", "linear", "cosine", "exponential", "step", "noam", "exp-loss"] {
        here.succeed(&format!("train {TINY} --schedule {schedule}"));
    }
    for optimizer in ["rmsprop", "adam", "adamw", "sgd"] {
        here.succeed(&format!("train {TINY} --optimizer {optimizer} --set optim.weight_decay=0.01"));
    }
}

#[test]
fn every_data_set_and_every_shape_of_network_trains() {
    let here = Workspace::new();
    for rest in [
        "--dataset digits-pixels --set data.train_limit=32 --epochs 1 --hidden 4",
        "--dataset digits-permuted --set data.train_limit=32 --epochs 1 --hidden 4",
        "--dataset movie-snippets --set data.train_limit=200 --epochs 1 --hidden 4 --set data.max_length=10",
        "--dataset digits-rows --set data.train_limit=200 --epochs 1 --layers 2 --set model.dropout=0.3",
        "--dataset japanese-vowels --epochs 1 --set model.bidirectional=true --set model.recurrent_dropout=0.2",
        "--dataset japanese-vowels --epochs 1 --variant lstm-c6 --set model.cell_clip=1.0",
        "--dataset japanese-vowels --epochs 1 --set model.gate_activation=hard-sigmoid --set model.input_dropout=0.1",
    ] {
        here.succeed(&format!("train {rest}"));
    }
}

#[test]
fn early_stopping_ends_a_run_that_no_longer_gains() {
    let here = Workspace::new();
    // At this rate nothing is learned, so the first epoch stays the best.
    let out = here.succeed(&format!(
        "train {TINY} --epochs 50 --learning-rate 1e-12 --set optim.early_stopping=2 --name one"
    ));
    let epochs = here.json("runs/one/summary.json")["epochs"].as_u64().unwrap();
    assert!(epochs < 10, "{out}");
    assert_eq!(here.json("runs/one/summary.json")["status"], "complete");
}

#[test]
fn a_loss_that_is_not_finite_ends_the_run() {
    let here = Workspace::new();
    let said = here.run(EXPLODING);
    assert_eq!(said.code, Some(1), "{}\n{}", said.out, said.err);
    assert!(said.out.contains("diverged"), "{}", said.out);
    assert_eq!(here.json("runs/one/summary.json")["status"], "diverged");
    assert!(here.json("runs/one/summary.json")["epochs"].as_u64().unwrap() < 40);
}

#[test]
fn a_run_that_diverged_before_it_had_an_epoch_is_not_to_be_resumed() {
    let here = Workspace::new();
    let at_once = "--optimizer sgd --learning-rate 1 --set optim.clip=0 --set optim.weight_decay=1e20";
    assert_eq!(here.run(&format!("train {TINY} {at_once} --name one")).code, Some(1));
    assert!(here.json("runs/one/summary.json")["best"].is_null());
    here.write("x.csv", "");
    for command in ["evaluate runs/one", "predict runs/one --input x.csv"] {
        let message = here.refuse(command);
        assert_says(&message, &["runs/one diverged before its first epoch", "lower --learning-rate"]);
        assert!(!message.contains("--resume"), "{message}");
    }
}

#[test]
fn what_is_chosen_on_the_test_set_says_so() {
    let here = Workspace::new();
    let out = here.succeed(&format!("train {TINY} --set data.validation=test --name one"));
    assert!(!out.contains("validation") && out.contains("chosen on the test set"), "{out}");
    let best = here.json("runs/one/summary.json")["best"]["epoch"].as_u64().unwrap();
    for epoch in [1, 2] {
        let out = here.succeed(&format!("evaluate runs/one --weights {epoch}"));
        assert_eq!(out.contains("chosen on this set"), epoch == best, "{out}");
    }
}

#[test]
fn a_setting_without_effect_is_said() {
    let said = Workspace::new().run(&format!(
        "train {TINY} --set model.dropout=0.5 --set data.standardize=each-pixel --set model.embedding_dropout=0.1"
    ));
    assert_eq!(said.code, Some(0), "{}", said.err);
    for key in ["model.dropout", "data.standardize", "model.embedding_dropout"] {
        assert_says(&said.err, &[&format!("warning: a setting has no effect: `{key}`")]);
    }
}

#[test]
fn divergence_is_no_failure_where_it_is_tolerated() {
    let here = Workspace::new();
    here.succeed(&format!("{EXPLODING} --set run.tolerate_divergence=true"));
    assert_eq!(here.json("runs/one/summary.json")["status"], "diverged");
}

#[test]
fn a_run_that_was_still_improving_says_how_to_train_it_longer() {
    let here = Workspace::new();
    let begin = "train --no-tui --dataset japanese-vowels --hidden 20 --threads 1";
    let said = here.succeed(&format!("{begin} --epochs 4 --name short"));
    assert_says(&said, &["still improving; train longer: slimgate train --resume runs/short --epochs 12"]);
    assert_eq!(here.json("runs/short/summary.json")["converged"], false);
    // The command that is told works, also where the run cannot be resumed for longer.
    for (ends, told) in [
        ("--epochs 4", "train longer: slimgate train --resume runs/short-1 --epochs 12"),
        (
            "--epochs 2 --schedule cosine",
            "train a new run for longer: slimgate train runs/short-2/config.toml --epochs 6 --name short-2-2",
        ),
        (
            "--epochs 90 --learning-rate 3e-4 --set optim.early_stopping=1",
            "train a new run with more patience: slimgate train runs/short-3/config.toml --set \
             optim.early_stopping=3 --name short-3-2",
        ),
    ] {
        let name = &told[told.find("short-").unwrap()..][..7];
        let said = here.succeed(&format!("{begin} {ends} --name {name}"));
        assert_says(&said, &[&format!("still improving; {told}\n")]);
        let (_, command) = told.split_once(": slimgate ").unwrap();
        here.succeed(&format!("{command} --no-tui"));
    }
    let said = here.succeed(&format!("{begin} --epochs 60 --learning-rate 1e-2 --name long"));
    assert!(!said.contains("still improving"), "{said}");
    assert_eq!(here.json("runs/long/summary.json")["converged"], true);
}
