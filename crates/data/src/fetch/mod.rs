//! Fetching a data set: from the web, from a registry, or from files that the user has.
//!
//! Whatever an origin gives is checked against the sha256 in the recipe before it counts. The set appears in the
//! [`Store`] whole, by a rename, or not at all.

mod client;
mod download;
mod failure;
mod local;
mod reviews;
mod staging;
mod unpack;

use crate::origin::{Archive, Assembly, Origin, Provider};
use crate::recipe::Recipe;
use crate::{DataError, Store, checksum};
use failure::Failure;
use staging::StagingFolder;
use std::path::{Path, PathBuf};
use unpack::ExtractedFiles;

/// The progress of fetching.
#[derive(Debug)]
pub enum FetchProgress<'a> {
    /// Another process fetches the set; its end is waited for.
    Waiting,
    /// An archive is requested, by its address or the command of a registry's client.
    Requesting(&'a str),
    /// So much of a file has arrived.
    Bytes {
        /// The file.
        name: &'a str,
        /// The bytes that are there.
        done: u64,
        /// The bytes in all, where the server says so.
        total: Option<u64>,
    },
    /// A connection was lost, and another one resumes where it ended.
    Retrying {
        /// The file.
        name: &'a str,
        /// The reason.
        reason: &'a str,
    },
    /// A file that was put together from more than one download is not what it should be; it was thrown
    /// away and is downloaded anew.
    Discarded {
        /// The file.
        name: &'a str,
        /// The reason.
        reason: &'a str,
    },
    /// An origin does not serve; the next one is tried.
    Failed(&'a str),
    /// An archive has arrived, is checked and unpacked.
    Unpacking(&'a str),
}

/// The listener to the progress of fetching.
pub(crate) type Report<'a> = &'a mut dyn FnMut(FetchProgress);

/// Brings a set into the store, unless it is there unchanged. Says whether it had to be brought.
///
/// With `from`, a file or a folder that the user has takes the place of the recipe's origins.
///
/// # Errors
/// If no origin serves, with what was tried; if the store cannot be written.
pub fn fetch(
    set: &str,
    recipe: &Recipe,
    store: &Store,
    from: Option<&Path>,
    report: Report,
) -> Result<bool, DataError> {
    if store.has_unchanged(set, recipe) {
        return Ok(false);
    }
    let mut staging = StagingFolder::open(store, set, report)?;
    // Whoever was waited for may have brought it.
    if store.has_unchanged(set, recipe) {
        return Ok(false);
    }
    let mut tried = Vec::new();
    for origin in &recipe.fetch {
        match files(origin, recipe, &staging, from, report) {
            Ok((files, source)) => {
                staging.publish(recipe, &files, &source)?;
                return Ok(true);
            }
            Err(Failure::Disk(error)) => {
                staging.forget();
                return Err(error);
            }
            Err(Failure::Origin(reason)) => {
                report(FetchProgress::Failed(&reason));
                let line = format!("  {reason}");
                // Two addresses may want the same files of the user.
                if !tried.contains(&line) {
                    tried.push(line);
                }
            }
        }
    }
    Err(DataError::Unfetched { set: set.into(), tried: tried.join("\n"), advice: advice(set, recipe) })
}

/// Everything that a set consists of, by file names, and where it came from.
fn files(
    origin: &Origin,
    recipe: &Recipe,
    staging: &StagingFolder,
    from: Option<&Path>,
    report: Report,
) -> Result<(ExtractedFiles, String), Failure> {
    let local = from.map(|from| local::find(origin, from)).transpose()?;
    let mut extracted = ExtractedFiles::new();
    for (at, archive) in origin.archives.iter().enumerate() {
        extracted.extend(match (&local, &origin.from) {
            (Some(local), _) => {
                let name = local[at].display().to_string();
                open(archive, &local[at], &name, recipe, report)?
            }
            (None, Provider::Web(_)) => from_web(origin, archive, recipe, staging, report)?,
            (None, registry) => {
                report(FetchProgress::Requesting(&origin.how(archive)));
                let folder = staging.folder_for("client")?;
                open(archive, &client::get(registry, archive, &folder)?, &archive.name, recipe, report)?
            }
        });
    }
    let files = match origin.assembly {
        Assembly::Taken => extracted,
        Assembly::ReviewTables => reviews::from_tables(&extracted)?,
        Assembly::ReviewLines => reviews::from_lines(&extracted),
    };
    for file in recipe.files() {
        let found = files.get(&file.name).map(|bytes| checksum::of(bytes)).unwrap_or_default();
        if found != file.sha256 {
            return Err(Failure::checksum(&file.name, &found, &file.sha256));
        }
    }
    let source = from.map_or(origin.to_string(), |from| format!("{} ({origin})", from.display()));
    Ok((files, source))
}

/// Downloads an archive and takes out what is wanted. What was put together from more than one download and
/// is wrong gets a second chance, from the beginning.
fn from_web(
    origin: &Origin,
    archive: &Archive,
    recipe: &Recipe,
    staging: &StagingFolder,
    report: Report,
) -> Result<ExtractedFiles, Failure> {
    let (address, part) = (origin.how(archive), staging.part(&archive.name));
    report(FetchProgress::Requesting(&address));
    for last in [false, true] {
        let resumed = download::download(&address, &archive.name, &part, report)?;
        match open(archive, &part, &archive.name, recipe, report) {
            Err(Failure::Origin(reason)) => {
                staging.discard(&part)?;
                if last || !resumed {
                    return Err(Failure::Origin(format!("{address}: {reason}")));
                }
                report(FetchProgress::Discarded { name: &archive.name, reason: &reason });
            }
            done => return done,
        }
    }
    unreachable!("the last round returns")
}

/// Takes what is wanted out of an archive that has its sha256; `name` is what the user knows its file by.
fn open(
    archive: &Archive,
    path: &Path,
    name: &str,
    recipe: &Recipe,
    report: Report,
) -> Result<ExtractedFiles, Failure> {
    report(FetchProgress::Unpacking(name));
    if let Some(wanted) = &archive.sha256 {
        let found = checksum::of_file(path)
            .map_err(|error| Failure::Origin(format!("{}: {error}", path.display())))?;
        // A user may have unpacked what was packed: then the sha256 of the files alone decides.
        if found != *wanted && !unpack::is_bare(archive, path, name)? {
            return Err(Failure::checksum(name, &found, wanted));
        }
    }
    let extracted = unpack::unpack(archive, path, name, recipe)?;
    for member in &archive.members {
        let file = recipe.files().find(|file| file.name == member.file);
        let Some(wanted) = member.sha256.as_ref().or(file.map(|file| &file.sha256)) else { continue };
        let found = checksum::of(&extracted[&member.file]);
        if found != *wanted {
            return Err(Failure::checksum(&member.file, &found, wanted));
        }
    }
    Ok(extracted)
}

/// The way to bring the set by hand.
fn advice(set: &str, recipe: &Recipe) -> String {
    let mut lines = vec!["Where one of these can be reached, get all files of one line:".to_owned()];
    for origin in &recipe.fetch {
        let how: Vec<String> = origin.archives.iter().map(|archive| origin.how(archive)).collect();
        lines.push(format!(
            "  {}",
            how.join(if matches!(origin.from, Provider::Web(_)) { " " } else { "; " })
        ));
    }
    lines.push(format!("put them in a folder here, and run `slimgate data fetch {set} --from FOLDER`"));
    lines.join("\n")
}

/// The path of a file below a folder, for a name that is a file name and nothing else.
fn below(folder: &Path, name: &str) -> PathBuf {
    folder.join(Path::new(name).file_name().unwrap_or_default())
}
