//! `slimgate check`

use std::process::ExitCode;

use serde::Serialize;
use slimgate_study::{Outcome, Protocol, Requirement, StudyFolder, StudySummary, summarize};

use crate::args::CheckArguments;
use crate::output::{CliError, NOT_HELD, heard_or_not, say, say_json};

pub fn run(arguments: CheckArguments) -> Result<ExitCode, CliError> {
    // Read before anything is checked, so that a mistake in one leaves no half answer.
    let requirements =
        arguments.require.iter().map(|text| text.parse()).collect::<Result<Vec<Requirement>, _>>()?;
    let summary = summarize(&StudyFolder::open(&arguments.study)?)?;
    let outcomes = requirements.iter().map(|claim| claim.check(&summary)).collect::<Result<Vec<_>, _>>()?;
    heard_or_not(tell_all(&requirements, &outcomes, &summary, arguments.json))?;
    let all = outcomes.iter().all(|outcome| outcome.holds);
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::from(NOT_HELD) })
}

fn tell_all(
    requirements: &[Requirement],
    outcomes: &[Outcome],
    summary: &StudySummary,
    json: bool,
) -> Result<(), CliError> {
    let protocol = summary.protocol;
    for (claim, outcome) in requirements.iter().zip(outcomes) {
        let Outcome { holds, evidence } = outcome;
        if json {
            say_json(&Line { claim: claim.to_string(), holds: *holds, evidence, protocol })?;
        } else {
            say(format_args!("{claim}: {}", if *holds { "holds" } else { "is not shown" }))?;
            evidence.iter().try_for_each(|evidence| say(format_args!("  {evidence}")))?;
        }
    }
    if protocol == Protocol::Published && !json {
        let scores = summary.metric.several();
        say(format_args!("test {scores} were selected on the test set and are optimistically biased"))?;
    }
    Ok(())
}

/// One claim, for machines.
#[derive(Serialize)]
struct Line<'a> {
    claim: String,
    holds: bool,
    evidence: &'a [String],
    protocol: Protocol,
}
