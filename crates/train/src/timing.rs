//! The time that training steps and predictions take.

use std::path::PathBuf;
use std::time::Instant;

use burn::optim::ModuleOptimizer;
use burn::tensor::Device;
use burn::train::{InferenceStep, TrainStep};
use slimgate_data::{Batch, Sequence, prepare, prepare_with};
use slimgate_run::{Config, Effort, RunFolder, StepTime, Timing};

use crate::average::Average;
use crate::devices::device;
use crate::learn::use_threads;
use crate::loader::{Loader, SequenceBatch};
use crate::memory::{self, Layers};
use crate::objective::Objective;
use crate::step::Trainee;
use crate::{TrainError, build};

/// Predictions of this many sequences at once are timed besides single ones.
const LARGE_BATCH: usize = 128;

/// Repetitions of each measurement that do not count.
const WARM_UP: usize = 3;
/// Repetitions that do; the median is the middle one of an odd number.
const REPETITIONS: usize = 31;

/// Measures the models of some runs side by side: they take turns, so that whatever else the machine does falls
/// on all of them. On so many CPU threads, or as many as the first run was trained with; on the data at `place` where it
/// has moved there. In the order of the runs.
///
/// # Errors
///
/// If a folder is not a run, or its data cannot be read or is not what it was trained on.
pub fn time(
    runs: &[PathBuf],
    threads: Option<usize>,
    place: Option<&str>,
) -> Result<Vec<Timing>, TrainError> {
    let folders = runs.iter().map(|run| RunFolder::open(run)).collect::<Result<Vec<_>, _>>()?;
    let Some(first) = folders.first() else { return Ok(Vec::new()) };
    use_threads(threads.unwrap_or(first.config()?.run.threads))?;
    let mut models = folders
        .iter()
        .map(|folder| {
            let config = folder.held_config()?;
            let preprocessing = folder.preprocessing()?;
            let data = prepare_with(&config.data, &preprocessing, place)?;
            BenchmarkModel::new(&config, &preprocessing, &data.test)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let threads = rayon::current_num_threads();
    let steps = interleaved_medians_ms(&mut models, BenchmarkModel::training_step);
    let single = interleaved_medians_ms(&mut models, |model| model.predict(1));
    let large = interleaved_medians_ms(&mut models, |model| model.predict(LARGE_BATCH));
    let timing = |index: usize| Timing {
        training_step_ms: steps[index],
        prediction_ms: single[index],
        batch_prediction_ms: large[index],
        threads,
    };
    Ok((0..folders.len()).map(timing).collect())
}

/// Measures a training step of a model that is drawn as a run of this configuration would draw it.
///
/// # Errors
///
/// If the data cannot be read or the backend has no such device.
pub fn step_time(config: &Config) -> Result<StepTime, TrainError> {
    use_threads(config.run.threads)?;
    let data = prepare(&config.data)?;
    let mut model = [BenchmarkModel::new(config, &data.preprocessing, &data.train)?];
    let median_ms = interleaved_medians_ms(&mut model, BenchmarkModel::training_step)[0];
    Ok(StepTime { step_seconds: median_ms / 1e3 })
}

/// Measures a few training steps of a run, for a second at most where steps are short. So many runs like it are to share
/// the memory of the machine.
///
/// # Errors
///
/// As [`step_time`].
pub fn effort(config: &Config, at_once: usize) -> Result<Effort, TrainError> {
    use_threads(config.run.threads)?;
    let started = Instant::now();
    let data = prepare(&config.data)?;
    let (_, drawing_seconds) = build::drawing(config);
    let start_seconds = started.elapsed().as_secs_f64() + drawing_seconds;
    let mut warnings = data.unknown_tokens();
    warnings.extend(build::long_drawing(config).map(|drawing| format!("in each trial, {drawing}")));
    let layers = Layers::new(config, &data.preprocessing);
    warnings.extend(layers.check(
        &data.train,
        &data.validation,
        memory::free().map(|free| free / at_once.max(1)),
    )?);
    let mut model = BenchmarkModel::new(config, &data.preprocessing, &data.train)?;
    // The first step allocates what the later ones use again.
    model.training_step();
    let (started, mut steps) = (Instant::now(), 0);
    while steps == 0 || (steps < REPETITIONS && started.elapsed().as_secs_f64() < 1.0) {
        model.training_step();
        steps += 1;
    }
    let step_seconds = started.elapsed().as_secs_f64() / steps as f64;
    let train = Loader::of_training(data.train, &config.optim, &model.device);
    Ok(Effort { step_seconds, steps_an_epoch: train.batches(), start_seconds, warnings })
}

/// A model that is measured, with what it is measured on.
struct BenchmarkModel {
    device: Device,
    model: Option<Trainee>,
    plain: Trainee,
    optimizer: ModuleOptimizer,
    rate: f64,
    batch: SequenceBatch,
    one: SequenceBatch,
    large: SequenceBatch,
}

impl BenchmarkModel {
    fn new(
        config: &Config,
        preprocessing: &slimgate_data::Preprocessing,
        sequences: &[Sequence],
    ) -> Result<BenchmarkModel, TrainError> {
        let device = device(config.run.backend, config.run.device)?;
        let trainee = |device: &Device| -> Result<Trainee, TrainError> {
            let network = build::network_to_load(config, preprocessing, device);
            let objective = Objective::new(config, preprocessing);
            let average = config.optim.average.map(|decay| Average::new(&network, decay, 0));
            Ok(Trainee { network, average, objective, clip: config.optim.clip })
        };
        let batch = |size: usize, device: &Device| {
            // A data set smaller than the batch goes round.
            let sequences: Vec<&Sequence> = sequences.iter().cycle().take(size).collect();
            SequenceBatch::new(Batch::collate(&sequences), device)
        };
        let training = device.clone().autodiff();
        Ok(BenchmarkModel {
            model: Some(trainee(&training)?),
            plain: trainee(&device)?,
            optimizer: build::optimizer(&config.optim, config.run.backend),
            rate: config.optim.learning_rate,
            batch: batch(config.optim.batch_size, &training),
            one: batch(1, &device),
            large: batch(LARGE_BATCH, &device),
            device,
        })
    }

    fn training_step(&mut self) {
        let model = self.model.take().expect("each step puts the model back");
        let output = TrainStep::step(&model, self.batch.clone());
        let _ = output.item.losses.into_data();
        self.model = Some(model.optimize(&mut self.optimizer, self.rate.into(), output.grads));
        // A device that computes on its own has the new weights to make yet.
        let _ = self.device.sync();
    }

    fn predict(&mut self, sequences: usize) {
        let batch = if sequences == 1 { &self.one } else { &self.large };
        let _ = InferenceStep::step(&self.plain, batch.clone()).answers.into_data();
    }
}

/// The median milliseconds of each model's work, a repetition of each in turn.
fn interleaved_medians_ms(
    models: &mut [BenchmarkModel],
    mut work: impl FnMut(&mut BenchmarkModel),
) -> Vec<f64> {
    let mut times = vec![Vec::with_capacity(REPETITIONS); models.len()];
    for repetition in 0..WARM_UP + REPETITIONS {
        for (model, times) in models.iter_mut().zip(&mut times) {
            let started = Instant::now();
            work(model);
            if repetition >= WARM_UP {
                times.push(started.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    for times in &mut times {
        times.sort_by(f64::total_cmp);
    }
    times.into_iter().map(|times| times[REPETITIONS / 2]).collect()
}

#[cfg(test)]
mod tests {
    use super::REPETITIONS;

    #[test]
    fn the_middle_repetition_has_as_many_before_it_as_after_it() {
        let middle = REPETITIONS / 2;
        assert_eq!(middle, REPETITIONS - 1 - middle);
    }
}
