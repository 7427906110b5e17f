//! The public interface of the operation: its arguments and results.

use burn::backend::Dispatch;
use burn::tensor::{Device, Tensor};
use slimgate_gates::{Cell, GateActivation};

use crate::ops::{Arguments, RecurrentOps};
use crate::{TensorWeights, Weights};

/// A cell, and the way in which it is applied to a sequence.
#[derive(Clone, Copy, Debug)]
pub struct Recurrence {
    /// The cell that is applied at each step.
    pub cell: Cell,
    /// The activation of its gates.
    pub gate_activation: GateActivation,
    /// The cell state is clipped to `[-clip, clip]` after each step; `clip` must be above zero. No gradient passes
    /// where it is clipped, nor at the limit itself.
    pub clip: Option<f32>,
    /// Runs from the last step to the first.
    pub reverse: bool,
    /// Gradient checkpointing: the backward pass recomputes the forward pass from a few saved states, instead of having
    /// every step saved; see [the crate's page](crate#memory) for the memory of each. Only the CPU backends do; the
    /// others save every step.
    pub recompute: bool,
}

impl Recurrence {
    /// A recurrence from the first step to the last, with logistic gates.
    pub fn new(cell: Cell) -> Self {
        Recurrence {
            cell,
            gate_activation: GateActivation::default(),
            clip: None,
            reverse: false,
            recompute: false,
        }
    }
}

/// A batch of sequences, as tensors.
#[derive(Clone, Debug)]
pub struct Sequences {
    /// The inputs, `[batch, steps, m]`.
    pub x: Tensor<3>,
    /// The length of each sequence, if they differ. After its end, a sequence keeps its state; a reversed recurrence
    /// begins there. Values beyond the end have no effect, as long as they are finite.
    pub lengths: Option<Vec<usize>>,
}

/// Sequences that all have as many steps as the tensor.
impl From<Tensor<3>> for Sequences {
    fn from(x: Tensor<3>) -> Sequences {
        Sequences { x, lengths: None }
    }
}

/// The state that a layer carries from one step to the next, each tensor of shape `[batch, n]`.
#[derive(Clone, Debug)]
pub struct State {
    /// `h`, the hidden state.
    pub hidden: Tensor<2>,
    /// `c`, the cell state.
    pub cell: Tensor<2>,
}

impl State {
    /// The state before the first step: zero.
    pub fn zeros(batch: usize, hidden: usize, device: &Device) -> State {
        let zero = Tensor::zeros([batch, hidden], device);
        State { hidden: zero.clone(), cell: zero }
    }
}

/// Runs a batch of sequences through the cell, starting from `state`.
///
/// `dropout`, of shape `[batch, n]`, multiplies the hidden-unit signal `h'` wherever a gate or the candidate
/// reads it: the same mask at every step. It has no gradient.
///
/// Returns the hidden state after each step, `[batch, steps, n]`, and the state after the last step computed.
///
/// # Panics
///
/// If a shape does not fit the cell, a weight that it keeps is missing, a tensor has another precision than `x`, there
/// is no sequence, step, input or hidden unit, the clip is not above zero, or the lengths are not one per sequence,
/// none beyond the steps.
pub fn recurrence(
    sequences: Sequences,
    weights: &TensorWeights,
    state: State,
    dropout: Option<Tensor<2>>,
    spec: &Recurrence,
) -> (Tensor<3>, State) {
    let [_, steps, _] = sequences.x.dims();
    let packed = packed(sequences, weights, state, dropout, spec, true);

    let last_computed = if spec.reverse { 0 } else { steps - 1 };
    let state = State { hidden: row(packed.clone(), last_computed), cell: row(packed.clone(), steps) };
    (packed.narrow(0, 0, steps).swap_dims(0, 1), state)
}

/// Like [`recurrence`], but returns only the final hidden state.
///
/// # Panics
///
/// As [`recurrence`].
pub fn last_hidden(
    sequences: Sequences,
    weights: &TensorWeights,
    state: State,
    dropout: Option<Tensor<2>>,
    spec: &Recurrence,
) -> Tensor<2> {
    row(packed(sequences, weights, state, dropout, spec, false), 0)
}

