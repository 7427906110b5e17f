//! Studies whose trials are jobs.

use std::fs;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::cluster::Cluster;
use crate::study::{results, trials};
use crate::support::{Said, Workspace, assert_says, said, signal};

/// Starts a command line that knows the cluster.
fn start(here: &Workspace, cluster: &Cluster, line: &str) -> Child {
    let mut command = here.command(line);
    cluster.introduce(&mut command);
    command.spawn().unwrap()
}

fn end(process: Child) -> Said {
    said(process.wait_with_output().unwrap())
}

/// Names in the queue of a study that end like this.
fn queued(here: &Workspace, study: &str, ending: &str) -> Vec<String> {
    let entries = fs::read_dir(here.path(study).join("queue")).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.ends_with(ending)).collect()
}

/// Waits until a worker has an epoch and is not at its end; returns its trial.
fn in_training(here: &Workspace, study: &str) -> String {
    let started = Instant::now();
    loop {
        for file in queued(here, study, ".events") {
            let told = here.read(&format!("{study}/queue/{file}"));
            if told.contains(r#""event":"epoch""#) && !told.contains(r#""event":"finished""#) {
                return file.trim_end_matches(".events").to_owned();
            }
        }
        assert!(started.elapsed() < Duration::from_secs(60), "no trial is in training");
        sleep(Duration::from_millis(20));
    }
}

/// Suspends the worker of a trial, if it has not ended; returns its node.
fn suspend_worker(trial: &str) -> Option<String> {
    let pattern = format!("work .*/{trial}[.]toml");
    let found = Command::new("pgrep").args(["-f", &pattern]).output().unwrap();
    let id = String::from_utf8(found.stdout).unwrap().lines().next()?.to_owned();
    let environment = fs::read(format!("/proc/{id}/environ")).ok()?;
    let environment = String::from_utf8_lossy(&environment).into_owned();
    let node = environment.split('\0').find_map(|line| line.strip_prefix("SLURMD_NODENAME="))?;
    Command::new("kill").args(["-STOP", &id]).status().unwrap().success().then(|| node.to_owned())
}

const LAUNCH: &str = "
[launch]
launcher = 'slurm'
partition = 'short'
time = '1'
";

/// Forty trials of a second or two.
fn forty() -> String {
    let seeds: Vec<String> = (1..=10).map(|seed| seed.to_string()).collect();
    format!(
        "[data]
        dataset = 'japanese-vowels'
        [model]
        hidden = 16
        [optim]
        epochs = 20
        [grid]
        model.variant = ['lstm', 'lstm3']
        optim.learning_rate = [1e-3, 1e-2]
        run.seed = [{}]
        [compare]
        widen = false
        reuse_seeds = true",
        seeds.join(", ")
    )
}

#[test]
#[ignore = "starts Slurm's daemons: needs root and the packages slurmctld, slurmd, slurm-client and munge"]
fn slurm_studies_end_as_on_one_machine_whatever_dies() {
    let here = Workspace::new();
    let mut cluster = Cluster::start(4);
    here.write("local.toml", forty());
    here.write("slurm.toml", forty() + LAUNCH);
    here.succeed("compare local.toml --out local");

    let mut first = start(&here, &cluster, "compare slurm.toml --out slurm");
    // A worker that comes no further is beyond its time limit a minute later.
    let started = Instant::now();
    let spared = loop {
        if let Some(node) = suspend_worker(&in_training(&here, "slurm")) {
            break node;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "no worker could be suspended");
    };
    cluster.kill_node(if spared == "n2" { "n3" } else { "n2" });
    first.kill().unwrap();
    first.wait().unwrap();
    fs::create_dir(here.path("elsewhere")).unwrap();
    let mut second = here.command(&format!("compare {}", here.path("slurm").display()));
    second.current_dir(here.path("elsewhere"));
    cluster.introduce(&mut second);
    let second = said(second.output().unwrap());
    assert_eq!(second.code, Some(0), "{}\n{}", second.out, second.err);

    assert_eq!(trials(&here, "slurm").len(), 40);
    assert_eq!(trials(&here, "slurm"), trials(&here, "local"));
    assert_eq!(results(&here, "slurm"), results(&here, "local"));
    assert_eq!(cluster.jobs(), [""; 0], "no job is left");
    assert_eq!(queued(&here, "slurm", ".json"), [""; 0], "no array is remembered");
    let ended = cluster.says("squeue", &["-h", "-r", "--states=all", "-o", "%T"]);
    assert!(ended.contains("TIMEOUT"), "{ended}");
    // A job for each trial, one more for each of the twenty that are tested, the timing, and one again for the suspended
    // worker. A trial of the node that died is requeued, and submitted again if that found its lease still held.
    let jobs = ended.lines().count();
    assert!((62..=64).contains(&jobs), "{jobs} jobs: {ended}");
}

#[test]
#[ignore = "starts Slurm's daemons: needs root and the packages slurmctld, slurmd, slurm-client and munge"]
fn slurm_jobs_outlive_their_study_until_they_are_cancelled() {
    let here = Workspace::new();
    let cluster = Cluster::start(2);
    here.write(
        "long.toml",
        forty().replace("epochs = 20", "epochs = 100000") + LAUNCH + "at_most_queued = 6",
    );
    let other = cluster.says("sbatch", &["--parsable", "--wrap", "sleep 1000", "-o", "/dev/null"]);

    let first = start(&here, &cluster, "compare long.toml --out long");
    in_training(&here, "long");
    signal(&first, "INT");
    let stopped = end(first);
    assert_eq!(stopped.code, Some(130), "{}", stopped.err);
    assert_says(&stopped.err, &["6 jobs of the study stay with Slurm", "slimgate cancel long"]);
    let jobs = cluster.jobs();
    assert_eq!(jobs.len(), 7, "as many as may be queued, and the other one: {jobs:?}");

    let mut status = here.command("status long");
    cluster.introduce(&mut status);
    let status = said(status.output().unwrap());
    assert_says(&status.out, &["jobs of Slurm: 3 running, ", " waiting (", "running: lstm"]);

    // Both find the jobs that are there, and only one would submit more.
    let two = [0, 1].map(|_| start(&here, &cluster, "compare long"));
    sleep(Duration::from_secs(8));
    assert_eq!(cluster.jobs(), jobs, "nothing was submitted twice");

    let mut cancel = here.command("cancel long");
    cluster.introduce(&mut cancel);
    let cancel = said(cancel.output().unwrap());
    assert_eq!(cancel.code, Some(0), "{}", cancel.err);
    assert_says(&cancel.out, &["6 jobs were cancelled", "slimgate compare long"]);
    for process in two {
        assert_eq!(end(process).code, Some(130));
    }
    assert_eq!(cluster.jobs(), [other], "other jobs are not touched");
}
