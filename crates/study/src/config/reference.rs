//! The settings of a study's own sections, as a reference lists them.

use slimgate_run::{Setting, parse_setting};

use super::StudyConfig;

/// The settings: key, default if there is one, allowed values, meaning.
const SETTINGS: [(&str, &str, &str, &str); 33] = [
    ("grid.KEY", "", "a list", "Values of any setting, such as `grid.run.seed = [1, 2]`, to cross"),
    ("search.sampler", "quasi-random", "quasi-random, random, tpe", "How points are drawn from the ranges"),
    ("search.trials", "", "a whole number from 1 to 10000", "Draws per variant and grid point"),
    ("search.seed", "1", "a whole number from 0", "Random seed of the draws"),
    ("search.prune", "never", "never, halving, median", "Which points are pruned before their last epoch"),
    ("search.reduction", "3", "a whole number from 2 to 1000", "Each rung of halving keeps one of this many"),
    ("search.ranges.KEY", "", "log, linear, integer or choice", "Range, such as `{ log = [1e-5, 1e-1] }`"),
    ("compare.baseline", "lstm", "a variant", "Variant that the others are compared with"),
    ("compare.margin", "1.0", "above 0 and below 100", "Equivalence margin in percentage points"),
    ("compare.confidence", "0.95", "at least 0.5 and below 1", "Confidence of intervals and tests"),
    (
        "compare.seeds",
        "",
        "a whole number from 1 to 10000",
        "Seeds of the comparison; the grid's if not given",
    ),
    ("compare.protocol", "validation", "validation, published", "`published`: choose on the test set"),
    ("compare.match", "", "parameters, time", "What hidden sizes are made equal by; nothing if not given"),
    ("compare.hidden", "", "whole numbers", "Matched hidden units by task and variant, found once"),
    (
        "compare.widen",
        "true",
        "true, false",
        "Whether learning rates grow where a variant does best at their end",
    ),
    ("compare.folders", "", "paths", "Where each folder of your own lies, by its name, found once"),
    ("compare.retries", "2", "a whole number from 0", "How often a failed trial is tried again"),
    ("compare.published", "", "{ file, task }", "CSV file of published figures, and the task to take"),
    ("cost.price_per_hour", "", "a number from 0", "Price of an hour of a machine like this one"),
    ("cost.currency", "EUR", "text", "Currency of the price"),
    ("cost.trainings_per_year", "0.0", "a number from 0", "Trainings per year"),
    ("cost.predictions_per_year", "0.0", "a number from 0", "Single predictions per year"),
    ("launch.launcher", "this-machine", "this-machine, slurm", "Where trials run"),
    ("launch.partition", "", "text", "Partition of Slurm's jobs; the cluster's default if not given"),
    ("launch.account", "", "text", "Account that jobs are charged to"),
    ("launch.time", "", "text", "Time limit of a job as Slurm writes it, such as `2:00:00`, or `estimated`"),
    ("launch.memory", "", "text", "Memory of a job as Slurm writes it, such as `2G`"),
    ("launch.cores", "1", "a whole number from 1", "Cores of a job"),
    ("launch.gpus", "0", "a whole number from 0", "GPUs of a job"),
    ("launch.prologue", "", "text", "Lines of shell that a job begins with; none if not given"),
    ("launch.options", "", "a list of text", "Further options of sbatch, such as `--constraint=avx2`"),
    ("launch.at_most_queued", "200", "a whole number from 1", "Most jobs that wait or run at once"),
    ("launch.trials_per_job", "1", "a whole number from 1", "Trials that share a job, one after the other"),
];

impl StudyConfig {
    /// Every setting of a study's own sections with its meaning, default and allowed values.
    pub fn reference() -> Vec<Setting> {
        SETTINGS.into_iter().map(setting).collect()
    }
}

/// The names of a section's settings.
pub(super) fn names(section: &str) -> impl Iterator<Item = &'static str> {
    let keys = SETTINGS.into_iter().filter_map(|(key, ..)| key.trim_end_matches(".KEY").split_once('.'));
    keys.filter(move |(of, _)| *of == section).map(|(_, name)| name)
}

/// The values that a setting takes, in words.
pub(super) fn allowed(key: &str) -> Option<&'static str> {
    SETTINGS.into_iter().find(|(name, ..)| *name == key).map(|(_, _, allowed, _)| allowed)
}

fn setting((key, default, allowed, meaning): (&str, &str, &str, &'static str)) -> Setting {
    let default = (!default.is_empty()).then(|| {
        let (_, value) = parse_setting(&format!("{key}={default}")).expect("it has a `=`");
        value
    });
    Setting { key: key.to_owned(), default, allowed: allowed.to_owned(), meaning }
}

#[cfg(test)]
mod tests {
    use crate::{Compare, Launch, Match, Prices, Published, Search, Sizes};
    use toml::Table;

    use super::*;

    #[test]
    fn the_settings_of_a_study_and_their_defaults_are_those_of_the_code() {
        let search: Search = toml::from_str("trials = 1").unwrap();
        let cost: Prices = toml::from_str("price_per_hour = 1.0").unwrap();
        let some = || Some("some".to_owned());
        let launch =
            Launch { partition: some(), account: some(), time: some(), memory: some(), ..Launch::default() };
        let compare = Compare {
            seeds: Some(1),
            matched: Some(Match::Parameters),
            hidden: Sizes::from([("task".to_owned(), Default::default())]),
            folders: [("./a".to_owned(), "/a".to_owned())].into(),
            published: Some(Published { file: "file".to_owned(), task: "task".to_owned() }),
            ..Default::default()
        };
        let sections = [
            ("search", Table::try_from(search)),
            ("compare", Table::try_from(compare)),
            ("cost", Table::try_from(cost)),
            ("launch", Table::try_from(launch)),
        ];
        let mut known = 1;
        for (section, table) in sections {
            for (key, value) in table.unwrap() {
                let key = format!("{section}.{key}");
                let row = SETTINGS.into_iter().find(|(name, ..)| name.trim_end_matches(".KEY") == key);
                let row = super::setting(row.unwrap_or_else(|| panic!("{key} is missing")));
                assert!(row.default.is_none_or(|default| default == value), "{key} = {value}");
                known += 1;
            }
        }
        assert_eq!(known, SETTINGS.len(), "only [grid] has keys of its own");
    }
}
