//! The TOML form of a run. One form for files, flags and the resolved copy in the run folder.

use serde::{Deserialize, Serialize};
use slimgate_data::{DataConfig, Task};
use slimgate_gates::{Cell, EmbeddingInitializer, GateActivation, Initializer, name_of, variant};

use crate::{Backend, ConfigError, History};

/// Everything that determines a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Which sequences, and how they are split and prepared.
    pub data: DataConfig,
    /// What is trained.
    pub model: ModelConfig,
    /// How it is trained.
    pub optim: OptimConfig,
    /// Where, from which seed, under which name.
    pub run: RunConfig,
}

/// The network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// A named cell; see `slimgate variants`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// A cell by its gate terms, instead of a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gates: Option<String>,
    /// Hidden units of each layer and direction.
    pub hidden: usize,
    /// Recurrent layers.
    pub layers: usize,
    /// Whether each layer also reads the sequence backwards.
    pub bidirectional: bool,
    /// Size of the embedding of a token.
    pub embedding: usize,
    /// Initializer of the embedding; nothing: normal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_initializer: Option<EmbeddingInitializer>,
    /// Dropout probability of the words of the vocabulary, drawn for each batch; nothing: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_dropout: Option<f64>,
    /// Dropout probability between layers.
    pub dropout: f64,
    /// Dropout probability of the input of each layer, one mask per sequence.
    pub input_dropout: f64,
    /// Dropout probability of the hidden-unit signal, one mask per sequence.
    pub recurrent_dropout: f64,
    /// Gradient checkpointing: less memory, about a third more arithmetic.
    pub recompute: bool,
    /// Initial forget-gate bias.
    pub forget_bias: f64,
    /// The gates' activation.
    pub gate_activation: GateActivation,
    /// Clip the cell state to `[-c, c]` after each step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell_clip: Option<f32>,
    /// Initializer of input weights.
    pub input_initializer: Initializer,
    /// Initializer of recurrent weights.
    pub recurrent_initializer: Initializer,
}

impl Default for ModelConfig {
    fn default() -> Self {
        ModelConfig {
            variant: None,
            gates: None,
            hidden: 100,
            layers: 1,
            bidirectional: false,
            embedding: 128,
            embedding_initializer: None,
            embedding_dropout: None,
            dropout: 0.0,
            input_dropout: 0.0,
            recurrent_dropout: 0.0,
            recompute: false,
            forget_bias: 1.0,
            gate_activation: GateActivation::Logistic,
            cell_clip: None,
            input_initializer: Initializer::Glorot,
            recurrent_initializer: Initializer::Orthogonal,
        }
    }
}

impl ModelConfig {
    /// The cell that is named or described; LSTM1 where neither is given.
    pub fn cell(&self) -> Result<Cell, ConfigError> {
        match (&self.variant, &self.gates) {
            (Some(_), Some(_)) => Err(ConfigError::TwoCells),
            (Some(name), None) => Ok(variant(name)?.cell()),
            (None, Some(form)) => Ok(form.parse()?),
            (None, None) => Ok(variant("lstm1")?.cell()),
        }
    }

    /// The cell's name, or its gate terms where it has none.
    pub fn cell_name(&self) -> Result<String, ConfigError> {
        let cell = self.cell()?;
        Ok(name_of(&cell).map_or_else(|| cell.to_string(), str::to_owned))
    }
}

/// The optimizer and everything that steers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimConfig {
    /// Which optimizer.
    pub optimizer: Optimizer,
    /// Learning rate that the schedule starts from (for `noam`: the highest it reaches).
    pub learning_rate: f64,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Where `linear` and `cosine` end.
    pub final_learning_rate: f64,
    /// What `exponential` multiplies by every epoch, and `step` every `step_epochs`.
    pub gamma: f64,
    /// Epochs between the steps of `step`.
    pub step_epochs: usize,
    /// Optimizer steps until `noam` is at its highest.
    pub warmup_steps: usize,
    /// The highest rate that `exp-loss` may reach.
    pub max_learning_rate: f64,
    /// A fixed rate for the first epoch of `exp-loss`, as in the published code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_epoch_rate: Option<f64>,
    /// Mini-batch size, in sequences.
    pub batch_size: usize,
    /// Number of epochs.
    pub epochs: usize,
    /// Optimizer steps that an epoch has at least: a smaller training set is passed over several times in each, so
    /// that few sequences get as many steps as many do. Nothing: one pass, whatever its steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch_steps: Option<usize>,
    /// Maximum global gradient norm (L2); larger gradients are scaled down to it. 0: no clipping.
    pub clip: f64,
    /// Patience: stop after this many epochs in a row without what `early_stopping_on` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<usize>,
    /// The event that early stopping waits for: a new best unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping_on: Option<EarlyStoppingOn>,
    /// Momentum of `sgd` (0.9 unless given) and `rmsprop` (none unless given).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// Weight decay: decoupled for `adamw`, added to the gradient for the others.
    pub weight_decay: f64,
    /// What keeps adaptive optimizers from dividing by zero.
    pub epsilon: f64,
    /// The loss that is minimised; nothing: that of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
    /// The weights of classes in the loss; nothing: all 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<ClassWeights>,
}

