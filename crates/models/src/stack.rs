//! Stacked layers, in one or both directions.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};

use crate::{SlimLstm, SlimLstmConfig, State};

/// Configuration of a [`Stack`].
#[derive(Clone, Debug)]
pub struct StackConfig {
    /// The first layer; the others differ only in their inputs.
    pub layer: SlimLstmConfig,
    /// Number of layers.
    pub layers: usize,
    /// True if each layer is bidirectional.
    pub bidirectional: bool,
    /// Dropout probability of the outputs between layers.
    pub dropout: f64,
}

impl StackConfig {
    /// Draws the weights of all layers, first to last, forward before backward.
    pub fn init(&self, device: &Device) -> Stack {
        let first = &self.layer;
        let layers = (0..self.layers).map(|index| {
            let inputs = if index == 0 { first.inputs } else { self.outputs() };
            let config = SlimLstmConfig { inputs, ..first.clone() };
            Layer { forward: config.init(device), backward: self.bidirectional.then(|| config.init(device)) }
        });
        Stack { layers: layers.collect(), dropout: DropoutConfig { prob: self.dropout }.init() }
    }

    /// Number of outputs of the last layer per step.
    pub fn outputs(&self) -> usize {
        self.layer.hidden * if self.bidirectional { 2 } else { 1 }
    }
}

/// Recurrent layers, each reading the outputs of the one before.
#[derive(Module, Debug)]
pub struct Stack {
    layers: Vec<Layer>,
    dropout: Dropout,
}

#[derive(Module, Debug)]
struct Layer {
    forward: SlimLstm,
    backward: Option<SlimLstm>,
}

impl Layer {
    /// Outputs after every step, `[batch, steps, outputs]`.
    fn every_step(&self, x: Tensor<3>, lengths: Option<&[usize]>) -> Tensor<3> {
        let (ahead, _) = self.forward.forward(x.clone(), None, lengths, false);
        match &self.backward {
            None => ahead,
            Some(backward) => {
                let (back, _) = backward.forward(x, None, lengths, true);
                Tensor::cat(vec![ahead, back], 2)
            }
        }
    }

    /// Outputs after each whole sequence, `[batch, outputs]`.
    fn whole(&self, x: Tensor<3>, lengths: Option<&[usize]>) -> Tensor<2> {
        let last = self.forward.last_hidden(x.clone(), lengths, false);
        match &self.backward {
            None => last,
            Some(backward) => {
                let first = backward.last_hidden(x, lengths, true);
                Tensor::cat(vec![last, first], 1)
            }
        }
    }
}

impl Stack {
    /// Runs sequences `x: [batch, steps, m]` of the given lengths through all layers: the last layer's outputs
    /// after every step, `[batch, steps, outputs]`.
    pub fn every_step(&self, x: Tensor<3>, lengths: Option<&[usize]>) -> Tensor<3> {
        let (last, below) = self.split();
        last.every_step(self.through(below, x, lengths), lengths)
    }

    /// The same, but the outputs after each whole sequence, `[batch, outputs]`: the final hidden state of the forward
    /// direction, concatenated with that of the backward direction.
    pub fn whole(&self, x: Tensor<3>, lengths: Option<&[usize]>) -> Tensor<2> {
        let (last, below) = self.split();
        last.whole(self.through(below, x, lengths), lengths)
    }

    /// Continues sequences from the states that an earlier call returned, one a layer, or begins them: the last layer's
    /// outputs after each of the steps `x: [batch, steps, m]`, `[batch, steps, outputs]`, and the states after them. Steps
    /// that come in several calls have the outputs that they would have in one, but for dropout.
    ///
    /// # Panics
    ///
    /// If the layers are bidirectional: these read the end of a sequence first.
    pub fn carry(&self, x: Tensor<3>, states: Option<Vec<State>>) -> (Tensor<3>, Vec<State>) {
        let before =
            states.map_or_else(|| vec![None; self.layers.len()], |all| all.into_iter().map(Some).collect());
        let mut after = Vec::with_capacity(self.layers.len());
        let outputs = self.layers.iter().zip(before).fold(x, |x, (layer, state)| {
            assert!(layer.backward.is_none(), "a bidirectional layer cannot be carried on");
            let (outputs, state) = layer.forward.forward(x, state, None, false);
            after.push(state);
            outputs
        });
        (outputs, after)
    }

    fn split(&self) -> (&Layer, &[Layer]) {
        self.layers.split_last().expect("a stack has at least one layer")
    }

    /// The outputs of the layers below the last, which are its inputs.
    fn through(&self, below: &[Layer], x: Tensor<3>, lengths: Option<&[usize]>) -> Tensor<3> {
        below.iter().fold(x, |x, layer| self.dropout.forward(layer.every_step(x, lengths)))
    }

    /// Trainable parameters of each layer, both directions together.
    pub fn parameters_per_layer(&self) -> Vec<usize> {
        self.layers.iter().map(Module::num_params).collect()
    }
}
