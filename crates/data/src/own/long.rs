//! Tables of the user's own whose columns are told apart by their names or by the settings, and what is asked of them.

use super::{
    Content, Division, Files, ONE_FILE, Part, Question, check_tested, classes_of, finished, windows,
};
use crate::error::excerpt;
use crate::examples::{Example, Labelled, Raw, answer};
use crate::file::count;
use crate::format::table::{self, Series, Table};
use crate::pieces::{self, Piece, numbered};
use crate::prepare::strata;
use crate::recipe::{Format, Modality};
use crate::stamps::{self, Step};
use crate::survey::{class_counts_of_steps, label_findings};
use crate::{Columns, DataConfig, DataError, Entry, Finding, Task, columns, labels};
use std::collections::HashSet;
use std::ops::Range;

/// A share of series with more than one class, from which on these are the classes of steps.
const OFTEN: usize = 10;

/// The columns of a table by what they are.
struct Layout {
    columns: Columns,
    /// The numbers of a step, in the order of the file, without the targets that belong to a series as a whole.
    channels: Vec<String>,
    targets: Vec<String>,
    task: Task,
    /// True if some of it is not in the settings.
    is_guessed: bool,
}

impl Layout {
    /// The columns that are read after the channels: numbers that belong to a series as a whole.
    fn beside(&self) -> &[String] {
        if self.task == Task::Regression { &self.targets } else { &[] }
    }

    fn format(&self) -> Format {
        Format::LongTable { columns: self.columns.clone(), channels: self.channels.clone() }
    }

    fn read(&self, content: &Content) -> Result<Vec<Series>, DataError> {
        let Content { path, bytes, .. } = content;
        let all =
            table::with_roles(Table::open(bytes, path)?, &self.columns, &self.channels, self.beside(), true)?;
        check_answers(self, &all, path)?;
        Ok(all)
    }
}

/// Reads a table, or two of the same columns.
pub(super) fn read(
    config: &DataConfig,
    files: &Files,
    train: &Content,
    test: Option<&Content>,
) -> Result<Entry, DataError> {
    let (layout, all) = understood(config, train)?;
    check_rows(config, &layout, &all, &train.path)?;
    check_answers(&layout, &all, &train.path)?;
    let (step, mut findings) = times(&layout, &all, &train.path)?;
    let held = match test {
        Some(test) => Some((layout.read(test)?, test)),
        None => None,
    };
    if let Some((series, test)) = &held {
        let (other, _) = times(&layout, series, &test.path)?;
        check_step(&layout, step, other, &test.path)?;
        check_groups(&all, series, &test.path)?;
    }
    let (parts, split) = match held {
        Some((series, test)) => {
            let parts = [part(&layout, train, &all, None)?, part(&layout, test, &series, None)?];
            (parts, "a training and a test file".to_owned())
        }
        None => {
            let division = divided(config, &layout, &all, &train.path)?;
            findings.extend(division.finding);
            let [one, other] = division.pieces;
            (
                [part(&layout, train, &all, Some(one))?, part(&layout, train, &all, Some(other))?],
                division.told,
            )
        }
    };
    let [train_part, test_part] = parts;
    let classes = match layout.task {
        Task::Classification => {
            let classes = classes_of(&train_part.found)?;
            check_tested(&test_part.found, &classes, &train_part.found, &layout.format())?;
            classes
        }
        Task::Labelling => step_classes(&train_part, &test_part)?,
        Task::Regression | Task::Forecast => Vec::new(),
    };
    let shortest = [&train_part, &test_part].map(LongPart::shortest);
    let windows = (layout.task == Task::Forecast).then(|| windows::usual(config, step, shortest));
    let question = question(&layout, classes, step, split, [&train_part, &test_part], findings, train);
    let question = Question { windows, ..question };
    let (task, classes) = (question.task, question.classes.clone());
    let mut entry = finished(config, &files.folder, question, train_part.found, test_part.found)?;
    if let (Task::Labelling, Some(survey)) = (task, &mut entry.survey) {
        survey.classes = class_counts_of_steps(&classes, [&train_part.steps, &test_part.steps]);
        survey.findings.extend(label_findings(&survey.classes));
    }
    Ok(entry)
}

