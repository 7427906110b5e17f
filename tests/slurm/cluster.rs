//! A Slurm cluster on this machine: its real daemons, with several nodes posed by one `slurmd` each.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Longer than any daemon takes to answer on a machine with other work.
const PATIENCE: Duration = Duration::from_secs(60);

/// A controller, its nodes `n1`, `n2`, … with two cores each, and the authentication daemon between them. The partition
/// `short` is everybody's, `closed` takes no jobs. All of it ends with this value.
pub struct Cluster {
    folder: TempDir,
    daemons: Vec<Daemon>,
}

struct Daemon {
    name: String,
    process: Child,
}

impl Cluster {
    /// Starts a cluster and waits until its nodes take jobs. Needs root, and Debian's packages `slurmctld`, `slurmd`,
    /// `slurm-client` and `munge`.
    pub fn start(nodes: usize) -> Cluster {
        let folder = tempfile::tempdir().unwrap();
        // Jobs and the authentication daemon look into it.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut cluster = Cluster { folder, daemons: Vec::new() };
        cluster.authenticate();
        fs::write(cluster.configuration(), cluster.written_configuration(nodes)).unwrap();
        fs::create_dir(cluster.path("state")).unwrap();
        cluster.launch("slurmctld", "slurmctld", &["-D", "-c"]);
        for node in 1..=nodes {
            cluster.start_node(&format!("n{node}"));
        }
        let idle =
            |cluster: &Cluster| cluster.says("sinfo", &["-h", "-t", "idle", "-o", "%D"]) == nodes.to_string();
        cluster.wait("its nodes are idle", idle);
        cluster
    }

