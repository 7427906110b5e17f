//! A cell's equations as text.

use crate::{Cell, Gate, Hidden, Part, Terms};

/// The equations of a cell, one per line, in the notation of the papers (`h'`, `c'`: the previous step).
///
/// ```
/// use slimgate_gates::{equations, variant};
/// let text = equations(&variant("lstm2").unwrap().cell());
/// assert_eq!(text.lines().next(), Some("i = σ(U_i h')"));
/// ```
pub fn equations(cell: &Cell) -> String {
    let gates = [Part::Input, Part::Forget, Part::Output]
        .map(|part| format!("{} = {}\n", part.letter(), gate(cell, part)));
    let candidate = sum(cell.candidate, Part::Candidate);
    format!("{}c = f ⊙ c' + i ⊙ tanh({candidate})\nh = o ⊙ tanh(c)", gates.concat())
}

fn gate(cell: &Cell, part: Part) -> String {
    match cell.gate(part) {
        Gate::Terms(terms) => format!("σ({})", sum(terms, part)),
        Gate::Constant(value) => value.to_string(),
    }
}

fn sum(terms: Terms, part: Part) -> String {
    let letter = part.letter();
    let hidden = match terms.hidden {
        Hidden::Absent => None,
        Hidden::Diagonal => Some(format!("u_{letter} ⊙ h'")),
        Hidden::Full => Some(format!("U_{letter} h'")),
    };
    let kept =
        [terms.input.then(|| format!("W_{letter} x")), hidden, terms.bias.then(|| format!("b_{letter}"))];
    if terms.is_empty() { "0".into() } else { kept.into_iter().flatten().collect::<Vec<_>>().join(" + ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mixed_cell_is_written_term_by_term() {
        let cell: Cell = "i=xdb,f=0.96,o=-".parse().unwrap();
        assert_eq!(
            equations(&cell),
            "i = σ(W_i x + u_i ⊙ h' + b_i)\nf = 0.96\no = σ(0)\n\
             c = f ⊙ c' + i ⊙ tanh(W_c x + U_c h' + b_c)\nh = o ⊙ tanh(c)"
        );
    }
}
