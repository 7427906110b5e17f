//! NumPy's arrays: series `[n, steps, channels]` and their answers, two `.npy` files or the arrays of an `.npz`.

use crate::examples::{Labelled, Raw};
use crate::file::{self, LIMIT};
use crate::survey::measured;
use crate::{DataError, Task, labels};
use npyz::{DType, Deserialize, NpyFile, Order, TypeChar};
use std::io::Cursor;
use std::path::Path;

/// The most bytes of a header; that of an array of one plain dtype has about a hundred.
const LONGEST_HEADER: usize = 1024;
/// Whole numbers up to this are kept by an `f64`.
const LARGEST: u64 = 1 << 53;

/// An array in C order; no dimension is 0.
struct Array {
    /// Its file or, in an `.npz`, the file and its name there.
    name: String,
    shape: Vec<usize>,
    items: Items,
}

enum Items {
    Floats(Vec<f64>),
    Integers(Vec<i64>),
    Names(Vec<String>),
}

/// Series with their answers.
pub(crate) struct Data {
    pub steps: usize,
    pub channels: usize,
    /// Each shaped `[steps, channels]`.
    pub series: Vec<Vec<f64>>,
    /// The series that are the training part, from the first, where a file says so.
    pub trained: Option<usize>,
    answers: Array,
}

/// Reads a file of series and one of answers, or an `.npz` of both, which may have them for training and test apart.
pub(crate) fn read(files: &[(&str, &[u8])]) -> Result<Data, DataError> {
    match files {
        [(xs, x), (ys, y)] => Data::of(Array::parse(x, xs)?, Array::parse(y, ys)?),
        [(name, bytes)] => {
            let arrays = archive(bytes, name)?;
            if arrays.iter().any(|(name, _)| name == "x_train") {
                let [x, y] = ["x_train", "y_train"].map(|key| find(&arrays, key, name));
                let train = Data::of(x?, y?)?;
                let [x, y] = ["x_test", "y_test"].map(|key| find(&arrays, key, name));
                train.followed_by(Data::of(x?, y?)?)
            } else {
                Data::of(find(&arrays, "x", name)?, find(&arrays, "y", name)?)
            }
        }
        _ => unreachable!("a part has one file or two"),
    }
}

/// Reads series without answers, of so many channels each.
pub(crate) fn series(bytes: &[u8], file: &str, channels: usize) -> Result<Vec<Vec<f64>>, DataError> {
    let array = Array::parse(bytes, file)?;
    let (_, found, series) = array.series()?;
    if found != channels {
        let problem =
            format!("{} has {found} channels where the run was trained on {channels}", array.told());
        return Err(refused(file, format!("{problem}; give it the channels of the training data")));
    }
    Ok(series)
}

impl Data {
    fn of(x: Array, answers: Array) -> Result<Data, DataError> {
        let (steps, channels, series) = x.series()?;
        if answers.shape[0] != series.len() || answers.shape.len() > 2 {
            let (told, name, wanted) = (answers.told(), &x.name, series.len());
            let problem = format!("it {told} for the {wanted} sequences of {name}");
            return Err(refused(
                &answers.name,
                format!("{problem}; give it one answer a sequence, in their order"),
            ));
        }
        Ok(Data { steps, channels, series, trained: None, answers })
    }

    /// Checks that another file, of this name, has series of the same shape.
    pub(crate) fn check_like(&self, other: &Data, file: &str) -> Result<(), DataError> {
        if (self.steps, self.channels) == (other.steps, other.channels) {
            return Ok(());
        }
        let problem = format!(
            "its test sequences have {} steps of {} channels, and the training sequences {} of {}; give both the same",
            other.steps, other.channels, self.steps, self.channels
        );
        Err(refused(file, problem))
    }

    fn followed_by(mut self, other: Data) -> Result<Data, DataError> {
        let name = other.answers.name.clone();
        self.check_like(&other, &name)?;
        self.trained = Some(self.series.len());
        self.series.extend(other.series);
        let kind = self.answers.shape[1..] == other.answers.shape[1..];
        match (&mut self.answers.items, other.answers.items) {
            (Items::Floats(all), Items::Floats(more)) if kind => all.extend(more),
            (Items::Integers(all), Items::Integers(more)) if kind => all.extend(more),
            (Items::Names(all), Items::Names(more)) if kind => all.extend(more),
            _ => return Err(unlike(&name)),
        }
        self.answers.shape[0] = self.series.len();
        Ok(self)
    }

