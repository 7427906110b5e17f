//! The settings that made the scores differ, by functional analysis of variance (Hutter, Hoos and Leyton-Brown 2014).
//!
//! The crate `fanova` treats a category as a number: of four variants the two outermost then weigh half as much as the
//! others, and so do the two ends of a grid of learning rates. Here every category weighs the same, and so does every
//! step of an even grid; and a complete grid needs no forest, since its cells are the whole surface.

mod decompose;
mod forest;
mod space;

use decompose::{Decomposition, decompose};
use forest::Forest;
use space::Space;

/// The scale on which the values of a parameter are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Numbers that count by their differences, such as epochs.
    Linear,
    /// Numbers above 0 that count by their ratios, such as learning rates.
    Log,
    /// Names without an order, given as whole numbers, such as variants.
    Category,
}

/// One setting that trials differ in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, such as `optim.learning_rate`.
    pub name: String,
    /// The scale of its values.
    pub scale: Scale,
}

/// One run of a study. The seed is not a parameter: trials with equal values are repeats.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// One value for each parameter, in the same order.
    pub values: Vec<f64>,
    /// Its result; higher is better.
    pub score: f64,
}

/// The sources of the variance of scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// Parameters alone and pairs of them, the largest share first.
    pub effects: Vec<Effect>,
    /// Standard deviation of the score over the whole space.
    pub sd: f64,
    /// Standard deviation between repeats of one setting; `None` without repeats. If `sd` is not well above it, the
    /// shares reflect chance and mean nothing.
    pub repeat_sd: Option<f64>,
    /// The method that gave the score of every setting.
    pub method: Method,
}

/// The main effect of one parameter, or the interaction of two.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// One name, or two for an interaction beyond what each does alone.
    pub parameters: Vec<String>,
    /// Share of the variance over the whole space. The remainder belongs to interactions of three and more.
    pub share: f64,
}

/// The method that gave the score of every setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// Every combination was tried equally often: the mean scores are the surface, and shares are exact.
    Grid,
    /// A forest of regression trees predicts the untried combinations.
    Forest {
        /// Out-of-bag R². Where it is small, the shares are guesses; at 0 or below, the forest predicts nothing.
        oob_r2: f64,
    },
}

/// Computes how much each parameter, and each pair, contributes to the variance of scores.
///
/// Parameters that never change are left out. `seed` determines the forest's resamples; on a grid it has no effect.
///
/// `None` if nothing differs, in settings or in scores, or if a trial does not have exactly one usable value per
/// parameter and a finite score.
pub fn importance(parameters: &[Parameter], trials: &[Observation], seed: u64) -> Option<Importance> {
    if !trials.iter().all(|trial| space::is_usable(parameters, trial)) {
        return None;
    }
    let scores: Vec<f64> = trials.iter().map(|trial| trial.score).collect();
    let space = Space::new(parameters, trials);
    if space.axes.is_empty() || scores.iter().all(|score| *score == scores[0]) {
        return None;
    }
    let (decomposition, method) = match space.grid(&scores) {
        Some(cells) => (decompose(&space.axes, &cells), Method::Grid),
        None => {
            let forest = Forest::grow(&space, &scores, seed);
            let each: Vec<_> = forest.trees.iter().map(|tree| decompose(&space.axes, tree)).collect();
            (Decomposition::mean(&each), Method::Forest { oob_r2: forest.oob_r2 })
        }
    };
    let named = |axes: &[usize]| axes.iter().map(|axis| space.axes[*axis].name.clone()).collect();
    let mut effects: Vec<Effect> = decomposition
        .shares
        .iter()
        .map(|(axes, share)| Effect { parameters: named(axes), share: *share })
        .collect();
    effects.sort_by(|a, b| b.share.total_cmp(&a.share));
    Some(Importance { effects, sd: decomposition.sd, repeat_sd: space.repeat_sd(&scores), method })
}
