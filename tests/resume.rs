//! A run that was stopped, however abruptly, resumes and ends as if it had not been stopped.

use std::fs::File;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use crate::support::{TINY, Workspace, assert_says, lines, said, signal};

/// A run in which everything that could be lost matters: momentum, dropout, a schedule that follows the loss, patience,
/// the order of the sequences. It takes a few seconds.
const RUN: &str = "train --no-tui --dataset japanese-vowels --hidden 16 --epochs 24 --threads 1 --batch-size 16 \
                   --schedule exp-loss --learning-rate 5e-4 --optimizer rmsprop --set optim.momentum=0.5 \
                   --set model.recurrent_dropout=0.2 --set model.input_dropout=0.1 --set optim.early_stopping=20";

#[test]
fn a_run_killed_at_any_moment_ends_with_the_same_weights() {
    let here = Workspace::new();
    let started = Instant::now();
    here.succeed(&format!("{RUN} --name whole"));
    let duration = started.elapsed();
    let (outcome, metrics) = (here.outcome("runs/whole"), here.metrics("runs/whole"));

    for moment in 0..20 {
        // From before the first epoch is complete to just before the end, at arbitrary points.
        let share = (moment as f64 * 0.6180339887 + 0.05) % 0.98;
        let name = format!("killed-{moment}");
        let mut process = here.command(&format!("{RUN} --name {name}")).spawn().unwrap();
        sleep(duration.mul_f64(share));
        let _ = process.kill();
        process.wait().unwrap();

        let run = format!("runs/{name}");
        if here.path(&run).join("config.toml").exists() {
            here.succeed(&format!("train --no-tui --resume {run}"));
        } else {
            // Killed before it became a run: there is nothing to resume, and the message says so.
            let refusal = here.refuse(&format!("train --no-tui --resume {run}"));
            assert!(refusal.contains("is not a run folder"), "{refusal}");
            continue;
        }
        assert_eq!(here.outcome(&run), outcome, "killed after {share:.2} of the time");
        assert_eq!(here.metrics(&run), metrics, "killed after {share:.2} of the time");
    }
}

/// The weights in training and their average are both what a run goes on from.
#[test]
fn a_run_whose_weights_are_averaged_resumes_from_both() {
    let here = Workspace::new();
    let line = format!("{RUN} --epochs 6 --set optim.average=0.95 --set data.validation=test");
    here.succeed(&format!("{line} --name whole"));
    here.run(&format!("{line} --name stopped --stop-after 3"));
    here.succeed("train --no-tui --resume runs/stopped");
    assert_eq!(here.outcome("runs/stopped"), here.outcome("runs/whole"));
    assert_eq!(here.metrics("runs/stopped"), here.metrics("runs/whole"));
    // What is used is what was validated.
    here.succeed("evaluate runs/whole");
    let accuracy =
        |file: &str, at: &str| here.json(&format!("runs/whole/{file}")).pointer(at).cloned().unwrap();
    assert_eq!(accuracy("evaluation.json", "/accuracy"), accuracy("summary.json", "/best/accuracy"));

    here.succeed(&format!("{RUN} --epochs 6 --set data.validation=test --name plain"));
    let [averaged, plain] = ["whole", "plain"].map(|run| here.metrics(&format!("runs/{run}")));
    assert_ne!(averaged, plain);
}

#[test]
fn a_run_asked_to_stop_saves_says_so_and_can_be_resumed() {
    let here = Workspace::new();
    // Early stopping ends these runs, after a hundred epochs or so.
    here.succeed(&format!("{RUN} --epochs 2000 --name whole"));
    for name in ["INT", "TERM", "HUP"] {
        let run = format!("runs/{name}");
        let process = here.start(&format!("{RUN} --epochs 2000 --name {name}"), &run);
        signal(process.child(), name);
        let said = process.end();
        assert_eq!(said.code, Some(130), "{}\n{}", said.out, said.err);
        assert!(said.out.contains(&format!("train --resume {run}")), "{}", said.out);
        assert_eq!(here.json(&format!("{run}/summary.json"))["status"], "interrupted");

        let events = lines(&here.succeed(&format!("train --json --resume {run}")));
        assert!(events[0]["complete"].as_u64().unwrap() > 0, "{}", events[0]);
        assert_eq!(here.json(&format!("{run}/summary.json"))["status"], "complete");
        assert_eq!(here.outcome(&run), here.outcome("runs/whole"));
        assert_eq!(here.metrics(&run), here.metrics("runs/whole"));
    }
}

