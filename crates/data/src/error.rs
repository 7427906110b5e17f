//! Everything that can be wrong with a setting or a file, and what to do about it.

mod archives;

use crate::file::count;
use crate::{FillValue, Finding, Task};
pub use archives::ArchiveError;
use slimgate_settings::SettingError;
use std::io;

/// The reason for which data could not be read or prepared.
///
/// Each message stands on its own: it names the key, or the file and line, and ends in what to do. Text
/// quoted from a file is cut short and escaped.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // The messages say what the fields are.
#[non_exhaustive]
pub enum DataError {
    // Settings
    #[error("there is no data set named {name:?}: {advice}")]
    UnknownDataset { name: String, advice: String },
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error(
        "`data.validation_fraction` = {fraction} leaves no {part} sequence of {sequences}: give {}, or add sequences",
        match *part { "validation" => format!("at least {limit}"), _ => format!("at most {limit}") }
    )]
    EmptyPart { fraction: f64, part: &'static str, sequences: usize, limit: f64 },
    #[error(
        "{file}:{line}: the group {group:?} is in the training file, too: put all series of a group into one of the two, or \
         leave `data.columns.group` out"
    )]
    SharedGroup { file: String, line: usize, group: String },
    #[error(
        "{file}:1: `data.task` = \"{task}\" tells classes, and `data.targets` names numbers: leave one of the two out; columns \
         that are not to be read are named by `data.columns.ignore`"
    )]
    TargetsOfClasses { file: String, task: Task },
    #[error(
        "all sequences to take it from are of one group, of which no {part} set can be taken: add sequences of another"
    )]
    OneGroup { part: &'static str },
    #[error(
        "`data.test` = \"drawn\" does not suit {dataset:?}, {why}: leave `data.test` out to test on the sequences that \
         are given"
    )]
    FixedTest { dataset: String, why: String },
    #[error(
        "`data.test` = \"drawn\" and `data.validation` = \"test\" exclude each other, since what was published was chosen on \
         the test set that is given: leave one of them out"
    )]
    DrawnChoices,
    #[error(
        "{asked:?} is not the data that the run was trained on: use {trained:?}, or train a new run on {asked:?}"
    )]
    OtherDataset { trained: String, asked: String },
    #[error(
        "the run's stored preprocessing does not fit the data set {dataset:?}: it was changed by hand or by another release; start a new run"
    )]
    OtherPreprocessing { dataset: String },

    #[error(
        "`data.task` is {asked}, and {dataset:?} is a data set for {task}: leave `data.task` out, or use another data set"
    )]
    OtherTask { dataset: String, asked: Task, task: Task },
    #[error("`data.targets` has {found:?}, {problem}: name channels of {dataset:?}, each once: {known}")]
    ForecastTarget { found: String, problem: &'static str, dataset: String, known: String },
    #[error(
        "`{key}` is for whole sequences, and {dataset:?} is forecast from windows: give `data.context`, and leave it out"
    )]
    LengthOfForecast { key: &'static str, dataset: String },
    #[error(
        "a series of the {part} part of {dataset:?} has {}, and a window needs {needed}, {context} to forecast from and \
         {horizon} to forecast: give a smaller `data.context` or `data.horizon`{}",
        count(*steps, "step"), match *part {
            "validation" => ", or a larger `data.validation_fraction`",
            _ if *is_divided => ", or another `data.test_fraction`",
            _ => "",
        }
    )]
    ShortSeries {
        dataset: String,
        part: &'static str,
        is_divided: bool,
        steps: usize,
        needed: usize,
        context: usize,
        horizon: usize,
    },
    #[error(
        "{name} has {}, and the run forecasts from {context}: give the series with at least as many, the latest last",
        count(*steps, "step")
    )]
    ShortInput { name: String, steps: usize, context: usize },
    #[error("`data.targets` is an empty list: name at least one column, or leave it out")]
    EmptyTargets,
    #[error(
        "`data.pad` = \"{side}\" needs a length to pad to: give `data.max_length`, or `data.pad` = \"none\""
    )]
    PadWithoutLength { side: &'static str },

    // Sets that are fetched
    #[error("the data set {dataset:?} is not on this machine: get it with `slimgate data fetch {set}`")]
    NotFetched { dataset: String, set: String },
    #[error("{file} does not match its sha256: get it again with `slimgate data fetch {set}`")]
    Changed { file: String, set: String },
    #[error("there is no folder to keep data in: set HOME, or XDG_DATA_HOME to a folder of your choice")]
    NoHome,
    #[error("cannot {action} {path}: {source}; {remedy}", remedy = room(source))]
    Keep { action: &'static str, path: String, source: io::Error },
    #[error("cannot fetch {set:?}:\n{tried}\n{advice}")]
    Unfetched { set: String, tried: String, advice: String },

    // Folders of the user's own
    #[error(
        "{folder} {is}: give the path of a folder with train.csv and test.csv, or of one table, a .csv, .tsv, .jsonl or .parquet, or an .npz; a path that \
         does not begin with `/` begins where the program is started"
    )]
    NoFolder { folder: String, is: &'static str },
    #[error(
        "the folder {folder} {problem}: put train.csv and test.csv there, or the archives' NAME_TRAIN.ts and \
         NAME_TEST.ts or .tsv, or NumPy's X_train.npy, y_train.npy, X_test.npy and y_test.npy, or one table that is divided, and no others of these; or, without any of them, a folder for each class with a table a series, such as leaking/pump-1.csv, where train and test, if they are told apart, are folders above those. A table of series has a row a time step:\n  series,class,pressure,flow\n  \
         pump-1,leaking,0.25,3.1\nA table of texts has a row a text:\n  class,text\n  positive,a wonderful film"
    )]
    FolderFiles { folder: String, problem: String },
    #[error(
        "{file}:1: the column {column:?} is taken for the {key} of a row, and here a folder is a class and a file a series: leave \
         it out with `data.columns.ignore = [{column:?}]`, without `data.columns.{key}`, or rename it if it is a channel"
    )]
    FolderColumn { file: String, key: &'static str, column: String },
    #[error("{file}:1: `data.columns.{key}` has {problem}; the columns are {known}")]
    ColumnSetting { file: String, key: &'static str, problem: String, known: String },
    #[error(
        "{file}:1: nothing says which column is to be told ({task}): name it with `data.targets`, such as \
         `data.targets = [\"y\"]`; the columns are {known}"
    )]
    NoTarget { file: String, task: Task, known: String },
    #[error(
        "{file}:1: there are classes in column {class:?} and targets, {targets}: give `data.task` = \"classification\" (a \
         class a series), \"labelling\" (a class a row), \"regression\" (a number a series) or \"forecast\""
    )]
    UnclearTask { file: String, class: String, targets: String },
    #[error("{file}: no row has a class: give some, or leave the column out with `data.columns.ignore`")]
    NoClass { file: String },
    #[error(
        "{file}: every row has another {column:?}, so that each would be a series of one step: name the column that tells \
         series apart with `data.columns.series`, or leave this one out with `data.columns.ignore`"
    )]
    SeriesOfOne { file: String, column: String },
    #[error(
        "{file} holds too few {name} to be divided, at least one to train on and one to test on: add some, name the column \
         that tells series apart with `data.columns.series`, or put a train.csv and a test.csv into a folder"
    )]
    NothingToTest { file: String, name: &'static str },
    #[error("{file}: every sequence is of class {class:?}; give sequences of at least two classes")]
    OneClass { file: String, class: String },
    #[error(
        "{file}:{line}: no training sequence is of class {found:?}; add some to the training file, or use one of \
         {known}"
    )]
    UntrainedClass { file: String, line: usize, found: String, known: String },
    #[error("{file}:{line}: no training sequence is of class {found:?}: {question}")]
    UntrainedNumber { file: String, line: usize, found: String, question: Box<Finding> },
    #[error(
        "{folder} is not, or no longer, the data that the run was trained on ({file} is another file, or not there): put the old file \
         back, name the folder that has it with `--dataset`, or train a new run"
    )]
    ChangedData { folder: String, file: String },
    #[error("the data is not in {places} any more: name its new place with `--dataset`")]
    Moved { places: String },
    #[error("{file} was changed while the program ran: start it again")]
    ChangedMeanwhile { file: String },

    // Any file
    #[error("cannot read {file}: {source}; check the path and its permissions")]
    Unreadable { file: String, source: io::Error },
    #[error(
        "{file} holds more than {limit} bytes when unpacked, which is the most that is read: leave out sequences or \
         channels, or write numbers with fewer digits; what is to be classified can stand in several files"
    )]
    TooLarge { file: String, limit: u64 },
    #[error("{file} is not a whole gzip file ({source}): fetch or compress it again")]
    Gzip { file: String, source: io::Error },
    #[error("{file} is empty: give a file with at least one sequence")]
    Empty { file: String },
    #[error("the folder {folder} has no file in it: give one that has, or a file")]
    NoFiles { folder: String },
    #[error("{file} has no sequence in it: add at least one")]
    NoSequence { file: String },
    #[error("{file}:{line}: not UTF-8 text; save the file in UTF-8")]
    NotUtf8 { file: String, line: usize },
    #[error(
        "a stream of lines cannot be answered by this run, which {reads}: give it whole sequences, without --stream"
    )]
    NoStream { reads: &'static str },
    #[error("{file} has an extension this run does not read: give it {accepted}")]
    Extension { file: String, accepted: &'static str },
    #[error(
        "{file} of the data sets that ship does not match its sha256: build or install the program again"
    )]
    Checksum { file: String },

    // Numbers and columns
    #[error(
        "{file}:{line}: {found:?} is not a number ({field}); write one such as 0.25{}",
        if field.starts_with("column `") { ", or leave the column out in training (`data.columns.ignore`)" } else { "" }
    )]
    NotANumber { file: String, line: usize, field: String, found: String },
    #[error(
        "{file}:{line}: {found:?} is not a finite number ({field}); fill in what is missing, or leave the sequence out"
    )]
    NotFinite { file: String, line: usize, field: String, found: String },
    #[error(
        "{file}:{line}: no number in {field}, but {found:?}; fill in what is missing, or leave the sequence out"
    )]
    NumberMissing { file: String, line: usize, field: String, found: String },
    #[error(
        "{file}:{line}: no number in {field}; {} missing in all: fill in what is missing, leave those sequences out, or \
         choose with `data.missing` how it is filled in (forward, linear or mean)", values_are(*values)
    )]
    Missing { file: String, line: usize, field: String, values: usize },
    #[error(
        "{file}:{line}: no number in {field}, which is to be forecast; {} missing of it, and `data.missing` makes up no truth \
         to learn and to test by: fill in what is missing, or forecast another channel (`data.targets`)", values_are(*values)
    )]
    MissingTarget { file: String, line: usize, field: String, values: usize },
    #[error("{file}:{line}: no number in column `{column}`, which is to be told of the series; fill it in")]
    MissingAnswer { file: String, line: usize, column: String },
    #[error(
        "{file}: no value of {channel} is there to train on, so that none can be filled in; leave the channel out"
    )]
    NeverSeen { file: String, channel: String },
    #[error(
        "{file}:{line}: no number in {field}; {} missing in all, and the run has no rule for that: fill in what is missing, \
         leave those sequences out, or, on data of your own, train with `data.missing`", values_are(*values)
    )]
    MissingInput { file: String, line: usize, field: String, values: usize },
    #[error(
        "{file}:{line}: {found:?} has its decimals behind another mark than the numbers above ({field}), which have a {mark} \
         there (line {other}): write all with a point or all with a comma, and nothing between thousands"
    )]
    MixedDecimals {
        file: String,
        line: usize,
        field: Box<str>,
        found: Box<str>,
        mark: &'static str,
        other: usize,
    },
    #[error("{file}:{line}: {found:?} has {problem}")]
    Commas { file: String, line: usize, found: String, problem: String },
    #[error(
        "{file}:{line}: {found} ({field}) has more digits than can be computed with, and without the last of them \
         numbers that differ become the same: subtract an offset, such as the first number of the series, or give a \
         coarser unit, such as seconds for nanoseconds"
    )]
    TooManyDigits { file: String, line: usize, field: String, found: String },
    #[error(
        "{file}:{line}: {found:?} is too far from the training data to compute with ({field}): it looks like a fill \
         value; fill in what is missing, or leave the sequence out"
    )]
    Overflow { file: String, line: usize, field: String, found: f64 },
    #[error("{0}")]
    Hidden(Box<FillValue>),
    #[error(
        "{file}:{line}: {} where {wanted} {}; give every step a number for each channel of the training data",
        count(*found, "channel"), belong(*wanted)
    )]
    Channels { file: String, line: usize, found: usize, wanted: usize },
    #[error(
        "{file}:{line}: {} where {wanted} {}; give every row the same columns",
        count(*found, "column"), belong(*wanted)
    )]
    Columns { file: String, line: usize, found: usize, wanted: usize },
    #[error("{file}:{line}: a sequence without a single step; give it one or leave it out")]
    NoStep { file: String, line: usize },

    // Images
    #[error("{file} is {width}×{height} pixels where {side}×{side} belong: scale or crop it", side = crate::image::SIDE)]
    ImageSize { file: String, width: u32, height: u32 },
    #[error("{file} cannot be decoded as PNG ({source}): save it again")]
    Png { file: String, source: png::DecodingError },
    #[error(
        "{file} begins with the number {found:#010x} where an idx file of {what} has {wanted:#010x}: give a file of {what}"
    )]
    IdxMagic { file: String, found: u32, wanted: u32, what: &'static str },
    #[error("{file} ends after {}, inside the idx header of {wanted}: fetch it again", count(*found, "byte"))]
    IdxHeader { file: String, found: usize, wanted: usize },
    #[error("{file} has {} after its idx header, which announces {announced}: fetch it again", count(*found, "byte"))]
    IdxLength { file: String, found: usize, announced: u128 },
    #[error(
        "{file} has {} for the {} of its pair: give the two files that belong together",
        count(*labels, "label"), count(*images, "image")
    )]
    IdxPair { file: String, labels: usize, images: usize },
    #[error("{file}: label {position} is {found}, and the classes end at {last}: give the labels of this data set", last = classes - 1)]
    IdxLabel { file: String, position: usize, found: u8, classes: usize },
    #[error("{file}:{line}: a pixel of {found} where 0 (black) to 255 (white) belong; scale the values")]
    PixelRange { file: String, line: usize, found: f64 },
    #[error(
        "{file}:{line}: an image with {} ends here where {wanted} belong; give every image {wanted} rows",
        count(*found, "row")
    )]
    ImageRows { file: String, line: usize, found: usize, wanted: usize },

    // Files of the archives of series
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("{file}:{line}: class {found:?} is not one of this data set's; use one of {known}")]
    UnknownClass { file: String, line: usize, found: String, known: String },

    // Parquet
    #[error(
        "{file}: this build does not read Parquet; build it with `cargo build --release --features parquet`, or write the table \
         as a .csv (pandas: `to_csv(path, index=False)`)"
    )]
    NoParquet { file: String },
    #[error("{file}: {problem}")]
    Parquet { file: String, problem: String },

    // Arrays of NumPy's
    #[error("{file}: {problem}")]
    Numpy { file: String, problem: String },

    // Tables
    #[error("{file}:{line}: {problem}")]
    Row { file: String, line: usize, problem: String },
    #[error(
        "{file}:1: columns are separated by {separator:?}; separate them by commas, and write decimals with a point"
    )]
    CsvSeparator { file: String, separator: char },
    #[error(
        "{file}:{line}: a quote opens here and is never closed, so that all the rest would be one field; close it, or, \
         where it is part of a text, put the text in quotes and write it twice"
    )]
    QuoteOpen { file: String, line: usize },
    #[error(
        "{file}:{line}: the quote that opens here is closed in the middle of a field in line {closes}; close it where \
         its field ends, or, where it is part of a text, put the text in quotes and write it twice"
    )]
    QuoteClosedLate { file: String, line: usize, closes: usize },
    #[error(
        "{file}:{line}: a quote of this row is closed on a later line, and no name or number has several lines; close \
         it where its field ends"
    )]
    QuoteOverLines { file: String, line: usize },
    #[error(
        "{file}:{line}: the quoted text of this row takes in line {row}, which looks like a row of its own; close the \
         quote where the text ends, or, if that line is part of the text, write the text on one line"
    )]
    QuoteOverRows { file: String, line: usize, row: usize },
    #[error(
        "{file}:1: {} of numbers where the run was trained on {}; give one column for each, and call a first column that \
         tells sequences apart `series`",
        count(*found, "column"), count(*wanted, "channel")
    )]
    CsvChannels { file: String, found: usize, wanted: usize },
    #[error("{file}:1: the first row holds numbers; put a row with the column names above it")]
    CsvHeader { file: String },
    #[error("{file}:{line}: series {name:?} goes on after another began; put its rows together")]
    CsvScattered { file: String, line: usize, name: String },
    #[error(
        "{file}:{line}: series {name:?} has two classes, {classes}; give it one, or its parts names of their own, or, where \
         each row has a class, `data.task` = \"labelling\""
    )]
    CsvClass { file: String, line: usize, name: String, classes: String },
    #[error(
        "{file}:{line}: series {name:?} is in two groups, {groups}; give it one, or its parts names of their own"
    )]
    CsvGroup { file: String, line: usize, name: String, groups: String },
    #[error(
        "{file}:{line}: {found:?} {problem} (column `{column}`); write times as 2024-03-31, 2024-03-31 14:00, with an offset \
         as in 2024-03-31T14:00+02:00, or as numbers, or leave the column out (in training, by `data.columns.ignore`)"
    )]
    NoTime { file: String, line: usize, column: Box<str>, found: Box<str>, problem: &'static str },
    #[error("{file}:{line}: {problem} (column `{column}`); sort the rows of each series by time")]
    TimeOrder { file: String, line: usize, column: String, problem: String },
    #[error(
        "{file}:{line}: {problem} (column `{column}`); leave one of the rows out, or name the column that tells series apart \
         with `data.columns.series`"
    )]
    TimeTwice { file: String, line: usize, column: String, problem: String },
    #[error(
        "{file}:{line}: {problem} (column `{column}`); rows are read as steps of equal time: fill in what is missing (where \
         clocks were changed, give times with their offsets), or leave the times out with `data.columns.ignore`"
    )]
    TimeStep { file: String, line: usize, column: String, problem: String },
    #[error(
        "{file}:{line}: column {column:?} differs from the rows above of its series; it belongs to the series as a whole: \
         give it one number"
    )]
    CsvTarget { file: String, line: usize, column: String },
    #[error("{file}:{line}: the column `{column}` is empty; fill it in, or leave the row out")]
    CsvBlank { file: String, line: usize, column: String },
    #[error(
        "{file}:1: there is no column `{column}` among {found}; a table of series has the columns `series`, `class` \
         and one for each channel, a table of texts `class` and `text`; columns of other names are given with \
         `data.columns`, and numbers to forecast or to tell of each series with `data.targets`"
    )]
    CsvMissing { file: String, column: &'static str, found: String },
    #[error("{file}:1: there is no column beside `series` and `class`; add one for each channel")]
    CsvNoChannel { file: String },
    #[error("{file}:1: column {column} has no name; name it, or leave it out (pandas: `index=False`)")]
    CsvUnnamed { file: String, column: usize },
    #[error("{file}:1: two columns are named {column:?}; give every column a name of its own")]
    CsvTwice { file: String, column: String },
    #[error(
        "{file}:1: the first line is of values, {column:?} among them twice, where the names of the columns belong; write a \
         line of names above it"
    )]
    CsvNoNames { file: String, column: String },
    #[error("{file}:1: {problem}; give the channels of the training file: {wanted}")]
    CsvOtherChannels { file: String, problem: String, wanted: String },
    #[error("{file}:1: there is a column {column:?} beside `text` and `class` (or `label`); leave it out")]
    TextColumn { file: String, column: String },
    #[error("{file}:{line}: a rating of zero has no sign, hence no class; leave the row out")]
    RatingZero { file: String, line: usize },
}

/// So many values, with their verb.
fn values_are(number: usize) -> String {
    format!("{} {}", count(number, "value"), if number == 1 { "is" } else { "are" })
}

/// The verb of so many things.
fn belong(number: usize) -> &'static str {
    if number == 1 { "belongs" } else { "belong" }
}

/// The remedy where fetched data cannot be kept.
fn room(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull => "free some space, or set XDG_DATA_HOME to a folder on another disk",
        _ => "get the permission to write there, or set XDG_DATA_HOME to another folder",
    }
}

/// Text from a file as a message can show it: the first 40 characters.
pub(crate) fn excerpt(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    if short.len() < text.len() { short + "…" } else { short }
}
