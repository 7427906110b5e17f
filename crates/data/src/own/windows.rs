//! The windows of a forecast on data of the user's own, unless the settings say others.

use crate::split::held_out;
use crate::stamps::Step;
use crate::{DataConfig, Windows};

/// The share of the training part that validation takes unless the settings say another.
const VALIDATION_FRACTION: f64 = 0.1;
/// The most steps that are forecast from what repeats itself, and those of what does not.
const HORIZON: (usize, usize) = (24, 10);
/// The horizons that a forecast is made from.
const CONTEXT: usize = 3;

/// Windows for series whose shortest training part and shortest test part are so long: a season ahead, up to a day of
/// hours, from three times as many steps, or as many of both as fit into the validation part beside what is given.
pub(super) fn usual(config: &DataConfig, step: Option<Step>, [train, test]: [usize; 2]) -> Windows {
    let season = config.season.or(step.map(Step::season)).unwrap_or(1);
    let wanted = if season > 1 { season.min(HORIZON.0) } else { HORIZON.1 };
    let fits = held_out(train, VALIDATION_FRACTION).min(test);
    let horizon = match (config.horizon, config.context) {
        (Some(horizon), _) => horizon,
        (None, Some(context)) => wanted.min(fits.saturating_sub(context)).max(1),
        (None, None) => wanted.min(fits / (CONTEXT + 1)).max(1),
    };
    let context = config.context.unwrap_or((CONTEXT * horizon).min(fits.saturating_sub(horizon)).max(1));
    Windows { context, horizon, stride: config.stride.unwrap_or(1), season }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_a_season_ahead_where_they_fit() {
        let day = Some(Step::Nanoseconds(86_400_000_000_000));
        let hour = Some(Step::Nanoseconds(3_600_000_000_000));
        let windows = |context, horizon, season| Windows { context, horizon, stride: 1, season };
        let usual = |step, train, test| super::usual(&DataConfig::default(), step, [train, test]);
        assert_eq!(usual(hour, 10_000, 2_000), windows(72, 24, 24));
        assert_eq!(usual(day, 400, 100), windows(21, 7, 7));
        assert_eq!(usual(day, 100, 100), windows(6, 2, 7));
        assert_eq!(usual(day, 400, 12), windows(9, 3, 7));
        assert_eq!(usual(None, 1_000, 200), windows(30, 10, 1));
        assert_eq!(usual(None, 5, 1), windows(1, 1, 1));
    }

    #[test]
    fn what_is_not_given_fits_beside_what_is() {
        let usual = |horizon, context| {
            let config = DataConfig { horizon, context, ..DataConfig::default() };
            let Windows { context, horizon, .. } = super::usual(&config, None, [240, 60]);
            (context, horizon)
        };
        // The validation part has 24 steps.
        assert_eq!(usual(None, None), (18, 6));
        assert_eq!(usual(Some(7), None), (17, 7));
        assert_eq!(usual(Some(2), None), (6, 2));
        assert_eq!(usual(None, Some(10)), (10, 10));
        assert_eq!(usual(None, Some(20)), (20, 4));
        assert_eq!(usual(Some(30), None), (1, 30));
        assert_eq!(usual(Some(3), Some(5)), (5, 3));
    }
}
