//! Forecasts: windows of a long series, each with the steps that follow it.

/// The mean absolute error of the forecast that repeats the value of a season ago, over all steps of some series of one
/// channel that have one: the scale of the MASE (R. J. Hyndman and A. B. Koehler 2006). None where no series is longer
/// than a season, or a season has no step.
pub fn seasonal_naive_error<'a>(series: impl IntoIterator<Item = &'a [f64]>, season: usize) -> Option<f64> {
    if season == 0 {
        return None;
    }
    let (mut sum, mut steps) = (0.0, 0_usize);
    for values in series {
        let seasons_ago = values.iter().zip(values.iter().skip(season));
        for (before, now) in seasons_ago {
            sum += (now - before).abs();
            steps += 1;
        }
    }
    (steps > 0).then(|| sum / steps as f64)
}
