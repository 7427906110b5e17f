//! What each setting means, its default and the values it takes.

use serde::Serialize;
use toml::Value;

use crate::Config;
use crate::settings::allowed;

/// A setting as a reference lists it.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    /// Its key, as `section.key`.
    pub key: String,
    /// The value that it has unless it is given; nothing where it then has none.
    pub default: Option<Value>,
    /// The values that it takes.
    pub allowed: String,
    /// What it means.
    pub meaning: &'static str,
}

/// The meaning of each setting, in the order of a configuration.
const MEANINGS: [(&str, &str); 62] = [
    (
        "data.dataset",
        "Data set: a name of `slimgate data list`, or a folder with train and test files, such as `./pumps`",
    ),
    ("data.train_limit", "Maximum number of training sequences, taken after the split; all if not given"),
    ("data.validation_fraction", "Fraction of the training data held out for validation, between 0 and 1"),
    ("data.validation", "Choices are made on a held-out validation set, or on the test set (published)"),
    ("data.seed", "Random seed of the split into training and validation set"),
    ("data.max_length", "Maximum number of time steps of a sequence; all if not given"),
    ("data.keep", "Which end of a sequence longer than `max_length` is kept"),
    ("data.pad", "Where a shorter sequence is padded to `max_length`"),
    ("data.standardize", "Pixels with one mean and deviation: all if not given, or each (images)"),
    ("data.vocabulary", "Maximum number of words or characters, the most frequent ones first (text)"),
    (
        "data.tokens",
        "Words by Unicode's rules, or characters, or runs of letters and digits as in earlier versions (text); words if \
         not given, except on the sets of `slimgate data list`",
    ),
    ("data.task", "Question that is asked of the data; that of the data set if not given"),
    ("data.context", "Steps that a forecast is made from; those of the data set if not given (forecast)"),
    ("data.horizon", "Steps that are forecast; those of the data set if not given (forecast)"),
    ("data.stride", "Steps from a window to the next; those of the data set if not given (forecast)"),
    (
        "data.season",
        "Steps after which a series repeats itself; those of the data set if not given (forecast)",
    ),
    (
        "data.targets",
        "Names of the channels that are forecast; those of the data set if not given (forecast)",
    ),
    ("model.variant", "Cell by its name; see `slimgate variants`"),
    ("model.gates", "Cell by its gate terms, instead of a name: `hb`, or `i=xhb,f=hb,o=b`"),
    ("model.hidden", "Hidden units of each layer and direction"),
    ("model.layers", "Recurrent layers"),
    ("model.bidirectional", "Whether each layer also reads the sequence backwards"),
    ("model.embedding", "Size of the embedding of a token (text)"),
    ("model.embedding_initializer", "Initializer of the embedding (text); normal if not given"),
    ("model.embedding_dropout", "Dropout probability of words, drawn for each batch (text)"),
    ("model.dropout", "Dropout probability between layers"),
    ("model.input_dropout", "Dropout probability of the input of each layer, one mask per sequence"),
    ("model.recurrent_dropout", "Dropout probability of the hidden-unit signal, one mask per sequence"),
    ("model.recompute", "Gradient checkpointing: less memory, about a third more arithmetic"),
    ("model.forget_bias", "Initial forget-gate bias"),
    ("model.gate_activation", "Activation of the gates"),
    ("model.cell_clip", "Clip the cell state to [-c, c] after each step; no clipping if not given"),
    ("model.input_initializer", "Initializer of input weights"),
    ("model.recurrent_initializer", "Initializer of recurrent weights"),
    ("optim.optimizer", "Optimizer"),
    ("optim.learning_rate", "Learning rate that the schedule starts from (`noam`: the highest it reaches)"),
    ("optim.schedule", "Learning-rate schedule"),
    ("optim.final_learning_rate", "Learning rate at the end of `linear` and `cosine`"),
    ("optim.gamma", "Factor of `exponential` per epoch, and of `step` per `step_epochs`"),
    ("optim.step_epochs", "Epochs between the steps of `step`"),
    ("optim.warmup_steps", "Optimizer steps of the warm-up of `noam`"),
    ("optim.max_learning_rate", "Maximum learning rate of `exp-loss`"),
    ("optim.first_epoch_rate", "Learning rate of the first epoch of `exp-loss`, as in the published code"),
    ("optim.batch_size", "Mini-batch size, in sequences"),
    ("optim.epochs", "Number of epochs"),
    (
        "optim.epoch_steps",
        "Optimizer steps that an epoch has at least: small training sets are passed over several times in each; one \
         pass if not given",
    ),
    ("optim.clip", "Maximum global gradient norm (L2); larger gradients are scaled down to it; 0: off"),
    (
        "optim.early_stopping",
        "Patience: stop after so many epochs in a row without what early_stopping_on names",
    ),
    (
        "optim.early_stopping_on",
        "`best` (unless given): a new best on the validation set; `progress`: that, a lower loss there or a higher training accuracy",
    ),
    ("optim.momentum", "Momentum of `sgd` (0.9 if not given) and `rmsprop` (none if not given)"),
    ("optim.weight_decay", "Weight decay: decoupled for `adamw`, added to the gradient for the others"),
    ("optim.epsilon", "Added to the denominator of `adam`, `adamw` and `rmsprop`"),
    (
        "optim.loss",
        "Loss that is minimised; if not given, that of the task: `cross-entropy` of classes, `squared` of numbers, \
         `pinball` of forecasts",
    ),
    (
        "optim.class_weights",
        "Weights of classes in the loss, so that rare ones count as much; all 1 if not given",
    ),
    ("run.backend", "Backend that computes"),
    ("run.device", "Which of the backend's devices; see `slimgate devices`"),
    ("run.threads", "CPU threads; 0: all cores"),
    ("run.seed", "Random seed of initial weights, shuffling and dropout"),
    ("run.name", "Name of the run's folder; made of data set and variant if not given"),
    ("run.out", "Folder that runs are put in"),
    ("run.tolerate_divergence", "Exit with 0 instead of 1 if the run diverges"),
    (
        "run.metric",
        "Metric that choices are made by, such as `balanced accuracy` or `MAE`; if not given, the first of the task that \
         has a value",
    ),
];

