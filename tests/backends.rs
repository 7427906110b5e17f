//! Another backend computes what the default one does.

use crate::support::Workspace;

const RUN: &str = "train --no-tui --dataset japanese-vowels --hidden 4 --epochs 1 --batch-size 16 --set data.train_limit=32";

/// The losses of the last epoch, which is this one, on the training and the validation set.
fn losses(here: &Workspace, name: &str, epoch: usize) -> [f64; 2] {
    let metrics = here.metrics(&format!("runs/{name}"));
    assert_eq!(metrics.len(), 2 * epoch);
    [2, 1].map(|from_the_end| metrics[2 * epoch - from_the_end]["loss"].as_f64().unwrap())
}

fn assert_near(a: [f64; 2], b: [f64; 2]) {
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4), "{a:?} is not {b:?}");
}

#[test]
fn ndarray_learns_what_flex_learns() {
    let here = Workspace::new();
    for backend in ["flex", "ndarray"] {
        here.succeed(&format!("{RUN} --backend {backend} --name {backend}"));
    }
    assert_near(losses(&here, "ndarray", 1), losses(&here, "flex", 1));
}

/// On a GPU, or on a software driver such as Mesa's; its first launches take up to a minute and a half.
#[test]
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
