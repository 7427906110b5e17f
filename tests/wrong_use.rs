//! Wrong use gets one clear message, exit code 2, and leaves nothing behind.

use crate::support::{TINY, Workspace, assert_says, on_a_small_disk, pumps, said, without_privileges};

/// The message for a command line that must be refused before anything is made.
fn refused(line: &str) -> String {
    let here = Workspace::new();
    let message = here.refuse(line);
    assert!(!here.path("runs").exists(), "slimgate {line} left a folder behind");
    message
}

#[test]
fn an_unknown_variant() {
    assert_says(&refused("train --variant lsmt1"), &["lsmt1", "did you mean `lstm1`?"]);
}

#[test]
fn an_unknown_data_set() {
    assert_says(&refused("train --dataset digit-rows"), &["digit-rows", "digits-rows"]);
}

#[test]
fn an_unknown_key() {
    assert_says(
        &refused("train --set optim.lerning_rate=1"),
        &["optim.lerning_rate", "did you mean `optim.learning_rate`?"],
    );
    assert_says(&refused("train --set learning_rate=1"), &["did you mean `optim.learning_rate`?"]);
    assert_says(&refused("train --set optim.lr=1"), &["did you mean `optim.learning_rate`?"]);
    assert_says(&refused("train --set optim.clip"), &["--set optim.clip", "section.key=value"]);
}

#[test]
fn an_unknown_backend() {
    assert_says(
        &refused("train --backend wgp"),
        &["run.backend", "did you mean `wgpu`?", "flex, ndarray, wgpu, cuda"],
    );
}

#[test]
fn an_unknown_schedule_or_optimizer() {
    assert_says(&refused("train --schedule cosin"), &["optim.schedule", "did you mean `cosine`?"]);
    assert_says(&refused("train --optimizer adan"), &["optim.optimizer", "did you mean `adam`?"]);
}

#[test]
fn a_device_that_is_not_there() {
    assert_says(
        &refused("train --device 7"),
        &["has 1 device on this machine", "device 7", "slimgate devices"],
    );
}

#[test]
fn gate_terms_that_cannot_be_parsed() {
    assert_says(
        &refused("train --gates i=xhq,f=hb,o=b"),
        &["`q` is not a gate term", "  i=xhq,f=hb,o=b\n      ^"],
    );
    assert_says(&refused("train --gates i=xhb,f=hb"), &["gate `o` is missing"]);
}

#[test]
fn two_cells_at_once() {
    assert_says(&refused("train --gates hb --variant lstm"), &["--gates", "--variant"]);
}

#[test]
fn sizes_and_rates_that_cannot_be() {
    for (flag, key) in [
        ("--hidden 0", "model.hidden"),
        ("--hidden -5", "`model.hidden = -5` cannot be used: must be a whole number from 1"),
        ("--epochs x", "`optim.epochs = x` cannot be used: must be a whole number from 1"),
        ("--seed -1", "`run.seed = -1` cannot be used: must be a whole number from 0"),
        ("--threads -1", "`run.threads = -1` cannot be used: must be a whole number from 0"),
        ("--device -1", "`run.device = -1` cannot be used: must be a whole number from 0"),
        ("--layers 0", "model.layers"),
        ("--epochs 0", "optim.epochs"),
        ("--batch-size 0", "optim.batch_size"),
        ("--batch-size -1", "batch_size"),
        ("--learning-rate 0", "optim.learning_rate"),
        ("--learning-rate -0.1", "optim.learning_rate"),
        ("--set data.validation_fraction=1.5", "data.validation_fraction"),
        ("--set data.train_limit=0", "data.train_limit"),
    ] {
        assert_says(&refused(&format!("train {flag}")), &[key]);
    }
    assert_says(&refused("train --hidden many"), &["hidden"]);
}

#[test]
fn a_configuration_that_is_not_toml() {
    let here = Workspace::new();
    here.write("run.toml", "[model]\nhidden = = 5\n");
    assert_says(&here.refuse("train run.toml"), &["run.toml", "line 2"]);
    assert_says(&here.refuse("train nowhere.toml"), &["nowhere.toml"]);
    assert!(!here.path("runs").exists());
}

