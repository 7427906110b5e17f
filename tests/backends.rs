//! Other backends compute what the default one does, and one that the build lacks is refused.

use crate::support::{Workspace, assert_says};

const RUN: &str = "train --no-tui --dataset japanese-vowels --hidden 4 --epochs 1 --batch-size 16 --set data.train_limit=32";

/// The losses of the last epoch, which must be `epoch`, on the training and the validation set.
#[cfg(any(feature = "ndarray", feature = "wgpu"))]
fn losses(here: &Workspace, name: &str, epoch: usize) -> [f64; 2] {
    let metrics = here.metrics(&format!("runs/{name}"));
    assert_eq!(metrics.len(), 2 * epoch);
    [2, 1].map(|from_the_end| metrics[2 * epoch - from_the_end]["loss"].as_f64().unwrap())
}

#[cfg(any(feature = "ndarray", feature = "wgpu"))]
fn assert_near(a: [f64; 2], b: [f64; 2]) {
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4), "{a:?} is not {b:?}");
}

#[test]
fn a_backend_that_this_build_lacks_is_refused_before_anything_is_written() {
    for (backend, built) in [("wgpu", cfg!(feature = "wgpu")), ("cuda", cfg!(feature = "cuda"))] {
        if built {
            continue;
        }
        let here = Workspace::new();
        let command = format!("cargo build --release --features {backend}");
        here.succeed(&format!("{RUN} --name one"));
        for refused in [
            format!("train --dataset japanese-vowels --backend {backend}"),
            format!("compare --dataset japanese-vowels --set run.backend={backend}"),
            format!("evaluate runs/one --backend {backend}"),
        ] {
            assert_says(&here.refuse(&refused), &["is not in this build", &command]);
        }
        assert!(!here.path("studies").exists());
        assert_eq!(std::fs::read_dir(here.path("runs")).unwrap().count(), 1);
    }
}

#[test]
#[cfg(feature = "ndarray")]
fn ndarray_learns_what_flex_learns() {
    let here = Workspace::new();
    for backend in ["flex", "ndarray"] {
        here.succeed(&format!("{RUN} --backend {backend} --name {backend}"));
    }
    assert_near(losses(&here, "ndarray", 1), losses(&here, "flex", 1));
}

/// Other backends round differently.
#[test]
#[cfg(feature = "ndarray")]
fn another_backend_scores_as_the_own_does_but_is_not_recorded() {
    let here = Workspace::new();
    here.succeed(&format!("{RUN} --name one"));
    let said = here.run("evaluate runs/one --backend ndarray");
    assert!(said.code == Some(0) && said.err.contains("not recorded"), "{}", said.err);
    assert!(!here.path("runs/one/evaluation.json").exists());
    assert_eq!(said.out, here.succeed("evaluate runs/one"));
}

/// On a GPU, or on a software driver such as Mesa's; its first launches take up to a minute and a half.
#[test]
#[cfg(feature = "wgpu")]
fn wgpu_learns_what_flex_learns_and_resumes() {
    let here = Workspace::new();
    for backend in ["flex", "wgpu"] {
        here.succeed(&format!("{RUN} --backend {backend} --name {backend}"));
    }
    assert_near(losses(&here, "wgpu", 1), losses(&here, "flex", 1));
    here.succeed("train --no-tui --resume runs/wgpu --epochs 2");
    here.succeed("train --no-tui --resume runs/flex --epochs 2");
    assert_near(losses(&here, "wgpu", 2), losses(&here, "flex", 2));
}
