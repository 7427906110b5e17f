//! The written form of a cell: `hb` (all three gates) or `i=xhb,f=hb,o=b,c=xdb`.

use std::{fmt, ops::Range, str::FromStr};

use thiserror::Error;

use crate::{Cell, Gate, Hidden, PARTS, Part, Terms};

/// Error for gate terms that do not describe a cell; the message marks the place and names the remedy.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{problem}\n  {form}\n  {}{}\n{REMEDY}", " ".repeat(form[..at.start].chars().count()), "^".repeat(form[at.clone()].chars().count().max(1)))]
pub struct ParseCellError {
    /// The form as written.
    pub form: String,
    /// The bytes of `form` that are wrong.
    pub at: Range<usize>,
    /// The problem with them.
    pub problem: String,
}

const REMEDY: &str = "write the terms a gate keeps, for all three gates (`hb`) or gate by gate (`i=xhb,f=hb,o=b`): \
                      x input, h hidden, d diagonal hidden, b bias, - none, or a number from 0 to 1; c= is the candidate";

impl FromStr for Cell {
    type Err = ParseCellError;

    fn from_str(form: &str) -> Result<Cell, ParseCellError> {
        let reader = Reader { form };
        let cell = if form.contains('=') { reader.part_by_part()? } else { reader.uniform()? };
        let reads_input = !cell.reading_input().is_empty();
        if reads_input {
            Ok(cell)
        } else {
            Err(reader.error(0..form.len(), "no part of this cell reads the input"))
        }
    }
}

struct Reader<'a> {
    form: &'a str,
}

impl Reader<'_> {
    fn uniform(&self) -> Result<Cell, ParseCellError> {
        let gate = self.gate(0..self.form.len())?;
        Ok(Cell { input: gate, forget: gate, output: gate, candidate: Terms::FULL })
    }

    fn part_by_part(&self) -> Result<Cell, ParseCellError> {
        let mut gates: [Option<Gate>; 4] = [None; 4];
        let mut start = 0;
        for assignment in self.form.split(',') {
            let place = start..start + assignment.len();
            start = place.end + 1;
            let Some((letter, terms)) = assignment.split_once('=') else {
                return Err(self.error(place, "expected `GATE=TERMS`"));
            };
            let letter_at = place.start..place.start + letter.len();
            let Some(part) = PARTS.into_iter().position(|part| part.letter().to_string() == letter.trim())
            else {
                return Err(
                    self.error(letter_at, "there is no such gate; use i, f or o, or c for the candidate")
                );
            };
            if gates[part].is_some() {
                return Err(self.error(letter_at, "this gate is given twice"));
            }
            gates[part] = Some(self.gate(place.end - terms.len()..place.end)?);
        }
        let named = |part: usize| {
            let letter = PARTS[part].letter();
            gates[part].ok_or_else(|| {
                self.error(
                    self.form.len()..self.form.len(),
                    &format!("gate `{letter}` is missing: add `{letter}=...`"),
                )
            })
        };
        let candidate = match gates[3] {
            None => Terms::FULL,
            Some(Gate::Terms(terms)) => terms,
            Some(Gate::Constant(_)) => {
                return Err(self.error(0..self.form.len(), "the candidate `c` cannot be a constant"));
            }
        };
        Ok(Cell { input: named(0)?, forget: named(1)?, output: named(2)?, candidate })
    }

    /// Parses the terms or the constant at `place`.
    fn gate(&self, place: Range<usize>) -> Result<Gate, ParseCellError> {
        let text = self.form[place.clone()].trim();
        if text.is_empty() {
            return Err(self.error(place, "the terms of this gate are missing; write `-` to keep none"));
        }
        if text.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return match text.parse::<f32>() {
                Ok(value) if (0.0..=1.0).contains(&value) => Ok(Gate::Constant(value)),
                _ => Err(self.error(place, "a constant gate must be a number from 0 to 1")),
            };
        }
        let mut terms = Terms { input: false, hidden: Hidden::Absent, bias: false };
        if text == "-" {
            return Ok(Gate::Terms(terms));
        }
        for (offset, letter) in self.form[place.clone()].char_indices().filter(|(_, c)| !c.is_whitespace()) {
            let at = place.start + offset..place.start + offset + letter.len_utf8();
            let repeated = match letter {
                'x' => std::mem::replace(&mut terms.input, true),
                'b' => std::mem::replace(&mut terms.bias, true),
                'h' | 'd' => {
                    let form = if letter == 'h' { Hidden::Full } else { Hidden::Diagonal };
                    std::mem::replace(&mut terms.hidden, form) != Hidden::Absent
                }
                _ => return Err(self.error(at, &format!("`{letter}` is not a gate term"))),
            };
            if repeated {
                return Err(self.error(at, "this term is given twice (h and d are the same signal)"));
            }
        }
        Ok(Gate::Terms(terms))
    }

    fn error(&self, at: Range<usize>, problem: &str) -> ParseCellError {
        ParseCellError { form: self.form.to_owned(), at, problem: problem.to_owned() }
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("-");
        }
        let hidden = match self.hidden {
            Hidden::Absent => "",
            Hidden::Diagonal => "d",
            Hidden::Full => "h",
        };
        write!(f, "{}{hidden}{}", if self.input { "x" } else { "" }, if self.bias { "b" } else { "" })
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gate::Terms(terms) => terms.fmt(f),
            Gate::Constant(value) => value.fmt(f),
        }
    }
}