#[test]
fn a_folder_that_is_not_a_run() {
    let here = Workspace::new();
    for line in ["evaluate .", "evaluate nowhere", "predict . --input x.png", "train --resume ."] {
        assert_says(&here.refuse(line), &["is not a run folder"]);
    }
}

#[test]
fn a_study_in_place_of_a_run() {
    let here = Workspace::new();
    std::fs::create_dir(here.path("study")).unwrap();
    here.write("study/study.toml", "");
    for line in ["evaluate study", "time study", "predict study --input x.png", "train --resume study"] {
        assert_says(&here.refuse(line), &["study is a study, not a run", "study/trials/"]);
    }
}

#[test]
fn a_report_of_nothing() {
    let here = Workspace::new();
    for line in ["report nowhere", "report ."] {
        assert_says(
            &here.refuse(line),
            &["is neither a study (no study.toml) nor a run (no config.toml)", "`slimgate train`"],
        );
    }
}

#[test]
fn a_name_that_is_taken() {
    let here = Workspace::new();
    here.succeed(&format!("train {TINY} --name one"));
    assert_says(
        &here.refuse(&format!("train {TINY} --name one")),
        &["runs/one already exists", "--resume runs/one"],
    );
}

#[test]
fn a_checkpoint_that_is_missing_truncated_or_foreign() {
    let here = Workspace::new();
    here.succeed(&format!("train {TINY} --name one"));
    here.succeed(&format!("train {TINY} --name two --seed 2"));
    let file = "runs/one/checkpoint/model-2.bpk";
    let evaluate = "evaluate runs/one --weights last";

    std::fs::copy(here.path("runs/two/checkpoint/model-2.bpk"), here.path(file)).unwrap();
    assert_says(&here.refuse(evaluate), &[file, "not what was saved"]);
    here.write(file, "short");
    assert_says(&here.refuse(evaluate), &[file, "not what was saved"]);
    std::fs::remove_file(here.path(file)).unwrap();
    assert_says(&here.refuse(evaluate), &[file, "missing"]);
    assert_says(&here.refuse("evaluate runs/one --weights 9"), &["epoch 9", "it holds 1, 2"]);
}

#[test]
fn a_file_of_a_run_that_is_damaged_is_named() {
    let here = Workspace::new();
    here.succeed(&format!("train {TINY} --name one"));
    for file in ["config.toml", "preprocessing.json", "manifest.json", "metrics.jsonl"] {
        let path = format!("runs/one/{file}");
        let whole = here.read(&path);
        for damaged in [&b"{ half"[..], b"\xff\xfe\x00"] {
            here.write(&path, damaged);
            for line in ["evaluate runs/one", "train --no-tui --resume runs/one --epochs 3"] {
                assert_says(&here.refuse(line), &[&path]);
            }
        }
        here.write(&path, whole);
    }
    here.succeed("evaluate runs/one");
}

#[test]
fn a_checkpoint_of_another_shape() {
    let here = Workspace::new();
    here.succeed(&format!("train {TINY} --name one"));
    here.forget_what_it_was_begun_with("runs/one");
    let config = here.read("runs/one/config.toml").replace("hidden = 6", "hidden = 7");
    here.write("runs/one/config.toml", config);
    for line in ["evaluate runs/one --weights last", "train --no-tui --resume runs/one"] {
        assert_says(&here.refuse(line), &["model-2.bpk", "another model"]);
    }
}

#[test]
fn a_run_without_a_checkpoint() {
    let here = Workspace::new();
    here.succeed(&format!("train {TINY} --name one"));
    here.write("runs/one/manifest.json", "{\"epochs\": []}");
    here.write("runs/one/metrics.jsonl", "");
    assert_says(&here.refuse("evaluate runs/one"), &["no complete checkpoint", "--resume runs/one"]);
}

