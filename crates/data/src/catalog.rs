//! The data sets by name.

use crate::recipe::{File, Modality, Recipe, Units};
use crate::{Columns, DataConfig, DataError, Store, Survey, Task, TokenRule, checksum, own};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

/// A folder of `datasets/` as it is compiled in.
struct Folder {
    name: &'static str,
    recipe: &'static str,
    files: &'static [(&'static str, &'static [u8])],
}

macro_rules! folder {
    ($folder:literal $(: $($file:literal),+)?) => {
        Folder {
            name: $folder,
            recipe: include_str!(concat!("../../../datasets/", $folder, "/recipe.toml")),
            files: &[$($(($file, include_bytes!(concat!("../../../datasets/", $folder, "/", $file)))),+)?],
        }
    };
}

static FOLDERS: [Folder; 10] = [
    folder!("digits": "train-images.idx.gz", "train-labels.idx.gz", "test-images.idx.gz", "test-labels.idx.gz"),
    folder!("japanese-vowels": "train.ts.gz", "test.ts.gz"),
    folder!("movie-snippets": "train.tsv.gz", "test.tsv.gz"),
    folder!("household-power": "train.csv.gz", "test.csv.gz"),
    folder!("sensor-events": "train.csv.gz", "test.csv.gz"),
    folder!("beijing-air": "train.csv.gz", "test.csv.gz"),
    folder!("mnist"),
    folder!("fashion-mnist"),
    folder!("imdb"),
    folder!("forda"),
];

static SETS: LazyLock<Vec<Arc<Set>>> = LazyLock::new(|| {
    let read = |folder: &'static Folder| {
        let recipe: Recipe =
            toml::from_str(folder.recipe).unwrap_or_else(|error| panic!("{}: {error}", folder.name));
        let place = if folder.files.is_empty() { Place::Store } else { Place::Program(folder.files) };
        Arc::new(Set { name: folder.name.to_owned(), recipe: Arc::new(recipe), place })
    };
    FOLDERS.iter().map(read).collect()
});

static CATALOG: LazyLock<Vec<Arc<Entry>>> = LazyLock::new(|| {
    let entries = SETS.iter().flat_map(|set| {
        set.recipe.datasets.iter().map(move |named| {
            Arc::new(Entry {
                name: named.name.clone(),
                summary: named.summary.clone(),
                lengths: named.lengths,
                modality: named.modality.clone(),
                recipe: set.recipe.clone(),
                set: set.clone(),
                survey: None,
            })
        })
    });
    entries.collect()
});

/// The files of one recipe, from which one or more data sets are read.
pub struct Set {
    /// The name that is fetched, and that of the folder; of a folder of the user's, its path.
    pub name: String,
    /// Its content and its source.
    pub recipe: Arc<Recipe>,
    pub(crate) place: Place,
}

/// The holder of the files of a set.
pub(crate) enum Place {
    /// The program: these files, by their names.
    Program(&'static [(&'static str, &'static [u8])]),
    /// The store of fetched sets.
    Store,
    /// A folder of the user's own files.
    Folder(PathBuf),
}

/// The place of the files of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// In the program.
    Shipped,
    /// Among the fetched sets of the user.
    Fetched,
    /// In a folder of the user's own.
    Own,
    /// Not on this machine.
    Absent,
}

impl Set {
    /// The place of its files.
    pub fn presence(&self) -> Presence {
        let fetched = || Store::of_user().is_ok_and(|store| store.has(&self.name, &self.recipe));
        match self.place {
            Place::Program(_) => Presence::Shipped,
            Place::Folder(_) => Presence::Own,
            Place::Store if fetched() => Presence::Fetched,
            Place::Store => Presence::Absent,
        }
    }

