//! Layers on layers, in one or both directions.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use slimgate_kernels::State;

use crate::{SlimLstm, SlimLstmConfig};

/// What a [`Stack`] is made of.
#[derive(Clone, Debug)]
pub struct StackConfig {
    /// The first layer; the others differ only in their inputs.
    pub layer: SlimLstmConfig,
    /// How many layers.
    pub layers: usize,
    /// Whether each layer also walks the sequence backwards.
    pub bidirectional: bool,
    /// The share of outputs left out between layers in training.
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

    /// Numbers that the last layer puts out a step.
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
    /// Takes sequences `x: [batch, steps, m]` of the given lengths through all layers: the last layer's outputs
    /// after every step, `[batch, steps, outputs]`.
    pub fn every_step(&self, x: Tensor<3>, lengths: Option<&[usize]>) -> Tensor<3> {
        let (last, below) = self.split();
        last.every_step(self.through(below, x, lengths), lengths)
    }

    /// The same, but the outputs after each whole sequence, `[batch, outputs]`: the hidden units of the forward
    /// walk at its end, beside those of the backward walk at the beginning.
    pub fn whole(&self, x: Tensor<3>, lengths: Option<&[usize]>) -> Tensor<2> {
        let (last, below) = self.split();
        last.whole(self.through(below, x, lengths), lengths)
    }

    fn split(&self) -> (&Layer, &[Layer]) {
        self.layers.split_last().expect("a stack has at least one layer")
    }

    /// What the layers below the last give it to read.
    fn through(&self, below: &[Layer], x: Tensor<3>, lengths: Option<&[usize]>) -> Tensor<3> {
        below.iter().fold(x, |x, layer| self.dropout.forward(layer.every_step(x, lengths)))
    }

    /// One step of a stream, `x: [batch, m]`, from the states of the layers after the step before; the first
    /// step starts from [`Stack::start`]. The last state's `hidden` is the output.
    ///
    /// # Panics
    ///
    /// If the stack is bidirectional: a backward walk needs the whole sequence; or if there is not one state a layer.
    pub fn step(&self, x: Tensor<2>, states: Vec<State>) -> Vec<State> {
        assert!(
            self.layers.iter().all(|layer| layer.backward.is_none()),
            "only one direction can be streamed"
        );
        assert_eq!(states.len(), self.layers.len(), "each layer has a state");
        let mut x = x;
        self.layers
            .iter()
            .zip(states)
            .map(|(layer, state)| {
                let state = layer.forward.step(x.clone(), state);
                x = state.hidden.clone();
                state
            })
            .collect()
    }

    /// The states before the first step of a stream.
    pub fn start(&self, batch: usize, device: &Device) -> Vec<State> {
        self.layers.iter().map(|layer| State::zeros(batch, layer.forward.config().hidden, device)).collect()
    }

    /// Learned numbers of each layer, both directions together.
    pub fn parameters_per_layer(&self) -> Vec<usize> {
        self.layers.iter().map(Module::num_params).collect()
    }
}
