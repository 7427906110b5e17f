//! A network that answers sequences: encoder, readout, head.

use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig, Linear, LinearConfig};
use burn::tensor::{Device, Int, Tensor};
use slimgate_gates::EmbeddingInitializer;

use crate::layer::dropout_mask;
use crate::names::identify;
use crate::{Stack, StackConfig, State, initializer};

/// The kind of one step of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Numbers, as many as the first layer has inputs.
    Values,
    /// A token of a vocabulary of this size, embedded as a vector of the first layer's input size.
    Tokens {
        /// Rows of the embedding.
        vocabulary: usize,
    },
}

/// A batch of sequences as the network reads it.
#[derive(Clone, Debug)]
pub enum Features {
    /// `[batch, steps, channels]`.
    Values(Tensor<3>),
    /// `[batch, steps]`.
    Tokens(Tensor<2, Int>),
}

/// The states of the last layer that the head reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readout {
    /// The one after the last step of each sequence, for an answer a sequence.
    Last,
    /// Those after every step, for an answer a step.
    EveryStep,
}

/// Configuration of a [`Network`].
#[derive(Clone, Debug)]
pub struct NetworkConfig {
    /// The kind of its input.
    pub input: InputKind,
    /// Initialiser of the embedding, if there is one.
    pub embedding_initializer: EmbeddingInitializer,
    /// Dropout probability of the embedding's rows; one mask per batch, so that a token is dropped wherever it occurs
    /// (Gal and Ghahramani 2016, section 4.2).
    pub embedding_dropout: f64,
    /// The recurrent layers.
    pub stack: StackConfig,
    /// The states that the head reads.
    pub readout: Readout,
    /// Numbers of an answer, such as the logits of classes.
    pub outputs: usize,
}

impl NetworkConfig {
    /// Draws all weights, reproducibly after `Device::flex().seed(..)`, and places them on `device`.
    pub fn init(&self, device: &Device) -> Network {
        // Drawn on the CPU, like all weights, so that a seed gives the same initial weights on every backend.
        let cpu = Device::flex();
        let embedding = match self.input {
            InputKind::Values => None,
            InputKind::Tokens { vocabulary } => {
                let embedding = EmbeddingConfig::new(vocabulary, self.stack.layer.inputs);
                Some(
                    embedding
                        .with_initializer(initializer::of_embedding(self.embedding_initializer))
                        .init(&cpu),
                )
            }
        };
        let stack = self.stack.init(&cpu);
        let head = LinearConfig::new(self.stack.outputs(), self.outputs).init(&cpu);
        let (readout, embedding_dropout) = (self.readout, self.embedding_dropout);
        let drawn = Network { embedding, stack, head, readout, embedding_dropout };
        // Either way every weight is drawn before the move; Burn would otherwise draw some only on first use.
        let moved =
            if device.is_autodiff() { drawn.train().fork(device) } else { drawn.valid().to_device(device) };
        identify(moved)
    }
}

/// An embedding if the input is tokens, a recurrent stack, and a linear head on the states that are read out.
#[derive(Module, Debug)]
pub struct Network {
    embedding: Option<Embedding>,
    stack: Stack,
    head: Linear,
    #[module(skip)]
    readout: Readout,
    #[module(skip)]
    embedding_dropout: f64,
}

impl Network {
    /// The answers to sequences of the given lengths (all steps if `None`): `[batch, outputs]`, or of every step
    /// `[batch × steps, outputs]`, the steps of a sequence together. What follows the end of a sequence has no meaning.
    ///
    /// # Panics
    ///
    /// If the features are not of the kind that the network was made for.
    pub fn forward(&self, features: Features, lengths: Option<&[usize]>) -> Tensor<2> {
        let x = self.encode(features);
        let states = match self.readout {
            Readout::Last => self.stack.whole(x, lengths),
            Readout::EveryStep => {
                let states = self.stack.every_step(x, lengths);
                let [batch, steps, outputs] = states.dims();
                states.reshape([batch * steps, outputs])
            }
        };
        self.head.forward(states)
    }

    /// Continues sequences from the states that an earlier call returned, or begins them: the answer after each of the
    /// given steps, `[batch × steps, outputs]`, and the states after them. It is an answer to what was read so far, whether
    /// the network was made to answer each step or whole sequences.
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward), and if the network is bidirectional.
    pub fn carry(&self, features: Features, states: Option<Vec<State>>) -> (Tensor<2>, Vec<State>) {
        let (outputs, states) = self.stack.carry(self.encode(features), states);
        let [batch, steps, width] = outputs.dims();
        (self.head.forward(outputs.reshape([batch * steps, width])), states)
    }

    /// The inputs of the first layer, `[batch, steps, m]`.
    fn encode(&self, features: Features) -> Tensor<3> {
        match (features, &self.embedding) {
            (Features::Values(values), None) => values,
            (Features::Tokens(tokens), Some(embedding)) => self.embed(tokens, embedding),
            (Features::Values(_), Some(_)) => {
                panic!("expected tokens, got values: this network has an embedding")
            }
            (Features::Tokens(_), None) => {
                panic!("expected values, got tokens: this network has no embedding")
            }
        }
    }

    /// The embeddings `[batch, steps, m]` of tokens, with dropout in training.
    fn embed(&self, tokens: Tensor<2, Int>, embedding: &Embedding) -> Tensor<3> {
        let [batch, steps] = tokens.dims();
        let x = embedding.forward(tokens.clone());
        let [vocabulary, _] = embedding.weight.dims();
        match dropout_mask(self.embedding_dropout, [vocabulary], &x.device()) {
            Some(mask) => x * mask.select(0, tokens.reshape([batch * steps])).reshape([batch, steps, 1]),
            None => x,
        }
    }

    /// Trainable parameters of the recurrent layers alone, which the published tables count.
    pub fn recurrent_parameters(&self) -> usize {
        self.stack.parameters_per_layer().iter().sum()
    }
}
