//! The reliability of the importances of settings.

use slimgate_run::words::{counted, decimal};
use slimgate_study::{State, StudySummary, TaskSummary};

use crate::document::Block;
use crate::phrases::selection_score;

/// An out-of-bag R² below this leaves most of the variance unexplained.
const RELIABLE: f64 = 0.5;

/// The size of the settings' effect on the score, and the fit of the model behind the importances.
pub fn reliability(summary: &StudySummary, task: &TaskSummary) -> Option<Block> {
    let importances = task.importances.as_ref()?;
    let metric = &summary.metric;
    let seeds = match importances.between_seeds {
        Some(seeds) => format!(
            ", and ±{} across seeds at the same settings. Unless the first is well above the second, the shares are \
             noise.",
            metric.show_size(seeds)
        ),
        None => ". With one seed per setting, the shares include the variation between seeds.".to_owned(),
    };
    let pruned: usize = task.variants.iter().filter_map(|variant| variant.states.get(&State::Pruned)).sum();
    let left_out = match pruned {
        0 => String::new(),
        _ => format!(" The shares leave out {}.", counted(pruned, "pruned trial", "pruned trials")),
    };
    let unreliable = importances.oob_r2.is_some_and(|r2| r2 < RELIABLE);
    let model = match importances.oob_r2 {
        None => "Every combination was tried equally often, so the shares are exact for what was tried."
            .to_owned(),
        Some(r2) => format!(
            "{} random forest behind these importances has an out-of-bag R² of {} %.",
            if unreliable { "Unreliable: the" } else { "The" },
            decimal(100.0 * r2, 0)
        ),
    };
    let text = format!(
        "Importances on {}: the standard deviation is ±{}{} of {} across settings{seeds} {model}{left_out}",
        task.name,
        metric.show_size(importances.spread),
        metric.points(),
        selection_score(summary)
    );
    Some(if unreliable { Block::Notice(text) } else { Block::Text(text) })
}
