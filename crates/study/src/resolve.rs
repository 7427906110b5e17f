//! The facts that are found once, when a study begins, and kept in its folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use slimgate_data::{DataError, TokenRule, is_folder, whole_path};
use slimgate_run::{KeptLease, RunError, RunFolder, StopFlag, by_key};
use toml::{Table, Value};

use crate::analysis::published;
use crate::launcher::Workers;
use crate::resampling::settle_resampling;
use crate::space::{Space, hidden_sizes};
use crate::{Match, Sizes, StudyConfig, StudyError, StudyFolder, Until};

/// A study that is ready to be worked on.
pub(crate) struct Resolved {
    pub folder: StudyFolder,
    /// With all that is found once and kept.
    pub config: StudyConfig,
    pub space: Space,
    /// As long as it is held, no process can work on the study with other settings.
    pub member: KeptLease,
    /// What is to be said of what was found.
    pub told: Vec<String>,
}

/// Finds all that is found once and kept, and the study's folder. Everything is checked before anything is written.
pub(crate) fn resolve(
    path: &Path,
    mut config: StudyConfig,
    workers: &mut Workers,
    stop: &StopFlag,
    on_wait: impl FnOnce(String),
) -> Result<Resolved, StudyError> {
    refuse_another(path, &config)?;
    let figures = published::figures(path, &config)?;
    config.compare.folders = folders(path, &config)?;
    if let Some(by) = config.compare.matched {
        let given = std::mem::take(&mut config.compare.hidden);
        let tasks = Space::new(&config)?.tasks;
        // Those of the folder; in a new one those that the study's file has, which repeats another study.
        let known = if StudyFolder::open(path).is_ok() { sizes_in(path, &config) } else { given };
        config.compare.hidden = hidden_sizes(&config, &tasks, by, known, workers)?;
    }
    let mut space = Space::new(&config)?;
    keep_token_rule(path, &space, &mut config)?;
    let told = settle_resampling(path, &mut config, &space)?;
    space = Space::new(&config)?;
    space.require_data()?;
    space.check_metric()?;
    refuse_changed_data(path, &config, &space)?;
    if stop.should_stop() {
        return Err(RunError::Interrupted.into());
    }
    let folder = StudyFolder::create(path)?;
    let _lease = folder.queue().wait_for("study", stop, on_wait)?;
    // Another study may have begun here since.
    refuse_another(path, &config)?;
    if config.compare.matched.is_some() {
        // Of two processes that measured at the same time, the first decides.
        for (task, sizes) in sizes_in(path, &config) {
            config.compare.hidden.entry(task).or_default().extend(sizes);
        }
        space = Space::new(&config)?;
    }
    let (member, alone) = folder.queue().join(stop)?;
    if !alone {
        refuse_other_settings(&folder, &config, figures.as_ref().map(|figures| figures.text.as_str()))?;
        return Ok(Resolved { folder, config, space, member, told });
    }
    if let (Some(published), Some(figures)) = (&mut config.compare.published, figures) {
        published.file = folder.keep_figures(&figures.text)?;
    }
    folder.write_config(&config)?;
    Ok(Resolved { folder, config, space, member, told })
}

/// Refuses to work on a study beside another process that was asked for something else: the answer is made from one
/// configuration, and one of the two would get an answer to another question than its own.
fn refuse_other_settings(
    folder: &StudyFolder,
    config: &StudyConfig,
    figures: Option<&str>,
) -> Result<(), StudyError> {
    let mut differing = differences(&settings(&folder.config()?), &settings(config));
    if figures.is_some_and(|text| !folder.keeps_figures(text)) {
        differing.push("compare.published".to_owned());
    }
    if differing.is_empty() {
        return Ok(());
    }
    Err(StudyError::WorkedOn { folder: folder.path().to_owned(), differing: differing.join(", ") })
}

/// All settings of a study by key that make a difference to what is trained and answered.
fn settings(config: &StudyConfig) -> BTreeMap<String, Value> {
    let mut settings = shared(config);
    settings.extend(
        config.grid.iter().map(|(key, values)| (format!("grid.{key}"), Value::Array(values.clone()))),
    );
    let sections = [
        ("search", config.search.as_ref().map(Table::try_from)),
        ("compare", Some(Table::try_from(&config.compare))),
        ("cost", config.cost.as_ref().map(Table::try_from)),
    ];
    for (section, table) in sections {
        let table = table.transpose().expect("the parts have a TOML form").unwrap_or_default();
        settings.extend(table.into_iter().map(|(key, value)| (format!("{section}.{key}"), value)));
    }
    // Where data and figures lie.
    settings.remove("compare.folders");
    if let Some(Value::Table(published)) = settings.get_mut("compare.published") {
        published.remove("file");
    }
    settings
}

