//! Times training steps and predictions on fixed shapes, on the CPU, and the kernel alone beside them.
//!
//! `cargo bench --bench steps -- [rows/lstm/train/32 text ..] [--seconds 2] [--threads 2]` prints JSON lines, for all
//! measurements or those whose names begin so: medians of `runs` repeats in milliseconds. `ms` is a step as in
//! training, through Burn: tensors in, loss, gradients, and the optimizer's step, whose part is `optimizer`; or a
//! prediction. `bare` is the kernel's part alone, on slices, and `gflops` its rate; `limit` is the peak rate of a core
//! right after it, in GFLOP/s, and `share` the rate as a share of that of all cores it could use. The work `words` is
//! `text` behind an embedding of 20,000 words.
//!
//! `-- --checks` measures Slimgate against itself instead. `benches/compare.py` compares it with PyTorch, JAX and ONNX
//! Runtime. `SLIMGATE_SIMD=avx2` or `portable` asks for less than the machine has.

mod bare;
mod checks;
mod limit;

use std::time::{Duration, Instant};

/// The same allocator as in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::activation::{log_sigmoid, log_softmax};
use burn::tensor::{Device, Distribution, Int, Tensor};
use slimgate_gates::{EmbeddingInitializer, variant};
use slimgate_models::{Features, InputKind, Network, NetworkConfig, Readout, SlimLstmConfig, StackConfig};
use slimgate_run::{Backend, OptimConfig};

/// The workload: a recurrent layer and a linear head.
#[derive(Clone, Copy)]
struct Shape {
    work: &'static str,
    steps: usize,
    inputs: usize,
    hidden: usize,
    logits: usize,
    /// Vocabulary size of an embedding before it, if any.
    words: Option<usize>,
}

const SHAPES: [Shape; 4] = [
    Shape { work: "rows", steps: 28, inputs: 28, hidden: 100, logits: 10, words: None },
    Shape { work: "pixels", steps: 784, inputs: 1, hidden: 100, logits: 10, words: None },
    Shape { work: "text", steps: 80, inputs: 128, hidden: 128, logits: 1, words: None },
    Shape { work: "words", steps: 80, inputs: 128, hidden: 128, logits: 1, words: Some(20_000) },
];
const CELLS: [&str; 4] = ["lstm", "lstm1", "lstm2", "lstm3"];

fn main() {
    let seconds = flag("--seconds").map_or(2.0, |seconds| seconds.parse().expect("--seconds is a number"));
    let budget = Duration::from_secs_f64(seconds);
    let threads = flag("--threads").map_or(0, |threads| threads.parse().expect("--threads is a number"));
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().expect("nobody used it before");
    if std::env::args().any(|argument| argument == "--checks") {
        return checks::run(budget);
    }

    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| SHAPES.iter().any(|shape| argument.starts_with(shape.work)))
        .collect();
    for shape in SHAPES {
        for cell in CELLS {
            for (mode, batch) in [("train", 32), ("train", 128), ("infer", 1), ("infer", 128)] {
                let (work, trains) = (shape.work, mode == "train");
                let name = format!("{work}/{cell}/{mode}/{batch}/");
                if !wanted.is_empty() && !wanted.iter().any(|wanted| name.starts_with(&format!("{wanted}/")))
                {
                    continue;
                }
                let Times { ms, part, runs } = match trains {
                    true => median(budget, training_step(cell, shape, batch)),
                    false => median(budget, prediction(cell, shape, batch)),
                };
                let bare = median(budget, bare::call(cell, shape, batch, trains)).ms;
                // The kernel's shares of the batch have 16 rows.
                let cores = rayon::current_num_threads().min(batch.div_ceil(16));
                let limit = limit::gflops(cores);
                let gflops = bare::operations(cell, shape, batch, trains) / bare / 1e6;
                let share = gflops / (limit * cores as f64);
                println!(
                    r#"{{"cell":"{cell}","work":"{work}","mode":"{mode}","batch":{batch},"ms":{ms:.5},"runs":{runs},"optimizer":{part:.5},"bare":{bare:.5},"gflops":{gflops:.1},"limit":{limit:.1},"share":{share:.3}}}"#
                );
            }
        }
    }
}

