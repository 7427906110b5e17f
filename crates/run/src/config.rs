//! The settings of a run, and their TOML form: one form for files, flags and the resolved copy in the run folder.
//!
//! A field is all that there is of a setting: its doc comment is the meaning that people read, its attribute has the
//! bounds, and its default stands below. `slimgate settings`, the help of flags, the schema and the checks follow.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use slimgate_data::{DataConfig, Task};
use slimgate_gates::{EmbeddingInitializer, GateActivation, Initializer};

use crate::metric::AlarmRule;
use crate::{Backend, History};

/// The cell of a run that names none.
pub(crate) const DEFAULT_CELL: &str = "lstm1";

/// The settings of a run as they are written. Only [`Config`](crate::Config) has had them checked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenConfig {
    /// The data, and how it is split and prepared.
    pub data: DataConfig,
    /// The network.
    pub model: ModelConfig,
    /// The optimizer, and all that steers it.
    pub optim: OptimConfig,
    /// The class that is an alarm, and what its errors cost.
    #[serde(skip_serializing_if = "AlarmConfig::is_default")]
    pub alarm: AlarmConfig,
    /// The machine, the seed and the folder.
    pub run: RunConfig,
}

/// The network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// Cell by its name; see `slimgate variants`.
    #[schemars(extend("default" = DEFAULT_CELL))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Cell by its gate terms, such as `hb` or `i=xhb,f=hb,o=b`, instead of a name; that of `variant` if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gates: Option<String>,
    /// Hidden units of each layer and direction.
    #[schemars(range(min = 1, max = 16_384))]
    pub hidden: usize,
    /// Recurrent layers.
    #[schemars(range(min = 1, max = 64))]
    pub layers: usize,
    /// Each layer also reads the sequence backwards.
    pub bidirectional: bool,
    /// Size of the embedding of a token (text).
    #[schemars(range(min = 1, max = 16_384))]
    pub embedding: usize,
    /// Initializer of the embedding (text); normal if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_initializer: Option<EmbeddingInitializer>,
    /// Dropout probability of words, drawn for each batch (text); 0 if not given.
    #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 1.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_dropout: Option<f64>,
    /// Dropout probability between layers.
    #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub dropout: f64,
    /// Dropout probability of the input of each layer, one mask per sequence.
    #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub input_dropout: f64,
    /// Dropout probability of the hidden-unit signal, one mask per sequence.
    #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub recurrent_dropout: f64,
    /// Gradient checkpointing: less memory, about a third more arithmetic.
    pub recompute: bool,
    /// Initial forget-gate bias.
    #[schemars(range(min = f32::MIN, max = f32::MAX))]
    pub forget_bias: f64,
    /// Activation of the gates.
    pub gate_activation: GateActivation,
    /// Clip the cell state to [-c, c] after each step; no clipping if not given.
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = f32::MAX))]
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

/// The optimizer and everything that steers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OptimConfig {
    /// Optimizer.
    pub optimizer: Optimizer,
    /// Learning rate that the schedule starts from (`noam`: the highest it reaches).
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    pub learning_rate: f64,
    /// Learning-rate schedule.
    pub schedule: Schedule,
    /// Learning rate at the end of `linear` and `cosine`.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub final_learning_rate: f64,
    /// Factor of `exponential` per epoch, and of `step` per `step_epochs`.
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    pub gamma: f64,
    /// Epochs between the steps of `step`.
    #[schemars(range(min = 1))]
    pub step_epochs: usize,
    /// Optimizer steps of the warm-up of `noam`.
    #[schemars(range(min = 1))]
    pub warmup_steps: usize,
    /// Maximum learning rate of `exp-loss`.
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    pub max_learning_rate: f64,
    /// Learning rate of the first epoch of `exp-loss`, as in the published code; `learning_rate` if not given.
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_epoch_rate: Option<f64>,
    /// Mini-batch size, in sequences.
    #[schemars(range(min = 1, max = 65_536))]
    pub batch_size: usize,
    /// Number of epochs.
    #[schemars(range(min = 1))]
    pub epochs: usize,
    /// Optimizer steps that an epoch has at least: small training sets are passed over several times in each; one pass
    /// if not given.
    #[schemars(range(min = 1, max = 1_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch_steps: Option<usize>,
    /// Maximum global gradient norm (L2); larger gradients are scaled down to it; 0: off.
    #[schemars(range(min = 0.0))]
    pub clip: f64,
    /// Patience: stop after so many epochs in a row without what `early_stopping_on` names; all epochs if not given.
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<usize>,
    /// `best` (if not given): a new best on the validation set; `progress`: that, a lower loss there or a better training
    /// score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping_on: Option<EarlyStoppingOn>,
    /// Decay of the moving average of the weights, such as 0.99: that average is then validated, tested and saved instead
    /// of the weights of the last step; no average if not given.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average: Option<f64>,
    /// Momentum of `sgd` (0.9 if not given) and `rmsprop` (none if not given).
    #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 1.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// Weight decay: decoupled for `adamw`, added to the gradient for the others.
    #[schemars(range(min = 0.0))]
    pub weight_decay: f64,
    /// Added to the denominator of `adam`, `adamw` and `rmsprop`.
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = f32::MAX))]
    pub epsilon: f64,
    /// Loss that is minimised; if not given, that of the task: `cross-entropy` of classes, `squared` of numbers, `pinball` of
    /// forecasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
    /// Weights of classes in the loss, so that rare ones count as much; all 1 if not given.
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
            average: None,
            momentum: None,
            weight_decay: 0.0,
            epsilon: 1e-8,
            loss: None,
            class_weights: None,
        }
    }
}

