//! The time that a study will take, estimated before it begins.

use slimgate_run::OptimConfig;

use crate::folder::Records;
use crate::kinds::Costs;
use crate::launcher::Workers;
use crate::plan::Group;
use crate::space::Space;
use crate::{StudyConfig, StudyError};

/// The cost of the trials that are left.
#[derive(Debug, Default)]
pub(crate) struct Estimate {
    /// Seconds that they take: where every trial stops as early as its patience lets it, and where all train to their
    /// last epoch. Trials beyond the grid are not foreseen.
    pub seconds: [f64; 2],
    /// Warnings to the user before they begin, each once.
    pub warnings: Vec<String>,
}

/// Estimates the trials that are left, as many at once as there is room for. None where nothing is left.
///
/// Of the trials of a comparison whose settings are still to be chosen, the cheapest and the dearest that they may be count.
///
/// # Errors
///
/// If they cannot be measured, or the user wants to stop.
pub(crate) fn estimate(
    groups: &[Group],
    space: &Space,
    config: &StudyConfig,
    records: &mut Records,
    workers: &mut Workers,
) -> Result<Option<Estimate>, StudyError> {
    let at_once = workers.launcher.capacity();
    let (mut all, mut costs) = (Estimate::default(), Costs::default());
    for task in 0..space.tasks.len() {
        let of_task: Vec<&Group> = groups.iter().filter(|group| group.task == task).collect();
        let Some(first) = of_task.first().and_then(|group| group.trials().next()) else { continue };
        let least = |optim: &OptimConfig| {
            optim.early_stopping.map_or(optim.epochs, |patience| (patience + 1).min(optim.epochs))
        };
        let mut left = Vec::new();
        let mut unknown = 0;
        for group in &of_task {
            left.extend(group.trials().filter(|trial| !records.get(&trial.id).is_done()));
            unknown += group.planned(space).0 - group.trials().count();
        }
        if left.len() + unknown == 0 {
            continue;
        }
        costs.measure(&of_task, space, config, workers, at_once)?;
        let name = &space.tasks[task].name;
        for trial in left {
            let optim = &trial.config.optim;
            for (sum, epochs) in all.seconds.iter_mut().zip([least(optim), optim.epochs]) {
                *sum += costs.seconds(name, config, &trial.config, epochs)? / at_once as f64;
            }
        }
        let optim = &first.config.optim;
        let ends = [costs.extremes(name, least(optim))[0], costs.extremes(name, optim.epochs)[1]];
        for (sum, seconds) in all.seconds.iter_mut().zip(ends) {
            *sum += unknown as f64 * seconds / at_once as f64;
        }
    }
    all.warnings = costs.warnings();
    Ok((all.seconds[1] > 0.0).then_some(all))
}