fn flag(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

/// Medians in milliseconds.
struct Times {
    ms: f64,
    /// Of the duration that the work reports for a part of itself.
    part: f64,
    runs: usize,
}

/// Times `work`, which returns the duration of a part of it, after three warm-up calls.
fn median(budget: Duration, mut work: impl FnMut() -> Duration) -> Times {
    for _ in 0..3 {
        work();
    }
    let (begin, mut times, mut parts) = (Instant::now(), Vec::new(), Vec::new());
    while times.len() < 5 || (begin.elapsed() < budget && times.len() < 2000) {
        let start = Instant::now();
        parts.push(work().as_secs_f64() * 1e3);
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let runs = times.len();
    Times { ms: middle(times), part: middle(parts), runs }
}

fn middle(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn classifier(cell: &str, shape: Shape, device: &Device) -> Network {
    let layer = SlimLstmConfig::new(variant(cell).expect("a name").cell(), shape.inputs, shape.hidden);
    let stack = StackConfig { layer, layers: 1, bidirectional: false, dropout: 0.0 };
    let input = match shape.words {
        Some(vocabulary) => InputKind::Tokens { vocabulary },
        None => InputKind::Values,
    };
    NetworkConfig {
        input,
        embedding_initializer: EmbeddingInitializer::Normal,
        embedding_dropout: 0.0,
        stack,
        readout: Readout::Last,
        outputs: shape.logits,
    }
    .init(device)
}

fn features(shape: Shape, batch: usize) -> Features {
    let device = Device::flex();
    match shape.words {
        Some(words) => {
            let words = Distribution::Uniform(0.0, words as f64);
            Features::Tokens(Tensor::<2>::random([batch, shape.steps], words, &device).int())
        }
        None => {
            let sizes = [batch, shape.steps, shape.inputs];
            Features::Values(Tensor::random(sizes, Distribution::Normal(0.0, 1.0), &device))
        }
    }
}

/// A step with the optimizer that `slimgate train` uses; returns the optimizer's part.
fn training_step(cell: &str, shape: Shape, batch: usize) -> impl FnMut() -> Duration {
    let mut model = Some(classifier(cell, shape, &Device::flex().autodiff()));
    let mut optimizer = slimgate_train::optimizer(&OptimConfig::default(), Backend::Flex);
    let features = features(shape, batch);
    let labels = (0..batch).map(|row| (row % shape.logits.max(2)) as i32).collect::<Vec<_>>();
    let labels = Tensor::<1, Int>::from_ints(labels.as_slice(), &Device::flex());
    move || {
        let labels = labels.clone().autodiff();
        let features = match features.clone() {
            Features::Values(values) => Features::Values(values.autodiff()),
            Features::Tokens(tokens) => Features::Tokens(tokens.autodiff()),
        };
        let before = model.take().expect("each step returns the model");
        let logits = before.forward(features, None);
        let loss = match shape.logits {
            1 => {
                let y: Tensor<2> = labels.float().unsqueeze_dim(1);
                let one: Tensor<2> = y.clone() * log_sigmoid(logits.clone());
                let other: Tensor<2> = y.neg().add_scalar(1.0) * log_sigmoid(logits.neg());
                one.add(other).mean().neg()
            }
            _ => log_softmax(logits, 1).gather(1, labels.unsqueeze_dim(1)).mean().neg(),
        };
        let gradients = GradientsParams::from_grads(loss.backward(), &before);
        let start = Instant::now();
        model = Some(optimizer.step(1e-3, before, gradients));
        start.elapsed()
    }
}

fn prediction(cell: &str, shape: Shape, batch: usize) -> impl FnMut() -> Duration {
    let model = classifier(cell, shape, &Device::flex()).valid();
    let features = features(shape, batch);
    move || {
        drop(std::hint::black_box(model.forward(features.clone(), None)).to_data());
        Duration::ZERO
    }
}