    /// The name for messages and the bytes of a file, packed or not, checked against its sha256.
    pub(crate) fn read(&self, file: &File) -> Result<(String, Cow<'static, [u8]>), DataError> {
        let name = format!("{}/{}", self.name, file.name);
        let files = match &self.place {
            Place::Program(files) => files,
            Place::Store => return Ok((name, Store::of_user()?.read(&self.name, file)?.into())),
            Place::Folder(folder) => {
                return own::reread(folder, file).map(|(path, bytes)| (path, bytes.into()));
            }
        };
        let bytes = files.iter().find(|(name, _)| *name == file.name).map(|(_, bytes)| *bytes);
        match bytes.filter(|bytes| checksum::of(bytes) == file.sha256) {
            Some(bytes) => Ok((name, bytes.into())),
            None => Err(DataError::Checksum { file: name }),
        }
    }
}

/// A data set: a name, and what its recipe says.
pub struct Entry {
    /// The name that `data.dataset` takes.
    pub name: String,
    /// A step in a few words.
    pub summary: String,
    /// The fewest and the most steps of its sequences.
    pub lengths: (usize, usize),
    /// The kind of its sequences.
    pub modality: Modality,
    /// Title, task, classes or targets, sizes, licence and source.
    pub recipe: Arc<Recipe>,
    /// The files it is read from.
    pub set: Arc<Set>,
    /// The survey of a folder of the user's; the sets of the catalog are known.
    pub survey: Option<Survey>,
}

impl Entry {
    /// Checks that the data is on this machine.
    ///
    /// # Errors
    /// Data that has to be fetched first.
    pub fn require(&self) -> Result<(), DataError> {
        match self.set.presence() {
            Presence::Absent => {
                Err(DataError::NotFetched { dataset: self.name.clone(), set: self.set.name.clone() })
            }
            Presence::Shipped | Presence::Fetched | Presence::Own => Ok(()),
        }
    }

    /// The rule for the tokens of its texts unless `data.tokens` says another. A set of the catalog keeps the one by
    /// which results on it were published and recorded.
    pub fn tokens(&self) -> TokenRule {
        match self.set.presence() {
            Presence::Own => TokenRule::Words,
            Presence::Shipped | Presence::Fetched | Presence::Absent => TokenRule::Alphanumeric,
        }
    }

    /// The columns of a table of the user's own that are no channels, where these were told apart.
    pub fn columns(&self) -> Option<&Columns> {
        self.recipe.format.columns()
    }

    /// True if its training and its test part are of one file of the user's own.
    pub fn is_divided(&self) -> bool {
        self.recipe.test.pieces.is_some()
    }

    /// The reason for which no other test set than the one that is given may be drawn, after the data set's name and a
    /// comma; none where one may.
    pub fn fixed_test(&self) -> Option<String> {
        if self.recipe.task == Task::Forecast {
            return Some("which is divided in time".to_owned());
        }
        let named = self.recipe.datasets.iter().find(|named| named.name == self.name)?;
        named.test_data.as_ref().map(|are| format!("whose test data {are}"))
    }

    /// The names of the channels, where the files have names for them.
    pub fn channel_names(&self) -> &[String] {
        self.recipe.format.channel_names().unwrap_or_default()
    }
}

/// Every data set, in the order to list them.
pub fn catalog() -> &'static [Arc<Entry>] {
    &CATALOG
}

/// The data set that settings name, or the user's own at the path that they give, read as they say.
///
/// # Errors
/// An unknown name, answered with the nearest one and with all of them. Files that cannot be used.
pub fn find(config: &DataConfig) -> Result<Arc<Entry>, DataError> {
    let name = &config.dataset;
    if own::is_folder(name) { own::entry(config) } else { find_in_catalog(name).cloned() }
}

fn find_in_catalog(name: &str) -> Result<&'static Arc<Entry>, DataError> {
    catalog().iter().find(|entry| entry.name == name).ok_or_else(|| {
        let names: Vec<&str> = catalog().iter().map(|entry| entry.name.as_str()).collect();
        let here = Path::new(name).exists().then(|| format!("./{name}"));
        let nearest = here.or_else(|| nearest(name, &names));
        let others = "or a folder of your own, such as ./NAME, with train.csv and test.csv, or one table, such as ./NAME.csv";
        unknown(name, nearest, &format!("{}, {others}", names.join(", ")))
    })
}

