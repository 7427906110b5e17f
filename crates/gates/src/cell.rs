//! The description of a cell as plain data.

/// The form in which the hidden-unit signal `h'` enters a part of the cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hidden {
    /// Not at all.
    Absent,
    /// Through a learned vector: `u ⊙ h'`.
    Diagonal,
    /// Through a learned matrix: `U h'`.
    Full,
}

/// The signals that one part of a cell adds up before its activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Terms {
    /// True if the input signal `W x` is kept.
    pub input: bool,
    /// The form in which the hidden-unit signal is kept.
    pub hidden: Hidden,
    /// True if the bias `b` is kept.
    pub bias: bool,
}

impl Terms {
    /// Every term, as in the standard LSTM: `W x + U h' + b`.
    pub const FULL: Terms = Terms { input: true, hidden: Hidden::Full, bias: true };

    /// True if no learned term is left, so that the activation is that of zero.
    pub fn is_empty(&self) -> bool {
        !self.input && self.hidden == Hidden::Absent && !self.bias
    }
}

/// A gate: a logistic function of its terms, or a number that is not learned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gate {
    /// `σ` of the kept terms; `σ(0)` if none is kept.
    Terms(Terms),
    /// The gate's value itself, between 0 and 1.
    Constant(f32),
}

/// A part of the cell that has terms: one of the three gates, or the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The input gate `i`.
    Input,
    /// The forget gate `f`.
    Forget,
    /// The output gate `o`.
    Output,
    /// The candidate state `g`, written `c` in the written form.
    Candidate,
}

/// The parts in the order in which their blocks lie side by side in a weight.
pub const PARTS: [Part; 4] = [Part::Input, Part::Forget, Part::Output, Part::Candidate];

impl Part {
    /// The letter of the part in the written form.
    pub fn letter(self) -> char {
        match self {
            Part::Input => 'i',
            Part::Forget => 'f',
            Part::Output => 'o',
            Part::Candidate => 'c',
        }
    }
}

/// A recurrent cell: `c = f ⊙ c' + i ⊙ tanh(candidate)`, `h = o ⊙ tanh(c)`, with the terms that each gate
/// and the candidate keep.
///
/// Formatted and parsed as text: see [`Cell::from_str`](core::str::FromStr) and `Display`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// The input gate: how much of the candidate enters the state.
    pub input: Gate,
    /// The forget gate: how much of the old state stays.
    pub forget: Gate,
    /// The output gate: how much of the state is output.
    pub output: Gate,
    /// The terms of the candidate; its activation is tanh.
    pub candidate: Terms,
}

impl Cell {
    /// The terms or the constant of `part`.
    pub fn gate(&self, part: Part) -> Gate {
        match part {
            Part::Input => self.input,
            Part::Forget => self.forget,
            Part::Output => self.output,
            Part::Candidate => Gate::Terms(self.candidate),
        }
    }

    /// The terms of `part`, or `None` if it is a constant.
    pub fn terms(&self, part: Part) -> Option<Terms> {
        match self.gate(part) {
            Gate::Terms(terms) => Some(terms),
            Gate::Constant(_) => None,
        }
    }

    /// The parts that keep the input signal, in the order of [`PARTS`].
    pub fn reading_input(&self) -> Vec<Part> {
        self.keeping(|terms| terms.input)
    }

    /// The parts that keep the hidden-unit signal in the given form, in the order of [`PARTS`].
    pub fn reading_hidden(&self, form: Hidden) -> Vec<Part> {
        self.keeping(|terms| terms.hidden == form)
    }

    /// The parts that keep a bias, in the order of [`PARTS`].
    pub fn biased(&self) -> Vec<Part> {
        self.keeping(|terms| terms.bias)
    }

    fn keeping(&self, kept: impl Fn(Terms) -> bool) -> Vec<Part> {
        PARTS.into_iter().filter(|&part| self.terms(part).is_some_and(&kept)).collect()
    }
}
