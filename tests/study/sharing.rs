//! Studies that are stopped, killed, shared between processes, or have trials that fail.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{SHARED, results, small, trials};
use crate::support::{Workspace, said};

/// 200 short trials, killed with everything they started at ten moments.
#[test]
fn a_study_killed_at_any_moment_ends_as_one_that_was_not() {
    let here = Workspace::new();
    let seeds: Vec<String> = (1..=50).map(|seed| seed.to_string()).collect();
    let study = format!(
        "{SHARED}
        [grid]
        model.variant = ['lstm', 'lstm3']
        optim.learning_rate = [1e-3, 1e-2]
        run.seed = [{}]",
        seeds.join(", ")
    );
    here.write("many.toml", study);
    let started = Instant::now();
    here.succeed("compare many.toml --out whole");
    let duration = started.elapsed();
    assert_eq!(trials(&here, "whole").len(), 200);

    for moment in 0..10 {
        let share = (moment as f64 * 0.6180339887 + 0.05) % 1.0;
        let mut process = here.command("compare many.toml --out killed").spawn().unwrap();
        // Every round gets another tenth of the time in all, at no particular points.
        sleep(duration.mul_f64(0.05 + 0.1 * share));
        let children = children(process.id());
        process.kill().unwrap();
        for child in children {
            let _ = Command::new("kill").args(["-KILL", &child]).status();
        }
        process.wait().unwrap();
    }
    here.succeed("compare killed");
    assert_eq!(trials(&here, "killed"), trials(&here, "whole"));
    assert_eq!(results(&here, "killed"), results(&here, "whole"));
}

/// The processes that a process has started.
fn children(parent: u32) -> Vec<String> {
    let found = Command::new("pgrep").args(["-P", &parent.to_string()]).output().unwrap();
    String::from_utf8(found.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn two_processes_share_a_study() {
    let here = Workspace::new();
    here.write("small.toml", small());
    here.succeed("compare small.toml --out alone");
    let both = [(); 2].map(|()| here.command("compare small.toml --out shared --json").spawn().unwrap());
    let mut trained = Vec::new();
    for process in both {
        let said = said(process.wait_with_output().unwrap());
        assert_eq!(said.code, Some(0), "{}", said.err);
        let events = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let finished = events.filter(|event| event["event"] == "finished");
        trained.extend(finished.map(|event| event["trial"].as_str().unwrap().to_owned()));
    }
    trained.sort();
    assert_eq!(trained, trials(&here, "alone").into_keys().collect::<Vec<_>>(), "each trial is trained once");
    assert_eq!(results(&here, "shared"), results(&here, "alone"));
}

#[test]
fn a_study_asked_to_stop_saves_and_goes_on() {
    let here = Workspace::new();
    here.write("small.toml", small().replace("epochs = 3", "epochs = 400"));
    let mut process = here.command("compare small.toml --out stopped").spawn().unwrap();
    while !here.path("stopped/trials").exists() || trials_with_epochs(&here, "stopped") < 2 {
        assert_eq!(process.try_wait().unwrap(), None);
        sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap().success());
    let said = said(process.wait_with_output().unwrap());
    assert_eq!(said.code, Some(130), "{}", said.err);
    assert!(said.err.contains("go on with: slimgate compare stopped"), "{}", said.err);
    let status = here.succeed("status stopped");
    assert!(
        status.contains("interrupted") && status.contains("waiting") && !status.contains("running"),
        "{status}"
    );
}

fn trials_with_epochs(here: &Workspace, study: &str) -> usize {
    let entries = std::fs::read_dir(here.path(study).join("trials")).unwrap();
    let has_epochs = |entry: &std::fs::DirEntry| {
        std::fs::read_to_string(entry.path().join("metrics.jsonl")).is_ok_and(|text| !text.is_empty())
    };
    entries.filter_map(Result::ok).filter(has_epochs).count()
}

#[test]
fn a_trial_that_keeps_failing_is_told_and_the_others_finish() {
    let here = Workspace::new();
    here.write("small.toml", small());
    here.succeed("compare small.toml --out study");
    // One trial that can never be resumed.
    let id = trials(&here, "study").into_keys().next().unwrap();
    for name in ["config.toml", "summary.json"] {
        here.write(&format!("study/trials/{id}/{name}"), "[model]\nhidden = 'many'\n");
    }
    here.write(
        &format!("study/trials/{id}/summary.json"),
        here.read(&format!("study/trials/{}/summary.json", other(&here, &id)))
            .replace("\"complete\"", "\"running\""),
    );
    let said = here.run("compare study");
    assert_eq!(said.code, Some(2), "{}\n{}", said.out, said.err);
    assert!(said.out.contains("it is tried again"), "{}", said.out);
    assert!(
        said.err.contains("1 trial(s) of the study failed") && said.err.contains("config.toml"),
        "{}",
        said.err
    );
    let status = here.succeed("status study");
    assert!(status.contains("11 complete"), "{status}");
}

/// Another trial than the one that is named.
fn other(here: &Workspace, id: &str) -> String {
    trials_named(here).into_iter().find(|name| name != id).unwrap()
}

fn trials_named(here: &Workspace) -> Vec<String> {
    let entries = std::fs::read_dir(here.path("study/trials")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
