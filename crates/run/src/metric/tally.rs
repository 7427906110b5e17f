//! The metrics of any task, from its truths and answers as a model has them.

use std::sync::Arc;

use slimgate_data::{Preprocessing, Task};

use super::alarms::{self, AlarmRule, AlarmScores, Scored, Threshold};
use super::{ClassCounts, ForecastErrors, Metric, NumberErrors, Quantiles, catalogue};
use crate::MetricValue;

/// The sums from which the metrics of a task follow. Numbers come standardised, and are summed in their units.
#[derive(Clone, Debug)]
pub struct Tally {
    preprocessing: Arc<Preprocessing>,
    sums: Sums,
    /// One class against the others, where it is an alarm.
    alarms: Option<(Alarm, AlarmScores)>,
}

/// The class that is an alarm, and when there is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alarm {
    /// The class, among those of the data.
    pub class: usize,
    /// The rule that chooses the threshold.
    pub rule: AlarmRule,
    /// The threshold, once it is chosen; until then it is that which the rule chooses on the answers themselves.
    pub threshold: Option<Threshold>,
}

#[derive(Clone, Debug)]
enum Sums {
    Classes(ClassCounts),
    Numbers(NumberErrors),
    Forecasts(ForecastErrors, Quantiles),
}

impl Tally {
    /// Nothing summed yet. A forecast has a number for each of these quantiles; without any, one alone.
    pub fn new(preprocessing: &Arc<Preprocessing>, quantiles: &Quantiles) -> Tally {
        let sums = match preprocessing.task() {
            Task::Classification | Task::Labelling => {
                Sums::Classes(ClassCounts::new(preprocessing.classes().len()))
            }
            Task::Regression => Sums::Numbers(NumberErrors::new(&preprocessing.target_means())),
            Task::Forecast => {
                let errors = ForecastErrors::new(preprocessing.naive_errors(), quantiles.clone());
                Sums::Forecasts(errors, quantiles.clone())
            }
        };
        Tally { preprocessing: preprocessing.clone(), sums, alarms: None }
    }

    /// The same, nothing summed yet, with the metrics of alarms.
    pub fn with_alarm(self, alarm: Option<Alarm>) -> Tally {
        Tally { alarms: alarm.map(|alarm| (alarm, AlarmScores::default())), ..self }
    }

    /// Sums the answer to a sequence, or to a step, that is of a class.
    ///
    /// # Panics
    /// If the task predicts numbers, or there is no such class.
    pub fn add_class(&mut self, truth: usize, answer: usize) {
        let Sums::Classes(counts) = &mut self.sums else { panic!("the task is one of classes") };
        counts.add(truth, answer);
    }

    /// Sums the probability of the alarm class that the answer to a sequence, or to a step, gives.
    ///
    /// # Panics
    /// If no class is an alarm.
    pub fn add_score(&mut self, truth: usize, score: f32) {
        let Some((alarm, scores)) = &mut self.alarms else { panic!("a class is an alarm") };
        scores.add(Scored { score, is_alarm: truth == alarm.class });
    }

    /// Sums the answer to a sequence that is numbers, shaped as [`Target::Numbers`](slimgate_data::Target) has them; of a
    /// forecast with quantiles, with one of each level for each number.
    ///
    /// # Panics
    /// If the task is one of classes, or there are more or fewer numbers.
    pub fn add_numbers(&mut self, truths: &[f32], answers: &[f32]) {
        let truths = self.preprocessing.in_units(truths);
        match &mut self.sums {
            Sums::Classes(_) => panic!("the task is one of numbers"),
            Sums::Numbers(errors) => errors.add(&truths, &self.preprocessing.in_units(answers)),
            Sums::Forecasts(errors, quantiles) => {
                let channels = self.preprocessing.targets().len();
                let answers = by_level(&self.preprocessing, quantiles, answers);
                for (at, truth) in truths.into_iter().enumerate() {
                    let of_step: Vec<f64> = answers.iter().map(|level| level[at]).collect();
                    let levels = if quantiles.levels().is_empty() { &[] } else { &of_step[..] };
                    errors.add(at % channels, truth, of_step[quantiles.middle()], levels);
                }
            }
        }
    }

    /// Adds what was summed elsewhere.
    ///
    /// # Panics
    /// If the two are not of the same task.
    pub fn merge(&mut self, other: &Tally) {
        match (&mut self.sums, &other.sums) {
            (Sums::Classes(sums), Sums::Classes(more)) => sums.merge(more),
            (Sums::Numbers(sums), Sums::Numbers(more)) => sums.merge(more),
            (Sums::Forecasts(sums, _), Sums::Forecasts(more, _)) => sums.merge(more),
            _ => panic!("the two are of the same task"),
        }
        if let (Some((_, scores)), Some((_, more))) = (&mut self.alarms, &other.alarms) {
            scores.merge(more);
        }
    }

