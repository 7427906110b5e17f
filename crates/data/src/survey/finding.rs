//! The findings about a folder of the user's own, in words.

use super::standard_error;
use crate::error::excerpt;
use crate::file::count;
use std::fmt;

/// Something that whoever trains on a folder should know. Its text ends in what to do.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Finding {
    /// A value far outside the others of its channel.
    FillValue(FillValue),
    /// A channel whose range is small beside its offset.
    Offset {
        /// The channel, as messages call it.
        channel: String,
        /// Its least value.
        least: f64,
        /// Its greatest value.
        most: f64,
        /// True if it rises within series and never falls there.
        rises: bool,
    },
    /// A channel that has one value in all the training data.
    Constant {
        /// The channel, as messages call it.
        channel: String,
        /// Its value.
        value: f64,
    },
    /// Classes that look like measurements.
    NumericClasses {
        /// Their number.
        classes: usize,
        /// The number of training sequences.
        sequences: usize,
        /// The first of them.
        examples: String,
    },
    /// Classes of which there is one training sequence each.
    SingleSequences {
        /// Their number.
        classes: usize,
        /// The first of them.
        examples: String,
    },
    /// A class that most training sequences are of.
    Unbalanced {
        /// The class.
        class: String,
        /// Its share of them.
        share: f64,
    },
    /// Classes that differ from another in case, leading zeros, or characters that cannot be seen or told apart alone.
    AlikeClasses {
        /// Their number.
        classes: usize,
        /// The first of them.
        examples: String,
    },
    /// Classes whose names other programs write where a class is missing.
    MissingClasses {
        /// The first of them.
        examples: String,
        /// The number of training sequences that are of one.
        sequences: usize,
    },
    /// Texts that go over several lines of their file.
    SeveralLines {
        /// The file.
        file: String,
        /// Their number.
        texts: usize,
        /// The first and the last line of the longest.
        longest: (usize, usize),
    },
    /// Training texts of different classes that a model reads as the same.
    SameTokens {
        /// The file.
        file: String,
        /// Their number.
        texts: usize,
        /// The lines of the first of them.
        lines: Vec<usize>,
        /// True if characters as tokens would tell them apart.
        differ: bool,
        /// The ways in which they differ otherwise.
        ways: Vec<&'static str>,
    },
    /// Signs that are in no token, and yet in many texts or in those of a class.
    DroppedSigns {
        /// The file.
        file: String,
        /// The number of training texts.
        texts: usize,
        /// The signs, as messages call them, each with the number of texts that have it, and the class that has it
        /// above all others, if one has.
        signs: Vec<(String, usize, Option<String>)>,
    },
    /// Values that are missing and are filled in.
    Missing {
        /// Their number.
        values: usize,
        /// The file of the first.
        file: String,
        /// Its line.
        line: usize,
        /// Their numbers by channel, in words.
        channels: String,
        /// The rule by which they are filled in, as `data.missing` has it.
        rule: &'static str,
    },
    /// Files and folders among those of series that are none.
    LeftOut {
        /// Their number.
        files: usize,
        /// The first of them.
        example: String,
    },
    /// How data was read or divided where the settings do not say it.
    Notice(String),
    /// A validation set that says little.
    SmallValidation {
        /// The number of its sequences.
        sequences: usize,
    },
}

/// A value far outside the others of its channel, and the first place where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct FillValue {
    /// The file.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The place in the line, as messages call it.
    pub field: String,
    /// The value.
    pub value: f64,
    /// The number of times that it comes.
    pub count: usize,
    /// The least of the other values.
    pub least: f64,
    /// The greatest of them.
    pub most: f64,
    /// True if the others cannot be told apart beside it.
    pub hides: bool,
    /// True if the same would be so of the test data, were these trained on.
    pub would_hide: bool,
}

