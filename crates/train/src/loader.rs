//! Batches, in an order that depends on the seed and the epoch alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::tensor::{Device, Tensor, TensorData};
use slimgate_data::{Batch, BatchInput, Sequence, Targets, epoch_order};
use slimgate_models::Features;
use slimgate_run::OptimConfig;

/// A batch of sequences as tensors of a device.
#[derive(Clone, Debug)]
pub(crate) struct SequenceBatch {
    pub features: Features,
    /// The steps of each sequence, where they differ.
    pub lengths: Option<Vec<usize>>,
    /// The answers to the sequences.
    pub targets: Arc<Targets>,
}

impl SequenceBatch {
    pub fn new(batch: Batch, device: &Device) -> SequenceBatch {
        let (size, steps) = (batch.lengths.len(), batch.steps);
        let features = match batch.input {
            BatchInput::Values { values, channels } => {
                Features::Values(Tensor::from_data(TensorData::new(values, [size, steps, channels]), device))
            }
            BatchInput::Tokens(tokens) => {
                let tokens = tokens.into_iter().map(|token| token as i32).collect::<Vec<_>>();
                Features::Tokens(Tensor::from_data(TensorData::new(tokens, [size, steps]), device))
            }
        };
        SequenceBatch {
            features,
            lengths: batch.lengths.iter().any(|&length| length < steps).then_some(batch.lengths),
            targets: Arc::new(batch.targets),
        }
    }
}

/// The duration of the last pass over the data; shared between a loader and whatever reports it.
#[derive(Clone, Debug, Default)]
pub(crate) struct PassTime(Arc<AtomicU64>);

impl PassTime {
    pub fn seconds(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

/// The sequences of one split, in batches.
#[derive(Clone)]
pub(crate) struct Loader {
    sequences: Arc<Vec<Sequence>>,
    batch_size: usize,
    shuffle: Option<Shuffle>,
    /// Passes over the sequences per epoch.
    passes: usize,
    time: PassTime,
    device: Device,
}

/// Another order every epoch.
#[derive(Clone)]
struct Shuffle {
    seed: u64,
    /// The epoch that is asked for next. Burn's Learner asks for one after the other.
    epoch: Arc<AtomicUsize>,
}

impl Loader {
    /// In the order given, every time.
    pub fn in_order(sequences: impl Into<Arc<Vec<Sequence>>>, batch_size: usize, device: &Device) -> Loader {
        Loader {
            sequences: sequences.into(),
            batch_size,
            shuffle: None,
            passes: 1,
            time: PassTime::default(),
            device: device.clone(),
        }
    }

    /// The training set, in the batches and epochs that a run asks for.
    pub fn of_training(sequences: Vec<Sequence>, optim: &OptimConfig, device: &Device) -> Loader {
        Loader::in_order(sequences, optim.batch_size, device).with_batches(optim.epoch_steps.unwrap_or(1))
    }

    /// In another order every epoch, the first of them being `epoch`.
    pub fn shuffled(self, seed: u64, epoch: usize) -> Loader {
        Loader { shuffle: Some(Shuffle { seed, epoch: Arc::new(AtomicUsize::new(epoch)) }), ..self }
    }

    /// With epochs of so many batches at least, by going through the sequences as often as that takes.
    fn with_batches(self, least: usize) -> Loader {
        let passes = (least * self.batch_size).div_ceil(self.sequences.len().max(1)).max(1);
        // As long as one pass is enough, its last batch may be a small one.
        let passes = if self.sequences.len().div_ceil(self.batch_size) >= least { 1 } else { passes };
        Loader { passes, ..self }
    }

    /// Batches of an epoch.
    pub fn batches(&self) -> usize {
        self.num_items().div_ceil(self.batch_size)
    }

    /// The duration of the last pass, kept up to date.
    pub fn time(&self) -> PassTime {
        self.time.clone()
    }
}

impl DataLoader<SequenceBatch> for Loader {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<SequenceBatch> + 'a> {
        let order = match &self.shuffle {
            None => (0..self.sequences.len()).collect(),
            Some(shuffle) => {
                let epoch = shuffle.epoch.fetch_add(1, Ordering::Relaxed);
                // Dropout draws from the device's generator: a fresh start every epoch means that a resumed
                // run draws what an uninterrupted one would have.
                self.device.seed(mix(shuffle.seed, epoch as u64));
                let first = (epoch - 1) * self.passes + 1;
                let passes = first..first + self.passes;
                passes.flat_map(|pass| epoch_order(self.sequences.len(), shuffle.seed, pass)).collect()
            }
        };
        Box::new(Pass { loader: self, order, next: 0, started: Instant::now() })
    }

    fn num_items(&self) -> usize {
        self.sequences.len() * self.passes
    }

    fn to_device(&self, device: &Device) -> Arc<dyn DataLoader<SequenceBatch>> {
        Arc::new(Loader { device: device.clone(), ..self.clone() })
    }

    fn slice(&self, start: usize, end: usize) -> Arc<dyn DataLoader<SequenceBatch>> {
        Arc::new(Loader { sequences: Arc::new(self.sequences[start..end].to_vec()), ..self.clone() })
    }
}

/// The batches of one epoch.
struct Pass<'a> {
    loader: &'a Loader,
    order: Vec<usize>,
    next: usize,
    started: Instant,
}

impl Iterator for Pass<'_> {
    type Item = Result<SequenceBatch, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let end = (self.next + self.loader.batch_size).min(self.order.len());
        let chosen = self.order.get(self.next..end).filter(|chosen| !chosen.is_empty())?;
        self.next = end;
        let sequences: Vec<&Sequence> = chosen.iter().map(|&index| &self.loader.sequences[index]).collect();
        Some(Ok(SequenceBatch::new(Batch::collate(&sequences), &self.loader.device)))
    }
}

impl DataLoaderIterator<SequenceBatch> for Pass<'_> {
    fn progress(&self) -> Progress {
        Progress::new(self.next, self.order.len(), Some("sequences".into()))
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.loader.time.0.store(self.started.elapsed().as_secs_f64().to_bits(), Ordering::Relaxed);
    }
}

/// A seed for each epoch; neighbouring seeds and epochs give unrelated ones (SplitMix64).
fn mix(seed: u64, epoch: u64) -> u64 {
    let mut z = seed.wrapping_add(epoch.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
