//! Obstacles to a verdict.

use crate::{Obstacle, VariantSummary};

/// The reason why a variant cannot be judged against a baseline at the level `alpha`, if it cannot; `is_known` says
/// whether there is a trivial predictor to hold the baseline to.
pub(super) fn obstacle(
    variant: &VariantSummary,
    baseline: &VariantSummary,
    is_known: bool,
    alpha: f64,
) -> Option<Obstacle> {
    let both = [variant, baseline];
    // Twice the number, so that half of an odd number of seeds is no whole one.
    let half_or_more = |seeds: usize| seeds > 0 && 2 * seeds >= baseline.seeds.len();
    let all = [
        // Seeds that are not tested yet may do better.
        (Obstacle::BaselineDiverged, baseline.pending_seeds() == 0 && half_or_more(baseline.diverged)),
        (Obstacle::Untestable, both.iter().any(|of| of.has_untestable_seed())),
        // Before all are tested, a verdict would be one of those that happen to be.
        (Obstacle::Pending, both.iter().any(|of| of.pending_seeds() > 0)),
        (Obstacle::TrivialUnknown, !is_known),
        // What was stopped too early may have learned nothing yet.
        (Obstacle::StillImproving, baseline.is_still_improving()),
        (Obstacle::NothingLearned, baseline.has_learned_nothing(alpha)),
        (Obstacle::BaselineCollapsed, half_or_more(baseline.collapsed)),
        (Obstacle::StillImproving, variant.is_still_improving()),
    ];
    all.into_iter().find(|(_, applies)| *applies).map(|(obstacle, _)| obstacle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeedResult;
    use crate::made_up::variant;

    fn tested(name: &str) -> VariantSummary {
        let seed = |seed| SeedResult {
            trial: format!("{name}-{seed}"),
            seed,
            epoch: 3,
            validation: 0.9,
            last: 0.9,
            test: Some(0.9),
        };
        let seeds: Vec<SeedResult> = (1..=5).map(seed).collect();
        VariantSummary { seeds, planned_seeds: 5, p_above_trivial: Some(1e-6), ..variant(name, 1e-3) }
    }

    #[test]
    fn sound_variants_meet_no_obstacle() {
        assert_eq!(obstacle(&tested("lstm2"), &tested("lstm"), true, 0.05), None);
        let once = VariantSummary { collapsed: 2, diverged: 2, still_improving: 2, ..tested("lstm") };
        assert_eq!(obstacle(&tested("lstm2"), &once, true, 0.05), None, "in fewer than half of its seeds");
    }

    #[test]
    fn a_baseline_that_learned_nothing_or_broke_is_no_baseline() {
        let found = |baseline| obstacle(&tested("lstm2"), &baseline, true, 0.05);
        let nothing = VariantSummary { p_above_trivial: Some(0.05), ..tested("lstm") };
        assert_eq!(found(nothing), Some(Obstacle::NothingLearned));
        let diverged = VariantSummary { diverged: 3, ..tested("lstm") };
        assert_eq!(found(diverged), Some(Obstacle::BaselineDiverged));
        let collapsed = VariantSummary { collapsed: 3, ..tested("lstm") };
        assert_eq!(found(collapsed), Some(Obstacle::BaselineCollapsed));
        // A variant may well have learned nothing: then it is worse.
        let dull = VariantSummary { p_above_trivial: Some(0.5), collapsed: 5, ..tested("lstm3") };
        assert_eq!(obstacle(&dull, &tested("lstm"), true, 0.05), None);
    }

    #[test]
    fn a_baseline_that_nobody_can_call_better_than_nothing_is_no_baseline() {
        let found = |variant: &VariantSummary| obstacle(variant, &tested("lstm"), false, 0.05);
        assert_eq!(found(&tested("lstm2")), Some(Obstacle::TrivialUnknown));
        let pending = VariantSummary { planned_seeds: 6, ..tested("lstm2") };
        assert_eq!(found(&pending), Some(Obstacle::Pending), "an evaluation may still tell");
    }

    #[test]
    fn what_had_not_finished_is_not_judged_on_either_side() {
        let unfinished = |name| VariantSummary { still_improving: 3, ..tested(name) };
        assert_eq!(
            obstacle(&unfinished("lstm2"), &tested("lstm"), true, 0.05),
            Some(Obstacle::StillImproving)
        );
        assert_eq!(
            obstacle(&tested("lstm2"), &unfinished("lstm"), true, 0.05),
            Some(Obstacle::StillImproving)
        );
        let early = VariantSummary { p_above_trivial: Some(0.5), ..unfinished("lstm") };
        assert_eq!(obstacle(&tested("lstm2"), &early, true, 0.05), Some(Obstacle::StillImproving));
        let dull = VariantSummary { p_above_trivial: Some(0.5), ..tested("lstm") };
        assert_eq!(obstacle(&unfinished("lstm2"), &dull, true, 0.05), Some(Obstacle::NothingLearned));
    }
}