    /// A command of Slurm's, or a program that calls them, ready to start.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        self.introduce(&mut command);
        command
    }

    /// Makes a command know the cluster.
    pub fn introduce(&self, command: &mut Command) {
        command.env("SLURM_CONF", self.configuration());
    }

    /// The output of a command of Slurm's that must succeed, without the line's end.
    pub fn says(&self, program: &str, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.command(program).args(arguments).output().unwrap();
        let (out, error) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        // The controller takes a moment to answer.
        assert!(
            status.success() || error.contains("Unable to contact"),
            "{program} {arguments:?}: {out}{error}"
        );
        out.trim_end().to_owned()
    }

    /// Ids of the jobs that wait or run, an element of an array by itself.
    pub fn jobs(&self) -> Vec<String> {
        self.says("squeue", &["-h", "-r", "-o", "%i"]).lines().map(str::to_owned).collect()
    }

    /// Waits until something holds.
    pub fn wait(&self, what: &str, holds: impl Fn(&Cluster) -> bool) {
        let started = Instant::now();
        while !holds(self) {
            assert!(started.elapsed() < PATIENCE, "not in {PATIENCE:?}: {what}\n{}", self.logs());
            sleep(Duration::from_millis(200));
        }
    }

    /// Ends a node as a loss of power does: its daemon and every process of its jobs at once.
    pub fn kill_node(&mut self, node: &str) {
        let at = self.daemons.iter().position(|daemon| daemon.name == node).unwrap();
        let mut daemon = self.daemons.remove(at);
        daemon.process.kill().unwrap();
        daemon.process.wait().unwrap();
        let conf = format!("SLURM_CONF={}\0", self.configuration().display());
        let node = format!("SLURMD_NODENAME={node}\0");
        let of_node =
            |process: &Process| [&conf, &node].iter().all(|text| process.environment.contains(*text));
        let all = Process::all();
        let jobs: Vec<&Process> = all.iter().filter(|process| of_node(process)).collect();
        // First whoever would report the end of a job.
        let watches = |process: &&Process| {
            process.name == "slurmstepd" && jobs.iter().any(|job| job.parent == process.id)
        };
        let watchers = all.iter().filter(watches).map(|process| &process.id);
        for id in watchers.chain(jobs.iter().map(|job| &job.id)) {
            let _ = Command::new("kill").args(["-KILL", id]).stderr(Stdio::null()).status();
        }
    }

    /// Starts the daemon of a node.
    pub fn start_node(&mut self, node: &str) {
        fs::create_dir_all(self.spool(node)).unwrap();
        self.launch(node, "slurmd", &["-D", "-N", node]);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn configuration(&self) -> PathBuf {
        self.path("slurm.conf")
    }

    fn spool(&self, node: &str) -> PathBuf {
        self.path("spool").join(node)
    }

    fn launch(&mut self, name: &str, program: &str, arguments: &[&str]) {
        let log = File::create(self.path(&format!("{name}.out"))).unwrap();
        let mut command = self.command(program);
        command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let process = command.spawn().unwrap_or_else(|error| {
            panic!("{program}: {error}; apt-get install slurmctld slurmd slurm-client munge")
        });
        self.daemons.push(Daemon { name: name.to_owned(), process });
    }

    /// Starts an authentication daemon of the cluster's own.
    fn authenticate(&mut self) {
        let key = self.path("munge.key");
        let random = File::open("/dev/urandom").unwrap();
        std::io::copy(&mut std::io::Read::take(random, 1024), &mut File::create(&key).unwrap()).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).unwrap();
        let file = |option: &str, name: &str| format!("--{option}={}", self.path(name).display());
        let files = [
            file("key-file", "munge.key"),
            file("socket", "munge.socket"),
            file("pid-file", "munge.pid"),
            file("log-file", "munge.log"),
            file("seed-file", "munge.seed"),
        ];
        let mut arguments = vec!["--foreground", "--force"];
        arguments.extend(files.iter().map(String::as_str));
        self.launch("munged", "munged", &arguments);
        self.wait("its authentication answers", |cluster| cluster.path("munge.socket").exists());
    }

    fn written_configuration(&self, nodes: usize) -> String {
        let here = self.folder.path().display();
        let ports = free_ports(nodes + 1);
        let (controller, rest) = ports.split_first().unwrap();
        let node = |(index, port): (usize, &u16)| {
            format!("NodeName=n{} NodeHostname=localhost Port={port} CPUs=2 RealMemory=2000\n", index + 1)
        };
        let all: String = rest.iter().enumerate().map(node).collect();
        // Without control groups, which a container may not have.
        format!(
            "ClusterName=test\nSlurmctldHost=localhost\nSlurmctldPort={controller}\n\
             AuthType=auth/munge\nAuthInfo=socket={here}/munge.socket\nCredType=cred/munge\n\
             SlurmUser=root\nSlurmdUser=root\n\
             StateSaveLocation={here}/state\nSlurmdSpoolDir={here}/spool/%n\n\
             SlurmctldPidFile={here}/slurmctld.pid\nSlurmdPidFile={here}/%n.pid\n\
             ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nMpiDefault=none\n\
             SelectType=select/cons_tres\nSelectTypeParameters=CR_Core\n\
             SlurmdTimeout=5\nReturnToService=2\nKillWait=2\nMinJobAge=3600\nJobRequeue=1\n\
             SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1\n\
             AccountingStorageType=accounting_storage/none\nJobCompType=jobcomp/none\n\
             {all}PartitionName=short Nodes=ALL Default=YES MaxTime=60 State=UP\n\
             PartitionName=closed Nodes=ALL AllowGroups=nobody MaxTime=60 State=UP\n"
        )
    }

    fn logs(&self) -> String {
        let tail = |path: &Path| {
            let text = fs::read_to_string(path).unwrap_or_default();
            let lines: Vec<&str> = text.lines().rev().take(15).collect();
            lines.into_iter().rev().collect::<Vec<_>>().join("\n")
        };
        let logs = self.daemons.iter().map(|daemon| {
            let path = self.path(&format!("{}.out", daemon.name));
            format!("== {}\n{}\n", daemon.name, tail(&path))
        });
        logs.collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.command("scancel").args(["--user", "root"]).stderr(Stdio::null()).status();
        let nodes: Vec<String> = self
            .daemons
            .iter()
            .map(|daemon| daemon.name.clone())
            .filter(|name| name.starts_with('n'))
            .collect();
        nodes.iter().for_each(|node| self.kill_node(node));
        for daemon in &mut self.daemons {
            let _ = daemon.process.kill();
            let _ = daemon.process.wait();
        }
    }
}

/// A process as `/proc` shows it.
struct Process {
    id: String,
    parent: String,
    name: String,
    environment: String,
}

impl Process {
    fn all() -> Vec<Process> {
        let read = |entry: fs::DirEntry| {
            let file = |name: &str| fs::read(entry.path().join(name)).ok();
            let status = String::from_utf8(file("status")?).ok()?;
            let field = |name: &str| {
                let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                line.map(|value| value.trim().to_owned())
            };
            let environment = String::from_utf8_lossy(&file("environ")?).into_owned();
            Some(Process { id: field("Pid")?, parent: field("PPid")?, name: field("Name")?, environment })
        };
        fs::read_dir("/proc").unwrap().flatten().filter_map(read).collect()
    }
}

/// Ports of this machine that nobody listens on.
fn free_ports(count: usize) -> Vec<u16> {
    // All held at once, so that they differ.
    let held: Vec<TcpListener> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    held.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}
