//! `slimgate check`

use std::process::ExitCode;

use serde::Serialize;
use slimgate_study::{Protocol, Requirement, StudyFolder, summarize};

use crate::args::CheckArguments;
use crate::output::{CliError, NOT_HELD, say, say_json};

pub fn run(arguments: CheckArguments) -> Result<ExitCode, CliError> {
    // Read before anything is checked, so that a mistake in one leaves no half answer.
    let requirements =
        arguments.require.iter().map(|text| text.parse()).collect::<Result<Vec<Requirement>, _>>()?;
    let summary = summarize(&StudyFolder::open(&arguments.study)?)?;
    let outcomes = requirements.iter().map(|claim| claim.check(&summary)).collect::<Result<Vec<_>, _>>()?;
    for (claim, outcome) in requirements.iter().zip(&outcomes) {
        if arguments.json {
            say_json(&Line {
                claim: claim.to_string(),
                holds: outcome.holds,
                evidence: &outcome.evidence,
                protocol: summary.protocol,
            })?;
        } else {
            let holds = if outcome.holds { "holds" } else { "is not shown" };
            say(format_args!("{claim}: {holds}"))?;
            outcome.evidence.iter().try_for_each(|evidence| say(format_args!("  {evidence}")))?;
        }
    }
    if summary.protocol == Protocol::Published && !arguments.json {
        say("test accuracies are chosen on the test set: too good by as much as the choice gains")?;
    }
    let all = outcomes.iter().all(|outcome| outcome.holds);
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::from(NOT_HELD) })
}

/// One claim, for machines.
#[derive(Serialize)]
struct Line<'a> {
    claim: String,
    holds: bool,
    evidence: &'a [String],
    protocol: Protocol,
}
