//! The flags of the commands that use trained runs.

use std::path::PathBuf;

use clap::Args;
use slimgate_train::CheckpointChoice;

#[derive(Debug, Args)]
pub struct TimeArguments {
    /// The runs' folders
    #[arg(required = true)]
    pub runs: Vec<PathBuf>,
    /// CPU threads; the first run's setting unless given, 0 for all cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(..=1024))]
    pub threads: Option<u16>,
    /// The folder that holds the data of the runs now, if it has moved
    #[arg(long, value_name = "FOLDER")]
    pub dataset: Option<String>,
    /// Stop once nobody reads standard output any more
    #[arg(long)]
    pub while_read: bool,
    /// JSON lines instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct EvaluateArguments {
    #[command(flatten)]
    pub saved: SavedRunArguments,
    /// The folder that holds the data of the run now, if it has moved
    #[arg(long, value_name = "FOLDER")]
    pub dataset: Option<String>,
    /// Stop once nobody reads standard output any more
    #[arg(long)]
    pub while_read: bool,
}

#[derive(Debug, Args)]
pub struct SavedRunArguments {
    /// The run's folder
    pub run: PathBuf,
    /// The checkpoint: `best` on the validation set, `last`, or the number of a kept epoch
    #[arg(long, value_name = "EPOCH", default_value = "best", value_parser = parse_weights)]
    pub weights: CheckpointChoice,
    /// Compute on another backend than the run was trained on
    #[arg(long, value_name = "NAME")]
    pub backend: Option<String>,
    /// The index of the backend's device
    #[arg(long, value_name = "N", default_value_t = 0, requires = "backend")]
    pub device: usize,
    /// JSON instead of text
    #[arg(long)]
    pub json: bool,
}

fn parse_weights(text: &str) -> Result<CheckpointChoice, String> {
    match text {
        "best" => Ok(CheckpointChoice::Best),
        "last" => Ok(CheckpointChoice::Last),
        number => number
            .parse()
            .map(CheckpointChoice::Epoch)
            .map_err(|_| "must be `best`, `last` or the number of an epoch".into()),
    }
}

#[derive(Debug, Args)]
pub struct PredictArguments {
    #[command(flatten)]
    pub saved: SavedRunArguments,
    /// The file to answer, `-` for standard input; of a forecast, its last `data.context` steps
    #[arg(long, value_name = "FILE")]
    pub input: PathBuf,
    /// Answer each line as it comes: of a table below its column names the next step of a series, of texts a text
    #[arg(long)]
    pub stream: bool,
}