/// True if an entry says why a table could not be read with one class a series and a number in every other column.
pub(super) fn explains(entry: &Entry, refusal: &DataError) -> bool {
    match refusal {
        DataError::CsvClass { .. } | DataError::CsvBlank { .. } => entry.recipe.task == Task::Labelling,
        _ => is_about_time(refusal),
    }
}

/// True if what was refused is a time that is no number.
pub(super) fn is_about_time(refusal: &DataError) -> bool {
    let DataError::NotANumber { field, .. } = refusal else { return false };
    let column = field.strip_prefix("column `").and_then(|rest| rest.strip_suffix('`'));
    column.is_some_and(columns::is_time)
}

/// The columns of a table and the question that is asked of it, with its series. Targets come after the channels.
fn understood(config: &DataConfig, train: &Content) -> Result<(Layout, Vec<Series>), DataError> {
    let Content { path, bytes, .. } = train;
    let header = Table::open(bytes, path)?.header;
    table::check_names(&header, path)?;
    let given = config.targets.as_deref();
    let columns = config.columns.resolved(&header, given.unwrap_or_default(), path)?;
    let others = columns.others(&header);
    if others.is_empty() {
        return Err(DataError::CsvNoChannel { file: path.clone() });
    }
    let targets = match (given, config.task) {
        (Some(_), Some(task @ (Task::Classification | Task::Labelling))) => {
            return Err(DataError::TargetsOfClasses { file: path.clone(), task });
        }
        (None, Some(Task::Classification | Task::Labelling)) => Vec::new(),
        (Some(given), _) => named(config, given, &others)?,
        (None, _) if columns.class.is_some() => Vec::new(),
        (None, _) => columns.usual_target(&others).cloned().into_iter().collect(),
    };
    // Before rows are read: where columns are separated by something else, there is one of all names.
    if config.task.is_none() && columns.class.is_none() && targets.is_empty() {
        return Err(table::missing(&header, path, "class"));
    }
    let channels: Vec<String> = others.iter().filter(|name| !targets.contains(name)).cloned().collect();
    let all = table::with_roles(Table::open(bytes, path)?, &columns, &channels, &targets, true)?;
    let constant = is_constant(&all, channels.len(), targets.len());
    let task = task(config, &columns, &targets, &all, constant, &header, path)?;
    let is_guessed = columns != config.columns || config.task.is_none();
    let (channels, targets) = match task {
        Task::Forecast if targets.is_empty() => match &others[..] {
            [only] => (others.clone(), vec![only.clone()]),
            _ => return Err(no_target(path, task, &others)),
        },
        Task::Forecast => ([channels, targets.clone()].concat(), targets),
        Task::Regression if targets.is_empty() => return Err(no_target(path, task, &others)),
        Task::Regression if channels.is_empty() => {
            return Err(DataError::CsvNoChannel { file: path.clone() });
        }
        Task::Classification | Task::Labelling | Task::Regression => (channels, targets),
    };
    Ok((Layout { columns, channels, targets, task, is_guessed }, all))
}

fn no_target(file: &str, task: Task, others: &[String]) -> DataError {
    let (file, known) = (file.to_owned(), excerpt(&others.join(", ")));
    DataError::NoTarget { file, task, known }
}

/// The targets that the settings name, spelt as the columns are.
fn named(config: &DataConfig, given: &[String], others: &[String]) -> Result<Vec<String>, DataError> {
    let mut targets: Vec<String> = Vec::new();
    for name in given {
        let refused = |problem| DataError::ForecastTarget {
            found: excerpt(name),
            problem,
            dataset: config.dataset.clone(),
            known: excerpt(&others.join(", ")),
        };
        let at = columns::place(others, name).ok_or_else(|| refused("which is no column of numbers"))?;
        if targets.contains(&others[at]) {
            return Err(refused("a column that is there twice"));
        }
        targets.push(others[at].clone());
    }
    Ok(targets)
}

/// True if the targets, which come after the channels, are the same in each row of a series, of several series.
fn is_constant(all: &[Series], channels: usize, targets: usize) -> bool {
    let of_series = |series: &Series| {
        let rows = || series.values.chunks_exact(channels + targets).map(|row| &row[channels..]);
        let first: Vec<f64> = rows().next().map_or(Vec::new(), <[f64]>::to_vec);
        let same = |(one, other): (&f64, &f64)| one == other || (one.is_nan() && other.is_nan());
        rows().all(|row| row.iter().zip(&first).all(same))
    };
    all.len() > 1 && all.iter().any(|series| series.lines.len() > 1) && all.iter().all(of_series)
}

