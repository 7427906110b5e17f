//! The sha256 of bytes and of files, in hexadecimal digits.

use sha2::{Digest, Sha256};
use std::{fs, io, path::Path};

/// The sha256 of bytes.
pub(crate) fn of(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// The sha256 of a file, however large.
pub(crate) fn of_file(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut fs::File::open(path)?, &mut hasher)?;
    Ok(format!("{:x}", hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_of_three_letters_is_that_of_the_standard() {
        // FIPS 180-4, the example "abc".
        let checksum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(of(b"abc"), checksum);
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "abc").unwrap();
        assert_eq!(of_file(file.path()).unwrap(), checksum);
    }
}
