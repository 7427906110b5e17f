//! The pages in a real browser: on a phone and on a desktop, light and dark.
//!
//! Each page is shown in frames of both widths within a page of the test's own, which measures it and leaves the
//! findings in the document that Chromium prints.

use std::fs;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::support::{self, runs_page, study_page};

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The browser's measurements of a page at one width.
#[derive(Debug, Deserialize)]
struct Found {
    width: f64,
    content: f64,
    errors: Vec<String>,
    requests: usize,
    unnamed: usize,
    contrast: f64,
    dark: bool,
    low_text: Vec<String>,
    up: Vec<f64>,
    down: Vec<f64>,
}

/// Opens a page at both widths.
fn open(page: &str, dark: bool) -> Vec<Found> {
    let folder = tempfile::tempdir().unwrap();
    let watched = page.replacen(
        "<head>",
        "<head><script>errors = []; onerror = (message) => { errors.push(message) }; \
         for (const kind of ['error', 'warn']) console[kind] = (message) => errors.push(String(message));</script>",
        1,
    );
    let wrapper = include_str!("browser.html")
        .replace("PAGE", &serde_json::to_string(&watched).unwrap().replace("</", "<\\/"));
    let path = folder.path().join("page.html");
    fs::write(&path, wrapper).unwrap();
    let mut arguments: Vec<String> = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--window-size=1400,1000",
        "--virtual-time-budget=10000",
        "--dump-dom",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("--user-data-dir={}", folder.path().join("profile").display()));
    if dark {
        arguments.push("--blink-settings=preferredColorScheme=0".into());
    }
    arguments.push(format!("file://{}", path.display()));
    let output = BROWSERS
        .iter()
        .find_map(|browser| Command::new(browser).args(&arguments).stderr(Stdio::null()).output().ok())
        .unwrap_or_else(|| panic!("no browser is installed; on Debian, `apt-get install chromium`"));
    let document = String::from_utf8(output.stdout).unwrap();
    let found = document.split("<pre id=\"found\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let found = found.unwrap_or_else(|| panic!("the browser ended without a result: {}", output.status));
    serde_json::from_str(&found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")).unwrap()
}

fn check(name: &str, page: &str, dark: bool) -> Vec<Found> {
    let found = open(page, dark);
    assert_eq!(found.iter().map(|found| found.width).collect::<Vec<_>>(), [390.0, 1280.0]);
    for found in &found {
        let place = format!("{name} at {} ({})", found.width, if dark { "dark" } else { "light" });
        assert!(found.content <= found.width, "{place} is {} wide", found.content);
        assert!(found.errors.is_empty(), "{place}: {:?}", found.errors);
        assert_eq!(found.requests, 0, "{place} asks for files");
        assert_eq!(found.unnamed, 0, "{place} has pictures or regions without a name");
        assert_eq!(found.dark, dark, "{place}");
        assert!(found.contrast >= 7.0, "{place}: the contrast of text is {}", found.contrast);
        assert!(found.low_text.is_empty(), "{place}: hard to read: {:?}", found.low_text);
    }
    found
}

#[test]
fn a_study_fits_a_phone_and_a_desk_in_the_light_and_the_dark_and_its_trials_can_be_sorted() {
    let page = study_page(&support::study());
    for dark in [false, true] {
        for found in check("study", &page, dark) {
            let mut sorted = found.up.clone();
            sorted.sort_by(f64::total_cmp);
            assert!(found.up.len() == 48 && found.up == sorted, "not sorted: {:?}", found.up);
            sorted.reverse();
            assert_eq!(found.down, sorted);
        }
    }
}

#[test]
fn other_pages_fit_too() {
    check("waiting", &study_page(&support::waiting()), false);
    check("hostile", &study_page(&support::hostile()), false);
    check("runs", &runs_page(&support::runs()), true);
}