/// Started as `nohup` does.
#[test]
fn a_run_that_ignores_the_end_of_its_terminal_goes_on() {
    let here = Workspace::new();
    let line = format!("trap '' HUP; exec {} {RUN} --name one", env!("CARGO_BIN_EXE_slimgate"));
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).current_dir(here.path(".")).stdout(Stdio::null());
    let mut process = shell.spawn().unwrap();
    while !here.path("runs/one").exists() {
        assert_eq!(process.try_wait().unwrap(), None);
    }
    signal(&process, "HUP");
    assert_eq!(process.wait().unwrap().code(), Some(0));
}

#[test]
fn a_run_that_has_its_name_can_be_resumed() {
    let here = Workspace::new();
    for moment in 0..5 {
        let run = format!("runs/killed-{moment}");
        let line = format!("train --no-tui {TINY} --name killed-{moment}");
        let mut process = here.command(&line).spawn().unwrap();
        while !here.path(&run).exists() {
            assert_eq!(process.try_wait().unwrap(), None, "slimgate {line} ended before it began");
        }
        process.kill().unwrap();
        process.wait().unwrap();
        here.succeed(&format!("train --no-tui --resume {run}"));
    }
}

#[test]
fn a_run_asked_to_stop_before_it_begins_leaves_nothing_behind() {
    for name in ["INT", "TERM", "HUP"] {
        let here = Workspace::new();
        // A pipe, so that the signal comes while the program waits for its configuration.
        let pipe = here.path("run.toml");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let process = here.command("train run.toml --no-tui").spawn().unwrap();
        let configuration = File::options().write(true).open(&pipe).unwrap();
        signal(&process, name);
        sleep(Duration::from_millis(200));
        drop(configuration);
        let said = said(process.wait_with_output().unwrap());
        assert_eq!(said.code, Some(130), "{}\n{}", said.out, said.err);
        assert!(said.err.contains("interrupted before the run began"), "{}", said.err);
        assert!(!here.path("runs").exists());
    }
}

#[test]
fn a_complete_run_stays_as_it_is() {
    let here = Workspace::new();
    here.succeed(&format!("{RUN} --epochs 2 --name one"));
    let (outcome, manifest) = (here.outcome("runs/one"), here.read("runs/one/manifest.json"));
    let summary = here.read("runs/one/summary.json");
    let said = here.succeed("train --no-tui --resume runs/one");
    assert!(said.contains("already finished at epoch 2"), "{said}");
    assert_eq!(here.read("runs/one/summary.json"), summary);
    assert_eq!(here.outcome("runs/one"), outcome);
    assert_eq!(here.read("runs/one/manifest.json"), manifest);
}

#[test]
fn a_resumed_run_keeps_its_configuration_unless_it_is_extended() {
    let here = Workspace::new();
    here.succeed(&format!("{RUN} --epochs 2 --name one"));
    let config = here.read("runs/one/config.toml") + "# A note of the user's.\n";
    here.write("runs/one/config.toml", &config);
    for line in ["train --no-tui --resume runs/one", "train --no-tui --resume runs/one --epochs 2"] {
        here.succeed(line);
        assert_eq!(here.read("runs/one/config.toml"), config);
    }
    here.succeed("train --no-tui --resume runs/one --epochs 3");
    assert!(here.read("runs/one/config.toml").contains("epochs = 3"));
}

