//! The time that a study will take, estimated before it begins.

use crate::folder::Records;
use crate::launcher::Workers;
use crate::measure::effort;
use crate::plan::Group;
use crate::space::Space;
use crate::{StudyConfig, StudyError};

/// The factor by which validation, saving and a process of its own lengthen the training steps of a trial.
const OVERHEAD: f64 = 1.2;

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
/// The baseline's steps are measured and taken for those of all variants: none has more to compute.
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
    let mut all = Estimate::default();
    for task in 0..space.tasks.len() {
        let of_task: Vec<&Group> = groups.iter().filter(|group| group.task == task).collect();
        let Some(first) = of_task.first().and_then(|group| group.trials().next()) else { continue };
        let optim = &first.config.optim;
        let mut trials = 0;
        for group in &of_task {
            let known = group.trials().count();
            let left = group.trials().filter(|trial| !records.get(&trial.id).is_done()).count();
            trials += left + group.planned(space).0 - known;
        }
        if trials == 0 {
            continue;
        }
        let in_place = first.config.changed(|trial| trial.data = config.data_in_place(&trial.data))?;
        let effort = effort(workers, &in_place, at_once)?;
        let least = optim.early_stopping.map_or(optim.epochs, |patience| (patience + 1).min(optim.epochs));
        for (sum, epochs) in all.seconds.iter_mut().zip([least, optim.epochs]) {
            let steps = (epochs * effort.steps_an_epoch) as f64;
            let seconds = steps * effort.step_seconds * OVERHEAD + effort.start_seconds;
            *sum += trials as f64 * seconds / at_once as f64;
        }
        for warning in effort.warnings {
            if !all.warnings.contains(&warning) {
                all.warnings.push(warning);
            }
        }
    }
    Ok((all.seconds[1] > 0.0).then_some(all))
}
