//! Job arrays: the script of one, and `sbatch`.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use slimgate_run::quoted;

use super::states::words;
use crate::{Launch, StudyError};

/// The time before a job's limit at which its workers are asked to save and stop.
const GRACE: Duration = Duration::from_secs(60);

/// The time limit that is estimated from trials that are done.
const ESTIMATED: &str = "estimated";

/// The factor by which a trial may take longer than any before.
const MARGIN: f64 = 2.0;

/// The settings with a time limit that Slurm understands. An estimate is made of the most seconds that a trial has taken;
/// before one has ended, the limit is the partition's.
pub(super) fn with_time(launch: &Launch, most_seconds: Option<f64>) -> Launch {
    let mut launch = launch.clone();
    if launch.time.as_deref() == Some(ESTIMATED) {
        let minutes =
            |seconds: f64| (MARGIN * seconds * launch.trials_per_job as f64 / 60.0).ceil() as u64 + 1;
        launch.time = most_seconds.map(|seconds| minutes(seconds).to_string());
    }
    launch
}

/// A job array: trials by id, those that share a job together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order<'a> {
    pub launch: &'a Launch,
    /// The name of the array, which nothing else has.
    pub name: &'a str,
    pub program: &'a Path,
    /// The folder of the queue, by its whole path.
    pub queue: &'a Path,
    pub elements: &'a [Vec<String>],
}

impl Order<'_> {
    /// Hands the array to Slurm; returns the id of its job.
    ///
    /// # Errors
    ///
    /// If Slurm is not there or refuses.
    pub fn submit(&self) -> Result<String, StudyError> {
        let said = sbatch(&self.arguments(), &self.script())?;
        // Where there are several clusters, `--parsable` names that, too.
        Ok(said.trim().split(';').next().unwrap_or_default().to_owned())
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![
            "--parsable".to_owned(),
            format!("--array=0-{}", self.elements.len() - 1),
            format!("--job-name={}", self.name),
        ];
        arguments.extend(options(self.launch));
        arguments
    }

    /// The script of all elements. A worker for each trial in turn: what it tells and its errors have a file each.
    fn script(&self) -> String {
        let line =
            |(index, trials): (usize, &Vec<String>)| format!("{index}) trials='{}' ;;\n", trials.join(" "));
        let elements: String = self.elements.iter().enumerate().map(line).collect();
        let [program, queue] = [self.program, self.queue].map(|path| quoted(&path.display().to_string()));
        let prologue = &self.launch.prologue;
        format!(
            r#"#!/bin/bash
case $SLURM_ARRAY_TASK_ID in
{elements}esac
queue={queue}
exec >>"$queue/${{trials%% *}}.log" 2>&1
{prologue}
worker= stopping= code=0
stop() {{
    stopping=yes
    [ -z "$worker" ] || kill -TERM "$worker"
}}
trap stop TERM
for trial in $trials; do
    [ -z "$stopping" ] || break
    {program} work "$queue/$trial.toml" >>"$queue/$trial.events" 2>>"$queue/$trial.log" &
    worker=$!
    wait "$worker"
    ended=$?
    # A signal ends the waiting before the worker has ended.
    while kill -0 "$worker" 2>/dev/null; do
        wait "$worker"
        ended=$?
    done
    [ "$ended" -eq 0 ] || code=$ended
done
exit "$code"
"#
        )
    }
}

/// Asks Slurm whether it would take such jobs; none is queued.
///
/// # Errors
///
/// If it is not there or would not.
pub(crate) fn rehearse(launch: &Launch) -> Result<(), StudyError> {
    let mut arguments = vec!["--test-only".to_owned(), "--array=0-0".to_owned()];
    arguments.extend(options(launch));
    sbatch(&arguments, "#!/bin/bash\n").map(|_| ())
}

