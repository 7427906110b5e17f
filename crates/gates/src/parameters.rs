//! The number of trainable parameters of a cell.

use std::fmt;

use crate::{Cell, Hidden};

/// The sizes that a parameter count depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// `m`: input values per step.
    pub inputs: usize,
    /// `n`: number of hidden units.
    pub hidden: usize,
}

/// A parameter count as a formula `a·mn + b·n² + c·n` of the sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formula {
    /// Input matrices, `mn` each.
    input_matrices: usize,
    /// Recurrent matrices, `n²` each.
    hidden_matrices: usize,
    /// Biases and diagonal terms, `n` each.
    vectors: usize,
}

impl Formula {
    /// The count for given sizes.
    pub fn count(self, Sizes { inputs: m, hidden: n }: Sizes) -> usize {
        self.input_matrices * m * n + self.hidden_matrices * n * n + self.vectors * n
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let term = |times: usize, unit: &str| match times {
            0 => None,
            1 => Some(unit.to_owned()),
            _ => Some(format!("{times}{unit}")),
        };
        let terms =
            [term(self.input_matrices, "mn"), term(self.hidden_matrices, "n²"), term(self.vectors, "n")];
        f.write_str(&terms.into_iter().flatten().collect::<Vec<_>>().join(" + "))
    }
}

impl Cell {
    /// The number of trainable parameters of one recurrent layer, as a formula.
    pub fn formula(&self) -> Formula {
        Formula {
            input_matrices: self.reading_input().len(),
            hidden_matrices: self.reading_hidden(Hidden::Full).len(),
            vectors: self.biased().len() + self.reading_hidden(Hidden::Diagonal).len(),
        }
    }

    /// The number of trainable parameters of one recurrent layer.
    pub fn parameters(&self, sizes: Sizes) -> usize {
        self.formula().count(sizes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variant;

    fn formula(name: &str) -> String {
        variant(name).unwrap().cell().formula().to_string()
    }

    /// The counts that Akandeh and Salem give for the later family, and Lu for the first.
    #[test]
    fn formulas_are_the_published_ones() {
        assert_eq!(formula("lstm"), "4mn + 4n² + 4n");
        assert_eq!(formula("lstm1"), "mn + 4n² + 4n");
        assert_eq!(formula("lstm2"), "mn + 4n² + n");
        assert_eq!(formula("lstm3"), "mn + n² + 4n");
        assert_eq!(formula("lstm4"), "mn + n² + 4n");
        assert_eq!(formula("lstm5"), "mn + n² + 7n");
        assert_eq!(formula("lstm4a"), "mn + n² + 2n");
        assert_eq!(formula("lstm5a"), "mn + n² + 3n");
        assert_eq!(formula("lstm6"), "mn + n² + n");
        assert_eq!(formula("lstm10"), "mn + 5n");
        assert_eq!(formula("lstm11"), "mn + 8n");
        assert_eq!(formula("lstm-c6"), "mn + 2n");
    }

    /// Lu (2016) gives what LSTM1 to LSTM3 save over the standard cell: 3mn, 3(mn + n), 3(mn + n²).
    #[test]
    fn savings_are_the_published_ones() {
        let sizes = Sizes { inputs: 28, hidden: 50 };
        let saved = |name: &str| {
            variant("lstm").unwrap().cell().parameters(sizes)
                - variant(name).unwrap().cell().parameters(sizes)
        };
        assert_eq!(saved("lstm1"), 3 * 28 * 50);
        assert_eq!(saved("lstm2"), 3 * (28 * 50 + 50));
        assert_eq!(saved("lstm3"), 3 * (28 * 50 + 50 * 50));
    }
}
