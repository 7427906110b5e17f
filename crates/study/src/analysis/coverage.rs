//! What the intervals of forecasts hold.

use slimgate_run::Evaluation;
use slimgate_run::metric::Direction;

use crate::Coverage;

/// The mean over the evaluations that have intervals; none where there is none.
pub(super) fn coverage<'a>(evaluations: impl Iterator<Item = &'a Evaluation>) -> Option<Coverage> {
    let mut found = Coverage { aim: 0.0, share: 0.0, before_calibration: 0.0, seeds: 0, calibrated: 0 };
    for evaluation in evaluations {
        let Some((metric, share)) = evaluation.coverage() else { continue };
        if let Direction::Towards(aim) = metric.direction {
            found.aim = aim;
        }
        found.share += share;
        found.before_calibration += evaluation.coverage_before_calibration.unwrap_or(share);
        found.seeds += 1;
        found.calibrated += usize::from(evaluation.coverage_before_calibration.is_some());
    }
    let mean = |sum: f64| sum / found.seeds as f64;
    (found.seeds > 0).then(|| Coverage {
        share: mean(found.share),
        before_calibration: mean(found.before_calibration),
        ..found
    })
}

#[cfg(test)]
mod tests {
    use slimgate_run::MetricValue;
    use slimgate_run::metric::forecast;

    use super::*;

    fn evaluation(share: Option<f64>, before: Option<f64>) -> Evaluation {
        let [mase, .., coverage] = &forecast(0.8)[..] else { panic!("a forecast has several metrics") };
        let value =
            |metric: &slimgate_run::metric::Metric, value| MetricValue { metric: metric.clone(), value };
        Evaluation {
            epoch: 1,
            sequences: 10,
            loss: 0.1,
            score: mase.score(0.5),
            metrics: vec![value(mase, Some(0.5)), value(coverage, share)],
            references: Vec::new(),
            coverage_before_calibration: before,
            classes: Vec::new(),
            confusion: Vec::new(),
            alarm: None,
            weights_sha256: String::new(),
        }
    }

    /// Trials that an earlier version tested stand beside others in a study that goes on.
    #[test]
    fn seeds_that_are_not_calibrated_count_as_they_are() {
        let of = |evaluations: &[Evaluation]| coverage(evaluations.iter());
        assert_eq!(of(&[evaluation(None, None)]), None, "no interval is forecast");
        let both = of(&[evaluation(Some(0.75), Some(0.5)), evaluation(Some(0.625), None)]).unwrap();
        let wanted =
            Coverage { aim: 0.8, share: 0.6875, before_calibration: 0.5625, seeds: 2, calibrated: 1 };
        assert_eq!(both, wanted);
    }
}