/// The shortest form that parses back to the same cell.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let standard_candidate = self.candidate == Terms::FULL;
        if standard_candidate && self.input == self.forget && self.forget == self.output {
            return self.input.fmt(f);
        }
        write!(f, "i={},f={},o={}", self.input, self.forget, self.output)?;
        if standard_candidate {
            Ok(())
        } else {
            write!(f, ",{}={}", Part::Candidate.letter(), self.candidate)
        }
    }
}

/// True if a text that is no variant's name was meant as gate terms: only these contain such characters.
pub fn looks_like_gate_terms(text: &str) -> bool {
    text.contains('=') || text.chars().all(|c| c.is_whitespace() || "xhdb-.0123456789".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(form: &str) -> ParseCellError {
        form.parse::<Cell>().unwrap_err()
    }

    #[test]
    fn all_512_masks_of_the_gates_survive_the_written_form() {
        let masks = ["xhb", "xh", "xb", "hb", "x", "h", "b", "-"];
        for index in 0..512 {
            let [i, f, o] = [masks[index % 8], masks[index / 8 % 8], masks[index / 64]];
            let cell: Cell = format!("i={i},f={f},o={o}").parse().unwrap();
            assert_eq!(cell.to_string().parse::<Cell>().unwrap(), cell);
        }
    }

    #[test]
    fn the_short_form_is_the_long_form_three_times() {
        assert_eq!("hb".parse::<Cell>(), "i=hb,f=hb,o=hb,c=xhb".parse::<Cell>());
        assert_eq!("bh".parse::<Cell>(), "hb".parse::<Cell>());
        assert_eq!("0.5".parse::<Cell>().unwrap().forget, Gate::Constant(0.5));
    }

    #[test]
    fn spaces_are_part_of_the_written_form() {
        assert_eq!("h b".parse::<Cell>(), "hb".parse::<Cell>());
        assert!(looks_like_gate_terms("h b") && !looks_like_gate_terms("lstm 2"));
    }

    #[test]
    fn a_letter_that_is_no_term_is_marked() {
        let error = wrong("i=xhq,f=hb,o=b");
        assert_eq!(error.at, 4..5);
        assert!(error.to_string().starts_with("`q` is not a gate term\n  i=xhq,f=hb,o=b\n      ^\n"));
    }

    #[test]
    fn each_kind_of_mistake_is_named() {
        for (form, at, problem) in [
            ("", 0..0, "missing"),
            ("xx", 1..2, "given twice"),
            ("hd", 1..2, "given twice"),
            ("1.5", 0..3, "from 0 to 1"),
            ("i=,f=b,o=b", 2..2, "missing"),
            ("i=b,f=b", 7..7, "gate `o` is missing"),
            ("i=b,i=b", 4..5, "given twice"),
            ("k=b", 0..1, "no such gate"),
            ("i=b,f", 4..5, "expected `GATE=TERMS`"),
            ("i=b,f=b,o=b,c=0.5", 0..17, "cannot be a constant"),
            ("i=b,f=b,o=b,c=hb", 0..16, "reads the input"),
            ("hσb", 1..3, "`σ` is not a gate term"),
        ] {
            let error = wrong(form);
            assert!(error.problem.contains(problem), "{form:?}: {error}");
            assert_eq!(error.at, at, "{form:?}");
        }
    }
}
