//! What can be wrong with the files of the archives of time series, and what to do about it.

use crate::file::count;

/// The reason for which a `.ts` or a `.tsv` of the archives could not be read. Its messages are as those of
/// [`DataError`](crate::DataError).
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // The messages say what the fields are.
#[non_exhaustive]
pub enum ArchiveError {
    // .ts files
    #[error(
        "{file} has no `@classLabel` line: add `@classLabel true` and the classes above `@data` or, in a file to predict \
         on that has none, `@classLabel false`"
    )]
    TsNoClassLabel { file: String },
    #[error("{file} has no `@data` line: add it between the lines that begin with `@` and the sequences")]
    TsNoData { file: String },
    #[error(
        "{file}:{line}: the header announces {}, and the first sequence, in line {first}, has {found}; correct the one \
         that is wrong",
        count(*announced, "channel")
    )]
    TsDimensions { file: String, line: usize, announced: usize, first: usize, found: usize },
    #[error("{file}:{line}: `{key} {found}` is not readable here; write {wanted}", found = found.escape_debug())]
    TsHeader { file: String, line: usize, key: &'static str, found: String, wanted: &'static str },
    #[error(
        "{file}:{line}: this line stands above `@data` and begins with neither `@` nor `#`; move it below"
    )]
    TsEarly { file: String, line: usize },
    #[error(
        "{file}:{line}: the steps have time stamps, which are not read: write `@timeStamps false` and the values \
         alone, such as `1.0,2.0`, taken at equal times"
    )]
    TsTimes { file: String, line: usize },
    #[error(
        "{file}:{line}: its sequences end in numbers to be predicted (`@targetLabel true`), and only classes are \
         told apart here: write `@classLabel true low high` instead, and end each sequence in a class, such as the \
         range that its number lies in"
    )]
    TsTarget { file: String, line: usize },
    #[error(
        "{file}:{line}: channel {channel} has {} where the first has {wanted}; give every channel of a sequence the \
         same steps",
        count(*found, "step")
    )]
    TsUneven { file: String, line: usize, channel: usize, found: usize, wanted: usize },
    #[error(
        "{file}:{line}: class {found:?} is not among those the file announces; add it to the `@classLabel` line, where \
         a space begins another class"
    )]
    TsClass { file: String, line: usize, found: String },
    #[error("{file} has no classes: give one that ends each sequence in its class")]
    TsUnlabelled { file: String },
    #[error(
        "{file}:{line}: `{key} false` says that no sequence ends in a class, and the one in line {first} ends in \
         {found:?}; write `@classLabel true` and the classes instead or, in a file to predict on, end no sequence in one"
    )]
    TsUnannounced { file: String, line: usize, key: &'static str, first: usize, found: String },
    #[error("{file}:{line}: this sequence has no class; end it in one, or leave it out")]
    TsNoClass { file: String, line: usize },

    // Tables of the UCR archive
    #[error(
        "{file}:{line}: the first column, which is the class, is empty; fill it in, or leave the row out"
    )]
    UcrNoClass { file: String, line: usize },
    #[error(
        "{file}:{line}: the first column of a .tsv is the class, and {found:?} is none of this run's: {known}; where \
         the class is not known, put `?` there"
    )]
    UcrClass { file: String, line: usize, found: String, known: String },
    #[error(
        "{file}:{line}: this row holds names; a .tsv has no such row, but in each the class and then the numbers of \
         a series, separated by tabs. A table with names is a .csv, separated by commas"
    )]
    UcrHeader { file: String, line: usize },
    #[error(
        "{file}:{line}: this row counts as the names of columns do; a .tsv has no such row, but in each the class and \
         then the numbers of a series: leave it out (pandas: `header=False, index=False`), or, if it is a series, move \
         it below another row"
    )]
    UcrCounted { file: String, line: usize },
    #[error(
        "{file}:{line}: the columns of a .tsv are separated by tabs, and those of this row by {found}: {row:?}; write a \
         tab between one column and the next"
    )]
    UcrSeparator { file: String, line: usize, found: &'static str, row: String },
    #[error(
        "{file}: a .tsv without names of columns is one of a pair: put NAME_TRAIN.tsv and NAME_TEST.tsv into a folder, and \
         give its path"
    )]
    UcrAlone { file: String },
}