/// The source of a data set: two of one source are not independent of one another. Of a folder of the user's it is the
/// path, and nothing is read.
///
/// # Errors
/// An unknown name.
pub fn source(dataset: &str) -> Result<&str, DataError> {
    if own::is_folder(dataset) { Ok(dataset) } else { Ok(&find_in_catalog(dataset)?.set.name) }
}

/// The units of a data set, as far as its recipe names them; of a folder of the user's they are not known.
pub fn units(dataset: &str) -> Units {
    let mut named = SETS.iter().flat_map(|set| &set.recipe.datasets);
    named.find(|named| named.name == dataset).map_or_else(Units::default, |named| named.units.clone())
}

/// The set of a name, or the one that the data set of a name is read from.
///
/// # Errors
/// As [`find`].
pub fn find_set(name: &str) -> Result<&'static Set, DataError> {
    let named = |set: &&Set| set.name == name || set.recipe.datasets.iter().any(|named| named.name == name);
    SETS.iter().map(Arc::as_ref).find(named).ok_or_else(|| {
        let fetched = SETS.iter().filter(|set| matches!(set.place, Place::Store));
        let names: Vec<&str> = fetched.map(|set| set.name.as_str()).collect();
        unknown(name, nearest(name, &names), &names.join(", "))
    })
}

/// The most similar of some names, if one is similar.
fn nearest(name: &str, known: &[&str]) -> Option<String> {
    let likeness = |known: &&&str| (1000.0 * strsim::jaro_winkler(name, known)) as u32;
    let nearest = known.iter().max_by_key(likeness).filter(|known| likeness(known) > 750);
    nearest.map(|known| (*known).to_owned())
}

