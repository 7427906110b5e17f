//! A small set to fetch: its files, archives that hold them, and recipes that say where they are.

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use slimgate_data::{DataError, FetchProgress, Recipe, Store, fetch};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, iter};
use tempfile::TempDir;

/// The training file: long enough for a download to be cut in.
pub fn train() -> Vec<u8> {
    let rows = (0..2000u32).map(|id| format!("{id}\t1\t{}\n", id.wrapping_mul(2_654_435_761)));
    iter::once("id\trating\ttext\n".to_owned()).chain(rows).collect::<String>().into_bytes()
}

/// The test file.
pub fn test() -> Vec<u8> {
    b"id\trating\ttext\n1\t-1\tBad\n".to_vec()
}

pub fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

pub fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Both files in a `.tar.gz`, in the folder `package`.
pub fn archive() -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in [("package/train.tsv", train()), ("package/test.tsv", test())] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, &content[..]).unwrap();
    }
    pack(&tar.into_inner().unwrap())
}

/// A recipe whose origins are those in `fetch`.
pub fn recipe(fetch: &str) -> Recipe {
    let file = |name: &str, bytes: &[u8]| {
        format!("files = [{{ name = '{name}', bytes = {}, sha256 = '{}' }}]", bytes.len(), sha256(bytes))
    };
    let text = format!(
        "title = 'A small set'\ntask = 'classification'\nformat = 'rated-text'\nclasses = ['negative', 'positive']\n\
         split = 'as made'\nlicence = 'MIT'\nattribution = 'the tests'\ndataset = []\n{fetch}\n\
         [train]\nsequences = 2000\n{}\n[test]\nsequences = 1\n{}\n",
        file("train.tsv", &train()),
        file("test.tsv", &test()),
    );
    toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

const MEMBERS: &str = "members = [{ path = 'package/train.tsv', file = 'train.tsv' }, { path = 'package/test.tsv', file = 'test.tsv' }]";

/// An origin that has one archive of both files, whose sha256 is pinned.
pub fn packed(from: &str, name: &str, version: &str, sha256: &str) -> String {
    format!(
        "[[fetch]]\nfrom = '{from}'\n[[fetch.archives]]\nname = '{name}'\npackage = 'demo'\n\
         version = '{version}'\nsha256 = '{sha256}'\n{MEMBERS}\n"
    )
}

/// The archive on the web.
pub fn on_web(address: &str) -> String {
    packed(address, "demo.tgz", "", &sha256(&archive()))
}

/// Each file for itself, gzipped, without a sha256 of the archives.
pub fn apart(address: &str) -> String {
    format!(
        "[[fetch]]\nfrom = '{address}'\narchives = [\n\
         {{ name = 'train.tsv.gz', members = [{{ file = 'train.tsv' }}] }},\n\
         {{ name = 'test.tsv.gz', members = [{{ file = 'test.tsv' }}] }},\n]\n"
    )
}

/// A store in a folder that goes away with the test.
pub struct Here {
    pub folder: TempDir,
    pub store: Store,
}

impl Here {
    pub fn new() -> Here {
        let folder = TempDir::new().unwrap();
        let store = Store::at(folder.path().join("data"));
        Here { folder, store }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Fetches the set, and tells what was reported beside bytes.
    pub fn fetch(&self, recipe: &Recipe, from: Option<&Path>) -> (Result<bool, DataError>, Vec<String>) {
        let mut reports = Vec::new();
        let result = fetch("demo", recipe, &self.store, from, &mut |progress| {
            if !matches!(progress, FetchProgress::Bytes { .. }) {
                reports.push(format!("{progress:?}"));
            }
        });
        (result, reports)
    }

    /// Fetches what must succeed.
    pub fn bring(&self, recipe: &Recipe) -> Vec<String> {
        let (result, reports) = self.fetch(recipe, None);
        assert!(result.unwrap(), "it was there already");
        self.assert_whole(recipe);
        reports
    }

    /// Fetches what must fail, and returns the message.
    pub fn refuse(&self, recipe: &Recipe, from: Option<&Path>) -> String {
        let message = self.fetch(recipe, from).0.unwrap_err().to_string();
        assert!(!self.store.folder("demo").exists(), "a set appeared that is not whole");
        message
    }

    /// All files are there, and nothing that helped to bring them.
    pub fn assert_whole(&self, recipe: &Recipe) {
        assert!(self.store.has("demo", recipe));
        assert_eq!(names(&self.path("data")), ["demo"]);
        assert_eq!(names(&self.path("data/demo")), ["ORIGIN.txt", "test.tsv", "train.tsv"]);
        assert_eq!(fs::read(self.path("data/demo/train.tsv")).unwrap(), train());
    }
}

/// The names in a folder.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// True if a test, called `name`, still runs in the surroundings that it began in. Then `wrapper`, which ends in a
/// program and its arguments, runs it once more in the ones that it wants, and it must succeed there.
pub fn outside(name: &str, wrapper: &mut Command) -> bool {
    const INSIDE: &str = "SLIMGATE_TEST_INSIDE";
    if std::env::var_os(INSIDE).is_some_and(|inside| inside == name) {
        return false;
    }
    let again = wrapper.arg(std::env::current_exe().unwrap()).args(["--exact", name]).env(INSIDE, name);
    let output = again.output().expect("this test runs itself again");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    true
}
