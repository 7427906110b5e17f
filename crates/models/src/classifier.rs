//! A classifier of sequences.

use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig, Linear, LinearConfig};
use burn::tensor::{Device, Int, Tensor};
use slimgate_gates::EmbeddingInitializer;

use crate::layer::dropout_mask;
use crate::names::identify;
use crate::{Stack, StackConfig, initializer};

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

/// A batch of sequences as the classifier reads it.
#[derive(Clone, Debug)]
pub enum Features {
    /// `[batch, steps, channels]`.
    Values(Tensor<3>),
    /// `[batch, steps]`.
    Tokens(Tensor<2, Int>),
}

/// Configuration of a [`Classifier`].
#[derive(Clone, Debug)]
pub struct ClassifierConfig {
    /// The kind of its input.
    pub input: InputKind,
    /// Initialiser of the embedding, if there is one.
    pub embedding_initializer: EmbeddingInitializer,
    /// Dropout probability of the embedding's rows; one mask per batch, so that a token is dropped wherever it occurs
    /// (Gal and Ghahramani 2016, section 4.2).
    pub embedding_dropout: f64,
    /// The recurrent layers.
    pub stack: StackConfig,
    /// Number of classes.
    pub classes: usize,
}

impl ClassifierConfig {
    /// Draws all weights, reproducibly after `Device::flex().seed(..)`, and places them on `device`.
    pub fn init(&self, device: &Device) -> Classifier {
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
        let head = LinearConfig::new(self.stack.outputs(), self.classes).init(&cpu);
        let drawn = Classifier { embedding, stack, head, embedding_dropout: self.embedding_dropout };
        // Either way every weight is drawn before the move; Burn would otherwise draw some only on first use.
        let moved =
            if device.is_autodiff() { drawn.train().fork(device) } else { drawn.valid().to_device(device) };
        identify(moved)
    }
}

/// An embedding if the input is tokens, a recurrent stack, and a linear head on the state after the last step of each
/// sequence.
#[derive(Module, Debug)]
pub struct Classifier {
    embedding: Option<Embedding>,
    stack: Stack,
    head: Linear,
    #[module(skip)]
    embedding_dropout: f64,
}

impl Classifier {
    /// The logits `[batch, classes]` of sequences of the given lengths (all steps if `None`).
    ///
    /// # Panics
    ///
    /// If the features are not of the kind that the classifier was made for.
    pub fn forward(&self, features: Features, lengths: Option<&[usize]>) -> Tensor<2> {
        let x = match (features, &self.embedding) {
            (Features::Values(values), None) => values,
            (Features::Tokens(tokens), Some(embedding)) => self.embed(tokens, embedding),
            (Features::Values(_), Some(_)) => {
                panic!("expected tokens, got values: this classifier has an embedding")
            }
            (Features::Tokens(_), None) => {
                panic!("expected values, got tokens: this classifier has no embedding")
            }
        };
        self.head.forward(self.stack.whole(x, lengths))
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
