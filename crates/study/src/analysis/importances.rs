//! The importance of the settings.

use toml::Value;

use crate::config::VARIANT;
use crate::folder::Records;
use crate::plan::Group;
use crate::trial::number;
use crate::{Importance, Importances, Range, State, StudyConfig, StudyError};
use slimgate_statistics::{Method, Observation, Parameter, Scale, importance};

/// The shares of the variance of the best score on the validation set that variant and settings explain, and their
/// interactions, over the trials that settings were chosen from.
pub(super) fn importances(
    config: &StudyConfig,
    groups: &[&Group],
    records: &mut Records,
) -> Result<Option<Importances>, StudyError> {
    let Some(first) = groups.first().and_then(|group| group.candidates.first()) else {
        return Ok(None);
    };
    let keys: Vec<&String> = first.settings.keys().collect();
    let ranges = config.ranges()?;
    let axes: Vec<Axis> = keys.iter().map(|key| Axis::new(config, ranges.get(*key), key)).collect();
    let mut parameters = vec![Parameter { name: VARIANT.into(), scale: Scale::Category }];
    parameters.extend(
        keys.iter().zip(&axes).map(|(key, axis)| Parameter { name: (*key).clone(), scale: axis.scale }),
    );

    let mut trials = Vec::new();
    // Rates beyond the grid, which were tried for some variants alone, are none of the whole space.
    let asked =
        |key: &String, value: &Value| config.grid.get(key).is_none_or(|values| values.contains(value));
    for (index, group) in groups.iter().enumerate() {
        for candidate in group.candidates.iter().filter(|of| of.settings.iter().all(|(k, v)| asked(k, v))) {
            for trial in candidate.trials.iter().filter(|trial| !group.pruned.contains_key(&trial.id)) {
                let record = records.get(&trial.id);
                let Some(summary) = record.ended() else { continue };
                let best = summary.best.as_ref().map(|best| summary.metric.merit(best.score.value));
                let worst = || (record.state == State::Diverged).then(|| summary.metric.worst_merit());
                let values = keys.iter().zip(&axes).map(|(key, axis)| axis.place(&candidate.settings[*key]));
                let values = std::iter::once(Some(index as f64)).chain(values).collect::<Option<Vec<f64>>>();
                if let (Some(values), Some(score)) = (values, best.or_else(worst)) {
                    trials.push(Observation { values, score });
                }
            }
        }
    }
    // What has no score, and could have any, counts as the worst of the others.
    let finite = |of: &Observation| Some(of.score).filter(|score| score.is_finite());
    if let Some(worst) = trials.iter().filter_map(finite).reduce(f64::min) {
        trials.iter_mut().for_each(|trial| trial.score = trial.score.max(worst));
    }
    // Too few trials, or all alike, leave nothing to explain.
    let Some(found) = importance(&parameters, &trials, 1) else { return Ok(None) };
    let effects = found.effects.into_iter();
    Ok(Some(Importances {
        effects: effects.map(|effect| Importance { keys: effect.parameters, share: effect.share }).collect(),
        spread: found.sd,
        between_seeds: found.repeat_sd,
        oob_r2: match found.method {
            Method::Grid => None,
            Method::Forest { oob_r2 } => Some(oob_r2),
        },
    }))
}

/// The way that values of a setting become numbers.
struct Axis {
    scale: Scale,
    /// The values of a setting that is no number.
    names: Vec<Value>,
}

impl Axis {
    fn new(config: &StudyConfig, range: Option<&Range>, key: &str) -> Axis {
        let listed = match range {
            Some(Range::Log(_)) => return Axis { scale: Scale::Log, names: Vec::new() },
            Some(Range::Linear(_) | Range::Integer(_)) => {
                return Axis { scale: Scale::Linear, names: Vec::new() };
            }
            Some(Range::Choice(values)) => values,
            None => &config.grid[key],
        };
        let numbers: Option<Vec<f64>> = listed.iter().map(number).collect();
        match numbers {
            // Lists of rates, widths and the like go up by factors.
            Some(numbers) if numbers.iter().all(|&number| number > 0.0) => {
                Axis { scale: Scale::Log, names: Vec::new() }
            }
            Some(_) => Axis { scale: Scale::Linear, names: Vec::new() },
            None => Axis { scale: Scale::Category, names: listed.clone() },
        }
    }

    fn place(&self, value: &Value) -> Option<f64> {
        match self.scale {
            Scale::Category => self.names.iter().position(|name| name == value).map(|place| place as f64),
            Scale::Linear | Scale::Log => number(value),
        }
    }
}