impl Config {
    /// Every setting with its meaning, default and allowed values, in the order of a configuration.
    pub fn reference() -> Vec<Setting> {
        let mut default = Config::default();
        // A run has a cell, named or not.
        default.model.variant = default.model.cell_name().ok();
        let defaults = default.values();
        let value = |values: &[(String, Value)], key: &str| {
            values.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
        };
        let setting = |(key, meaning): (&'static str, &'static str)| {
            let example = value(Config::examples(), key).expect("a test finds every setting");
            Setting {
                key: key.to_owned(),
                default: value(&defaults, key),
                allowed: allowed(key, &example),
                meaning,
            }
        };
        MEANINGS.into_iter().map(setting).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_one_meaning() {
        let mut described = MEANINGS.map(|(key, _)| key.to_owned()).to_vec();
        described.sort();
        let mut keys = Config::keys();
        keys.sort();
        assert_eq!(described, keys);
    }

    #[test]
    fn defaults_and_allowed_values_are_those_of_the_code() {
        let reference = Config::reference();
        let of = |key: &str| reference.iter().find(|setting| setting.key == key).unwrap();
        assert_eq!(of("optim.learning_rate").default, Some(Value::Float(3e-3)));
        assert_eq!(of("optim.learning_rate").allowed, "above 0 and at most 1");
        assert_eq!(of("model.variant").default, Some(Value::String("lstm1".into())));
        assert_eq!(of("model.hidden").allowed, "a whole number from 1 to 16384");
        assert_eq!(of("optim.early_stopping").default, None);
        assert_eq!(of("data.pad").allowed, "none, start, end");
    }
}
