//! Equal runs write identical checkpoint files, and those of earlier versions can be read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::support::{Workspace, repository};

/// Two layers in both directions behind an embedding: every kind of parameter.
const RUN: &str = "train --no-tui --dataset movie-snippets --hidden 3 --threads 1 --set data.train_limit=120 \
                   --set model.embedding=2 --set model.layers=2 --set model.bidirectional=true \
                   --gates i=xhb,f=xdb,o=b --schedule exp-loss --learning-rate 1e-3";

/// The files of a run's checkpoints, by name.
fn checkpoints(here: &Workspace, run: &str) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(here.path(run).join("checkpoint")).unwrap().map(Result::unwrap);
    files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect()
}

#[test]
fn equal_runs_have_equal_files_resumed_or_not() {
    let here = Workspace::new();
    for optimizer in ["adam", "rmsprop --set optim.momentum=0.5", "sgd", "adamw"] {
        let word = optimizer.split(' ').next().unwrap();
        let run = format!("{RUN} --optimizer {optimizer}");
        here.succeed(&format!("{run} --epochs 3 --name {word}"));
        here.succeed(&format!("{run} --epochs 3 --out others --name {word}"));
        assert_eq!(here.run(&format!("{run} --epochs 3 --name {word}-cut --stop-after 1")).code, Some(130));
        here.succeed(&format!("train --no-tui --resume runs/{word}-cut"));

        let files = checkpoints(&here, &format!("runs/{word}"));
        assert!(files.len() >= 6, "{:?}", files.keys());
        for other in [format!("others/{word}"), format!("runs/{word}-cut")] {
            let others = checkpoints(&here, &other);
            assert!(files.keys().eq(others.keys()), "{:?} {:?}", files.keys(), others.keys());
            for (name, content) in &files {
                assert!(*content == others[name], "{other}: {name}");
            }
        }
    }
}

/// A copy of a run that an earlier version recorded, as `runs/old`.
pub fn recorded(here: &Workspace, name: &str) {
    let from = repository("tests/recorded").join(name);
    for folder in ["", "checkpoint"] {
        fs::create_dir_all(here.path("runs/old").join(folder)).unwrap();
        for file in fs::read_dir(from.join(folder)).unwrap().map(Result::unwrap) {
            if file.file_type().unwrap().is_file() {
                fs::copy(file.path(), here.path("runs/old").join(folder).join(file.file_name())).unwrap();
            }
        }
    }
}

#[test]
fn a_run_of_an_earlier_version_goes_on_with_its_own_ids() {
    let here = Workspace::new();
    recorded(&here, "words-0.1");
    let before = checkpoints(&here, "runs/old");
    here.succeed("train --no-tui --resume runs/old --epochs 4");
    here.succeed("evaluate runs/old");

    // Up to the rounding of another instruction set, it ends like a run started now.
    here.succeed("train --no-tui runs/old/config.toml --epochs 4 --name new");
    let (old, new) = (here.metrics("runs/old"), here.metrics("runs/new"));
    assert_eq!((old.len(), new.len()), (8, 8));
    for (old, new) in old.iter().zip(&new) {
        let [old, new] = [old, new].map(|line| line["loss"].as_f64().unwrap());
        assert!((old - new).abs() < 1e-4, "{old} {new}");
    }
    // Its parameters keep the ids by which the optimizer finds their state.
    let after = checkpoints(&here, "runs/old");
    assert!(!ids(&before["optim-2.bpk"]).is_empty());
    assert_eq!(ids(&before["optim-2.bpk"]), ids(&after["optim-4.bpk"]));
    // That version wrote the name of a field before those of the model's parameters; now the record is the model's own.
    let prefixed = |file: &[u8]| String::from_utf8_lossy(file).contains("classifier.");
    for name in ["model", "optim"] {
        assert!(prefixed(&before[&format!("{name}-2.bpk")]) && !prefixed(&after[&format!("{name}-4.bpk")]));
    }
}

/// The ids in an optimizer's checkpoint: numbers, each followed by a dot and the name of a part of the parameter's
/// state.
fn ids(optimizer: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(optimizer);
    let numbers = text
        .split('.')
        .map(|before| before.rsplit(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default());
    numbers.filter(|number| number.len() > 12).map(str::to_owned).collect()
}
