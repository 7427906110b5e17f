//! Times training steps and predictions on fixed shapes, on the CPU.
//!
//! `cargo bench --bench steps -- [--work rows] [--cell lstm] [--mode train] [--batch 32] [--seconds 2]
//! [--threads 2]` prints one JSON object a measurement: `ms` is the median of `runs` repeats. A step goes
//! through Burn as in training: tensors in, loss, gradients, Adam.
//! `benches/compare.py` sets it beside PyTorch, JAX and ONNX Runtime.

use std::time::{Duration, Instant};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::{log_sigmoid, log_softmax};
use burn::tensor::{Device, Distribution, Int, Tensor};
use slimgate_gates::variant;
use slimgate_models::{Classifier, ClassifierConfig, Features, InputKind, SlimLstmConfig, StackConfig};

/// Steps, inputs, hidden units and logits of the classifiers that are timed.
const WORKS: [(&str, [usize; 4]); 3] =
    [("rows", [28, 28, 100, 10]), ("pixels", [784, 1, 100, 10]), ("text", [80, 128, 128, 1])];
const CELLS: [&str; 4] = ["lstm", "lstm1", "lstm2", "lstm3"];

fn main() {
    let seconds = flag("--seconds").map_or(2.0, |seconds| seconds.parse().expect("--seconds is a number"));
    let threads = flag("--threads").map_or(0, |threads| threads.parse().expect("--threads is a number"));
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().expect("nobody used it before");
    let wanted = |name: &str, value: &str| flag(name).is_none_or(|wanted| wanted == value);

    for (work, sizes) in WORKS.into_iter().filter(|(work, _)| wanted("--work", work)) {
        for cell in CELLS.into_iter().filter(|cell| wanted("--cell", cell)) {
            for (mode, batch) in [("train", 32), ("train", 128), ("infer", 1), ("infer", 128)] {
                if !wanted("--mode", mode) || !wanted("--batch", &batch.to_string()) {
                    continue;
                }
                let budget = Duration::from_secs_f64(seconds);
                let (ms, runs) = match mode {
                    "train" => median(budget, training_step(cell, sizes, batch)),
                    _ => median(budget, prediction(cell, sizes, batch)),
                };
                println!(
                    r#"{{"peer":"slimgate","cell":"{cell}","work":"{work}","mode":"{mode}","batch":{batch},"ms":{ms:.5},"runs":{runs}}}"#
                );
            }
        }
    }
}

fn flag(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

/// The median time of `work` in milliseconds, and of how many runs.
fn median(budget: Duration, mut work: impl FnMut()) -> (f64, usize) {
    (0..3).for_each(|_| work());
    let (begin, mut times) = (Instant::now(), Vec::new());
    while times.len() < 5 || (begin.elapsed() < budget && times.len() < 2000) {
        let start = Instant::now();
        work();
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], times.len())
}

fn classifier(cell: &str, [_, inputs, hidden, classes]: [usize; 4], device: &Device) -> Classifier {
    let cell = variant(cell).expect("a variant of the table").cell();
    let layer = SlimLstmConfig::new(cell, inputs, hidden);
    let stack = StackConfig { layer, layers: 1, bidirectional: false, dropout: 0.0 };
    ClassifierConfig { input: InputKind::Values, stack, classes }.init(device)
}

fn training_step(cell: &str, sizes: [usize; 4], batch: usize) -> impl FnMut() {
    let [steps, inputs, _, classes] = sizes;
    let device = Device::flex().autodiff();
    let mut model = Some(classifier(cell, sizes, &device));
    let mut adam = AdamConfig::new().init();
    let x = Tensor::<3>::random([batch, steps, inputs], Distribution::Normal(0.0, 1.0), &Device::flex());
    let labels = (0..batch).map(|row| (row % classes.max(2)) as i32).collect::<Vec<_>>();
    let labels = Tensor::<1, Int>::from_ints(labels.as_slice(), &Device::flex());
    move || {
        let (x, labels) = (x.clone().autodiff(), labels.clone().autodiff());
        let before = model.take().expect("each step returns the model");
        let logits = before.forward(Features::Values(x), None);
        let loss = match classes {
            1 => {
                let y: Tensor<2> = labels.float().unsqueeze_dim(1);
                let one: Tensor<2> = y.clone() * log_sigmoid(logits.clone());
                let other: Tensor<2> = y.neg().add_scalar(1.0) * log_sigmoid(logits.neg());
                one.add(other).mean().neg()
            }
            _ => log_softmax(logits, 1).gather(1, labels.unsqueeze_dim(1)).mean().neg(),
        };
        let gradients = GradientsParams::from_grads(loss.backward(), &before);
        model = Some(adam.step(1e-3, before, gradients));
    }
}

fn prediction(cell: &str, sizes: [usize; 4], batch: usize) -> impl FnMut() {
    let [steps, inputs, ..] = sizes;
    let model = classifier(cell, sizes, &Device::flex()).valid();
    let x = Tensor::<3>::random([batch, steps, inputs], Distribution::Normal(0.0, 1.0), &Device::flex());
    move || drop(std::hint::black_box(model.forward(Features::Values(x.clone()), None)).to_data())
}