impl Default for OptimConfig {
    fn default() -> Self {
        OptimConfig {
            optimizer: Optimizer::Adam,
            learning_rate: 3e-3,
            schedule: Schedule::Constant,
            final_learning_rate: 0.0,
            gamma: 0.9,
            step_epochs: 10,
            warmup_steps: 1000,
            max_learning_rate: 0.1,
            first_epoch_rate: None,
            batch_size: 32,
            epochs: 15,
            epoch_steps: None,
            clip: 1.0,
            early_stopping: None,
            early_stopping_on: None,
            momentum: None,
            weight_decay: 0.0,
            epsilon: 1e-8,
            loss: None,
            class_weights: None,
        }
    }
}

impl OptimConfig {
    /// Whether early stopping ends a run with these epochs.
    pub fn is_out_of_patience(&self, history: &History) -> bool {
        let waited = match self.early_stopping_on.unwrap_or_default() {
            EarlyStoppingOn::Best => history.epochs_since_best(),
            EarlyStoppingOn::Progress => history.epochs_since_progress(),
        };
        self.early_stopping.is_some_and(|patience| waited >= patience)
    }
}

/// The event that early stopping waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EarlyStoppingOn {
    /// A new best on the validation set.
    #[default]
    Best,
    /// A new best there, a lower loss there, or a higher accuracy on the training set. A lucky epoch on a small validation
    /// set does not end a run that is still learning.
    Progress,
}

/// The rule that turns gradients into steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// RMSprop with a decay of 0.9 (Tieleman and Hinton 2012).
    RmsProp,
    /// Adam (Kingma and Ba 2015).
    Adam,
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    AdamW,
    /// Stochastic gradient descent with momentum.
    Sgd,
}

/// The measure of how far answers are from the truth that training makes small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// `-log` of the probability of the true class.
    CrossEntropy,
    /// The square of the error.
    Squared,
    /// The absolute error.
    Absolute,
    /// Half the square of an error up to 1 standard deviation of the target, beyond it the absolute error less a half
    /// (P. J. Huber 1964, "Robust Estimation of a Location Parameter", Annals of Mathematical Statistics 35).
    Huber,
    /// The pinball loss of the quantiles of levels 0.1, 0.5 and 0.9 (R. Koenker and G. Bassett 1978, "Regression
    /// Quantiles", Econometrica 46).
    Pinball,
}

impl Loss {
    /// The loss of a task unless another is asked for.
    pub fn of_task(task: Task) -> Loss {
        match task {
            Task::Classification | Task::Labelling => Loss::CrossEntropy,
            Task::Regression => Loss::Squared,
            Task::Forecast => Loss::Pinball,
        }
    }

    /// True if a task can be trained with it.
    pub fn suits(self, task: Task) -> bool {
        match task {
            Task::Classification | Task::Labelling => self == Loss::CrossEntropy,
            Task::Regression => !matches!(self, Loss::CrossEntropy | Loss::Pinball),
            Task::Forecast => self != Loss::CrossEntropy,
        }
    }
}

/// The weights of classes in the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassWeights {
    /// All that have a class ÷ (classes × members of the class), over the training set, so that each class weighs as much
    /// (G. King and L. Zeng 2001, "Logistic Regression in Rare Events Data", Political Analysis 9).
    Balanced,
}

/// How the learning rate changes over the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Not at all.
    Constant,
    /// In a straight line to `final_learning_rate`.
    Linear,
    /// Along half a cosine to `final_learning_rate`.
    Cosine,
    /// Multiplied by `gamma` per epoch, decaying within it.
    Exponential,
    /// Multiplied by `gamma` every `step_epochs`.
    Step,
    /// Linear warm-up, then inverse-square-root decay (Vaswani et al. 2017).
    Noam,
    /// `learning_rate · exp(last epoch's training loss)` (Lu 2016).
    ExpLoss,
}

impl Schedule {
    /// True if the rate of every epoch depends on how many there will be: with another end, a run is another from its
    /// start.
    pub fn depends_on_epochs(self) -> bool {
        matches!(self, Schedule::Linear | Schedule::Cosine)
    }
}

/// Where the run runs and what it is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunConfig {
    /// The backend that computes.
    pub backend: Backend,
    /// Which of the backend's devices.
    pub device: usize,
    /// CPU threads; 0 for all cores.
    pub threads: usize,
    /// Random seed (initial weights, shuffling, dropout).
    pub seed: u64,
    /// The folder's name; made of data set and variant unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The folder that runs are put in.
    pub out: String,
    /// Exit with 0 instead of 1 if the run diverges.
    pub tolerate_divergence: bool,
    /// The metric that choices are made by; nothing: that of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
}

impl Default for RunConfig {
    fn default() -> Self {
        RunConfig {
            backend: Backend::Flex,
            device: 0,
            threads: 0,
            seed: 1,
            name: None,
            out: "runs".into(),
            tolerate_divergence: false,
            metric: None,
        }
    }
}
