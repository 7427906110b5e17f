//! The memory that the two passes take, known before they are made.

use slimgate_gates::{Cell, Hidden, PARTS};

use super::forward::Keep;
use super::plan::{SHARD_ROWS, chunk_steps, stride};

/// The sizes of a layer and of its batch.
#[derive(Clone, Copy, Debug)]
pub struct PassSizes {
    /// Sequences.
    pub batch: usize,
    /// Steps of the longest of them.
    pub steps: usize,
    /// `m`: numbers in one step of the input.
    pub inputs: usize,
    /// `n`: hidden units.
    pub units: usize,
    /// Whether the hidden units are wanted after every step, or after the last one alone.
    pub every_step: bool,
}

impl PassSizes {
    /// Bytes that the forward pass leaves behind: what it keeps for the backward pass, and its output.
    ///
    /// With [`Keep::Steps`], a step of a sequence has `p·n + 2n` numbers, where `p` parts of the cell read the input or
    /// the hidden units: their values, and the state. With [`Keep::Checkpoints`], a chunk of eight steps or more has a
    /// state, `2n`.
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

    /// Bytes that the matrices take beside the weights themselves and their gradients: once in the form that the forward
    /// pass reads; and for the backward pass once transposed, and once for each 16 sequences of the batch and their sum.
    pub fn matrix_bytes(&self, cell: &Cell, keep: Keep) -> usize {
        let input = cell.reading_input().len() * self.inputs * self.units;
        let hidden = cell.reading_hidden(Hidden::Full).len() * self.units * self.units;
        let copies = match keep {
            Keep::Nothing => 1,
            Keep::Checkpoints | Keep::Steps => 3 + self.batch.div_ceil(SHARD_ROWS),
        };
        4 * copies * (input + hidden)
    }

    /// The rows of the packed output.
    fn output_rows(&self) -> usize {
        if self.every_step { self.steps + 1 } else { 2 }
    }

    /// The rows of the largest shard.
    fn rows(&self) -> usize {
        self.batch.div_ceil(self.batch.div_ceil(SHARD_ROWS))
    }
}

/// How many parts read the input or the hidden units.
fn varying(cell: &Cell) -> usize {
    let reading =
        [cell.reading_input(), cell.reading_hidden(Hidden::Full), cell.reading_hidden(Hidden::Diagonal)];
    PARTS.iter().filter(|part| reading.iter().any(|parts| parts.contains(part))).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_grows_with_the_terms_that_a_cell_keeps() {
        let sizes = PassSizes { batch: 32, steps: 1000, inputs: 3, units: 100, every_step: false };
        let kept = |gates: &str, keep| sizes.forward_bytes(&gates.parse().unwrap(), keep);
        // 32 · 1000 · (4 · 100 + 2 · 100) numbers of four bytes, and the rows' padding.
        let all = kept("xhb", Keep::Steps);
        assert!((76_800_000..90_000_000).contains(&all), "{all}");
        // The three gates are constants of the bias: the candidate and the state are left.
        let slim = kept("b", Keep::Steps);
        assert!((38_400_000..48_000_000).contains(&slim), "{slim}");
        assert!(kept("xhb", Keep::Checkpoints) < all / 10);
        assert!(kept("xhb", Keep::Nothing) < kept("xhb", Keep::Checkpoints));
    }
}
