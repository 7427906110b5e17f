//! Studies that are stopped, killed, shared between processes, or have trials that fail.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use super::{SHARED, results, small, trials};
use crate::support::{Workspace, assert_says, lines, said, signal};

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
        run.seed = [{}]
        [compare]
        widen = false",
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
        // Each round gets about a tenth of the total time, up to an arbitrary moment.
        sleep(duration.mul_f64(0.05 + 0.1 * share));
        let children = children(process.id());
        process.kill().unwrap();
        for child in children {
            let _ = Command::new("kill").args(["-KILL", &child]).status();
        }
        process.wait().unwrap();
    }
    age_leases(&here, "killed");
    here.succeed("compare killed");
    assert_eq!(trials(&here, "killed"), trials(&here, "whole"));
    assert_eq!(results(&here, "killed"), results(&here, "whole"));
}

/// The files in the queue of a study with this extension.
fn queued(here: &Workspace, study: &str, extension: &str) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(here.path(study).join("queue")).into_iter().flatten().flatten();
    let of = |path: &std::path::PathBuf| path.extension().is_some_and(|found| found == extension);
    entries.map(|entry| entry.path()).filter(of).collect()
}

/// Makes the leases that killed workers have left look as if nobody had renewed them for an hour; says how many there are.
fn age_leases(here: &Workspace, study: &str) -> usize {
    let leases = queued(here, study, "lease");
    for lease in &leases {
        let lease = File::options().write(true).open(lease).unwrap();
        lease.set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
    }
    leases.len()
}

