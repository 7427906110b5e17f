//! A Slurm that is made up, for machines without one: programs of its names, written in shell.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::study::{results, small, trials};
use crate::support::{Workspace, said};

/// Makes programs of these names, with these scripts; returns a search path on which they come first.
pub fn made_up(here: &Workspace, programs: &[(&str, &str)]) -> String {
    fs::create_dir(here.path("bin")).unwrap();
    for (name, script) in programs {
        let path = here.write(&format!("bin/{name}"), format!("#!/bin/bash\n{script}\n"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    format!("{}:{}", here.path("bin").display(), std::env::var("PATH").unwrap())
}

/// Runs the elements of an array one after the other, with the state of each in a file.
const SBATCH: &str = r#"
here=$(dirname "$0")
for option in "$@"; do
    case $option in
    --test-only) exit ;;
    --job-name=*) name=$here/${option#*=} ;;
    --array=0-*) last=${option#--array=0-} ;;
    esac
done
cat >"$name.sh"
for index in $(seq 0 "$last"); do echo PENDING >"$name.$index"; done
(
    for index in $(seq 0 "$last"); do
        echo RUNNING >"$name.$index"
        SLURM_ARRAY_TASK_ID=$index bash "$name.sh" && state=COMPLETED || state=FAILED
        echo "$state" >"$name.$index"
    done
) >/dev/null 2>&1 </dev/null &
echo 1
"#;

const SQUEUE: &str = r#"
here=$(dirname "$0")
for option in "$@"; do
    case $option in --name=*) names=${option#--name=} ;; esac
done
for name in ${names//,/ }; do
    for file in "$here/$name".[0-9]*; do echo "$name|${file##*.}|$(cat "$file")|None"; done
done
"#;

#[test]
fn a_study_on_a_made_up_slurm_ends_as_on_this_machine() {
    let here = Workspace::new();
    let path = made_up(&here, &[("sbatch", SBATCH), ("squeue", SQUEUE)]);
    here.write("local.toml", small());
    here.write(
        "slurm.toml",
        small() + "\n[launch]\nlauncher = 'slurm'\ntrials_per_job = 3\nprologue = 'touch begun'\n",
    );
    here.succeed("compare local.toml --out local");
    let mut command = here.command("compare slurm.toml --out slurm");
    let compared = said(command.env("PATH", path).output().unwrap());
    assert_eq!(compared.code, Some(0), "{}\n{}", compared.out, compared.err);
    assert_eq!(trials(&here, "slurm"), trials(&here, "local"));
    assert_eq!(results(&here, "slurm"), results(&here, "local"));
    assert!(here.path("begun").exists(), "the prologue");
    let scripts = fs::read_dir(here.path("bin")).unwrap().flatten();
    let scripts = scripts.filter(|entry| entry.path().extension().is_some_and(|found| found == "sh"));
    let elements: usize =
        scripts.map(|script| fs::read_to_string(script.path()).unwrap().matches(") trials=").count()).sum();
    // Eight trials in three jobs, the chosen ones' further seeds in at most four, and the timing.
    assert!((5..=8).contains(&elements), "{elements} jobs");
}
