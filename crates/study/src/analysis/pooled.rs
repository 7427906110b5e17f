//! The test sets of all trials together.

use slimgate_run::metric::AlarmCounts;
use slimgate_run::{AlarmEvaluation, Evaluation, Reference};
use slimgate_statistics::mean_and_sd;

use super::variant::Chosen;

/// The evaluation of all trials together, as far as predictors that learn nothing, or little, follow from it: their test
/// sets may be drawn, and hold other classes and numbers each.
pub(super) fn pooled(chosen: &[Chosen]) -> Option<Evaluation> {
    let all = || chosen.iter().flat_map(Chosen::evaluations);
    let first = all().next()?.clone();
    let mut confusion = first.confusion.clone();
    for other in all().skip(1) {
        let rows = confusion.iter_mut().zip(&other.confusion);
        rows.flat_map(|(row, other)| row.iter_mut().zip(other)).for_each(|(sum, count)| *sum += count);
    }
    let mean = |reference: &Reference| {
        let same = |other: &&Reference| other.answer == reference.answer;
        let scores: Vec<f64> = all().filter_map(|of| Some(of.references.iter().find(same)?.score)).collect();
        Reference { score: mean_and_sd(&scores).0, ..reference.clone() }
    };
    let references = first.references.iter().map(mean).collect();
    let alarm = first.alarm.clone().map(|alarm| {
        let counts = |count: fn(&AlarmCounts) -> u64| {
            all().filter_map(|of| of.alarm.as_ref()).map(|alarm| count(&alarm.counts)).sum()
        };
        let (alarms, others) = (counts(|counts| counts.alarms), counts(|counts| counts.others));
        AlarmEvaluation { counts: AlarmCounts { alarms, others, ..alarm.counts }, ..alarm }
    });
    Some(Evaluation { confusion, references, alarm, ..first })
}