#[test]
fn a_run_that_lost_its_manifest_keeps_its_checkpoints() {
    let here = Workspace::new();
    here.succeed(&format!("train {TINY} --name one --epochs 1"));
    let manifest = here.path("runs/one/manifest.json");
    std::fs::rename(&manifest, here.path("manifest.json")).unwrap();
    assert_says(
        &here.refuse("train --resume runs/one"),
        &["manifest.json is not usable: the file is missing"],
    );
    std::fs::rename(here.path("manifest.json"), &manifest).unwrap();
    here.succeed("evaluate runs/one");
}

#[test]
fn two_cells_in_a_flag_and_a_setting() {
    for line in ["train --variant lstm1 --set model.gates=b", "train --gates b --set model.variant=lstm"] {
        assert_says(&refused(line), &["`model.variant` and `model.gates`"]);
    }
}

#[test]
fn numbers_that_no_machine_can_hold() {
    for (setting, most) in [
        ("model.hidden=9000000000000", "16384"),
        ("model.embedding=9223372036854775807", "16384"),
        ("model.layers=100000", "64"),
        ("run.threads=999999", "1024"),
        ("data.max_length=9223372036854775807", "100000"),
    ] {
        assert_says(&refused(&format!("train --set {setting}")), &[setting.split('=').next().unwrap(), most]);
    }
}

#[test]
fn a_study_that_is_given_to_train() {
    let here = Workspace::new();
    here.write("study.toml", "[grid]\noptim.learning_rate = [1e-3, 1e-2]\n");
    assert_says(&here.refuse("train study.toml"), &["[grid]", "slimgate compare"]);
}

#[test]
fn a_run_in_place_of_a_configuration() {
    let here = Workspace::new();
    here.succeed(&format!("train {TINY} --name one"));
    assert_says(&here.refuse("train runs/one"), &["--resume runs/one"]);
}

#[test]
fn a_configuration_that_is_not_utf_8() {
    let here = Workspace::new();
    here.write("run.toml", b"# \xff\n");
    assert_says(&here.refuse("train run.toml"), &["run.toml", "save the file as UTF-8"]);
}