/// The question that the settings ask, or that a table plainly asks.
fn task(
    config: &DataConfig,
    columns: &Columns,
    targets: &[String],
    all: &[Series],
    is_constant: bool,
    header: &[String],
    file: &str,
) -> Result<Task, DataError> {
    let missing = |column| Err(table::missing(header, file, column));
    let (has_class, has_series) = (columns.class.is_some(), columns.series.is_some());
    let task = match (config.task, &columns.class, targets) {
        (Some(task), ..) => task,
        (None, Some(class), [_, ..]) => {
            let (class, targets) = (excerpt(class), excerpt(&targets.join(", ")));
            return Err(DataError::UnclearTask { file: file.into(), class, targets });
        }
        (None, Some(_), []) if is_labelled_by_step(all) => Task::Labelling,
        (None, Some(_), []) => Task::Classification,
        (None, None, _) if is_constant => Task::Regression,
        (None, None, _) => Task::Forecast,
    };
    match task {
        Task::Classification | Task::Labelling if !has_class => missing("class"),
        Task::Classification | Task::Labelling | Task::Regression if !has_series => missing("series"),
        task => Ok(task),
    }
}

/// True if classes are plainly those of steps: where many series have more than one, or where no two of the others would
/// be told apart.
fn is_labelled_by_step(all: &[Series]) -> bool {
    let varies = |series: &&Series| {
        let first = series.step_classes.first();
        series.step_classes.iter().any(|class| first.is_none_or(|first| !labels::same(first, class)))
    };
    let varying = all.iter().filter(varies).count();
    let others = all.iter().filter(|series| !varies(series));
    let few = labels::classes(others.filter_map(|series| series.step_classes.first()).map(String::as_str))
        .len()
        < 2;
    varying > 1 && (few || OFTEN * varying >= all.len())
}

/// Checks that a column that was only taken for the one of series does not count the rows.
fn check_rows(config: &DataConfig, layout: &Layout, all: &[Series], file: &str) -> Result<(), DataError> {
    let is_given = config.columns.series.is_some() || layout.task == Task::Classification;
    match &layout.columns.series {
        Some(column) if !is_given && all.len() > 1 && all.iter().all(|series| series.lines.len() == 1) => {
            Err(DataError::SeriesOfOne { file: file.into(), column: excerpt(column) })
        }
        _ => Ok(()),
    }
}

/// Checks that no number is missing that is to be told of a series.
fn check_answers(layout: &Layout, all: &[Series], file: &str) -> Result<(), DataError> {
    let (channels, targets) = (layout.channels.len(), layout.beside());
    for series in all.iter().filter(|_| !targets.is_empty()) {
        for (row, line) in series.values.chunks_exact(channels + targets.len()).zip(&series.lines) {
            if let Some(at) = row[channels..].iter().position(|number| number.is_nan()) {
                let column = excerpt(&targets[at]);
                return Err(DataError::MissingAnswer { file: file.into(), line: *line, column });
            }
        }
    }
    Ok(())
}

/// Checks that what is forecast comes at the same step in the file to test on as in the one to train on.
fn check_step(
    layout: &Layout,
    trained: Option<Step>,
    tested: Option<Step>,
    file: &str,
) -> Result<(), DataError> {
    match (&layout.columns.time, trained, tested) {
        (Some(column), Some(known), Some(step)) if layout.task == Task::Forecast && !known.is_near(step) => {
            let problem = format!("rows come every {step}, and every {known} in the training file");
            Err(DataError::TimeStep { file: file.into(), line: 2, column: excerpt(column), problem })
        }
        _ => Ok(()),
    }
}

