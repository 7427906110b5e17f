//! How far the shares of settings can be trusted.

use slimgate_study::{State, Summary, Task};

use crate::document::Block;
use crate::words::{choice_accuracy, counted, decimal, percent};

/// A forest that foretells less than this share of the variance leaves most of it unexplained.
const TRUSTED: f64 = 0.5;

/// By how much settings change the accuracy, and how well the model that the shares are read off knows it.
pub fn trust(summary: &Summary, task: &Task) -> Option<Block> {
    let importances = task.importances.as_ref()?;
    let points = |deviation: f64| decimal(100.0 * deviation, 2);
    let seeds = match importances.between_seeds {
        Some(seeds) => format!(
            "; between seeds at one setting it is ±{}. Unless the first is well above the second, the shares mean \
             nothing.",
            points(seeds)
        ),
        None => ". With one seed at each setting, chance between seeds is among the shares.".to_owned(),
    };
    let pruned: usize = task.variants.iter().filter_map(|variant| variant.states.get(&State::Pruned)).sum();
    let left_out = match pruned {
        0 => String::new(),
        _ => format!(
            " The {} are left out: the shares are of what was left.",
            counted(pruned, "pruned trial", "pruned trials")
        ),
    };
    let guesses = importances.foretold.is_some_and(|foretold| foretold.is_nan() || foretold < TRUSTED);
    let model = match importances.foretold {
        None => {
            "Every combination was tried equally often: the shares are exact for what was tried.".to_owned()
        }
        Some(foretold) => format!(
            "{} foretells {} of the variance of trials that it has not seen.",
            if guesses {
                "The shares are guesses: the forest that they are read off"
            } else {
                "The forest that the shares are read off"
            },
            if foretold > 0.0 { percent(foretold) } else { "nothing".to_owned() }
        ),
    };
    let text = format!(
        "Importances on {}: over the settings the standard deviation is ±{} points of {}{seeds} {model}{left_out}",
        task.name,
        points(importances.spread),
        choice_accuracy(summary.protocol)
    );
    Some(if guesses { Block::Notice(text) } else { Block::Text(text) })
}