/// The keys whose values differ.
fn differences(one: &BTreeMap<String, Value>, other: &BTreeMap<String, Value>) -> Vec<String> {
    let all: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    all.into_iter().filter(|key| one.get(*key) != other.get(*key)).cloned().collect()
}

/// Refuses a folder that holds a study whose trials share other settings: its report would be written over, and its
/// trials left out. More variants, values or seeds are the same study, grown.
fn refuse_another(path: &Path, config: &StudyConfig) -> Result<(), StudyError> {
    // There is none.
    let Ok(folder) = StudyFolder::open(path) else { return Ok(()) };
    let earlier = folder.config().map_err(|problem| match problem {
        newer @ StudyError::Run(RunError::Newer { .. }) => newer,
        StudyError::InFile { problem, .. } => {
            StudyError::Unreadable { path: path.join("study.toml"), problem }
        }
        problem => StudyError::Unreadable { path: path.join("study.toml"), problem: Box::new(problem) },
    })?;
    let mut differing = differences(&shared(&earlier), &shared(config));
    // The looks so far have spent their parts of the error, and others would spend it again.
    let has_looked = earlier.compare.until == Until::Decided && !folder.runs().is_empty();
    if has_looked && earlier.looks() != config.looks() {
        let is_decided = config.compare.until == Until::Decided;
        differing.push(if is_decided { "compare.max_seeds" } else { "compare.until" }.to_owned());
    }
    // One that is not asked for is that of the study, which was settled by the size of its data.
    if config.compare.resample.is_some_and(|asked| Some(asked) != earlier.compare.resample) {
        differing.push("compare.resample".to_owned());
    }
    // Seeds were added, or sizes found, by what the baseline came to.
    let is_held_to_baseline = earlier.compare.until == Until::Decided || earlier.compare.matched.is_some();
    if is_held_to_baseline && earlier.compare.baseline != config.compare.baseline && !folder.runs().is_empty()
    {
        differing.push("compare.baseline".to_owned());
    }
    if differing.is_empty() {
        return Ok(());
    }
    Err(StudyError::Another { folder: path.to_owned(), differing: differing.join(", ") })
}

/// Refuses to continue a study whose trials were trained on files of the user's own that have changed since: they would
/// be compared with trials on other data. A trial that cannot be read is not what this is about.
fn refuse_changed_data(path: &Path, config: &StudyConfig, space: &Space) -> Result<(), StudyError> {
    let Ok(folder) = StudyFolder::open(path) else { return Ok(()) };
    // Only those can change, and to look at every trial takes time.
    if !space.datasets()?.iter().any(|dataset| is_folder(dataset)) {
        return Ok(());
    }
    for id in folder.runs() {
        let place_of = |dataset: &str| config.place_of(dataset);
        let checked = RunFolder::open(&folder.run(&id)).and_then(|run| run.check_data(place_of));
        if let Err(RunError::Data(DataError::ChangedData { folder: data, file })) = checked {
            return Err(StudyError::ChangedData { study: path.to_owned(), data, file });
        }
    }
    Ok(())
}

/// The place of each folder of the user's own: where the study says or, if it is no longer there, where its name leads
/// from here.
fn folders(path: &Path, config: &StudyConfig) -> Result<BTreeMap<String, String>, StudyError> {
    let mut recorded = StudyFolder::open(path)
        .and_then(|folder| folder.config())
        .map_or_else(|_| BTreeMap::new(), |earlier| earlier.compare.folders);
    recorded.extend(config.compare.folders.clone());
    let mut folders = BTreeMap::new();
    for dataset in Space::new(config)?.datasets()?.into_iter().filter(|dataset| is_folder(dataset)) {
        let named = whole_path(&dataset);
        let was = recorded.remove(&dataset);
        let is_there = |place: &&String| Path::new(place).exists();
        let place = was.as_ref().filter(is_there).or(named.as_ref().filter(is_there)).cloned();
        match (place, was) {
            (Some(place), _) => _ = folders.insert(dataset, place),
            (None, Some(was)) if Some(&was) != named.as_ref() => {
                return Err(DataError::Moved { places: format!("{was} or {dataset}") }.into());
            }
            (None, Some(_)) => return Err(DataError::Moved { places: dataset }.into()),
            // Whoever reads it says what is wrong.
            (None, None) => (),
        }
    }
    Ok(folders)
}