/// Checks that no group that is trained on is tested on.
fn check_groups(train: &[Series], test: &[Series], file: &str) -> Result<(), DataError> {
    let trained: HashSet<&str> = train.iter().filter_map(|series| series.group.as_deref()).collect();
    let both =
        test.iter().find(|series| series.group.as_deref().is_some_and(|group| trained.contains(group)));
    match both {
        Some(series) => {
            let group = excerpt(series.group.as_deref().unwrap_or_default());
            Err(DataError::SharedGroup { file: file.into(), line: series.lines[0], group })
        }
        None => Ok(()),
    }
}

/// The step of the times of a table, if it has any. Of a forecast it must be the same throughout.
fn times(layout: &Layout, all: &[Series], file: &str) -> Result<(Option<Step>, Vec<Finding>), DataError> {
    let Some(time) = &layout.columns.time else { return Ok((None, Vec::new())) };
    let (step, uneven) = stamps::check(all, time, file, layout.task == Task::Forecast)?;
    Ok((step, uneven.map(Finding::Notice).into_iter().collect()))
}

/// The division of one file: in time where it is forecast, else of whole series.
fn divided(config: &DataConfig, layout: &Layout, all: &[Series], file: &str) -> Result<Division, DataError> {
    if layout.task == Task::Forecast {
        let lengths: Vec<usize> = all.iter().map(|series| series.lines.len()).collect();
        let pieces = pieces::in_time(&lengths, config.test_fraction());
        let is_empty = |piece: &Piece| piece.steps.as_ref().is_some_and(Range::is_empty);
        if pieces.iter().flatten().any(is_empty) {
            return Err(DataError::NothingToTest { file: file.into(), name: "rows of a series" });
        }
        let of = if all.len() > 1 { " of each series" } else { "" };
        return Ok(Division::told(config, ONE_FILE, pieces, |share| {
            format!("the last {share}{of}, in time,")
        }));
    }
    let groups = numbered(all.iter().filter_map(|series| series.group.as_deref()));
    let names = match layout.task {
        Task::Classification => all
            .iter()
            .map(|series| one_class(series, &layout.columns, file))
            .collect::<Result<Vec<_>, _>>()?,
        _ => all
            .iter()
            .flat_map(|series| &series.step_classes)
            .filter(|class| !class.is_empty())
            .cloned()
            .collect(),
    };
    let classes = labels::classes(names.iter().map(String::as_str));
    let example = |series: &Series| {
        let answer = answer(series, layout.task, &classes, layout.beside(), layout.channels.len(), file)?;
        Ok(Example { raw: Raw::Values(Vec::new()), answer, group: None })
    };
    let examples = all.iter().map(example).collect::<Result<Vec<_>, DataError>>()?;
    Division::whole(config, (file, ONE_FILE), "series", &strata(&examples), &groups)
}

/// The class that all steps of a series have.
pub(crate) fn one_class(series: &Series, columns: &Columns, file: &str) -> Result<String, DataError> {
    let mut first = "";
    for (class, line) in series.step_classes.iter().zip(&series.lines) {
        let (file, line) = (file.to_owned(), *line);
        if class.is_empty() {
            let column = excerpt(columns.class.as_deref().unwrap_or_default());
            return Err(DataError::CsvBlank { file, line, column });
        }
        if first.is_empty() {
            first = class;
        } else if !labels::same(first, class) {
            let name = excerpt(series.name.as_deref().unwrap_or_default());
            let classes = format!("{:?} and {:?}", excerpt(first), excerpt(class));
            return Err(DataError::CsvClass { file, line, name, classes });
        }
    }
    Ok(first.to_owned())
}

/// A part of a table, with the classes of its steps where these are asked for.
struct LongPart<'a> {
    found: Part<'a>,
    /// The class of each step, with its line.
    steps: Vec<(String, usize)>,
    /// The names of the groups.
    groups: Vec<String>,
}

