//! A temporary folder, and the program run in it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// Settings of a run that takes a fraction of a second.
pub const TINY: &str =
    "--dataset japanese-vowels --hidden 6 --epochs 2 --threads 1 --set data.train_limit=60";

/// Plain steps at a rate of 1 without clipping, on a cell that no gate squashes.
pub const EXPLODING: &str = "train --dataset japanese-vowels --epochs 40 --optimizer sgd --learning-rate 1 --hidden 100 \
                         --set optim.clip=0 --set optim.momentum=0.99 --set optim.weight_decay=50 --name one";

/// An empty folder that is removed after the test.
pub struct Workspace {
    folder: TempDir,
}

/// The output and exit code of the program.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Workspace {
    pub fn new() -> Workspace {
        Workspace { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// Makes a run look like one of an older version, which did not record the settings it was started with.
    pub fn forget_what_it_was_begun_with(&self, run: &str) {
        let file = format!("{run}/manifest.json");
        let mut manifest = self.json(&file);
        manifest.as_object_mut().unwrap().remove("begun_with").unwrap();
        self.write(&file, manifest.to_string());
    }

    /// The program with a line of arguments, split at spaces, ready to start.
    pub fn command(&self, line: &str) -> Command {
        let mut command = self.at_home(env!("CARGO_BIN_EXE_slimgate"));
        command.args(line.split_whitespace());
        command
    }

    /// A program isolated from the user's files.
    fn at_home(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path());
        // Data that the user has fetched is not part of a test.
        command.env("XDG_DATA_HOME", self.path("data"));
        // Mesa's software driver needs its own folder.
        command.env("XDG_RUNTIME_DIR", self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, line: &str) -> Said {
        said(self.command(line).output().unwrap())
    }

    /// Runs a command line as a user types it in a shell, without the program's name.
    pub fn shell(&self, line: &str) -> Said {
        let mut command = self.at_home("sh");
        command.args(["-c", &format!("{} {line}", env!("CARGO_BIN_EXE_slimgate"))]);
        said(command.output().unwrap())
    }

    /// Runs a command line in the background of a terminal, from a shell with job control.
    #[cfg(target_os = "linux")]
    pub fn background(&self, line: &str) -> Said {
        let mut command = self.at_home("script");
        let job = format!("bash -mc '{} {line} & wait'", env!("CARGO_BIN_EXE_slimgate"));
        said(command.args(["-qec", &job, "/dev/null"]).output().unwrap())
    }

    /// Starts a command line in the foreground of a terminal, with its process id in the file `pid` and the terminal's
    /// content in the file `screen`.
    #[cfg(target_os = "linux")]
    pub fn foreground(&self, line: &str) -> Child {
        let mut command = self.at_home("script");
        let job = format!("sh -c 'echo $$ > pid; exec {} {line}'", env!("CARGO_BIN_EXE_slimgate"));
        command.args(["-qefc", &job, "screen"]).stdout(Stdio::null()).spawn().unwrap()
    }

    /// Starts a run and waits until it has saved an epoch.
    pub fn start(&self, line: &str, run: &str) -> Running {
        let mut process = self.command(line).spawn().unwrap();
        let saved = || {
            std::fs::read_to_string(self.path(run).join("manifest.json"))
                .is_ok_and(|manifest| manifest.contains("model-"))
        };
        while !saved() {
            assert_eq!(process.try_wait().unwrap(), None, "slimgate {line} ended before it saved an epoch");
            sleep(Duration::from_millis(20));
        }
        Running(Some(process))
    }

    /// Runs a command line that must succeed; returns its standard output.
    pub fn succeed(&self, line: &str) -> String {
        let said = self.run(line);
        assert_eq!(said.code, Some(0), "slimgate {line}\n{}\n{}", said.out, said.err);
        said.out
    }

    /// Runs a command line that must be refused with exit code 2; returns the message.
    pub fn refuse(&self, line: &str) -> String {
        let said = self.run(line);
        assert_eq!(said.code, Some(2), "slimgate {line}\n{}\n{}", said.out, said.err);
        assert!(!said.err.contains("panicked"), "slimgate {line}\n{}", said.err);
        said.err
    }

    /// The result of a run's last epoch: hash of the weights, loss and accuracy on the test set.
    pub fn outcome(&self, run: &str) -> Value {
        serde_json::from_str(&self.succeed(&format!("evaluate {run} --weights last --json"))).unwrap()
    }

    /// The metrics of a run without its times, which differ between any two runs.
    pub fn metrics(&self, run: &str) -> Vec<Value> {
        let line = |line: &str| {
            let mut metrics: Value = serde_json::from_str(line).unwrap();
            for time in ["seconds", "sequences_per_second"] {
                metrics.as_object_mut().unwrap().remove(time);
            }
            metrics
        };
        self.read(&format!("{run}/metrics.jsonl")).lines().map(line).collect()
    }
}

/// A process that does not outlive its test, however that ends.
pub struct Running(Option<Child>);

impl Running {
    pub fn child(&self) -> &Child {
        self.0.as_ref().expect("it was not waited for")
    }

    /// Waits for its end.
    pub fn end(mut self) -> Said {
        said(self.0.take().expect("it was not waited for").wait_with_output().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(process) = &mut self.0 {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

pub fn said(output: Output) -> Said {
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub fn assert_says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in\n{message}");
    }
}

/// Writes a greyscale picture that is darker to the left.
pub fn picture(here: &Workspace, name: &str, width: u32, height: u32) {
    let file = std::fs::File::create(here.path(name)).unwrap();
    let mut encoder = png::Encoder::new(file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let pixels: Vec<u8> = (0..width * height).map(|index| (index % width * 9) as u8).collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
}

/// Makes `./pumps`, a folder of the user's own data: 40 series to train on and 20 to test on. Every other one is of a
/// class whose pressure is higher.
pub fn pumps(here: &Workspace) {
    let table = |count: usize| {
        let mut text = "series,class,pressure,flow\n".to_owned();
        for number in 0..count {
            let (class, level) = [("sound", 2.0), ("leaking", 1.0)][number % 2];
            for step in 0..3 + number % 4 {
                let wave = ((7 * number + 3 * step) % 5) as f64 / 10.0;
                text += &format!("pump-{number},{class},{},{wave}\n", level + wave);
            }
        }
        text
    };
    std::fs::create_dir(here.path("pumps")).unwrap();
    here.write("pumps/train.csv", table(40));
    here.write("pumps/test.csv", table(20));
}

/// A file of the repository.
pub fn repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

pub fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect()
}

/// Sends a signal, by its name without SIG.
pub fn signal(process: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &process.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Runs a script in a file system of its own that holds no more than `size`, with the program as `$slimgate`.
#[cfg(target_os = "linux")]
pub fn on_a_small_disk(here: &Workspace, size: &str, script: &str) -> Said {
    std::fs::create_dir(here.path("small")).unwrap();
    let script = format!("set -u; mount -t tmpfs -o size={size} tmpfs small && cd small\n{script}");
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]).current_dir(here.path("."));
    said(command.env("slimgate", env!("CARGO_BIN_EXE_slimgate")).output().unwrap())
}

/// Runs a script as a user who is subject to permissions, unlike root, with the program as `$slimgate`.
#[cfg(target_os = "linux")]
pub fn without_privileges(here: &Workspace, script: &str) -> Said {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "setpriv", "--inh-caps=-all", "--bounding-set=-all"]);
    command.args(["sh", "-c", script]).current_dir(here.path("."));
    said(command.env("slimgate", env!("CARGO_BIN_EXE_slimgate")).output().unwrap())
}