fn unknown(name: &str, nearest: Option<String>, choices: &str) -> DataError {
    let hint = nearest.map(|known| format!("did you mean {known:?}? ")).unwrap_or_default();
    let name = crate::error::excerpt(name);
    DataError::UnknownDataset { name, advice: format!("{hint}use one of {choices}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::{Assembly, Provider};
    use std::collections::HashSet;

    fn shipped() -> impl Iterator<Item = &'static Arc<Set>> {
        SETS.iter().filter(|set| set.presence() == Presence::Shipped)
    }

    fn fetched() -> impl Iterator<Item = &'static Arc<Set>> {
        SETS.iter().filter(|set| set.presence() != Presence::Shipped)
    }

    #[test]
    fn the_data_sets_are_listed_with_those_that_ship_first() {
        let names: Vec<&str> = catalog().iter().map(|entry| entry.name.as_str()).collect();
        let all = [
            "digits-rows",
            "digits-pixels",
            "digits-permuted",
            "japanese-vowels",
            "movie-snippets",
            "household-power",
            "sensor-events",
            "beijing-air",
            "mnist-rows",
            "mnist-pixels",
            "mnist-permuted",
            "fashion-mnist-rows",
            "fashion-mnist-pixels",
            "fashion-mnist-permuted",
            "imdb",
            "forda",
        ];
        assert_eq!(names, all);
    }

    #[test]
    fn a_recipe_says_what_its_task_needs() {
        for Recipe { title, task, classes, targets, windows, .. } in SETS.iter().map(|set| &*set.recipe) {
            let needed = match task {
                Task::Classification | Task::Labelling => (true, false, false),
                Task::Regression => (false, true, false),
                Task::Forecast => (false, true, true),
            };
            let found = (!classes.is_empty(), !targets.is_empty(), windows.is_some());
            assert_eq!(found, needed, "{title}");
        }
    }

    #[test]
    fn every_file_that_ships_has_the_size_and_checksum_of_its_recipe() {
        for set in shipped() {
            assert!(set.recipe.source.is_some() && set.recipe.fetch.is_empty());
            for file in set.recipe.files() {
                assert_eq!(set.read(file).unwrap().1.len(), file.bytes);
            }
        }
    }

    #[test]
    fn a_set_to_fetch_is_looked_for_on_the_web_and_in_a_registry() {
        for set in fetched() {
            let providers: Vec<&Provider> = set.recipe.fetch.iter().map(|origin| &origin.from).collect();
            assert!(
                matches!(providers[0], Provider::Web(address) if address.starts_with("https://")),
                "{}",
                set.name
            );
            assert!(providers.iter().any(|provider| !matches!(provider, Provider::Web(_))), "{}", set.name);
        }
    }

    /// Nothing that is fetched is used without a checksum that says what it must be.
    #[test]
    fn every_origin_makes_every_file_and_every_checksum_is_pinned() {
        let whole =
            |sha256: &String| sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        for set in fetched() {
            assert!(set.recipe.files().all(|file| whole(&file.sha256)), "{}", set.name);
            let files: HashSet<&str> = set.recipe.files().map(|file| file.name.as_str()).collect();
            for origin in &set.recipe.fetch {
                let web = matches!(origin.from, Provider::Web(_));
                for archive in &origin.archives {
                    assert!(archive.sha256.as_ref().map_or(web, whole), "{}", archive.name);
                    assert_eq!(archive.package.is_empty(), web, "{}", archive.name);
                }
                let members = origin.archives.iter().flat_map(|archive| &archive.members);
                let taken: HashSet<&str> = members.map(|member| member.file.as_str()).collect();
                if origin.assembly == Assembly::Taken {
                    assert_eq!(taken, files, "{}", set.name);
                }
            }
        }
    }

    #[test]
    fn units_are_of_channels_that_there_are() {
        for entry in catalog() {
            let units = units(&entry.name);
            assert!(
                units.channels.keys().all(|named| entry.channel_names().contains(named)),
                "{}",
                entry.name
            );
        }
        let household = units("household-power");
        assert_eq!((household.step.as_deref(), household.channels["voltage"].as_str()), (Some("hour"), "V"));
        assert_eq!(units("./nowhere"), Units::default());
    }

    #[test]
    fn a_changed_file_is_refused() {
        let set = find(&DataConfig::of("japanese-vowels")).unwrap().set.clone();
        let file = File { sha256: "00".into(), ..set.recipe.train.files[0].clone() };
        assert!(matches!(set.read(&file), Err(DataError::Checksum { .. })));
    }

    #[test]
    fn a_set_has_the_names_of_its_data_sets_too() {
        for name in ["mnist", "mnist-rows", "mnist-permuted"] {
            assert_eq!(find_set(name).unwrap().name, "mnist");
        }
        let message = find_set("minst").err().unwrap().to_string();
        assert!(message.contains("did you mean \"mnist\"?") && !message.contains("digits"), "{message}");
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let message = find(&DataConfig::of("digit-row")).err().unwrap().to_string();
        assert!(message.contains("did you mean \"digits-rows\"?"), "{message}");
        let message = find(&DataConfig::of("zzz")).err().unwrap().to_string();
        assert!(!message.contains("did you mean") && message.contains("movie-snippets"), "{message}");
        assert!(message.contains("a folder of your own, such as ./NAME"), "{message}");
    }

    #[test]
    fn an_unknown_name_that_is_a_folder_here_is_answered_with_its_path() {
        // The tests of a crate run in its folder.
        let message = find(&DataConfig::of("src")).err().unwrap().to_string();
        assert!(message.contains("did you mean \"./src\"?"), "{message}");
    }

    #[test]
    fn data_sets_of_one_set_have_one_source_and_a_folder_is_its_own() {
        assert_eq!(source("digits-rows").unwrap(), source("digits-pixels").unwrap());
        assert_eq!(source("./nowhere").unwrap(), "./nowhere");
        assert!(source("nowhere").is_err());
    }
}
