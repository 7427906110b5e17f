//! One recurrent layer in one direction.

use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, Tensor};
use slimgate_gates::{Cell, GateActivation, Initializer, Part};
use slimgate_kernels::{Recurrence, Sequences, State, TensorWeights, Weights, last_hidden, recurrence};

use crate::initializer::matrix;

/// Configuration of a [`SlimLstm`].
#[derive(Clone, Debug)]
pub struct SlimLstmConfig {
    /// `m`: input values per step.
    pub inputs: usize,
    /// `n`: number of hidden units.
    pub hidden: usize,
    /// The terms that the gates keep.
    pub cell: Cell,
    /// The activation of the gates.
    pub gate_activation: GateActivation,
    /// The cell state is clipped to ± this after each step.
    pub clip: Option<f32>,
    /// Initialiser of the input weights.
    pub input_initializer: Initializer,
    /// Initialiser of the recurrent matrices; diagonal terms are drawn as [`Initializer::Uniform`].
    pub recurrent_initializer: Initializer,
    /// Initial bias of the forget gate, if it has one; other biases start at zero.
    pub forget_bias: f64,
    /// Dropout probability of the inputs; one mask per sequence (variational dropout, Gal and Ghahramani 2016).
    pub input_dropout: f64,
    /// Dropout probability of the hidden-unit signals; one mask per sequence, likewise.
    pub recurrent_dropout: f64,
    /// Trains in less memory: see [`Recurrence::recompute`].
    pub recompute: bool,
}

impl SlimLstmConfig {
    /// A layer without dropout or clipping, Glorot input weights, orthogonal recurrent ones, and a
    /// forget-gate bias of 1.
    pub fn new(cell: Cell, inputs: usize, hidden: usize) -> Self {
        SlimLstmConfig {
            inputs,
            hidden,
            cell,
            gate_activation: GateActivation::default(),
            clip: None,
            input_initializer: Initializer::Glorot,
            recurrent_initializer: Initializer::Orthogonal,
            forget_bias: 1.0,
            input_dropout: 0.0,
            recurrent_dropout: 0.0,
            recompute: false,
        }
    }

    /// Draws the layer's weights and places them on `device`.
    pub fn init(&self, device: &Device) -> SlimLstm {
        let (m, n) = (self.inputs, self.hidden);
        let bound = 1.0 / (n as f64).sqrt();
        let diagonal = || Tensor::random([n], Distribution::Uniform(-bound, bound), &Device::flex());
        let bias = |part| {
            let start = if part == Part::Forget { self.forget_bias } else { 0.0 };
            Tensor::full([n], start, &Device::flex())
        };
        // All from one generator, so in a fixed order: each kind for all parts, and then the next kind.
        let kept = Weights::parts(&self.cell);
        let drawn = Weights {
            input: kept.input.iter().map(|_| matrix(self.input_initializer, m, n)).collect(),
            hidden: kept.hidden.iter().map(|_| matrix(self.recurrent_initializer, n, n)).collect(),
            diagonal: kept.diagonal.iter().map(|_| diagonal()).collect(),
            bias: kept.bias.into_iter().map(bias).collect(),
        };
        let Weights { input, hidden, diagonal, bias } =
            drawn.map_both(|blocks| parameter(blocks, 1, device), |blocks| parameter(blocks, 0, device));
        SlimLstm { input, hidden, diagonal, bias, config: self.clone() }
    }
}

/// Joins the blocks of the parts that keep a term into one parameter; `None` if no part keeps it.
fn parameter<const D: usize>(
    blocks: Vec<Tensor<D>>,
    dim: usize,
    device: &Device,
) -> Option<Param<Tensor<D>>> {
    (!blocks.is_empty()).then(|| Param::from_data(Tensor::cat(blocks, dim).into_data(), device))
}