    /// The numbers that are told of each sequence.
    pub(crate) fn targets(&self) -> usize {
        self.answers.shape.get(1).copied().unwrap_or(1)
    }

    /// The question that the settings ask, or that the answers plainly are of: fractions, or as many numbers as there
    /// would be of measurements, are predicted, and everything else is a class.
    pub(crate) fn task(&self, asked: Option<Task>) -> Result<Task, DataError> {
        if let Some(task @ (Task::Classification | Task::Regression)) = asked {
            return Ok(task);
        }
        let Items::Floats(numbers) = &self.answers.items else { return Ok(Task::Classification) };
        let is_whole = numbers.iter().all(|number| number.fract() == 0.0);
        let names: Vec<String> = numbers.iter().map(f64::to_string).collect();
        let classes = labels::classes(names.iter().map(String::as_str));
        let few = measured(&classes, self.series.len()).is_none();
        // Rows that mark a class are refused as classes, with what to write instead.
        let marks = |row: &[f64]| {
            row.iter().all(|number| [0.0, 1.0].contains(number)) && row.iter().sum::<f64>() == 1.0
        };
        let is_class = match self.targets() {
            1 => is_whole && few,
            targets => numbers.chunks_exact(targets).all(marks),
        };
        Ok(if is_class { Task::Classification } else { Task::Regression })
    }

    /// True if the classes are numbers of a floating-point dtype.
    pub(crate) fn has_floats(&self) -> bool {
        matches!(self.answers.items, Items::Floats(_))
    }

    /// The sequences with their classes. The line of one is its number, from 1.
    pub(crate) fn labelled(self) -> Result<Vec<Labelled>, DataError> {
        let (file, targets) = (&self.answers.name, self.targets());
        if targets > 1 {
            let problem = format!(
                "it has {targets} numbers a sequence where one class is wanted; write `np.argmax(y, axis=1)` if each row \
                 marks a class, or set `data.task` = \"regression\""
            );
            return Err(refused(file, problem));
        }
        let names: Vec<String> = match self.answers.items {
            Items::Names(names) => names,
            Items::Integers(numbers) => numbers.iter().map(i64::to_string).collect(),
            Items::Floats(numbers) => {
                check_finite(&numbers, &self.answers.shape, file)?;
                numbers.iter().map(f64::to_string).collect()
            }
        };
        if let Some(at) = names.iter().position(String::is_empty) {
            let problem = format!("the class at [{at}] is empty; fill it in, or leave the sequence out");
            return Err(refused(file, problem));
        }
        let all = (1..).zip(self.series).zip(names);
        Ok(all.map(|((line, values), class)| Labelled { raw: Raw::Values(values), class, line }).collect())
    }

    /// The numbers that are told of each sequence, `[n, targets]`.
    pub(crate) fn numbers(&self) -> Result<Vec<Vec<f64>>, DataError> {
        let numbers = self.answers.numbers()?;
        Ok(numbers.chunks_exact(self.targets()).map(<[f64]>::to_vec).collect())
    }
}

impl Array {
    fn parse(bytes: &[u8], name: &str) -> Result<Array, DataError> {
        let (start, shape) = header(bytes, name)?;
        let npy = NpyFile::new(bytes)
            .map_err(|error| refused(name, format!("it is damaged ({error}); save it again")))?;
        if npy.header().uses_pickled_array() {
            let problem = "it holds Python objects (dtype object), which are not read; save numbers, such as \
                           `X.astype(\"float64\")`, or labels as `y.astype(str)`";
            return Err(refused(name, problem.into()));
        }
        let dtype = npy.header().dtype();
        let count: usize = shape.iter().product();
        let size = dtype.num_bytes().and_then(|size| size.checked_mul(count));
        if size.is_none_or(|size| bytes.len() - start < size) {
            return Err(cut_off(name));
        }
        let order = npy.header().order();
        let (kind, size) = match &dtype {
            DType::Plain(of) => (of.type_char(), of.size_field()),
            _ => return Err(other_type(name, &dtype)),
        };
        let items = match (kind, size) {
            (TypeChar::Float, 4) => floats(items::<f32>(npy, &shape, order, name)?),
            (TypeChar::Float, 8) => floats(items::<f64>(npy, &shape, order, name)?),
            (TypeChar::Bool, _) => integers(items::<bool>(npy, &shape, order, name)?, name)?,
            (TypeChar::Int, 1) => integers(items::<i8>(npy, &shape, order, name)?, name)?,
            (TypeChar::Int, 2) => integers(items::<i16>(npy, &shape, order, name)?, name)?,
            (TypeChar::Int, 4) => integers(items::<i32>(npy, &shape, order, name)?, name)?,
            (TypeChar::Int, 8) => integers(items::<i64>(npy, &shape, order, name)?, name)?,
            (TypeChar::Uint, 1) => integers(items::<u8>(npy, &shape, order, name)?, name)?,
            (TypeChar::Uint, 2) => integers(items::<u16>(npy, &shape, order, name)?, name)?,
            (TypeChar::Uint, 4) => integers(items::<u32>(npy, &shape, order, name)?, name)?,
            (TypeChar::Uint, 8) => integers(items::<u64>(npy, &shape, order, name)?, name)?,
            (TypeChar::UnicodeStr | TypeChar::ByteStr, 1..) => {
                Items::Names(items::<String>(npy, &shape, order, name)?)
            }
            _ => return Err(other_type(name, &dtype)),
        };
        Ok(Array { name: name.into(), shape, items })
    }

