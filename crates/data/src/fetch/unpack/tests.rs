use super::*;
use crate::file::pack;
use std::io::Write;
use tempfile::NamedTempFile;

/// A recipe of one file of three bytes, `a.tsv`.
fn recipe() -> Recipe {
    toml::from_str(
        "title = ''\ntask = 'classification'\nformat = 'ucr'\nclasses = []\nsplit = ''\nlicence = ''\nattribution = ''\ndataset = []
         [train]\nsequences = 1\nfiles = [{ name = 'a.tsv', bytes = 3, sha256 = '' }]
         [test]\nsequences = 0\nfiles = []",
    )
    .unwrap()
}

fn archive(path: &str) -> Archive {
    let path = if path.is_empty() { String::new() } else { format!("path = '{path}', ") };
    toml::from_str(&format!("name = 'x'\nmembers = [{{ {path}file = 'a.tsv' }}]")).unwrap()
}

fn unpacked(bytes: &[u8], path: &str) -> Result<ExtractedFiles, Failure> {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    unpack(&archive(path), file.path(), "it", &recipe())
}

fn refusal(bytes: &[u8], path: &str) -> String {
    match unpacked(bytes, path) {
        Err(Failure::Origin(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

fn zip(name: &str, content: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(content).unwrap();
    zip.finish().unwrap().into_inner()
}

/// A `.tar` whose one entry has any name.
fn tar(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    // Written by hand, since the builder refuses the names that a hostile archive may have.
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_cksum();
    let mut tar = tar::Builder::new(Vec::new());
    tar.append(&header, content).unwrap();
    tar.into_inner().unwrap()
}

#[test]
fn a_member_comes_out_of_every_kind_of_archive() {
    for (bytes, path) in [
        (pack(&tar("p/a", b"one")), "p/a"),
        (pack(&tar("./p/a", b"one")), "p/a"),
        (pack(&tar("p/a.gz", &pack(b"one"))), "p/a.gz"),
        (zip("p/a", b"one"), "p/a"),
        (pack(b"one"), ""),
        (b"one".to_vec(), ""),
    ] {
        assert_eq!(unpacked(&bytes, path).unwrap()["a.tsv"], b"one", "{path}");
    }
}

#[test]
fn the_files_of_a_folder_become_lines() {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in [("p/1", "one\n two"), ("q/2", "no"), ("p/r/3", "no"), ("p/4", "four")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, content.as_bytes()).unwrap();
    }
    let archive = toml::from_str("name = 'x'\nmembers = [{ path = 'p/', file = 'lines' }]").unwrap();
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(&pack(&tar.into_inner().unwrap())).unwrap();
    let extracted = unpack(&archive, file.path(), "it", &recipe()).unwrap();
    assert_eq!(extracted["lines"], b"one two\nfour\n");
}

#[test]
fn a_member_that_is_too_large_is_refused() {
    for (bytes, path) in [
        (pack(&tar("p/a", b"four")), "p/a"),
        (zip("p/a", b"four"), "p/a"),
        (pack(b"four"), ""),
        (b"four".to_vec(), ""),
    ] {
        let reason = refusal(&bytes, path);
        assert!(reason.contains("more than 3 bytes"), "{reason}");
    }
}

#[test]
fn a_member_that_is_missing_is_named() {
    assert!(refusal(&pack(&tar("p/b", b"one")), "p/a").contains("p/a"));
    assert!(refusal(&zip("p/b", b"one"), "p/a").contains("not found"));
}

#[test]
fn no_path_leads_out_of_an_archive() {
    for name in ["../a.tsv", "/a.tsv", "p/../../a.tsv"] {
        assert!(refusal(&pack(&tar(name, b"one")), "p/a").contains("no p/a"), "{name}");
    }
}

#[test]
fn every_cut_and_every_other_file_is_refused() {
    for whole in [pack(&tar("p/a", b"one")), zip("p/a", b"one")] {
        for end in 0..whole.len() {
            let taken = unpacked(&whole[..end], "p/a");
            // A tar is over after its last entry; what is missing then is the end of the packing.
            assert!(matches!(&taken, Err(Failure::Origin(_))) || taken.unwrap()["a.tsv"] == b"one", "{end}");
        }
    }
    assert!(refusal(b"<html>", "p/a").contains("neither"));
}