/// One recurrent layer, in one direction, of any cell.
///
/// Each field exists only if the cell keeps such a term. A field holds the blocks of the parts that keep it side by
/// side, in the order input gate, forget gate, output gate, candidate; see [`Weights::shapes`] for the shapes.
#[derive(Module, Debug)]
pub struct SlimLstm {
    /// `W`.
    pub input: Option<Param<Tensor<2>>>,
    /// `U` as matrices.
    pub hidden: Option<Param<Tensor<2>>>,
    /// `u` as vectors.
    pub diagonal: Option<Param<Tensor<1>>>,
    /// `b`.
    pub bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    config: SlimLstmConfig,
}

impl SlimLstm {
    /// Runs sequences `x: [batch, steps, m]` through the layer.
    ///
    /// Starts from `state` (zero if `None`); `reverse` runs from the last step to the first. `lengths` are the lengths
    /// of the sequences if they differ: a shorter one keeps its state after its end.
    ///
    /// Returns the hidden state after each step, `[batch, steps, n]`, and the final state.
    pub fn forward(
        &self,
        x: Tensor<3>,
        state: Option<State>,
        lengths: Option<&[usize]>,
        reverse: bool,
    ) -> (Tensor<3>, State) {
        let (sequences, state, mask, spec) = self.prepare(x, state, lengths, reverse);
        recurrence(sequences, &self.weights(), state, mask, &spec)
    }

    /// The final hidden state alone, `[batch, n]`, starting from zero, in less time and memory than
    /// [`forward`](Self::forward).
    pub fn last_hidden(&self, x: Tensor<3>, lengths: Option<&[usize]>, reverse: bool) -> Tensor<2> {
        let (sequences, state, mask, spec) = self.prepare(x, None, lengths, reverse);
        last_hidden(sequences, &self.weights(), state, mask, &spec)
    }

    /// The inputs under dropout, the initial state, the recurrent dropout mask, and the recurrence.
    fn prepare(
        &self,
        x: Tensor<3>,
        state: Option<State>,
        lengths: Option<&[usize]>,
        reverse: bool,
    ) -> (Sequences, State, Option<Tensor<2>>, Recurrence) {
        let [batch, _, inputs] = x.dims();
        let (config, device) = (&self.config, x.device());
        let state = state.unwrap_or_else(|| State::zeros(batch, config.hidden, &device));
        // The same mask at every step.
        let x = match dropout_mask(config.input_dropout, [batch, inputs], &device) {
            Some(mask) => x * mask.unsqueeze_dim(1),
            None => x,
        };
        let mask = dropout_mask(config.recurrent_dropout, [batch, config.hidden], &device);
        let spec = Recurrence {
            cell: config.cell,
            gate_activation: config.gate_activation,
            clip: config.clip,
            reverse,
            recompute: config.recompute,
        };
        (Sequences { x, lengths: lengths.map(<[usize]>::to_vec) }, state, mask, spec)
    }

    /// The parameters in the form that the recurrence takes.
    pub fn weights(&self) -> TensorWeights {
        Weights {
            input: self.input.as_ref().map(Param::val),
            hidden: self.hidden.as_ref().map(Param::val),
            diagonal: self.diagonal.as_ref().map(Param::val),
            bias: self.bias.as_ref().map(Param::val),
        }
    }
}

/// A dropout mask, scaled so that sums keep their expectation; `None` on a device without gradients, where nothing is
/// trained.
pub(crate) fn dropout_mask<const D: usize>(
    dropout: f64,
    shape: [usize; D],
    device: &Device,
) -> Option<Tensor<D>> {
    let keep = 1.0 - dropout;
    (dropout > 0.0 && device.is_autodiff())
        .then(|| Tensor::random(shape, Distribution::Bernoulli(keep), device) / keep)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_mask_keeps_makes_up_for_what_it_drops() {
        let mask = dropout_mask(0.75, [40, 50], &Device::flex().autodiff()).expect("a device that trains");
        let kept: Vec<f32> = mask.into_data().try_to_vec().unwrap();
        assert!(kept.iter().all(|&number| number == 0.0 || number == 4.0));
        let share = kept.iter().filter(|&&number| number > 0.0).count() as f64 / 2000.0;
        assert!((0.2..0.3).contains(&share), "{share}");
        assert!(dropout_mask(0.75, [40, 50], &Device::flex()).is_none());
    }
}