    /// Every metric of the task with its value.
    pub fn metrics(&self) -> Vec<MetricValue> {
        let mut metrics = self.of_task();
        metrics.extend(self.of_alarms());
        metrics
    }

    fn of_alarms(&self) -> Vec<MetricValue> {
        let Some((Alarm { rule, threshold, .. }, scores)) = &self.alarms else { return Vec::new() };
        with_values(alarms::alarms(*rule), scores.values(*rule, *threshold))
    }

    fn of_task(&self) -> Vec<MetricValue> {
        let (metrics, values) = match &self.sums {
            Sums::Classes(counts) => {
                (catalogue::classes(self.preprocessing.classes(), &counts.members()), counts.values())
            }
            Sums::Numbers(errors) => (catalogue::regression(), errors.values()),
            Sums::Forecasts(errors, quantiles) => {
                (catalogue::forecast(quantiles.interval().unwrap_or(0.0)), errors.values())
            }
        };
        with_values(metrics, values)
    }

    /// The answers whose probability of the alarm class is summed.
    pub fn scores(&self) -> Option<&AlarmScores> {
        self.alarms.as_ref().map(|(_, scores)| scores)
    }

    /// The threshold from which on there is an alarm; none where no class is one, and where it cannot be chosen.
    pub fn threshold(&self) -> Option<Threshold> {
        let (alarm, scores) = self.alarms.as_ref()?;
        alarm.threshold.or_else(|| scores.ranking().threshold(alarm.rule))
    }

    /// The value of one metric.
    pub fn value(&self, metric: &Metric) -> Option<f64> {
        // Those of alarms take longer, and are asked for with every batch.
        let all = if metric.is_of_alarms() { self.of_alarms() } else { self.of_task() };
        all.into_iter().find(|found| found.metric.name == metric.name)?.value
    }

    /// The share of truths inside the intervals of forecasts; none where there are no intervals.
    pub fn coverage(&self) -> Option<f64> {
        if let Sums::Forecasts(errors, _) = &self.sums { errors.coverage() } else { None }
    }

    /// The parts that single items, sequences or windows, have in a metric: numbers whose mean is its value, so that what
    /// a mean varies by is what the metric does; for all but means, to first order. Everything summed here is summed in
    /// one of the items. None where the metric has no value.
    ///
    /// # Panics
    /// If an item is of another task.
    pub fn parts(&self, metric: &Metric, items: impl ExactSizeIterator<Item = Tally>) -> Option<Vec<f64>> {
        if metric.is_of_alarms() {
            let (alarm, scores) = self.alarms.as_ref()?;
            let items: Vec<AlarmScores> =
                items.filter_map(|item| item.alarms.map(|(_, scores)| scores)).collect();
            return scores.parts(metric, (alarm.rule, alarm.threshold), items.iter());
        }
        let place = self.of_task().iter().position(|found| found.metric.name == metric.name)?;
        let count = items.len() as f64;
        let part = |item: Tally| match (&self.sums, &item.sums) {
            (Sums::Classes(all), Sums::Classes(own)) => all.part(own, count, place),
            (Sums::Numbers(all), Sums::Numbers(own)) => all.part(own, count, place),
            (Sums::Forecasts(all, _), Sums::Forecasts(own, _)) => all.part(own, count, place),
            _ => panic!("the two are of the same task"),
        };
        items.map(part).collect()
    }

    /// The answers of each class (columns) to those of each class (rows). Empty where the task predicts numbers.
    pub fn confusion(&self) -> Vec<Vec<usize>> {
        if let Sums::Classes(counts) = &self.sums { counts.rows() } else { Vec::new() }
    }
}

fn with_values(metrics: Vec<Metric>, values: Vec<Option<f64>>) -> Vec<MetricValue> {
    metrics.into_iter().zip(values).map(|(metric, value)| MetricValue { metric, value }).collect()
}

/// The numbers of a forecast in their units, those of each level apart. The levels of a number ascend: where a model's
/// cross, they are put in order (V. Chernozhukov, I. Fernández-Val and A. Galichon 2010, "Quantile and Probability Curves
/// Without Crossing", Econometrica 78). Without levels, the one forecast.
pub fn by_level(preprocessing: &Preprocessing, quantiles: &Quantiles, answers: &[f32]) -> Vec<Vec<f64>> {
    let levels = quantiles.levels().len().max(1);
    let mut ordered = answers.to_vec();
    ordered.chunks_exact_mut(levels).for_each(|of_number| of_number.sort_by(f32::total_cmp));
    let of_level =
        |level: usize| -> Vec<f32> { ordered.iter().skip(level).step_by(levels).copied().collect() };
    (0..levels).map(|level| preprocessing.in_units(&of_level(level))).collect()
}
