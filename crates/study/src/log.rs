//! The logs of workers, which hold what they had to say beside their events.

use std::fs;
use std::path::Path;

/// The last line of a log that says something.
pub(crate) fn last_line(log: &Path) -> Option<String> {
    let text = fs::read(log).ok()?;
    let text = String::from_utf8_lossy(&text);
    text.lines().map(str::trim_end).rfind(|line| !line.is_empty()).map(str::to_owned)
}
