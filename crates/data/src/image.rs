//! Images as sequences: which pixels make a step, and in which order.

use crate::shuffle::{Purpose, permutation};
use serde::{Deserialize, Serialize};

/// The height and the width of an image.
pub(crate) const SIDE: usize = 28;
/// The number of pixels of an image.
pub(crate) const PIXELS: usize = SIDE * SIDE;

/// The way through an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Layout {
    /// A row of 28 pixels a step, from the top.
    Rows,
    /// A pixel a step, row by row from the top left.
    Pixels,
    /// A pixel a step, in an order drawn once for all images (ChaCha8, Fisher–Yates).
    Permuted {
        /// Decides the order.
        seed: u64,
    },
}

impl Layout {
    /// The pixels of a step.
    pub fn channels(self) -> usize {
        match self {
            Layout::Rows => SIDE,
            Layout::Pixels | Layout::Permuted { .. } => 1,
        }
    }

    /// For each place in the sequence, the pixel that goes there, counted row by row.
    pub(crate) fn order(self) -> Vec<usize> {
        match self {
            Layout::Rows | Layout::Pixels => (0..PIXELS).collect(),
            Layout::Permuted { seed } => permutation(PIXELS, Purpose::Pixels, seed, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_permuted_order_is_pinned() {
        let mut order = Layout::Permuted { seed: 92916 }.order();
        assert_eq!(order[..8], [749, 279, 373, 621, 410, 773, 107, 150]);
        order.sort_unstable();
        assert_eq!(order, Layout::Pixels.order());
    }
}
