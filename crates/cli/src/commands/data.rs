//! `slimgate data`

use std::process::ExitCode;

use serde::Serialize;
use slimgate_data::{
    DataConfig, Entry, Finding, Modality, Presence, Survey, Windows, catalog, check_division, find, findings,
    prepare,
};
use slimgate_run::words::{count, percent};
use slimgate_run::{Config, parse_setting};
use toml::{Table, Value};

use crate::args::{DataArguments, DataCommand, ShowArguments};
use crate::commands::fetch;
use crate::output::{CliError, say, say_json, table};

pub fn run(arguments: DataArguments) -> Result<ExitCode, CliError> {
    match arguments.command {
        DataCommand::List { json: true } => {
            catalog().iter().try_for_each(|entry| say_json(&Row::new(entry)))?
        }
        DataCommand::List { json: false } => list()?,
        DataCommand::Show(arguments) => show(&config(&arguments)?)?,
        DataCommand::Fetch(arguments) => fetch::run(&arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The settings of `[data]` that a data set is shown with.
fn config(arguments: &ShowArguments) -> Result<DataConfig, CliError> {
    let mut settings = vec![("data.dataset".to_owned(), Value::String(arguments.name.clone()))];
    for setting in &arguments.set {
        settings.push(parse_setting(setting)?);
    }
    Ok(Config::read("--set", "", &settings)?.data.clone())
}

/// One data set, for machines.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    title: &'a str,
    task: &'a str,
    train: usize,
    test: usize,
    shortest: usize,
    longest: usize,
    channels: Option<usize>,
    classes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    targets: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    windows: Option<Windows>,
    licence: &'a str,
    set: &'a str,
    presence: &'static str,
}

impl<'a> Row<'a> {
    fn new(entry: &'a Entry) -> Row<'a> {
        let recipe = &entry.recipe;
        Row {
            name: &entry.name,
            title: &recipe.title,
            task: recipe.task.name(),
            train: recipe.train.sequences,
            test: recipe.test.sequences,
            shortest: entry.lengths.0,
            longest: entry.lengths.1,
            channels: entry.modality.channels(),
            classes: &recipe.classes,
            targets: (!recipe.targets.is_empty()).then_some(&recipe.targets),
            windows: recipe.windows,
            licence: &recipe.licence,
            set: &entry.set.name,
            presence: match entry.set.presence() {
                Presence::Shipped => "shipped",
                Presence::Fetched => "fetched",
                Presence::Own => "own",
                Presence::Absent => "absent",
            },
        }
    }

    /// The word for its presence on this machine, or the command that brings it.
    fn status(&self) -> String {
        match self.presence {
            "absent" => format!("slimgate data fetch {}", self.set),
            presence => presence.to_owned(),
        }
    }

    fn lengths(&self) -> String {
        if self.shortest == self.longest {
            self.longest.to_string()
        } else {
            format!("{} to {}", self.shortest, self.longest)
        }
    }

    /// The number of classes, or the names of what is predicted instead.
    fn asked(&self) -> String {
        self.targets.map_or_else(|| self.classes.len().to_string(), |targets| targets.join(", "))
    }

    fn channels(&self) -> String {
        self.channels.map_or_else(|| "words".to_owned(), |channels| channels.to_string())
    }
}

fn list() -> Result<(), CliError> {
    let mut rows = table([
        "data set",
        "task",
        "train",
        "test",
        "steps",
        "channels",
        "classes or target",
        "licence",
        "status",
    ]);
    for entry in catalog() {
        let row = Row::new(entry);
        rows.add_row([
            row.name,
            row.task,
            &count(row.train),
            &count(row.test),
            &row.lengths(),
            &row.channels(),
            &row.asked(),
            row.licence,
            &row.status(),
        ]);
    }
    say(rows)?;
    say("The validation set is taken from the training data. Your own data goes into a folder\n\
         with train.csv and test.csv, given as `--dataset ./NAME`, or is one table, given as\n\
         `--dataset ./NAME.csv` (datasets/README.md); `slimgate data show ./NAME` says how it is\n\
         read. To classify a single file, use `slimgate predict`.")
}

fn show(config: &DataConfig) -> Result<(), CliError> {
    let entry = &*find(config)?;
    let (row, recipe) = (Row::new(entry), &entry.recipe);
    let channels = match entry.channel_names() {
        [] => row.channels(),
        names => format!("{}: {}", names.len(), names.join(", ")),
    };
    let facts = [
        ("data set", row.name.to_owned()),
        ("title", row.title.to_owned()),
        ("task", row.task.to_owned()),
        ("targets", row.targets.map_or_else(String::new, |targets| targets.join(", "))),
        ("windows", Windows::of(entry, config).map_or_else(String::new, windows)),
        ("read as", entry.summary.clone()),
        ("sequences", format!("{} training and {} test", count(row.train), count(row.test))),
        ("steps", row.lengths()),
        ("channels", channels),
        ("classes", row.classes.join(", ")),
        ("split", recipe.split.clone()),
        ("source", recipe.sources()),
        ("licence", recipe.licence.clone()),
        ("attribution", recipe.attribution.clone()),
        ("status", row.status()),
    ];
    // Of files of the user's own there is no licence or source to tell.
    for (name, fact) in facts.into_iter().filter(|(_, fact)| !fact.is_empty()) {
        say(format_args!("{name:<12} {fact}"))?;
    }
    match &entry.survey {
        Some(survey) => {
            show_survey(config, entry, survey)?;
            show_settings(config, entry)
        }
        None => Ok(()),
    }
}

/// Prints the section of a configuration by which the data is read as it is now, whatever is guessed in later versions.
fn show_settings(config: &DataConfig, entry: &Entry) -> Result<(), CliError> {
    let recipe = &entry.recipe;
    let windows = Windows::of(entry, config);
    let resolved = DataConfig {
        task: Some(recipe.task),
        columns: entry.columns().cloned().unwrap_or_default(),
        test_fraction: entry.is_divided().then(|| config.test_fraction()),
        targets: (!recipe.targets.is_empty()).then(|| recipe.targets.clone()),
        context: windows.map(|windows| windows.context),
        horizon: windows.map(|windows| windows.horizon),
        stride: windows.map(|windows| windows.stride),
        season: windows.map(|windows| windows.season),
        ..config.clone()
    };
    let table = |config: &DataConfig| Table::try_from(config).expect("the settings have a TOML form");
    let (mut given, usual) = (table(&resolved), table(&DataConfig::default()));
    given.retain(|key, value| key == "dataset" || usual.get(key) != Some(value));
    say("\nto read it so from a file of settings:\n")?;
    say(toml::to_string(&Table::from_iter([("data".to_owned(), Value::Table(given))]))
        .expect("a table has a TOML form")
        .trim_end())
}

/// The windows that a series is cut into.
fn windows(Windows { context, horizon, stride, season }: Windows) -> String {
    format!("{horizon} steps forecast from {context}, a window every {stride}; a season is {season} steps")
}

/// The most rows of a table that is shown of classes or channels.
const SHOWN: usize = 20;

/// The content of data of the user's own, with warnings of what should be done about it.
fn show_survey(config: &DataConfig, entry: &Entry, survey: &Survey) -> Result<(), CliError> {
    if !survey.classes.is_empty() {
        show_classes(survey)?;
    }
    if !survey.channels.is_empty() {
        let lacks = survey.channels.iter().any(|channel| channel.missing.is_some());
        let mut channels = match lacks {
            true => table(["channel", "min in training", "max", "missing"]),
            false => table(["channel", "min in training", "max"]),
        };
        for channel in survey.channels.iter().take(SHOWN) {
            let mut row =
                vec![channel.name.clone(), format!("{:?}", channel.least), format!("{:?}", channel.most)];
            if lacks {
                row.push(count(channel.missing.as_ref().map_or(0, |missing| missing.values())));
            }
            channels.add_row(row);
        }
        say(format_args!("\n{channels}"))?;
        more(survey.channels.len())?;
    }
    let refusal = check_division(config).err().map(|refusal| refusal.to_string());
    let found = match findings(config) {
        Err(_) if refusal.is_some() => survey.findings.clone(),
        found => found?,
    };
    // How the data is read stands above.
    let found = found.iter().filter(|finding| !matches!(finding, Finding::Notice(_)));
    let mut warnings: Vec<String> = found.map(ToString::to_string).collect();
    if let Some(refusal) = refusal {
        warnings.push(refusal);
    } else if entry.modality == Modality::Text {
        // Words are known once a vocabulary is there, which a run with all settings at their defaults would make.
        let unknown = prepare(config).map(|prepared| prepared.unknown_tokens());
        warnings.extend(unknown.unwrap_or_else(|refusal| vec![refusal.to_string()]));
    }
    if warnings.is_empty() {
        return say("\nno problems found");
    }
    say("")?;
    warnings.iter().try_for_each(|warning| say(format_args!("warning: {warning}")))
}

fn show_classes(survey: &Survey) -> Result<(), CliError> {
    let all = survey.classes.iter().map(|class| class.train).sum::<usize>() as f64;
    let mut classes = table(["class", "training", "share", "test"]);
    for class in survey.classes.iter().take(SHOWN) {
        let share = percent(class.train as f64 / all);
        classes.add_row([&class.name, &count(class.train), &share, &count(class.test)]);
    }
    say(format_args!("\n{classes}"))?;
    more(survey.classes.len())
}

/// Says how many rows a table leaves out.
fn more(rows: usize) -> Result<(), CliError> {
    if rows <= SHOWN { Ok(()) } else { say(format_args!("… and {} more", rows - SHOWN)) }
}
