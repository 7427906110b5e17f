//! The metrics measured during training.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use burn::tensor::{Tensor, TensorReadError};
use burn::train::Interrupter;
use burn::train::metric::state::{FormatOptions, NumericMetricState};
use burn::train::metric::{
    Metric, MetricAttributes, MetricMetadata, MetricName, Numeric, NumericAttributes, NumericEntry,
    SerializedEntry,
};
use slimgate_data::Targets;
use slimgate_run::Split;
use slimgate_run::metric::{AlarmScores, Direction, Tally, Threshold, Unit};

use crate::objective::Objective;

/// The values that metrics had at the end of a pass, for the run's own record.
#[derive(Clone, Default)]
pub(crate) struct EpochValues(Arc<Mutex<Values>>);

#[derive(Default)]
struct Values {
    of_pass: HashMap<(&'static str, bool), f64>,
    diverged: bool,
}

impl EpochValues {
    /// The value that a metric had at the end of the last pass over a split.
    pub fn read(&self, metric: &'static str, split: Split) -> f64 {
        let values = self.0.lock().expect("no metric panics while it writes");
        values.of_pass.get(&(metric, split == Split::Train)).copied().unwrap_or(f64::NAN)
    }

    fn write(&self, metric: &'static str, split: Split, value: f64) {
        let mut values = self.0.lock().expect("no metric panics while it writes");
        values.of_pass.insert((metric, split == Split::Train), value);
    }

    /// True if a loss was infinite or NaN.
    pub fn diverged(&self) -> bool {
        self.0.lock().expect("no metric panics while it writes").diverged
    }
}

/// One of Burn's metrics, whose value at the end of a pass also goes to the [`EpochValues`], and which stops the
/// run at once when it is infinite or NaN.
#[derive(Clone)]
pub(crate) struct RecordedMetric<M> {
    pub metric: M,
    pub name: &'static str,
    pub split: Split,
    pub values: EpochValues,
    pub interrupter: Interrupter,
}

impl<M: Metric + Numeric> Metric for RecordedMetric<M> {
    type Input = M::Input;

    fn name(&self) -> MetricName {
        self.metric.name()
    }

    fn description(&self) -> Option<String> {
        self.metric.description()
    }

    fn attributes(&self) -> MetricAttributes {
        self.metric.attributes()
    }

    fn update(
        &mut self,
        item: &M::Input,
        metadata: &MetricMetadata,
    ) -> Result<SerializedEntry, TensorReadError> {
        let entry = self.metric.update(item, metadata)?;
        if self.metric.value().is_some_and(|value| !value.current().is_finite()) {
            self.values.0.lock().expect("no metric panics while it writes").diverged = true;
            self.interrupter.stop(Some("the loss is infinite or NaN"));
        }
        Ok(entry)
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        let entry = self.metric.compute()?;
        self.values.write(self.name, self.split, self.metric.final_value().current());
        Ok(entry)
    }

    fn clear(&mut self) {
        self.metric.clear();
    }
}

impl<M: Numeric> Numeric for RecordedMetric<M> {
    fn value(&self) -> Option<NumericEntry> {
        self.metric.value()
    }

    fn running_value(&self) -> Option<NumericEntry> {
        self.metric.running_value()
    }

    fn final_value(&self) -> NumericEntry {
        self.metric.final_value()
    }
}

/// Answers that a [`TaskMetric`] scores.
pub(crate) struct Scored {
    pub answers: Tensor<2>,
    pub targets: Arc<Targets>,
}

/// The metric that choices are made by, from exact sums: it does not depend on the batches. Its value at the end of a pass
/// goes to the [`EpochValues`].
#[derive(Clone)]
pub(crate) struct TaskMetric {
    pub objective: Objective,
    pub metric: slimgate_run::metric::Metric,
    pub split: Split,
    pub values: EpochValues,
    tally: Tally,
    /// Of the last batch; NaN where it leaves the value open.
    batch: f64,
    /// The value so far, and the scores that it is of: to rank them all takes longer with every batch.
    ranked: (usize, f64),
}

/// The scores so far are ranked again once there are so many times as many.
const RANKED_AGAIN: f64 = 1.1;

impl TaskMetric {
    /// The name under which its value is recorded.
    pub const NAME: &str = "score";
    /// That of the threshold of alarms that is chosen by the scores of a pass.
    pub const THRESHOLD: &str = "threshold";

    pub fn new(
        objective: &Objective,
        metric: &slimgate_run::metric::Metric,
        split: Split,
        values: &EpochValues,
    ) -> TaskMetric {
        let (objective, metric, values) = (objective.clone(), metric.clone(), values.clone());
        let tally = objective.tally();
        TaskMetric { objective, metric, split, values, tally, batch: f64::NAN, ranked: (0, f64::NAN) }
    }

