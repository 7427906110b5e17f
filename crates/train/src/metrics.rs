//! The metrics measured during training.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use burn::tensor::TensorReadError;
use burn::train::Interrupter;
use burn::train::metric::state::{FormatOptions, NumericMetricState};
use burn::train::metric::{
    Metric, MetricAttributes, MetricMetadata, MetricName, Numeric, NumericAttributes, NumericEntry,
    SerializedEntry,
};
use slimgate_run::Split;

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
        let value = self.metric.final_value().current();
        let mut values = self.values.0.lock().expect("no metric panics while it writes");
        values.of_pass.insert((self.name, self.split == Split::Train), value);
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
