//! The wanted files of an archive: a gzipped file, a `.tar.gz`, a `.zip` (a wheel is one) or a `.deb`.
//!
//! Nothing is written to disk, so that no path in an archive leads anywhere; and nothing is read past what
//! the recipe says a file holds, or past a limit.

use super::failure::Failure;
use super::reviews::one_line;
use crate::file::{self, GZIP, LIMIT, bounded};
use crate::origin::{Archive, Member};
use crate::recipe::Recipe;
use flate2::read::MultiGzDecoder;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

/// The files that were taken from archives, by their names here.
pub(crate) type ExtractedFiles = HashMap<String, Vec<u8>>;

const ZIP: [u8; 2] = *b"PK";
const DEB: [u8; 2] = *b"!<";

/// Takes all members of an archive.
pub(crate) fn unpack(
    archive: &Archive,
    path: &Path,
    name: &str,
    recipe: &Recipe,
) -> Result<ExtractedFiles, Failure> {
    let extractor = Extractor { archive, recipe, extracted: ExtractedFiles::new() };
    let read = || {
        let file = BufReader::new(File::open(path)?);
        match first_bytes(path)? {
            _ if archive.is_member() => extractor.take_itself(file),
            ZIP => extractor.open_zip(file),
            GZIP => extractor.open_tar(MultiGzDecoder::new(file)),
            DEB => extractor.open_deb(path),
            _ => Err(io::Error::other("it is neither a .zip, nor a .tar.gz, nor a .deb")),
        }
    };
    let extracted = read().map_err(|error| Failure::Origin(format!("{name}: {error}")))?;
    match archive.members.iter().find(|member| !extracted.contains_key(&member.file)) {
        None => Ok(extracted),
        Some(missing) => {
            let path = missing.path.as_deref().unwrap_or_default();
            Err(Failure::Origin(format!("{name} has no {path} in it")))
        }
    }
}

/// True if a file is the member that an archive would be packed around.
pub(crate) fn is_bare(archive: &Archive, path: &Path, name: &str) -> Result<bool, Failure> {
    let first = first_bytes(path).map_err(|error| Failure::Origin(format!("{name}: {error}")))?;
    Ok(archive.is_member() && first != GZIP)
}

/// The first two bytes of a file; zeros where it is shorter, which no archive begins with.
fn first_bytes(path: &Path) -> io::Result<[u8; 2]> {
    let mut first = Vec::new();
    File::open(path)?.take(2).read_to_end(&mut first)?;
    Ok(first.try_into().unwrap_or_default())
}

struct Extractor<'a> {
    archive: &'a Archive,
    recipe: &'a Recipe,
    extracted: ExtractedFiles,
}

impl Extractor<'_> {
    fn take_itself(mut self, mut file: impl Read) -> io::Result<ExtractedFiles> {
        for member in &self.archive.members {
            self.take(member, &mut file)?;
        }
        Ok(self.extracted)
    }

    fn open_zip(mut self, file: BufReader<File>) -> io::Result<ExtractedFiles> {
        let mut zip = zip::ZipArchive::new(file).map_err(io::Error::other)?;
        for member in &self.archive.members {
            let path = member.path.as_deref().unwrap_or_default();
            self.take(member, zip.by_name(path).map_err(io::Error::other)?)?;
        }
        Ok(self.extracted)
    }

    fn open_tar(mut self, reader: impl Read) -> io::Result<ExtractedFiles> {
        // The limit holds for names too, which may be as long as the archive says.
        let mut tar = tar::Archive::new(reader.take(LIMIT));
        for entry in tar.entries()? {
            let entry = entry?;
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let path = path.strip_prefix("./").unwrap_or(&path);
            let wanted = self.archive.members.iter().find(|member| holds(member, path));
            if let Some(member) = wanted.filter(|_| entry.header().entry_type().is_file()) {
                self.take(member, entry)?;
            }
        }
        Ok(self.extracted)
    }

    /// Debian's own program knows how its packages are compressed; it passes the files on as a tar.
    fn open_deb(self, path: &Path) -> io::Result<ExtractedFiles> {
        let mut command = Command::new("dpkg-deb");
        command.arg("--fsys-tarfile").arg(path).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| io::Error::other(format!("dpkg-deb: {error}")))?;
        let taken = self.open_tar(child.stdout.take().expect("it is piped"));
        let _ = child.kill();
        let _ = child.wait();
        taken
    }

    /// Reads one member, unpacked, or one more file of a folder.
    fn take(&mut self, member: &Member, reader: impl Read) -> io::Result<()> {
        let name = &member.file;
        let file = self.recipe.files().find(|file| file.name == *name);
        let limit = file.map_or(LIMIT, |file| file.bytes as u64);
        let too_large = || io::Error::other(format!("{name} holds more than {limit} bytes"));
        // What does not get smaller by packing gets a little larger.
        let bytes = bounded(reader, limit + 1024)?.ok_or_else(too_large)?;
        if member.is_folder() {
            let lines = self.extracted.entry(name.clone()).or_default();
            lines.extend(one_line(&String::from_utf8_lossy(&bytes)).bytes().chain([b'\n']));
        } else {
            let bytes = file::unpack(&bytes, name, limit).map_err(io::Error::other)?;
            if bytes.len() as u64 > limit {
                return Err(too_large());
            }
            self.extracted.insert(name.clone(), bytes.into_owned());
        }
        Ok(())
    }
}

/// True if a member is the file of a path, or the folder that it is in.
fn holds(member: &Member, path: &str) -> bool {
    let wanted = member.path.as_deref().unwrap_or_default();
    match path.strip_prefix(wanted) {
        Some(rest) if member.is_folder() => !rest.is_empty() && !rest.contains('/'),
        Some(rest) => rest.is_empty(),
        None => false,
    }
}

#[cfg(test)]
mod tests;
