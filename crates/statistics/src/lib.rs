//! Statistics of many runs: estimates, tests and their uncertainty.
//!
//! Scores are higher-is-better throughout; negate a loss before passing it in. Nothing here uses a clock or a global
//! random generator: equal arguments give equal results.
//!
//! | question | function |
//! |---|---|
//! | how well does a variant do? | [`interval_of_mean`] |
//! | has it learned anything at all? | [`p_above_trivial`], [`p_above`], [`p_above_in_divisions`] |
//! | is it as good as the baseline, on the same seeds? | [`compare`] |
//! | and if several variants are compared? | [`holm`] |
//! | how many seeds would settle it? | [`seeds_needed`], [`power`] |
//! | may seeds stop as soon as it is settled? | [`Plan`], [`Design`] |
//! | does it hold for new data, too? | [`crossed_mean`], [`resampled_error`], [`resampled_interval`] |
//! | would another seed have chosen other settings? | [`choose`] |
//! | which is best over several data sets? | [`friedman`], [`pairwise_signed_rank`], [`critical_difference`], [`groups`] |
//! | which setting mattered? | [`importance`](fn@importance) |
//! | how forgiving is the learning rate? | [`usable_range`] |
//!
//! ```
//! use slimgate_statistics::{Alternative, Criteria, Pair, Scenario, compare, seeds_needed};
//!
//! // Five seeds on a test set of 1000, and a margin of half a percentage point.
//! let seeds = [(0.981, 0.983), (0.979, 0.978), (0.984, 0.983), (0.980, 0.982), (0.982, 0.982)];
//! let pairs = seeds.map(|(variant, baseline)| Pair { variant, baseline });
//! let found = compare(&pairs, Criteria::new(0.005, 0.001)).unwrap();
//! assert!(found.p_equivalence < 0.05 && found.p_difference > 0.05);
//!
//! // For half that margin, one more seed is needed.
//! let scenario = Scenario { difference: found.difference.value, sd: found.sd, alpha: 0.05, shared: 0.0 };
//! assert_eq!(seeds_needed(Alternative::Equivalent { margin: 0.0025 }, scenario, 0.8), Some(6));
//! ```

mod above_trivial;
mod bootstrap;
mod choice;
mod crossed;
mod data_sets;
mod draw;
mod holm;
mod importance;
mod interval;
mod paired;
mod power;
mod quadrature;
mod resampled;
mod sample;
mod sequential;
mod settle;
mod signed_rank;
mod studentized_range;
mod usable_range;

pub use above_trivial::{AgainstTrivial, p_above, p_above_in_divisions, p_above_trivial};
pub use bootstrap::bootstrap_interval;
pub use choice::{Choice, SettingChance, choose};
pub use crossed::{CrossedMean, MeanError, crossed_difference, crossed_mean};
pub use data_sets::{
    Friedman, ImanDavenport, Pairwise, critical_difference, friedman, groups, pairwise_signed_rank,
};
pub use holm::holm;
pub use importance::{Effect, Importance, Method, Observation, Parameter, Scale, importance};
pub use interval::{Estimate, interval_of_mean, t_interval};
pub use paired::{Criteria, Pair, PairedTests, compare, won_tied_lost};
pub use power::{Alternative, Scenario, power, seeds_needed};
pub use resampled::{resampled_error, resampled_interval, shared_variance};
pub use sample::mean_and_sd;
pub use sequential::Design;
pub use settle::{Differences, Finding, Intervals, Looked, Plan, Prospect, Standing};
pub use signed_rank::signed_rank_p;
pub use studentized_range::studentized_range_quantile;
pub use usable_range::{UsableRange, usable_range};
