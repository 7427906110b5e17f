//! The content of a `recipe.toml`: a data set's source, files, classes and licence.

use crate::pieces::Piece;
use crate::{Columns, Layout, Origin, Task, Windows};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// One folder of `datasets/`: the files of one source, and the data sets that are read from them. A folder of the
/// user's has one that is made of what its files hold.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The data in a few words.
    pub title: String,
    /// The question that is asked of it.
    pub task: Task,
    /// The format of its files.
    pub(crate) format: Format,
    /// The names of the classes, in the order of their labels; none where it has no classes.
    #[serde(default)]
    pub classes: Vec<String>,
    /// The names of the numbers that are predicted: columns beside the channels, or the channels that are forecast
    /// unless `data.targets` says others.
    #[serde(default)]
    pub targets: Vec<String>,
    /// The names of the groups that sequences are in; none where they are in none.
    #[serde(skip)]
    pub(crate) groups: Vec<String>,
    /// The windows of a series to forecast, unless the settings say others.
    pub windows: Option<Windows>,
    /// The way in which training and test data were told apart.
    pub split: String,
    /// The licence of the data.
    pub licence: String,
    /// Whose work the data is.
    pub attribution: String,
    /// The data sets read from these files.
    #[serde(rename = "dataset")]
    pub(crate) datasets: Vec<Named>,
    /// The source of the files that ship.
    pub source: Option<Source>,
    /// The origins of a set that does not ship: it is fetched from the first that can be reached.
    #[serde(default)]
    pub fetch: Vec<Origin>,
    /// The training data.
    pub train: SetFiles,
    /// The test data.
    pub test: SetFiles,
}

impl Recipe {
    /// The files of the training and the test data.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.train.files.iter().chain(&self.test.files)
    }

    /// The packages and addresses that carry the original.
    pub fn sources(&self) -> String {
        let shipped = self.source.iter().map(Source::to_string);
        shipped.chain(self.fetch.iter().map(Origin::to_string)).collect::<Vec<_>>().join(", or ")
    }
}

/// One name under which a recipe's files are read, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    pub name: String,
    pub summary: String,
    pub lengths: (usize, usize),
    /// What sets its test data apart, after "whose test data", where another part would not be as good a test.
    pub test_data: Option<String>,
    #[serde(rename = "form")]
    pub modality: Modality,
    #[serde(default)]
    pub units: Units,
}

/// The units of a series, where they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Units {
    /// The time from one step to the next, such as `hour`.
    pub step: Option<String>,
    /// The units of channels, by their names.
    #[serde(default)]
    pub channels: BTreeMap<String, String>,
}

/// The format of a recipe's files.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    /// A file of images and a file of labels, in MNIST's format.
    Idx,
    /// One file of series with their classes.
    Ts,
    /// One file of texts with a rating each, whose sign is the class.
    RatedText,
    /// One file of series of one channel, each after its class, as the UCR archive keeps them.
    Ucr,
    /// One table of series, with their classes or what else is asked of them.
    SeriesTable {
        /// The columns that are channels, in the order of the training file.
        channels: Vec<String>,
    },
    /// One table of series whose columns have these roles; only of the user's own.
    #[serde(skip_deserializing)]
    LongTable {
        /// The columns that are no channels.
        columns: Columns,
        /// Those that are, in the order in which a step has them.
        channels: Vec<String>,
    },
    /// A table of one series a file, in folders that are named by their classes; only of the user's own.
    #[serde(skip_deserializing)]
    ClassFolders {
        /// The columns that are no channels.
        columns: Columns,
        /// Those that are, in the order in which a step has them.
        channels: Vec<String>,
    },
    /// One table of texts with their classes; only of a folder of the user's.
    #[serde(skip_deserializing)]
    TextTable,
    /// Arrays of NumPy's, the series and their answers; only of the user's own.
    #[serde(skip_deserializing)]
    Numpy,
}

impl Format {
    /// The names of the channels, where the files have names for them.
    pub(crate) fn channel_names(&self) -> Option<&[String]> {
        match self {
            Format::SeriesTable { channels }
            | Format::LongTable { channels, .. }
            | Format::ClassFolders { channels, .. } => Some(channels),
            Format::Idx
            | Format::Ts
            | Format::RatedText
            | Format::Ucr
            | Format::TextTable
            | Format::Numpy => None,
        }
    }

    /// The columns that are no channels, where they were told apart.
    pub(crate) fn columns(&self) -> Option<&Columns> {
        match self {
            Format::LongTable { columns, .. } | Format::ClassFolders { columns, .. } => Some(columns),
            _ => None,
        }
    }

    /// True if a class is the same in upper and lower case.
    pub(crate) fn any_case(&self) -> bool {
        matches!(self, Format::Ts)
    }
}

/// The kind of the sequences of a data set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Modality {
    /// A grey image of 28×28 pixels, read in some order.
    Image {
        /// Which pixels make a step.
        layout: Layout,
    },
    /// Measurements, all channels at each step.
    Series {
        /// The numbers of a step.
        channels: usize,
    },
    /// Text, a word a step.
    Text,
}

impl Modality {
    /// The numbers of a step; none where a step is a word.
    pub fn channels(&self) -> Option<usize> {
        match self {
            Modality::Image { layout } => Some(layout.channels()),
            Modality::Series { channels } => Some(*channels),
            Modality::Text => None,
        }
    }
}

/// The package that carries the original.
///
/// `archive`, `sha256` and `members` are for `datasets/make_samples.py`, which makes the files that ship from the
/// package. Nothing here reads them; they are declared because an unknown key is refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The registry, such as `npm`.
    pub registry: String,
    /// The package's name there.
    pub package: String,
    /// The package's version.
    pub version: String,
    /// The file name of the package's archive.
    pub archive: String,
    /// The archive's sha256.
    pub sha256: String,
    /// The files that are taken from the archive.
    pub members: Vec<String>,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.registry, self.package, self.version)
    }
}

/// The files of the training or of the test data.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetFiles {
    /// The number of sequences.
    pub sequences: usize,
    /// The files, in the order that the format reads them.
    pub files: Vec<File>,
    /// The pieces of the sequences of these files that belong to this data; all where nothing is said.
    #[serde(skip)]
    pub(crate) pieces: Option<Vec<Piece>>,
}

/// One file of a data set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its name in the folder of the recipe, or where fetched sets are kept.
    pub name: String,
    /// Its size.
    pub bytes: usize,
    /// Its sha256.
    pub sha256: String,
}