/// Has a study of an earlier version go on by the rule by which its trials found words in texts of the user's own, which
/// that version did not write down.
fn keep_token_rule(path: &Path, space: &Space, config: &mut StudyConfig) -> Result<(), StudyError> {
    let Ok(folder) = StudyFolder::open(path) else { return Ok(()) };
    if config.shared(TOKENS).is_some() || !space.datasets()?.iter().any(|name| is_folder(name)) {
        return Ok(());
    }
    let found_so = |id: String| {
        let stored = RunFolder::open(&folder.run(&id)).and_then(|run| run.preprocessing());
        stored.is_ok_and(|stored| {
            is_folder(stored.dataset()) && stored.tokens() == Some(TokenRule::Alphanumeric)
        })
    };
    if folder.runs().into_iter().any(found_so) {
        let data = config.base.entry("data").or_insert_with(|| Value::Table(Table::new()));
        let data = data.as_table_mut().expect("a section is a table");
        data.insert("tokens".into(), Value::String(ALPHANUMERIC.into()));
    }
    Ok(())
}

/// The setting of the rule by which words are found in texts, and the rule of earlier versions.
const TOKENS: &str = "data.tokens";
const ALPHANUMERIC: &str = "alphanumeric";

/// The settings by key that all trials of a study share, and how it chooses among them. Threads change no result.
fn shared(config: &StudyConfig) -> BTreeMap<String, Value> {
    let mut keys: BTreeMap<String, Value> = by_key(config.base.clone()).collect();
    keys.remove("run.threads");
    // Written down or not, see `keep_token_rule`.
    if keys.get(TOKENS).and_then(Value::as_str) == Some(ALPHANUMERIC) {
        keys.remove(TOKENS);
    }
    // Others would have other trials, beside which those of before are left out.
    let compare = Table::try_from(&config.compare).expect("the comparison has a TOML form");
    let of_compare = ["protocol", "reuse_seeds", "match"];
    keys.extend(
        compare
            .into_iter()
            .filter(|(key, _)| of_compare.contains(&key.as_str()))
            .map(|(key, value)| (format!("compare.{key}"), value)),
    );
    keys
}

/// The hidden sizes that the study in a folder has, where they are those of this study.
fn sizes_in(path: &Path, config: &StudyConfig) -> Sizes {
    let earlier = StudyFolder::open(path).and_then(|folder| folder.config());
    let same = |earlier: &StudyConfig| {
        // How long a size takes is another matter on other threads.
        let same_settings = match config.compare.matched {
            Some(Match::Time) => earlier.base == config.base,
            _ => shared(earlier) == shared(config),
        };
        earlier.compare.matched == config.compare.matched
            && same_settings
            && earlier.compare.baseline == config.compare.baseline
    };
    earlier.ok().filter(same).map(|earlier| earlier.compare.hidden).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The refusal of a study in the folder of another that has a run.
    fn refusal(before: &str, now: &str) -> Option<String> {
        let here = tempfile::tempdir().unwrap();
        let folder = StudyFolder::create(here.path()).unwrap();
        let config = |compare: &str| {
            let text = format!("[grid]\noptim.learning_rate = [1e-3, 1e-2]\n[compare]\n{compare}");
            StudyConfig::read("test", &text, &[]).unwrap()
        };
        folder.write_config(&config(before)).unwrap();
        fs::create_dir_all(folder.run("lstm-1")).unwrap();
        fs::write(folder.run("lstm-1").join("config.toml"), "").unwrap();
        refuse_another(here.path(), &config(now)).err().map(|error| error.to_string())
    }

    #[test]
    fn a_design_whose_trials_would_be_others_is_another_study() {
        for (before, now, key) in [
            ("resample = 'validation'", "resample = 'nothing'", "compare.resample"),
            ("", "reuse_seeds = true", "compare.reuse_seeds"),
            ("", "match = 'parameters'", "compare.match"),
            ("match = 'parameters'", "match = 'parameters'\nbaseline = 'lstm3'", "compare.baseline"),
            ("until = 'decided'", "until = 'decided'\nbaseline = 'lstm3'", "compare.baseline"),
            ("until = 'decided'", "until = 'decided'\nmax_seeds = 30", "compare.max_seeds"),
        ] {
            let refusal = refusal(before, now).unwrap_or_else(|| panic!("{now} is not refused"));
            assert!(refusal.contains(&format!("(it differs in {key})")), "{refusal}");
        }
        assert_eq!(refusal("resample = 'validation'", ""), None);
        for now in ["", "baseline = 'lstm3'", "margin = 2.0", "widen = false", "seeds = 20"] {
            assert_eq!(refusal("", now), None, "{now}");
        }
    }
}
