//! The memory that a training step or a prediction takes, known before it is taken.
//!
//! Of a training step on the CPU backends, with a batch of `B` sequences of which the longest of the training set has `T`
//! steps, layers of `n` hidden units in `d` directions, and `P` parameters of which `R` are in the matrices of the
//! recurrent layers; all in numbers of four bytes:
//!
//! | what | numbers |
//! |---|---|
//! | weights and gradients; with `optim.average`, their average, and both as they are saved | 2 `P`; 3 `P` more |
//! | the optimizer's `s` numbers a weight (2 of Adam and RMSprop, else 1), and them twice while a checkpoint is saved | 3 `s P` |
//! | the matrices as the kernel reads them, and their gradients by 16 sequences | (3 + `B` / 16) `R` |
//! | what each layer and direction keeps of each step: its `p` varying parts, and the state twice | `B T` (`p` + 2) `n` |
//! | the same with `model.recompute`, which keeps the state of every eighth step or fewer | `B T` 2 `n` / 8 |
//! | the outputs of each layer but the last; once more with dropout between | `B T d n` |
//! | the inputs and, of layers above the first or behind an embedding, their gradients at three stages | `B T` · inputs |
//!
//! `docs/performance.md` sets that beside what runs took. A prediction takes the weights, the matrices once, and the inputs
//! and outputs of two layers. What the data takes is there already when either is compared with the memory that is free.

use rustix::process::{Resource, getrlimit};
use slimgate_data::{InputKind, Preprocessing, Sequence};
use slimgate_gates::Sizes;
use slimgate_kernels::fused::{Keep, PassSizes};
use slimgate_models::Readout;
use slimgate_run::words::megabytes;
use slimgate_run::{Config, Optimizer, WrittenConfig};
use sysinfo::{MemoryRefreshKind, ProcessRefreshKind, ProcessesToUpdate, RefreshKind, System};

use crate::TrainError;
use crate::objective::Objective;

/// Above this share of the free memory, the user should know.
const AMPLE: f64 = 0.8;

/// The memory that a step or a prediction takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Memory {
    /// Bytes that depend on the model alone, or on the number of sequences in a batch.
    pub model: usize,
    /// Bytes that grow with the steps of the longest sequence.
    pub steps: usize,
}

impl Memory {
    pub fn total(self) -> usize {
        self.model + self.steps
    }
}

/// The layers of a run's model, with what they need to know of the data.
pub(crate) struct Layers<'a> {
    config: &'a Config,
    /// Numbers in one step of the first layer's input.
    inputs: usize,
    /// Rows of the embedding, if there is one.
    vocabulary: usize,
    outputs: usize,
    readout: Readout,
}

