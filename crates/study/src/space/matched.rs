//! Hidden sizes that make variants equal in size or in time.

use crate::launcher::Workers;
use crate::measure::step_seconds;
use crate::space::StudyTask;
use crate::trial::{Settings, Trial};
use crate::{Match, Sizes, StudyConfig, StudyError};

/// Sizes up to this many times the baseline's are looked at.
const LARGEST: usize = 16;

/// The hidden size of each variant other than the baseline on each task, by what the study matches. What is
/// `known` is kept.
///
/// # Errors
///
/// If every size is too small or too large, a step cannot be timed, or the user wants to stop.
pub(crate) fn hidden_sizes(
    config: &StudyConfig,
    tasks: &[StudyTask],
    by: Match,
    mut known: Sizes,
    workers: &mut Workers,
) -> Result<Sizes, StudyError> {
    let base = toml::to_string(&config.base).expect("a table has a TOML form");
    for task in tasks {
        let trial = |variant: &str, hidden| {
            Trial::new(&base, task, variant, hidden, 1, Settings::new(), &Settings::new())
        };
        let mut measure = |trial: Trial| -> Result<f64, StudyError> {
            Ok(match by {
                Match::Parameters => config.recurrent_parameters(&trial.config)? as f64,
                Match::Time => step_seconds(workers, &config.in_place(&trial.config)?)?,
            })
        };
        let sizes = known.entry(task.name.clone()).or_default();
        let missing = config.variants().into_iter().skip(1).filter(|variant| !sizes.contains_key(variant));
        let missing: Vec<String> = missing.collect();
        if missing.is_empty() {
            continue;
        }
        let baseline = trial(&config.compare.baseline, None)?;
        let largest = LARGEST * baseline.config.model.hidden;
        let goal = measure(baseline)?;
        for variant in missing {
            let size = nearest(goal, largest, |hidden| measure(trial(&variant, Some(hidden))?))?;
            sizes.insert(variant.clone(), size.ok_or(StudyError::NoMatch(variant))?);
        }
    }
    Ok(known)
}

/// The size from 1 to `largest` whose measure, which grows with it, is nearest to the goal; none if that is one of
/// the ends and more than a tenth away.
fn nearest(
    goal: f64,
    largest: usize,
    mut measure: impl FnMut(usize) -> Result<f64, StudyError>,
) -> Result<Option<usize>, StudyError> {
    // Invariant: the measure of `below` is under the goal, that of `above` is not.
    let (mut below, mut above) = (0, largest);
    while above - below > 1 {
        let middle = below.midpoint(above);
        if measure(middle)? < goal { below = middle } else { above = middle }
    }
    let mut best = None;
    for size in [below.max(1), above] {
        let distance = (measure(size)? - goal).abs();
        if best.is_none_or(|(_, least)| distance < least) {
            best = Some((size, distance));
        }
    }
    let at_end = |size: usize| size == 1 || size == largest;
    Ok(best.filter(|&(size, distance)| !at_end(size) || distance <= goal / 10.0).map(|(size, _)| size))
}

#[cfg(test)]
mod tests {
    use slimgate_run::{RunError, StopFlag};

    use super::*;
    use crate::this_machine::ThisMachine;

    /// Workers whose program is not there.
    fn workers(stop: &StopFlag) -> Workers {
        Workers::new(Box::new(ThisMachine::new("no-program".into(), 1)), stop)
    }

    #[test]
    fn the_nearest_size_is_found_on_either_side() {
        let square = |size: usize| Ok((size * size) as f64);
        assert_eq!(nearest(100.0, 1000, square).unwrap(), Some(10));
        assert_eq!(nearest(108.0, 1000, square).unwrap(), Some(10));
        assert_eq!(nearest(113.0, 1000, square).unwrap(), Some(11));
        assert_eq!(nearest(1e9, 1000, square).unwrap(), None);
        assert_eq!(nearest(0.1, 1000, square).unwrap(), None);
    }

    #[test]
    fn equal_parameters_mean_more_hidden_units_for_slimmer_gates() {
        let config = StudyConfig::read("test", "[compare]\nmatch = 'parameters'", &[]).unwrap();
        let task = StudyTask { name: "digits-rows".into(), values: Settings::new() };
        let by = Match::Parameters;
        let mut workers = workers(&StopFlag::new());
        let sizes = hidden_sizes(&config, &[task], by, Sizes::new(), &mut workers).unwrap();
        let sizes = &sizes["digits-rows"];
        // 51,600 in the standard LSTM with 28 inputs and 100 hidden units: LSTM1 has 28 n + 4 n² + 4 n, LSTM3
        // 28 n + n² + 4 n.
        let near =
            |size: usize, count: usize| assert!((count as f64 - 51_600.0).abs() < 1000.0, "{size}: {count}");
        let (one, three) = (sizes["lstm1"], sizes["lstm3"]);
        near(one, 32 * one + 4 * one * one);
        near(three, 32 * three + three * three);
        assert!(!sizes.contains_key("lstm"));
    }

    #[test]
    fn an_interrupt_stops_the_measurements() {
        let config = StudyConfig::read("test", "[compare]\nmatch = 'time'", &[]).unwrap();
        let task = StudyTask { name: "digits-rows".into(), values: Settings::new() };
        let stop = StopFlag::new();
        stop.stop();
        let stopped = hidden_sizes(&config, &[task], Match::Time, Sizes::new(), &mut workers(&stop));
        assert!(matches!(stopped, Err(StudyError::Run(RunError::Interrupted))), "{stopped:?}");
    }
}
