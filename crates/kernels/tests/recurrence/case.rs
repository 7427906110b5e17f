//! A recurrence with random weights, states and sequences, and its loss and gradients by any implementation.

use burn::tensor::{Device, Tensor};
use slimgate_gates::Cell;
use slimgate_kernels::{Recurrence, Sequences, State, TensorWeights, Weights, recurrence};

pub const BATCH: usize = 3;
pub const STEPS: usize = 5;
pub const INPUTS: usize = 4;
pub const HIDDEN: usize = 6;

/// The eight uniform masks, and cells that mix every kind of term.
pub const CELLS: [&str; 14] = [
    "xhb",
    "xh",
    "xb",
    "hb",
    "x",
    "h",
    "b",
    "-",
    "i=xhb,f=hb,o=b",
    "i=d,f=0.96,o=1",
    "i=1,f=0.4,o=1,c=xdb",
    "i=db,f=xd,o=-,c=xb",
    "i=x,f=h,o=d,c=b",
    "i=x,f=0.9,o=h,c=-",
];

/// Any implementation of a recurrence: the operation, its twin, or an indirect way to the same results.
pub type Implementation =
    fn(Sequences, &TensorWeights, State, Option<Tensor<2>>, &Recurrence) -> (Tensor<3>, State);

/// All inputs of a recurrence, as plain tensors.
#[derive(Clone)]
pub struct Case {
    pub x: Tensor<3>,
    pub lengths: Option<Vec<usize>>,
    pub weights: TensorWeights,
    pub state: State,
    pub dropout: Option<Tensor<2>>,
    pub spec: Recurrence,
}

impl Case {
    /// A small case with weights in ±`scale`.
    pub fn random(cell: &str, scale: f32, device: &Device) -> Case {
        Case::sized(cell, [BATCH, STEPS, INPUTS, HIDDEN], scale, device)
    }

    /// A case of the given numbers of sequences, steps, inputs and hidden units, with weights in ±`scale` and
    /// everything else random too; always the same for the same cell.
    pub fn sized(cell: &str, sizes: [usize; 4], scale: f32, device: &Device) -> Case {
        let [batch, steps, inputs, units] = sizes;
        let mut numbers = Numbers::of(cell);
        let cell: Cell = cell.parse().unwrap();
        let x = numbers.tensor([batch, steps, inputs], 1.0, device);
        let shapes = Weights::shapes(&cell, inputs, units);
        Case {
            x,
            lengths: None,
            weights: Weights {
                input: shapes.input.map(|shape| numbers.tensor(shape, scale, device)),
                hidden: shapes.hidden.map(|shape| numbers.tensor(shape, scale, device)),
                diagonal: shapes.diagonal.map(|shape| numbers.tensor(shape, scale, device)),
                bias: shapes.bias.map(|shape| numbers.tensor(shape, scale, device)),
            },
            state: State {
                hidden: numbers.tensor([batch, units], 1.0, device),
                cell: numbers.tensor([batch, units], 1.0, device),
            },
            dropout: None,
            spec: Recurrence::new(cell),
        }
    }

    /// Adds a recurrent dropout mask that drops some units of each sequence.
    pub fn with_dropout(mut self) -> Case {
        let drawn: Tensor<2> = Numbers::of("dropout").tensor(self.state.hidden.dims(), 1.0, &self.x.device());
        self.dropout = Some(drawn.greater_elem(-0.2).float() / 0.6);
        self
    }

    /// Outputs and final state, keeping nothing for a backward pass.
    pub fn infer(&self) -> (Tensor<3>, State) {
        let sequences = self.sequences(self.x.clone());
        recurrence(sequences, &self.weights, self.state.clone(), self.dropout.clone(), &self.spec)
    }

    /// Inputs as sequences of the case's lengths.
    fn sequences(&self, x: Tensor<3>) -> Sequences {
        Sequences { x, lengths: self.lengths.clone() }
    }

