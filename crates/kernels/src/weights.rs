//! The four kinds of weights of a layer.

use burn::tensor::Tensor;
use slimgate_gates::{Cell, Hidden, Part};

/// One value for each kind of weight in `z = W x + U h' + u ⊙ h' + b`: the weights themselves, their gradients, or
/// whatever else there is one of for each. `M` is the type of those of the matrices, `V` that of those of the vectors.
#[derive(Clone, Copy, Debug)]
pub struct Weights<M, V = M> {
    /// Of `W`, the weights of the parts that read the input.
    pub input: M,
    /// Of `U`, the weights of the parts that read the hidden units through a matrix.
    pub hidden: M,
    /// Of `u`, the weights of the parts that read the hidden units through a vector.
    pub diagonal: V,
    /// Of `b`, the biases.
    pub bias: V,
}

/// The trainable parameters of one layer, each tensor present only where the cell keeps such a term.
///
/// A tensor holds the blocks of the parts that keep its term side by side, in the order of [`slimgate_gates::PARTS`].
/// [`Weights::shapes`] gives its shape.
pub type TensorWeights = Weights<Option<Tensor<2>>, Option<Tensor<1>>>;

impl<M, V> Weights<M, V> {
    /// Borrows each value.
    pub fn as_ref(&self) -> Weights<&M, &V> {
        let Weights { input, hidden, diagonal, bias } = self;
        Weights { input, hidden, diagonal, bias }
    }

    /// Applies `matrix` to the values of the matrices and `vector` to those of the vectors.
    pub fn map_both<N, U>(
        self,
        mut matrix: impl FnMut(M) -> N,
        mut vector: impl FnMut(V) -> U,
    ) -> Weights<N, U> {
        Weights {
            input: matrix(self.input),
            hidden: matrix(self.hidden),
            diagonal: vector(self.diagonal),
            bias: vector(self.bias),
        }
    }

    /// Pairs each value with the one of the same kind in `other`.
    pub fn zip<N, U>(self, other: Weights<N, U>) -> Weights<(M, N), (V, U)> {
        Weights {
            input: (self.input, other.input),
            hidden: (self.hidden, other.hidden),
            diagonal: (self.diagonal, other.diagonal),
            bias: (self.bias, other.bias),
        }
    }
}

impl<T> Weights<T> {
    /// Applies `f` to each value.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Weights<U> {
        let [input, hidden, diagonal, bias] = self.into_array().map(&mut f);
        Weights { input, hidden, diagonal, bias }
    }

    /// The values in the order `W`, `U`, `u`, `b`.
    pub fn into_array(self) -> [T; 4] {
        [self.input, self.hidden, self.diagonal, self.bias]
    }
}

impl Weights<Vec<Part>> {
    /// The parts of a cell that keep each kind of weight, in the order in which their blocks lie side by side.
    pub fn parts(cell: &Cell) -> Weights<Vec<Part>> {
        Weights {
            input: cell.reading_input(),
            hidden: cell.reading_hidden(Hidden::Full),
            diagonal: cell.reading_hidden(Hidden::Diagonal),
            bias: cell.biased(),
        }
    }
}

impl Weights<Option<usize>> {
    /// The place of a part's block within each kind of weight; `None` if the part does not keep the term.
    pub fn blocks(cell: &Cell, part: Part) -> Weights<Option<usize>> {
        Weights::parts(cell).map(|parts| parts.into_iter().position(|other| other == part))
    }
}

impl Weights<Option<[usize; 2]>, Option<[usize; 1]>> {
    /// The shapes of the weights of a layer with `m` inputs and `n` hidden units: `W` is `[m, n · parts]`, `U` is
    /// `[n, n · parts]`, `u` and `b` are `[n · parts]`. `None` where no part of the cell keeps the term.
    pub fn shapes(cell: &Cell, m: usize, n: usize) -> Self {
        let columns = Weights::parts(cell).map(|parts| (!parts.is_empty()).then_some(parts.len() * n));
        Weights {
            input: columns.input.map(|columns| [m, columns]),
            hidden: columns.hidden.map(|columns| [n, columns]),
            diagonal: columns.diagonal.map(|columns| [columns]),
            bias: columns.bias.map(|columns| [columns]),
        }
    }
}
