//! The public interface of the operation: its arguments and results.

use burn::backend::Dispatch;
use burn::tensor::{Device, Tensor};
use slimgate_gates::{Cell, GateActivation, Hidden};

use crate::ops::{Arguments, RecurrentOps};

/// A cell, and how it is applied to a sequence.
#[derive(Clone, Debug)]
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
    /// The length of each sequence of the batch, if they differ. After its end, a sequence keeps its state; a reversed
    /// recurrence begins there. Values beyond the end have no effect, as long as they are finite.
    pub lengths: Option<Vec<usize>>,
}

impl Recurrence {
    /// A recurrence from the first step to the last, with logistic gates, over sequences of equal length.
    pub fn new(cell: Cell) -> Self {
        Recurrence {
            cell,
            gate_activation: GateActivation::default(),
            clip: None,
            reverse: false,
            recompute: false,
            lengths: None,
        }
    }
}

/// The trainable parameters of one layer, each tensor present only where the cell keeps such a term.
///
/// A tensor holds the blocks of the parts that keep its term side by side, in the order of
/// [`slimgate_gates::PARTS`]. With `n` hidden units and `m` inputs:
#[derive(Clone, Debug)]
pub struct Weights {
    /// `W` of the parts that read the input: `[m, n · parts]`.
    pub input: Option<Tensor<2>>,
    /// `U` of the parts that read the hidden units through a matrix: `[n, n · parts]`.
    pub hidden: Option<Tensor<2>>,
    /// `u` of the parts that read the hidden units through a vector: `[n · parts]`.
    pub diagonal: Option<Tensor<1>>,
    /// `b` of the parts that have a bias: `[n · parts]`.
    pub bias: Option<Tensor<1>>,
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

/// Runs a batch of sequences `x: [batch, steps, m]` through the cell, starting from `state`.
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
    x: Tensor<3>,
    weights: &Weights,
    state: State,
    dropout: Option<Tensor<2>>,
    spec: &Recurrence,
) -> (Tensor<3>, State) {
    let [_, steps, _] = x.dims();
    let packed = packed(x, weights, state, dropout, spec, true);

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
    x: Tensor<3>,
    weights: &Weights,
    state: State,
    dropout: Option<Tensor<2>>,
    spec: &Recurrence,
) -> Tensor<2> {
    row(packed(x, weights, state, dropout, spec, false), 0)
}

/// A row of the packed output, `[batch, n]`.
fn row(packed: Tensor<3>, index: usize) -> Tensor<2> {
    let [_, batch, hidden] = packed.dims();
    packed.narrow(0, index, 1).reshape([batch, hidden])
}

/// The operation, time-major, with [the packed output](crate::ops).
fn packed(
    x: Tensor<3>,
    weights: &Weights,
    state: State,
    dropout: Option<Tensor<2>>,
    spec: &Recurrence,
    every_step: bool,
) -> Tensor<3> {
    check(&x, weights, &state, dropout.as_ref(), spec);
    let absent = Tensor::<1>::zeros([1], &x.device());
    let matrix = |weight: &Option<Tensor<2>>| {
        weight.clone().map_or_else(|| absent.clone().into_dispatch(), Tensor::into_dispatch)
    };
    let vector = |weight: &Option<Tensor<1>>| weight.as_ref().unwrap_or(&absent).clone().into_dispatch();
    Tensor::from_dispatch(<Dispatch as RecurrentOps>::recurrence(Arguments {
        x: x.swap_dims(0, 1).into_dispatch(),
        input: matrix(&weights.input),
        hidden: matrix(&weights.hidden),
        diagonal: vector(&weights.diagonal),
        bias: vector(&weights.bias),
        h0: state.hidden.into_dispatch(),
        c0: state.cell.into_dispatch(),
        drops: dropout.is_some(),
        dropout: matrix(&dropout),
        every_step,
        spec: spec.clone(),
    }))
}

fn check(x: &Tensor<3>, weights: &Weights, state: &State, dropout: Option<&Tensor<2>>, spec: &Recurrence) {
    let [batch, steps, inputs] = x.dims();
    let [_, hidden] = state.hidden.dims();
    let width = |parts: usize| (parts > 0).then_some(parts * hidden);
    let cell = &spec.cell;

    assert!(batch > 0, "a batch has at least one sequence");
    assert!(steps > 0, "a sequence has at least one step");
    assert!(inputs > 0, "a step has at least one input");
    assert!(hidden > 0, "a layer has at least one hidden unit");
    assert!(spec.clip.is_none_or(|clip| clip > 0.0), "a clip is above zero");
    assert_eq!(state.hidden.dims(), [batch, hidden], "the hidden state is [batch, hidden]");
    assert_eq!(state.cell.dims(), [batch, hidden], "the cell state is [batch, hidden]");
    if let Some(mask) = dropout {
        assert_eq!(mask.dims(), [batch, hidden], "the dropout mask is [batch, hidden]");
    }
    assert_eq!(
        weights.input.as_ref().map(|w| w.dims()),
        width(cell.reading_input().len()).map(|columns| [inputs, columns]),
        "input weights of cell {cell} are [inputs, hidden · parts]"
    );
    assert_eq!(
        weights.hidden.as_ref().map(|u| u.dims()),
        width(cell.reading_hidden(Hidden::Full).len()).map(|columns| [hidden, columns]),
        "hidden weights of cell {cell} are [hidden, hidden · parts]"
    );
    assert_eq!(
        weights.diagonal.as_ref().map(|u| u.dims()[0]),
        width(cell.reading_hidden(Hidden::Diagonal).len()),
        "diagonal weights of cell {cell} are [hidden · parts]"
    );
    assert_eq!(
        weights.bias.as_ref().map(|b| b.dims()[0]),
        width(cell.biased().len()),
        "biases of cell {cell} are [hidden · parts]"
    );
    let matrices = [&weights.input, &weights.hidden].map(|weight| weight.as_ref().map(Tensor::dtype));
    let vectors = [&weights.diagonal, &weights.bias].map(|weight| weight.as_ref().map(Tensor::dtype));
    let others = [Some(state.hidden.dtype()), Some(state.cell.dtype()), dropout.map(Tensor::dtype)];
    for dtype in matrices.into_iter().chain(vectors).chain(others).flatten() {
        assert_eq!(dtype, x.dtype(), "all arguments are of the precision of the inputs");
    }
    if let Some(lengths) = &spec.lengths {
        assert_eq!(lengths.len(), batch, "there is one length a sequence");
        assert!(lengths.iter().all(|&length| length <= steps), "no length exceeds the steps of the batch");
    }
}