#[test]
fn a_run_is_held_to_what_it_was_begun_with() {
    let here = Workspace::new();
    here.succeed(&format!("{RUN} --epochs 2 --name one"));
    let config = here.read("runs/one/config.toml");
    for (from, to, told) in [
        (
            "learning_rate = 0.0005",
            "learning_rate = 0.05",
            "`optim.learning_rate` was 0.0005 and is now 0.05",
        ),
        ("batch_size = 16", "batch_size = 17", "`optim.batch_size` was 16 and is now 17"),
        ("early_stopping = 20\n", "", "`optim.early_stopping` was 20 and is now not set"),
        ("seed = 1\nname", "seed = 7\nname", "`run.seed` was 1 and is now 7"),
        (
            "gate_activation = \"logistic\"",
            "gate_activation = \"hard-sigmoid\"",
            "`model.gate_activation` was",
        ),
        ("validation_fraction = 0.1", "validation_fraction = 0.2", "`data.validation_fraction` was 0.1"),
    ] {
        let edited = config.replace(from, to);
        assert!(edited.contains(to) && edited != config, "{from}");
        here.write("runs/one/config.toml", edited);
        for line in [
            "train --no-tui --epochs 3 --resume runs/one",
            "evaluate runs/one",
            "time runs/one",
            "predict runs/one --input x.csv",
            "report runs/one",
        ] {
            let refusal = here.refuse(line);
            assert_says(
                &refusal,
                &["runs/one/config.toml was edited", told, "train runs/one/config.toml --name NEW"],
            );
        }
    }
    // Settings that do not affect the result may change, and so may the formatting.
    let edited =
        format!("# mine\n{}", config.replace("threads = 1", "threads = 2").replace("0.0005", "5e-4"));
    here.write("runs/one/config.toml", &edited);
    here.succeed("train --no-tui --resume runs/one");
    assert_eq!(here.read("runs/one/config.toml"), edited);
}

#[test]
fn more_epochs_are_recorded_wherever_they_are_asked_for() {
    let here = Workspace::new();
    here.succeed(&format!("{RUN} --epochs 2 --name one"));
    let config = here.read("runs/one/config.toml").replace("\nepochs = 2\n", "\nepochs = 3\n");
    here.write("runs/one/config.toml", config);
    here.succeed("train --no-tui --resume runs/one");
    here.succeed("train --no-tui --resume runs/one --epochs 5");
    let extended = &here.json("runs/one/manifest.json")["begun_with"]["extended"];
    let wanted = serde_json::json!([
        { "after_epoch": 2, "from": 2, "to": 3 },
        { "after_epoch": 3, "from": 3, "to": 5 },
    ]);
    assert_eq!(*extended, wanted);
    here.succeed(&format!("{RUN} --epochs 5 --name whole"));
    assert_eq!(here.outcome("runs/one"), here.outcome("runs/whole"));

    let config = here.read("runs/one/config.toml").replace("\nepochs = 5\n", "\nepochs = 4\n");
    here.write("runs/one/config.toml", config);
    assert!(here.refuse("train --no-tui --resume runs/one").contains("not shorter"));
}

#[test]
fn a_run_of_an_older_version_is_resumed_and_held_from_then_on() {
    let here = Workspace::new();
    here.succeed(&format!("{RUN} --epochs 2 --name one"));
    here.forget_what_it_was_begun_with("runs/one");
    here.succeed("train --no-tui --resume runs/one --epochs 3");
    let config = here.read("runs/one/config.toml").replace("batch_size = 16", "batch_size = 17");
    here.write("runs/one/config.toml", config);
    assert!(here.refuse("train --no-tui --resume runs/one --epochs 4").contains("`optim.batch_size` was 16"));
}

/// The reported result of a run is that of its best epoch on the test set.
#[test]
fn another_epoch_is_not_the_result_of_a_run() {
    let here = Workspace::new();
    here.succeed(&format!("{RUN} --epochs 3 --name one"));
    here.succeed("evaluate runs/one");
    let (recorded, summary) = (here.read("runs/one/evaluation.json"), here.json("runs/one/summary.json"));
    let best = summary["best"]["epoch"].as_u64().unwrap();
    let other = if best == 3 { 2 } else { 3 };
    let said = here.run(&format!("evaluate runs/one --weights {other}"));
    assert!(said.code == Some(0) && said.err.contains("not recorded"), "{}", said.err);
    assert_eq!(here.read("runs/one/evaluation.json"), recorded);

    // A result recorded before more training led to another best epoch is not its result either.
    here.succeed("report runs/one --out page");
    assert!(here.read("page/report.md").contains("Test set"));
    here.write(
        "runs/one/evaluation.json",
        recorded.replacen(&format!("\"epoch\": {best}"), &format!("\"epoch\": {other}"), 1),
    );
    here.succeed("report runs/one --out page");
    let page = here.read("page/report.md");
    assert!(!page.contains("Test set"), "{page}");
}

