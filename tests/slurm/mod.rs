//! Studies whose trials run on Slurm. These tests start its daemons; `cargo test --release -- --ignored slurm` runs them.

mod cluster;
mod made_up;
mod refusals;
mod studies;

use cluster::Cluster;

#[test]
#[ignore = "starts Slurm's daemons: needs root and the packages slurmctld, slurmd, slurm-client and munge"]
fn slurm_loses_a_node() {
    let mut cluster = Cluster::start(2);
    let job = cluster.says("sbatch", &["--parsable", "--wrap", "sleep 1000", "-o", "/dev/null", "-w", "n1"]);
    cluster.wait("it runs", |cluster| cluster.says("squeue", &["-h", "-j", &job, "-o", "%T"]) == "RUNNING");
    cluster.kill_node("n1");
    cluster.wait("it is given up", |cluster| {
        cluster.says("sinfo", &["-h", "-n", "n1", "-o", "%T"]).starts_with("down")
    });
    let state = cluster.says("squeue", &["-h", "-j", &job, "-o", "%T"]);
    assert_eq!(state, "PENDING", "requeued");
}
