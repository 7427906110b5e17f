//! A file from the web, however often the connection is lost.

use super::failure::Failure;
use super::{FetchProgress, Report};
use crate::file::LIMIT;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::Duration;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Error, http};

/// The most connections in a row that may bring nothing.
const ATTEMPTS: u32 = 3;

/// The proxy is that of the environment (`HTTPS_PROXY` and its like), which is what the agent looks for; so are
/// the certificates (`SSL_CERT_FILE`, `SSL_CERT_DIR`, else those of the system).
static AGENT: LazyLock<Agent> = LazyLock::new(|| {
    let found = rustls_native_certs::load_native_certs().certs;
    let roots = match found.is_empty() {
        true => RootCerts::WebPki,
        false => found.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).into(),
    };
    let patience = Some(Duration::from_secs(30));
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_resolve(patience)
        .timeout_connect(patience)
        .timeout_recv_response(patience)
        .timeout_per_read(patience)
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build()
        .into()
});

/// The reason for which a connection did not bring the file.
enum DownloadError {
    /// Another one may.
    Retryable(String),
    /// Another one would end the same way.
    Fatal(Failure),
}

/// Downloads a file to `part`, resuming from what is there. Says whether it was put together from more than
/// one connection.
pub(crate) fn download(address: &str, name: &str, part: &Path, report: Report) -> Result<bool, Failure> {
    let mut resumed = false;
    let mut fruitless = 0;
    loop {
        let before = length(part);
        resumed |= before > 0;
        let reason = match connect(address, name, part, before, report) {
            Ok(()) => return Ok(resumed),
            Err(DownloadError::Fatal(failure)) => return Err(failure),
            Err(DownloadError::Retryable(reason)) => reason,
        };
        // What brought something is not held against the server.
        fruitless = if length(part) > before { 0 } else { fruitless + 1 };
        if fruitless == ATTEMPTS {
            return Err(Failure::Origin(format!("{address}: {reason}")));
        }
        report(FetchProgress::Retrying { name, reason: &reason });
        sleep(Duration::from_millis(300 << fruitless));
    }
}

/// One connection, from the byte `begin` on.
fn connect(address: &str, name: &str, part: &Path, begin: u64, report: Report) -> Result<(), DownloadError> {
    let refused = |reason: String| DownloadError::Fatal(Failure::Origin(format!("{address}: {reason}")));
    // No redirection leads from an encrypted connection to a plain one.
    let encrypted = address.starts_with("https:");
    let mut request = AGENT.get(address).config().https_only(encrypted).build();
    if begin > 0 {
        request = request.header("Range", format!("bytes={begin}-"));
    }
    let mut response = request.call().map_err(|error| match error {
        Error::Io(error) => DownloadError::Retryable(error.to_string()),
        Error::Timeout(_) | Error::Protocol(_) => DownloadError::Retryable(error.to_string()),
        other => refused(other.to_string()),
    })?;
    let begin = match response.status().as_u16() {
        200 => 0,
        206 if range_begin(&response) == Some(begin) => begin,
        // There is no such range: what is here is not the beginning of the file, or all of it.
        206 | 416 => {
            fs::remove_file(part)
                .map_err(|error| DownloadError::Fatal(Failure::disk("remove", part)(error)))?;
            return Err(DownloadError::Retryable("the server has no such range".into()));
        }
        status @ (408 | 429 | 500..=599) => {
            return Err(DownloadError::Retryable(format!("the server says {status}")));
        }
        status => return Err(refused(format!("the server says {status}"))),
    };
    let total = response.body().content_length().map(|rest| begin + rest);
    if total.is_some_and(|total| total > LIMIT) {
        return Err(refused(format!("it has more than {LIMIT} bytes")));
    }
    let disk = |error| DownloadError::Fatal(Failure::disk("write", part)(error));
    let mut file = open(part, begin).map_err(disk)?;
    let mut done = begin;
    let mut body = response.body_mut().as_reader();
    let mut buffer = vec![0; 1 << 16];
    loop {
        report(FetchProgress::Bytes { name, done, total });
        let count = body.read(&mut buffer).map_err(|error| DownloadError::Retryable(error.to_string()))?;
        if count == 0 {
            break;
        }
        file.write_all(&buffer[..count]).map_err(disk)?;
        done += count as u64;
        if done > LIMIT {
            return Err(refused(format!("it has more than {LIMIT} bytes")));
        }
    }
    match total {
        Some(total) if done < total => {
            Err(DownloadError::Retryable(format!("it ended after {done} of {total} bytes")))
        }
        _ => Ok(()),
    }
}

/// Opens what is there to append to it, or an empty file.
fn open(part: &Path, begin: u64) -> io::Result<File> {
    if begin == 0 { File::create(part) } else { OpenOptions::new().append(true).open(part) }
}

/// The first byte that a partial answer brings, out of `Content-Range: bytes 500-999/1000`.
fn range_begin(response: &http::Response<ureq::Body>) -> Option<u64> {
    let range = response.headers().get("Content-Range")?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

fn length(part: &Path) -> u64 {
    fs::metadata(part).map_or(0, |found| found.len())
}