#[test]
fn more_epochs_lead_where_a_longer_run_would_have() {
    let here = Workspace::new();
    // Each optimizer, and each schedule with a state, has its own state to save.
    for (name, settings) in [
        ("momentum", ""),
        ("rmsprop", "--set optim.momentum=0.0"),
        ("adam", "--optimizer adam"),
        ("adamw", "--optimizer adamw --schedule exponential"),
        ("sgd", "--optimizer sgd --schedule noam --set optim.warmup_steps=20"),
        ("step", "--optimizer adam --schedule step --set optim.step_epochs=1"),
    ] {
        let run = format!("{RUN} {settings}");
        here.succeed(&format!("{run} --epochs 2 --name short-{name}"));
        here.succeed(&format!("train --no-tui --resume runs/short-{name} --epochs 4"));
        here.succeed(&format!("{run} --epochs 4 --name long-{name}"));
        assert_eq!(
            here.outcome(&format!("runs/short-{name}")),
            here.outcome(&format!("runs/long-{name}")),
            "{name}"
        );
    }
    let refusal = here.refuse("train --no-tui --resume runs/short-adam --epochs 3");
    assert!(refusal.contains("not shorter"), "{refusal}");
}

#[test]
fn a_schedule_that_knows_its_end_resumes_where_it_was() {
    let here = Workspace::new();
    for schedule in ["linear", "cosine"] {
        let run = format!("{RUN} --epochs 4 --schedule {schedule} --optimizer adam");
        here.succeed(&format!("{run} --name {schedule}"));
        assert_eq!(here.run(&format!("{run} --name {schedule}-2 --stop-after 2")).code, Some(130));
        here.succeed(&format!("train --no-tui --resume runs/{schedule}-2"));
        assert_eq!(
            here.outcome(&format!("runs/{schedule}-2")),
            here.outcome(&format!("runs/{schedule}")),
            "{schedule}"
        );
    }
}

#[test]
fn a_run_that_stopped_early_is_not_asked_for_more() {
    let here = Workspace::new();
    let line =
        format!("train {TINY} --epochs 50 --learning-rate 1e-12 --set optim.early_stopping=2 --name one");
    here.succeed(&line);
    let config = here.read("runs/one/config.toml");
    here.succeed("train --no-tui --resume runs/one --epochs 50");
    let refusal = here.refuse("train --no-tui --resume runs/one --epochs 60");
    assert!(refusal.contains("optim.epochs") && refusal.contains("stopped early"), "{refusal}");
    assert_eq!(here.read("runs/one/config.toml"), config);
    assert!(here.succeed("train --no-tui --resume runs/one").contains("already finished at epoch"));
}

#[test]
fn a_damaged_checkpoint_is_skipped_for_the_one_before() {
    let here = Workspace::new();
    here.succeed(&format!("{RUN} --epochs 4 --name whole"));
    here.succeed(&format!("{RUN} --epochs 3 --name one"));
    here.write("runs/one/checkpoint/optim-3.bpk", "nothing of use");
    let said = here.run("train --no-tui --resume runs/one --epochs 4");
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.err.contains("warning: the checkpoint of epoch 3 is damaged and was skipped: ")
            && said.err.contains("optim-3.bpk"),
        "{}",
        said.err
    );
    assert_eq!(here.outcome("runs/one"), here.outcome("runs/whole"));
}

#[test]
fn without_a_whole_checkpoint_nothing_is_resumed() {
    let here = Workspace::new();
    here.succeed(&format!("{RUN} --epochs 1 --name one"));
    std::fs::remove_file(here.path("runs/one/checkpoint/model-1.bpk")).unwrap();
    let refusal = here.refuse("train --no-tui --resume runs/one");
    assert!(refusal.contains("model-1.bpk") && refusal.contains("no saved epoch is whole"), "{refusal}");
}