/// A row of the packed output, `[batch, n]`.
fn row(packed: Tensor<3>, index: usize) -> Tensor<2> {
    let [_, batch, hidden] = packed.dims();
    packed.narrow(0, index, 1).reshape([batch, hidden])
}

/// The operation, time-major, with [the packed output](crate::ops).
fn packed(
    sequences: Sequences,
    weights: &TensorWeights,
    state: State,
    dropout: Option<Tensor<2>>,
    spec: &Recurrence,
    every_step: bool,
) -> Tensor<3> {
    check(&sequences, weights, &state, dropout.as_ref(), spec);
    let Sequences { x, lengths } = sequences;
    let absent = Tensor::<1>::zeros([1], &x.device());
    let placeholder = || absent.clone().into_dispatch();
    let matrix = |weight: Option<Tensor<2>>| weight.map_or_else(placeholder, Tensor::into_dispatch);
    let vector = |weight: Option<Tensor<1>>| weight.map_or_else(placeholder, Tensor::into_dispatch);
    Tensor::from_dispatch(<Dispatch as RecurrentOps>::recurrence(Arguments {
        x: x.swap_dims(0, 1).into_dispatch(),
        weights: weights.clone().map_both(matrix, vector),
        h0: state.hidden.into_dispatch(),
        c0: state.cell.into_dispatch(),
        drops: dropout.is_some(),
        dropout: matrix(dropout),
        every_step,
        lengths,
        spec: *spec,
    }))
}

fn check(
    Sequences { x, lengths }: &Sequences,
    weights: &TensorWeights,
    state: &State,
    dropout: Option<&Tensor<2>>,
    spec: &Recurrence,
) {
    let [batch, steps, inputs] = x.dims();
    let [_, hidden] = state.hidden.dims();

    assert!(batch > 0, "the batch must have at least one sequence");
    assert!(steps > 0, "sequences must have at least one step");
    assert!(inputs > 0, "each step must have at least one input");
    assert!(hidden > 0, "the layer must have at least one hidden unit");
    assert!(spec.clip.is_none_or(|clip| clip > 0.0), "the clip must be above zero");
    assert_eq!(state.hidden.dims(), [batch, hidden], "the hidden state must be [batch, hidden]");
    assert_eq!(state.cell.dims(), [batch, hidden], "the cell state must be [batch, hidden]");
    if let Some(mask) = dropout {
        assert_eq!(mask.dims(), [batch, hidden], "the dropout mask must be [batch, hidden]");
    }
    if let Some(lengths) = lengths {
        assert_eq!(lengths.len(), batch, "there must be one length per sequence");
        assert!(lengths.iter().all(|&length| length <= steps), "no length may exceed the number of steps");
    }
    check_shapes(weights, &spec.cell, inputs, hidden);

    let dtypes = weights
        .as_ref()
        .map_both(|weight| weight.as_ref().map(Tensor::dtype), |weight| weight.as_ref().map(Tensor::dtype));
    let others = [Some(state.hidden.dtype()), Some(state.cell.dtype()), dropout.map(Tensor::dtype)];
    for dtype in dtypes.into_array().into_iter().chain(others).flatten() {
        assert_eq!(dtype, x.dtype(), "all arguments must have the precision of the inputs");
    }
}

fn check_shapes(weights: &TensorWeights, cell: &Cell, inputs: usize, hidden: usize) {
    let Weights { input, hidden: recurrent, diagonal, bias } = weights
        .as_ref()
        .map_both(|weight| weight.as_ref().map(Tensor::dims), |weight| weight.as_ref().map(Tensor::dims));
    let expected = Weights::shapes(cell, inputs, hidden);
    assert_eq!(input, expected.input, "the input weights of cell {cell} must be [inputs, hidden · parts]");
    assert_eq!(
        recurrent, expected.hidden,
        "the hidden weights of cell {cell} must be [hidden, hidden · parts]"
    );
    assert_eq!(diagonal, expected.diagonal, "the diagonal weights of cell {cell} must be [hidden · parts]");
    assert_eq!(bias, expected.bias, "the biases of cell {cell} must be [hidden · parts]");
}