impl OptimConfig {
    /// True if early stopping ends a run with these epochs.
    pub fn is_out_of_patience(&self, history: &History) -> bool {
        let waited = match self.early_stopping_on.unwrap_or_default() {
            EarlyStoppingOn::Best => history.epochs_since_best(),
            EarlyStoppingOn::Progress => history.epochs_since_progress(),
        };
        self.early_stopping.is_some_and(|patience| waited >= patience)
    }
}

/// The event that early stopping waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EarlyStoppingOn {
    /// A new best on the validation set.
    #[default]
    Best,
    /// A new best there, a lower loss there, or a better score on the training set. A lucky epoch on a small validation
    /// set does not end a run that is still learning.
    Progress,
}

/// The rule that turns gradients into steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

    /// The losses that a task can be trained with, in words.
    pub(crate) fn suiting(task: Task) -> &'static str {
        match task {
            Task::Classification | Task::Labelling => "classes are learned with `cross-entropy`",
            Task::Regression => "numbers are learned with `squared`, `absolute` or `huber`",
            Task::Forecast => "forecasts are learned with `pinball`, `squared`, `absolute` or `huber`",
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClassWeights {
    /// All that have a class ÷ (classes × members of the class), over the training set, so that each class weighs as much
    /// (G. King and L. Zeng 2001, "Logistic Regression in Rare Events Data", Political Analysis 9).
    Balanced,
}

/// The change of the learning rate over the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// The class that is an alarm, and what its errors cost: by that the threshold is chosen on the validation set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AlarmConfig {
    /// Class that is an alarm, such as `failure`, against all others; no alarms if not given (classes).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Cost of an alarm that is missed, in money or points, beside `false_alarm_cost`; chosen by `false_alarm_rate` if not
    /// given.
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1e12))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub miss_cost: Option<f64>,
    /// Cost of a false alarm, in the same unit as `miss_cost`; chosen by `false_alarm_rate` if not given.
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1e12))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub false_alarm_cost: Option<f64>,
    /// Share of false alarms wanted among sequences, or labelled steps, of other classes, such as 0.01; chosen by costs if
    /// not given.
    #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 1.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub false_alarm_rate: Option<f64>,
}

impl AlarmConfig {
    fn is_default(&self) -> bool {
        *self == AlarmConfig::default()
    }

    /// The rule by which the threshold is chosen; none where no class is an alarm.
    pub fn rule(&self) -> Option<AlarmRule> {
        self.class.as_ref()?;
        match (self.miss_cost, self.false_alarm_cost) {
            (Some(miss), Some(false_alarm)) => Some(AlarmRule::Costs { miss, false_alarm }),
            _ => self.false_alarm_rate.map(AlarmRule::FalseAlarmRate),
        }
    }
}

/// The place that a run runs at, its seed and its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunConfig {
    /// Backend that computes: on the CPU (`flex`, `ndarray`) or on a GPU (`wgpu`, `cuda`); all but `flex` need a build
    /// with them.
    pub backend: Backend,
    /// Index of the backend's device; see `slimgate devices`.
    pub device: usize,
    /// CPU threads; 0: all cores (matrix products of `ndarray` always use all).
    #[schemars(range(max = 1_024))]
    pub threads: usize,
    /// Random seed of initial weights, shuffling and dropout.
    #[schemars(range(max = i64::MAX))]
    pub seed: u64,
    /// Name of the run's folder; made of data set and variant if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Folder for runs.
    pub out: String,
    /// Exit with 0 instead of 1 if the run diverges.
    pub tolerate_divergence: bool,
    /// Metric that choices are made by, such as `balanced accuracy` or `MAE`; if not given, the first of the task that has a
    /// value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Move the quantiles of forecasts by what they are off by on the validation set, so that intervals hold what they say
    /// (split conformal prediction); `true` if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibrate: Option<bool>,
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
            calibrate: None,
        }
    }
}