/// The options of `sbatch` that follow from a study's settings.
pub(crate) fn options(launch: &Launch) -> Vec<String> {
    let Launch { partition, account, memory, cores, gpus, options, .. } = launch;
    let time = &launch.time.clone().filter(|time| time != ESTIMATED);
    let grace = time.as_deref().and_then(seconds).map_or(GRACE, |limit| GRACE.min(limit / 4));
    let mut all = vec![
        "--output=/dev/null".to_owned(),
        "--requeue".to_owned(),
        format!("--signal=B:TERM@{}", grace.as_secs()),
        "--nodes=1".to_owned(),
        "--ntasks=1".to_owned(),
        format!("--cpus-per-task={cores}"),
    ];
    let named = [("partition", partition), ("account", account), ("time", time), ("mem", memory)];
    all.extend(named.into_iter().filter_map(|(name, value)| Some(format!("--{name}={}", value.as_ref()?))));
    if *gpus > 0 {
        all.push(format!("--gres=gpu:{gpus}"));
    }
    all.extend(options.iter().cloned());
    all
}

/// A time limit as Slurm writes it: `minutes`, `minutes:seconds`, `hours:minutes:seconds`, `days-hours`,
/// `days-hours:minutes` or `days-hours:minutes:seconds`.
fn seconds(limit: &str) -> Option<Duration> {
    let (days, rest) = limit.split_once('-').map_or((None, limit), |(days, rest)| (Some(days), rest));
    let parts = rest.split(':').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
    let seconds = match (days, &parts[..]) {
        (None, [minutes]) => minutes * 60,
        (None, [minutes, seconds]) => minutes * 60 + seconds,
        (Some(_), [hours]) => hours * 3600,
        (Some(_), [hours, minutes]) => hours * 3600 + minutes * 60,
        (_, [hours, minutes, seconds]) => hours * 3600 + minutes * 60 + seconds,
        _ => return None,
    };
    let days: u64 = days.map_or(Some(0), |days| days.parse().ok())?;
    Some(Duration::from_secs(days * 86_400 + seconds))
}