#[test]
fn metrics_that_lost_a_line_are_refused() {
    let here = Workspace::new();
    here.succeed(&format!("{RUN} --epochs 3 --name one"));
    let whole = here.read("runs/one/metrics.jsonl");
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    // A line of training, one of validation, a whole epoch in the middle, the last epoch, everything.
    for (lost, wrong) in [(2..3, 3), (3..4, 4), (2..4, 3), (4..6, 5), (0..6, 1)] {
        here.write("runs/one/metrics.jsonl", [&lines[..lost.start], &lines[lost.end..]].concat().concat());
        for command in ["train --no-tui --epochs 4 --resume runs/one", "evaluate runs/one"] {
            let refusal = here.refuse(command);
            assert!(refusal.contains(&format!("metrics.jsonl is not usable: line {wrong} ")), "{refusal}");
        }
    }
    assert!(here.read("runs/one/config.toml").contains("epochs = 3"), "a refused resume changed the run");
    here.write("runs/one/metrics.jsonl", &whole);
    here.succeed("train --no-tui --epochs 4 --resume runs/one");
}

#[test]
fn leftovers_of_killed_processes_are_removed_and_all_else_stays() {
    let here = Workspace::new();
    here.succeed(&format!("{RUN} --epochs 2 --name one"));
    let leftovers = [
        ".tmpA1b2C3",
        "checkpoint/model-3.bpk.4711-0.tmp",
        "checkpoint/optim-3.bpk",
        "checkpoint/model-0.bpk",
    ];
    let others = [".tmpnotes", "notes.tmp", "checkpoint/model-best.bpk", "checkpoint/notes.tmp"];
    let listed = ["checkpoint/model-2.bpk", "checkpoint/optim-2.bpk", "checkpoint/scheduler-2.bpk"];
    for name in leftovers.iter().chain(&others) {
        let file = File::create(here.write(&format!("runs/one/{name}"), "")).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(120)).unwrap();
    }
    // It may belong to a report that is being written.
    here.write("runs/one/.tmpD4e5F6", "something");
    here.succeed("train --no-tui --resume runs/one");
    assert!(here.path("runs/one/.tmpD4e5F6").exists());
    let there = |name: &&str| here.path("runs/one").join(name).exists();
    assert_eq!(leftovers.iter().copied().find(there), None);
    assert!(others.iter().chain(&listed).all(there));
}

#[test]
fn drafts_of_runs_that_never_were_are_removed() {
    let here = Workspace::new();
    here.succeed(&format!("train {TINY} --name one"));
    let draft = |name: &str, age| {
        let folder = here.path("runs").join(name);
        std::fs::create_dir(&folder).unwrap();
        let lock = File::create(folder.join(".lock")).unwrap();
        File::open(&folder).unwrap().set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        lock
    };
    drop(draft(".unfinished-A1b2C3", 120));
    drop(draft(".unfinished-young1", 0));
    drop(draft(".unfinished-chapters", 120));
    let held = draft(".unfinished-held12", 120);
    held.lock().unwrap();
    here.succeed(&format!("train {TINY} --name two"));
    let there = |name: &str| here.path("runs").join(name).exists();
    assert!(!there(".unfinished-A1b2C3"));
    // One that is being made, one that is locked, and one that somebody else named.
    assert!([".unfinished-young1", ".unfinished-held12", ".unfinished-chapters"].into_iter().all(there));
}

#[test]
fn a_status_that_says_running_binds_nobody() {
    let here = Workspace::new();
    here.succeed(&format!("{RUN} --epochs 2 --name one"));
    let summary = here.read("runs/one/summary.json").replace("\"complete\"", "\"running\"");
    here.write("runs/one/summary.json", summary);
    here.succeed("evaluate runs/one");
    here.succeed("train --no-tui --resume runs/one");
    assert_eq!(here.json("runs/one/summary.json")["status"], "complete");
}

#[test]
fn a_run_belongs_to_one_process_at_a_time() {
    let here = Workspace::new();
    let _process = here.start(&format!("{RUN} --epochs 2000 --name one"), "runs/one");
    let refusal = here.refuse("train --no-tui --resume runs/one");
    assert!(refusal.contains("in use by another process"), "{refusal}");
}
