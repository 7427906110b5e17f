//! The windows of a forecast on data of the user's own, unless the settings say others.

use crate::Windows;
use crate::split::held_out;
use crate::stamps::Step;

/// The share of the training part that validation takes unless the settings say another.
const VALIDATION_FRACTION: f64 = 0.1;
/// The most steps that are forecast from what repeats itself, and those of what does not.
const HORIZON: (usize, usize) = (24, 10);
/// The horizons that a forecast is made from.
const CONTEXT: usize = 3;

/// Windows for series whose shortest training part and shortest test part are so long: a season ahead, up to a day of
/// hours, from three times as many steps, or as many of both as fit into the validation part.
pub(super) fn usual(step: Option<Step>, shortest_train: usize, shortest_test: usize) -> Windows {
    let season = step.map_or(1, Step::season);
    let horizon = if season > 1 { season.min(HORIZON.0) } else { HORIZON.1 };
    let fits = held_out(shortest_train, VALIDATION_FRACTION).min(shortest_test);
    let horizon = horizon.min(fits / (CONTEXT + 1)).max(1);
    Windows { context: CONTEXT * horizon, horizon, stride: 1, season }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_a_season_ahead_where_they_fit() {
        let day = Some(Step::Nanoseconds(86_400_000_000_000));
        let hour = Some(Step::Nanoseconds(3_600_000_000_000));
        let windows = |context, horizon, season| Windows { context, horizon, stride: 1, season };
        assert_eq!(usual(hour, 10_000, 2_000), windows(72, 24, 24));
        assert_eq!(usual(day, 400, 100), windows(21, 7, 7));
        assert_eq!(usual(day, 100, 100), windows(6, 2, 7));
        assert_eq!(usual(day, 400, 12), windows(9, 3, 7));
        assert_eq!(usual(None, 1_000, 200), windows(30, 10, 1));
        assert_eq!(usual(None, 5, 1), windows(3, 1, 1));
    }
}