    /// Its shape in words.
    fn told(&self) -> String {
        format!("has the shape {:?}", self.shape)
    }

    /// Its items as numbers, each finite.
    fn numbers(&self) -> Result<Vec<f64>, DataError> {
        match &self.items {
            Items::Floats(numbers) => {
                check_finite(numbers, &self.shape, &self.name)?;
                Ok(numbers.clone())
            }
            Items::Integers(numbers) => {
                if let Some(at) = numbers.iter().position(|number| number.unsigned_abs() > LARGEST) {
                    let (place, found) = (index(at, &self.shape), numbers[at]);
                    let problem = format!(
                        "{found} at {place} has more digits than can be computed with; subtract an offset"
                    );
                    return Err(refused(&self.name, problem));
                }
                Ok(numbers.iter().map(|number| *number as f64).collect())
            }
            Items::Names(_) => {
                Err(refused(&self.name, "it holds texts where numbers are wanted; save numbers".into()))
            }
        }
    }

    /// The steps, the channels and the series of an array `[n, steps, channels]` or `[n, steps]`.
    fn series(&self) -> Result<(usize, usize, Vec<Vec<f64>>), DataError> {
        let (steps, channels) = match self.shape[..] {
            [_, steps] => (steps, 1),
            [_, steps, channels] => (steps, channels),
            _ => {
                let problem = format!(
                    "it {}, and series have [n, steps, channels], or [n, steps] of one channel; reshape it",
                    self.told()
                );
                return Err(refused(&self.name, problem));
            }
        };
        let series = self.numbers()?.chunks_exact(steps * channels).map(<[f64]>::to_vec).collect();
        Ok((steps, channels, series))
    }
}

/// The place of the data and the shape. What the header says is held to the length of the file before anything relies on
/// it: no dimension is 0, and there is at least a byte for each item.
fn header(bytes: &[u8], name: &str) -> Result<(usize, Vec<usize>), DataError> {
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err(refused(name, "it is no array of NumPy; write it with `np.save` or `np.savez`".into()));
    }
    let (from, length) = match bytes[6..] {
        [1, _, low, high, ..] => (10, usize::from(u16::from_le_bytes([low, high]))),
        [2 | 3, _, a, b, c, d, ..] => (12, u32::from_le_bytes([a, b, c, d]) as usize),
        _ => return Err(cut_off(name)),
    };
    if length > LONGEST_HEADER {
        let problem = "its header is too long for numbers or texts; save an array of one plain dtype";
        return Err(refused(name, problem.into()));
    }
    let text = bytes.get(from..from + length).ok_or_else(|| cut_off(name))?;
    let text = String::from_utf8_lossy(text);
    let damaged = || refused(name, "its header is damaged; save it again with `np.save`".into());
    let shape = text.split_once("'shape'").and_then(|(_, rest)| rest.split_once('(')?.1.split_once(')'));
    let sizes = shape.ok_or_else(damaged)?.0.split(',').map(str::trim).filter(|size| !size.is_empty());
    let shape: Vec<usize> =
        sizes.map(|size| size.parse().map_err(|_| damaged())).collect::<Result<_, _>>()?;
    if shape.is_empty() || shape.contains(&0) {
        let problem =
            format!("it is empty (its shape is {shape:?}); save at least one sequence, of one step or more");
        return Err(refused(name, problem));
    }
    let count = shape.iter().try_fold(1_usize, |all, size| all.checked_mul(*size));
    match count {
        Some(count) if count <= bytes.len() - from - length => Ok((from + length, shape)),
        _ => Err(cut_off(name)),
    }
}

