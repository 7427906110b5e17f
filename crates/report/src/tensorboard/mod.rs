//! Event files that TensorBoard reads: one per run, with its metrics and its settings.

mod messages;
mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use prost::Message;
use slimgate_run::{EpochMetrics, Split, Status};

use self::messages::{
    Event, Experiment, HparamInfo, HparamsData, MetricInfo, MetricName, SessionEnd, SessionStart, Summary,
    SummaryValue, Value, data, event, kind, summary_value,
};
use crate::files::write_all;
use crate::run::{folder_names, metrics};
use crate::{ReportError, Run};

/// The settings that are shown whether or not runs differ in them.
const ALWAYS: [&str; 5] = ["model.variant", "model.gates", "model.hidden", "optim.learning_rate", "run.seed"];
/// Names and paths, which differ but have no effect.
const NEVER: [&str; 2] = ["run.name", "run.out"];

/// Writes a folder for `tensorboard --logdir`: a folder with an event file for each run, and one event file that says
/// which settings and metrics the HPARAMS tab shows. Writing again replaces the files. Returns what was written.
///
/// # Errors
///
/// If there is no run, or the folder cannot be made or written.
pub fn tensorboard(runs: &[Run], folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    if runs.is_empty() {
        return Err(ReportError::NoRuns);
    }
    let keys = shown_settings(runs);
    let mut files = vec![(PathBuf::from("events.out.tfevents.0.slimgate"), experiment(runs, &keys))];
    // Not by the run's name, which may be a path that leads out of the folder.
    for (run, name) in runs.iter().zip(folder_names(runs)) {
        files.push((Path::new(&name).join("events.out.tfevents.0.slimgate"), events(run, &keys)));
    }
    write_all(folder, &files)
}

/// The keys whose values differ between the runs, and those that are always of interest.
fn shown_settings(runs: &[Run]) -> Vec<&str> {
    let keys: BTreeSet<&str> = runs.iter().flat_map(|run| run.settings.keys().map(String::as_str)).collect();
    let differs =
        |key: &str| runs.windows(2).any(|pair| pair[0].settings.get(key) != pair[1].settings.get(key));
    keys.into_iter().filter(|key| !NEVER.contains(key) && (ALWAYS.contains(key) || differs(key))).collect()
}

/// The event file of a run.
fn events(run: &Run, keys: &[&str]) -> Vec<u8> {
    let mut file = record::begin(run.started);
    let settings: BTreeMap<String, Value> =
        keys.iter().filter_map(|key| Some(((*key).to_owned(), value(run.settings.get(*key)?)))).collect();
    let start = SessionStart { hparams: settings, start_time_secs: run.started };
    record::add(
        &mut file,
        &plugin_event("_hparams_/session_start_info", run.started, data::Data::Start(start)),
    );
    let mut now = run.started;
    for line in &run.epochs {
        now += line.seconds;
        record::add(&mut file, &scalars(now, line));
    }
    if let Some(evaluation) = &run.evaluation {
        let tag = format!("{}/test", evaluation.score.metric);
        let values = vec![scalar(&tag, evaluation.score.value), scalar("loss/test", evaluation.loss)];
        record::add(&mut file, &summary_event(now, evaluation.epoch, values));
    }
    let status = match run.summary.as_ref().map(|summary| summary.status) {
        Some(Status::Complete) => 1,
        Some(Status::Diverged | Status::Failed) => 2,
        Some(Status::Running | Status::Interrupted) | None => 3,
    };
    let end = SessionEnd { status, end_time_secs: now };
    record::add(&mut file, &plugin_event("_hparams_/session_end_info", now, data::Data::End(end)));
    file
}

/// The content of the HPARAMS tab for all runs.
fn experiment(runs: &[Run], keys: &[&str]) -> Vec<u8> {
    let started = runs.iter().map(|run| run.started).fold(f64::INFINITY, f64::min);
    let info = |key: &&str| {
        let values: BTreeSet<u8> =
            runs.iter().filter_map(|run| run.settings.get(*key)).map(data_type).collect();
        // A setting whose values are of several types is treated as a string.
        let data_type = values.first().copied().filter(|_| values.len() == 1).unwrap_or(1);
        HparamInfo { name: (*key).to_owned(), data_type: i32::from(data_type) }
    };
    let metrics = metrics(runs);
    let mut tags: Vec<String> = metrics.iter().map(|metric| format!("{}/validation", metric.name)).collect();
    tags.push("loss/validation".to_owned());
    if runs.iter().any(|run| run.evaluation.is_some()) {
        tags.extend(metrics.iter().map(|metric| format!("{}/test", metric.name)));
    }
    let metric = |tag: String| MetricInfo { name: Some(MetricName { tag }) };
    let experiment = Experiment {
        time_created_secs: started,
        hparam_infos: keys.iter().map(info).collect(),
        metric_infos: tags.into_iter().map(metric).collect(),
    };
    let mut file = record::begin(started);
    record::add(
        &mut file,
        &plugin_event("_hparams_/experiment", started, data::Data::Experiment(experiment)),
    );
    file
}

/// A setting in the plugin's format.
fn value(value: &toml::Value) -> Value {
    let kind = match value {
        toml::Value::Integer(number) => kind::Kind::Number(*number as f64),
        toml::Value::Float(number) => kind::Kind::Number(*number),
        toml::Value::Boolean(is) => kind::Kind::Bool(*is),
        other => kind::Kind::Word(crate::phrases::setting(other)),
    };
    Value { kind: Some(kind) }
}

/// The plugin's number for the type of a setting.
fn data_type(value: &toml::Value) -> u8 {
    match value {
        toml::Value::Boolean(_) => 2,
        toml::Value::Integer(_) | toml::Value::Float(_) => 3,
        _ => 1,
    }
}

fn scalars(now: f64, line: &EpochMetrics) -> Event {
    let set = match line.split {
        Split::Train => "train",
        Split::Validation => "validation",
    };
    let tag = format!("{}/{set}", line.score.metric);
    let mut values = vec![scalar(&format!("loss/{set}"), line.loss), scalar(&tag, line.score.value)];
    values.extend(line.learning_rate.map(|rate| scalar("learning_rate", rate)));
    summary_event(now, line.epoch, values)
}

fn scalar(tag: &str, number: f64) -> SummaryValue {
    let value = Some(summary_value::Value::Simple(number as f32));
    SummaryValue { tag: tag.to_owned(), metadata: None, value }
}

fn summary_event(wall_time: f64, step: usize, value: Vec<SummaryValue>) -> Event {
    Event { wall_time, step: step as i64, what: Some(event::What::Summary(Summary { value })) }
}

/// An event whose content is for the HParams plugin.
fn plugin_event(tag: &str, wall_time: f64, data: data::Data) -> Event {
    let content = HparamsData { data: Some(data) }.encode_to_vec();
    let plugin = messages::Plugin { plugin_name: "hparams".into(), content };
    // The data class of tensors; the tensor itself is empty.
    let metadata = messages::SummaryMetadata { plugin_data: Some(plugin), data_class: 2 };
    let shape = messages::Shape { dim: vec![messages::Dimension { size: 0 }] };
    let nothing = messages::Tensor { dtype: 1, shape: Some(shape) };
    let value = Some(summary_value::Value::Tensor(nothing));
    summary_event(wall_time, 0, vec![SummaryValue { tag: tag.to_owned(), metadata: Some(metadata), value }])
}