/// The pieces that a part has of the series of a table, or all.
fn part<'a>(
    layout: &Layout,
    content: &'a Content,
    all: &[Series],
    pieces: Option<Vec<Piece>>,
) -> Result<LongPart<'a>, DataError> {
    let whole = || (0..all.len()).map(|sequence| Piece { sequence, steps: None }).collect();
    let taken: Vec<Piece> = pieces.clone().unwrap_or_else(whole);
    let (mut sequences, mut lines, mut steps, mut groups) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for piece in &taken {
        let series = &all[piece.sequence];
        let range = piece.steps.clone().unwrap_or(0..series.lines.len());
        let class = match layout.task {
            Task::Classification => one_class(series, &layout.columns, &content.path)?,
            Task::Labelling => {
                steps.extend(series.step_classes.iter().cloned().zip(series.lines.iter().copied()));
                String::new()
            }
            Task::Regression | Task::Forecast => String::new(),
        };
        let width = layout.channels.len() + layout.beside().len();
        let rows = series.values.chunks_exact(width).take(range.end).skip(range.start);
        let values = rows.flat_map(|row| &row[..layout.channels.len()]).copied().collect();
        let line = series.lines.get(range.start).copied().unwrap_or(1);
        sequences.push(Labelled { raw: Raw::Values(values), class, line });
        lines.push(series.lines[range].to_vec());
        groups.extend(series.group.clone());
    }
    Ok(LongPart { found: Part { contents: vec![content], sequences, lines, pieces }, steps, groups })
}

/// The classes of the steps to train on, at least two; those of the steps to test on are among them.
fn step_classes(train: &LongPart, test: &LongPart) -> Result<Vec<String>, DataError> {
    let known = |steps: &[(String, usize)]| {
        labels::classes(steps.iter().map(|(class, _)| class.as_str()).filter(|class| !class.is_empty()))
    };
    let classes = known(&train.steps);
    let file = || train.found.content(0).path.clone();
    match &classes[..] {
        [] => return Err(DataError::NoClass { file: file() }),
        [only] => return Err(DataError::OneClass { file: file(), class: excerpt(only) }),
        _ => (),
    }
    let unknown = |class: &String| !class.is_empty() && labels::find(&classes, class, false).is_none();
    match test.steps.iter().find(|(class, _)| unknown(class)) {
        None => Ok(classes),
        Some((class, line)) => {
            let (file, known) = (test.found.content(0).path.clone(), excerpt(&classes.join(", ")));
            Err(DataError::UntrainedClass { file, line: *line, found: excerpt(class), known })
        }
    }
}

impl LongPart<'_> {
    /// The steps of its shortest series.
    fn shortest(&self) -> usize {
        self.found.lines.iter().map(Vec::len).min().unwrap_or_default()
    }
}

/// The question that is asked of two parts, but for the windows of a forecast.
fn question(
    layout: &Layout,
    classes: Vec<String>,
    step: Option<Step>,
    split: String,
    parts: [&LongPart; 2],
    mut findings: Vec<Finding>,
    train: &Content,
) -> Question {
    let summary = summary(layout, step);
    if layout.is_guessed {
        let told = format!(
            "{} is read as {summary}: `data.columns`, `data.task` and `data.targets` say otherwise",
            train.path
        );
        findings.insert(0, Finding::Notice(told));
    }
    let mut groups: Vec<String> = parts.iter().flat_map(|part| part.groups.clone()).collect();
    groups.sort();
    groups.dedup();
    Question {
        task: layout.task,
        format: layout.format(),
        modality: Modality::Series { channels: layout.channels.len() },
        classes,
        targets: layout.targets.clone(),
        windows: None,
        groups,
        summary,
        split,
        findings,
    }
}

/// A table in a few words: what its columns are, and what is asked.
fn summary(layout: &Layout, step: Option<Step>) -> String {
    let Layout { columns, channels, targets, task, .. } = layout;
    let mut roles = Vec::new();
    for (key, name) in columns.named().filter(|(key, _)| *key != "ignore") {
        let every = match (key, step) {
            ("time", Some(step)) => format!(" (a row every {step})"),
            _ => String::new(),
        };
        roles.push(format!("`{}` for {key}{every}", excerpt(name)));
    }
    if !columns.ignore.is_empty() {
        roles.push(format!("{} left out", count(columns.ignore.len(), "column")));
    }
    let asked = match task {
        Task::Classification => "a class a series".to_owned(),
        Task::Labelling => "a class a row".to_owned(),
        Task::Regression => format!("{} of each series", targets.join(", ")),
        Task::Forecast => format!("the next rows of {}", targets.join(", ")),
    };
    let roles = if roles.is_empty() { String::new() } else { format!(", with {}", roles.join(", ")) };
    format!("a row a step{roles} and {}, to tell {asked} ({task})", count(channels.len(), "channel"))
}