/// The answer of `sbatch` to a script.
fn sbatch(arguments: &[String], script: &str) -> Result<String, StudyError> {
    let missing = |source| StudyError::NoSlurm { program: "sbatch", source };
    let mut command = Command::new("sbatch");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().map_err(missing)?;
    // One that does not read its script says why itself.
    let _ = process.stdin.take().expect("it is piped").write_all(script.as_bytes());
    let output = process.wait_with_output().map_err(missing)?;
    if !output.status.success() {
        return Err(StudyError::Refused { words: words(&output.stderr) });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Words of Slurm's where its controller cannot be asked: `sbatch` finds none, or cannot prove who it is to it.
const UNREACHABLE: [&str; 10] = [
    "unable to contact",
    "connect failure",
    "connection",
    "configuration source",
    "fetch config",
    "dns srv",
    "timed out on send/recv",
    "zero bytes were transmitted",
    "munge",
    "protocol authentication",
];

fn is_unreachable(words: &str) -> bool {
    let words = words.to_lowercase();
    UNREACHABLE.iter().any(|part| words.contains(part))
}

/// Who refuses jobs, by Slurm's words.
pub(crate) fn refusal(words: &str) -> &'static str {
    match is_unreachable(words) {
        true => "slurmctld, the controller of Slurm, cannot be reached",
        false => "Slurm refuses the jobs",
    }
}

/// What to do about a refusal, by Slurm's words.
pub(crate) fn remedy(words: &str) -> &'static str {
    if is_unreachable(words) {
        return "try again later, once `scontrol ping` says that it is up, or run the study without [launch] and \
                `--launcher slurm`";
    }
    let words = words.to_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    if says(&["policy", "quota", "joblimit", "unable to accept job"]) {
        "wait until jobs of yours have ended, lower `launch.at_most_queued`, or ask for less in [launch]"
    } else if says(&["invalid partition"]) {
        "set `launch.partition` to one that `sinfo` lists"
    } else if says(&["invalid account", "invalid qos"]) {
        "set `launch.account` to one that is yours (`sacctmgr show associations` lists them)"
    } else if says(&["configuration is not available", "generic resource"]) {
        "ask for what its nodes have (`sinfo --format='%P %c %m %G'`) with `launch.memory`, `launch.cores` and `launch.gpus`"
    } else if says(&["not permitted", "denied", "access"]) {
        "choose a partition and an account that you may use with `launch.partition` and `launch.account`, or ask whoever \
         runs the cluster"
    } else {
        "correct [launch], whose settings `slimgate settings` lists"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(launch: &Launch) -> (Vec<String>, String) {
        let elements = [vec!["lstm-1".to_owned(), "lstm-2".to_owned()], vec!["lstm-3".to_owned()]];
        let (program, queue) = (Path::new("/opt/my programs/slimgate"), Path::new("/data/study/queue"));
        let order = Order { launch, name: "slimgate-abc", program, queue, elements: &elements };
        (order.arguments(), order.script())
    }

    #[test]
    fn settings_become_options_of_sbatch() {
        let launch = Launch {
            partition: Some("short".into()),
            account: Some("physics".into()),
            time: Some("2".into()),
            memory: Some("2G".into()),
            cores: 4,
            gpus: 1,
            options: vec!["--constraint=avx2".into()],
            ..Launch::default()
        };
        let (arguments, _) = order(&launch);
        let expected = "--parsable --array=0-1 --job-name=slimgate-abc --output=/dev/null --requeue --signal=B:TERM@30 \
                        --nodes=1 --ntasks=1 --cpus-per-task=4 --partition=short --account=physics --time=2 --mem=2G \
                        --gres=gpu:1 --constraint=avx2";
        assert_eq!(arguments.join(" "), expected);
        let (arguments, _) = order(&Launch::default());
        assert!(arguments.contains(&"--signal=B:TERM@60".to_owned()), "{arguments:?}");
    }

    #[test]
    fn the_script_has_the_prologue_and_the_trials_of_each_element() {
        let (_, script) = order(&Launch { prologue: "module load gcc".into(), ..Launch::default() });
        for part in [
            "0) trials='lstm-1 lstm-2' ;;\n1) trials='lstm-3' ;;\n",
            "\nmodule load gcc\n",
            "'/opt/my programs/slimgate' work \"$queue/$trial.toml\"",
        ] {
            assert!(script.contains(part), "{part} is not in\n{script}");
        }
    }

    #[test]
    fn time_limits_are_read_in_every_form() {
        for (limit, expected) in [
            ("10", Some(600)),
            ("1:30", Some(90)),
            ("01:00:05", Some(3605)),
            ("2-0", Some(172_800)),
            ("1-1:30", Some(91_800)),
            ("1-01:00:01", Some(90_001)),
            ("UNLIMITED", None),
            ("1:2:3:4", None),
        ] {
            assert_eq!(seconds(limit), expected.map(Duration::from_secs), "{limit}");
        }
    }

    #[test]
    fn a_time_limit_is_estimated_from_the_longest_trial() {
        let launch = Launch { time: Some(ESTIMATED.into()), trials_per_job: 3, ..Launch::default() };
        assert_eq!(with_time(&launch, Some(100.0)).time.as_deref(), Some("11"), "600 s, and a minute");
        let before = with_time(&launch, None);
        assert!(!options(&before).iter().chain(&options(&launch)).any(|option| option.contains("time")));
        let given = Launch { time: Some("5".into()), ..Launch::default() };
        assert_eq!(with_time(&given, Some(100.0)), given);
    }

    #[test]
    fn each_refusal_has_its_remedy() {
        for (words, part) in [
            ("Batch job submission failed: Invalid partition name specified", "`sinfo`"),
            (
                "Batch job submission failed: Invalid account or account/partition combination",
                "launch.account",
            ),
            ("Batch job submission failed: User's group not permitted to use this partition", "may use"),
            (
                "AssocMaxSubmitJobLimit; Batch job submission failed: Job violates accounting/QOS policy (job submit \
                 limit, user's size and/or time limits)",
                "at_most_queued",
            ),
            ("Invalid time limit specification", "[launch]"),
            ("Batch job submission failed: Unable to contact slurm controller (connect failure)", "later"),
        ] {
            assert!(remedy(words).contains(part), "{words}: {}", remedy(words));
        }
        for words in [
            "Batch job submission failed: Unable to contact slurm controller (connect failure)",
            "resolve_ctls_from_dns_srv: res_nsearch error: Unknown host; fatal: Could not establish a configuration source",
            "Munge encode failed: Failed to access \"/run/munge/munge.socket.2\": No such file or directory",
        ] {
            let told = StudyError::Refused { words: words.to_owned() }.to_string();
            assert!(told.starts_with("slurmctld, the controller of Slurm, cannot be reached"), "{told}");
            assert!(
                told.contains(words) && told.contains("`scontrol ping`") && !told.contains("correct"),
                "{told}"
            );
        }
    }
}
