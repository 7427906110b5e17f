//! Studies that Slurm does not take: its own words, a remedy, and nothing left behind.

use std::process::Command;

use super::cluster::Cluster;
use super::made_up::made_up;
use crate::study::small;
use crate::support::{Workspace, assert_says, said};

/// Runs a study that must be refused, in a made-up folder of programs or a cluster; returns the message.
fn refused(here: &Workspace, launch: &str, introduce: impl Fn(&mut Command)) -> String {
    here.write("small.toml", format!("{}\n[launch]\nlauncher = 'slurm'\n{launch}", small()));
    let mut command = here.command("compare small.toml --out study");
    introduce(&mut command);
    let said = said(command.output().unwrap());
    assert_eq!(said.code, Some(2), "{}\n{}", said.out, said.err);
    assert!(!here.path("study").exists(), "something was left behind");
    said.err
}

#[test]
fn a_machine_without_slurm_is_told() {
    let here = Workspace::new();
    let message = refused(&here, "", |command| _ = command.env("PATH", here.path("")));
    assert_says(&message, &["cannot run `sbatch`", "login node"]);
}

/// As a cluster with an accounting answers whose limit is reached.
#[test]
fn a_quota_that_is_reached_is_told_in_the_words_of_slurm() {
    let here = Workspace::new();
    let words = "Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or \
                 time limits)";
    let refusal = format!("[ \"$1\" = --test-only ] || {{ echo \"sbatch: error: {words}\" >&2; exit 1; }}");
    let path = made_up(&here, &[("sbatch", &refusal), ("squeue", "exit 0")]);
    let message = refused(&here, "", |command| _ = command.env("PATH", &path));
    assert_says(&message, &["Slurm refuses the jobs", words, "`launch.at_most_queued`"]);
}

#[test]
#[ignore = "starts Slurm's daemons: needs root and the packages slurmctld, slurmd, slurm-client and munge"]
fn slurm_refuses_what_the_cluster_does_not_have() {
    let cluster = Cluster::start(1);
    let here = Workspace::new();
    for (launch, words, remedy) in [
        ("partition = 'nosuch'", "invalid partition specified: nosuch", "`sinfo`"),
        (
            "partition = 'closed'\noptions = ['--uid=nobody']",
            "User's group not permitted to use this partition",
            "that you may use",
        ),
        ("memory = '50G'", "Requested node configuration is not available", "`launch.memory`"),
        ("gpus = 1", "Invalid generic resource (gres) specification", "`launch.gpus`"),
        ("time = 'soon'", "Invalid --time specification", "[launch]"),
        ("options = ['--bogus']", "unrecognized option '--bogus'", "[launch]"),
    ] {
        let message = refused(&here, launch, |command| cluster.introduce(command));
        assert_says(&message, &[words, remedy]);
        assert_eq!(cluster.jobs(), [""; 0], "{launch}");
    }
}

#[test]
fn settings_of_a_launch_are_checked() {
    let here = Workspace::new();
    for (launch, told) in [
        ("cores = 0", "launch.cores"),
        ("at_most_queued = 0", "launch.at_most_queued"),
        ("trials_per_job = 0", "launch.trials_per_job"),
        ("options = ['avx2']", "launch.options"),
        ("partitions = 'short'", "launch.partition"),
    ] {
        assert_says(&refused(&here, launch, |_| ()), &[told]);
    }
}
