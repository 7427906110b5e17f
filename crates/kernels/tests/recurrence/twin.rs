//! The operation matches its plain twin: outputs, states and all gradients.

use crate::case::{CELLS, Case};
use burn::tensor::Device;
use proptest::prelude::*;
use slimgate_gates::{Cell, GateActivation};
use slimgate_kernels::{plain, recurrence};

/// The two sum in different orders; for five steps of sums of a dozen products that leaves about 1e-6.
const TOLERANCE: f32 = 2e-5;

fn same(case: &Case, what: &str) {
    case.run(recurrence).assert_near(&case.run(plain::recurrence), TOLERANCE, what);
}

/// A way of running a batch through a cell.
#[derive(Clone, Debug)]
struct Options {
    reverse: bool,
    lengths: Option<Vec<usize>>,
    clip: Option<f32>,
    gate_activation: GateActivation,
    drops: bool,
}

impl Options {
    fn all() -> impl Iterator<Item = Options> {
        (0..32).map(|index| {
            let bit = |place: u32| index >> place & 1 == 1;
            Options {
                reverse: bit(0),
                lengths: bit(1).then(|| vec![1, 5, 3]),
                clip: bit(2).then_some(0.3),
                gate_activation: if bit(3) { GateActivation::HardSigmoid } else { GateActivation::Logistic },
                drops: bit(4),
            }
        })
    }

    /// A case of `cell` with these options; its weights are large enough that hard gates saturate.
    fn of(&self, cell: &str, device: &Device) -> Case {
        let hard = self.gate_activation == GateActivation::HardSigmoid;
        let case = Case::random(cell, if hard { 2.5 } else { 1.0 }, device);
        let mut case = if self.drops { case.with_dropout() } else { case };
        case.spec.reverse = self.reverse;
        case.lengths = self.lengths.clone();
        case.spec.clip = self.clip;
        case.spec.gate_activation = self.gate_activation;
        case
    }
}

#[test]
fn for_every_cell_and_all_options() {
    for cell in CELLS {
        for options in Options::all() {
            same(&options.of(cell, &Device::flex()), &format!("{cell}, {options:?}"));
        }
    }
}

#[test]
fn with_a_clipped_cell_state() {
    for cell in CELLS {
        let mut case = Case::random(cell, 1.0, &Device::flex());
        let free = case.run(recurrence).cell;
        case.spec.clip = Some(0.3);
        assert_ne!(case.run(recurrence).cell, free, "{cell}: nothing was clipped");
        same(&case, cell);
    }
}

#[test]
fn with_hard_sigmoid_gates_that_saturate() {
    for cell in CELLS {
        let mut case = Case::random(cell, 4.0, &Device::flex());
        case.spec.gate_activation = GateActivation::HardSigmoid;
        same(&case, cell);
    }
}

#[test]
#[cfg(feature = "ndarray")]
#[allow(deprecated)] // Burn deprecates `ndarray`; this release still has it.
fn on_the_ndarray_backend() {
    for cell in ["xhb", "hb", "h", "b", "i=db,f=xd,o=-,c=xb"] {
        for options in Options::all().step_by(5) {
            same(&options.of(cell, &Device::ndarray()), &format!("{cell}, {options:?}"));
        }
    }
}

const GATES: [&str; 14] = ["xhb", "xh", "xb", "hb", "x", "h", "b", "-", "xdb", "xd", "db", "d", "0", "0.7"];
const CANDIDATES: [&str; 12] = ["xhb", "xh", "xb", "hb", "x", "h", "b", "-", "xdb", "xd", "db", "d"];

/// Any cell that reads its input somewhere.
pub fn any_cell() -> impl Strategy<Value = String> {
    let gates = prop::array::uniform3(prop::sample::select(GATES.to_vec()));
    (gates, prop::sample::select(CANDIDATES.to_vec()))
        .prop_map(|([i, f, o], c)| format!("i={i},f={f},o={o},c={c}"))
        .prop_filter("a cell reads its input", |form| form.parse::<Cell>().is_ok())
}

fn any_options() -> impl Strategy<Value = Options> {
    let lengths = prop::option::of(prop::collection::vec(0..=5usize, 3));
    (prop::sample::select(Options::all().collect::<Vec<_>>()), lengths)
        .prop_map(|(options, lengths)| Options { lengths, ..options })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn for_any_cell_and_any_options(cell in any_cell(), options in any_options()) {
        same(&options.of(&cell, &Device::flex()), &format!("{cell}, {options:?}"));
    }
}