/// The items of an array, in C order.
fn items<T: Deserialize + Clone>(
    npy: NpyFile<&[u8]>,
    shape: &[usize],
    order: Order,
    name: &str,
) -> Result<Vec<T>, DataError> {
    let items: Vec<T> = npy
        .into_vec()
        .map_err(|error| refused(name, format!("it cannot be read ({error}); save it again")))?;
    if order == Order::C {
        return Ok(items);
    }
    let from_c = |mut at: usize| {
        let (mut place, mut stride) = (0, items.len());
        for size in shape.iter().rev() {
            stride /= size;
            place += (at % size) * stride;
            at /= size;
        }
        place
    };
    Ok((0..items.len()).map(|at| items[from_c(at)].clone()).collect())
}

fn floats(items: Vec<impl Into<f64>>) -> Items {
    Items::Floats(items.into_iter().map(Into::into).collect())
}

fn integers<T: TryInto<i64>>(items: Vec<T>, name: &str) -> Result<Items, DataError> {
    let large = |_| refused(name, "it has numbers above 2^63; write smaller ones".into());
    let all = items.into_iter().map(|item| item.try_into().map_err(large));
    Ok(Items::Integers(all.collect::<Result<_, _>>()?))
}

fn check_finite(numbers: &[f64], shape: &[usize], name: &str) -> Result<(), DataError> {
    match numbers.iter().position(|number| !number.is_finite()) {
        None => Ok(()),
        Some(at) => {
            let (found, place) = (numbers[at], index(at, shape));
            let problem = format!(
                "{found} at {place} is not a finite number; fill in what is missing, or leave the sequence out"
            );
            Err(refused(name, problem))
        }
    }
}

/// The index of an item, as NumPy takes it.
fn index(mut at: usize, shape: &[usize]) -> String {
    let mut index: Vec<usize> = Vec::new();
    for size in shape.iter().rev() {
        index.insert(0, at % size);
        at /= size;
    }
    format!("{index:?}")
}

/// The arrays of an `.npz`, by their names in small letters.
fn archive(bytes: &[u8], file: &str) -> Result<Vec<(String, Vec<u8>)>, DataError> {
    let damaged = |error: &dyn std::fmt::Display| {
        refused(file, format!("it is no .npz file of NumPy ({error}); write it with `np.savez`"))
    };
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    let (mut arrays, mut left) = (Vec::new(), LIMIT);
    for at in 0..zip.len() {
        let member = zip.by_index(at).map_err(|error| damaged(&error))?;
        let Some(name) = npyz::npz::array_name_from_file_name(member.name()) else { continue };
        let name = name.to_ascii_lowercase();
        let content = file::bounded(member, left).map_err(|error| damaged(&error))?;
        let content = content.ok_or_else(|| DataError::TooLarge { file: file.into(), limit: LIMIT })?;
        left -= content.len() as u64;
        arrays.push((name, content));
    }
    Ok(arrays)
}

/// The array of a name in an archive.
fn find(arrays: &[(String, Vec<u8>)], key: &str, file: &str) -> Result<Array, DataError> {
    let found = arrays.iter().find(|(name, _)| name == key);
    let (name, bytes) = found.ok_or_else(|| {
        let there: Vec<&str> = arrays.iter().map(|(name, _)| name.as_str()).collect();
        let there = crate::error::excerpt(&there.join(", "));
        refused(file, format!(
            "it has no array {key:?} (but {there}); give it `X` and `y`, or `X_train`, `y_train`, `X_test` and `y_test`"
        ))
    })?;
    Array::parse(bytes, &format!("{file}, array {name}"))
}

/// True if a file is called as arrays are.
pub(crate) fn is_called(name: &str) -> bool {
    ["npy", "npz"].contains(&file::kind(Path::new(name)).as_str())
}

fn refused(file: &str, problem: String) -> DataError {
    DataError::Numpy { file: file.into(), problem }
}

/// The error for answers of two parts that are not of one kind.
fn unlike(file: &str) -> DataError {
    refused(
        file,
        "its answers have another dtype or shape than those of the training part; save both alike".into(),
    )
}

fn cut_off(file: &str) -> DataError {
    refused(file, "it is cut off: its header says more than the file holds; copy or save it again".into())
}

fn other_type(file: &str, dtype: &DType) -> DataError {
    let problem = format!(
        "its dtype {} is not read; save float32, float64, integers, or texts for labels, such as `X.astype(\"float32\")`",
        dtype.descr()
    );
    refused(file, problem)
}