impl fmt::Display for FillValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FillValue { file, line, field, value, count, least, most, hides, .. } = self;
        let times = if *count == 1 { "once".to_owned() } else { format!("{count} times") };
        let effect = if *hides { ", which cannot be told apart beside it" } else { "" };
        write!(
            f,
            "{file}:{line}: {value:?} ({field}, {times} in this part) lies far outside the other values, {least:?} \
             to {most:?}{effect}: if it stands for what is missing, fill that in or leave those sequences out"
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::FillValue(fill) => fill.fmt(f),
            Finding::Offset { channel, least, most, rises } => offset(f, channel, (*least, *most), *rises),
            Finding::Constant { channel, value } => {
                write!(
                    f,
                    "{channel} is {value:?} in all of the training data and tells nothing: leave it out"
                )
            }
            Finding::NumericClasses { classes, sequences, examples } => write!(
                f,
                "{classes} classes among {sequences} training sequences are numbers ({examples}) and look like \
                 measurements: each is learned as a class of its own; to tell ranges apart, name a class for each"
            ),
            Finding::SingleSequences { classes, examples } => {
                let (are, they) =
                    if *classes == 1 { ("class has", "it is") } else { ("classes have", "they are") };
                write!(
                    f,
                    "{classes} {are} a single training sequence ({examples}), so that {they} either not learned or not \
                     validated: add sequences, or merge classes"
                )
            }
            Finding::Unbalanced { class, share } => write!(
                f,
                "{:.0} % of the training sequences are of class {:?}: always answering that is as accurate; judge \
                 accuracies by it, or add sequences of the others",
                100.0 * share,
                excerpt(class)
            ),
            Finding::AlikeClasses { classes, examples } => write!(
                f,
                "{classes} classes differ from one another only in case, leading zeros or characters that look alike or \
                 cannot be seen ({examples}), and each is learned as a class of its own: if those are the same, spell them \
                 alike"
            ),
            Finding::MissingClasses { examples, sequences } => write!(
                f,
                "{sequences} training sequence{} of class {examples}, which is learned as any other: if it stands for a \
                 missing class, fill that in or leave those sequences out",
                if *sequences == 1 { " is" } else { "s are" }
            ),
            Finding::SeveralLines { file, texts, longest } => several_lines(f, file, *texts, *longest),
            Finding::SameTokens { file, texts, lines, differ, ways } => {
                same_tokens(f, file, *texts, lines, if *differ { None } else { Some(ways) })
            }
            Finding::DroppedSigns { file, texts, signs } => dropped_signs(f, file, *texts, signs),
            Finding::Missing { values, file, line, channels, rule } => write!(
                f,
                "{} missing ({channels}; the first in {file}:{line}) and filled in by `data.missing = {rule:?}`",
                if *values == 1 { "1 value is".to_owned() } else { format!("{values} values are") }
            ),
            Finding::LeftOut { files, example } => write!(
                f,
                "{} among the folders of classes {} not read, such as {example}: write a series as a table, such as a .csv, in the \
                 folder of its class, and move what is none elsewhere",
                count(*files, "item"),
                if *files == 1 { "is" } else { "are" },
            ),
            Finding::Notice(told) => f.write_str(told),
            Finding::SmallValidation { sequences } => write!(
                f,
                "the validation set has {}: an accuracy on it has a standard error of up to {:.0} points, and epochs and \
                 settings are chosen by it; add sequences, or raise `data.validation_fraction`",
                count(*sequences, "sequence"),
                100.0 * standard_error(*sequences)
            ),
        }
    }
}

fn offset(f: &mut fmt::Formatter, channel: &str, (least, most): (f64, f64), rises: bool) -> fmt::Result {
    let (like, instead) = match rises {
        true => ("a counter or a time stamp", "its change from step to step, or since the first step"),
        false => ("an absolute position", "its difference from a reference"),
    };
    write!(
        f,
        "{channel} runs from {least:?} to {most:?}, a small range far from zero, like {like}: whatever is measured later \
         or elsewhere lies outside it; use {instead}"
    )
}

fn several_lines(
    f: &mut fmt::Formatter,
    file: &str,
    texts: usize,
    (first, last): (usize, usize),
) -> fmt::Result {
    let (go, longest) = if texts == 1 { ("text goes", "") } else { ("texts go", "the longest ") };
    let lines = last + 1 - first;
    write!(
        f,
        "{texts} {go} over several lines, {longest}over {lines} ({file}:{first} to {last}): where those lines are rows of \
         their own, close the quote on the line where it opens"
    )
}

fn same_tokens(
    f: &mut fmt::Formatter,
    file: &str,
    texts: usize,
    lines: &[usize],
    alike: Option<&Vec<&'static str>>,
) -> fmt::Result {
    let shown = lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let more = if texts > lines.len() { ", …" } else { "" };
    let (same, remedy) = match alike.map(|ways| &ways[..]) {
        None => ("have the same tokens".to_owned(), "use `data.tokens = \"characters\"`"),
        Some(ways) => {
            let but = match ways {
                [] => String::new(),
                [way] => format!(" but for {way}"),
                [ways @ .., last] => format!(" but for {} and {last}", ways.join(", ")),
            };
            (format!("are the same{but}"), "give the same text one class, or leave those texts out")
        }
    };
    write!(
        f,
        "{texts} training texts of different classes {same} ({file}, lines {shown}{more}), and a model cannot tell them \
         apart: {remedy}"
    )
}

fn dropped_signs(
    f: &mut fmt::Formatter,
    file: &str,
    texts: usize,
    signs: &[(String, usize, Option<String>)],
) -> fmt::Result {
    let one = |(sign, count, class): &(String, usize, Option<String>)| match class {
        Some(class) => format!("{sign} in {count} of them, above all in those of class {class:?}"),
        None => format!("{sign} in {count} of them"),
    };
    let signs: Vec<String> = signs.iter().map(one).collect();
    write!(
        f,
        "signs in the {texts} training texts are in no token and not read ({file}): {}; where they tell classes apart, use \
         `data.tokens = \"characters\"`, or write them as words",
        signs.join("; ")
    )
}
