//! `slimgate variants`

use std::process::ExitCode;

use serde::Serialize;
use slimgate_gates::{Cell, Sizes, VARIANTS, Variant, equations, looks_like_gate_terms, name_of, variant};
use slimgate_run::words;

use crate::args::VariantsArguments;
use crate::output::{CliError, say, say_json, table};

pub fn run(arguments: VariantsArguments) -> Result<ExitCode, CliError> {
    let sizes = Sizes { inputs: arguments.inputs, hidden: arguments.hidden };
    match (&arguments.cell, arguments.json) {
        (Some(cell), false) => describe(named_or_formed(cell)?, sizes)?,
        (Some(cell), true) => say_json(&Row::new(&named_or_formed(cell)?, sizes))?,
        (None, true) => {
            VARIANTS.iter().try_for_each(|variant| say_json(&Row::new(&variant.cell(), sizes)))?
        }
        (None, false) => list(sizes)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// One cell, for machines.
#[derive(Serialize)]
struct Row {
    name: Option<&'static str>,
    gates: String,
    equations: String,
    formula: String,
    parameters: usize,
}

impl Row {
    fn new(cell: &Cell, sizes: Sizes) -> Row {
        Row {
            name: name_of(cell),
            gates: cell.to_string(),
            equations: equations(cell),
            formula: cell.formula().to_string(),
            parameters: cell.parameters(sizes),
        }
    }
}

fn list(sizes: Sizes) -> Result<(), CliError> {
    let count = format!("m={}, n={}", sizes.inputs, sizes.hidden);
    let mut rows = table(["variant", "gate terms", "equations", "parameters", &count, "source"]);
    for row in &VARIANTS {
        let cell = row.cell();
        rows.add_row([
            &names(row),
            row.form,
            &what_differs(&cell),
            &cell.formula().to_string(),
            &words::count(cell.parameters(sizes)),
            row.source,
        ]);
    }
    say(rows)?;
    say("c = f ⊙ c' + i ⊙ tanh(W_c x + U_c h' + b_c) and h = o ⊙ tanh(c), unless the table says otherwise")
}

fn names(variant: &Variant) -> String {
    variant.alias.map_or_else(|| variant.name.to_owned(), |alias| format!("{}\n{alias}", variant.name))
}

/// The gates' equations, in one line where all three share a form, and the state's if it is not the usual one.
fn what_differs(cell: &Cell) -> String {
    let text = equations(cell);
    let lines: Vec<&str> = text.lines().collect();
    let gates = if cell.input == cell.forget && cell.forget == cell.output {
        lines[0].replacen("i =", "i, f, o =", 1).replace("_i", "")
    } else {
        lines[..3].join("\n")
    };
    let usual = cell.candidate == slimgate_gates::Terms::FULL;
    if usual { gates } else { format!("{gates}\n{}", lines[3]) }
}

fn describe(cell: Cell, sizes: Sizes) -> Result<(), CliError> {
    say(format_args!("{} (gate terms {cell})\n", name_of(&cell).unwrap_or("an unnamed cell")))?;
    say(equations(&cell))?;
    say(format_args!(
        "\nparameters per layer: {} = {} for m = {} inputs and n = {} hidden units",
        cell.formula(),
        words::count(cell.parameters(sizes)),
        sizes.inputs,
        sizes.hidden
    ))
}

/// A cell by its name or, failing that, by its terms.
fn named_or_formed(text: &str) -> Result<Cell, CliError> {
    match variant(text) {
        Ok(variant) => Ok(variant.cell()),
        Err(_) if looks_like_gate_terms(text) => Ok(text.parse()?),
        Err(unknown) => Err(unknown.into()),
    }
}
