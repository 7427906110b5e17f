//! The parts of Burn's training besides model, data and optimizer: metrics, renderer, stopping rule.

use burn::train::logger::MetricLogger;
use burn::train::metric::store::{EpochSummary, EventStoreClient, MetricsUpdate, Split as BurnSplit};
use burn::train::metric::{LearningRateMetric, LossMetric, MetricDefinition, NumericEntry};
use burn::train::renderer::tui::TuiMetricsRendererWrapper;
use burn::train::{EarlyStoppingStrategy, Interrupter, SupervisedTraining};
use slimgate_run::metric::Metric;
use slimgate_run::{OptimConfig, Split, StopFlag};

use crate::checkpoints::CheckpointTracker;
use crate::metrics::{EpochValues, RecordedMetric, TaskMetric, Throughput};
use crate::objective::Objective;
use crate::quiet::Quiet;
use crate::step::Trainee;
use crate::{Display, dashboard};

type BurnTraining = SupervisedTraining<Trainee>;

/// Stops Burn's training when a stop is asked for.
pub(crate) fn interrupter(stop: &StopFlag) -> Interrupter {
    let interrupter = Interrupter::new();
    let asked = interrupter.clone();
    stop.on_stop(move || {
        dashboard::wait_while_suspended();
        asked.stop(Some("interrupted"));
    });
    interrupter
}

/// Adds the metrics: those that the run records, and for the dashboard its throughput.
pub(crate) fn with_metrics(
    training: BurnTraining,
    (objective, metric): (&Objective, &Metric),
    values: &EpochValues,
    interrupter: &Interrupter,
    display: Display,
) -> BurnTraining {
    fn recorded<M>(
        metric: M,
        name: &'static str,
        split: Split,
        values: &EpochValues,
        interrupter: &Interrupter,
    ) -> RecordedMetric<M> {
        RecordedMetric { metric, name, split, values: values.clone(), interrupter: interrupter.clone() }
    }
    let score = |split| TaskMetric::new(objective, metric, split, values);
    let loss = |split| recorded(LossMetric::new(), "loss", split, values, interrupter);
    let rate = recorded(LearningRateMetric::new(), "learning rate", Split::Train, values, interrupter);
    let training = training
        .metric_train_numeric(score(Split::Train))
        .metric_valid_numeric(score(Split::Validation))
        .metric_train_numeric(loss(Split::Train))
        .metric_valid_numeric(loss(Split::Validation))
        .metric_train_numeric(rate);
    // A metric takes its time at every batch, and nobody else looks at this one.
    match display {
        Display::Dashboard => training.metric_train_numeric(Throughput::default()),
        Display::Quiet => training,
    }
}

/// Shows the run as it was asked to; `complete` epochs are done already.
pub(crate) fn with_renderer(
    training: BurnTraining,
    display: Display,
    stop: &StopFlag,
    interrupter: &Interrupter,
    complete: usize,
) -> BurnTraining {
    match display {
        Display::Dashboard if dashboard::attend(stop) => {
            let from = (complete > 0).then_some(complete);
            training.renderer(Box::new(TuiMetricsRendererWrapper::new(interrupter.clone(), from)))
        }
        Display::Dashboard | Display::Quiet => training.renderer(Box::new(Quiet)),
    }
}

/// Stops a run out of patience, or after a certain epoch.
#[derive(Clone)]
pub(crate) struct StopRule {
    pub optim: OptimConfig,
    pub until: Option<usize>,
    pub tracker: CheckpointTracker,
}

impl EarlyStoppingStrategy for StopRule {
    fn should_stop(&mut self, epoch: usize, _: &EventStoreClient) -> bool {
        let mut state = self.tracker.state();
        state.stopped_early = self.optim.is_out_of_patience(&state.history);
        // An epoch that could not be recorded ends the run too.
        state.stopped_early || state.error.is_some() || self.until.is_some_and(|until| epoch >= until)
    }
}

/// Burn would write a log a metric and epoch; the run keeps its own record.
pub(crate) struct NullMetricLogger;

impl MetricLogger for NullMetricLogger {
    fn log(&mut self, _: MetricsUpdate, _: usize, _: &BurnSplit) {}

    fn read_numeric(&mut self, _: &str, _: usize, _: &BurnSplit) -> Result<Vec<NumericEntry>, String> {
        Ok(Vec::new())
    }

    fn log_metric_definition(&mut self, _: MetricDefinition) {}

    fn log_epoch_summary(&mut self, _: EpochSummary) {}
}