/// The child processes of a process.
fn children(parent: u32) -> Vec<String> {
    let found = Command::new("pgrep").args(["-P", &parent.to_string()]).output().unwrap();
    String::from_utf8(found.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Otherwise its trials would keep running for nobody, and a continued study would start others beside them.
#[test]
#[cfg(target_os = "linux")]
fn trials_of_a_study_that_is_gone_save_and_stop() {
    let here = Workspace::new();
    here.write("small.toml", small().replace("epochs = 3", "epochs = 100").replace("seeds = 4", "seeds = 2"));
    here.succeed("compare small.toml --out whole");
    let mut process = begun(&here, "gone", 2);
    let children = children(process.id());
    assert!(!children.is_empty());
    process.kill().unwrap();
    process.wait().unwrap();
    // A process that has ended may not have been reaped yet.
    await_all(&children, |state| ["", "Z"].contains(&state));
    let ended = trials(&here, "gone");
    assert!(ended.values().all(|(epochs, status)| *epochs > 0 && status != "running"), "{ended:?}");
    here.succeed("compare gone");
    assert_eq!(results(&here, "gone"), results(&here, "whole"));
}

/// Waits until the state of each process, as the kernel names it, is as wanted.
#[cfg(target_os = "linux")]
fn await_all(processes: &[String], wanted: impl Fn(&str) -> bool) {
    let state = |process: &String| {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("State:\t"));
        line.map_or_else(String::new, |state| state[..1].to_owned())
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    while !processes.iter().all(|process| wanted(&state(process))) {
        let states: Vec<String> = processes.iter().map(state).collect();
        assert!(Instant::now() < deadline, "{states:?}");
        sleep(Duration::from_millis(20));
    }
}

/// Ctrl-Z reaches the study alone: its trials are in process groups of their own.
#[test]
#[cfg(target_os = "linux")]
fn a_study_that_is_suspended_suspends_its_trials() {
    let here = Workspace::new();
    here.write("small.toml", small().replace("epochs = 3", "epochs = 4000"));
    let mut process = begun(&here, "study", 1);
    let study = [process.id().to_string()];
    let trials = children(process.id());
    for _ in 0..2 {
        signal(&process, "TSTP");
        await_all(&study, |state| state == "T");
        await_all(&trials, |state| state == "T");
        signal(&process, "CONT");
        await_all(&trials, |state| state != "T");
    }
    // Trials that are suspended when the study is killed continue, to save and stop.
    signal(&process, "TSTP");
    await_all(&study, |state| state == "T");
    process.kill().unwrap();
    process.wait().unwrap();
    await_all(&trials, |state| ["", "Z"].contains(&state));
}

/// Training steps are measured by a process of its own, one after the other until a size of equal time is found.
#[test]
#[cfg(target_os = "linux")]
fn a_study_asked_to_stop_while_it_measures_leaves_nothing_behind() {
    let here = Workspace::new();
    // Steps of seconds, of which a measurement takes 34.
    let slow = small().replace("hidden = 4", "hidden = 2048\nrecurrent_initializer = 'uniform'");
    let slow = slow.replace("[compare]", "[compare]\nmatch = 'time'");
    here.write("slow.toml", slow.replace("epochs = 3", "epochs = 3\nbatch_size = 256"));
    let mut process = here.command("compare slow.toml --out slow").spawn().unwrap();
    let measurement = loop {
        assert_eq!(process.try_wait().unwrap(), None);
        let children = children(process.id());
        if !children.is_empty() {
            break children;
        }
        sleep(Duration::from_millis(20));
    };
    signal(&process, "INT");
    await_all(&measurement, |state| ["", "Z"].contains(&state));
    let said = said(process.wait_with_output().unwrap());
    assert_eq!(said.code, Some(130), "{}", said.err);
    assert!(said.err.contains("interrupted before the run began; nothing was left behind"), "{}", said.err);
    assert!(!here.path("slow").exists());
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

/// Its answer would be made from the settings of whichever process began last.
#[test]
fn a_second_process_with_other_settings_is_refused_while_the_first_works() {
    let here = Workspace::new();
    here.write("small.toml", small().replace("epochs = 3", "epochs = 400"));
    let process = begun(&here, "study", 1);
    let asked = here.read("study/study.toml");
    for study in ["small.toml --out study", "study"] {
        let refusal = here.refuse(&format!("compare {study} --seeds 3 --set compare.margin=2"));
        assert_says(&refusal, &["another process works on study", "compare.margin, compare.seeds"]);
    }
    assert_eq!(here.read("study/study.toml"), asked);
    signal(&process, "INT");
    assert_eq!(said(process.wait_with_output().unwrap()).code, Some(130));
    let stopped = here.command("compare study --seeds 3 --set compare.margin=2").spawn().unwrap();
    while here.read("study/study.toml") == asked {
        sleep(Duration::from_millis(20));
    }
    signal(&stopped, "INT");
    assert_eq!(said(stopped.wait_with_output().unwrap()).code, Some(130));
}

/// Two machines know one another's names from the leases alone.
#[test]
#[cfg(target_os = "linux")]
fn two_machines_share_a_study() {
    let here = Workspace::new();
    here.write("small.toml", small().replace("epochs = 3", "epochs = 20"));
    here.succeed("compare small.toml --out alone");
    let mut machines = ["one", "two"].map(|host| {
        let line = "hostname $0; exec $slimgate compare small.toml --out shared --json --jobs 1";
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--uts", "sh", "-c", line, host]);
        command.current_dir(here.path(".")).env("slimgate", env!("CARGO_BIN_EXE_slimgate"));
        command.stdout(File::create(here.path(host)).unwrap()).spawn().unwrap()
    });
    let mut hosts = BTreeSet::new();
    let mut running = true;
    while running {
        running = machines.iter_mut().any(|machine| machine.try_wait().unwrap().is_none());
        for lease in queued(&here, "shared", "lease") {
            let name = lease.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with("process-") {
                continue;
            }
            let lease = fs::read_to_string(lease).unwrap_or_default();
            let owner = serde_json::from_str::<Value>(&lease);
            hosts.extend(owner.iter().filter_map(|owner| owner["host"].as_str().map(str::to_owned)));
        }
    }
    let mut trained = Vec::new();
    for mut machine in machines {
        assert!(machine.wait().unwrap().success());
    }
    for host in ["one", "two"] {
        let events = lines(&here.read(host)).into_iter().filter(|event| event["event"] == "finished");
        trained.extend(events.map(|event| event["trial"].as_str().unwrap().to_owned()));
        assert!(hosts.contains(host), "{hosts:?}");
    }
    trained.sort();
    assert_eq!(trained, trials(&here, "alone").into_keys().collect::<Vec<_>>(), "each trial is trained once");
    assert_eq!(results(&here, "shared"), results(&here, "alone"));
    // Of each trial and of the timing: its job, its log, its outcome.
    assert_eq!(fs::read_dir(here.path("shared/queue")).unwrap().count(), 3 * (trained.len() + 1));
    for outcome in queued(&here, "shared", "outcome") {
        let outcome: Value = serde_json::from_str(&fs::read_to_string(outcome).unwrap()).unwrap();
        assert_eq!(outcome["failures"], serde_json::json!([]), "{outcome}");
    }
}

#[test]
fn a_trial_that_another_machine_works_on_is_left_to_it() {
    let here = Workspace::new();
    here.write("small.toml", small());
    here.succeed("compare small.toml --out alone");
    let id = here.json("alone/summary.json")["trials"][0]["id"].as_str().unwrap().to_owned();
    fs::create_dir_all(here.path("shared/queue")).unwrap();
    let owner = serde_json::json!({ "host": "elsewhere", "pid": 1, "token": "0" });
    let lease = here.write(&format!("shared/queue/{id}.lease"), owner.to_string());
    let mut process = here.command("compare small.toml --out shared").spawn().unwrap();
    // The other three of the variant that are tried first, and all of the other variant.
    while queued(&here, "shared", "outcome").len() < 9 {
        assert_eq!(process.try_wait().unwrap(), None);
        sleep(Duration::from_millis(20));
    }
    assert!(here.succeed("status shared").contains("1 running"));
    assert!(!here.path(&format!("shared/trials/{id}")).exists());
    fs::remove_file(lease).unwrap();
    let said = said(process.wait_with_output().unwrap());
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(results(&here, "shared"), results(&here, "alone"));
}

/// As where memory runs out: the study learns of it from the system, and does not wait for the lease to go stale.
#[test]
#[cfg(target_os = "linux")]
fn a_worker_that_is_killed_is_told_and_its_trial_tried_again() {
    let here = Workspace::new();
    here.write("small.toml", small().replace("epochs = 3", "epochs = 100").replace("seeds = 4", "seeds = 2"));
    here.succeed("compare small.toml --out whole");
    let process = begun(&here, "study", 1);
    let killed = Command::new("kill").args(["-KILL", &children(process.id())[0]]).status().unwrap();
    assert!(killed.success());
    let said = said(process.wait_with_output().unwrap());
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    let told = said.out.lines().filter(|line| line.contains("failed: its process was killed (signal 9)"));
    let told: Vec<&str> = told.collect();
    assert!(told.len() == 1 && told[0].ends_with("retrying"), "{}", said.out);
    assert_eq!(results(&here, "study"), results(&here, "whole"));
}

/// As where a machine loses its power: nobody is left who could tell.
#[test]
#[cfg(target_os = "linux")]
fn workers_that_are_killed_with_their_study_leave_leases_that_go_stale() {
    let here = Workspace::new();
    here.write("small.toml", small().replace("epochs = 3", "epochs = 100").replace("seeds = 4", "seeds = 2"));
    here.succeed("compare small.toml --out whole");
    let mut process = begun(&here, "study", 1);
    let children = children(process.id());
    process.kill().unwrap();
    let killed = Command::new("kill").arg("-KILL").args(&children).status().unwrap();
    assert!(killed.success());
    process.wait().unwrap();
    await_all(&children, |state| ["", "Z"].contains(&state));
    let running = |status: &str| status.contains(" running");
    assert!(running(&here.succeed("status study")), "nobody can know yet");
    assert!(age_leases(&here, "study") > 0);
    assert!(!running(&here.succeed("status study")));
    let continued = here.succeed("compare study");
    assert!(!continued.contains("failed"), "{continued}");
    assert_eq!(results(&here, "study"), results(&here, "whole"));
    assert_eq!(queued(&here, "study", "lease").len(), 0);
}

/// A worker that was suspended until its lease went stale still holds the folder of its run.
#[test]
fn a_trial_whose_folder_is_in_use_is_tried_again_later_and_has_not_failed() {
    let here = Workspace::new();
    here.write("small.toml", small().replace("epochs = 3", "epochs = 100").replace("seeds = 4", "seeds = 2"));
    let process = begun(&here, "study", 1);
    signal(&process, "INT");
    assert_eq!(process.wait_with_output().unwrap().status.code(), Some(130));
    let begun = trials(&here, "study");
    let (id, _) = begun.iter().find(|(_, (_, status))| status == "interrupted").unwrap();
    let lock = File::create(here.path(&format!("study/trials/{id}/.lock"))).unwrap();
    lock.lock().unwrap();
    let log = here.path(&format!("study/queue/{id}.log"));
    fs::remove_file(&log).unwrap();
    let done = || {
        let outcomes = queued(&here, "study", "outcome").into_iter();
        outcomes.filter(|path| fs::read_to_string(path).unwrap().contains("\"done\"")).count()
    };
    let before = done();
    let mut process = here.command("compare study").spawn().unwrap();
    // It is tried once this is there, and the trials after it are not held up.
    while !log.exists() || done() == before {
        assert_eq!(process.try_wait().unwrap(), None);
        sleep(Duration::from_millis(20));
    }
    lock.unlock().unwrap();
    let said = said(process.wait_with_output().unwrap());
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!said.out.contains("failed"), "{}", said.out);
}

#[test]
fn a_study_asked_to_stop_saves_and_continues() {
    let here = Workspace::new();
    here.write("small.toml", small().replace("epochs = 3", "epochs = 400"));
    let process = begun(&here, "stopped", 2);
    signal(&process, "INT");
    let said = said(process.wait_with_output().unwrap());
    assert_eq!(said.code, Some(130), "{}", said.err);
    assert!(said.err.contains("with: slimgate compare stopped"), "{}", said.err);
    // The model size of a variant that has not started is unknown.
    let variants = here.json("stopped/summary.json")["tasks"][0]["variants"].clone();
    for variant in variants.as_array().unwrap() {
        let begun = variant["states"].as_object().unwrap().keys().any(|state| state != "waiting");
        assert_eq!(variant["all_parameters"].is_u64(), begun, "{variant}");
    }
    let status = here.succeed("status stopped");
    assert!(
        status.contains("interrupted") && status.contains("waiting") && !status.contains("running"),
        "{status}"
    );
}

/// The study of `small.toml`, once so many of its trials have an epoch.
fn begun(here: &Workspace, study: &str, trials: usize) -> Child {
    let mut process = here.command(&format!("compare small.toml --out {study}")).spawn().unwrap();
    while !here.path(study).join("trials").exists() || trials_with_epochs(here, study) < trials {
        assert_eq!(process.try_wait().unwrap(), None);
        sleep(Duration::from_millis(20));
    }
    process
}

fn trials_with_epochs(here: &Workspace, study: &str) -> usize {
    let entries = std::fs::read_dir(here.path(study).join("trials")).unwrap();
    let has_epochs = |entry: &std::fs::DirEntry| {
        std::fs::read_to_string(entry.path().join("metrics.jsonl")).is_ok_and(|text| !text.is_empty())
    };
    entries.filter_map(Result::ok).filter(has_epochs).count()
}
