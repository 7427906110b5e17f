//! Packages made here, fetched by the registries' own clients: npm and pip must be installed.

use crate::support::{Here, archive, outside, packed, recipe, sha256, test, train};
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::Command;

#[test]
fn npm_packs_a_package() {
    let here = Here::new();
    let package = here.path("package");
    fs::create_dir(&package).unwrap();
    fs::write(package.join("package.json"), r#"{"name": "demo", "version": "1.0.0"}"#).unwrap();
    fs::write(package.join("train.tsv"), train()).unwrap();
    fs::write(package.join("test.tsv"), test()).unwrap();
    // A version that is a folder keeps npm off the network.
    let version = format!("file:{}", package.display());
    let spec = format!("demo@{version}");
    let packing =
        Command::new("npm").args(["pack", "--silent", &spec]).current_dir(here.folder.path()).output();
    let packing = packing.expect("this test needs npm (Debian: apt-get install npm)");
    assert!(packing.status.success(), "{}", String::from_utf8_lossy(&packing.stderr));
    let sha256 = sha256(&fs::read(here.path("demo-1.0.0.tgz")).unwrap());
    here.bring(&recipe(&packed("npm", "demo-1.0.0.tgz", &version, &sha256)));
}

/// A wheel of both files.
fn wheel() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [
        ("package/train.tsv", train()),
        ("package/test.tsv", test()),
        ("demo-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n".to_vec()),
        (
            "demo-1.0.dist-info/WHEEL",
            b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n".to_vec(),
        ),
        ("demo-1.0.dist-info/RECORD", Vec::new()),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const WHEEL: &str = "demo-1.0-py3-none-any.whl";

#[test]
fn pip_downloads_a_wheel() {
    let wheels = Here::new();
    fs::write(wheels.path(WHEEL), wheel()).unwrap();
    let links = format!("PIP_FIND_LINKS={}", wheels.folder.path().display());
    if outside("clients::pip_downloads_a_wheel", Command::new("env").args(["PIP_NO_INDEX=1", &links])) {
        return;
    }
    Here::new().bring(&recipe(&packed("PyPI", WHEEL, "1.0", &sha256(&wheel()))));
    let missing = recipe(&packed("PyPI", "demo-2.0-py3-none-any.whl", "2.0", &sha256(&wheel())));
    let message = Here::new().refuse(&missing, None);
    assert!(message.contains("pip download") && message.contains("demo==2.0"), "{message}");
}

/// A client of which the test knows what it does.
fn stand_in(folder: &Path, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(folder.join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn clients_are_asked_as_their_manuals_say() {
    let here = Here::new();
    let bin = here.path("bin");
    fs::create_dir(&bin).unwrap();
    fs::write(here.path("bin/archive"), archive()).unwrap();
    let give = |words: &str| {
        let copy = format!("/bin/cp {}/archive demo.tgz", bin.display());
        format!("case \"$*\" in *'{words}'*) {copy};; *) echo \"E: asked $*\" >&2; exit 100;; esac")
    };
    stand_in(&bin, "apt-get", &give("download --quiet demo=1.0"));
    stand_in(&bin, "pip3", &give("--no-binary demo demo==1.0"));
    let path = format!("PATH={}", bin.display());
    if outside("clients::clients_are_asked_as_their_manuals_say", Command::new("env").arg(path)) {
        return;
    }
    let of =
        |registry: &str, version: &str| recipe(&packed(registry, "demo.tgz", version, &sha256(&archive())));
    Here::new().bring(&of("Debian", "1.0"));
    // There is no `pip`, so `pip3` is asked.
    Here::new().bring(&of("PyPI", "1.0"));
    assert!(Here::new().refuse(&of("Debian", "2.0"), None).contains("E: asked download --quiet demo=2.0"));
    assert!(Here::new().refuse(&of("npm", "1.0"), None).contains("no npm on this machine"));
}