    /// The unit that it is shown in, and the factor from a value to it.
    fn shown(&self) -> (Option<String>, f64) {
        match self.metric.unit {
            Unit::Share => (Some("%".to_owned()), 100.0),
            Unit::Target | Unit::Ratio => (None, 1.0),
        }
    }

    /// The value over all batches so far, but for those that come to less than a tenth where all scores have to be ranked.
    fn running(&self) -> f64 {
        if self.metric.is_of_alarms() { self.ranked.1 } else { self.exact() }
    }

    fn exact(&self) -> f64 {
        self.tally.value(&self.metric).unwrap_or(f64::NAN)
    }

    fn rank_again(&mut self) {
        let scores = self.tally.scores().map_or(0, AlarmScores::len);
        if self.metric.is_of_alarms() && scores as f64 > RANKED_AGAIN * self.ranked.0 as f64 {
            self.ranked = (scores, self.exact());
        }
    }

    fn entry(&self, value: NumericEntry) -> SerializedEntry {
        let (unit, factor) = self.shown();
        let unit = unit.map_or_else(String::new, |unit| format!(" {unit}"));
        let (epoch, batch) = (factor * self.running(), factor * self.batch);
        SerializedEntry::new(format!("epoch {epoch:.2}{unit} - batch {batch:.2}{unit}"), value.serialize())
    }
}

impl Metric for TaskMetric {
    type Input = Scored;

    fn name(&self) -> MetricName {
        let mut letters = self.metric.name.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string());
        Arc::new(first.unwrap_or_default() + letters.as_str())
    }

    fn attributes(&self) -> MetricAttributes {
        let higher_is_better = self.metric.direction == Direction::Higher;
        NumericAttributes { unit: self.shown().0, higher_is_better }.into()
    }

    fn update(&mut self, scored: &Scored, _: &MetricMetadata) -> Result<SerializedEntry, TensorReadError> {
        let data = self.objective.summed(scored.answers.clone()).try_into_data()?;
        let answers: Vec<f32> = data.try_to_vec().expect("answers are 32-bit numbers");
        let mut batch = self.objective.tally();
        self.objective.add(&mut batch, &answers, &scored.targets);
        self.batch = batch.value(&self.metric).unwrap_or(f64::NAN);
        self.tally.merge(&batch);
        self.rank_again();
        Ok(self.entry(self.current()))
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        self.ranked.1 = self.exact();
        self.values.write(Self::NAME, self.split, self.ranked.1);
        let threshold = self.tally.threshold().map_or(f64::NAN, Threshold::value);
        self.values.write(Self::THRESHOLD, self.split, threshold);
        Ok(self.entry(self.final_value()))
    }

    fn clear(&mut self) {
        self.tally = self.objective.tally();
        self.batch = f64::NAN;
        self.ranked = (0, f64::NAN);
    }
}

impl TaskMetric {
    fn current(&self) -> NumericEntry {
        NumericEntry::Value(self.shown().1 * self.batch)
    }
}

impl Numeric for TaskMetric {
    fn value(&self) -> Option<NumericEntry> {
        Some(self.current())
    }

    fn running_value(&self) -> Option<NumericEntry> {
        Some(NumericEntry::Value(self.shown().1 * self.running()))
    }

    fn final_value(&self) -> NumericEntry {
        NumericEntry::Final(self.shown().1 * self.running())
    }
}

/// Sequences a second since the pass began.
#[derive(Clone, Default)]
pub(crate) struct Throughput {
    /// The start time, and the number of sequences processed by then.
    started: Option<(Instant, usize)>,
    state: NumericMetricState,
}

impl Throughput {
    fn format(&self) -> FormatOptions {
        FormatOptions::new(self.name()).unit("sequences/s").precision(0)
    }
}

impl Metric for Throughput {
    type Input = ();

    fn name(&self) -> MetricName {
        Arc::new("Throughput".to_owned())
    }

    fn attributes(&self) -> MetricAttributes {
        NumericAttributes { unit: Some("sequences/s".to_owned()), higher_is_better: true }.into()
    }

    fn update(&mut self, _: &(), metadata: &MetricMetadata) -> Result<SerializedEntry, TensorReadError> {
        // The clock starts with the first batch done, which therefore does not count.
        let processed = metadata.progress.items_processed;
        let (started, before) = *self.started.get_or_insert_with(|| (Instant::now(), processed));
        let seconds = started.elapsed().as_secs_f64();
        if seconds > 0.0 && processed > before {
            self.state.reset();
            self.state.update((processed - before) as f64 / seconds, 1);
        }
        Ok(self.state.compute_update(self.format()))
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        Ok(self.state.compute_final(self.format()))
    }

    fn clear(&mut self) {
        self.started = None;
        self.state.reset();
    }
}

impl Numeric for Throughput {
    fn value(&self) -> Option<NumericEntry> {
        Some(self.state.current_value())
    }

    fn running_value(&self) -> Option<NumericEntry> {
        Some(self.state.running_value())
    }

    fn final_value(&self) -> NumericEntry {
        self.state.final_value()
    }
}