    /// Outputs, final state, and the gradients of a loss in which each of them has its own weight.
    pub fn run(&self, implementation: Implementation) -> Results {
        let device = self.x.device().autodiff();
        let x = tracked(&self.x, &device);
        let state =
            State { hidden: tracked(&self.state.hidden, &device), cell: tracked(&self.state.cell, &device) };
        let weights = self.weights.as_ref().map_both(
            |matrix| matrix.as_ref().map(|w| tracked(w, &device)),
            |vector| vector.as_ref().map(|w| tracked(w, &device)),
        );
        let dropout = self.dropout.as_ref().map(|mask| Tensor::from_data(mask.to_data(), &device));
        let (outputs, end) =
            implementation(self.sequences(x.clone()), &weights, state.clone(), dropout, &self.spec);

        let loss = weighted(&outputs, 1) + weighted(&end.hidden, 2) + weighted(&end.cell, 3);
        let gradients = loss.backward();
        let of_matrix = |t: &Tensor<2>| values(&t.grad(&gradients).expect("it is part of the loss"));
        let of_vector = |t: &Tensor<1>| values(&t.grad(&gradients).expect("it is part of the loss"));
        let of_weights = weights.as_ref().map_both(
            |matrix| matrix.as_ref().map(of_matrix).unwrap_or_default(),
            |vector| vector.as_ref().map(of_vector).unwrap_or_default(),
        );
        // An argument that the cell does not read need not be part of the loss.
        let or_zeros =
            |gradient: Option<Vec<f32>>, count: usize| gradient.unwrap_or_else(|| vec![0.0; count]);
        let (of_x, of_state) = (self.x.shape().num_elements(), self.state.cell.shape().num_elements());
        Results {
            outputs: values(&outputs),
            hidden: values(&end.hidden),
            cell: values(&end.cell),
            gradients: vec![
                ("x", or_zeros(x.grad(&gradients).map(|g| values(&g)), of_x)),
                ("h0", or_zeros(state.hidden.grad(&gradients).map(|g| values(&g)), of_state)),
                ("c0", or_zeros(state.cell.grad(&gradients).map(|g| values(&g)), of_state)),
                ("W", of_weights.input),
                ("U", of_weights.hidden),
                ("u", of_weights.diagonal),
                ("b", of_weights.bias),
            ],
        }
    }
}

/// The results of a recurrence.
pub struct Results {
    pub outputs: Vec<f32>,
    pub hidden: Vec<f32>,
    pub cell: Vec<f32>,
    pub gradients: Vec<(&'static str, Vec<f32>)>,
}

impl Results {
    /// Panics if any number differs by more than `tolerance`, relative to 1 or to the largest beside it.
    pub fn assert_near(&self, other: &Results, tolerance: f32, what: &str) {
        near(&self.outputs, &other.outputs, tolerance, &format!("{what}: outputs"));
        near(&self.hidden, &other.hidden, tolerance, &format!("{what}: final h"));
        near(&self.cell, &other.cell, tolerance, &format!("{what}: final c"));
        for ((name, a), (_, b)) in self.gradients.iter().zip(&other.gradients) {
            near(a, b, tolerance, &format!("{what}: gradient of {name}"));
        }
    }
}

pub fn near(a: &[f32], b: &[f32], tolerance: f32, what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    // Not relative to its own size: where large numbers cancel, the rest has their rounding error.
    let largest = b.iter().fold(1f32, |largest, b| largest.max(b.abs()));
    for (index, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() <= tolerance * largest, "{what}[{index}]: {a} is not {b}");
    }
}

pub fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data().try_to_vec().unwrap()
}

fn tracked<const D: usize>(tensor: &Tensor<D>, device: &Device) -> Tensor<D> {
    Tensor::from_data(tensor.to_data(), device).require_grad()
}

/// The loss of [`Case::run`], summed in double precision.
pub fn loss((outputs, end): &(Tensor<3>, State)) -> f64 {
    let sum = |values: Vec<f32>, salt: usize| -> f64 {
        let weights = loss_weights(values.len(), salt);
        values.into_iter().zip(weights).map(|(v, w)| f64::from(v) * f64::from(w)).sum()
    };
    sum(values(outputs), 1) + sum(values(&end.hidden), 2) + sum(values(&end.cell), 3)
}

/// Fixed weights in ±1 without a pattern that gradients could hide in.
fn loss_weights(count: usize, salt: usize) -> Vec<f32> {
    (0..count).map(|index| ((index * 7 + salt * 3) as f32 * 1.618).sin()).collect()
}

fn weighted<const D: usize>(tensor: &Tensor<D>, salt: usize) -> Tensor<1> {
    let count = tensor.shape().num_elements();
    let weights = Tensor::<1>::from_floats(loss_weights(count, salt).as_slice(), &tensor.device());
    (tensor.clone().reshape([count]) * weights).sum()
}

/// Random numbers that are the same in every run, so that failures are reproducible (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn of(text: &str) -> Numbers {
        Numbers(text.bytes().fold(0, |hash, byte| hash * 31 % 0xFFFF_FFFB + u64::from(byte)))
    }

    /// A tensor of numbers in ±`bound`.
    fn tensor<const D: usize>(&mut self, shape: [usize; D], bound: f32, device: &Device) -> Tensor<D> {
        let drawn: Vec<f32> = (0..shape.iter().product()).map(|_| bound * self.next()).collect();
        Tensor::<1>::from_floats(drawn.as_slice(), device).reshape(shape)
    }

    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}