/// A path that is not UTF-8 has only an approximate JSON form.
#[test]
#[cfg(target_os = "linux")]
fn a_folder_whose_name_is_not_utf_8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let here = Workspace::new();
    here.succeed(&format!("train {TINY} --name one"));
    let run = OsStr::from_bytes(b"run-\xff");
    std::fs::rename(here.path("runs/one"), here.path(".").join(run)).unwrap();
    for line in ["train --json --resume", "report --json"] {
        let said = said(here.command(line).arg(run).output().unwrap());
        assert_eq!(said.code, Some(0), "slimgate {line}\n{}", said.err);
        assert_says(&said.out, &["run-\u{fffd}"]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn nobody_can_be_told() {
    assert_eq!(Workspace::new().shell("evaluate nowhere 2>/dev/full").code, Some(2));
}

#[test]
fn a_folder_that_cannot_be_written() {
    let here = Workspace::new();
    here.write("file.txt", "not a folder");
    // Below a file, because a test that runs as root may write to every folder.
    for out in ["file.txt", "file.txt/runs"] {
        assert_says(
            &here.refuse(&format!("train {TINY} --out {out}")),
            &[out, "another folder with `--out`"],
        );
    }
    #[cfg(target_os = "linux")]
    assert_says(&here.refuse(&format!("train {TINY} --out /proc/runs")), &["/proc/runs"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_fills_up() {
    let said = on_a_small_disk(
        &Workspace::new(),
        "140k",
        &format!(
            "$slimgate train {TINY} --hidden 60 --name one; echo \"first ended with $?\"
             mount -o remount,size=10m . && $slimgate train --resume runs/one --no-tui
             echo \"second ended with $?\"; grep status runs/one/summary.json"
        ),
    );
    assert_says(&said.out, &["first ended with 2", "second ended with 0", "\"status\": \"complete\""]);
    assert_says(&said.err, &["runs/one", "free some space", "--resume"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full_before_there_is_a_run() {
    let script = format!("$slimgate train {TINY} --name one; echo \"ended with $?\"; ls -A runs");
    let said = on_a_small_disk(&Workspace::new(), "4k", &script);
    assert_eq!(said.out, "ended with 2\n");
    let message = "error: cannot create a run in runs: No space left on device (os error 28); \
                   free some space, or choose another folder with `--out`\n";
    assert_eq!(said.err, message);
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_may_not_be_read_is_not_called_empty() {
    let here = Workspace::new();
    here.succeed(&format!("train {TINY} --name one"));
    let said = without_privileges(
        &here,
        "chmod 000 runs/one
         for command in evaluate time report 'train --resume' 'predict --input x.csv' compare; do
             $slimgate $command runs/one; echo \"ended with $?\"
         done
         chmod 700 runs/one",
    );
    assert_eq!(said.out, "ended with 2\n".repeat(6), "{}", said.err);
    let told = said.err.lines().filter(|line| {
        line.starts_with("error: cannot read runs/one/")
            && line.ends_with("get permission to read and write there")
    });
    assert_eq!(told.count(), 6, "{}", said.err);
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_may_not_be_written_to_is_named_without_what_is_temporary_in_it() {
    let here = Workspace::new();
    here.succeed(&format!("train {TINY} --name one"));
    let said = without_privileges(
        &here,
        &format!(
            "chmod 500 runs; $slimgate train {TINY} --name two; echo \"ended with $?\"; chmod 700 runs
             chmod 500 runs/one; $slimgate train --resume runs/one --epochs 3; echo \"ended with $?\"
             chmod 700 runs/one"
        ),
    );
    assert_eq!(said.out, "ended with 2\n".repeat(2), "{}", said.err);
    assert_says(&said.err, &["cannot create a run in runs: Permission denied", "cannot write runs/one/"]);
    assert!(!said.err.contains("/.unfinished-") && !said.err.contains("/.tmp"), "{}", said.err);
}

#[test]
#[cfg(target_os = "linux")]
fn data_and_settings_that_may_not_be_read_are_not_called_missing() {
    let here = Workspace::new();
    pumps(&here);
    here.write("run.toml", "");
    let said = without_privileges(
        &here,
        "chmod 000 pumps run.toml; $slimgate train --dataset ./pumps; $slimgate train run.toml; chmod 700 pumps",
    );
    let told = [
        "cannot read ./pumps: Permission denied",
        "cannot read run.toml: Permission denied",
        "permission to read",
    ];
    assert_says(&said.err, &told);
    assert!(!said.err.contains("has no train.csv"), "{}", said.err);
}

#[test]
#[cfg(target_os = "linux")]
fn a_result_that_cannot_be_recorded_is_told_with_a_warning() {
    let here = Workspace::new();
    here.succeed(&format!("train {TINY} --name one"));
    let said = without_privileges(
        &here,
        "chmod a-w runs/one
         $slimgate evaluate runs/one; echo \"ended with $?\"; $slimgate time runs/one; echo \"ended with $?\"
         chmod u+w runs/one; ls runs/one",
    );
    assert_says(&said.out, &["test set: accuracy", "ended with 0", "training step"]);
    assert_eq!(said.out.matches("ended with 0").count(), 2, "{}", said.err);
    assert!(!said.out.contains("evaluation.json") && !said.out.contains("timing.json"), "{}", said.out);
    for file in ["outcomes.csv", "timing.json"] {
        let told =
            format!("warning: the result was not recorded: cannot write runs/one/{file}: Permission denied");
        assert_says(&said.err, &[&told]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_checkpoint_that_may_not_be_written_does_not_ask_for_space() {
    let here = Workspace::new();
    here.succeed(&format!("train {TINY} --name one"));
    let said = without_privileges(
        &here,
        "chmod a-w runs/one/checkpoint
         $slimgate train --no-tui --resume runs/one --epochs 3; echo \"ended with $?\"
         chmod u+w runs/one/checkpoint; $slimgate train --no-tui --resume runs/one --epochs 3",
    );
    assert_says(&said.out, &["ended with 2", "epoch   3/3"]);
    assert_says(&said.err, &["Permission denied", "get the permission to write there", "--resume runs/one"]);
    assert!(!said.err.contains("free some space"), "{}", said.err);
}
