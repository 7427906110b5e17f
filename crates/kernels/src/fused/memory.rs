//! The memory that the two passes need, computed in advance.

use slimgate_gates::{Cell, Hidden, PARTS};

use super::forward::Keep;
use super::plan::{SHARD_ROWS, chunk_steps, stride};
use crate::Weights;

/// The sizes of a layer and of its batch.
#[derive(Clone, Copy, Debug)]
pub struct PassSizes {
    /// Number of sequences.
    pub batch: usize,
    /// Length of the longest sequence.
    pub steps: usize,
    /// `m`: input values per step.
    pub inputs: usize,
    /// `n`: number of hidden units.
    pub units: usize,
    /// True if the hidden states after every step are wanted, not only the last.
    pub every_step: bool,
}

impl PassSizes {
    /// Bytes held after the forward pass: the values kept for the backward pass, and the output.
    ///
    /// With [`Keep::Steps`], each step of a sequence takes `p·n + 2n` numbers: the values of the `p` parts of the cell
    /// that read the input or the hidden units, and the state. With [`Keep::Checkpoints`], each chunk of eight steps or
    /// more takes one state, `2n`.
    pub fn forward_bytes(&self, cell: &Cell, keep: Keep) -> usize {
        let Self { batch, steps, units, .. } = *self;
        let (parts, state) = (stride(varying(cell) * units), 2 * stride(units));
        let chunk = chunk_steps(self.rows()).min(steps);
        let in_chunk = chunk * parts + (chunk + 1) * state;
        let kept = match keep {
            Keep::Nothing => in_chunk,
            Keep::Checkpoints => steps.div_ceil(chunk) * state + in_chunk,
            Keep::Steps => steps * parts + (steps + 1) * state,
        };
        4 * batch * (kept + self.output_rows() * units)
    }

    /// Bytes of matrices in addition to the weights and their gradients: one copy in the form that the forward pass
    /// reads; for the backward pass one transposed copy, one for each 16 sequences of the batch, and one for their sum.
    pub fn matrix_bytes(&self, cell: &Cell, keep: Keep) -> usize {
        let input = cell.reading_input().len() * self.inputs * self.units;
        let hidden = cell.reading_hidden(Hidden::Full).len() * self.units * self.units;
        let copies = match keep {
            Keep::Nothing => 1,
            Keep::Checkpoints | Keep::Steps => 3 + self.batch.div_ceil(SHARD_ROWS),
        };
        4 * copies * (input + hidden)
    }

    /// Number of rows of the packed output.
    fn output_rows(&self) -> usize {
        if self.every_step { self.steps + 1 } else { 2 }
    }

    /// Number of rows of the largest shard.
    fn rows(&self) -> usize {
        self.batch.div_ceil(self.batch.div_ceil(SHARD_ROWS))
    }
}

/// Number of parts that read the input or the hidden units.
fn varying(cell: &Cell) -> usize {
    let Weights { input, hidden, diagonal, .. } = Weights::parts(cell);
    PARTS.iter().filter(|part| [&input, &hidden, &diagonal].iter().any(|parts| parts.contains(part))).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_grows_with_the_terms_that_a_cell_keeps() {
        let sizes = PassSizes { batch: 32, steps: 1000, inputs: 3, units: 100, every_step: false };
        let kept = |gates: &str, keep| sizes.forward_bytes(&gates.parse().unwrap(), keep);
        // 32 · 1000 · (4 · 100 + 2 · 100) numbers of four bytes, plus row padding.
        let all = kept("xhb", Keep::Steps);
        assert!((76_800_000..90_000_000).contains(&all), "{all}");
        // The three gates depend on the bias alone: only the candidate and the state remain.
        let slim = kept("b", Keep::Steps);
        assert!((38_400_000..48_000_000).contains(&slim), "{slim}");
        assert!(kept("xhb", Keep::Checkpoints) < all / 10);
        assert!(kept("xhb", Keep::Nothing) < kept("xhb", Keep::Checkpoints));
    }
}