impl<'a> Layers<'a> {
    pub fn new(config: &'a Config, preprocessing: &Preprocessing) -> Layers<'a> {
        let (inputs, vocabulary) = match preprocessing.input() {
            InputKind::Values { channels } => (channels, 0),
            InputKind::Tokens { vocabulary } => (config.model.embedding, vocabulary),
        };
        let objective = Objective::new(config, preprocessing);
        let (outputs, readout) = (objective.outputs(), objective.readout());
        Layers { config, inputs, vocabulary, outputs, readout }
    }

    fn directions(&self) -> usize {
        if self.config.model.bidirectional { 2 } else { 1 }
    }

    /// The inputs of each layer.
    fn widths(&self) -> impl Iterator<Item = usize> {
        let above = self.directions() * self.config.model.hidden;
        (0..self.config.model.layers).map(move |layer| if layer == 0 { self.inputs } else { above })
    }

    fn parameters(&self) -> usize {
        let hidden = self.config.model.hidden;
        let layer = |inputs| self.directions() * self.config.cell().parameters(Sizes { inputs, hidden });
        let head = (self.directions() * hidden + 1) * self.outputs;
        self.vocabulary * self.inputs + self.widths().map(layer).sum::<usize>() + head
    }

    /// The passes of the layers over a batch, each of which is made once a direction.
    fn passes(&self, batch: usize, steps: usize) -> impl Iterator<Item = PassSizes> {
        let (units, layers) = (self.config.model.hidden, self.config.model.layers);
        let all = self.readout == Readout::EveryStep;
        let pass = move |(layer, inputs)| PassSizes {
            batch,
            steps,
            inputs,
            units,
            every_step: all || layer + 1 < layers,
        };
        self.widths().enumerate().map(pass)
    }

    /// Of a training step.
    pub fn training(&self, batch: usize, steps: usize) -> Memory {
        let WrittenConfig { model, optim, .. } = &**self.config;
        let keep = if model.recompute { Keep::Checkpoints } else { Keep::Steps };
        let state = match optim.optimizer {
            Optimizer::Adam | Optimizer::AdamW | Optimizer::RmsProp => 2,
            Optimizer::Sgd => 1,
        };
        let average = if optim.average.is_some() { 3 } else { 0 };
        let matrices = |pass: PassSizes| self.directions() * pass.matrix_bytes(&self.config.cell(), keep);
        let kept = |pass: PassSizes| self.directions() * pass.forward_bytes(&self.config.cell(), keep);
        let wide = |width: usize| 4 * batch * steps * width;
        // Inputs that were measured have no gradient.
        let with_gradient = self.widths().skip(usize::from(self.vocabulary == 0)).max();
        let between =
            if model.dropout > 0.0 { (model.layers - 1) * self.directions() * model.hidden } else { 0 };
        Memory {
            model: 4 * (2 + average + 3 * state) * self.parameters()
                + self.passes(batch, steps).map(matrices).sum::<usize>(),
            steps: self.passes(batch, steps).map(kept).sum::<usize>()
                + wide(2 * self.inputs)
                + wide(between)
                + wide(3 * with_gradient.unwrap_or(0)),
        }
    }

    /// Of a prediction.
    pub fn prediction(&self, batch: usize, steps: usize) -> Memory {
        let matrices = |pass: PassSizes| pass.matrix_bytes(&self.config.cell(), Keep::Nothing);
        let kept =
            |pass: PassSizes| self.directions() * pass.forward_bytes(&self.config.cell(), Keep::Nothing);
        let layers = self.passes(batch, steps).map(kept).max().unwrap_or(0);
        Memory {
            model: 4 * self.parameters() + self.passes(batch, steps).map(matrices).sum::<usize>(),
            steps: 2 * layers + 4 * batch * steps * 2 * self.inputs,
        }
    }

    /// Compares the training steps of a run with the free memory: a warning where they take most of it.
    ///
    /// # Errors
    ///
    /// If they take more than there is.
    pub fn check(
        &self,
        train: &[Sequence],
        validation: &[Sequence],
        free: Option<usize>,
    ) -> Result<Option<String>, TrainError> {
        let Some(free) = free.filter(|_| self.config.run.backend.in_memory()) else { return Ok(None) };
        let batch = self.config.optim.batch_size.min(train.len());
        let training = self.training(batch, longest(train));
        let validating =
            self.prediction(self.config.optim.batch_size.min(validation.len()), longest(validation));
        let steps = training.steps.max(validating.steps);
        let memory = Memory { steps, ..training };
        if (memory.total() as f64) < AMPLE * free as f64 {
            return Ok(None);
        }
        let all = || train.iter().chain(validation);
        let mut lengths: Vec<usize> = all().map(|sequence| sequence.features.len()).collect();
        lengths.sort_unstable();
        let median = lengths[lengths.len() / 2];
        let problem = format!(
            "a training step takes about {} of memory ({batch} sequences of up to {} steps, half of them at most \
             {median}; {} parameters), and {} are free; give {}",
            megabytes(memory.total()),
            lengths[lengths.len() - 1],
            self.parameters(),
            megabytes(free),
            self.remedies(memory, batch),
        );
        if memory.total() > free { Err(TrainError::Memory(problem)) } else { Ok(Some(problem)) }
    }

    /// The settings that would help, in words.
    fn remedies(&self, memory: Memory, batch: usize) -> String {
        let model = &self.config.model;
        let mut settings = Vec::new();
        if memory.steps > memory.model {
            settings.push("`data.max_length`");
            settings.extend((batch > 1).then_some("a smaller `optim.batch_size`"));
            settings.extend((!model.recompute).then_some("`model.recompute` = true"));
        }
        settings.push("a smaller `model.hidden`");
        if 2 * self.vocabulary * self.inputs > self.parameters() {
            settings.push("a smaller `data.vocabulary` or `model.embedding`");
        }
        settings.join(", or ")
    }

    /// Cuts what is to be predicted on into batches: `most` at a time, or fewer where that would take more than the free
    /// memory.
    ///
    /// # Errors
    ///
    /// If one alone would.
    pub fn batches<'b, T>(
        &self,
        all: &'b [T],
        most: usize,
        steps: impl Fn(&T) -> usize + Copy,
        free: Option<usize>,
    ) -> Result<Vec<&'b [T]>, TrainError> {
        let mut batches = Vec::new();
        for chunk in all.chunks(most) {
            let longest = chunk.iter().map(steps).max().unwrap_or(0);
            let needed = self.prediction(chunk.len(), longest).total();
            match free {
                Some(free) if needed > free && chunk.len() == 1 => {
                    return Err(TrainError::Memory(format!(
                        "a prediction on a sequence of {longest} steps takes about {} of memory, and {} are free; cut the \
                         sequence, or end other programs",
                        megabytes(needed),
                        megabytes(free),
                    )));
                }
                Some(free) if needed > free => {
                    batches.extend(self.batches(chunk, chunk.len().div_ceil(2), steps, Some(free))?);
                }
                _ => batches.push(chunk),
            }
        }
        Ok(batches)
    }
}

fn longest(sequences: &[Sequence]) -> usize {
    sequences.iter().map(|sequence| sequence.features.len()).max().unwrap_or(0)
}

/// The bytes that this process may still take without the system ending it or another, where the system tells: what is
/// free on the machine, or within the limit of the container or of the process (`ulimit -v`).
pub(crate) fn free() -> Option<usize> {
    let kind = RefreshKind::nothing().with_memory(MemoryRefreshKind::everything());
    let system = System::new_with_specifics(kind);
    let machine = system.available_memory() + system.free_swap();
    // What the container caches of files counts as used there, though it gives way.
    let container = system
        .cgroup_limits()
        .map(|limits| limits.total_memory.saturating_sub(limits.rss) + limits.free_swap);
    let free = machine.min(container.unwrap_or(u64::MAX)).min(left_to_process().unwrap_or(u64::MAX));
    (free > 0).then_some(free as usize)
}

/// The bytes that this process may still address, where that is limited.
fn left_to_process() -> Option<u64> {
    let limit = getrlimit(Resource::As).current?;
    let this = sysinfo::get_current_pid().ok()?;
    let mut system = System::new();
    let memory = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[this]), false, memory);
    Some(limit.saturating_sub(system.process(this)?.virtual_memory()))
}

#[cfg(test)]
mod tests;
